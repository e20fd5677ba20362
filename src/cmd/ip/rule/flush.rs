//! `ip rule flush`.

use crate::cli::Args;
use crate::cli::value::{AF_INET, AF_INET6};
use crate::ctx::{Ctx, dump_failed};
use crate::error::{Error, Result};
use crate::netlink::{self, Pack};
use crate::rtnl::rule::{RTM_DELRULE, Rule};

use super::{filter, show};

const RT_TABLE_MAIN: u32 = 254;

/// Without a selector every rule goes that has a preference above 0, those of the kernel too.
pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let family = super::family(ctx);
    if args.is_empty() {
        ctx.hint(|| {
            "this also deletes the rules for tables main and default; \
             others can be chosen: \"ip rule flush protocol PROTO\", \"ip rule delete\""
                .into()
        });
    }
    let filter = filter::read(&mut ctx.names, family, args)?;
    let (mut pack, mut main_stays, mut main_goes) = (Pack::default(), false, false);
    let mut dump = ctx.route()?.dump(&mut show::query(family))?;
    loop {
        match dump.next_message() {
            Ok(Some(msg)) => {
                let Some(rule) = Rule::parse(msg.payload) else { continue };
                let goes =
                    rule.priority().is_some() && filter.accepts(&rule) && filter.made_by(&rule);
                if rule.table() == RT_TABLE_MAIN {
                    *(if goes { &mut main_goes } else { &mut main_stays }) = true;
                }
                if goes {
                    pack.push(RTM_DELRULE, msg.payload);
                }
            }
            Ok(None) => break,
            Err(e) => {
                dump_failed(e, 255)?;
                break;
            }
        }
    }
    let interrupted = dump.interrupted();
    ctx.told_interruption(interrupted);
    ctx.route()?.change_pack(&mut pack, &[]).map_err(terminated)?;
    // Nothing is shown; the document is there all the same.
    ctx.out.begin();
    ctx.out.end();
    if main_goes && !main_stays && matches!(family, AF_INET | AF_INET6) {
        let six = if family == AF_INET6 { " -6" } else { "" };
        ctx.hint(|| {
            format!(
                "no rule uses table main now; to have it back: \
                 \"ip{six} rule add pref 32766 table main\""
            )
        });
    }
    Ok(())
}

/// A deletion that the kernel refused ends all.
fn terminated(e: netlink::Error) -> Error {
    match e {
        netlink::Error::Nack(nack) => Error::Kernel { nack, status: 1, dump: true, at: None },
        other => other.into(),
    }
}
