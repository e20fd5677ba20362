//! D35: a rule asks for an extension that this kernel does not have as a module.
//!
//! What is in the kernel can be used; only who restores a saved rule set elsewhere meets this. So
//! nothing is found here unless a rule's extension is missing: the kernel would have refused it.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::model::Network;
use crate::sys::file;

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    // Old rules live on in the older variant while nf_tables has no words for them.
    let rights = case.space(Network::HERE).tables.is_some();
    if !case.is_general() || !rights || file::exists(b"/proc/net/netfilter") {
        return;
    }
    let why = "this kernel has no netfilter: rules of iptables cannot be made".to_owned();
    let mut finding = row.finding(Network::HERE, why, Vec::new());
    finding.note = true;
    found.push(finding);
}
