//! D34: a program other than iptables has written into a table of iptables, in words it lacks.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::doctor::walk::lossy;
use crate::cmd::iptables::spell;
use crate::cmd::typed::nft;

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    if !case.is_general() {
        return;
    }
    for (ns, space) in case.net.namespaces.iter().enumerate() {
        let tables = space.tables.iter().flatten();
        for table in
            tables.filter(|t| !t.legacy && matches!(t.family, 2 | 10) && spell::is_table(&t.name))
        {
            let (name, ipv4) = (lossy(&table.name), table.family == 2);
            let family = if ipv4 { "ip" } else { "ip6" };
            let exec = case.exec(ns);
            // Who writes only with nft may name a table as he likes.
            let shared = |c: &crate::model::Chain| spell::is_built_in(&table.name, &c.name);
            if !table.chains.iter().any(shared) {
                continue;
            }
            for chain in &table.chains {
                let chain_name = lossy(&chain.name);
                if chain.base.is_some() && !spell::is_built_in(&table.name, &chain.name) {
                    let why = format!(
                        "table {name} of {} has a base chain {chain_name} that iptables does not know: \
                         it says that the table is incompatible, and saves it in part",
                        case.place(ns)
                    );
                    let fixes = nft(&chain.name).map_or_else(Vec::new, |chain| {
                        vec![
                            format!("{exec}nft flush chain {family} {name} {chain}"),
                            format!("{exec}nft delete chain {family} {name} {chain}"),
                        ]
                    });
                    found.push(row.finding(ns, why, fixes));
                    continue;
                }
                for rule in &chain.rules {
                    let (words, whole) =
                        spell::words(&rule.exprs, &rule.user_data, ipv4, &chain.name);
                    if whole {
                        continue;
                    }
                    let why = format!(
                        "\"{}\" in table {name} of {} was not written by iptables, which cannot save it",
                        lossy(&words),
                        case.place(ns)
                    );
                    let handle = rule.handle;
                    let fix = nft(&chain.name).map(|chain| {
                        format!("{exec}nft delete rule {family} {name} {chain} handle {handle}")
                    });
                    found.push(row.finding(ns, why, fix.into_iter().collect()));
                }
            }
        }
    }
}
