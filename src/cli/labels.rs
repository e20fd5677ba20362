//! Labels of MPLS as words, `100/200`, and as they stand on the wire.

/// A label has 20 bits.
const MOST: u32 = 0xf_ffff;
/// The mark of the last label.
const BOTTOM: u32 = 1 << 8;
/// More than a packet or the kernel has room for.
const DEEPEST: usize = 64;

/// Labels as they stand on the wire: four bytes each, the last one marked.
pub fn labels(word: &[u8]) -> Option<Vec<u8>> {
    let mut stack = Vec::new();
    let mut parts = word.split(|&b| b == b'/').peekable();
    while let Some(part) = parts.next() {
        let label = super::value::u32(part).filter(|l| *l <= MOST)?;
        let bottom = if parts.peek().is_none() { BOTTOM } else { 0 };
        stack.extend_from_slice(&(label << 12 | bottom).to_be_bytes());
    }
    (stack.len() <= 4 * DEEPEST).then_some(stack)
}

#[cfg(test)]
mod tests {
    use super::labels;

    #[test]
    fn the_last_label_is_marked() {
        assert_eq!(labels(b"100"), Some(vec![0, 6, 0x41, 0]));
        assert_eq!(labels(b"0x10/1048575"), Some(vec![0, 1, 0, 0, 0xff, 0xff, 0xf1, 0]));
        for wrong in ["", "/", "1/", "/1", "1//2", "1048576", "x", "-1"] {
            assert_eq!(labels(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
