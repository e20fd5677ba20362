//! D1: a file below /run/netns that no namespace is mounted on.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::typed::word;
use crate::model::Network;

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    let asked = case.unknown.as_ref().map(|u| u.word.as_bytes());
    for stale in &case.net.stale {
        if !case.is_general() && asked != Some(&stale.name) {
            continue;
        }
        let name = word(&stale.name);
        let why = format!(
            "/run/netns/{name} is a plain file: the namespace went with a restart, or was made in \
             another mount namespace"
        );
        let fixes = vec![format!("ip netns del {name}"), format!("ip netns add {name}")];
        found.push(row.finding(Network::HERE, why, fixes));
    }
}
