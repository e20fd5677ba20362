//! D22: frames between ports of one bridge go through the rules of FORWARD (br_netfilter).

use super::policy::{is_iptables, program, sentence, verb};
use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::doctor::trip::Why;
use crate::model::End;

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for (_, stop) in case.stops() {
        let Why::Filtered { culprit, bridge: Some(index) } = &stop.why else { continue };
        if !is_iptables(culprit) {
            continue;
        }
        let bridge = End { ns: stop.ns, index: *index };
        let device = case.dev(bridge);
        let verb = verb(case, stop, culprit);
        let why = format!(
            "{}, though both are on the bridge {device}: bridge-nf-call-iptables is 1",
            sentence(case, stop, culprit)
        );
        let fix = format!(
            "{}{} {verb} -i {device} -o {device} -j ACCEPT",
            case.exec(stop.ns),
            program(stop, culprit)
        );
        let mut finding = row.finding(stop.ns, why, vec![fix]);
        finding.ends = vec![bridge];
        found.push(finding);
    }
}
