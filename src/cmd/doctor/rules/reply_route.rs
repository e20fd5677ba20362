//! D24: a request has come through, and the server has no route back to who has asked.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::doctor::trip::Why;
use crate::model::{End, Origin};

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for (followed, stop) in case.stops() {
        let trip = &followed.trip;
        let served = stop.back && trip.end == Some(stop.ns) && matches!(stop.why, Why::NoRoute);
        // Hosts of the lab and the like are not a person's to change: there it is NAT that lacks.
        let ours = !matches!(case.space(stop.ns).origin, Origin::Mount(_)) || trip.is_dnat();
        if !served || !ours {
            continue;
        }
        // The last to pass the request on is the way back, if it is on a link with the server.
        let last = trip.forwarders().last();
        let via = last.and_then(|(ns, _, device)| {
            let near = |a: &&crate::model::Addr| {
                case.space(stop.ns).addrs.iter().any(|b| {
                    b.network().contains(a.local) && b.local.is_ipv4() == a.local.is_ipv4()
                })
            };
            case.space(ns).addrs_of(device).find(near).map(|a| a.local)
        });
        let Some(gateway) = via.or_else(|| Some(case.gateway(stop.ns)?.1)) else { continue };
        let why = format!(
            "the request reaches {}, which has no route back to {}",
            case.place(stop.ns),
            stop.packet.dst
        );
        let fixes = vec![format!("{}route add default via {gateway}", case.ip(stop.ns))];
        let mut finding = row.finding(stop.ns, why, fixes);
        finding.ends = case
            .space(stop.ns)
            .links
            .iter()
            .filter(|l| l.is_cable())
            .map(|l| End { ns: stop.ns, index: l.index })
            .collect();
        found.push(finding);
    }
}
