//! `ip ntable`: how neighbour tables are kept.
//!
//! struct ndtmsg (linux/neighbour.h) is the family, one byte, padded to four. Times are
//! milliseconds, eight bytes; everything else is four.

use crate::cli::value::family_name;
use crate::cli::{Args, Usage, Word, exact, prefix, value};
use crate::ctx::{Ctx, Opts};
use crate::error::{Error, Result};
use crate::names::Names;
use crate::netlink::{Attr, Attrs, Msg, Request};
use crate::output::{Field, Out, Paint, field};
use crate::rtnl::consts::{RTM_GETNEIGHTBL, RTM_SETNEIGHTBL};
use crate::sys::clock;

use super::Grammar;
use super::verb::{self, Verb};

const NDTA_NAME: u16 = 1;
const NDTA_CONFIG: u16 = 5;
const NDTA_PARMS: u16 = 6;
const NDTA_STATS: u16 = 7;
const NDTPA_IFINDEX: u16 = 1;

const FAMILY: Field = field("family", "{} ");
const NAME: Field = field("name", "{} ");
const DEV: Field = field("dev", "{} ");

/// One number of a table or of its parameters.
struct Number {
    /// As it is typed; empty for one that is only shown.
    word: &'static str,
    attr: u16,
    /// Whether it is of eight bytes: a time.
    wide: bool,
    show: Field,
}

const fn count(word: &'static str, attr: u16, show: Field) -> Number {
    Number { word, attr, wide: false, show }
}
const fn time(word: &'static str, attr: u16, show: Field) -> Number {
    Number { word, attr, wide: true, show }
}

/// Of the whole table.
#[rustfmt::skip] // one row, one line
static OF_TABLE: &[Number] = &[
    count("thresh1", 2, field("thresh1", "thresh1 {} ")),
    count("thresh2", 3, field("thresh2", "thresh2 {} ")),
    count("thresh3", 4, field("thresh3", "thresh3 {} ")),
    time("gc_int", 8, field("gc_interval", "gc_int {} ")),
];

/// Of one device or of those to come, in lines.
#[rustfmt::skip] // one row, one line
static PARAMETERS: &[&[Number]] = &[
    &[
        count("", 2, field("refcnt", "refcnt {} ")),
        time("", 3, field("reachable", "reachable {} ")),
        time("base_reachable", 4, field("base_reachable", "base_reachable {} ")),
        time("retrans", 5, field("retrans", "retrans {} ")),
    ],
    &[
        time("gc_stale", 6, field("gc_stale", "gc_stale {} ")),
        time("delay_probe", 7, field("delay_probe", "delay_probe {} ")),
        count("queue", 8, field("queue", "queue {} ")),
    ],
    &[
        count("app_probes", 9, field("app_probes", "app_probes {} ")),
        count("ucast_probes", 10, field("ucast_probes", "ucast_probes {} ")),
        count("mcast_probes", 11, field("mcast_probes", "mcast_probes {} ")),
        count("mcast_reprobes", 17, field("mcast_reprobes", "mcast_reprobes {} ")),
    ],
    &[
        time("anycast_delay", 12, field("anycast_delay", "anycast_delay {} ")),
        time("proxy_delay", 13, field("proxy_delay", "proxy_delay {} ")),
        count("proxy_queue", 14, field("proxy_queue", "proxy_queue {} ")),
        time("locktime", 15, field("locktime", "locktime {} ")),
    ],
];

/// struct ndt_stats: u64 one behind the other, in lines.
const STATISTICS: &[&[Field]] = &[
    &[
        field("allocs", "    stats allocs {} "),
        field("destroys", "destroys {} "),
        field("hash_grows", "hash_grows {} "),
    ],
    &[
        field("res_failed", "    res_failed {} "),
        field("lookups", "lookups {} "),
        field("hits", "hits {} "),
    ],
    &[
        field("rcv_probes_mcast", "    rcv_probes_mcast {} "),
        field("rcv_probes_ucast", "rcv_probes_ucast {} "),
    ],
    &[
        field("periodic_gc_runs", "    periodic_gc_runs {} "),
        field("forced_gc_runs", "forced_gc_runs {} "),
    ],
    &[field("table_fulls", "    table_fulls {} ")],
];

/// In the order in which beginnings are tried.
#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: prefix("change"), args: "name TABLE [ dev DEV ] WORD ...", run: change },
    Verb { word: prefix("chg"), args: "=", run: change },
    Verb { word: prefix("show"), args: "[ name TABLE ] [ dev DEV ]", run: show },
    Verb { word: prefix("lst"), args: "=", run: show },
    Verb { word: prefix("list"), args: "=", run: show },
    Verb { word: prefix("help"), args: "", run: help },
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    verb::dispatch(ctx, args, "ntable", VERBS, show)
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "ntable", verbs: VERBS, usage }
}

/// Every number that can be changed, and whether it is of the table itself.
fn changeable() -> impl Iterator<Item = (&'static Number, bool)> {
    let own = OF_TABLE.iter().map(|n| (n, true));
    own.chain(PARAMETERS.iter().copied().flatten().map(|n| (n, false)))
        .filter(|(n, _)| !n.word.is_empty())
}

fn usage() -> Usage {
    let words = changeable().map(|(n, _)| (n.word, if n.wide { "MSEC" } else { "NUMBER" }));
    verb::usage("ntable", VERBS, &verb::listed("WORD", words))
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

fn change(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    const NAME_WORD: Word = exact("name");
    let mut name: Option<&[u8]> = None;
    // Attributes of the table and of its parameters are collected apart.
    let mut request = Request::new(RTM_SETNEIGHTBL, 0, &[ctx.opts.family, 0, 0, 0]);
    let mut parameters = Request::new(0, 0, &[]);
    let mut changes = false;
    while let Some(word) = args.take() {
        if NAME_WORD.is(word) {
            let given = args.need()?;
            if name.replace(given).is_some() {
                return Err(args.duplicate("NAME").into());
            }
            request.from_word(args.at());
            request.strz(NDTA_NAME, given);
        } else if word == b"dev" {
            let dev = args.need()?;
            let index = ctx
                .names
                .index(dev)
                .ok_or_else(|| Error::failed(1, [b"Cannot find device \"", dev, b"\""].concat()))?;
            parameters.u32(NDTPA_IFINDEX, index);
        } else {
            let found = changeable().find(|(n, _)| n.word.as_bytes() == word);
            let (number, own) = found.ok_or_else(|| args.wrong("unknown"))?;
            let wrong = ["\"", number.word, "\" value is invalid"].concat();
            let into = if own { &mut request } else { &mut parameters };
            into.from_word(args.at());
            if number.wide {
                into.u64(number.attr, args.value(value::u64, &wrong)?);
            } else {
                into.u32(number.attr, args.value(value::u32, &wrong)?);
            }
            changes = true;
        }
    }
    if name.is_none() {
        return Err(args.required("NAME").into());
    }
    if !changes {
        let text = "Not enough information: changeable attributes required.";
        return Err(Error::fatal(255, text).into());
    }
    if !parameters.payload().is_empty() {
        request.attr(NDTA_PARMS, parameters.payload());
    }
    Ok(ctx.change(&mut request)?)
}

fn show(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let (mut name, mut index): (Option<&[u8]>, _) = (None, 0);
    while let Some(word) = args.take() {
        match word {
            b"dev" => {
                let dev = args.need()?;
                index = ctx.names.index(dev).ok_or_else(|| args.wrong("\"DEV\" is invalid"))?;
            }
            b"name" => name = Some(args.need()?),
            _ => return Err(args.wrong("unknown").into()),
        }
    }
    let family = ctx.opts.family;
    let mut request = Request::new(RTM_GETNEIGHTBL, 0, &[family, 0, 0, 0]);
    Ok(ctx.table(&mut request, 1, &mut |out, names, opts, msg| {
        let attrs = Attrs(msg.payload.get(4..).unwrap_or(&[]));
        let of = attrs.find(NDTA_PARMS).and_then(|p| p.nested().find(NDTPA_IFINDEX));
        let of = of.and_then(Attr::u32).unwrap_or(0);
        let called = attrs.find(NDTA_NAME).map(Attr::bytes);
        if (family == 0 || msg.payload.first() == Some(&family))
            && (index == 0 || of == index)
            && (name.is_none() || called == name)
        {
            out.open();
            record(out, names, opts, msg, of);
            out.close();
        }
    })?)
}

/// One table, or its parameters for one device.
fn record(out: &mut Out, names: &mut Names, opts: &Opts, msg: Msg<'_>, index: u32) {
    let attrs = Attrs(msg.payload.get(4..).unwrap_or(&[]));
    out.str(FAMILY, family_name(msg.payload.first().copied().unwrap_or(0)));
    if let Some(name) = attrs.find(NDTA_NAME) {
        out.bytes(NAME, name.bytes());
    }
    out.line_break();
    if OF_TABLE.iter().any(|n| attrs.find(n.attr).is_some()) {
        numbers(out, OF_TABLE, attrs);
    }
    if let Some(config) = attrs.find(NDTA_CONFIG).filter(|_| opts.stats > 0) {
        configuration(out, config.value);
    }
    if let Some(parms) = attrs.find(NDTA_PARMS) {
        if index != 0 {
            out.text("    dev ");
            out.painted(Paint::IfName, DEV, names.name(index));
            out.line_break();
        }
        for line in PARAMETERS {
            numbers(out, line, parms.nested());
        }
    }
    if let Some(stats) = attrs.find(NDTA_STATS).filter(|_| opts.stats > 0) {
        let mut values = stats.value.chunks_exact(8);
        for line in STATISTICS {
            for f in *line {
                let value = values.next().and_then(|b| b.first_chunk());
                value.into_iter().for_each(|b| out.uint(*f, u64::from_ne_bytes(*b)));
            }
            out.line_break();
        }
    }
    out.newline();
}

/// A line of numbers.
fn numbers(out: &mut Out, line: &[Number], attrs: Attrs<'_>) {
    out.text("    ");
    for n in line {
        let Some(a) = attrs.find(n.attr) else { continue };
        let value = if n.wide { a.u64() } else { a.u32().map(u64::from) };
        value.into_iter().for_each(|v| out.uint(n.show, v));
    }
    out.line_break();
}

/// struct ndt_config: two u16, then seven u32; two of them are milliseconds ago.
fn configuration(out: &mut Out, config: &[u8]) {
    let half = |at: usize| {
        config.get(at..at + 2).and_then(|b| b.first_chunk()).map_or(0, |b| u16::from_ne_bytes(*b))
    };
    let word =
        |at: usize| Attr { kind: 0, value: config.get(at..).unwrap_or(&[]) }.u32().unwrap_or(0);
    let when = |ms: u32| clock::as_iso(clock::now().0 - i64::from(ms / 1000)).replace('T', " ");
    out.uint(field("key_length", "    config key_len {} "), half(0));
    out.uint(field("entry_size", "entry_size {} "), half(2));
    out.uint(field("entries", "entries {} "), word(4));
    out.line_break();
    out.str(field("last_flush", "        last_flush {} "), &when(word(8)));
    out.str(field("last_rand", "last_rand {} "), &when(word(12)));
    out.line_break();
    out.uint(field("hash_rnd", "        hash_rnd {} "), word(16));
    let mask = word(20);
    let text = if out.is_json() { format!("{mask:#x}") } else { format!("{mask:08x}") };
    out.str(field("hash_mask", "hash_mask {} "), &text);
    out.uint(field("hash_chain_gc", "hash_chain_gc {} "), word(24));
    out.uint(field("proxy_qlen", "proxy_qlen {} "), word(28));
    out.line_break();
}
