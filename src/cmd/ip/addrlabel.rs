//! `ip addrlabel`: labels of prefixes, by which IPv6 chooses source addresses (RFC 6724).
//!
//! struct ifaddrlblmsg (linux/if_addrlabel.h), 12 bytes: family, padding, length, flags,
//! index u32 at 4, sequence.

use crate::cli::value::{self, AF_INET6, AF_UNSPEC, Prefix};
use crate::cli::{Args, Row, Usage, exact, prefix};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::names::Names;
use crate::netlink::{Attrs, NLM_F_CREATE, NLM_F_EXCL, Pack, Request};
use crate::output::addr::paint_of;
use crate::output::{Field, Out, Paint, field};
use crate::rtnl::consts::{RTM_DELADDRLABEL, RTM_GETADDRLABEL, RTM_NEWADDRLABEL};

use super::Grammar;
use super::verb::{self, Verb};

const HEADER: usize = 12;
const IFAL_ADDRESS: u16 = 1;
const IFAL_LABEL: u16 = 2;

const ADDRESS: Field = field("address", "{}");
const LEN: Field = field("prefixlen", "/{} ");
const DEV: Field = field("ifname", "dev {} ");
const LABEL: Field = field("label", "label {} ");

const ENTRY: &str = "prefix PREFIX [ dev DEV ] label NUMBER";

/// In the order in which beginnings are tried.
#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: prefix("list"), args: "", run: list },
    Verb { word: prefix("lst"), args: "=", run: list },
    Verb { word: prefix("show"), args: "=", run: list },
    Verb { word: prefix("add"), args: ENTRY, run: add },
    Verb { word: prefix("delete"), args: ENTRY, run: delete },
    Verb { word: prefix("flush"), args: "", run: flush },
    Verb { word: prefix("help"), args: "", run: help },
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    verb::dispatch(ctx, args, "addrlabel", VERBS, list)
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "addrlabel", verbs: VERBS, usage }
}

fn usage() -> Usage {
    verb::usage("addrlabel", VERBS, "")
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

/// What the words of a change say.
struct Change<'n> {
    names: &'n mut Names,
    family: u8,
    prefix: Option<Prefix>,
    index: u32,
    label: Option<u32>,
}

#[rustfmt::skip] // one row, one line
fn rows<'n>() -> &'n [Row<Change<'n>>] {
    const {
        &[
            Row { word: exact("prefix"), arg: "PREFIX", take: take_prefix, again: true },
            Row { word: exact("dev"), arg: "DEV", take: dev, again: true },
            Row { word: exact("label"), arg: "NUMBER", take: label, again: true },
        ]
    }
}

fn take_prefix(args: &mut Args<'_>, c: &mut Change<'_>) -> Result<(), Usage> {
    c.prefix = Some(value::prefix(args.need()?, c.family).map_err(|e| e.at(args.at()))?);
    Ok(())
}

fn dev(args: &mut Args<'_>, c: &mut Change<'_>) -> Result<(), Usage> {
    let name = args.need()?;
    c.index = c.names.index(name).ok_or_else(|| args.wrong("dev is invalid\n"))?;
    Ok(())
}

fn label(args: &mut Args<'_>, c: &mut Change<'_>) -> Result<(), Usage> {
    let number = value::u32(args.need()?).filter(|n| *n != u32::MAX);
    c.label = Some(number.ok_or_else(|| args.wrong("label is invalid\n"))?);
    Ok(())
}

/// The family asked for by an option, or the only one that has labels.
fn family(ctx: &Ctx) -> u8 {
    if ctx.opts.family == AF_UNSPEC { AF_INET6 } else { ctx.opts.family }
}

fn add(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, RTM_NEWADDRLABEL, NLM_F_CREATE | NLM_F_EXCL)
}

fn delete(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, RTM_DELADDRLABEL, 0)
}

fn modify(ctx: &mut Ctx, args: &mut Args<'_>, kind: u16, flags: u16) -> Result {
    let asked = ctx.opts.family;
    let mut c =
        Change { names: &mut ctx.names, family: asked, prefix: None, index: 0, label: None };
    // The reference passes over other words; a mistyped one is not to be lost.
    args.read(rows(), &mut c, |args, _| Err(args.garbage("prefix")))?;
    let Change { prefix, index, label, .. } = c;
    let missing = |what| {
        Error::failed(1, format!("Not enough information: \"{what}\" argument is required."))
    };
    let prefix = prefix.ok_or_else(|| missing("prefix"))?;
    let label = label.ok_or_else(|| missing("label"))?;
    let mut header = [0; HEADER];
    header[0] = family(ctx);
    header[2] = prefix.len;
    header[4..8].copy_from_slice(&index.to_ne_bytes());
    let mut request = Request::new(kind, flags, &header);
    request.attr(IFAL_ADDRESS, prefix.addr.bytes());
    request.u32(IFAL_LABEL, label);
    Ok(ctx.change(&mut request)?)
}

fn query(ctx: &Ctx) -> Request {
    let mut header = [0; HEADER];
    header[0] = family(ctx);
    Request::new(RTM_GETADDRLABEL, 0, &header)
}

fn list(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    if !args.is_empty() {
        let text = "\"ip addrlabel show\" does not take any arguments.";
        return Err(Error::failed(1, text).into());
    }
    let mut request = query(ctx);
    Ok(ctx.table(&mut request, 255, &mut |out, names, _, msg| {
        if msg.kind == RTM_NEWADDRLABEL && msg.payload.len() >= HEADER {
            out.open();
            line(out, names, msg.payload);
            out.close();
        }
    })?)
}

/// One label, with the end of its line.
pub fn line(out: &mut Out, names: &mut Names, payload: &[u8]) {
    let Some((header, rest)) = payload.split_first_chunk::<HEADER>() else { return };
    let attrs = Attrs(rest);
    let index = u32::from_ne_bytes([header[4], header[5], header[6], header[7]]);
    out.text("prefix ");
    if let Some(a) = attrs.find(IFAL_ADDRESS) {
        out.ip(paint_of(a.value), ADDRESS, a.value);
        out.uint(LEN, header[2]);
    }
    if index != 0 {
        out.painted(Paint::IfName, DEV, names.name(index));
    }
    if let Some(n) = attrs.find(IFAL_LABEL).and_then(|a| a.u32()) {
        out.uint(LABEL, n);
    }
    out.newline();
}

fn flush(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    if !args.is_empty() {
        let text = "\"ip addrlabel flush\" does not allow extra arguments";
        return Err(Error::failed(1, text).into());
    }
    let mut request = query(ctx);
    let mut pack = Pack::default();
    let read = ctx.read_table(&mut request, 1, &mut |_, _, _, msg| {
        if msg.kind == RTM_NEWADDRLABEL {
            pack.push(RTM_DELADDRLABEL, msg.payload);
        }
    });
    let done = read.and_then(|()| ctx.route()?.change_pack(&mut pack, &[]).map_err(Error::from));
    match done {
        Err(Error::Kernel { nack, .. }) => {
            let text = [&crate::error::refusal(&nack)[..], b"\nFlush terminated"].concat();
            Err(Error::failed(1, text).into())
        }
        other => Ok(other?),
    }
}
