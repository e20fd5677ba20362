//! The tables and their built-in chains.

use crate::nft::Base;

/// A table.
#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    pub chains: &'static [BuiltIn],
}

/// A built-in chain.
#[derive(Debug)]
pub struct BuiltIn {
    pub name: &'static str,
    pub base: Base<'static>,
}

const fn chain(name: &'static str, hook: u32, priority: i32, kind: &'static [u8]) -> BuiltIn {
    BuiltIn { name, base: Base { hook, priority, kind } }
}

const PRE: &str = "PREROUTING";
const IN: &str = "INPUT";
const FWD: &str = "FORWARD";
const OUT: &str = "OUTPUT";
const POST: &str = "POSTROUTING";

/// In the order in which iptables-save prints them. Chains in the order of their hooks.
#[rustfmt::skip] // one row, one line
pub static TABLES: &[Table] = &[
    Table { name: "mangle", chains: &[
        chain(PRE, 0, -150, b"filter"), chain(IN, 1, -150, b"filter"), chain(FWD, 2, -150, b"filter"),
        chain(OUT, 3, -150, b"route"), chain(POST, 4, -150, b"filter"),
    ] },
    Table { name: "security", chains: &[
        chain(IN, 1, 150, b"filter"), chain(FWD, 2, 150, b"filter"), chain(OUT, 3, 150, b"filter"),
    ] },
    Table { name: "raw", chains: &[
        chain(PRE, 0, -300, b"filter"), chain(OUT, 3, -300, b"filter"),
    ] },
    Table { name: "filter", chains: &[
        chain(IN, 1, 0, b"filter"), chain(FWD, 2, 0, b"filter"), chain(OUT, 3, 0, b"filter"),
    ] },
    Table { name: "nat", chains: &[
        chain(PRE, 0, -100, b"nat"), chain(IN, 1, 100, b"nat"),
        chain(OUT, 3, -100, b"nat"), chain(POST, 4, 100, b"nat"),
    ] },
];

/// The table of this name.
pub fn find(name: &[u8]) -> Option<&'static Table> {
    TABLES.iter().find(|t| t.name.as_bytes() == name)
}

impl Table {
    /// The built-in chain of this name.
    pub fn built_in(&self, chain: &[u8]) -> Option<&'static BuiltIn> {
        self.chains.iter().find(|c| c.name.as_bytes() == chain)
    }
}
