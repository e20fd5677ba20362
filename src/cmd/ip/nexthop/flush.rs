//! `ip nexthop flush`.

use crate::cli::Args;
use crate::ctx::{Ctx, dump_failed};
use crate::error::{Error, Result, refusal};
use crate::netlink::{self, Request};
use crate::rtnl::nexthop::{NHA_ID, Nexthop, RTM_DELNEXTHOP, header};

use super::filter::{self, Filter};

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let filter = filter::read(&mut ctx.names, ctx.opts.family, args)?;
    if let Some(id) = filter.id {
        return match ctx.route()?.change(&mut deletion(id)) {
            Err(netlink::Error::Nack(nack)) => {
                Err(Error::Kernel { nack, status: 1, dump: false, at: None }.into())
            }
            done => Ok(done.map(|_| ())?),
        };
    }
    let mut count = 0;
    if filter.is_open() {
        // A group goes by itself with its last member: it must be gone before.
        let groups = Filter { family: filter.family, groups: true, ..Filter::default() };
        count += round(ctx, &groups)?;
    }
    count += round(ctx, &filter)?;
    let text = match count {
        0 => "Nothing to flush\n".to_owned(),
        n => format!("Flushed {n} nexthops\n"),
    };
    // Also with -json (observed in iproute2 6.15).
    ctx.out.raw(text.as_bytes());
    Ok(())
}

/// Deletes what is meant; how many objects that were. A refusal is told and is no failure.
fn round(ctx: &mut Ctx, filter: &Filter) -> Result<usize> {
    let mut ids = Vec::new();
    let mut dump = ctx.route()?.dump(&mut filter.request())?;
    loop {
        match dump.next_message() {
            Ok(Some(msg)) => {
                let n = Nexthop::parse(msg.payload).filter(|n| filter.accepts(n));
                ids.extend(n.and_then(|n| n.id()));
            }
            Ok(None) => break,
            Err(e) => {
                dump_failed(e, 2)?;
                break;
            }
        }
    }
    let interrupted = dump.interrupted();
    ctx.told_interruption(interrupted);
    let mut count = 0;
    for id in ids {
        match ctx.route()?.change(&mut deletion(id)) {
            Ok(_) => count += 1,
            Err(netlink::Error::Nack(nack)) => {
                let mut text = refusal(&nack);
                text.push(b'\n');
                ctx.complain(&text);
            }
            Err(e) => return Err(Error::from(e).into()),
        }
    }
    Ok(count)
}

fn deletion(id: u32) -> Request {
    let mut r = Request::new(RTM_DELNEXTHOP, 0, &header(0));
    r.u32(NHA_ID, id);
    r
}
