//! Scalars as the reference reads them: what it accepts, no more, no less.

use std::net::{Ipv4Addr, Ipv6Addr};

pub use super::labels::labels;
use crate::numeral;

/// Unsigned, base 0. As in C, `-1` is the largest value of 64 bits, so narrower types refuse it.
#[inline]
pub fn u64(word: &[u8]) -> Option<u64> {
    numeral::u64(word, 0)
}
/// The same in hexadecimal, with or without `0x`.
pub fn hex64(word: &[u8]) -> Option<u64> {
    numeral::u64(word, 16)
}
pub fn u32(word: &[u8]) -> Option<u32> {
    u64(word)?.try_into().ok()
}
pub fn u16(word: &[u8]) -> Option<u16> {
    u64(word)?.try_into().ok()
}
#[inline]
pub fn u8(word: &[u8]) -> Option<u8> {
    u64(word)?.try_into().ok()
}
/// Signed, base 0.
pub fn i32(word: &[u8]) -> Option<i32> {
    let (negative, v) = numeral::strtoul(word, 0)?;
    let v = i64::try_from(v).ok()?;
    (if negative { -v } else { v }).try_into().ok()
}
pub fn i64(word: &[u8]) -> Option<i64> {
    let (negative, v) = numeral::strtoul(word, 0)?;
    let v = i64::try_from(v).ok()?;
    Some(if negative { -v } else { v })
}

/// The value of decimal digits at the beginning, as C's atoi gives it; 0 without digits.
pub fn atoi(word: &[u8]) -> i32 {
    let word = word.trim_ascii_start();
    let (negative, digits) = match word.first() {
        Some(b'-') => (true, &word[1..]),
        Some(b'+') => (false, &word[1..]),
        _ => (false, word),
    };
    let v = digits
        .iter()
        .take_while(|b| b.is_ascii_digit())
        .fold(0i32, |v, b| v.wrapping_mul(10).wrapping_add(i32::from(b - b'0')));
    if negative { v.wrapping_neg() } else { v }
}

/// An address of any family, as it stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addr {
    /// AF_INET, AF_INET6, ...; AF_UNSPEC for `any` where no family is known.
    pub family: u8,
    bytes: [u8; 16],
    len: u8,
}

pub const AF_UNSPEC: u8 = 0;
pub const AF_INET: u8 = 2;
pub const AF_BRIDGE: u8 = 7;
pub const AF_INET6: u8 = 10;
pub const AF_PACKET: u8 = 17;
pub const AF_MPLS: u8 = 28;

impl Addr {
    /// The unspecified address of a family; no bytes for families without a length.
    pub fn unspecified(family: u8) -> Addr {
        let len = match family {
            AF_INET => 4,
            AF_INET6 => 16,
            _ => 0,
        };
        Addr { family, bytes: [0; 16], len }
    }
    /// What `any` and `all` stand for: a family, and no bytes at all.
    pub fn any(family: u8) -> Addr {
        Addr { family, bytes: [0; 16], len: 0 }
    }
    /// `None` when the length is not that of the family.
    pub fn from_bytes(family: u8, b: &[u8]) -> Option<Addr> {
        let mut a = Addr::unspecified(family);
        if b.len() != usize::from(a.len) {
            return None;
        }
        a.bytes[..b.len()].copy_from_slice(b);
        Some(a)
    }
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
    /// Bits of a host prefix.
    pub fn bits(&self) -> u8 {
        if self.family == AF_MPLS { 20 } else { self.len * 8 }
    }
    /// 224.0.0.0/4 or ff00::/8.
    pub fn is_multicast(&self) -> bool {
        match self.family {
            AF_INET => self.bytes[0] & 0xf0 == 0xe0,
            AF_INET6 => self.bytes[0] == 0xff,
            _ => false,
        }
    }
    pub fn is_unspecified(&self) -> bool {
        self.bytes.iter().all(|&b| b == 0)
    }
}

/// An address and how many of its leading bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    pub addr: Addr,
    /// Bits; the full length when none was typed.
    pub len: u8,
    /// Whether `/N` was typed (or the word was `default`).
    pub explicit: bool,
}

impl Prefix {
    /// Whether the leading `len` bits of `addr` are those of this prefix.
    pub fn contains(&self, addr: &[u8]) -> bool {
        let full = usize::from(self.len / 8);
        let rest = self.len % 8;
        if addr.len() < usize::from(self.len).div_ceil(8)
            || self.addr.bytes.len() < usize::from(self.len).div_ceil(8)
        {
            return false;
        }
        if addr[..full] != self.addr.bytes[..full] {
            return false;
        }
        rest == 0 || (addr[full] ^ self.addr.bytes[full]) >> (8 - rest) == 0
    }
}

/// IPv4 in one to four parts, left-aligned (`10.7` is 10.7.0.0), each part in base 0.
#[inline]
pub fn ipv4(word: &[u8]) -> Option<[u8; 4]> {
    if let Some((plain, end)) = plain_ipv4(word)
        && end == word.len()
    {
        return Some(plain);
    }
    let mut out = [0; 4];
    let mut parts = word.split(|&b| b == b'.');
    for slot in &mut out {
        let Some(part) = parts.next() else { break };
        *slot = u8(part)?;
    }
    parts.next().is_none().then_some(out)
}

/// Four bytes in decimal up to the end or a `/`, in one go, and where they end: nearly every
/// address, and a batch is full of them. What is written otherwise is `None`, also where it is
/// an address.
fn plain_ipv4(word: &[u8]) -> Option<([u8; 4], usize)> {
    let digit =
        |at: usize| word.get(at).map(|b| u32::from(b.wrapping_sub(b'0'))).filter(|d| *d < 10);
    let mut out = [0; 4];
    let mut at = 0;
    for (i, place) in out.iter_mut().enumerate() {
        if i > 0 {
            if word.get(at) != Some(&b'.') {
                return None;
            }
            at += 1;
        }
        let mut sum = digit(at)?;
        at += 1;
        // What begins with 0 is octal, unless that is all; a fourth digit is where no dot is.
        if sum > 0
            && let Some(next) = digit(at)
        {
            (sum, at) = (10 * sum + next, at + 1);
            if let Some(next) = digit(at) {
                (sum, at) = (10 * sum + next, at + 1);
            }
        }
        *place = std::primitive::u8::try_from(sum).ok()?;
    }
    matches!(word.get(at), None | Some(b'/')).then_some((out, at))
}

/// A byte in decimal without a leading zero: nearly every length of a prefix.
fn plain_byte(part: &[u8]) -> Option<u8> {
    if part.len() > 3 || part.is_empty() || (part.len() > 1 && part[0] == b'0') {
        return None;
    }
    let digit = |n: u16, b: &u8| b.is_ascii_digit().then(|| n * 10 + u16::from(b - b'0'));
    part.iter().try_fold(0, digit)?.try_into().ok()
}

/// IPv4 as inet_aton(3) reads it: up to the first blank, whatever comes behind.
pub fn inet_aton(word: &[u8]) -> Option<Ipv4Addr> {
    numeric_host(word.split(u8::is_ascii_whitespace).next()?)
}

/// IPv4 as getaddrinfo(3) reads it: one to four parts in base 0, the last of which fills all that
/// is left (`127.1` is 127.0.0.1).
pub fn numeric_host(word: &[u8]) -> Option<Ipv4Addr> {
    let mut sum = 0u32;
    let parts: Vec<&[u8]> = word.split(|&b| b == b'.').collect();
    let (last, first) = parts.split_last()?;
    if first.len() > 3 || parts.iter().any(|p| !p.first().is_some_and(u8::is_ascii_digit)) {
        return None;
    }
    for (i, part) in first.iter().enumerate() {
        sum |= u32::from(u8(part)?) << (24 - 8 * i);
    }
    let rest = u32(last)?;
    let room = 32 - 8 * first.len();
    (u64::from(rest) < 1 << room).then(|| Ipv4Addr::from(sum | rest))
}

/// IPv6 in its usual text form, without a zone.
pub fn ipv6(word: &[u8]) -> Option<[u8; 16]> {
    Some(std::str::from_utf8(word).ok()?.parse::<Ipv6Addr>().ok()?.octets())
}

/// An IPv4 address.
fn inet([a, b, c, d]: [u8; 4]) -> Addr {
    let mut bytes = [0; 16];
    (bytes[0], bytes[1], bytes[2], bytes[3]) = (a, b, c, d);
    Addr { family: AF_INET, bytes, len: 4 }
}

#[inline]
fn literal(word: &[u8], family: u8) -> Option<Addr> {
    if let Some((plain, end)) = plain_ipv4(word)
        && end == word.len()
    {
        return Some(inet(plain));
    }
    if family == AF_MPLS {
        // A longer stack than this is no place to go to.
        let stack = labels(word)?;
        let mut a = Addr { family, bytes: [0; 16], len: u8(stack.len().to_string().as_bytes())? };
        a.bytes.get_mut(..stack.len())?.copy_from_slice(&stack);
        return Some(a);
    }
    if word.contains(&b':') {
        let bytes = ipv6(word)?;
        return Some(Addr { family: AF_INET6, bytes, len: 16 });
    }
    Some(inet(ipv4(word)?))
}

/// A link-layer address of up to 16 bytes as an address of AF_PACKET.
fn packet(word: &[u8]) -> Option<Addr> {
    let given = lladdr(word)?;
    let mut bytes = [0; 16];
    bytes.get_mut(..given.len())?.copy_from_slice(&given);
    Some(Addr { family: AF_PACKET, bytes, len: std::primitive::u8::try_from(given.len()).ok()? })
}

/// The name of a family in the reference's sentences.
pub fn family_name(family: u8) -> &'static str {
    match family {
        AF_INET => "inet",
        AF_INET6 => "inet6",
        AF_PACKET => "link",
        AF_MPLS => "mpls",
        AF_BRIDGE => "bridge",
        AF_UNSPEC => "any valid",
        _ => "???",
    }
}

/// An address without prefix; `family` is AF_UNSPEC or what is already known.
///
/// `default` gives the unspecified address; `any` and `all` give one without bytes.
///
/// # Errors
///
/// The reference's sentence, status 1.
pub fn addr(word: &[u8], family: u8) -> Result<Addr, super::Usage> {
    match word {
        _ if family == AF_MPLS => {}
        b"default" => return Ok(Addr::unspecified(family)),
        b"any" | b"all" => return Ok(Addr::any(family)),
        _ => {}
    }
    if family == AF_PACKET {
        return packet(word).ok_or_else(|| {
            // Two sentences in the reference.
            let mut e = no_addr(word, family);
            e.text.splice(..0, super::args::sentence(&[b"\"", word, b"\" is invalid lladdr.\n"]));
            e
        });
    }
    let a = literal(word, family).ok_or_else(|| no_addr(word, family))?;
    if family != AF_UNSPEC && a.family != family {
        return Err(no_addr(word, family));
    }
    Ok(a)
}

/// `inet address is expected rather than "WORD"`.
pub fn no_addr(word: &[u8], family: u8) -> super::Usage {
    expected(b" address", word, family)
}

fn expected(what: &[u8], word: &[u8], family: u8) -> super::Usage {
    let name = family_name(family).as_bytes();
    let text = [b"Error: ", name, what, b" is expected rather than \"", word, b"\"."];
    super::Usage::new(1, super::args::sentence(&text))
}

/// An address with or without `/LEN` or `/NETMASK`.
///
/// # Errors
///
/// The reference's sentence, status 1.
pub fn prefix(word: &[u8], family: u8) -> Result<Prefix, super::Usage> {
    let wrong = || expected(b" prefix", word, family);
    if family == AF_PACKET {
        return Err(out_of_place(word));
    }
    match word {
        _ if family == AF_MPLS => {}
        b"default" => {
            return Ok(Prefix { addr: Addr::unspecified(family), len: 0, explicit: true });
        }
        b"any" | b"all" => return Ok(Prefix { addr: Addr::any(family), len: 0, explicit: false }),
        _ => {}
    }
    let (addr, len) = match plain_ipv4(word) {
        Some((plain, end)) => (inet(plain), word.get(end + 1..)),
        None => {
            let end = word.iter().position(|&b| b == b'/').unwrap_or(word.len());
            let addr = literal(&word[..end], family);
            let addr = addr.filter(|a| family != AF_MPLS || a.len == 4).ok_or_else(wrong)?;
            (addr, word.get(end + 1..))
        }
    };
    if family != AF_UNSPEC && addr.family != family {
        return Err(wrong());
    }
    let Some(len) = len else {
        return Ok(Prefix { addr, len: addr.bits(), explicit: false });
    };
    let bits = match plain_byte(len).or_else(|| u8(len)) {
        Some(n) if n <= addr.bits() => n,
        Some(_) => return Err(wrong()),
        None => netmask(len).ok_or_else(wrong)?,
    };
    Ok(Prefix { addr, len: bits, explicit: true })
}

/// An address where there can be none, because -family says `link`.
fn out_of_place(word: &[u8]) -> super::Usage {
    let tail = b"\" may be inet prefix, but it is not allowed in this context.";
    super::Usage::new(1, super::args::sentence(&[b"Error: \"", word, tail]))
}

/// A contiguous IPv4 netmask as a number of bits.
fn netmask(word: &[u8]) -> Option<u8> {
    let mask = u32::from_be_bytes(ipv4(word)?);
    let ones = mask.leading_ones();
    (mask.count_ones() == ones).then(|| u8::try_from(ones).ok())?
}

/// A link-layer address: at most 32 hex bytes split by `:`, or a dotted quad.
pub fn lladdr(word: &[u8]) -> Option<Vec<u8>> {
    lladdr_or_part(word).ok()
}

/// The same; the part that is wrong comes back, for the reference's sentence
/// `"PART" is invalid lladdr.`
///
/// # Errors
///
/// The part.
pub fn lladdr_or_part(word: &[u8]) -> Result<Vec<u8>, &[u8]> {
    if word.contains(&b'.') {
        return Ok(ipv4(word).ok_or(word)?.to_vec());
    }
    word.split(|&b| b == b':').take(32).map(|part| hex_byte(part).ok_or(part)).collect()
}

/// A byte as sscanf's `%x` reads it: blanks, a sign, `0x` and what follows the digits do not
/// matter, nor what is above 32 bits (observed in iproute2 6.15).
fn hex_byte(part: &[u8]) -> Option<u8> {
    let part = part.trim_ascii_start();
    let (negative, part) = match part {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        part => (false, part),
    };
    let part = match part {
        [b'0', b'x' | b'X', rest @ ..] if rest.first().is_some_and(u8::is_ascii_hexdigit) => rest,
        part => part,
    };
    let len = part.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    let digits = std::str::from_utf8(&part[..len]).ok()?;
    let n = std::primitive::u64::from_str_radix(digits, 16).ok()?;
    let n = if negative { n.wrapping_neg() } else { n };
    (n & 0xffff_ffff).try_into().ok()
}

/// A name that a new device may have: 1 to 15 bytes, no `/`, no white space, not `.` or `..`.
pub fn ifname(word: &[u8]) -> Option<&[u8]> {
    let bad = |b: &u8| *b == b'/' || b.is_ascii_whitespace() || *b == 0x0b;
    (!word.is_empty() && word.len() < 16 && word != b"." && word != b".." && !word.iter().any(bad))
        .then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_base_0() {
        assert_eq!(u32(b"0x10"), Some(16));
        assert_eq!(u32(b"010"), Some(8));
        assert_eq!(u32(b"0"), Some(0));
        assert_eq!(u32(b"12x"), None);
        assert_eq!(u32(b"0x"), None);
        assert_eq!(u32(b"-1"), None);
        assert_eq!(u32(b""), None);
        assert_eq!(u32(b"4294967296"), None);
        assert_eq!(i32(b"-1"), Some(-1));
        assert_eq!(u16(b"65536"), None);
    }

    #[test]
    fn ipv4_is_left_aligned_and_octal() {
        assert_eq!(ipv4(b"10.7"), Some([10, 7, 0, 0]));
        assert_eq!(ipv4(b"010.0.0.1"), Some([8, 0, 0, 1]));
        assert_eq!(ipv4(b"0x0a.1"), Some([10, 1, 0, 0]));
        assert_eq!(ipv4(b"1.2.3.4.5"), None);
        assert_eq!(ipv4(b"256"), None);
        assert_eq!(ipv4(b"1..2"), None);
        assert_eq!(ipv4(b"11.0.255.10"), Some([11, 0, 255, 10]));
        assert_eq!(ipv4(b"1.2.3.256"), None);
        assert_eq!(ipv4(b"1.2.3."), None);
        assert_eq!(ipv4(b"1.2.3.0300"), Some([1, 2, 3, 192]));
        assert_eq!(ipv4(b"1.2.3.00"), Some([1, 2, 3, 0]));
    }

    #[test]
    fn inet_aton_fills_from_the_right() {
        assert_eq!(inet_aton(b"127.1"), Some(Ipv4Addr::new(127, 0, 0, 1)));
        assert_eq!(inet_aton(b"127.1 x"), Some(Ipv4Addr::new(127, 0, 0, 1)));
        assert_eq!(inet_aton(b" 127.1"), None);
        assert_eq!(numeric_host(b"127.1 "), None);
        assert_eq!(inet_aton(b"0"), Some(Ipv4Addr::UNSPECIFIED));
        assert_eq!(inet_aton(b"10.0x101"), Some(Ipv4Addr::new(10, 0, 1, 1)));
        assert_eq!(inet_aton(b"4294967295"), Some(Ipv4Addr::BROADCAST));
        assert_eq!(inet_aton(b"1.2.3.256"), None);
        assert_eq!(inet_aton(b"1.2.3.4.5"), None);
        assert_eq!(inet_aton(b"1..2"), None);
        assert_eq!(inet_aton(b""), None);
    }

    #[test]
    fn prefixes_take_lengths_and_netmasks() {
        let p = prefix(b"10.0.0.1/255.255.255.0", AF_UNSPEC).unwrap();
        assert_eq!((p.len, p.explicit), (24, true));
        assert!(prefix(b"10.0.0.1/255.0.255.0", AF_UNSPEC).is_err());
        assert!(prefix(b"10.0.0.1/33", AF_UNSPEC).is_err());
        assert_eq!(prefix(b"::1", AF_UNSPEC).map(|p| p.len), Ok(128));
        let text = prefix(b"192.168.15.300/24", AF_UNSPEC).unwrap_err().text;
        assert_eq!(text, b"Error: any valid prefix is expected rather than \"192.168.15.300/24\".");
    }

    #[test]
    fn a_prefix_contains_what_shares_its_bits() {
        let p = prefix(b"192.168.15.0/25", AF_INET).unwrap();
        assert!(p.contains(&[192, 168, 15, 127]) && !p.contains(&[192, 168, 15, 128]));
        assert!(prefix(b"default", AF_INET).unwrap().contains(&[1, 2, 3, 4]));
    }

    #[test]
    fn link_layer_addresses() {
        assert_eq!(lladdr(b"2:0:0:0:0:7"), Some(vec![2, 0, 0, 0, 0, 7]));
        assert_eq!(lladdr(b"zz"), None);
        assert_eq!(lladdr_or_part(b"2:0:100:1"), Err(&b"100"[..]));
        assert_eq!(lladdr_or_part(b"2:-1"), Err(&b"-1"[..]));
        assert_eq!(lladdr(b"0x2:3z"), Some(vec![2, 3]));
        assert_eq!(lladdr(b"2::3"), None);
        assert_eq!(lladdr(b"10.0.0.1"), Some(vec![10, 0, 0, 1]));
    }
}
