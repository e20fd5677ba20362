//! D26: a published port at 127.0.0.1: an address that must not leave the host.

use super::local_nat::{line, published};
use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::doctor::fib::{self, Query};
use crate::model::End;

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    let Some(followed) = case.asked().filter(|f| f.flow.dst.is_loopback()) else { return };
    let flow = followed.flow;
    let turned = followed.trip.connection(flow.from).is_some_and(|c| c.is_dnat());
    let half = followed.trip.stop.as_ref().filter(|_| turned);
    let to = match (published(case), half) {
        (Some((_, to)), _) => to,
        // The first step was done, and the others not.
        (None, Some(stop)) => (stop.packet.dst, stop.packet.dport),
        _ => return,
    };
    let exec = case.exec(flow.from);
    let mut fixes = Vec::new();
    if !case.space(flow.from).settings.route_localnet {
        fixes.push(format!("{exec}sysctl -w net.ipv4.conf.all.route_localnet=1"));
    }
    if half.is_none() {
        fixes.push(line(case, flow, to));
    }
    let query = Query {
        dst: to.0,
        src: None,
        iif: 0,
        oif: 0,
        mark: 0,
        proto: flow.proto,
        sport: 0,
        dport: to.1,
    };
    let Some(hop) = fib::lookup(case.space(flow.from), &query).and_then(|f| f.hop) else { return };
    let device = case.dev(End { ns: flow.from, index: hop.index });
    fixes.push(format!(
        "{exec}iptables -t nat -A POSTROUTING -o {device} -s 127.0.0.0/8 -j MASQUERADE"
    ));
    let why = format!(
        "{}:{} is published for others only, and what comes from 127.0.0.1 does not leave {}; to use the host's own address is better",
        flow.dst,
        flow.port,
        case.place(flow.from)
    );
    found.push(row.finding(flow.from, why, fixes));
}
