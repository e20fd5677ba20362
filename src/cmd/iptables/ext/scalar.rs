//! Numbers as most extensions read them, with the sentences for those that are none.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::number;

use super::{Opt, ports};

/// The name of an extension and of one of its options.
pub type Place = (&'static str, &'static str);

/// A whole number between both ends.
pub fn int(word: &[u8], place: Place, low: u32, high: u32) -> Result<u32> {
    let n = whole(word, place, low.into(), high.into())?;
    Ok(u32::try_from(n).unwrap_or(high))
}
/// The same of 64 bits.
pub fn whole(word: &[u8], (ext, option): Place, low: u64, high: u64) -> Result<u64> {
    match number(word.trim_ascii_start(), high).filter(|n| *n >= low) {
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

/// `NUMBER`, `LOW:HIGH`, `:HIGH`, `LOW:`.
pub fn range(word: &[u8], place: Place, most: u32) -> Result<(u32, u32)> {
    let (ext, option) = place;
    // Of what is wrong all is shown that follows, too.
    let one = |word: &[u8], all: &[u8], default: u32, least: u32| match word {
        b"" => Ok(default),
        _ => match leading(word, most) {
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
        (low, None) => one(low, word, 0, 0).map(|n| (n, n)),
        (low, Some(high)) => {
            let low = one(low, word, 0, 0)?;
            Ok((low, one(high, high, most, low)?))
        }
    }
}

/// The number a word begins with, and what follows it.
pub fn leading(word: &[u8], most: u32) -> Option<(u32, &[u8])> {
    let word = word.trim_ascii_start();
    let hex = matches!(word, [b'0', b'x' | b'X', d, ..] if d.is_ascii_hexdigit());
    let octal = !hex && word.starts_with(b"0");
    let digit = |b: &&u8| match (hex, octal) {
        (true, _) => b.is_ascii_hexdigit(),
        (_, true) => (b'0'..=b'7').contains(b),
        _ => b.is_ascii_digit(),
    };
    let skip = if hex { 2 } else { 0 };
    let end = skip + word[skip..].iter().take_while(digit).count();
    let value = number(&word[..end], most.into())?;
    Some((u32::try_from(value).ok()?, &word[end..]))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_where_their_digits_end() {
        assert_eq!(leading(b"0x1f/3", u32::MAX), Some((31, &b"/3"[..])));
        assert_eq!(leading(b"010x", u32::MAX), Some((8, &b"x"[..])));
        assert_eq!(leading(b"0", u32::MAX), Some((0, &b""[..])));
        assert_eq!(leading(b"4294967296", u32::MAX), None);
        assert_eq!(leading(b"", u32::MAX), None);
        assert_eq!(leading(b"-1", u32::MAX), None);
    }

    #[test]
    fn marks_have_masks() {
        let place = ("X", "y");
        assert_eq!(mark(b"1", place), Ok((1, u32::MAX)));
        assert_eq!(mark(b"0x10/0xff", place), Ok((16, 255)));
        assert!(mark(b"1/", place).is_err());
        assert!(mark(b"1/2z", place).is_err());
    }
}
