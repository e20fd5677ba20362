//! Words that name a device, each with the sentence it fails with, and questions about devices.

use crate::cli::{Args, Usage};
use crate::error::Error;
use crate::names::Names;
use crate::netlink::{Conn, Protocol};
use crate::rtnl::consts::{IFLA_ADDRESS, IFLA_ALT_IFNAME, IFLA_IFNAME};
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
    let is_vrf = |l: &Link<'_>| (l.info()?.kind()? == b"vrf").then_some(l.index);
    names
        .index(name)
        .and_then(|_| ask(name, is_vrf))
        .ok_or_else(|| args.wrong("Not a valid VRF name\n"))
}

/// `Cannot find device "X"`, 1.
pub fn cannot_find(name: &[u8]) -> Error {
    Error::failed(1, [b"Cannot find device \"", name, b"\""].concat())
}

/// Asks the kernel for one device and takes from it what is wanted; virtual functions are there,
/// counters are not.
pub fn ask<T>(name: &[u8], take: impl FnOnce(&Link<'_>) -> Option<T>) -> Option<T> {
    let mut conn = Conn::open(Protocol::Route, 1 << 20).ok()?;
    ask_with(&mut conn, name, take)
}

fn ask_with<T>(
    conn: &mut Conn,
    name: &[u8],
    take: impl FnOnce(&Link<'_>) -> Option<T>,
) -> Option<T> {
    let mut query = link::query(0, false, true);
    query.strz(if name.len() < 16 { IFLA_IFNAME } else { IFLA_ALT_IFNAME }, name);
    let msg = conn.get(&mut query).ok()?;
    take(&Link::parse(msg.payload)?)
}

/// The index of a device where this connection speaks for.
pub fn index_with(conn: &mut Conn, name: &[u8]) -> Option<u32> {
    ask_with(conn, name, |l| Some(l.index))
}

/// Bytes of a device's address.
pub fn address_len(name: &[u8]) -> Option<usize> {
    ask(name, |l| Some(l.attr(IFLA_ADDRESS)?.value.len()))
}
