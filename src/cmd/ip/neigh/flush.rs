//! `ip neighbour flush`.

use crate::cli::Args;
use crate::ctx::{Ctx, dump_failed, flush_failed};
use crate::error::{Error, Result};
use crate::netlink::Pack;
use crate::output::Style;
use crate::rtnl::consts::RTM_DELNEIGH;
use crate::rtnl::neigh::Neigh;

use super::{filter, show};

/// After so many rounds it is given up.
const ROUNDS: u32 = 10;

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    if args.is_empty() {
        return Err(Error::failed(1, "Flush requires arguments.").into());
    }
    let mut filter = filter::read(&mut ctx.names, ctx.opts.family, true, args)?;
    // The reference has no JSON here: entries are listed as text.
    let style = ctx.opts.style;
    ctx.out.set_style(Style { json: false, ..style });
    let done = rounds(ctx, &mut filter);
    ctx.out.set_style(style);
    done
}

fn rounds(ctx: &mut Ctx, filter: &mut filter::Filter) -> Result {
    let said = ctx.opts.stats > 0;
    for round in 0..ROUNDS {
        let count = one_round(ctx, filter)?;
        if count == 0 {
            if said {
                let text = match round {
                    0 => "Nothing to flush.\n".to_owned(),
                    1 => "*** Flush is complete after 1 round ***\n".to_owned(),
                    n => format!("*** Flush is complete after {n} rounds ***\n"),
                };
                ctx.out.raw(text.as_bytes());
            }
            return Ok(());
        }
        if said {
            let text = format!("\n*** Round {}, deleting {count} entries ***\n", round + 1);
            ctx.out.raw(text.as_bytes());
        }
        filter.without_failed();
    }
    let text = format!("*** Flush not complete bailing out after {ROUNDS} rounds\n");
    ctx.out.raw(text.as_bytes());
    Err(Error::Status(255).into())
}

/// Deletes what the table holds now; how many entries that were.
fn one_round(ctx: &mut Ctx, filter: &filter::Filter) -> Result<usize> {
    let (conn, out, names, opts) = ctx.parts()?;
    let mut pack = Pack::default();
    let mut dump = conn.dump(&mut filter.request())?;
    loop {
        match dump.next_message() {
            Ok(Some(msg)) => {
                let Some(n) = Neigh::parse(msg.payload).filter(|n| filter.accepts(n)) else {
                    continue;
                };
                pack.push(RTM_DELNEIGH, msg.payload);
                if opts.stats > 1 {
                    show::entry(out, names, opts, &n, filter.index != 0);
                }
            }
            Ok(None) => break,
            Err(e) => {
                dump_failed(e, 1)?;
                break;
            }
        }
    }
    let interrupted = dump.interrupted();
    ctx.told_interruption(interrupted);
    ctx.route()?.change_pack(&mut pack, &[]).map_err(|e| flush_failed(e, 1))?;
    Ok(pack.count())
}
