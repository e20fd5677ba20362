//! What an extension is.

use crate::names::NetDb;
use crate::nft::{Cmp, Exprs};

use super::super::fail::Result;
use super::super::family::Family;
use super::super::rule::Call;
use super::option::Opt;

/// Where an extension stands in a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Match,
    Target,
}

/// An extension.
pub struct Ext {
    pub kind: Kind,
    /// Behind `-m` or `-j`.
    pub name: &'static str,
    /// Other names behind `-m`.
    pub aliases: &'static [&'static str],
    /// In the kernel.
    pub wire: &'static str,
    pub revision: u8,
    /// Absent means both.
    pub family: Option<Family>,
    /// Bytes of the structure, padded to eight.
    pub size: usize,
    /// Bytes that are compared; what follows is the kernel's own.
    pub user: usize,
    pub opts: &'static [Opt],
    /// Fills in what holds without any option; the structure is zero before.
    pub init: fn(&mut [u8]),
    /// Looks at the whole and fills in what follows from it, before it is known whether what must
    /// be given was given; the bits of the options given.
    pub complete: fn(&mut [u8], u64) -> Result,
    /// Looks at the whole when all options have been read; the bits of those given.
    pub check: fn(u64) -> Result,
    /// Whether a structure of this wire name and revision is this extension's.
    pub claims: fn(&[u8]) -> bool,
    /// Writes native expressions; false when only the x_tables form says it.
    pub lower: fn(&[u8], &mut Exprs) -> bool,
    /// What `-S` prints behind the name.
    pub save: fn(&mut Vec<u8>, &Shown<'_>),
    /// What `-L` prints.
    pub list: fn(&mut Vec<u8>, &Shown<'_>),
    /// For one that goes with a protocol.
    pub transport: Option<Transport>,
}

/// What an extension for a protocol has besides.
#[derive(Clone, Copy)]
pub struct Transport {
    pub protocol: u8,
    /// Writes native expressions; false when only the x_tables form says it.
    pub lower: fn(&[u8], &mut Exprs) -> bool,
    /// Takes a comparison of the transport header into the structure; false when it does not fit.
    pub raise: fn(&mut [u8], &Test<'_>) -> bool,
}

impl Transport {
    /// Loaded by `-p` of a protocol, and said only in the x_tables form.
    pub(super) const fn loaded_by(protocol: u8) -> Option<Transport> {
        Some(Transport { protocol, lower: |_, _| false, raise: |_, _| false })
    }
}

/// A comparison of bytes of the transport header.
#[derive(Clone, Copy, Debug)]
pub struct Test<'a> {
    pub offset: u32,
    pub len: u32,
    pub mask: Option<&'a [u8]>,
    pub is: Is<'a>,
}

/// What the bytes are compared with.
#[derive(Clone, Copy, Debug)]
pub enum Is<'a> {
    Cmp(Cmp, &'a [u8]),
    Range { not: bool, low: &'a [u8], high: &'a [u8] },
}

impl Ext {
    /// What most matches have in common.
    pub(super) const MATCH: Ext = Ext {
        kind: Kind::Match,
        name: "",
        aliases: &[],
        wire: "",
        revision: 0,
        family: None,
        size: 0,
        user: 0,
        opts: &[],
        init: |_| (),
        complete: |_, _| Ok(()),
        check: |_| Ok(()),
        claims: |_| true,
        lower: |_, _| false,
        save: |_, _| (),
        list: |_, _| (),
        transport: None,
    };
    /// What most targets have in common.
    pub(super) const TARGET: Ext = Ext { kind: Kind::Target, ..Ext::MATCH };

    /// The extension with no option given.
    pub fn call(&'static self) -> Call {
        let mut info = vec![0; self.size];
        (self.init)(&mut info);
        Call { ext: self, info }
    }

    pub(super) fn is_named(&self, name: &[u8]) -> bool {
        self.name.as_bytes() == name || self.aliases.iter().any(|a| a.as_bytes() == name)
    }
    pub(super) fn fits(&self, kind: Kind, family: Family) -> bool {
        self.kind == kind && self.family.is_none_or(|f| f == family)
    }
}

impl std::fmt::Debug for Ext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// What the printers of an extension are given.
pub struct Shown<'s> {
    pub ext: &'static Ext,
    pub info: &'s [u8],
    pub family: Family,
    /// The rule's protocol; 0 for any.
    pub proto: u8,
    pub numeric: bool,
    pub db: &'s NetDb,
}
