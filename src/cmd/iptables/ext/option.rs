//! The options of an extension, and how they are read.

use crate::cli::getopt::Getopt;
use crate::names::NetDb;

use super::super::fail::{Result, usage};
use super::super::family::Family;
use super::super::rule::Call;
use super::extension::Ext;
use super::field::Field;

/// An option of an extension.
pub struct Opt {
    pub name: &'static str,
    /// Other names of it.
    pub aliases: &'static [&'static str],
    /// Its value in a usage line; empty for an option that stands alone.
    pub arg: &'static str,
    /// Whether the value may be left out; then the option takes it from the words itself.
    pub optional: bool,
    /// Whether `!` may stand before it.
    pub not: bool,
    pub required: bool,
    /// The bits of the options that must be given with it, and of those that must not: by their
    /// place in the table.
    pub also: u32,
    pub excludes: u32,
    /// Where its value goes, for the readers and printers of `field`.
    pub field: &'static Field,
    /// Whether it may be given again, or says itself that it may not.
    pub again: bool,
    pub take: fn(&mut Fill<'_, '_>, &[u8]) -> Result,
}

impl Opt {
    /// What most options have in common.
    pub(super) const NONE: Opt = Opt {
        name: "",
        aliases: &[],
        arg: "",
        optional: false,
        not: false,
        required: false,
        also: 0,
        excludes: 0,
        field: &Field::NONE,
        again: false,
        take: |_, _| Ok(()),
    };
}

/// What the reader of an option's value is given.
pub struct Fill<'f, 'a> {
    pub ext: &'static Ext,
    pub opt: &'static Opt,
    pub info: &'f mut [u8],
    pub not: bool,
    /// The bits of the options given before, by their place in the table.
    pub seen: &'f mut u64,
    pub family: Family,
    /// The protocol given so far; 0 for any.
    pub proto: u8,
    /// Whether `!` stood before `-p`.
    pub proto_not: bool,
    /// For options with more than one value.
    pub words: &'f mut Getopt<'a>,
    pub db: &'f NetDb,
}

/// An extension whose options are being read.
pub struct Loaded {
    pub call: Call,
    /// The bits of the options given.
    pub seen: u64,
}

impl Loaded {
    pub fn new(ext: &'static Ext) -> Loaded {
        Loaded { call: ext.call(), seen: 0 }
    }

    /// Reads one option.
    pub fn option(
        &mut self,
        index: usize,
        value: &[u8],
        not: bool,
        (family, proto, proto_not): (Family, u8, bool),
        words: &mut Getopt<'_>,
        db: &NetDb,
    ) -> Result {
        let ext = self.call.ext;
        let Some(opt) = ext.opts.get(index) else { return Ok(()) };
        let bit = 1 << index;
        let complain = |what: &str| {
            let text = format!("{}: option \"--{}\" {what}.\n", ext.name, opt.name);
            usage(&[text.as_bytes()])
        };
        if self.seen & bit != 0 && !opt.again {
            return complain("can only be used once");
        }
        if not && !opt.not {
            return complain("cannot be inverted");
        }
        let info = &mut self.call.info;
        let seen = &mut self.seen;
        (opt.take)(
            &mut Fill { ext, opt, info, not, seen, family, proto, proto_not, words, db },
            value,
        )?;
        self.seen |= bit;
        Ok(())
    }

    /// Checks that what must be given was given.
    pub fn finish(&mut self) -> Result {
        let ext = self.call.ext;
        (ext.complete)(&mut self.call.info, self.seen)?;
        for (i, opt) in ext.opts.iter().enumerate() {
            if opt.required && self.seen & 1 << i == 0 {
                let text = format!("{}: option \"--{}\" must be specified\n", ext.name, opt.name);
                return usage(&[text.as_bytes()]);
            }
            if self.seen & 1 << i != 0 {
                self.company(opt)?;
            }
        }
        (ext.check)(self.seen)
    }

    /// Complains when an option was given with one that it excludes, or without one it needs.
    fn company(&self, opt: &Opt) -> Result {
        let complain = |what: &str, others: u64| {
            let other = self.call.ext.opts.get(others.trailing_zeros() as usize);
            let words = [self.call.ext.name, ": option \"--", opt.name, "\" ", what, " \"--"];
            usage(&[words.concat().as_bytes(), other.map_or("", |o| o.name).as_bytes(), b"\".\n"])
        };
        match (u64::from(opt.also) & !self.seen, u64::from(opt.excludes) & self.seen) {
            (0, 0) => Ok(()),
            (0, others) => complain("cannot be used together with", others),
            (absent, _) => complain("also requires", absent),
        }
    }
}

/// Two options that exclude each other.
pub(super) fn together(ext: &str, one: &str, other: &str) -> Result {
    let text = format!("{ext}: option \"--{one}\" cannot be used together with \"--{other}\".\n");
    usage(&[text.as_bytes()])
}
