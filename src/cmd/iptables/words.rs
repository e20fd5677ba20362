//! What may be typed, for completions: from the tables that parse, and from the kernel.

use super::ext::{self, Ext, Kind};
use super::family::Family;
use super::kernel::Kernel;
use super::tables;

pub use super::help::rows;
pub use super::restore::HELP as RESTORE;
pub use super::save::SPEC as SAVE;

fn family(program: &[u8]) -> Family {
    if program.starts_with(b"ip6") { Family::V6 } else { Family::V4 }
}

/// The names of the tables.
pub fn tables() -> impl Iterator<Item = &'static str> {
    tables::TABLES.iter().map(|t| t.name)
}

/// The chains of a table that come with it.
pub fn built_in(table: &[u8]) -> impl Iterator<Item = &'static str> {
    tables::find(table).into_iter().flat_map(|t| t.chains).map(|c| c.name)
}

/// The chains of a table that somebody has made; none where the kernel does not tell.
pub fn made(program: &[u8], table: &[u8]) -> Vec<Vec<u8>> {
    let all = Kernel::new(family(program)).chains().unwrap_or_default();
    let made = all.into_iter().filter(|c| c.table == table && c.base.is_none());
    made.map(|c| c.name).collect()
}

/// The matches of a program (`iptables`, `ip6tables`).
pub fn matches(program: &[u8]) -> impl Iterator<Item = &'static Ext> {
    ext::all(Kind::Match, family(program))
}

/// Its targets, without the verdicts and chains.
pub fn targets(program: &[u8]) -> impl Iterator<Item = &'static Ext> {
    ext::all(Kind::Target, family(program))
}
