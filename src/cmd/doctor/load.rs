//! What an expression of nf_tables loads into a register: bytes of the packet, what is known beside
//! it, of its connection, and of its addresses.

use std::net::IpAddr;

use super::eval::{PERHAPS, Run, Step, YES, number};
use super::fib::{self, Query};
use super::packet::Connection;
use crate::model::Link;
use crate::netlink::{Attr, Attrs};

impl Run<'_, '_> {
    pub(super) fn payload(&mut self, data: Attrs<'_>) -> Step {
        let (Some(base), Some(offset), Some(len)) =
            (number(data, 2), number(data, 3), number(data, 4))
        else {
            return PERHAPS;
        };
        if number(data, 5).is_some() {
            // It writes into the packet: checksums and the like.
            return YES;
        }
        let header = match base {
            1 => self.packet.network(),
            2 => self.packet.transport(),
            _ => Vec::new(),
        };
        let (from, len) = (offset as usize, len as usize);
        let bytes = header.get(from..from.saturating_add(len));
        self.store(number(data, 1), bytes, len.min(64));
        YES
    }

    pub(super) fn meta(&mut self, data: Attrs<'_>) -> Step {
        const MARK: u32 = 3;
        let key = number(data, 2).unwrap_or(u32::MAX);
        if let Some(from) = number(data, 3) {
            if key == MARK
                && let Some(mark) = self.load(Some(from), 4)
            {
                self.packet.mark = u32::from_ne_bytes([mark[0], mark[1], mark[2], mark[3]]);
            }
            return YES;
        }
        let scene = self.scene;
        let index = |l: Option<&Link>| l.map_or(0, |l| l.index).to_ne_bytes().to_vec();
        let name = |l: Option<&Link>| {
            let mut name = l.map(|l| l.name.clone()).unwrap_or_default();
            name.resize(16, 0);
            name
        };
        let ether: u16 = if self.packet.is_ipv4() { 0x0800 } else { 0x86dd };
        let bytes = match key {
            0 => u32::from(self.packet.len()).to_ne_bytes().to_vec(),
            1 => ether.to_be_bytes().to_vec(),
            MARK => self.packet.mark.to_ne_bytes().to_vec(),
            4 => index(scene.input),
            5 => index(scene.output),
            6 => name(scene.input),
            7 => name(scene.output),
            8 => scene.input.map_or(0, |l| l.arphrd).to_ne_bytes().to_vec(),
            9 => scene.output.map_or(0, |l| l.arphrd).to_ne_bytes().to_vec(),
            15 => vec![if self.packet.is_ipv4() { 2 } else { 10 }],
            16 => vec![self.packet.proto],
            // PACKET_HOST; what is sent from here to here is the same on its way in.
            19 => vec![0],
            _ => {
                self.store(number(data, 1), None, 16);
                return YES;
            }
        };
        self.store(number(data, 1), Some(&bytes), bytes.len());
        YES
    }

    pub(super) fn ct(&mut self, data: Attrs<'_>) -> Step {
        const MARK: u32 = 3;
        let key = number(data, 2).unwrap_or(u32::MAX);
        if let Some(from) = number(data, 4) {
            if key == MARK
                && let Some(mark) = self.load(Some(from), 4)
            {
                self.connection.mark = u32::from_ne_bytes([mark[0], mark[1], mark[2], mark[3]]);
            }
            return YES;
        }
        // Which side is asked about, where both differ.
        let reply =
            data.find(3).and_then(Attr::u8).unwrap_or(u8::from(self.connection.replying)) == 1;
        let tuple = if reply { self.connection.reply } else { self.connection.original };
        let bytes = match key {
            0 => state(self.connection).to_ne_bytes().to_vec(),
            1 => vec![u8::from(self.connection.replying)],
            2 => status(self.connection).to_ne_bytes().to_vec(),
            MARK => self.connection.mark.to_ne_bytes().to_vec(),
            7 => vec![if self.packet.is_ipv4() { 2 } else { 10 }],
            8 | 19 | 21 => octets(tuple.src),
            9 | 20 | 22 => octets(tuple.dst),
            10 => vec![self.packet.proto],
            11 => tuple.sport.to_be_bytes().to_vec(),
            12 => tuple.dport.to_be_bytes().to_vec(),
            17 => vec![0, 0],
            _ => {
                self.store(number(data, 1), None, 16);
                return YES;
            }
        };
        self.store(number(data, 1), Some(&bytes), bytes.len());
        YES
    }

    /// What the routing table says of an address of the packet.
    pub(super) fn fib(&mut self, data: Attrs<'_>) -> Step {
        const SADDR: u32 = 1;
        const OIFNAME: u32 = 2;
        const ADDRTYPE: u32 = 3;
        const PRESENT: u32 = 32;
        let (result, flags) = (number(data, 2).unwrap_or(0), number(data, 3).unwrap_or(0));
        let source = flags & SADDR != 0;
        let addr = if source { self.packet.src } else { self.packet.dst };
        let ns = self.scene.ns;
        let register = number(data, 1);
        if result == ADDRTYPE {
            let kind = u32::from(fib::kind(ns, addr)).to_ne_bytes();
            self.store(register, Some(&kind), 4);
            return YES;
        }
        let other = if source { self.packet.dst } else { self.packet.src };
        let mark = if flags & 4 != 0 { self.packet.mark } else { 0 };
        let (proto, src) = (self.packet.proto, Some(other));
        let query = Query { dst: addr, src, iif: 0, oif: 0, mark, proto, sport: 0, dport: 0 };
        let index = fib::lookup(ns, &query)
            .filter(|f| f.is_way() || f.is_local())
            .and_then(|f| f.hop)
            .map_or(0, |h| h.index);
        // With IIF or OIF, another device counts as none.
        let device = match flags & 24 {
            8 => self.scene.input,
            16 => self.scene.output,
            _ => None,
        };
        let index = if device.is_some_and(|d| d.index != index) { 0 } else { index };
        if flags & PRESENT != 0 {
            self.store(register, Some(&[u8::from(index != 0)]), 1);
        } else if result == OIFNAME {
            let mut name = ns.link(index).map(|l| l.name.clone()).unwrap_or_default();
            name.resize(16, 0);
            self.store(register, Some(&name), 16);
        } else {
            self.store(register, Some(&index.to_ne_bytes()), 4);
        }
        YES
    }
}

/// The state of a connection, as bits of `ct state`.
pub fn state(connection: &Connection) -> u32 {
    const INVALID: u32 = 1;
    const ESTABLISHED: u32 = 2;
    const NEW: u32 = 8;
    const UNTRACKED: u32 = 64;
    match () {
        () if connection.untracked => UNTRACKED,
        () if connection.invalid => INVALID,
        () if connection.replying || connection.seen_reply => ESTABLISHED,
        () => NEW,
    }
}

/// IPS_* as far as they can be known: seen reply 2, confirmed 8, source NAT 16, destination NAT 32.
pub fn status(connection: &Connection) -> u32 {
    let bit = |on: bool, bit: u32| if on { bit } else { 0 };
    bit(connection.seen_reply, 2 | 8)
        | bit(connection.is_snat(), 16)
        | bit(connection.is_dnat(), 32)
}

pub fn octets(addr: IpAddr) -> Vec<u8> {
    match addr {
        IpAddr::V4(a) => a.octets().to_vec(),
        IpAddr::V6(a) => a.octets().to_vec(),
    }
}
