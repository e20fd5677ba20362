//! `ip route`: the table of verbs and the usage.
//!
//! Words of a change are in `change`, selectors of a listing in `filter`; what both know of
//! (types, realms, metrics, nexthops, flags) has a file of its own that reads and shows it.

mod change;
pub(super) mod encap;
pub mod filter;
pub(super) mod flags;
mod flush;
mod get;
pub(super) mod kind;
mod metrics;
pub(super) mod nexthop;
pub(super) mod object;
pub(super) mod realm;
mod save;
pub mod show;

use super::Grammar;
use super::verb::{self, Verb};
use crate::cli::{Args, Usage, exact, prefix};
use crate::ctx::Ctx;
use crate::error::Result;

/// In the order in which beginnings are tried: `s` is show, `re` replace.
#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: prefix("add"), args: "ROUTE", run: change::add },
    Verb { word: prefix("change"), args: "ROUTE", run: change::change },
    Verb { word: exact("chg"), args: "=", run: change::change },
    Verb { word: prefix("replace"), args: "ROUTE", run: change::replace },
    Verb { word: prefix("prepend"), args: "ROUTE", run: change::prepend },
    Verb { word: prefix("append"), args: "ROUTE", run: change::append },
    Verb { word: prefix("test"), args: "ROUTE", run: change::test },
    Verb { word: prefix("delete"), args: "ROUTE", run: change::delete },
    Verb { word: prefix("list"), args: "[ SELECTOR ]...", run: show::run },
    Verb { word: prefix("show"), args: "[ SELECTOR ]...", run: show::run },
    Verb { word: prefix("lst"), args: "=", run: show::run },
    Verb { word: prefix("get"), args: "[ to ] ADDRESS [ LOOKUP ]...", run: get::run },
    Verb { word: prefix("flush"), args: "SELECTOR...", run: flush::run },
    Verb { word: prefix("save"), args: "[ SELECTOR ]...", run: save::save },
    Verb { word: prefix("restore"), args: "", run: save::restore },
    Verb { word: prefix("showdump"), args: "", run: save::showdump },
    Verb { word: prefix("help"), args: "", run: help },
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    verb::dispatch(ctx, args, "route", VERBS, show::run)
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "route", verbs: VERBS, usage }
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

/// The usage, from the tables.
fn usage() -> Usage {
    let mut more = String::from(
        "ROUTE := [ to ] [ TYPE ] PREFIX [ OPTION ]... [ nexthop HOP ]...\n\
         PREFIX := { ADDRESS[/LENGTH] | default }\n",
    );
    more.push_str(&format!("TYPE := {}\n", kind::usage()));
    more.push_str(&verb::listed("OPTION", change::words()));
    more.push_str(&verb::listed("HOP", nexthop::words()));
    more.push_str(&verb::listed("SELECTOR", filter::words()));
    more.push_str(&verb::listed("LOOKUP", get::words()));
    more.push_str(
        "FAMILY := { inet | inet6 | link | mpls | bridge }\n\
         TABLE := { local | main | default | NAME | NUMBER }\n\
         PROTO := { kernel | boot | static | NAME | NUMBER }\n\
         SCOPE := { host | link | global | NAME | NUMBER }\n\
         TIME := NUMBER[s|ms]\n",
    );
    more.push_str(&encap::usage());
    verb::usage("route", VERBS, &more)
}
