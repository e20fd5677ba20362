//! A rule of the kernel in the words of iptables, for those who only read.

use super::family::Family;
use super::raise;
use super::sets::Sets;
use super::show::Show;
use super::tables;
use crate::names::NetDb;

pub use super::restore::split;

/// `-A CHAIN …`, and whether these words say all of it.
pub fn words(exprs: &[u8], user_data: &[u8], ipv4: bool, chain: &[u8]) -> (Vec<u8>, bool) {
    let family = if ipv4 { Family::V4 } else { Family::V6 };
    let rule = raise::raise(exprs, user_data, family, &Sets::default());
    let db = NetDb::default();
    let show =
        Show { family, db: &db, numeric: true, verbose: false, exact: false, line_numbers: false };
    let mut text = Vec::new();
    show.words(&mut text, &rule, chain);
    while text.last().is_some_and(|b| b.is_ascii_whitespace()) {
        text.pop();
    }
    (text, rule.is_whole())
}

/// Whether two rules do the same, counters aside; never, when one cannot be said in words.
pub fn same(a: (&[u8], &[u8]), b: (&[u8], &[u8]), ipv4: bool) -> bool {
    let family = if ipv4 { Family::V4 } else { Family::V6 };
    let sets = Sets::default();
    raise::raise(a.0, a.1, family, &sets) == raise::raise(b.0, b.1, family, &sets)
}

/// Whether a chain is one of those that iptables has by itself.
pub fn is_built_in(table: &[u8], chain: &[u8]) -> bool {
    tables::find(table).is_some_and(|t| t.built_in(chain).is_some())
}

/// Whether iptables has a table of this name.
pub fn is_table(table: &[u8]) -> bool {
    tables::find(table).is_some()
}
