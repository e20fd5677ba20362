//! Words that name a device, each with the sentence it fails with.

use crate::cli::{Args, Usage};
use crate::error::Error;
use crate::names::Names;
use crate::netlink::{Conn, Protocol};
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
    let wrong = || args.wrong("Not a valid VRF name\n");
    let index = names.index(name).ok_or_else(wrong)?;
    is_vrf(index).then_some(index).ok_or_else(wrong)
}

fn is_vrf(index: u32) -> bool {
    let Ok(mut conn) = Conn::open(Protocol::Route, 1 << 20) else { return false };
    let Ok(msg) = conn.get(&mut link::query(index, false, false)) else { return false };
    let kind = Link::parse(msg.payload).and_then(|l| l.info()).and_then(|i| i.kind());
    kind == Some(b"vrf")
}

/// `Cannot find device "X"`, 1.
pub fn cannot_find(name: &[u8]) -> Error {
    Error::failed(1, [b"Cannot find device \"", name, b"\""].concat())
}
