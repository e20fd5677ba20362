//! Verbs of our own, `ipbox VERB`: how their words are read, and how they end.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use anyhow::Result;
use clap::{ArgMatches, Command};

use crate::sys::fd;

/// Wrong words.
const WRONG: u8 = 2;

/// Runs a verb: help ends with 0, wrong words with 2, an error with `failed` and its sentence behind
/// the name that the grammar has.
pub fn run(
    words: &[&[u8]],
    grammar: Command,
    failed: u8,
    work: impl FnOnce(&ArgMatches) -> Result<u8>,
) -> u8 {
    let name = grammar.get_name().to_owned();
    let words = words.iter().map(|w| OsString::from_vec(w.to_vec()));
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
        fd::stderr(format!("{name}: {e:#}\n").as_bytes());
        failed
    })
}
