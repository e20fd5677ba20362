//! netlink-sys with a kernel that can be played.
//!
//! As long as there is a [`Player`], sockets do not lead to the kernel: each request is given to the
//! player, and what it returns is what will be received. Otherwise they are those of netlink-sys.

use std::cell::RefCell;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd};

use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, send, socketpair};

pub use netlink_sys::SocketAddr;

/// Datagrams for a request.
pub type Player = Box<dyn FnMut(&[u8]) -> Vec<Vec<u8>>>;

thread_local! {
    static PLAYER: RefCell<Option<Player>> = const { RefCell::new(None) };
}

/// Who answers from here on, for sockets of this thread that are made from here on.
pub fn play(player: Option<Player>) {
    PLAYER.set(player);
}

/// See netlink-sys, for each of the methods.
pub struct Socket {
    socket: netlink_sys::Socket,
    /// The other end, where the kernel is played.
    kernel: Option<OwnedFd>,
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[allow(clippy::missing_errors_doc)] // those of netlink-sys
impl Socket {
    pub fn new(protocol: isize) -> io::Result<Socket> {
        if PLAYER.with_borrow(Option::is_none) {
            return Ok(Socket { socket: netlink_sys::Socket::new(protocol)?, kernel: None });
        }
        let (ours, kernel) =
            socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?;
        // SAFETY: the descriptor has just been made and is given away.
        let socket = unsafe { netlink_sys::Socket::from_raw_fd(ours.into_raw_fd()) };
        Ok(Socket { socket, kernel: Some(kernel) })
    }
    pub fn bind(&mut self, addr: &SocketAddr) -> io::Result<()> {
        if self.kernel.is_some() { Ok(()) } else { self.socket.bind(addr) }
    }
    pub fn connect(&self, addr: &SocketAddr) -> io::Result<()> {
        if self.kernel.is_some() { Ok(()) } else { self.socket.connect(addr) }
    }
    pub fn send(&self, bytes: &[u8], flags: i32) -> io::Result<usize> {
        let Some(kernel) = &self.kernel else { return self.socket.send(bytes, flags) };
        let datagrams = PLAYER.with_borrow_mut(|p| p.as_mut().map(|play| play(bytes)));
        for datagram in datagrams.unwrap_or_default() {
            let fd = std::os::fd::AsRawFd::as_raw_fd(kernel);
            if send(fd, &datagram, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL).is_err() {
                // No room: whoever waits for more is told that there is nobody left.
                let _ = nix::sys::socket::shutdown(fd, nix::sys::socket::Shutdown::Write);
            }
        }
        Ok(bytes.len())
    }
    pub fn recv<B: AsMut<[u8]>>(&self, buf: &mut B, flags: i32) -> io::Result<usize> {
        self.socket.recv(&mut buf.as_mut(), flags)
    }
    pub fn set_rx_buf_sz(&self, size: u32) -> io::Result<()> {
        self.socket.set_rx_buf_sz(size)
    }
    pub fn set_ext_ack(&self, on: bool) -> io::Result<()> {
        self.socket.set_ext_ack(on)
    }
    pub fn set_cap_ack(&self, on: bool) -> io::Result<()> {
        self.socket.set_cap_ack(on)
    }
    pub fn set_netlink_get_strict_chk(&self, on: bool) -> io::Result<()> {
        self.socket.set_netlink_get_strict_chk(on)
    }
    pub fn set_listen_all_namespaces(&self, on: bool) -> io::Result<()> {
        self.socket.set_listen_all_namespaces(on)
    }
    pub fn add_membership(&self, group: u32) -> io::Result<()> {
        if self.kernel.is_some() { Ok(()) } else { self.socket.add_membership(group) }
    }
}
