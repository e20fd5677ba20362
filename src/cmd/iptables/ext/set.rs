//! `-m set`: whether addresses and ports of the packet are in a set of ipset(8).

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::{Family, number};
use crate::names::ipset::{LONGEST_NAME, Refusal};
use crate::sys::fd;

use super::{Ext, Fill, Opt, Shown, put, put_at, u16_at, u32_at, u64_at};

/// struct xt_set_info: number of the set, how many sides, which of them are sources and whether
/// it is inverted.
const SIDES: usize = 2;
const SIDE_FLAGS: usize = 3;
/// IPSET_INV_MATCH.
const INVERT: u8 = 1;
/// IPSET_DIM_MAX.
const MOST_SIDES: usize = 6;

/// Of struct xt_set_info_match_v4: two struct ip_set_counter_match, flags.
const PACKETS: usize = 8;
const BYTES: usize = 24;
const FLAGS: usize = 40;
/// From a counter's value to its comparison.
const COMPARISON: usize = 8;

/// IPSET_FLAG_*.
const NO_COUNTERS: u8 = 8;
const NO_SUBCOUNTERS: u8 = 0x10;
const NO_MATCH: u8 = 0x80;

/// IPSET_COUNTER_*, with the options for them.
const COMPARISONS: [(u8, &str); 4] = [(1, "eq "), (2, "eq "), (3, "lt "), (4, "gt ")];
const EQ: u8 = 1;
const NE: u8 = 2;
const LT: u8 = 3;
const GT: u8 = 4;

const SET_BITS: u64 = 3;

macro_rules! counter {
    ($name:literal, $at:expr, $comparison:expr) => {
        Opt {
            name: $name,
            arg: "NUMBER",
            not: true,
            again: true,
            take: |f, value| take_counter(f, value, $name, $at, $comparison),
            ..Opt::NONE
        }
    };
}

/// struct xt_set_info_match_v4.
pub static SET: Ext = Ext {
    name: "set",
    wire: "set",
    revision: 4,
    size: 48,
    user: 48,
    opts: &[
        Opt {
            name: "match-set",
            arg: "NAME src|dst[,...]",
            not: true,
            again: true,
            take: take_set,
            ..Opt::NONE
        },
        Opt {
            name: "set",
            arg: "NAME src|dst[,...]",
            not: true,
            again: true,
            take: |f, value| {
                fd::stderr(b"--set option deprecated, please use --match-set\n");
                take_set(f, value)
            },
            ..Opt::NONE
        },
        Opt {
            name: "return-nomatch",
            not: true,
            again: true,
            take: |f, _| {
                if f.not {
                    return usage(&[b"--return-nomatch flag cannot be inverted"]);
                }
                f.info[FLAGS] |= NO_MATCH;
                Ok(())
            },
            ..Opt::NONE
        },
        Opt {
            name: "update-counters",
            not: true,
            again: true,
            take: |f, _| {
                f.info[FLAGS] |= if f.not { NO_COUNTERS } else { 0 };
                Ok(())
            },
            ..Opt::NONE
        },
        Opt {
            name: "update-subcounters",
            not: true,
            again: true,
            take: |f, _| {
                f.info[FLAGS] |= if f.not { NO_SUBCOUNTERS } else { 0 };
                Ok(())
            },
            ..Opt::NONE
        },
        counter!("packets-eq", PACKETS, EQ),
        counter!("packets-lt", PACKETS, LT),
        counter!("packets-gt", PACKETS, GT),
        counter!("bytes-eq", BYTES, EQ),
        counter!("bytes-lt", BYTES, LT),
        counter!("bytes-gt", BYTES, GT),
    ],
    check: |seen| match seen & SET_BITS {
        0 => usage(&[b"You must specify `--match-set' with proper arguments"]),
        _ => Ok(()),
    },
    save: |out, s| show(out, s, "--"),
    list: |out, s| show(out, s, ""),
    ..Ext::MATCH
};

fn take_set(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    if *f.seen & SET_BITS != 0 {
        return usage(&[b"--match-set can be specified only once"]);
    }
    take(f, value, "match-set", 0)?;
    f.info[SIDE_FLAGS] |= if f.not { INVERT } else { 0 };
    Ok(())
}

/// Reads a name and the word of sides behind it into a struct xt_set_info.
pub fn take(f: &mut Fill<'_, '_>, name: &[u8], option: &str, at: usize) -> Result {
    let sides = match f.words.peek().and_then(|w| w.first()) {
        Some(b'-' | b'!') => None,
        _ => f.words.take(),
    };
    let Some(sides) = sides else {
        return usage(&[b"--", option.as_bytes(), b" requires two args."]);
    };
    if name.len() > LONGEST_NAME {
        let behind = format!("' too long, max {LONGEST_NAME} characters.");
        return usage(&[b"setname `", name, behind.as_bytes()]);
    }
    let set = match f.db.sets.find(name) {
        Ok(Some(set)) => set,
        Ok(None) => return usage(&[b"Set ", name, b" doesn't exist.\n"]),
        Err(Refusal::NoSocket) => return usage(&[b"Can't open socket to ipset.\n"]),
        Err(Refusal::Other(libc::ENOPROTOOPT)) => {
            return usage(&[b"Kernel module xt_set is not loaded in.\n"]);
        }
        Err(Refusal::Other(errno)) => {
            let text = format!("Problem when communicating with ipset, errno={errno}.\n");
            return usage(&[text.as_bytes()]);
        }
    };
    if set.family != 0 && set.family != f.family as u32 {
        let family: &[u8] = match set.family {
            n if n == Family::V4 as u32 => b"IPv4",
            n if n == Family::V6 as u32 => b"IPv6",
            _ => b"Unknown",
        };
        return usage(&[
            b"The protocol family of set ",
            name,
            b" is ",
            family,
            b", which is not applicable.\n",
        ]);
    }
    let mut flags = 0;
    let mut count = 0;
    for side in sides.split(|&b| b == b',') {
        if count == MOST_SIDES {
            let text = format!("Can't be more src/dst options than {MOST_SIDES}.");
            return usage(&[text.as_bytes()]);
        }
        count += 1;
        // How they begin is enough.
        match side {
            [b's', b'r', b'c', ..] => flags |= 1 << count,
            [b'd', b's', b't', ..] => {}
            _ => {
                return usage(&[b"You must specify (the comma separated list of) 'src' or 'dst'."]);
            }
        }
    }
    put_at(f.info, at, &set.index.to_ne_bytes());
    f.info[at + SIDES] = u8::try_from(count).unwrap_or(0);
    f.info[at + SIDE_FLAGS] = flags;
    Ok(())
}

fn take_counter(
    f: &mut Fill<'_, '_>,
    value: &[u8],
    name: &str,
    at: usize,
    comparison: u8,
) -> Result {
    let kind = name.split('-').next().unwrap_or("").as_bytes();
    if f.info[at + COMPARISON] != 0 {
        return usage(&[b"only one of the --", kind, b"-[eq|lt|gt] is allowed"]);
    }
    if f.not && comparison != EQ {
        return usage(&[b"--", name.as_bytes(), b" option cannot be inverted"]);
    }
    let Some(n) = number(value, u64::MAX) else {
        return usage(&[b"Cannot parse ", value, b" as a counter value"]);
    };
    put_at(f.info, at, &n.to_ne_bytes());
    f.info[at + COMPARISON] = if f.not { NE } else { comparison };
    Ok(())
}

/// ` NAME src,dst` of a struct xt_set_info.
pub fn show_set(out: &mut Vec<u8>, s: &Shown<'_>, at: usize) {
    let index = u16_at(s.info, at);
    put(out, " ");
    match s.db.sets.name(index) {
        Some(name) => put(out, name),
        // A set in use cannot go away, but its name is told to an administrator only.
        None => put(out, format!("#{index}")),
    }
    let (count, flags) = (s.info[at + SIDES], s.info[at + SIDE_FLAGS]);
    for i in 1..=count.min(7) {
        put(out, if i == 1 { " " } else { "," });
        put(out, if flags & 1 << i != 0 { "src" } else { "dst" });
    }
}

fn show(out: &mut Vec<u8>, s: &Shown<'_>, dashes: &str) {
    let info = s.info;
    let word = |out: &mut Vec<u8>, before: &str, name: &str| {
        put(out, before);
        put(out, dashes);
        put(out, name);
    };
    word(out, if info[SIDE_FLAGS] & INVERT != 0 { " ! " } else { " " }, "match-set");
    show_set(out, s, 0);
    let flags = u32_at(info, FLAGS);
    for (bit, before, name) in [
        (NO_MATCH, " ", "return-nomatch"),
        (NO_COUNTERS, " ! ", "update-counters"),
        (NO_SUBCOUNTERS, " ! ", "update-subcounters"),
    ] {
        if flags & u32::from(bit) != 0 {
            word(out, before, name);
        }
    }
    for (at, name) in [(PACKETS, "packets-"), (BYTES, "bytes-")] {
        let comparison = info[at + COMPARISON];
        if let Some((_, how)) = COMPARISONS.iter().find(|(n, _)| *n == comparison) {
            word(out, if comparison == NE { " ! " } else { " " }, name);
            put(out, how);
            put(out, u64_at(info, at).to_string());
        }
    }
}
