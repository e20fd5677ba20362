//! Addresses and prefixes.

use std::net::IpAddr;

use crate::rtnl::addr::{self, IFA_F_DADFAILED, IFA_F_SECONDARY, IFA_F_TENTATIVE};

/// An address from its 4 or 16 bytes.
pub fn ip(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => Some(IpAddr::from(*bytes.first_chunk::<4>()?)),
        16 => Some(IpAddr::from(*bytes.first_chunk::<16>()?)),
        _ => None,
    }
}

/// The bits of an address, the first the topmost; an IPv4 address has 32.
fn bits(a: IpAddr) -> u128 {
    match a {
        IpAddr::V4(a) => u128::from(u32::from(a)) << 96,
        IpAddr::V6(a) => u128::from(a),
    }
}

/// The addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Prefix {
    pub addr: IpAddr,
    /// Bits.
    pub len: u8,
}

impl Prefix {
    /// Whether an address of the same family begins with the same bits.
    pub fn contains(&self, addr: IpAddr) -> bool {
        if self.addr.is_ipv4() != addr.is_ipv4() {
            return false;
        }
        self.len == 0 || (bits(self.addr) ^ bits(addr)) >> (128 - u32::from(self.len.min(128))) == 0
    }
    /// Whether the two have an address in common.
    pub fn overlaps(&self, other: Prefix) -> bool {
        let len = self.len.min(other.len);
        Prefix { addr: self.addr, len }.contains(other.addr)
    }
    /// The first of its addresses, in its place: `192.168.15.0/24` of `192.168.15.5/24`.
    pub fn network(&self) -> Prefix {
        let keep = u128::MAX.checked_shl(128 - u32::from(self.len)).unwrap_or(0);
        let first = bits(self.addr) & keep;
        let addr = match self.addr {
            IpAddr::V4(_) => {
                let [a, b, c, d, ..] = first.to_be_bytes();
                IpAddr::from([a, b, c, d])
            }
            IpAddr::V6(_) => IpAddr::from(first.to_be_bytes()),
        };
        Prefix { addr, len: self.len }
    }
    /// Whether it is a single address.
    pub fn is_host(&self) -> bool {
        self.len == if self.addr.is_ipv4() { 32 } else { 128 }
    }
}

impl std::fmt::Display for Prefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.addr, self.len)
    }
}

/// An address of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addr {
    /// The index of the device.
    pub index: u32,
    pub local: IpAddr,
    /// The other end of a point-to-point link; otherwise `local` again.
    pub peer: IpAddr,
    /// Bits of `peer` that are on the link.
    pub prefix_len: u8,
    /// RT_SCOPE_*
    pub scope: u8,
    /// IFA_F_*
    pub flags: u32,
}

impl Addr {
    pub(super) fn new(a: &addr::Addr<'_>) -> Option<Addr> {
        Some(Addr {
            index: a.index,
            local: ip(a.local()?)?,
            peer: ip(a.address()?)?,
            prefix_len: a.prefix_len,
            scope: a.scope,
            flags: a.flags,
        })
    }
    /// The address with its length, as it is written: `192.168.15.5/24`.
    pub fn written(&self) -> Prefix {
        Prefix { addr: self.local, len: self.prefix_len }
    }
    /// The addresses that are on the link: `192.168.15.0/24`.
    pub fn network(&self) -> Prefix {
        Prefix { addr: self.peer, len: self.prefix_len }.network()
    }
    /// It has not been found to be unique yet, and cannot be used before.
    pub fn is_tentative(&self) -> bool {
        self.flags & IFA_F_TENTATIVE != 0
    }
    /// Somebody else on the link has it.
    pub fn is_duplicate(&self) -> bool {
        self.flags & IFA_F_DADFAILED != 0
    }
    pub fn is_secondary(&self) -> bool {
        self.flags & IFA_F_SECONDARY != 0 && self.local.is_ipv4()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str, len: u8) -> Prefix {
        Prefix { addr: text.parse().unwrap(), len }
    }

    #[test]
    fn a_prefix_contains_what_begins_like_it() {
        let p = prefix("192.168.15.5", 24);
        assert_eq!(p.network(), prefix("192.168.15.0", 24));
        assert!(p.contains("192.168.15.255".parse().unwrap()));
        assert!(!p.contains("192.168.16.0".parse().unwrap()));
        assert!(!p.contains("::".parse().unwrap()));
        assert!(prefix("0.0.0.0", 0).contains("8.8.8.8".parse().unwrap()));
        assert_eq!(prefix("::1", 128).network(), prefix("::1", 128));
        assert_eq!(prefix("fe80::1", 0).network(), prefix("::", 0));
        assert!(prefix("10.0.0.0", 8).overlaps(prefix("10.1.0.0", 16)));
        assert!(!prefix("10.0.0.0", 24).overlaps(prefix("10.0.1.0", 24)));
    }
}
