//! Who lives next door, and who listens.

use std::net::IpAddr;

use super::addr::ip;
use crate::rtnl::neigh;

/// An entry of a table of neighbours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neigh {
    /// The device.
    pub index: u32,
    pub addr: IpAddr,
    /// The hardware address, when it is known.
    pub mac: Option<Vec<u8>>,
    /// NUD_*
    pub state: u16,
    /// NTF_*
    pub flags: u8,
}

impl Neigh {
    pub(super) fn new(n: &neigh::Neigh<'_>) -> Option<Neigh> {
        Some(Neigh {
            index: n.index,
            addr: ip(n.dst()?)?,
            mac: n.lladdr().map(<[u8]>::to_vec),
            state: n.state,
            flags: n.flags,
        })
    }
}

/// A socket that waits for others: TCP that listens, UDP that is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listener {
    /// IPPROTO_TCP or IPPROTO_UDP.
    pub protocol: u8,
    /// All zeros for every address; `::` hears IPv4, too, unless it was told not to.
    pub addr: IpAddr,
    pub port: u16,
    /// Only what comes by this device; 0 for all.
    pub index: u32,
    /// An IPv6 socket that hears nothing of IPv4.
    pub v6only: bool,
}

impl Listener {
    /// Whether it hears what is sent to this address and port.
    pub fn hears(&self, protocol: u8, addr: IpAddr, port: u16) -> bool {
        let same_family = self.addr.is_ipv4() == addr.is_ipv4();
        let all = self.addr.is_unspecified() && (same_family || addr.is_ipv4() && !self.v6only);
        self.protocol == protocol && self.port == port && (self.addr == addr || all)
    }
}
