//! `ip xfrm`: states and policies of IPsec.
//!
//! `words` reads what both share, `show` shows both; `state` and `policy` have their verbs,
//! `monitor` shows what happens. There is no JSON of any of it.

mod algo;
mod attributes;
mod change;
mod count;
mod list;
mod monitor;
mod policy;
mod show;
mod state;
mod template;
mod text;
mod words;

use crate::cli::{Args, Usage, prefix};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::netlink::{self, Conn, Protocol, Request};

use super::Grammar;
use super::verb::{self, Verb};

/// In the order in which beginnings are tried.
#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: prefix("state"), args: "{ add | update | allocspi | delete | deleteall | list | get | flush | count }", run: state::run },
    Verb { word: prefix("sa"), args: "{ add | update | allocspi | delete | deleteall | list | get | flush | count }", run: state::run },
    Verb { word: prefix("policy"), args: "{ add | update | delete | deleteall | list | get | flush | count | set | setdefault | getdefault }", run: policy::run },
    Verb { word: prefix("monitor"), args: "[ WORD ]...", run: monitor::run },
    Verb { word: prefix("help"), args: "", run: help },
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let verb = args.take().and_then(|word| VERBS.iter().find(|v| v.word.is(word)));
    match verb {
        Some(v) => (v.run)(ctx, args),
        // Also for a word that is none of these: the reference tells its usage and no more.
        None => help(ctx, args),
    }
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "xfrm", verbs: VERBS, usage }
}

/// The same of what a word behind `xfrm` names.
pub fn inner(word: &[u8]) -> Option<Grammar> {
    let verb = VERBS.iter().find(|v| v.word.is(word))?;
    Some(match verb.word.full {
        "state" | "sa" => {
            Grammar { object: "xfrm state", verbs: state::VERBS, usage: state::usage }
        }
        "policy" => Grammar { object: "xfrm policy", verbs: policy::VERBS, usage: policy::usage },
        "monitor" => Grammar { object: "xfrm monitor", verbs: &[], usage: monitor::usage },
        _ => return None,
    })
}

fn usage() -> Usage {
    verb::usage("xfrm", VERBS, "")
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

fn open(ctx: &Ctx) -> Result<Conn, Error> {
    Conn::open(Protocol::Xfrm, ctx.opts.receive_buffer)
        .map_err(|error| Error::Io { what: "Cannot open netlink socket", error })
}

/// What the kernel refuses ends the program with status 2, also in a batch.
fn refused(e: netlink::Error, request: &Request) -> Error {
    match e {
        netlink::Error::Nack(nack) => {
            let at = nack.offset.and_then(|o| request.word_at(o));
            let usage = Usage::new(2, crate::error::refusal(&nack));
            Error::Usage(match at {
                Some(at) => usage.at(at),
                None => usage,
            })
        }
        other => other.into(),
    }
}

/// Sends a change.
fn send(ctx: &Ctx, request: &mut Request) -> Result<(), Error> {
    match open(ctx)?.change(request) {
        Ok(_) => Ok(()),
        Err(e) => Err(refused(e, request)),
    }
}

/// What the other commands of an object answer that it does not know.
fn unknown(args: &Args<'_>) -> Usage {
    args.wrong("unknown")
}
