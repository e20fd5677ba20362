//! Sets of nf_tables: which element a key is, or lies in.

use crate::model::{Element, Set};

/// The element that a key is, or lies in.
pub fn find<'a>(set: &Set, elements: &'a [Element], key: &[u8]) -> Option<&'a Element> {
    const INTERVAL: u32 = 4;
    const CONCAT: u32 = 0x80;
    let fallback = || elements.iter().find(|e| e.key.is_none());
    let is = |e: &&Element| e.key.as_deref() == Some(key);
    if set.flags & INTERVAL == 0 {
        return elements.iter().find(is).or_else(fallback);
    }
    if set.flags & CONCAT != 0 {
        let inside = |e: &&Element| {
            let Some(low) = &e.key else { return false };
            let high = e.key_end.as_ref().unwrap_or(low);
            // Fields begin at words; each is compared by itself.
            key.chunks(4).enumerate().all(|(i, word)| {
                let at = i * 4..(i * 4 + word.len());
                low.get(at.clone()).is_some_and(|l| l <= word)
                    && high.get(at).is_some_and(|h| word <= h)
            })
        };
        return elements.iter().find(inside).or_else(fallback);
    }
    let before = elements.iter().filter(|e| e.key.as_deref().is_some_and(|k| k <= key));
    // An end and a beginning may have the same key: the beginning counts.
    let last = before.max_by_key(|e| (e.key.as_deref(), !e.end));
    last.filter(|e| !e.end).or_else(fallback)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(key: &[u8], end: bool) -> Element {
        Element { key: Some(key.to_vec()), key_end: None, data: Vec::new(), end }
    }

    #[test]
    fn a_key_lies_between_a_beginning_and_its_end() {
        let set = Set { name: Vec::new(), flags: 4, key_len: 1, elements: None };
        let all = [element(&[0], true), element(&[10], false), element(&[20], true)];
        for (key, inside) in [(9, false), (10, true), (19, true), (20, false), (255, false)] {
            assert_eq!(find(&set, &all, &[key]).is_some(), inside, "{key}");
        }
        // Two that touch: the end of one is the beginning of the other.
        let touch = [element(&[10], false), element(&[20], true), element(&[20], false)];
        assert!(find(&set, &touch, &[20]).is_some());
    }
}
