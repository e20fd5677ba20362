//! `encap ioam6`: packets that note the way they have taken (RFC 9197).

use super::Encap;
use super::word::{Said, once};
use crate::cli::value::{self, AF_INET6};
use crate::cli::{Args, Usage};
use crate::names::Names;
use crate::netlink::{Attrs, Table};
use crate::output::addr::paint_of;
use crate::output::{Field, Out, field, json_only, text_only};

pub const ENCAP: Encap = Encap {
    name: "ioam6",
    usage: "[ freq K/N ] [ mode { inline | encap | auto } ]\n                \
            [ tunsrc ADDRESS ] [ tundst ADDRESS ] trace prealloc type BITS ns ID\n                \
            size BYTES",
    send,
    show,
};

// IOAM6_IPTUNNEL_* (linux/ioam6_iptunnel.h)
const MODE: u16 = 1;
const DST: u16 = 2;
/// struct ioam6_trace_hdr (linux/ioam6.h), 8 bytes: namespace be16, bits, room left in units of 4
/// bytes, type in the upper 24 bits of a be32.
const TRACE: u16 = 3;
const FREQ_K: u16 = 4;
const FREQ_N: u16 = 5;
const SRC: u16 = 6;

/// IOAM6_IPTUNNEL_MODE_*: the place, from 1, is the number.
static MODES: &[&str] = &["inline", "encap", "auto"];
const INLINE: u8 = 1;

/// K packets out of N, both at most this.
const MOST: u32 = 1_000_000;
/// Bytes that the two are typed with.
const FREQUENCY: usize = 15;
/// Bytes of a trace.
const ROOM: u8 = 244;

/// Takes the next word if it is this one, and the value behind it.
fn optional<'a>(args: &mut Args<'a>, word: &str) -> Result<Option<&'a [u8]>, Usage> {
    if args.peek() != Some(word.as_bytes()) {
        return Ok(None);
    }
    args.take();
    args.need().map(Some)
}

/// Takes a word that must stand here.
fn word(args: &mut Args<'_>, word: &str) -> Result<(), Usage> {
    if args.peek() != Some(word.as_bytes()) {
        return Err(args.required(word));
    }
    args.take();
    Ok(())
}

/// The words stand in this order only.
fn send(args: &mut Args<'_>, said: &mut Said<'_>) -> Result<(), Usage> {
    let (mut k, mut n) = (1, 1);
    if let Some(freq) = optional(args, "freq")? {
        (k, n) = frequency(freq).map_err(|what| args.wrong(what))?;
        needed(args)?;
    }
    said.req.u32(FREQ_K, k);
    said.req.u32(FREQ_N, n);
    let mut mode = INLINE;
    if let Some(word) = optional(args, "mode")? {
        let at = MODES.iter().position(|m| m.as_bytes() == word);
        let at = at.and_then(|at| u8::try_from(at + 1).ok());
        mode = at.ok_or_else(|| args.wrong("Invalid mode"))?;
        needed(args)?;
    }
    said.req.u8(MODE, mode);
    for (name, attr) in [("tunsrc", SRC), ("tundst", DST)] {
        if args.peek() == Some(name.as_bytes()) {
            args.take();
            if mode == INLINE {
                return Err(args.wrong(&["Inline mode does not need ", name].concat()));
            }
            args.need()?;
            let addr = value::addr(args.last(), AF_INET6).map_err(|e| e.at(args.at()))?;
            said.req.attr(attr, addr.bytes());
            needed(args)?;
        } else if attr == DST && mode != INLINE {
            return Err(args.required(name));
        }
    }
    trace(args, said)
}

/// Something must follow.
fn needed(args: &Args<'_>) -> Result<(), Usage> {
    if args.is_empty() { Err(args.incomplete()) } else { Ok(()) }
}

/// `K/N`
fn frequency(word: &[u8]) -> Result<(u32, u32), &'static str> {
    const MALFORMED: &str = "Invalid frequency (malformed)";
    if word.len() > FREQUENCY {
        return Err("Invalid frequency (too long)");
    }
    let number = |part: &[u8]| {
        let part = part.strip_prefix(b"+").unwrap_or(part);
        part.first().filter(|b| b.is_ascii_digit())?;
        std::str::from_utf8(part).ok()?.parse::<u32>().ok()
    };
    let at = word.iter().position(|&b| b == b'/').ok_or(MALFORMED)?;
    let k = number(&word[..at]).ok_or(MALFORMED)?;
    let n = number(&word[at + 1..]).ok_or(MALFORMED)?;
    if !(1..=MOST).contains(&k) {
        return Err("Out of bound \"k\" frequency");
    }
    if !(1..=MOST).contains(&n) {
        return Err("Out of bound \"n\" frequency");
    }
    if k > n {
        return Err("Frequency with k > n is forbidden");
    }
    Ok((k, n))
}

/// `trace prealloc type BITS ns ID size BYTES`
fn trace(args: &mut Args<'_>, said: &mut Said<'_>) -> Result<(), Usage> {
    word(args, "trace")?;
    word(args, "prealloc")?;
    word(args, "type")?;
    let kind = value::u32(args.need()?).filter(|t| (1..1 << 24).contains(t));
    let kind = kind.ok_or_else(|| args.wrong("Invalid trace type"))?;
    let twice = |args: &mut Args<'_>, name: &str| match optional(args, name)? {
        Some(_) => once(args, true, name),
        None => Ok(()),
    };
    twice(args, "type")?;
    word(args, "ns")?;
    let ns = value::u16(args.need()?).ok_or_else(|| args.wrong("Invalid namespace ID"))?;
    twice(args, "ns")?;
    word(args, "size")?;
    let size = value::u8(args.need()?);
    let size = match value::u32(args.last()) {
        Some(n) if n > ROOM.into() && n.is_multiple_of(4) => {
            return Err(args.wrong("Trace size is too big"));
        }
        Some(n) if !n.is_multiple_of(4) => {
            return Err(args.wrong("Trace size must be a 4-octet multiple"));
        }
        _ => size.filter(|n| *n > 0).ok_or_else(|| args.wrong("Invalid trace size"))?,
    };
    let [n0, n1] = ns.to_be_bytes();
    let [t0, t1, t2, t3] = (kind << 8).to_be_bytes();
    said.req.attr(TRACE, &[n0, n1, 0, size / 4, t0, t1, t2, t3]);
    Ok(())
}

const K: Field = field("freqk", "freq {}");
const N: Field = field("freqn", "/{} ");
const SHOW_MODE: Field = field("mode", "mode {} ");
const SHOW_SRC: Field = field("tunsrc", "tunsrc {} ");
const SHOW_DST: Field = field("tundst", "tundst {} ");
const TYPE: Field = text_only("type {} ");
const TYPE_JSON: Field = json_only("type");
const NS: Field = field("ns", "ns {} ");
const SIZE: Field = field("size", "size {} ");

fn show(out: &mut Out, _: &mut Names, nest: Attrs<'_>, _: bool) {
    let t = Table::<7>::new(nest);
    let number = |attr| t.get(attr).and_then(|a| a.u32());
    let mode = t.get(MODE).and_then(|a| a.u8());
    let trace = t.get(TRACE).and_then(|a| a.value.first_chunk::<8>());
    let (Some(k), Some(n), Some(mode), Some(trace)) = (number(FREQ_K), number(FREQ_N), mode, trace)
    else {
        return;
    };
    out.uint(K, k);
    out.uint(N, n);
    let name = usize::from(mode).checked_sub(1).and_then(|at| MODES.get(at));
    out.str(SHOW_MODE, name.copied().unwrap_or("<unknown>"));
    if mode != INLINE {
        for (attr, f) in [(SRC, SHOW_SRC), (DST, SHOW_DST)] {
            if let Some(a) = t.get(attr) {
                out.ip(paint_of(a.value), f, a.value);
            }
        }
    }
    let &[n0, n1, _, room, t0, t1, t2, _] = trace;
    let kind = u32::from_be_bytes([0, t0, t1, t2]);
    out.null("trace", "trace ");
    out.null("prealloc", "prealloc ");
    out.display(TYPE, format_args!("0x{kind:06x}"));
    out.display(TYPE_JSON, format_args!("{kind:06x}"));
    out.uint(NS, u16::from_be_bytes([n0, n1]));
    out.uint(SIZE, u16::from(room) * 4);
}
