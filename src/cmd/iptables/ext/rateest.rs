//! `-m rateest`, `-j RATEEST`: rates of packets and bytes, measured and compared.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::number;

use super::{Ext, Fill, Opt, Shown, dec, put, put_at, text, u32_at};

/// IFNAMSIZ.
const NAME_LEN: usize = 16;

const FLAGS: usize = 32;
const MODE: usize = 34;
/// Bytes, then packets a second, of the first and of the second: `RATES + 8 * which + 4 * kind`.
const RATES: usize = 36;

/// XT_RATEEST_MATCH_*.
const INVERT: u8 = 1;
const ABSOLUTE: u8 = 2;
const RELATIVE: u8 = 4;
const DELTA: u8 = 8;
const BPS: u8 = 0x10;
const PPS: u8 = 0x20;

const KINDS: [(&str, u8); 2] = [("bps", BPS), ("pps", PPS)];
const MODES: [&str; 4] = ["", "eq", "lt", "gt"];

/// Words of a rate in bits, and how many each is.
#[rustfmt::skip] // rows
const UNITS: &[(&str, f64)] = &[
    ("bit", 1.0), ("kibit", 1024.0), ("kbit", 1e3), ("mibit", 1024.0 * 1024.0), ("mbit", 1e6),
    ("gibit", 1024.0 * 1024.0 * 1024.0), ("gbit", 1e9),
    ("tibit", 1024.0 * 1024.0 * 1024.0 * 1024.0), ("tbit", 1e12),
    ("bps", 8.0), ("kibps", 8.0 * 1024.0), ("kbps", 8e3), ("mibps", 8.0 * 1024.0 * 1024.0),
    ("mbps", 8e6), ("gibps", 8.0 * 1024.0 * 1024.0 * 1024.0), ("gbps", 8e9),
    ("tibps", 8.0 * 1024.0 * 1024.0 * 1024.0 * 1024.0), ("tbps", 8e12), ("", 1.0),
];
/// Words of a time in microseconds.
#[rustfmt::skip] // rows
const TIMES: &[(&str, f64)] = &[
    ("s", 1e6), ("sec", 1e6), ("secs", 1e6), ("ms", 1e3), ("msec", 1e3), ("msecs", 1e3),
    ("us", 1.0), ("usec", 1.0), ("usecs", 1.0), ("", 1.0),
];

/// A decimal number with a unit, in parts of the unit of the table; less than 2^32 of them.
fn measured(word: &[u8], units: &[(&str, f64)], per: f64) -> Option<u32> {
    let text = std::str::from_utf8(word).ok()?.trim_start();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let n: f64 = text[..end].parse().ok()?;
    let (_, factor) = units.iter().find(|(unit, _)| unit.eq_ignore_ascii_case(&text[end..]))?;
    let n = n * factor / per;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // it fits
    (n < 4_294_967_296.0).then_some(n as u32)
}

fn name(f: &mut Fill<'_, '_>, value: &[u8], at: usize) {
    put_at(f.info, at, &value[..value.len().min(NAME_LEN - 1)]);
}

macro_rules! estimator {
    ($name:literal, $aliases:expr, $at:literal) => {
        Opt {
            name: $name,
            aliases: $aliases,
            arg: "NAME",
            not: true,
            again: true,
            take: |f, value| {
                once(f, "rateest")?;
                name(f, value, $at);
                Ok(())
            },
            ..Opt::NONE
        }
    };
}
/// A rate: which one, the kind.
macro_rules! rate {
    ($name:literal, $aliases:expr, $which:literal, $kind:literal) => {
        Opt {
            name: $name,
            aliases: $aliases,
            arg: "[RATE]",
            optional: true,
            not: true,
            again: true,
            take: |f, _| rate(f, $which, $kind),
            ..Opt::NONE
        }
    };
}
macro_rules! mode {
    ($name:literal, $mode:literal) => {
        Opt {
            name: $name,
            not: true,
            again: true,
            take: |f, _| {
                f.info[MODE] = $mode;
                f.info[FLAGS] |= if f.not { INVERT } else { 0 };
                Ok(())
            },
            ..Opt::NONE
        }
    };
}

/// struct xt_rateest_match_info: two names, flags, mode, rates, what is the kernel's.
pub static MATCH: Ext = Ext {
    name: "rateest",
    wire: "rateest",
    size: 72,
    user: 56,
    opts: &[
        estimator!("rateest1", &["rateest"], 0),
        estimator!("rateest2", &[], 16),
        rate!("rateest-bps1", &[], 0, 0),
        rate!("rateest-pps1", &[], 0, 1),
        rate!("rateest-bps2", &["rateest-bps"], 1, 0),
        rate!("rateest-pps2", &["rateest-pps"], 1, 1),
        Opt {
            name: "rateest-delta",
            not: true,
            again: true,
            take: |f, _| {
                once(f, "rateest-delta")?;
                f.info[FLAGS] |= DELTA;
                Ok(())
            },
            ..Opt::NONE
        },
        mode!("rateest-eq", 1),
        mode!("rateest-lt", 2),
        mode!("rateest-gt", 3),
    ],
    complete: |info, seen| {
        info[FLAGS] |= if seen & 2 != 0 { RELATIVE } else { ABSOLUTE };
        Ok(())
    },
    save,
    list,
    ..Ext::MATCH
};

/// Neither inverted nor given before.
fn once(f: &Fill<'_, '_>, what: &str) -> Result {
    if f.not {
        return usage(&[b"rateest: ", what.as_bytes(), b" can't be inverted"]);
    }
    let place = f.ext.opts.iter().position(|o| o.name == f.opt.name).unwrap_or(0);
    if *f.seen & 1 << place != 0 {
        return usage(&[b"rateest: can't specify --", f.opt.name.as_bytes(), b" twice"]);
    }
    Ok(())
}

/// The number may be left out: then it is that of the other estimator.
fn rate(f: &mut Fill<'_, '_>, which: usize, kind: usize) -> Result {
    once(f, ["rateest-bps", "rateest-pps"][kind])?;
    f.info[FLAGS] |= KINDS[kind].1;
    let Some(word) = f.words.peek().filter(|w| !matches!(w.first(), Some(b'-' | b'!'))) else {
        return Ok(());
    };
    f.words.take();
    let read = match kind {
        0 => measured(word, UNITS, 8.0),
        _ => number(word, u32::MAX.into()).and_then(|n| u32::try_from(n).ok()),
    };
    let Some(n) = read else {
        let what = ["rate", "pps"][kind].as_bytes();
        return usage(&[b"rateest: could not parse ", what, b" `", word, b"'"]);
    };
    put_at(f.info, RATES + 8 * which + 4 * kind, &n.to_ne_bytes());
    Ok(())
}

fn mode(out: &mut Vec<u8>, info: &[u8], before: &str) {
    put(out, if info[FLAGS] & INVERT != 0 { " ! " } else { " " });
    put(out, before);
    put(out, MODES.get(usize::from(info[MODE])).unwrap_or(&""));
}

/// Bits, Kbit or Mbit for a rate in bytes.
fn value(out: &mut Vec<u8>, info: &[u8], which: usize, kind: usize, numeric: bool) {
    let n = u32_at(info, RATES + 8 * which + 4 * kind);
    out.push(b' ');
    if kind == 1 || numeric {
        return dec(out, n);
    }
    let bits = f64::from(n) * 8.0;
    let (n, unit) = match bits {
        _ if bits >= 1e9 => (bits / 1e6, "Mbit"),
        _ if bits >= 1e6 => (bits / 1e3, "Kbit"),
        _ => (bits, "bit"),
    };
    put(out, format!("{n:.0}{unit}"));
}

fn save(out: &mut Vec<u8>, s: &Shown<'_>) {
    let flags = s.info[FLAGS];
    let delta = flags & DELTA != 0;
    let relative = flags & RELATIVE != 0;
    put(out, if delta { " --rateest-delta" } else { "" });
    put(out, if relative { " --rateest1 " } else { " --rateest " });
    put(out, text(s.info, 0, NAME_LEN));
    for (kind, (name, flag)) in KINDS.into_iter().enumerate() {
        if flags & flag == 0 {
            continue;
        }
        if delta {
            put(out, [" --rateest-", name, "1"].concat());
            value(out, s.info, 0, kind, false);
        }
        mode(out, s.info, "--rateest-");
        put(out, [" --rateest-", name, if delta { "2" } else { "" }].concat());
        if delta || !relative {
            value(out, s.info, 1, kind, false);
        }
    }
    if relative {
        put(out, " --rateest2 ");
        put(out, text(s.info, 16, NAME_LEN));
    }
}

fn list(out: &mut Vec<u8>, s: &Shown<'_>) {
    let flags = s.info[FLAGS];
    let delta = flags & DELTA != 0;
    let relative = flags & RELATIVE != 0;
    put(out, " rateest match ");
    put(out, text(s.info, 0, NAME_LEN));
    put(out, if delta { " delta" } else { "" });
    for second in [false, true] {
        if second {
            if !relative {
                break;
            }
            mode(out, s.info, "");
            put(out, " ");
            put(out, text(s.info, 16, NAME_LEN));
        }
        for (kind, (name, _)) in KINDS.into_iter().enumerate().filter(|(_, k)| flags & k.1 != 0) {
            put(out, [" ", name].concat());
            if delta {
                value(out, s.info, usize::from(second), kind, s.numeric);
            }
            if relative {
                continue;
            }
            // Of packets the comparison comes first.
            if kind == 1 {
                mode(out, s.info, "");
            }
            value(out, s.info, 1, kind, s.numeric);
            if kind == 0 {
                mode(out, s.info, "");
            }
        }
    }
}

const INTERVAL: usize = 16;
const EWMA: usize = 17;
/// What was typed, in microseconds, until all is read: in the place that is the kernel's.
const TYPED: usize = 24;
/// The shortest time between measurements, in microseconds.
const SHORTEST: u32 = 250_000;

macro_rules! time {
    ($name:literal, $what:literal, $at:expr) => {
        Opt {
            name: $name,
            arg: "TIME",
            take: |f, value| {
                let Some(us) = measured(value, TIMES, 1.0) else {
                    return usage(&[
                        concat!("RATEEST: bad ", $what, " value \"").as_bytes(),
                        value,
                        b"\"",
                    ]);
                };
                put_at(f.info, $at, &us.to_ne_bytes());
                Ok(())
            },
            ..Opt::NONE
        }
    };
}

/// struct xt_rateest_target_info: name, both times as powers of two, what is the kernel's.
pub static TARGET: Ext = Ext {
    name: "RATEEST",
    wire: "RATEEST",
    size: 32,
    user: 24,
    opts: &[
        Opt {
            name: "rateest-name",
            arg: "NAME",
            required: true,
            take: |f, value| {
                name(f, value, 0);
                Ok(())
            },
            ..Opt::NONE
        },
        time!("rateest-interval", "interval", TYPED),
        time!("rateest-ewmalog", "ewmalog", TYPED + 4),
    ],
    complete: |info, _| {
        let (interval, ewma) = (u32_at(info, TYPED), u32_at(info, TYPED + 4));
        info[TYPED..TYPED + 8].fill(0);
        let Some(step) = (0..=5u8).find(|i| interval <= SHORTEST << i) else {
            return usage(&[b"RATEEST: interval value is too large"]);
        };
        // An average over a time is one that forgets 1/2^n at each measurement.
        let time = |i: &u8| f64::from(interval) / -(1.0 - 1.0 / f64::from(1u32 << i)).ln();
        let log = (1..32u8).find(|i| time(i) > f64::from(ewma)).unwrap_or(32) - 1;
        if log == 0 || log >= 31 {
            return usage(&[b"RATEEST: ewmalog value is out of range"]);
        }
        info[INTERVAL] = step.wrapping_sub(2);
        info[EWMA] = log;
        Ok(())
    },
    claims: |info| {
        info.get(INTERVAL).is_some_and(|i| i.wrapping_add(2) <= 5)
            && info.get(EWMA).is_some_and(|log| *log < 32)
    },
    save: |out, s| times(out, s, "--rateest-"),
    list: |out, s| times(out, s, ""),
    ..Ext::TARGET
};

fn times(out: &mut Vec<u8>, s: &Shown<'_>, before: &str) {
    put(out, [" ", before, "name "].concat());
    put(out, text(s.info, 0, NAME_LEN));
    let interval = SHORTEST << s.info[INTERVAL].wrapping_add(2).min(5);
    put(out, [" ", before, "interval "].concat());
    time(out, interval);
    put(out, [" ", before, "ewmalog "].concat());
    // What is too long for 32 bits comes out as with the reference.
    time(out, interval.wrapping_shl(s.info[EWMA].into()));
}

fn time(out: &mut Vec<u8>, us: u32) {
    let n = f64::from(us);
    match n {
        _ if n >= 1e6 => put(out, format!("{:.1}s", n / 1e6)),
        _ if n >= 1e3 => put(out, format!("{:.1}ms", n / 1e3)),
        _ => {
            dec(out, us);
            put(out, "us");
        }
    }
}
