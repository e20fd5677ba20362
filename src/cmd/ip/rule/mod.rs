//! `ip rule` and `ip mrule`: which routing table is asked, for which packets.
//!
//! Words of a change are in `change`, selectors of a listing in `filter`, values that both read
//! in `value`.

mod change;
mod filter;
mod flush;
mod save;
pub mod show;
mod value;

use crate::cli::value::{AF_INET, AF_INET6, AF_UNSPEC};
use crate::cli::{Args, Usage, prefix};
use crate::ctx::Ctx;
use crate::error::{Error, Result};

use super::Grammar;
use super::verb::{self, Verb};

/// Rules for multicast packets, IPv4 (linux/rtnetlink.h).
const RTNL_FAMILY_IPMR: u8 = 128;
/// Rules for multicast packets, IPv6.
const RTNL_FAMILY_IP6MR: u8 = 129;

/// In the order in which beginnings are tried.
#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: prefix("list"), args: "[ SELECTOR ]...", run: show::run },
    Verb { word: prefix("lst"), args: "=", run: show::run },
    Verb { word: prefix("show"), args: "[ SELECTOR ]...", run: show::run },
    Verb { word: prefix("save"), args: "", run: save::save },
    Verb { word: prefix("restore"), args: "", run: save::restore },
    Verb { word: prefix("add"), args: "[ WORD ]... [ ACTION ]", run: change::add },
    Verb { word: prefix("delete"), args: "[ WORD ]... [ ACTION ]", run: change::delete },
    Verb { word: prefix("flush"), args: "[ SELECTOR ]...", run: flush::run },
    Verb { word: prefix("help"), args: "", run: help },
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    verb::dispatch(ctx, args, "rule", VERBS, show::run)
}

/// The same for multicast packets. -batch sets the family anew for each line.
pub fn multicast(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    ctx.opts.family = match ctx.opts.family {
        AF_UNSPEC | AF_INET => RTNL_FAMILY_IPMR,
        AF_INET6 => RTNL_FAMILY_IP6MR,
        other => {
            let text = format!("Multicast rules are only supported for IPv4/IPv6, was: {other}");
            return Err(Error::failed(255, text).into());
        }
    };
    run(ctx, args)
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "rule", verbs: VERBS, usage }
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

/// IPv4 unless an option says otherwise.
fn family(ctx: &Ctx) -> u8 {
    match ctx.opts.family {
        AF_UNSPEC => AF_INET,
        given => given,
    }
}

/// The usage, from the tables.
fn usage() -> Usage {
    let mut more = verb::words("WORD", change::rows());
    more.push_str("ACTION := [ type ] { goto PREFERENCE | nop | TYPE }\n");
    more.push_str(&format!("TYPE := {}\n", super::route::kind::usage()));
    more.push_str(&verb::words("SELECTOR", filter::rows()));
    more.push_str(
        "PREFIX := { ADDRESS[/LENGTH] | all | default }\n\
         PORTS := { PORT | PORT-PORT | PORT/MASK }\n\
         TABLE := { local | main | default | NAME | NUMBER }\n\
         PROTO := { kernel | boot | static | NAME | NUMBER }\n",
    );
    verb::usage("rule", VERBS, &more)
}
