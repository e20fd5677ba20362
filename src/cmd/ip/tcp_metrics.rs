//! `ip tcp_metrics`: what TCP remembers of other hosts.

use crate::cli::value::{self, AF_INET, AF_INET6, AF_UNSPEC, Prefix};
use crate::cli::{Args, Usage, exact, prefix};
use crate::ctx::{Ctx, dump_each, pointed};
use crate::error::{Error, Result};
use crate::genl::{self, Family};
use crate::names::Names;
use crate::netlink::{Attr, Attrs, Request};
use crate::output::{Field, Out, Style, field, text_only};

use super::Grammar;
use super::host;
use super::verb::{self, Verb};

/// The family and its version.
const FAMILY: (&str, u8) = ("tcp_metrics", 1);

// Commands and attributes (linux/tcp_metrics.h).
const CMD_GET: u8 = 1;
const CMD_DEL: u8 = 2;
const ATTR_ADDR_IPV4: u16 = 1;
const ATTR_ADDR_IPV6: u16 = 2;
const ATTR_AGE: u16 = 3;
const ATTR_TW_TSVAL: u16 = 4;
const ATTR_TW_TS_STAMP: u16 = 5;
const ATTR_VALS: u16 = 6;
const ATTR_FOPEN_MSS: u16 = 7;
const ATTR_FOPEN_SYN_DROPS: u16 = 8;
const ATTR_FOPEN_SYN_DROP_TS: u16 = 9;
const ATTR_FOPEN_COOKIE: u16 = 10;
const ATTR_SADDR_IPV4: u16 = 11;
const ATTR_SADDR_IPV6: u16 = 12;

/// After so many rounds a flush is given up.
const ROUNDS: u32 = 10;

/// In the order in which beginnings are tried.
#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: prefix("list"), args: "=", run: show },
    Verb { word: prefix("show"), args: "[ SELECTOR ... ]", run: show },
    Verb { word: prefix("lst"), args: "=", run: show },
    Verb { word: prefix("delete"), args: "[ address ] ADDR [ src ADDR ]", run: delete },
    Verb { word: prefix("remove"), args: "=", run: delete },
    Verb { word: prefix("flush"), args: "[ SELECTOR ... ]", run: flush },
    Verb { word: prefix("help"), args: "", run: help },
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    verb::dispatch(ctx, args, "tcp_metrics", VERBS, show)
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "tcp_metrics", verbs: VERBS, usage }
}

fn usage() -> Usage {
    let more = "SELECTOR := { [ address | addr ] PREFIX | { src | source } ADDR }\n";
    verb::usage("tcp_metrics", VERBS, more)
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

/// Which hosts are meant.
#[derive(Default)]
struct Selector {
    family: u8,
    dst: Option<Prefix>,
    src: Option<Prefix>,
}

impl Selector {
    /// The one host that is meant, and not a whole network.
    fn host(&self) -> Option<Prefix> {
        self.dst.filter(is_host)
    }

    fn accepts(&self, attrs: Attrs<'_>) -> bool {
        let dst = address(attrs, ATTR_ADDR_IPV4, ATTR_ADDR_IPV6);
        let src = address(attrs, ATTR_SADDR_IPV4, ATTR_SADDR_IPV6);
        let lies_in = |p: &Option<Prefix>, a: Option<&[u8]>| match (p, a) {
            (None, _) => true,
            (Some(p), _) if p.addr.family == AF_UNSPEC => true,
            (Some(p), Some(a)) => p.addr.bytes().len() == a.len() && p.contains(a),
            (Some(_), None) => false,
        };
        let family = dst.map_or(AF_UNSPEC, |d| if d.len() == 4 { AF_INET } else { AF_INET6 });
        (self.family == AF_UNSPEC || self.family == family)
            && lies_in(&self.dst, dst)
            && lies_in(&self.src, src)
    }
}

fn is_host(p: &Prefix) -> bool {
    p.addr.bits() != 0 && p.len == p.addr.bits()
}

fn address(attrs: Attrs<'_>, v4: u16, v6: u16) -> Option<&[u8]> {
    Some(attrs.find(v4).or(attrs.find(v6))?.value)
}

/// Reads the words. The reference skips one behind each value; those are refused here.
fn read(ctx: &Ctx, args: &mut Args<'_>, one: bool) -> Result<Selector> {
    let family = ctx.opts.family;
    if ![AF_UNSPEC, AF_INET, AF_INET6].contains(&family) {
        return Err(Error::failed(1, format!("Unsupported protocol family: {family}")).into());
    }
    let specific = |word: &[u8]| {
        let text = [b"Error: a specific IP address is expected rather than \"", word, b"\""];
        Usage::new(1, text.concat())
    };
    let mut s = Selector { family, ..Selector::default() };
    while let Some(word) = args.take() {
        if matches!(word, b"src" | b"source") {
            let word = args.need()?;
            if s.src.is_some() {
                return Err(args.garbage("source").into());
            }
            let p = value::prefix(word, s.family).map_err(|e| e.at(args.at()))?;
            if p.addr.bits() != 0 && !is_host(&p) {
                return Err(specific(word).at(args.at()).into());
            }
            s.src = Some(p);
            s.family = if s.family == AF_UNSPEC { p.addr.family } else { s.family };
            continue;
        }
        if matches!(word, b"addr" | b"address") {
            args.need()?;
        }
        let word = args.last();
        if exact("help").is(word) {
            return Err(usage().into());
        }
        if s.dst.is_some() {
            return Err(args.garbage("address").into());
        }
        let p = value::prefix(word, s.family).map_err(|e| e.at(args.at()))?;
        if one && !is_host(&p) {
            return Err(specific(word).at(args.at()).into());
        }
        s.family = if s.family == AF_UNSPEC { p.addr.family } else { s.family };
        s.dst = Some(p);
    }
    if one && s.dst.is_none() {
        return Err(args.required("address").into());
    }
    Ok(s)
}

fn open(ctx: &mut Ctx) -> Result<Family, Error> {
    ctx.genl(FAMILY.0, FAMILY.1)
}

/// Adds an address to a request.
fn put(request: &mut Request, p: Option<Prefix>, v4: u16, v6: u16) {
    if let Some(p) = p.filter(|p| p.addr.bits() != 0) {
        request.attr(if p.addr.family == AF_INET { v4 } else { v6 }, p.addr.bytes());
    }
}

/// A request about one host.
fn about(family: &Family, command: u8, s: &Selector) -> Request {
    let mut request = family.request(command, 0);
    put(&mut request, s.dst, ATTR_ADDR_IPV4, ATTR_ADDR_IPV6);
    put(&mut request, s.src, ATTR_SADDR_IPV4, ATTR_SADDR_IPV6);
    request
}

fn show(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let s = read(ctx, args, false)?;
    let mut family = open(ctx)?;
    if s.host().is_some() {
        let mut request = about(&family, CMD_GET, &s);
        let msg = family.conn.get(&mut request).map_err(|e| pointed(e, &request))?;
        // The reference has no JSON here.
        ctx.out.begin();
        line(&mut ctx.out, &mut ctx.names, genl::attrs(msg.payload), false);
        ctx.out.end();
        return Ok(());
    }
    let mut request = family.request(CMD_GET, 0);
    Ok(ctx.genl_table(&mut family, &mut request, 1, &mut |out, names, _, msg| {
        let attrs = genl::attrs(msg.payload);
        if s.accepts(attrs) {
            line(out, names, attrs, false);
        }
    })?)
}

fn delete(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let s = read(ctx, args, true)?;
    let mut family = open(ctx)?;
    let mut request = about(&family, CMD_DEL, &s);
    Ok(Ctx::genl_change(&mut family, &mut request, 2)?)
}

fn flush(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let s = read(ctx, args, false)?;
    let mut family = open(ctx)?;
    let all = s.dst.is_none_or(|p| p.addr.family == AF_UNSPEC) && s.src.is_none();
    if s.host().is_some() || (all && s.family == AF_UNSPEC) {
        let mut request = about(&family, CMD_DEL, &s);
        return Ok(Ctx::genl_change(&mut family, &mut request, 2)?);
    }
    // The reference has no JSON here: what is deleted is listed as text.
    let style = ctx.opts.style;
    ctx.out.set_style(Style { json: false, ..style });
    let done = rounds(ctx, &mut family, &s);
    ctx.out.set_style(style);
    done
}

fn rounds(ctx: &mut Ctx, family: &mut Family, s: &Selector) -> Result {
    let said = ctx.opts.stats > 0;
    for round in 0..ROUNDS {
        let mut found: Vec<Vec<u8>> = Vec::new();
        let mut request = family.request(CMD_GET, 0);
        dump_each(&mut family.conn, &mut request, 1, &mut |msg| {
            if s.accepts(genl::attrs(msg.payload)) {
                found.push(msg.payload.to_vec());
            }
        })?;
        if found.is_empty() {
            if said && round == 0 {
                ctx.complain(b"Nothing to flush.\n");
            } else if said {
                let plural = if round == 1 { "" } else { "s" };
                let text = format!("*** Flush is complete after {round} round{plural} ***\n");
                ctx.out.raw(text.as_bytes());
            }
            return Ok(());
        }
        for payload in &found {
            let attrs = genl::attrs(payload);
            let mut request = family.request(CMD_DEL, 0);
            for kind in [ATTR_ADDR_IPV4, ATTR_ADDR_IPV6, ATTR_SADDR_IPV4, ATTR_SADDR_IPV6] {
                attrs.find(kind).into_iter().for_each(|a| request.attr(kind, a.value));
            }
            if ctx.opts.stats > 1 {
                line(&mut ctx.out, &mut ctx.names, attrs, true);
            }
            Ctx::genl_change(family, &mut request, 1)?;
        }
        if said {
            let count = found.len();
            let text = format!("\n*** Round {}, deleting {count} entries ***\n", round + 1);
            ctx.out.raw(text.as_bytes());
        }
    }
    let text = format!("*** Flush not completed bailing out after {ROUNDS} rounds\n");
    ctx.complain(text.as_bytes());
    Err(Error::Status(1).into())
}

const DST: Field = field("dst", "{}");
const SOURCE: Field = field("source", " source {}");

/// A number of seconds: with three digits in text, as `%g` prints it in JSON.
fn seconds(out: &mut Out, text: Field, key: &'static str, value: f64) {
    if out.is_json() {
        out.number(field_of(key), general(value));
    } else {
        out.str(text, &format!("{value:.3}"));
    }
}

/// A value that has no text here.
const fn field_of(key: &'static str) -> Field {
    crate::output::json_only(key)
}

/// One entry, with the end of its line.
fn line(out: &mut Out, names: &mut Names, attrs: Attrs<'_>, deleted: bool) {
    out.open();
    if deleted {
        out.flag("deleted", "Deleted ");
    }
    if let Some(a) = address(attrs, ATTR_ADDR_IPV4, ATTR_ADDR_IPV6) {
        host::show(out, names, DST, a);
    }
    if let Some(age) = attrs.find(ATTR_AGE).and_then(Attr::u64) {
        seconds(out, text_only(" age {}sec"), "age", ms(age));
    }
    if let Some(stamp) = attrs.find(ATTR_TW_TS_STAMP).and_then(Attr::i32) {
        let value = attrs.find(ATTR_TW_TSVAL).and_then(Attr::u32).unwrap_or(0);
        out.uint(text_only(" tw_ts {}"), value);
        out.int(field("tw_ts_stamp", "/{} ago"), stamp);
    }
    if let Some(values) = attrs.find(ATTR_VALS) {
        metrics(out, values.nested());
    }
    if let Some(mss) = attrs.find(ATTR_FOPEN_MSS).and_then(Attr::u16) {
        // The key is the reference's (observed in iproute2 6.15).
        out.uint(field("fopen_miss", " fo_mss {}"), mss);
    }
    if let Some(drops) = attrs.find(ATTR_FOPEN_SYN_DROPS).and_then(Attr::u16) {
        out.uint(field("fopen_syn_drops", " fo_syn_drops {}"), drops);
        if let Some(at) = attrs.find(ATTR_FOPEN_SYN_DROP_TS).and_then(Attr::u64) {
            seconds(out, text_only("/{}sec ago"), "fopen_syn_drop_ts", ms(at));
        }
    }
    if let Some(cookie) = attrs.find(ATTR_FOPEN_COOKIE) {
        let text: String = cookie.value.iter().map(|b| format!("{b:02x}")).collect();
        out.str(field("fo_cookie", " fo_cookie {}"), &text);
    }
    if let Some(a) = address(attrs, ATTR_SADDR_IPV4, ATTR_SADDR_IPV6) {
        host::show(out, names, SOURCE, a);
    }
    out.newline();
    out.close();
}

#[allow(clippy::cast_precision_loss)] // times of less than a thousand years
fn ms(value: u64) -> f64 {
    value as f64 / 1000.0
}

/// The metrics by their number, which is one more on the wire: round trips in milliseconds (0, 1)
/// and microseconds (5, 6), of which the latter count.
fn metrics(out: &mut Out, values: Attrs<'_>) {
    const NAMED: [(u16, Field); 3] = [
        (2, field("ssthresh", " ssthresh {}")),
        (3, field("cwnd", " cwnd {}")),
        (4, field("reordering", " reordering {}")),
    ];
    let value = |number: u16| values.find(number + 1).and_then(Attr::u32).filter(|v| *v != 0);
    for (number, shown) in NAMED {
        value(number).into_iter().for_each(|v| out.uint(shown, v));
    }
    for (key, text, us, ms) in
        [("rtt", text_only(" rtt {}us"), 5, 0), ("rttvar", text_only(" rttvar {}us"), 6, 1)]
    {
        let found = value(us).map(u64::from).or(value(ms).map(|v| u64::from(v) * 1000));
        let Some(found) = found else { continue };
        if out.is_json() {
            out.number(field_of(key), general(self::ms(found) / 1000.0));
        } else {
            out.uint(text, found);
        }
    }
}

/// A number as C's `%g` prints it: six digits, no zeros at the end.
fn general(value: f64) -> String {
    let scientific = format!("{value:.5e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |text: &str| {
        let text = if text.contains('.') { text.trim_end_matches('0') } else { text };
        text.trim_end_matches('.').to_owned()
    };
    if (-4..6).contains(&exponent) {
        let places = usize::try_from(5 - exponent).unwrap_or(0);
        return trim(&format!("{value:.places$}"));
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", trim(digits), exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing is remembered in a lab: what is shown is tested by its bytes.
    #[test]
    fn all_that_may_be_remembered_is_shown() {
        let mut r = Request::new(0, 0, &[]);
        r.attr(ATTR_ADDR_IPV4, &[10, 0, 0, 1]);
        r.u64(ATTR_AGE, 1500);
        let values = r.nest(ATTR_VALS);
        r.u32(4, 11);
        r.u32(6, 108);
        r.u32(2, 3);
        r.end(values);
        r.u16(ATTR_FOPEN_MSS, 1460);
        r.u16(ATTR_FOPEN_SYN_DROPS, 2);
        r.u64(ATTR_FOPEN_SYN_DROP_TS, 2500);
        r.attr(ATTR_FOPEN_COOKIE, &[0xab, 0xcd]);
        r.attr(ATTR_SADDR_IPV4, &[10, 0, 0, 2]);
        let told = [false, true].map(|json| {
            let mut out = Out::memory(Style { json, ..Style::default() });
            line(&mut out, &mut Names::default(), Attrs(r.payload()), true);
            String::from_utf8(out.taken()).unwrap()
        });
        assert_eq!(
            told,
            [
                "Deleted 10.0.0.1 age 1.500sec cwnd 11 rtt 108us rttvar 3000us fo_mss 1460 \
                 fo_syn_drops 2/2.500sec ago fo_cookie abcd source 10.0.0.2\n",
                "{\"deleted\":true,\"dst\":\"10.0.0.1\",\"age\":1.5,\"cwnd\":11,\
                 \"rtt\":0.000108,\"rttvar\":0.003,\"fopen_miss\":1460,\"fopen_syn_drops\":2,\
                 \"fopen_syn_drop_ts\":2.5,\"fo_cookie\":\"abcd\",\"source\":\"10.0.0.2\"}"
            ]
        );
    }

    #[test]
    fn numbers_are_printed_as_c_does() {
        let told: Vec<_> = [0.0, 0.5, 0.000_108, 0.000_063, 1.0, 123_456.0, 1_234_567.0, 12.340_5]
            .map(general)
            .into();
        assert_eq!(
            told,
            ["0", "0.5", "0.000108", "6.3e-05", "1", "123456", "1.23457e+06", "12.3405"]
        );
    }
}
