//! Words of the grammar and how short they may be written.

/// A word, and the fewest leading bytes that stand for it.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    pub full: &'static str,
    /// Its first byte, beside it: most words of a table differ in that one, and need not be read.
    first: u8,
    min: u8,
}

const fn word(full: &'static str, min: usize) -> Word {
    assert!(!full.is_empty() && full.len() < 256, "a word of a grammar");
    #[allow(clippy::cast_possible_truncation)] // as said above
    let min = min as u8;
    Word { full, first: full.as_bytes()[0], min }
}

/// A word that must be written in full.
pub const fn exact(full: &'static str) -> Word {
    word(full, full.len())
}

/// A word that any of its beginnings stands for.
pub const fn prefix(full: &'static str) -> Word {
    word(full, 1)
}

impl Word {
    /// Leaves beginnings shorter than `min` to another word of the same list.
    pub const fn min(self, min: usize) -> Word {
        word(self.full, min)
    }
    #[inline]
    pub fn is(self, given: &[u8]) -> bool {
        given.first() == Some(&self.first)
            && given.len() >= usize::from(self.min)
            && self.full.as_bytes().starts_with(given)
    }
}

/// A beginning that two words of one list both claim.
#[cfg(test)]
pub fn ambiguity(words: &[Word]) -> Option<&'static str> {
    words.iter().enumerate().find_map(|(i, a)| {
        let others = || words[..i].iter().chain(&words[i + 1..]);
        (usize::from(a.min)..=a.full.len())
            .map(|n| &a.full[..n])
            .find(|w| others().any(|b| b.is(w.as_bytes()) && b.full != a.full))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_any_beginning_but_not_nothing() {
        assert!(prefix("show").is(b"s") && prefix("show").is(b"show"));
        assert!(!prefix("show").is(b"") && !prefix("show").is(b"shows"));
        assert!(!prefix("show").min(2).is(b"s") && prefix("show").min(2).is(b"sh"));
        assert!(!exact("up").is(b"u"));
    }

    #[test]
    fn overlaps_are_found() {
        assert_eq!(ambiguity(&[prefix("set"), prefix("show").min(2)]), None);
        assert_eq!(ambiguity(&[prefix("set"), prefix("show")]), Some("s"));
    }
}
