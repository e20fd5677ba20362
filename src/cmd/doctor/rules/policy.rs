//! D21: a rule or a policy of iptables does not let a packet through.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::doctor::hooks::{self, Culprit};
use crate::cmd::doctor::packet::{TCP, UDP};
use crate::cmd::doctor::trip::{Did, Stop, Trip, Why};
use crate::cmd::doctor::walk::lossy;
use crate::cmd::iptables::spell;
use crate::cmd::typed::word;
use crate::model::End;

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for (followed, stop) in case.stops() {
        let Why::Filtered { culprit, bridge: None } = &stop.why else { continue };
        if stop.back || !is_iptables(culprit) {
            continue;
        }
        let exec = case.exec(stop.ns);
        let program = program(stop, culprit);
        let verb = verb(case, stop, culprit);
        let fixes = if culprit.hook == hooks::FORWARD {
            let input = input(case, stop, &followed.trip);
            let input = input.map_or_else(String::new, |i| format!(" -i {i}"));
            // From inside to outside all, and from outside what was asked for.
            let what = narrow(stop, &followed.trip);
            let there = format!("{exec}{program} {verb}{input}{what} -j ACCEPT");
            let mut lines = vec![there];
            if !has_established(case, stop.ns) {
                lines.push(format!(
                    "{exec}{program} {verb} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT"
                ));
            }
            lines
        } else {
            vec![format!("{exec}{program} {verb}{} -j ACCEPT", words(stop))]
        };
        found.push(row.finding(stop.ns, sentence(case, stop, culprit), fixes));
    }
}

/// `iptables` or `ip6tables`, or the older program where the rule is in one of its tables.
pub fn program(stop: &Stop, culprit: &Culprit) -> &'static str {
    match (stop.packet.is_ipv4(), culprit.legacy) {
        (true, false) => "iptables",
        (false, false) => "ip6tables",
        (true, true) => "iptables-legacy",
        (false, true) => "ip6tables-legacy",
    }
}

/// Whether the chain belongs to iptables, and not to nft or another program.
pub fn is_iptables(culprit: &Culprit) -> bool {
    culprit.family != 1 && !culprit.legacy && spell::is_table(&culprit.table)
}

/// `-I CHAIN`, in docker's own chain where there is one.
pub fn verb(case: &Case<'_>, stop: &Stop, culprit: &Culprit) -> String {
    let docker = case.space(stop.ns).tables.iter().flatten().any(|t| {
        t.family == culprit.family
            && t.legacy == culprit.legacy
            && t.name == culprit.table
            && t.chain(b"DOCKER-USER").is_some()
    });
    let table = match culprit.table.as_slice() {
        b"filter" => String::new(),
        other => format!("-t {} ", word(other)),
    };
    let hook = hooks::NAMES.get(culprit.hook as usize).copied().unwrap_or("FORWARD");
    let chain = if docker && culprit.hook == hooks::FORWARD { "DOCKER-USER" } else { hook };
    format!("{table}-I {chain}")
}

/// What a packet is, in words of iptables.
pub fn words(stop: &Stop) -> String {
    let p = &stop.packet;
    let kind = match p.proto {
        TCP => format!(" -p tcp --dport {}", p.dport),
        UDP => format!(" -p udp --dport {}", p.dport),
        1 => " -p icmp".to_owned(),
        _ => " -p ipv6-icmp".to_owned(),
    };
    format!(" -s {}{kind}", p.src)
}

/// What was published is let through by address and port; the rest by device.
fn narrow(stop: &Stop, trip: &Trip) -> String {
    let p = &stop.packet;
    match (trip.is_dnat(), p.proto) {
        (true, TCP) => format!(" -p tcp -d {} --dport {}", p.dst, p.dport),
        (true, UDP) => format!(" -p udp -d {} --dport {}", p.dst, p.dport),
        _ => String::new(),
    }
}

/// The device a packet came by.
fn input(case: &Case<'_>, stop: &Stop, trip: &Trip) -> Option<String> {
    let sent = trip.steps.iter().rev().find(|s| s.back == stop.back && s.ns != stop.ns);
    let link = sent.and_then(|s| match s.what {
        Did::Sent { device, .. } | Did::Forwarded { device, .. } => {
            Some(End { ns: s.ns, index: device })
        }
        _ => None,
    });
    let input = link.and_then(|l| case.domain(l).iter().find(|e| e.ns == stop.ns).copied());
    input.map(|e| case.dev(e))
}

/// Whether answers are let through already.
pub fn has_established(case: &Case<'_>, ns: usize) -> bool {
    case.space(ns).tables.iter().flatten().filter(|t| t.name == b"filter").any(|t| {
        t.chains.iter().flat_map(|c| &c.rules).any(|r| {
            let (text, _) = spell::words(&r.exprs, &r.user_data, t.family != 10, b"FORWARD");
            let text = lossy(&text);
            text.contains("ESTABLISHED")
                && text.ends_with("ACCEPT")
                && !text.contains(" -s ")
                && !text.contains(" -d ")
                && !text.contains(" -p ")
                && !text.contains(" -i ")
                && !text.contains(" -o ")
        })
    })
}

/// Who has stopped the packet, and in which words.
pub fn sentence(case: &Case<'_>, stop: &Stop, culprit: &Culprit) -> String {
    let (place, chain, table) = (case.place(stop.ns), lossy(&culprit.chain), lossy(&culprit.table));
    let p = &stop.packet;
    let what = format!("{} to {}", p.src, p.dst);
    let does = if culprit.rejects { "rejects" } else { "drops" };
    let Some(handle) = culprit.rule else {
        return format!(
            "the policy of {chain} (table {table}) in {place} {does} what goes from {what}"
        );
    };
    let tables = case.space(stop.ns).tables.iter().flatten();
    let rule = tables
        .filter(|t| {
            t.family == culprit.family && t.legacy == culprit.legacy && t.name == culprit.table
        })
        .flat_map(|t| t.chain(&culprit.chain))
        .flat_map(|c| &c.rules)
        .find(|r| r.handle == handle);
    let text = rule.map(|r| spell::words(&r.exprs, &r.user_data, p.is_ipv4(), &culprit.chain));
    match text {
        Some((text, true)) => format!(
            "the rule \"{}\" (table {table}) in {place} {does} what goes from {what}",
            lossy(&text)
        ),
        _ => format!(
            "rule {handle} of chain {chain} (table {table}) in {place} {does} what goes from {what}"
        ),
    }
}
