//! D2: `ip netns del` took the name, and a process keeps the namespace.
//!
//! What `ip netns exec` starts has a /sys of its own, mounted under the name of the namespace:
//! so the old name can still be read.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::typed::word;
use crate::model::Origin;
use crate::sys::file;

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for (ns, space) in case.net.namespaces.iter().enumerate() {
        if space.origin != Origin::Process {
            continue;
        }
        let old = space.pids.iter().find_map(|pid| Some((*pid, old_name(*pid)?)));
        let Some((pid, name)) = old.filter(|(_, n)| case.net.named(n).is_none()) else { continue };
        let name = word(&name);
        let why = format!(
            "the namespace {name} was deleted while process {pid} was in it; it lives on without \
             its name, and its devices with it"
        );
        let mut finding = row.finding(ns, why, vec![format!("ip netns attach {name} {pid}")]);
        finding.ends = space
            .links
            .iter()
            .filter(|l| l.is_cable())
            .map(|l| crate::model::End { ns, index: l.index })
            .collect();
        found.push(finding);
    }
}

/// The name under which `ip netns exec` has mounted /sys for a process.
fn old_name(pid: u32) -> Option<Vec<u8>> {
    let text = file::read(format!("/proc/{pid}/mountinfo").as_bytes()).ok()?;
    let mut names = text.split(|&b| b == b'\n').filter_map(|line| {
        let mut words = line.split(|&b| b == b' ');
        let point = words.nth(4)?;
        // Behind a dash: type, source.
        let mut rest = words.skip_while(|w| *w != b"-").skip(1);
        let (kind, source) = (rest.next()?, rest.next()?);
        (point == b"/sys" && kind == b"sysfs" && !matches!(source, b"sysfs" | b"none" | b"/sys"))
            .then(|| source.to_vec())
    });
    names.next_back()
}
