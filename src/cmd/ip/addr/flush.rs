//! `ip address flush`.

use super::super::link::filter::Filter;
use super::super::link::show::no_device;
use super::line::{self, Before};
use super::select;
use crate::cli::Args;
use crate::cli::value::AF_PACKET;
use crate::ctx::{Ctx, dump_failed, flush_failed};
use crate::error::{Error, Result};
use crate::netlink::Pack;
use crate::output::Style;
use crate::rtnl::addr::{Addr, IFA_F_SECONDARY, query};
use crate::rtnl::consts::RTM_DELADDR;

/// What selects devices is read and has no effect, as in the reference: only addresses are asked.
pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    if args.is_empty() {
        return Err(Error::failed(1, "Flush requires arguments.").into());
    }
    let mut family = ctx.opts.family;
    if family == AF_PACKET {
        return Err(Error::failed(1, "Cannot flush link addresses.").into());
    }
    let filter = Filter::parse(args, &mut ctx.names, &mut family, super::usage)?;
    let index = match &filter.dev {
        Some(name) => ctx.names.index(name).ok_or_else(|| no_device(name))?,
        None => 0,
    };
    // The reference has no JSON here: addresses are listed as text.
    let style = ctx.opts.style;
    ctx.out.set_style(Style { json: false, ..style });
    let done = rounds(ctx, &filter, family, index);
    ctx.out.set_style(style);
    done
}

fn rounds(ctx: &mut Ctx, filter: &Filter, family: u8, index: u32) -> Result {
    let said = ctx.opts.stats > 0;
    let bound = ctx.opts.loops;
    // When a primary address goes, a secondary one takes its place and is not to follow.
    let once = filter.flag_mask & IFA_F_SECONDARY != 0 && filter.flags & IFA_F_SECONDARY == 0;
    let mut round = 0;
    while bound == 0 || round < bound {
        let count = one_round(ctx, filter, family, index)?;
        if count > 0 {
            round += 1;
            if said {
                let text = format!("\n*** Round {round}, deleting {count} addresses ***\n");
                ctx.out.raw(text.as_bytes());
            }
        }
        if count == 0 || once {
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
    }
    let text = format!("*** Flush remains incomplete after {bound} rounds. ***");
    Err(Error::failed(255, text).into())
}

/// Deletes what there is now; how many addresses that were.
fn one_round(ctx: &mut Ctx, filter: &Filter, family: u8, index: u32) -> Result<usize> {
    let (conn, out, names, opts) = ctx.parts()?;
    let mut pack = Pack::default();
    let mut dump = conn.dump(&mut query(family, index))?;
    loop {
        match dump.next_message() {
            Ok(Some(msg)) => {
                let Some(a) = Addr::parse(msg.payload) else { continue };
                if (index != 0 && a.index != index) || !select::accepts(filter, family, &a, names) {
                    continue;
                }
                pack.push(RTM_DELADDR, msg.payload);
                if opts.stats > 1 {
                    line::show(out, names, opts, &a, Before::Dev);
                }
            }
            Ok(None) => break,
            Err(e) => {
                dump_failed(e, 1)?;
                break;
            }
        }
    }
    // Secondary addresses may have gone with their primary one.
    conn.change_pack(&mut pack, &[libc::EADDRNOTAVAIL]).map_err(|e| flush_failed(e, 255))?;
    Ok(pack.count())
}
