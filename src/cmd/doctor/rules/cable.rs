//! D11: a namespace that has no device but loopback.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::doctor::trip::Why;
use crate::cmd::typed::word;
use crate::model::{End, Link, Network, Prefix};

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for ns in without(case) {
        let name = case.label(ns);
        let why = format!(
            "{name} has no device but lo; deleting one end of a cable deletes both, with their \
             addresses and routes"
        );
        found.push(row.finding(ns, why, lay(case, ns)));
    }
}

/// The namespaces without a cable that a flow needs.
pub fn without(case: &Case<'_>) -> Vec<usize> {
    let bare = |ns: &usize| {
        let space = case.space(*ns);
        space.open && !space.names.is_empty() && space.links.iter().all(Link::is_loopback)
    };
    let mut all = Vec::new();
    for (followed, stop) in case.stops() {
        if matches!(stop.why, Why::NoRoute) {
            all.push(stop.ns);
        }
        // Nobody has the address that is asked for: it may have gone with the cable.
        let nobody = case.net.holders(followed.flow.dst).is_empty();
        if followed.asked && nobody && matches!(stop.why, Why::Unresolved { .. }) {
            all.extend((0..case.net.namespaces.len()).filter(|n| bare(n) && *n != stop.ns));
        }
    }
    all.retain(bare);
    all.dedup();
    all
}

/// Commands that give a namespace a cable to the bridge that most others are on.
pub fn lay(case: &Case<'_>, ns: usize) -> Vec<String> {
    let here = case.space(Network::HERE);
    let name = case.label(ns);
    let bridges = here.links.iter().filter(|l| l.is_bridge());
    let Some(bridge) = bridges.max_by_key(|b| here.ports(b.index).count()) else {
        return Vec::new();
    };
    let end = End { ns: Network::HERE, index: bridge.index };
    let device = word(&bridge.name);
    let (near, far) = (format!("veth-{name}"), format!("veth-{name}-br"));
    let ip = case.ip(ns);
    let mut lines = vec![
        format!("ip link add {near} type veth peer name {far}"),
        format!("ip link set {near} netns {name}"),
        format!("ip link set {far} master {device}"),
        format!("ip link set {far} up"),
    ];
    let members = case.others(end);
    let own = here.addrs_of(bridge.index).map(|a| (end, a));
    let networks: Vec<Prefix> =
        own.chain(members).filter(|(_, a)| a.local.is_ipv4()).map(|(_, a)| a.network()).collect();
    if let Some(network) = networks.first().copied() {
        // What is asked for or published and is nobody's, or else the lowest that is free.
        let wanted = case
            .flows
            .iter()
            .flat_map(|f| [Some(f.flow.dst), f.trip.stop.as_ref().map(|s| s.packet.dst)]);
        let nobodys =
            |a: &std::net::IpAddr| network.contains(*a) && case.net.holders(*a).is_empty();
        let addr = wanted.flatten().find(nobodys).or_else(|| case.free(network));
        if let Some(addr) = addr {
            lines.push(format!("{ip}addr add {addr}/{} dev {near}", network.len));
        }
    }
    lines.push(format!("{ip}link set {near} up"));
    let gateway = here.addrs_of(bridge.index).find(|a| a.local.is_ipv4());
    if let Some(gateway) = gateway {
        lines.push(format!("{ip}route add default via {}", gateway.local));
    }
    lines
}
