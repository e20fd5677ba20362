//! What is read of the kernel and is not as it should be: tables that change while they are read,
//! answers that are cut, reordered or malformed. The kernel is played, so that it happens as often
//! and exactly where it is wanted.

use crate::fuzz::{doors, json_lines};
use crate::lab::{Lab, Tool};
use crate::played::{Answers, kind};
use std::fmt::Write as _;
use std::path::Path;

/// NLM_F_DUMP_INTR: something was added or deleted since the table's beginning.
const INTERRUPTED: u8 = 0x10;

/// Recorded from a kernel: devices, addresses, routes and so on, a message each, as they are told
/// to who asks for no statistics. See tests/fuzz/seed.py.
fn machine() -> Vec<Vec<u8>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus/answers");
    let mut all: Vec<Vec<u8>> = Vec::new();
    for (at, (line, kinds)) in doors::VIEWS.iter().enumerate() {
        // Types of generic netlink are numbered by each kernel anew.
        if !line.starts_with("ip ") || kinds.contains(&18) {
            continue;
        }
        let recorded = std::fs::read(corpus.join(format!("seed-{at}"))).expect("recorded");
        let call = doors::answers(&recorded).expect("a view");
        for m in call.answers.into_iter().flatten().flatten() {
            let family = m.get(16).copied();
            // What each view is told again, in other words.
            let again = |a: &Vec<u8>| {
                kind(a) == kind(&m) && (*a == m || kind(a) == 16 && a.get(20..24) == m.get(20..24))
            };
            if kind(&m) >= 16 && (kind(&m) != 16 || family == Some(0)) && !all.iter().any(again) {
                all.push(m);
            }
        }
    }
    all
}

/// The messages of a kind.
fn of(all: &[Vec<u8>], wanted: u16) -> impl Iterator<Item = &Vec<u8>> {
    all.iter().filter(move |m| kind(m) == wanted)
}

/// A machine with these messages instead of those of a kind.
fn with(all: &[Vec<u8>], wanted: u16, instead: impl IntoIterator<Item = Vec<u8>>) -> Answers {
    let others = all.iter().filter(|m| kind(m) != wanted).cloned();
    Answers::Machine(others.chain(instead).collect())
}

/// What reads whole tables, and what it reads.
const READERS: &[(&str, u16)] = &[
    ("ip link", 16),
    ("ip -j -d link", 16),
    ("ip link show type bridge", 16),
    ("ip addr", 20),
    ("ip addr", 16),
    ("ip -br addr", 20),
    ("ip route", 24),
    ("ip -j route show table all", 24),
    ("ip -6 route", 24),
    ("ip neigh", 28),
    ("ip -j neigh show proxy", 28),
    ("ip rule", 32),
    ("ip nexthop", 104),
    ("ip nexthop bucket", 116),
    ("ip addrlabel", 72),
    ("ip ntable", 64),
    ("ip netconf", 80),
    ("ip netns list-id", 88),
    ("ip mroute", 24),
    ("ip stats", 92),
    ("ip link xstats type bridge", 92),
    ("ip link afstats", 92),
    ("ip vrf", 16),
    ("ip tuntap", 16),
    ("ip tunnel", 16),
    ("ip address save", 20),
    ("ip route save", 24),
    ("ip rule save", 32),
    ("ip neigh flush to 10.0.0.0/8", 28),
    ("ip route flush root 10.0.0.0/8", 24),
    ("ip address flush scope link", 20),
    ("ip rule flush", 32),
    ("ip nexthop flush", 104),
];

#[test]
fn a_table_that_changed_meanwhile_is_said_so() {
    const SENTENCE: &str = "Dump was interrupted and may be inconsistent.\n";
    let all = machine();
    let lab = Lab::new();
    let mut wrong = String::new();
    for &(line, wanted) in READERS {
        let mut within: Vec<Vec<u8>> = of(&all, wanted).cloned().collect();
        let mut behind = within.clone();
        for m in &mut within {
            m[6] |= INTERRUPTED;
        }
        // NLMSG_DONE of this table, with the flag beside NLM_F_MULTI.
        let mut done = vec![20, 0, 0, 0, 3, 0, 2 | INTERRUPTED, 0, 0, 0, 0, 0];
        done.extend([&wanted.to_ne_bytes()[..], &[0; 6]].concat());
        behind.push(done);
        let mut said = 0;
        for table in [within, behind] {
            let ours = lab.played(Tool::Ours, line, with(&all, wanted, table.clone()));
            let theirs = lab.played(Tool::Theirs, line, with(&all, wanted, table));
            if (ours.err(), ours.status) != (theirs.err(), theirs.status) {
                let _ = writeln!(wrong, "{line}\nours: {ours}theirs: {theirs}");
            }
            said += usize::from(ours.err().contains(SENTENCE));
        }
        // Not a single word of it where addresses are flushed: so says the reference.
        if (said == 0) != line.starts_with("ip address flush") {
            let _ = writeln!(wrong, "{line}: said {said} times");
        }
        let ours = lab.played(Tool::Ours, line, Answers::Machine(all.clone()));
        if ours.err().contains(SENTENCE) {
            let _ = writeln!(wrong, "{line}, undisturbed: {ours}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What shows, line by line or as data.
const VIEWS: &[(&str, u16)] = &[
    ("ip link", 16),
    ("ip -j -d -s link", 16),
    ("ip -br link", 16),
    ("ip addr", 20),
    ("ip -j addr", 20),
    ("ip -d route show table all", 24),
    ("ip -j -d route show table all", 24),
    ("ip -s neigh", 28),
    ("ip -j neigh", 28),
    ("ip -d rule", 32),
    ("ip -j rule", 32),
    ("ip -d nexthop", 104),
    ("ip -j -d nexthop", 104),
    ("ip nexthop bucket", 116),
    ("ip -j addrlabel", 72),
    ("ip ntable", 64),
    ("ip -j ntable", 64),
    ("ip netconf", 80),
    ("ip -j netconf", 80),
    ("ip netns list-id", 88),
    ("ip stats", 92),
    ("ip -j stats", 92),
];

/// A program that has read an answer: it ended by itself, and what it wrote is whole lines or data.
fn is_whole(line: &str, out: &crate::lab::Outcome) {
    assert!(!out.killed && !out.err().contains("panicked"), "{line}: {out}");
    assert!(out.stdout.is_empty() || out.stdout.ends_with(b"\n"), "{line}: {out}");
    if line.contains(" -j ") {
        json_lines(&out.out(), Path::new(line));
    }
}

#[test]
fn of_an_answer_that_is_cut_whole_records_are_shown() {
    let all = machine();
    let lab = Lab::new();
    for &(line, wanted) in VIEWS {
        let table: Vec<Vec<u8>> = of(&all, wanted).take(6).cloned().collect();
        assert!(!table.is_empty(), "nothing was recorded for {line}");
        let shown = |table: &[Vec<u8>]| {
            let out = lab.played(Tool::Ours, line, with(&all, wanted, table.to_vec()));
            is_whole(line, &out);
            out
        };
        let complete: Vec<_> = (0..=table.len()).map(|n| shown(&table[..n]).stdout).collect();
        for (n, message) in table.iter().enumerate() {
            let len = message.len();
            for kept in [16, 17, 20, 16 + (len - 16) / 2, len - 4] {
                let mut table = table[..=n].to_vec();
                table[n].truncate(kept.min(len - 1));
                let out = shown(&table);
                assert_ne!(out.status, 0, "{line}, cut in message {n} at {kept}: {out}");
                assert!(
                    out.stdout.is_empty() || complete[..=n].contains(&out.stdout),
                    "{line}, cut in message {n} at {kept}: {out}"
                );
            }
        }
    }
}

#[test]
fn messages_in_another_order_are_shown_as_by_the_reference() {
    // What iproute2 6.15 and 7.2 show alike, and is no repaired fault of theirs.
    let alike =
        |line: &str| !["ntable", "stats", "nexthop", "-j -d"].iter().any(|w| line.contains(w));
    let all = machine();
    let lab = Lab::new();
    for &(line, wanted) in VIEWS.iter().filter(|(line, _)| alike(line)) {
        let table: Vec<Vec<u8>> = of(&all, wanted).cloned().collect();
        let mut rotated = table.clone();
        rotated.rotate_left(table.len() / 2);
        for table in [table.iter().rev().cloned().collect(), rotated] {
            let ours = lab.played(Tool::Ours, line, with(&all, wanted, Vec::clone(&table)));
            let theirs = lab.played(Tool::Theirs, line, with(&all, wanted, table));
            assert!(ours == theirs, "{line}\nours: {ours}\ntheirs: {theirs}");
        }
    }
}

#[test]
fn malformed_messages_are_left_out_or_shown_in_whole_lines() {
    /// Bytes of one table.
    const MOST: usize = 200_000;
    let all = machine();
    let lab = Lab::new();
    for &(line, wanted) in VIEWS {
        let mut table: Vec<Vec<u8>> = Vec::new();
        for message in of(&all, wanted) {
            let fixed = |mut m: Vec<u8>| {
                let len = u32::try_from(m.len()).expect("short").to_ne_bytes();
                m[..4].copy_from_slice(&len);
                m.resize(m.len().next_multiple_of(4), 0);
                m
            };
            let step = (message.len() / 60).max(1);
            // Shorter than it should be, its length being true; and with other bytes in it.
            table.extend((16..message.len()).step_by(step).map(|n| fixed(message[..n].to_vec())));
            for at in (16..message.len()).step_by(step) {
                for byte in [0, 1, 0xff] {
                    let mut other = message.clone();
                    other[at] = byte;
                    table.push(other);
                }
            }
        }
        let mut rest = &table[..];
        while !rest.is_empty() {
            let mut room = MOST;
            let fit = rest.iter().take_while(|m| {
                let fits = room >= m.len();
                room = room.saturating_sub(m.len());
                fits
            });
            let (now, later) = rest.split_at(fit.count());
            let out = lab.played(Tool::Ours, line, with(&all, wanted, now.to_vec()));
            is_whole(line, &out);
            rest = later;
        }
    }
}
