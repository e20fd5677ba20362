//! Numbers as most extensions read them, with the sentences for those that are none.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::{Addr, Family, number};
use crate::numeral;

use super::{Opt, ports, put_at};

/// The name of an extension and of one of its options.
pub type Place = (&'static str, &'static str);

/// A whole number between both ends.
pub fn int(word: &[u8], place: Place, low: u32, high: u32) -> Result<u32> {
    let n = whole(word, place, low.into(), high.into())?;
    Ok(u32::try_from(n).unwrap_or(high))
}
/// The same of 64 bits.
pub fn whole(word: &[u8], (ext, option): Place, low: u64, high: u64) -> Result<u64> {
    match number(word, high).filter(|n| *n >= low) {
        Some(n) => Ok(n),
        None => {
            let text = format!(
                "{ext}: bad value for option \"--{option}\", or out of range ({low}-{high}).\n"
            );
            usage(&[text.as_bytes()])
        }
    }
}
/// The same of one byte.
pub fn byte(word: &[u8], place: Place, low: u8, high: u8) -> Result<u8> {
    int(word, place, low.into(), high.into()).map(|n| u8::try_from(n).unwrap_or(high))
}

/// The same, written at an offset.
pub fn put_int(
    info: &mut [u8],
    at: usize,
    word: &[u8],
    place: Place,
    low: u32,
    high: u32,
) -> Result {
    put_at(info, at, &int(word, place, low, high)?.to_ne_bytes());
    Ok(())
}
/// A u16, written at an offset.
pub fn put_short(info: &mut [u8], at: usize, word: &[u8], place: Place) -> Result {
    let n = int(word, place, 0, u16::MAX.into())?;
    put_at(info, at, &u16::try_from(n).unwrap_or(u16::MAX).to_ne_bytes());
    Ok(())
}

/// A text in a field of `size` bytes, the NUL included: what is too long is cut off, as the
/// reference does.
pub fn put_text(info: &mut [u8], at: usize, size: usize, text: &[u8]) {
    put_at(info, at, &text[..text.len().min(size - 1)]);
}
/// The same of a text that may not be empty.
pub fn put_name(info: &mut [u8], at: usize, size: usize, text: &[u8]) -> Result {
    if text.is_empty() {
        return usage(&[b"Argument must have a minimum length of 1 characters\n"]);
    }
    put_text(info, at, size, text);
    Ok(())
}

/// A mask as a number of bits or written out.
pub fn prefix(word: &[u8], family: Family, (ext, option): Place) -> Result<Addr> {
    let most = family.len() * 8;
    let bits = number(word, most as u64).and_then(|n| usize::try_from(n).ok());
    // A number alone would be an address of one part.
    let written = || family.parse(word).filter(|_| word.iter().any(|b| matches!(b, b'.' | b':')));
    match bits.map(|bits| family.mask(bits)).or_else(written) {
        Some(mask) => Ok(mask),
        None => usage(&[format!(
            "{ext}: bad value for option \"--{option}\", neither a valid network mask nor valid CIDR (0-{most}).\n"
        )
        .as_bytes()]),
    }
}

/// `NUMBER`, `LOW:HIGH`, `:HIGH`, `LOW:`.
pub fn range(word: &[u8], place: Place, most: u32) -> Result<(u32, u32)> {
    let (low, high) = wide_range(word, place, most.into())?;
    let narrow = |n: u64| u32::try_from(n).unwrap_or(most);
    Ok((narrow(low), narrow(high.unwrap_or(low))))
}

/// The same of 64 bits; absent is what is not said behind a number alone.
pub fn wide_range(word: &[u8], place: Place, most: u64) -> Result<(u64, Option<u64>)> {
    let (ext, option) = place;
    // Of what is wrong all is shown that follows, too.
    let one = |word: &[u8], all: &[u8], default: u64, least: u64| match word {
        b"" => Ok(default),
        _ => match leading_wide(word, most) {
            Some((n, b"")) if n >= least => Ok(n),
            Some((n, rest)) if n >= least => {
                let text =
                    format!("{ext}: Argument to \"--{option}\" has unexpected characters near \"");
                usage(&[text.as_bytes(), &all[word.len() - rest.len()..], b"\".\n"])
            }
            _ => {
                let before = format!("{ext}: bad value for option \"--{option}\" near \"");
                let behind = format!("\", or out of range ({least}-{most}).\n");
                usage(&[before.as_bytes(), all, behind.as_bytes()])
            }
        },
    };
    match ports::parts(word, place)? {
        (low, None) => one(low, word, 0, 0).map(|n| (n, None)),
        (low, Some(high)) => {
            let low = one(low, word, 0, 0)?;
            Ok((low, Some(one(high, high, most, low)?)))
        }
    }
}

/// The number a word begins with, and what follows it.
pub fn leading(word: &[u8], most: u32) -> Option<(u32, &[u8])> {
    let (value, rest) = leading_wide(word, most.into())?;
    Some((u32::try_from(value).ok()?, rest))
}
/// The same of 64 bits.
pub fn leading_wide(word: &[u8], most: u64) -> Option<(u64, &[u8])> {
    match numeral::leading(word, 0)? {
        (false, n, rest) if n <= most => Some((n, rest)),
        _ => None,
    }
}

/// `VALUE[/MASK]` of a mark.
pub fn mark(word: &[u8], (ext, option): Place) -> Result<(u32, u32)> {
    let complain = |what: &str, how: &str| {
        usage(&[format!("{ext}: {what} for option \"--{option}\"{how}.\n").as_bytes()])
    };
    let Some((value, rest)) = leading(word, u32::MAX) else {
        return complain("bad integer value", ", or out of range");
    };
    let (mask, rest) = match rest {
        [b'/', rest @ ..] => match leading(rest, u32::MAX) {
            Some(found) => found,
            None => return complain("bad integer value", ", or out of range"),
        },
        _ => (u32::MAX, rest),
    };
    match rest {
        b"" => Ok((value, mask)),
        _ => complain("trailing garbage after value", ""),
    }
}

/// Complains when two of the options that exclude each other were given; each row excludes the
/// bits of `excluded`.
pub fn exclusive(ext: &str, opts: &[Opt], seen: u64, excluded: impl Fn(usize) -> u64) -> Result {
    let name = |i: usize| opts.get(i).map_or("", |o| o.name);
    for i in (0..opts.len()).filter(|i| seen & 1 << i != 0) {
        let others = excluded(i) & seen & !(1 << i);
        if others != 0 {
            let other = others.trailing_zeros() as usize;
            let text = format!(
                "{ext}: option \"--{}\" cannot be used together with \"--{}\".\n",
                name(i),
                name(other)
            );
            return usage(&[text.as_bytes()]);
        }
    }
    Ok(())
}

/// Complains when an option was given without the one it needs.
pub fn needs(
    ext: &str,
    seen: u64,
    (bit, option): (u64, &str),
    (other, what): (u64, &str),
) -> Result {
    if seen & bit != 0 && seen & other == 0 {
        let text = format!("{ext}: option \"--{option}\" also requires \"--{what}\".\n");
        return usage(&[text.as_bytes()]);
    }
    Ok(())
}

/// The decimal number that a word begins with, blanks and a sign before it allowed: whether the sign
/// is a minus, and the digits, at most [`u64::MAX`].
pub fn signed(word: &[u8]) -> (bool, u64) {
    let word = word.trim_ascii_start();
    let (minus, word) = match word {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, word),
    };
    let digits = word.iter().take_while(|b| b.is_ascii_digit());
    let add = |n: u64, b: &u8| n.saturating_mul(10).saturating_add(u64::from(b - b'0'));
    (minus, digits.fold(0, add))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_have_masks() {
        let place = ("X", "y");
        assert_eq!(mark(b"1", place), Ok((1, u32::MAX)));
        assert_eq!(mark(b"0x10/0xff", place), Ok((16, 255)));
        assert!(mark(b"1/", place).is_err());
        assert!(mark(b"1/2z", place).is_err());
    }
}
