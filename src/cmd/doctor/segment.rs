//! Who hears what is sent by a device: cables, bridges, VLANs, down to the devices that have
//! addresses. What is in the way of a frame is kept, too.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::model::{Conf4, End, Link, Network};
use crate::sort;

/// What stops a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The device itself is down.
    Down(End),
    /// The device is up, but the other end of its cable is down.
    PeerDown(End),
    /// A frame has come by the port, but the bridge is down.
    BridgeDown(End),
    /// The end of a cable that is no port of any bridge and has no address.
    Loose(End),
    /// A port that does not forward: STP, or its state was set.
    Blocked(End),
    /// A port that exchanges nothing with the one the frame came by.
    Isolated(End),
    /// A port that is not in the frame's VLAN.
    Vlan(End),
    /// Whatever is sent here is gone.
    Swallowed(End),
}

/// A bridge that a frame passes from port to port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    pub ns: usize,
    pub bridge: u32,
    pub from: u32,
    pub to: u32,
}

/// A device with a stack above it that hears the frame.
#[derive(Clone, Debug)]
pub struct Member {
    pub end: End,
    /// The bridges on the way, in order.
    pub passes: Vec<Pass>,
    /// The port of the bridge that it came by, when the device is a bridge.
    pub port: Option<u32>,
}

/// Everybody on the link.
#[derive(Debug, Default)]
pub struct Segment {
    /// The sender is not among them.
    pub members: Vec<Member>,
    /// Devices beyond which nothing can be seen: hardware, tunnels, cables to namespaces that
    /// could not be read.
    pub exits: Vec<Member>,
    pub obstacles: Vec<Obstacle>,
    seen: BTreeSet<(End, u16, bool)>,
}

/// A frame on its way.
#[derive(Clone)]
struct Frame {
    passes: Vec<Pass>,
    /// The VLAN it is tagged with; 0 for none.
    vlan: u16,
}

/// No frame goes through more devices than this.
const DEPTH: usize = 64;

/// Who hears what is sent by the device.
pub fn of(net: &Network, from: End) -> Segment {
    let mut segment = Segment::default();
    let frame = Frame { passes: Vec::new(), vlan: 0 };
    segment.leave(net, from, frame, DEPTH);
    segment.members.retain(|m| m.end != from);
    segment
}

/// Who hears a frame that comes in by the device, which may be a port of a bridge.
pub fn entering(net: &Network, by: End) -> Segment {
    let mut segment = Segment::default();
    let frame = Frame { passes: Vec::new(), vlan: 0 };
    segment.enter(net, by, frame, DEPTH);
    segment
}

impl Segment {
    /// Those who answer when an address is asked for.
    pub fn holders<'a>(
        &'a self,
        net: &'a Network,
        addr: IpAddr,
    ) -> impl Iterator<Item = &'a Member> {
        self.members.iter().filter(move |m| answers(net, m.end, addr))
    }
    /// Whether nobody can be on the link who is not seen.
    pub fn is_closed(&self) -> bool {
        self.exits.is_empty()
    }

    fn first_time(&mut self, end: End, vlan: u16, leaving: bool) -> bool {
        self.seen.insert((end, vlan, leaving))
    }

    /// A frame leaves by a device.
    fn leave(&mut self, net: &Network, end: End, frame: Frame, depth: usize) {
        let Some(link) = net.link(end) else { return };
        if depth == 0 || !self.first_time(end, frame.vlan, true) {
            return;
        }
        if !link.is_up() {
            self.obstacles.push(Obstacle::Down(end));
            return;
        }
        let depth = depth - 1;
        if link.is_bridge() {
            let vlan = tagged(link, frame.vlan);
            if vlan.is_some() || !link.filters_vlans() {
                self.flood(
                    net,
                    end,
                    None,
                    Frame { vlan: vlan.unwrap_or(frame.vlan), ..frame },
                    depth,
                );
            }
        } else if link.is_cable() {
            match net.peer(end) {
                None => self.exits.push(frame.arrived(end)),
                Some(peer) => {
                    let Some(other) = net.link(peer) else { return };
                    if other.is_up() {
                        self.enter(net, peer, frame, depth);
                    } else {
                        self.obstacles.push(Obstacle::PeerDown(peer));
                    }
                }
            }
        } else if let Some(id) = link.vlan_id() {
            match link.other_end {
                Some(lower) => self.leave(net, lower, Frame { vlan: id, ..frame }, depth),
                None => self.exits.push(frame.arrived(end)),
            }
        } else if link.is_kind("macvlan") || link.is_kind("ipvlan") {
            match link.other_end {
                Some(lower) => {
                    self.above(net, lower, Some(end), &frame, depth);
                    self.leave(net, lower, frame, depth);
                }
                None => self.exits.push(frame.arrived(end)),
            }
        } else if link.is_kind("bond") || link.is_kind("team") {
            let ports: Vec<u32> =
                net.namespaces[end.ns].ports(end.index).map(|l| l.index).collect();
            for index in ports {
                self.leave(net, End { ns: end.ns, index }, frame.clone(), depth);
            }
        } else if link.is_kind("dummy") || link.is_kind("ifb") {
            self.obstacles.push(Obstacle::Swallowed(end));
        } else if !link.is_loopback() {
            self.exits.push(frame.arrived(end));
        }
    }

    /// A frame comes in by a device.
    fn enter(&mut self, net: &Network, end: End, mut frame: Frame, depth: usize) {
        let Some(link) = net.link(end) else { return };
        if depth == 0 || !self.first_time(end, frame.vlan, false) {
            return;
        }
        if !link.is_up() {
            self.obstacles.push(Obstacle::Down(end));
            return;
        }
        let depth = depth - 1;
        let master = link.master.map(|index| End { ns: end.ns, index });
        let bridge = master.filter(|_| link.is_bridge_port());
        if let Some(bridge) = bridge {
            let Some(device) = net.link(bridge) else { return };
            if !device.is_up() {
                self.obstacles.push(Obstacle::BridgeDown(bridge));
                return;
            }
            if link.port_state().is_some_and(|s| s != 3) {
                self.obstacles.push(Obstacle::Blocked(end));
                return;
            }
            if device.filters_vlans() {
                match received(link, frame.vlan) {
                    Some(vlan) => frame.vlan = vlan,
                    None => {
                        self.obstacles.push(Obstacle::Vlan(end));
                        return;
                    }
                }
            }
            self.flood(net, bridge, Some(link), frame, depth);
            return;
        }
        let bonded = |l: &Link| l.is_kind("bond") || l.is_kind("team");
        if let Some(bond) = master.filter(|m| net.link(*m).is_some_and(bonded)) {
            self.enter(net, bond, frame, depth);
            return;
        }
        self.above(net, end, None, &frame, depth);
        if frame.vlan == 0 {
            let has_addrs = net.namespaces[end.ns].addrs_of(end.index).next().is_some();
            if link.is_cable() && master.is_none() && !has_addrs {
                self.obstacles.push(Obstacle::Loose(end));
            }
            self.members.push(frame.arrived(end));
        }
    }

    /// A bridge has a frame for all its ports but the one it came by.
    fn flood(
        &mut self,
        net: &Network,
        bridge: End,
        from: Option<&Link>,
        frame: Frame,
        depth: usize,
    ) {
        let Some(device) = net.link(bridge) else { return };
        let filters = device.filters_vlans();
        let space = &net.namespaces[bridge.ns];
        for port in space.ports(bridge.index) {
            let end = End { ns: bridge.ns, index: port.index };
            if from.is_some_and(|f| f.index == port.index && !f.hairpin()) {
                continue;
            }
            if from.is_some_and(|f| f.isolated() && port.isolated()) {
                self.obstacles.push(Obstacle::Isolated(end));
                continue;
            }
            if port.is_up() && port.port_state().is_some_and(|s| s != 3) && port.has_carrier() {
                self.obstacles.push(Obstacle::Blocked(end));
                continue;
            }
            let mut frame = frame.clone();
            if filters {
                match sent(port, frame.vlan) {
                    Some(vlan) => frame.vlan = vlan,
                    None => {
                        self.obstacles.push(Obstacle::Vlan(end));
                        continue;
                    }
                }
            }
            if let Some(from) = from {
                let (ns, bridge) = (bridge.ns, bridge.index);
                frame.passes.push(Pass { ns, bridge, from: from.index, to: port.index });
            }
            self.leave(net, end, frame, depth);
        }
        let mut frame = frame;
        if from.is_some() {
            if filters {
                let Some(vlan) = sent(device, frame.vlan) else { return };
                frame.vlan = vlan;
            }
            self.above(net, bridge, None, &frame, depth);
            if frame.vlan == 0 {
                let port = from.map(|f| f.index);
                self.members.push(Member { port, ..frame.arrived(bridge) });
            }
        }
    }

    /// What lies on a device: VLANs of its number, and devices with hardware addresses of their own.
    fn above(&mut self, net: &Network, lower: End, but: Option<End>, frame: &Frame, depth: usize) {
        for end in net.above(lower).filter(|end| Some(*end) != but) {
            let Some(link) = net.link(end) else { continue };
            let vlan = link.vlan_id();
            let own = link.is_kind("macvlan") || link.is_kind("ipvlan");
            if vlan.is_some_and(|id| id == frame.vlan) || own && frame.vlan == 0 {
                self.enter(net, end, Frame { vlan: 0, ..frame.clone() }, depth);
            }
        }
    }
}

impl Frame {
    fn arrived(self, end: End) -> Member {
        Member { end, passes: self.passes, port: None }
    }
}

const PVID: u16 = 2;
const UNTAGGED: u16 = 4;

/// The VLAN of a frame that comes in by a port, if the port takes it.
fn received(port: &Link, vlan: u16) -> Option<u16> {
    let fits = |(id, flags): &&(u16, u16)| match vlan {
        0 => flags & PVID != 0,
        v => *id == v,
    };
    port.vlans.iter().find(fits).map(|v| v.0)
}
/// How a frame of a VLAN leaves by a port: tagged with what is returned, 0 for not at all.
fn sent(port: &Link, vlan: u16) -> Option<u16> {
    let (_, flags) = port.vlans.iter().find(|v| v.0 == vlan)?;
    Some(if flags & UNTAGGED != 0 { 0 } else { vlan })
}
/// The VLAN of what the host itself sends by its bridge.
fn tagged(bridge: &Link, vlan: u16) -> Option<u16> {
    if bridge.filters_vlans() { received(bridge, vlan) } else { Some(vlan) }
}

/// Whether somebody who hears the question answers for the address.
pub fn answers(net: &Network, end: End, addr: IpAddr) -> bool {
    let space = &net.namespaces[end.ns];
    let Some(link) = space.link(end.index) else { return false };
    let own = |a: &&crate::model::Addr| a.local == addr && !a.is_duplicate();
    let IpAddr::V4(_) = addr else {
        return space.addrs_of(end.index).any(|a| own(&a));
    };
    if link.conf4(Conf4::ProxyArp) != 0 && !space.addrs_of(end.index).any(|a| own(&a)) {
        let query = super::fib::Query {
            dst: addr,
            src: None,
            iif: 0,
            oif: 0,
            mark: 0,
            proto: 0,
            sport: 0,
            dport: 0,
        };
        // For what lies behind another device.
        if super::fib::lookup(space, &query)
            .is_some_and(|f| f.is_way() && f.hop.is_some_and(|h| h.index != end.index))
        {
            return true;
        }
    }
    if !link.has_arp() {
        return false;
    }
    match space.settings.arp_ignore.max(link.conf4(Conf4::ArpIgnore)) {
        0 => space.addrs.iter().any(|a| own(&a)),
        _ => space.addrs_of(end.index).any(|a| own(&a)),
    }
}

/// The devices of one link, the one that is asked about among them.
pub fn all(net: &Network, from: End) -> Vec<End> {
    let mut ends: Vec<End> = of(net, from).members.iter().map(|m| m.end).collect();
    ends.push(from);
    sort::all(&mut ends);
    ends.dedup();
    ends
}

impl Obstacle {
    /// The device it is about.
    pub fn end(self) -> End {
        match self {
            Obstacle::Down(e)
            | Obstacle::PeerDown(e)
            | Obstacle::BridgeDown(e)
            | Obstacle::Loose(e)
            | Obstacle::Blocked(e)
            | Obstacle::Isolated(e)
            | Obstacle::Vlan(e)
            | Obstacle::Swallowed(e) => e,
        }
    }
}
