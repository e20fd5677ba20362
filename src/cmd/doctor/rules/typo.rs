//! D14: one digit of an address is wrong, so it is alone in its network.

use super::{Finding, Row};
use crate::cli::distance;
use crate::cmd::doctor::case::Case;
use crate::model::{Addr, End};

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for domain in &case.domains {
        let addrs: Vec<(End, &Addr)> = domain
            .iter()
            .flat_map(|e| case.space(e.ns).addrs_of(e.index).map(|a| (*e, a)))
            .filter(|(_, a)| a.local.is_ipv4() && !a.written().is_host())
            .collect();
        for (end, addr) in &addrs {
            let only =
                case.space(end.ns).addrs_of(end.index).filter(|a| a.local.is_ipv4()).count() == 1;
            let near = |b: &Addr| b.network().overlaps(addr.network());
            let alone = addrs.iter().filter(|(e, _)| e != end).all(|(_, b)| !near(b));
            // Two others at least, who agree.
            let Some((_, like)) = addrs.iter().find(|(e, a)| {
                e.ns != end.ns
                    && addrs
                        .iter()
                        .any(|(f, b)| f.ns != e.ns && f != end && b.network() == a.network())
            }) else {
                continue;
            };
            if !only || !alone || like.prefix_len != addr.prefix_len {
                continue;
            }
            let Some(meant) = meant(addr, like) else { continue };
            let is_free = case.net.holders(meant).is_empty();
            let free = if is_free { Some(meant) } else { case.free(like.network()) };
            let Some(meant) = free else { continue };
            let (device, ip) = (case.dev(*end), case.ip(end.ns));
            let why = format!(
                "{} in {} is alone in its network; all others on the link are in {}",
                addr.written(),
                case.place(end.ns),
                like.network()
            );
            let mut fixes = vec![
                format!("{ip}addr add {meant}/{} dev {device}", addr.prefix_len),
                format!("{ip}addr del {} dev {device}", addr.written()),
            ];
            fixes.extend(super::down::routes_lost(case, end.ns, like.network()));
            let mut finding = row.finding(end.ns, why, fixes);
            finding.ends = vec![*end];
            found.push(finding);
        }
    }
}

/// The address that a slip of one character has made into `addr`.
fn meant(addr: &Addr, like: &Addr) -> Option<std::net::IpAddr> {
    let (std::net::IpAddr::V4(a), std::net::IpAddr::V4(b)) = (addr.local, like.network().addr)
    else {
        return None;
    };
    let keep = u32::MAX.checked_shl(32 - u32::from(addr.prefix_len)).unwrap_or(0);
    let meant = std::net::Ipv4Addr::from(u32::from(b) & keep | u32::from(a) & !keep);
    let (was, is) = (a.to_string(), meant.to_string());
    (distance(was.as_bytes(), is.as_bytes()) == 1).then_some(meant.into())
}
