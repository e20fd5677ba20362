//! `ip tunnel`: tunnels over IPv4 and IPv6, by the kernel's older requests.
//!
//! `ip link` makes the same devices and more. What both families share is here, in `reading` and
//! `shared`; `over4` and `over6` have the words and the shapes of their own, `prefix` the routers of
//! ISATAP and 6rd.

mod over4;
mod over6;
mod prefix;
mod reading;
mod shared;

use crate::cli::value::{AF_INET, AF_INET6, AF_UNSPEC};
use crate::cli::{Args, Usage, Word, prefix as beginning};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::sys::tunnel::Change;

pub use reading::inet;

use super::Grammar;
use super::verb::{self, Verb};

const WORDS: &str = "[ NAME ] [ WORD ]...";

/// In the order in which beginnings are tried; over IPv6 there are neither prl nor 6rd.
#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: beginning("add"), args: WORDS, run: |ctx, args| change(ctx, args, Change::Add) },
    Verb { word: beginning("change"), args: WORDS, run: |ctx, args| change(ctx, args, Change::Set) },
    Verb { word: beginning("delete"), args: WORDS, run: |ctx, args| change(ctx, args, Change::Delete) },
    Verb { word: beginning("show"), args: WORDS, run: show },
    Verb { word: beginning("lst"), args: "=", run: show },
    Verb { word: beginning("list"), args: "=", run: show },
    Verb { word: beginning("prl"), args: "dev DEV [ { prl-default | prl-nodefault | prl-delete } ADDR ]", run: prefix::prl },
    Verb { word: beginning("6rd"), args: "dev DEV [ 6rd-prefix PREFIX ] [ 6rd-relay_prefix PREFIX ] [ 6rd-reset ]", run: prefix::six_rd },
    Verb { word: beginning("help"), args: "", run: help },
];

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "tunnel", verbs: VERBS, usage }
}

fn usage() -> Usage {
    let four = verb::words("IPV4", &over4::rows());
    let six = verb::words("IPV6", &over6::rows());
    let modes =
        "MODE := { gre | ipip | isatap | sit | vti | ip6ip6 | ipip6 | ip6gre | vti6 | any }\n";
    let more = ["WORD := { IPV4 | IPV6 }\n", &four, &six, modes].concat();
    verb::usage("tunnel", VERBS, &more)
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

/// Whether the words are about IPv6: by the option, or by the first mode, wherever it stands, if
/// only IPv6 has it (observed in iproute2 6.15).
fn is_over6(ctx: &Ctx, args: &Args<'_>) -> bool {
    let mode = args.rest().iter().skip_while(|w| **w != b"mode").nth(1);
    ctx.opts.family == AF_INET6 || mode.is_some_and(|mode| over6::mode(mode).is_some())
}

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let six = is_over6(ctx, args);
    let family = ctx.opts.family;
    if !six && ![AF_UNSPEC, AF_INET].contains(&family) {
        return Err(Error::fatal(255, format!("Unsupported protocol family: {family}")).into());
    }
    // What the verbs go by from here on.
    ctx.opts.family = if six { AF_INET6 } else { AF_INET };
    let done = dispatch(ctx, args, six);
    ctx.opts.family = family;
    done
}

fn dispatch(ctx: &mut Ctx, args: &mut Args<'_>, six: bool) -> Result {
    let Some(word) = args.take() else { return show(ctx, args) };
    let only4 = |w: Word| ["prl", "6rd"].contains(&w.full);
    match VERBS.iter().find(|v| v.word.is(word) && !(six && only4(v.word))) {
        Some(v) => (v.run)(ctx, args),
        None if six => Err(args.unknown_command("-f inet6 tunnel").into()),
        None => {
            // The reference's sentence has no dot here.
            let mut e = args.unknown_command("tunnel");
            e.text.pop();
            Err(e.into())
        }
    }
}

fn change(ctx: &mut Ctx, args: &mut Args<'_>, what: Change) -> Result {
    match ctx.opts.family {
        AF_INET6 => over6::change(ctx, args, what),
        _ => over4::change(ctx, args, what),
    }
}

fn show(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    match ctx.opts.family {
        AF_INET6 => over6::show(ctx, args),
        _ => over4::show(ctx, args),
    }
}
