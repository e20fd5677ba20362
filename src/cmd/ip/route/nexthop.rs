//! Nexthops of a route: `via [FAMILY] ADDRESS`, and several of them, `nexthop via ... dev ...`.

use super::{encap, realm};
use crate::cli::value::{self, Addr};
use crate::cli::{Args, Usage, Word, exact, prefix};
use crate::cmd::ip::host;
use crate::error::Error;
use crate::names::Names;
use crate::netlink::Request;
use crate::output::{Field, Out, field, json_only, text_only};
use crate::rtnl::consts::{
    RTA_FLOW, RTA_GATEWAY, RTA_MULTIPATH, RTA_NEWDST, RTA_VIA, RTNH_F_ONLINK,
};
use crate::rtnl::route::{Hop, Hops, Via};

/// Reads one word that is a family, if the next one is; `Some` family.
pub fn family(args: &mut Args<'_>) -> Option<u8> {
    let family = match args.last() {
        b"inet" => value::AF_INET,
        b"inet6" => value::AF_INET6,
        b"link" => value::AF_PACKET,
        b"mpls" => value::AF_MPLS,
        b"bridge" => value::AF_BRIDGE,
        _ => return None,
    };
    Some(family)
}

/// Reads `[FAMILY] ADDRESS` behind `via` and adds RTA_GATEWAY, or RTA_VIA when the family is
/// not the route's. A route without a family takes that of the address.
///
/// # Errors
///
/// The reference's sentence for what is no address of the family.
pub fn via(args: &mut Args<'_>, route: &mut u8, request: &mut Request) -> Result<(), Usage> {
    args.need()?;
    let addr = match family(args) {
        Some(family) => value::addr(args.need()?, family)?,
        None => value::addr(args.last(), *route)?,
    };
    if *route == value::AF_UNSPEC {
        *route = addr.family;
    }
    if addr.family == *route {
        request.attr(RTA_GATEWAY, addr.bytes());
    } else {
        let mut rtvia = u16::from(addr.family).to_ne_bytes().to_vec();
        rtvia.extend_from_slice(addr.bytes());
        request.attr(RTA_VIA, &rtvia);
    }
    Ok(())
}

/// Reads `[to] ADDRESS` behind `as` and adds RTA_NEWDST.
///
/// # Errors
///
/// The reference's sentence for what is no address of the family.
pub fn newdst(args: &mut Args<'_>, route: &mut u8, request: &mut Request) -> Result<(), Usage> {
    if args.need()? == b"to" {
        args.need()?;
    }
    if *route == value::AF_MPLS {
        let stack = value::labels(args.last());
        let stack = stack.ok_or_else(|| value::no_addr(args.last(), value::AF_MPLS))?;
        request.attr(RTA_NEWDST, &stack);
        return Ok(());
    }
    let addr: Addr = value::addr(args.last(), *route)?;
    if *route == value::AF_UNSPEC {
        *route = addr.family;
    }
    request.attr(RTA_NEWDST, addr.bytes());
    Ok(())
}

/// The words of one nexthop.
#[derive(Clone, Copy)]
enum Key {
    Via,
    Dev,
    Weight,
    Onlink,
    Realms,
    Encap,
    As,
}

/// In the order in which beginnings are tried.
#[rustfmt::skip] // one row, one line
static WORDS: &[(Word, &str, Key)] = &[
    (exact("via"), "[ FAMILY ] ADDRESS", Key::Via),
    (exact("dev"), "DEVICE", Key::Dev),
    (exact("weight"), "1..256", Key::Weight),
    (exact("onlink"), "", Key::Onlink),
    (prefix("realms"), "[FROM/]TO", Key::Realms),
    (exact("encap"), "ENCAP ...", Key::Encap),
    (exact("as"), "[ to ] ADDRESS", Key::As),
];

/// The words and their values, for the usage.
pub fn words() -> impl Iterator<Item = (&'static str, &'static str)> {
    WORDS.iter().map(|(w, arg, _)| (w.full, *arg))
}

/// The attribute may hold 65531 bytes; the reference's buffer is smaller still.
const MOST: usize = 60_000;

/// Reads `nexthop ... [nexthop ...]` to the end of the words and adds RTA_MULTIPATH.
///
/// # Errors
///
/// The reference's sentences; all of them end a batch.
pub fn send(
    args: &mut Args<'_>,
    route: &mut u8,
    names: &mut Names,
    request: &mut Request,
) -> Result<(), Error> {
    request.from_word(args.at());
    let nest = request.nest(RTA_MULTIPATH);
    let begin = request.payload().len();
    while let Some(word) = args.take() {
        if word != b"nexthop" {
            let text =
                [b"Error: \"nexthop\" or end of line is expected instead of \"", word, &b"\""[..]];
            return Err(Usage::new(255, text.concat()).at(args.at()).into());
        }
        if args.is_empty() {
            return Err(Error::fatal(255, "Error: unexpected end of line after \"nexthop\""));
        }
        let mut hop = one(args, route, names)?;
        let len = hop.payload().len();
        if request.payload().len() - begin + len > MOST {
            return Err(Error::fatal(255, "Error: too many nexthops"));
        }
        let len = u16::try_from(len).unwrap_or(u16::MAX);
        hop.header()[..2].copy_from_slice(&len.to_ne_bytes());
        request.raw(hop.payload());
    }
    request.end(nest);
    Ok(())
}

/// One struct rtnexthop and its attributes, the length still to be filled in.
fn one(args: &mut Args<'_>, route: &mut u8, names: &mut Names) -> Result<Request, Error> {
    let mut hop = Request::new(0, 0, &[0; 8]);
    while let Some(word) = args.take() {
        let Some((_, _, key)) = WORDS.iter().find(|(w, _, _)| w.is(word)) else {
            args.back();
            break;
        };
        if hop.payload().len() > MOST {
            return Err(Error::fatal(255, "Error: too many words for a nexthop"));
        }
        match key {
            Key::Via => via(args, route, &mut hop)?,
            Key::Dev => {
                let name = args.need()?;
                let Some(index) = names.index(name) else {
                    let text = [b"Cannot find device \"", name, b"\"\nError: cannot parse nexthop"];
                    return Err(Usage::new(255, text.concat()).at(args.at()).into());
                };
                hop.header()[4..8].copy_from_slice(&index.to_ne_bytes());
            }
            Key::Weight => {
                let weight = value::u32(args.need()?).filter(|w| (1..=256).contains(w));
                let weight = weight.ok_or_else(|| args.wrong("\"weight\" is invalid\n"))?;
                hop.header()[3] = u8::try_from(weight - 1).unwrap_or(u8::MAX);
            }
            Key::Onlink => hop.header()[2] |= u8::try_from(RTNH_F_ONLINK).unwrap_or(0),
            Key::Realms => {
                let realms = realm::parse(args.need()?, names)
                    .ok_or_else(|| args.wrong("\"realm\" value is invalid\n"))?;
                hop.u32(RTA_FLOW, realms);
            }
            Key::Encap => encap::send(args, names, &mut hop, &encap::ROUTE)?,
            // Of a copy: here only `via` decides the family of the route.
            Key::As => newdst(args, &mut { *route }, &mut hop)?,
        }
    }
    Ok(hop)
}

const GATEWAY: Field = field("gateway", "{} ");
const FAMILY: Field = field("family", "{} ");
const HOST: Field = field("host", "{} ");
const TO: Field = field("to", "{} ");
const DEV: Field = field("dev", "dev {} ");
const WEIGHT: Field = field("weight", "weight {} ");
const NUMBER: Field = text_only("{} ");
const NUMBER_JSON: Field = json_only("family");

/// Shows RTA_GATEWAY.
#[inline]
pub fn show_gateway(out: &mut Out, names: &mut Names, family: u8, addr: &[u8]) {
    out.text("via ");
    host::show_of(out, names, GATEWAY, family, addr);
}

/// Shows RTA_VIA.
pub fn show_via(out: &mut Out, names: &mut Names, via: Via<'_>) {
    out.open_object("via");
    out.text("via ");
    match u8::try_from(via.family).map(value::family_name) {
        Ok(name) if name != "???" => out.str(FAMILY, name),
        _ => {
            out.uint(NUMBER, via.family);
            out.uint(NUMBER_JSON, via.family);
        }
    }
    host::show_of(out, names, HOST, u8::try_from(via.family).unwrap_or(0), via.addr);
    out.close();
}

/// Shows RTA_NEWDST.
pub fn show_newdst(out: &mut Out, names: &mut Names, family: u8, addr: &[u8]) {
    out.text("as to ");
    host::show_of(out, names, TO, family, addr);
}

/// Shows RTA_MULTIPATH, a line each; MPLS routes have no weights.
pub fn show(out: &mut Out, names: &mut Names, hops: Hops<'_>, family: u8, stats: bool) {
    out.open_list("nexthops");
    for hop in hops {
        out.open();
        out.line_break();
        out.text("\tnexthop ");
        line(out, names, &hop, family, stats);
        out.close();
    }
    out.close_list();
}

fn line(out: &mut Out, names: &mut Names, hop: &Hop<'_>, family: u8, stats: bool) {
    if let Some(encap) = hop.encap() {
        encap::show(out, names, encap, stats);
    }
    if let Some(addr) = hop.newdst() {
        show_newdst(out, names, family, addr);
    }
    if let Some(addr) = hop.gateway() {
        show_gateway(out, names, family, addr);
    }
    if let Some(via) = hop.via() {
        show_via(out, names, via);
    }
    if let Some(flow) = hop.flow() {
        realm::show(out, names, flow);
    }
    out.bytes(DEV, names.name(hop.index));
    if family != value::AF_MPLS {
        out.uint(WEIGHT, hop.weight);
    }
    super::flags::show(out, hop.flags.into());
}
