//! D17: a route leads to a gateway that nobody on the link is.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::doctor::trip::Why;
use crate::model::End;

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for (_, stop) in case.stops() {
        let Why::Unresolved { device, addr, segment } = &stop.why else { continue };
        let routes = || {
            case.space(stop.ns)
                .routes
                .iter()
                .filter(|r| r.hops.iter().any(|h| h.index == *device && h.gateway == Some(*addr)))
        };
        // What is in the way of a frame has a rule of its own.
        if routes().next().is_none() || !segment.is_closed() {
            continue;
        }
        let Some((_, gateway, _)) = case.gateway(stop.ns) else { continue };
        let ip = case.ip(stop.ns);
        let fixes = routes().map(|r| {
            let dst = if r.is_default() { "default".to_owned() } else { r.dst.to_string() };
            let metric = if r.metric > 0 && r.is_ipv4() {
                format!(" metric {}", r.metric)
            } else {
                String::new()
            };
            format!("{ip}route replace {dst} via {gateway}{metric}")
        });
        let why = format!(
            "{} sends by the gateway {addr}, which nobody on the link is; use {gateway}",
            case.place(stop.ns)
        );
        let mut finding = row.finding(stop.ns, why, fixes.collect());
        finding.ends = vec![End { ns: stop.ns, index: *device }];
        found.push(finding);
    }
}
