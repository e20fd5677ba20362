//! `ip route add`, `change`, `replace`, `append`, `prepend`, `test`, `delete`.

use super::filter::{Filter, no_device};
use super::metrics::{self, METRICS, Metrics};
use super::show::{self, Level};
use super::{encap, kind, nexthop, realm};
use crate::cli::value::{self, AF_INET, AF_INET6, AF_MPLS, AF_UNSPEC, Addr};
use crate::cli::{Args, Usage, Word, exact, prefix};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::names::{Kind, Names};
use crate::netlink::{NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, Request};
use crate::rtnl::consts::{
    RT_SCOPE_HOST, RT_SCOPE_LINK, RT_SCOPE_NOWHERE, RT_SCOPE_UNIVERSE, RT_TABLE_LOCAL,
    RT_TABLE_MAIN, RTA_DST, RTA_EXPIRES, RTA_FLOW, RTA_NH_ID, RTA_OIF, RTA_PREF, RTA_PREFSRC,
    RTA_PRIORITY, RTA_SRC, RTA_TABLE, RTA_TTL_PROPAGATE, RTM_DELROUTE, RTM_NEWROUTE, RTN_ANYCAST,
    RTN_BROADCAST, RTN_LOCAL, RTN_MULTICAST, RTN_NAT, RTN_UNICAST, RTN_UNSPEC, RTNH_F_ONLINK,
    RTPROT_BOOT,
};
use crate::rtnl::route::{Header, Route};

pub fn add(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    run(ctx, args, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL)
}
pub fn change(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    run(ctx, args, RTM_NEWROUTE, NLM_F_REPLACE)
}
pub fn replace(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    run(ctx, args, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE)
}
pub fn prepend(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    run(ctx, args, RTM_NEWROUTE, NLM_F_CREATE)
}
pub fn append(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    run(ctx, args, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_APPEND)
}
pub fn test(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    run(ctx, args, RTM_NEWROUTE, NLM_F_EXCL)
}
pub fn delete(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    run(ctx, args, RTM_DELROUTE, 0)
}

/// A route as the words describe it.
struct Change<'a> {
    request: Request,
    header: Header,
    metrics: Metrics,
    /// The device and the place of its name among the words: it is looked up last.
    dev: Option<(&'a [u8], usize)>,
    destination: bool,
    table: bool,
    scope: bool,
    gateway: bool,
    nexthop_id: bool,
    /// `nexthop` was found; what follows are hops.
    hops: bool,
}

#[derive(Clone, Copy)]
enum Key {
    Src,
    As,
    Via,
    From,
    Tos,
    Expires,
    Metric,
    Scope,
    Realms,
    Onlink,
    Nexthop,
    NexthopId,
    Protocol,
    Table,
    Vrf,
    Dev,
    Pref,
    Encap,
    TtlPropagate,
}

/// In the order in which beginnings are tried, before the metrics.
#[rustfmt::skip] // one row, one line
static BEFORE: &[(Word, &str, Key)] = &[
    (exact("src"), "ADDRESS", Key::Src),
    (exact("as"), "[ to ] ADDRESS", Key::As),
    (exact("via"), "[ FAMILY ] ADDRESS", Key::Via),
    (exact("from"), "PREFIX", Key::From),
    (exact("tos"), "TOS", Key::Tos),
    (prefix("dsfield"), "TOS", Key::Tos),
    (exact("expires"), "SECONDS", Key::Expires),
    (prefix("metric"), "NUMBER", Key::Metric),
    (prefix("priority"), "NUMBER", Key::Metric),
    (exact("preference"), "NUMBER", Key::Metric),
    (exact("scope"), "SCOPE", Key::Scope),
];

/// Behind the metrics; anything else is `[to] [TYPE] PREFIX`.
#[rustfmt::skip] // one row, one line
static BEHIND: &[(Word, &str, Key)] = &[
    (prefix("realms"), "[FROM/]TO", Key::Realms),
    (exact("onlink"), "", Key::Onlink),
    (exact("nexthop"), "HOP", Key::Nexthop),
    (exact("nhid"), "ID", Key::NexthopId),
    (prefix("protocol"), "PROTO", Key::Protocol),
    (prefix("table"), "TABLE", Key::Table),
    (prefix("vrf"), "NAME", Key::Vrf),
    (exact("dev"), "DEVICE", Key::Dev),
    (exact("oif"), "DEVICE", Key::Dev),
    (prefix("pref"), "{ low | medium | high }", Key::Pref),
    (exact("encap"), "ENCAP ...", Key::Encap),
    (exact("ttl-propagate"), "{ enabled | disabled }", Key::TtlPropagate),
];

/// The words and their values, for the usage.
pub fn words() -> impl Iterator<Item = (&'static str, &'static str)> {
    let rows = |rows: &'static [(Word, &'static str, Key)]| rows.iter().map(|r| (r.0.full, r.1));
    rows(BEFORE).chain(metrics::words()).chain(rows(BEHIND))
}

fn find(rows: &[(Word, &str, Key)], word: &[u8]) -> Option<Key> {
    rows.iter().find(|(w, _, _)| w.is(word)).map(|row| row.2)
}

fn run(ctx: &mut Ctx, args: &mut Args<'_>, message: u16, flags: u16) -> Result {
    let mut request = parse(args, &mut ctx.names, ctx.opts.family, message, flags)?;
    if !ctx.opts.echo {
        if message == RTM_NEWROUTE && is_usual(&request) {
            request.set_quiet();
        }
        return Ok(ctx.change_later(&mut request)?);
    }
    let mut echoed = Vec::new();
    let answer = ctx.change_echo(&mut request, |msg| echoed.push((msg.kind, msg.payload.to_vec())));
    let level = Level::of(&ctx.opts);
    answer?;
    ctx.out.begin();
    for (kind, payload) in &echoed {
        let show = if *kind == RTM_DELROUTE { show::deleted } else { show::route };
        if let Some(r) = Route::parse(payload) {
            show(&mut ctx.out, &mut ctx.names, &Filter::default(), level, &r);
        }
    }
    ctx.out.end();
    Ok(())
}

/// Whether it is one of the routes that tables are made of: IPv4, to one gateway or device. When
/// Linux makes these (`fib_create_info`, `fib_table_insert`), each of its sentences comes with a
/// refusal, so none is lost when refusals are all that is asked for. Of others, and of deletions,
/// that is not so: an encapsulation may leave a sentence behind.
fn is_usual(request: &Request) -> bool {
    let usual =
        |r: Route<'_>| r.header.family == AF_INET && r.header.kind == RTN_UNICAST && r.is_usual();
    Route::parse(request.payload()).is_some_and(usual)
}

/// Words in, a request out.
fn parse(
    args: &mut Args<'_>,
    names: &mut Names,
    family: u8,
    message: u16,
    flags: u16,
) -> Result<Request, Error> {
    let deletes = message == RTM_DELROUTE;
    let main = u8::try_from(RT_TABLE_MAIN).unwrap_or(0);
    let mut c = Change {
        request: Request::new(message, flags, &[0; Header::LEN]),
        header: Header { family, table: main, scope: RT_SCOPE_NOWHERE, ..Header::default() },
        metrics: Metrics::default(),
        dev: None,
        destination: false,
        table: false,
        scope: false,
        gateway: false,
        nexthop_id: false,
        hops: false,
    };
    if !deletes {
        (c.header.protocol, c.header.scope) = (RTPROT_BOOT, RT_SCOPE_UNIVERSE);
        c.header.kind = RTN_UNICAST;
    }
    while let Some(word) = args.take() {
        c.request.from_word(args.at());
        // No word begins with a digit, and nothing that is tried before them is, or begins with,
        // `via` or `dev`: most lines of a batch need no search.
        if word.first().is_some_and(u8::is_ascii_digit) {
            c.to(args)?;
        } else if *word == *b"via" {
            c.word(Key::Via, args, names)?;
        } else if *word == *b"dev" {
            c.word(Key::Dev, args, names)?;
        } else if let Some(key) = find(BEFORE, word) {
            c.word(key, args, names)?;
        } else if let Some(metric) = METRICS.iter().find(|m| m.word.is(word)) {
            c.metrics.take(metric, args)?;
        } else if let Some(key) = find(BEHIND, word) {
            c.word(key, args, names)?;
            if c.hops {
                break;
            }
        } else {
            c.to(args)?;
        }
    }
    if !c.destination {
        return Err(super::usage().into());
    }
    c.finish(args, names, deletes)?;
    Ok(c.request)
}

impl<'a> Change<'a> {
    /// Reads `[to] [TYPE] PREFIX`, the first word being the one taken last.
    fn to(&mut self, args: &mut Args<'a>) -> Result<(), Usage> {
        let mut word = args.last();
        if word == b"to" {
            word = args.need()?;
        }
        if !word.first().is_some_and(u8::is_ascii_digit)
            && let Some(kind) = kind::parse(word)
        {
            word = args.need()?;
            self.header.kind = kind;
        }
        if prefix("help").is(word) {
            return Err(super::usage());
        }
        if self.destination {
            return Err(args.garbage("to"));
        }
        let p = value::prefix(word, self.header.family)?;
        self.family(&p.addr);
        self.header.dst_len = p.len;
        self.destination = true;
        if !p.addr.bytes().is_empty() {
            self.request.attr(RTA_DST, p.addr.bytes());
        }
        Ok(())
    }

    /// A route takes the family of its first address.
    fn family(&mut self, addr: &Addr) {
        if self.header.family == AF_UNSPEC {
            self.header.family = addr.family;
        }
    }

    fn word(&mut self, key: Key, args: &mut Args<'a>, names: &mut Names) -> Result<(), Error> {
        match key {
            Key::Onlink => self.header.flags |= RTNH_F_ONLINK,
            Key::Nexthop => {
                args.back();
                self.hops = true;
            }
            Key::As => {
                nexthop::newdst(args, &mut self.header.family, &mut self.request)?;
            }
            Key::Via => {
                if self.gateway {
                    let what = "use nexthop syntax to specify multiple via\n";
                    return Err(args.wrong(what).into());
                }
                self.gateway = true;
                nexthop::via(args, &mut self.header.family, &mut self.request)?;
            }
            Key::Src => {
                let addr = value::addr(args.need()?, self.header.family)?;
                self.family(&addr);
                self.request.attr(RTA_PREFSRC, addr.bytes());
            }
            Key::From => {
                let p = value::prefix(args.need()?, self.header.family)?;
                self.family(&p.addr);
                if !p.addr.bytes().is_empty() {
                    self.request.attr(RTA_SRC, p.addr.bytes());
                }
                self.header.src_len = p.len;
            }
            Key::Dev => {
                let name = args.need()?;
                self.dev = Some((name, args.at()));
            }
            Key::Encap => encap::send(args, names, &mut self.request, &encap::ROUTE)?,
            Key::Table | Key::Vrf => self.table(key, args, names)?,
            _ => self.number(key, args, names)?,
        }
        Ok(())
    }

    fn table(&mut self, key: Key, args: &mut Args<'_>, names: &mut Names) -> Result<(), Usage> {
        let word = args.need()?;
        let table = match key {
            Key::Vrf => names.vrf_table(word).ok_or_else(|| args.wrong("Invalid VRF\n"))?,
            _ => names
                .number(Kind::RtTable, word)
                .ok_or_else(|| args.wrong("\"table\" value is invalid\n"))?,
        };
        self.table = true;
        match u8::try_from(table) {
            Ok(small) => self.header.table = small,
            Err(_) => {
                self.header.table = 0;
                self.request.u32(RTA_TABLE, table);
            }
        }
        Ok(())
    }

    /// Words whose value is a number, or a name of one.
    fn number(&mut self, key: Key, args: &mut Args<'_>, names: &mut Names) -> Result<(), Usage> {
        let word = args.need()?;
        let byte = |n: Option<u32>, what| {
            n.and_then(|n| u8::try_from(n).ok()).ok_or_else(|| args.wrong(what))
        };
        match key {
            Key::Tos => {
                let tos = names.number(Kind::DsField, word);
                self.header.tos = byte(tos, "\"tos\" value is invalid\n")?;
            }
            Key::Scope => {
                let scope = names.number(Kind::Scope, word);
                self.header.scope = byte(scope, "invalid \"scope\" value\n")?;
                self.scope = true;
            }
            Key::Protocol => {
                let protocol = names.number(Kind::RtProto, word);
                self.header.protocol = byte(protocol, "\"protocol\" value is invalid\n")?;
            }
            Key::Pref => {
                let pref = match word {
                    b"low" => 3,
                    b"medium" => 0,
                    b"high" => 1,
                    _ => byte(value::u32(word), "\"pref\" value is invalid\n")?,
                };
                self.request.u8(RTA_PREF, pref);
            }
            Key::TtlPropagate => {
                // Beginnings will do.
                let on = match word {
                    [_, ..] if b"enabled".starts_with(word) => 1,
                    [_, ..] if b"disabled".starts_with(word) => 0,
                    _ => return Err(args.wrong("\"ttl-propagate\" value is invalid\n")),
                };
                self.request.u8(RTA_TTL_PROPAGATE, on);
            }
            Key::Realms => {
                let realms = realm::parse(word, names);
                let realms = realms.ok_or_else(|| args.wrong("\"realm\" value is invalid\n"))?;
                self.request.u32(RTA_FLOW, realms);
            }
            Key::Expires => self.u32(RTA_EXPIRES, args, "\"expires\" value is invalid\n")?,
            Key::NexthopId => {
                // 0 is no object, and leaves the scope as it is.
                self.nexthop_id = value::u32(word) != Some(0);
                self.u32(RTA_NH_ID, args, "\"id\" value is invalid\n")?;
            }
            _ => self.u32(RTA_PRIORITY, args, "\"metric\" value is invalid\n")?,
        }
        Ok(())
    }

    fn u32(&mut self, attr: u16, args: &Args<'_>, what: &str) -> Result<(), Usage> {
        self.request.u32(attr, value::u32(args.last()).ok_or_else(|| args.wrong(what))?);
        Ok(())
    }

    /// Adds what is only known when all words have been read.
    fn finish(
        &mut self,
        args: &mut Args<'_>,
        names: &mut Names,
        deletes: bool,
    ) -> Result<(), Error> {
        if let Some((name, at)) = self.dev {
            let index = names.index(name).ok_or_else(|| no_device(name))?;
            self.request.from_word(at);
            self.request.u32(RTA_OIF, index);
        }
        self.metrics.finish(&mut self.request);
        if self.hops {
            nexthop::send(args, &mut self.header.family, names, &mut self.request)?;
        }
        let h = &mut self.header;
        if h.family == AF_UNSPEC {
            h.family = AF_INET;
        }
        // Labels have no other type, also when a route goes.
        if h.family == AF_MPLS && h.kind == RTN_UNSPEC {
            h.kind = RTN_UNICAST;
        }
        if !self.table && matches!(h.kind, RTN_LOCAL | RTN_BROADCAST | RTN_NAT | RTN_ANYCAST) {
            h.table = u8::try_from(RT_TABLE_LOCAL).unwrap_or(0);
        }
        if !self.scope {
            let direct = !(self.gateway || self.hops || self.nexthop_id);
            h.scope = match h.kind {
                _ if matches!(h.family, AF_INET6 | AF_MPLS) => RT_SCOPE_UNIVERSE,
                RTN_LOCAL | RTN_NAT => RT_SCOPE_HOST,
                RTN_BROADCAST | RTN_MULTICAST | RTN_ANYCAST => RT_SCOPE_LINK,
                RTN_UNICAST | RTN_UNSPEC if deletes => RT_SCOPE_NOWHERE,
                RTN_UNICAST | RTN_UNSPEC if direct => RT_SCOPE_LINK,
                _ => h.scope,
            };
        }
        let header = self.header.bytes();
        self.request.header()[..Header::LEN].copy_from_slice(&header);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str, message: u16) -> Result<Vec<u8>, Error> {
        let words: Vec<&[u8]> = line.split_whitespace().map(str::as_bytes).collect();
        let mut names = Names::default();
        let request = parse(&mut Args::new(&words), &mut names, AF_UNSPEC, message, 0)?;
        Ok(request.payload().to_vec())
    }

    fn header(line: &str, message: u16) -> Header {
        Route::parse(&read(line, message).unwrap()).map(|r| r.header).unwrap()
    }

    #[test]
    fn table_and_scope_follow_from_the_type() {
        let add = |line| {
            let h = header(line, RTM_NEWROUTE);
            (h.table, h.scope, h.protocol)
        };
        assert_eq!(add("10.1/16 via 10.0.0.2"), (254, RT_SCOPE_UNIVERSE, RTPROT_BOOT));
        assert_eq!(add("10.1/16"), (254, RT_SCOPE_LINK, RTPROT_BOOT));
        assert_eq!(add("10.1/16 nhid 5").1, RT_SCOPE_UNIVERSE);
        assert_eq!(add("local 10.1.0.1"), (255, RT_SCOPE_HOST, RTPROT_BOOT));
        assert_eq!(add("broadcast 10.1.0.1 table 7").0, 7);
        assert_eq!(add("blackhole 10.1/16").1, RT_SCOPE_UNIVERSE);
        assert_eq!(add("2001:db8::/32").1, RT_SCOPE_UNIVERSE);
        let h = header("10.1/16 via 10.0.0.2", RTM_DELROUTE);
        assert_eq!((h.scope, h.protocol, h.kind), (RT_SCOPE_NOWHERE, 0, RTN_UNSPEC));
    }

    #[test]
    fn a_gateway_of_another_family_has_its_own_attribute() {
        let bytes = read("10.1/16 via inet6 fe80::1", RTM_NEWROUTE).unwrap();
        let r = Route::parse(&bytes).unwrap();
        assert_eq!(r.via().map(|v| v.family), Some(10));
        assert!(r.gateway().is_none());
        let bytes = read("10.1/16 via 10.0.0.2 table 300", RTM_NEWROUTE).unwrap();
        let r = Route::parse(&bytes).unwrap();
        assert_eq!((r.gateway(), r.table()), (Some(&[10, 0, 0, 2][..]), 300));
    }

    #[test]
    fn nothing_is_ignored() {
        let text = |line| {
            let e = read(line, RTM_NEWROUTE).unwrap_err();
            (String::from_utf8(e.text()).unwrap(), e.status())
        };
        let (garbage, status) = text("10.1/16 foo");
        assert_eq!(garbage, "Error: either \"to\" is duplicate, or \"foo\" is garbage.\n");
        assert_eq!(status, 255);
        assert_eq!(text("10.1/16 via").1, 255);
        assert_eq!(text("10.1/16 nexthop").1, 255);
        assert_eq!(text("10.1/16 mtu x").1, 255);
        assert_eq!(text("10.1/33").1, 1);
    }
}
