//! The names of network namespaces by their ids in this one.

use std::os::fd::AsFd;

use crate::netlink::{Conn, Protocol};
use crate::rtnl::nsid::{self, NsId};
use crate::sys::{file, netns};

/// Every named namespace that has an id here, in the directory's order.
pub struct Namespaces(Vec<(i32, Vec<u8>)>);

impl Namespaces {
    /// Asks the kernel for the id of each named namespace; nothing when there is no socket.
    pub fn read() -> Namespaces {
        let mut found = Vec::new();
        let names = file::list(netns::DIR).unwrap_or_default();
        if names.is_empty() {
            return Namespaces(found);
        }
        let Ok(mut conn) = Conn::open(Protocol::Route, 1 << 20) else { return Namespaces(found) };
        for name in names {
            let Ok(ns) = netns::open_named(&name) else { continue };
            let Ok(msg) = conn.get(&mut nsid::get(ns.as_fd())) else { continue };
            if let Some(id) = NsId::parse(msg.payload).and_then(|n| n.id()).filter(|id| *id >= 0) {
                found.push((id, name));
            }
        }
        Namespaces(found)
    }

    pub fn name(&self, id: i32) -> Option<&[u8]> {
        self.0.iter().find(|(n, _)| *n == id).map(|(_, name)| &name[..])
    }
}
