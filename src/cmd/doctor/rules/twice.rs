//! D29: `-A` run twice succeeds silently.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::iptables::spell;
use crate::cmd::typed::{rule as rule_words, word};
use crate::model::FilterRule;

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    if !case.is_general() {
        return;
    }
    for (ns, space) in case.net.namespaces.iter().enumerate() {
        let tables = space.tables.iter().flatten();
        for table in
            tables.filter(|t| !t.legacy && matches!(t.family, 2 | 10) && spell::is_table(&t.name))
        {
            let ipv4 = table.family == 2;
            for chain in &table.chains {
                let part = |r: &'_ FilterRule| (r.exprs.clone(), r.user_data.clone());
                for (i, rule) in chain.rules.iter().enumerate() {
                    let own = part(rule);
                    let same = |r: &&FilterRule| {
                        spell::same((&r.exprs, &r.user_data), (&own.0, &own.1), ipv4)
                    };
                    // The first of them is no repetition, and a third is told with the second.
                    if chain.rules[..i].iter().filter(same).count() != 1 {
                        continue;
                    }
                    let (words, _) = spell::words(&rule.exprs, &rule.user_data, ipv4, &chain.name);
                    let words = rule_words(&words);
                    let words = words.strip_prefix("-A ").unwrap_or(&words);
                    let program = if ipv4 { "iptables" } else { "ip6tables" };
                    let name = word(&table.name);
                    let why = format!(
                        "\"{words}\" stands in table {name} of {} twice; -C before -A avoids that",
                        case.place(ns)
                    );
                    let fix = format!("{}{program} -t {name} -D {words}", case.exec(ns));
                    found.push(row.finding(ns, why, vec![fix]));
                }
            }
        }
    }
}
