//! `ip token`: the lower half of the addresses that IPv6 makes from what routers advertise.

use crate::cli::value::{self, AF_INET6, Addr};
use crate::cli::{Args, Usage, prefix};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::names::Names;
use crate::netlink::{NLA_F_NESTED, Request};
use crate::output::{Field, Paint, field};
use crate::rtnl::consts::{IFF_LOOPBACK, IFF_NOARP, IFLA_AF_SPEC, IFLA_PROTINFO, RTM_NEWLINK};
use crate::rtnl::link::{self, Link};

use super::Grammar;
use super::verb::{self, Verb};

const IFLA_INET6_TOKEN: u16 = 7;

const TOKEN: Field = field("token", "{}");
const DEV: Field = field("ifname", "{}\n");

/// In the order in which beginnings are tried.
#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: prefix("list"), args: "[ dev DEV ]", run: list },
    Verb { word: prefix("lst"), args: "=", run: list },
    Verb { word: prefix("show"), args: "=", run: list },
    Verb { word: prefix("set"), args: "TOKEN dev DEV", run: set },
    Verb { word: prefix("add"), args: "TOKEN dev DEV", run: set },
    Verb { word: prefix("delete"), args: "dev DEV", run: delete },
    Verb { word: prefix("get"), args: "[ dev DEV ]", run: list },
    Verb { word: prefix("help"), args: "", run: help },
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    verb::dispatch(ctx, args, "token", VERBS, list)
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "token", verbs: VERBS, usage }
}

fn usage() -> Usage {
    verb::usage("token", VERBS, "")
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

/// Takes the name behind `dev`. The reference passes over a second one.
fn device(names: &mut Names, args: &mut Args<'_>, before: u32) -> Result<u32, Usage> {
    let name = args.need()?;
    if before != 0 {
        return Err(args.duplicate("dev"));
    }
    names.index(name).ok_or_else(|| args.wrong("dev is invalid\n"))
}

/// Only devices that can have a token: not those without IPv6, nor loopbacks.
fn list(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut dev = 0;
    while let Some(word) = args.take() {
        if word != b"dev" {
            return Err(args.garbage("dev").into());
        }
        dev = device(&mut ctx.names, args, dev)?;
    }
    let mut request = link::query_family(AF_INET6);
    Ok(ctx.table(&mut request, 1, &mut |out, names, _, msg| {
        let Some(link) = Link::parse(msg.payload) else { return };
        let token = link.attr(IFLA_PROTINFO).and_then(|p| p.nested().find(IFLA_INET6_TOKEN));
        let wanted =
            link.flags & (IFF_LOOPBACK | IFF_NOARP) == 0 && (dev == 0 || dev == link.index);
        let Some(token) = token.filter(|_| wanted) else { return };
        out.open();
        out.text("token ");
        out.ip(Paint::Inet6, TOKEN, token.value);
        out.text(" dev ");
        out.painted(Paint::IfName, DEV, names.name(link.index));
        out.close();
    })?)
}

fn set(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, false)
}

fn delete(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, true)
}

/// To delete it is to set the unspecified one.
fn modify(ctx: &mut Ctx, args: &mut Args<'_>, delete: bool) -> Result {
    let none = Addr::unspecified(AF_INET6);
    let (mut token, mut dev) = (delete.then_some(none), 0);
    while let Some(word) = args.take() {
        if word == b"dev" {
            dev = device(&mut ctx.names, args, dev)?;
        } else if prefix("help").is(word) {
            return Err(usage().into());
        } else {
            let given = value::prefix(word, AF_INET6).map_err(|e| e.at(args.at()))?;
            // Of several the first counts.
            token.get_or_insert(given.addr);
        }
    }
    let token =
        token.ok_or_else(|| Error::failed(1, "Not enough information: token is required."))?;
    if dev == 0 {
        let text = "Not enough information: \"dev\" argument is required.";
        return Err(Error::failed(1, text).into());
    }
    let mut request = Request::new(RTM_NEWLINK, 0, &link::header(0, dev));
    let families = request.nest(IFLA_AF_SPEC);
    let inet6 = request.nest(u16::from(AF_INET6) | NLA_F_NESTED);
    request.attr(IFLA_INET6_TOKEN, token.bytes());
    request.end(inet6);
    request.end(families);
    Ok(ctx.change(&mut request)?)
}
