//! The network of a lab: a LAN with the internet behind it.
//!
//! ```text
//!   host (the lab)          other host             the internet
//!   192.168.1.2/24        192.168.1.3/24        8.8.8.8   1.1.1.1
//!        eth0                  eth0                    eth0 203.0.113.2/30
//!         │                     │                       │
//!         └──────── lan ────────┘                       │
//!            192.168.1.1/24 ── router ── 203.0.113.1/30 wan
//! ```
//!
//! The three others are namespaces without a name below /run/netns, so that `ip netns` lists only
//! what the person made. They know 192.168.1.0/24 and nothing behind it: what comes from another
//! network without NAT gets no answer.

use std::fs::File;
use std::net::Ipv4Addr;
use std::os::fd::AsRawFd;
use std::time::Duration;

use anyhow::{Context, Result};
use netlink_packet_core::Emitable;
use netlink_packet_route::AddressFamily;
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType,
};

use crate::netlink::{Conn, NLM_F_CREATE, NLM_F_EXCL, Protocol, Request};
use crate::rtnl::consts::{
    IFF_LOOPBACK, IFF_UP, IFLA_ADDRESS, IFLA_IFNAME, IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_LINKINFO,
    IFLA_MASTER, IFLA_NET_NS_FD, IFLA_NUM_RX_QUEUES, IFLA_NUM_TX_QUEUES, RTM_GETLINK, RTM_NEWADDR,
    RTM_NEWLINK, RTM_NEWROUTE,
};
use crate::rtnl::link::{self, HEADER_LEN, Link};
use crate::sys::{file, ioctl, mount, netns};

/// Where the other hosts' namespaces are kept, each under its address.
pub const HOSTS: &str = "/run/ipbox/hosts";

/// What is there in a lab and nowhere else.
pub const MARK: &[u8] = b"/run/ipbox/bin/ipbox";

const HOST: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 2);
const OTHER: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 3);
const ROUTER: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);
const LAN: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 0);
const WAN_ROUTER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);
const WAN_INTERNET: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 2);
const INTERNET: [Ipv4Addr; 2] = [Ipv4Addr::new(8, 8, 8, 8), Ipv4Addr::new(1, 1, 1, 1)];

/// Lays it, the caller's namespace being the host's; without `lan` the host is all there is.
///
/// # Errors
///
/// What the kernel refuses, a kernel without veth or bridge for instance.
pub fn lay(lan: bool) -> Result<()> {
    // So that programs that ping without raw sockets work, too; 0 is the only group there may be.
    let _ = file::write(b"/proc/sys/net/ipv4/ping_group_range", b"0 0");
    if !lan {
        forwarding(false);
        return Place::here()?.up("lo");
    }
    let host = netns::open_pid(b"self")?;
    let [router, other, internet] = [keep(ROUTER)?, keep(OTHER)?, keep(INTERNET[0])?];

    // A new namespace copies this from the machine; only the router is one here.
    for (ns, on) in [(&other, false), (&internet, false), (&host, false), (&router, true)] {
        netns::enter(ns)?;
        forwarding(on);
    }
    let mut at_router = Place::here()?;
    at_router.up("lo")?;
    at_router.bridge("lan")?;
    at_router.cable("host", Some("lan"), &host, HOST)?;
    at_router.cable("other", Some("lan"), &other, OTHER)?;
    at_router.cable("wan", None, &internet, WAN_INTERNET)?;
    at_router.address("lan", ROUTER, 24)?;
    at_router.address("wan", WAN_ROUTER, 30)?;
    at_router.route(None, WAN_INTERNET)?;

    netns::enter(&internet)?;
    let mut at = Place::here()?;
    at.up("lo")?;
    at.up("eth0")?;
    at.address("eth0", WAN_INTERNET, 30)?;
    for address in INTERNET {
        at.address("lo", address, 32)?;
    }
    at.route(Some((LAN, 24)), WAN_ROUTER)?;

    for (ns, address) in [(&other, OTHER), (&host, HOST)] {
        netns::enter(ns)?;
        at = Place::here()?;
        at.up("lo")?;
        at.up("eth0")?;
        at.address("eth0", address, 24)?;
        at.route(None, ROUTER)?;
    }
    // The kernel notices a moment later that cables are plugged in at both ends. Nobody shall wait
    // longer for the prompt than is felt.
    for _ in 0..100 {
        if at_router.is_ready()? && at.is_ready()? {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// A new namespace that lives as long as the lab.
fn keep(address: Ipv4Addr) -> Result<File> {
    let ns = netns::create()?;
    mount::make_dir(HOSTS.as_bytes())?;
    let dir = mount::open_dir(HOSTS.as_bytes())?;
    let name = address.to_string();
    mount::create_point(&dir, name.as_bytes())?;
    mount::bind_at(&ns, &dir, name.as_bytes())?;
    Ok(ns)
}

/// Packets for others are passed on, or not. Where /proc/sys cannot be written the kernel's own
/// choice stays.
fn forwarding(on: bool) {
    let _ = file::write(b"/proc/sys/net/ipv4/ip_forward", if on { b"1" } else { b"0" });
}

/// The namespace a socket was opened in.
struct Place(Conn);

impl Place {
    fn here() -> Result<Place> {
        Ok(Place(Conn::open(Protocol::Route, 1 << 16)?))
    }

    /// A new thing; its message without the netlink header.
    fn add(&mut self, kind: u16, message: &dyn Emitable) -> Result<()> {
        let mut body = vec![0; message.buffer_len()];
        message.emit(&mut body);
        self.0.change(&mut Request::new(kind, NLM_F_CREATE | NLM_F_EXCL, &body))?;
        Ok(())
    }

    /// Whether packets can pass all devices that are to be up.
    fn is_ready(&mut self) -> Result<bool> {
        const IF_OPER_UP: u8 = 6; // linux/if.h
        let mut ready = true;
        let mut links = self.0.dump(&mut Request::new(RTM_GETLINK, 0, &[0; HEADER_LEN]))?;
        while let Some(message) = links.next_message()? {
            if let Some(link) = Link::parse(message.payload)
                && link.flags & (IFF_UP | IFF_LOOPBACK) == IFF_UP
            {
                ready &= link.operstate() == Some(IF_OPER_UP);
            }
        }
        Ok(ready)
    }

    fn up(&mut self, name: &str) -> Result<()> {
        self.0.change(&mut named(name.as_bytes(), 0))?;
        Ok(())
    }

    fn bridge(&mut self, name: &str) -> Result<()> {
        let mut bridge = named(name.as_bytes(), NLM_F_CREATE | NLM_F_EXCL);
        bridge.attr(IFLA_ADDRESS, &hardware(ROUTER));
        let info = bridge.nest(IFLA_LINKINFO);
        bridge.strz(IFLA_INFO_KIND, b"bridge");
        bridge.end(info);
        self.0.change(&mut bridge).context("no bridge link")?;
        Ok(())
    }

    /// A cable to another namespace, where its end is eth0, with the hardware address that goes
    /// with `far`.
    fn cable(&mut self, name: &str, master: Option<&str>, to: &File, far: Ipv4Addr) -> Result<()> {
        const VETH_INFO_PEER: u16 = 1; // linux/veth.h
        let mut cable = named(name.as_bytes(), NLM_F_CREATE | NLM_F_EXCL);
        if let Some(master) = master {
            cable.u32(IFLA_MASTER, index(master)?);
        }
        one_queue(&mut cable);
        let info = cable.nest(IFLA_LINKINFO);
        cable.strz(IFLA_INFO_KIND, b"veth");
        let data = cable.nest(IFLA_INFO_DATA);
        let peer = cable.nest(VETH_INFO_PEER);
        // It cannot be up before the cable is there.
        cable.raw(&link::header(0, 0));
        cable.strz(IFLA_IFNAME, b"eth0");
        one_queue(&mut cable);
        cable.u32(IFLA_NET_NS_FD, to.as_raw_fd().cast_unsigned());
        cable.attr(IFLA_ADDRESS, &hardware(far));
        for nest in [peer, data, info] {
            cable.end(nest);
        }
        self.0.change(&mut cable).context("no veth link")?;
        Ok(())
    }

    fn address(&mut self, name: &str, address: Ipv4Addr, prefix_len: u8) -> Result<()> {
        let mut message = AddressMessage::default();
        message.header.family = AddressFamily::Inet;
        message.header.prefix_len = prefix_len;
        message.header.index = index(name)?;
        message.attributes.push(AddressAttribute::Local(address.into()));
        message.attributes.push(AddressAttribute::Address(address.into()));
        self.add(RTM_NEWADDR, &message)
    }

    /// A route by way of a gateway; without a destination it is the default route.
    fn route(&mut self, to: Option<(Ipv4Addr, u8)>, gateway: Ipv4Addr) -> Result<()> {
        let mut message = RouteMessage::default();
        message.header.address_family = AddressFamily::Inet;
        message.header.table = RouteHeader::RT_TABLE_MAIN;
        message.header.protocol = RouteProtocol::Boot;
        message.header.scope = RouteScope::Universe;
        message.header.kind = RouteType::Unicast;
        if let Some((network, prefix_len)) = to {
            message.header.destination_prefix_length = prefix_len;
            message.attributes.push(RouteAttribute::Destination(RouteAddress::Inet(network)));
        }
        message.attributes.push(RouteAttribute::Gateway(RouteAddress::Inet(gateway)));
        self.add(RTM_NEWROUTE, &message)
    }
}

/// A request for a link of this name that is up.
pub(super) fn named(name: &[u8], flags: u16) -> Request {
    let mut header = link::header(0, 0);
    // struct ifinfomsg (linux/rtnetlink.h): flags, then which of them change.
    header[8..12].copy_from_slice(&IFF_UP.to_ne_bytes());
    header[12..16].copy_from_slice(&IFF_UP.to_ne_bytes());
    let mut request = Request::new(RTM_NEWLINK, flags, &header);
    request.strz(IFLA_IFNAME, name);
    request
}

/// Of several the kernel would take all but one back and wait for that.
fn one_queue(request: &mut Request) {
    request.u32(IFLA_NUM_TX_QUEUES, 1);
    request.u32(IFLA_NUM_RX_QUEUES, 1);
}

fn index(name: &str) -> Result<u32> {
    let index = ioctl::index(name.as_bytes()).with_context(|| format!("no device {name}"))?;
    Ok(index.cast_unsigned())
}

/// A hardware address that tells the host: 02:00, then its address.
fn hardware(address: Ipv4Addr) -> Vec<u8> {
    [&[2, 0], &address.octets()[..]].concat()
}
