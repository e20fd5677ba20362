//! D35: NAT is missing, and this kernel lacks what `iptables` makes it with.
//!
//! The kernel is asked only when a network needs NAT: it judges a rule that is not made.

use std::net::IpAddr;

use super::nat::lost;
use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::iptables::check;
use crate::cmd::iptables::family::Family;
use crate::model::Network;
use crate::rtnl::consts::RT_SCOPE_LINK;

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for lost in lost(case) {
        let family = if lost.src.is_ipv4() { Family::V4 } else { Family::V6 };
        match check::masquerade(family) {
            // The reference says "missing kernel module" to what D20 prints; ours finds its way.
            Some((false, true)) => {
                let why = "this kernel lacks MASQUERADE for iptables-nft, which calls it a missing kernel module; ipbox iptables makes the rule in words of nf_tables";
                let mut finding = row.finding(Network::HERE, why.to_owned(), Vec::new());
                finding.note = true;
                found.push(finding);
            }
            Some((false, false)) => {
                let why = format!(
                    "this kernel cannot masquerade: whoever {} sends packets of {} to needs a route back",
                    case.place(lost.router),
                    lost.network
                );
                // Who can be seen and is on the same link can be given one.
                let same_family = lost.src.is_ipv4();
                let own = case.space(lost.router).addrs_of(lost.output);
                let near = |gateway: IpAddr| {
                    let mut there = case.space(lost.at).addrs.iter();
                    lost.at != lost.router && there.any(|a| a.network().contains(gateway))
                };
                let gateway = own
                    .filter(|a| a.local.is_ipv4() == same_family && a.scope < RT_SCOPE_LINK)
                    .find(|a| near(a.local));
                let fix = gateway.map(|a| {
                    let at = case.ip(lost.at);
                    format!("{at}route add {} via {}", lost.network, a.local)
                });
                found.push(row.finding(Network::HERE, why, fix.into_iter().collect()));
            }
            _ => {}
        }
    }
}
