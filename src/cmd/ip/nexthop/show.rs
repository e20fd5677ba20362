//! `ip nexthop show`, `get`, and how one object is shown.

use crate::cli::Args;
use crate::cmd::ip::route::object;
use crate::cmd::ip::route::show::Level;
use crate::ctx::{Ctx, Opts, dump_failed, pointed};
use crate::error::Result;
use crate::names::Names;
use crate::netlink::Request;
use crate::output::{Field, Out, field};
use crate::rtnl::nexthop::{
    MemberStats, NHA_OP_FLAG_DUMP_HW_STATS, NHA_OP_FLAG_DUMP_STATS, NHA_OP_FLAGS, Nexthop,
    RTM_DELNEXTHOP, RTM_NEWNEXTHOP, query,
};

use super::filter;

const HW_ON: Field = field("enabled", "hw_stats {} ");
const HW_USED: Field = field("used", "used {} ");
const MEMBER: Field = field("id", "    id {}");
const PACKETS: Field = field("packets", " packets {}");
const PACKETS_HW: Field = field("packets_hw", " packets_hw {}");

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let filter = filter::read(&mut ctx.names, ctx.opts.family, args)?;
    if let Some(id) = filter.id {
        return one(ctx, query(id));
    }
    let (conn, out, names, opts) = ctx.parts()?;
    let mut request = filter.request();
    ask_for_statistics(&mut request, opts);
    let mut dump = conn.dump(&mut request)?;
    out.begin();
    let ended = loop {
        match dump.next_message() {
            Ok(Some(msg)) => {
                if Nexthop::parse(msg.payload).is_some_and(|n| filter.accepts(&n)) {
                    message(out, names, Level::of(opts), RTM_NEWNEXTHOP, msg.payload);
                }
            }
            Ok(None) => break Ok(()),
            Err(e) => break dump_failed(e, 2),
        }
    };
    let interrupted = dump.interrupted();
    out.end();
    ctx.told_interruption(interrupted);
    Ok(ended?)
}

/// `ip nexthop get id ID`
pub fn get(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut id = 0;
    let mut at = 0;
    while let Some(word) = args.take() {
        if word != b"id" {
            return Err(super::usage().into());
        }
        id = super::id(args)?;
        at = args.at();
    }
    if id == 0 {
        return Err(super::usage().into());
    }
    let mut request = query(id);
    request.from_word(at);
    one(ctx, request)
}

/// Shows the answer to a request.
fn one(ctx: &mut Ctx, mut request: Request) -> Result {
    let (conn, out, names, opts) = ctx.parts()?;
    ask_for_statistics(&mut request, opts);
    let answer = conn.get(&mut request).map_err(|e| pointed(e, &request))?;
    out.begin();
    message(out, names, Level::of(opts), answer.kind, answer.payload);
    out.end();
    Ok(())
}

fn ask_for_statistics(request: &mut Request, opts: &Opts) {
    match opts.stats {
        0 => {}
        1 => request.u32(NHA_OP_FLAGS, NHA_OP_FLAG_DUMP_STATS),
        _ => request.u32(NHA_OP_FLAGS, NHA_OP_FLAG_DUMP_STATS | NHA_OP_FLAG_DUMP_HW_STATS),
    }
}

/// The object a message is about, with the end of its line.
pub fn message(out: &mut Out, names: &mut Names, level: Level, kind: u16, payload: &[u8]) {
    let Some(n) = Nexthop::parse(payload) else { return };
    out.open();
    if kind == RTM_DELNEXTHOP {
        out.flag("deleted", "Deleted ");
    }
    line(out, names, level, &n);
    out.close();
}

/// One object without its JSON object, with the end of its line.
pub fn line(out: &mut Out, names: &mut Names, level: Level, n: &Nexthop<'_>) {
    object::fields(out, names, n, level.details, level.stats);
    if let Some((on, used)) = n.hw_stats() {
        out.open_object("hw_stats");
        out.on_off(HW_ON, on);
        out.on_off(HW_USED, used);
        out.close();
    }
    if let Some(members) = n.group_stats() {
        statistics(out, members);
    }
    out.newline();
}

fn statistics(out: &mut Out, members: impl Iterator<Item = MemberStats>) {
    out.open_list("group_stats");
    out.line_break();
    out.text("  stats:");
    for m in members {
        out.open();
        out.line_break();
        out.uint(MEMBER, m.id);
        out.uint(PACKETS, m.packets);
        if let Some(n) = m.packets_hw {
            out.uint(PACKETS_HW, n);
        }
        out.close();
    }
    out.close_list();
}
