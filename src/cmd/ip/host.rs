//! Addresses of hosts as `ip` shows them.

use crate::names::Names;
use crate::output::addr::paint_of;
use crate::output::{Field, Out};

/// An address of 4 or 16 bytes in its colour; with -resolve its host name, if it has one.
#[inline]
pub fn show(out: &mut Out, names: &mut Names, f: Field, addr: &[u8]) {
    match names.host(addr) {
        Some(name) => out.painted(paint_of(addr), f, name),
        None => out.ip(paint_of(addr), f, addr),
    }
}
