//! D44: the network of a bridge is also that of a LAN or a VPN.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::model::{End, Link};

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    if !case.is_general() {
        return;
    }
    for (ns, space) in case.net.namespaces.iter().enumerate() {
        let routes: Vec<_> = space
            .routes
            .iter()
            .filter(|r| r.is_ipv4() && r.table != 255 && !r.dst.is_host() && !r.is_default())
            .collect();
        for inner in &routes {
            let dev = |r: &crate::model::Route| space.link(r.hops.first()?.index);
            let Some(bridge) = dev(inner).filter(|l| l.is_bridge()) else { continue };
            let rooms = space.ports(bridge.index).filter(|l| l.is_cable()).count();
            let outside = |l: &&Link| !l.is_bridge() && l.index != bridge.index && !l.is_loopback();
            let twin = routes.iter().find(|r| {
                r.dst == inner.dst && r.table == inner.table && dev(r).filter(outside).is_some()
            });
            let (true, Some(other)) = (rooms > 0, twin.and_then(|r| dev(r))) else { continue };
            let end = End { ns, index: bridge.index };
            let why = format!(
                "{} is the network of the bridge {} and of {} in {}: one of them cannot be reached; give the bridge another network",
                inner.dst,
                case.dev(end),
                case.dev(End { ns, index: other.index }),
                case.place(ns)
            );
            let mut finding = row.finding(ns, why, Vec::new());
            finding.ends = vec![end];
            found.push(finding);
        }
    }
}
