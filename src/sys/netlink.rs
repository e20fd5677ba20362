//! Datagrams of netlink with what the kernel tells beside them.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// A datagram.
#[derive(Clone, Copy, Debug)]
pub struct Received {
    /// Its bytes; more than the buffer holds when it was cut.
    pub len: usize,
    /// The id of the namespace it comes from, where that is another one.
    pub nsid: Option<i32>,
}

/// NETLINK_LISTEN_ALL_NSID, an option and the kind of its control messages (linux/netlink.h).
const NETLINK_LISTEN_ALL_NSID: i32 = 8;

/// Room for the control messages of one datagram, aligned as they must be.
#[repr(C, align(8))]
struct Control([u8; 64]);

/// Takes one datagram. Without `wait`, an empty queue is EAGAIN.
///
/// # Errors
///
/// Those of recvmsg(2); ENOBUFS says that messages were lost.
pub fn receive(fd: BorrowedFd<'_>, buf: &mut [u8], wait: bool) -> io::Result<Received> {
    let mut control = Control([0; 64]);
    let mut part = libc::iovec { iov_base: buf.as_mut_ptr().cast(), iov_len: buf.len() };
    // SAFETY: a struct msghdr of zeros is a valid one: no name, no parts, no control messages.
    let mut msg: libc::msghdr = unsafe { std::mem::zeroed() };
    msg.msg_iov = &raw mut part;
    msg.msg_iovlen = 1;
    msg.msg_control = control.0.as_mut_ptr().cast();
    msg.msg_controllen = control.0.len() as _;
    let flags = libc::MSG_TRUNC | if wait { 0 } else { libc::MSG_DONTWAIT };
    // SAFETY: the header points to one part and to room for control messages, all of which
    // outlive the call, with their true lengths.
    let len = unsafe { libc::recvmsg(fd.as_raw_fd(), &raw mut msg, flags) };
    let len = usize::try_from(len).map_err(|_| io::Error::last_os_error())?;
    let mut nsid = None;
    // SAFETY: the header is as recvmsg has filled it in.
    let mut at = unsafe { libc::CMSG_FIRSTHDR(&raw const msg) };
    while !at.is_null() {
        // SAFETY: the kernel has written a whole header there; it may not be aligned for reading.
        let head = unsafe { at.read_unaligned() };
        let whole = head.cmsg_len as usize >= std::mem::size_of::<libc::cmsghdr>() + 4;
        if head.cmsg_level == libc::SOL_NETLINK
            && head.cmsg_type == NETLINK_LISTEN_ALL_NSID
            && whole
        {
            // SAFETY: the data of a message lie behind its header.
            let data = unsafe { libc::CMSG_DATA(at) };
            // SAFETY: the message is long enough for the number that this kind holds.
            nsid = Some(unsafe { data.cast::<i32>().read_unaligned() });
        }
        // SAFETY: `at` is a header inside the control messages of `msg`.
        at = unsafe { libc::CMSG_NXTHDR(&raw const msg, at) };
    }
    Ok(Received { len, nsid })
}
