//! `ip netconf`: settings of devices that are also sysctls.
//!
//! struct netconfmsg (linux/netconf.h) is the family, one byte, padded to four.

use crate::cli::value::{AF_UNSPEC, family_name};
use crate::cli::{Args, Usage, prefix};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::names::Names;
use crate::netlink::{Attrs, Request, Table};
use crate::output::{Field, Out, Paint, field};
use crate::rtnl::consts::{RTM_GETNETCONF, RTM_NEWNETCONF};

use super::Grammar;
use super::verb::{self, Verb};

const NETCONFA_IFINDEX: u16 = 1;
const NETCONFA_FORWARDING: u16 = 2;
const NETCONFA_RP_FILTER: u16 = 3;
const NETCONFA_MC_FORWARDING: u16 = 4;
const NETCONFA_PROXY_NEIGH: u16 = 5;
const NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN: u16 = 6;
const NETCONFA_INPUT: u16 = 7;
/// Stands for the settings of all devices.
const INDEX_ALL: u32 = u32::MAX;
/// Stands for the settings of devices to come.
const INDEX_DEFAULT: u32 = u32::MAX - 1;

const FAMILY: Field = field("family", "{} ");
const INTERFACE: Field = field("interface", "{} ");
const FORWARDING: Field = field("forwarding", "forwarding {} ");
const RP_FILTER: Field = field("rp_filter", "rp_filter {} ");

/// What is on or off, behind the two above.
const SWITCHES: &[(u16, Field)] = &[
    (NETCONFA_MC_FORWARDING, field("mc_forwarding", "mc_forwarding {} ")),
    (NETCONFA_PROXY_NEIGH, field("proxy_neigh", "proxy_neigh {} ")),
    (
        NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN,
        field("ignore_routes_with_linkdown", "ignore_routes_with_linkdown {} "),
    ),
    (NETCONFA_INPUT, field("input", "input {} ")),
];

/// In the order in which beginnings are tried.
#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: prefix("show"), args: "[ dev DEV ]", run: list },
    Verb { word: prefix("lst"), args: "=", run: list },
    Verb { word: prefix("list"), args: "=", run: list },
    Verb { word: prefix("help"), args: "", run: help },
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    verb::dispatch(ctx, args, "netconf", VERBS, list)
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "netconf", verbs: VERBS, usage }
}

fn usage() -> Usage {
    verb::usage("netconf", VERBS, "")
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

fn list(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut dev = None;
    while let Some(word) = args.take() {
        // The reference passes over other words.
        if word != b"dev" {
            return Err(args.garbage("dev").into());
        }
        let name = args.need()?;
        if dev.is_some() {
            return Err(args.duplicate("dev").into());
        }
        dev = Some(ctx.names.index(name).ok_or_else(|| {
            Error::failed(1, [b"Device \"", name, b"\" does not exist."].concat())
        })?);
    }
    let family = ctx.opts.family;
    if dev.is_some() && family != AF_UNSPEC {
        // One that does not have settings is refused.
        let mut request = Request::new(RTM_GETNETCONF, 0, &[family, 0, 0, 0]);
        request.u32(NETCONFA_IFINDEX, dev.unwrap_or(0));
        let (conn, out, names, _) = ctx.parts()?;
        let msg = conn.get(&mut request).map_err(Error::from)?;
        if let Some(conf) = parse(msg.payload) {
            // The reference has no JSON here.
            out.begin();
            out.open();
            show(out, names, &conf);
            out.close();
            out.end();
        }
        return Ok(());
    }
    let mut request = Request::new(RTM_GETNETCONF, 0, &[family, 0, 0, 0]);
    let shown = ctx.table(&mut request, 1, &mut |out, names, _, msg| {
        let Some(conf) = parse(msg.payload).filter(|_| msg.kind == RTM_NEWNETCONF) else { return };
        if (family == AF_UNSPEC || family == conf.family) && (dev.is_none() || dev == conf.index) {
            out.open();
            show(out, names, &conf);
            out.close();
        }
    });
    match shown {
        // A family that is not there has no settings.
        Err(Error::Kernel { nack, .. }) if nack.errno == libc::EOPNOTSUPP => Ok(()),
        other => Ok(other?),
    }
}

/// One message.
pub struct NetConf<'a> {
    family: u8,
    /// Of the device, or one of two numbers that stand for several.
    pub index: Option<u32>,
    attrs: Table<'a, 10>,
}

/// `None` when the message is too short.
pub fn parse(payload: &[u8]) -> Option<NetConf<'_>> {
    let attrs = Table::new(Attrs(payload.get(4..)?));
    let index = attrs.get(NETCONFA_IFINDEX).and_then(|a| a.u32());
    Some(NetConf { family: *payload.first()?, index, attrs })
}

/// One message, with the end of its line.
pub fn show(out: &mut Out, names: &mut Names, conf: &NetConf<'_>) {
    let value = |kind| conf.attrs.get(kind).and_then(|a| a.u32());
    out.str(FAMILY, family_name(conf.family));
    match conf.index {
        None => {}
        Some(INDEX_ALL) => out.painted(Paint::IfName, INTERFACE, b"all"),
        Some(INDEX_DEFAULT) => out.painted(Paint::IfName, INTERFACE, b"default"),
        Some(index) => out.painted(Paint::IfName, INTERFACE, names.name(index)),
    }
    if let Some(on) = value(NETCONFA_FORWARDING) {
        out.on_off(FORWARDING, on != 0);
    }
    match value(NETCONFA_RP_FILTER) {
        None => {}
        Some(0) => out.str(RP_FILTER, "off"),
        Some(1) => out.str(RP_FILTER, "strict"),
        Some(2) => out.str(RP_FILTER, "loose"),
        Some(n) => out.uint(RP_FILTER, n),
    }
    for (kind, shape) in SWITCHES {
        if let Some(on) = value(*kind) {
            out.on_off(*shape, on != 0);
        }
    }
    out.newline();
}
