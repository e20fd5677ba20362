//! RTM_NEWNEIGH: an entry of a neighbour table as the kernel describes it.
//!
//! struct ndmsg (linux/neighbour.h), 12 bytes: family u8, 3 bytes of padding, index i32,
//! state u16, flags u8, type u8.

use super::consts::{
    NDA_CACHEINFO, NDA_DST, NDA_FLAGS_EXT, NDA_LLADDR, NDA_PROBES, NDA_PROTOCOL, RTM_GETNEIGH,
};
use crate::netlink::{Attrs, Request, Table};

/// Bytes of struct ndmsg.
pub const NDMSG_LEN: usize = 12;

/// One entry; borrows the buffer it was received in.
pub struct Neigh<'a> {
    pub family: u8,
    /// 0 for a proxy entry without a device.
    pub index: u32,
    /// NUD_*
    pub state: u16,
    /// NTF_*
    pub flags: u8,
    attrs: Table<'a, 16>,
}

/// struct nda_cacheinfo; the times are clock ticks since the event, 100 a second.
pub struct Cache {
    pub confirmed_ticks: u32,
    pub used_ticks: u32,
    pub updated_ticks: u32,
    pub references: u32,
}

impl<'a> Neigh<'a> {
    pub fn parse(payload: &'a [u8]) -> Option<Self> {
        let (h, rest) = payload.split_first_chunk::<NDMSG_LEN>()?;
        Some(Neigh {
            family: h[0],
            index: u32::from_ne_bytes([h[4], h[5], h[6], h[7]]),
            state: u16::from_ne_bytes([h[8], h[9]]),
            flags: h[10],
            attrs: Table::new(Attrs(rest)),
        })
    }
    /// The address that is looked up.
    pub fn dst(&self) -> Option<&'a [u8]> {
        Some(self.attrs.get(NDA_DST)?.value)
    }
    pub fn lladdr(&self) -> Option<&'a [u8]> {
        Some(self.attrs.get(NDA_LLADDR)?.value)
    }
    /// NTF_EXT_*; 0 when the kernel does not say.
    pub fn flags_ext(&self) -> u32 {
        self.attrs.get(NDA_FLAGS_EXT).and_then(|a| a.u32()).unwrap_or(0)
    }
    pub fn cache(&self) -> Option<Cache> {
        let (b, _) = self.attrs.get(NDA_CACHEINFO)?.value.split_first_chunk::<16>()?;
        let word = |at: usize| u32::from_ne_bytes([b[at], b[at + 1], b[at + 2], b[at + 3]]);
        Some(Cache {
            confirmed_ticks: word(0),
            used_ticks: word(4),
            updated_ticks: word(8),
            references: word(12),
        })
    }
    pub fn probes(&self) -> Option<u32> {
        self.attrs.get(NDA_PROBES)?.u32()
    }
    /// RTPROT_*
    pub fn protocol(&self) -> Option<u8> {
        self.attrs.get(NDA_PROTOCOL)?.u8()
    }
}

/// struct ndmsg.
pub fn header(family: u8, index: u32, state: u16, flags: u8) -> [u8; NDMSG_LEN] {
    let mut h = [0; NDMSG_LEN];
    h[0] = family;
    h[4..8].copy_from_slice(&index.to_ne_bytes());
    h[8..10].copy_from_slice(&state.to_ne_bytes());
    h[10] = flags;
    h
}

/// A request for a table, or for one entry; the caller adds filters.
pub fn query(family: u8, index: u32, flags: u8) -> Request {
    Request::new(RTM_GETNEIGH, 0, &header(family, index, 0, flags))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_stays_absent() {
        let mut r = query(2, 7, 8);
        r.attr(NDA_DST, &[10, 0, 0, 1]);
        let n = Neigh::parse(r.payload()).unwrap();
        assert_eq!((n.family, n.index, n.flags), (2, 7, 8));
        assert_eq!(n.dst(), Some(&[10, 0, 0, 1][..]));
        assert!(n.lladdr().is_none() && n.cache().is_none() && n.protocol().is_none());
        assert!(Neigh::parse(&[0; 11]).is_none());
    }
}
