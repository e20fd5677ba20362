//! A cursor over the words of a command.

use super::Word;

/// The words do not make a command: the reference's sentence and the status it ends with.
///
/// These errors end the whole program in the reference, also in a batch.
#[derive(Debug, PartialEq, Eq)]
pub struct Usage {
    /// The word to point at.
    pub at: Option<usize>,
    /// Without the final line break; empty when everything has been said.
    pub text: Vec<u8>,
    pub status: u8,
}

impl Usage {
    /// A sentence of its own.
    pub fn new(status: u8, text: impl Into<Vec<u8>>) -> Usage {
        Usage { at: None, text: text.into(), status }
    }
    /// Points at a word.
    #[inline]
    pub fn at(mut self, word: usize) -> Usage {
        self.at = Some(word);
        self
    }
}

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(String::from_utf8_lossy(&self.text).trim_end())
    }
}

impl std::error::Error for Usage {}

/// Joins pieces of text and words, which need not be UTF-8.
pub fn sentence(pieces: &[&[u8]]) -> Vec<u8> {
    pieces.concat()
}

/// A cursor over words. Words are bytes: names need not be UTF-8.
#[derive(Clone, Debug)]
pub struct Args<'a> {
    words: &'a [&'a [u8]],
    next: usize,
}

impl<'a> Args<'a> {
    pub fn new(words: &'a [&'a [u8]]) -> Self {
        Args { words, next: 0 }
    }

    /// The next word, if there is one.
    #[inline]
    pub fn take(&mut self) -> Option<&'a [u8]> {
        let word = self.peek()?;
        self.next += 1;
        Some(word)
    }
    #[inline]
    pub fn peek(&self) -> Option<&'a [u8]> {
        self.words.get(self.next).copied()
    }
    /// The word after the next one.
    pub fn peek_second(&self) -> Option<&'a [u8]> {
        self.words.get(self.next + 1).copied()
    }
    /// Gives the word taken last back.
    pub fn back(&mut self) {
        self.next = self.next.saturating_sub(1);
    }
    /// Leaves the words not yet taken unread.
    pub fn skip(&mut self) {
        self.next = self.words.len();
    }
    pub fn is_empty(&self) -> bool {
        self.next >= self.words.len()
    }
    /// The words not yet taken.
    pub fn rest(&self) -> &'a [&'a [u8]] {
        self.words.get(self.next..).unwrap_or(&[])
    }
    /// The index of the word taken last.
    #[inline]
    pub fn at(&self) -> usize {
        self.next.saturating_sub(1)
    }
    /// The place of a word that was taken: of these very bytes, not of equal ones.
    pub fn place_of(&self, word: &[u8]) -> Option<usize> {
        self.words.iter().position(|w| std::ptr::eq(*w, word))
    }
    /// The word taken last.
    pub fn last(&self) -> &'a [u8] {
        self.words.get(self.at()).copied().unwrap_or(b"")
    }
    /// Takes the word that must follow.
    ///
    /// # Errors
    ///
    /// `Command line is not complete. …`, 255, when there is none.
    #[inline]
    pub fn need(&mut self) -> Result<&'a [u8], Usage> {
        self.take().ok_or_else(|| self.incomplete())
    }

    /// Takes a value and reads it; `what` completes the reference's sentence
    /// `argument "V" is wrong: …`.
    ///
    /// # Errors
    ///
    /// Incomplete or wrong, 255.
    pub fn value<T>(&mut self, parse: fn(&[u8]) -> Option<T>, what: &str) -> Result<T, Usage> {
        let word = self.need()?;
        parse(word).ok_or_else(|| self.wrong(what))
    }

    /// `Command line is not complete. Try option "help"`, 255.
    pub fn incomplete(&self) -> Usage {
        Usage::new(255, "Command line is not complete. Try option \"help\"")
    }
    /// `Error: argument "V" is wrong: WHAT` about the word taken last, 255.
    pub fn wrong(&self, what: &str) -> Usage {
        Usage::new(
            255,
            sentence(&[b"Error: argument \"", self.last(), b"\" is wrong: ", what.as_bytes()]),
        )
        .at(self.at())
    }
    /// The same about something else than a word.
    pub fn wrong_about(&self, what: &str, why: &str) -> Usage {
        Usage::new(255, format!("Error: argument \"{what}\" is wrong: {why}"))
    }
    /// `Error: argument "K" is required`, 255.
    pub fn required(&self, key: &str) -> Usage {
        Usage::new(255, format!("Error: argument \"{key}\" is required"))
    }
    /// `Error: duplicate "K": "V" is the second value.` about the word taken last, 255.
    pub fn duplicate(&self, key: &str) -> Usage {
        Usage::new(
            255,
            sentence(&[
                b"Error: duplicate \"",
                key.as_bytes(),
                b"\": \"",
                self.last(),
                b"\" is the second value.",
            ]),
        )
        .at(self.at())
    }
    /// `Error: either "K" is duplicate, or "V" is garbage.` about the word taken last, 255.
    pub fn garbage(&self, key: &str) -> Usage {
        Usage::new(
            255,
            sentence(&[
                b"Error: either \"",
                key.as_bytes(),
                b"\" is duplicate, or \"",
                self.last(),
                b"\" is garbage.",
            ]),
        )
        .at(self.at())
    }
    /// `Command "X" is unknown, try "ip OBJECT help".` about the word taken last, 255.
    pub fn unknown_command(&self, object: &str) -> Usage {
        Usage::new(
            255,
            sentence(&[
                b"Command \"",
                self.last(),
                b"\" is unknown, try \"ip ",
                object.as_bytes(),
                b" help\".",
            ]),
        )
        .at(self.at())
    }

    /// `on` or `off`; the newer wording.
    ///
    /// # Errors
    ///
    /// `Error: argument of "K" must be one of "off", "on", not "V"`; the status is 22 for most callers.
    pub fn on_off(&mut self, key: &str, status: u8) -> Result<bool, Usage> {
        match self.need()? {
            b"on" => Ok(true),
            b"off" => Ok(false),
            _ => Err(self.not_one_of(key, &["off", "on"], status)),
        }
    }
    /// `on` or `off`; the older wording, status 1.
    ///
    /// # Errors
    ///
    /// `Error: argument of "K" must be "on" or "off", not "V"`.
    pub fn old_on_off(&mut self, key: &str) -> Result<bool, Usage> {
        match self.need()? {
            b"on" => Ok(true),
            b"off" => Ok(false),
            word => {
                let head =
                    format!("Error: argument of \"{key}\" must be \"on\" or \"off\", not \"");
                Err(Usage::new(1, sentence(&[head.as_bytes(), word, b"\""])).at(self.at()))
            }
        }
    }
    /// `Error: argument of "K" must be one of "a", "b", not "V"` about the word taken last.
    pub fn not_one_of(&self, key: &str, words: &[&str], status: u8) -> Usage {
        let mut text = format!("Error: argument of \"{key}\" must be one of ").into_bytes();
        for w in words {
            text.extend_from_slice(format!("\"{w}\", ").as_bytes());
        }
        text.extend_from_slice(b"not \"");
        text.extend_from_slice(self.last());
        text.push(b'"');
        Usage::new(status, text).at(self.at())
    }

    /// Reads words by a table of at most 128 rows until none is left.
    ///
    /// # Errors
    ///
    /// A word that no row knows (`unknown` makes the sentence), a word given twice, and what the rows say.
    pub fn read<T>(
        &mut self,
        rows: &[Row<T>],
        into: &mut T,
        unknown: fn(&mut Args<'a>, &mut T) -> Result<(), Usage>,
    ) -> Result<(), Usage> {
        let mut seen = 0u128;
        while let Some(word) = self.take() {
            let Some(row) = rows.iter().position(|r| r.word.is(word)) else {
                unknown(self, into)?;
                continue;
            };
            if seen & (1 << row) != 0 && !rows[row].again {
                self.need()?;
                return Err(self.duplicate(rows[row].word.full));
            }
            seen |= 1 << row;
            (rows[row].take)(self, into)?;
        }
        Ok(())
    }
}

/// One word a command accepts, and what reads its value into `T`.
pub struct Row<T> {
    pub word: Word,
    /// Its value in a usage line; empty for a word that stands alone.
    pub arg: &'static str,
    pub take: fn(&mut Args<'_>, &mut T) -> Result<(), Usage>,
    /// Whether it may be given again; if so, the last one counts.
    pub again: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{exact, value};

    struct Change {
        mtu: Option<u32>,
        up: bool,
    }

    const ROWS: &[Row<Change>] = &[
        Row {
            word: exact("up"),
            arg: "",
            take: |_, c| {
                c.up = true;
                Ok(())
            },
            again: true,
        },
        Row {
            word: exact("mtu"),
            arg: "MTU",
            take: |a, c| {
                c.mtu = Some(a.value(value::u32, "Invalid \"mtu\" value\n")?);
                Ok(())
            },
            again: false,
        },
    ];

    fn read(line: &str) -> Result<Change, Usage> {
        let words: Vec<&[u8]> = line.split_whitespace().map(str::as_bytes).collect();
        let mut c = Change { mtu: None, up: false };
        Args::new(&words).read(ROWS, &mut c, |a, _| Err(a.garbage("dev")))?;
        Ok(c)
    }

    #[test]
    fn nothing_is_ignored_or_guessed() {
        assert_eq!(read("up mtu 0x10").map(|c| (c.up, c.mtu)), Ok((true, Some(16))));
        let text = |l| read(l).err().map(|u| String::from_utf8(u.text).unwrap());
        assert_eq!(
            text("mtu").as_deref(),
            Some("Command line is not complete. Try option \"help\"")
        );
        assert_eq!(
            text("mtu x").as_deref(),
            Some("Error: argument \"x\" is wrong: Invalid \"mtu\" value\n")
        );
        assert_eq!(
            text("up mtu 1 mtu 2").as_deref(),
            Some("Error: duplicate \"mtu\": \"2\" is the second value.")
        );
        assert_eq!(read("up frob").err().and_then(|u| u.at), Some(1));
    }
}
