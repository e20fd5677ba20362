//! What the manual shows as an example can be typed, and README tells the truth about what is
//! missing.

use crate::lab::Lab;
use std::path::Path;

/// A device with the addresses that pages about addresses, neighbours and routes speak of.
const ETH0: &str =
    "ip link add eth0 type veth peer name lan; ip link set lan up; ip link set eth0 up;
    ip address add 192.168.15.2/24 dev eth0";

/// Pages, and what their examples need to be there.
const PAGES: &[(&str, &str)] = &[
    ("ip.8", ""),
    ("ip-netns.8", ""),
    ("ip-link.8", ""),
    ("ip-address.8", ETH0),
    ("ip-neighbour.8", ETH0),
    ("ip-route.8", ETH0),
];

/// The lines that a page shows behind `# ` in its section EXAMPLES.
fn examples(page: &str) -> Vec<String> {
    page.lines()
        .skip_while(|l| *l != ".Sh EXAMPLES")
        .skip(1)
        .take_while(|l| !l.starts_with(".Sh "))
        .filter_map(|l| l.strip_prefix("# "))
        .map(|l| l.replace("\\(aq", "'").replace("\\(dq", "\"").replace("\\&", ""))
        .map(|l| l.replace("\\-", "-").replace("\\e", "\\"))
        .collect()
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
            if out.status != 0 || !out.stderr.is_empty() {
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
    let missing = |object: &str| {
        let out = lab.ours(&format!("ip {object}"));
        out.status == 1 && out.err().contains("is not part of ipbox yet")
    };
    // Two names of one thing are told once.
    let told = readme("| objects ");
    for object in objects.split(['|', ' ', '\n']).filter(|o| !o.is_empty()) {
        let twin = ["ntbl", "tunl", "tap", "tcp_metrics"].contains(&object);
        assert_eq!(told.contains(&object), missing(object) && !twin, "README about {object}");
    }
    let usage = lab.ours("ip link help").err();
    let kinds = usage.split("KIND := {").nth(1).and_then(|t| t.split('}').next()).expect("a list");
    let mut kinds: Vec<_> = kinds.split(['|', ' ', '\n']).filter(|k| !k.is_empty()).collect();
    kinds.retain(|k| *k != "vrf_slave");
    let mut told = readme("| options of link kinds");
    told.sort_unstable();
    assert_eq!(told, kinds, "README's kinds are those of `ip link help`");
}
