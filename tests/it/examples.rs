//! What the manual shows as an example can be typed, and README tells the truth about what is
//! missing.

use crate::lab::Lab;
use std::path::Path;

/// A device with the addresses that pages about addresses, neighbours and routes speak of.
const ETH0: &str =
    "ip link add eth0 type veth peer name lan; ip link set lan up; ip link set eth0 up;
    ip address add 192.168.15.2/24 dev eth0";

/// A namespace `blue` behind this host, a host 192.168.1.3 on a LAN, and a device `v0`.
const HOSTS: &str = "set -e
    ip netns add blue; ip link add to-blue type veth peer name eth0 netns blue
    ip address add 192.168.15.5/24 dev to-blue; ip link set to-blue up
    ip -n blue address add 192.168.15.2/24 dev eth0; ip -n blue link set eth0 up
    ip netns add other; ip link add lan type veth peer name eth0 netns other
    ip address add 192.168.1.2/24 dev lan; ip link set lan up
    ip -n other address add 192.168.1.3/24 dev eth0; ip -n other link set eth0 up
    ip link add v0 type veth peer name v1; ip link set v1 up; ip link set v0 up
    ip address add 10.0.0.1/24 dev v0; ip link set lo up";

/// Pages, and what their examples need to be there.
const PAGES: &[(&str, &str)] = &[
    ("ip.8", ""),
    ("ip-netns.8", ""),
    ("ip-link.8", ""),
    ("ip-address.8", ETH0),
    ("ip-neighbour.8", ETH0),
    ("ip-route.8", ETH0),
    ("ip-rule.8", ETH0),
    ("ip-nexthop.8", ETH0),
    ("iptables.8", ""),
    ("iptables-extensions.8", ""),
    ("arp.8", HOSTS),
    ("ping.8", HOSTS),
    ("route.8", HOSTS),
    ("sysctl.8", "touch /etc/sysctl.conf; ip link set lo up"),
];

/// What takes users that a lab does not have.
const NOT_IN_A_LAB: &[&str] = &["sysctl -w net.ipv4.ping_group_range='0 2147483647'"];

/// The lines that a page shows in its section EXAMPLES: after `.Dl`, or in a block; there behind
/// `# `, if any line has one.
fn examples(page: &str) -> Vec<String> {
    let section = page.split(".Sh EXAMPLES\n").nth(1).unwrap_or_default();
    let section = section.split("\n.Sh ").next().unwrap_or_default().replace("\\e\n", " ");
    let mut lines = Vec::new();
    let mut block: Option<Vec<&str>> = None;
    for line in section.lines() {
        if let Some(line) = line.strip_prefix(".Dl ") {
            lines.push(line);
        } else if line.starts_with(".Bd -literal") {
            block = Some(Vec::new());
        } else if line == ".Ed" {
            let block = block.take().unwrap_or_default();
            let marked: Vec<_> = block.iter().filter_map(|l| l.strip_prefix("# ")).collect();
            lines.extend(if marked.is_empty() { block } else { marked });
        } else if let Some(block) = &mut block {
            block.push(line);
        }
    }
    let plain = |l: &str| l.replace("\\(aq", "'").replace("\\(dq", "\"").replace("\\e", "\\");
    lines.into_iter().map(|l| plain(l).replace("\\&", "").replace("\\-", "-")).collect()
}

/// Each line of each page, in a lab for each page, in order.
#[test]
fn examples_of_the_manual_work() {
    let mut wrong = Vec::new();
    for (name, first) in PAGES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("man").join(name);
        let examples = examples(&std::fs::read_to_string(path).expect("a page"));
        assert!(examples.len() >= 3, "man/{name} has too few examples");
        let lab = Lab::new();
        let before = lab.run_sh(first);
        assert_eq!(before.status, 0, "before the examples of man/{name}: {before}");
        for line in examples {
            let out = lab.run_sh(&line);
            if out.status != 0 && !NOT_IN_A_LAB.contains(&&*line) {
                wrong.push(format!("man/{name}: {line}\n{out}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The words between backquotes in the one line of README that begins so.
fn readme(start: &str) -> Vec<&'static str> {
    let text = include_str!("../../README.md");
    let line = text.lines().find(|l| l.starts_with(start)).expect("a line of README");
    line.split('`').nth(1).expect("words in backquotes").split(' ').collect()
}

#[test]
fn readme_knows_what_is_missing() {
    let lab = Lab::new();
    let usage = lab.ours("ip help").err();
    let objects = usage.split(":= {").nth(1).and_then(|t| t.split('}').next()).expect("a list");
    for object in objects.split(['|', ' ', '\n']).filter(|o| !o.is_empty()) {
        let out = lab.ours(&format!("ip {object} help"));
        assert!((out.out() + &out.err()).contains("Usage: ip "), "ip {object} help: {out}");
    }
    let usage = lab.ours("ip link help").err();
    let kinds = usage.split("KIND := {").nth(1).and_then(|t| t.split('}').next()).expect("a list");
    let kinds: Vec<_> = kinds.split(['|', ' ', '\n']).filter(|k| !k.is_empty()).collect();
    if include_str!("../../README.md").contains("| options of the link kind ") {
        for kind in readme("| options of the link kind ") {
            assert!(!kinds.contains(&kind), "README says that {kind} is missing");
        }
    }
}
