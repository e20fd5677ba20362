//! `iptables` and its companions, over nf_tables.
//!
//! words → [`rule::Rule`] → expressions → batch, and back: dump → expressions → rule → text.

mod address;
pub mod check;
mod command;
mod ext;
mod fail;
pub mod family;
mod foreign;
mod foreign_target;
mod grammar;
mod help;
mod hint;
mod kernel;
mod list;
mod lower;
mod native;
mod native_form;
mod options;
mod proto;
mod raise;
mod restore;
mod rule;
mod run;
mod save;
mod sets;
mod show;
pub mod spell;
mod tables;
mod tx;
pub mod words;

use crate::names::NetDb;
use crate::sys::fd;

use family::Family;
use kernel::Kernel;
use options::{Asked, Caller};

pub use restore::run as restore;
pub use save::run as save;

/// The family and the name by which the program calls itself: that of the applet, also for
/// `iptables-nft` and the like.
fn called(words: &[&[u8]]) -> (Family, String) {
    let path = words.first().copied().unwrap_or(b"iptables");
    let base = path.rsplit(|&b| b == b'/').next().unwrap_or(path);
    let family = if base.starts_with(b"ip6") { Family::V6 } else { Family::V4 };
    (family, String::from_utf8_lossy(base).into_owned())
}

/// `iptables` and `ip6tables`.
pub fn run(words: &[&[u8]]) -> u8 {
    let (family, prog) = called(words);
    let db = NetDb::default();
    let caller = Caller { prog: &prog, family, restoring: None };
    let words = words.get(1..).unwrap_or(&[]);
    // Ours, and only in full: what it begins with means --check.
    if words == [b"--check-kernel"] {
        let result = check::report(&mut Kernel::new(family));
        return end(
            &prog,
            result.map(|text| {
                let _ = fd::stdout(text.as_bytes());
            }),
        );
    }
    let result = options::read(words, caller, &db).and_then(|asked| match asked {
        Asked::Command(command) => run::run(&mut Kernel::new(family), &command, &db, &prog),
        Asked::Answered(text) => {
            let _ = fd::stdout(&text);
            Ok(())
        }
        Asked::NotForUs => Ok(()),
    });
    if let Err(fail) = &result {
        fd::stderr(&fail.text(&prog, None));
        hint::tell(words, &prog, family, fail);
        return fail.status();
    }
    0
}

/// Says what went wrong; the status.
fn end(prog: &str, result: fail::Result) -> u8 {
    match result {
        Ok(()) => 0,
        Err(fail) => {
            fd::stderr(&fail.text(prog, None));
            fail.status()
        }
    }
}
