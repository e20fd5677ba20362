//! What the doctor knows to go wrong: one file for each finding, one row for each file.
//!
//! A rule looks at the picture of the network, or at what became of the flows that were followed.
//! When a flow is asked about, the first rule that explains where it stops is the finding; rules
//! that look at the picture only say what kinds of stops they explain ([`Row::explains`]).
//!
//! To add one: the file with `examine`, its row in [`ROWS`], its entry in man/ipbox-doctor.1.

mod bridge_address;
mod bridge_down;
mod bridge_policy;
mod cable;
mod compat;
mod down;
mod duplicate;
mod elsewhere;
mod far_end;
mod foreign;
mod forwarding;
mod gateway;
mod hairpin;
mod leaked;
mod leftover;
mod listener;
mod local_nat;
mod localnet;
mod loopback;
mod loose;
mod manager;
mod mask;
mod masked;
mod mtu;
mod nat;
mod neighbour;
mod other_table;
mod overlap;
mod policy;
mod prefix;
mod reply_policy;
mod reply_route;
mod resolver;
mod reverse_path;
mod rights;
mod route;
mod stale;
mod tentative;
mod twice;
mod typo;
mod unknown;

use super::case::Case;
use crate::model::End;

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `D6`
    pub rule: &'static str,
    /// The place of the namespace in the picture.
    pub ns: usize,
    /// The devices that it is about.
    pub ends: Vec<End>,
    /// What is wrong and what comes of it, one sentence or two.
    pub why: String,
    /// Command lines that mend it, in order; none when only a person can.
    pub fixes: Vec<String>,
    /// Nothing is stopped by it.
    pub note: bool,
}

/// One rule.
pub struct Row {
    pub name: &'static str,
    /// What it is about, in a few words.
    pub title: &'static str,
    /// `stop::*`: which stops of a flow it explains; 0 for one that looks at flows itself.
    pub explains: u32,
    pub examine: fn(&Row, &Case<'_>, &mut Vec<Finding>),
}

impl Finding {
    /// What the rule is about, in a few words.
    pub fn title(&self) -> &'static str {
        ROWS.iter().find(|r| r.name == self.rule).map_or("", |r| r.title)
    }
    /// `D6: a device is down`
    pub fn headline(&self) -> String {
        [self.rule, ": ", self.title()].concat()
    }
}

impl Row {
    fn finding(&self, ns: usize, why: String, fixes: Vec<String>) -> Finding {
        Finding { rule: self.name, ns, ends: Vec::new(), why, fixes, note: false }
    }
}

/// Kinds of stops, for [`Row::explains`].
pub mod stop {
    pub const ROUTE: u32 = 1;
    pub const LINK: u32 = 2;
    pub const RETURN: u32 = 4;
    pub const ALWAYS: u32 = u32::MAX;
}
pub use policy::sentence;
use stop::{ALWAYS, LINK, RETURN, ROUTE};

/// All rules, from the cable up to the program that answers.
#[rustfmt::skip] // one row, one line
pub static ROWS: &[Row] = &[
    Row { name: "D42", title: "not everything may be seen", explains: 0, examine: rights::examine },
    Row { name: "D1", title: "a name without a namespace", explains: 0, examine: stale::examine },
    Row { name: "D2", title: "a namespace that has lost its name", explains: ALWAYS, examine: leaked::examine },
    Row { name: "D3", title: "no namespace of this name", explains: 0, examine: unknown::examine },
    Row { name: "D4", title: "a device in another namespace", explains: 0, examine: elsewhere::examine },
    Row { name: "D41", title: "a cable that was left over", explains: 0, examine: leftover::examine },
    Row { name: "D11", title: "no cable", explains: 0, examine: cable::examine },
    Row { name: "D10", title: "loopback is down", explains: 0, examine: loopback::examine },
    Row { name: "D6", title: "a device is down", explains: ROUTE | LINK | RETURN, examine: down::examine },
    Row { name: "D7", title: "the other end of the cable is down", explains: ROUTE | LINK | RETURN, examine: far_end::examine },
    Row { name: "D8", title: "a bridge is down", explains: ROUTE | LINK | RETURN, examine: bridge_down::examine },
    Row { name: "D9", title: "a cable that is in no bridge", explains: LINK | RETURN, examine: loose::examine },
    Row { name: "D5", title: "an address without its network", explains: ROUTE | LINK | RETURN, examine: prefix::examine },
    Row { name: "D40", title: "an IPv6 address that cannot be used", explains: ROUTE | LINK | RETURN, examine: tentative::examine },
    Row { name: "D15", title: "one address, two owners", explains: ALWAYS, examine: duplicate::examine },
    Row { name: "D14", title: "an address with a slip", explains: ROUTE | LINK | RETURN, examine: typo::examine },
    Row { name: "D13", title: "masks that differ", explains: ROUTE | LINK | RETURN, examine: mask::examine },
    Row { name: "D12", title: "a bridge without an address", explains: 0, examine: bridge_address::examine },
    Row { name: "D17", title: "a gateway that nobody is", explains: 0, examine: gateway::examine },
    Row { name: "D45", title: "a hardware address of long ago", explains: 0, examine: neighbour::examine },
    Row { name: "D27", title: "a published port, asked for from its own network", explains: 0, examine: hairpin::examine },
    Row { name: "D24", title: "no way back to who asked", explains: 0, examine: reply_route::examine },
    Row { name: "D18", title: "no route", explains: 0, examine: route::examine },
    Row { name: "D19", title: "packets for others are not passed on", explains: 0, examine: forwarding::examine },
    Row { name: "D37", title: "reverse path filtering", explains: 0, examine: reverse_path::examine },
    Row { name: "D36", title: "rules of another hand", explains: 0, examine: other_table::examine },
    Row { name: "D22", title: "frames of the bridge are filtered", explains: 0, examine: bridge_policy::examine },
    Row { name: "D23", title: "answers are not let through", explains: 0, examine: reply_policy::examine },
    Row { name: "D21", title: "not let through", explains: 0, examine: policy::examine },
    Row { name: "D35", title: "what this kernel lacks for NAT", explains: 0, examine: compat::examine },
    Row { name: "D20", title: "nobody outside knows the way back", explains: 0, examine: nat::examine },
    Row { name: "D26", title: "a published port, asked for at 127.0.0.1", explains: 0, examine: localnet::examine },
    Row { name: "D25", title: "a published port, asked for from the host itself", explains: 0, examine: local_nat::examine },
    Row { name: "D30", title: "nobody listens", explains: 0, examine: listener::examine },
    Row { name: "D28", title: "the server does not see who asks", explains: 0, examine: masked::examine },
    Row { name: "D29", title: "a rule that stands there twice", explains: 0, examine: twice::examine },
    Row { name: "D34", title: "rules that iptables cannot show", explains: 0, examine: foreign::examine },
    Row { name: "D38", title: "a service that changes devices", explains: 0, examine: manager::examine },
    Row { name: "D39", title: "names are not resolved", explains: 0, examine: resolver::examine },
    Row { name: "D43", title: "packets too large for the other end", explains: 0, examine: mtu::examine },
    Row { name: "D44", title: "one network, two places", explains: 0, examine: overlap::examine },
];

/// Asks all rules. Of a flow that stops, only what explains the stop comes first and alone.
pub fn examine(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for row in ROWS {
        let from = findings.len();
        (row.examine)(row, case, &mut findings);
        if !case.is_general() {
            let own = findings.split_off(from);
            findings
                .extend(own.into_iter().filter(|f| row.explains == 0 || case.explained(row, f)));
            // One thing at a time: what comes behind may be a consequence.
            if findings.iter().any(|f| !f.note) {
                break;
            }
        }
    }
    // What is mended by the same commands is told once.
    let mut told: Vec<(&str, Vec<String>, String)> = Vec::new();
    findings.retain(|f| {
        let why = if f.fixes.is_empty() { f.why.clone() } else { String::new() };
        let key = (f.rule, f.fixes.clone(), why);
        let first = !told.contains(&key);
        if first {
            told.push(key);
        }
        first
    });
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_has_its_own_name() {
        let mut names: Vec<_> = ROWS.iter().map(|r| r.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ROWS.len());
    }

    #[test]
    fn each_rule_stands_in_the_manual() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/man/ipbox-doctor.1");
        let page = std::fs::read_to_string(page).unwrap().replace("\\&", "");
        for row in ROWS {
            assert!(page.contains(&format!(".It Cm {}\n", row.name)), "{}", row.name);
        }
    }
}
