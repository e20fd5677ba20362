//! What the words of an encapsulation have in common: rows, and what has been said so far.

use crate::cli::value::{self, Addr};
use crate::cli::{Args, Usage};
use crate::names::{Kind, Names};
use crate::netlink::Request;

/// One word of an encapsulation.
pub struct Row {
    /// As it is typed, in full.
    pub word: &'static str,
    /// What the reference calls it when it is given twice; empty: it may be.
    pub twice: &'static str,
    pub take: Take,
}

/// How the value behind a word is read and sent.
pub enum Take {
    /// A number below 256 in one byte.
    U8(u16),
    /// A 64-bit number, the most significant byte first.
    U64(u16),
    /// A TOS byte, by name or in hexadecimal.
    Tos(u16),
    /// An address of this family.
    Addr(u16, u8),
    /// A routing table, by name or number; the reference's sentence about any other word.
    Table(u16, &'static str),
    /// A device by name, sent as its index.
    Dev(u16),
    /// One word of a list and the byte it stands for.
    Byte(u16, &'static [(&'static str, u8)]),
    /// Anything else: reads the word taken last, and more.
    Own(fn(&mut Args<'_>, &mut Said<'_>) -> Result<(), Usage>),
    /// The word alone.
    Flag(fn(&mut Said<'_>)),
    /// As `Own`, but the word is still the one of the row.
    Before(fn(&mut Args<'_>, &mut Said<'_>) -> Result<(), Usage>),
}

/// What the words have said.
pub struct Said<'a> {
    pub names: &'a mut Names,
    pub req: &'a mut Request,
    /// The rows that have had their word.
    seen: u32,
    /// TUNNEL_* flags of `encap ip`.
    pub flags: u16,
    /// A mode or an action, by number.
    pub mode: Option<u32>,
    /// The word of the segments, and its number: what it says is looked at behind all others.
    pub segs: (Vec<u8>, usize),
    pub hmac: u32,
    /// Options of a tunnel's packets, as attributes.
    pub opts: Option<Vec<u8>>,
}

impl<'a> Said<'a> {
    pub fn new(names: &'a mut Names, req: &'a mut Request) -> Said<'a> {
        Said {
            names,
            req,
            seen: 0,
            flags: 0,
            mode: None,
            segs: Default::default(),
            hmac: 0,
            opts: None,
        }
    }

    /// Keeps the word taken last as that of the segments.
    pub fn segs(&mut self, args: &Args<'_>) {
        self.segs = (args.last().to_vec(), args.at());
    }

    /// Whether the row has had its word.
    pub fn has(&self, rows: &[Row], word: &str) -> bool {
        rows.iter().position(|r| r.word == word).is_some_and(|at| self.seen & 1 << at != 0)
    }
}

/// `"WORD" value is invalid`, about the word taken last.
pub fn invalid(args: &Args<'_>, word: &str) -> Usage {
    args.wrong(&["\"", word, "\" value is invalid\n"].concat())
}

/// `either "WORD" is duplicate, or …` when it has been seen.
pub fn once(args: &Args<'_>, seen: bool, word: &str) -> Result<(), Usage> {
    if seen { Err(args.garbage(word)) } else { Ok(()) }
}

/// Reads words as long as there is a row for them; the first other one is given back.
///
/// # Errors
///
/// A word given twice, and what the rows say.
pub fn read(rows: &[Row], args: &mut Args<'_>, said: &mut Said<'_>) -> Result<(), Usage> {
    while let Some(word) = args.take() {
        let Some(at) = rows.iter().position(|r| r.word.as_bytes() == word) else {
            args.back();
            break;
        };
        said.req.from_word(args.at());
        let row = &rows[at];
        if !matches!(row.take, Take::Flag(_) | Take::Before(_)) {
            args.need()?;
        }
        once(args, said.seen & 1 << at != 0 && !row.twice.is_empty(), row.twice)?;
        said.seen |= 1 << at;
        one(row, args, said)?;
    }
    Ok(())
}

fn one(row: &Row, args: &mut Args<'_>, said: &mut Said<'_>) -> Result<(), Usage> {
    let word = args.last();
    let invalid = || invalid(args, row.word);
    match row.take {
        Take::U8(attr) => said.req.u8(attr, value::u8(word).ok_or_else(invalid)?),
        Take::U64(attr) => said.req.u64_be(attr, value::u64(word).ok_or_else(invalid)?),
        Take::Tos(attr) => {
            let tos = said.names.number(Kind::DsField, word).and_then(|t| u8::try_from(t).ok());
            said.req.u8(attr, tos.ok_or_else(invalid)?);
        }
        Take::Addr(attr, family) => {
            let addr: Addr = value::addr(word, family).map_err(|e| e.at(args.at()))?;
            said.req.attr(attr, addr.bytes());
        }
        Take::Table(attr, wrong) => {
            let table = said.names.number(Kind::RtTable, word).ok_or_else(|| args.wrong(wrong))?;
            said.req.u32(attr, table);
        }
        Take::Dev(attr) => {
            let index = said.names.index(word).ok_or_else(|| {
                Usage::new(255, [b"Cannot find device \"", word, b"\""].concat()).at(args.at())
            })?;
            said.req.u32(attr, index);
        }
        Take::Byte(attr, words) => {
            let found = words.iter().find(|(name, _)| name.as_bytes() == word);
            said.req.u8(attr, found.ok_or_else(invalid)?.1);
        }
        Take::Own(take) | Take::Before(take) => take(args, said)?,
        Take::Flag(take) => take(said),
    }
    Ok(())
}
