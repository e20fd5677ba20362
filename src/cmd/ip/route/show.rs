//! `ip route show`: one route as text or JSON, and the dump that streams them.

use super::filter::Filter;
use super::{encap, flags, kind, metrics, nexthop, object, realm};
use crate::cli::Args;
use crate::cli::value::{AF_INET, AF_INET6, AF_MPLS};
use crate::cmd::ip::{hint, host};
use crate::ctx::{Ctx, Opts, dump_failed};
use crate::error::{Error, Result};
use crate::names::{Kind, Names};
use crate::netlink;
use crate::output::addr::paint_of;
use crate::output::{Field, Out, Paint, field, json_only, text_only};
use crate::rtnl::consts::{
    RT_SCOPE_UNIVERSE, RT_TABLE_MAIN, RTM_F_CLONED, RTN_UNICAST, RTPROT_BOOT,
};
use crate::rtnl::route::{Cache, Route};

/// Clock ticks a second in what the kernel tells (USER_HZ).
const HZ: u32 = 100;

/// How much of a route is shown.
#[derive(Clone, Copy)]
pub struct Level {
    pub details: bool,
    pub stats: bool,
}

impl Level {
    pub fn of(opts: &Opts) -> Level {
        Level { details: opts.details > 0, stats: opts.stats > 0 }
    }
}

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut silent = args.is_empty();
    let filter = Filter::parse(args, &mut ctx.names, ctx.opts.family)?;
    let (conn, out, names, opts) = ctx.parts()?;
    let level = Level::of(opts);
    let plain = filter.is_plain();
    let mut dump = conn.dump(&mut filter.request())?.shown();
    out.begin();
    loop {
        match dump.next_message() {
            Ok(Some(msg)) => {
                if let Some(r) = Route::parse(msg.payload)
                    && filter.accepts_header(&r)
                    && (plain || filter.accepts_rest(&r))
                {
                    route(out, names, &filter, level, &r);
                    silent = false;
                }
            }
            Ok(None) => break,
            Err(e) => {
                ended(e, &filter)?;
                break;
            }
        }
    }
    let interrupted = dump.interrupted();
    out.end();
    ctx.told_interruption(interrupted);
    if silent {
        hint::route::nothing_shown(ctx);
    }
    Ok(())
}

/// Judges the error at the end of a dump.
///
/// # Errors
///
/// `Dump terminated`, 2. A namespace without a route yet has no main table, which is no error.
pub fn ended(e: netlink::Error, filter: &Filter) -> Result<(), Error> {
    match e {
        netlink::Error::Nack(nack)
            if nack.errno == libc::ENOENT && filter.table == RT_TABLE_MAIN =>
        {
            Ok(())
        }
        e => dump_failed(e, 2),
    }
}

const TYPE: Field = field("type", "{} ");
const DST: Field = field("dst", "{} ");
const FROM: Field = field("from", "from {} ");
const SRC: Field = field("src", "from {} ");
const NHID: Field = field("nhid", "nhid {} ");
const TOS: Field = field("tos", "tos {} ");
const DEV: Field = field("dev", "{} ");
const TABLE: Field = field("table", "table {} ");
const PROTOCOL: Field = field("protocol", "proto {} ");
const SCOPE: Field = field("scope", "scope {} ");
const PREFSRC: Field = field("prefsrc", "{} ");
const METRIC: Field = field("metric", "metric {} ");
const MARK: Field = field("mark", "mark {} ");
const MARK_HEX: Field = text_only("mark {} ");
const MARK_JSON: Field = json_only("mark");
const UID: Field = field("uid", "uid {} ");
const IIF: Field = field("iif", "iif {} ");
const PREF: Field = field("pref", "pref {}");
const TTL_PROPAGATE: Field = text_only("ttl-propogate {}");

/// Shows one route that was deleted.
pub fn deleted(out: &mut Out, names: &mut Names, filter: &Filter, level: Level, r: &Route<'_>) {
    out.open();
    out.flag("deleted", "Deleted ");
    fields(out, names, filter, level, r);
    out.close();
}

/// Shows one route, with its line break.
pub fn route(out: &mut Out, names: &mut Names, filter: &Filter, level: Level, r: &Route<'_>) {
    out.open();
    fields(out, names, filter, level, r);
    out.close();
}

/// One route without its JSON object, with its line break.
pub fn fields(out: &mut Out, names: &mut Names, filter: &Filter, level: Level, r: &Route<'_>) {
    let h = r.header;
    let bits = match h.family {
        AF_INET => 32,
        AF_INET6 => 128,
        AF_MPLS => 20,
        _ => 0,
    };
    if (h.kind != RTN_UNICAST || level.details) && filter.shows_kind(h.kind) {
        kind::show(out, names, TYPE, h.kind);
    }
    destination(out, names, r, bits);
    // A million routes have nothing else to be looked for.
    let usual = r.is_usual();
    if !usual {
        before_gateway(out, names, level, r);
    }
    if h.tos != 0 && filter.tos.is_none() {
        out.str(TOS, &names.show(Kind::DsField, h.tos.into()));
    }
    if let Some(addr) = r.gateway()
        && filter.shows_via(bits)
    {
        nexthop::show_gateway(out, names, h.family, addr);
    }
    // Also when it was selected (observed in iproute2 6.15).
    if !usual && let Some(via) = r.via() {
        nexthop::show_via(out, names, via);
    }
    if filter.oif.is_none()
        && let Some(index) = r.oif()
    {
        out.text("dev ");
        out.painted(Paint::IfName, DEV, names.name(index));
    }
    origin(out, names, filter, level, r, bits);
    flags::show(out, h.flags);
    if !usual || h.flags & RTM_F_CLONED != 0 {
        rest(out, names, filter, level, r);
        if level.details
            && let Some(id) = r.nexthop_id()
        {
            object::show(out, names, id, level.stats);
        }
        if let Some(hops) = r.hops() {
            nexthop::show(out, names, hops, h.family, level.stats);
        }
    }
    out.newline();
}

/// The nexthop object, the new label, the encapsulation.
fn before_gateway(out: &mut Out, names: &mut Names, level: Level, r: &Route<'_>) {
    if let Some(id) = r.nexthop_id() {
        out.uint(NHID, id);
    }
    if let Some(addr) = r.newdst() {
        nexthop::show_newdst(out, names, r.header.family, addr);
    }
    if let Some(encap) = r.encap() {
        encap::show(out, names, encap, level.stats);
    }
}

/// `DST [from SRC]`.
fn destination(out: &mut Out, names: &mut Names, r: &Route<'_>, bits: u8) {
    let h = r.header;
    match r.dst() {
        Some(addr) if h.dst_len != bits => out.ip_prefix(paint_of(addr), DST, addr, h.dst_len),
        Some(addr) => host::show_of(out, names, DST, h.family, addr),
        None if h.dst_len != 0 => out.display(DST, format_args!("0/{}", h.dst_len)),
        None => out.str(DST, "default"),
    }
    match r.src() {
        Some(addr) if h.src_len != bits => out.ip_prefix(paint_of(addr), FROM, addr, h.src_len),
        Some(addr) => host::show_of(out, names, FROM, h.family, addr),
        // The key is what iproute2 calls it.
        None if h.src_len != 0 => out.display(SRC, format_args!("0/{}", h.src_len)),
        None => {}
    }
}

/// `table`, `proto`, `scope`, `src`, `metric`: who made it, and how good it is.
fn origin(
    out: &mut Out,
    names: &mut Names,
    filter: &Filter,
    level: Level,
    r: &Route<'_>,
    bits: u8,
) {
    let h = r.header;
    if filter.table == 0 {
        let table = r.table();
        if table != 0 && (table != RT_TABLE_MAIN || level.details) {
            out.str(TABLE, &names.show(Kind::RtTable, table));
        }
    }
    if h.flags & RTM_F_CLONED == 0 {
        if (h.protocol != RTPROT_BOOT || level.details) && filter.protocol.is_none() {
            out.str(PROTOCOL, &names.show(Kind::RtProto, h.protocol.into()));
        }
        if (h.scope != RT_SCOPE_UNIVERSE || level.details) && filter.scope.is_none() {
            out.str(SCOPE, &names.show(Kind::Scope, h.scope.into()));
        }
    }
    if let Some(addr) = r.prefsrc()
        && filter.shows_prefsrc(bits)
    {
        // Never a name (observed in iproute2): which address it is matters here.
        out.text("src ");
        out.ip(paint_of(addr), PREFSRC, addr);
    }
    if let Some(metric) = r.priority()
        && filter.metric.is_none()
    {
        out.uint(METRIC, metric);
    }
}

/// What follows the flags.
fn rest(out: &mut Out, names: &mut Names, filter: &Filter, level: Level, r: &Route<'_>) {
    match r.mark() {
        Some(mark @ 16..) => {
            out.display(MARK_HEX, format_args!("{mark:#x}"));
            out.uint(MARK_JSON, mark);
        }
        Some(mark @ 1..) => out.uint(MARK, mark),
        _ => {}
    }
    if let Some(flow) = r.flow()
        && filter.shows_realms()
    {
        realm::show(out, names, flow);
    }
    if let Some(uid) = r.uid() {
        out.uint(UID, uid);
    }
    let h = r.header;
    if h.family == AF_INET && h.flags & RTM_F_CLONED != 0 {
        flags::show_cache(out, h.flags);
    }
    if matches!(h.family, AF_INET | AF_INET6)
        && let Some(c) = r.cache()
    {
        cache(out, &c, level.stats);
    }
    if let Some(nest) = r.metrics() {
        metrics::show(out, nest);
    }
    if let Some(index) = r.iif()
        && filter.iif.is_none()
    {
        out.bytes(IIF, names.name(index));
    }
    match r.pref() {
        Some(0) => out.str(PREF, "medium"),
        Some(1) => out.str(PREF, "high"),
        Some(3) => out.str(PREF, "low"),
        Some(n) => out.uint(PREF, n),
        None => {}
    }
    if let Some(on) = r.ttl_propagate() {
        out.str(TTL_PROPAGATE, if on == 0 { "disabled" } else { "enabled" });
        // The key is misspelt in iproute2; the right one stands before it.
        out.json_bool("ttl-propagate", on != 0);
        out.json_bool("ttl-propogate", on != 0);
    }
}

const EXPIRES: Field = field("expires", "expires {}sec ");
const ERROR: Field = field("error", "error {} ");
const USERS: Field = field("users", "users {} ");
const USED: Field = field("used", "used {} ");
const AGE: Field = field("age", "age {}sec ");
const IPID: Field = field("ipid", "ipid {} ");
const TS: Field = field("ts", "ts {} ");
const TSAGE: Field = field("tsage", "tsage {}sec ");

/// Shows struct rta_cacheinfo.
fn cache(out: &mut Out, c: &Cache, stats: bool) {
    if c.expires_ticks != 0 {
        out.int(EXPIRES, c.expires_ticks / HZ.cast_signed());
    }
    if c.error != 0 {
        out.uint(ERROR, c.error);
    }
    if stats {
        if c.references != 0 {
            out.uint(USERS, c.references);
        }
        if c.used != 0 {
            out.uint(USED, c.used);
        }
        if c.last_use_ticks != 0 {
            out.uint(AGE, c.last_use_ticks / HZ);
        }
    }
    if c.id != 0 {
        out.display(IPID, format_args!("0x{:04x}", c.id));
    }
    if c.stamp != 0 || c.stamp_age != 0 {
        out.display(TS, format_args!("{:#x}", c.stamp));
        out.uint(TSAGE, c.stamp_age);
    }
}
