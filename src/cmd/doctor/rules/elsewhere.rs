//! D4: a device that was looked for here is in another namespace.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::model::{End, Network};

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    let Some(unknown) = case.unknown.as_ref() else { return };
    let word = unknown.word.as_bytes();
    if case.space(Network::HERE).link_named(word).is_some() {
        return;
    }
    for (ns, space) in case.net.namespaces.iter().enumerate().skip(1) {
        let Some(link) = space.link_named(word) else { continue };
        let (name, place) = (&unknown.word, case.place(ns));
        let ip = case.ip(ns);
        let why = format!("{name} is not in this namespace: it was moved to {place}, and is down");
        let fix = format!("{ip}link set {name} up");
        let mut finding = row.finding(ns, why, vec![fix]);
        finding.ends = vec![End { ns, index: link.index }];
        found.push(finding);
        return;
    }
}
