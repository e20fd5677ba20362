//! RTM_NEWLINK: a network device as the kernel describes it.
//!
//! struct ifinfomsg (linux/rtnetlink.h), 16 bytes: family u8, padding, type u16 (ARPHRD_*),
//! index i32, flags u32 (IFF_*), change u32; then IFLA_* attributes.

use super::consts::{
    IFLA_EXT_MASK, IFLA_GROUP, IFLA_IFALIAS, IFLA_IFNAME, IFLA_INFO_DATA, IFLA_INFO_KIND,
    IFLA_INFO_SLAVE_DATA, IFLA_INFO_SLAVE_KIND, IFLA_INFO_XSTATS, IFLA_LINK, IFLA_LINK_NETNSID,
    IFLA_LINKINFO, IFLA_MASTER, IFLA_MTU, IFLA_OPERSTATE, IFLA_PROTINFO, IFLA_STATS, IFLA_STATS64,
    RTEXT_FILTER_SKIP_STATS, RTEXT_FILTER_VF, RTM_GETLINK,
};
use crate::netlink::{Attr, Attrs, Request, Table};

/// struct ifinfomsg.
pub const HEADER_LEN: usize = 16;

/// One device; borrows the buffer it was received in.
///
/// Every accessor returns what the kernel sent or `None`.
#[derive(Clone, Copy)]
pub struct Link<'a> {
    /// ARPHRD_*
    pub arphrd: u16,
    pub index: u32,
    /// IFF_*
    pub flags: u32,
    attrs: Table<'a, 72>,
}

impl<'a> Link<'a> {
    /// Reads struct ifinfomsg and the attributes behind it.
    pub fn parse(payload: &'a [u8]) -> Option<Self> {
        let (header, rest) = payload.split_first_chunk::<HEADER_LEN>()?;
        let word = |at: usize| {
            u32::from_ne_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        };
        Some(Link {
            arphrd: u16::from_ne_bytes([header[2], header[3]]),
            index: word(4),
            flags: word(8),
            attrs: Table::new(Attrs(rest)),
        })
    }

    /// Any attribute, by IFLA_* number.
    pub fn attr(&self, kind: u16) -> Option<Attr<'a>> {
        self.attrs.get(kind)
    }
    /// The name, which need not be UTF-8.
    pub fn name(&self) -> Option<&'a [u8]> {
        Some(self.attr(IFLA_IFNAME)?.bytes())
    }
    pub fn alias(&self) -> Option<&'a [u8]> {
        Some(self.attr(IFLA_IFALIAS)?.bytes())
    }
    /// Bytes of payload in one frame.
    pub fn mtu(&self) -> Option<u32> {
        self.attr(IFLA_MTU)?.u32()
    }
    /// The index of the lower device or of the other end; 0 for one that is gone.
    pub fn lower(&self) -> Option<u32> {
        self.attr(IFLA_LINK)?.u32()
    }
    /// The namespace in which `lower` is to be looked up; negative when it has no id here.
    pub fn lower_netnsid(&self) -> Option<i32> {
        self.attr(IFLA_LINK_NETNSID)?.i32()
    }
    /// The index of the bridge, bond or VRF this device is a port of.
    pub fn master(&self) -> Option<u32> {
        self.attr(IFLA_MASTER)?.u32()
    }
    pub fn group(&self) -> Option<u32> {
        self.attr(IFLA_GROUP)?.u32()
    }
    /// IF_OPER_*
    pub fn operstate(&self) -> Option<u8> {
        self.attr(IFLA_OPERSTATE)?.u8()
    }
    /// What is particular to its kind, if it says one.
    pub fn info(&self) -> Option<Info<'a>> {
        Some(Info(Table::new(self.attr(IFLA_LINKINFO)?.nested())))
    }
    /// Counters: the 64-bit ones, or those of 32 bits where the kernel has no others, or those of
    /// IPv6, which is all that its own dump of devices has.
    pub fn stats(&self) -> Option<Stats> {
        const IFLA_INET6_STATS: u16 = 3;
        let inet6 = || self.attr(IFLA_PROTINFO)?.nested().find(IFLA_INET6_STATS);
        self.attr(IFLA_STATS64)
            .map(|a| Stats::of64(a.value))
            .or_else(|| self.attr(IFLA_STATS).map(|a| Stats::of32(a.value)))
            .or_else(|| inet6().map(|a| Stats::of_inet6(a.value)))
    }
}

/// What names are made of: the index, the ARPHRD_* type, the flags and the name of a device.
///
/// Cheaper than [`Link::parse`], for all devices of a dump before the first is shown: the name is
/// the first of a hundred attributes.
pub fn essence(payload: &[u8]) -> Option<(u32, u16, u32, &[u8])> {
    let (header, rest) = payload.split_first_chunk::<HEADER_LEN>()?;
    let [_, _, t0, t1, i0, i1, i2, i3, f0, f1, f2, f3, ..] = *header;
    let name = Iterator::find(&mut Attrs(rest), |a| a.kind == IFLA_IFNAME)?;
    Some((
        u32::from_ne_bytes([i0, i1, i2, i3]),
        u16::from_ne_bytes([t0, t1]),
        u32::from_ne_bytes([f0, f1, f2, f3]),
        name.bytes(),
    ))
}

/// IFLA_LINKINFO: the kind of a device, the kind of its master, and what each says about it.
#[derive(Clone, Copy)]
pub struct Info<'a>(Table<'a, 6>);

impl<'a> Info<'a> {
    pub fn kind(&self) -> Option<&'a [u8]> {
        Some(self.0.get(IFLA_INFO_KIND)?.bytes())
    }
    pub fn data(&self) -> Option<Attrs<'a>> {
        Some(self.0.get(IFLA_INFO_DATA)?.nested())
    }
    /// Counters of the kind.
    pub fn counters(&self) -> Option<Attr<'a>> {
        self.0.get(IFLA_INFO_XSTATS)
    }
    /// The kind of the master, `bridge` for a `bridge_slave`.
    pub fn slave_kind(&self) -> Option<&'a [u8]> {
        Some(self.0.get(IFLA_INFO_SLAVE_KIND)?.bytes())
    }
    pub fn slave_data(&self) -> Option<Attrs<'a>> {
        Some(self.0.get(IFLA_INFO_SLAVE_DATA)?.nested())
    }
}

/// struct rtnl_link_stats64 (linux/if_link.h) without its last fields; counters that an older
/// kernel does not send are 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// The 64-bit attribute was there.
    pub wide: bool,
    pub rx_packets: u64,
    pub tx_packets: u64,
    pub rx_bytes: u64,
    pub tx_bytes: u64,
    pub rx_errors: u64,
    pub tx_errors: u64,
    pub rx_dropped: u64,
    pub tx_dropped: u64,
    pub multicast: u64,
    pub collisions: u64,
    pub rx_length_errors: u64,
    pub rx_over_errors: u64,
    pub rx_crc_errors: u64,
    pub rx_frame_errors: u64,
    pub rx_fifo_errors: u64,
    pub rx_missed_errors: u64,
    pub tx_aborted_errors: u64,
    pub tx_carrier_errors: u64,
    pub tx_fifo_errors: u64,
    pub tx_heartbeat_errors: u64,
    pub tx_window_errors: u64,
    pub rx_compressed: u64,
    pub tx_compressed: u64,
    pub rx_nohandler: u64,
    pub rx_otherhost_dropped: u64,
}

impl Stats {
    /// IPSTATS_MIB_* (linux/snmp.h), as the reference takes them for counters of a device.
    fn of_inet6(bytes: &[u8]) -> Stats {
        let n = |at: usize| {
            let b = bytes.get(8 * at..).and_then(|b| b.first_chunk());
            b.map_or(0, |b| u64::from_ne_bytes(*b))
        };
        // The first number is how many follow. Linux 6.7 put some elsewhere and added one.
        let [tx, discards, multicast, checksums] =
            if n(0) < 38 { [5, 13, 23, 31] } else { [9, 18, 28, 36] };
        Stats {
            wide: true,
            rx_packets: n(1),
            rx_bytes: n(2),
            tx_packets: n(tx),
            tx_bytes: n(tx + 1),
            rx_errors: n(discards),
            tx_errors: n(discards + 1),
            multicast: n(multicast),
            rx_frame_errors: n(checksums),
            ..Stats::default()
        }
    }
    /// struct rtnl_link_stats64.
    pub fn of64(bytes: &[u8]) -> Stats {
        Stats::of(true, bytes.as_chunks::<8>().0.iter().map(|b| u64::from_ne_bytes(*b)))
    }
    fn of32(bytes: &[u8]) -> Stats {
        Stats::of(false, bytes.as_chunks::<4>().0.iter().map(|b| u32::from_ne_bytes(*b).into()))
    }
    fn of(wide: bool, numbers: impl Iterator<Item = u64>) -> Stats {
        let mut numbers = numbers;
        let mut next = || numbers.next().unwrap_or(0);
        // The order of the fields is that of the kernel's structure.
        Stats {
            wide,
            rx_packets: next(),
            tx_packets: next(),
            rx_bytes: next(),
            tx_bytes: next(),
            rx_errors: next(),
            tx_errors: next(),
            rx_dropped: next(),
            tx_dropped: next(),
            multicast: next(),
            collisions: next(),
            rx_length_errors: next(),
            rx_over_errors: next(),
            rx_crc_errors: next(),
            rx_frame_errors: next(),
            rx_fifo_errors: next(),
            rx_missed_errors: next(),
            tx_aborted_errors: next(),
            tx_carrier_errors: next(),
            tx_fifo_errors: next(),
            tx_heartbeat_errors: next(),
            tx_window_errors: next(),
            rx_compressed: next(),
            tx_compressed: next(),
            rx_nohandler: next(),
            rx_otherhost_dropped: next(),
        }
    }
}

/// struct ifinfomsg with an index and nothing else.
pub fn header(family: u8, index: u32) -> [u8; HEADER_LEN] {
    let mut h = [0; HEADER_LEN];
    h[0] = family;
    h[4..8].copy_from_slice(&index.to_ne_bytes());
    h
}

/// Asks for one device (`index` not 0) or, without one, for all or the one that is named in an
/// attribute added later; counters and virtual functions only when wanted.
pub fn query(index: u32, stats: bool, vf: bool) -> Request {
    let mut r = Request::new(RTM_GETLINK, 0, &header(0, index));
    let mut mask = 0;
    if vf {
        mask |= RTEXT_FILTER_VF;
    }
    if !stats {
        mask |= RTEXT_FILTER_SKIP_STATS;
    }
    r.u32(IFLA_EXT_MASK, mask);
    r
}

/// A request for all devices as a family of addresses describes them.
pub fn query_family(family: u8) -> Request {
    Request::new(RTM_GETLINK, 0, &header(family, 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtnl::consts::RTM_NEWLINK;

    #[test]
    fn a_device_is_read_where_it_lies() {
        let mut r = Request::new(RTM_NEWLINK, 0, &header(0, 7));
        r.strz(IFLA_IFNAME, b"v\xff");
        let info = r.nest(IFLA_LINKINFO);
        r.attr(IFLA_INFO_KIND, b"veth\0");
        r.end(info);
        let link = Link::parse(r.payload()).unwrap();
        assert_eq!((link.index, link.name()), (7, Some(&b"v\xff"[..])));
        assert_eq!(link.info().unwrap().kind(), Some(&b"veth"[..]));
        assert!(link.mtu().is_none() && link.stats().is_none());
        assert!(Link::parse(&[0; 15]).is_none());
    }

    #[test]
    fn short_statistics_end_in_zeros() {
        let mut bytes = Vec::new();
        for n in 1u64..=3 {
            bytes.extend(n.to_ne_bytes());
        }
        let s = Stats::of64(&bytes);
        assert_eq!((s.rx_packets, s.tx_packets, s.rx_bytes, s.tx_bytes), (1, 2, 3, 0));
    }
}
