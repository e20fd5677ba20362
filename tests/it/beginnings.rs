//! Every beginning of every word of `ip link` and `ip netns` is decided as the reference decides it.
//!
//! What a beginning means shows in what is said next: the word is tried without and with a value
//! that nothing takes, in one script per place, and status and first line of standard error are
//! compared.

use crate::docs::typed;
use crate::lab::{Lab, Tool};
use std::collections::BTreeSet;
use std::fmt::Write as _;

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
    let is_null = place.ends_with("% x/x") && beginning.starts_with("link-");
    is_null
        || beginning == "inet"
        || place.starts_with("ip netns") && "monitor".starts_with(beginning)
}

/// The beginnings of all words, whole words included.
fn beginnings(words: &BTreeSet<String>) -> BTreeSet<&str> {
    words.iter().flat_map(|w| (1..=w.len()).filter_map(|n| w.get(..n))).collect()
}

#[test]
fn every_beginning_is_decided_alike() {
    let (theirs, ours) = (Lab::patient(120), Lab::patient(120));
    let mut wrong = String::new();
    for (place, usage) in PLACES {
        let told = ours.ours(usage);
        let words = typed(&(told.out() + &told.err()));
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
    assert!(wrong.is_empty(), "\n{wrong}");
}
