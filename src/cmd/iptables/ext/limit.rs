//! `-m limit`: no more packets in a time than this.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::number;
use crate::nft::Exprs;

use super::{Ext, Fill, Opt, put, put_at, scalar, u32_at};

/// struct xt_rateinfo: time of one packet in 1/10000 s, burst; the rest is the kernel's.
const BURST: usize = 4;
/// XT_LIMIT_SCALE: parts of a second.
const SCALE: u32 = 10_000;
const DEFAULT_BURST: u32 = 5;
const MAX_BURST: u64 = 10_000;

/// Seconds of the units, with the word that is read and the one that is printed.
pub const UNITS: [(u32, &str, &str); 4] =
    [(86_400, "day", "day"), (3600, "hour", "hour"), (60, "minute", "min"), (1, "second", "sec")];

pub static LIMIT: Ext = Ext {
    name: "limit",
    wire: "limit",
    size: 40,
    user: 8,
    opts: &[
        Opt { name: "limit", arg: "RATE[/second|/minute|/hour|/day]", take, ..Opt::NONE },
        Opt {
            name: "limit-burst",
            arg: "NUMBER",
            take: |f, value| {
                let burst = number(value, MAX_BURST).and_then(|n| u32::try_from(n).ok());
                let Some(burst) = burst else {
                    let text = format!(
                        "limit: bad value for option \"--limit-burst\", or out of range (0-{MAX_BURST}).\n"
                    );
                    return usage(&[text.as_bytes()]);
                };
                put_at(f.info, BURST, &burst.to_ne_bytes());
                Ok(())
            },
            ..Opt::NONE
        },
    ],
    init: |info| {
        put_at(info, 0, &(SCALE * 3600 / 3).to_ne_bytes());
        put_at(info, BURST, &DEFAULT_BURST.to_ne_bytes());
    },
    lower: |info, out: &mut Exprs| {
        let (rate, unit, _) = rate(u32_at(info, 0));
        out.limit(rate.into(), unit.into(), u32_at(info, BURST));
        true
    },
    // A time of nothing is no rate.
    claims: |info| u32_at(info, 0) != 0,
    save: |out, s| {
        let (rate, _, unit) = rate(u32_at(s.info, 0));
        put(out, format!(" --limit {rate}/{unit}"));
        match u32_at(s.info, BURST) {
            DEFAULT_BURST => {}
            burst => put(out, format!(" --limit-burst {burst}")),
        }
    },
    list: |out, s| {
        let (rate, _, unit) = rate(u32_at(s.info, 0));
        put(out, format!(" limit: avg {rate}/{unit} burst {}", u32_at(s.info, BURST)));
    },
    ..Ext::MATCH
};

fn take(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let bad = || usage(&[b"bad rate \"", value, b"\"'"]);
    let slash = value.iter().position(|&b| b == b'/');
    let seconds = match slash.map(|at| &value[at + 1..]) {
        None => 1,
        Some(word) => match unit(word) {
            Some(seconds) => seconds,
            None => return bad(),
        },
    };
    let time = match leading(value) {
        0 => return bad(),
        n => u32::try_from(n).map_or(0, |n| SCALE * seconds / n),
    };
    if time == 0 {
        return usage(&[b"Rate too fast \"", value, b"\""]);
    }
    put_at(f.info, 0, &time.to_ne_bytes());
    Ok(())
}

/// The seconds of a unit, by a beginning of its name.
pub fn unit(word: &[u8]) -> Option<u32> {
    let fits = |name: &str| {
        let name = name.as_bytes().get(..word.len());
        !word.is_empty() && name.is_some_and(|n| n.eq_ignore_ascii_case(word))
    };
    UNITS.iter().rev().find(|(_, name, _)| fits(name)).map(|(seconds, ..)| *seconds)
}

/// The number that a word begins with, as atoi(3) reads it: only 32 bits of it are kept.
pub fn leading(word: &[u8]) -> i32 {
    let (minus, n) = scalar::signed(word);
    // strtol(3) goes no further.
    let n = n.min(i64::MAX.cast_unsigned());
    let n = if minus { n.wrapping_neg() } else { n };
    let [a, b, c, d, ..] = n.to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}

/// Packets in the longest unit that says it well enough, the unit in seconds and by name.
fn rate(time: u32) -> (u32, u32, &'static str) {
    let rough = |seconds: u32| {
        let unit = seconds * SCALE;
        time > unit || unit / time < unit % time
    };
    if time == 0 {
        return (0, 1, "sec");
    }
    let at = UNITS.iter().skip(1).position(|(seconds, ..)| rough(*seconds));
    let (seconds, _, name) = UNITS[at.unwrap_or(UNITS.len() - 1)];
    (seconds * SCALE / time, seconds, name)
}

/// The structure that a limit of nf_tables means; absent when there is none.
pub fn raise(rate: u64, unit: u64, burst: u32) -> Option<Vec<u8>> {
    let time = u64::from(SCALE).checked_mul(unit)?.checked_div(rate)?;
    let time = u32::try_from(time).ok().filter(|t| *t != 0)?;
    let mut info = vec![0; LIMIT.size];
    put_at(&mut info, 0, &time.to_ne_bytes());
    put_at(&mut info, BURST, &burst.to_ne_bytes());
    Some(info)
}
