//! D43: the two ends of a cable, or a bridge and its ports, differ in the size of a packet.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::typed::word;
use crate::model::{End, Link};

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for (ns, space) in case.net.namespaces.iter().enumerate() {
        for link in space.links.iter().filter(|l| l.is_cable() && l.is_up()) {
            let end = End { ns, index: link.index };
            let Some(peer) = case.net.peer(end) else { continue };
            let Some(other) = case.link(peer).filter(|o| o.is_up() && o.mtu < link.mtu) else {
                continue;
            };
            if case.asked().is_some_and(|f| {
                f.trip.stop.is_some() || !f.trip.steps.iter().any(|s| s.ns == ns || s.ns == peer.ns)
            }) {
                continue;
            }
            let (large, small) = (word(&link.name), word(&other.name));
            let why = format!(
                "{large} in {} sends packets of {} bytes, {small} in {} takes {}: small ones pass, large ones vanish",
                case.place(ns),
                link.mtu,
                case.place(peer.ns),
                other.mtu
            );
            let fixes = vec![format!("{}link set dev {large} mtu {}", case.ip(ns), other.mtu)];
            // The others on the bridge must not send larger ones either.
            let mut fixes = fixes;
            let bridge = link.master.and_then(|m| space.link(m)).filter(|b| b.is_bridge());
            for port in
                bridge.iter().flat_map(|b| space.ports(b.index)).filter(|p| p.index != link.index)
            {
                let far = case.net.peer(End { ns, index: port.index });
                let Some(far) =
                    far.filter(|f| case.link(*f).is_some_and(|l: &Link| l.mtu > other.mtu))
                else {
                    continue;
                };
                fixes.push(format!(
                    "{}link set dev {} mtu {}",
                    case.ip(far.ns),
                    case.dev(far),
                    other.mtu
                ));
                fixes.push(format!(
                    "{}link set dev {} mtu {}",
                    case.ip(ns),
                    word(&port.name),
                    other.mtu
                ));
            }
            let mut finding = row.finding(ns, why, fixes);
            finding.ends = vec![end, peer];
            finding.note = !case.is_general();
            found.push(finding);
        }
    }
}
