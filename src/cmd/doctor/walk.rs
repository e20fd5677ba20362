//! A packet's way, there and back, through all namespaces that can be seen.
//!
//! ```text
//! output ─▶ OUTPUT ─▶ POSTROUTING ─▶ transmit ─▶ bridges ─▶ receive ─▶ PREROUTING ─┬▶ INPUT ─▶ arrives
//!                                        ▲                                         └▶ FORWARD ─▶ POSTROUTING ┐
//!                                        └─────────────────────────────────────────────────────────────────┘
//! ```
//!
//! Nothing is sent: every step asks the picture of the network what the kernel would do. Here is
//! what happens in a namespace; `wire` is between two of them, `trip` what comes of it.

use std::net::IpAddr;

use super::fib::{self, Disbelief, Found, Query};
use super::hooks::{self, Doubts, Place};
use super::packet::{Connection, Packet, TCP, Tuple, UDP};
use super::segment::{Member, Pass};
use super::trip::{Did, Flow, Step, Stop, Trip, Why};
use crate::model::{Conf4, End, Link, Namespace, Network};

/// Hops until a packet is given up.
const HOPS: usize = 32;
/// An ephemeral port.
const PORT: u16 = 40000;

/// Follows a flow and the answer to it.
pub fn follow(net: &Network, flow: Flow) -> Trip {
    let mut walk = Walk {
        net,
        trip: Trip {
            steps: Vec::new(),
            stop: None,
            doubts: Vec::new(),
            connections: Vec::new(),
            end: None,
            arrived: None,
            sent: None,
        },
        back: false,
        hops: HOPS,
    };
    if let Err(stop) = walk.both(flow) {
        walk.trip.stop = Some(*stop);
    }
    walk.trip.doubts.dedup();
    walk.trip
}

pub(super) struct Walk<'n> {
    pub(super) net: &'n Network,
    pub(super) trip: Trip,
    back: bool,
    /// Those that are left.
    pub(super) hops: usize,
}

/// Where a packet ends.
pub(super) enum Arrival {
    At {
        ns: usize,
        /// The device it came by.
        by: u32,
        packet: Packet,
    },
    /// It is out of sight: who has sent it there, and how.
    Outside { from: End, exit: Member, packet: Packet },
}

pub(super) type Result<T = Arrival> = std::result::Result<T, Box<Stop>>;

impl<'n> Walk<'n> {
    pub(super) fn space(&self, ns: usize) -> &'n Namespace {
        &self.net.namespaces[ns]
    }
    pub(super) fn stop<T>(&self, ns: usize, packet: &Packet, why: Why) -> Result<T> {
        Err(Box::new(Stop { why, ns, packet: packet.clone(), back: self.back }))
    }
    pub(super) fn step(&mut self, ns: usize, what: Did, packet: &Packet) {
        let packet = packet.clone();
        self.trip.steps.push(Step { ns, back: self.back, what, packet });
    }

    fn both(&mut self, flow: Flow) -> Result<()> {
        let zero = if flow.dst.is_ipv4() { IpAddr::from([0; 4]) } else { IpAddr::from([0; 16]) };
        let packet = Packet {
            src: flow.src.unwrap_or(zero),
            dst: flow.dst,
            proto: flow.proto,
            sport: PORT,
            dport: flow.port,
            mark: 0,
            reply: false,
        };
        let arrival = match flow.enters {
            Some(by) => {
                self.trip.sent = Some(packet.clone());
                self.receive(by, None, packet, false)?
            }
            None => self.output(flow.from, packet, 0)?,
        };
        let asked = self.trip.sent.as_ref().map_or_else(|| zero_tuple(zero), Packet::tuple);
        self.back = true;
        self.hops = HOPS;
        let answer = match arrival {
            Arrival::At { ns, by, packet } => {
                self.trip.end = Some(ns);
                self.trip.arrived = Some(packet.clone());
                let vrf = fib::vrf_of(self.space(ns), by).unwrap_or(0);
                self.heard(ns, by, vrf, &packet)?;
                // What came by a VRF is answered there.
                self.output(ns, packet.answer(), vrf)?
            }
            Arrival::Outside { from, exit, packet } => {
                self.answered_outside(from, &exit, &packet)?
            }
        };
        match answer {
            Arrival::At { ns, packet, .. }
                if ns == flow.from && packet.tuple() == asked.inverse() =>
            {
                Ok(())
            }
            Arrival::Outside { packet, .. }
                if flow.enters.is_some() && packet.tuple() == asked.inverse() =>
            {
                Ok(())
            }
            Arrival::At { ns, packet, .. } => self.stop(ns, &packet, Why::WrongAnswer),
            Arrival::Outside { from, packet, .. } => {
                self.stop(from.ns, &packet, Why::NoReturn { device: from.index })
            }
        }
    }

    /// Whether somebody takes what has arrived.
    fn heard(&mut self, ns: usize, by: u32, vrf: u32, packet: &Packet) -> Result<()> {
        let space = self.space(ns);
        // Who is bound to no device hears nothing of a VRF, unless that is allowed.
        let open = vrf == 0
            || match packet.proto {
                TCP => space.settings.tcp_l3mdev_accept,
                _ => space.settings.udp_l3mdev_accept,
            };
        let heard = |l: &crate::model::Listener| {
            let here = if l.index == 0 { open } else { l.index == by || l.index == vrf };
            here && l.hears(packet.proto, packet.dst, packet.dport)
        };
        let back = std::mem::replace(&mut self.back, false);
        let result = match packet.proto {
            TCP | UDP if !space.listeners.iter().any(heard) => self.stop(ns, packet, Why::Closed),
            TCP | UDP => Ok(()),
            _ => {
                let mute = if packet.is_ipv4() {
                    space.settings.echo_ignore
                } else {
                    space.settings.echo6_ignore
                };
                if mute { self.stop(ns, packet, Why::Mute) } else { Ok(()) }
            }
        };
        self.back = back;
        result
    }

    /// The answer of somebody out of sight, who is taken to answer whatever reaches him.
    fn answered_outside(&mut self, from: End, exit: &Member, packet: &Packet) -> Result {
        let space = self.space(from.ns);
        if let Some(end) = self.net.holders(packet.dst).first()
            && is_private(packet.dst)
            && end.ns != from.ns
        {
            self.back = false;
            return self.stop(from.ns, packet, Why::Astray { device: from.index });
        }
        let on_link = space.addrs_of(from.index).any(|a| a.network().contains(packet.src));
        if !space.is_own(packet.src) && !on_link && is_private(packet.src) {
            self.back = false;
            return self.stop(from.ns, packet, Why::NoReturn { device: from.index });
        }
        let mut answer = packet.answer();
        for pass in exit.passes.iter().rev() {
            let pass = Pass { from: pass.to, to: pass.from, ..*pass };
            if let Some(arrival) = self.bridged(pass, &mut answer)? {
                return Ok(arrival);
            }
        }
        self.receive(from, None, answer, false)
    }

    /// The connection that a packet belongs to in a namespace.
    pub(super) fn connection(&mut self, ns: usize, packet: &Packet) -> usize {
        let tuple = packet.tuple();
        let all = &mut self.trip.connections;
        let found =
            all.iter().position(|c| c.ns == ns && (c.original == tuple || c.reply == tuple));
        let at = found.unwrap_or_else(|| {
            all.push(Connection::new(ns, packet));
            all.len() - 1
        });
        // What one host sends to itself may look the same from both sides.
        all[at].replying = all[at].reply == tuple && (all[at].original != tuple || packet.reply);
        all[at].seen_reply |= all[at].replying;
        at
    }

    pub(super) fn hook(
        &mut self,
        ns: usize,
        place: Place<'n>,
        packet: &mut Packet,
        at: usize,
    ) -> Result<()> {
        let mut doubts = Doubts::default();
        let connection = &mut self.trip.connections[at];
        let result = hooks::run(place, packet, connection, &mut doubts);
        let label = self.net.label(ns);
        if place.ns.unread {
            let label = lossy(&label);
            self.trip
                .doubts
                .push(format!("the older rules (iptables-legacy) of {label} cannot be read"));
        }
        if place.ns.tables.is_none() {
            let text = format!("the filter rules of {} cannot be read", lossy(&label));
            self.trip.doubts.push(text);
        }
        for (table, chain, handle) in doubts.rules {
            let text = format!(
                "{}: a rule of table {}, chain {} (handle {handle}) cannot be judged",
                lossy(&label),
                lossy(&table),
                lossy(&chain)
            );
            self.trip.doubts.push(text);
        }
        let [input, output] = place.ports;
        // A frame between ports is told from one to the host by both being known.
        let bridge = input.and(output).and_then(|p| p.master);
        result.or_else(|culprit| self.stop(ns, packet, Why::Filtered { culprit, bridge }))
    }

    /// A packet that is made in the namespace, for what a VRF knows; 0 for none.
    fn output(&mut self, ns: usize, mut packet: Packet, vrf: u32) -> Result {
        let space = self.space(ns);
        let query = |p: &Packet, src| Query {
            dst: p.dst,
            src,
            iif: 0,
            oif: vrf,
            mark: p.mark,
            proto: p.proto,
            sport: p.sport,
            dport: p.dport,
        };
        let fixed = (!packet.src.is_unspecified()).then_some(packet.src);
        let Some(mut found) = fib::lookup(space, &query(&packet, fixed)) else {
            return self.stop(ns, &packet, Why::NoRoute);
        };
        if fixed.is_none() {
            let Some(src) = source(space, &found, packet.dst) else {
                let device = found.hop.map_or(0, |h| h.index);
                return self.stop(ns, &packet, Why::NoSource { device });
            };
            packet.src = src;
            // Who connects asks once more, with the source.
            if packet.proto == TCP
                && let Some(again) = fib::lookup(space, &query(&packet, Some(src)))
            {
                found = again;
            }
        }
        if self.trip.sent.is_none() {
            self.trip.sent = Some(packet.clone());
        }
        let at = self.connection(ns, &packet);
        let before = (packet.dst, packet.mark);
        let lo = space.links.iter().find(|l| l.is_loopback());
        let way_out = |f: &Found<'_>| match f.is_local() {
            true => lo,
            false => f.hop.and_then(|h| space.link(h.index)),
        };
        let place = Place {
            ns: space,
            hook: hooks::OUTPUT,
            input: None,
            output: way_out(&found),
            ports: [None; 2],
            next: None,
        };
        self.hook(ns, place, &mut packet, at)?;
        if (packet.dst, packet.mark) != before {
            let Some(again) = fib::lookup(space, &query(&packet, Some(packet.src))) else {
                return self.stop(ns, &packet, Why::NoRoute);
            };
            found = again;
        }
        self.note(ns, &found);
        if found.is_local() {
            return self.deliver_here(ns, packet, at, lo);
        }
        let Some(hop) = found.hop.filter(|_| found.is_way() || found.is_broadcast()) else {
            return self.stop(ns, &packet, Why::Refused(found.route.kind));
        };
        let output = space.link(hop.index);
        let localnet = space.settings.route_localnet
            || output.is_some_and(|o| o.conf4(Conf4::RouteLocalnet) != 0);
        if packet.src.is_loopback() && !localnet {
            return self.stop(ns, &packet, Why::LoopbackSource { device: hop.index });
        }
        let next = hop.gateway.unwrap_or(packet.dst);
        let place = Place { hook: hooks::POSTROUTING, output, next: Some(next), ..place };
        self.hook(ns, place, &mut packet, at)?;
        self.step(ns, Did::Sent { device: hop.index, next }, &packet);
        self.transmit(End { ns, index: hop.index }, next, packet)
    }

    /// From this host to this host.
    fn deliver_here(
        &mut self,
        ns: usize,
        mut packet: Packet,
        at: usize,
        lo: Option<&'n Link>,
    ) -> Result {
        if !lo.is_some_and(Link::is_up) {
            return self.stop(ns, &packet, Why::LoDown);
        }
        let ends = [
            (hooks::POSTROUTING, None, lo),
            (hooks::PREROUTING, lo, None),
            (hooks::INPUT, lo, None),
        ];
        for (hook, input, output) in ends {
            let place =
                Place { ns: self.space(ns), hook, input, output, ports: [None; 2], next: None };
            self.hook(ns, place, &mut packet, at)?;
        }
        self.step(ns, Did::Arrived, &packet);
        Ok(Arrival::At { ns, by: lo.map_or(0, |l| l.index), packet })
    }

    fn note(&mut self, ns: usize, found: &Found<'_>) {
        let label = lossy(&self.net.label(ns));
        if found.unsure {
            self.trip.doubts.push(format!("{label}: a rule of ip rule cannot be judged"));
        }
        if found.route.encap {
            self.trip.doubts.push(format!("{label}: the route leads into a tunnel"));
        }
    }

    /// A packet that comes in by a device, and by a port when that is a bridge; `asked`: the
    /// chains of PREROUTING have been asked already.
    pub(super) fn receive(
        &mut self,
        by: End,
        port: Option<u32>,
        mut packet: Packet,
        asked: bool,
    ) -> Result {
        let (ns, space) = (by.ns, self.space(by.ns));
        let Some(link) = space.link(by.index) else {
            return self.stop(ns, &packet, Why::NoRoute);
        };
        self.hops -= 1;
        if self.hops == 0 {
            return self.stop(ns, &packet, Why::Circle);
        }
        let at = self.connection(ns, &packet);
        let mut place = Place {
            ns: space,
            hook: hooks::PREROUTING,
            input: Some(link),
            output: None,
            ports: [port.and_then(|p| space.link(p)), None],
            next: None,
        };
        if !asked {
            let before = packet.dst;
            self.hook(ns, place, &mut packet, at)?;
            // Frames that a bridge gives to the rules may turn round without being routed.
            if let Some(port) = port
                && packet.dst != before
                && calls_rules(space, link, &packet)
                && let Some(done) =
                    self.turned(Pass { ns, bridge: by.index, from: port, to: 0 }, &mut packet)?
            {
                return Ok(done);
            }
        }
        let query = Query {
            dst: packet.dst,
            src: Some(packet.src),
            iif: link.index,
            oif: 0,
            mark: packet.mark,
            proto: packet.proto,
            sport: packet.sport,
            dport: packet.dport,
        };
        let device = link.index;
        let forwards = match packet.is_ipv4() {
            true => link.conf4(Conf4::Forwarding) != 0,
            false => space.settings.ip6_forward,
        };
        let loopback = packet.dst.is_loopback() && !link.is_loopback();
        let localnet = space.settings.route_localnet || link.conf4(Conf4::RouteLocalnet) != 0;
        if loopback && !(localnet && packet.is_ipv4()) {
            return self.stop(ns, &packet, Why::Martian { device });
        }
        let found = fib::lookup(space, &query);
        let local = found.as_ref().is_some_and(Found::is_local);
        if !local && !forwards {
            return self.stop(ns, &packet, Why::NotForwarding { device });
        }
        let Some(found) = found else { return self.stop(ns, &packet, Why::NoRoute) };
        match fib::believed(space, link, &query) {
            Ok(()) => {}
            Err(Disbelief::Martian) => return self.stop(ns, &packet, Why::Martian { device }),
            Err(Disbelief::Path) => return self.stop(ns, &packet, Why::ReversePath { device }),
        }
        self.note(ns, &found);
        if local {
            place.hook = hooks::INPUT;
            self.hook(ns, place, &mut packet, at)?;
            self.step(ns, Did::Arrived, &packet);
            return Ok(Arrival::At { ns, by: device, packet });
        }
        let Some(hop) = found.hop.filter(|_| found.is_way()) else {
            return self.stop(ns, &packet, Why::Refused(found.route.kind));
        };
        let next = hop.gateway.unwrap_or(packet.dst);
        (place.hook, place.output, place.next) =
            (hooks::FORWARD, space.link(hop.index), Some(next));
        place.ports = [None; 2];
        self.hook(ns, place, &mut packet, at)?;
        (place.hook, place.input) = (hooks::POSTROUTING, None);
        self.hook(ns, place, &mut packet, at)?;
        self.step(ns, Did::Forwarded { from: device, device: hop.index, next }, &packet);
        self.transmit(End { ns, index: hop.index }, next, packet)
    }
}

/// Whether the frames of a bridge go through the rules of iptables.
pub fn calls_rules(space: &Namespace, bridge: &Link, packet: &Packet) -> bool {
    match packet.is_ipv4() {
        true => space.settings.bridge_nf_call_iptables || bridge.calls_iptables(),
        false => space.settings.bridge_nf_call_ip6tables || bridge.calls_ip6tables(),
    }
}

/// The source of a packet that has none yet.
fn source(space: &Namespace, found: &Found<'_>, dst: IpAddr) -> Option<IpAddr> {
    if found.is_local() {
        return Some(dst);
    }
    let hop = found.hop?;
    found.route.prefsrc.or_else(|| fib::source(space, hop.index, hop.gateway.unwrap_or(dst)))
}

fn zero_tuple(zero: IpAddr) -> Tuple {
    Tuple { src: zero, dst: zero, sport: 0, dport: 0 }
}

/// Whether routers of the internet do not know the address.
pub fn is_private(addr: IpAddr) -> bool {
    match addr {
        IpAddr::V4(a) => {
            let [x, y, ..] = a.octets();
            a.is_private() || a.is_link_local() || a.is_loopback() || x == 100 && y & 0xc0 == 64
        }
        IpAddr::V6(a) => a.is_unique_local() || a.is_unicast_link_local() || a.is_loopback(),
    }
}

pub fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
