//! A packet's way from one namespace to the next: who is asked for, the bridges between, and the
//! rules that look at frames there.

use std::net::IpAddr;

use super::fib::{self, Disbelief, Query};
use super::hooks::{self, Place};
use super::packet::Packet;
use super::segment::{self, Member, Pass, Segment};
use super::trip::{Did, Why};
use super::walk::{Arrival, Result, Walk, calls_rules, lossy};
use crate::model::{Conf4, End};
use crate::rtnl::consts::{NUD_FAILED, NUD_INCOMPLETE, NUD_NONE};

impl Walk<'_> {
    pub(super) fn transmit(&mut self, by: End, next: IpAddr, mut packet: Packet) -> Result {
        let segment = segment::of(self.net, by);
        let ns = by.ns;
        // A netkit without hardware addresses asks nobody: whoever is at its other end is meant.
        let straight =
            self.space(ns).link(by.index).is_some_and(|l| l.is_kind("netkit") && !l.has_arp());
        let holder = match straight {
            true => segment.members.first().cloned(),
            false => segment.holders(self.net, next).next().cloned(),
        };
        // Whoever answers first gets the packet.
        if let Some(first) = &holder
            && let Some(second) = segment.holders(self.net, next).find(|m| m.end.ns != first.end.ns)
        {
            let [a, b] = [first, second].map(|m| lossy(&self.net.label(m.end.ns)));
            self.trip.doubts.push(format!("both {a} and {b} have {next}"));
        }
        let Some(member) = holder else {
            return match segment.exits.first() {
                Some(exit) => {
                    let exit = exit.clone();
                    self.through(&exit.passes.clone(), &mut packet)?.map_or_else(
                        || {
                            self.step(ns, Did::Left { device: exit.end.index }, &packet);
                            Ok(Arrival::Outside { from: by, exit, packet: packet.clone() })
                        },
                        Ok,
                    )
                }
                None => {
                    let (device, addr) = (by.index, next);
                    self.stop(ns, &packet, Why::Unresolved { device, addr, segment })
                }
            };
        };
        if !straight {
            self.neighbour(by, next, &segment, &member, &packet)?;
        }
        if let Some(arrival) = self.through(&member.passes, &mut packet)? {
            return Ok(arrival);
        }
        self.receive(member.end, member.port, packet, false)
    }

    /// Whether the neighbour's hardware address can be known.
    fn neighbour(
        &mut self,
        by: End,
        addr: IpAddr,
        segment: &Segment,
        member: &Member,
        packet: &Packet,
    ) -> Result<()> {
        let space = self.space(by.ns);
        let unknown = NUD_NONE | NUD_INCOMPLETE | NUD_FAILED;
        let known = space
            .neighs
            .iter()
            .find(|n| n.index == by.index && n.addr == addr && n.state & !unknown != 0);
        if let Some(mac) = known.and_then(|n| n.mac.as_ref()) {
            let has = |m: &&Member| self.net.link(m.end).is_some_and(|l| l.mac == *mac);
            if segment.holders(self.net, addr).any(|m| has(&m)) {
                return Ok(());
            }
            let device = by.index;
            return self.stop(by.ns, packet, Why::WrongMac { device, addr });
        }
        self.asked(by, addr, member.end, packet)
    }

    /// Whether who has an address believes the question for it.
    fn asked(&mut self, by: End, addr: IpAddr, holder: End, packet: &Packet) -> Result<()> {
        let (space, other) = (self.space(by.ns), self.space(holder.ns));
        let (Some(near), Some(far)) = (space.link(by.index), other.link(holder.index)) else {
            return Ok(());
        };
        if !addr.is_ipv4() || holder.ns == by.ns {
            return Ok(());
        }
        // The question names the source of the packet if that is the host's own, unless it was
        // told to name one of the device.
        let announce = space.settings.arp_announce.max(near.conf4(Conf4::ArpAnnounce));
        let on_link =
            |src| space.addrs_of(by.index).any(|a| a.local == src && a.network().contains(addr));
        let own = space.is_own(packet.src) && (announce == 0 || on_link(packet.src));
        let asker = if own { Some(packet.src) } else { fib::source(space, by.index, addr) };
        let query = Query {
            dst: addr,
            src: asker.filter(|a| !a.is_loopback()),
            iif: far.index,
            oif: 0,
            mark: 0,
            proto: 0,
            sport: 0,
            dport: 0,
        };
        match fib::believed(other, far, &query) {
            Ok(()) => Ok(()),
            Err(Disbelief::Martian) => {
                self.stop(by.ns, packet, Why::AskedBySelf { addr, other: holder })
            }
            Err(Disbelief::Path) => {
                self.stop(holder.ns, packet, Why::ReversePath { device: far.index })
            }
        }
    }

    /// The bridges between two devices of a link.
    fn through(&mut self, passes: &[Pass], packet: &mut Packet) -> Result<Option<Arrival>> {
        for pass in passes {
            if let Some(arrival) = self.bridged(*pass, packet)? {
                return Ok(Some(arrival));
            }
        }
        Ok(None)
    }

    /// A frame between two ports of a bridge; the rules of iptables may be asked about it.
    pub(super) fn bridged(&mut self, pass: Pass, packet: &mut Packet) -> Result<Option<Arrival>> {
        let space = self.space(pass.ns);
        let Some(bridge) = space.link(pass.bridge) else { return Ok(None) };
        if !calls_rules(space, bridge, packet) {
            return Ok(None);
        }
        let at = self.connection(pass.ns, packet);
        let from = space.link(pass.from);
        let place = Place {
            ns: space,
            hook: hooks::PREROUTING,
            input: Some(bridge),
            output: None,
            ports: [from, None],
            next: None,
        };
        let before = packet.dst;
        self.hook(pass.ns, place, packet, at)?;
        if packet.dst != before {
            if let Some(done) = self.turned(pass, packet)? {
                return Ok(Some(done));
            }
            let by = End { ns: pass.ns, index: pass.bridge };
            return self.receive(by, None, packet.clone(), true).map(Some);
        }
        self.crossed(pass, packet, at)?;
        Ok(None)
    }

    /// FORWARD and POSTROUTING for a frame between two ports.
    fn crossed(&mut self, pass: Pass, packet: &mut Packet, at: usize) -> Result<()> {
        let space = self.space(pass.ns);
        let bridge = space.link(pass.bridge);
        let ports = [space.link(pass.from), space.link(pass.to)];
        let (hook, next) = (hooks::FORWARD, Some(packet.dst));
        let mut place = Place { ns: space, hook, input: bridge, output: bridge, ports, next };
        self.hook(pass.ns, place, packet, at)?;
        (place.hook, place.input) = (hooks::POSTROUTING, None);
        self.hook(pass.ns, place, packet, at)?;
        self.step(pass.ns, Did::Bridged { bridge: pass.bridge }, packet);
        Ok(())
    }

    /// A frame that was given another destination on a bridge: if that is on the bridge, too, it
    /// goes there without being routed.
    pub(super) fn turned(&mut self, pass: Pass, packet: &mut Packet) -> Result<Option<Arrival>> {
        let space = self.space(pass.ns);
        let query = Query {
            dst: packet.dst,
            src: Some(packet.src),
            iif: pass.bridge,
            oif: 0,
            mark: packet.mark,
            proto: packet.proto,
            sport: packet.sport,
            dport: packet.dport,
        };
        let hop =
            fib::lookup(space, &query).filter(|f| f.is_way() && !f.is_local()).and_then(|f| f.hop);
        let Some(hop) = hop.filter(|h| h.index == pass.bridge) else { return Ok(None) };
        // Linux 6.18 asks for forwarding here, too; older ones (6.12) did not.
        let device = pass.bridge;
        let forwards = space.link(device).is_some_and(|l| l.conf4(Conf4::Forwarding) != 0);
        if packet.is_ipv4() && !forwards {
            return self.stop(pass.ns, packet, Why::NotForwarding { device });
        }
        let next = hop.gateway.unwrap_or(packet.dst);
        let by = End { ns: pass.ns, index: pass.from };
        let heard = segment::entering(self.net, by);
        let Some(member) = heard.holders(self.net, next).find(|m| m.end.ns != pass.ns).cloned()
        else {
            let whole = segment::of(self.net, End { ns: pass.ns, index: pass.bridge });
            let behind = whole.holders(self.net, next).next().is_some();
            let why = if behind {
                Why::Hairpin { port: pass.from }
            } else {
                Why::Unresolved { device: pass.bridge, addr: next, segment: whole }
            };
            return self.stop(pass.ns, packet, why);
        };
        self.hops -= 1;
        if self.hops == 0 {
            return self.stop(pass.ns, packet, Why::Circle);
        }
        let at = self.trip.connections.iter().rposition(|c| c.ns == pass.ns).unwrap_or(0);
        let mut passes = member.passes.iter();
        if let Some(first) = passes.next() {
            self.crossed(*first, packet, at)?;
        }
        let rest: Vec<Pass> = passes.copied().collect();
        if let Some(arrival) = self.through(&rest, packet)? {
            return Ok(Some(arrival));
        }
        self.receive(member.end, member.port, packet.clone(), false).map(Some)
    }
}
