//! Words of the grammar and how short they may be written.

/// A word, and the fewest leading bytes that stand for it.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    pub full: &'static str,
    min: usize,
}

/// A word that must be written in full.
pub const fn exact(full: &'static str) -> Word {
    Word { full, min: full.len() }
}

/// A word that any of its beginnings stands for.
pub const fn prefix(full: &'static str) -> Word {
    Word { full, min: 1 }
}

impl Word {
    /// Leaves beginnings shorter than `min` to another word of the same list.
    pub const fn min(self, min: usize) -> Word {
        Word { full: self.full, min }
    }
    #[inline]
    pub fn is(self, given: &[u8]) -> bool {
        // Most words of a table differ in their first byte: that is cheaper than a call.
        given.len() >= self.min
            && given.first() == self.full.as_bytes().first()
            && self.full.as_bytes().starts_with(given)
    }
}

/// A beginning that two words of one list both claim.
#[cfg(test)]
pub fn ambiguity(words: &[Word]) -> Option<&'static str> {
    words.iter().enumerate().find_map(|(i, a)| {
        let others = || words[..i].iter().chain(&words[i + 1..]);
        (a.min..=a.full.len())
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
