//! `ip address`: the addresses of devices.

mod change;
mod echo;
pub mod flags;
mod flush;
pub mod line;
mod save;
mod select;
mod show;

use crate::cli::{Args, Usage, exact, prefix};
use crate::ctx::Ctx;
use crate::error::Result;

use super::Grammar;
use super::link::filter;
use super::verb::{self, Verb};

const ADDRESS: &str = "PREFIX dev DEV [ WORD ... ] [ FLAG ... ]";

/// In the order in which beginnings are tried.
#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: prefix("add"), args: ADDRESS, run: change::add },
    Verb { word: prefix("change"), args: ADDRESS, run: change::change },
    Verb { word: exact("chg"), args: "=", run: change::change },
    Verb { word: prefix("replace"), args: ADDRESS, run: change::replace },
    Verb { word: prefix("delete"), args: ADDRESS, run: change::delete },
    Verb { word: prefix("list"), args: "=", run: show::run },
    Verb { word: prefix("show"), args: "[ SELECTOR ... ]", run: show::run },
    Verb { word: prefix("lst"), args: "=", run: show::run },
    Verb { word: prefix("flush"), args: "SELECTOR ...", run: flush::run },
    Verb { word: prefix("save"), args: "[ dev DEV ]", run: save::save },
    Verb { word: prefix("showdump"), args: "", run: save::showdump },
    Verb { word: prefix("restore"), args: "", run: save::restore },
    Verb { word: prefix("help"), args: "", run: help },
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    verb::dispatch(ctx, args, "address", VERBS, show::run)
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "address", verbs: VERBS, usage }
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

/// The usage of `ip address`, from its tables.
pub fn usage() -> Usage {
    let more = [
        verb::words("WORD", change::rows()),
        format!(
            "SELECTOR := {{ {} | to PREFIX | scope SCOPE\n        | label PATTERN | proto N | [ - ]FLAG | dynamic | primary }}\n",
            filter::USAGE
        ),
        verb::listed("FLAG", flags::FLAGS.iter().map(|f| (f.word, ""))),
    ];
    verb::usage("address", VERBS, &more.concat())
}
