//! `ip link`: the verbs.

mod detail;
mod device;
pub mod filter;
pub mod kind;
pub mod show;
pub mod stats;
mod vf;
mod xdp;

use crate::cli::{Args, Usage, prefix};
use crate::ctx::Ctx;
use crate::error::{Error, Result};

use super::Grammar;
use super::verb::{self, Verb};

/// In the order in which beginnings are tried: `s` is set, `l` is lst.
#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: prefix("show"), args: filter::USAGE, run: show::run },
    Verb { word: prefix("lst"), args: "=", run: show::run },
    Verb { word: prefix("list"), args: "=", run: show::run },
    Verb { word: prefix("help"), args: "", run: help },
];

/// `ip link`.
pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    verb::dispatch(ctx, args, "link", VERBS, show::run)
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "link", verbs: VERBS, usage }
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(Error::from(usage()).into())
}

/// The usage of `ip link`, from its tables.
pub fn usage() -> Usage {
    verb::usage("link", VERBS, "")
}

/// The kinds that are known by more than their name, for hints and completions.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    kind::KINDS.iter().map(|k| k.name)
}
