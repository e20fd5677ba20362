//! `-m statistic`: some of the packets, by chance or by count.

use crate::cmd::iptables::fail::{Result, usage};

use super::{Ext, Fill, Opt, Shown, put, put_at, scalar, u16_at, u32_at};

const FLAGS: usize = 2;
/// The probability, or every which packet less one.
const VALUE: usize = 4;
const PACKET: usize = 8;
const COUNT: usize = 12;

/// XT_STATISTIC_MODE_*.
const RANDOM: u16 = 0;
const NTH: u16 = 1;

/// Certainty.
const SCALE: f64 = 2_147_483_648.0;

const PROBABILITY_BIT: u64 = 2;
const EVERY_BIT: u64 = 4;
const PACKET_BIT: u64 = 8;

/// struct xt_statistic_info: mode, flags, the mode's values, and the kernel's own.
pub static STATISTIC: Ext = Ext {
    name: "statistic",
    wire: "statistic",
    size: 24,
    user: 12,
    opts: OPTS,
    complete,
    check: |seen| {
        scalar::exclusive("statistic", OPTS, seen, |i| match i {
            1 => EVERY_BIT | PACKET_BIT,
            2 | 3 => PROBABILITY_BIT,
            _ => 0,
        })?;
        scalar::needs("statistic", seen, (EVERY_BIT, "every"), (PACKET_BIT, "packet"))
    },
    save: |out, s| show(out, s, "--"),
    list: |out, s| {
        put(out, " statistic");
        show(out, s, "");
    },
    ..Ext::MATCH
};

static OPTS: &[Opt] = &[
    Opt {
        name: "mode",
        arg: "random|nth",
        required: true,
        take: |f, value| {
            let mode = match value {
                b"random" => RANDOM,
                b"nth" => NTH,
                _ => return usage(&[b"Bad mode \"", value, b"\""]),
            };
            put_at(f.info, 0, &mode.to_ne_bytes());
            Ok(())
        },
        ..Opt::NONE
    },
    Opt { name: "probability", arg: "0.0-1.0", not: true, take: take_probability, ..Opt::NONE },
    Opt {
        name: "every",
        arg: "N",
        not: true,
        take: |f, value| {
            let n = scalar::int(value, ("statistic", "every"), 1, u32::MAX)?;
            put_at(f.info, VALUE, &(n - 1).to_ne_bytes());
            invert(f);
            Ok(())
        },
        ..Opt::NONE
    },
    Opt {
        name: "packet",
        arg: "N",
        take: |f, value| {
            let n = scalar::int(value, ("statistic", "packet"), 0, u32::MAX)?;
            put_at(f.info, PACKET, &n.to_ne_bytes());
            Ok(())
        },
        ..Opt::NONE
    },
];

fn invert(f: &mut Fill<'_, '_>) {
    if f.not {
        f.info[FLAGS] |= 1;
    }
}

fn take_probability(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let number = std::str::from_utf8(value).ok().and_then(|t| t.trim_start().parse::<f64>().ok());
    let Some(part) = number.filter(|n| n.is_nan() || (0.0..=1.0).contains(n)) else {
        return usage(&[
            b"statistic: bad value for option \"--probability\", or out of range (0-1).\n",
        ]);
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 2^31")]
    let scaled = (part * SCALE).round() as u32;
    put_at(f.info, VALUE, &scaled.to_ne_bytes());
    invert(f);
    Ok(())
}

fn complete(info: &mut [u8], seen: u64) -> Result {
    match u16_at(info, 0) {
        RANDOM if seen & PROBABILITY_BIT == 0 => {
            return usage(&[b"--probability must be specified when using random mode"]);
        }
        NTH if seen & (EVERY_BIT | PACKET_BIT) == 0 => {
            return usage(&[b"--every and --packet must be specified when using nth mode"]);
        }
        NTH => {}
        _ => return Ok(()),
    }
    let (every, packet) = (u32_at(info, VALUE), u32_at(info, PACKET));
    let Some(count) = every.checked_sub(packet) else {
        return usage(&[b"the --packet p must be 0 <= p <= n-1"]);
    };
    put_at(info, COUNT, &count.to_ne_bytes());
    Ok(())
}

fn show(out: &mut Vec<u8>, s: &Shown<'_>, dashes: &str) {
    let not = if s.info[FLAGS] & 1 != 0 { " !" } else { "" };
    let value = u32_at(s.info, VALUE);
    match u16_at(s.info, 0) {
        RANDOM => {
            let part = f64::from(value) / SCALE;
            put(out, format!(" {dashes}mode random{not} {dashes}probability {part:.11}"));
        }
        NTH => {
            let every = u64::from(value) + 1;
            put(out, format!(" {dashes}mode nth{not} {dashes}every {every}"));
            match u32_at(s.info, PACKET) {
                0 if dashes.is_empty() => {}
                packet => put(out, format!(" {dashes}packet {packet}")),
            }
        }
        _ => {}
    }
}
