//! The states of an entry: NUD_* and their words.

use crate::cli::{Args, Usage, Word, exact, prefix, value};
use crate::rtnl::consts::{
    NUD_DELAY, NUD_FAILED, NUD_INCOMPLETE, NUD_NOARP, NUD_NONE, NUD_PERMANENT, NUD_PROBE,
    NUD_REACHABLE, NUD_STALE,
};

/// One state.
pub struct State {
    pub word: Word,
    /// NUD_*
    pub bit: u16,
    /// In text and JSON; empty for no state.
    pub shown: &'static str,
}

/// In the order in which they are tried and shown.
#[rustfmt::skip] // one row, one line
pub static WORDS: &[State] = &[
    State { word: exact("incomplete"), bit: NUD_INCOMPLETE, shown: "INCOMPLETE" },
    State { word: prefix("reachable"), bit: NUD_REACHABLE, shown: "REACHABLE" },
    State { word: exact("stale"), bit: NUD_STALE, shown: "STALE" },
    State { word: exact("delay"), bit: NUD_DELAY, shown: "DELAY" },
    State { word: exact("probe"), bit: NUD_PROBE, shown: "PROBE" },
    State { word: prefix("failed"), bit: NUD_FAILED, shown: "FAILED" },
    State { word: exact("noarp"), bit: NUD_NOARP, shown: "NOARP" },
    State { word: prefix("permanent"), bit: NUD_PERMANENT, shown: "PERMANENT" },
    State { word: exact("none"), bit: NUD_NONE, shown: "" },
];

/// Takes a state: a word, or a number with at most one bit of the low eight.
///
/// # Errors
///
/// The reference's sentence.
pub fn take(args: &mut Args<'_>) -> Result<u16, Usage> {
    let word = args.need()?;
    parse(word).ok_or_else(|| args.wrong("nud state is bad"))
}

fn parse(word: &[u8]) -> Option<u16> {
    if let Some(s) = WORDS.iter().find(|s| s.word.is(word)) {
        return Some(s.bit);
    }
    let n = value::u8(word)?;
    (n.count_ones() <= 1).then_some(n.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_words_may_be_shortened() {
        for (word, want) in [
            ("p", Some(NUD_PERMANENT)),
            ("r", Some(NUD_REACHABLE)),
            ("f", Some(NUD_FAILED)),
            ("none", Some(0)),
            ("0x80", Some(NUD_PERMANENT)),
            ("stal", None),
            ("3", None),
            ("256", None),
        ] {
            assert_eq!(parse(word.as_bytes()), want, "{word}");
        }
    }
}
