//! `ip route get`: which way a packet would go.

use super::filter::{Filter, no_device};
use super::nexthop;
use super::show::{self, Level};
use crate::cli::value::{self, AF_INET, AF_UNSPEC, Addr};
use crate::cli::{Args, Word, exact, prefix};
use crate::ctx::{Ctx, pointed};
use crate::error::{Error, Result};
use crate::names::Kind;
use crate::netlink::Request;
use crate::rtnl::consts::{
    RTA_DPORT, RTA_DST, RTA_FLOWLABEL, RTA_IIF, RTA_IP_PROTO, RTA_MARK, RTA_OIF, RTA_SPORT,
    RTA_SRC, RTA_UID, RTM_F_FIB_MATCH, RTM_F_LOOKUP_TABLE, RTM_F_NOTIFY, RTM_GETROUTE,
    RTM_NEWROUTE,
};
use crate::rtnl::route::{Header, Route};

#[derive(Clone, Copy)]
enum Key {
    Tos,
    As,
    From,
    Iif,
    Mark,
    Oif,
    Notify,
    Connected,
    Vrf,
    Uid,
    Fibmatch,
    Sport,
    Dport,
    IpProto,
    FlowLabel,
}

/// In the order in which beginnings are tried; anything else is `[to] ADDRESS`.
#[rustfmt::skip] // one row, one line
static WORDS: &[(Word, &str, Key)] = &[
    (exact("tos"), "TOS", Key::Tos),
    (prefix("dsfield"), "TOS", Key::Tos),
    (exact("as"), "[ to ] ADDRESS", Key::As),
    (prefix("from"), "ADDRESS", Key::From),
    (prefix("iif"), "DEVICE", Key::Iif),
    (prefix("mark"), "NUMBER", Key::Mark),
    (prefix("oif"), "DEVICE", Key::Oif),
    (exact("dev"), "DEVICE", Key::Oif),
    (prefix("notify"), "", Key::Notify),
    (prefix("connected"), "", Key::Connected),
    (prefix("vrf"), "NAME", Key::Vrf),
    (prefix("uid"), "NUMBER", Key::Uid),
    (prefix("fibmatch"), "", Key::Fibmatch),
    (prefix("sport"), "NUMBER", Key::Sport),
    (prefix("dport"), "NUMBER", Key::Dport),
    (prefix("ipproto"), "PROTOCOL", Key::IpProto),
    (exact("flowlabel"), "FLOWLABEL", Key::FlowLabel),
];

/// The words and their values, for the usage.
pub fn words() -> impl Iterator<Item = (&'static str, &'static str)> {
    WORDS.iter().map(|(w, arg, _)| (w.full, *arg))
}

/// A question under construction.
struct Query<'a> {
    request: Request,
    header: Header,
    oif: Option<&'a [u8]>,
    iif: Option<&'a [u8]>,
    address: bool,
    from: bool,
    connected: bool,
}

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut q = Query {
        request: Request::new(RTM_GETROUTE, 0, &[0; Header::LEN]),
        header: Header { family: ctx.opts.family, ..Header::default() },
        oif: None,
        iif: None,
        address: false,
        from: false,
        connected: false,
    };
    while let Some(word) = args.take() {
        q.request.from_word(args.at());
        match WORDS.iter().find(|(w, _, _)| w.is(word)) {
            Some((_, _, key)) => q.word(*key, ctx, args)?,
            None => q.destination(ctx, args)?,
        }
    }
    if !q.address {
        return Err(Error::failed(1, "need at least a destination address").into());
    }
    for (name, attr) in [(q.iif, RTA_IIF), (q.oif, RTA_OIF)] {
        if let Some(name) = name {
            q.request.u32(attr, ctx.names.index(name).ok_or_else(|| no_device(name))?);
        }
    }
    if q.header.family == AF_UNSPEC {
        q.header.family = AF_INET;
    }
    if q.header.family == AF_INET {
        q.header.flags |= RTM_F_LOOKUP_TABLE;
    }
    q.request.header()[..Header::LEN].copy_from_slice(&q.header.bytes());
    ask(ctx, &mut q)
}

/// Asks, once or twice, and shows the answers.
fn ask(ctx: &mut Ctx, q: &mut Query<'_>) -> Result {
    let all = Filter::default();
    let (conn, out, names, opts) = ctx.parts()?;
    let level = Level::of(opts);
    // The second answer is that to the same question: iproute2 up to 7.2 means to ask with the
    // source address found, and does not.
    for turn in 0..if q.connected && !q.from { 2 } else { 1 } {
        let msg = match conn.get(&mut q.request) {
            Ok(msg) => msg,
            Err(e) => return Err(pointed(e, &q.request).into()),
        };
        let Some(r) = Route::parse(msg.payload).filter(|_| msg.kind == RTM_NEWROUTE) else {
            return Err(Error::failed(1, "Not a route?").into());
        };
        // Not earlier: a refusal leaves no empty list.
        if turn == 0 {
            out.begin();
        }
        show::route(out, names, &all, level, &r);
        if q.connected && !q.from && r.prefsrc().is_none() && r.src().is_none() {
            return Err(Error::failed(1, "Failed to connect the route").into());
        }
    }
    out.end();
    Ok(())
}

impl<'a> Query<'a> {
    fn word(&mut self, key: Key, ctx: &mut Ctx, args: &mut Args<'a>) -> Result {
        match key {
            Key::Notify => self.header.flags |= RTM_F_NOTIFY,
            Key::Connected => self.connected = true,
            Key::Fibmatch => self.header.flags |= RTM_F_FIB_MATCH,
            Key::As => {
                nexthop::newdst(args, &mut self.header.family, &mut self.request)?;
            }
            Key::Iif => self.iif = Some(args.need()?),
            Key::Oif => self.oif = Some(args.need()?),
            Key::From => {
                let p = value::prefix(args.need()?, self.header.family)?;
                self.from = true;
                self.family(&p.addr);
                if !p.addr.bytes().is_empty() {
                    self.request.attr(RTA_SRC, p.addr.bytes());
                }
                self.header.src_len = p.len;
            }
            Key::Vrf => {
                let name = args.need()?;
                if ctx.names.vrf(name).is_none() {
                    return Err(args.wrong("Invalid VRF\n").into());
                }
                self.oif = Some(name);
            }
            Key::Tos => {
                let tos = ctx.names.number(Kind::DsField, args.need()?);
                let tos = tos.and_then(|n| u8::try_from(n).ok());
                self.header.tos = tos.ok_or_else(|| args.wrong("TOS value is invalid\n"))?;
            }
            Key::Mark => {
                self.request.u32(RTA_MARK, args.value(value::u32, "invalid mark value")?);
            }
            Key::Uid => self.request.u32(RTA_UID, args.value(value::u32, "invalid UID\n")?),
            Key::Sport => {
                self.request.u16_be(RTA_SPORT, args.value(value::u16, "invalid sport\n")?);
            }
            Key::Dport => {
                self.request.u16_be(RTA_DPORT, args.value(value::u16, "invalid dport\n")?);
            }
            Key::FlowLabel => {
                self.request.u32_be(RTA_FLOWLABEL, args.value(value::u32, "invalid flowlabel")?);
            }
            Key::IpProto => {
                let proto = ctx.names.ip_protocol_number(args.need()?);
                let proto = proto.ok_or_else(|| args.wrong("Invalid \"ipproto\" value\n"))?;
                self.request.u8(RTA_IP_PROTO, proto);
            }
        }
        Ok(())
    }

    fn family(&mut self, addr: &Addr) {
        if self.header.family == AF_UNSPEC {
            self.header.family = addr.family;
        }
    }

    fn destination(&mut self, ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
        if args.last() == b"to" {
            args.need()?;
        }
        let word = args.last();
        if prefix("help").is(word) {
            return Err(super::usage().into());
        }
        let p = value::prefix(word, self.header.family)?;
        self.family(&p.addr);
        if !p.addr.bytes().is_empty() {
            self.request.attr(RTA_DST, p.addr.bytes());
        }
        self.address = true;
        let host = Addr::unspecified(self.header.family).bits();
        self.header.dst_len = host;
        if p.len != host {
            let text = format!(
                "Warning: /{} as prefix is invalid, only /{host} (or none) is supported.\n",
                p.len
            );
            ctx.complain(text.as_bytes());
        }
        Ok(())
    }
}
