//! Every beginning of every word of `ip link` and `ip netns` is decided as the reference decides it.
//!
//! What a beginning means shows in what is said next: the word is tried without and with a value
//! that nothing takes, in one script per place, and status and first line of standard error are
//! compared.

use crate::docs::{link_kinds, typed};
use crate::lab::{Lab, Tool};
use crate::same::reference_version;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Mutex;

/// A place where words stand: the command with `%` for the word, and whose usage has the words.
const PLACES: &[(&str, &str)] = &[
    ("ip link %", "ip link help"),
    ("ip link set v0 %", "ip link help"),
    ("ip link set v0 % x/x", "ip link help"),
    ("ip link show %", "ip link help"),
    ("ip link delete v9 %", "ip link help"),
    ("ip link property %", "ip link help"),
    ("ip netns %", "ip netns help"),
    ("ip netns % x/x", "ip netns help"),
    ("ip netns list-id % x", "ip netns help"),
];

/// What does not end by itself, what is newer than the reference of the tests, and where that
/// prints its null pointer instead of the word.
fn is_skipped(place: &str, beginning: &str) -> bool {
    let kind = place.split(" type ").nth(1).and_then(|t| t.split(' ').next()).unwrap_or_default();
    let is_newer = *reference_version() < [7, 0][..]
        && NEWER.iter().any(|(k, words)| *k == kind && words.contains(&beginning));
    let is_null = place.ends_with("% x/x") && beginning.starts_with("link-");
    is_null
        || is_newer
        || is_better(kind, beginning)
        || beginning == "inet"
        || place.starts_with("ip netns") && "monitor".starts_with(beginning)
}

/// Words of kinds that iproute2 6.15 does not know; and a name with a slash, which it refuses itself
/// and 7.0 leaves to the kernel.
const NEWER: &[(&str, &[&str])] = &[
    ("bond", &["broadcast_neighbor"]),
    ("bond_slave", &["actor_port_prio"]),
    ("bridge", &["fdb_local_vlan_0", "mdb_offload_fail_notification", "stp_mode"]),
    ("bridge_slave", &["neigh_forward_grat"]),
    (
        "can",
        &[
            "pwml",
            "pwmo",
            "pwms",
            "restricted",
            "tms",
            "xbitrate",
            "xl",
            "xphase-seg1",
            "xphase-seg2",
            "xprop-seg",
            "xsample-point",
            "xsjw",
            "xtdc-mode",
            "xtdcf",
            "xtdco",
            "xtdcv",
            "xtq",
        ],
    ),
    ("geneve", &["local"]),
    ("netkit", &["peer"]),
    ("veth", &["peer"]),
    ("vxcan", &["peer"]),
    ("vxlan", &["mcroute"]),
];

/// Where we refuse what the reference passes over: COMPATIBILITY.md names both.
fn is_better(kind: &str, beginning: &str) -> bool {
    kind == "gtp" && !["role", "hsize", "restart_count"].contains(&beginning)
        || kind == "ip6tnl" && beginning == "encaplimit"
}

/// The beginnings of all words, whole words included.
fn beginnings(words: &BTreeSet<String>) -> BTreeSet<&str> {
    words.iter().flat_map(|w| (1..=w.len()).filter_map(|n| w.get(..n))).collect()
}

#[test]
fn every_beginning_is_decided_alike() {
    let wrong = decided_differently(PLACES);
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// The words that stand behind a kind, with a value that none of them takes.
#[test]
fn every_beginning_of_a_kinds_words_is_decided_alike() {
    let kinds = link_kinds(&Lab::new());
    let places = kinds.iter().map(|kind| {
        // A port is set, the others are made.
        let verb = if kind.ends_with("_slave") || kind == "dsa" { "set v0" } else { "add x9" };
        (format!("ip link {verb} type {kind} % x/x"), format!("ip link help {kind}"))
    });
    let places: Vec<_> = places.collect();
    let wrong = Mutex::new(String::new());
    std::thread::scope(|scope| {
        for half in places.chunks(places.len().div_ceil(2)) {
            let wrong = &wrong;
            scope.spawn(move || {
                let half: Vec<_> = half.iter().map(|(p, u)| (&**p, &**u)).collect();
                *wrong.lock().expect("no panic while it is held") += &decided_differently(&half);
            });
        }
    });
    let wrong = wrong.into_inner().expect("no panic while it is held");
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// Every beginning that stands in one of these places and that the two programs decide differently.
fn decided_differently(places: &[(&str, &str)]) -> String {
    let (theirs, ours) = (Lab::patient(600), Lab::patient(600));
    let mut wrong = String::new();
    let all = usage_words(&ours, "ip link help");
    for (place, usage) in places {
        let mut words = usage_words(&ours, usage);
        // A kind without words of its own answers with the usage of all.
        if place.contains(" type ") && words.is_superset(&all) {
            words.clear();
        }
        // What one beginning has done is undone before the next.
        let mut script = String::from("ip link add v0 type veth peer name v1 2>/dev/null\n");
        for beginning in beginnings(&words).into_iter().filter(|b| !is_skipped(place, b)) {
            let command = place.replace('%', beginning);
            let _ = writeln!(
                script,
                "e=$({command} 2>&1 >/dev/null); s=$?; echo '{command}' $s: \"${{e%%\n*}}\""
            );
        }
        script += "ip link del v0\n";
        let (a, b) = (theirs.sh(Tool::Theirs, &script).out(), ours.sh(Tool::Ours, &script).out());
        assert_eq!(a.lines().count(), b.lines().count(), "{place}");
        for (a, b) in a.lines().zip(b.lines()) {
            // The wording of a usage is our own.
            let usage = |l: &str| l.split(": Usage:").next().unwrap_or(l).to_string();
            if usage(a) != usage(b) {
                let _ = write!(wrong, "- {a}\n+ {b}\n");
            }
        }
    }
    wrong
}

/// The words of a usage.
fn usage_words(lab: &Lab, command: &str) -> BTreeSet<String> {
    let told = lab.ours(command);
    typed(&(told.out() + &told.err()))
}
