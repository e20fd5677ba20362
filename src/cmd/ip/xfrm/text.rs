//! What is shown of IPsec: text only, in lines that -oneline joins.

use std::fmt::{self, Write};

use crate::ctx::Ctx;
use crate::names::Names;
use crate::output::addr;
use crate::rtnl::xfrm::Address;

use crate::cli::value::{AF_INET, AF_INET6, AF_PACKET};

/// A record under construction.
pub struct Text<'n> {
    pub buf: Vec<u8>,
    pub names: &'n mut Names,
    /// -statistics: everything.
    pub stats: bool,
    /// Keys are not shown.
    pub nokeys: bool,
    oneline: bool,
}

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        self.buf.extend_from_slice(s.as_bytes());
        Ok(())
    }
}

impl<'n> Text<'n> {
    pub fn put(&mut self, s: &str) {
        self.buf.extend_from_slice(s.as_bytes());
    }
    /// Formatted text.
    pub fn add(&mut self, text: fmt::Arguments<'_>) {
        let _ = self.write_fmt(text);
    }
    /// The end of a line inside a record.
    pub fn br(&mut self) {
        self.put(if self.oneline { "\\" } else { "\n" });
    }
    /// The end of a record.
    pub fn end(&mut self) {
        if self.oneline {
            self.put("\n");
        }
    }
    /// `NAME` of a table, or the number.
    pub fn name_or(&mut self, names: &[&str], number: u8) {
        match names.get(usize::from(number)) {
            Some(name) => self.put(name),
            None => self.add(format_args!("{number}")),
        }
    }
    /// An address; with -resolve its name.
    pub fn addr(&mut self, family: u16, address: &Address) {
        let bytes: &[u8] = match u8::try_from(family) {
            Ok(AF_INET) => &address[..4],
            Ok(AF_INET6) => address,
            _ => return self.plain_addr(family, address),
        };
        match self.names.host(bytes) {
            Some(name) => self.buf.extend_from_slice(name),
            None => addr::ip(&mut self.buf, bytes),
        }
    }
    /// An address of a selector, which has no name.
    pub fn plain_addr(&mut self, family: u16, address: &Address) {
        match u8::try_from(family) {
            Ok(AF_INET) => addr::ip(&mut self.buf, &address[..4]),
            Ok(AF_INET6) => addr::ip(&mut self.buf, address),
            // What `-0 xfrm state allocspi` makes.
            Ok(AF_PACKET) => addr::hex(&mut self.buf, address),
            _ => self.put("???"),
        }
    }
    /// A number in hexadecimal as C's `%#x` writes it: 0 has no `0x`.
    pub fn hex(&mut self, n: u32) {
        if n == 0 { self.put("0") } else { self.add(format_args!("{n:#x}")) }
    }
    /// The words of the bits that are set, with blanks between them; the rest as a number.
    pub fn flags(&mut self, mut flags: u32, words: &[(u32, &str)]) {
        for (bit, word) in words {
            if flags & bit != 0 {
                flags &= !bit;
                self.put(word);
                if flags != 0 {
                    self.put(" ");
                }
            }
        }
        if flags != 0 {
            self.add(format_args!("{flags:x}"));
        }
    }
    /// ` (0x01010101)`: the bits of a byte, one digit each.
    pub fn mask(&mut self, flags: u8) {
        self.add(format_args!(" (0x{flags:08b})"));
    }
    /// A time in seconds since 1970, or `-` for none.
    pub fn time(&mut self, seconds: u64) {
        if seconds == 0 {
            return self.put("-");
        }
        let text = crate::sys::clock::as_iso(i64::try_from(seconds).unwrap_or(i64::MAX));
        self.put(&text.replace('T', " "));
    }
}

/// Shows what `make` writes, in any mode: there is no JSON of IPsec.
pub fn show(ctx: &mut Ctx, nokeys: bool, make: impl FnOnce(&mut Text<'_>)) {
    let Ctx { out, names, opts, .. } = ctx;
    let stats = opts.stats > 0;
    let mut text = Text { buf: Vec::new(), names, stats, nokeys, oneline: out.is_oneline() };
    make(&mut text);
    let buf = text.buf;
    out.raw(&buf);
}
