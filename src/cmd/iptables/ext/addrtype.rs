//! `-m addrtype`: what kind of addresses the packet has.

use crate::cmd::iptables::fail::{Result, usage};

use super::{Ext, Fill, Opt, Shown, put, put_at, together, u16_at, u32_at};

/// struct xt_addrtype_info_v1: types of the source, of the destination, flags.
const SOURCE: usize = 0;
const DESTINATION: usize = 2;
const FLAGS: usize = 4;

/// XT_ADDRTYPE_*.
const INVERT_SOURCE: u32 = 1;
const INVERT_DESTINATION: u32 = 2;
const LIMIT_IN: u32 = 4;
const LIMIT_OUT: u32 = 8;

/// The bits of the types, from the lowest; RTN_* of linux/rtnetlink.h.
#[rustfmt::skip] // words
const TYPES: [&str; 12] = [
    "UNSPEC", "UNICAST", "LOCAL", "BROADCAST", "ANYCAST", "MULTICAST", "BLACKHOLE", "UNREACHABLE",
    "PROHIBIT", "THROW", "NAT", "XRESOLVE",
];

const TYPE_LIST: &str = "TYPE[,...]";

pub static ADDRTYPE: Ext = Ext {
    name: "addrtype",
    wire: "addrtype",
    revision: 1,
    size: 8,
    user: 8,
    opts: &[
        Opt {
            name: "src-type",
            arg: TYPE_LIST,
            not: true,
            take: |f, value| take_types(f, value, SOURCE, INVERT_SOURCE),
            ..Opt::NONE
        },
        Opt {
            name: "dst-type",
            arg: TYPE_LIST,
            not: true,
            take: |f, value| take_types(f, value, DESTINATION, INVERT_DESTINATION),
            ..Opt::NONE
        },
        Opt { name: "limit-iface-in", take: |f, _| set(f, LIMIT_IN), ..Opt::NONE },
        Opt { name: "limit-iface-out", take: |f, _| set(f, LIMIT_OUT), ..Opt::NONE },
    ],
    check: |seen| match seen {
        seen if seen & 3 == 0 => usage(&[b"addrtype: you must specify --src-type or --dst-type"]),
        seen if seen & 12 == 12 => together("addrtype", "limit-iface-in", "limit-iface-out"),
        _ => Ok(()),
    },
    save: |out, s| {
        types(out, s, SOURCE, INVERT_SOURCE, [" --src-type ", " ! --src-type "]);
        types(out, s, DESTINATION, INVERT_DESTINATION, [" --dst-type ", " ! --dst-type "]);
        limits(out, s, [" --limit-iface-in", " --limit-iface-out"]);
    },
    list: |out, s| {
        put(out, " ADDRTYPE match");
        types(out, s, SOURCE, INVERT_SOURCE, [" src-type ", " src-type !"]);
        types(out, s, DESTINATION, INVERT_DESTINATION, [" dst-type ", " dst-type !"]);
        limits(out, s, [" limit-in", " limit-out"]);
    },
    ..Ext::MATCH
};

fn set(f: &mut Fill<'_, '_>, flag: u32) -> Result {
    let flags = u32_at(f.info, FLAGS) | flag;
    put_at(f.info, FLAGS, &flags.to_ne_bytes());
    Ok(())
}

/// Reads a list of types, each a word or a beginning of it.
fn take_types(f: &mut Fill<'_, '_>, value: &[u8], at: usize, invert: u32) -> Result {
    let (mut bits, mut rest) = (0, value);
    loop {
        let comma = rest.iter().position(|&b| b == b',');
        let word = &rest[..comma.unwrap_or(rest.len())];
        bits |= match (kind(word), comma) {
            (Some(bit), _) => bit,
            (None, Some(_)) => return usage(&[b"addrtype: bad type `", rest, b"'"]),
            (None, None) => return usage(&[b"addrtype: bad type \"", rest, b"\""]),
        };
        match comma {
            Some(comma) => rest = &rest[comma + 1..],
            None => break,
        }
    }
    put_at(f.info, at, &u16::to_ne_bytes(bits));
    if f.not { set(f, invert) } else { Ok(()) }
}

fn kind(word: &[u8]) -> Option<u16> {
    let fits = |name: &&str| {
        name.as_bytes().get(..word.len()).is_some_and(|n| n.eq_ignore_ascii_case(word))
    };
    TYPES.iter().position(|name| !word.is_empty() && fits(name)).map(|i| 1 << i)
}

fn types(out: &mut Vec<u8>, s: &Shown<'_>, at: usize, invert: u32, labels: [&str; 2]) {
    let bits = u16_at(s.info, at);
    if bits == 0 {
        return;
    }
    put(out, labels[usize::from(u32_at(s.info, FLAGS) & invert != 0)]);
    let names = TYPES.iter().enumerate().filter(|(i, _)| bits & 1 << i != 0);
    put(out, names.map(|(_, name)| *name).collect::<Vec<_>>().join(","));
}

fn limits(out: &mut Vec<u8>, s: &Shown<'_>, labels: [&str; 2]) {
    for (flag, label) in [LIMIT_IN, LIMIT_OUT].into_iter().zip(labels) {
        if u32_at(s.info, FLAGS) & flag != 0 {
            put(out, label);
        }
    }
}
