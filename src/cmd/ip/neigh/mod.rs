//! `ip neighbour`: the tables of link-layer addresses.

mod change;
mod filter;
mod flush;
mod get;
pub mod show;
mod state;

use crate::cli::{Args, Usage, exact, prefix};
use crate::ctx::Ctx;
use crate::error::Result;

use super::Grammar;
use super::verb::{self, Verb};

const ENTRY: &str = "ADDR dev DEV [ WORD ... ]";

/// In the order in which beginnings are tried.
#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: prefix("add"), args: ENTRY, run: change::add },
    Verb { word: prefix("change"), args: ENTRY, run: change::change },
    Verb { word: exact("chg"), args: "=", run: change::change },
    Verb { word: prefix("replace"), args: ENTRY, run: change::replace },
    Verb { word: prefix("delete"), args: ENTRY, run: change::delete },
    Verb { word: prefix("get"), args: "{ [ to ] ADDR dev DEV | proxy ADDR [ dev DEV ] }", run: get::run },
    Verb { word: prefix("show"), args: "[ SELECTOR ... ]", run: show::run },
    Verb { word: prefix("lst"), args: "=", run: show::run },
    Verb { word: prefix("list"), args: "=", run: show::run },
    Verb { word: prefix("flush"), args: "SELECTOR ...", run: flush::run },
    Verb { word: prefix("help"), args: "", run: help },
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    verb::dispatch(ctx, args, "neigh", VERBS, show::run)
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "neigh", verbs: VERBS, usage }
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

fn usage() -> Usage {
    let more = [
        verb::words("WORD", change::rows()),
        verb::words("SELECTOR", filter::rows()),
        verb::listed("STATE", state::WORDS.iter().map(|s| (s.word.full, ""))),
    ];
    verb::usage("neigh", VERBS, &more.concat())
}
