//! `ip`: the table of objects, the way from words to a command, the exit status.

mod addr;
mod addrlabel;
mod batch;
mod fou;
mod globals;
mod hint;
mod host;
mod ila;
mod ioam;
mod l2tp;
mod link;
mod macsec;
mod maddr;
mod monitor;
mod mptcp;
mod mroute;
mod neigh;
mod netconf;
pub mod netns;
mod nexthop;
mod ntable;
mod route;
mod rule;
mod saved;
mod sr;
mod stats;
mod tcp_metrics;
mod token;
mod tunnel;
mod tuntap;
mod verb;
mod vrf;
mod xfrm;

use crate::cli::{Args, Usage};
use crate::ctx::{Ctx, Opts};
use crate::error::{self, Error, Result};

pub use verb::Verb;

/// One object of `ip`.
struct Object {
    name: &'static str,
    /// Reads the words behind the object's name.
    run: fn(&mut Ctx, &mut Args<'_>) -> Result,
    /// What those words may be, for completions.
    grammar: Option<fn() -> Grammar>,
}

/// The verbs of an object and its usage, which tells their words.
pub struct Grammar {
    /// As in `ip OBJECT help`.
    pub object: &'static str,
    pub verbs: &'static [Verb],
    pub usage: fn() -> Usage,
}

/// An object.
const fn built(
    name: &'static str,
    run: fn(&mut Ctx, &mut Args<'_>) -> Result,
    grammar: Option<fn() -> Grammar>,
) -> Object {
    Object { name, run, grammar }
}

/// Every object, in the order in which beginnings are tried: the first that fits wins, so
/// `n` is neighbor and `net` is netns (observed in iproute2 7.1).
#[rustfmt::skip] // one row, one line
static OBJECTS: &[Object] = &[
    built("address", addr::run, Some(addr::grammar)),
    built("addrlabel", addrlabel::run, Some(addrlabel::grammar)),
    built("maddress", maddr::run, Some(maddr::grammar)),
    built("route", route::run, Some(route::grammar)),
    built("rule", rule::run, Some(rule::grammar)),
    built("neighbor", neigh::run, Some(neigh::grammar)),
    built("neighbour", neigh::run, Some(neigh::grammar)),
    built("ntable", ntable::run, Some(ntable::grammar)),
    built("ntbl", ntable::run, Some(ntable::grammar)),
    built("link", link::run, Some(link::grammar)),
    built("l2tp", l2tp::run, Some(l2tp::grammar)),
    built("fou", fou::run, Some(fou::grammar)),
    built("ila", ila::run, Some(ila::grammar)),
    built("macsec", macsec::run, Some(macsec::grammar)),
    built("tunnel", tunnel::run, Some(tunnel::grammar)),
    built("tunl", tunnel::run, Some(tunnel::grammar)),
    built("tuntap", tuntap::run, Some(tuntap::grammar)),
    built("tap", tuntap::run, Some(tuntap::grammar)),
    built("token", token::run, Some(token::grammar)),
    built("tcpmetrics", tcp_metrics::run, Some(tcp_metrics::grammar)),
    built("tcp_metrics", tcp_metrics::run, Some(tcp_metrics::grammar)),
    built("monitor", monitor::run, Some(monitor::grammar)),
    built("xfrm", xfrm::run, Some(xfrm::grammar)),
    built("mroute", mroute::run, Some(mroute::grammar)),
    built("mrule", rule::multicast, Some(rule::grammar)),
    built("netns", netns::run, Some(netns::grammar)),
    built("netconf", netconf::run, Some(netconf::grammar)),
    built("vrf", vrf::run, Some(vrf::grammar)),
    built("sr", sr::run, Some(sr::grammar)),
    built("nexthop", nexthop::run, Some(nexthop::grammar)),
    built("mptcp", mptcp::run, Some(mptcp::grammar)),
    built("ioam", ioam::run, Some(ioam::grammar)),
    built("help", help, None),
    built("stats", stats::run, Some(stats::grammar)),
];

/// The object that a word, or a beginning of one, names.
fn object(word: &[u8]) -> Option<&'static Object> {
    let first = word.first()?;
    OBJECTS.iter().find(|o| o.name.as_bytes()[0] == *first && o.name.as_bytes().starts_with(word))
}

/// Whether the words do no more than tell the kernel of a change that may wait for others. Verbs
/// are known by their beginnings, those of three letters or more: `r` may be `restore`.
fn only_changes(words: &[&[u8]]) -> bool {
    const VERBS: [&str; 6] = ["add", "append", "change", "delete", "prepend", "replace"];
    let [name, verb, ..] = words else { return false };
    verb.len() >= 3
        && VERBS.iter().any(|v| v.as_bytes().starts_with(verb))
        && object(name).is_some_and(|o| matches!(o.name, "address" | "route" | "rule" | "nexthop"))
}

/// Whether the words, the name first, do no more than ask the kernel and show what it answers.
pub fn only_shows(words: &[&[u8]]) -> bool {
    let mut words = words.get(1..).unwrap_or(&[]);
    while let Some(word) = words.first().filter(|word| word.starts_with(b"-")) {
        let Some((name, value)) = option(word) else { return false };
        if matches!(name, "-batch" | "-all" | "-force") {
            return false;
        }
        // That of -color is joined to it.
        let apart = !value.is_empty() && name != "-color";
        words = words.get(if apart { 2 } else { 1 }..).unwrap_or(&[]);
    }
    let Some(object) = words.first().and_then(|word| object(word)) else { return false };
    let shows = words.get(1).is_none_or(|verb| {
        verb.len() > 1 && ["show", "list", "lst"].iter().any(|v| v.as_bytes().starts_with(verb))
    });
    match object.name {
        "address" | "link" | "neighbor" | "neighbour" | "netns" | "nexthop" | "rule" => shows,
        "route" => shows || words.get(1).is_some_and(|verb| *verb == b"get"),
        _ => false,
    }
}

/// The words of an object, for completions.
pub fn grammar(word: &[u8]) -> Option<Grammar> {
    Some(object(word)?.grammar?())
}

/// The words of a part of an object, where it has parts with verbs of their own.
pub fn inner_grammar(object: &str, word: &[u8]) -> Option<Grammar> {
    if object == "xfrm" { xfrm::inner(word) } else { None }
}

/// The names of the objects.
pub fn objects() -> impl Iterator<Item = &'static str> {
    OBJECTS.iter().map(|o| o.name)
}

/// The kinds of `ip link` and what each is, in one line.
pub fn kinds() -> impl Iterator<Item = &'static link::kind::LinkKind> {
    link::kind::KINDS.iter().copied()
}

/// The global options and their values.
pub fn options() -> impl Iterator<Item = (&'static str, &'static str)> {
    globals::OPTIONS.iter().map(|o| (o.name, o.arg))
}

/// The global option that a word means, and its value.
pub fn option(word: &[u8]) -> Option<(&'static str, &'static str)> {
    let word = if word.starts_with(b"--") { &word[1..] } else { word };
    globals::find(word).map(|o| (o.name, o.arg))
}

/// Runs one command: the object first. Also what a line of a batch is, or of a lab file.
///
/// # Errors
///
/// Whatever the command ends with; see [`error::of`].
pub fn command(ctx: &mut Ctx, words: &[&[u8]]) -> Result {
    let mut args = Args::new(words);
    let word = args.need()?;
    match object(word) {
        Some(o) => (o.run)(ctx, &mut args),
        None => {
            let text = [b"Object \"", word, b"\" is unknown, try \"ip help\"."].concat();
            Err(Error::failed(1, text).into())
        }
    }
}

/// `ip`: options, then a command or a batch.
pub fn run(words: &[&[u8]]) -> u8 {
    crate::sys::process::drop_capabilities(words);
    let mut ctx = Ctx::new(Opts::default());
    let mut args = Args::new(words);
    let called = args.take().unwrap_or(b"ip");
    let status = match globals::read(&mut ctx, &mut args) {
        Ok(globals::Then::Batch(file)) => batch::run(&mut ctx, file),
        Ok(globals::Then::Command) => by_name(&mut ctx, called, args.rest()),
        Ok(globals::Then::Done) => 0,
        Err(e) => report(&mut ctx, &error::of(e), &words[1.min(words.len())..]),
    };
    if ctx.out.flush().is_err() && status == 0 { 1 } else { status }
}

/// Runs the words; what follows the first two letters of the program's name may be the object
/// (`iproute`), and when that fails with status 1, and not by exit(), the words are tried again by
/// themselves.
fn by_name(ctx: &mut Ctx, called: &[u8], words: &[&[u8]]) -> u8 {
    let base = called.rsplit(|&b| b == b'/').next().unwrap_or(called);
    if base.len() > 2 && !base.starts_with(b"ipbox") && object(&base[2..]).is_some() {
        let mut line = vec![&base[2..]];
        line.extend_from_slice(words);
        let Err(e) = command(ctx, &line) else { return 0 };
        let e = error::of(e);
        let once_more = e.status() == 1 && !e.ends_batch();
        let status = report(ctx, &e, &line);
        if !once_more {
            return status;
        }
    }
    if words.is_empty() {
        return report(ctx, &usage().into(), words);
    }
    match command(ctx, words) {
        Ok(()) => 0,
        Err(e) => report(ctx, &error::of(e), words),
    }
}

/// Prints an error and what may help; its exit status. `words` begins with the object.
fn report(ctx: &mut Ctx, err: &Error, words: &[&[u8]]) -> u8 {
    ctx.out.end_early();
    ctx.complain(&err.text());
    hint::tell(ctx, b"ip ", words, err);
    err.status()
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

/// The usage of `ip`, from the tables.
fn usage() -> Usage {
    use std::fmt::Write as _;
    let mut text = String::from(
        "Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n       ip [ -force ] -batch FILE\nwhere  OBJECT := {",
    );
    for (i, o) in OBJECTS.iter().enumerate() {
        let _ = write!(text, "{}{}", if i == 0 { " " } else { " | " }, o.name);
        if i % 8 == 7 {
            text.push_str("\n                  ");
        }
    }
    text.push_str(" }\n       OPTIONS := {");
    for (i, o) in globals::OPTIONS.iter().enumerate() {
        let _ = write!(text, "{}{}", if i == 0 { " " } else { " | " }, o.name);
        if !o.arg.is_empty() {
            let _ = write!(text, " {}", o.arg);
        }
        if i % 6 == 5 {
            text.push_str("\n                  ");
        }
    }
    text.push_str(" }");
    Usage::new(255, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_object_that_fits_wins() {
        let name = |w: &str| object(w.as_bytes()).map(|o| o.name);
        for (word, want) in [
            ("a", "address"),
            ("addrl", "addrlabel"),
            ("m", "maddress"),
            ("r", "route"),
            ("ru", "rule"),
            ("n", "neighbor"),
            ("net", "netns"),
            ("nt", "ntable"),
            ("l", "link"),
            ("i", "ila"),
            ("mac", "macsec"),
            ("t", "tunnel"),
            ("s", "sr"),
            ("st", "stats"),
            ("h", "help"),
            ("nex", "nexthop"),
            ("mo", "monitor"),
        ] {
            assert_eq!(name(word), Some(want), "{word}");
        }
        assert_eq!(name("nets"), None);
        assert_eq!(name(""), None);
    }
}
