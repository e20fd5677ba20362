//! D30: everything is in order, only nobody listens.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::doctor::packet::TCP;
use crate::cmd::doctor::trip::Why;
use crate::sys::file;

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for (followed, stop) in case.stops() {
        if !matches!(stop.why, Why::Closed) || !followed.asked {
            continue;
        }
        let p = &stop.packet;
        let space = case.space(stop.ns);
        let mut why = format!("nobody listens on {}:{} in {}", p.dst, p.dport, case.place(stop.ns));
        let other = space.listeners.iter().find(|l| l.protocol == p.proto && l.port == p.dport);
        if let Some(other) = other {
            why.push_str(&format!(", only on {}", other.addr));
        }
        // The lab has a server at hand.
        let lab = file::env("IPBOX_LAB").is_some() && p.proto == TCP && other.is_none();
        let fixes = match lab {
            true => vec![format!("{}web-server {}", case.exec(stop.ns), p.dport)],
            false => Vec::new(),
        };
        found.push(row.finding(stop.ns, why, fixes));
    }
}
