//! D36: iptables may let through what it likes: another table has the last word.

use super::policy::{is_iptables, program, sentence, verb, words};
use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::doctor::hooks::Culprit;
use crate::cmd::doctor::trip::Why;
use crate::cmd::typed::nft;

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for (_, stop) in case.stops() {
        let Why::Filtered { culprit, .. } = &stop.why else { continue };
        if is_iptables(culprit) {
            continue;
        }
        let family = family(culprit);
        let exec = case.exec(stop.ns);
        let p = &stop.packet;
        let ip = if p.is_ipv4() { "ip" } else { "ip6" };
        let place = nft(&culprit.table).zip(nft(&culprit.chain));
        let fix = if culprit.legacy {
            let (verb, words) = (verb(case, stop, culprit), words(stop));
            Some(format!("{exec}{} {verb}{words} -j ACCEPT", program(stop, culprit)))
        } else {
            place.map(|(table, chain)| {
                format!(
                    "{exec}nft insert rule {family} {table} {chain} {ip} saddr {} {ip} daddr {} accept",
                    p.src, p.dst
                )
            })
        };
        let why = format!(
            "{}; no rule of iptables can let it through, for every table is asked",
            sentence(case, stop, culprit)
        );
        found.push(row.finding(stop.ns, why, fix.into_iter().collect()));
    }
}

fn family(culprit: &Culprit) -> &'static str {
    match culprit.family {
        1 => "inet",
        10 => "ip6",
        _ => "ip",
    }
}
