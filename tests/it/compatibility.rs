//! COMPATIBILITY.md is what the tables, the case files and the remarks say today.
//!
//! Each word of a usage stands in it with the number of lines that type it and are compared with the
//! reference; where our program is known to differ (`gap:` in a case file), that is said. The tests
//! of the cases hold what is counted here. `WRITE=1 cargo test --test it compatibility` writes the
//! file anew.

use crate::coverage::SAME_ROWS;
use crate::docs::{extensions, link_kinds, typed};
use crate::lab::Lab;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A command of the page.
struct Chapter {
    /// As it is typed; the remarks name it so.
    command: &'static str,
    /// What shows its words.
    usages: &'static [&'static str],
    /// Where its lines are.
    cases: &'static [&'static str],
    /// A line is about it when it has this word, or a beginning of it.
    word: &'static str,
}

const OBJECT: &[&str] = &["ip-other", "vm", "ip-global", "vm-tunnels"];

#[rustfmt::skip] // one row, one line
const CHAPTERS: &[Chapter] = &[
    Chapter { command: "ip", usages: &["ip help"], cases: &["ip-global", "ip-link", "ip-netns", "ip-address", "ip-route", "ip-neighbour", "ip-rule", "ip-nexthop", "ip-other", "vm"], word: "" },
    Chapter { command: "ip netns", usages: &["ip netns help"], cases: &["ip-netns", "ip-global"], word: "netns" },
    Chapter { command: "ip link", usages: &["ip link help"], cases: &["ip-link", "ip-netns", "vm", "ip-global"], word: "link" },
    Chapter { command: "ip address", usages: &["ip address help"], cases: &["ip-address", "ip-global", "vm"], word: "address" },
    Chapter { command: "ip route", usages: &["ip route help"], cases: &["ip-route", "ip-global", "vm"], word: "route" },
    Chapter { command: "ip neighbour", usages: &["ip neighbour help"], cases: &["ip-neighbour", "ip-global", "vm"], word: "neighbour" },
    Chapter { command: "ip rule", usages: &["ip rule help"], cases: &["ip-rule", "ip-global", "vm"], word: "rule" },
    Chapter { command: "ip nexthop", usages: &["ip nexthop help"], cases: &["ip-nexthop", "ip-global", "vm"], word: "nexthop" },
    Chapter { command: "ip monitor", usages: &["ip monitor help"], cases: &["ip-global"], word: "monitor" },
    Chapter { command: "ip addrlabel", usages: &["ip addrlabel help"], cases: OBJECT, word: "addrlabel" },
    Chapter { command: "ip maddress", usages: &["ip maddress help"], cases: OBJECT, word: "maddress" },
    Chapter { command: "ip ntable", usages: &["ip ntable help"], cases: OBJECT, word: "ntable" },
    Chapter { command: "ip netconf", usages: &["ip netconf help"], cases: OBJECT, word: "netconf" },
    Chapter { command: "ip token", usages: &["ip token help"], cases: OBJECT, word: "token" },
    Chapter { command: "ip tunnel", usages: &["ip tunnel help"], cases: OBJECT, word: "tunnel" },
    Chapter { command: "ip tuntap", usages: &["ip tuntap help"], cases: OBJECT, word: "tuntap" },
    Chapter { command: "ip vrf", usages: &["ip vrf help"], cases: OBJECT, word: "vrf" },
    Chapter { command: "ip stats", usages: &["ip stats help"], cases: OBJECT, word: "stats" },
    Chapter { command: "ip tcp_metrics", usages: &["ip tcp_metrics help"], cases: OBJECT, word: "tcp_metrics" },
    Chapter { command: "ip mroute", usages: &["ip mroute help"], cases: OBJECT, word: "mroute" },
    Chapter { command: "ip fou", usages: &["ip fou help"], cases: OBJECT, word: "fou" },
    Chapter { command: "ip sr", usages: &["ip sr help"], cases: OBJECT, word: "sr" },
    Chapter { command: "ip ila", usages: &["ip ila help"], cases: OBJECT, word: "ila" },
    Chapter { command: "ip ioam", usages: &["ip ioam help"], cases: OBJECT, word: "ioam" },
    Chapter { command: "ip mptcp", usages: &["ip mptcp help"], cases: OBJECT, word: "mptcp" },
    Chapter { command: "ip l2tp", usages: &["ip l2tp help"], cases: OBJECT, word: "l2tp" },
    Chapter { command: "ip macsec", usages: &["ip macsec help"], cases: OBJECT, word: "macsec" },
    Chapter { command: "ip xfrm", usages: &["ip xfrm state help", "ip xfrm policy help", "ip xfrm monitor help"], cases: OBJECT, word: "xfrm" },
    Chapter { command: "iptables", usages: &["iptables -h", "iptables-restore -h", "iptables-save -h"], cases: &["iptables", "vm-iptables"], word: "" },
    Chapter { command: "arp", usages: &["arp -h"], cases: &["arp"], word: "" },
    Chapter { command: "route", usages: &["route -h"], cases: &["route"], word: "" },
    Chapter { command: "ping", usages: &["ping -h"], cases: &["ping"], word: "" },
    Chapter { command: "sysctl", usages: &["sysctl -h"], cases: &["sysctl"], word: "" },
];

fn project(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// A line that is compared: its words, and the letters of its options.
type Words = BTreeSet<String>;

/// What the case files of a directory hold.
#[derive(Default)]
struct Cases {
    lines: Vec<Words>,
    blocks: usize,
    /// Where our program is known to differ: the title of the block, and why.
    gaps: Vec<(String, String)>,
}

/// What a shell or a batch separates words by, and what stands between the parts of a value.
const SEPARATORS: &str = ";|\"'\\(){},/=";

/// Beginnings of lines that prepare, and of what is expected.
const NOT_COMPARED: &[&str] = &["#", ">", "!", "=", "theirs:", "settle", "since ", "refused:"];

fn cases(directory: &str) -> Cases {
    let mut cases = Cases::default();
    let files = std::fs::read_dir(project("tests/cases").join(directory)).expect("case files");
    let mut files: Vec<PathBuf> = files.flatten().map(|f| f.path()).collect();
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(file).expect("a file of text");
        let (mut title, mut open) = ("", false);
        for line in text.lines().map(str::trim) {
            if let Some(reason) = line.strip_prefix("gap:") {
                cases.gaps.push((title.into(), reason.trim().into()));
            } else if line.is_empty() {
                open = false;
            } else if !open {
                (title, open) = (line.trim_start_matches(['#', ' ']), true);
                cases.blocks += 1;
            } else if !NOT_COMPARED.iter().any(|mark| line.starts_with(mark)) {
                cases.lines.push(words(line));
            }
        }
    }
    cases
}

fn words(line: &str) -> Words {
    let line = line.replace("\\n", " ");
    let split = line.split(|c: char| c.is_whitespace() || SEPARATORS.contains(c));
    let mut words: Words = split.filter(|w| !w.is_empty()).map(String::from).collect();
    // `-an` is `-a` and `-n`, `-c3` is `-c`.
    let letters = |w: &String| {
        let letters = w.strip_prefix('-').filter(|l| !l.starts_with('-')).unwrap_or("");
        letters.chars().map(|c| format!("-{c}")).collect::<Vec<_>>()
    };
    let letters: Vec<String> = words.iter().flat_map(letters).collect();
    words.extend(letters);
    words
}

/// The parts of a usage, `NAME := ...`, each with the words that are typed as they stand.
fn parts(usage: &str) -> Vec<(String, Words)> {
    let mut parts = vec![(String::new(), String::new())];
    for line in usage.lines() {
        let name = line.split(" :=").next().unwrap_or_default().trim();
        let begins = line.contains(" :=") && !name.is_empty();
        if begins && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'-') {
            parts.push((name.to_string(), String::new()));
        }
        let (_, text) = parts.last_mut().expect("one at least");
        let _ = writeln!(text, "{line}");
    }
    let both = |text: String| {
        let off = text.split("[no]").skip(1).filter_map(|s| s.split_whitespace().next());
        let off: String = off.map(|w| format!(" no{w}")).collect();
        text.replace("[no]", "") + &off
    };
    parts.into_iter().map(|(name, text)| (name, typed(&both(text)))).collect()
}

/// What is said of a command by hand.
#[derive(Default)]
struct Remarks {
    /// The kind of remark and what it says.
    said: Vec<(String, String)>,
    /// Words that no line of the case files types: the part, the word, where else.
    elsewhere: BTreeMap<(String, String), String>,
}

fn remarks(lab: &Lab) -> BTreeMap<String, Remarks> {
    let text = std::fs::read_to_string(project("tests/compatibility.txt")).expect("the remarks");
    let mut all = BTreeMap::<String, Remarks>::new();
    let mut of = String::new();
    for line in text.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            of = name.into();
            assert!(all.insert(of.clone(), Remarks::default()).is_none(), "[{name}] twice");
            continue;
        }
        let remarks = all.get_mut(&of).expect("remarks stand below their command");
        if let Some(command) = line.strip_prefix("$ ") {
            let (_, said) = remarks.said.last_mut().expect("what it shows stands before it");
            let out = lab.ours(command);
            let first = (out.err() + &out.out()).lines().next().unwrap_or_default().to_string();
            assert_ne!(out.status, 0, "`{command}` is said to be missing, and succeeds");
            let _ = write!(said, ". `{command}` answers `{first}`, status {}", out.status);
            continue;
        }
        let (kind, text) = line.split_once(": ").unwrap_or_else(|| panic!("no remark: {line}"));
        if let Some(part) = kind.strip_prefix("elsewhere") {
            let (words, why) = text.split_once(": ").unwrap_or_else(|| panic!("no reason: {line}"));
            for word in words.split(' ') {
                let key = (part.trim().to_string(), word.to_string());
                remarks.elsewhere.insert(key, why.into());
            }
        } else {
            assert!(["better", "different", "missing"].contains(&kind), "{line}");
            remarks.said.push((kind.into(), text.into()));
        }
    }
    all
}

/// The page, as it should be; what is wrong with the remarks.
struct Page {
    text: String,
    words: usize,
    wrong: Vec<String>,
}

impl Page {
    /// One row: the words of a part with the number of lines that type each.
    fn row(
        &mut self,
        of: &str,
        part: &str,
        words: &Words,
        lines: &[&Words],
        remarks: &mut Remarks,
    ) {
        let mut cells = Vec::new();
        let mut notes = BTreeMap::<String, Vec<&str>>::new();
        let whole = remarks.elsewhere.remove(&(part.to_string(), "*".into()));
        for word in words {
            let count = lines.iter().filter(|line| line.contains(word)).count();
            let one = remarks.elsewhere.remove(&(part.to_string(), word.clone()));
            match (count, one.or_else(|| whole.clone().filter(|_| count == 0))) {
                (0, None) => self.wrong.push(format!("{of} {part}: no line types {word}")),
                (0, Some(why)) => notes.entry(why).or_default().push(word),
                (_, Some(_)) => self.wrong.push(format!("{of} {part}: {word} is typed")),
                (count, None) => cells.push(format!("`{word}` {count}")),
            }
        }
        self.words += words.len();
        let notes = notes.iter().map(|(why, words)| format!("`{}`: {why}", words.join("`, `")));
        let cells: Vec<String> = cells.into_iter().collect();
        let all: Vec<String> = [cells.join(", ")].into_iter().chain(notes).collect();
        let all: Vec<String> = all.into_iter().filter(|c| !c.is_empty()).collect();
        let part = if part.is_empty() { "words" } else { part };
        let _ = writeln!(self.text, "| {part} | {} |", all.join("; ").replace('|', "\\|"));
    }
}

/// What is at the head of the page, with what has been counted.
fn head(words: usize, lines: usize, blocks: usize, gaps: usize) -> String {
    format!(
        "\
# Compatibility

The standard is iproute2 7.1.0 and iptables 1.8.11 over nf_tables; arp and route of net-tools
2.10, ping of iputils 20240905, sysctl of procps 4. *Equal* means: words and how short they may
be, standard output byte by byte, standard error up to a usage, the exit status, and what the
kernel has afterwards. The tests compare with Debian stable's packages (iproute2 6.15) and, with
`tests/run --newest`, with testing's.

This page is written by `WRITE=1 cargo test --test it compatibility`, from the tables of words that
the program has, from the case files of the tests, and from the remarks in
tests/compatibility.txt; a test fails when it is stale.

The number behind a word says how many lines of the case files type it: each is run by the
reference and by ipbox, and what they print, their statuses and what the kernel has afterwards must
be equal. {lines} lines in {blocks} blocks are compared in this way; {words} words and options stand
here. In {gaps} blocks it is known that the two differ, and the test holds that, too: these are
*different* below. What is *missing* ends with a status that is not zero and says so.
"
    )
}

/// The programs of `tests/callers`, with their steps.
fn callers() -> String {
    let files = std::fs::read_dir(project("tests/callers")).expect("scripts");
    let mut files: Vec<PathBuf> = files.flatten().map(|f| f.path()).collect();
    files.retain(|f| f.file_name().is_some_and(|name| name != "run.sh"));
    files.sort();
    let mut text = String::from(
        "
## Programs that call them

These of Debian stable run unchanged with the original tools and with ours (`tests/callers/run.sh`).
After each step the status, the output, the calls of the tools and the state of the kernel are the
same.

| package | steps |
|---|---|
",
    );
    for file in files {
        let script = std::fs::read_to_string(&file).expect("a file of text");
        let steps: Vec<&str> = script.lines().filter_map(|l| l.strip_prefix("## ")).collect();
        let name = file.file_stem().expect("a name").to_string_lossy();
        let (package, where_) = match name.strip_suffix("-kinds") {
            Some(package) => (package, ", further kinds of links"),
            None => (&*name, ""),
        };
        let steps = steps.join("; ").replace('|', "\\|");
        let _ = writeln!(text, "| `{package}`{where_} | {steps} |");
    }
    text
}

fn page(lab: &Lab) -> Page {
    let mut remarks = remarks(lab);
    let mut page = Page { text: String::new(), words: 0, wrong: Vec::new() };
    let mut directories = BTreeMap::<&str, Cases>::new();
    for directory in CHAPTERS.iter().flat_map(|c| c.cases) {
        directories.entry(directory).or_insert_with(|| cases(directory));
    }
    let usage = |command: &str| {
        let out = lab.ours(command);
        out.out() + &out.err()
    };
    for chapter in CHAPTERS {
        let mut said = remarks.remove(chapter.command).unwrap_or_default();
        let about = |line: &&Words| {
            chapter.word.is_empty() || line.iter().any(|w| chapter.word.starts_with(w.as_str()))
        };
        let all = chapter.cases.iter().flat_map(|d| &directories[d].lines);
        let lines: Vec<&Words> = all.filter(about).collect();
        let _ = writeln!(page.text, "\n## `{}`\n\n| | |\n|---|---|", chapter.command);
        let of = chapter.command;
        for command in chapter.usages {
            let name = if chapter.usages.len() == 1 {
                String::new()
            } else {
                format!("`{}`", command.rsplit_once(' ').map_or(*command, |(name, _)| name))
            };
            for (part, mut words) in parts(&usage(command)) {
                of.split(' ').chain([&*of.replace("ip ", "")]).for_each(|w| {
                    words.remove(w);
                });
                let row = [name.as_str(), &part].join(" ");
                // The usages of the others tell what an option does, in words that nobody types.
                words.retain(|w| of.starts_with("ip ") || of == "ip" || w.starts_with('-'));
                if !words.is_empty() {
                    page.row(of, row.trim(), &words, &lines, &mut said);
                }
            }
        }
        match of {
            "ip link" => kinds(lab, &mut page, &lines, &mut said),
            "iptables" => matches_and_targets(lab, &mut page, &lines, &mut said),
            _ => {}
        }
        for (part, word) in said.elsewhere.keys() {
            page.wrong.push(format!("[{of}] elsewhere {part}: {word} is no word of it"));
        }
        // A directory's own: those that share it have none.
        let own = chapter.cases.first().filter(|d| chapter.word.is_empty() || ***d != *OBJECT[0]);
        let gaps = own.map_or(&[][..], |d| &directories[d].gaps);
        if !said.said.is_empty() || !gaps.is_empty() {
            page.text.push('\n');
        }
        let known = gaps.iter().map(|(title, why)| ("different".into(), format!("{title}: {why}")));
        let mut all: Vec<(String, String)> = said.said.drain(..).chain(known).collect();
        all.sort_by_key(|(kind, _)| kind.clone());
        for (kind, text) in all {
            let _ = writeln!(page.text, "- *{kind}*: {text}");
        }
    }
    for name in remarks.keys() {
        page.wrong.push(format!("[{name}] is no chapter"));
    }
    let lines = directories.values().map(|c| c.lines.len()).sum();
    let blocks = directories.values().map(|c| c.blocks).sum();
    let gaps = directories.values().map(|c| c.gaps.len()).sum();
    page.text = head(page.words, lines, blocks, gaps) + &callers() + &page.text;
    page
}

/// A row for each kind of link.
fn kinds(lab: &Lab, page: &mut Page, lines: &[&Words], remarks: &mut Remarks) {
    let first = |usage: &str| parts(usage).swap_remove(0).1;
    let generic = first(&lab.ours("ip link help").err());
    for kind in link_kinds(lab) {
        let usage = lab.ours(&format!("ip link help {kind}"));
        let mut words = first(&(usage.out() + &usage.err()));
        // One without words of its own answers with the usage of all.
        if words.is_superset(&generic) {
            words.clear();
        }
        words.insert(kind.clone());
        let related = SAME_ROWS.iter().find(|(k, _)| *k == kind).map_or("", |(_, other)| other);
        let counts = |l: &&&Words| l.contains(&kind) || l.contains(related);
        let lines: Vec<&Words> = lines.iter().filter(counts).copied().collect();
        page.row("ip link", &format!("`type {kind}`"), &words, &lines, remarks);
    }
}

/// A row for each extension of iptables.
fn matches_and_targets(lab: &Lab, page: &mut Page, lines: &[&Words], remarks: &mut Remarks) {
    let mut rows = BTreeMap::<(&str, String), (Vec<&str>, Words)>::new();
    for (program, option, name) in extensions(lab) {
        let usage = lab.ours(&format!("{program} {option} {name} -h")).out();
        let own = usage.rsplit("\n\n").next().unwrap_or_default();
        let own = own.split_once('\n').filter(|(first, _)| first.ends_with("options:"));
        let row = rows.entry((option, name)).or_default();
        row.0.push(program);
        row.1.extend(typed(own.map_or("", |(_, rows)| rows)));
    }
    for ((option, name), (programs, mut words)) in rows {
        words.retain(|w| w.starts_with("--"));
        words.insert(name.clone());
        let only = match programs[..] {
            ["iptables"] => ", IPv4",
            ["ip6tables"] => ", IPv6",
            _ => "",
        };
        let lines: Vec<&Words> = lines.iter().filter(|l| l.contains(&name)).copied().collect();
        page.row("iptables", &format!("`{option} {name}`{only}"), &words, &lines, remarks);
    }
}

#[test]
fn the_page_about_compatibility_is_of_today() {
    let page = page(&Lab::new());
    assert!(page.wrong.is_empty(), "tests/compatibility.txt:\n{}\n", page.wrong.join("\n"));
    let path = project("COMPATIBILITY.md");
    if std::env::var_os("WRITE").is_some() {
        std::fs::write(&path, &page.text).expect("the file can be written");
    }
    let there = std::fs::read_to_string(&path).expect("COMPATIBILITY.md");
    let stale = there.lines().zip(page.text.lines()).find(|(a, b)| a != b);
    assert!(
        there == page.text,
        "COMPATIBILITY.md is stale: `WRITE=1 cargo test --test it compatibility` writes it anew.\n\
         The first line that differs: {stale:#?}"
    );
}
