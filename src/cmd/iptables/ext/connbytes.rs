//! `-m connbytes`: how much a connection has carried so far.

use crate::cmd::iptables::fail::{Result, usage};

use super::{Ext, Fill, Opt, Shown, put, put_at, scalar, u64_at};

const TO: usize = 8;
const WHAT: usize = 16;
const DIRECTION: usize = 17;

/// XT_CONNBYTES_PKTS and so on, by number.
const WHATS: [&str; 3] = ["packets", "bytes", "avgpkt"];
/// XT_CONNBYTES_DIR_*, by number.
const DIRECTIONS: [&str; 3] = ["original", "reply", "both"];

/// struct xt_connbytes_info: from, to, what, direction. Both numbers are exchanged behind `!`.
pub static CONNBYTES: Ext = Ext {
    name: "connbytes",
    wire: "connbytes",
    size: 24,
    user: 24,
    opts: &[
        Opt {
            name: "connbytes",
            arg: "FROM[:TO]",
            not: true,
            required: true,
            take: take_range,
            ..Opt::NONE
        },
        Opt {
            name: "connbytes-dir",
            arg: "original|reply|both",
            required: true,
            take: |f, value| take_name(f, DIRECTION, DIRECTIONS, "dir", value),
            ..Opt::NONE
        },
        Opt {
            name: "connbytes-mode",
            arg: "packets|bytes|avgpkt",
            required: true,
            take: |f, value| take_name(f, WHAT, WHATS, "mode", value),
            ..Opt::NONE
        },
    ],
    claims: |info| {
        [(WHAT, WHATS), (DIRECTION, DIRECTIONS)]
            .iter()
            .all(|(at, names)| usize::from(info[*at]) < names.len())
    },
    save: |out, s| show(out, s, [" --connbytes ", " --connbytes-mode ", " --connbytes-dir "]),
    list: |out, s| show(out, s, [" connbytes ", " connbytes mode ", " connbytes direction "]),
    ..Ext::MATCH
};

fn take_range(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let (low, high) = scalar::wide_range(value, ("connbytes", "connbytes"), u64::MAX)?;
    let high = high.unwrap_or(u64::MAX);
    if f.not && low == high {
        // The kernel has no way to say it; the reference takes it for the same without `!`.
        return usage(&[b"connbytes: a range of one number cannot be inverted"]);
    }
    let (from, to) = if f.not { (high, low) } else { (low, high) };
    put_at(f.info, 0, &from.to_ne_bytes());
    put_at(f.info, TO, &to.to_ne_bytes());
    Ok(())
}

fn take_name(
    f: &mut Fill<'_, '_>,
    at: usize,
    names: [&str; 3],
    what: &str,
    value: &[u8],
) -> Result {
    let number = names.iter().position(|n| n.as_bytes() == value);
    match number.and_then(|n| u8::try_from(n).ok()) {
        Some(n) => f.info[at] = n,
        None => {
            return usage(&[b"Unknown --connbytes-", what.as_bytes(), b" `", value, b"'"]);
        }
    }
    Ok(())
}

fn show(out: &mut Vec<u8>, s: &Shown<'_>, [range, mode, direction]: [&str; 3]) {
    let (from, to) = (u64_at(s.info, 0), u64_at(s.info, TO));
    put(out, if from > to { " !" } else { "" });
    put(out, range);
    let (low, high) = (from.min(to), from.max(to));
    put(out, low.to_string());
    if high != u64::MAX {
        put(out, format!(":{high}"));
    }
    let name = |names: [&'static str; 3], at: usize| {
        names.get(usize::from(s.info[at])).copied().unwrap_or("")
    };
    for (before, names, at) in [(mode, WHATS, WHAT), (direction, DIRECTIONS, DIRECTION)] {
        put(out, before);
        put(out, name(names, at));
    }
}
