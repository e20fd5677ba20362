//! D18: a namespace has no route to where a packet is to go.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::doctor::trip::Why;

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for (followed, stop) in case.stops() {
        let (asked, way) = (followed.asked, matches!(stop.why, Why::NoRoute));
        if !asked || !way || stop.back {
            continue;
        }
        let dst = stop.packet.dst;
        let why = format!("{} has no route to {dst}", case.place(stop.ns));
        let ip = case.ip(stop.ns);
        let fixes = match case.gateway(stop.ns) {
            Some((_, gateway, _)) if dst.is_ipv4() => {
                vec![format!("{ip}route add default via {gateway}")]
            }
            _ => Vec::new(),
        };
        found.push(row.finding(stop.ns, why, fixes));
    }
}
