//! The word that was probably meant.

/// The one of `candidates` that is closest to `word`, if it is close: one mistake in up to four
/// letters, two in longer words. A word that is typed right has no better one.
pub fn nearest<'c, C: AsRef<[u8]> + ?Sized>(
    word: &[u8],
    candidates: impl IntoIterator<Item = &'c C>,
) -> Option<&'c C> {
    let bound = if word.len() <= 4 { 1 } else { 2 };
    candidates
        .into_iter()
        .map(|c| (distance(word, c.as_ref()), c))
        .filter(|(d, _)| (1..=bound).contains(d))
        .min_by_key(|(d, _)| *d)
        .map(|(_, c)| c)
}

/// Insertions, deletions, replacements and swaps of neighbours that make `b` of `a`.
pub fn distance(a: &[u8], b: &[u8]) -> usize {
    // Longer words are names of files or noise; comparing them is of no use.
    if a.len() > 64 || b.len() > 64 || a.len().abs_diff(b.len()) > 2 {
        return usize::MAX;
    }
    let width = b.len() + 1;
    let mut table = vec![0; (a.len() + 1) * width];
    for i in 0..=a.len() {
        for j in 0..width {
            table[i * width + j] = if i == 0 || j == 0 {
                i + j
            } else {
                let same = usize::from(a[i - 1] != b[j - 1]);
                let mut least = (table[(i - 1) * width + j] + 1)
                    .min(table[i * width + j - 1] + 1)
                    .min(table[(i - 1) * width + j - 1] + same);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    least = least.min(table[(i - 2) * width + j - 2] + 1);
                }
                least
            };
        }
    }
    table[a.len() * width + b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_close_is_found_and_nothing_else() {
        let words = ["multicast", "mtu", "master", "veth"];
        let near = |w: &str| nearest(w.as_bytes(), words);
        assert_eq!(near("mulitcast"), Some("multicast"));
        assert_eq!(near("mtv"), Some("mtu"));
        assert_eq!(near("vteh"), Some("veth"));
        assert_eq!(near("mtu"), None);
        assert_eq!(near("frobnicate"), None);
        assert_eq!(near(""), None);
    }
}
