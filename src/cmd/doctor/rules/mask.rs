//! D13: two on one link disagree about how large their network is.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::doctor::fib::{self, Query};
use crate::model::{Addr, End};

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for domain in &case.domains {
        for end in domain {
            for addr in case.space(end.ns).addrs_of(end.index) {
                if addr.local.is_ipv4() && !addr.written().is_host() {
                    check(row, case, *end, addr, found);
                }
            }
        }
    }
}

fn check(row: &Row, case: &Case<'_>, end: End, addr: &Addr, found: &mut Vec<Finding>) {
    let space = case.space(end.ns);
    // Others who think that this one is in their network, and are not in its own.
    let outside = case.others(end).into_iter().find(|(e, b)| {
        let reaches = || {
            let (dst, src) = (b.local, Some(addr.local));
            let q = Query { dst, src, iif: 0, oif: 0, mark: 0, proto: 0, sport: 0, dport: 0 };
            let way = fib::lookup(space, &q).and_then(|f| f.hop);
            way.is_some_and(|h| h.index == end.index && h.gateway.is_none())
        };
        e.ns != end.ns
            && b.local.is_ipv4()
            && b.prefix_len < addr.prefix_len
            && b.network().contains(addr.local)
            && !addr.network().contains(b.local)
            && !reaches()
    });
    let Some((other, wide)) = outside else { return };
    let (device, ip) = (case.dev(end), case.ip(end.ns));
    let why = format!(
        "{device} in {} has {}, which does not hold {} of {} on the same link",
        case.place(end.ns),
        addr.written(),
        wide.written(),
        case.place(other.ns)
    );
    let mut fixes = vec![
        format!("{ip}addr add {}/{} dev {device}", addr.local, wide.prefix_len),
        format!("{ip}addr del {} dev {device}", addr.written()),
    ];
    fixes.extend(super::down::routes_lost(case, end.ns, wide.network()).filter(|_| end.ns != 0));
    let mut finding = row.finding(end.ns, why, fixes);
    finding.ends = vec![end, other];
    found.push(finding);
}
