//! D41: a cable of an earlier attempt lies about, and its names are taken.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::typed::word;
use crate::model::{Link, Network};

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for ns in super::cable::without(case) {
        let name = case.label(ns);
        let here = case.space(Network::HERE);
        let unused = |l: &&Link| {
            l.is_cable() && l.master.is_none() && here.addrs_of(l.index).next().is_none()
        };
        let is_of = |l: &&Link| case.space(ns).names.iter().any(|n| contains(&l.name, n));
        // Both of its ends are here: the namespace it was made for never got its own.
        let both = |l: &&Link| l.other_end.is_some_and(|e| e.ns == Network::HERE);
        let Some(link) = here.links.iter().filter(unused).filter(both).find(is_of) else {
            continue;
        };
        let device = word(&link.name);
        let why = format!(
            "{name} has no cable, and {device} with its other end lies unused on the host: to make \
             it again says \"File exists\""
        );
        let mut fixes = vec![format!("ip link del {device}")];
        fixes.extend(super::cable::lay(case, ns));
        found.push(row.finding(ns, why, fixes));
    }
}

/// Whether a name stands in another.
fn contains(name: &[u8], part: &[u8]) -> bool {
    !part.is_empty() && name.windows(part.len()).any(|w| w == part)
}
