//! `-m hashlimit`: a limit for each address, network or port by itself.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::Family;

use super::limit::{UNITS, leading, unit};
use super::{Ext, Fill, Opt, Shown, put, put_at, scalar, text, u32_at, u64_at};

/// NAME_MAX, without a NUL behind it.
const NAME_SIZE: usize = 255;
/// Of struct hashlimit_cfg3, behind the name.
const AVERAGE: usize = 256;
const BURST: usize = 264;
const MODE: usize = 272;
const SIZE: usize = 276;
const MOST: usize = 280;
const COLLECT: usize = 284;
const EXPIRE: usize = 288;
const INTERVAL: usize = 292;
const SOURCE_MASK: usize = 296;
const DESTINATION_MASK: usize = 297;
/// The kernel's own; until the words have been read, the seconds of the rate's unit.
const UNIT: usize = 304;

/// XT_HASHLIMIT_*: what is told apart, in the order in which it is printed.
const PARTS: [(u8, &str); 4] = [(4, "srcip"), (8, "srcport"), (1, "dstip"), (2, "dstport")];
const ABOVE: u8 = 0x10;
const BYTES: u8 = 0x20;
const RATE: u8 = 0x40;

/// XT_HASHLIMIT_SCALE_v2: parts of a second.
const SCALE: u64 = 1_000_000;
const DEFAULT_BURST: u64 = 5;
const MOST_BURST: u64 = 1_000_000;
/// Milliseconds between collections of what has not been used.
const COLLECT_EVERY: u32 = 1000;
/// Milliseconds after which a limit of bytes is forgotten: without, and with a burst.
const BYTES_EXPIRE: u32 = 15_000;
const BURST_EXPIRE: u32 = 60_000;
/// Bytes are counted by sixteen.
const CREDIT_SHIFT: u32 = 4;

const LIMIT_BITS: u64 = 3;
const BURST_BIT: u64 = 0x10;
const EXPIRE_BIT: u64 = 0x100;

/// struct xt_hashlimit_mtinfo3, and the kernel's own.
pub static HASHLIMIT_V4: Ext = Ext {
    name: "hashlimit",
    wire: "hashlimit",
    family: Some(Family::V4),
    revision: 3,
    size: 312,
    user: 304,
    opts: OPTS,
    init: |info| init(info, 32),
    complete,
    // A time of nothing is no rate.
    claims: |info| u64_at(info, AVERAGE) != 0,
    save: |out, s| show(out, s, true),
    list: |out, s| show(out, s, false),
    ..Ext::MATCH
};

pub static HASHLIMIT_V6: Ext =
    Ext { family: Some(Family::V6), init: |info| init(info, 128), ..HASHLIMIT_V4 };

fn init(info: &mut [u8], bits: u8) {
    put_at(info, BURST, &DEFAULT_BURST.to_ne_bytes());
    put_at(info, COLLECT, &COLLECT_EVERY.to_ne_bytes());
    info[SOURCE_MASK] = bits;
    info[DESTINATION_MASK] = bits;
}

static OPTS: &[Opt] = &[
    Opt {
        name: "hashlimit-upto",
        aliases: &["hashlimit"],
        excludes: 2,
        arg: "RATE[/second|/minute|/hour|/day]|BYTES[kb|mb]/s",
        not: true,
        take: |f, value| take_rate(f, value, "upto", false),
        ..Opt::NONE
    },
    Opt {
        name: "hashlimit-above",
        excludes: 1,
        arg: "RATE[/second|/minute|/hour|/day]|BYTES[kb|mb]/s",
        not: true,
        take: |f, value| take_rate(f, value, "above", true),
        ..Opt::NONE
    },
    Opt {
        name: "hashlimit-srcmask",
        arg: "LENGTH",
        take: |f, value| take_mask(f, value, SOURCE_MASK, "hashlimit-srcmask"),
        ..Opt::NONE
    },
    Opt {
        name: "hashlimit-dstmask",
        arg: "LENGTH",
        take: |f, value| take_mask(f, value, DESTINATION_MASK, "hashlimit-dstmask"),
        ..Opt::NONE
    },
    Opt { name: "hashlimit-burst", arg: "NUMBER|BYTES[b|kb|mb]", take: take_burst, ..Opt::NONE },
    number!("hashlimit", "hashlimit-htable-size", "NUMBER", SIZE, 0, u32::MAX),
    number!("hashlimit", "hashlimit-htable-max", "NUMBER", MOST, 0, u32::MAX),
    number!("hashlimit", "hashlimit-htable-gcinterval", "MILLISECONDS", COLLECT, 0, u32::MAX),
    number!("hashlimit", "hashlimit-htable-expire", "MILLISECONDS", EXPIRE, 0, u32::MAX),
    Opt {
        name: "hashlimit-mode",
        arg: "srcip|dstip|srcport|dstport[,...]",
        take: take_mode,
        ..Opt::NONE
    },
    Opt {
        name: "hashlimit-name",
        arg: "NAME",
        required: true,
        take: |f, value| scalar::put_name(f.info, 0, NAME_SIZE, value),
        ..Opt::NONE
    },
    bits!("hashlimit-rate-match", MODE, RATE),
    Opt {
        name: "hashlimit-rate-interval",
        arg: "SECONDS",
        take: |f, value| match u32::try_from(leading(value)) {
            Ok(seconds) if seconds > 0 => {
                put_at(f.info, INTERVAL, &seconds.to_ne_bytes());
                Ok(())
            }
            _ => bad("rate-interval", value),
        },
        ..Opt::NONE
    },
];

fn bad<T>(option: &str, value: &[u8]) -> Result<T> {
    let before = format!("hashlimit: Bad value for \"--hashlimit-{option}\" option: \"");
    usage(&[before.as_bytes(), value, b"\""])
}

/// The number that a word begins with, blanks and a sign before it allowed; far too large for a
/// negative one.
fn digits(word: &[u8]) -> u64 {
    let (minus, n) = scalar::signed(word);
    if minus && n != 0 { u64::MAX } else { n }
}

fn take_rate(f: &mut Fill<'_, '_>, value: &[u8], option: &str, above: bool) -> Result {
    let mode = f.info[MODE] & !(ABOVE | BYTES);
    let (average, more, expire) = match bytes(value)? {
        Some(cost) => (cost.into(), BYTES, BYTES_EXPIRE),
        None => {
            let (average, seconds) = packets(value, option)?;
            put_at(f.info, UNIT, &seconds.to_ne_bytes());
            (average, 0, seconds * 1000)
        }
    };
    f.info[MODE] = mode | more | if above == f.not { 0 } else { ABOVE };
    put_at(f.info, AVERAGE, &average.to_ne_bytes());
    // An option of its own may have said it already.
    if *f.seen & EXPIRE_BIT == 0 {
        put_at(f.info, EXPIRE, &expire.to_ne_bytes());
    }
    Ok(())
}

/// The time of one packet, and the seconds of the unit.
fn packets(value: &[u8], option: &str) -> Result<(u64, u32)> {
    let seconds = match value.iter().position(|&b| b == b'/') {
        None => Some(1),
        Some(at) => unit(&value[at + 1..]),
    };
    let (Some(seconds), rate @ 1..) = (seconds, digits(value)) else {
        return bad(option, value);
    };
    match SCALE * u64::from(seconds) / rate {
        time @ 1.. if rate / u64::from(seconds) <= SCALE => Ok((time, seconds)),
        _ => usage(&[b"Rate too fast \"", value, b"\""]),
    }
}

/// What sixteen bytes cost at a rate of bytes; absent for a rate of packets.
fn bytes(value: &[u8]) -> Result<Option<u32>> {
    let Some(at) = value.windows(3).position(|w| w == b"b/s").filter(|at| *at > 0) else {
        return Ok(None);
    };
    let factor = match value[at - 1] {
        b'k' => 1 << 10,
        b'm' => 1 << 20,
        _ => 1,
    };
    let number = digits(value);
    if number == 0 {
        return Ok(None);
    }
    // The reference lets what is larger begin anew at zero.
    let most = (u64::from(u32::MAX) << CREDIT_SHIFT) - 1;
    match number.checked_mul(factor).filter(|n| *n <= most) {
        Some(rate) => Ok(Some(cost(rate))),
        None => {
            let text = format!("Rate value too large \"{number}\" (max {most})");
            usage(&[text.as_bytes()])
        }
    }
}

fn cost(rate: u64) -> u32 {
    let credits = u32::try_from(rate >> CREDIT_SHIFT).unwrap_or(u32::MAX);
    u32::MAX / credits.saturating_add(1)
}
fn rate_of(cost: u64) -> u64 {
    let credits = u64::from(u32::MAX).checked_div(cost).unwrap_or(u32::MAX.into());
    credits.saturating_sub(1) << CREDIT_SHIFT
}

fn take_burst(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let Some((number, rest)) = scalar::leading_wide(value, u32::MAX.into()) else {
        return burst_range();
    };
    if number == 0 || rest.is_empty() && number > MOST_BURST {
        return burst_range();
    }
    let factor = match rest.first() {
        Some(b'k') => 1 << 10,
        Some(b'm') => 1 << 20,
        _ => 1,
    };
    let burst = number * factor;
    if burst > u32::MAX.into() {
        // The reference keeps the low 32 bits.
        let text = format!("\" too large (max {}mb).", u32::MAX >> 20);
        return usage(&[
            b"bad value for option \"--hashlimit-burst\", value \"",
            value,
            text.as_bytes(),
        ]);
    }
    put_at(f.info, BURST, &burst.to_ne_bytes());
    Ok(())
}

fn burst_range<T>() -> Result<T> {
    let text =
        format!("bad value for option \"--hashlimit-burst\", or out of range (1-{MOST_BURST}).");
    usage(&[text.as_bytes()])
}

fn take_mask(f: &mut Fill<'_, '_>, value: &[u8], at: usize, option: &'static str) -> Result {
    let mask = scalar::prefix(value, f.family, ("hashlimit", option))?;
    // A mask with holes has no length, and the kernel refuses it.
    let bits = f.family.prefix(&mask).and_then(|n| u8::try_from(n).ok());
    f.info[at] = bits.unwrap_or(u8::MAX);
    Ok(())
}

fn take_mode(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    for word in value.split(|&b| b == b',').filter(|w| !w.is_empty()) {
        match PARTS.iter().find(|(_, name)| name.as_bytes() == word) {
            Some((bit, _)) => f.info[MODE] |= bit,
            None => return bad("mode", value),
        }
    }
    Ok(())
}

fn complete(info: &mut [u8], seen: u64) -> Result {
    if seen & LIMIT_BITS == 0 {
        return usage(&[b"You have to specify --hashlimit"]);
    }
    let burst = u64_at(info, BURST);
    if info[MODE] & BYTES != 0 {
        let mut count = 0;
        if seen & BURST_BIT != 0 {
            let least = rate_of(u64_at(info, AVERAGE));
            if burst < least || least == 0 {
                return usage(&[format!("burst cannot be smaller than {least}b").as_bytes()]);
            }
            count = burst.div_ceil(least);
            if seen & EXPIRE_BIT == 0 {
                put_at(info, EXPIRE, &BURST_EXPIRE.to_ne_bytes());
            }
        }
        put_at(info, BURST, &count.to_ne_bytes());
    } else if burst > MOST_BURST {
        return burst_range();
    }
    let seconds = u32_at(info, UNIT).max(1);
    put_at(info, UNIT, &[0; 4]);
    if info[MODE] & RATE != 0 {
        let average = u64_at(info, AVERAGE) / u64::from(seconds);
        put_at(info, AVERAGE, &average.to_ne_bytes());
        if u32_at(info, INTERVAL) == 0 {
            put_at(info, INTERVAL, &seconds.to_ne_bytes());
        }
    }
    Ok(())
}

/// ` 5/min`, and the unit in milliseconds: the longest that says it well enough.
fn show_packets(out: &mut Vec<u8>, time: u64) -> u32 {
    if time == 0 {
        // The kernel refuses what comes to this when it is divided by its unit.
        put(out, " inf");
        return 0;
    }
    let rough = |seconds: u32| {
        let unit = u64::from(seconds) * SCALE;
        time > unit || unit / time < unit % time
    };
    let at = UNITS.iter().skip(1).position(|(seconds, ..)| rough(*seconds));
    let (seconds, _, name) = UNITS[at.unwrap_or(UNITS.len() - 1)];
    put(out, format!(" {}/{name}", u64::from(seconds) * SCALE / time));
    seconds * 1000
}

/// ` 512kb/s`, in the largest unit that is the same limit.
fn show_bytes(out: &mut Vec<u8>, average: u64) {
    let rate = rate_of(average);
    let same = |unit: u64| rate >= unit && u64::from(cost(rate & !(unit - 1))) == average;
    let (unit, name) = match rate {
        _ if same(1 << 20) => (1 << 20, "m"),
        _ if same(1 << 10) => (1 << 10, "k"),
        _ => (1, ""),
    };
    put(out, format!(" {}{name}b/s", rate / unit));
}

fn show(out: &mut Vec<u8>, s: &Shown<'_>, saved: bool) {
    let info = s.info;
    let before = if saved { " --hashlimit-" } else { " " };
    put(out, if saved { before } else { " limit: " });
    put(
        out,
        match (info[MODE] & ABOVE != 0, saved) {
            (true, _) => "above",
            (false, true) => "upto",
            (false, false) => "up to",
        },
    );
    let (average, burst) = (u64_at(info, AVERAGE), u64_at(info, BURST));
    let interval = u32_at(info, INTERVAL);
    let word = |out: &mut Vec<u8>, name: &str| {
        put(out, before);
        put(out, name);
    };
    let mut usual = BYTES_EXPIRE;
    if info[MODE] & BYTES == 0 {
        // Only -L counts by the interval.
        let times = if saved { 1 } else { u64::from(interval.max(1)) };
        usual = show_packets(out, average.saturating_mul(times));
        word(out, "burst ");
        put(out, burst.to_string());
    } else {
        show_bytes(out, average);
        if burst != 0 {
            usual = BURST_EXPIRE;
            let bytes = rate_of(average).saturating_mul(burst);
            let (unit, name) = match bytes {
                0x10_0000.. => (1 << 20, "m"),
                0x400.. => (1 << 10, "k"),
                _ => (1, ""),
            };
            word(out, "burst ");
            put(out, format!("{}{name}b", bytes / unit));
        }
    }
    let parts: Vec<&str> =
        PARTS.iter().filter(|(bit, _)| info[MODE] & bit != 0).map(|(_, name)| *name).collect();
    if !parts.is_empty() {
        word(out, "mode ");
        put(out, parts.join(if saved { "," } else { "-" }));
    }
    if saved {
        word(out, "name ");
        put(out, text(info, 0, NAME_SIZE));
    }
    let whole = if s.family == Family::V4 { 32 } else { 128 };
    for (name, value, usual) in [
        ("htable-size ", u32_at(info, SIZE), 0),
        ("htable-max ", u32_at(info, MOST), 0),
        ("htable-gcinterval ", u32_at(info, COLLECT), COLLECT_EVERY),
        ("htable-expire ", u32_at(info, EXPIRE), usual),
        ("srcmask ", info[SOURCE_MASK].into(), whole),
        ("dstmask ", info[DESTINATION_MASK].into(), whole),
    ] {
        if value != usual {
            word(out, name);
            put(out, value.to_string());
        }
    }
    if info[MODE] & RATE != 0 {
        word(out, "rate-match");
        if interval != 1 {
            word(out, "rate-interval ");
            put(out, interval.to_string());
        }
    }
}
