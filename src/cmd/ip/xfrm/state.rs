//! `ip xfrm state`: how packets are protected.

use crate::cli::value::{self, AF_UNSPEC};
use crate::cli::{Args, Usage, prefix};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::netlink::{Attrs, Request};
use crate::rtnl::xfrm::{
    self, ALLOCSPI, Address, Bytes, DELSA, FLUSHSA, GETSA, NEWSA, STATE_ID_LEN, STATE_LEN, UPDSA,
    attr, set, state, state_id,
};

use super::super::verb::{self, Verb};
use super::words::{self, Id, Mark, Reader, sentence};
use super::{algo, change, count, list, open, refused, send, show, text, unknown};

/// Types of encapsulation in UDP and TCP, by their number (linux/udp.h).
pub const ENCAPS: &[(u16, &str)] = &[(1, "espinudp-nonike"), (2, "espinudp"), (7, "espintcp")];

const CHANGE: &str = "ID [ ALGO ]... [ WORD ]...";
const FILTER: &str = "[ ID ] [ mode MODE ] [ reqid REQID ] [ flag FLAG... ]";

/// In the order in which beginnings are tried.
#[rustfmt::skip] // one row, one line
pub static VERBS: &[Verb] = &[
    Verb { word: prefix("add"), args: CHANGE, run: |ctx, args| change::state(ctx, args, NEWSA) },
    Verb { word: prefix("update"), args: CHANGE, run: |ctx, args| change::state(ctx, args, UPDSA) },
    Verb { word: prefix("allocspi"), args: "ID [ mode MODE ] [ mark MARK [ mask MASK ] ] [ reqid REQID ] [ dir DIR ] [ seq SEQ ] [ min SPI max SPI ] [ pcpu-num NUMBER ]", run: allocspi },
    Verb { word: prefix("delete"), args: "ID [ mark MARK [ mask MASK ] ]", run: |ctx, args| one(ctx, args, DELSA) },
    Verb { word: prefix("deleteall"), args: FILTER, run: |ctx, args| list::states(ctx, args, true) },
    Verb { word: prefix("delall"), args: FILTER, run: |ctx, args| list::states(ctx, args, true) },
    Verb { word: prefix("list"), args: "[ nokeys ] [ ID ] [ mode MODE ] [ reqid REQID ] [ flag FLAG... ]", run: |ctx, args| list::states(ctx, args, false) },
    Verb { word: prefix("show"), args: "=", run: |ctx, args| list::states(ctx, args, false) },
    Verb { word: prefix("lst"), args: "=", run: |ctx, args| list::states(ctx, args, false) },
    Verb { word: prefix("get"), args: "ID [ mark MARK [ mask MASK ] ]", run: |ctx, args| one(ctx, args, GETSA) },
    Verb { word: prefix("flush"), args: "[ proto PROTO ]", run: flush },
    Verb { word: prefix("count"), args: "", run: |ctx, _| count::states(ctx) },
    Verb { word: prefix("help"), args: "", run: help },
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    verb::dispatch(ctx, args, "xfrm state", VERBS, |ctx, args| list::states(ctx, args, false))
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

pub fn usage() -> Usage {
    let words = |title, table: &[(u32, &'static str)]| {
        verb::listed(title, table.iter().map(|(_, w)| (*w, "")))
    };
    let mut more = String::from(
        "ID := [ src ADDR ] [ dst ADDR ] [ proto PROTO ] [ spi SPI ]\n\
         PROTO := { esp | ah | comp | route2 | hao }\n",
    );
    more += &verb::listed("ALGO", algo::KINDS.iter().map(|k| (k.word, k.args)));
    more += &verb::listed("WORD", change::WORDS.iter().copied());
    more += &verb::listed("MODE", show::MODES.iter().map(|w| (*w, "")));
    more += &words("FLAG", show::STATE_FLAGS);
    more += &words("EXTRA", show::EXTRA_FLAGS);
    more += SELECTOR;
    more += &verb::listed("LIMIT", words::LIMITS.iter().map(|(w, _)| (*w, "NUMBER")));
    more += "ENCAP := { espinudp | espinudp-nonike | espintcp } SPORT DPORT ADDR\n\
             DIR := { in | out }\n";
    verb::usage("xfrm state", VERBS, &more)
}

/// How selectors stand in a usage.
pub const SELECTOR: &str = "SELECTOR := [ src PREFIX ] [ dst PREFIX ] [ dev DEV ] [ UPPER ]\n\
     UPPER := proto PROTO [ sport PORT ] [ dport PORT ] [ type NUMBER ] [ code NUMBER ] [ key KEY ]\n";

/// Writes what a state is known by to struct xfrm_usersa_info.
pub fn put_id(to: &mut [u8], id: &Id) {
    set(to, state::SADDR, &id.src);
    set(to, state::DADDR, &id.dst);
    set(to, state::SPI, &id.spi.to_be_bytes());
    set(to, state::PROTO, &[id.proto]);
    set(to, state::FAMILY, &u16::from(id.family).to_ne_bytes());
}

/// A request about one state: struct xfrm_usersa_id, its source and its mark.
pub fn about(kind: u16, id: &Id, src: Option<Address>, mark: Option<Mark>) -> Request {
    let mut header = [0; STATE_ID_LEN];
    set(&mut header, state_id::DADDR, &id.dst);
    set(&mut header, state_id::SPI, &id.spi.to_be_bytes());
    set(&mut header, state_id::FAMILY, &u16::from(id.family).to_ne_bytes());
    set(&mut header, state_id::PROTO, &[id.proto]);
    let mut req = Request::new(kind, 0, &header);
    if let Some(src) = src {
        req.attr(attr::SRCADDR, &src);
    }
    change::put_mark(&mut req, mark);
    req
}

/// `get` and `delete`.
fn one(ctx: &mut Ctx, args: &mut Args<'_>, kind: u16) -> Result {
    let mut r = Reader { names: &mut ctx.names, family: ctx.opts.family };
    let (mut id, mut mark) = (None, None);
    while let Some(word) = args.take() {
        match word {
            b"mark" => mark = Some(words::mark(args)?),
            _ if id.is_some() => return Err(unknown(args).into()),
            _ => {
                args.back();
                id = Some(words::id(&mut r, args, false)?);
            }
        }
    }
    let src = id.map(|id| id.src);
    let mut id = id.unwrap_or_default();
    id.family = words::family(id.family, ctx.opts.family);
    let mut req = about(kind, &id, src, mark);
    if kind == DELSA {
        return Ok(send(ctx, &mut req)?);
    }
    ask(ctx, &mut req)
}

/// Asks for a state and shows it.
fn ask(ctx: &mut Ctx, req: &mut Request) -> Result {
    let mut conn = open(ctx)?;
    let answer = conn.get(req).map(|msg| msg.payload.to_vec());
    let state = answer.map_err(|e| refused(e, req))?;
    show_state(ctx, &state, false);
    Ok(())
}

/// Shows a state of a table or an answer.
pub fn show_state(ctx: &mut Ctx, payload: &[u8], nokeys: bool) {
    let Some((head, attrs)) = parts(payload) else { return };
    text::show(ctx, nokeys, |t| {
        show::state(t, head, attrs);
        t.end();
    });
}

fn allocspi(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut r = Reader { names: &mut ctx.names, family: ctx.opts.family };
    let mut info = [0; STATE_LEN + 8];
    let (mut id, mut mark, mut dir, mut pcpu) = (None::<Id>, None, None, None);
    let (mut min, mut max) = (None, None);
    while let Some(word) = args.take() {
        match word {
            b"mode" => set(&mut info, state::MODE, &[words::mode(args)?]),
            b"mark" => mark = Some(words::mark(args)?),
            b"reqid" => {
                let n = args.value(value::u32, "REQID value is invalid")?;
                set(&mut info, state::REQID, &n.to_ne_bytes());
            }
            b"seq" => {
                let n = args.value(value::u32, "SEQ value is invalid")?;
                set(&mut info, state::SEQ, &n.to_be_bytes());
            }
            b"min" => min = Some(args.value(value::u32, "value after \"min\" is invalid")?),
            b"max" => max = Some(args.value(value::u32, "value after \"max\" is invalid")?),
            b"dir" => dir = Some(if words::in_out(args)? { 1 } else { 2 }),
            b"pcpu-num" => pcpu = Some(change::pcpu(args)?),
            _ if id.is_some() => return Err(unknown(args).into()),
            _ => {
                args.back();
                let said = words::id(&mut r, args, false)?;
                if said.spi != 0 {
                    return Err(sentence("\"spi\" is invalid".into()).into());
                }
                if r.family == AF_UNSPEC {
                    r.family = said.family;
                }
                id = Some(said);
            }
        }
    }
    let Some(mut id) = id else {
        return Err(sentence("Not enough information: ID is required".into()).into());
    };
    let (min, max) = match (min, max) {
        (Some(min), Some(max)) if min > max => {
            let text = "value after \"min\" is larger than value after \"max\"";
            return Err(sentence(text.into()).into());
        }
        (Some(min), Some(max)) => (min, max),
        (Some(_), None) => return Err(sentence("\"max\" is missing".into()).into()),
        (None, Some(_)) => return Err(sentence("\"min\" is missing".into()).into()),
        // Those of PF_KEY; a number of IPComp has 16 bits.
        (None, None) => (0x100, if id.proto == 108 { 0xffff } else { 0x0fff_ffff }),
    };
    id.family = words::family(id.family, ctx.opts.family);
    put_id(&mut info, &id);
    set(&mut info, STATE_LEN, &min.to_ne_bytes());
    set(&mut info, STATE_LEN + 4, &max.to_ne_bytes());
    let mut req = Request::new(ALLOCSPI, 0, &info);
    change::put_mark(&mut req, mark);
    if let Some(dir) = dir {
        req.u8(attr::SA_DIR, dir);
    }
    if let Some(cpu) = pcpu {
        req.u32(attr::SA_PCPU, cpu);
    }
    ask(ctx, &mut req)
}

fn flush(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut proto = None;
    while let Some(word) = args.take() {
        if word != b"proto" {
            return Err(unknown(args).into());
        }
        if proto.is_some() {
            return Err(args.duplicate("proto").into());
        }
        proto = Some(words::protocol(args)?);
    }
    let proto = proto.unwrap_or(0);
    if ctx.opts.stats > 1 {
        let name = words::protocol_name(proto);
        ctx.complain(format!("Flush state with XFRM-PROTO value \"{name}\"\n").as_bytes());
    }
    Ok(send(ctx, &mut Request::new(FLUSHSA, 0, &[proto]))?)
}

/// The state of a message of a table.
pub fn parts(payload: &[u8]) -> Option<(Bytes<'_>, Attrs<'_>)> {
    let (head, rest) = payload.split_at_checked(xfrm::STATE_LEN)?;
    Some((Bytes(head), Attrs(rest)))
}

/// A sentence about what a protocol must or must not have.
pub fn with_protocol(what: &str, be: &str, proto: u8) -> Usage {
    let name = words::protocol_name(proto);
    sentence(format!("{what} is {be} with XFRM-PROTO value \"{name}\""))
}
