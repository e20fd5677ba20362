//! The old requests on a socket that net-tools is made of: ARP entries, routes, devices.
#![allow(unsafe_code)]

use std::io;
use std::mem::zeroed;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsRawFd, OwnedFd};

use super::socket;

/// The columns of the terminal that is standard output; `None` when it is none.
pub fn terminal_columns() -> Option<usize> {
    // SAFETY: a structure of numbers, for which zero is a value.
    let mut size: libc::winsize = unsafe { zeroed() };
    // SAFETY: TIOCGWINSZ writes one structure of this layout and keeps no pointer.
    let got = unsafe { libc::ioctl(1, libc::TIOCGWINSZ, &raw mut size) };
    (got == 0 && size.ws_col > 0).then(|| usize::from(size.ws_col))
}

/// An entry of the ARP table, as SIOCSARP and SIOCDARP take it (arp(7)).
#[derive(Clone, Copy, Debug)]
pub struct Arp<'a> {
    pub addr: Ipv4Addr,
    /// ARPHRD_*, and the address.
    pub hardware: (u16, [u8; 14]),
    /// ATF_*
    pub flags: i32,
    pub netmask: Ipv4Addr,
    /// Empty: the kernel finds the device.
    pub device: &'a [u8],
}

/// A route, as SIOCADDRT and SIOCDELRT take it (route(8), linux/route.h).
#[derive(Clone, Copy, Debug)]
pub struct Route<'a> {
    pub dst: Ipv4Addr,
    pub gateway: Option<Ipv4Addr>,
    pub genmask: Ipv4Addr,
    /// RTF_*
    pub flags: u16,
    /// One more than the metric; 0 for none.
    pub metric: i16,
    pub mtu: u64,
    pub window: u64,
    pub irtt: u16,
    pub device: Option<&'a [u8]>,
}

/// The same for IPv6 (struct in6_rtmsg, linux/ipv6_route.h).
#[derive(Clone, Copy, Debug)]
pub struct Route6 {
    pub dst: Ipv6Addr,
    pub gateway: Ipv6Addr,
    pub prefix_len: u16,
    pub metric: u32,
    /// RTF_*
    pub flags: u32,
    /// 0: the kernel finds the device.
    pub ifindex: i32,
}

/// struct rtentry (linux/route.h).
#[repr(C)]
struct RtEntry {
    pad1: libc::c_ulong,
    dst: libc::sockaddr_in,
    gateway: libc::sockaddr_in,
    genmask: libc::sockaddr_in,
    flags: libc::c_ushort,
    pad2: libc::c_short,
    pad3: libc::c_ulong,
    pad4: *mut libc::c_void,
    metric: libc::c_short,
    device: *mut libc::c_char,
    mtu: libc::c_ulong,
    window: libc::c_ulong,
    irtt: libc::c_ushort,
}

const SIOCADDRT: libc::Ioctl = 0x890b;
const SIOCDELRT: libc::Ioctl = 0x890c;
const SIOCGIFINDEX: libc::Ioctl = 0x8933;
const SIOCGIFHWADDR: libc::Ioctl = 0x8927;
const SIOCADDMULTI: libc::Ioctl = 0x8931;
const SIOCDELMULTI: libc::Ioctl = 0x8932;
const SIOCDARP: libc::Ioctl = 0x8953;
const SIOCSARP: libc::Ioctl = 0x8955;

fn request<T>(fd: &OwnedFd, what: libc::Ioctl, value: &mut T) -> io::Result<()> {
    // SAFETY: every caller in this file passes the structure that the request is defined with;
    // the kernel reads or fills it and keeps no pointer.
    let done = unsafe { libc::ioctl(fd.as_raw_fd(), what, std::ptr::from_mut(value)) };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// A socket whose only use is to ask about devices.
pub(super) fn open(family: i32) -> io::Result<OwnedFd> {
    socket::open(family, libc::SOCK_DGRAM, 0)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // AF_INET is 2
fn inet(addr: Ipv4Addr) -> libc::sockaddr_in {
    libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: 0,
        sin_addr: libc::in_addr { s_addr: u32::from(addr).to_be() },
        sin_zero: [0; 8],
    }
}

/// The same bytes as a struct sockaddr.
fn sockaddr(addr: Ipv4Addr) -> libc::sockaddr {
    let from = inet(addr);
    // SAFETY: both structures are 16 bytes without padding, and any bytes are a sockaddr.
    unsafe { std::mem::transmute::<libc::sockaddr_in, libc::sockaddr>(from) }
}

/// A name with a NUL, cut to what a device's name can be.
#[allow(clippy::cast_possible_wrap)] // c_char is a byte
fn name(device: &[u8]) -> [libc::c_char; libc::IFNAMSIZ] {
    let mut out = [0; libc::IFNAMSIZ];
    for (to, from) in out.iter_mut().take(libc::IFNAMSIZ - 1).zip(device) {
        *to = *from as libc::c_char;
    }
    out
}

fn arp(what: libc::Ioctl, entry: &Arp<'_>) -> io::Result<()> {
    #[allow(clippy::cast_possible_wrap)] // bytes
    let mut req = libc::arpreq {
        arp_pa: sockaddr(entry.addr),
        arp_ha: libc::sockaddr {
            sa_family: entry.hardware.0,
            sa_data: entry.hardware.1.map(|b| b as libc::c_char),
        },
        arp_flags: entry.flags,
        arp_netmask: sockaddr(entry.netmask),
        arp_dev: name(entry.device),
    };
    request(&open(libc::AF_INET)?, what, &mut req)
}

/// Makes or changes an ARP entry.
///
/// # Errors
///
/// Those of arp(7).
pub fn set_arp(entry: &Arp<'_>) -> io::Result<()> {
    arp(SIOCSARP, entry)
}

/// Deletes an ARP entry: ENXIO or ENOENT when there is none.
///
/// # Errors
///
/// Those of arp(7).
pub fn delete_arp(entry: &Arp<'_>) -> io::Result<()> {
    arp(SIOCDARP, entry)
}

/// A request about a device, which so far says only its name.
pub(super) fn device(name_of: &[u8]) -> libc::ifreq {
    // SAFETY: a struct ifreq of zeros is a valid one.
    let mut req: libc::ifreq = unsafe { zeroed() };
    req.ifr_name = name(name_of);
    req
}

/// The type (ARPHRD_*) and hardware address of a device.
///
/// # Errors
///
/// ENODEV when there is no such device.
#[allow(clippy::cast_sign_loss)] // bytes
pub fn hardware_address(name: &[u8]) -> io::Result<(u16, [u8; 14])> {
    let mut req = device(name);
    request(&open(libc::AF_INET)?, SIOCGIFHWADDR, &mut req)?;
    // SAFETY: the kernel has filled in this member of the union.
    let addr = unsafe { req.ifr_ifru.ifru_hwaddr };
    Ok((addr.sa_family, addr.sa_data.map(|c| c as u8)))
}

/// The index of a device.
///
/// # Errors
///
/// ENODEV when there is no such device.
pub fn index(name: &[u8]) -> io::Result<i32> {
    let mut req = device(name);
    request(&open(libc::AF_INET)?, SIOCGIFINDEX, &mut req)?;
    // SAFETY: the kernel has filled in this member of the union.
    Ok(unsafe { req.ifr_ifru.ifru_ifindex })
}

/// Adds a route, or deletes it.
///
/// # Errors
///
/// The kernel's refusal.
pub fn change_route(add: bool, route: &Route<'_>) -> io::Result<()> {
    let mut device = route.device.map(name);
    // SAFETY: a sockaddr_in of zeros is a valid one, without a family.
    let none: libc::sockaddr_in = unsafe { zeroed() };
    let mut entry = RtEntry {
        pad1: 0,
        dst: inet(route.dst),
        gateway: route.gateway.map_or(none, inet),
        genmask: inet(route.genmask),
        flags: route.flags,
        pad2: 0,
        pad3: 0,
        pad4: std::ptr::null_mut(),
        metric: route.metric,
        device: device.as_mut().map_or(std::ptr::null_mut(), |d| d.as_mut_ptr()),
        mtu: route.mtu,
        window: route.window,
        irtt: route.irtt,
    };
    request(&open(libc::AF_INET)?, if add { SIOCADDRT } else { SIOCDELRT }, &mut entry)
}

/// Adds a route of IPv6, or deletes it.
///
/// # Errors
///
/// The kernel's refusal.
pub fn change_route6(add: bool, route: &Route6) -> io::Result<()> {
    /// struct in6_rtmsg.
    #[repr(C)]
    struct Message {
        dst: [u8; 16],
        src: [u8; 16],
        gateway: [u8; 16],
        kind: u32,
        dst_len: u16,
        src_len: u16,
        metric: u32,
        info: libc::c_ulong,
        flags: u32,
        ifindex: i32,
    }
    let mut message = Message {
        dst: route.dst.octets(),
        src: [0; 16],
        gateway: route.gateway.octets(),
        kind: 0,
        dst_len: route.prefix_len,
        src_len: 0,
        metric: route.metric,
        info: 0,
        flags: route.flags,
        ifindex: route.ifindex,
    };
    request(&open(libc::AF_INET6)?, if add { SIOCADDRT } else { SIOCDELRT }, &mut message)
}

/// Makes a device listen to a link-layer multicast address of 6 bytes, or no longer.
///
/// # Errors
///
/// ENODEV when there is no such device, EINVAL when it has no such addresses, ENOENT when it did
/// not listen.
#[allow(clippy::cast_possible_wrap)] // bytes
pub fn change_multicast(add: bool, name: &[u8], addr: &[u8; 6]) -> io::Result<()> {
    let mut req = device(name);
    let mut data = [0; 14];
    for (to, from) in data.iter_mut().zip(addr) {
        *to = *from as libc::c_char;
    }
    req.ifr_ifru.ifru_hwaddr = libc::sockaddr { sa_family: 0, sa_data: data };
    request(&open(libc::AF_INET)?, if add { SIOCADDMULTI } else { SIOCDELMULTI }, &mut req)
}
