//! `-j NETMAP`: one network in the place of another, host by host.

use crate::cmd::iptables::address;
use crate::cmd::iptables::fail::Result;
use crate::cmd::iptables::family::Family;

use super::nat::{self, Layout, MAP_IPS, OLD, RANGE};
use super::{Ext, Fill, Opt, Shown, conntrack, put, scalar};

macro_rules! netmap {
    ($family:expr, $size:expr, $layout:expr, $init:expr) => {
        Ext {
            name: "NETMAP",
            wire: "NETMAP",
            family: Some($family),
            size: $size,
            user: $size,
            opts: &[Opt {
                name: "to",
                arg: "ADDRESS[/MASK]",
                required: true,
                take: |f, value| take(f, value, $layout),
                ..Opt::NONE
            }],
            init: $init,
            save: |out, s| {
                put(out, " --to ");
                show(out, s, $layout);
            },
            list: |out, s| {
                put(out, " to:");
                show(out, s, $layout);
            },
            ..Ext::TARGET
        }
    };
}

pub static NETMAP_V4: Ext = netmap!(Family::V4, nat::OLD_SIZE, OLD, nat::init_old);
pub static NETMAP_V6: Ext = netmap!(Family::V6, nat::RANGE_SIZE, RANGE, |_| ());

/// The range is from the network's first address to its last.
fn take(f: &mut Fill<'_, '_>, word: &[u8], layout: Layout) -> Result {
    let (host, mask) = match word.iter().position(|&b| b == b'/') {
        Some(at) => (&word[..at], scalar::prefix(&word[at + 1..], f.family, ("NETMAP", "to"))?),
        None => (word, f.family.mask(128)),
    };
    let mut low = conntrack::host(f.family, host, f.db)?;
    let mut high = low;
    for ((low, high), mask) in low.iter_mut().zip(&mut high).zip(mask) {
        *low &= mask;
        *high |= !mask;
    }
    layout.set_addresses(f.info, &low, &high);
    layout.set_flags(f.info, MAP_IPS);
    Ok(())
}

fn show(out: &mut Vec<u8>, s: &Shown<'_>, layout: Layout) {
    let (low, high) = layout.addresses(s.info);
    let mut mask = [0; 16];
    for (mask, (low, high)) in mask.iter_mut().zip(low.iter().zip(high)).take(s.family.len()) {
        *mask = !(low ^ high);
    }
    put(out, s.family.show(&low));
    put(out, address::show_mask(s.family, &mask, true));
}
