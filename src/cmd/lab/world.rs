//! What there is in a lab, as far as mistakes are judged by it: namespaces with a name, their
//! devices and IPv4 addresses. The host comes first and has none.

use std::net::Ipv4Addr;

use crate::netlink::{Conn, Msgs, Protocol, Request};
use crate::rtnl::addr::{self, Addr};
use crate::rtnl::link::{self, Link};
use crate::sort;
use crate::sys::{file, netns};

/// AF_INET.
const INET: u8 = 2;

#[derive(Debug, Default)]
pub struct World(pub Vec<Room>);

/// A namespace.
#[derive(Debug, Default)]
pub struct Room {
    /// Empty for the host.
    pub name: String,
    pub devices: Vec<Device>,
    pub addresses: Vec<Address>,
}

#[derive(Debug, Default)]
pub struct Device {
    pub name: String,
    pub index: u32,
    /// The number of the other end of a cable, where that is.
    pub peer: Option<u32>,
}

#[derive(Debug)]
pub struct Address {
    pub device: u32,
    pub address: Ipv4Addr,
    pub prefix_len: u8,
}

impl World {
    /// What there is now. What cannot be read is left out.
    pub fn read() -> World {
        let mut rooms: Vec<Room> = room(String::new()).into_iter().collect();
        let mut names = file::list(netns::DIR).unwrap_or_default();
        sort::all(&mut names);
        for name in names {
            let Ok(ns) = netns::open_named(&name) else { continue };
            let name = String::from_utf8_lossy(&name).into_owned();
            rooms.extend(netns::inside(&ns, || room(name)).ok().flatten());
        }
        World(rooms)
    }

    /// The namespace of this name; the host for the empty one.
    pub fn room(&self, name: &str) -> Option<&Room> {
        self.0.iter().find(|r| r.name == name)
    }

    /// The other namespace and device at the end of a cable.
    pub fn far_end(&self, near: &Device) -> Option<(&Room, &Device)> {
        let mut all = self.0.iter().flat_map(|r| r.devices.iter().map(move |d| (r, d)));
        all.find(|(_, d)| near.peer == Some(d.index) && d.peer == Some(near.index))
    }
}

impl Room {
    pub fn device(&self, name: &str) -> Option<&Device> {
        self.devices.iter().find(|d| d.name == name)
    }
}

/// The namespace one is in.
fn room(name: String) -> Option<Room> {
    let mut conn = Conn::open(Protocol::Route, 1 << 16).ok()?;
    let mut dump = |mut request: Request| Some(conn.snapshot(&mut request).ok()?.0);
    let links = dump(link::query(0, false, false))?;
    let addresses = dump(addr::query(INET, 0))?;
    let device = |l: Link<'_>| Device {
        name: String::from_utf8_lossy(l.name().unwrap_or_default()).into_owned(),
        index: l.index,
        peer: l.info().and_then(|i| i.kind()).filter(|k| *k == b"veth").and_then(|_| l.lower()),
    };
    let address = |a: Addr<'_>| {
        let local: [u8; 4] = a.local()?.try_into().ok()?;
        Some(Address { device: a.index, address: local.into(), prefix_len: a.prefix_len })
    };
    Some(Room {
        name,
        devices: Msgs(&links).filter_map(|m| Link::parse(m.payload)).map(device).collect(),
        addresses: Msgs(&addresses)
            .filter_map(|m| Addr::parse(m.payload))
            .filter_map(address)
            .collect(),
    })
}
