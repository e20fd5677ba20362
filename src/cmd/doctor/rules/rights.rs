//! D42: who is not root does not see everything, and may change nothing.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::model::Network;
use crate::sys::{file, process};

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    let here = case.space(Network::HERE);
    let sealed = case.net.namespaces.iter().any(|ns| !ns.open && !ns.names.is_empty());
    if process::is_root() && here.tables.is_some() && !sealed {
        return;
    }
    let restricted = file::read(b"/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
        .is_ok_and(|t| t.starts_with(b"1"));
    let mut why = "not root: other namespaces and filter rules cannot be seen, and nothing can be \
                   changed; ipbox lab needs no root"
        .to_owned();
    if restricted {
        why.push_str(
            ", but AppArmor restricts it here (kernel.apparmor_restrict_unprivileged_userns)",
        );
    }
    let mut finding = row.finding(Network::HERE, why, vec!["sudo ipbox doctor".to_owned()]);
    // One flow may be judged all the same.
    finding.note = !case.is_general() && !sealed;
    found.push(finding);
}
