//! Types of hardware and their addresses, as `arp` reads and shows them.

use super::failed;
use crate::cli::value;
use crate::error::Error;

const NETROM: u16 = 0;
pub const ETHER: u16 = 1;
const AX25: u16 = 3;

/// Types of hardware: name, ARPHRD_*, whether it has ARP.
#[rustfmt::skip] // one row, one line
const HARDWARE: &[(&str, u16, bool)] = &[
    ("netrom", 0, true), ("ether", 1, true), ("ax25", 3, true), ("arcnet", 7, true),
    ("rose", 11, true), ("dlci", 15, true), ("eui64", 27, true),
    ("ash", 64, true), ("slip", 256, false), ("cslip", 257, false), ("slip6", 258, false),
    ("cslip6", 259, false), ("adaptive", 264, false), ("x25", 271, true), ("ppp", 512, false),
    ("hdlc", 513, false), ("lapb", 516, false), ("tunnel", 768, false), ("frad", 770, false),
    ("loop", 772, false), ("fddi", 774, true), ("sit", 776, false), ("hippi", 780, true),
    ("irda", 783, true), ("ec", 782, false),
];

/// The number of a type.
///
/// # Errors
///
/// The reference's sentence for a type that is none, or has no ARP; status 255.
pub fn kind(word: &[u8]) -> Result<u16, Error> {
    let row = HARDWARE.iter().find(|(name, ..)| name.as_bytes() == word);
    match row {
        None if word != b"unspec" => Err(failed(&[b"arp: ", word, b": unknown hardware type."])),
        None | Some((.., false)) => {
            Err(failed(&[b"arp: ", word, b": hardware type without ARP support."]))
        }
        Some(&(_, number, true)) => Ok(number),
    }
}

/// The name of a type; `ether` for those that net-tools does not know.
pub fn name(kind: u16) -> &'static str {
    HARDWARE.iter().find(|(_, number, _)| *number == kind).map_or("ether", |(name, ..)| name)
}

/// An address of a type, as it is typed; `None` when it is none.
pub fn address(kind: u16, word: &[u8]) -> Option<[u8; 14]> {
    if matches!(kind, NETROM | AX25) { call_sign(word) } else { ether(word) }
}

/// Up to six bytes of one or two hexadecimal digits, with or without colons; more is left out
/// and less is filled with zeros (observed in net-tools 2.10).
fn ether(word: &[u8]) -> Option<[u8; 14]> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let mut out = [0; 14];
    let mut rest = word;
    for slot in &mut out[..6] {
        let Some((&first, tail)) = rest.split_first() else { break };
        let high = digit(first)?;
        (*slot, rest) = match tail.split_first() {
            None => (high, tail),
            Some((b':', tail)) => (high, tail),
            Some((&second, tail)) => (high << 4 | digit(second)?, tail),
        };
        rest = rest.strip_prefix(b":").unwrap_or(rest);
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
        let read = |w: &str| ether(w.as_bytes()).map(|b| b[..6].to_vec());
        assert_eq!(read("02:00:00:00:00:0a"), Some(vec![2, 0, 0, 0, 0, 10]));
        assert_eq!(read("2:0:0:0:0:12"), Some(vec![2, 0, 0, 0, 0, 0x12]));
        assert_eq!(read("020000000012"), Some(vec![2, 0, 0, 0, 0, 0x12]));
        assert_eq!(read("02:00"), Some(vec![2, 0, 0, 0, 0, 0]));
        assert_eq!(read("02:00:00:00:00:11:22"), Some(vec![2, 0, 0, 0, 0, 0x11]));
        assert_eq!(read(""), Some(vec![0; 6]));
        assert_eq!(read("zz"), None);
        assert_eq!(read("02-00-00-00-00-51"), None);
        assert_eq!(read("02:00:00:00:00:1g"), None);
    }
}
