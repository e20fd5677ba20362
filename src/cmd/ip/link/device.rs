//! Words that name a device, each with the sentence it fails with, and questions about devices.

use crate::cli::{Args, Usage, value};
use crate::error::Error;
use crate::names::Names;
use crate::netlink::{self, Conn, Protocol};
use crate::rtnl::consts::{IFLA_ADDRESS, IFLA_ALT_IFNAME, IFLA_IFNAME, IFLA_TARGET_NETNSID};
use crate::rtnl::link::{self, Link};

/// The device that the next word names.
///
/// # Errors
///
/// Incomplete, or `argument "X" is wrong: Device does not exist`, 255.
pub fn master(args: &mut Args<'_>, names: &mut Names) -> Result<u32, Usage> {
    let name = args.need()?;
    names.index(name).ok_or_else(|| args.wrong("Device does not exist\n"))
}

/// The VRF that the next word names.
///
/// # Errors
///
/// Incomplete, or `argument "X" is wrong: Not a valid VRF name`, 255.
pub fn vrf(args: &mut Args<'_>, names: &mut Names) -> Result<u32, Usage> {
    let name = args.need()?;
    names.vrf(name).ok_or_else(|| args.wrong("Not a valid VRF name\n"))
}

/// The link-layer address that the next word is.
///
/// # Errors
///
/// Incomplete, 255, or `"PART" is invalid lladdr.`, 1, after which a batch goes on.
pub fn lladdr(args: &mut Args<'_>) -> Result<Vec<u8>, Error> {
    let word = args.need()?;
    value::lladdr_or_part(word).map_err(invalid_lladdr)
}

/// `"PART" is invalid lladdr.`, 1.
pub fn invalid_lladdr(part: &[u8]) -> Error {
    Error::failed(1, [b"\"", part, b"\" is invalid lladdr."].concat())
}

/// `Cannot find device "X"`, 1.
pub fn cannot_find(name: &[u8]) -> Error {
    Error::failed(1, [b"Cannot find device \"", name, b"\""].concat())
}

/// Asks the kernel for one device and takes from it what is wanted; virtual functions come with
/// it, counters do not.
pub fn ask<T>(index: u32, take: impl FnOnce(&Link<'_>) -> Option<T>) -> Option<T> {
    let mut conn = Conn::open(Protocol::Route, 1 << 20).ok()?;
    let msg = conn.get(&mut link::query(index, false, true)).ok()?;
    take(&Link::parse(msg.payload)?)
}

/// The index of a device in the namespace that has this id where the connection speaks for.
///
/// # Errors
///
/// The kernel's refusal.
pub fn index_in(conn: &mut Conn, netnsid: i32, name: &[u8]) -> Result<u32, netlink::Error> {
    let mut query = link::query(0, false, true);
    query.strz(if name.len() < 16 { IFLA_IFNAME } else { IFLA_ALT_IFNAME }, name);
    query.attr(IFLA_TARGET_NETNSID, &netnsid.to_ne_bytes());
    let msg = conn.get(&mut query)?;
    Ok(Link::parse(msg.payload).ok_or(netlink::Error::Malformed)?.index)
}

/// Bytes of a device's address.
pub fn address_len(index: u32) -> Option<usize> {
    ask(index, |l| Some(l.attr(IFLA_ADDRESS)?.value.len()))
}
