//! D23: a request is let through, and the answer to it is not.

use super::policy::{is_iptables, program, sentence, verb};
use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::doctor::trip::Why;

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for (_, stop) in case.stops() {
        let Why::Filtered { culprit, bridge: None } = &stop.why else { continue };
        if !stop.back || !is_iptables(culprit) {
            continue;
        }
        // A policy is asked last, so the line may stand at the end; a rule must be forestalled.
        let verb = verb(case, stop, culprit);
        let verb = if culprit.rule.is_none() { verb.replace("-I ", "-A ") } else { verb };
        let why = format!("the request passes, but {}, the answer", sentence(case, stop, culprit));
        let fix = format!(
            "{}{} {verb} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
            case.exec(stop.ns),
            program(stop, culprit)
        );
        found.push(row.finding(stop.ns, why, vec![fix]));
    }
}
