//! Numerals, as C's strtoul reads them.

/// A whole word in base 16, or by its beginning (base 0: `0x10`, `010`, `16`), behind blanks and
/// a sign; whether that was a minus. A number that does not fit is none.
#[inline]
pub fn strtoul(word: &[u8], base: u32) -> Option<(bool, u64)> {
    let blank = |b: &u8| matches!(b, b' ' | b'\t'..=b'\r');
    let start = word.iter().position(|b| !blank(b))?;
    let text = std::str::from_utf8(&word[start..]).ok()?;
    let (negative, text) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (digits, base) = match text.as_bytes() {
        [b'0', b'x' | b'X', rest @ ..] if rest.first().is_some_and(u8::is_ascii_hexdigit) => {
            (&text[2..], 16)
        }
        _ if base != 0 => (text, base),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    if !digits.bytes().next()?.is_ascii_hexdigit() {
        return None;
    }
    Some((negative, u64::from_str_radix(digits, base).ok()?))
}

/// Unsigned. As in C, `-1` is the largest value of 64 bits, so narrower types refuse it.
#[inline]
pub fn u64(word: &[u8], base: u32) -> Option<u64> {
    let (negative, v) = strtoul(word, base)?;
    Some(if negative { v.wrapping_neg() } else { v })
}
