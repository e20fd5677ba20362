//! `ip address`: the addresses of devices.

mod change;
mod echo;
pub mod flags;
mod line;

use crate::cli::{Args, Usage, exact, prefix};
use crate::ctx::Ctx;
use crate::error::{Error, Result};

use super::Grammar;
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
    Verb { word: prefix("list"), args: "=", run: show },
    Verb { word: prefix("show"), args: "[ SELECTOR ... ]", run: show },
    Verb { word: prefix("lst"), args: "=", run: show },
    Verb { word: prefix("help"), args: "", run: help },
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    verb::dispatch(ctx, args, "address", VERBS, show)
}

fn show(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(Error::failed(1, "ip address show is being built").into())
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "address", verbs: VERBS, usage }
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

fn usage() -> Usage {
    let settable = flags::FLAGS.iter().filter(|f| f.set != flags::Set::Never);
    let more = [
        verb::words("WORD", &change::rows()),
        verb::listed("FLAG", settable.map(|f| (f.word, ""))),
    ];
    verb::usage("address", VERBS, &more.concat())
}
