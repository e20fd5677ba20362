//! D6: a device has an address, but was never switched on.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::typed::word;
use crate::model::{End, Prefix, Route};

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for (ns, space) in case.net.namespaces.iter().enumerate() {
        for link in &space.links {
            let has_addr = space.addrs_of(link.index).any(|a| a.scope < 253);
            // Hardware or a tunnel that is switched off is somebody's wish, unless a flow needs it.
            let ours = link.is_cable() || !case.is_general();
            if link.is_up() || link.is_loopback() || link.is_bridge() || !has_addr || !ours {
                continue;
            }
            let device = word(&link.name);
            let why = format!("{device} in {} has an address, but is down", case.place(ns));
            let mut fixes = vec![format!("{}link set {device} up", case.ip(ns))];
            let addrs = space.addrs_of(link.index).filter(|a| a.scope < 253);
            fixes.extend(addrs.filter_map(|a| routes_lost(case, ns, a.network())).next());
            let mut finding = row.finding(ns, why, fixes);
            finding.ends = vec![End { ns, index: link.index }];
            found.push(finding);
        }
    }
}

/// The default route that went when a device was switched off or lost its address, if others in
/// the network have one.
pub fn routes_lost(case: &Case<'_>, ns: usize, network: Prefix) -> Option<String> {
    let is_default = |r: &&Route| r.is_default() && r.is_ipv4();
    let space = case.space(ns);
    if !network.addr.is_ipv4() || space.routes.iter().filter(is_default).any(|r| !r.hops.is_empty())
    {
        return None;
    }
    let others = case.net.namespaces.iter().enumerate().filter(|(n, _)| *n != ns);
    let gateway = others
        .flat_map(|(_, s)| s.routes.iter().filter(is_default))
        .filter_map(|r| r.hops.first()?.gateway)
        .find(|g| network.contains(*g) && !space.is_own(*g))?;
    Some(format!("{}route replace default via {gateway}", case.ip(ns)))
}
