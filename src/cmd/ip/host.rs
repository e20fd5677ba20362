//! Addresses of hosts as `ip` shows them.

use crate::cli::value::{AF_MPLS, AF_PACKET};
use crate::names::Names;
use crate::output::addr::{labels, lladdr, paint_of};
use crate::output::{Field, Out};

/// An address of 4 or 16 bytes in its colour; with -resolve its host name, if it has one.
#[inline]
pub fn show(out: &mut Out, names: &mut Names, f: Field, addr: &[u8]) {
    match names.host(addr) {
        Some(name) => out.painted(paint_of(addr), f, name),
        None => out.ip(paint_of(addr), f, addr),
    }
}

/// The same for an address of any family: labels of MPLS, and link-layer addresses.
#[inline]
pub fn show_of(out: &mut Out, names: &mut Names, f: Field, family: u8, addr: &[u8]) {
    match family {
        AF_MPLS => out.bytes(f, &labels(addr)),
        AF_PACKET => out.bytes(f, &lladdr(addr, 0)),
        _ => show(out, names, f, addr),
    }
}
