//! `ip l2tp`: tunnels of L2TP version 3 that are set up by hand, and the sessions in them.

use crate::cli::value::{self, AF_INET6, AF_UNSPEC, Addr};
use crate::cli::{Args, Row, Usage, exact, prefix};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::genl::{self, Family};
use crate::names::Names;
use crate::netlink::{Attr, Attrs};
use crate::output::{Field, Out, field};

use super::Grammar;
use super::host;
use super::verb::{self, Verb};

/// The family and its version.
const FAMILY: (&str, u8) = ("l2tp", 1);

// Commands and attributes (linux/l2tp.h).
const TUNNEL_CREATE: u8 = 1;
const TUNNEL_DELETE: u8 = 2;
const TUNNEL_GET: u8 = 4;
const SESSION_CREATE: u8 = 5;
const SESSION_DELETE: u8 = 6;
const SESSION_GET: u8 = 8;
const PW_TYPE: u16 = 1;
const ENCAP_TYPE: u16 = 2;
const PROTO_VERSION: u16 = 7;
const IFNAME: u16 = 8;
const CONN_ID: u16 = 9;
const PEER_CONN_ID: u16 = 10;
const SESSION_ID: u16 = 11;
const PEER_SESSION_ID: u16 = 12;
const UDP_CSUM: u16 = 13;
const COOKIE: u16 = 15;
const PEER_COOKIE: u16 = 16;
const RECV_SEQ: u16 = 18;
const SEND_SEQ: u16 = 19;
const RECV_TIMEOUT: u16 = 22;
const IP_SADDR: u16 = 24;
const IP_DADDR: u16 = 25;
const UDP_SPORT: u16 = 26;
const UDP_DPORT: u16 = 27;
const IP6_SADDR: u16 = 31;
const IP6_DADDR: u16 = 32;
const UDP_ZERO_CSUM6_TX: u16 = 33;
const UDP_ZERO_CSUM6_RX: u16 = 34;
const L2SPEC_TYPE: u16 = 5;
/// Ethernet frames.
const PW_ETH: u16 = 5;

const ENCAPS: [&str; 2] = ["udp", "ip"];

#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: prefix("help"), args: "", run: help },
    Verb { word: prefix("add"), args: "{ tunnel | session } WORD ...", run: add },
    Verb { word: prefix("delete"), args: "{ tunnel | session } WORD ...", run: delete },
    Verb { word: prefix("show"), args: "{ tunnel | session } [ WORD ... ]", run: show },
    Verb { word: prefix("lst"), args: "=", run: show },
    Verb { word: prefix("list"), args: "=", run: show },
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    verb::dispatch_genl(ctx, args, "l2tp", FAMILY, VERBS)
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "l2tp", verbs: VERBS, usage }
}

fn usage() -> Usage {
    verb::usage("l2tp", VERBS, &verb::words("WORD", rows()))
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

fn unknown(args: &Args<'_>) -> Usage {
    let text = [b"Unknown command: ", args.last(), b"\n", &usage().text[..]].concat();
    Usage::new(255, text).at(args.at())
}

/// What the words say.
#[derive(Default)]
struct Words {
    tunnel: u32,
    peer_tunnel: u32,
    session: u32,
    peer_session: u32,
    encap: u16,
    local: Option<Addr>,
    remote: Option<Addr>,
    sport: u16,
    dport: u16,
    csum: bool,
    no_csum6_rx: bool,
    no_csum6_tx: bool,
    name: Vec<u8>,
    cookie: Vec<u8>,
    peer_cookie: Vec<u8>,
    l2spec: Option<u8>,
    /// Bits: sent, expected.
    seq: u8,
    /// Words that have no effect.
    ignored: Vec<&'static str>,
}

/// The words, in the order in which they are tried.
#[rustfmt::skip] // one row, one line
fn rows() -> &'static [Row<Words>] {
    const {
        &[
            Row { word: exact("encap"), arg: "{ udp | ip }", take: encap, again: true },
            Row { word: exact("name"), arg: "NAME", take: name, again: true },
            Row { word: exact("remote"), arg: "ADDR", take: |a, w| { w.remote = Some(addr(a)?); Ok(()) }, again: true },
            Row { word: exact("local"), arg: "ADDR", take: |a, w| { w.local = Some(addr(a)?); Ok(()) }, again: true },
            Row { word: exact("tunnel_id"), arg: "ID", take: |a, w| { w.tunnel = id(a)?; Ok(()) }, again: true },
            Row { word: exact("tid"), arg: "ID", take: |a, w| { w.tunnel = id(a)?; Ok(()) }, again: true },
            Row { word: exact("peer_tunnel_id"), arg: "ID", take: |a, w| { w.peer_tunnel = id(a)?; Ok(()) }, again: true },
            Row { word: exact("ptid"), arg: "ID", take: |a, w| { w.peer_tunnel = id(a)?; Ok(()) }, again: true },
            Row { word: exact("session_id"), arg: "ID", take: |a, w| { w.session = id(a)?; Ok(()) }, again: true },
            Row { word: exact("sid"), arg: "ID", take: |a, w| { w.session = id(a)?; Ok(()) }, again: true },
            Row { word: exact("peer_session_id"), arg: "ID", take: |a, w| { w.peer_session = id(a)?; Ok(()) }, again: true },
            Row { word: exact("psid"), arg: "ID", take: |a, w| { w.peer_session = id(a)?; Ok(()) }, again: true },
            Row { word: exact("udp_sport"), arg: "PORT", take: |a, w| { w.sport = a.value(value::u16, "invalid port\n")?; Ok(()) }, again: true },
            Row { word: exact("udp_dport"), arg: "PORT", take: |a, w| { w.dport = a.value(value::u16, "invalid port\n")?; Ok(()) }, again: true },
            Row { word: exact("udp_csum"), arg: "{ on | off }", take: |a, w| { w.csum = on(a, "udp_csum")?; Ok(()) }, again: true },
            Row { word: exact("udp6_csum_rx"), arg: "{ on | off }", take: |a, w| { w.no_csum6_rx = !on(a, "udp6_csum_rx")?; Ok(()) }, again: true },
            Row { word: exact("udp6_csum_tx"), arg: "{ on | off }", take: |a, w| { w.no_csum6_tx = !on(a, "udp6_csum_tx")?; Ok(()) }, again: true },
            Row { word: exact("offset"), arg: "NUMBER", take: |a, w| { a.need()?; w.ignored.push("offset"); Ok(()) }, again: true },
            Row { word: exact("peer_offset"), arg: "NUMBER", take: |a, w| { a.need()?; w.ignored.push("peer_offset"); Ok(()) }, again: true },
            Row { word: exact("cookie"), arg: "HEX", take: |a, w| { w.cookie = cookie(a)?; Ok(()) }, again: true },
            Row { word: exact("peer_cookie"), arg: "HEX", take: |a, w| { w.peer_cookie = cookie(a)?; Ok(()) }, again: true },
            Row { word: exact("l2spec_type"), arg: "{ none | default }", take: l2spec, again: true },
            Row { word: exact("seq"), arg: "{ none | send | recv | both }", take: seq, again: true },
        ]
    }
}

fn id(args: &mut Args<'_>) -> Result<u32, Usage> {
    args.value(value::u32, "invalid ID\n")
}

fn addr(args: &mut Args<'_>) -> Result<Addr, Usage> {
    value::addr(args.need()?, AF_UNSPEC).map_err(|e| e.at(args.at()))
}

fn on(args: &mut Args<'_>, word: &str) -> Result<bool, Usage> {
    match args.need()? {
        b"on" => Ok(true),
        b"off" => Ok(false),
        _ => Err(args.wrong(&format!("invalid option for {word}\n"))),
    }
}

/// One word of a list; `wrong` is about any other.
fn one_of(args: &mut Args<'_>, list: &[&str], wrong: &str) -> Result<u8, Usage> {
    let word = args.need()?;
    let at = list.iter().position(|w| w.as_bytes() == word);
    let text = || [b"Unknown ", wrong.as_bytes(), b" \"", word, b"\""].concat();
    let at = at.ok_or_else(|| Usage::new(255, text()).at(args.at()))?;
    Ok(u8::try_from(at).unwrap_or(0))
}

fn encap(args: &mut Args<'_>, w: &mut Words) -> Result<(), Usage> {
    w.encap = one_of(args, &ENCAPS, "tunnel encapsulation")?.into();
    Ok(())
}

fn l2spec(args: &mut Args<'_>, w: &mut Words) -> Result<(), Usage> {
    w.l2spec = Some(one_of(args, &["none", "default"], "layer2specific header type")?);
    Ok(())
}

fn seq(args: &mut Args<'_>, w: &mut Words) -> Result<(), Usage> {
    w.seq = one_of(args, &["none", "send", "recv", "both"], "seq value")?;
    Ok(())
}

fn name(args: &mut Args<'_>, w: &mut Words) -> Result<(), Usage> {
    let word = args.need()?;
    let wrong = || args.wrong("\"name\" not a valid ifname");
    w.name = value::ifname(word).ok_or_else(wrong)?.to_vec();
    Ok(())
}

/// Eight or sixteen digits.
fn cookie(args: &mut Args<'_>) -> Result<Vec<u8>, Usage> {
    let word = args.need()?;
    if ![8, 16].contains(&word.len()) {
        return Err(args.wrong("cookie must be either 8 or 16 hex digits\n"));
    }
    super::maddr::hex(word).ok_or_else(|| args.wrong("cookie must be a hex string\n"))
}

/// Reads what is meant, `true` for a session, and the words behind it.
fn read(ctx: &mut Ctx, args: &mut Args<'_>) -> Result<(Family, bool, Words)> {
    let family = ctx.genl(FAMILY.0, FAMILY.1)?;
    let Some(word) = args.take() else { return Err(usage().into()) };
    let session = match word {
        b"tunnel" => false,
        b"session" => true,
        _ if prefix("help").is(word) => return Err(usage().into()),
        _ => return Err(unknown(args).into()),
    };
    let mut w = Words::default();
    args.read(rows(), &mut w, |args, _| {
        if prefix("help").is(args.last()) { Err(usage()) } else { Err(unknown(args)) }
    })?;
    for word in &w.ignored {
        ctx.complain(format!("Ignoring option \"{word}\"\n").as_bytes());
    }
    Ok((family, session, w))
}

fn add(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let (mut family, session, w) = read(ctx, args)?;
    if w.tunnel == 0 {
        return Err(args.required("tunnel_id").into());
    }
    let mut r = family.request(if session { SESSION_CREATE } else { TUNNEL_CREATE }, 0);
    if session {
        if w.peer_session == 0 {
            return Err(args.required("peer_session_id").into());
        }
        if w.session == 0 {
            return Err(args.required("session_id").into());
        }
        r.u32(CONN_ID, w.tunnel);
        r.u32(SESSION_ID, w.session);
        r.u32(PEER_SESSION_ID, w.peer_session);
        r.u16(PW_TYPE, PW_ETH);
        // Default is the reference's own.
        r.u8(L2SPEC_TYPE, w.l2spec.unwrap_or(1));
        if w.seq & 2 != 0 {
            r.u8(RECV_SEQ, 1);
        }
        if w.seq & 1 != 0 {
            r.u8(SEND_SEQ, 1);
        }
        for (kind, cookie) in [(COOKIE, &w.cookie), (PEER_COOKIE, &w.peer_cookie)] {
            if !cookie.is_empty() {
                r.attr(kind, cookie);
            }
        }
        if !w.name.is_empty() {
            r.strz(IFNAME, &w.name);
        }
        return Ok(Ctx::genl_change(&mut family, &mut r, 2)?);
    }
    if w.peer_tunnel == 0 {
        return Err(args.required("peer_tunnel_id").into());
    }
    let (Some(local), Some(remote)) = (w.local, w.remote) else {
        return Err(args.required(if w.local.is_none() { "local" } else { "remote" }).into());
    };
    let udp = w.encap == 0;
    if udp && (w.sport == 0 || w.dport == 0) {
        return Err(args.required(if w.sport == 0 { "udp_sport" } else { "udp_dport" }).into());
    }
    r.u32(CONN_ID, w.tunnel);
    r.u32(PEER_CONN_ID, w.peer_tunnel);
    r.u8(PROTO_VERSION, 3);
    r.u16(ENCAP_TYPE, w.encap);
    let inet6 = local.family == AF_INET6;
    r.attr(if inet6 { IP6_SADDR } else { IP_SADDR }, local.bytes());
    r.attr(if remote.family == AF_INET6 { IP6_DADDR } else { IP_DADDR }, remote.bytes());
    if udp {
        r.u16(UDP_SPORT, w.sport);
        r.u16(UDP_DPORT, w.dport);
        if w.csum {
            r.u8(UDP_CSUM, 1);
        }
        if w.no_csum6_tx {
            r.attr(UDP_ZERO_CSUM6_TX, &[]);
        }
        if w.no_csum6_rx {
            r.attr(UDP_ZERO_CSUM6_RX, &[]);
        }
    }
    Ok(Ctx::genl_change(&mut family, &mut r, 2)?)
}

fn delete(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let (mut family, session, w) = read(ctx, args)?;
    if session && w.session == 0 {
        return Err(args.required("session_id").into());
    }
    if !session && w.tunnel == 0 {
        return Err(args.required("tunnel_id").into());
    }
    let mut r = family.request(if session { SESSION_DELETE } else { TUNNEL_DELETE }, 0);
    r.u32(CONN_ID, w.tunnel);
    if session {
        r.u32(SESSION_ID, w.session);
    }
    Ok(Ctx::genl_change(&mut family, &mut r, 2)?)
}

/// The reference shows all, whatever is asked for.
fn show(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let (mut family, session, w) = read(ctx, args)?;
    let mut request = family.request(if session { SESSION_GET } else { TUNNEL_GET }, 0);
    Ok(ctx.genl_table(&mut family, &mut request, 1, &mut |out, names, _, msg| {
        let attrs = genl::attrs(msg.payload);
        let number = |kind| attrs.find(kind).and_then(Attr::u32).unwrap_or(0);
        let wanted = (w.tunnel == 0 || w.tunnel == number(CONN_ID))
            && (w.session == 0 || w.session == number(SESSION_ID));
        if wanted {
            out.open();
            if session {
                shown_session(out, attrs);
            } else {
                shown_tunnel(out, names, attrs);
            }
            out.close();
        }
    })?)
}

fn shown_tunnel(out: &mut Out, names: &mut Names, attrs: Attrs<'_>) {
    const FROM: Field = field("local", "  From {} ");
    const TO: Field = field("peer", "to {}");
    let number = |kind| attrs.find(kind).and_then(Attr::u32).unwrap_or(0);
    let port = |kind| attrs.find(kind).and_then(Attr::u16).unwrap_or(0);
    let flag =
        |kind: u16| attrs.find(kind).is_some_and(|a| a.value.first().is_none_or(|b| *b != 0));
    let udp = attrs.find(ENCAP_TYPE).and_then(Attr::u16) == Some(0);
    out.uint(field("tunnel_id", "Tunnel {},"), number(CONN_ID));
    out.str(field("encap", " encap {}"), if udp { "UDP" } else { "IP" });
    out.line_break();
    let inet6 = attrs.find(IP6_SADDR).is_some();
    for (shown, kinds) in [(FROM, [IP_SADDR, IP6_SADDR]), (TO, [IP_DADDR, IP6_DADDR])] {
        if let Some(a) = attrs.find(kinds[usize::from(inet6)]) {
            host::show(out, names, shown, a.value);
        }
    }
    out.line_break();
    out.uint(field("peer_tunnel", "  Peer tunnel {}"), number(PEER_CONN_ID));
    out.line_break();
    if !udp {
        return;
    }
    out.uint(field("local_port", "  UDP source / dest ports: {}"), port(UDP_SPORT));
    out.uint(field("peer_port", "/{}"), port(UDP_DPORT));
    out.line_break();
    if inet6 {
        let (tx, rx) = (!flag(UDP_ZERO_CSUM6_TX), !flag(UDP_ZERO_CSUM6_RX));
        out.json_bool("checksum_tx", tx);
        out.json_bool("checksum_rx", rx);
        out.text(match (tx, rx) {
            (true, true) => "  UDP checksum: enabled\n",
            (true, false) => "  UDP checksum: tx\n",
            (false, true) => "  UDP checksum: rx\n",
            (false, false) => "  UDP checksum: disabled\n",
        });
    } else {
        out.json_bool("checksum", flag(UDP_CSUM));
        out.text("  UDP checksum: ");
        out.text(if flag(UDP_CSUM) { "enabled\n" } else { "disabled\n" });
    }
}

fn shown_session(out: &mut Out, attrs: Attrs<'_>) {
    let number = |kind| attrs.find(kind).and_then(Attr::u32).unwrap_or(0);
    out.uint(field("session_id", "Session {}"), number(SESSION_ID));
    out.uint(field("tunnel_id", " in tunnel {}"), number(CONN_ID));
    out.line_break();
    out.uint(field("peer_session_id", "  Peer session {},"), number(PEER_SESSION_ID));
    out.uint(field("peer_tunnel_id", " tunnel {}"), number(PEER_CONN_ID));
    out.line_break();
    if let Some(name) = attrs.find(IFNAME).filter(|n| !n.bytes().is_empty()) {
        out.bytes(field("interface", "  interface name: {}"), name.bytes());
        out.line_break();
    }
    // Real line breaks, also with -oneline (observed in iproute2 6.15).
    out.text("  offset 0, peer offset 0\n");
    let cookies = [
        (COOKIE, field("cookie", "  cookie {}")),
        (PEER_COOKIE, field("peer_cookie", "  peer cookie {}")),
    ];
    for (kind, shown) in cookies {
        if let Some(a) = attrs.find(kind).filter(|a| !a.value.is_empty()) {
            let text: String = a.value.iter().map(|b| format!("{b:02x}")).collect();
            out.str(shown, &text);
        }
    }
    if let Some(ms) = attrs.find(RECV_TIMEOUT).and_then(Attr::u64).filter(|ms| *ms != 0) {
        out.uint(field("reorder_timeout", "  reorder timeout: {}"), ms);
    }
    let seq = |kind| attrs.find(kind).and_then(Attr::u8).unwrap_or(0) != 0;
    let (send, recv) = (seq(SEND_SEQ), seq(RECV_SEQ));
    if send || recv {
        out.line_break();
        out.text("  sequence numbering:");
        if send {
            out.null("send_seq", " send");
        }
        if recv {
            out.null("recv_seq", " recv");
        }
    }
    out.newline();
}
