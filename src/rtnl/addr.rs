//! RTM_NEWADDR: an address of a device as the kernel describes it.
//!
//! struct ifaddrmsg (linux/if_addr.h), 8 bytes: family u8, prefix length u8, flags u8,
//! scope u8, index u32.

use super::consts::{
    IFA_ADDRESS, IFA_ANYCAST, IFA_BROADCAST, IFA_CACHEINFO, IFA_FLAGS, IFA_LABEL, IFA_LOCAL,
    IFA_MULTICAST, IFA_PROTO, IFA_RT_PRIORITY, RTM_GETADDR,
};
use crate::netlink::{Attrs, Request, Table};

/// Bytes of struct ifaddrmsg.
pub const IFADDRMSG_LEN: usize = 8;

// IFA_F_* (linux/if_addr.h)
pub const IFA_F_SECONDARY: u32 = 0x01;
pub const IFA_F_NODAD: u32 = 0x02;
pub const IFA_F_OPTIMISTIC: u32 = 0x04;
pub const IFA_F_DADFAILED: u32 = 0x08;
pub const IFA_F_HOMEADDRESS: u32 = 0x10;
pub const IFA_F_DEPRECATED: u32 = 0x20;
pub const IFA_F_TENTATIVE: u32 = 0x40;
pub const IFA_F_PERMANENT: u32 = 0x80;
pub const IFA_F_MANAGETEMPADDR: u32 = 0x100;
pub const IFA_F_NOPREFIXROUTE: u32 = 0x200;
pub const IFA_F_MCAUTOJOIN: u32 = 0x400;
pub const IFA_F_STABLE_PRIVACY: u32 = 0x800;

/// A lifetime without end.
pub const FOREVER: u32 = u32::MAX;

/// One address; borrows the buffer it was received in.
pub struct Addr<'a> {
    pub family: u8,
    /// Bits.
    pub prefix_len: u8,
    pub scope: u8,
    pub index: u32,
    /// IFA_F_*
    pub flags: u32,
    attrs: Table<'a, 12>,
}

impl<'a> Addr<'a> {
    pub fn parse(payload: &'a [u8]) -> Option<Self> {
        let (h, rest) = payload.split_first_chunk::<IFADDRMSG_LEN>()?;
        let attrs = Table::new(Attrs(rest));
        // The header has room for eight flags only.
        let flags = attrs.get(IFA_FLAGS).and_then(|a| a.u32()).unwrap_or(h[2].into());
        Some(Addr {
            family: h[0],
            prefix_len: h[1],
            scope: h[3],
            index: u32::from_ne_bytes([h[4], h[5], h[6], h[7]]),
            flags,
            attrs,
        })
    }
    /// The address itself; without IFA_LOCAL that of the interface.
    pub fn local(&self) -> Option<&'a [u8]> {
        self.value(IFA_LOCAL).or_else(|| self.value(IFA_ADDRESS))
    }
    /// The interface's address: the other end of a point-to-point link; without IFA_ADDRESS the
    /// local one.
    pub fn address(&self) -> Option<&'a [u8]> {
        self.value(IFA_ADDRESS).or_else(|| self.value(IFA_LOCAL))
    }
    pub fn broadcast(&self) -> Option<&'a [u8]> {
        self.value(IFA_BROADCAST)
    }
    pub fn anycast(&self) -> Option<&'a [u8]> {
        self.value(IFA_ANYCAST)
    }
    pub fn multicast(&self) -> Option<&'a [u8]> {
        self.value(IFA_MULTICAST)
    }
    pub fn label(&self) -> Option<&'a [u8]> {
        Some(self.attrs.get(IFA_LABEL)?.bytes())
    }
    /// The metric of the prefix route.
    pub fn metric(&self) -> Option<u32> {
        self.attrs.get(IFA_RT_PRIORITY)?.u32()
    }
    /// IFAPROT_*
    pub fn protocol(&self) -> Option<u8> {
        self.attrs.get(IFA_PROTO)?.u8()
    }
    /// Seconds: preferred, valid; `FOREVER` for no end. From struct ifa_cacheinfo.
    pub fn lifetimes(&self) -> Option<(u32, u32)> {
        let (b, _) = self.attrs.get(IFA_CACHEINFO)?.value.split_first_chunk::<8>()?;
        let word = |at: usize| u32::from_ne_bytes([b[at], b[at + 1], b[at + 2], b[at + 3]]);
        Some((word(0), word(4)))
    }

    fn value(&self, kind: u16) -> Option<&'a [u8]> {
        Some(self.attrs.get(kind)?.value)
    }
}

/// A request for the addresses of a family (0: all) and of a device (0: all).
pub fn query(family: u8, index: u32) -> Request {
    let mut h = [0; IFADDRMSG_LEN];
    h[0] = family;
    h[4..8].copy_from_slice(&index.to_ne_bytes());
    Request::new(RTM_GETADDR, 0, &h)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_stays_absent_and_local_stands_for_the_interface() {
        let mut r = query(2, 7);
        r.attr(IFA_LOCAL, &[10, 0, 0, 1]);
        r.u32(IFA_FLAGS, IFA_F_NOPREFIXROUTE);
        let a = Addr::parse(r.payload()).unwrap();
        assert_eq!((a.family, a.index, a.flags), (2, 7, IFA_F_NOPREFIXROUTE));
        assert_eq!(a.address(), Some(&[10, 0, 0, 1][..]));
        assert!(a.broadcast().is_none() && a.lifetimes().is_none() && a.label().is_none());
        assert!(Addr::parse(&[0; 7]).is_none());
    }
}
