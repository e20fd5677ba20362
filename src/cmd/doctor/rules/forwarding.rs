//! D19: a host drops what is for others unless it is told to be a router.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::doctor::trip::Why;
use crate::model::{End, Origin};

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for (_, stop) in case.stops() {
        let Why::NotForwarding { device } = stop.why else { continue };
        // What comes to a host outside is not on its way.
        let outside = matches!(case.space(stop.ns).origin, Origin::Mount(_));
        if outside || stop.back && !knows(case, stop.ns, stop.packet.dst) {
            continue;
        }
        let end = End { ns: stop.ns, index: device };
        let settings = &case.space(stop.ns).settings;
        let name = match (stop.packet.is_ipv4(), settings.ip_forward) {
            (true, false) => "net.ipv4.ip_forward".to_owned(),
            (true, true) => format!("net.ipv4.conf.{}.forwarding", case.dev(end).replace('.', "/")),
            (false, _) => "net.ipv6.conf.all.forwarding".to_owned(),
        };
        let why = format!(
            "{} gets packets for {} by {} and passes nothing on: {name} is 0",
            case.place(stop.ns),
            stop.packet.dst,
            case.dev(end)
        );
        let mut finding =
            row.finding(stop.ns, why, vec![format!("{}sysctl -w {name}=1", case.exec(stop.ns))]);
        finding.ends = vec![end];
        found.push(finding);
    }
}

/// Whether it would know where to pass it on to.
fn knows(case: &Case<'_>, ns: usize, dst: std::net::IpAddr) -> bool {
    case.space(ns).routes.iter().any(|r| r.dst.contains(dst) && !r.is_default())
}
