//! `-j LOG`: the packet in the kernel's log.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::number;

use super::{Ext, Fill, Opt, put, put_at, quoted};

/// struct ipt_log_info and ip6t_log_info: level, flags, prefix.
const FLAGS: usize = 1;
const PREFIX: usize = 2;
const PREFIX_SIZE: usize = 30;

const DEFAULT_LEVEL: u8 = 4;
/// As `-L` prints them.
const LEVELS: [&str; 8] = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"];
/// As they are read, with their numbers.
#[rustfmt::skip] // words
const NAMES: [(&str, u8); 9] = [
    ("alert", 1), ("crit", 2), ("debug", 7), ("emerg", 0), ("error", 3), ("info", 6),
    ("notice", 5), ("panic", 0), ("warning", 4),
];

/// XT_LOG_*, in the order in which they are printed.
#[rustfmt::skip] // words
const DETAILS: [(u8, &str); 5] =
    [(1, "tcp-sequence"), (2, "tcp-options"), (4, "ip-options"), (8, "uid"), (0x20, "macdecode")];

macro_rules! detail {
    ($name:literal, $flag:literal) => {
        Opt {
            name: $name,
            take: |f, _| {
                f.info[FLAGS] |= $flag;
                Ok(())
            },
            ..Opt::NONE
        }
    };
}

pub static LOG: Ext = Ext {
    name: "LOG",
    wire: "LOG",
    size: 32,
    user: 32,
    opts: &[
        Opt { name: "log-level", arg: "LEVEL", take: take_level, ..Opt::NONE },
        Opt { name: "log-prefix", arg: "TEXT", take: take_prefix, ..Opt::NONE },
        detail!("log-tcp-sequence", 1),
        detail!("log-tcp-options", 2),
        detail!("log-ip-options", 4),
        detail!("log-uid", 8),
        detail!("log-macdecode", 0x20),
    ],
    init: |info| info[0] = DEFAULT_LEVEL,
    save: |out, s| {
        if !prefix(s.info).is_empty() {
            put(out, " --log-prefix");
            quoted(out, prefix(s.info));
        }
        if s.info[0] != DEFAULT_LEVEL {
            put(out, format!(" --log-level {}", s.info[0]));
        }
        details(out, s.info, " --log-");
    },
    list: |out, s| {
        let (level, flags) = (s.info[0], s.info[FLAGS]);
        put(out, " LOG");
        if s.numeric {
            put(out, format!(" flags {flags} level {level}"));
        } else {
            match LEVELS.get(usize::from(level)) {
                Some(name) => put(out, format!(" level {name}")),
                None => put(out, format!(" UNKNOWN level {level}")),
            }
            details(out, s.info, " ");
        }
        if !prefix(s.info).is_empty() {
            put(out, " prefix \"");
            put(out, prefix(s.info));
            put(out, "\"");
        }
    },
    ..Ext::TARGET
};

fn take_level(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let named = || NAMES.iter().find(|(n, _)| n.as_bytes() == value).map(|(_, level)| *level);
    match number(value, 7).and_then(|n| u8::try_from(n).ok()).or_else(named) {
        Some(level) => f.info[0] = level,
        None => return usage(&[b"log level \"", value, b"\" unknown\n"]),
    }
    Ok(())
}

fn take_prefix(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    if value.is_empty() {
        return usage(&[b"Argument must have a minimum length of 1 characters\n"]);
    }
    let kept = &value[..value.len().min(PREFIX_SIZE - 1)];
    if value.contains(&b'\n') {
        return usage(&[b"Newlines not allowed in --log-prefix"]);
    }
    put_at(f.info, PREFIX, kept);
    Ok(())
}

fn prefix(info: &[u8]) -> &[u8] {
    info[PREFIX..].split(|&b| b == 0).next().unwrap_or_default()
}

fn details(out: &mut Vec<u8>, info: &[u8], before: &str) {
    for (flag, name) in DETAILS {
        if info[FLAGS] & flag != 0 {
            put(out, [before, name].concat());
        }
    }
}
