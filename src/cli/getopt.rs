//! Options as the C library's getopt_long(3) reads them, with its sentences.
//!
//! `-abc`, `-ovalue`, `-o value`, `--long`, `--long=value`, `--lo` (an unambiguous beginning), and
//! `--`, which ends the options. Programs that were written with it are called in all these ways,
//! and scripts know what it says of a wrong one (observed in glibc 2.36 and 2.41).
//!
//! ```ignore
//! let mut options = Getopt::new(words, Order::Permute);
//! while let Some(item) = options.next(&Spec { short: "hc:", long: &[] }) {
//!     match item { Ok(Item::Option(b'c', Some(value))) => .., Err(m) => m.sentence(b"ping"), .. }
//! }
//! let operands = options.operands();
//! ```

use std::collections::VecDeque;

/// Whether a long option takes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    No,
    Needed,
    /// Only as `--option=value`.
    Optional,
}

/// A long option and what it stands for: a short option's letter, or a number above 255.
#[derive(Clone, Copy, Debug)]
pub struct Long {
    pub name: &'static str,
    pub value: Value,
    pub code: u32,
}

/// One row of a table of long options.
pub const fn long(name: &'static str, value: Value, code: u32) -> Long {
    Long { name, value, code }
}

/// The name that a program was called by, `own` if there is none, and the words behind it.
pub fn called<'w, 'a>(words: &'w [&'a [u8]], own: &'static str) -> (&'a [u8], &'w [&'a [u8]]) {
    words.split_first().map_or((own.as_bytes(), words), |(name, rest)| (*name, rest))
}

/// The options of a program; a table may grow from one call to the next.
#[derive(Clone, Copy, Debug)]
pub struct Spec<'s> {
    /// Letters; `:` behind one means a value, `::` a value that may only be attached.
    pub short: &'s str,
    pub long: &'s [Long],
}

/// What is done with words that are no options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// They may stand between options and are given at the end.
    Permute,
    /// The first one ends the options.
    Stop,
    /// They are given where they stand.
    InPlace,
}

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// The letter or the code, and the value.
    Option(u32, Option<&'a [u8]>),
    /// Only with [`Order::InPlace`].
    Word(&'a [u8]),
}

/// What is wrong with an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mistake<'a> {
    /// A letter that is none.
    Invalid(u8),
    /// A letter without its value.
    NoValue(u8),
    /// A long option that is none, as typed behind `--`.
    Unrecognized(&'a [u8]),
    /// The beginning of several long options, as typed, and all of them.
    Ambiguous(&'a [u8], Vec<&'static str>),
    /// A long option, and a value that it does not take.
    UnwantedValue(&'static str),
    /// A long option without its value.
    NoLongValue(&'static str),
}

impl Mistake<'_> {
    /// The C library's sentence, without the line break.
    pub fn sentence(&self, program: &[u8]) -> Vec<u8> {
        let mut t = program.to_vec();
        t.extend_from_slice(b": ");
        match self {
            Mistake::Invalid(c) => t.extend([b"invalid option -- '", &[*c][..], b"'"].concat()),
            Mistake::NoValue(c) => {
                t.extend([b"option requires an argument -- '", &[*c][..], b"'"].concat());
            }
            Mistake::Unrecognized(word) => {
                t.extend([b"unrecognized option '--", *word, b"'"].concat());
            }
            Mistake::Ambiguous(word, all) => {
                t.extend([b"option '--", *word, b"' is ambiguous; possibilities:"].concat());
                for name in all {
                    t.extend(format!(" '--{name}'").into_bytes());
                }
            }
            Mistake::UnwantedValue(name) => {
                t.extend(format!("option '--{name}' doesn't allow an argument").into_bytes());
            }
            Mistake::NoLongValue(name) => {
                t.extend(format!("option '--{name}' requires an argument").into_bytes());
            }
        }
        t
    }
}

/// Reads options one by one.
#[derive(Clone, Debug)]
pub struct Getopt<'a> {
    words: &'a [&'a [u8]],
    next: usize,
    /// What is left of a cluster of letters.
    cluster: &'a [u8],
    order: Order,
    operands: VecDeque<&'a [u8]>,
    ended: bool,
    name: &'static str,
}

/// A place among the words.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    next: usize,
    cluster: &'a [u8],
    ended: bool,
}

impl<'a> Getopt<'a> {
    /// `words` without the name of the program.
    pub fn new(words: &'a [&'a [u8]], order: Order) -> Getopt<'a> {
        let operands = VecDeque::new();
        Getopt { words, next: 0, cluster: b"", order, operands, ended: false, name: "" }
    }

    /// The words that are no options, in their order; complete when `next` has given `None`.
    pub fn operands(self) -> Vec<&'a [u8]> {
        let mut all = Vec::from(self.operands);
        all.extend_from_slice(&self.words[self.next.min(self.words.len())..]);
        all
    }
    /// Where it is, to come [`back`](Getopt::back) to.
    pub fn place(&self) -> Place<'a> {
        Place { next: self.next, cluster: self.cluster, ended: self.ended }
    }
    /// Reads again from there; operands that were found stay found.
    pub fn back(&mut self, to: Place<'a>) {
        (self.next, self.cluster, self.ended) = (to.next, to.cluster, to.ended);
    }
    /// The index of the word that will be looked at next.
    pub fn at(&self) -> usize {
        self.next
    }
    /// The long option that was read last, in full; empty before the first.
    pub fn name(&self) -> &'static str {
        self.name
    }
    /// The word that will be looked at next, unless letters of a cluster come first.
    pub fn peek(&self) -> Option<&'a [u8]> {
        if self.cluster.is_empty() { self.words.get(self.next).copied() } else { None }
    }
    /// Takes that word, whatever it looks like.
    pub fn take(&mut self) -> Option<&'a [u8]> {
        let word = self.peek()?;
        self.next += 1;
        Some(word)
    }

    /// The next option, or `None` at the end of the options.
    pub fn next(&mut self, spec: &Spec<'_>) -> Option<Result<Item<'a>, Mistake<'a>>> {
        if !self.cluster.is_empty() {
            return Some(self.letter(spec));
        }
        while !self.ended {
            let word = *self.words.get(self.next)?;
            match word {
                b"--" => {
                    self.next += 1;
                    self.ended = true;
                }
                [b'-', b'-', text @ ..] => {
                    self.next += 1;
                    return Some(self.long(spec, text));
                }
                [b'-', letters @ ..] if !letters.is_empty() => {
                    self.next += 1;
                    self.cluster = letters;
                    return Some(self.letter(spec));
                }
                _ => match self.order {
                    Order::Stop => self.ended = true,
                    Order::InPlace => {
                        self.next += 1;
                        return Some(Ok(Item::Word(word)));
                    }
                    Order::Permute => {
                        self.next += 1;
                        self.operands.push_back(word);
                    }
                },
            }
        }
        None
    }

    fn letter(&mut self, spec: &Spec<'_>) -> Result<Item<'a>, Mistake<'a>> {
        let (&c, rest) = self.cluster.split_first().ok_or(Mistake::Invalid(b'-'))?;
        self.cluster = rest;
        let short = spec.short.as_bytes();
        let at = short.iter().position(|&s| s == c).filter(|_| c != b':' && c != b';');
        let at = at.ok_or(Mistake::Invalid(c))?;
        let value = match short[at + 1..] {
            [b':', b':', ..] if rest.is_empty() => None,
            [b':', ..] if !rest.is_empty() => {
                self.cluster = b"";
                Some(rest)
            }
            [b':', ..] => Some(self.take().ok_or(Mistake::NoValue(c))?),
            _ => None,
        };
        Ok(Item::Option(c.into(), value))
    }

    fn long(&mut self, spec: &Spec<'_>, text: &'a [u8]) -> Result<Item<'a>, Mistake<'a>> {
        let (name, value) = match text.iter().position(|&b| b == b'=') {
            Some(at) => (&text[..at], Some(&text[at + 1..])),
            None => (text, None),
        };
        let row = match spec.long.iter().find(|l| l.name.as_bytes() == name) {
            Some(row) => row,
            None => {
                // Of two rows with one name the first counts.
                let hidden = |at: usize, name: &str| spec.long[..at].iter().any(|l| l.name == name);
                let fits = || {
                    let rows = spec.long.iter().enumerate();
                    let rows = rows.filter(|(_, l)| l.name.as_bytes().starts_with(name));
                    rows.filter(|(at, l)| !hidden(*at, l.name)).map(|(_, l)| l)
                };
                let first = fits().next().ok_or(Mistake::Unrecognized(text))?;
                // Two names of one option are no contradiction.
                if fits().any(|l| l.code != first.code || l.value != first.value) {
                    return Err(Mistake::Ambiguous(text, fits().map(|l| l.name).collect()));
                }
                first
            }
        };
        self.name = row.name;
        let value = match (row.value, value) {
            (Value::No, Some(_)) => return Err(Mistake::UnwantedValue(row.name)),
            (Value::Needed, None) => Some(self.take().ok_or(Mistake::NoLongValue(row.name))?),
            (_, value) => value,
        };
        Ok(Item::Option(row.code, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: Spec<'static> = Spec {
        short: "hc:o::",
        long: &[
            long("help", Value::No, b'h' as u32),
            long("count", Value::Needed, b'c' as u32),
            long("counter", Value::No, 256),
            long("colour", Value::Optional, 257),
            long("color", Value::Optional, 257),
        ],
    };

    fn read(line: &str, order: Order) -> (Vec<String>, Vec<String>) {
        let words: Vec<&[u8]> = line.split_whitespace().map(str::as_bytes).collect();
        let mut g = Getopt::new(&words, order);
        let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        let mut seen = Vec::new();
        while let Some(item) = g.next(&SPEC) {
            seen.push(match item {
                Ok(Item::Option(c, v)) => {
                    let c = u8::try_from(c).map_or_else(|_| c.to_string(), |c| text(&[c]));
                    v.map_or(c.clone(), |v| format!("{c}={}", text(v)))
                }
                Ok(Item::Word(w)) => format!("'{}", text(w)),
                Err(m) => text(&m.sentence(b"p")),
            });
        }
        (seen, g.operands().into_iter().map(text).collect())
    }

    #[test]
    fn letters_cluster_and_values_attach() {
        assert_eq!(read("-hc4 -c 5 -o -o6 x", Order::Permute).0, ["h", "c=4", "c=5", "o", "o=6"]);
        assert_eq!(read("-hx", Order::Permute).0, ["h", "p: invalid option -- 'x'"]);
        assert_eq!(read("-hc", Order::Permute).0, ["h", "p: option requires an argument -- 'c'"]);
        assert_eq!(read("-:", Order::Permute).0, ["p: invalid option -- ':'"]);
    }

    #[test]
    fn long_names_may_be_cut_short() {
        assert_eq!(
            read("--he --count=4 --count 5 --colo --color=6", Order::Permute).0,
            ["h", "c=4", "c=5", "257", "257=6"]
        );
        assert_eq!(
            read("--cou=1 --help=x --count", Order::Permute).0,
            [
                "p: option '--cou=1' is ambiguous; possibilities: '--count' '--counter'",
                "p: option '--help' doesn't allow an argument",
                "p: option '--count' requires an argument",
            ]
        );
        assert_eq!(read("--nosuch=1", Order::Permute).0, ["p: unrecognized option '--nosuch=1'"]);
    }

    #[test]
    fn other_words_have_their_order() {
        let operands = |l, o| read(l, o).1;
        assert_eq!(operands("a -h b -- -h", Order::Permute), ["a", "b", "-h"]);
        assert_eq!(operands("a -h b", Order::Stop), ["a", "-h", "b"]);
        assert_eq!(read("a -h - -- -x", Order::InPlace).0, ["'a", "h", "'-"]);
        assert_eq!(operands("a -h - -- -x", Order::InPlace), ["-x"]);
    }

    #[test]
    fn a_place_can_be_come_back_to() {
        let words: [&[u8]; 3] = [b"-hc4", b"--nosuch", b"--"];
        let mut g = Getopt::new(&words, Order::InPlace);
        assert_eq!(g.next(&SPEC), Some(Ok(Item::Option(b'h'.into(), None))));
        let inside = g.place();
        assert_eq!(g.next(&SPEC), Some(Ok(Item::Option(b'c'.into(), Some(b"4")))));
        g.back(inside);
        assert_eq!(g.next(&SPEC), Some(Ok(Item::Option(b'c'.into(), Some(b"4")))));
        let before = g.place();
        for _ in 0..2 {
            g.back(before);
            assert_eq!(g.next(&SPEC), Some(Err(Mistake::Unrecognized(b"nosuch"))));
        }
        assert_eq!(g.next(&SPEC), None);
        g.back(before);
        assert!(g.next(&SPEC).is_some());
    }
}
