//! `ip mptcp`: addresses that Multipath TCP uses, its limits, and what it does.

use crate::cli::value::{self, AF_INET, AF_UNSPEC, Addr};
use crate::cli::{Args, Usage, prefix};
use crate::ctx::{Ctx, Opts, pointed};
use crate::error::{Error, Result};
use crate::genl::{self, Family};
use crate::names::Names;
use crate::netlink::{Attr, NLA_F_NESTED, Request};
use crate::output::{Field, Out, field};

use super::Grammar;
use super::monitor::event::stamp;
use super::verb::{self, Verb};

/// The family and its version.
const FAMILY: (&str, u8) = ("mptcp_pm", 1);

// Commands and attributes (linux/mptcp_pm.h).
const ADD_ADDR: u8 = 1;
const DEL_ADDR: u8 = 2;
const GET_ADDR: u8 = 3;
const FLUSH_ADDRS: u8 = 4;
const SET_LIMITS: u8 = 5;
const GET_LIMITS: u8 = 6;
const SET_FLAGS: u8 = 7;
const ATTR_ADDR: u16 = 1;
const ATTR_RCV_ADD_ADDRS: u16 = 2;
const ATTR_SUBFLOWS: u16 = 3;
// Inside ATTR_ADDR.
const ADDR_FAMILY: u16 = 1;
const ADDR_ID: u16 = 2;
const ADDR_ADDR4: u16 = 3;
const ADDR_ADDR6: u16 = 4;
const ADDR_PORT: u16 = 5;
const ADDR_FLAGS: u16 = 6;
const ADDR_IF_IDX: u16 = 7;

const SIGNAL: u32 = 1;
const BACKUP: u32 = 4;
const FULLMESH: u32 = 8;

/// What an address is for, in the order in which it is shown.
const FLAGS: &[(u32, &str)] = &[
    (SIGNAL, "signal"),
    (2, "subflow"),
    (BACKUP, "backup"),
    (FULLMESH, "fullmesh"),
    (16, "implicit"),
    (32, "laminar"),
];

const ADDRESS: Field = field("address", "{} ");
const PORT: Field = field("port", "port {} ");
const ID: Field = field("id", "id {} ");
const RAW_FLAGS: Field = field("rawflags", "rawflags {} ");
const DEV: Field = field("dev", "dev {} ");

#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: prefix("help"), args: "", run: help },
    Verb { word: prefix("endpoint"), args: "{ add ADDR [ WORD ... ] | change { id ID | ADDR } [ CHANGE ... ] | delete id ID [ ADDR ] | show [ id ID ] | flush }", run: endpoint },
    Verb { word: prefix("limits"), args: "{ set [ LIMIT ... ] | show }", run: limits },
    Verb { word: prefix("monitor"), args: "", run: monitor },
];

/// In the order in which beginnings are tried; without one, `show`.
#[rustfmt::skip] // one row, one line
static OF_ENDPOINT: &[Verb] = &[
    Verb { word: prefix("add"), args: "", run: add },
    Verb { word: prefix("change"), args: "", run: change },
    Verb { word: prefix("delete"), args: "", run: delete },
    Verb { word: prefix("show"), args: "", run: show },
    Verb { word: prefix("flush"), args: "", run: flush },
];

#[rustfmt::skip] // one row, one line
static OF_LIMITS: &[Verb] = &[
    Verb { word: prefix("set"), args: "", run: set_limits },
    Verb { word: prefix("show"), args: "", run: show_limits },
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    verb::dispatch_genl(ctx, args, "mptcp", FAMILY, VERBS)
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "mptcp", verbs: VERBS, usage }
}

fn usage() -> Usage {
    let flags = FLAGS.iter().filter(|(_, w)| *w != "implicit").map(|(_, w)| (*w, ""));
    let mut more = verb::listed("FLAG", flags);
    more.push_str(
        "WORD := { dev DEV | id ID | port PORT | FLAG }\n\
         CHANGE := { backup | nobackup | fullmesh | nofullmesh | port PORT }\n\
         LIMIT := { subflows NUMBER | add_addr_accepted NUMBER }\n",
    );
    verb::usage("mptcp", VERBS, &more)
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

fn open(ctx: &mut Ctx) -> Result<Family, Error> {
    ctx.genl(FAMILY.0, FAMILY.1)
}

fn endpoint(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    verb::dispatch(ctx, args, "mptcp", OF_ENDPOINT, show)
}

fn limits(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    verb::dispatch(ctx, args, "mptcp", OF_LIMITS, show_limits)
}

/// What the words say of an address.
#[derive(Default)]
struct Endpoint {
    addr: Option<Addr>,
    id: Option<u8>,
    port: u16,
    index: u32,
    flags: u32,
}

/// What is wrong with a flag, and all those up to it.
type Wrong = fn(u32, u32) -> Option<&'static str>;

/// Reads an address.
fn read(names: &mut Names, args: &mut Args<'_>, wrong: Wrong) -> Result<Endpoint, Usage> {
    let mut e = Endpoint::default();
    while let Some(word) = args.take() {
        let flag = FLAGS.iter().find(|(_, w)| w.as_bytes() == word);
        if let Some((bit, _)) = flag {
            e.flags |= bit;
            if let Some(why) = wrong(*bit, e.flags) {
                return Err(args.wrong(why));
            }
            continue;
        }
        match word {
            b"nobackup" => e.flags &= !BACKUP,
            b"nofullmesh" => e.flags &= !FULLMESH,
            _ if prefix("id").is(word) => e.id = Some(args.value(value::u8, "invalid ID\n")?),
            _ if prefix("dev").is(word) => {
                let name = args.need()?;
                if value::ifname(name).is_none() {
                    return Err(args.wrong("invalid interface name\n"));
                }
                let missing = || args.wrong("device does not exist\n");
                e.index = names.index(name).ok_or_else(missing)?;
            }
            _ if prefix("port").is(word) => e.port = args.value(value::u16, "expected port")?,
            _ => e.addr = Some(value::addr(word, AF_UNSPEC).map_err(|u| u.at(args.at()))?),
        }
    }
    Ok(e)
}

impl Endpoint {
    /// Adds what is said to a request.
    fn put(&self, r: &mut Request) {
        let nest = r.nest(ATTR_ADDR | NLA_F_NESTED);
        if let Some(id) = self.id {
            r.u8(ADDR_ID, id);
        }
        if let Some(addr) = self.addr {
            r.u16(ADDR_FAMILY, addr.family.into());
            let kind = if addr.family == AF_INET { ADDR_ADDR4 } else { ADDR_ADDR6 };
            r.attr(kind, addr.bytes());
        }
        if self.port != 0 {
            r.u16(ADDR_PORT, self.port);
        }
        if self.index != 0 {
            r.u32(ADDR_IF_IDX, self.index);
        }
        if self.flags != 0 {
            r.u32(ADDR_FLAGS, self.flags);
        }
        r.end(nest);
    }
}

fn not_zero(args: &Args<'_>, e: &Endpoint) -> Result<(), Usage> {
    if e.id == Some(0) { Err(args.wrong_about("ID", "cannot be 0\n")) } else { Ok(()) }
}

fn send(ctx: &mut Ctx, command: u8, e: &Endpoint) -> Result {
    let mut family = open(ctx)?;
    let mut request = family.request(command, 0);
    e.put(&mut request);
    Ok(Ctx::genl_change(&mut family, &mut request, 2)?)
}

fn add(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    const BOTH: u32 = SIGNAL | FULLMESH;
    let e = read(&mut ctx.names, args, |_, all| {
        (all & BOTH == BOTH).then_some("flags mustn't have both signal and fullmesh")
    })?;
    if e.addr.is_none() {
        return Err(args.required("ADDRESS").into());
    }
    if e.port != 0 && e.flags & SIGNAL == 0 {
        let why = "flags must have signal when using port";
        return Err(args.wrong_about("port", why).into());
    }
    not_zero(args, &e)?;
    send(ctx, ADD_ADDR, &e)
}

fn change(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let e = read(&mut ctx.names, args, |one, _| {
        (one & (BACKUP | FULLMESH) == 0).then_some("invalid flags, backup and fullmesh only")
    })?;
    if e.id.is_some() && e.port != 0 {
        return Err(args.wrong_about("port", "port can't be used with id").into());
    }
    not_zero(args, &e)?;
    send(ctx, SET_FLAGS, &e)
}

fn delete(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let e = read(&mut ctx.names, args, |_, _| None)?;
    match (e.id, e.addr) {
        (None, _) => Err(args.required("ID").into()),
        (Some(0), None) => {
            Err(args.wrong_about("ID", "address is needed for deleting id 0 address\n").into())
        }
        (Some(1..), Some(_)) => {
            Err(args.wrong_about("ADDRESS", "invalid for non-zero id address\n").into())
        }
        _ => send(ctx, DEL_ADDR, &e),
    }
}

fn flush(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    if args.take().is_some() {
        return Err(args.garbage("flush").into());
    }
    let mut family = open(ctx)?;
    let mut request = family.request(FLUSH_ADDRS, 0);
    Ok(Ctx::genl_change(&mut family, &mut request, 2)?)
}

fn show(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let all = args.is_empty();
    let e = read(&mut ctx.names, args, |_, _| None)?;
    not_zero(args, &e)?;
    let mut family = open(ctx)?;
    let mut request = family.request(GET_ADDR, 0);
    if all {
        return Ok(ctx.genl_table(&mut family, &mut request, 2, &mut |out, names, _, msg| {
            line(out, names, msg.payload);
        })?);
    }
    e.put(&mut request);
    let msg = family.conn.get(&mut request).map_err(|e| pointed(e, &request))?;
    ctx.out.begin();
    line(&mut ctx.out, &mut ctx.names, msg.payload);
    ctx.out.end();
    Ok(())
}

/// One address, with the end of its line.
fn line(out: &mut Out, names: &mut Names, payload: &[u8]) {
    let Some(addr) = genl::attrs(payload).find(ATTR_ADDR).map(Attr::nested) else { return };
    out.open();
    for kind in [ADDR_ADDR4, ADDR_ADDR6] {
        if let Some(a) = addr.find(kind) {
            out.ip(crate::output::Paint::Plain, ADDRESS, a.value);
        }
    }
    if let Some(port) = addr.find(ADDR_PORT).and_then(Attr::u16).filter(|p| *p != 0) {
        out.uint(PORT, port);
    }
    if let Some(id) = addr.find(ADDR_ID).and_then(Attr::u8) {
        out.uint(ID, id);
    }
    let flags = addr.find(ADDR_FLAGS).and_then(Attr::u32).unwrap_or(0);
    for (_, word) in FLAGS.iter().filter(|(bit, _)| flags & bit != 0) {
        out.json_bool(word, true);
        out.text(word);
        out.text(" ");
    }
    let rest = FLAGS.iter().fold(flags, |rest, (bit, _)| rest & !bit);
    if rest != 0 {
        out.str(RAW_FLAGS, &format!("{rest:x}"));
    }
    if let Some(index) = addr.find(ADDR_IF_IDX).and_then(Attr::u32).filter(|i| *i != 0) {
        out.bytes(DEV, names.name(index));
    }
    out.newline();
    out.close();
}

/// The limits, in the order in which they are shown.
const LIMITS: [(&str, u16, Field); 2] = [
    ("add_addr_accepted", ATTR_RCV_ADD_ADDRS, field("add_addr_accepted", "add_addr_accepted {} ")),
    ("subflows", ATTR_SUBFLOWS, field("subflows", "subflows {} ")),
];

/// Reads limits and adds them to a request.
fn put_limits(args: &mut Args<'_>, request: &mut Request) -> Result<(), Usage> {
    while let Some(word) = args.take() {
        let found = LIMITS.iter().rev().find(|(name, _, _)| prefix(name).is(word));
        let (name, kind, _) = found.ok_or_else(|| args.wrong("unknown limit"))?;
        let wrong = format!("invalid {name}\n");
        request.u32(*kind, args.value(value::u32, &wrong)?);
    }
    Ok(())
}

fn set_limits(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut family = open(ctx)?;
    let mut request = family.request(SET_LIMITS, 0);
    put_limits(args, &mut request)?;
    Ok(Ctx::genl_change(&mut family, &mut request, 2)?)
}

/// The reference has no JSON here.
fn show_limits(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut family = open(ctx)?;
    let mut request = family.request(GET_LIMITS, 0);
    put_limits(args, &mut request)?;
    let msg = family.conn.get(&mut request).map_err(|e| pointed(e, &request))?;
    let attrs = genl::attrs(msg.payload);
    let out = &mut ctx.out;
    out.begin();
    out.open();
    for (_, kind, shown) in LIMITS {
        if let Some(n) = attrs.find(kind).and_then(Attr::u32) {
            out.uint(shown, n);
        }
    }
    out.newline();
    out.close();
    out.end();
    Ok(())
}

/// MPTCP_EVENT_* (linux/mptcp_pm.h).
const EVENTS: &[(u8, &str)] = &[
    (1, "CREATED"),
    (2, "ESTABLISHED"),
    (3, "CLOSED"),
    (6, "ANNOUNCED"),
    (7, "REMOVED"),
    (10, "SF_ESTABLISHED"),
    (11, "SF_CLOSED"),
    (13, "SF_PRIO"),
    (15, "LISTENER_CREATED"),
    (16, "LISTENER_CLOSED"),
];

/// How a value of an event is read.
enum Sort {
    Byte,
    Port,
    Number,
    Address,
}

/// MPTCP_ATTR_*, in the order in which they are shown.
#[rustfmt::skip] // one row, one line
const VALUES: &[(u16, Sort, Field)] = &[
    (4, Sort::Byte, field("remid", " remid={}")),
    (3, Sort::Byte, field("locid", " locid={}")),
    (5, Sort::Address, field("saddr4", " saddr4={}")),
    (6, Sort::Address, field("saddr6", " saddr6={}")),
    (7, Sort::Address, field("daddr4", " daddr4={}")),
    (8, Sort::Address, field("daddr6", " daddr6={}")),
    (9, Sort::Port, field("sport", " sport={}")),
    (10, Sort::Port, field("dport", " dport={}")),
    (11, Sort::Byte, field("backup", " backup={}")),
    (12, Sort::Byte, field("error", " error={}")),
    (14, Sort::Number, field("timeout", " timeout={}")),
    (15, Sort::Number, field("ifindex", " ifindex={}")),
    (16, Sort::Number, field("reset_reason", " reset_reason={}")),
    (17, Sort::Number, field("reset_flags", " reset_flags={}")),
];
const ATTR_TOKEN: u16 = 1;
const ATTR_SERVER_SIDE: u16 = 18;

/// Prints what happens to connections until it is killed; with -json an object a line.
fn monitor(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    if args.take().is_some() {
        return Err(args.unknown_command("mptcp").into());
    }
    let mut family = open(ctx)?;
    family
        .join("mptcp_pm_events")
        .map_err(|error| Error::Io { what: "Cannot hear of events", error })?;
    loop {
        ctx.out.flush()?;
        match family.conn.hear(true) {
            Ok(Some((msgs, _))) => {
                for msg in msgs {
                    event(&mut ctx.out, &ctx.opts, msg.payload);
                }
            }
            Ok(None) => {}
            Err(e) => return Err(Error::from(e).into()),
        }
    }
}

fn event(out: &mut Out, opts: &Opts, payload: &[u8]) {
    let attrs = genl::attrs(payload);
    let command = genl::command(payload);
    let Some((_, name)) = EVENTS.iter().find(|(number, _)| *number == command) else { return };
    out.open();
    stamp(out, opts);
    if out.is_json() {
        out.str(field("event", "{}"), name);
    } else {
        out.text(&format!("[{name:>16}]"));
    }
    if let Some(token) = attrs.find(ATTR_TOKEN).and_then(Attr::u32) {
        let text = if out.is_json() { format!("{token:#x}") } else { format!("{token:08x}") };
        out.str(field("token", " token={}"), &text);
    }
    for (kind, sort, shown) in VALUES {
        let Some(a) = attrs.find(*kind) else { continue };
        let number = match sort {
            Sort::Address => {
                out.ip(crate::output::Paint::Plain, *shown, a.value);
                None
            }
            Sort::Byte => a.u8().map(u32::from),
            Sort::Port => a.u16_be().map(u32::from),
            Sort::Number => a.u32(),
        };
        number.into_iter().for_each(|n| out.uint(*shown, n));
    }
    if attrs.find(ATTR_SERVER_SIDE).and_then(Attr::u8).is_some_and(|on| on != 0) {
        out.flag("server_side", " server_side");
    }
    out.close();
    out.newline();
    if out.is_json() {
        out.raw(b"\n");
        out.separate_documents();
    }
}
