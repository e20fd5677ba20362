//! Devices.

use super::End;
use crate::netlink::{Attr, Attrs};
use crate::rtnl::consts::{
    IFF_LOOPBACK, IFF_LOWER_UP, IFF_NOARP, IFF_RUNNING, IFF_UP, IFLA_ADDRESS, IFLA_AF_SPEC,
    IFLA_INET_CONF,
};
use crate::rtnl::link;

/// A device. Numbers are those of its namespace.
#[derive(Clone, Debug)]
pub struct Link {
    pub index: u32,
    pub name: Vec<u8>,
    /// `veth`, `bridge`; absent for hardware and loopback.
    pub kind: Option<Vec<u8>>,
    /// ARPHRD_*
    pub arphrd: u16,
    /// IFF_*
    pub flags: u32,
    /// Bytes of payload in one frame.
    pub mtu: u32,
    /// The hardware address, 6 bytes on an Ethernet.
    pub mac: Vec<u8>,
    /// The bridge, bond or VRF it is a port of.
    pub master: Option<u32>,
    /// `bridge` for a port of one.
    pub slave_kind: Option<Vec<u8>>,
    /// IFLA_LINK: the index of the other end or of the device below.
    pub lower: Option<u32>,
    /// IFLA_LINK_NETNSID: the namespace of `lower` when it is another; negative when it has no id.
    pub lower_nsid: Option<i32>,
    /// `lower`, found; absent also when its namespace is none of those that could be read.
    pub other_end: Option<End>,
    /// IFLA_INFO_DATA, attributes as the kernel sent them.
    pub(super) data: Vec<u8>,
    /// What kind and data say of a bridge, and slave data of its port, read once: a frame that is
    /// flooded asks it of each port.
    known: Known,
    /// IPV4_DEVCONF_* by number, less one.
    conf4: Vec<u32>,
    /// VLANs of a port of a bridge that filters them: number and BRIDGE_VLAN_INFO_* flags.
    pub vlans: Vec<(u16, u16)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    filters_vlans: bool,
    calls_iptables: bool,
    calls_ip6tables: bool,
    port_state: Option<u8>,
    hairpin: bool,
    isolated: bool,
    vlan_id: Option<u16>,
    vrf_table: Option<u32>,
}

/// A setting of a device for IPv4; the numbers are those of linux/ip.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conf4 {
    Forwarding = 1,
    ProxyArp = 3,
    RpFilter = 8,
    ArpAnnounce = 18,
    ArpIgnore = 19,
    AcceptLocal = 23,
    SrcValidMark = 24,
    RouteLocalnet = 26,
    IgnoreRoutesWithLinkdown = 28,
}

impl Link {
    pub(super) fn new(l: &link::Link<'_>) -> Link {
        let info = l.info();
        let owned = |b: &[u8]| b.to_vec();
        // AF_INET inside IFLA_AF_SPEC, then one u32 for each setting.
        let conf4 = l
            .attr(IFLA_AF_SPEC)
            .and_then(|a| a.nested().find(2))
            .and_then(|a| a.nested().find(IFLA_INET_CONF));
        let mut link = Link {
            index: l.index,
            name: l.name().map(owned).unwrap_or_default(),
            kind: info.and_then(|i| i.kind()).map(owned),
            arphrd: l.arphrd,
            flags: l.flags,
            mtu: l.mtu().unwrap_or(0),
            mac: l.attr(IFLA_ADDRESS).map(|a| a.value.to_vec()).unwrap_or_default(),
            master: l.master(),
            slave_kind: info.and_then(|i| i.slave_kind()).map(owned),
            lower: l.lower().filter(|i| *i != 0),
            lower_nsid: l.lower_netnsid(),
            other_end: None,
            data: info.and_then(|i| i.data()).map(|a| owned(a.0)).unwrap_or_default(),
            known: Known::default(),
            conf4: conf4
                .map(|a| {
                    a.value.as_chunks::<4>().0.iter().map(|b| u32::from_ne_bytes(*b)).collect()
                })
                .unwrap_or_default(),
            vlans: Vec::new(),
        };
        // IFLA_BR_*, IFLA_VLAN_ID, IFLA_VRF_TABLE and IFLA_BRPORT_* by number.
        let flag = |number| link.is_bridge() && link.info(number).and_then(Attr::u8) == Some(1);
        let port = info.and_then(|i| i.slave_data()).filter(|_| link.is_bridge_port());
        let port = |number| port.and_then(|p| p.find(number)).and_then(Attr::u8);
        let info = |kind, number| if link.is_kind(kind) { link.info(number) } else { None };
        link.known = Known {
            filters_vlans: flag(7),
            calls_iptables: flag(36),
            calls_ip6tables: flag(37),
            port_state: port(1),
            hairpin: port(4) == Some(1),
            isolated: port(33) == Some(1),
            vlan_id: info("vlan", 1).and_then(Attr::u16),
            vrf_table: info("vrf", 1).and_then(Attr::u32),
        };
        link
    }

    pub fn is_kind(&self, kind: &str) -> bool {
        self.kind.as_deref() == Some(kind.as_bytes())
    }
    /// One end of a pair.
    pub fn is_cable(&self) -> bool {
        ["veth", "netkit", "vxcan"].iter().any(|k| self.is_kind(k))
    }
    pub fn is_bridge(&self) -> bool {
        self.is_kind("bridge")
    }
    pub fn is_loopback(&self) -> bool {
        self.flags & IFF_LOOPBACK != 0
    }
    /// Whether it was switched on.
    pub fn is_up(&self) -> bool {
        self.flags & IFF_UP != 0
    }
    /// Whether there is something at the other end that is switched on, too.
    pub fn has_carrier(&self) -> bool {
        self.flags & IFF_LOWER_UP != 0
    }
    /// Whether the kernel has yet to act on a carrier that is there: bridges, routes and others learn of
    /// it up to a second later (net/core/link_watch.c).
    pub fn is_coming_up(&self) -> bool {
        self.is_up() && self.has_carrier() && self.flags & IFF_RUNNING == 0
    }
    /// Whether addresses of neighbours are asked for.
    pub fn has_arp(&self) -> bool {
        self.flags & IFF_NOARP == 0
    }
    /// Whether it is a port of a bridge.
    pub fn is_bridge_port(&self) -> bool {
        self.slave_kind.as_deref() == Some(b"bridge")
    }
    /// A setting for IPv4, that of `conf/DEV/`; `conf/all/` may add to it.
    pub fn conf4(&self, what: Conf4) -> u32 {
        self.conf4.get(what as usize - 1).copied().unwrap_or(0)
    }

    /// An attribute of its kind, by IFLA_VLAN_* and the like.
    pub fn info(&self, number: u16) -> Option<Attr<'_>> {
        Attrs(&self.data).find(number)
    }
    /// The number of a VLAN device.
    pub fn vlan_id(&self) -> Option<u16> {
        self.known.vlan_id
    }
    /// The table of a VRF.
    pub fn vrf_table(&self) -> Option<u32> {
        self.known.vrf_table
    }
    /// A bridge that looks at VLANs.
    pub fn filters_vlans(&self) -> bool {
        self.known.filters_vlans
    }
    /// A bridge whose frames go through iptables whatever the sysctl says.
    pub fn calls_iptables(&self) -> bool {
        self.known.calls_iptables
    }
    /// As [`Link::calls_iptables`], for IPv6.
    pub fn calls_ip6tables(&self) -> bool {
        self.known.calls_ip6tables
    }
    /// BR_STATE_* of a port of a bridge; 3 forwards.
    pub fn port_state(&self) -> Option<u8> {
        self.known.port_state
    }
    /// Whether a port sends frames back where they came from.
    pub fn hairpin(&self) -> bool {
        self.known.hairpin
    }
    /// Whether a port exchanges nothing with other such ports.
    pub fn isolated(&self) -> bool {
        self.known.isolated
    }
}
