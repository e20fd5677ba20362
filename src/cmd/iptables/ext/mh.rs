//! `-m mh`: messages of Mobile IPv6.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::{Family, number};

use super::{Ext, Fill, Opt, Shown, Transport, dec, put};

/// Names by number, with the short ones.
const TYPES: [(&str, &str); 8] = [
    ("binding-refresh-request", "brr"),
    ("home-test-init", "hoti"),
    ("careof-test-init", "coti"),
    ("home-test", "hot"),
    ("careof-test", "cot"),
    ("binding-update", "bu"),
    ("binding-acknowledgement", "ba"),
    ("binding-error", "be"),
];

/// struct ip6t_mh: types from and to, inverted.
pub static MH: Ext = Ext {
    name: "mh",
    wire: "mh",
    family: Some(Family::V6),
    size: 8,
    user: 8,
    opts: &[Opt { name: "mh-type", arg: "TYPE[:TYPE]", not: true, take, ..Opt::NONE }],
    init: |info| info[1] = 255,
    save: |out, s| {
        if given(s.info) {
            put(out, if s.info[2] != 0 { " ! --mh-type " } else { " --mh-type " });
            range(out, s, true);
        }
    },
    list: |out, s| {
        put(out, " mh");
        if given(s.info) {
            put(out, if s.info[2] != 0 { " !" } else { " " });
            range(out, s, s.numeric);
        }
    },
    transport: Transport::loaded_by(135),
    ..Ext::MATCH
};

fn take(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let (low, high) = match value.iter().position(|&b| b == b':') {
        None => {
            let one = parse(value)?;
            (one, one)
        }
        Some(at) => {
            let (low, high) = (&value[..at], &value[at + 1..]);
            let low = if low.is_empty() { 0 } else { parse(low)? };
            (low, if high.is_empty() { 255 } else { parse(high)? })
        }
    };
    if low > high {
        return usage(&[b"Invalid MH type range (min > max)"]);
    }
    f.info[..3].copy_from_slice(&[low, high, f.not.into()]);
    Ok(())
}

/// A number, a short name, or the beginning of a name: the first that fits.
fn parse(word: &[u8]) -> Result<u8> {
    let short = TYPES.iter().position(|(_, short)| short.as_bytes().eq_ignore_ascii_case(word));
    let begins = |name: &str| {
        name.as_bytes().get(..word.len()).is_some_and(|n| n.eq_ignore_ascii_case(word))
    };
    let named = short.or_else(|| TYPES.iter().position(|(name, _)| begins(name)));
    let found = named.map(|n| n as u64).or_else(|| number(word, 255));
    match found.and_then(|n| u8::try_from(n).ok()) {
        Some(n) => Ok(n),
        None => usage(&[b"Invalid MH type `", word, b"'"]),
    }
}

fn given(info: &[u8]) -> bool {
    info[..3] != [0, 255, 0]
}

fn range(out: &mut Vec<u8>, s: &Shown<'_>, numeric: bool) {
    let one = |out: &mut Vec<u8>, n: u8| match TYPES.get(usize::from(n)).filter(|_| !numeric) {
        Some((name, _)) => put(out, name),
        None => dec(out, n),
    };
    one(out, s.info[0]);
    if s.info[0] != s.info[1] {
        out.push(b':');
        one(out, s.info[1]);
    }
}
