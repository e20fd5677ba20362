//! `ip link`: the verbs.

mod change;
mod detail;
mod device;
pub mod filter;
pub mod kind;
#[cfg(test)]
mod made;
mod property;
pub mod show;
pub mod stats;
pub mod stream;
mod tunnel;
pub mod tunnel6;
mod vf;
mod words;
mod xdp;
pub mod xstats;

use crate::cli::{Args, Usage, prefix};
use crate::ctx::Ctx;
use crate::error::Result;

use super::Grammar;
use super::verb::{self, Verb};

/// In the order in which beginnings are tried: `s` is set, `l` is lst.
#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: prefix("add"), args: "[ link DEVICE ] [ dev | name ] NAME [ WORDS ] type KIND [ OPTIONS ]", run: change::add },
    Verb { word: prefix("set"), args: "{ DEVICE | group GROUP } [ WORDS ] [ type KIND [ OPTIONS ] ]", run: change::set },
    Verb { word: prefix("change"), args: "=", run: change::set },
    Verb { word: prefix("replace"), args: "[ dev | name ] NAME [ WORDS ] type KIND [ OPTIONS ]", run: change::replace },
    Verb { word: prefix("delete"), args: "{ DEVICE | dev DEVICE | group GROUP } [ type KIND ]", run: change::delete },
    Verb { word: prefix("show"), args: filter::USAGE, run: show::run },
    Verb { word: prefix("lst"), args: "=", run: show::run },
    Verb { word: prefix("list"), args: "=", run: show::run },
    Verb { word: prefix("xstats"), args: xstats::USAGE, run: xstats::run },
    Verb { word: prefix("afstats"), args: "[ dev DEVICE ]", run: xstats::families },
    Verb { word: prefix("property"), args: "{ add | del } dev DEVICE altname NAME [ altname NAME ] ...", run: property::run },
    Verb { word: prefix("help"), args: "[ KIND ]", run: help },
];

/// `ip link`.
pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    verb::dispatch(ctx, args, "link", VERBS, show::run)
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "link", verbs: VERBS, usage }
}

/// `ip link help [KIND]`: of a kind on stdout with status 0, else the whole usage.
fn help(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    match args.take().and_then(kind::find).filter(|k| k.takes_words() || !k.shows()) {
        Some(kind) => {
            ctx.out.raw(kind.help().as_bytes());
            ctx.out.raw(b"\n");
            Ok(())
        }
        None => Err(usage().into()),
    }
}

/// The usage of `ip link`, from its tables.
pub fn usage() -> Usage {
    let kinds: Vec<&str> = kind::KINDS.iter().map(|k| k.name).collect();
    let more = format!("WORDS :=\n{}KIND := {{ {} }}\n", words::usage(), kinds.join(" | "));
    verb::usage("link", VERBS, &more)
}

/// The kinds that are known by more than their name, for hints and completions.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    kind::KINDS.iter().map(|k| k.name)
}
