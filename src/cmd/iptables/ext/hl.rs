//! `-m ttl`, `-m hl`, `-j TTL`, `-j HL`: how many more routers a packet may pass.

use crate::cmd::iptables::fail::usage;
use crate::cmd::iptables::family::Family;

use super::{Ext, Opt, put, scalar};

/// IPT_TTL_* and IP6T_HL_* of the matches.
const EQ: u8 = 0;
const NE: u8 = 1;
const LT: u8 = 2;
const GT: u8 = 3;

/// IPT_TTL_* and IP6T_HL_* of the targets.
const SET: u8 = 0;
const INC: u8 = 1;
const DEC: u8 = 2;

/// An option of one number: the mode, the mode behind `!` if that may be, the least value.
macro_rules! option {
    ($ext:literal, $name:literal, $mode:expr, $least:literal $(, $not:expr)?) => {
        Opt {
            name: $name,
            arg: "NUMBER",
            not: !<[u8]>::is_empty(&[$($not)?]),
            take: |f, value| {
                f.info[1] = scalar::byte(value, ($ext, $name), $least, 255)?;
                f.info[0] = $mode;
                $(if f.not {
                    f.info[0] = $not;
                })?
                Ok(())
            },
            ..Opt::NONE
        }
    };
}

static TTL_MATCH_OPTS: &[Opt] = &[
    option!("ttl", "ttl-lt", LT, 0),
    option!("ttl", "ttl-gt", GT, 0),
    Opt { aliases: &["ttl"], ..option!("ttl", "ttl-eq", EQ, 0, NE) },
];
static HL_MATCH_OPTS: &[Opt] = &[
    option!("hl", "hl-lt", LT, 0),
    option!("hl", "hl-gt", GT, 0),
    Opt { aliases: &["hl"], ..option!("hl", "hl-eq", EQ, 0, NE) },
];
static TTL_TARGET_OPTS: &[Opt] = &[
    option!("TTL", "ttl-set", SET, 0),
    option!("TTL", "ttl-dec", DEC, 1),
    option!("TTL", "ttl-inc", INC, 1),
];
static HL_TARGET_OPTS: &[Opt] = &[
    option!("HL", "hl-set", SET, 0),
    option!("HL", "hl-dec", DEC, 1),
    option!("HL", "hl-inc", INC, 1),
];

/// struct ipt_ttl_info: mode and value.
pub static TTL_MATCH: Ext = Ext {
    name: "ttl",
    wire: "ttl",
    family: Some(Family::V4),
    size: 8,
    user: 8,
    opts: TTL_MATCH_OPTS,
    complete: |_, seen| match seen {
        0 => usage(&[b"TTL match: You must specify one of `--ttl-eq', `--ttl-lt', `--ttl-gt"]),
        _ => Ok(()),
    },
    check: |seen| scalar::exclusive("ttl", TTL_MATCH_OPTS, seen, |_| 7),
    save: |out, s| {
        let name = match s.info[0] {
            EQ => "--ttl-eq",
            NE => "! --ttl-eq",
            LT => "--ttl-lt",
            _ => "--ttl-gt",
        };
        put(out, format!(" {name} {}", s.info[1]));
    },
    list: |out, s| {
        put(out, format!(" TTL match TTL {} {}", comparison(s.info[0]), s.info[1]));
    },
    ..Ext::MATCH
};

/// struct ip6t_hl_info: mode and value.
pub static HL_MATCH: Ext = Ext {
    name: "hl",
    wire: "hl",
    family: Some(Family::V6),
    size: 8,
    user: 8,
    opts: HL_MATCH_OPTS,
    complete: |_, seen| match seen {
        0 => usage(&[b"HL match: You must specify one of `--hl-eq', `--hl-lt', `--hl-gt'"]),
        _ => Ok(()),
    },
    check: |seen| scalar::exclusive("hl", HL_MATCH_OPTS, seen, |_| 7),
    save: |out, s| {
        let name = match s.info[0] {
            EQ => "--hl-eq",
            NE => "! --hl-eq",
            LT => "--hl-lt",
            _ => "--hl-gt",
        };
        put(out, format!(" {name} {}", s.info[1]));
    },
    list: |out, s| {
        put(out, format!(" HL match HL {} {}", comparison(s.info[0]), s.info[1]));
    },
    ..Ext::MATCH
};

/// struct ipt_TTL_info: mode and value.
pub static TTL_TARGET: Ext = Ext {
    name: "TTL",
    wire: "TTL",
    family: Some(Family::V4),
    size: 8,
    user: 8,
    opts: TTL_TARGET_OPTS,
    complete: |_, seen| match seen {
        0 => usage(&[b"TTL: You must specify an action"]),
        _ => Ok(()),
    },
    check: |seen| scalar::exclusive("TTL", TTL_TARGET_OPTS, seen, |_| 7),
    save: |out, s| put(out, format!(" --ttl-{} {}", action(s.info[0]).0, s.info[1])),
    list: |out, s| put(out, format!(" TTL {} {}", action(s.info[0]).1, s.info[1])),
    ..Ext::TARGET
};

/// struct ip6t_HL_info: mode and value.
pub static HL_TARGET: Ext = Ext {
    name: "HL",
    wire: "HL",
    family: Some(Family::V6),
    size: 8,
    user: 8,
    opts: HL_TARGET_OPTS,
    complete: |_, seen| match seen {
        0 => usage(&[b"HL: You must specify an action"]),
        _ => Ok(()),
    },
    check: |seen| scalar::exclusive("HL", HL_TARGET_OPTS, seen, |_| 7),
    save: |out, s| put(out, format!(" --hl-{} {}", action(s.info[0]).0, s.info[1])),
    list: |out, s| put(out, format!(" HL {} {}", action(s.info[0]).1, s.info[1])),
    ..Ext::TARGET
};

fn comparison(mode: u8) -> &'static str {
    match mode {
        EQ => "==",
        NE => "!=",
        LT => "<",
        _ => ">",
    }
}

/// The word behind `--ttl-`, and what `-L` says.
fn action(mode: u8) -> (&'static str, &'static str) {
    match mode {
        SET => ("set", "set to"),
        DEC => ("dec", "decrement by"),
        _ => ("inc", "increment by"),
    }
}
