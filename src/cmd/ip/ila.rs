//! `ip ila`: identifier locator addressing: the upper halves of addresses that are exchanged.

use crate::cli::{Args, Row, Usage, prefix};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::genl::{self, Family};
use crate::names::Names;
use crate::netlink::{Attr, Attrs};
use crate::output::{Field, Out, Paint, field};

use super::Grammar;
use super::verb::{self, Verb};

/// The family and its version.
const FAMILY: (&str, u8) = ("ila", 1);

// Commands and attributes (linux/ila.h).
const CMD_ADD: u8 = 1;
const CMD_DEL: u8 = 2;
const CMD_GET: u8 = 3;
const ATTR_LOCATOR: u16 = 1;
const ATTR_LOCATOR_MATCH: u16 = 3;
const ATTR_IFINDEX: u16 = 4;
const ATTR_CSUM_MODE: u16 = 7;
const ATTR_IDENT_TYPE: u16 = 8;

/// ILA_CSUM_*
const CSUM_MODES: &[(u8, &str)] =
    &[(0, "adj-transport"), (1, "neutral-map"), (2, "no-action"), (3, "neutral-map-auto")];
/// ILA_ATYPE_*
const IDENT_TYPES: &[(u8, &str)] = &[(1, "luid"), (32, "use-format")];

#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: prefix("help"), args: "", run: help },
    Verb { word: prefix("add"), args: "WORD ...", run: add },
    Verb { word: prefix("delete"), args: "WORD ...", run: delete },
    Verb { word: prefix("show"), args: "", run: show },
    Verb { word: prefix("lst"), args: "=", run: show },
    Verb { word: prefix("list"), args: "=", run: show },
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    verb::dispatch_genl(ctx, args, "ila", FAMILY, VERBS)
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "ila", verbs: VERBS, usage }
}

fn usage() -> Usage {
    let mut more = verb::words("WORD", rows());
    for (title, list) in [("MODE", CSUM_MODES), ("TYPE", IDENT_TYPES)] {
        more.push_str(&verb::listed(title, list.iter().map(|(_, w)| (*w, ""))));
    }
    more.push_str("LOCATOR := GROUP:GROUP:GROUP:GROUP\n");
    verb::usage("ila", VERBS, &more)
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

fn open(ctx: &mut Ctx) -> Result<Family, Error> {
    ctx.genl(FAMILY.0, FAMILY.1)
}

/// What the words say.
struct Change<'n> {
    names: &'n mut Names,
    locator: Option<[u8; 8]>,
    matched: Option<[u8; 8]>,
    index: Option<u32>,
    csum: Option<u8>,
    ident: Option<u8>,
}

/// The words, in the order in which they are tried.
#[rustfmt::skip] // one row, one line
fn rows<'n>() -> &'n [Row<Change<'n>>] {
    const {
        &[
            Row { word: prefix("loc"), arg: "LOCATOR", take: |a, c| { c.locator = locator(a, "Bad locator: ")?; Ok(()) }, again: true },
            Row { word: prefix("loc_match"), arg: "LOCATOR", take: |a, c| { c.matched = locator(a, "Bad locator to match: ")?; Ok(()) }, again: true },
            Row { word: prefix("csum-mode"), arg: "MODE", take: |a, c| { c.csum = one_of(a, CSUM_MODES, "Bad csum-mode: ")?; Ok(()) }, again: true },
            Row { word: prefix("ident-type"), arg: "TYPE", take: |a, c| { c.ident = one_of(a, IDENT_TYPES, "Bad ident-type: ")?; Ok(()) }, again: true },
            Row { word: prefix("dev"), arg: "DEV", take: dev, again: true },
        ]
    }
}

/// A complaint about the word taken last. The reference goes on without the word, and so does
/// something else than what was asked for.
fn bad(args: &Args<'_>, what: &str) -> Usage {
    Usage::new(1, [what.as_bytes(), args.last()].concat()).at(args.at())
}

/// Up to four groups of 16 bits, in hexadecimal.
fn locator(args: &mut Args<'_>, what: &str) -> Result<Option<[u8; 8]>, Usage> {
    let word = args.need()?;
    let mut out = [0; 8];
    let mut groups = word.split(|b| *b == b':');
    for (slot, group) in out.chunks_exact_mut(2).zip(groups.by_ref()) {
        let text = std::str::from_utf8(group).unwrap_or_default();
        let number = u16::from_str_radix(text, 16).map_err(|_| bad(args, what))?;
        slot.copy_from_slice(&number.to_be_bytes());
    }
    if groups.next().is_some() { Err(bad(args, what)) } else { Ok(Some(out)) }
}

fn one_of(args: &mut Args<'_>, list: &[(u8, &str)], what: &str) -> Result<Option<u8>, Usage> {
    let word = args.need()?;
    let found = list.iter().find(|(_, w)| w.as_bytes() == word).map(|(number, _)| *number);
    found.map(Some).ok_or_else(|| bad(args, what))
}

fn dev(args: &mut Args<'_>, c: &mut Change<'_>) -> Result<(), Usage> {
    let index = c.names.index(args.need()?);
    c.index = Some(index.ok_or_else(|| bad(args, "No such interface: "))?);
    Ok(())
}

fn add(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, true)
}

fn delete(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, false)
}

fn modify(ctx: &mut Ctx, args: &mut Args<'_>, add: bool) -> Result {
    let mut family = open(ctx)?;
    let mut c = Change {
        names: &mut ctx.names,
        locator: None,
        matched: None,
        index: None,
        csum: None,
        ident: None,
    };
    args.read(rows(), &mut c, |_, _| Err(usage()))?;
    let lacks = |text: &str| Error::failed(1, text);
    let mut request = family.request(if add { CMD_ADD } else { CMD_DEL }, 0);
    if add && c.locator.is_none() {
        return Err(lacks("ila: missing locator").into());
    }
    let Some(matched) = c.matched else {
        return Err(lacks("ila: missing locator0match").into());
    };
    c.locator.into_iter().for_each(|l| request.attr(ATTR_LOCATOR, &l));
    request.attr(ATTR_LOCATOR_MATCH, &matched);
    c.index.into_iter().for_each(|i| request.u32(ATTR_IFINDEX, i));
    c.csum.into_iter().for_each(|n| request.u8(ATTR_CSUM_MODE, n));
    c.ident.into_iter().for_each(|n| request.u8(ATTR_IDENT_TYPE, n));
    Ok(Ctx::genl_change(&mut family, &mut request, 2)?)
}

fn show(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut family = open(ctx)?;
    if !args.is_empty() {
        let text = "\"ip ila show\" does not take any arguments.";
        return Err(Error::failed(1, text).into());
    }
    let mut request = family.request(CMD_GET, 0);
    Ok(ctx.genl_table(&mut family, &mut request, 1, &mut |out, names, _, msg| {
        out.open();
        line(out, names, genl::attrs(msg.payload));
        out.close();
    })?)
}

/// One mapping, in columns. No blank stands before the last one (observed in iproute2 6.15).
fn line(out: &mut Out, names: &mut Names, attrs: Attrs<'_>) {
    const CELLS: [(u16, Field); 2] = [
        (ATTR_LOCATOR_MATCH, field("locator_match", "{}")),
        (ATTR_LOCATOR, field("locator", "{}")),
    ];
    for (kind, shown) in CELLS {
        let text = attrs.find(kind).map_or_else(|| "-".to_owned(), |a| groups(a.value));
        out.left(Paint::Plain, shown, text.as_bytes(), 20);
    }
    let index = attrs.find(ATTR_IFINDEX).and_then(Attr::u32);
    let device = index.map_or(&b"-"[..], |i| names.name(i));
    out.left(Paint::Plain, field("interface", "{}"), device, 16);
    for (kind, list, shown) in [
        (ATTR_CSUM_MODE, CSUM_MODES, field("csum_mode", "{}")),
        (ATTR_IDENT_TYPE, IDENT_TYPES, field("ident_type", "{}")),
    ] {
        let number = attrs.find(kind).and_then(Attr::u8);
        let name = number.and_then(|n| list.iter().find(|(of, _)| *of == n)).map(|(_, w)| *w);
        let other = if number.is_some() { "unknown" } else { "-" };
        out.str(shown, name.unwrap_or(other));
    }
    out.newline();
}

fn groups(bytes: &[u8]) -> String {
    let groups = bytes.chunks_exact(2).map(|b| format!("{:x}", u16::from_be_bytes([b[0], b[1]])));
    groups.collect::<Vec<_>>().join(":")
}
