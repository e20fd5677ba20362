//! `ipbox lab run PAGE.md`: a page of a lesson runs as it stands, its slips told and put right.

use std::path::Path;
use std::process::Output;

use crate::lab_cmd::{Place, told};

/// What was shown, as text.
fn shown(out: &Output) -> String {
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// The eight slips, as the summary at the end has them, without the numbers of their lines.
const SLIPS: [&str; 8] = [
    "a name holds no blank: \"veth-blue\"",
    "a name holds no blank: \"veth-red\"",
    "without its length an address is a network of its own, /32",
    "a name holds no blank: \"veth-blue\"",
    "without its length an address is a network of its own, /32",
    "there is no device \"Vnet0\": \"v-net-0\"",
    "the others of this network have /24, not /25",
    "\"exec\" is missing between \"netns\" and \"blue\"",
];

/// Runs the page; all slips are told, all corrections work.
fn lesson(page: &Path, words: &[&str], statuses: &[(&str, u8)]) {
    let place = Place::new();
    let text = std::fs::read_to_string(page).expect("a page");
    let page = place.file("page.md", &text);
    let log = place.0.join("log");
    let mut lab = place.lab(&["run"]);
    lab.args(words).arg("--log").arg(&log).arg(&page);
    let out = lab.output().expect("it runs");
    let text = shown(&out);
    assert_eq!(out.status.code(), Some(0), "{}", told(&out));
    let summary = text.split("The page has 8 slips").nth(1).expect("a summary");
    let found: Vec<_> =
        summary.lines().skip(1).map(|l| l.split_once(": ").expect("line N: why").1).collect();
    assert_eq!(found, SLIPS, "{}", told(&out));
    // Behind what was wrong, everything that was run instead has succeeded.
    let mut correcting = false;
    let mut corrections = 0;
    for line in text.lines() {
        match line {
            l if l.starts_with("-- ") => {
                correcting = l.ends_with("instead:") || l.ends_with("first:");
            }
            l if l.starts_with("== ") => correcting = false,
            l if l.starts_with("[") && correcting => {
                corrections += 1;
                let good = l == "[status 0]" || l == "[interrupted, status 0]";
                // The next line of the page comes when the corrections are through.
                correcting = good;
            }
            _ => {}
        }
    }
    assert!(corrections >= 6, "{}", told(&out));
    let log = std::fs::read_to_string(log).expect("a log");
    for (command, status) in statuses {
        let end = format!(" STATUS {status} {command}");
        assert!(log.lines().any(|l| l.ends_with(&end)), "{end} in\n{log}");
    }
}

const STATUSES: &[(&str, u8)] = &[
    ("ip link add veth-red type veth peer name veth blue", 255),
    ("ip link add veth-red type veth peer name veth-blue", 0),
    ("ip -n red addr add 192.168.15.1/24 dev veth-red", 0),
    ("ip -n blue addr add 192.168.15.2/24 dev veth-blue", 0),
    ("ip netns exec red ping 192.168.15.2", 0),
    ("ip link set veth-red-br master v-net-0", 0),
    ("ip addr add 192.168.15.5/24 dev v-net-0", 0),
    ("ip netns exec blue ping 192.168.1.3", 2),
    ("ip netns exec blue ip route add 192.168.1.0/24 via 192.168.15.5", 0),
    ("ip netns exec blue ping 192.168.1.3", 1),
    ("ip netns exec blue ping 192.168.1.3", 0),
    ("sudo sysctl -w net.ipv4.ip_forward=1", 0),
];

#[test]
fn a_page_with_eight_slips_runs_to_its_end() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lessons/rooms.md");
    lesson(Path::new(page), &["--tools=ipbox"], STATUSES);
}

#[test]
fn the_page_that_it_was_made_for_runs_to_its_end() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/tutorial/network-namespaces.md");
    // Who has only this repository has not got it; the page above has the same slips.
    if Path::new(page).exists() {
        lesson(Path::new(page), &["--tools=ipbox"], STATUSES);
    }
}

#[test]
fn a_page_without_a_slip_says_so_and_one_without_a_command_is_refused() {
    let place = Place::new();
    let run = |name: &str, text: &str| {
        let page = place.file(name, text);
        place.lab(&["run", page.to_str().expect("UTF-8")]).output().expect("it runs")
    };
    let out =
        run("good.md", "# One\n\n```\n$ x=1\n$ echo $x \\\n> b\noutput\n```\n## Nothing below\n");
    assert_eq!(out.status.code(), Some(0), "{}", told(&out));
    assert_eq!(
        shown(&out),
        "\n== One\n$ x=1\n[status 0]\n$ echo $x \\\n> b\n1 b\n[status 0]\n\nNo slip was found on the page.\n"
    );
    let out = run("bad.md", "`$ false`, then `$ exit 3`, then `$ echo never`\n");
    assert_eq!(out.status.code(), Some(1), "{}", told(&out));
    assert!(!shown(&out).contains("never"), "{}", told(&out));
    let out = run("none.md", "# Words\n\nand nothing else, `ip link` aside.\n");
    assert_eq!(out.status.code(), Some(125), "{}", told(&out));
}

#[test]
fn what_has_no_end_is_given_one() {
    let place = Place::new();
    let page = place.file("p.md", "`$ ping -i 0.5 127.0.0.1`, `$ echo after`\n");
    let out = place.lab(&["run", page.to_str().expect("UTF-8")]).output().expect("it runs");
    assert_eq!(out.status.code(), Some(0), "{}", told(&out));
    let text = shown(&out);
    assert!(text.contains("0% packet loss") && text.contains("[interrupted, status 0]"), "{text}");
    assert!(text.contains("$ echo after\nafter\n[status 0]\n"), "{text}");
}
