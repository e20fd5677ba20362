//! What routers write into the IP header on the way: -R, -T, and the hosts of a route (RFC 791).
//!
//! An option is one byte for its type, one for its length, one for where the next router writes
//! (counted from 1), and then room; the types 0 and 1 are a single byte.

use std::net::Ipv4Addr;

const END: u8 = 0;
const NOTHING: u8 = 1;
const ROUTE: u8 = 7;
const TIME: u8 = 68;
const LOOSE: u8 = 131;
const STRICT: u8 = 137;

/// Bytes of a full set of options; what the reference counts for each of -R and -T.
pub const FULL: usize = 40;
/// The most hosts that fit into a route, and those that -T tsprespec may name.
pub const HOPS: usize = 9;
pub const STAMPS: usize = 4;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// -R: every router its address.
    Route,
    /// -T: every router the time, or its address and the time, or only those that are named.
    Time(Stamp),
}

/// The flag of the option for times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    Only = 0,
    AndAddress = 1,
    Named = 3,
}

/// The options of each request, or none; `hops` are the hosts before the last, for -T tsprespec.
pub fn asked(record: Option<Record>, hops: &[Ipv4Addr]) -> Vec<u8> {
    let mut o = match record {
        None => return Vec::new(),
        Some(Record::Route) => vec![NOTHING, ROUTE, 0, 4],
        Some(Record::Time(stamp)) => vec![TIME, 0, 5, stamp as u8],
    };
    for hop in hops {
        o.extend(hop.octets());
        o.extend([0; 4]);
    }
    match record {
        Some(Record::Route | Record::Time(Stamp::Only)) => o.resize(FULL, 0),
        // Whole pairs only.
        Some(Record::Time(Stamp::AndAddress)) => o.resize(FULL - 4, 0),
        _ => {}
    }
    let at = usize::from(o[0] == NOTHING);
    o[at + 1] = u8::try_from(o.len() - at).unwrap_or(0);
    o
}

/// How many bytes of options the headline and the largest size reckon with.
pub fn room(record: Option<Record>) -> usize {
    if record.is_some() { FULL } else { 0 }
}

/// The options of an answer, as they follow its line; `last` is the route that came before.
pub fn told(
    mut options: &[u8],
    last: &mut Vec<u8>,
    mut name: impl FnMut(Ipv4Addr) -> Vec<u8>,
) -> Vec<u8> {
    let mut t = Vec::new();
    while let Some((&kind, rest)) = options.split_first() {
        if kind == END {
            break;
        }
        if kind == NOTHING {
            t.extend(b"\nNOP");
            options = rest;
            continue;
        }
        let Some(&[len, pointer, ..]) = rest.first_chunk::<2>() else { break };
        let len = usize::from(len);
        if len < 3 || options.len() < len {
            break;
        }
        let (option, rest) = options.split_at(len);
        options = rest;
        let written = usize::from(pointer).saturating_sub(1).min(len);
        match kind {
            ROUTE => {
                let route = option.get(3..written).unwrap_or(b"");
                // The last byte is not looked at (observed in iputils 20240905).
                let same = !route.is_empty()
                    && route.len() == last.len()
                    && route[..route.len() - 1] == last[..route.len() - 1];
                if same {
                    t.extend(b"\t(same route)");
                } else if !route.is_empty() {
                    *last = route.to_vec();
                    addresses(&mut t, b"\nRR: ", route, &mut name);
                }
                // Room that is left is not read any further.
                if written < len {
                    break;
                }
            }
            LOOSE | STRICT => {
                let head: &[u8] = if kind == LOOSE { b"\nLSRR: " } else { b"\nSSRR: " };
                addresses(&mut t, head, option.get(3..written).unwrap_or(b""), &mut name);
            }
            TIME if written > 4 => times(&mut t, option[3], &option[4..written], &mut name),
            TIME => {}
            _ => t.extend(format!("\nunknown option {kind:x}").into_bytes()),
        }
    }
    t
}

fn address(bytes: &[u8]) -> Option<Ipv4Addr> {
    bytes.first_chunk::<4>().map(|b| Ipv4Addr::from(*b))
}

fn addresses(
    t: &mut Vec<u8>,
    head: &[u8],
    route: &[u8],
    name: &mut impl FnMut(Ipv4Addr) -> Vec<u8>,
) {
    t.extend(head);
    for hop in route.chunks(4).filter_map(address) {
        t.push(b'\t');
        t.extend(name(hop));
        t.push(b'\n');
    }
}

/// Milliseconds since midnight, each but the first as what has passed since the one before; the
/// highest bit marks those of a clock of another kind.
fn times(
    t: &mut Vec<u8>,
    flags: u8,
    mut stamps: &[u8],
    name: &mut impl FnMut(Ipv4Addr) -> Vec<u8>,
) {
    t.extend(b"\nTS: ");
    let (mut standard, mut other) = (0, 0);
    while let Some(hop) = address(stamps) {
        stamps = &stamps[4..];
        let mut stamp = u32::from(hop);
        if flags & 15 != Stamp::Only as u8 {
            t.push(b'\t');
            t.extend(name(hop));
            let Some(time) = address(stamps) else { break };
            stamps = &stamps[4..];
            stamp = time.into();
        }
        let time = i64::from(stamp & !(1 << 31));
        let (before, kind) =
            if stamp >> 31 == 0 { (&mut standard, "") } else { (&mut other, " not-standard") };
        let text = match *before {
            0 => format!("\t{time} absolute{kind}\n"),
            n => format!("\t{}{kind}\n", time - n),
        };
        *before = time;
        t.extend(text.into_bytes());
    }
    if flags >> 4 != 0 {
        t.extend(format!("Unrecorded hops: {}\n", flags >> 4).into_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(hex: &str, last: &mut Vec<u8>) -> String {
        let bytes: Vec<u8> = (0..hex.len() / 2)
            .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
            .collect();
        for end in 0..bytes.len() {
            told(&bytes[..end], &mut Vec::new(), |a| a.to_string().into_bytes());
        }
        String::from_utf8(told(&bytes, last, |a| a.to_string().into_bytes())).unwrap()
    }

    #[test]
    fn what_is_asked_for() {
        let hop = [Ipv4Addr::new(127, 0, 0, 2)];
        assert_eq!(asked(None, &[]), []);
        let route = asked(Some(Record::Route), &[]);
        assert_eq!((route.len(), &route[..5]), (40, &[1, 7, 39, 4, 0][..]));
        let pairs = asked(Some(Record::Time(Stamp::AndAddress)), &[]);
        assert_eq!((pairs.len(), &pairs[..4]), (36, &[68, 36, 5, 1][..]));
        assert_eq!(
            asked(Some(Record::Time(Stamp::Named)), &hop),
            [68, 12, 5, 3, 127, 0, 0, 2, 0, 0, 0, 0]
        );
        assert_eq!(asked(Some(Record::Time(Stamp::Named)), &[]), [68, 4, 5, 3]);
    }

    /// All as observed in iputils 20240905, but for source routes, which it reads one byte off.
    #[test]
    fn what_came_back() {
        let mut last = Vec::new();
        let route = "070f100a0000020a0000030a000004";
        assert_eq!(shown(route, &mut last), "\nRR: \t10.0.0.2\n\t10.0.0.3\n\t10.0.0.4\n");
        assert_eq!(shown(&format!("{route}01"), &mut last), "\t(same route)\nNOP");
        assert_eq!(shown("070b080a0000090000000001", &mut last), "\nRR: \t10.0.0.9\n");
        let mut s = |hex| shown(hex, &mut last);
        assert_eq!(s("0101940400000101"), "\nNOP\nNOP\nunknown option 94\nNOP\nNOP");
        assert_eq!(
            s("440c0d100000006480000070"),
            "\nTS: \t100 absolute\n\t112 absolute not-standard\nUnrecorded hops: 1\n"
        );
        assert_eq!(s("440c0d000000007000000064"), "\nTS: \t112 absolute\n\t-12\n");
        assert_eq!(
            s("441415010a000002000000640a00000300000070"),
            "\nTS: \t10.0.0.2\t100 absolute\n\t10.0.0.3\t12\n"
        );
        assert_eq!(s("8307080a0000020000"), "\nLSRR: \t10.0.0.2\n");
        assert_eq!(s("44040503"), "");
    }
}
