//! D10: what a host sends to itself goes by lo, and lo is down in a new namespace.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::doctor::trip::Why;
use crate::model::{End, Link};

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for (followed, stop) in case.stops() {
        // Without lo a default route leads 127.0.0.1 out of the host.
        let ns = if matches!(stop.why, Why::LoDown) { stop.ns } else { followed.flow.from };
        let lo = case.space(ns).links.iter().find(|l| l.is_loopback());
        let own = matches!(stop.why, Why::LoDown) || followed.flow.dst.is_loopback();
        if own && !lo.is_some_and(Link::is_up) {
            push(row, case, ns, found);
        }
    }
    if case.is_general() {
        // Somebody listens where nobody can come.
        for (ns, space) in case.net.namespaces.iter().enumerate() {
            let lo = space.links.iter().find(|l| l.is_loopback());
            let waits = space.listeners.iter().any(|l| l.addr.is_loopback());
            if space.open && waits && !lo.is_some_and(Link::is_up) {
                push(row, case, ns, found);
            }
        }
    }
}

fn push(row: &Row, case: &Case<'_>, ns: usize, found: &mut Vec<Finding>) {
    let why = format!("lo is down in {}: it cannot reach itself", case.place(ns));
    let mut finding = row.finding(ns, why, vec![format!("{}link set lo up", case.ip(ns))]);
    let lo = case.space(ns).links.iter().find(|l| l.is_loopback());
    finding.ends = lo.map(|l| End { ns, index: l.index }).into_iter().collect();
    found.push(finding);
}
