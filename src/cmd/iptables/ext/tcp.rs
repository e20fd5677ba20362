//! `-m tcp`: ports, flags and options of TCP.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::number;
use crate::nft::{Cmp, Exprs, base};

use super::ports::{self, DESTINATION, Layout, SOURCE};
use super::{Ext, Fill, Is, Opt, Test, Transport, put};

/// struct xt_tcp: ports, then option, mask and comparison of the flags, what is inverted.
const OPTION: usize = 8;
const MASK: usize = 9;
const COMPARE: usize = 10;
const INVERTED: usize = 11;
const PORTS: Layout = Layout { inverted: INVERTED, service: b"tcp" };

const INV_FLAGS: u8 = 4;
const INV_OPTION: u8 = 8;

/// Where the flags lie in the header.
const FLAGS_OFFSET: u32 = 13;

#[rustfmt::skip] // one row, one line
const FLAGS: &[(&str, u8)] =
    &[("FIN", 0x01), ("SYN", 0x02), ("RST", 0x04), ("PSH", 0x08), ("ACK", 0x10), ("URG", 0x20)];
const ALL: u8 = 0x3f;
const SYN: (u8, u8) = (0x17, 0x02);

/// Places in the table of options.
const SEEN_SPORT: u64 = 1 << 0;
const SEEN_DPORT: u64 = 1 << 1;
const SEEN_FLAGS: u64 = 1 << 2 | 1 << 3;
const SEEN_OPTION: u64 = 1 << 4;

pub static TCP: Ext = Ext {
    name: "tcp",
    wire: "tcp",
    size: 16,
    user: 16,
    opts: &[
        Opt { again: true, take: |f, value| take_ports(f, value, SOURCE), ..ports::OF_SOURCE },
        Opt {
            again: true,
            take: |f, value| take_ports(f, value, DESTINATION),
            ..ports::OF_DESTINATION
        },
        Opt { name: "syn", not: true, again: true, take: |f, _| set_flags(f, SYN), ..Opt::NONE },
        Opt {
            name: "tcp-flags",
            arg: "MASK COMPARE",
            not: true,
            again: true,
            take: take_flags,
            ..Opt::NONE
        },
        Opt {
            name: "tcp-option",
            arg: "NUMBER",
            not: true,
            again: true,
            take: take_option,
            ..Opt::NONE
        },
    ],
    init: Layout::init,
    save: |out, s| {
        PORTS.save(out, s.info);
        let i = s.info;
        if i[OPTION] != 0 || i[INVERTED] & INV_OPTION != 0 {
            put(out, not(i, INV_OPTION, " ! ", " "));
            put(out, format!("--tcp-option {}", i[OPTION]));
        }
        if has_flags(i) {
            put(out, not(i, INV_FLAGS, " ! ", " "));
            put(out, format!("--tcp-flags {} {}", names(i[MASK]), names(i[COMPARE])));
        }
    },
    list: |out, s| {
        put(out, " tcp");
        PORTS.list(out, s);
        let i = s.info;
        if i[OPTION] != 0 || i[INVERTED] & INV_OPTION != 0 {
            put(out, format!(" option={}{}", not(i, INV_OPTION, "!", ""), i[OPTION]));
        }
        if has_flags(i) {
            put(out, format!(" flags:{}", not(i, INV_FLAGS, "!", "")));
            if s.numeric {
                put(out, format!("0x{:02X}/0x{:02X}", i[MASK], i[COMPARE]));
            } else {
                put(out, format!("{}/{}", names(i[MASK]), names(i[COMPARE])));
            }
        }
    },
    transport: Some(Transport { protocol: 6, lower, raise }),
    ..Ext::MATCH
};

fn not(info: &[u8], bit: u8, yes: &'static str, no: &'static str) -> &'static str {
    if info[INVERTED] & bit != 0 { yes } else { no }
}

fn has_flags(info: &[u8]) -> bool {
    info[MASK] != 0 || info[INVERTED] & INV_FLAGS != 0
}

fn take_ports(f: &mut Fill<'_, '_>, value: &[u8], side: usize) -> Result {
    let (bit, name) = match side {
        SOURCE => (SEEN_SPORT, "source-port"),
        _ => (SEEN_DPORT, "destination-port"),
    };
    once(f, bit, name)?;
    let range = PORTS.parse(value, f.not, f.db)?;
    PORTS.set(f.info, side, range);
    Ok(())
}

fn once(f: &Fill<'_, '_>, bit: u64, name: &str) -> Result {
    if *f.seen & bit != 0 {
        return usage(&[b"Only one `--", name.as_bytes(), b"' allowed"]);
    }
    Ok(())
}

fn set_flags(f: &mut Fill<'_, '_>, (mask, compare): (u8, u8)) -> Result {
    if *f.seen & SEEN_FLAGS != 0 {
        return usage(&[b"Only one of `--syn' or `--tcp-flags'  allowed"]);
    }
    f.info[MASK] = mask;
    f.info[COMPARE] = compare;
    if f.not {
        f.info[INVERTED] |= INV_FLAGS;
    }
    Ok(())
}

fn take_flags(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    if *f.seen & SEEN_FLAGS != 0 {
        return set_flags(f, SYN);
    }
    let second = match f.words.peek() {
        Some(word) if !matches!(word.first(), Some(b'-' | b'!')) => f.words.take(),
        _ => None,
    };
    let Some(second) = second else {
        return usage(&[b"--tcp-flags requires two args."]);
    };
    let flags = (flags(value)?, flags(second)?);
    set_flags(f, flags)
}

fn take_option(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    once(f, SEEN_OPTION, "tcp-option")?;
    match number(value, 255).and_then(|n| u8::try_from(n).ok()) {
        None | Some(0) => return usage(&[b"Bad TCP option \"", value, b"\""]),
        Some(n) => f.info[OPTION] = n,
    }
    if f.not {
        f.info[INVERTED] |= INV_OPTION;
    }
    Ok(())
}

/// `SYN,ACK`, `ALL`, `NONE`.
fn flags(word: &[u8]) -> Result<u8> {
    let mut bits = 0;
    for name in word.split(|&b| b == b',').filter(|n| !n.is_empty()) {
        if name.eq_ignore_ascii_case(b"ALL") {
            bits |= ALL;
        } else if let Some((_, bit)) =
            FLAGS.iter().find(|(n, _)| name.eq_ignore_ascii_case(n.as_bytes()))
        {
            bits |= bit;
        } else if !name.eq_ignore_ascii_case(b"NONE") {
            return usage(&[b"Unknown TCP flag `", name, b"'"]);
        }
    }
    Ok(bits)
}

fn names(bits: u8) -> String {
    let names: Vec<_> = FLAGS.iter().filter(|(_, b)| bits & b != 0).map(|(n, _)| *n).collect();
    if names.is_empty() { "NONE".to_owned() } else { names.join(",") }
}

fn lower(info: &[u8], out: &mut Exprs) -> bool {
    if info[OPTION] != 0
        || info[INVERTED] & INV_OPTION != 0
        || (!has_flags(info) && PORTS.is_any(info))
    {
        return false;
    }
    if has_flags(info) {
        out.payload(base::TRANSPORT, FLAGS_OFFSET, 1);
        out.mask(&[info[MASK]]);
        out.cmp(Cmp::eq_unless(info[INVERTED] & INV_FLAGS != 0), &[info[COMPARE]]);
    }
    PORTS.lower(info, out);
    true
}

fn raise(info: &mut [u8], test: &Test<'_>) -> bool {
    if test.offset != FLAGS_OFFSET {
        return PORTS.raise(info, test);
    }
    let (Is::Cmp(how @ (Cmp::Eq | Cmp::Neq), &[compare]), 1) = (test.is, test.len) else {
        return false;
    };
    let mask = match test.mask {
        Some(&[mask]) => mask,
        Some(_) => return false,
        None => 0xff,
    };
    if has_flags(info) || mask & !ALL != 0 {
        return false;
    }
    info[MASK] = mask;
    info[COMPARE] = compare;
    if how == Cmp::Neq {
        info[INVERTED] |= INV_FLAGS;
    }
    true
}
