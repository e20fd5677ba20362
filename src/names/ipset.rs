//! Numbers of ipset(8)'s sets and their names, as the kernel tells them through a socket option.

use std::cell::{OnceCell, RefCell};
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use crate::sys::socket;

/// SO_IP_SET, an option of level SOL_IP.
const SO_IP_SET: i32 = 83;
/// IP_SET_OP_VERSION, IP_SET_OP_GET_FNAME, IP_SET_OP_GET_BYINDEX.
const VERSION: u32 = 0x100;
const BY_NAME: u32 = 8;
const BY_INDEX: u32 = 7;
/// IPSET_MAXNAMELEN, the NUL included.
const NAME_SIZE: usize = 32;
/// IPSET_INVALID_ID.
const NONE: u16 = u16::MAX;

/// The longest name of a set, in bytes.
pub const LONGEST_NAME: usize = NAME_SIZE - 1;

/// A set.
#[derive(Clone, Copy, Debug)]
pub struct Set {
    pub index: u16,
    /// NFPROTO_*, 0 for a set of anything.
    pub family: u32,
}

/// The sets of this network namespace.
#[derive(Default)]
pub struct Sets {
    /// The socket, and the version of the protocol that the kernel speaks.
    socket: OnceCell<Option<(OwnedFd, u32)>>,
    /// The names asked for already.
    names: RefCell<Vec<(u16, Vec<u8>)>>,
}

/// Why the kernel does not answer.
#[derive(Debug)]
pub enum Refusal {
    NoSocket,
    /// errno.
    Other(i32),
}

fn refusal(e: &io::Error) -> Refusal {
    Refusal::Other(e.raw_os_error().unwrap_or(0))
}

/// Sends a request and returns what the kernel has made of it.
fn ask(socket: &OwnedFd, request: &mut [u8]) -> io::Result<()> {
    match socket::get_bytes(socket.as_fd(), libc::SOL_IP, SO_IP_SET, request)? {
        n if n == request.len() => Ok(()),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

impl Sets {
    fn socket(&self) -> Result<&(OwnedFd, u32), Refusal> {
        if let Some(known) = self.socket.get() {
            return known.as_ref().ok_or(Refusal::NoSocket);
        }
        let socket = socket::open(libc::AF_INET, libc::SOCK_RAW, libc::IPPROTO_RAW)
            .map_err(|_| Refusal::NoSocket)?;
        let mut request = [0; 8];
        request[..4].copy_from_slice(&VERSION.to_ne_bytes());
        ask(&socket, &mut request).map_err(|e| refusal(&e))?;
        let version = u32::from_ne_bytes([request[4], request[5], request[6], request[7]]);
        self.socket.get_or_init(|| Some((socket, version))).as_ref().ok_or(Refusal::NoSocket)
    }

    /// The set of this name, if there is one.
    ///
    /// # Errors
    ///
    /// When the kernel has no sets or does not tell of them.
    pub fn find(&self, name: &[u8]) -> Result<Option<Set>, Refusal> {
        let (socket, version) = self.socket()?;
        // struct ip_set_req_get_set_family: operation, version, family, name or index.
        let mut request = [0; 12 + NAME_SIZE];
        request[..4].copy_from_slice(&BY_NAME.to_ne_bytes());
        request[4..8].copy_from_slice(&version.to_ne_bytes());
        for (to, from) in request[12..12 + LONGEST_NAME].iter_mut().zip(name) {
            *to = *from;
        }
        ask(socket, &mut request).map_err(|e| refusal(&e))?;
        let index = u16::from_ne_bytes([request[12], request[13]]);
        let family = u32::from_ne_bytes([request[8], request[9], request[10], request[11]]);
        Ok((index != NONE).then_some(Set { index, family }))
    }

    /// The name of the set of this number, if there is one.
    pub fn name(&self, index: u16) -> Option<Vec<u8>> {
        if let Some((_, name)) = self.names.borrow().iter().find(|(i, _)| *i == index) {
            return Some(name.clone());
        }
        let (socket, version) = self.socket().ok()?;
        // struct ip_set_req_get_set: operation, version, index or name.
        let mut request = [0; 8 + NAME_SIZE];
        request[..4].copy_from_slice(&BY_INDEX.to_ne_bytes());
        request[4..8].copy_from_slice(&version.to_ne_bytes());
        request[8..10].copy_from_slice(&index.to_ne_bytes());
        ask(socket, &mut request).ok()?;
        let name = request[8..].split(|&b| b == 0).next().filter(|n| !n.is_empty())?;
        self.names.borrow_mut().push((index, name.to_vec()));
        Some(name.to_vec())
    }
}
