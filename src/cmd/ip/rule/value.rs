//! Values of rules: marks, ports, users, DSCPs, as a change and a selector read them.

use crate::cli::value;
use crate::cli::{Args, Usage};
use crate::names::{Kind, Names};

/// `Error: argument "PART" is wrong: WHAT` about a part of the word taken last.
fn wrong(args: &Args<'_>, part: &[u8], what: &str) -> Usage {
    let text = [b"Error: argument \"", part, b"\" is wrong: ", what.as_bytes()].concat();
    Usage::new(255, text).at(args.at())
}

/// What stands before and behind the first of a byte.
fn halves(word: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    match word.iter().position(|&b| b == at) {
        Some(i) => (&word[..i], Some(&word[i + 1..])),
        None => (word, None),
    }
}

/// A value and a mask, `V[/MASK]`, each in base 0.
///
/// # Errors
///
/// The sentences for either, with the part that is wrong.
fn masked(args: &mut Args<'_>, sentences: [&str; 2]) -> Result<(u32, Option<u32>), Usage> {
    let (head, mask) = halves(args.need()?, b'/');
    let number = |part, what| value::u32(part).ok_or_else(|| wrong(args, part, what));
    Ok((number(head, sentences[0])?, mask.map(|m| number(m, sentences[1])).transpose()?))
}

/// Takes a mark of the firewall.
pub fn fwmark(args: &mut Args<'_>) -> Result<(u32, Option<u32>), Usage> {
    masked(args, ["fwmark value is invalid\n", "fwmask value is invalid\n"])
}

/// Takes a flow label; all of its 20 bits count when no mask is given.
pub fn flow_label(args: &mut Args<'_>) -> Result<(u32, u32), Usage> {
    const ALL: u32 = 0xf_ffff;
    let (label, mask) = masked(args, ["invalid flowlabel", "invalid flowlabel mask"])?;
    Ok((label, mask.unwrap_or(ALL)))
}

/// Takes a DSCP: a number, or a name of the TOS byte whose upper six bits it is.
pub fn dscp(args: &mut Args<'_>, names: &mut Names) -> Result<(u8, Option<u8>), Usage> {
    let (head, mask) = halves(args.need()?, b'/');
    let named = |names: &mut Names| {
        let tos = names.number(Kind::DsField, head)?;
        u8::try_from(tos >> 2).ok()
    };
    // A number that is too large loses its upper bits (observed in iproute2 6.15).
    let dscp = value::u32(head)
        .map(|n| n.to_le_bytes()[0])
        .or_else(|| named(names))
        .ok_or_else(|| wrong(args, head, "invalid dscp"))?;
    let mask = mask
        .map(|m| value::u8(m).ok_or_else(|| wrong(args, m, "invalid dscp mask")))
        .transpose()?;
    Ok((dscp, mask))
}

/// Ports of one end: from, to, and a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    pub first: u16,
    /// Included.
    pub last: u16,
    pub mask: Option<u16>,
}

/// Takes `N`, `N-M` or `N/MASK`.
pub fn ports(args: &mut Args<'_>) -> Result<Ports, Usage> {
    let word = args.need()?;
    let number = |part, what| value::u16(part).ok_or_else(|| wrong(args, part, what));
    if let (first, Some(last)) = halves(word, b'-') {
        let first = number(first, "invalid port range start")?;
        return Ok(Ports { first, last: number(last, "invalid port range end")?, mask: None });
    }
    let (port, mask) = halves(word, b'/');
    let mask = mask.map(|m| number(m, "invalid mask")).transpose()?;
    let port = number(port, "invalid port")?;
    Ok(Ports { first: port, last: port, mask })
}

/// Takes two user ids, `A-B`.
pub fn uids(args: &mut Args<'_>) -> Result<(u32, u32), Usage> {
    let word = args.need()?;
    let read = || {
        let (first, rest) = scanned(word)?;
        let (last, _) = scanned(rest.strip_prefix(b"-")?)?;
        Some((first, last))
    };
    read().ok_or_else(|| args.wrong("invalid UID range\n"))
}

/// A number and what follows it, as scanf's `%u` reads: blanks and a sign may come first, and
/// what is too large wraps.
#[allow(clippy::cast_possible_truncation)]
fn scanned(word: &[u8]) -> Option<(u32, &[u8])> {
    let word = word.trim_ascii_start();
    let (negative, word) = match word.first()? {
        b'-' => (true, &word[1..]),
        b'+' => (false, &word[1..]),
        _ => (false, word),
    };
    let digits = word.iter().take_while(|b| b.is_ascii_digit()).count();
    let (digits, rest) = word.split_at(digits);
    let text = std::str::from_utf8(digits).ok().filter(|d| !d.is_empty())?;
    let n: u64 = text.parse().unwrap_or(u64::MAX);
    Some((if negative { n.wrapping_neg() } else { n } as u32, rest))
}

/// Takes an IP protocol.
pub fn ip_protocol(args: &mut Args<'_>, names: &Names) -> Result<u8, Usage> {
    let word = args.need()?;
    names.ip_protocol_number(word).ok_or_else(|| args.wrong("Invalid \"ipproto\" value\n"))
}

/// Takes a TOS byte.
pub fn tos(args: &mut Args<'_>, names: &mut Names) -> Result<u8, Usage> {
    let word = args.need()?;
    let tos = names.number(Kind::DsField, word).and_then(|n| u8::try_from(n).ok());
    tos.ok_or_else(|| args.wrong("TOS value is invalid\n"))
}

/// Takes the name of a device, which need not exist.
pub fn device<'a>(args: &mut Args<'a>, what: &str) -> Result<&'a [u8], Usage> {
    let word = args.need()?;
    let dots = word == b"." || word == b"..";
    value::ifname(word).or(dots.then_some(word)).ok_or_else(|| args.wrong(what))
}

/// The sentence about `iif`.
pub const BAD_IIF: &str = "\"iif\"/\"dev\" not a valid ifname";
/// The sentence about `oif`.
pub const BAD_OIF: &str = "\"oif\" not a valid ifname";

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T>(word: &str, take: fn(&mut Args<'_>) -> Result<T, Usage>) -> Result<T, String> {
        let words = [word.as_bytes()];
        take(&mut Args::new(&words)).map_err(|u| String::from_utf8(u.text).unwrap())
    }

    #[test]
    fn ports_are_one_a_range_or_masked() {
        let p = |first, last, mask| Ok(Ports { first, last, mask });
        assert_eq!(read("0x10", ports), p(16, 16, None));
        assert_eq!(read("1-65535", ports), p(1, 65535, None));
        assert_eq!(read("5/0xff", ports), p(5, 5, Some(255)));
        for (word, part) in [
            ("7/-7", "\"7/\" is wrong: invalid port range start"),
            ("5-6/7", "\"6/7\" is wrong: invalid port range end"),
            ("5/x", "\"x\" is wrong: invalid mask"),
            ("/5", "\"\" is wrong: invalid port"),
        ] {
            assert_eq!(read(word, ports), Err(format!("Error: argument {part}")), "{word}");
        }
    }

    #[test]
    fn user_ids_are_read_as_scanf_does() {
        assert_eq!(read("5-9x", uids), Ok((5, 9)));
        assert_eq!(read("5- 9", uids), Ok((5, 9)));
        assert_eq!(read("-5-9", uids), Ok((u32::MAX - 4, 9)));
        assert_eq!(read("5-42949672950", uids), Ok((5, 4_294_967_286)));
        assert!(read("5 -9", uids).is_err() && read("0x5-9", uids).is_err());
    }

    #[test]
    fn marks_may_have_a_mask() {
        assert_eq!(read("0x10/255", fwmark), Ok((16, Some(255))));
        assert_eq!(read("7", flow_label), Ok((7, 0xf_ffff)));
        assert!(read("1/", fwmark).is_err());
    }
}
