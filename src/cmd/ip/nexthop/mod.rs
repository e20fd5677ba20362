//! `ip nexthop`: nexthops as objects of their own, which routes refer to by id.

pub mod bucket;
mod change;
mod filter;
mod flush;
mod group;
pub mod show;

use crate::cli::{Args, Usage, prefix};
use crate::ctx::Ctx;
use crate::error::Result;

use super::Grammar;
use super::verb::{self, Verb};

/// In the order in which beginnings are tried.
#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: prefix("add"), args: "[ WORD ]...", run: change::add },
    Verb { word: prefix("replace"), args: "[ WORD ]...", run: change::replace },
    Verb { word: prefix("delete"), args: "id ID", run: change::delete },
    Verb { word: prefix("list"), args: "[ SELECTOR ]...", run: show::run },
    Verb { word: prefix("show"), args: "[ SELECTOR ]...", run: show::run },
    Verb { word: prefix("lst"), args: "=", run: show::run },
    Verb { word: prefix("get"), args: "id ID", run: show::get },
    Verb { word: prefix("flush"), args: "[ SELECTOR ]...", run: flush::run },
    Verb { word: prefix("bucket"), args: "[ list [ BUCKETS ]... | get id ID index INDEX ]", run: bucket::run },
    Verb { word: prefix("help"), args: "", run: help },
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    verb::dispatch(ctx, args, "nexthop", VERBS, show::run)
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "nexthop", verbs: VERBS, usage }
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

/// The usage, from the tables.
fn usage() -> Usage {
    let more = [
        verb::words("WORD", change::rows()),
        verb::words("SELECTOR", filter::rows()),
        verb::words("BUCKETS", bucket::rows()),
        "MEMBERS := ID[,WEIGHT][/ID[,WEIGHT]]...\n".to_owned(),
        format!("KIND := {{ mpath | resilient {} }}\n", group::words()),
        "FAMILY := { inet | inet6 | link | mpls | bridge }\n".to_owned(),
        super::route::encap::types(),
    ];
    verb::usage("nexthop", VERBS, &more.concat())
}

/// Takes an id of an object.
fn id(args: &mut Args<'_>) -> Result<u32, Usage> {
    args.value(crate::cli::value::u32, "invalid id value")
}
