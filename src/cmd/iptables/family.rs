//! IPv4 and IPv6: what differs between `iptables` and `ip6tables`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::numeral::strtoul;

/// NFPROTO_*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    V4 = 2,
    V6 = 10,
}

/// An address in the first bytes, zeros behind.
pub type Addr = [u8; 16];

/// A mask of all ones.
pub const ALL_ONES: Addr = [255; 16];

impl Family {
    /// Bytes of an address.
    pub fn len(self) -> usize {
        match self {
            Family::V4 => 4,
            Family::V6 => 16,
        }
    }
    /// Where the source address lies in the header; the destination follows it.
    pub fn source_offset(self) -> u32 {
        match self {
            Family::V4 => 12,
            Family::V6 => 8,
        }
    }
    /// Where the time to live, or the hop limit, lies in the header.
    pub fn hops_offset(self) -> u32 {
        match self {
            Family::V4 => 8,
            Family::V6 => 7,
        }
    }
    /// What lists the tables of the older variant.
    pub fn legacy_tables(self) -> &'static str {
        match self {
            Family::V4 => "/proc/net/ip_tables_names",
            Family::V6 => "/proc/net/ip6_tables_names",
        }
    }
    /// The mask of the first `bits` bits.
    pub fn mask(self, bits: usize) -> Addr {
        let mut mask = [0; 16];
        for (i, byte) in mask.iter_mut().take(self.len()).enumerate() {
            let here = bits.saturating_sub(i * 8).min(8);
            *byte = if here == 0 { 0 } else { 0xff << (8 - here) };
        }
        mask
    }
    /// How many bits a mask has, when they are the first ones.
    pub fn prefix(self, mask: &Addr) -> Option<usize> {
        let bits = mask.iter().take(self.len()).map(|b| b.leading_ones() as usize);
        let mut total = 0;
        for (i, n) in bits.enumerate() {
            if total == i * 8 {
                total += n;
            }
        }
        (self.mask(total)[..self.len()] == mask[..self.len()]).then_some(total)
    }
    /// An address as digits.
    pub fn show(self, addr: &Addr) -> String {
        let mut text = Vec::new();
        crate::output::addr::ip(&mut text, &addr[..self.len()]);
        String::from_utf8(text).unwrap_or_default()
    }
    /// An address as the standard library has it.
    pub fn ip(self, addr: &Addr) -> IpAddr {
        match self {
            Family::V4 => Ipv4Addr::new(addr[0], addr[1], addr[2], addr[3]).into(),
            Family::V6 => Ipv6Addr::from(*addr).into(),
        }
    }
    /// An address of this family, written out in full.
    pub fn parse(self, word: &[u8]) -> Option<Addr> {
        let mut addr = [0; 16];
        match self {
            Family::V4 => addr[..4].copy_from_slice(&dotted(word)?),
            Family::V6 => addr = std::str::from_utf8(word).ok()?.parse::<Ipv6Addr>().ok()?.octets(),
        }
        Some(addr)
    }
    /// An address of the standard library's, if it is of this family.
    pub fn of_ip(self, ip: IpAddr) -> Option<Addr> {
        let mut addr = [0; 16];
        match (self, ip) {
            (Family::V4, IpAddr::V4(ip)) => addr[..4].copy_from_slice(&ip.octets()),
            (Family::V6, IpAddr::V6(ip)) => addr = ip.octets(),
            _ => return None,
        }
        Some(addr)
    }
}

/// Four numbers, each at most 255.
pub fn dotted(word: &[u8]) -> Option<[u8; 4]> {
    let mut bytes = [0; 4];
    let mut parts = word.split(|&b| b == b'.');
    for byte in &mut bytes {
        *byte = octet(parts.next()?)?;
    }
    parts.next().is_none().then_some(bytes)
}

fn octet(word: &[u8]) -> Option<u8> {
    number(word, 255).and_then(|n| u8::try_from(n).ok())
}

/// A number as strtoul(3) reads it with base 0: decimal, `0x` hexadecimal, `0` octal; but none
/// with a minus.
pub fn number(word: &[u8], max: u64) -> Option<u64> {
    // As they nearly always come: in decimal digits, fewer than would overflow.
    if matches!(word, [b'1'..=b'9', ..]) && word.len() < 19 && word.iter().all(u8::is_ascii_digit) {
        let n = word.iter().fold(0, |n, digit| n * 10 + u64::from(digit - b'0'));
        return Some(n).filter(|n| *n <= max);
    }
    match strtoul(word, 0)? {
        (false, n) if n <= max => Some(n),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_and_prefixes_belong_together() {
        for f in [Family::V4, Family::V6] {
            for bits in 0..=f.len() * 8 {
                assert_eq!(f.prefix(&f.mask(bits)), Some(bits));
            }
        }
        let mut holed = [0; 16];
        holed[..4].copy_from_slice(&[255, 0, 255, 0]);
        assert_eq!(Family::V4.prefix(&holed), None);
    }

    #[test]
    fn only_full_addresses_are_read() {
        assert_eq!(dotted(b"1.2.3.4"), Some([1, 2, 3, 4]));
        for word in ["1.2.3", "1.2.3.256", "1.2.3.4.5", "1.2.3.", "a.b.c.d", "", "1.2.3.-4"] {
            assert_eq!(dotted(word.as_bytes()), None, "{word}");
        }
    }

    #[test]
    fn numbers_have_three_bases_and_a_bound() {
        let n = |word: &str| number(word.as_bytes(), u64::MAX);
        assert_eq!((n("0"), n("7"), n("010"), n("0x1F")), (Some(0), Some(7), Some(8), Some(31)));
        assert_eq!((n("+1"), n(" 1"), n(" +0x1")), (Some(1), Some(1), Some(1)));
        assert_eq!(n("999999999999999999"), Some(999_999_999_999_999_999));
        assert_eq!(n("18446744073709551615"), Some(u64::MAX));
        for word in
            ["", "18446744073709551616", "99999999999999999999", "1a", "-1", "+-1", "1 ", "08"]
        {
            assert_eq!(n(word), None, "{word}");
        }
        assert_eq!(
            (number(b"255", 255), number(b"256", 255), number(b"0x100", 255)),
            (Some(255), None, None)
        );
    }
}
