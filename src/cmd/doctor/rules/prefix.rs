//! D5: an address was given without `/24`, so its network is itself alone.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::typed::word;
use crate::model::{End, Prefix};

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for (ns, space) in case.net.namespaces.iter().enumerate() {
        for addr in &space.addrs {
            let Some(link) = space.link(addr.index) else { continue };
            let end = End { ns, index: addr.index };
            let alone = addr.written().is_host() && addr.peer == addr.local && addr.local.is_ipv4();
            // A route that leads to the link shows that it is meant so.
            let routed = space.routes.iter().any(|r| {
                r.table != 255 && r.is_ipv4() && r.hops.iter().any(|h| h.index == addr.index)
            });
            if !alone || link.is_loopback() || routed || !(link.is_cable() || link.is_bridge()) {
                continue;
            }
            let near = case
                .others(end)
                .into_iter()
                .find(|(_, a)| a.network().contains(addr.local) && !a.written().is_host());
            // Those who share the slip have no network to show; then the usual one is meant.
            let also = || {
                case.others(end).into_iter().any(|(_, a)| {
                    a.written().is_host() && Prefix { addr: addr.local, len: 24 }.contains(a.local)
                })
            };
            let len = match near {
                Some((_, a)) => a.prefix_len,
                None if also() => 24,
                None => continue,
            };
            let (device, local) = (word(&link.name), addr.local);
            let why = format!(
                "{device} in {} has {local}/32, a network of one: {local}/{len} was meant",
                case.place(ns)
            );
            let ip = case.ip(ns);
            let mut fixes = vec![
                format!("{ip}addr add {local}/{len} dev {device}"),
                format!("{ip}addr del {local}/32 dev {device}"),
            ];
            fixes.extend(super::down::routes_lost(case, ns, Prefix { addr: local, len }));
            let mut finding = row.finding(ns, why, fixes);
            finding.ends = vec![end];
            found.push(finding);
        }
    }
}
