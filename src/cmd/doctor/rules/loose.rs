//! D9: the host's end of a cable is in no bridge, while those of its siblings are.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::typed::word;
use crate::model::{End, Link, Namespace};

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for (ns, space) in case.net.namespaces.iter().enumerate() {
        for link in space.links.iter().filter(|l| l.is_cable() && l.master.is_none()) {
            let end = End { ns, index: link.index };
            let used = space.addrs_of(link.index).any(|a| a.scope < 253)
                || space
                    .routes
                    .iter()
                    .any(|r| r.is_ipv4() && r.hops.iter().any(|h| h.index == link.index))
                || space.links.iter().any(|l| l.other_end == Some(end) && !l.is_cable());
            let Some(peer) = case.net.peer(end).filter(|p| p.ns != ns && !used) else { continue };
            let Some(bridge) = belongs(case, ns, space, peer) else { continue };
            let (device, bridge_name) = (word(&link.name), word(&bridge.name));
            let why = format!(
                "{device} in {} is in no bridge; the network of its other end is that of {bridge_name}",
                case.place(ns)
            );
            let fixes = vec![format!("{}link set {device} master {bridge_name}", case.ip(ns))];
            let mut finding = row.finding(ns, why, fixes);
            finding.ends = vec![end, peer];
            found.push(finding);
        }
    }
}

/// The bridge whose network the other end of a cable has an address of.
fn belongs<'a>(case: &Case<'_>, ns: usize, space: &'a Namespace, peer: End) -> Option<&'a Link> {
    let far = case.space(peer.ns);
    space.links.iter().filter(|l| l.is_bridge()).find(|bridge| {
        let end = End { ns, index: bridge.index };
        let own = space.addrs_of(bridge.index).map(|a| (end, a));
        own.chain(case.others(end)).any(|(_, a)| {
            far.addrs_of(peer.index).any(|b| {
                b.scope < 253
                    && b.local.is_ipv4()
                    && !b.written().is_host()
                    && (a.network().contains(b.local) || b.network().contains(a.local))
            })
        })
    })
}
