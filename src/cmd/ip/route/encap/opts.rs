//! Options of a tunnel's packets inside `encap ip` and `encap ip6`: of geneve, vxlan or erspan.
//!
//! **A kernel may panic on them** (seen with 6.18): they are tried in a machine of their own only.

use super::word::{Said, once};
use crate::cli::{Args, Usage, value};
use crate::netlink::{Attrs, NLA_F_NESTED, Request, Table};
use crate::output::addr::hex;
use crate::output::{Field, Out, field};

pub const GENEVE: &str = "geneve_opts";
pub const VXLAN: &str = "vxlan_opts";
pub const ERSPAN: &str = "erspan_opts";

// LWTUNNEL_IP_OPTS_* (linux/lwtunnel.h)
const OPT_GENEVE: u16 = 1;
const OPT_VXLAN: u16 = 2;
const OPT_ERSPAN: u16 = 3;

// LWTUNNEL_IP_OPT_GENEVE_*, _VXLAN_*, _ERSPAN_*
const CLASS: u16 = 1;
const TYPE: u16 = 2;
const DATA: u16 = 3;
const GBP: u16 = 1;
const VERSION: u16 = 1;
const INDEX: u16 = 2;
const DIRECTION: u16 = 3;
const HARDWARE: u16 = 4;

/// Reads the value behind the word taken last; only one such word may be given.
///
/// # Errors
///
/// The reference's sentences; it shows as much of a wrong value as stands before the first `:`.
pub fn send(args: &mut Args<'_>, said: &mut Said<'_>) -> Result<(), Usage> {
    once(args, said.opts.is_some(), "opts")?;
    let word = args.last();
    let list = args.need()?;
    let mut nest = Request::new(0, 0, &[]);
    let read = match word {
        b"geneve_opts" => list.split(|&b| b == b',').try_for_each(|o| geneve(o, &mut nest)),
        b"vxlan_opts" => value::u32(list).ok_or(Wrong::Value).map(|gbp| {
            let inner = nest.nest(OPT_VXLAN | NLA_F_NESTED);
            nest.u32(GBP, gbp);
            nest.end(inner);
        }),
        _ => erspan(list, &mut nest),
    };
    match read {
        Ok(()) => said.opts = Some(nest.payload().to_vec()),
        Err(wrong) => {
            let part = list.split(|b| b":,".contains(b)).next().unwrap_or(list);
            let part = if word == b"vxlan_opts" { list } else { part };
            // The name is the reference's, also for those of erspan.
            let before: &[u8] = match wrong {
                Wrong::Parts => b"Unknown \"geneve_opts\" type\n",
                Wrong::Value => b"",
            };
            let text: [&[u8]; 6] = [
                before,
                b"Error: argument \"",
                part,
                b"\" is wrong: \"",
                word,
                b"\" value is invalid\n",
            ];
            return Err(Usage::new(255, text.concat()).at(args.at()));
        }
    }
    Ok(())
}

/// What is wrong with a value.
enum Wrong {
    /// A part of it.
    Value,
    /// It has too many parts.
    Parts,
}

/// Reads up to `N` parts split by `:`; an empty one is left out.
fn parts<const N: usize>(
    word: &[u8],
    nest: &mut Request,
    send: fn(usize, &[u8], &mut Request) -> Option<()>,
) -> Result<(), Wrong> {
    for (i, part) in word.split(|&b| b == b':').enumerate() {
        if i >= N {
            return Err(Wrong::Parts);
        }
        if !part.is_empty() {
            send(i, part, nest).ok_or(Wrong::Value)?;
        }
    }
    Ok(())
}

/// `CLASS:TYPE:HEX`
fn geneve(word: &[u8], nest: &mut Request) -> Result<(), Wrong> {
    let inner = nest.nest(OPT_GENEVE | NLA_F_NESTED);
    parts::<3>(word, nest, |i, part, nest| {
        match i {
            0 => nest.u16_be(CLASS, value::u16(part)?),
            1 => nest.u8(TYPE, value::u8(part)?),
            _ => nest.attr(DATA, &octets(part)?),
        }
        Some(())
    })?;
    nest.end(inner);
    Ok(())
}

/// Pairs of hexadecimal digits. The reference drops a digit that is left over.
fn octets(word: &[u8]) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let pairs = word.chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?));
    pairs.collect()
}

/// `VERSION:INDEX:DIRECTION:HARDWARE`
fn erspan(word: &[u8], nest: &mut Request) -> Result<(), Wrong> {
    let inner = nest.nest(OPT_ERSPAN | NLA_F_NESTED);
    parts::<4>(word, nest, |i, part, nest| {
        match i {
            0 => nest.u8(VERSION, value::u8(part)?),
            1 => nest.u32_be(INDEX, value::u32(part)?),
            2 => nest.u8(DIRECTION, value::u8(part)?),
            _ => nest.u8(HARDWARE, value::u8(part)?),
        }
        Some(())
    })?;
    nest.end(inner);
    Ok(())
}

const SHOW_CLASS: Field = field("class", "{}");
const SHOW_TYPE: Field = field("type", "{}");
const SHOW_DATA: Field = field("data", "{}");
const SHOW_GBP: Field = field("gbp", "{}");
const SHOW_VERSION: Field = field("ver", "{}");
const SHOW_INDEX: Field = field("index", "{}");
const SHOW_DIRECTION: Field = field("dir", "{}");
const SHOW_HARDWARE: Field = field("hwid", "{}");

/// Shows LWTUNNEL_IP_OPTS. Of several options of geneve each is shown; the reference shows one.
pub fn show(out: &mut Out, nest: Attrs<'_>) {
    for (kind, name, one) in [
        (OPT_GENEVE, GENEVE, geneve_one as Show),
        (OPT_VXLAN, VXLAN, vxlan_one),
        (OPT_ERSPAN, ERSPAN, erspan_one),
    ] {
        if nest.find(kind).is_none() {
            continue;
        }
        out.open_list(name);
        out.line_break();
        out.text("\t");
        out.text(name);
        let mut before = " ";
        for option in nest.filter(|a| a.kind == kind && !a.value.is_empty()) {
            out.open();
            out.text(before);
            one(out, &Table::new(option.nested()));
            out.close();
            before = ",";
        }
        out.close_list();
        out.text(" ");
        return;
    }
}

type Show = fn(&mut Out, &Table<'_, 5>);

fn geneve_one(out: &mut Out, t: &Table<'_, 5>) {
    if let Some(class) = t.get(CLASS).and_then(|a| a.u16_be()) {
        out.uint(SHOW_CLASS, class);
    }
    out.text(":");
    if let Some(kind) = t.get(TYPE).and_then(|a| a.u8()) {
        out.uint(SHOW_TYPE, kind);
    }
    out.text(":");
    if let Some(data) = t.get(DATA) {
        let mut text = Vec::new();
        data.value.iter().for_each(|b| hex(&mut text, &[*b]));
        out.bytes(SHOW_DATA, &text);
    }
}

fn vxlan_one(out: &mut Out, t: &Table<'_, 5>) {
    if let Some(gbp) = t.get(GBP).and_then(|a| a.u32()) {
        out.uint(SHOW_GBP, gbp);
    }
}

/// Version 1 has an index, version 2 a direction and a hardware id; the others show as 0.
fn erspan_one(out: &mut Out, t: &Table<'_, 5>) {
    let byte = |attr| t.get(attr).and_then(|a| a.u8()).unwrap_or(0);
    let version = byte(VERSION);
    let index = t.get(INDEX).and_then(|a| a.u32_be()).filter(|_| version == 1);
    let second = |attr| if version == 2 { byte(attr) } else { 0 };
    out.uint(SHOW_VERSION, version);
    out.text(":");
    out.uint(SHOW_INDEX, index.unwrap_or(0));
    out.text(":");
    out.uint(SHOW_DIRECTION, second(DIRECTION));
    out.text(":");
    out.uint(SHOW_HARDWARE, second(HARDWARE));
}
