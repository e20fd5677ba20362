//! The network as a whole, owned: every namespace this process may enter, with its links,
//! addresses, routes, rules, neighbours, filter rules and settings. What doctor and draw look at.
//!
//! ```text
//! Network ── namespaces ──▶ Namespace ── links ──▶ Link ── other_end ──▶ End { ns, index }
//!                             ├ addrs, routes, rules, neighs
//!                             ├ tables ── chains ── rules     nf_tables, whoever made them
//!                             ├ listeners                     only with Depth::All
//!                             └ settings                      sysctls that move packets
//! ```
//!
//! A namespace is named by its place in [`Network::namespaces`], a device by an [`End`]. Nothing
//! is changed and no packet is sent by reading. `find` looks for namespaces, `read` asks the
//! kernel for what is in one; the other files are one noun each.

mod addr;
mod filter;
mod find;
mod legacy;
mod link;
mod neigh;
mod read;
mod route;
mod settings;

use std::fs::File;
use std::io;

pub use addr::{Addr, Prefix, ip};
pub use filter::{Base, Chain, Element, Rule as FilterRule, Set, Table};
pub use find::Origin;
pub use link::{Conf4, Link};
pub use neigh::{Listener, Neigh};
pub use route::{Hop, Policy, Route};
pub use settings::Settings;

/// How much is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// What a drawing shows: no neighbours, no elements of sets, no sockets.
    Picture,
    /// Everything: also neighbours, elements of sets, sockets that listen.
    All,
}

/// A device in a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct End {
    /// The place of its namespace in [`Network::namespaces`].
    pub ns: usize,
    /// Its index there.
    pub index: u32,
}

/// A name below /run/netns that names no namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    pub name: Vec<u8>,
    /// There is a file, but no namespace is mounted on it; otherwise it cannot be opened.
    pub plain: bool,
}

/// Everything that could be read.
pub struct Network {
    /// The caller's first, then named ones by name, then the others.
    pub namespaces: Vec<Namespace>,
    /// Names that lead nowhere, by name.
    pub stale: Vec<Stale>,
    /// Devices that lie on another, sorted: the one below, and the one above.
    above: Vec<(End, End)>,
}

/// One network namespace.
pub struct Namespace {
    /// All names below /run/netns, sorted; more than one after `ip netns attach`.
    pub names: Vec<Vec<u8>>,
    /// Where it was found first.
    pub origin: Origin,
    /// Some processes in it, those with the lowest numbers; none are looked for in one with a name.
    pub pids: Vec<u32>,
    /// The namespace itself, kept open; [`crate::sys::netns::inside`] enters it.
    pub file: File,
    /// False: it could not be entered, and nothing below is known.
    pub open: bool,
    /// By index.
    pub links: Vec<Link>,
    /// In the kernel's order: of one device, primary addresses before their secondaries.
    pub addrs: Vec<Addr>,
    /// Of all tables and both families, in the kernel's order.
    pub routes: Vec<Route>,
    /// The rules that choose tables, of both families, by priority.
    pub rules: Vec<Policy>,
    pub neighs: Vec<Neigh>,
    /// Of all families, those of the older interface behind the others; `None` when this user may
    /// not see them.
    pub tables: Option<Vec<Table>>,
    /// Tables of the older x_tables interface exist and could not be read.
    pub unread: bool,
    pub listeners: Vec<Listener>,
    pub settings: Settings,
}

impl Network {
    /// Reads all namespaces. What changes meanwhile is read as before or as after.
    ///
    /// # Errors
    ///
    /// When not even the caller's own namespace can be read. A namespace that may not be
    /// entered is no error: see [`Namespace::open`].
    pub fn read(depth: Depth) -> io::Result<Network> {
        let found = find::all()?;
        let mut namespaces = read::all(found.namespaces, depth)?;
        read::join(&mut namespaces);
        Ok(Network::of(namespaces, found.stale))
    }

    /// The picture of namespaces whose devices know their other ends.
    pub fn of(namespaces: Vec<Namespace>, stale: Vec<Stale>) -> Network {
        let mut above = Vec::new();
        for (ns, space) in namespaces.iter().enumerate() {
            for link in space.links.iter().filter(|l| !l.is_cable()) {
                let end = End { ns, index: link.index };
                above.extend(link.other_end.map(|lower| (lower, end)));
            }
        }
        above.sort_unstable();
        Network { namespaces, stale, above }
    }

    /// What lies on a device, in whichever namespace: VLANs, macvlans and the like.
    pub fn above(&self, lower: End) -> impl Iterator<Item = End> {
        let from = self.above.partition_point(|(l, _)| *l < lower);
        self.above[from..].iter().take_while(move |(l, _)| *l == lower).map(|(_, end)| *end)
    }

    /// The namespace of the caller.
    pub const HERE: usize = 0;

    /// The namespace of this name.
    pub fn named(&self, name: &[u8]) -> Option<usize> {
        self.namespaces.iter().position(|ns| ns.names.iter().any(|n| n == name))
    }
    /// The device at an end.
    pub fn link(&self, end: End) -> Option<&Link> {
        self.namespaces.get(end.ns)?.link(end.index)
    }
    /// The other end of a cable (veth, netkit, vxcan).
    pub fn peer(&self, end: End) -> Option<End> {
        let link = self.link(end)?;
        link.is_cable().then_some(link.other_end)?
    }
    /// Where an address is: all devices of all namespaces that have it, 127.0.0.0/8 and ::1 aside.
    pub fn holders(&self, addr: std::net::IpAddr) -> Vec<End> {
        let mut ends = Vec::new();
        for (ns, space) in self.namespaces.iter().enumerate() {
            let with = space.addrs.iter().filter(|a| a.local == addr && !addr.is_loopback());
            ends.extend(with.map(|a| End { ns, index: a.index }));
        }
        ends
    }
    /// How a namespace is spoken of: its name, `host` for the caller's, the last part of the path
    /// where it is mounted, or `pid N`.
    pub fn label(&self, ns: usize) -> Vec<u8> {
        match self.namespaces.get(ns) {
            Some(space) => space.label(ns == Network::HERE),
            None => b"?".to_vec(),
        }
    }
}

impl Namespace {
    pub fn link(&self, index: u32) -> Option<&Link> {
        let at = self.links.binary_search_by_key(&index, |l| l.index).ok()?;
        self.links.get(at)
    }
    pub fn link_named(&self, name: &[u8]) -> Option<&Link> {
        self.links.iter().find(|l| l.name == name)
    }
    /// The addresses of a device.
    pub fn addrs_of(&self, index: u32) -> impl Iterator<Item = &Addr> {
        self.addrs.iter().filter(move |a| a.index == index)
    }
    /// The ports of a bridge, bond or VRF.
    pub fn ports(&self, master: u32) -> impl Iterator<Item = &Link> {
        self.links.iter().filter(move |l| l.master == Some(master))
    }
    /// Whether an address is one of its own; all of 127.0.0.0/8 is.
    pub fn is_own(&self, addr: std::net::IpAddr) -> bool {
        addr.is_loopback() || self.addrs.iter().any(|a| a.local == addr)
    }
    fn label(&self, here: bool) -> Vec<u8> {
        if let Some(name) = self.names.first() {
            return name.clone();
        }
        match &self.origin {
            _ if here => b"host".to_vec(),
            Origin::Mount(path) => path.rsplit(|&b| b == b'/').next().unwrap_or(path).to_vec(),
            _ => [b"pid ", self.pids.first().copied().unwrap_or(0).to_string().as_bytes()].concat(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callers_namespace_is_read_first_and_has_a_loopback() {
        let network = Network::read(Depth::All).unwrap();
        let here = &network.namespaces[Network::HERE];
        assert!(here.open);
        assert!(here.links.iter().any(Link::is_loopback));
        assert_eq!(network.named(b"no such name"), None);
    }
}
