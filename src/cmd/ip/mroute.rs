//! `ip mroute`: routes of multicast packets, which a daemon has made.

use crate::cli::value::{self, AF_INET, AF_INET6, AF_UNSPEC, Prefix};
use crate::cli::{Args, Row, Usage, exact, prefix};
use crate::ctx::{Ctx, Opts};
use crate::error::{Error, Result};
use crate::names::{Kind, Names};
use crate::netlink::{Attr, Attrs, Request};
use crate::output::{Field, Out, Paint, field, json_only, text_only};
use crate::rtnl::consts::{
    RT_TABLE_DEFAULT, RT_TABLE_MAIN, RTA_DST, RTA_EXPIRES, RTA_IIF, RTA_MULTIPATH, RTA_SRC,
    RTA_TABLE, RTM_GETROUTE, RTN_MULTICAST, RTNH_F_OFFLOAD, RTNH_F_UNRESOLVED,
};

use super::Grammar;
use super::host;
use super::verb::{self, Verb};

/// Families of routes for multicast packets (linux/rtnetlink.h).
const RTNL_FAMILY_IPMR: u8 = 128;
const RTNL_FAMILY_IP6MR: u8 = 129;
const RTA_MFC_STATS: u16 = 17;
/// struct rtmsg.
const HEADER_LEN: usize = 12;
/// Clock ticks a second (USER_HZ).
const HZ: u64 = 100;

/// In the order in which beginnings are tried.
#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: prefix("list"), args: "=", run: show },
    Verb { word: prefix("show"), args: "[ SELECTOR ... ]", run: show },
    Verb { word: prefix("lst"), args: "=", run: show },
    Verb { word: prefix("help"), args: "", run: help },
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    verb::dispatch(ctx, args, "mroute", VERBS, show)
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "mroute", verbs: VERBS, usage }
}

fn usage() -> Usage {
    let mut more = verb::words("SELECTOR", rows());
    more.push_str("TABLE := { default | all | NAME | NUMBER }\n");
    verb::usage("mroute", VERBS, &more)
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

/// Which routes are shown.
#[derive(Default)]
pub struct Filter {
    /// 0: every table.
    table: u32,
    /// Where packets arrive.
    pub iif: Option<u32>,
    from: Option<Prefix>,
    to: Option<Prefix>,
}

/// The selectors while they are read.
struct Reading<'n> {
    names: &'n mut Names,
    family: u8,
    iif: Option<Vec<u8>>,
    filter: Filter,
}

/// The selectors, in the order in which they are tried.
#[rustfmt::skip] // one row, one line
fn rows<'n>() -> &'n [Row<Reading<'n>>] {
    const {
        &[
            Row { word: prefix("table"), arg: "TABLE", take: table, again: true },
            Row { word: exact("iif"), arg: "DEV", take: |a, r| { r.iif = Some(a.need()?.to_vec()); Ok(()) }, again: true },
            Row { word: prefix("from"), arg: "PREFIX", take: |a, r| { a.need()?; r.filter.from = Some(network(a, r)?); Ok(()) }, again: true },
            Row { word: exact("to"), arg: "PREFIX", take: |a, r| { a.need()?; r.filter.to = Some(network(a, r)?); Ok(()) }, again: true },
        ]
    }
}

fn table(args: &mut Args<'_>, r: &mut Reading<'_>) -> Result<(), Usage> {
    let word = args.need()?;
    r.filter.table = match r.names.number(Kind::RtTable, word) {
        Some(number) => number,
        None if word == b"all" => 0,
        None => return Err(args.wrong("table id value is invalid\n")),
    };
    Ok(())
}

/// The word taken last as a prefix.
fn network(args: &Args<'_>, r: &Reading<'_>) -> Result<Prefix, Usage> {
    value::prefix(args.last(), r.family).map_err(|e| e.at(args.at()))
}

fn show(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let family = match ctx.opts.family {
        AF_UNSPEC | AF_INET => RTNL_FAMILY_IPMR,
        AF_INET6 => RTNL_FAMILY_IP6MR,
        other => other,
    };
    if family < RTNL_FAMILY_IPMR {
        // Other families have none, and nothing is read.
        return Ok(());
    }
    let table = if family == RTNL_FAMILY_IPMR { RT_TABLE_DEFAULT } else { 0 };
    let filter = Filter { table, ..Filter::default() };
    let mut r = Reading { names: &mut ctx.names, family: ctx.opts.family, iif: None, filter };
    args.read(rows(), &mut r, |args, r| {
        if prefix("help").is(args.last()) {
            return Err(usage());
        }
        r.filter.to = Some(network(args, r)?);
        Ok(())
    })?;
    if let Some(name) = r.iif {
        let missing = || Error::failed(1, [b"Cannot find device \"", &name[..], b"\""].concat());
        r.filter.iif = Some(r.names.index(&name).ok_or_else(missing)?);
    }
    let filter = r.filter;
    let mut header = [0; HEADER_LEN];
    header[0] = family;
    let mut request = Request::new(RTM_GETROUTE, 0, &header);
    if filter.table != 0 {
        request.u32(RTA_TABLE, filter.table);
    }
    Ok(ctx.table(&mut request, 1, &mut |out, names, opts, msg| {
        if msg.payload.first() == Some(&family) && filter.accepts(msg.payload) {
            out.open();
            line(out, names, opts, &filter, msg.payload);
            out.close();
        }
    })?)
}

/// Whether a message is about a route of multicast packets.
pub fn is_one(payload: &[u8]) -> bool {
    payload.len() >= HEADER_LEN && [RTNL_FAMILY_IPMR, RTNL_FAMILY_IP6MR].contains(&payload[0])
}

fn attrs(payload: &[u8]) -> Attrs<'_> {
    Attrs(payload.get(HEADER_LEN..).unwrap_or(&[]))
}

fn table_of(payload: &[u8]) -> u32 {
    let own = payload.get(4).copied().unwrap_or(0);
    attrs(payload).find(RTA_TABLE).and_then(Attr::u32).unwrap_or(own.into())
}

impl Filter {
    pub fn accepts(&self, payload: &[u8]) -> bool {
        let attrs = attrs(payload);
        let lies_in = |p: &Option<Prefix>, kind: u16| match p {
            Some(p) if p.addr.bits() != 0 => attrs
                .find(kind)
                .is_some_and(|a| a.value.len() == p.addr.bytes().len() && p.contains(a.value)),
            _ => true,
        };
        let iif = attrs.find(RTA_IIF).and_then(Attr::u32);
        payload.get(7) == Some(&RTN_MULTICAST)
            && (self.table == 0 || self.table == table_of(payload))
            && (self.iif.is_none() || self.iif == iif)
            && lies_in(&self.from, RTA_SRC)
            && lies_in(&self.to, RTA_DST)
    }
}

const SRC: Field = json_only("src");
const DST: Field = json_only("dst");
const IIF: Field = field("iif", "{} ");
const OIF: Field = field("oif", "{}");
const TTL: Field = field("ttl", "(ttl {}) ");
const STATE: Field = field("state", " State: {}");
const TABLE: Field = field("table", " Table: {}");

/// One route, with the end of its line.
pub fn line(out: &mut Out, names: &mut Names, opts: &Opts, filter: &Filter, payload: &[u8]) {
    let attrs = attrs(payload);
    let unspecified: &[u8] =
        if payload.first() == Some(&RTNL_FAMILY_IPMR) { &[0; 4] } else { &[0; 16] };
    let addr = |kind| attrs.find(kind).map_or(unspecified, |a| a.value);
    if out.is_json() {
        host::show(out, names, SRC, addr(RTA_SRC));
        host::show(out, names, DST, addr(RTA_DST));
    } else {
        let mut pair = String::from("(");
        pair.push_str(&text(names, addr(RTA_SRC)));
        pair.push(',');
        pair.push_str(&text(names, addr(RTA_DST)));
        pair.push(')');
        out.text(&format!("{pair:<32} Iif: "));
    }
    let iif = attrs.find(RTA_IIF).and_then(Attr::u32);
    let name = iif.map_or(&b"unresolved"[..], |i| names.name(i));
    out.left(Paint::IfName, IIF, name, 10);
    out.open_list("multipath");
    if let Some(hops) = attrs.find(RTA_MULTIPATH).filter(|h| !h.value.is_empty()) {
        out.text("Oifs: ");
        outputs(out, names, hops.value);
    }
    out.close_list();
    let flags =
        payload.get(8..).and_then(|b| b.first_chunk()).map_or(0, |b| u32::from_ne_bytes(*b));
    let resolved = flags & RTNH_F_UNRESOLVED == 0;
    out.str(STATE, if resolved { "resolved" } else { "unresolved" });
    if flags & RTNH_F_OFFLOAD != 0 {
        out.null("offload", " offload");
    }
    if opts.stats > 0 {
        counters(out, attrs);
    }
    let table = table_of(payload);
    if table != 0 && (table != RT_TABLE_MAIN || opts.details > 0) && filter.table == 0 {
        out.str(TABLE, &names.show(Kind::RtTable, table));
    }
    out.newline();
}

fn text(names: &mut Names, addr: &[u8]) -> String {
    let mut text = Vec::new();
    match names.host(addr) {
        Some(name) => text.extend_from_slice(name),
        None => crate::output::addr::ip(&mut text, addr),
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// struct rtnexthop: length u16, flags, hops (the least TTL), index i32.
fn outputs(out: &mut Out, names: &mut Names, mut hops: &[u8]) {
    while let Some(&[l0, l1, _, ttl, i0, i1, i2, i3]) = hops.first_chunk::<8>() {
        let len = usize::from(u16::from_ne_bytes([l0, l1])).max(8);
        out.open();
        let index = u32::from_ne_bytes([i0, i1, i2, i3]);
        out.painted(Paint::IfName, OIF, names.name(index));
        if ttl > 1 {
            out.uint(TTL, ttl);
        } else {
            out.text(" ");
        }
        out.close();
        hops = hops.get(len.next_multiple_of(4)..).unwrap_or(&[]);
    }
}

fn counters(out: &mut Out, attrs: Attrs<'_>) {
    let stats = attrs.find(RTA_MFC_STATS);
    let count = |at: usize| {
        let words = stats.map_or(&[][..], |a| a.value).as_chunks::<8>().0;
        words.get(at).map_or(0, |b| u64::from_ne_bytes(*b))
    };
    if stats.is_some() {
        out.line_break();
        out.uint(field("packets", "  {} packets,"), count(0));
        out.uint(field("bytes", " {} bytes"), count(1));
        if count(2) != 0 {
            out.uint(field("wrong_if", ", {} arrived on wrong iif."), count(2));
        }
    }
    if let Some(ticks) = attrs.find(RTA_EXPIRES).and_then(Attr::u64) {
        let (seconds, part) = (ticks / HZ, ticks % HZ);
        let text = format!("{seconds}.{part:02}");
        if out.is_json() {
            // No zeros at the end.
            let short = text.trim_end_matches('0').trim_end_matches('.');
            out.number(json_only("expires"), short);
        } else {
            out.str(text_only(", Age {}"), &text);
        }
    }
}
