//! `-m recent`: addresses that have been seen, in lists with names.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::{ALL_ONES, Addr};

use super::conntrack;
use super::{Ext, Fill, Opt, Shown, put, put_at, scalar, u32_at};

const HITS: usize = 4;
const FLAGS: usize = 8;
const INVERT: usize = 9;
const NAME: usize = 10;
/// XT_RECENT_NAME_LEN, the NUL included.
const NAME_LEN: usize = 200;
const SIDE: usize = 210;
const MASK: usize = 212;

/// XT_RECENT_*.
const CHECK: u8 = 1;
const SET: u8 = 2;
const UPDATE: u8 = 4;
const REMOVE: u8 = 8;
const TTL: u8 = 0x10;
const REAP: u8 = 0x20;

macro_rules! action {
    ($name:literal, $flag:expr) => {
        Opt {
            name: $name,
            not: true,
            take: |f, _| {
                f.info[FLAGS] |= $flag;
                f.info[INVERT] = u8::from(f.not);
                Ok(())
            },
            ..Opt::NONE
        }
    };
}
macro_rules! flag {
    ($name:literal, $at:expr, |$old:ident| $new:expr) => {
        Opt {
            name: $name,
            take: |f, _| {
                let $old = f.info[$at];
                f.info[$at] = $new;
                Ok(())
            },
            ..Opt::NONE
        }
    };
}
macro_rules! number {
    ($name:literal, $arg:literal, $at:expr, $least:literal) => {
        Opt {
            name: $name,
            arg: $arg,
            take: |f, value| {
                let n = scalar::int(value, ("recent", $name), $least, u32::MAX)?;
                put_at(f.info, $at, &n.to_ne_bytes());
                Ok(())
            },
            ..Opt::NONE
        }
    };
}

/// struct xt_recent_mtinfo_v1: seconds, hits, flags, inverted, name, side, mask.
pub static RECENT: Ext = Ext {
    name: "recent",
    wire: "recent",
    revision: 1,
    size: 232,
    user: 232,
    opts: OPTS,
    init: |info| {
        put_at(info, NAME, b"DEFAULT");
        put_at(info, MASK, &ALL_ONES);
    },
    complete: |_, seen| match seen & ACTIONS {
        0 => usage(&[
            b"recent: you must specify one of `--set', `--rcheck' `--update' or `--remove'",
        ]),
        _ => Ok(()),
    },
    check: |seen| {
        scalar::exclusive("recent", OPTS, seen, |i| match i {
            0..=3 => ACTIONS,
            RTTL => SET_BIT | REMOVE_BIT,
            _ => 0,
        })?;
        scalar::needs("recent", seen, (REAP_BIT, "reap"), (SECONDS_BIT, "seconds"))
    },
    save: |out, s| {
        not(out, s);
        show(out, s, SAVED);
        side(out, s, ["--rsource", "--rdest"]);
    },
    list: |out, s| {
        not(out, s);
        put(out, " recent:");
        show(out, s, LISTED);
    },
    ..Ext::MATCH
};

static OPTS: &[Opt] = &[
    action!("set", SET),
    action!("rcheck", CHECK),
    action!("update", UPDATE),
    action!("remove", REMOVE),
    number!("seconds", "SECONDS", 0, 1),
    flag!("reap", FLAGS, |old| old | REAP),
    number!("hitcount", "PACKETS", HITS, 0),
    flag!("rttl", FLAGS, |old| old | TTL),
    Opt { name: "name", arg: "NAME", take: take_name, ..Opt::NONE },
    flag!("rsource", SIDE, |_old| 0),
    flag!("rdest", SIDE, |_old| 1),
    Opt { name: "mask", arg: "MASK", take: take_mask, ..Opt::NONE },
];
const ACTIONS: u64 = 0xf;
const SET_BIT: u64 = 1;
const REMOVE_BIT: u64 = 8;
/// The place of `--rttl`.
const RTTL: usize = 7;
const SECONDS_BIT: u64 = 0x10;
const REAP_BIT: u64 = 0x20;

/// What lies behind the NUL of the name is kept, as the reference does: it is compared.
fn take_name(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let value = &value[..value.len().min(NAME_LEN - 1)];
    put_at(f.info, NAME, value);
    put_at(f.info, NAME + value.len(), &[0]);
    Ok(())
}

fn take_mask(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let mask = conntrack::host(f.family, value, f.db)?;
    put_at(f.info, MASK, &mask);
    Ok(())
}

/// The words of `-S`, or of `-L`.
struct Words {
    actions: [&'static str; 4],
    seconds: &'static str,
    reap: &'static str,
    hits: &'static str,
    ttl: &'static str,
    name: &'static str,
    mask: &'static str,
}

const SAVED: Words = Words {
    actions: [" --set", " --rcheck", " --update", " --remove"],
    seconds: " --seconds ",
    reap: " --reap",
    hits: " --hitcount ",
    ttl: " --rttl",
    name: " --name ",
    mask: " --mask ",
};
const LISTED: Words = Words {
    actions: [" SET", " CHECK", " UPDATE", " REMOVE"],
    seconds: " seconds: ",
    reap: " reap",
    hits: " hit_count: ",
    ttl: " TTL-Match",
    name: " name: ",
    mask: " mask: ",
};

fn not(out: &mut Vec<u8>, s: &Shown<'_>) {
    put(out, if s.info[INVERT] != 0 { " !" } else { "" });
}

fn show(out: &mut Vec<u8>, s: &Shown<'_>, words: Words) {
    let info = s.info;
    let flags = info[FLAGS];
    for (flag, word) in [SET, CHECK, UPDATE, REMOVE].into_iter().zip(words.actions) {
        put(out, if flags & flag != 0 { word } else { "" });
    }
    if u32_at(info, 0) != 0 {
        put(out, format!("{}{}", words.seconds, u32_at(info, 0)));
    }
    put(out, if flags & REAP != 0 { words.reap } else { "" });
    if u32_at(info, HITS) != 0 {
        put(out, format!("{}{}", words.hits, u32_at(info, HITS)));
    }
    put(out, if flags & TTL != 0 { words.ttl } else { "" });
    put(out, words.name);
    let name = info.get(NAME..NAME + NAME_LEN).unwrap_or(b"");
    put(out, name.split(|&b| b == 0).next().unwrap_or(b""));
    if words.actions[0] == LISTED.actions[0] {
        side(out, s, ["side: source", "side: dest"]);
    }
    let mut mask: Addr = [0; 16];
    mask.copy_from_slice(&info[MASK..MASK + 16]);
    put(out, words.mask);
    put(out, s.family.show(&mask));
}

fn side(out: &mut Vec<u8>, s: &Shown<'_>, words: [&str; 2]) {
    put(out, " ");
    put(out, words[usize::from(s.info[SIDE] != 0)]);
}
