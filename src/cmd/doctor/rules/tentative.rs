//! D40: an IPv6 address that is not known to be unique yet, or is known not to be.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::typed::word;
use crate::model::End;

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for (ns, space) in case.net.namespaces.iter().enumerate() {
        for addr in space.addrs.iter().filter(|a| a.is_tentative() || a.is_duplicate()) {
            // Each address is tentative for a second or two; that is nothing by itself.
            let passing = addr.is_tentative() && !addr.is_duplicate();
            if passing && (case.is_general() || addr.scope >= 253) {
                continue;
            }
            let device = space.link(addr.index).map_or_else(String::new, |l| word(&l.name));
            let (written, place, ip) = (addr.written(), case.place(ns), case.ip(ns));
            let (why, fixes) = if passing {
                let why = format!(
                    "{written} on {device} in {place} is tentative: the kernel still asks whether somebody has it"
                );
                (why, vec!["sleep 2".to_owned()])
            } else {
                let why = format!(
                    "{written} on {device} in {place} is not used: somebody else on the link has it"
                );
                let add = format!("{ip}addr add {written} dev {device} nodad");
                (why, vec![format!("{ip}addr del {written} dev {device}"), add])
            };
            let mut finding = row.finding(ns, why, fixes);
            finding.ends = vec![End { ns, index: addr.index }];
            found.push(finding);
        }
    }
}
