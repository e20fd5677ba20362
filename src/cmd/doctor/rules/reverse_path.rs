//! D37: a packet comes by another device than the one the answer would leave by.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::doctor::trip::Why;
use crate::model::End;

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for (_, stop) in case.stops() {
        let Why::ReversePath { device } = stop.why else { continue };
        let end = End { ns: stop.ns, index: device };
        let name = case.dev(end);
        let why = format!(
            "{} drops packets from {} that come by {name}: it would answer by another device, and rp_filter is strict",
            case.place(stop.ns),
            stop.packet.src
        );
        let device = name.replace('.', "/");
        let fix = format!("{}sysctl -w net.ipv4.conf.{device}.rp_filter=2", case.exec(stop.ns));
        let mut finding = row.finding(stop.ns, why, vec![fix]);
        finding.ends = vec![end];
        found.push(finding);
    }
}
