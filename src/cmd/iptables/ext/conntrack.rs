//! `-m conntrack`: what is known of the packet's connection.

use crate::cli::value::inet_aton;
use crate::cmd::iptables::address;
use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::{ALL_ONES, Addr, Family, number};
use crate::cmd::iptables::proto;
use crate::names::NetDb;

use super::ports;
use super::{Ext, Fill, Opt, Shown, put, put_at, u16_at, u32_at};

/// struct xt_conntrack_mtinfo3: four addresses with masks, times, protocol, ports, flags, ends of
/// the ranges of ports.
pub const SIZE: usize = 168;
const EXPIRES: usize = 128;
const L4PROTO: usize = 136;
const PORTS: usize = 138;
const MATCH_FLAGS: usize = 146;
const INVERT_FLAGS: usize = 148;
const STATE_MASK: usize = 150;
const STATUS_MASK: usize = 152;
const PORTS_HIGH: usize = 154;

/// XT_CONNTRACK_*.
const STATE: u16 = 1;
const PROTO: u16 = 2;
/// And the next three bits, for the other addresses.
const ORIGSRC: u16 = 4;
const STATUS: u16 = 0x40;
const EXPIRES_FLAG: u16 = 0x80;
/// And the next three bits, for the other ports.
const ORIGSRC_PORT: u16 = 0x100;
const DIRECTION: u16 = 0x1000;
pub const STATE_ALIAS: u16 = 0x2000;

/// In the order in which they are printed.
#[rustfmt::skip] // one row, one line
const STATES: &[(&str, u16)] = &[
    ("INVALID", 1), ("NEW", 8), ("RELATED", 4), ("ESTABLISHED", 2), ("UNTRACKED", 0x100),
    ("SNAT", 0x40), ("DNAT", 0x80),
];
/// IPS_*, in the order in which they are printed.
const STATUSES: &[(&str, u16)] =
    &[("EXPECTED", 1), ("SEEN_REPLY", 2), ("ASSURED", 4), ("CONFIRMED", 8)];

const ADDRESSES: [&str; 4] = ["ctorigsrc", "ctorigdst", "ctreplsrc", "ctrepldst"];
const PORT_NAMES: [&str; 4] = ["ctorigsrcport", "ctorigdstport", "ctreplsrcport", "ctrepldstport"];

macro_rules! address {
    ($index:literal) => {
        Opt {
            name: ADDRESSES[$index],
            arg: "ADDRESS[/MASK]",
            not: true,
            take: |f, value| take_address(f, value, $index),
            ..Opt::NONE
        }
    };
}
macro_rules! ports {
    ($index:literal) => {
        Opt {
            name: PORT_NAMES[$index],
            arg: "PORT[:PORT]",
            not: true,
            take: |f, value| take_ports(f, value, $index),
            ..Opt::NONE
        }
    };
}

pub static CONNTRACK: Ext = Ext {
    name: "conntrack",
    wire: "conntrack",
    revision: 3,
    size: SIZE,
    user: SIZE,
    opts: &[
        Opt {
            name: "ctstate",
            arg: "INVALID|ESTABLISHED|NEW|RELATED|UNTRACKED|SNAT|DNAT[,...]",
            not: true,
            take: |f, value| take_state(f, value, false),
            ..Opt::NONE
        },
        Opt { name: "ctproto", arg: "PROTOCOL", not: true, take: take_protocol, ..Opt::NONE },
        address!(0),
        address!(1),
        address!(2),
        address!(3),
        ports!(0),
        ports!(1),
        ports!(2),
        ports!(3),
        Opt {
            name: "ctstatus",
            arg: "NONE|EXPECTED|SEEN_REPLY|ASSURED|CONFIRMED[,...]",
            not: true,
            take: take_status,
            ..Opt::NONE
        },
        Opt {
            name: "ctexpire",
            arg: "SECONDS[:SECONDS]",
            not: true,
            take: take_expire,
            ..Opt::NONE
        },
        Opt { name: "ctdir", arg: "ORIGINAL|REPLY", take: take_direction, ..Opt::NONE },
    ],
    check: |seen| match seen {
        0 => usage(&[b"conntrack: At least one option is required"]),
        _ => Ok(()),
    },
    claims: |info| flags(info) & STATE_ALIAS == 0,
    save: |out, s| show(out, s, "--"),
    list: |out, s| show(out, s, ""),
    ..Ext::MATCH
};

/// What is looked at.
pub fn flags(info: &[u8]) -> u16 {
    u16_at(info, MATCH_FLAGS)
}

fn look(f: &mut Fill<'_, '_>, flag: u16) {
    let flags = u16_at(f.info, MATCH_FLAGS) | flag;
    put_at(f.info, MATCH_FLAGS, &flags.to_ne_bytes());
    if f.not {
        invert(f.info, flag);
    }
}

fn invert(info: &mut [u8], flag: u16) {
    let flags = u16_at(info, INVERT_FLAGS) | flag;
    put_at(info, INVERT_FLAGS, &flags.to_ne_bytes());
}

/// Reads a list of states, each a word or a beginning of it.
pub fn take_state(f: &mut Fill<'_, '_>, value: &[u8], alias: bool) -> Result {
    const IN_ORDER: [usize; 7] = [0, 1, 3, 2, 4, 5, 6];
    let option = if alias { "state" } else { "ctstate" };
    let known = || IN_ORDER.iter().map(|&i| STATES[i]).take(if alias { 5 } else { 7 });
    let mask = list_of(value, option, known)?;
    put_at(f.info, STATE_MASK, &mask.to_ne_bytes());
    look(f, STATE);
    if alias {
        let flags = flags(f.info) | STATE_ALIAS;
        put_at(f.info, MATCH_FLAGS, &flags.to_ne_bytes());
    }
    Ok(())
}

/// The bits of a list of words, each of which may be cut short.
fn list_of<I: Iterator<Item = (&'static str, u16)>>(
    value: &[u8],
    option: &str,
    known: impl Fn() -> I,
) -> Result<u16> {
    let (mut mask, mut rest) = (0, value);
    loop {
        let end = rest.iter().position(|&b| b == b',');
        let word = &rest[..end.unwrap_or(rest.len())];
        match beginning(word, known()) {
            Some(bit) => mask |= bit,
            None if rest.is_empty() && option == "state" => {
                return usage(&[
                    b"\"--state\" requires a list of states with no spaces, e.g. ESTABLISHED,RELATED",
                ]);
            }
            None => return usage(&[b"Bad ", option.as_bytes(), b" \"", rest, b"\""]),
        }
        match end {
            Some(end) => rest = &rest[end + 1..],
            None => return Ok(mask),
        }
    }
}

fn beginning(word: &[u8], mut known: impl Iterator<Item = (&'static str, u16)>) -> Option<u16> {
    let fits = |name: &str| {
        name.as_bytes().get(..word.len()).is_some_and(|n| n.eq_ignore_ascii_case(word))
    };
    known.find(|(name, _)| !word.is_empty() && fits(name)).map(|(_, bit)| bit)
}

fn take_protocol(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let number = proto::parse(value, f.db)?;
    if number == 0 {
        return match f.not {
            true => usage(&[b"conntrack: condition would always match protocol"]),
            false => usage(&[b"conntrack: rule would never match protocol"]),
        };
    }
    put_at(f.info, L4PROTO, &u16::from(number).to_ne_bytes());
    look(f, PROTO);
    Ok(())
}

fn take_address(f: &mut Fill<'_, '_>, value: &[u8], index: usize) -> Result {
    let (addr, mask) = masked(f, value)?;
    put_at(f.info, index * 32, &addr);
    put_at(f.info, index * 32 + 16, &mask);
    look(f, ORIGSRC << index);
    Ok(())
}

/// `ADDRESS[/MASK]` of an option.
pub fn masked(f: &Fill<'_, '_>, value: &[u8]) -> Result<(Addr, Addr)> {
    let (host, mask) = match value.iter().position(|&b| b == b'/') {
        // As the reference has it: ones in all bytes, also in those behind an address of IPv4.
        None => (value, ALL_ONES),
        Some(at) => (&value[..at], mask(f, &value[at + 1..])?),
    };
    Ok((self::host(f.family, host, f.db)?, mask))
}

/// `MASK` of an option, by the number of its bits or written out.
pub fn mask(f: &Fill<'_, '_>, value: &[u8]) -> Result<Addr> {
    if let Some(mask) = mask_of(f.family, value) {
        return Ok(mask);
    }
    let bits = f.family.len() * 8;
    let text = format!(
        "{}: bad value for option \"--{}\", neither a valid network mask nor valid CIDR (0-{bits}).\n",
        f.ext.name, f.opt.name
    );
    usage(&[text.as_bytes()])
}

/// A number of bits, or a mask as inet_aton(3) reads it.
fn mask_of(family: Family, word: &[u8]) -> Option<Addr> {
    if let Ok(mask) = address::mask(family, word)
        && !word.contains(&b'.')
    {
        return Some(mask);
    }
    if family == Family::V6 {
        return None;
    }
    let mut mask = address::short(word)?;
    // Ones behind it, as without a mask, but not behind one with parts missing.
    if !matches!(word.iter().filter(|&&b| b == b'.').count(), 1 | 2) {
        mask[4..].fill(255);
    }
    Some(mask)
}

/// The address of a host, or the sentence for one that has none.
pub fn host(family: Family, host: &[u8], db: &NetDb) -> Result<Addr> {
    let other = match family {
        Family::V4 => Family::V6.parse(host).is_some(),
        Family::V6 => inet_aton(host).is_some(),
    };
    match host_address(family, host, db) {
        Some(addr) => Ok(addr),
        None if other => usage(&[b"getaddrinfo: Address family for hostname not supported\n"]),
        None => usage(&[b"getaddrinfo: Name or service not known\n"]),
    }
}

/// Digits, as inet_aton(3) reads them, or a name of /etc/hosts.
fn host_address(family: Family, host: &[u8], db: &NetDb) -> Option<Addr> {
    let digits = match family {
        Family::V4 => address::short(host),
        Family::V6 => family.parse(host),
    };
    digits.or_else(|| db.addresses(host).into_iter().find_map(|ip| family.of_ip(ip)))
}

fn take_ports(f: &mut Fill<'_, '_>, value: &[u8], index: usize) -> Result {
    let (low, high) = ports::range(value, ("conntrack", PORT_NAMES[index]), f.db)?;
    put_at(f.info, PORTS + index * 2, &low.to_ne_bytes());
    put_at(f.info, PORTS_HIGH + index * 2, &high.to_ne_bytes());
    look(f, ORIGSRC_PORT << index);
    Ok(())
}

fn take_status(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let known = || [("NONE", 0)].into_iter().chain(STATUSES.iter().copied());
    let mask = list_of(value, "ctstatus", known)?;
    put_at(f.info, STATUS_MASK, &mask.to_ne_bytes());
    look(f, STATUS);
    Ok(())
}

fn take_expire(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let one = |word: &[u8], default: u64, least: u64| match word {
        b"" => Ok(default),
        _ => match number(word, u32::MAX.into()) {
            Some(n) if n >= least => Ok(n),
            _ => {
                let range = format!("\", or out of range ({least}-{}).\n", u32::MAX);
                let text = b"conntrack: bad value for option \"--ctexpire\" near \"";
                usage(&[text, word, range.as_bytes()])
            }
        },
    };
    let (low, high) = match ports::parts(value, ("conntrack", "ctexpire"))? {
        (low, None) => {
            let n = one(low, 0, 0)?;
            (n, n)
        }
        (low, Some(high)) => {
            let low = one(low, 0, 0)?;
            (low, one(high, u32::MAX.into(), low)?)
        }
    };
    for (at, n) in [(EXPIRES, low), (EXPIRES + 4, high)] {
        put_at(f.info, at, &u32::try_from(n).unwrap_or(u32::MAX).to_ne_bytes());
    }
    look(f, EXPIRES_FLAG);
    Ok(())
}

fn take_direction(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let reply = value.eq_ignore_ascii_case(b"REPLY");
    if !reply && !value.eq_ignore_ascii_case(b"ORIGINAL") {
        return usage(&[b"conntrack: Bad value for \"--ctdir\" option: \"", value, b"\""]);
    }
    look(f, DIRECTION);
    if reply {
        invert(f.info, DIRECTION);
    }
    Ok(())
}

fn label(out: &mut Vec<u8>, info: &[u8], flag: u16, name: &str) {
    put(out, if u16_at(info, INVERT_FLAGS) & flag != 0 { " ! " } else { " " });
    put(out, name);
    put(out, " ");
}

/// The states, behind `name`.
pub fn state(out: &mut Vec<u8>, info: &[u8], name: &str) {
    label(out, info, STATE, name);
    list(out, u16_at(info, STATE_MASK), STATES);
}

fn list(out: &mut Vec<u8>, mask: u16, names: &[(&str, u16)]) {
    let names: Vec<_> = names.iter().filter(|(_, b)| mask & b != 0).map(|(n, _)| *n).collect();
    put(out, names.join(","));
}

fn show(out: &mut Vec<u8>, s: &Shown<'_>, dashes: &str) {
    let (info, flags) = (s.info, flags(s.info));
    let name = |n: &str| [dashes, n].concat();
    if flags & STATE != 0 {
        state(out, info, &name("ctstate"));
    }
    if flags & PROTO != 0 {
        label(out, info, PROTO, &name("ctproto"));
        put(out, u16_at(info, L4PROTO).to_string());
    }
    for (i, address) in ADDRESSES.iter().enumerate() {
        if flags & ORIGSRC << i != 0 {
            label(out, info, ORIGSRC << i, &name(address));
            let (mut addr, mut mask) = ([0; 16], [0; 16]);
            addr.copy_from_slice(&info[i * 32..i * 32 + 16]);
            mask.copy_from_slice(&info[i * 32 + 16..i * 32 + 32]);
            let numeric = s.numeric || !dashes.is_empty();
            // Whatever the mask (as observed).
            if !numeric && addr == [0; 16] {
                put(out, "anywhere");
                continue;
            }
            put(out, address::listed_host(s.family, &addr, numeric, s.db));
            put(out, address::show_mask(s.family, &mask, false));
        }
    }
    for (i, port) in PORT_NAMES.iter().enumerate() {
        if flags & ORIGSRC_PORT << i != 0 {
            label(out, info, ORIGSRC_PORT << i, &name(port));
            range(out, u16_at(info, PORTS + i * 2), u16_at(info, PORTS_HIGH + i * 2));
        }
    }
    if flags & STATUS != 0 {
        label(out, info, STATUS, &name("ctstatus"));
        match u16_at(info, STATUS_MASK) {
            0 => put(out, "NONE"),
            mask => list(out, mask, STATUSES),
        }
    }
    if flags & EXPIRES_FLAG != 0 {
        label(out, info, EXPIRES_FLAG, &name("ctexpire"));
        range(out, u32_at(info, EXPIRES), u32_at(info, EXPIRES + 4));
    }
    if flags & DIRECTION != 0 {
        let reply = u16_at(info, INVERT_FLAGS) & DIRECTION != 0;
        put(out, format!(" {dashes}ctdir {}", if reply { "REPLY" } else { "ORIGINAL" }));
    }
}

fn range<T: PartialEq + std::fmt::Display>(out: &mut Vec<u8>, low: T, high: T) {
    if low == high {
        put(out, low.to_string());
    } else {
        put(out, format!("{low}:{high}"));
    }
}
