//! Every word of `ip link`, `netns`, `address`, `route`, `neigh`, `rule`, `nexthop`, `monitor` and
//! the further objects is typed by some case.
//!
//! The words come from the usages, which are made of the tables; so a row that nobody tries is
//! found here. A kind's word counts where the line names the kind, too.

use crate::docs::{link_kinds, typed};
use crate::lab::Lab;
use std::collections::BTreeSet;
use std::path::Path;

/// What no case types, and why. A row that is no longer needed must go.
const NOT_TYPED: &[(&str, &[&str], &str)] =
    &[("netns", &["monitor"], "it does not end by itself: see netns.rs")];

/// Kinds whose words are rows of another kind, too; a word typed with either counts for both.
pub const SAME_ROWS: &[(&str, &str)] = &[("erspan", "gretap"), ("ip6erspan", "ip6gretap")];

/// Hardware: nothing that a kernel makes by itself. What is sent is tested by its bytes.
const HARDWARE: &[&str] = &["can"];

/// The words of every line of the cases of these directories, a set per line. Files that try
/// beginnings do not count: a word with a wrong value says little.
fn lines(directories: &[&str]) -> Vec<BTreeSet<String>> {
    let mut lines = Vec::new();
    for directory in directories {
        let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(directory);
        for file in std::fs::read_dir(cases).expect("case files").flatten() {
            if file.file_name() == "beginnings.cases" {
                continue;
            }
            let text = std::fs::read_to_string(file.path()).expect("a file of text");
            let commands = text.lines().filter(|l| !l.starts_with(['#', '>', '!', '=']));
            lines.extend(commands.map(|line| {
                let words = line.split(|c: char| c.is_whitespace() || ";|\"'\\(){},/".contains(c));
                words.map(String::from).collect()
            }));
        }
    }
    lines
}

/// The usage with `[no]word` written as the two words that it stands for.
fn both_ways(usage: &str) -> String {
    let switches = usage.split("[no]").skip(1);
    let off = switches.filter_map(|s| s.split_whitespace().next()).map(|w| format!(" no{w}"));
    usage.replace("[no]", "") + &off.collect::<String>()
}

#[test]
fn every_word_of_links_and_namespaces_is_typed_by_a_case() {
    let lab = Lab::new();
    let lines = lines(&["ip-link", "ip-netns", "vm"]);
    let words = |command: &str| {
        let out = lab.ours(command);
        typed(&both_ways(&(out.out() + &out.err())))
    };
    let kinds = link_kinds(&lab);
    let mut usages =
        vec![(String::new(), words("ip link help")), ("netns".into(), words("ip netns help"))];
    usages.extend(kinds.iter().map(|k| (k.clone(), words(&format!("ip link help {k}")))));
    let mut lone = usages[0].1.clone();
    lone.retain(|w| !HARDWARE.contains(&&**w));
    let mut wrong = Vec::new();
    for (kind, mut words) in usages.into_iter().filter(|(k, _)| !HARDWARE.contains(&&**k)) {
        words.retain(|w| !HARDWARE.contains(&&**w));
        // A kind without words of its own answers with the usage of all.
        let words = if !kind.is_empty() && words.is_superset(&lone) {
            [kind.clone()].into()
        } else {
            words
        };
        let related = SAME_ROWS.iter().find(|(k, _)| *k == kind).map_or("", |(_, other)| *other);
        let counts = |line: &&BTreeSet<String>| {
            kind.is_empty()
                || line.contains(&kind)
                || (!related.is_empty() && line.contains(related))
        };
        let there: BTreeSet<&String> = lines.iter().filter(counts).flatten().collect();
        let excused: BTreeSet<&str> = NOT_TYPED
            .iter()
            .filter(|(of, _, _)| *of == kind)
            .flat_map(|(_, words, _)| *words)
            .copied()
            .collect();
        let missing: BTreeSet<&str> =
            words.iter().filter(|w| !there.contains(w)).map(String::as_str).collect();
        let name = if kind.is_empty() { "ip link" } else { &kind };
        for word in missing.difference(&excused) {
            wrong.push(format!("{name}: no case types {word}"));
        }
        for word in excused.difference(&missing) {
            wrong.push(format!("{name}: {word} is typed or no word, its excuse must go"));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// Objects whose cases are the files that begin with their first word, in `ip-other` and `vm`.
const FURTHER: &[&str] = &[
    "addrlabel",
    "maddress",
    "ntable",
    "netconf",
    "token",
    "tunnel",
    "tuntap",
    "vrf",
    "stats",
    "xfrm",
    "xfrm state",
    "xfrm policy",
];

/// What no case of these types, and why.
const FURTHER_NOT_TYPED: &[(&str, &[&str], &str)] = &[];

#[test]
fn every_word_of_the_further_objects_is_typed_by_a_case() {
    let lab = Lab::new();
    let mut wrong = Vec::new();
    for object in FURTHER {
        let mut there = BTreeSet::new();
        let file_name = object.split(' ').next().unwrap_or(object);
        for directory in ["ip-other", "vm", "vm-tunnels"] {
            let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(directory);
            for file in std::fs::read_dir(cases).expect("case files").flatten() {
                if file.file_name().to_string_lossy().starts_with(file_name) {
                    let text = std::fs::read_to_string(file.path()).expect("a file of text");
                    let commands = text.lines().filter(|l| !l.starts_with(['#', '>', '!', '=']));
                    let words = commands
                        .flat_map(|l| l.split(|c: char| c.is_whitespace() || ";|\"'".contains(c)));
                    there.extend(words.map(String::from));
                }
            }
        }
        let out = lab.ours(&format!("ip {object} help"));
        let words = typed(&both_ways(&(out.out() + &out.err())));
        let excused: BTreeSet<&str> = FURTHER_NOT_TYPED
            .iter()
            .filter(|(of, _, _)| of == object)
            .flat_map(|(_, words, _)| *words)
            .copied()
            .collect();
        for word in words.iter().filter(|w| !there.contains(*w) && !excused.contains(&***w)) {
            wrong.push(format!("{object}: no case types {word}"));
        }
        for word in excused.iter().filter(|w| there.contains(**w) || !words.contains(**w)) {
            wrong.push(format!("{object}: {word} is typed or no word, its excuse must go"));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

const CHANGES: &[&str] =
    &["add", "change", "replace", "prepend", "append", "test", "del", "delete", "chg"];
const SHOWS: &[&str] = &["show", "list", "lst", "ls", "flush", "save"];
const GET: &[&str] = &["get"];
const BUCKET: &[&str] = &["bucket"];

/// An object, and where its cases are; each part of its usage (`SELECTOR := ...`) and the verbs
/// with one of which its words must be typed.
type Parts = &'static [(&'static str, &'static [&'static str])];
const OBJECTS: &[(&str, &str, Parts)] = &[
    ("address", "ip-address", &[("WORD", CHANGES), ("FLAG", CHANGES), ("SELECTOR", SHOWS)]),
    (
        "route",
        "ip-route",
        &[
            ("TYPE", CHANGES),
            ("OPTION", CHANGES),
            ("HOP", CHANGES),
            ("SELECTOR", SHOWS),
            ("LOOKUP", GET),
            ("FAMILY", CHANGES),
            ("TABLE", CHANGES),
            ("PROTO", CHANGES),
            ("SCOPE", CHANGES),
            ("ENCAP", CHANGES),
            ("FLAVOR", CHANGES),
            ("BPF", CHANGES),
        ],
    ),
    ("neighbour", "ip-neighbour", &[("WORD", CHANGES), ("SELECTOR", SHOWS), ("STATE", CHANGES)]),
    (
        "rule",
        "ip-rule",
        &[("WORD", CHANGES), ("ACTION", CHANGES), ("TYPE", CHANGES), ("SELECTOR", SHOWS)],
    ),
    (
        "nexthop",
        "ip-nexthop",
        &[
            ("WORD", CHANGES),
            ("SELECTOR", SHOWS),
            ("BUCKETS", BUCKET),
            ("KIND", CHANGES),
            ("ENCAP", CHANGES),
        ],
    ),
];

/// What no case types with a verb of its part, and why. A row that is no longer needed must go.
const NOT_TYPED_THERE: &[(&str, &str, &[&str], &str)] = &[];

#[test]
fn every_word_of_the_other_objects_is_typed_by_a_case() {
    let lab = Lab::new();
    let mut wrong = Vec::new();
    for (object, directory, parts) in OBJECTS {
        let lines = lines(&[directory, "vm"]);
        let usage = lab.ours(&format!("ip {object} help")).err();
        // What is typed alone: verbs.
        let verbs = usage.split(" := ").next().unwrap_or_default();
        let verbs = verbs
            .lines()
            .filter_map(|l| l.split_whitespace().nth(if l.starts_with("Usage") { 3 } else { 2 }));
        let typed_at_all: BTreeSet<&String> = lines.iter().flatten().collect();
        for verb in verbs.filter(|v| v.bytes().all(|b| b.is_ascii_lowercase())) {
            if !typed_at_all.contains(&verb.to_string()) {
                wrong.push(format!("ip {object}: no case types {verb}"));
            }
        }
        for (part, verbs) in *parts {
            let head = format!("\n{part} := ");
            let text = usage.split(&head).nth(1).unwrap_or_else(|| panic!("{part} in {usage}"));
            // Up to the next part, which begins a line.
            let end = text
                .match_indices('\n')
                .find(|(at, _)| text[at + 1..].starts_with(|c: char| c.is_ascii_uppercase()));
            let words = typed(&both_ways(&text[..end.map_or(text.len(), |(at, _)| at)]));
            let there: BTreeSet<&String> = lines
                .iter()
                .filter(|line| verbs.iter().any(|v| line.contains(*v)))
                .flatten()
                .collect();
            let excused: BTreeSet<&str> = NOT_TYPED_THERE
                .iter()
                .filter(|(o, p, _, _)| o == object && p == part)
                .flat_map(|(_, _, words, _)| *words)
                .copied()
                .collect();
            let missing: BTreeSet<&str> =
                words.iter().filter(|w| !there.contains(w)).map(String::as_str).collect();
            for word in missing.difference(&excused) {
                wrong.push(format!("ip {object}, {part}: no case types {word}"));
            }
            for word in excused.difference(&missing) {
                wrong.push(format!("ip {object}, {part}: {word} is typed, its excuse must go"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// What is monitored does not end by itself, so its tests are not case files.
#[test]
fn every_word_of_monitor_is_typed_by_a_test() {
    let tests = include_str!("monitor.rs");
    let there: BTreeSet<&str> =
        tests.split(|c: char| c.is_whitespace() || "\"{}()".contains(c)).collect();
    let usage = Lab::new().ours("ip monitor help").err();
    let words = typed(&usage);
    let missing: Vec<_> = words.iter().filter(|w| !there.contains(w.as_str())).collect();
    assert!(missing.is_empty(), "no test types {missing:?}");
}
