//! `ip neighbour show`.

use std::borrow::Cow;

use crate::cli::Args;
use crate::ctx::{Ctx, Opts, dump_failed};
use crate::error::Result;
use crate::names::{Kind, Names};
use crate::output::addr::paint_of;
use crate::output::{Field, Out, Paint, field};
use crate::rtnl::consts::{
    NTF_EXT_EXT_VALIDATED, NTF_EXT_LEARNED, NTF_EXT_MANAGED, NTF_OFFLOADED, NTF_PROXY, NTF_ROUTER,
};
use crate::rtnl::neigh::Neigh;

use super::super::host;
use super::filter;
use super::state;

const DST: Field = field("dst", "{} ");
const DEV: Field = field("dev", "{} ");
const LLADDR: Field = field("lladdr", "{} ");
const LLADDR_LAST: Field = field("lladdr", "{}");
const REFERENCES: Field = field("refcnt", " ref {}");
const USED: Field = field("used", " used {}");
const CONFIRMED: Field = field("confirmed", "/{}");
const UPDATED: Field = field("updated", "/{}");
const PROBES: Field = field("probes", "probes {} ");
const STATE: Field = field("", "{} ");
const PROTOCOL: Field = field("protocol", "proto {} ");

/// Clock ticks a second (USER_HZ).
const HZ: u32 = 100;

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let filter = filter::read(&mut ctx.names, ctx.opts.family, false, args)?;
    let (conn, out, names, opts) = ctx.parts()?;
    let mut dump = conn.dump(&mut filter.request())?.shown();
    out.begin();
    let ended = loop {
        match dump.next_message() {
            Ok(Some(msg)) => {
                if let Some(n) = Neigh::parse(msg.payload)
                    && filter.accepts(&n)
                {
                    out.open();
                    entry(out, names, opts, &n, filter.index != 0);
                    out.close();
                }
            }
            Ok(None) => break Ok(()),
            Err(e) => break dump_failed(e, 1),
        }
    };
    let interrupted = dump.interrupted();
    out.end();
    ctx.told_interruption(interrupted);
    Ok(ended?)
}

/// One entry with the end of its line; `one_dev` leaves out the device, since all have the same.
pub fn entry(out: &mut Out, names: &mut Names, opts: &Opts, n: &Neigh<'_>, one_dev: bool) {
    if opts.brief {
        return brief(out, names, n, one_dev);
    }
    if let Some(dst) = n.dst() {
        host::show(out, names, DST, dst);
    }
    if !one_dev && n.index != 0 {
        out.text("dev ");
        out.painted(Paint::IfName, DEV, names.name(n.index));
    }
    if let Some(addr) = n.lladdr() {
        out.text("lladdr ");
        out.lladdr(LLADDR, addr, device_type(names, n.index));
    }
    flags(out, n);
    if opts.stats > 0 {
        statistics(out, n);
    }
    states(out, n.state);
    if let Some(protocol) = n.protocol().filter(|p| *p != 0) {
        out.str(PROTOCOL, &names.show(Kind::RtProto, protocol.into()));
    }
    out.newline();
}

/// Three columns.
fn brief(out: &mut Out, names: &mut Names, n: &Neigh<'_>, one_dev: bool) {
    if let Some(dst) = n.dst() {
        let text = match names.host(dst) {
            Some(name) => Cow::Borrowed(name),
            None => {
                let mut text = Vec::new();
                crate::output::addr::ip(&mut text, dst);
                Cow::Owned(text)
            }
        };
        out.left(paint_of(dst), DST, &text, 39);
    }
    if !one_dev && n.index != 0 {
        out.left(Paint::IfName, DEV, names.name(n.index), 16);
    }
    if let Some(addr) = n.lladdr() {
        out.lladdr(LLADDR_LAST, addr, device_type(names, n.index));
    }
    out.newline();
}

/// ARPHRD_*; 0 for a device that is gone.
fn device_type(names: &mut Names, index: u32) -> u16 {
    names.link_type_and_flags(index).map_or(0, |(kind, _)| kind)
}

fn flags(out: &mut Out, n: &Neigh<'_>) {
    let ext = n.flags_ext();
    if n.flags == 0 && ext == 0 {
        return;
    }
    for (set, key, text) in [
        (n.flags & NTF_ROUTER != 0, "router", "router "),
        (n.flags & NTF_PROXY != 0, "proxy", "proxy "),
        (ext & NTF_EXT_MANAGED != 0, "managed", "managed "),
        (n.flags & NTF_EXT_LEARNED != 0, "extern_learn", "extern_learn "),
        (n.flags & NTF_OFFLOADED != 0, "offload", "offload "),
        (ext & NTF_EXT_EXT_VALIDATED != 0, "extern_valid", "extern_valid "),
    ] {
        if set {
            out.null(key, text);
        }
    }
}

fn statistics(out: &mut Out, n: &Neigh<'_>) {
    if let Some(c) = n.cache() {
        if c.references != 0 {
            out.uint(REFERENCES, c.references);
        }
        out.uint(USED, c.used_ticks / HZ);
        out.uint(CONFIRMED, c.confirmed_ticks / HZ);
        // No blank follows (observed in iproute2 6.15 and 7.1).
        out.uint(UPDATED, c.updated_ticks / HZ);
    }
    if let Some(probes) = n.probes() {
        out.uint(PROBES, probes);
    }
}

fn states(out: &mut Out, bits: u16) {
    if bits == 0 {
        return;
    }
    out.open_list("state");
    for s in state::WORDS {
        if s.bit & bits != 0 {
            out.str(STATE, s.shown);
        }
    }
    out.close_list();
}
