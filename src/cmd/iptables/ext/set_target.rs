//! `-j SET`: puts addresses and ports of the packet into a set of ipset(8), takes them out, or
//! takes over what the set says of them.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::number;

use super::{Ext, Fill, Opt, Shown, put, put_at, set, u16_at, u32_at};

/// Where the three struct xt_set_info lie.
const ADD: usize = 0;
const DELETE: usize = 4;
const MAP: usize = 8;
const FLAGS: usize = 12;
const TIMEOUT: usize = 16;

/// IPSET_INVALID_ID.
const NONE: u16 = u16::MAX;
/// The set's own.
const NO_TIMEOUT: u32 = u32::MAX;
/// IPSET_FLAG_EXIST, and IPSET_FLAG_MAP_* of the byte behind it.
const EXIST: u8 = 1;
const MAPPED: usize = FLAGS + 1;
const MARK: u8 = 1;
const PRIORITY: u8 = 2;
const QUEUE: u8 = 4;

macro_rules! set {
    ($name:literal, $at:expr) => {
        Opt {
            name: $name,
            arg: "NAME src|dst[,...]",
            again: true,
            take: |f, value| take(f, value, $name, $at),
            ..Opt::NONE
        }
    };
}
macro_rules! flag {
    ($name:literal, $at:expr, $bits:expr) => {
        Opt { again: true, ..bits!($name, $at, $bits) }
    };
}

/// struct xt_set_info_target_v3: add, delete, map, flags, timeout.
pub static SET: Ext = Ext {
    name: "SET",
    wire: "SET",
    revision: 3,
    size: 24,
    user: 24,
    opts: &[
        set!("add-set", ADD),
        set!("del-set", DELETE),
        flag!("exist", FLAGS, EXIST),
        Opt { name: "timeout", arg: "SECONDS", again: true, take: take_timeout, ..Opt::NONE },
        set!("map-set", MAP),
        flag!("map-mark", MAPPED, MARK),
        flag!("map-prio", MAPPED, PRIORITY),
        flag!("map-queue", MAPPED, QUEUE),
    ],
    init: |info| {
        for at in [ADD, DELETE, MAP] {
            put_at(info, at, &NONE.to_ne_bytes());
        }
        put_at(info, TIMEOUT, &NO_TIMEOUT.to_ne_bytes());
    },
    check,
    save: |out, s| show(out, s, " --"),
    list: |out, s| show(out, s, " "),
    ..Ext::TARGET
};

fn take(f: &mut Fill<'_, '_>, value: &[u8], name: &str, at: usize) -> Result {
    if u16_at(f.info, at) != NONE {
        return usage(&[b"--", name.as_bytes(), b" can be specified only once"]);
    }
    set::take(f, value, name, at)
}

fn take_timeout(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let most = NO_TIMEOUT - 1;
    let seconds = number(value, most.into()).and_then(|n| u32::try_from(n).ok());
    match seconds {
        Some(n) => put_at(f.info, TIMEOUT, &n.to_ne_bytes()),
        None => {
            let text = format!("Invalid value for option --timeout or out of range 0-{most}");
            return usage(&[text.as_bytes()]);
        }
    }
    Ok(())
}

fn check(seen: u64) -> Result {
    let given = |at: usize| seen & 1 << at != 0;
    let (add, delete, map) = (given(0), given(1), given(4));
    if !add && !delete && !map {
        return usage(&[b"You must specify either `--add-set' or `--del-set' or `--map-set'"]);
    }
    for (at, text, other, allowed) in [
        (2, "Flag `--exist'", "--add-set", add),
        (3, "Option `--timeout'", "--add-set", add),
        (5, "Flag `--map-mark'", "--map-set", map),
        (6, "Flag `--map-prio'", "--map-set", map),
        (7, "Flag `--map-queue'", "--map-set", map),
    ] {
        if given(at) && !allowed {
            return usage(&[text.as_bytes(), b" can be used with `", other.as_bytes(), b"' only"]);
        }
    }
    if map && !(given(5) || given(6) || given(7)) {
        return usage(&[b"You must specify flags `--map-mark' or '--map-prio` or `--map-queue'"]);
    }
    Ok(())
}

fn show(out: &mut Vec<u8>, s: &Shown<'_>, before: &str) {
    let word = |out: &mut Vec<u8>, name: &str| {
        put(out, before);
        put(out, name);
    };
    for (at, name) in [(ADD, "add-set"), (DELETE, "del-set"), (MAP, "map-set")] {
        if u16_at(s.info, at) == NONE {
            continue;
        }
        word(out, name);
        set::show_set(out, s, at);
        if at == ADD {
            if s.info[FLAGS] & EXIST != 0 {
                word(out, "exist");
            }
            match u32_at(s.info, TIMEOUT) {
                NO_TIMEOUT => {}
                n => {
                    word(out, "timeout ");
                    put(out, n.to_string());
                }
            }
        }
        if at == MAP {
            for (bit, name) in [(MARK, "map-mark"), (PRIORITY, "map-prio"), (QUEUE, "map-queue")] {
                if s.info[MAPPED] & bit != 0 {
                    word(out, name);
                }
            }
        }
    }
}
