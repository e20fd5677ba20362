//! D25: what the host itself sends never sees PREROUTING.

use std::net::IpAddr;

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::doctor::packet::UDP;
use crate::cmd::doctor::trip::{Flow, Why};
use crate::cmd::doctor::walk;
use crate::model::End;

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    let Some((flow, to)) = published(case) else { return };
    if flow.dst.is_loopback() {
        return;
    }
    let why = format!(
        "{}:{} is published by a rule of PREROUTING, which what {} sends itself does not pass",
        flow.dst,
        flow.port,
        case.place(flow.from)
    );
    found.push(row.finding(flow.from, why, vec![line(case, flow, to)]));
}

/// The rule that translates what the host itself sends.
pub fn line(case: &Case<'_>, flow: Flow, to: (IpAddr, u16)) -> String {
    let proto = if flow.proto == UDP { "udp" } else { "tcp" };
    let (program, target) = match to.0 {
        IpAddr::V4(a) => ("iptables", format!("{a}:{}", to.1)),
        IpAddr::V6(a) => ("ip6tables", format!("[{a}]:{}", to.1)),
    };
    format!(
        "{}{program} -t nat -A OUTPUT -p {proto} -d {} --dport {} -j DNAT --to-destination {target}",
        case.exec(flow.from),
        flow.dst,
        flow.port
    )
}

/// The asked flow, when the host asks itself for a port where nobody listens and that it
/// publishes for others; and where others are led to.
pub fn published(case: &Case<'_>) -> Option<(Flow, (IpAddr, u16))> {
    let followed = case.asked()?;
    let stop = followed.trip.stop.as_ref()?;
    let flow = followed.flow;
    if !matches!(stop.why, Why::Closed) || stop.ns != flow.from || followed.trip.is_dnat() {
        return None;
    }
    // As somebody else would be led who asks for an address of this host.
    let space = case.space(flow.from);
    let addrs = space.addrs.iter().filter(|a| a.local.is_ipv4() == flow.dst.is_ipv4());
    for own in addrs.filter(|a| !a.local.is_loopback()) {
        if !flow.dst.is_loopback() && own.local != flow.dst {
            continue;
        }
        let enters = Some(End { ns: flow.from, index: own.index });
        let other = Flow { src: case.free(own.network()), dst: own.local, enters, ..flow };
        let trip = walk::follow(case.net, other);
        if let Some(nat) = trip.connection(flow.from).filter(|c| c.is_dnat()) {
            return Some((flow, (nat.reply.src, nat.reply.sport)));
        }
    }
    None
}
