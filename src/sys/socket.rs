//! Sockets of IP: opening them, their options, ICMP with what the kernel tells beside a packet.
#![allow(unsafe_code)]

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Duration;

use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SockaddrIn, SockaddrIn6, SockaddrLike, SockaddrStorage,
};

/// A socket of this family (AF_INET, AF_INET6), type (SOCK_DGRAM, ...) and protocol.
///
/// # Errors
///
/// Those of socket(2).
pub fn open(family: i32, kind: i32, protocol: i32) -> io::Result<OwnedFd> {
    // SAFETY: socket takes three integers.
    let fd = unsafe { libc::socket(family, kind | libc::SOCK_CLOEXEC, protocol) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made this descriptor, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Sets an option to some bytes.
///
/// # Errors
///
/// Those of setsockopt(2).
pub fn set_bytes(fd: BorrowedFd<'_>, level: i32, name: i32, value: &[u8]) -> io::Result<()> {
    let len = libc::socklen_t::try_from(value.len()).map_err(io::Error::other)?;
    // SAFETY: the kernel reads `len` bytes, which are there, and keeps no pointer.
    let done = unsafe { libc::setsockopt(fd.as_raw_fd(), level, name, value.as_ptr().cast(), len) };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Reads an option into some bytes, which the kernel may read first; how many it has written.
///
/// # Errors
///
/// Those of getsockopt(2).
pub fn get_bytes(fd: BorrowedFd<'_>, level: i32, name: i32, value: &mut [u8]) -> io::Result<usize> {
    let mut len = libc::socklen_t::try_from(value.len()).map_err(io::Error::other)?;
    let at = value.as_mut_ptr().cast();
    // SAFETY: the kernel writes at most `len` bytes, which are there, and keeps no pointer.
    let done = unsafe { libc::getsockopt(fd.as_raw_fd(), level, name, at, &raw mut len) };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(len as usize) }
}

/// Sets an option that is a number.
///
/// # Errors
///
/// Those of setsockopt(2).
pub fn set(fd: BorrowedFd<'_>, level: i32, name: i32, value: i32) -> io::Result<()> {
    set_bytes(fd, level, name, &value.to_ne_bytes())
}

fn storage(addr: SocketAddr) -> SockaddrStorage {
    SockaddrStorage::from(addr)
}

fn ip(addr: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = addr.as_sockaddr_in() {
        return Some(SocketAddr::V4(SocketAddrV4::from(*v4)));
    }
    addr.as_sockaddr_in6().map(|v6| SocketAddr::V6(SocketAddrV6::from(*v6)))
}

/// Gives the socket its own address.
///
/// # Errors
///
/// Those of bind(2).
pub fn bind(fd: BorrowedFd<'_>, addr: SocketAddr) -> io::Result<()> {
    Ok(nix::sys::socket::bind(fd.as_raw_fd(), &storage(addr))?)
}

/// Gives the socket its peer.
///
/// # Errors
///
/// Those of connect(2).
pub fn connect(fd: BorrowedFd<'_>, addr: SocketAddr) -> io::Result<()> {
    Ok(nix::sys::socket::connect(fd.as_raw_fd(), &storage(addr))?)
}

/// The socket's own address.
///
/// # Errors
///
/// Those of getsockname(2), and an address of a family that is not IP.
pub fn local(fd: BorrowedFd<'_>) -> io::Result<SocketAddr> {
    let addr: SockaddrStorage = nix::sys::socket::getsockname(fd.as_raw_fd())?;
    ip(&addr).ok_or_else(|| io::ErrorKind::Unsupported.into())
}

/// Sends one datagram, without waiting for room.
///
/// # Errors
///
/// Those of sendto(2); EAGAIN when there is no room.
pub fn send_to(fd: BorrowedFd<'_>, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
    Ok(nix::sys::socket::sendto(fd.as_raw_fd(), bytes, &storage(to), MsgFlags::MSG_DONTWAIT)?)
}

/// struct sock_extended_err (linux/errqueue.h): an error that the kernel has queued.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    pub errno: i32,
    /// SO_EE_ORIGIN_*
    pub origin: u8,
    /// Type and code of the ICMP message.
    pub kind: u8,
    pub code: u8,
    /// The MTU for EMSGSIZE.
    pub info: u32,
    /// Who sent the ICMP message.
    pub offender: Option<SocketAddr>,
}

/// A datagram and what the kernel tells beside it.
#[derive(Clone, Debug)]
pub struct Received {
    /// Bytes in the buffer.
    pub len: usize,
    pub from: Option<SocketAddr>,
    /// TTL or hop limit, where it was asked for.
    pub ttl: Option<i32>,
    /// When it arrived, since 1970; where it was asked for.
    pub time: Option<Duration>,
    pub fault: Option<Fault>,
    /// The options of the IPv4 header, where they were asked for by IP_RETOPTS.
    pub options: Vec<u8>,
}

/// Takes one datagram that waits, or with `errors` one queued error.
///
/// # Errors
///
/// Those of recvmsg(2): EAGAIN when nothing waits; an error of the network while an error is queued.
pub fn receive(fd: BorrowedFd<'_>, buf: &mut [u8], errors: bool) -> io::Result<Received> {
    let mut control = [0u8; 512];
    let mut iov = [IoSliceMut::new(buf)];
    let mut flags = MsgFlags::MSG_DONTWAIT;
    flags.set(MsgFlags::MSG_ERRQUEUE, errors);
    let msg = nix::sys::socket::recvmsg::<SockaddrStorage>(
        fd.as_raw_fd(),
        &mut iov,
        Some(&mut control[..]),
        flags,
    )?;
    let mut got = Received {
        len: msg.bytes,
        from: msg.address.as_ref().and_then(ip),
        ttl: None,
        time: None,
        fault: None,
        options: Vec::new(),
    };
    for c in msg.cmsgs()? {
        match c {
            ControlMessageOwned::Ipv4Ttl(n) | ControlMessageOwned::Ipv6HopLimit(n) => {
                got.ttl = Some(n);
            }
            ControlMessageOwned::ScmTimestamp(t) => {
                let seconds = u64::try_from(t.tv_sec()).unwrap_or(0);
                let micros = u64::try_from(t.tv_usec()).unwrap_or(0);
                got.time = Some(Duration::from_secs(seconds) + Duration::from_micros(micros));
            }
            ControlMessageOwned::Ipv4RecvErr(e, from) => {
                let offender = from.filter(|a| i32::from(a.sin_family) == libc::AF_INET);
                got.fault = Some(fault(
                    e,
                    offender.map(|a| SocketAddr::V4(SocketAddrV4::from(SockaddrIn::from(a)))),
                ));
            }
            ControlMessageOwned::Ipv6RecvErr(e, from) => {
                let offender = from.filter(|a| i32::from(a.sin6_family) == libc::AF_INET6);
                got.fault = Some(fault(
                    e,
                    offender.map(|a| SocketAddr::V6(SocketAddrV6::from(SockaddrIn6::from(a)))),
                ));
            }
            ControlMessageOwned::Unknown(c)
                if (c.cmsg_header.cmsg_level, c.cmsg_header.cmsg_type)
                    == (libc::IPPROTO_IP, libc::IP_RETOPTS) =>
            {
                got.options = c.data_bytes;
            }
            _ => {}
        }
    }
    Ok(got)
}

fn fault(e: libc::sock_extended_err, offender: Option<SocketAddr>) -> Fault {
    Fault {
        errno: i32::try_from(e.ee_errno).unwrap_or(0),
        origin: e.ee_origin,
        kind: e.ee_type,
        code: e.ee_code,
        info: e.ee_info,
        offender,
    }
}

/// Takes a flow label for what is sent to an address (ipv6(7)); 0 lets the kernel choose. The label.
///
/// # Errors
///
/// EPERM when another socket has it; those of setsockopt(2).
pub fn flow_label(fd: BorrowedFd<'_>, to: Ipv6Addr, label: u32) -> io::Result<u32> {
    const IPV6_FLOWLABEL_MGR: i32 = 32;
    // struct in6_flowlabel_req (linux/in6.h): address, label, action (get), share (exclusively),
    // flags (create), expires, linger, room.
    let mut request = [0u8; 32];
    request[..16].copy_from_slice(&to.octets());
    request[16..20].copy_from_slice(&label.to_be_bytes());
    request[21] = 1;
    request[22..24].copy_from_slice(&1u16.to_ne_bytes());
    let (level, at) = (libc::IPPROTO_IPV6, request.as_mut_ptr().cast());
    // SAFETY: the kernel reads 32 bytes, writes the label that it chose into them, and keeps no
    // pointer.
    let done = unsafe { libc::setsockopt(fd.as_raw_fd(), level, IPV6_FLOWLABEL_MGR, at, 32) };
    if done < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(u32::from_be_bytes([request[16], request[17], request[18], request[19]]))
}

/// Every address of this namespace's devices: name, address.
///
/// # Errors
///
/// Those of getifaddrs(3).
pub fn own_addresses() -> io::Result<Vec<(Vec<u8>, IpAddr)>> {
    let all = nix::ifaddrs::getifaddrs()?;
    let of = |a: &SockaddrStorage| -> Option<IpAddr> {
        match a.family()? {
            nix::sys::socket::AddressFamily::Inet => Some(a.as_sockaddr_in()?.ip().into()),
            nix::sys::socket::AddressFamily::Inet6 => Some(a.as_sockaddr_in6()?.ip().into()),
            _ => None,
        }
    };
    Ok(all.filter_map(|i| Some((i.interface_name.into_bytes(), of(&i.address?)?))).collect())
}

/// The descriptor of a socket, borrowed.
pub fn of(fd: &OwnedFd) -> BorrowedFd<'_> {
    fd.as_fd()
}
