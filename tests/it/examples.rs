//! What the manual shows as an example can be typed.

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
