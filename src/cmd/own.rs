//! Verbs of our own, `ipbox VERB`: how their words are read, and how they end.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use anyhow::Result;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::error::strerror;
use crate::sys::fd;

/// Wrong words.
const WRONG: u8 = 2;

/// An option without a value, `--NAME`.
pub fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

/// Runs a verb: help ends with 0, wrong words with 2, an error with `failed` and its sentence behind
/// the name that the grammar has.
pub fn run(
    words: &[&[u8]],
    grammar: Command,
    failed: u8,
    work: impl FnOnce(&ArgMatches) -> Result<u8>,
) -> u8 {
    let name = grammar.get_name().to_owned();
    // Instead of the first word, which is its last name only: usage begins with it.
    let rest = words.iter().skip(1).map(|w| OsString::from_vec(w.to_vec()));
    let words = std::iter::once(OsString::from(&name)).chain(rest);
    let matches = match grammar.try_get_matches_from(words) {
        Ok(m) => m,
        Err(e) if e.exit_code() == 0 => {
            let _ = fd::stdout(format!("{}\n", e.to_string().trim_end()).as_bytes());
            return 0;
        }
        Err(e) => {
            fd::stderr(e.to_string().as_bytes());
            return WRONG;
        }
    };
    work(&matches).unwrap_or_else(|e| {
        fd::stderr(format!("{name}: {}\n", sentence(&e)).as_bytes());
        failed
    })
}

/// What went wrong, and why, in the system's own words where it is the system that says so.
pub fn sentence(e: &anyhow::Error) -> String {
    let parts: Vec<String> = e
        .chain()
        .map(|cause| match cause.downcast_ref::<std::io::Error>() {
            Some(error) => strerror(error),
            None => cause.to_string(),
        })
        .collect();
    parts.join(": ")
}
