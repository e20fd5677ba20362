//! `-m connlimit`: how many connections an address or a network has.

use crate::cmd::iptables::fail::usage;
use crate::cmd::iptables::family::{ALL_ONES, Addr};

use super::{Ext, Fill, Opt, Shown, put, put_at, scalar, u32_at};

const LIMIT: usize = 16;
const FLAGS: usize = 20;
/// XT_CONNLIMIT_*: up to the limit, not above it; by destination.
const UP_TO: u8 = 1;
const DESTINATION: u8 = 2;

const LIMIT_BITS: u64 = 3;

/// struct xt_connlimit_info: mask, limit, flags, and the kernel's own.
pub static CONNLIMIT: Ext = Ext {
    name: "connlimit",
    wire: "connlimit",
    revision: 1,
    size: 32,
    user: 24,
    opts: OPTS,
    init: |info| put_at(info, 0, &ALL_ONES),
    complete: |_, seen| match seen & LIMIT_BITS {
        0 => usage(&[b"You must specify \"--connlimit-above\" or \"--connlimit-upto\"."]),
        _ => Ok(()),
    },
    save: |out, s| {
        let flags = s.info[FLAGS];
        put(out, if flags & UP_TO != 0 { " --connlimit-upto " } else { " --connlimit-above " });
        put(out, u32_at(s.info, LIMIT).to_string());
        put(out, " --connlimit-mask ");
        put(out, bits(s).to_string());
        let daddr = flags & DESTINATION != 0;
        put(out, if daddr { " --connlimit-daddr" } else { " --connlimit-saddr" });
    },
    list: |out, s| {
        let flags = s.info[FLAGS];
        put(out, if flags & DESTINATION != 0 { " #conn dst/" } else { " #conn src/" });
        put(out, bits(s).to_string());
        put(out, if flags & UP_TO != 0 { " <= " } else { " > " });
        put(out, u32_at(s.info, LIMIT).to_string());
    },
    ..Ext::MATCH
};

static OPTS: &[Opt] = &[
    Opt {
        name: "connlimit-upto",
        excludes: 2,
        arg: "NUMBER",
        not: true,
        take: |f, value| {
            let limit = scalar::int(value, ("connlimit", "connlimit-upto"), 0, u32::MAX)?;
            take(f, limit, true)
        },
        ..Opt::NONE
    },
    Opt {
        name: "connlimit-above",
        excludes: 1,
        arg: "NUMBER",
        not: true,
        take: |f, value| {
            let limit = scalar::int(value, ("connlimit", "connlimit-above"), 0, u32::MAX)?;
            take(f, limit, false)
        },
        ..Opt::NONE
    },
    Opt {
        name: "connlimit-mask",
        arg: "LENGTH",
        take: |f, value| {
            let mask = scalar::prefix(value, f.family, ("connlimit", "connlimit-mask"))?;
            put_at(f.info, 0, &mask);
            Ok(())
        },
        ..Opt::NONE
    },
    Opt { name: "connlimit-saddr", excludes: 0x10, ..Opt::NONE },
    Opt { excludes: 8, ..bits!("connlimit-daddr", FLAGS, DESTINATION) },
];

fn take(f: &mut Fill<'_, '_>, limit: u32, up_to: bool) -> crate::cmd::iptables::fail::Result {
    put_at(f.info, LIMIT, &limit.to_ne_bytes());
    f.info[FLAGS] = f.info[FLAGS] & !UP_TO | if up_to == f.not { 0 } else { UP_TO };
    Ok(())
}

/// How many bits the mask begins with.
fn bits(s: &Shown<'_>) -> u32 {
    let mut mask: Addr = [0; 16];
    let len = s.family.len();
    mask[..len].copy_from_slice(&s.info[..len]);
    u128::from_be_bytes(mask).leading_ones()
}
