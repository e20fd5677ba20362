//! The flows that a network is meant for, as it says itself: neighbours on one bridge, a default
//! route, a published port. Only these are followed when nobody asks about another, so that what
//! is kept apart on purpose is no finding.

use std::net::IpAddr;

use super::case::{Case, Followed};
use super::fib::{self, Query};
use super::hooks;
use super::packet::{ICMP, TCP, UDP};
use super::segment;
use super::trip::{Flow, Why};
use super::walk::{self, lossy};
use crate::cmd::iptables::spell;
use crate::model::{End, Network, Origin};

/// An address of the internet, for those who have a way there.
const FAR: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(8, 8, 8, 8));

/// Follows all of them; those that stop where a finding would be in order are kept.
pub fn follow(case: &mut Case<'_>) {
    neighbours(case);
    outwards(case);
    published(case);
}

fn keep(case: &mut Case<'_>, flow: Flow, counts: impl Fn(&Why) -> bool) {
    let trip = walk::follow(case.net, flow);
    if trip.stop.as_ref().is_some_and(|s| counts(&s.why)) {
        case.flows.push(Followed { flow, trip, asked: false });
    }
}

/// On each link, each asks the next in its own network.
fn neighbours(case: &mut Case<'_>) {
    // Only what stops on a bridge counts, and that takes one whose frames go through the rules.
    let filtered = case.net.namespaces.iter().any(|ns| {
        ns.settings.bridge_nf_call_iptables || ns.links.iter().any(|l| l.calls_iptables())
    });
    if !filtered {
        return;
    }
    let mut flows = Vec::new();
    for domain in &case.domains {
        let mut last: Option<(End, crate::model::Prefix)> = None;
        for end in domain {
            let addrs = case.space(end.ns).addrs_of(end.index);
            let mut own = addrs.filter(|a| a.local.is_ipv4() && a.scope < 253);
            let Some(addr) = own.next() else { continue };
            if let Some((from, network)) = last
                && network.contains(addr.local)
                && from.ns != end.ns
            {
                let (proto, port) = (ICMP, 0);
                flows.push(Flow {
                    from: from.ns,
                    src: None,
                    dst: addr.local,
                    proto,
                    port,
                    enters: None,
                });
            }
            last = Some((*end, addr.network()));
        }
    }
    for flow in flows {
        // What a rule refuses is meant so; what only the policy of FORWARD drops, between two
        // ports of one bridge, nobody has thought of.
        keep(case, flow, |why| match why {
            Why::Filtered { culprit, bridge: Some(_) } => culprit.rule.is_none(),
            _ => false,
        });
    }
}

/// Each namespace with a default route by a gateway wants to go out.
fn outwards(case: &mut Case<'_>) {
    for ns in 0..case.net.namespaces.len() {
        let space = case.space(ns);
        // The host's own uplink and hosts outside are not ours.
        if ns == Network::HERE || matches!(space.origin, Origin::Mount(_)) {
            continue;
        }
        let way = space.routes.iter().find(|r| {
            r.is_default() && r.is_ipv4() && r.hops.first().is_some_and(|h| h.gateway.is_some())
        });
        if way.is_none() {
            continue;
        }
        let to = |proto, port| Flow { from: ns, src: None, dst: FAR, proto, port, enters: None };
        let trip = walk::follow(case.net, to(ICMP, 0));
        let Some(stop) = &trip.stop else { continue };
        // A VRF is there to keep things apart; what leaks out of it is not meant to arrive.
        if trip.forwarders().any(|(at, from, by)| parted(case, at, from, by)) {
            continue;
        }
        let outside = matches!(case.space(stop.ns).origin, Origin::Mount(_));
        let counts = match &stop.why {
            Why::NoReturn { .. } | Why::ReversePath { .. } => true,
            // Who has no way there himself is the end of the road.
            Why::NotForwarding { device } => leads_on(case, stop.ns, *device),
            // The gateway itself; what lies beyond it is not ours.
            Why::Unresolved { .. } => stop.ns == ns,
            Why::NoRoute => stop.back && outside,
            // A router may let through some kinds only: then it is meant so.
            Why::Filtered { .. } => [(TCP, 443), (UDP, 53)].into_iter().all(|(proto, port)| {
                let other = walk::follow(case.net, to(proto, port));
                matches!(
                    other.stop.map(|s| s.why),
                    Some(Why::Filtered { culprit, bridge: None }) if culprit.hook == hooks::FORWARD
                )
            }),
            _ => false,
        };
        if counts {
            case.flows.push(Followed { flow: to(ICMP, 0), trip, asked: false });
        }
    }
}

/// Whether a namespace has a way to the internet by another device than this.
fn leads_on(case: &Case<'_>, ns: usize, device: u32) -> bool {
    let (iif, src) = (device, None);
    let q = Query { dst: FAR, src, iif, oif: 0, mark: 0, proto: ICMP, sport: 0, dport: 0 };
    let way = fib::lookup(case.space(ns), &q).filter(|f| f.is_way()).and_then(|f| f.hop);
    way.is_some_and(|h| h.index != device && !parted(case, ns, device, h.index))
}

/// Whether two devices are in different VRFs, or only one of them in any.
fn parted(case: &Case<'_>, ns: usize, one: u32, other: u32) -> bool {
    let vrf = |index| fib::vrf_of(case.space(ns), index);
    vrf(one) != vrf(other)
}

/// Somebody on another link of the host asks for a port that is published there.
fn published(case: &mut Case<'_>) {
    let mut flows = Vec::new();
    for (ns, space) in case.net.namespaces.iter().enumerate() {
        let tables = space.tables.iter().flatten().filter(|t| t.family == 2 && t.name == b"nat");
        let rules = tables.flat_map(|t| t.chain(b"PREROUTING")).flat_map(|c| &c.rules);
        for rule in rules {
            let (text, whole) = spell::words(&rule.exprs, &rule.user_data, true, b"PREROUTING");
            let text = lossy(&text);
            let word = |option: &str| {
                text.split(' ').skip_while(|w| *w != option).nth(1).map(str::to_owned)
            };
            let (Some(to), true) = (word("--to-destination"), whole) else { continue };
            let target: Option<IpAddr> = to.split(':').next().and_then(|a| a.parse().ok());
            let proto = match word("-p").as_deref() {
                Some("tcp") => TCP,
                Some("udp") => UDP,
                _ => continue,
            };
            let Some(port) = word("--dport").and_then(|p| p.parse().ok()) else { continue };
            // To a room that can be seen, and that listens: what sleeps is no fault of the network.
            let Some(room) = target.and_then(|t| case.net.holders(t).first().copied()) else {
                continue;
            };
            if let Some(flow) = client(case, ns, room) {
                flows.push(Flow { proto, port, ..flow });
            }
        }
    }
    for flow in flows {
        keep(case, flow, |why| match why {
            Why::Filtered { culprit, .. } => culprit.hook == hooks::FORWARD,
            why => {
                matches!(why, Why::NoRoute | Why::NotForwarding { .. } | Why::ReversePath { .. })
            }
        });
    }
}

/// Somebody outside who asks the host by an address that he knows: one who can be seen, or else
/// one who comes by the device that leads out of sight.
pub fn client(case: &Case<'_>, host: usize, room: End) -> Option<Flow> {
    for domain in case.domains.iter().filter(|d| !d.contains(&room)) {
        let own = domain.iter().filter(|e| e.ns == host).find_map(|e| {
            Some((*e, case.space(host).addrs_of(e.index).find(|a| a.local.is_ipv4())?))
        });
        let Some((end, own)) = own else { continue };
        let other = domain.iter().find(|e| {
            e.ns != host
                && case.space(e.ns).addrs_of(e.index).any(|a| own.network().contains(a.local))
        });
        let (dst, proto, port) = (own.local, ICMP, 0);
        if let Some(other) = other {
            return Some(Flow { from: other.ns, src: None, dst, proto, port, enters: None });
        }
        if !segment::of(case.net, end).is_closed() {
            let src = case.free(own.network());
            return Some(Flow { from: host, src, dst, proto, port, enters: Some(end) });
        }
    }
    None
}
