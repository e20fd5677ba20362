//! D28: MASQUERADE without `! -d` also changes what rooms on one bridge send each other, where
//! frames of a bridge go through the rules.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::doctor::packet::TCP;
use crate::cmd::doctor::trip::Did;
use crate::cmd::iptables::spell;
use crate::cmd::typed::rule as rule_words;
use crate::model::Table;

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    let Some(followed) = case.asked().filter(|f| f.flow.proto == TCP) else { return };
    let trip = &followed.trip;
    let (Some(sent), Some(arrived)) = (&trip.sent, &trip.arrived) else { return };
    let bridged = trip.steps.iter().find(|s| !s.back && matches!(s.what, Did::Bridged { .. }));
    let (Some(step), true) = (bridged, arrived.src != sent.src) else { return };
    if trip.is_dnat() || trip.stop.is_some() {
        return;
    }
    let exec = case.exec(step.ns);
    let tables = case.space(step.ns).tables.iter().flatten();
    let mut fixes = Vec::new();
    for table in tables.filter(|t| t.family == 2 && t.name == b"nat") {
        for (words, network) in masquerades(table) {
            let new = words.replacen(
                &format!("-s {network}"),
                &format!("-s {network} ! -d {network}"),
                1,
            );
            fixes.push(format!("{exec}iptables -t nat -A {new}"));
            fixes.push(format!("{exec}iptables -t nat -D {words}"));
            fixes.push(format!(
                "{exec}iptables -t nat -A POSTROUTING -s {network} -d {network} -m conntrack --ctstate DNAT -j MASQUERADE"
            ));
        }
    }
    let why = format!(
        "{} sees {} instead of {}: MASQUERADE in {} also applies inside the bridge",
        case.place(trip.end.unwrap_or(step.ns)),
        arrived.src,
        sent.src,
        case.place(step.ns)
    );
    let mut finding = row.finding(step.ns, why, fixes);
    finding.note = true;
    found.push(finding);
}

/// Rules that hide a network and do not say from whom: their words behind `-A`, and the network.
fn masquerades(table: &Table) -> Vec<(String, String)> {
    let chain = table.chain(b"POSTROUTING");
    let mut all = Vec::new();
    for rule in chain.iter().flat_map(|c| &c.rules) {
        let (text, whole) = spell::words(&rule.exprs, &rule.user_data, true, b"POSTROUTING");
        let text = rule_words(&text);
        let words = text.strip_prefix("-A ").unwrap_or(&text).to_owned();
        let mut parts = words.split(' ').skip_while(|w| *w != "-s").skip(1);
        if let Some(network) = parts.next().map(str::to_owned)
            && whole
            && words.ends_with("MASQUERADE")
            && !words.contains(" -d ")
            && !words.contains("! -s")
            && !words.contains(" -o ")
        {
            all.push((words, network));
        }
    }
    all
}
