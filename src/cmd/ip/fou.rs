//! `ip fou`: ports at which packets of other protocols arrive inside UDP.

use crate::cli::value::{self, AF_INET, AF_INET6};
use crate::cli::{Args, Row, Usage, exact, prefix};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::genl::{self, Family};
use crate::names::Names;
use crate::netlink::{Attr, Attrs};
use crate::output::{Field, Out, field, json_only};

use super::Grammar;
use super::host;
use super::verb::{self, Verb};

/// The family and its version.
const FAMILY: (&str, u8) = ("fou", 1);

// Commands and attributes (linux/fou.h).
const CMD_ADD: u8 = 1;
const CMD_DEL: u8 = 2;
const CMD_GET: u8 = 3;
const ATTR_PORT: u16 = 1;
const ATTR_AF: u16 = 2;
const ATTR_IPPROTO: u16 = 3;
const ATTR_TYPE: u16 = 4;
const ATTR_LOCAL_V4: u16 = 6;
const ATTR_LOCAL_V6: u16 = 7;
const ATTR_PEER_V4: u16 = 8;
const ATTR_PEER_V6: u16 = 9;
const ATTR_PEER_PORT: u16 = 10;
const ATTR_IFINDEX: u16 = 11;
const ENCAP_DIRECT: u8 = 1;
const ENCAP_GUE: u8 = 2;

#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: prefix("help"), args: "", run: help },
    Verb { word: prefix("add"), args: "WORD ...", run: add },
    Verb { word: prefix("delete"), args: "WORD ...", run: delete },
    Verb { word: prefix("show"), args: "", run: show },
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    verb::dispatch_genl(ctx, args, "fou", FAMILY, VERBS)
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "fou", verbs: VERBS, usage }
}

fn usage() -> Usage {
    verb::usage("fou", VERBS, &verb::words("WORD", rows()))
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
    inet6: bool,
    port: Option<u16>,
    protocol: Option<u8>,
    gue: bool,
    local: Option<Vec<u8>>,
    peer: Option<Vec<u8>>,
    peer_port: Option<u16>,
    /// As typed, and its index.
    dev: Option<Option<u32>>,
}

/// The words, in the order in which they are tried.
#[rustfmt::skip] // one row, one line
fn rows<'n>() -> &'n [Row<Change<'n>>] {
    const {
        &[
            Row { word: prefix("port"), arg: "PORT", take: |a, c| { c.port = port(a, "invalid port")?; Ok(()) }, again: true },
            Row { word: prefix("ipproto"), arg: "PROTO", take: protocol, again: true },
            Row { word: prefix("gue"), arg: "", take: |_, c| { c.gue = true; Ok(()) }, again: true },
            Row { word: exact("-6"), arg: "", take: |_, c| { c.inet6 = true; Ok(()) }, again: true },
            Row { word: prefix("local"), arg: "ADDR", take: |a, c| { c.local = Some(a.need()?.to_vec()); Ok(()) }, again: true },
            Row { word: prefix("peer"), arg: "ADDR", take: |a, c| { c.peer = Some(a.need()?.to_vec()); Ok(()) }, again: true },
            Row { word: prefix("peer_port"), arg: "PORT", take: |a, c| { c.peer_port = port(a, "invalid peer port")?; Ok(()) }, again: true },
            Row { word: prefix("dev"), arg: "DEV", take: |a, c| { c.dev = Some(c.names.index(a.need()?)); Ok(()) }, again: true },
        ]
    }
}

fn port(args: &mut Args<'_>, wrong: &str) -> Result<Option<u16>, Usage> {
    let port = value::u16(args.need()?).filter(|p| *p != 0);
    port.map(Some).ok_or_else(|| args.wrong(wrong))
}

fn protocol(args: &mut Args<'_>, c: &mut Change<'_>) -> Result<(), Usage> {
    let word = args.need()?;
    let number = c.names.ip_protocol_number(word);
    c.protocol = Some(number.ok_or_else(|| args.wrong("invalid ipproto"))?);
    Ok(())
}

fn add(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, true)
}

fn delete(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, false)
}

/// After most of its own complaints the reference sends the request all the same, and the kernel
/// refuses it with status 2.
fn modify(ctx: &mut Ctx, args: &mut Args<'_>, add: bool) -> Result {
    let mut family = open(ctx)?;
    let mut c = Change {
        inet6: ctx.opts.family == AF_INET6,
        names: &mut ctx.names,
        port: None,
        protocol: None,
        gue: false,
        local: None,
        peer: None,
        peer_port: None,
        dev: None,
    };
    args.read(rows(), &mut c, |args, _| {
        let text = [b"fou: unknown command \"", args.last(), b"\"?\n", &usage().text[..]].concat();
        Err(Usage::new(255, text).at(args.at()))
    })?;
    // The reference takes what is missing for an answer of the kernel's (observed).
    let lacks = |text: &str| {
        Error::failed(2, format!("{text}\nRTNETLINK answers: Operation not permitted"))
    };
    let port = c.port.ok_or_else(|| lacks("fou: missing port"))?;
    if add && c.protocol.is_some() && c.gue {
        return Err(lacks("fou: cannot set ipproto and gue").into());
    }
    if add && c.protocol.is_none() && !c.gue {
        return Err(lacks("fou: must set ipproto or gue").into());
    }
    if c.peer.is_some() != c.peer_port.is_some() {
        return Err(lacks("fou: both peer and peer port must be set").into());
    }
    let mut request = family.request(if add { CMD_ADD } else { CMD_DEL }, 0);
    request.u16_be(ATTR_PORT, port);
    request.u8(ATTR_AF, if c.inet6 { AF_INET6 } else { AF_INET });
    if add {
        request.u8(ATTR_TYPE, if c.gue { ENCAP_GUE } else { ENCAP_DIRECT });
        c.protocol.into_iter().for_each(|p| request.u8(ATTR_IPPROTO, p));
    }
    for (word, kinds) in
        [(&c.local, [ATTR_LOCAL_V4, ATTR_LOCAL_V6]), (&c.peer, [ATTR_PEER_V4, ATTR_PEER_V6])]
    {
        if let Some(word) = word {
            let addr = value::addr(word, if c.inet6 { AF_INET6 } else { AF_INET })?;
            request.attr(kinds[usize::from(c.inet6)], addr.bytes());
        }
    }
    c.peer_port.into_iter().for_each(|p| request.u16_be(ATTR_PEER_PORT, p));
    if let Some(index) = c.dev {
        let index = index.ok_or_else(|| Error::failed(1, "fou: unknown device name"))?;
        request.u32(ATTR_IFINDEX, index);
    }
    Ok(Ctx::genl_change(&mut family, &mut request, 2)?)
}

fn show(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut family = open(ctx)?;
    if !args.is_empty() {
        let text = "\"ip fou show\" does not take any arguments.";
        return Err(Error::failed(1, text).into());
    }
    let mut request = family.request(CMD_GET, 0);
    Ok(ctx.genl_table(&mut family, &mut request, 1, &mut |out, names, _, msg| {
        out.open();
        line(out, names, genl::attrs(msg.payload));
        out.close();
    })?)
}

fn line(out: &mut Out, names: &mut Names, attrs: Attrs<'_>) {
    const LOCAL: Field = field("local", " local {}");
    const PEER: Field = field("peer", " peer {}");
    let port = |kind| attrs.find(kind).and_then(Attr::u16_be);
    let inet6 = attrs.find(ATTR_AF).and_then(Attr::u8) == Some(AF_INET6);
    port(ATTR_PORT).into_iter().for_each(|p| out.uint(field("port", "port {}"), p));
    if attrs.find(ATTR_TYPE).and_then(Attr::u8) == Some(ENCAP_GUE) {
        out.null("gue", " gue");
    } else if let Some(p) = attrs.find(ATTR_IPPROTO).and_then(Attr::u8) {
        out.uint(field("ipproto", " ipproto {}"), p);
    }
    out.str(json_only("family"), if inet6 { "inet6" } else { "inet" });
    if inet6 {
        out.text(" -6");
    }
    for (shown, kinds) in
        [(LOCAL, [ATTR_LOCAL_V4, ATTR_LOCAL_V6]), (PEER, [ATTR_PEER_V4, ATTR_PEER_V6])]
    {
        if let Some(a) = attrs.find(kinds[usize::from(inet6)])
            && a.value.iter().any(|b| *b != 0)
        {
            host::show(out, names, shown, a.value);
        }
    }
    if let Some(p) = port(ATTR_PEER_PORT).filter(|p| *p != 0) {
        out.uint(field("peer_port", " peer_port {}"), p);
    }
    if let Some(index) = attrs.find(ATTR_IFINDEX).and_then(Attr::u32).filter(|i| *i != 0) {
        out.bytes(field("dev", " dev {}"), names.name(index));
    }
    out.newline();
}
