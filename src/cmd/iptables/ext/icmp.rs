//! `-m icmp` and `-m icmp6`: the type of the message, and its code.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::{Family, number};
use crate::nft::Cmp;

use super::{Ext, Fill, Is, Opt, Shown, Test, Transport, put};

/// struct ipt_icmp and ip6t_icmp: type, from code, to code, inverted.
const LOW: usize = 1;
const HIGH: usize = 2;
const INVERT: usize = 3;

/// A message: name, type, from code, to code. Other names follow the first one.
type Row = (&'static str, u8, u8, u8);

#[rustfmt::skip] // one row, one line
const V4: &[Row] = &[
    ("any", 255, 0, 255),
    ("echo-reply", 0, 0, 255),
    ("pong", 0, 0, 255),
    ("destination-unreachable", 3, 0, 255),
    ("network-unreachable", 3, 0, 0),
    ("host-unreachable", 3, 1, 1),
    ("protocol-unreachable", 3, 2, 2),
    ("port-unreachable", 3, 3, 3),
    ("fragmentation-needed", 3, 4, 4),
    ("source-route-failed", 3, 5, 5),
    ("network-unknown", 3, 6, 6),
    ("host-unknown", 3, 7, 7),
    ("network-prohibited", 3, 9, 9),
    ("host-prohibited", 3, 10, 10),
    ("TOS-network-unreachable", 3, 11, 11),
    ("TOS-host-unreachable", 3, 12, 12),
    ("communication-prohibited", 3, 13, 13),
    ("host-precedence-violation", 3, 14, 14),
    ("precedence-cutoff", 3, 15, 15),
    ("source-quench", 4, 0, 255),
    ("redirect", 5, 0, 255),
    ("network-redirect", 5, 0, 0),
    ("host-redirect", 5, 1, 1),
    ("TOS-network-redirect", 5, 2, 2),
    ("TOS-host-redirect", 5, 3, 3),
    ("echo-request", 8, 0, 255),
    ("ping", 8, 0, 255),
    ("router-advertisement", 9, 0, 255),
    ("router-solicitation", 10, 0, 255),
    ("time-exceeded", 11, 0, 255),
    ("ttl-exceeded", 11, 0, 255),
    ("ttl-zero-during-transit", 11, 0, 0),
    ("ttl-zero-during-reassembly", 11, 1, 1),
    ("parameter-problem", 12, 0, 255),
    ("ip-header-bad", 12, 0, 0),
    ("required-option-missing", 12, 1, 1),
    ("timestamp-request", 13, 0, 255),
    ("timestamp-reply", 14, 0, 255),
    ("address-mask-request", 17, 0, 255),
    ("address-mask-reply", 18, 0, 255),
];
#[rustfmt::skip] // one row, one line
const V6: &[Row] = &[
    ("destination-unreachable", 1, 0, 255),
    ("no-route", 1, 0, 0),
    ("communication-prohibited", 1, 1, 1),
    ("beyond-scope", 1, 2, 2),
    ("address-unreachable", 1, 3, 3),
    ("port-unreachable", 1, 4, 4),
    ("failed-policy", 1, 5, 5),
    ("reject-route", 1, 6, 6),
    ("packet-too-big", 2, 0, 255),
    ("time-exceeded", 3, 0, 255),
    ("ttl-exceeded", 3, 0, 255),
    ("ttl-zero-during-transit", 3, 0, 0),
    ("ttl-zero-during-reassembly", 3, 1, 1),
    ("parameter-problem", 4, 0, 255),
    ("bad-header", 4, 0, 0),
    ("unknown-header-type", 4, 1, 1),
    ("unknown-option", 4, 2, 2),
    ("echo-request", 128, 0, 255),
    ("ping", 128, 0, 255),
    ("echo-reply", 129, 0, 255),
    ("pong", 129, 0, 255),
    ("mld-listener-query", 130, 0, 255),
    ("mld-listener-report", 131, 0, 255),
    ("mld-listener-done", 132, 0, 255),
    ("mld-listener-reduction", 132, 0, 255),
    ("router-solicitation", 133, 0, 255),
    ("router-advertisement", 134, 0, 255),
    ("neighbour-solicitation", 135, 0, 255),
    ("neighbor-solicitation", 135, 0, 255),
    ("neighbour-advertisement", 136, 0, 255),
    ("neighbor-advertisement", 136, 0, 255),
    ("redirect", 137, 0, 255),
];

pub static ICMP: Ext = Ext {
    name: "icmp",
    wire: "icmp",
    family: Some(Family::V4),
    size: 8,
    user: 8,
    opts: &[Opt {
        name: "icmp-type",
        arg: "TYPE[/CODE]|NAME",
        not: true,
        required: true,
        take: |f, value| take(f, value, V4, "ICMP"),
        ..Opt::NONE
    }],
    init,
    save: |out, s| save(out, s, "--icmp-type"),
    list: |out, s| list(out, s, V4, " icmp"),
    transport: Some(Transport { protocol: 1, lower: |_, _| false, raise }),
    ..Ext::MATCH
};

pub static ICMP6: Ext = Ext {
    name: "icmp6",
    aliases: &["icmpv6", "ipv6-icmp"],
    wire: "icmp6",
    family: Some(Family::V6),
    size: 8,
    user: 8,
    opts: &[Opt {
        name: "icmpv6-type",
        arg: "TYPE[/CODE]|NAME",
        not: true,
        required: true,
        take: |f, value| take(f, value, V6, "ICMPv6"),
        ..Opt::NONE
    }],
    init,
    save: |out, s| save(out, s, "--icmpv6-type"),
    list: |out, s| list(out, s, V6, " ipv6-icmp"),
    transport: Some(Transport { protocol: 58, lower: |_, _| false, raise }),
    ..Ext::MATCH
};

/// Any message.
fn init(info: &mut [u8]) {
    info[0] = 255;
    info[HIGH] = 255;
}

fn take(f: &mut Fill<'_, '_>, value: &[u8], table: &[Row], what: &str) -> Result {
    let (kind, low, high) = parse(value, table, what)?;
    f.info[..4].copy_from_slice(&[kind, low, high, f.not.into()]);
    Ok(())
}

/// A name or a beginning of it that no other begins with, or numbers.
fn parse(value: &[u8], table: &[Row], what: &str) -> Result<(u8, u8, u8)> {
    let fits =
        |n: &str| n.as_bytes().get(..value.len()).is_some_and(|n| n.eq_ignore_ascii_case(value));
    let mut rows = table.iter().filter(|row| fits(row.0));
    match (rows.next(), rows.next()) {
        (Some(row), None) => return Ok((row.1, row.2, row.3)),
        (Some(a), Some(b)) => {
            let text = format!("': `{}' or `{}'?", a.0, b.0);
            return usage(&[b"Ambiguous ", what.as_bytes(), b" type `", value, text.as_bytes()]);
        }
        _ => {}
    }
    let byte = |word: &[u8], of: &str| match number(word, 255).and_then(|n| u8::try_from(n).ok()) {
        Some(n) => Ok(n),
        None => usage(&[format!("Unknown {what} {of} `").as_bytes(), value, b"'"]),
    };
    match value.iter().position(|&b| b == b'/') {
        None => Ok((byte(value, "type")?, 0, 255)),
        Some(at) => {
            let kind = byte(&value[..at], "type")?;
            let code = byte(&value[at + 1..], "code")?;
            Ok((kind, code, code))
        }
    }
}

fn numbers(info: &[u8]) -> (u8, u8, u8) {
    (info[0], info[LOW], info[HIGH])
}

fn save(out: &mut Vec<u8>, s: &Shown<'_>, option: &str) {
    put(out, if s.info[INVERT] & 1 == 0 { " " } else { " ! " });
    put(out, option);
    match numbers(s.info) {
        (255, 0, 255) if s.family == Family::V4 => put(out, " any"),
        (kind, 0, 255) => put(out, format!(" {kind}")),
        (kind, low, high) if low == high => put(out, format!(" {kind}/{low}")),
        (kind, low, high) => put(out, format!(" {kind}/{low}-{high}")),
    }
}

fn list(out: &mut Vec<u8>, s: &Shown<'_>, table: &[Row], word: &str) {
    let not = if s.info[INVERT] & 1 == 0 { "" } else { "!" };
    let (kind, low, high) = numbers(s.info);
    put(out, word);
    let named = table.iter().find(|row| (row.1, row.2, row.3) == (kind, low, high));
    if let Some(row) = named.filter(|_| !s.numeric) {
        put(out, format!(" {not}{}", row.0));
        return;
    }
    if !not.is_empty() {
        put(out, " !");
    }
    put(out, format!("type {kind}"));
    if low == high {
        put(out, format!(" code {low}"));
    } else if (low, high) != (0, 255) {
        put(out, format!(" codes {low}-{high}"));
    }
}

/// Type and code as `nft` compares them.
fn raise(info: &mut [u8], test: &Test<'_>) -> bool {
    let fresh = (info[0], info[LOW], info[HIGH], info[INVERT]) == (255, 0, 255, 0);
    let (Is::Cmp(how @ (Cmp::Eq | Cmp::Neq), value), None) = (test.is, test.mask) else {
        return false;
    };
    let not = how == Cmp::Neq;
    let (kind, code) = match (test.offset, test.len, value) {
        (0, 1, &[kind]) if fresh && kind != 255 => (kind, None),
        (0, 2, &[kind, code]) if fresh => (kind, Some(code)),
        (1, 1, &[code]) if !fresh && info[INVERT] == 0 && !not && info[LOW] < info[HIGH] => {
            (info[0], Some(code))
        }
        _ => return false,
    };
    info[0] = kind;
    if let Some(code) = code {
        info[LOW] = code;
        info[HIGH] = code;
    }
    info[INVERT] = not.into();
    true
}
