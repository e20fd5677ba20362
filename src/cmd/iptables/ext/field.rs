//! Options whose value is a number in one place of the structure: said by data, read and printed
//! by what is here.

use crate::cmd::iptables::fail::Result;

use super::{Fill, Opt, Shown, dec, hex0x, put, put_at, scalar};

/// A byte of the structure, and bits of it.
pub type Bits = (u16, u8);

/// Where the value of an option goes.
#[derive(Debug)]
pub struct Field {
    pub at: u16,
    /// Bytes of it: 1, 2, 4 or 8; of a range two such numbers.
    pub size: u8,
    /// In network order, not in the host's.
    pub network: bool,
    pub low: u64,
    pub high: u64,
    /// Set when the option is given; no bits if nothing says that.
    pub given: Bits,
    /// Set behind `!`.
    pub not: Bits,
    pub form: Form,
}

/// How `-S` prints a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Not at all: another option does.
    Hidden,
    /// There is none.
    Alone,
    Dec,
    /// `0x` and at least so many digits.
    Hex(u8),
    /// `LOW:HIGH`, or one number; nothing when the range is everything.
    Range,
}

impl Field {
    /// What fields have in common.
    pub const NONE: Field = Field {
        at: 0,
        size: 0,
        network: false,
        low: 0,
        high: u32::MAX as u64,
        given: (0, 0),
        not: (0, 0),
        form: Form::Hidden,
    };

    /// The number in a structure.
    pub fn get(&self, info: &[u8]) -> u64 {
        self.get_at(info, self.at.into())
    }
    fn get_at(&self, info: &[u8], at: usize) -> u64 {
        let mut bytes = [0; 8];
        let size = usize::from(self.size).min(8);
        bytes[8 - size..].copy_from_slice(info.get(at..at + size).unwrap_or(&[0; 8][..size]));
        if self.is_reversed() {
            bytes[8 - size..].reverse();
        }
        u64::from_be_bytes(bytes)
    }
    fn is_reversed(&self) -> bool {
        cfg!(target_endian = "little") && !self.network
    }
    /// Both ends of a range.
    pub fn range(&self, info: &[u8]) -> (u64, u64) {
        (self.get(info), self.get_at(info, usize::from(self.at) + usize::from(self.size)))
    }
    fn set(&self, info: &mut [u8], index: usize, n: u64) {
        let size = usize::from(self.size).min(8);
        let mut bytes = n.to_be_bytes();
        if self.is_reversed() {
            bytes[8 - size..].reverse();
        }
        put_at(info, usize::from(self.at) + index * size, &bytes[8 - size..]);
    }
    pub fn is_not(&self, info: &[u8]) -> bool {
        has(info, self.not)
    }
    /// Whether there is something to print.
    pub fn is_given(&self, info: &[u8]) -> bool {
        match self.form {
            Form::Range => self.is_not(info) || self.range(info) != (0, self.high),
            _ => self.given.1 == 0 || has(info, self.given),
        }
    }
}

fn has(info: &[u8], (at, bits): Bits) -> bool {
    info.get(usize::from(at)).is_some_and(|b| b & bits != 0)
}

fn mark(f: &mut Fill<'_, '_>) {
    let field = f.opt.field;
    for ((at, bits), on) in [(field.given, true), (field.not, f.not)] {
        if let Some(byte) = f.info.get_mut(usize::from(at))
            && on
        {
            *byte |= bits;
        }
    }
}

/// Reads a number.
pub fn number(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let field = f.opt.field;
    let n = scalar::whole(value, (f.ext.name, f.opt.name), field.low, field.high)?;
    field.set(f.info, 0, n);
    mark(f);
    Ok(())
}

/// Reads `NUMBER` or `LOW:HIGH`.
pub fn range(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let field = f.opt.field;
    let most = u32::try_from(field.high).unwrap_or(u32::MAX);
    let (low, high) = scalar::range(value, (f.ext.name, f.opt.name), most)?;
    field.set(f.info, 0, low.into());
    field.set(f.info, 1, high.into());
    mark(f);
    Ok(())
}

/// Notes an option without a value.
#[expect(clippy::unnecessary_wraps)] // as the others
pub fn flag(f: &mut Fill<'_, '_>, _: &[u8]) -> Result {
    mark(f);
    Ok(())
}

/// Prints every option of the table that is given.
pub fn save(out: &mut Vec<u8>, s: &Shown<'_>) {
    for opt in s.ext.opts {
        save_one(out, s.info, opt);
    }
}

/// Prints one option, if it is given.
pub fn save_one(out: &mut Vec<u8>, info: &[u8], opt: &Opt) {
    let field = opt.field;
    if field.form == Form::Hidden || !field.is_given(info) {
        return;
    }
    put(out, if field.is_not(info) { " ! --" } else { " --" });
    put(out, opt.name);
    if field.form != Form::Alone {
        out.push(b' ');
    }
    value(out, info, field);
}

/// Prints a value.
pub fn value(out: &mut Vec<u8>, info: &[u8], field: &Field) {
    match field.form {
        Form::Hidden | Form::Alone => {}
        Form::Dec => dec(out, field.get(info)),
        Form::Hex(digits) => {
            hex0x(out, u32::try_from(field.get(info)).unwrap_or(u32::MAX), digits.into());
        }
        Form::Range => {
            let (low, high) = field.range(info);
            dec(out, low);
            if low != high {
                out.push(b':');
                dec(out, high);
            }
        }
    }
}

/// Prints `NAME:VALUE`, `NAMEs:LOW:HIGH`, behind the colon a `!`, if it is given.
pub fn list(out: &mut Vec<u8>, info: &[u8], name: &str, field: &Field) {
    if !field.is_given(info) {
        return;
    }
    put(out, name);
    let (low, high) = field.range(info);
    put(out, if field.form == Form::Range && low != high { "s:" } else { ":" });
    put(out, if field.is_not(info) { "!" } else { "" });
    value(out, info, field);
}
