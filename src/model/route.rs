//! Routes, and the rules that choose tables of routes.

use std::net::IpAddr;

use super::addr::{Prefix, ip};
use crate::rtnl::consts::{RTAX_MTU, RTNH_F_DEAD, RTNH_F_LINKDOWN};
use crate::rtnl::{route, rule};

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub dst: Prefix,
    /// Only for packets from here; IPv6 has such routes.
    pub src: Option<Prefix>,
    pub tos: u8,
    pub table: u32,
    /// RTPROT_*
    pub protocol: u8,
    /// RT_SCOPE_*
    pub scope: u8,
    /// RTN_*
    pub kind: u8,
    /// The lower is taken first.
    pub metric: u32,
    pub prefsrc: Option<IpAddr>,
    /// One, or several to choose from; none for a route that only refuses.
    pub hops: Vec<Hop>,
    /// The nexthop object it uses.
    pub nexthop: Option<u32>,
    /// Bytes of a packet, when the route says so.
    pub mtu: Option<u32>,
    /// It goes into a tunnel (`encap`): where it comes out is not known here.
    pub encap: bool,
}

/// Where a route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Absent for what is on the link; may be of the other family.
    pub gateway: Option<IpAddr>,
    /// The device.
    pub index: u32,
    /// 1 to 256.
    pub weight: u16,
    /// RTNH_F_*
    pub flags: u32,
}

impl Hop {
    /// The device is down.
    pub fn is_dead(&self) -> bool {
        self.flags & RTNH_F_DEAD != 0
    }
    /// Nobody is at the other end of the device.
    pub fn is_linkdown(&self) -> bool {
        self.flags & RTNH_F_LINKDOWN != 0
    }
}

fn zero(family: u8) -> Option<IpAddr> {
    match family {
        2 => Some(IpAddr::from([0; 4])),
        10 => Some(IpAddr::from([0; 16])),
        _ => None,
    }
}

impl Route {
    /// `None` for families other than IPv4 and IPv6.
    pub(super) fn new(r: &route::Route<'_>) -> Option<Route> {
        let h = r.header;
        let none = zero(h.family)?;
        let prefix =
            |bytes: Option<&[u8]>, len| Prefix { addr: bytes.and_then(ip).unwrap_or(none), len };
        let mut hops: Vec<Hop> = Vec::new();
        for hop in r.hops().into_iter().flatten() {
            hops.push(Hop {
                gateway: hop.gateway().and_then(ip).or_else(|| ip(hop.via()?.addr)),
                index: hop.index,
                weight: hop.weight,
                flags: hop.flags.into(),
            });
        }
        if hops.is_empty()
            && let Some(index) = r.oif()
        {
            let gateway = r.gateway().and_then(ip).or_else(|| ip(r.via()?.addr));
            hops.push(Hop { gateway, index, weight: 1, flags: h.flags & 0xff });
        }
        Some(Route {
            dst: prefix(r.dst(), h.dst_len),
            src: (h.src_len > 0).then(|| prefix(r.src(), h.src_len)),
            tos: h.tos,
            table: r.table(),
            protocol: h.protocol,
            scope: h.scope,
            kind: h.kind,
            metric: r.priority().unwrap_or(0),
            prefsrc: r.prefsrc().and_then(ip),
            hops,
            nexthop: r.nexthop_id(),
            mtu: r.metrics().and_then(|m| m.find(RTAX_MTU)?.u32()),
            encap: r.encap().is_some()
                || r.hops().is_some_and(|mut h| h.any(|h| h.encap().is_some())),
        })
    }
    /// Whether it leads everywhere.
    pub fn is_default(&self) -> bool {
        self.dst.len == 0
    }
    pub fn is_ipv4(&self) -> bool {
        self.dst.addr.is_ipv4()
    }
}

/// A rule that chooses a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// 2 or 10: AF_INET or AF_INET6.
    pub family: u8,
    pub priority: u32,
    /// FR_ACT_*, or RTN_BLACKHOLE and the like.
    pub action: u8,
    /// Where to look, with FR_ACT_TO_TBL.
    pub table: u32,
    /// Where to go on, with FR_ACT_GOTO.
    pub goto: Option<u32>,
    pub src: Option<Prefix>,
    pub dst: Option<Prefix>,
    pub iif: Option<Vec<u8>>,
    pub oif: Option<Vec<u8>>,
    /// The mark and the bits of it that count.
    pub mark: Option<(u32, u32)>,
    pub tos: u8,
    /// It holds for what the others say does not.
    pub not: bool,
    /// The table of the packet's VRF.
    pub l3mdev: bool,
    /// Routes found that are no longer than so many bits do not count.
    pub suppress_prefixlen: Option<u32>,
    /// IPPROTO_*
    pub protocol: Option<u8>,
    /// Two ports, both included.
    pub sport: Option<(u16, u16)>,
    pub dport: Option<(u16, u16)>,
    /// Two users, both included.
    pub uids: Option<(u32, u32)>,
    /// It asks for something that is not kept here (a tunnel's key, a flow label, a DSCP).
    pub more: bool,
}

impl Policy {
    pub(super) fn new(family: u8, r: &rule::Rule<'_>) -> Option<Policy> {
        use rule::*;
        let none = zero(family)?;
        let prefix = |kind, len| {
            (len > 0).then(|| Prefix {
                addr: r.get(kind).and_then(|a| ip(a.value)).unwrap_or(none),
                len,
            })
        };
        let name = |kind| r.get(kind).map(|a| a.bytes().to_vec());
        let mask = r.u32(FRA_FWMASK);
        let mark = r.u32(FRA_FWMARK).or(mask.and(Some(0)));
        let other = [FRA_FLOWLABEL, FRA_DSCP, FRA_SUPPRESS_IFGROUP, FRA_SPORT_MASK, FRA_DPORT_MASK];
        Some(Policy {
            family,
            priority: r.priority().unwrap_or(0),
            action: r.action,
            table: r.table(),
            goto: r.u32(FRA_GOTO),
            src: prefix(FRA_SRC, r.src_len),
            dst: prefix(FRA_DST, r.dst_len),
            iif: name(FRA_IIFNAME),
            oif: name(FRA_OIFNAME),
            mark: mark.map(|m| (m, mask.unwrap_or(u32::MAX))),
            tos: r.tos,
            not: r.flags & FIB_RULE_INVERT != 0,
            l3mdev: r.u8(FRA_L3MDEV).unwrap_or(0) != 0,
            suppress_prefixlen: r.u32(FRA_SUPPRESS_PREFIXLEN).filter(|n| *n != u32::MAX),
            protocol: r.u8(FRA_IP_PROTO).filter(|n| *n != 0),
            sport: r.ports(FRA_SPORT_RANGE),
            dport: r.ports(FRA_DPORT_RANGE),
            uids: r.uids(),
            more: r.get(FRA_TUN_ID).and_then(|a| a.u64()).unwrap_or(0) != 0
                || other.iter().any(|k| r.u32(*k).is_some_and(|v| v != u32::MAX)),
        })
    }
}
