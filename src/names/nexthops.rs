//! Nexthop objects by id, asked for one by one and kept.

use std::collections::BTreeMap;

use crate::netlink::{Conn, Protocol};
use crate::rtnl::nexthop::query;

/// The cache, and a socket of its own: objects are needed in the middle of a dump of routes.
#[derive(Default)]
pub struct Nexthops {
    conn: Option<Conn>,
    known: BTreeMap<u32, Vec<u8>>,
}

impl Nexthops {
    /// struct nhmsg and its attributes; empty when there is no such object.
    pub fn get(&mut self, id: u32) -> &[u8] {
        if !self.known.contains_key(&id) {
            let found = self.ask(id).unwrap_or_default();
            self.known.insert(id, found);
        }
        self.known.get(&id).map_or(&[], Vec::as_slice)
    }

    fn ask(&mut self, id: u32) -> Option<Vec<u8>> {
        if self.conn.is_none() {
            self.conn = Conn::open(Protocol::Route, 1 << 20).ok();
        }
        let msg = self.conn.as_mut()?.get(&mut query(id)).ok()?;
        Some(msg.payload.to_vec())
    }
}
