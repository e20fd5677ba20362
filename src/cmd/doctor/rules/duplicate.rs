//! D15: two namespaces on one link have the same address; the kernel says nothing.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::model::{Addr, End};

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for domain in &case.domains {
        let mut seen: Vec<(End, &Addr)> = Vec::new();
        for end in domain {
            for addr in case.space(end.ns).addrs_of(end.index) {
                if addr.local.is_ipv4() {
                    let twin = seen.iter().find(|(e, a)| a.local == addr.local && e.ns != end.ns);
                    if let Some((first, _)) = twin {
                        push(row, case, *first, (*end, addr), found);
                    }
                    seen.push((*end, addr));
                }
            }
        }
    }
}

fn push(
    row: &Row,
    case: &Case<'_>,
    first: End,
    (end, addr): (End, &Addr),
    found: &mut Vec<Finding>,
) {
    let (device, ip) = (case.dev(end), case.ip(end.ns));
    let why = format!(
        "{} and {} both have {} on the same link: whoever answers first gets the packets",
        case.place(first.ns),
        case.place(end.ns),
        addr.local
    );
    let mut fixes = vec![format!("{ip}addr del {} dev {device}", addr.written())];
    if let Some(free) = case.free(addr.network()) {
        fixes.push(format!("{ip}addr add {free}/{} dev {device}", addr.prefix_len));
        // The routes by this address go with it.
        for route in &case.space(end.ns).routes {
            let hop = route.hops.first().filter(|h| h.index == end.index);
            if let Some(gateway) = hop.and_then(|h| h.gateway) {
                let dst =
                    if route.is_default() { "default".to_owned() } else { route.dst.to_string() };
                fixes.push(format!("{ip}route replace {dst} via {gateway}"));
            }
        }
    }
    // Whoever has talked to either remembers the wrong one.
    for other in case.domain(end) {
        let known = |n: &&crate::model::Neigh| n.index == other.index && n.addr == addr.local;
        if case.space(other.ns).neighs.iter().any(|n| known(&n)) {
            fixes.push(format!(
                "{}neigh flush to {} dev {}",
                case.ip(other.ns),
                addr.local,
                case.dev(*other)
            ));
        }
    }
    let mut finding = row.finding(end.ns, why, fixes);
    finding.ends = vec![first, end];
    found.push(finding);
}
