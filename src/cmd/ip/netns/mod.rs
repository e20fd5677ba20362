//! `ip netns`: network namespaces with a name.
//!
//! A name is a file in /run/netns on which a namespace is mounted.

pub mod create;
mod delete;
pub mod exec;
pub mod find;
mod list;
mod monitor;
pub mod nsid;

use crate::cli::{Args, Usage, prefix};
use crate::ctx::Ctx;
use crate::error::{Error, Result, strerror};
use crate::sys::netns;

use super::Grammar;
use super::verb::{self, Verb};

/// In the order in which beginnings are tried.
#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: prefix("list"), args: "", run: list::run },
    Verb { word: prefix("show"), args: "=", run: list::run },
    Verb { word: prefix("lst"), args: "=", run: list::run },
    Verb { word: prefix("list-id"), args: "[ target-nsid N ] [ nsid N ]", run: nsid::list },
    Verb { word: prefix("help"), args: "", run: help },
    Verb { word: prefix("add"), args: "NAME", run: create::add },
    Verb { word: prefix("set"), args: "NAME { auto | N }", run: nsid::set },
    Verb { word: prefix("delete"), args: "NAME", run: delete::run },
    Verb { word: prefix("identify"), args: "[ PID ]", run: find::identify },
    Verb { word: prefix("pids"), args: "NAME", run: find::pids },
    Verb { word: prefix("exec"), args: "NAME COMMAND [ ARGUMENT... ]", run: exec::run },
    Verb { word: prefix("monitor"), args: "", run: monitor::run },
    Verb { word: prefix("attach"), args: "NAME PID", run: create::attach },
];

/// More of the usage than the verbs.
const MORE: &str =
    "       ip -all netns delete\n       ip -all netns exec COMMAND [ ARGUMENT... ]\n";

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    // The word behind the verb is checked for every verb, even where it is no name.
    if !ctx.opts.all
        && let Some(name) = args.peek_second()
    {
        check_name(name)?;
    }
    verb::dispatch(ctx, args, "netns", VERBS, list::run)
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "netns", verbs: VERBS, usage }
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

fn usage() -> Usage {
    verb::usage("netns", VERBS, MORE)
}

/// A name is one file name of at most 255 bytes, and not `.` or `..`.
fn check_name(name: &[u8]) -> Result<(), Usage> {
    let good =
        (1..=255).contains(&name.len()) && !name.contains(&b'/') && name != b"." && name != b"..";
    if good {
        Ok(())
    } else {
        Err(Usage::new(255, [b"Invalid netns name \"", name, b"\""].concat()))
    }
}

/// `No netns name specified`, 1.
fn no_name() -> anyhow::Error {
    Error::failed(1, "No netns name specified").into()
}

/// Words behind the last one that counts are ignored by the reference; a person may want to know.
fn hint_surplus(ctx: &mut Ctx, args: &Args<'_>) {
    let rest = args.rest();
    if !rest.is_empty() {
        ctx.hint(|| {
            let words = String::from_utf8_lossy(&rest.join(&b' ')).into_owned();
            format!("\"{words}\" was ignored: one name at a time")
        });
    }
}

/// Enters a named namespace for the rest of the command (`-netns NAME`).
///
/// Only setns(2): the commands speak netlink, which needs no private mounts, and name
/// databases are looked up below /etc/netns/NAME by themselves.
///
/// # Errors
///
/// The reference's sentences, status 255.
pub fn enter(ctx: &mut Ctx, name: &[u8]) -> Result {
    switch(name)?;
    ctx.names.netns = Some(name.to_vec());
    ctx.namespace_changed();
    Ok(())
}

/// Opens and enters a named namespace.
fn switch(name: &[u8]) -> Result<(), Usage> {
    let ns = netns::open_named(name).map_err(|e| {
        let why = strerror(&e);
        Usage::new(
            255,
            [b"Cannot open network namespace \"", name, b"\": ", why.as_bytes()].concat(),
        )
    })?;
    netns::enter(&ns).map_err(|e| {
        let why = strerror(&e);
        Usage::new(
            255,
            [b"setting the network namespace \"", name, b"\" failed: ", why.as_bytes()].concat(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_file_names() {
        for good in ["red", "my ns", "--", "-x", "\u{e9}", "a\nb"] {
            assert!(check_name(good.as_bytes()).is_ok(), "{good:?}");
        }
        assert!(check_name(&[0xff, 0xfe]).is_ok());
        assert!(check_name(&[b'x'; 255]).is_ok());
        for bad in ["", ".", "..", "../x", "a/b"] {
            assert!(check_name(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(check_name(&[b'x'; 256]).is_err());
    }

    #[test]
    fn the_first_verb_that_fits_wins() {
        let verb = |w: &str| VERBS.iter().find(|v| v.word.is(w.as_bytes())).map(|v| v.word.full);
        for (word, want) in [
            ("a", "add"),
            ("at", "attach"),
            ("l", "list"),
            ("list-", "list-id"),
            ("s", "show"),
            ("se", "set"),
            ("d", "delete"),
            ("i", "identify"),
            ("p", "pids"),
            ("e", "exec"),
            ("m", "monitor"),
            ("h", "help"),
        ] {
            assert_eq!(verb(word), Some(want), "{word}");
        }
    }
}
