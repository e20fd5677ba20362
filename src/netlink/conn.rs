//! One request at a time over one socket: acknowledgements, answers, dumps.

use std::io;
use std::os::fd::AsFd;

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_ACK_TLVS, NLM_F_CAPPED, NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST,
    NLMSG_DONE, NLMSG_ERROR, NLMSG_NOOP,
};
use netlink_sys::{Socket, SocketAddr};

use super::ahead::{Ahead, goes_on};
use super::{Attrs, HEADER_LEN, Msg, Msgs, Request};
use crate::sys::netlink::receive;

/// Which part of the kernel is spoken to; NETLINK_* of linux/netlink.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Route = 0,
    SockDiag = 4,
    Xfrm = 6,
    Netfilter = 12,
    Generic = 16,
}

/// The buffer for one datagram: room for what the kernel sends at once, which is 32 KiB in a
/// dump unless a single device needs more (many virtual functions). Untouched pages cost nothing,
/// but what the heap has not yet costs two system calls and a page.
fn room(protocol: Protocol) -> usize {
    match protocol {
        Protocol::Netfilter => 64 * 1024,
        _ => 256 * 1024,
    }
}

/// The kernel's refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nack {
    /// Positive, as in errno.h.
    pub errno: i32,
    /// NLMSGERR_ATTR_MSG: the kernel's own sentence.
    pub message: Option<Vec<u8>>,
    /// NLMSGERR_ATTR_OFFS: where in the request the offending attribute starts.
    pub offset: Option<usize>,
    /// NLMSGERR_ATTR_MISS_TYPE: the attribute that is missing.
    pub missing: Option<u32>,
}

/// Why a request has no answer.
#[derive(Debug)]
pub enum Error {
    /// The kernel said no.
    Nack(Nack),
    /// The socket failed.
    Io(io::Error),
    /// What came back is no netlink message, or was longer than the buffer.
    Malformed,
}

impl Error {
    /// The same, to be said of something else, too.
    pub(super) fn again(&self) -> Error {
        match self {
            Error::Nack(nack) => Error::Nack(nack.clone()),
            Error::Io(e) => Error::Io(match e.raw_os_error() {
                Some(number) => io::Error::from_raw_os_error(number),
                None => e.kind().into(),
            }),
            Error::Malformed => Error::Malformed,
        }
    }
}

impl From<io::Error> for Error {
    fn from(e: io::Error) -> Self {
        Error::Io(e)
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Nack(nack) => write!(f, "refused by the kernel, errno {}", nack.errno),
            Error::Io(e) => write!(f, "netlink: {e}"),
            Error::Malformed => f.write_str("malformed netlink message"),
        }
    }
}

impl std::error::Error for Error {}

/// What came with a success.
#[derive(Debug, Default)]
pub struct Ack {
    /// The kernel's sentence of warning.
    pub warning: Option<Vec<u8>>,
}

/// A socket with one request in flight.
///
/// Bound, connected to the kernel (so that nobody else can answer), with extended and
/// capped acknowledgements and strict checking of dump filters. A kernel too old for one
/// of these is not an error.
pub struct Conn {
    // Never cloned: a clone would close the descriptor twice.
    socket: Socket,
    /// As long as what was received last, with room for more.
    pub(super) buf: Vec<u8>,
    seq: u32,
}

impl std::os::fd::AsFd for Conn {
    /// Readable when there is something to hear.
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Conn {
    /// `receive_buffer` is SO_RCVBUF in bytes.
    ///
    /// # Errors
    ///
    /// Those of socket(2) and connect(2).
    pub fn open(protocol: Protocol, receive_buffer: u32) -> io::Result<Conn> {
        let socket = Socket::new(protocol as isize)?;
        let _ = socket.set_rx_buf_sz(receive_buffer);
        let _ = socket.set_ext_ack(true);
        let _ = socket.set_cap_ack(true);
        if protocol == Protocol::Route {
            let _ = socket.set_netlink_get_strict_chk(true);
        }
        // It binds, too.
        socket.connect(&SocketAddr::new(0, 0))?;
        Ok(Conn { socket, buf: Vec::with_capacity(room(protocol)), seq: 0 })
    }

    /// Hears what is said to a group (RTNLGRP_*).
    ///
    /// # Errors
    ///
    /// Those of setsockopt(2): a group that this kernel does not have.
    pub fn join(&self, group: u32) -> io::Result<()> {
        self.socket.add_membership(group)
    }

    /// Also hears what is said in the other namespaces that have an id here.
    ///
    /// # Errors
    ///
    /// Those of setsockopt(2).
    pub fn join_namespaces(&self) -> io::Result<()> {
        self.socket.set_listen_all_namespaces(true)
    }

    /// Makes room for so many bytes that wait to be read, also beyond what is the machine's
    /// limit for others, as far as this user may.
    pub fn make_room_to_hear(&self, bytes: usize) {
        use nix::sys::socket::{setsockopt, sockopt};
        let _ = setsockopt(&self.socket, sockopt::RcvBufForce, &bytes);
    }

    /// The next datagram of a group that was joined, and the id of the namespace it comes from
    /// where that is another one. `None`: there is none yet, and `wait` was not wanted.
    ///
    /// # Errors
    ///
    /// Those of recvmsg(2); ENOBUFS says that some were lost.
    pub fn hear(&mut self, wait: bool) -> Result<Option<(Msgs<'_>, Option<i32>)>, Error> {
        // All of the room, whatever was received last.
        self.buf.resize(self.buf.capacity(), 0);
        loop {
            match receive(self.socket.as_fd(), &mut self.buf, wait) {
                Ok(got) if got.len > self.buf.len() => return Err(Error::Malformed),
                Ok(got) => return Ok(Some((Msgs(&self.buf[..got.len]), got.nsid))),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(e) => return Err(e.into()),
            }
        }
    }

    /// Turns strict checking of dump requests off, for requests older than it.
    pub fn set_strict(&self, on: bool) {
        let _ = self.socket.set_netlink_get_strict_chk(on);
    }

    pub(super) fn next_seq(&mut self) -> u32 {
        self.seq = self.seq.wrapping_add(1).max(1);
        self.seq
    }

    pub(super) fn send(&self, bytes: &[u8]) -> io::Result<()> {
        loop {
            match self.socket.send(bytes, 0) {
                Ok(_) => return Ok(()),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }

    /// One datagram into the buffer; its length.
    pub(super) fn receive(&mut self) -> Result<usize, Error> {
        loop {
            self.buf.clear();
            match self.socket.recv(&mut self.buf, libc::MSG_TRUNC) {
                Ok(0) => return Err(Error::Malformed),
                Ok(n) if n > self.buf.len() => return Err(Error::Malformed),
                Ok(n) => return Ok(n),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e.into()),
            }
        }
    }

    /// As [`Conn::receive`], of whole messages: behind one that is cut, the answer that somebody
    /// waits for cannot be seen.
    pub(super) fn receive_whole(&mut self) -> Result<usize, Error> {
        let len = self.receive()?;
        let spans: usize = Msgs(&self.buf[..len]).map(|m| m.span()).sum();
        if spans < len { Err(Error::Malformed) } else { Ok(len) }
    }

    /// Sends what may be packed or without acknowledgement; the caller sees to the answers
    /// with [`Conn::drain`].
    ///
    /// # Errors
    ///
    /// Those of send(2).
    pub fn send_raw(&mut self, bytes: &[u8]) -> Result<(), Error> {
        Ok(self.send(bytes)?)
    }

    /// Makes room for sending so many bytes at once, as far as this user may.
    pub fn make_room(&self, bytes: usize) {
        use nix::sys::socket::{setsockopt, sockopt};
        // What a socket has from the beginning on most machines, and what a message costs besides.
        const USUAL: usize = 128 * 1024;
        if bytes > USUAL {
            let room = bytes.saturating_mul(2);
            let forced = setsockopt(&self.socket, sockopt::SndBufForce, &room);
            if forced.is_err() {
                let _ = setsockopt(&self.socket, sockopt::SndBuf, &room);
            }
        }
    }

    /// Reads what the kernel has already answered, without waiting; errors and acknowledgements
    /// go to `each`, the latter with errno 0.
    ///
    /// # Errors
    ///
    /// Those of recv(2).
    pub fn drain(&mut self, mut each: impl FnMut(Msg<'_>, Nack)) -> Result<(), Error> {
        loop {
            let flags = libc::MSG_TRUNC | libc::MSG_DONTWAIT;
            self.buf.clear();
            let len = match self.socket.recv(&mut self.buf, flags) {
                Ok(n) if n > self.buf.len() => return Err(Error::Malformed),
                Ok(n) => n,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                // More refusals than the socket holds: those that it holds follow.
                Err(e) if e.raw_os_error() == Some(libc::ENOBUFS) => continue,
                Err(e) => return Err(e.into()),
            };
            for msg in Msgs(&self.buf[..len]).filter(|m| m.kind == NLMSG_ERROR) {
                match acknowledged(msg) {
                    Ok(_) => each(msg, Nack::default()),
                    Err(Error::Nack(nack)) => each(msg, nack),
                    Err(e) => return Err(e),
                }
            }
        }
    }

    /// Sends a change and waits for its acknowledgement.
    ///
    /// # Errors
    ///
    /// `Error::Nack` when the kernel refuses.
    pub fn change(&mut self, request: &mut Request) -> Result<Ack, Error> {
        self.change_echo(request, |_| ())
    }

    /// Like [`Conn::change`]; messages that come before the acknowledgement (NLM_F_ECHO) go to `echo`.
    ///
    /// # Errors
    ///
    /// `Error::Nack` when the kernel refuses.
    pub fn change_echo(
        &mut self,
        request: &mut Request,
        echo: impl FnMut(Msg<'_>),
    ) -> Result<Ack, Error> {
        request.add_flags(NLM_F_REQUEST | NLM_F_ACK);
        let seq = self.next_seq();
        self.send(request.finish(seq)?)?;
        self.acknowledgement(seq, echo)
    }

    /// Waits for the answer to a change.
    #[inline]
    pub(super) fn acknowledgement(
        &mut self,
        seq: u32,
        mut echo: impl FnMut(Msg<'_>),
    ) -> Result<Ack, Error> {
        loop {
            let len = self.receive_whole()?;
            for msg in Msgs(&self.buf[..len]) {
                if msg.seq != seq {
                    continue; // left over from a dump that was given up
                }
                match msg.kind {
                    NLMSG_ERROR => return acknowledged(msg),
                    NLMSG_NOOP | NLMSG_DONE => {}
                    _ => echo(msg),
                }
            }
        }
    }

    /// Looks whether the kernel has refused a change that it was not asked to acknowledge: it has
    /// done it, and answered, by the time that send(2) returns.
    pub(super) fn refusal(&mut self, seq: u32) -> Result<Ack, Error> {
        loop {
            let flags = libc::MSG_TRUNC | libc::MSG_DONTWAIT;
            self.buf.clear();
            match self.socket.recv(&mut self.buf, flags) {
                Ok(len) if len <= self.buf.len() => {
                    for msg in Msgs(&self.buf[..len]) {
                        if msg.seq == seq && msg.kind == NLMSG_ERROR {
                            return acknowledged(msg);
                        }
                    }
                }
                Ok(_) => return Err(Error::Malformed),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(Ack::default()),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e.into()),
            }
        }
    }

    /// Asks for one object.
    ///
    /// # Errors
    ///
    /// `Error::Nack` when there is none.
    pub fn get(&mut self, request: &mut Request) -> Result<Msg<'_>, Error> {
        request.add_flags(NLM_F_REQUEST);
        let seq = self.next_seq();
        self.send(request.finish(seq)?)?;
        loop {
            let len = self.receive_whole()?;
            let mut found = None;
            let mut at = 0;
            while let Some(msg) = Msgs(&self.buf[at..len]).next() {
                if msg.seq == seq {
                    if msg.kind == NLMSG_ERROR {
                        acknowledged(msg)?;
                        // Success without an answer: none will come.
                        return Err(Error::Malformed);
                    }
                    found = Some(at);
                    break;
                }
                at += msg.span();
            }
            if let Some(at) = found {
                return Msgs(&self.buf[at..len]).next().ok_or(Error::Malformed);
            }
        }
    }

    /// Asks for a table, to be read message by message; memory does not grow.
    ///
    /// # Errors
    ///
    /// Those of send(2).
    pub fn dump(&mut self, request: &mut Request) -> Result<Dump<'_>, Error> {
        request.add_flags(NLM_F_REQUEST | NLM_F_DUMP);
        let seq = self.next_seq();
        self.send(request.finish(seq)?)?;
        Ok(Dump {
            conn: self,
            at: 0,
            len: 0,
            done: false,
            refused: false,
            interrupted: false,
            last: 0,
            until_ahead: usize::MAX,
            ahead: None,
        })
    }

    /// Asks for a table and keeps all of it; read it with `Msgs`.
    ///
    /// The second value says that the table changed while it was read.
    ///
    /// # Errors
    ///
    /// Those of [`Conn::dump`], and the kernel's refusal.
    pub fn snapshot(&mut self, request: &mut Request) -> Result<(Vec<u8>, bool), Error> {
        let mut dump = self.dump(request)?;
        let mut all = Vec::new();
        while dump.next_message()?.is_some() {
            // What one datagram holds is taken at once.
            let start = dump.last;
            all.extend_from_slice(&dump.conn.buf[start..dump.at]);
            all.resize(all.len().next_multiple_of(4), 0);
        }
        Ok((all, dump.interrupted))
    }
}

/// The answer to a dump request: a lending iterator over its messages.
pub struct Dump<'c> {
    conn: &'c mut Conn,
    at: usize,
    len: usize,
    done: bool,
    refused: bool,
    interrupted: bool,
    /// Where the last message returned begins.
    last: usize,
    /// So many datagrams more, and it is worth a thread to receive the rest.
    until_ahead: usize,
    ahead: Option<Ahead>,
}

impl Dump<'_> {
    /// Lets a second thread receive what is long, while this one shows what has come.
    pub fn shown(mut self) -> Self {
        /// More than a quarter of a MiB.
        const LONG: usize = 10;
        self.until_ahead = LONG;
        self
    }

    fn receive(&mut self) -> Result<usize, Error> {
        if let Some(ahead) = &self.ahead {
            return ahead.next(&mut self.conn.buf);
        }
        let len = self.conn.receive()?;
        self.until_ahead = self.until_ahead.wrapping_sub(1);
        if self.until_ahead == 0 && goes_on(&self.conn.buf[..len], self.conn.seq) {
            self.ahead = Ahead::start(&self.conn.socket, self.conn.seq);
        }
        Ok(len)
    }

    /// The next message, valid until the next call: the buffer is reused.
    ///
    /// # Errors
    ///
    /// The kernel's refusal, which may also come at the end of the table.
    #[inline]
    pub fn next_message(&mut self) -> Result<Option<Msg<'_>>, Error> {
        while !self.done {
            if self.at >= self.len {
                self.len = self.receive()?;
                self.at = 0;
            }
            let start = self.at;
            let msg = Msgs(&self.conn.buf[start..self.len]).next().ok_or(Error::Malformed)?;
            self.at = (start + msg.span()).min(self.len);
            if msg.seq != self.conn.seq {
                continue; // left over from a dump that was given up
            }
            self.interrupted |= msg.flags & NLM_F_DUMP_INTR != 0;
            match msg.kind {
                NLMSG_DONE => {
                    self.done = true;
                    finished(msg)?;
                }
                NLMSG_ERROR => {
                    (self.done, self.refused) = (true, true);
                    acknowledged(msg)?;
                }
                NLMSG_NOOP => {}
                _ => {
                    self.last = start;
                    let (kind, flags, seq, len) = (msg.kind, msg.flags, msg.seq, msg.payload.len());
                    let begin = start + HEADER_LEN;
                    let payload = &self.conn.buf[begin..begin + len];
                    return Ok(Some(Msg { kind, flags, seq, payload }));
                }
            }
        }
        Ok(None)
    }

    /// Whether an error came instead of the table, not at its end.
    pub fn refused(&self) -> bool {
        self.refused
    }

    /// Whether the table changed while it was read (NLM_F_DUMP_INTR).
    pub fn interrupted(&self) -> bool {
        self.interrupted
    }
}

/// Reads NLMSG_ERROR: struct nlmsgerr, then (unless capped) the request, then attributes.
pub(super) fn acknowledged(msg: Msg<'_>) -> Result<Ack, Error> {
    let errno =
        msg.payload.first_chunk().map(|c| i32::from_ne_bytes(*c)).ok_or(Error::Malformed)?;
    let mut at = 4 + HEADER_LEN;
    if msg.flags & NLM_F_CAPPED == 0
        && let Some(len) = msg.payload.get(4..8).and_then(|b| b.first_chunk())
    {
        at += (u32::from_ne_bytes(*len) as usize).saturating_sub(HEADER_LEN);
    }
    explained(msg, errno, at.next_multiple_of(4))
}

/// Reads NLMSG_DONE: an i32 that is negative when the dump failed, then attributes.
fn finished(msg: Msg<'_>) -> Result<Ack, Error> {
    let errno = msg.payload.first_chunk().map_or(0, |c| i32::from_ne_bytes(*c));
    explained(msg, errno.min(0), 4)
}

fn explained(msg: Msg<'_>, errno: i32, at: usize) -> Result<Ack, Error> {
    const NLMSGERR_ATTR_MSG: u16 = 1;
    const NLMSGERR_ATTR_OFFS: u16 = 2;
    const NLMSGERR_ATTR_MISS_TYPE: u16 = 5;
    // The lowest of all numbers has no opposite, and is no error of the kernel's either.
    let mut nack = Nack { errno: errno.wrapping_neg(), ..Nack::default() };
    if msg.flags & NLM_F_ACK_TLVS != 0 {
        for a in Attrs(msg.payload.get(at..).unwrap_or(&[])) {
            match a.kind {
                NLMSGERR_ATTR_MSG => nack.message = Some(a.bytes().to_vec()),
                NLMSGERR_ATTR_OFFS => nack.offset = a.u32().map(|v| v as usize),
                NLMSGERR_ATTR_MISS_TYPE => nack.missing = a.u32(),
                _ => {}
            }
        }
    }
    if errno == 0 { Ok(Ack { warning: nack.message }) } else { Err(Error::Nack(nack)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(errno: i32, flags: u16, rest: &[u8]) -> Result<Ack, Error> {
        let mut payload = errno.to_ne_bytes().to_vec();
        payload.extend([0; HEADER_LEN]);
        payload.extend(rest);
        acknowledged(Msg { kind: NLMSG_ERROR, flags, seq: 1, payload: &payload })
    }

    #[test]
    fn a_zero_is_an_acknowledgement() {
        assert!(error(0, NLM_F_CAPPED, &[]).unwrap().warning.is_none());
    }

    #[test]
    fn a_sentence_and_an_offset_come_with_a_refusal() {
        let tlvs = [7, 0, 1, 0, b'n', b'o', 0, 0, 8, 0, 2, 0, 36, 0, 0, 0];
        let Err(Error::Nack(nack)) = error(-22, NLM_F_CAPPED | NLM_F_ACK_TLVS, &tlvs) else {
            panic!("refused");
        };
        assert_eq!((nack.errno, nack.offset), (22, Some(36)));
        assert_eq!(nack.message.as_deref(), Some(&b"no"[..]));
    }

    #[test]
    fn a_short_answer_is_malformed() {
        let msg = Msg { kind: NLMSG_ERROR, flags: 0, seq: 1, payload: &[1, 2] };
        assert!(matches!(acknowledged(msg), Err(Error::Malformed)));
    }
}
