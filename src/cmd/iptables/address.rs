//! `-s` and `-d`: addresses, names and masks.

use crate::cli::value::inet_aton;
use crate::names::NetDb;

use super::fail::{Result, usage};
use super::family::{Addr, Family, number};

/// An address and its mask; of the address only the bits of the mask are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Net {
    pub addr: Addr,
    pub mask: Addr,
    pub not: bool,
}

impl Net {
    pub const ANY: Net = Net { addr: [0; 16], mask: [0; 16], not: false };

    /// Whether every address fits.
    pub fn is_any(&self) -> bool {
        self.mask == Net::ANY.mask && !self.not
    }
}

/// The addresses of a word of `-s`: a list of hosts or networks with masks.
pub fn list(family: Family, word: &[u8], db: &NetDb) -> Result<Vec<Net>> {
    let mut all = Vec::new();
    for part in word.split(|&b| b == b',') {
        let blanks = part.iter().take_while(|b| b.is_ascii_whitespace()).count();
        one(family, &part[blanks..], db, &mut all)?;
    }
    Ok(all)
}

fn one(family: Family, word: &[u8], db: &NetDb, all: &mut Vec<Net>) -> Result {
    let (host, mask) = match word.iter().rposition(|&b| b == b'/') {
        Some(at) => (&word[..at], mask(family, &word[at + 1..])?),
        None => (word, family.mask(128)),
    };
    // With a mask of zeros the address is not even looked at.
    let found = if mask == Net::ANY.mask { vec![[0; 16]] } else { hosts(family, host, db)? };
    for mut addr in found {
        for (a, m) in addr.iter_mut().zip(mask) {
            *a &= m;
        }
        all.push(Net { addr, mask, not: false });
    }
    Ok(())
}

/// An address in digits; of IPv4 what is missing behind is zero.
pub fn network(family: Family, word: &[u8]) -> Option<Addr> {
    match family {
        Family::V4 => completed(word),
        Family::V6 => family.parse(word),
    }
}

/// A mask as a number of bits or written out.
pub fn mask(family: Family, word: &[u8]) -> Result<Addr> {
    let most = family.len() * 8;
    if let Some(bits) = number(word, most as u64) {
        return Ok(family.mask(usize::try_from(bits).unwrap_or(most)));
    }
    match family.parse(word) {
        Some(mask) => Ok(mask),
        None => usage(&[b"invalid mask `", word, b"' specified"]),
    }
}

/// The addresses of a host or a network: digits, /etc/networks, /etc/hosts.
fn hosts(family: Family, word: &[u8], db: &NetDb) -> Result<Vec<Addr>> {
    if let Some(addr) = network(family, word) {
        return Ok(vec![addr]);
    }
    if let Some(addr) = db.network_address(word).and_then(|ip| family.of_ip(ip.into())) {
        return Ok(vec![addr]);
    }
    let found: Vec<_> = db.addresses(word).into_iter().filter_map(|ip| family.of_ip(ip)).collect();
    if found.is_empty() {
        return usage(&[b"host/network `", word, b"' not found"]);
    }
    Ok(found)
}

/// `10.1` is 10.1.0.0.
fn completed(word: &[u8]) -> Option<Addr> {
    let missing = 3usize.checked_sub(word.iter().filter(|&&b| b == b'.').count())?;
    if missing == 0 {
        return Family::V4.parse(word);
    }
    Family::V4.parse(&[word, &b".0.0.0"[..missing * 2]].concat())
}

/// As inet_aton(3) has it: `1.2.3` is 1.2.0.3.
pub fn short(word: &[u8]) -> Option<Addr> {
    Family::V4.of_ip(inet_aton(word)?.into())
}

/// `/24`, `/255.0.255.0`, or nothing for a single host.
pub fn show_mask(family: Family, mask: &Addr, full: bool) -> String {
    match family.prefix(mask) {
        Some(bits) if bits == family.len() * 8 && !full => String::new(),
        Some(bits) => format!("/{bits}"),
        None => format!("/{}", family.show(mask)),
    }
}

/// An address and mask as `-L` prints them.
pub fn listed(family: Family, net: &Net, numeric: bool, db: &NetDb) -> Vec<u8> {
    let zero = net.mask[..family.len()] == Net::ANY.mask[..family.len()];
    if zero && !net.not && !numeric {
        return b"anywhere".to_vec();
    }
    let mut text = match (numeric, named(family, &net.addr, db)) {
        (false, Some(name)) => name,
        _ => family.show(&net.addr).into_bytes(),
    };
    text.extend_from_slice(show_mask(family, &net.mask, false).as_bytes());
    text
}

/// The name of a host, or of a network.
fn named(family: Family, addr: &Addr, db: &NetDb) -> Option<Vec<u8>> {
    let ip = family.ip(addr);
    if let Some(name) = db.host(ip) {
        return Some(name.to_vec());
    }
    match ip {
        std::net::IpAddr::V4(ip) => db.network(ip).map(<[u8]>::to_vec),
        std::net::IpAddr::V6(_) => None,
    }
}

/// A single address as an extension lists it: by name unless numeric.
pub fn listed_host(family: Family, addr: &Addr, numeric: bool, db: &NetDb) -> Vec<u8> {
    let net = Net { addr: *addr, mask: family.mask(128), not: false };
    listed(family, &net, numeric, db)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(family: Family, word: &str) -> Result<Vec<String>> {
        let nets = list(family, word.as_bytes(), &NetDb::default())?;
        Ok(nets.iter().map(|n| family.show(&n.addr) + &show_mask(family, &n.mask, true)).collect())
    }

    #[test]
    fn lists_and_masks_are_read() {
        let ok = |w: &str| read(Family::V4, w).unwrap().join(" ");
        assert_eq!(ok("1.2.3.4,5.6.7.8/24"), "1.2.3.4/32 5.6.7.0/24");
        assert_eq!(ok("10/8, 10.1"), "10.0.0.0/8 10.1.0.0/32");
        assert_eq!(ok("1.2.3.4/255.0.255.0"), "1.0.3.0/255.0.255.0");
        assert_eq!(ok("x/0"), "0.0.0.0/0");
        let six = |w: &str| read(Family::V6, w).unwrap().join(" ");
        assert_eq!(six("2001:db8::1/33,::1"), "2001:db8::/33 ::1/128");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let text = |w: &str| match read(Family::V4, w) {
            Err(super::super::fail::Fail::Usage(t)) => String::from_utf8(t).unwrap(),
            other => format!("{other:?}"),
        };
        assert_eq!(text("1.2.3.4/33"), "invalid mask `33' specified");
        assert_eq!(text("1.2.3.4/"), "invalid mask `' specified");
        assert_eq!(text("1.2.3.4,"), "host/network `' not found");
        assert_eq!(text("::1"), "host/network `::1' not found");
    }
}
