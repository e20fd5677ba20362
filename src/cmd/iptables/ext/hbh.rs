//! `-m hbh`, `-m dst`: the options of IPv6 for every router, and those for the destination.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::Family;

use super::field::{self, Field, Form};
use super::{Ext, Fill, Opt, Shown, dec, put, put_at, u16_at};

const FLAGS: u16 = 4;
const OPTIONS: usize = 6;
const COUNT: usize = 38;
/// IP6T_OPTS_OPTSNR.
const MOST: usize = 16;
/// IP6T_OPTS_OPTS.
const HAS_OPTIONS: u8 = 2;
/// In the place of a length: any.
const ANY: u8 = 255;

const LENGTH: &Field =
    &Field { size: 4, given: (FLAGS, 1), not: (5, 1), form: Form::Dec, ..Field::NONE };

const LEN: Opt = Opt {
    name: "hbh-len",
    arg: "BYTES",
    not: true,
    field: LENGTH,
    take: field::number,
    ..Opt::NONE
};
const OPTS: Opt = Opt { name: "hbh-opts", arg: "TYPE[:LENGTH][,...]", take: options, ..Opt::NONE };

/// struct ip6t_opts: length, flags, inverted flags, options (type and length), how many.
pub static HBH: Ext = Ext {
    name: "hbh",
    wire: "hbh",
    family: Some(Family::V6),
    size: 40,
    user: 40,
    opts: &[LEN, OPTS],
    save: |out, s| {
        field::save(out, s);
        show(out, s, " --hbh-opts ");
    },
    list,
    ..Ext::MATCH
};
pub static DST: Ext = Ext {
    name: "dst",
    wire: "dst",
    opts: &[Opt { name: "dst-len", ..LEN }, Opt { name: "dst-opts", ..OPTS }],
    save: |out, s| {
        field::save(out, s);
        show(out, s, " --dst-opts ");
    },
    ..HBH_LIKE
};
const HBH_LIKE: Ext = Ext { family: Some(Family::V6), size: 40, user: 40, list, ..Ext::MATCH };

fn options(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let name = f.ext.name.as_bytes();
    let number = |word: &[u8], what: &[u8]| match wrapped(word) {
        Some((n, b"")) => Ok(n),
        Some(_) => usage(&[name, b": error parsing ", what, b" `", word, b"'"]),
        None => usage(&[name, b": no valid digits in ", what, b" `", word, b"'"]),
    };
    let mut count = 0u8;
    for word in value.split(|&b| b == b',') {
        if usize::from(count) == MOST {
            return usage(&[b"too many addresses specified"]);
        }
        let colon = word.iter().position(|&b| b == b':');
        let kind = number(&word[..colon.unwrap_or(word.len())], b"opt")?;
        let length = colon.map_or(Ok(ANY), |at| number(&word[at + 1..], b"length"))?;
        let option = u16::from(kind) << 8 | u16::from(length);
        put_at(f.info, OPTIONS + usize::from(count) * 2, &option.to_ne_bytes());
        count += 1;
    }
    f.info[COUNT] = count;
    f.info[usize::from(FLAGS)] |= HAS_OPTIONS;
    Ok(())
}

/// The number that a word begins with, as strtol(3) reads it: only its low byte is kept.
fn wrapped(word: &[u8]) -> Option<(u8, &[u8])> {
    let word = word.trim_ascii_start();
    let (minus, digits) = match word {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, word),
    };
    let (n, rest) = super::scalar::leading(digits, u32::MAX)?;
    let [low, ..] = if minus { n.wrapping_neg() } else { n }.to_le_bytes();
    Some((low, rest))
}

fn show(out: &mut Vec<u8>, s: &Shown<'_>, before: &str) {
    if s.info[usize::from(FLAGS)] & HAS_OPTIONS == 0 {
        return;
    }
    let mut before = before;
    for i in 0..usize::from(s.info[COUNT]).min(MOST) {
        let option = u16_at(s.info, OPTIONS + i * 2);
        put(out, before);
        before = ",";
        dec(out, option >> 8);
        if option & 255 != ANY.into() {
            out.push(b':');
            dec(out, option & 255);
        }
    }
}

fn list(out: &mut Vec<u8>, s: &Shown<'_>) {
    out.push(b' ');
    put(out, s.ext.name);
    field::list(out, s.info, " length", LENGTH);
    show(out, s, " opts ");
}
