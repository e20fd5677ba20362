//! D7: one end of a cable is up and the other, a port of a bridge for instance, is not.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::typed::word;
use crate::model::End;

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for (ns, space) in case.net.namespaces.iter().enumerate() {
        for link in space.links.iter().filter(|l| l.is_cable() && l.is_up()) {
            let Some(peer) = case.net.peer(End { ns, index: link.index }) else { continue };
            let Some(other) = case.link(peer) else { continue };
            let addressed = |e: End| case.space(e.ns).addrs_of(e.index).next().is_some();
            // With an address of its own it is D6; without any at either end it is only begun.
            let used = addressed(End { ns, index: link.index }) || link.master.is_some();
            if other.is_up() || addressed(peer) || !used {
                continue;
            }
            let (device, near) = (word(&other.name), word(&link.name));
            let why = format!(
                "{near} in {} is up, but {device} in {}, the other end of the cable, is down",
                case.place(ns),
                case.place(peer.ns)
            );
            let fixes = vec![format!("{}link set {device} up", case.ip(peer.ns))];
            let mut finding = row.finding(peer.ns, why, fixes);
            finding.ends = vec![peer, End { ns, index: link.index }];
            found.push(finding);
        }
    }
}
