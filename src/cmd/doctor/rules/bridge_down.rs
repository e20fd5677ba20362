//! D8: all ports are up and the bridge is not.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::typed::word;
use crate::model::{End, Link};

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for (ns, space) in case.net.namespaces.iter().enumerate() {
        for bridge in space.links.iter().filter(|l| l.is_bridge() && !l.is_up()) {
            if !space.ports(bridge.index).any(Link::is_up) {
                continue;
            }
            let device = word(&bridge.name);
            let why = format!(
                "the bridge {device} in {} is down: nothing passes between its ports",
                case.place(ns)
            );
            let fixes = vec![format!("{}link set {device} up", case.ip(ns))];
            let mut finding = row.finding(ns, why, fixes);
            finding.ends = space.ports(bridge.index).map(|p| End { ns, index: p.index }).collect();
            finding.ends.push(End { ns, index: bridge.index });
            found.push(finding);
        }
    }
}
