//! Numerals, as C's strtoul reads them.

/// The number that a word begins with, in base 10 or 16, or by its own beginning (base 0: `0x10`,
/// `010`, `16`), behind blanks and a sign: whether that was a minus, the number, and what follows
/// it. A number that does not fit is none.
#[inline]
pub fn leading(word: &[u8], base: u32) -> Option<(bool, u64, &[u8])> {
    let blank = |b: &u8| matches!(b, b' ' | b'\t'..=b'\r');
    let text = &word[word.iter().position(|b| !blank(b))?..];
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let (mut rest, base) = match text {
        [b'0', b'x' | b'X', hex @ ..]
            if base != 10 && hex.first().is_some_and(u8::is_ascii_hexdigit) =>
        {
            (hex, 16)
        }
        _ if base != 0 => (text, base),
        [b'0', ..] => (text, 8),
        _ => (text, 10),
    };
    let digit = |b: &u8| char::from(*b).to_digit(base);
    let mut n = u64::from(rest.first().and_then(digit)?);
    rest = &rest[1..];
    while let Some(d) = rest.first().and_then(digit) {
        n = n.checked_mul(base.into())?.checked_add(d.into())?;
        rest = &rest[1..];
    }
    Some((negative, n, rest))
}

/// The same of a whole word.
#[inline]
pub fn strtoul(word: &[u8], base: u32) -> Option<(bool, u64)> {
    match leading(word, base)? {
        (negative, n, []) => Some((negative, n)),
        _ => None,
    }
}

/// What C makes of a number without room for its sign: `-1` is the largest of 64 bits.
#[inline]
pub fn unsigned(negative: bool, n: u64) -> u64 {
    if negative { n.wrapping_neg() } else { n }
}

/// Unsigned, and so too large for narrower types where it was negative.
#[inline]
pub fn u64(word: &[u8], base: u32) -> Option<u64> {
    let (negative, n) = strtoul(word, base)?;
    Some(unsigned(negative, n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_where_their_digits_end() {
        for (word, base, n, rest) in [
            ("0x1f/3", 0, 31, "/3"),
            ("010x", 0, 8, "x"),
            ("08", 0, 0, "8"),
            ("08", 10, 8, ""),
            ("0x1", 10, 0, "x1"),
            ("0xg", 0, 0, "xg"),
            ("10", 16, 16, ""),
            (" \t+7 ", 0, 7, " "),
            ("18446744073709551615", 0, u64::MAX, ""),
        ] {
            assert_eq!(leading(word.as_bytes(), base), Some((false, n, rest.as_bytes())), "{word}");
        }
        assert_eq!(strtoul(b"-1", 0), Some((true, 1)));
        for word in ["", " ", "+", "- 1", "+-1", "x", "18446744073709551616"] {
            assert_eq!(leading(word.as_bytes(), 0), None, "{word}");
        }
    }
}
