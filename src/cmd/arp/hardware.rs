//! Types of hardware and their addresses, as `arp` reads and shows them.

use super::failed;
use crate::cli::value;
use crate::error::Error;

const NETROM: u16 = 0;
pub const ETHER: u16 = 1;
const AX25: u16 = 3;
const ARCNET: u16 = 7;
const ROSE: u16 = 11;
const EUI64: u16 = 27;
const X25: u16 = 271;
const FDDI: u16 = 774;
const HIPPI: u16 = 780;

/// Types of hardware: name, ARPHRD_*, whether it has ARP.
#[rustfmt::skip] // one row, one line
const HARDWARE: &[(&str, u16, bool)] = &[
    ("netrom", 0, true), ("ether", 1, true), ("ax25", 3, true), ("arcnet", 7, true),
    ("rose", 11, true), ("dlci", 15, true), ("eui64", 27, true),
    ("ash", 64, true), ("slip", 256, false), ("cslip", 257, false), ("slip6", 258, false),
    ("cslip6", 259, false), ("adaptive", 264, false), ("x25", 271, true), ("ppp", 512, false),
    ("hdlc", 513, false), ("lapb", 516, false), ("tunnel", 768, false), ("frad", 770, false),
    ("loop", 772, false), ("fddi", 774, true), ("sit", 776, false), ("hippi", 780, true),
    ("irda", 783, true), ("ec", 782, false), ("unspec", 0, false),
];

/// The name of a type, its number, and whether it has ARP.
///
/// # Errors
///
/// The reference's sentence for a type that is none; status 255.
pub fn kind(word: &[u8]) -> Result<(&'static str, u16, bool), Error> {
    let row = HARDWARE.iter().find(|(name, ..)| name.as_bytes() == word).copied();
    row.ok_or_else(|| failed(&[b"arp: ", word, b": unknown hardware type."]))
}

/// The type and the address of a device; of Ethernet alone is the form known.
pub fn shown(kind: u16, bytes: &[u8; 14]) -> String {
    let hex = |bytes: &[u8], between| {
        bytes.iter().map(|b| format!("{b:02X}")).collect::<Vec<_>>().join(between)
    };
    match kind {
        ETHER => format!("ether `{}'", hex(&bytes[..6], ":").to_lowercase()),
        // The reference shows two bytes more than there are.
        _ => format!("unspec `{}-00-00'", hex(bytes, "-")),
    }
}

/// The name of a type; `ether` for those that net-tools does not know.
pub fn name(kind: u16) -> &'static str {
    HARDWARE.iter().find(|(_, number, _)| *number == kind).map_or("ether", |(name, ..)| name)
}

/// An address of a type, as it is typed; `None` when it is none.
pub fn address(kind: u16, word: &[u8]) -> Option<[u8; 14]> {
    match kind {
        NETROM | AX25 => call_sign(word),
        ROSE => rose(word),
        X25 => x25(word),
        ARCNET => bytes(word, 1, true),
        FDDI | HIPPI => bytes(word, 6, true),
        EUI64 => bytes(word, 8, false),
        _ => bytes(word, 6, false),
    }
}

/// So many bytes of two hexadecimal digits, with or without colons; one digit may do. More is left
/// out and less is filled with zeros (observed in net-tools 2.10).
fn bytes(word: &[u8], most: usize, two_digits: bool) -> Option<[u8; 14]> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let mut out = [0; 14];
    let mut rest = word;
    for slot in &mut out[..most] {
        let Some((&first, tail)) = rest.split_first() else { break };
        let high = digit(first)?;
        (*slot, rest) = match tail.split_first() {
            None | Some((b':', _)) if two_digits => return None,
            None => (high, tail),
            Some((b':', tail)) => (high, tail),
            Some((&second, tail)) => (high << 4 | digit(second)?, tail),
        };
        rest = rest.strip_prefix(b":").unwrap_or(rest);
    }
    Some(out)
}

/// Ten decimal digits, two a byte; that they are digits is not looked at (observed in net-tools
/// 2.10).
fn rose(word: &[u8]) -> Option<[u8; 14]> {
    if word.len() != 10 {
        return None;
    }
    let mut out = [0; 14];
    for (slot, two) in out.iter_mut().zip(word.chunks(2)) {
        let digit = |b: u8| b.wrapping_sub(b'0');
        *slot = digit(two[0]) << 4 | digit(two[1]);
    }
    Some(out)
}

/// Up to 15 digits, as they are typed, and behind a slash how many of them count; that they are
/// digits is not looked at (observed in net-tools 2.10).
fn x25(word: &[u8]) -> Option<[u8; 14]> {
    let (digits, count) = match word.iter().position(|&b| b == b'/') {
        Some(at) => (&word[..at], usize::try_from(value::atoi(&word[at + 1..])).ok()?),
        None => (word, word.len()),
    };
    if word.len() > 18 || !(1..=15).contains(&digits.len()) || count > digits.len() {
        return None;
    }
    let mut out = [0; 14];
    // The reference takes one more than are to count.
    for (slot, digit) in out.iter_mut().zip(digits.iter().take(count + 1)) {
        *slot = *digit;
    }
    Some(out)
}

/// A call sign of radio amateurs: up to six letters and digits, and maybe `-` and a station number
/// to 15; each sign is moved up by one bit (AX.25 2.2, 3.12).
fn call_sign(word: &[u8]) -> Option<[u8; 14]> {
    let (call, station) = match word.iter().position(|&b| b == b'-') {
        Some(at) => (&word[..at], value::atoi(&word[at + 1..]).to_le_bytes()[0] & 15),
        None => (word, 0),
    };
    if call.len() > 6 || !call.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    let mut out = [0; 14];
    out[..6].fill(b' ' << 1);
    for (slot, sign) in out.iter_mut().zip(call) {
        *slot = sign.to_ascii_uppercase() << 1;
    }
    out[6] = station << 1;
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_signs() {
        let read = |w: &str| call_sign(w.as_bytes()).map(|b| b[..7].to_vec());
        assert_eq!(read("pi1-3"), Some(vec![160, 146, 98, 64, 64, 64, 6]));
        for wrong in ["PI1LVDX", "02:00:00", "a.b"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn hardware_addresses_are_read_generously() {
        let read = |w: &str| bytes(w.as_bytes(), 6, false).map(|b| b[..6].to_vec());
        assert_eq!(read("02:00:00:00:00:0a"), Some(vec![2, 0, 0, 0, 0, 10]));
        assert_eq!(read("2:0:0:0:0:12"), Some(vec![2, 0, 0, 0, 0, 0x12]));
        assert_eq!(read("020000000012"), Some(vec![2, 0, 0, 0, 0, 0x12]));
        assert_eq!(read("02:00"), Some(vec![2, 0, 0, 0, 0, 0]));
        assert_eq!(read("02:00:00:00:00:11:22"), Some(vec![2, 0, 0, 0, 0, 0x11]));
        assert_eq!(read(""), Some(vec![0; 6]));
        assert_eq!(read("zz"), None);
        assert_eq!(read("02-00-00-00-00-51"), None);
        assert_eq!(read("02:00:00:00:00:1g"), None);
        let exact = |w: &str| bytes(w.as_bytes(), 6, true).map(|b| b[..6].to_vec());
        assert_eq!(exact("02:00:"), Some(vec![2, 0, 0, 0, 0, 0]));
        assert_eq!((exact("02:0"), exact("2:00")), (None, None));
    }

    #[test]
    fn addresses_of_x25_networks() {
        let read = |kind, w: &str| address(kind, w.as_bytes());
        assert_eq!(
            read(ROSE, "1234567890").map(|a| a[..6].to_vec()),
            Some(b"\x12\x34\x56\x78\x90\0".to_vec())
        );
        for wrong in ["", "01", "123456789", "12345678901", "01:02:03:04:05:06"] {
            assert_eq!(read(ROSE, wrong), None, "{wrong}");
        }
        for right in ["1", "123456789012345", "1/", "1/1", "zz", "12345678901234/14"] {
            assert!(read(X25, right).is_some(), "{right}");
        }
        for wrong in ["", "/", "1/2", "1/-1", "1234567890123456", "123456789012345/015"] {
            assert_eq!(read(X25, wrong), None, "{wrong}");
        }
    }
}
