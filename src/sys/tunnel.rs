//! Tunnels as the kernel's older requests on a device know them (linux/if_tunnel.h,
//! linux/ip6_tunnel.h): settings, the routers of ISATAP, the prefix of 6rd.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::AsRawFd;

use super::ioctl;

/// What is asked for; the numbers are those of SIOCDEVPRIVATE and behind it.
const SIOCGETTUNNEL: u32 = 0x89f0;
const SIOCADDTUNNEL: u32 = 0x89f1;
const SIOCDELTUNNEL: u32 = 0x89f2;
const SIOCCHGTUNNEL: u32 = 0x89f3;
/// What the routers and the prefix are read by.
pub const SIOCGETPRL: u32 = 0x89f4;
pub const SIOCGET6RD: u32 = 0x89f8;

/// SIOCADDPRL, SIOCCHGPRL, SIOCDELPRL: what to do with a router of ISATAP.
pub const PRL_ADD: u32 = 0x89f5;
pub const PRL_DELETE: u32 = 0x89f6;
/// SIOCADD6RD, SIOCDEL6RD: sets a prefix of 6rd, or takes it back to that of 6to4.
pub const SIX_RD_SET: u32 = 0x89f9;
pub const SIX_RD_RESET: u32 = 0x89fa;

/// What is done with a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Add,
    Set,
    Delete,
}

/// Keys and flags of what comes in and of what goes out, as both structures below have them.
/// Big-endian fields are named so.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Keys {
    /// GRE_* and others (linux/if_tunnel.h).
    pub i_flags_be: u16,
    pub o_flags_be: u16,
    pub i_key_be: u32,
    pub o_key_be: u32,
}

/// struct ip_tunnel_parm: a tunnel over IPv4.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Parm {
    pub name: [u8; 16],
    /// Index of the device below; 0 for none.
    pub link: i32,
    pub keys: Keys,
    // The IPv4 header that packets get: struct iphdr.
    /// 0x45: version and length.
    pub version_ihl: u8,
    pub tos: u8,
    pub total_be: u16,
    pub id_be: u16,
    /// 0x4000 (IP_DF): the path's MTU is found out.
    pub frag_off_be: u16,
    /// 0: that of the packet inside.
    pub ttl: u8,
    /// IPPROTO_*
    pub protocol: u8,
    pub check: u16,
    pub saddr: [u8; 4],
    pub daddr: [u8; 4],
}

/// struct ip6_tnl_parm2: a tunnel over IPv6.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Parm6 {
    pub name: [u8; 16],
    /// Index of the device below; 0 for none.
    pub link: i32,
    /// IPPROTO_*; 0 for any.
    pub proto: u8,
    pub encap_limit: u8,
    pub hop_limit: u8,
    /// Padding: 0.
    pub pad: u8,
    /// Traffic class and flow label.
    pub flowinfo_be: u32,
    /// IP6_TNL_F_*
    pub flags: u32,
    pub laddr: [u8; 16],
    pub raddr: [u8; 16],
    pub keys: Keys,
}

/// struct ip_tunnel_prl: a router of ISATAP.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Prl {
    pub addr: [u8; 4],
    /// 1 (PRL_DEFAULT): a default router.
    pub flags: u16,
    reserved: u16,
    datalen: u32,
    reserved2: u32,
}

/// struct ip_tunnel_6rd: a prefix of 6rd, and the one of IPv4 that is left out of it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct SixRd {
    pub prefix: [u8; 16],
    pub relay_prefix: [u8; 4],
    pub prefix_len: u16,
    pub relay_prefix_len: u16,
}

/// What tells a tunnel's settings.
///
/// # Safety
///
/// It must be the structure that the family's requests read and write.
pub unsafe trait Settings: Copy + Default {
    /// The family of the socket.
    const FAMILY: i32;
    fn name(&mut self) -> &mut [u8; 16];
    fn link(&mut self) -> &mut i32;
    fn keys(&mut self) -> &mut Keys;
}
// SAFETY: struct ip_tunnel_parm is what tunnels over IPv4 have.
unsafe impl Settings for Parm {
    const FAMILY: i32 = libc::AF_INET;
    fn name(&mut self) -> &mut [u8; 16] {
        &mut self.name
    }
    fn link(&mut self) -> &mut i32 {
        &mut self.link
    }
    fn keys(&mut self) -> &mut Keys {
        &mut self.keys
    }
}
// SAFETY: struct ip6_tnl_parm2 is what tunnels over IPv6 have.
unsafe impl Settings for Parm6 {
    const FAMILY: i32 = libc::AF_INET6;
    fn name(&mut self) -> &mut [u8; 16] {
        &mut self.name
    }
    fn link(&mut self) -> &mut i32 {
        &mut self.link
    }
    fn keys(&mut self) -> &mut Keys {
        &mut self.keys
    }
}

/// One request about a device.
///
/// # Safety
///
/// `T` must be as long as what the kernel reads and writes for `what`.
unsafe fn request<T>(family: i32, what: u32, device: &[u8], value: &mut T) -> io::Result<()> {
    let fd = ioctl::open(family)?;
    let mut req = ioctl::device(device);
    req.ifr_ifru.ifru_data = std::ptr::from_mut(value).cast();
    // The type of the second parameter differs between C libraries.
    #[allow(clippy::cast_possible_wrap, clippy::cast_lossless)]
    let what = what as libc::Ioctl;
    // SAFETY: the kernel follows the pointer to what the caller vouches for, and keeps none.
    let done = unsafe { libc::ioctl(fd.as_raw_fd(), what, &raw mut req) };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The settings of the tunnel `device`; of one of the kernel's own ones (`gre0`), those of the
/// tunnel that is like `wanted`, if there is one.
///
/// # Errors
///
/// ENODEV when there is no such device; others when it is no tunnel.
pub fn get<P: Settings>(device: &[u8], mut wanted: P) -> io::Result<P> {
    // SAFETY: the kernel reads and writes one structure of the family's type, which P is.
    unsafe { request(P::FAMILY, SIOCGETTUNNEL, device, &mut wanted) }?;
    Ok(wanted)
}

/// Makes a tunnel, changes or deletes one. `device` is the kernel's own device of that kind, or
/// the tunnel itself.
///
/// # Errors
///
/// The kernel's refusal.
pub fn change<P: Settings>(what: Change, device: &[u8], parm: &mut P) -> io::Result<()> {
    let what = match what {
        Change::Add => SIOCADDTUNNEL,
        Change::Set => SIOCCHGTUNNEL,
        Change::Delete => SIOCDELTUNNEL,
    };
    // SAFETY: the kernel reads and writes one structure of the family's type, which P is.
    unsafe { request(P::FAMILY, what, device, parm) }
}

/// The most routers that are read.
const ROUTERS: usize = 15;

/// The routers of an ISATAP tunnel: at most 15.
///
/// # Errors
///
/// EINVAL for what is no such tunnel.
pub fn routers(device: &[u8]) -> io::Result<Vec<Prl>> {
    let mut table = [Prl::default(); ROUTERS + 1];
    let size = size_of_val(&table) - size_of::<Prl>();
    table[0].datalen = u32::try_from(size).unwrap_or(0);
    // SAFETY: the kernel writes behind the first element at most what its `datalen` says is there.
    unsafe { request(libc::AF_INET, SIOCGETPRL, device, &mut table) }?;
    Ok(table[1..].iter().filter(|r| r.addr != [0; 4]).copied().collect())
}

/// Adds a router, or deletes it; 0 is a request that no device knows.
///
/// # Errors
///
/// The kernel's refusal.
pub fn change_router(what: u32, device: &[u8], addr: [u8; 4], flags: u16) -> io::Result<()> {
    let mut router = Prl { addr, flags, ..Prl::default() };
    if ![0, PRL_ADD, PRL_DELETE].contains(&what) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // SAFETY: these requests, and no others go on, read one structure of this type and write none.
    unsafe { request(libc::AF_INET, what, device, &mut router) }
}

/// The prefix of 6rd of a tunnel.
///
/// # Errors
///
/// EINVAL for what has none.
pub fn six_rd(device: &[u8]) -> io::Result<SixRd> {
    let mut prefix = SixRd::default();
    // SAFETY: the kernel writes one structure of this type.
    unsafe { request(libc::AF_INET, SIOCGET6RD, device, &mut prefix) }?;
    Ok(prefix)
}

/// Sets the prefix of 6rd, or resets it; 0 is a request that no device knows.
///
/// # Errors
///
/// The kernel's refusal.
pub fn change_six_rd(what: u32, device: &[u8], mut prefix: SixRd) -> io::Result<()> {
    if ![0, SIX_RD_SET, SIX_RD_RESET].contains(&what) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // SAFETY: these requests, and no others go on, read one structure of this type and write none.
    unsafe { request(libc::AF_INET, what, device, &mut prefix) }
}

#[cfg(test)]
mod tests {
    use std::mem::offset_of;

    use super::*;

    #[test]
    fn structures_are_the_kernels() {
        assert_eq!((size_of::<Parm>(), size_of::<Parm6>()), (52, 76));
        assert_eq!((offset_of!(Parm, keys), offset_of!(Parm6, keys)), (20, 64));
        assert_eq!((size_of::<Prl>(), size_of::<SixRd>()), (16, 24));
    }
}
