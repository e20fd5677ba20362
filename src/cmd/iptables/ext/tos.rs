//! `-m tos`, `-j TOS`: the type of service of IPv4, the traffic class of IPv6.

use crate::cmd::iptables::fail::{Result, usage};

use super::{Ext, Fill, Opt, Shown, hex0x, put, scalar};

/// IPTOS_*.
const NAMES: &[(&str, u8)] = &[
    ("Minimize-Delay", 0x10),
    ("Maximize-Throughput", 0x08),
    ("Maximize-Reliability", 0x04),
    ("Minimize-Cost", 0x02),
    ("Normal-Service", 0x00),
];
/// What goes with a name.
const NAME_MASK: u8 = 0x3f;

/// `VALUE[/MASK]`, or a name: value and mask.
fn parse(word: &[u8]) -> Result<(u8, u8)> {
    let byte = |word| {
        let (n, rest) = scalar::leading(word, 255)?;
        Some((u8::try_from(n).ok()?, rest))
    };
    let Some((value, rest)) = byte(word) else {
        let name = NAMES.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word));
        return match name {
            Some((_, value)) => Ok((*value, NAME_MASK)),
            None => usage(&[b"Symbolic name \"", word, b"\" is unknown"]),
        };
    };
    let mask = match rest {
        b"" => Some((255, rest)),
        [b'/', rest @ ..] => byte(rest),
        _ => None,
    };
    match mask {
        Some((mask, b"")) => Ok((value, mask)),
        _ => usage(&[b"Illegal value: \"", word, b"\""]),
    }
}

/// The name that a value has.
fn name(value: u8, mask: u8, numeric: bool) -> Option<&'static str> {
    let named = !numeric && mask == NAME_MASK;
    NAMES.iter().find(|(_, v)| named && *v == value).map(|(name, _)| *name)
}

fn pair(out: &mut Vec<u8>, value: u8, mask: u8) {
    hex0x(out, value.into(), 2);
    out.push(b'/');
    hex0x(out, mask.into(), 2);
}

const ARG: &str = "VALUE[/MASK]|Minimize-Delay|Maximize-Throughput|Maximize-Reliability|Minimize-Cost|Normal-Service";

/// struct xt_tos_match_info: mask, value, inverted.
pub static MATCH: Ext = Ext {
    name: "tos",
    wire: "tos",
    revision: 1,
    size: 8,
    user: 8,
    opts: &[Opt {
        name: "tos",
        arg: ARG,
        not: true,
        required: true,
        take: |f, value| {
            let (value, mask) = parse(value)?;
            f.info[..3].copy_from_slice(&[mask, value, f.not.into()]);
            Ok(())
        },
        ..Opt::NONE
    }],
    save: |out, s| {
        put(out, if s.info[2] == 0 { " --tos " } else { " ! --tos " });
        pair(out, s.info[1], s.info[0]);
    },
    list: |out, s| {
        put(out, if s.info[2] == 0 { " tos match" } else { " tos match!" });
        match name(s.info[1], s.info[0], s.numeric) {
            Some(name) => put(out, [" ", name].concat()),
            None => pair(out, s.info[1], s.info[0]),
        }
    },
    ..Ext::MATCH
};

/// An operation with one byte: of it the value and the mask.
macro_rules! operation {
    ($name:literal, $excludes:literal, |$v:ident| $pair:expr) => {
        Opt {
            name: $name,
            arg: "BITS",
            excludes: $excludes,
            take: |f, value| {
                let $v = scalar::byte(value, ("TOS", $name), 0, 255)?;
                set(f, $pair);
                Ok(())
            },
            ..Opt::NONE
        }
    };
}

fn set(f: &mut Fill<'_, '_>, (value, mask): (u8, u8)) {
    f.info[..2].copy_from_slice(&[value, mask]);
}

/// struct xt_tos_target_info: value, mask.
pub static TARGET: Ext = Ext {
    name: "TOS",
    wire: "TOS",
    revision: 1,
    size: 8,
    user: 8,
    opts: &[
        Opt {
            name: "set-tos",
            arg: ARG,
            excludes: 0b1110,
            take: |f, value| {
                set(f, parse(value)?);
                Ok(())
            },
            ..Opt::NONE
        },
        operation!("and-tos", 0b1101, |v| (0, !v)),
        operation!("or-tos", 0b1011, |v| (v, v)),
        operation!("xor-tos", 0b0111, |v| (v, 0)),
    ],
    complete: |_, seen| match seen {
        0 => usage(&[b"TOS: An action is required"]),
        _ => Ok(()),
    },
    save: |out, s| {
        put(out, " --set-tos ");
        pair(out, s.info[0], s.info[1]);
    },
    list: set_to,
    ..Ext::TARGET
};

fn set_to(out: &mut Vec<u8>, s: &Shown<'_>) {
    let (value, mask) = (s.info[0], s.info[1]);
    if let Some(name) = name(value, mask, s.numeric) {
        return put(out, ["  TOS set", name].concat());
    }
    let (what, byte) = match (value, mask) {
        _ if s.numeric => ("set", None),
        (0, _) => ("and", Some(!mask)),
        _ if value == mask => ("or", Some(value)),
        (_, 0) => ("xor", Some(value)),
        _ => ("set", None),
    };
    put(out, [" TOS ", what, " "].concat());
    match byte {
        Some(byte) => hex0x(out, byte.into(), 2),
        None => pair(out, value, mask),
    }
}
