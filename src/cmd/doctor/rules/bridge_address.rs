//! D12: the host has no address in the network of the bridge, so it is not in it.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::doctor::trip::Why;
use crate::model::{End, Network, Prefix};

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for (followed, stop) in case.stops() {
        // A gateway that is nobody's, though a bridge is there that could have the address.
        if let Why::Unresolved { device, addr, .. } = &stop.why
            && case.is_gateway(*addr)
        {
            let near = End { ns: stop.ns, index: *device };
            let network = case.network_of(stop.ns, *device, *addr);
            push(row, case, near, network, Some(*addr), found);
        }
        if !followed.asked || matches!(stop.why, Why::Filtered { .. } | Why::Closed | Why::Mute) {
            continue;
        }
        // Somebody on the way is on the link of the destination without knowing it.
        let mut way = vec![followed.flow.from];
        way.extend(followed.trip.steps.iter().filter(|s| !s.back).map(|s| s.ns));
        for holder in case.net.holders(followed.flow.dst) {
            let network = case.network_of(holder.ns, holder.index, followed.flow.dst);
            if way.contains(&holder.ns) || network.is_host() {
                continue;
            }
            let bridge = case
                .domain(holder)
                .iter()
                .find(|e| way.contains(&e.ns) && case.link(**e).is_some_and(|l| l.is_bridge()));
            if bridge.is_some() {
                push(row, case, holder, network, None, found);
            }
        }
        // Or a room has no way out because the host is not in its network.
        if matches!(stop.why, Why::NoRoute) && case.gateway(stop.ns).is_none() {
            for addr in
                case.space(stop.ns).addrs.iter().filter(|a| a.local.is_ipv4() && a.scope < 253)
            {
                let near = End { ns: stop.ns, index: addr.index };
                push(row, case, near, addr.network(), None, found);
            }
        }
    }
}

/// The bridge of the caller's namespace on the link of `near` needs an address.
fn push(
    row: &Row,
    case: &Case<'_>,
    near: End,
    network: Prefix,
    wanted: Option<std::net::IpAddr>,
    found: &mut Vec<Finding>,
) {
    let is_bridge = |e: &&End| case.link(**e).is_some_and(|l| l.is_bridge());
    let here = |e: &&End| e.ns == Network::HERE;
    let domain = case.domain(near);
    let bridge =
        domain.iter().filter(is_bridge).find(here).or_else(|| domain.iter().find(is_bridge));
    let Some(&bridge) = bridge else { return };
    let mut own = case.space(bridge.ns).addrs_of(bridge.index);
    if own.any(|a| a.network().contains(network.addr)) {
        return;
    }
    // The address that the rooms take for their gateway, if they agree.
    let gateway = case.net.namespaces.iter().find_map(|ns| {
        let mut gateways = ns.routes.iter().filter_map(|r| r.hops.first()?.gateway);
        gateways.find(|g| network.contains(*g) && case.net.holders(*g).is_empty())
    });
    let Some(addr) = wanted.or(gateway).or_else(|| case.free(network)) else { return };
    let device = case.dev(bridge);
    let why = format!(
        "{} has no address in {network} on the bridge {device}, so it is not in that network",
        case.place(bridge.ns)
    );
    let fixes = vec![format!("{}addr add {addr}/{} dev {device}", case.ip(bridge.ns), network.len)];
    let mut finding = row.finding(bridge.ns, why, fixes);
    finding.ends = vec![bridge];
    found.push(finding);
}
