//! RTM_NEWPREFIX: a prefix that a router advertises.
//!
//! struct prefixmsg (linux/rtnetlink.h), 12 bytes: family, padding, index i32 at 4, type, length,
//! flags.

use crate::names::Names;
use crate::netlink::Attrs;
use crate::output::addr::paint_of;
use crate::output::{Field, Out, Paint, field};

const HEADER: usize = 12;
const PREFIX_ADDRESS: u16 = 1;
const PREFIX_CACHEINFO: u16 = 2;
const IF_PREFIX_ONLINK: u8 = 1;
const IF_PREFIX_AUTOCONF: u8 = 2;

// No blank follows the length (observed in iproute2 6.15 and 7.1).
const PREFIX: Field = field("prefix", "{}");
const LEN: Field = field("prefixlen", "/{}");
const DEV: Field = field("dev", "dev {} ");
const VALID: Field = field("valid", "valid {} ");
const PREFERRED: Field = field("preferred", "preferred {} ");

/// Whether a message is long enough.
pub fn check(payload: &[u8]) -> Option<()> {
    payload.get(..HEADER).map(|_| ())
}

fn index(payload: &[u8]) -> u32 {
    payload.get(4..8).and_then(|b| b.first_chunk()).map_or(0, |b| u32::from_ne_bytes(*b))
}

/// A prefix that was advertised, with the end of its line.
pub fn show(out: &mut Out, names: &mut Names, payload: &[u8]) {
    let Some((header, rest)) = payload.split_first_chunk::<HEADER>() else { return };
    let attrs = Attrs(rest);
    out.text("prefix ");
    if let Some(a) = attrs.find(PREFIX_ADDRESS) {
        out.ip(paint_of(a.value), PREFIX, a.value);
    }
    out.uint(LEN, header[9]);
    out.painted(Paint::IfName, DEV, names.name(index(payload)));
    if header[10] & IF_PREFIX_ONLINK != 0 {
        out.flag("onlink", "onlink ");
    }
    if header[10] & IF_PREFIX_AUTOCONF != 0 {
        out.flag("autoconf", "autoconf ");
    }
    if let Some(times) = attrs.find(PREFIX_CACHEINFO).and_then(|a| a.value.first_chunk::<8>()) {
        let [a, b, c, d, e, f, g, h] = *times;
        out.uint(VALID, u32::from_ne_bytes([e, f, g, h]));
        out.uint(PREFERRED, u32::from_ne_bytes([a, b, c, d]));
    }
    out.newline();
}
