//! `ip nexthop bucket`: the buckets of resilient groups.

use crate::cli::value::{self, AF_UNSPEC};
use crate::cli::{Args, Row, Usage, exact, prefix};
use crate::cmd::ip::route::{flags, object};
use crate::ctx::{Ctx, pointed};
use crate::error::{Error, Result};
use crate::netlink::{self, Request};
use crate::output::{Field, Out, field};
use crate::rtnl::nexthop::{
    NHA_ID, NHA_MASTER, NHA_OIF, NHA_RES_BUCKET, NHA_RES_BUCKET_INDEX, NHA_RES_BUCKET_NH_ID,
    Nexthop, RTM_GETNEXTHOPBUCKET, header,
};

use super::filter::{self, Filter};

const NLA_F_NESTED: u16 = 0x8000;

const ID: Field = field("id", "id {} ");
const INDEX: Field = field("index", "index {} ");
const IDLE: Field = field("idle_time", "idle_time {} ");
const NEXTHOP: Field = field("nhid", "nhid {} ");

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let Some(word) = args.take() else { return list(ctx, args) };
    for verb in ["list", "show", "lst"] {
        if prefix(verb).is(word) {
            return list(ctx, args);
        }
    }
    if prefix("get").is(word) {
        return get(ctx, args);
    }
    if prefix("help").is(word) {
        return Err(super::usage().into());
    }
    Err(args.unknown_command("nexthop").into())
}

/// The selectors while they are read.
pub struct Reading<'n> {
    common: filter::Reading<'n>,
    nexthop: u32,
}

type Read = std::result::Result<(), Usage>;

/// The selectors, in the order in which they are tried.
#[rustfmt::skip] // one row, one line
pub fn rows<'n>() -> &'n [Row<Reading<'n>>] {
    const {
        &[
            Row { word: prefix("dev"), arg: "DEV", take: |a, r| filter::dev(a, &mut r.common), again: true },
            Row { word: prefix("master"), arg: "DEV", take: |a, r| filter::master(a, &mut r.common), again: true },
            Row { word: prefix("vrf"), arg: "NAME", take: |a, r| filter::vrf(a, &mut r.common), again: true },
            Row { word: exact("id"), arg: "ID", take: |a, r| filter::id(a, &mut r.common), again: true },
            Row { word: exact("nhid"), arg: "ID", take: nexthop, again: true },
            Row { word: prefix("help"), arg: "", take: |_, _| Err(super::usage()), again: true },
        ]
    }
}

fn nexthop(args: &mut Args<'_>, r: &mut Reading<'_>) -> Read {
    r.nexthop = super::id(args)?;
    Ok(())
}

fn list(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let common = filter::Reading { names: &mut ctx.names, filter: Filter::default() };
    let mut r = Reading { common, nexthop: 0 };
    args.read(rows(), &mut r, |a, _| Err(a.wrong("")))?;
    let mut request = r.request();
    let (conn, out, _, _) = ctx.parts()?;
    let mut dump = conn.dump(&mut request)?;
    out.begin();
    let ended = loop {
        match dump.next_message() {
            Ok(Some(msg)) => message(out, msg.payload),
            Ok(None) => break Ok(()),
            Err(e) => break Err(terminated(e)),
        }
    };
    let interrupted = dump.interrupted();
    out.end();
    ctx.told_interruption(interrupted);
    Ok(ended?)
}

impl Reading<'_> {
    fn request(&self) -> Request {
        let f = &self.common.filter;
        let mut r = Request::new(RTM_GETNEXTHOPBUCKET, 0, &header(AF_UNSPEC));
        if let Some(id) = f.id.filter(|id| *id != 0) {
            r.u32(NHA_ID, id);
        }
        if let Some(index) = f.index {
            r.u32(NHA_OIF, index);
        }
        if let Some(master) = f.master {
            r.u32(NHA_MASTER, master);
        }
        if self.nexthop != 0 {
            let nest = r.nest(NHA_RES_BUCKET | NLA_F_NESTED);
            r.u32(NHA_RES_BUCKET_NH_ID, self.nexthop);
            r.end(nest);
        }
        r
    }
}

/// A group that does not exist has no sentence (observed in iproute2 6.15).
fn terminated(e: netlink::Error) -> Error {
    match e {
        netlink::Error::Nack(nack) if nack.message.is_none() && nack.errno == libc::ENOENT => {
            Error::failed(2, "Dump terminated")
        }
        netlink::Error::Nack(nack) => Error::Kernel { nack, status: 2, dump: true, at: None },
        other => other.into(),
    }
}

fn get(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let (mut id, mut index) = (None, None);
    while let Some(word) = args.take() {
        match word {
            b"id" => id = Some(super::id(args)?),
            b"index" => index = Some(args.value(value::u16, "invalid bucket index value")?),
            _ => return Err(super::usage().into()),
        }
    }
    let (Some(id), Some(index)) = (id.filter(|n| *n != 0), index) else {
        return Err(super::usage().into());
    };
    let mut request = Request::new(RTM_GETNEXTHOPBUCKET, 0, &header(AF_UNSPEC));
    request.u32(NHA_ID, id);
    let nest = request.nest(NHA_RES_BUCKET | NLA_F_NESTED);
    request.u16(NHA_RES_BUCKET_INDEX, index);
    request.end(nest);
    let (conn, out, _, _) = ctx.parts()?;
    let answer = conn.get(&mut request).map_err(|e| pointed(e, &request))?;
    out.begin();
    message(out, answer.payload);
    out.end();
    Ok(())
}

/// One bucket with the end of its line.
fn message(out: &mut Out, payload: &[u8]) {
    let Some(n) = Nexthop::parse(payload) else { return };
    out.open();
    line(out, &n);
    out.close();
}

/// One bucket without its JSON object, with the end of its line.
pub fn line(out: &mut Out, n: &Nexthop<'_>) {
    if let Some(id) = n.id() {
        out.uint(ID, id);
    }
    if let Some(b) = n.bucket() {
        out.open_object("bucket");
        out.uint(INDEX, b.index);
        out.number(IDLE, object::seconds(b.idle_ticks));
        out.uint(NEXTHOP, b.nexthop);
        out.close();
    }
    flags::show(out, n.flags);
    out.newline();
}
