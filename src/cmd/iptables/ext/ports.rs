//! Ports of tcp and udp, and of protocols like them: options, words, expressions, text.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::number;
use crate::names::NetDb;
use crate::nft::{Cmp, Exprs, base};
use crate::numeral::strtoul;

use super::{Is, Opt, Shown, Test, put, put_at, u16_at};

/// A range of ports of one side, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub low: u16,
    pub high: u16,
    pub not: bool,
}

impl Range {
    fn is_any(self) -> bool {
        (self.low, self.high, self.not) == (0, u16::MAX, false)
    }
}

/// struct xt_tcp and struct xt_udp begin alike: source from and to, destination from and to.
/// Their last byte says what is inverted.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Where the inverting bits are: 1 for the source, 2 for the destination.
    pub inverted: usize,
    pub service: &'static [u8],
}

/// Source, or destination.
pub const SOURCE: usize = 0;
pub const DESTINATION: usize = 1;

/// The options that say the port of a side, but for how it is taken.
pub const OF_SOURCE: Opt =
    Opt { name: "source-port", aliases: &["sport"], arg: "PORT[:PORT]", not: true, ..Opt::NONE };
pub const OF_DESTINATION: Opt = Opt { name: "destination-port", aliases: &["dport"], ..OF_SOURCE };

impl Layout {
    pub fn init(info: &mut [u8]) {
        put_at(info, 2, &[255, 255]);
        put_at(info, 6, &[255, 255]);
    }
    pub fn get(self, info: &[u8], side: usize) -> Range {
        Range {
            low: u16_at(info, side * 4),
            high: u16_at(info, side * 4 + 2),
            not: info[self.inverted] & 1 << side != 0,
        }
    }
    pub fn set(self, info: &mut [u8], side: usize, range: Range) {
        put_at(info, side * 4, &range.low.to_ne_bytes());
        put_at(info, side * 4 + 2, &range.high.to_ne_bytes());
        info[self.inverted] = info[self.inverted] & !(1 << side) | u8::from(range.not) << side;
    }
    /// Whether ports say anything.
    pub fn is_any(self, info: &[u8]) -> bool {
        self.get(info, SOURCE).is_any() && self.get(info, DESTINATION).is_any()
    }

    /// `80`, `http`, `1:5`, `:5`, `5:`.
    pub fn parse(self, word: &[u8], not: bool, db: &NetDb) -> Result<Range> {
        let one = |w: &[u8]| match port(w, Some(self.service), db) {
            Some(port) => Ok(port),
            None => usage(&[b"invalid port/service `", w, b"' specified"]),
        };
        let Some(at) = word.iter().position(|&b| b == b':') else {
            let port = one(word)?;
            return Ok(Range { low: port, high: port, not });
        };
        let (low, high) = (&word[..at], &word[at + 1..]);
        let low = if low.is_empty() { 0 } else { one(low)? };
        let high = if high.is_empty() { u16::MAX } else { one(high)? };
        if low > high {
            return usage(&[b"invalid portrange (min > max)"]);
        }
        Ok(Range { low, high, not })
    }

    /// Writes the comparisons.
    pub fn lower(self, info: &[u8], out: &mut Exprs) {
        let sides = [self.get(info, SOURCE), self.get(info, DESTINATION)];
        if sides.iter().all(|r| r.low == r.high && !r.not) {
            let both = [sides[0].low.to_be_bytes(), sides[1].low.to_be_bytes()].concat();
            out.payload(base::TRANSPORT, 0, 4);
            out.cmp(Cmp::Eq, &both);
            return;
        }
        for (side, offset) in sides.into_iter().zip([0, 2]) {
            if side.is_any() {
                continue;
            }
            out.payload(base::TRANSPORT, offset, 2);
            let (low, high) = (side.low.to_be_bytes(), side.high.to_be_bytes());
            if side.low == side.high {
                out.cmp(Cmp::eq_unless(side.not), &low);
            } else if side.low == 0 && side.high < u16::MAX {
                out.cmp(if side.not { Cmp::Gt } else { Cmp::Lte }, &high);
            } else {
                out.range(side.not, &low, &high);
            }
        }
    }

    /// Takes a comparison in; false when it is none of ports, or a second one.
    pub fn raise(self, info: &mut [u8], test: &Test<'_>) -> bool {
        if test.mask.is_some() {
            return false;
        }
        match (test.offset, test.len, test.is) {
            (0, 4, Is::Cmp(Cmp::Eq, &[a, b, c, d])) => {
                self.raise_one(info, SOURCE, Is::Cmp(Cmp::Eq, &[a, b]))
                    && self.raise_one(info, DESTINATION, Is::Cmp(Cmp::Eq, &[c, d]))
            }
            (0, 2, is) => self.raise_one(info, SOURCE, is),
            (2, 2, is) => self.raise_one(info, DESTINATION, is),
            _ => false,
        }
    }

    fn raise_one(self, info: &mut [u8], side: usize, is: Is<'_>) -> bool {
        if !self.get(info, side).is_any() {
            return false;
        }
        let value = |b: &[u8]| Some(u16::from_be_bytes(b.try_into().ok()?));
        let range = match is {
            Is::Cmp(how, to) => value(to).and_then(|v| {
                let (low, high, not) = match how {
                    Cmp::Eq => (v, v, false),
                    Cmp::Neq => (v, v, true),
                    Cmp::Lt => (0, v.checked_sub(1)?, false),
                    Cmp::Lte => (0, v, false),
                    Cmp::Gt => (v.checked_add(1)?, u16::MAX, false),
                    Cmp::Gte => (v, u16::MAX, false),
                };
                Some(Range { low, high, not })
            }),
            Is::Range { not, low, high } => {
                value(low).zip(value(high)).map(|(low, high)| Range { low, high, not })
            }
        };
        let Some(range) = range else { return false };
        self.set(info, side, range);
        true
    }

    pub fn save(self, out: &mut Vec<u8>, info: &[u8]) {
        self.show(out, info, |side| !self.get(info, side).is_any());
    }

    /// Prints the sides in question.
    pub fn show(self, out: &mut Vec<u8>, info: &[u8], is_shown: impl Fn(usize) -> bool) {
        for (side, name) in [(SOURCE, "--sport"), (DESTINATION, "--dport")] {
            if !is_shown(side) {
                continue;
            }
            let r = self.get(info, side);
            put(out, if r.not { " ! " } else { " " });
            if r.low == r.high {
                put(out, format!("{name} {}", r.low));
            } else {
                put(out, format!("{name} {}:{}", r.low, r.high));
            }
        }
    }

    pub fn list(self, out: &mut Vec<u8>, s: &Shown<'_>) {
        for (side, name) in [(SOURCE, "spt"), (DESTINATION, "dpt")] {
            let r = self.get(s.info, side);
            if r.is_any() {
                continue;
            }
            put(out, [" ", name].concat());
            put(out, if r.low == r.high { ":" } else { "s:" });
            put(out, if r.not { "!" } else { "" });
            self.list_port(out, r.low, s);
            if r.low != r.high {
                out.push(b':');
                self.list_port(out, r.high, s);
            }
        }
    }

    fn list_port(self, out: &mut Vec<u8>, port: u16, s: &Shown<'_>) {
        let name = if s.numeric { None } else { s.db.service(port, Some(self.service)) };
        match name {
            Some(name) => put(out, name),
            None => put(out, port.to_string()),
        }
    }
}

/// Ports of sctp and dccp: the destination comes first, and flags tell which sides are given.
/// They are looked at in the order of tcp.
#[derive(Clone, Copy, Debug)]
pub struct Given {
    /// Where the bits of the sides that are given are: 1 for the source, 2 for the destination.
    pub given: usize,
    /// Likewise of those that are inverted.
    pub inverted: usize,
    pub service: &'static [u8],
}

impl Given {
    /// struct xt_tcp as far as ports go.
    const TCP: usize = 9;

    fn layout(self) -> Layout {
        Layout { inverted: Self::TCP - 1, service: self.service }
    }
    fn is_given(self, info: &[u8], side: usize) -> bool {
        info[self.given] & 1 << side != 0
    }
    fn as_tcp(self, info: &[u8]) -> [u8; Self::TCP] {
        let mut tcp = [0; Self::TCP];
        tcp[..4].copy_from_slice(&info[4..8]);
        tcp[4..8].copy_from_slice(&info[..4]);
        tcp[8] = info[self.inverted];
        tcp
    }
    /// Like [`Layout::parse`].
    pub fn parse(self, word: &[u8], not: bool, db: &NetDb) -> Result<Range> {
        self.layout().parse(word, not, db)
    }
    pub fn set(self, info: &mut [u8], side: usize, range: Range) {
        let at = if side == SOURCE { 4 } else { 0 };
        put_at(info, at, &range.low.to_ne_bytes());
        put_at(info, at + 2, &range.high.to_ne_bytes());
        self.mark(info, 1 << side, range.not);
    }
    /// Says that an option is given, also one that is not about ports.
    pub fn mark(self, info: &mut [u8], bit: u8, not: bool) {
        info[self.given] |= bit;
        if not {
            info[self.inverted] |= bit;
        }
    }
    pub fn save(self, out: &mut Vec<u8>, info: &[u8]) {
        self.layout().show(out, &self.as_tcp(info), |side| self.is_given(info, side));
    }
    pub fn list(self, out: &mut Vec<u8>, s: &Shown<'_>) {
        let mut tcp = self.as_tcp(s.info);
        for side in [SOURCE, DESTINATION].into_iter().filter(|side| !self.is_given(s.info, *side)) {
            self.layout().set(&mut tcp, side, Range { low: 0, high: u16::MAX, not: false });
        }
        self.layout().list(out, &Shown { info: &tcp, ..*s });
    }
}

/// `80`, `http`, `1:5`, `:5`, `5:` as most extensions read them; `option` is for the sentences.
pub fn range(word: &[u8], option: (&str, &str), db: &NetDb) -> Result<(u16, u16)> {
    let (low, high) = parts(word, option)?;
    let one = |word: &[u8], default: u16| match word {
        b"" => Ok(default),
        _ => match decimal(word).or_else(|| db.port(word, None)) {
            Some(port) => Ok(port),
            None => usage(&[b"Port \"", word, b"\" does not resolve to anything.\n"]),
        },
    };
    let low = one(low, 0)?;
    let high = high.map_or(Ok(low), |h| one(h, u16::MAX))?;
    if low > high {
        return usage(&[format!("Port range {low}-{high} is negative.\n").as_bytes()]);
    }
    Ok((low, high))
}

/// A port in decimal digits. The reference keeps only the low bits of larger numbers; another port
/// than the one that was asked for is none here.
fn decimal(word: &[u8]) -> Option<u16> {
    match strtoul(word, 10)? {
        (false, n) => n.try_into().ok(),
        _ => None,
    }
}

/// What stands before and behind a colon.
pub fn parts<'w>(
    word: &'w [u8],
    (ext, option): (&str, &str),
) -> Result<(&'w [u8], Option<&'w [u8]>)> {
    let mut parts = word.split(|&b| b == b':');
    let (low, high) = (parts.next().unwrap_or(b""), parts.next());
    if parts.next().is_some() {
        let text = format!("{ext}: Too many components for option \"--{option}\" (max: 2)\n");
        return usage(&[text.as_bytes()]);
    }
    Ok((low, high))
}

/// A port by number or by name.
pub fn port(word: &[u8], service: Option<&[u8]>, db: &NetDb) -> Option<u16> {
    match number(word, u16::MAX.into()) {
        Some(n) => u16::try_from(n).ok(),
        None => db.port(word, service),
    }
}
