//! RTM_NEWROUTE: a route as the kernel describes it.

use super::consts::{
    RTA_CACHEINFO, RTA_DST, RTA_ENCAP, RTA_ENCAP_TYPE, RTA_FLOW, RTA_GATEWAY, RTA_IIF, RTA_MARK,
    RTA_METRICS, RTA_MULTIPATH, RTA_NEWDST, RTA_NH_ID, RTA_OIF, RTA_PREF, RTA_PREFSRC,
    RTA_PRIORITY, RTA_SRC, RTA_TABLE, RTA_TTL_PROPAGATE, RTA_UID, RTA_VIA,
};
use crate::netlink::{Attr, Attrs, Table};

/// struct rtmsg (linux/rtnetlink.h), 12 bytes: family, dst_len, src_len, tos, table, protocol,
/// scope, type (u8 each), flags u32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    pub family: u8,
    /// Bits.
    pub dst_len: u8,
    /// Bits.
    pub src_len: u8,
    pub tos: u8,
    /// RT_TABLE_*; RTA_TABLE holds numbers above 255.
    pub table: u8,
    /// RTPROT_*
    pub protocol: u8,
    /// RT_SCOPE_*
    pub scope: u8,
    /// RTN_*
    pub kind: u8,
    /// RTM_F_* and RTNH_F_*
    pub flags: u32,
}

impl Header {
    pub const LEN: usize = 12;

    pub fn bytes(self) -> [u8; Header::LEN] {
        let [f0, f1, f2, f3] = self.flags.to_ne_bytes();
        let Header { family, dst_len, src_len, tos, table, protocol, scope, kind, .. } = self;
        [family, dst_len, src_len, tos, table, protocol, scope, kind, f0, f1, f2, f3]
    }

    #[inline]
    pub fn read(b: &[u8; Header::LEN]) -> Header {
        Header {
            family: b[0],
            dst_len: b[1],
            src_len: b[2],
            tos: b[3],
            table: b[4],
            protocol: b[5],
            scope: b[6],
            kind: b[7],
            flags: u32::from_ne_bytes([b[8], b[9], b[10], b[11]]),
        }
    }
}

/// One route; borrows the buffer it was received in.
pub struct Route<'a> {
    pub header: Header,
    attrs: Table<'a, 32>,
}

/// RTA_VIA: a gateway of another family than the route's. struct rtvia: family u16, address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Via<'a> {
    pub family: u16,
    pub addr: &'a [u8],
}

/// struct rta_cacheinfo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cache {
    pub references: u32,
    /// Clock ticks, 100 a second.
    pub last_use_ticks: u32,
    /// Clock ticks, negative when over.
    pub expires_ticks: i32,
    /// A positive errno stands here as a negative number.
    pub error: u32,
    pub used: u32,
    pub id: u32,
    pub stamp: u32,
    pub stamp_age: u32,
}

impl<'a> Route<'a> {
    #[inline]
    pub fn parse(payload: &'a [u8]) -> Option<Self> {
        let (header, rest) = payload.split_first_chunk()?;
        Some(Route { header: Header::read(header), attrs: Table::new(Attrs(rest)) })
    }

    #[inline]
    fn u32(&self, kind: u16) -> Option<u32> {
        self.attrs.get(kind)?.u32()
    }
    #[inline]
    fn value(&self, kind: u16) -> Option<&'a [u8]> {
        Some(self.attrs.get(kind)?.value)
    }

    /// Whether it has no attributes but those that most routes have: destination, gateway, device,
    /// table, preferred source, metric.
    #[inline]
    pub fn is_usual(&self) -> bool {
        const USUAL: u64 = 1 << RTA_DST
            | 1 << RTA_GATEWAY
            | 1 << RTA_OIF
            | 1 << RTA_TABLE
            | 1 << RTA_PREFSRC
            | 1 << RTA_PRIORITY;
        !self.attrs.has_others(USUAL)
    }
    /// RTA_TABLE, or the header's number where it is absent.
    #[inline]
    pub fn table(&self) -> u32 {
        self.u32(RTA_TABLE).unwrap_or(self.header.table.into())
    }
    #[inline]
    pub fn dst(&self) -> Option<&'a [u8]> {
        self.value(RTA_DST)
    }
    #[inline]
    pub fn src(&self) -> Option<&'a [u8]> {
        self.value(RTA_SRC)
    }
    /// The preferred source address.
    #[inline]
    pub fn prefsrc(&self) -> Option<&'a [u8]> {
        self.value(RTA_PREFSRC)
    }
    pub fn newdst(&self) -> Option<&'a [u8]> {
        self.value(RTA_NEWDST)
    }
    #[inline]
    pub fn gateway(&self) -> Option<&'a [u8]> {
        self.value(RTA_GATEWAY)
    }
    pub fn via(&self) -> Option<Via<'a>> {
        Via::read(self.attrs.get(RTA_VIA)?)
    }
    /// The index of the device packets leave by.
    #[inline]
    pub fn oif(&self) -> Option<u32> {
        self.u32(RTA_OIF)
    }
    /// The index of the device packets come in by.
    pub fn iif(&self) -> Option<u32> {
        self.u32(RTA_IIF)
    }
    #[inline]
    pub fn priority(&self) -> Option<u32> {
        self.u32(RTA_PRIORITY)
    }
    pub fn mark(&self) -> Option<u32> {
        self.u32(RTA_MARK)
    }
    /// Realms: from in the upper half, to in the lower.
    #[inline]
    pub fn flow(&self) -> Option<u32> {
        self.u32(RTA_FLOW)
    }
    pub fn uid(&self) -> Option<u32> {
        self.u32(RTA_UID)
    }
    /// ICMPV6_ROUTER_PREF_*
    pub fn pref(&self) -> Option<u8> {
        self.attrs.get(RTA_PREF)?.u8()
    }
    pub fn ttl_propagate(&self) -> Option<u8> {
        self.attrs.get(RTA_TTL_PROPAGATE)?.u8()
    }
    /// The id of a nexthop object.
    #[inline]
    pub fn nexthop_id(&self) -> Option<u32> {
        self.u32(RTA_NH_ID)
    }
    /// RTAX_* attributes.
    #[inline]
    pub fn metrics(&self) -> Option<Attrs<'a>> {
        Some(self.attrs.get(RTA_METRICS)?.nested())
    }
    /// An encapsulation: LWTUNNEL_ENCAP_* and what is in it.
    #[inline]
    pub fn encap(&self) -> Option<(u16, Attrs<'a>)> {
        let nest = self.attrs.get(RTA_ENCAP)?.nested();
        Some((self.attrs.get(RTA_ENCAP_TYPE)?.u16()?, nest))
    }
    #[inline]
    pub fn hops(&self) -> Option<Hops<'a>> {
        Some(Hops(self.value(RTA_MULTIPATH)?))
    }
    pub fn cache(&self) -> Option<Cache> {
        let b: &[u8; 32] = self.value(RTA_CACHEINFO)?.first_chunk()?;
        let word = |at: usize| u32::from_ne_bytes([b[at], b[at + 1], b[at + 2], b[at + 3]]);
        Some(Cache {
            references: word(0),
            last_use_ticks: word(4),
            expires_ticks: word(8).cast_signed(),
            error: word(12),
            used: word(16),
            id: word(20),
            stamp: word(24),
            stamp_age: word(28),
        })
    }
}

impl<'a> Via<'a> {
    #[inline]
    fn read(a: Attr<'a>) -> Option<Via<'a>> {
        Some(Via { family: a.u16()?, addr: a.value.get(2..)? })
    }
}

/// One of several nexthops. struct rtnexthop: length u16, flags u8, hops u8, index i32, attributes.
pub struct Hop<'a> {
    /// RTNH_F_*
    pub flags: u8,
    /// 1 to 256.
    pub weight: u16,
    pub index: u32,
    attrs: Attrs<'a>,
}

impl<'a> Hop<'a> {
    #[inline]
    pub fn gateway(&self) -> Option<&'a [u8]> {
        Some(self.attrs.find(RTA_GATEWAY)?.value)
    }
    pub fn via(&self) -> Option<Via<'a>> {
        Via::read(self.attrs.find(RTA_VIA)?)
    }
    pub fn newdst(&self) -> Option<&'a [u8]> {
        Some(self.attrs.find(RTA_NEWDST)?.value)
    }
    #[inline]
    pub fn flow(&self) -> Option<u32> {
        self.attrs.find(RTA_FLOW)?.u32()
    }
    /// An encapsulation: LWTUNNEL_ENCAP_* and what is in it.
    pub fn encap(&self) -> Option<(u16, Attrs<'a>)> {
        let nest = self.attrs.find(RTA_ENCAP)?.nested();
        Some((self.attrs.find(RTA_ENCAP_TYPE)?.u16()?, nest))
    }
}

/// The nexthops of a route, read in place; a length that overruns the list ends it.
#[derive(Clone, Copy)]
pub struct Hops<'a>(&'a [u8]);

impl<'a> Iterator for Hops<'a> {
    type Item = Hop<'a>;

    fn next(&mut self) -> Option<Hop<'a>> {
        let &[l0, l1, flags, hops, i0, i1, i2, i3] = self.0.first_chunk()?;
        let len = usize::from(u16::from_ne_bytes([l0, l1]));
        let Some(attrs) = self.0.get(8..len) else {
            self.0 = &[];
            return None;
        };
        self.0 = self.0.get(len.next_multiple_of(4)..).unwrap_or(&[]);
        Some(Hop {
            flags,
            weight: u16::from(hops) + 1,
            index: u32::from_ne_bytes([i0, i1, i2, i3]),
            attrs: Attrs(attrs),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::Request;

    #[test]
    fn a_header_is_read_as_it_is_written() {
        let h = Header {
            family: 2,
            dst_len: 24,
            src_len: 1,
            tos: 4,
            table: 254,
            protocol: 3,
            scope: 253,
            kind: 1,
            flags: 0x1234_5678,
        };
        assert_eq!(Header::read(&h.bytes()), h);
        assert!(Route::parse(&[0; 11]).is_none());
    }

    #[test]
    fn absent_stays_absent() {
        let payload = Header { table: 7, ..Header::default() }.bytes();
        let r = Route::parse(&payload).unwrap();
        assert_eq!((r.table(), r.oif(), r.priority(), r.dst()), (7, None, None, None));
        assert!(r.hops().is_none() && r.cache().is_none() && r.via().is_none());
    }

    #[test]
    fn nexthops_follow_each_other_and_a_bad_length_ends_them() {
        let mut r = Request::new(24, 0, &Header::default().bytes());
        let mut hops = vec![16, 0, 4, 2, 7, 0, 0, 0, 8, 0, 5, 0, 10, 0, 0, 2];
        hops.extend([8, 0, 0, 255, 9, 0, 0, 0]);
        hops.extend([7, 0, 0, 0, 1, 0, 0, 0]);
        r.attr(RTA_MULTIPATH, &hops);
        let route = Route::parse(r.payload()).unwrap();
        let hops: Vec<_> = route.hops().unwrap().collect();
        assert_eq!(hops.len(), 2);
        assert_eq!((hops[0].index, hops[0].weight, hops[0].flags), (7, 3, 4));
        assert_eq!(hops[0].gateway(), Some(&[10, 0, 0, 2][..]));
        assert_eq!((hops[1].index, hops[1].weight), (9, 256));
    }
}
