//! `-m u32`: four bytes of the packet, found and changed by numbers, within ranges.
//!
//! ```text
//! tests    := location "=" values [ "&&" tests ]
//! location := NUMBER { ("&" | "<<" | ">>" | "@") NUMBER }
//! values   := NUMBER [ ":" NUMBER ] [ "," values ]
//! ```

use crate::cmd::iptables::fail::{Result, usage};

use super::{Ext, Opt, hex0x, put, put_at, scalar, u32_at};

/// XT_U32_MAXSIZE; the structure has room for one more of each.
const MOST: usize = 10;
/// struct xt_u32_test: locations (number, operator before it), values (from, to), how many of each.
const TEST: usize = 180;
const VALUES: usize = 88;
const NUMBERS: usize = 176;
const VALUE_COUNT: usize = 177;
const TESTS: usize = 1980;
const INVERT: usize = 1981;

/// By number: XT_U32_*.
const OPERATORS: [&str; 4] = ["&", "<<", ">>", "@"];

/// struct xt_u32: tests, how many, inverted.
pub static U32: Ext = Ext {
    name: "u32",
    wire: "u32",
    size: 1984,
    user: 1984,
    opts: &[Opt {
        name: "u32",
        arg: "TESTS",
        not: true,
        required: true,
        take: |f, value| {
            f.info[INVERT] = f.not.into();
            Reader { word: value, at: 0 }.tests(f.info)
        },
        ..Opt::NONE
    }],
    save: |out, s| {
        put(out, if s.info[INVERT] != 0 { " ! --u32 \"" } else { " --u32 \"" });
        show(out, s.info);
    },
    list: |out, s| {
        put(out, if s.info[INVERT] != 0 { " u32 ! \"" } else { " u32 \"" });
        show(out, s.info);
    },
    ..Ext::MATCH
};

struct Reader<'w> {
    word: &'w [u8],
    at: usize,
}

impl Reader<'_> {
    fn complain<T>(&self, what: &str) -> Result<T> {
        usage(&[format!("u32: at char {}: {what}", self.at).as_bytes()])
    }
    fn rest(&self) -> &[u8] {
        self.word.get(self.at..).unwrap_or(b"")
    }
    fn next(&self) -> Option<u8> {
        self.rest().first().copied()
    }
    fn blanks(&mut self) {
        self.at += self.rest().iter().take_while(|b| b.is_ascii_whitespace()).count();
    }
    /// A character that must follow the same one.
    fn second(&mut self, c: u8, what: &str) -> Result {
        self.at += 1;
        if self.next() != Some(c) {
            return self.complain(what);
        }
        self.at += 1;
        Ok(())
    }
    fn number(&mut self) -> Result<u32> {
        let rest = self.rest();
        match scalar::leading(rest, u32::MAX) {
            Some((n, behind)) => {
                self.at += rest.len() - behind.len();
                Ok(n)
            }
            // Of `0x` without digits the zero is a number.
            None if matches!(rest, [b'0', b'x' | b'X', ..])
                && !rest.get(2).is_some_and(u8::is_ascii_hexdigit) =>
            {
                self.at += 1;
                Ok(0)
            }
            None => self.complain("not a number or out of range"),
        }
    }

    fn tests(&mut self, info: &mut [u8]) -> Result {
        loop {
            let count = usize::from(info[TESTS]);
            let Some(test) = info.get_mut(count * TEST..(count + 1) * TEST) else {
                return self.complain("too many \"&&\"s");
            };
            self.location(test)?;
            self.values(test)?;
            let more = self.next().is_some();
            if more {
                self.second(b'&', "a second '&' was expected")?;
                // The reference complains of what comes after it at its second character.
                self.at -= 1;
            }
            if count == MOST {
                return self.complain("too many \"&&\"s");
            }
            info[TESTS] += 1;
            if !more {
                return Ok(());
            }
            self.at += 1;
        }
    }

    fn location(&mut self, test: &mut [u8]) -> Result {
        for count in 0usize.. {
            self.blanks();
            let operator = match self.next() {
                None => {
                    return usage(&[b"u32: abrupt end of input after location specifier"]);
                }
                Some(b'=') if count == 0 => return self.complain("location spec missing"),
                Some(b'=') => break,
                Some(_) if count == 0 => 0,
                Some(b'&') => {
                    self.at += 1;
                    0
                }
                Some(b'<') => {
                    self.second(b'<', "a second '<' was expected")?;
                    1
                }
                Some(b'>') => {
                    self.second(b'>', "a second '>' was expected")?;
                    2
                }
                Some(b'@') => {
                    self.at += 1;
                    3
                }
                Some(_) => return self.complain("operator expected"),
            };
            self.blanks();
            let n = self.number()?;
            if count == MOST {
                return self.complain("too many operators");
            }
            put_at(test, count * 8, &n.to_ne_bytes());
            test[count * 8 + 4] = operator;
            test[NUMBERS] += 1;
        }
        self.at += 1;
        Ok(())
    }

    /// Up to the end, or to a `&`.
    fn values(&mut self, test: &mut [u8]) -> Result {
        for count in 0usize.. {
            self.blanks();
            match self.next() {
                None if count == 0 => {
                    return usage(&[b"u32: test ended with no value specified"]);
                }
                Some(b'&') if count == 0 => {
                    self.second(b'&', "a second '&' was expected")?;
                    self.at -= 1;
                    return self.complain("value spec missing");
                }
                None | Some(b'&') => break,
                Some(_) if count == 0 => {}
                Some(b',') => self.at += 1,
                Some(_) => return self.complain("expected \",\" or \"&&\""),
            }
            self.blanks();
            let low = self.number()?;
            self.blanks();
            let mut high = low;
            if self.next() == Some(b':') {
                self.at += 1;
                self.blanks();
                high = self.number()?;
            }
            if count == MOST {
                return self.complain("too many \",\"s");
            }
            put_at(test, VALUES + count * 8, &low.to_ne_bytes());
            put_at(test, VALUES + count * 8 + 4, &high.to_ne_bytes());
            test[VALUE_COUNT] += 1;
        }
        Ok(())
    }
}

fn show(out: &mut Vec<u8>, info: &[u8]) {
    for (i, test) in info.chunks_exact(TEST).take(info[TESTS].into()).enumerate() {
        put(out, if i > 0 { "&&" } else { "" });
        for n in 0..usize::from(test[NUMBERS]).min(MOST + 1) {
            if n > 0 {
                put(out, OPERATORS.get(usize::from(test[n * 8 + 4])).unwrap_or(&""));
            }
            hex0x(out, u32_at(test, n * 8), 1);
        }
        put(out, "=");
        for n in 0..usize::from(test[VALUE_COUNT]).min(MOST + 1) {
            put(out, if n > 0 { "," } else { "" });
            let at = VALUES + n * 8;
            hex0x(out, u32_at(test, at), 1);
            if u32_at(test, at) != u32_at(test, at + 4) {
                put(out, ":");
                hex0x(out, u32_at(test, at + 4), 1);
            }
        }
    }
    put(out, "\"");
}
