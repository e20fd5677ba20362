//! Sorting in little room.
//!
//! The standard library's sort is compiled anew for each type, 5 KB each time. Here only numbers
//! of places are sorted, by one comparison behind a pointer, and the items are then swapped into
//! their places. What is equal keeps its order; n items take O(n log n) comparisons, and n of
//! them when they are in order.

use std::cmp::Ordering;

/// Sorts by the items' own order.
pub fn all<T: Ord>(items: &mut [T]) {
    by(items, T::cmp);
}

/// Sorts by what `key` says of each item; it is asked at every comparison.
pub fn by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    by(items, |a, b| key(a).cmp(&key(b)));
}

/// Sorts by a comparison.
pub fn by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let mut from = places(items.len(), &|a, b| compare(&items[a], &items[b]));
    // Each round of places that follow one another is gone through once.
    for first in 0..from.len() {
        let mut to = first;
        loop {
            let next = std::mem::replace(&mut from[to], to);
            if next == first {
                break;
            }
            items.swap(to, next);
            to = next;
        }
    }
}

/// For each place of the sorted list the one where its item is now.
#[inline(never)]
fn places(len: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut from: Vec<usize> = (0..len).collect();
    from.sort_by(|&a, &b| compare(a, b));
    from
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_standard_library_does() {
        // Numbers that look random, many of them equal; their places show that those stay in order.
        let mut state = 1u32;
        for len in [0, 1, 2, 3, 7, 20, 21, 100, 1000] {
            let items: Vec<(u32, usize)> = (0..len)
                .map(|at| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 26, at)
                })
                .collect();
            let mut ours = items.clone();
            let mut theirs = items.clone();
            by_key(&mut ours, |i| i.0);
            theirs.sort_by_key(|i| i.0);
            assert_eq!(ours, theirs);
            by(&mut ours, |a, b| b.1.cmp(&a.1));
            assert!(ours.iter().rev().eq(&items), "{len} items, turned round");
        }
    }

    #[test]
    fn items_that_own_something() {
        let mut names = ["veth1", "br0", "lo", "br0"].map(String::from);
        all(&mut names);
        assert_eq!(names, ["br0", "br0", "lo", "veth1"]);
    }
}
