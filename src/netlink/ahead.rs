//! A second thread that receives a long answer while the first one shows it.
//!
//! The kernel makes each part of a table when it is asked for the next one, so half of the time
//! a single thread waits for work of its own processor. Handing over costs more than a datagram
//! takes, and therefore goes by quarters of a MiB, and begins only when a table is long.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::thread::JoinHandle;

use netlink_packet_core::{NLMSG_DONE, NLMSG_ERROR};

use super::shared::Shared;
use super::{Error, Msgs};
use crate::sys::{netlink::receive, process, start};

/// Bytes that are handed over, unless a single datagram has more.
const PORTION: usize = 256 * 1024;

/// Room for a portion and the datagram that is one too many; untouched pages cost nothing.
const ROOM: usize = 2 * PORTION;

/// A thread that receives ahead.
pub struct Ahead {
    shared: Arc<Shared<State>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    /// Datagrams, one behind the other, and their bytes.
    full: Option<(Vec<u8>, usize)>,
    /// Why there are no more.
    failed: Option<io::Error>,
    /// What the next portion goes into.
    spare: Vec<u8>,
    /// Nobody reads on, or writes.
    over: bool,
}

impl Ahead {
    /// Receives the rest of the answer to request `seq`, of which more must be to come. `None`
    /// where that is of no use: there is one processor, or no thread to be had.
    pub fn start(socket: &impl AsFd, seq: u32) -> Option<Ahead> {
        if process::processors() < 2 || !start::has_threads() {
            return None;
        }
        let socket = socket.as_fd().try_clone_to_owned().ok()?;
        let shared = Arc::new(Shared::<State>::default());
        shared.lock().spare = vec![0; ROOM];
        let (theirs, first) = (Arc::clone(&shared), vec![0; ROOM]);
        let thread = std::thread::Builder::new().stack_size(64 * 1024);
        let thread = thread.spawn(move || read(&socket, seq, &theirs, first)).ok()?;
        Some(Ahead { shared, thread: Some(thread) })
    }

    /// Exchanges what has been read for the next portion; its bytes.
    ///
    /// # Errors
    ///
    /// Those of recvmsg(2).
    pub fn next(&self, buf: &mut Vec<u8>) -> Result<usize, Error> {
        let mut state = self.shared.lock();
        loop {
            if let Some((portion, len)) = state.full.take() {
                state.spare = std::mem::replace(buf, portion);
                self.shared.ring();
                return Ok(len);
            }
            if state.over {
                return Err(state.failed.take().map_or(Error::Malformed, Error::Io));
            }
            state = self.shared.wait(state);
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.shared.lock().over = true;
        self.shared.ring();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The thread: portions until the answer ends, or nobody reads on.
fn read(socket: &OwnedFd, seq: u32, shared: &Shared<State>, mut buf: Vec<u8>) {
    let mut more = true;
    while more {
        if buf.len() < ROOM {
            buf = vec![0; ROOM];
        }
        let mut failed = None;
        let mut len = 0;
        while more && len < PORTION {
            match receive(socket.as_fd(), &mut buf[len..], true) {
                Ok(got) if got.len > 0 && got.len <= buf.len() - len => {
                    let datagram = &buf[len..len + got.len];
                    more = goes_on(datagram, seq);
                    // Each message begins at a multiple of four.
                    len = (len + got.len).next_multiple_of(4).min(buf.len());
                }
                Ok(_) => (failed, more) = (Some(io::ErrorKind::InvalidData.into()), false),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => (failed, more) = (Some(e), false),
            }
        }
        let mut state = shared.lock();
        while state.full.is_some() && !state.over {
            state = shared.wait(state);
        }
        if state.over {
            return;
        }
        let spare = std::mem::take(&mut state.spare);
        state.full = Some((std::mem::replace(&mut buf, spare), len));
        (state.failed, state.over) = (failed, !more);
        shared.ring();
    }
}

/// Whether more datagrams follow this one of the answer to request `seq`.
pub fn goes_on(datagram: &[u8], seq: u32) -> bool {
    !Msgs(datagram).any(|m| m.seq == seq && matches!(m.kind, NLMSG_DONE | NLMSG_ERROR))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::Request;
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
    use nix::unistd::write;

    #[test]
    fn portions_come_in_order_and_end_with_the_answer() {
        let (kernel, socket) =
            socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::empty()).unwrap();
        let count = 3000u32;
        let writer = std::thread::spawn(move || {
            for n in 0..count {
                let mut datagram = Vec::new();
                for part in 0..4u32 {
                    let payload = [n.to_ne_bytes(), part.to_ne_bytes()].concat();
                    datagram.extend(Request::new(24, 0, &payload).finish(7).unwrap());
                }
                write(&kernel, &datagram).unwrap();
            }
            write(&kernel, Request::new(NLMSG_DONE, 0, &[0; 4]).finish(7).unwrap()).unwrap();
        });
        let Some(ahead) = Ahead::start(&socket, 7) else { return };
        let (mut buf, mut seen) = (vec![0; 16], 0u32);
        'all: loop {
            let len = ahead.next(&mut buf).unwrap();
            for msg in Msgs(&buf[..len]) {
                if msg.kind == NLMSG_DONE {
                    break 'all;
                }
                assert_eq!(msg.payload[..4], (seen / 4).to_ne_bytes());
                assert_eq!(msg.payload[4..], (seen % 4).to_ne_bytes());
                seen += 1;
            }
        }
        assert_eq!(seen, 4 * count);
        writer.join().unwrap();
    }

    #[test]
    fn whoever_stops_reading_does_not_wait() {
        let (kernel, socket) =
            socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::empty()).unwrap();
        let ahead = Ahead::start(&socket, 7);
        let datagram = vec![0; 60_000];
        for _ in 0..3 {
            write(&kernel, &datagram).unwrap();
        }
        drop(kernel);
        drop(ahead);
    }
}
