//! D6: a device has an address, but was never switched on.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::doctor::walk::lossy;
use crate::model::End;

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for (ns, space) in case.net.namespaces.iter().enumerate() {
        for link in &space.links {
            let has_addr = space.addrs_of(link.index).any(|a| a.scope < 253);
            // Hardware that is switched off is somebody's wish, unless a flow needs it.
            let ours = link.kind.is_some() || !case.is_general();
            if link.is_up() || link.is_loopback() || link.is_bridge() || !has_addr || !ours {
                continue;
            }
            let device = lossy(&link.name);
            let why = format!("{device} in {} has an address, but is down", case.place(ns));
            let mut fixes = vec![format!("{}link set {device} up", case.ip(ns))];
            fixes.extend(super::down::routes_lost(case, ns));
            let mut finding = row.finding(ns, why, fixes);
            finding.ends = vec![End { ns, index: link.index }];
            found.push(finding);
        }
    }
}

/// The default route that went when a device was switched off, if others on its link have one.
pub fn routes_lost(case: &Case<'_>, ns: usize) -> Option<String> {
    let space = case.space(ns);
    if space.routes.iter().any(|r| r.is_default() && r.is_ipv4() && !r.hops.is_empty()) {
        return None;
    }
    // The gateway that the neighbours use.
    for own in space.addrs.iter().filter(|a| a.local.is_ipv4() && a.scope < 253) {
        let gateway =
            case.net.namespaces.iter().enumerate().filter(|(n, _)| *n != ns).find_map(|(_, s)| {
                s.routes
                    .iter()
                    .filter(|r| r.is_default())
                    .find_map(|r| r.hops.first()?.gateway)
                    .filter(|g| own.network().contains(*g))
            });
        if let Some(gateway) = gateway.filter(|g| *g != own.local) {
            return Some(format!("{}route replace default via {gateway}", case.ip(ns)));
        }
    }
    None
}
