//! The lines of the cases, changed at random, are answered alike by both programs.
//!
//! What a case says was thought of by somebody; this looks where nobody has. A block of
//! `tests/cases/` is run line by line in two labs, and between its lines come others: a line of the
//! block with words left out, doubled, swapped, cut, or taken from other lines of the directory.
//! What is said (see `same`) and, behind each change that was made, the kernel's state must agree.
//!
//! It is for looking, not for every day: what it finds becomes a case. One row of seeds after the
//! other, in the directories named:
//!
//! ```sh
//! SEED=100-140 ALIKE=ip-route,ip-rule cargo test --test it -- --ignored changed_lines --nocapture
//! ```
//!
//! A seed takes one block of each directory.

use crate::cases::scripts;
use crate::lab::{Lab, Outcome, Tool, split};
use crate::mutated::Random;
use crate::same::{Line, difference, parts, reference_version, report, settle, state};
use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Changed lines before each line of a block.
const CHANGED: usize = 4;

/// Seconds after which a command is taken to have no end, with both programs alike.
const PATIENCE: u32 = 6;

/// Words that are somewhere near right.
const NEAR: &[&str] = &[
    "0",
    "1",
    "2",
    "-1",
    "255",
    "256",
    "65535",
    "65536",
    "4294967295",
    "4294967296",
    "0x10",
    "010",
    "1.5",
    "10.0.0.1",
    "10.0.0.0/8",
    "10/8",
    "10.0.0.1/33",
    "10.0.0.0/255.255.0.0",
    "2001:db8::1",
    "2001:db8::/32",
    "fe80::1",
    "::/0",
    "02:00:00:00:00:01",
    "v0",
    "lo",
    "nosuch",
    "averyverylongname",
    "a/b",
    "",
    "on",
    "off",
    "none",
    "any",
    "all",
    "default",
    "inherit",
    "dev",
    "type",
    "via",
    "help",
    "!",
    "-j",
    "-d",
    "-s",
    "-o",
    "-4",
    "-6",
    "-n",
    "-v",
];

/// What is refused here and passed over by the reference, as tests/compatibility.txt says: a word
/// of the line, and how ours' sentence goes.
const STATED: &[(&str, &str)] = &[
    ("addrlabel", "\"prefix\" is duplicate, or"),
    ("token", "\"dev\" is duplicate, or"),
    ("token", "duplicate \"dev\""),
    ("token", "inet6 prefix is expected"),
    ("tuntap", "is garbage"),
    ("tap", "is garbage"),
    ("tuntap", "Usage:"),
    ("tuntap", "Command line"),
    ("tuntap", "Unknown tunnel mode"),
    ("tuntap", "invalid "),
    ("netconf", "is garbage"),
    ("mptcp", "either \"flush\""),
    ("tcp_metrics", ""),
    ("sr", "is wrong: unknown"),
    ("ioam", "is wrong: Un"),
];

/// What starts programs, has no end, or panics the kernel (Linux 6.18: options of a tunnel's
/// encapsulation, messages of `restore` that are not whole).
fn left_alone(words: &[Vec<u8>]) -> bool {
    let word = |is: &dyn Fn(&[u8]) -> bool| words.iter().skip(1).any(|w| is(w));
    let begins =
        |long: &'static [u8], from: usize| move |w: &[u8]| w.len() >= from && long.starts_with(w);
    let behind = |name: &[u8]| words.iter().skip_while(|w| *w != name).nth(1);
    word(&|w| w.windows(4).any(|part| part == b"opts"))
        || word(&begins(b"restore", 3))
        || word(&begins(b"exec", 1))
        || word(&begins(b"monitor", 2))
        // Without a device it outlives its namespace, and shows in others (Linux 6.18).
        || word(&|w| w == b"proxy") && !word(&|w| w == b"dev")
        || word(&|w| w.starts_with(b"-b") || w.starts_with(b"-rc") || w.contains(&b'\n'))
        // Its number is chosen at random.
        || word(&|w| w == b"allocspi") && behind(b"min") != behind(b"max")
        || word(&|w| w == b"allocspi") && behind(b"min").is_none()
        // What stands behind it counts here, as in newer ones.
        || words.len() > 2 && words[0] == b"sysctl" && words.iter().any(|w| w.starts_with(b"--s"))
        // A newer one's `suite vlan` is shown with all the others.
        || word(&|w| w == b"stats") && !word(&|w| w == b"group" || w == b"set")
        || words[0] == b"ping" && !short_ping(words)
}

/// Whether it sends a few requests and no more.
fn short_ping(words: &[Vec<u8>]) -> bool {
    let few = |pair: &[Vec<u8>]| pair[0] == b"-c" && matches!(&pair[1][..], b"1" | b"2" | b"3");
    words.windows(2).any(few)
}

/// The words of a line, changed in one to three ways. The program stays what it is.
fn change(line: &[Vec<u8>], pool: &[Vec<Vec<u8>>], random: &mut Random) -> Vec<Vec<u8>> {
    let mut words = line.to_vec();
    for _ in 0..=random.below(3) / 2 + random.below(4) / 3 {
        let first = if random.below(3) > 0 { 3.min(words.len() - 1).max(1) } else { 1 };
        let at = first + random.below((words.len() + 1).max(first + 1) - first);
        let other = random.one(pool);
        if at >= words.len() {
            let from = random.below(other.len());
            words.extend(other[from..].iter().take(1 + random.below(3)).cloned());
            continue;
        }
        match random.below(12) {
            0 => drop(words.remove(at)),
            1 => words.insert(at, words[at].clone()),
            2 => {
                let other = 1 + random.below(words.len() - 1);
                words.swap(at, other);
            }
            3 => {
                let len = random.below(words[at].len());
                words[at].truncate(len);
            }
            4 => words[at] = random.one(NEAR).as_bytes().to_vec(),
            5 => words.insert(at, random.one(NEAR).as_bytes().to_vec()),
            6 => words.truncate(at + 1),
            7 => words.truncate(at),
            8 => {
                let from = random.below(other.len());
                let few: Vec<_> = other[from..].iter().take(1 + random.below(3)).cloned().collect();
                words.splice(at..at, few);
            }
            9 => {
                let from = random.below(other.len());
                words.truncate(at);
                words.extend(other[from..].iter().cloned());
            }
            10 => words[at].push(b"0x1-/:,"[random.below(7)]),
            _ => words[at] = random.one(other).clone(),
        }
        if words.len() < 2 {
            break;
        }
    }
    words
}

/// Words as `split` takes them.
fn quoted(words: &[Vec<u8>]) -> Option<String> {
    let mut text = Vec::new();
    for word in words {
        let word = std::str::from_utf8(word).ok()?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,+=@%^".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            text.push(word.to_string());
        } else if word.contains(['\'', '\n']) {
            return None;
        } else {
            text.push(format!("'{word}'"));
        }
    }
    Some(text.join(" "))
}

/// A text without what is each program's own, or another one the next moment: the help of sysctl,
/// and numbers where all settings are shown.
fn steady(text: String) -> String {
    if text.trim_start().starts_with("Usage:") {
        return "Usage: ...".into();
    }
    if let Some((name, _)) = text.split_once(", ipbox ") {
        return format!("{name}\n");
    }
    if text.lines().count() < 500 && !text.contains("fs.inode-nr") {
        return text;
    }
    // The number of a start has letters, too.
    let names = text.lines().map(|line| match line.split_once(" = ") {
        Some((name, _)) => name,
        None if line.len() < 20 => line.trim_matches(|c: char| c.is_ascii_digit()),
        None => "",
    });
    names.collect::<Vec<_>>().join("\n")
}

/// What was run in both labs so far, and what differed.
struct Pair {
    theirs: Lab,
    ours: Lab,
    script: String,
    done: String,
    found: String,
}

impl Pair {
    fn new(script: &str) -> Pair {
        let (theirs, ours) = (Lab::patient(PATIENCE), Lab::patient(PATIENCE));
        Pair { theirs, ours, script: script.into(), done: String::new(), found: String::new() }
    }

    /// Whether the labs are still alike.
    fn run(&mut self, text: &str, seen: &Mutex<HashSet<String>>) -> bool {
        let line = Line::parse(text);
        // The reference sends bytes that nobody wrote.
        if line.command().starts_with("arp ") && text.contains("''") {
            return true;
        }
        let both = || (line.run(&self.theirs, Tool::Theirs), line.run(&self.ours, Tool::Ours));
        let (mut a, mut b) = both();
        // Normalizing asks what a script has named itself.
        self.script.push_str(text);
        self.script.push('\n');
        // The kernel keeps neighbours in an order of its own, seeded anew each time.
        let sorted = |mut told: Outcome| {
            let mut text = steady(told.out());
            // What refers to a route at the moment.
            if text.starts_with("Kernel IPv6") {
                let unused = |line: &str| {
                    let words = line.split_whitespace().enumerate();
                    let words = words.filter(|(at, _)| ![4, 5].contains(at));
                    words.map(|(_, w)| format!("{w} ")).chain(["\n".into()]).collect::<String>()
                };
                text = text.lines().map(unused).collect();
            }
            let mut lines: Vec<_> = text.lines().filter(|l| !l.ends_with(" absolute")).collect();
            if line.only_shows() || line.command().starts_with("arp") {
                lines.sort_unstable();
            }
            told.stdout = lines.join("\n").into();
            told
        };
        // Help and version are each program's own words.
        let own = |o: &Outcome| {
            ["Usage:", "net-tools", "ping from"].iter().any(|w| o.stdout.starts_with(w.as_bytes()))
        };
        let same = |a: &Outcome, b: &Outcome| {
            if own(a) && own(b) {
                return a.status == b.status;
            }
            let mut theirs = sorted(line.told(a, Tool::Theirs, &self.script));
            let mut ours = sorted(line.told(b, Tool::Ours, &self.script));
            theirs.stdout = without_empty_objects(&theirs.out()).into();
            if *reference_version() < *parts("7.0") {
                // A brighter blue.
                ours.stdout = ours.out().replace("\x1b[1;94m", "\x1b[1;34m").into();
            }
            ours.stdout = without_empty_objects(&ours.out()).into();
            if theirs.status != 0 && theirs.stderr.is_empty() {
                // It fails without a word, and ours says why.
                ours.stderr = vec![];
            }
            theirs == ours
        };
        for _ in 0..4 {
            if same(&a, &b) || !line.only_shows() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(150));
            (a, b) = both();
        }
        // Neither an end nor a crash of the reference's says how it should be.
        if a.killed || is_its_own(&a) {
            return b.status != 0;
        }
        let mut alike = true;
        let stated = |(object, sentence): &(&str, &str)| {
            let told = |w: &[u8]| w.len() > 1 && object.as_bytes().starts_with(w);
            b.err().contains(sentence) && split(text).iter().take(5).any(|w| told(w))
        };
        if !same(&a, &b) && b.status != 0 && STATED.iter().any(stated) {
            alike = a.status != 0 || line.only_shows();
        } else if !same(&a, &b) {
            let kind = |o: &Outcome| {
                let err = o.err();
                let first = err.lines().next().unwrap_or_default();
                first.split_whitespace().take(4).collect::<Vec<_>>().join(" ")
            };
            let applet = text.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
            let key = format!("{applet}|{}|{}|{}|{}", a.status, b.status, kind(&a), kind(&b));
            if seen.lock().expect("no panic while it is held").insert(key) {
                self.found += &report(&self.done, text, &a, &b, &self.script);
            }
            alike = (a.status == 0) == (b.status == 0) || line.only_shows();
        } else if a.status == 0 && !line.only_shows() {
            let (x, y) = (state(&self.theirs, &self.script), state(&self.ours, &self.script));
            if x != y {
                std::thread::sleep(std::time::Duration::from_secs(2));
                let (x, y) = (state(&self.theirs, &self.script), state(&self.ours, &self.script));
                if x != y {
                    let _ = write!(
                        self.found,
                        "    after\n{}        {text}\n    the kernel's state differs (- reference, + ours):\n{}",
                        self.done,
                        difference(&x, &y, true)
                    );
                    alike = false;
                }
            }
        }
        if a.status == 0 && !line.only_shows() {
            let _ = writeln!(self.done, "        {text}");
        }
        alike
    }
}

/// Whether what the reference says is left to it: a namespace that is not found and a negative id are
/// named wrongly, and before 7.0 a name with a slash or a blank was refused, which newer ones leave to
/// the kernel, as we do.
fn is_its_own(theirs: &Outcome) -> bool {
    let err = theirs.err();
    let says = |text: &str| err.contains(text);
    says("Invalid \"link-netns\" value")
        || says("nsid\" value should be >= 0")
        || *reference_version() < *parts("7.0")
            && (says("\"dev\" not a valid ifname") || says("not a valid altname"))
}

/// JSON without what the reference leaves of the devices that were not meant.
fn without_empty_objects(text: &str) -> String {
    if text.starts_with('[') { text.replace("{},", "").replace("{}", "") } else { text.into() }
}

/// One block, and what was found in it.
fn try_block(
    script: &str,
    pool: &[Vec<Vec<u8>>],
    random: &mut Random,
    seen: &Mutex<HashSet<String>>,
) -> (usize, String) {
    let mut pair = Pair::new(script);
    let mut tried = 0;
    let lines: Vec<&str> = script.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    for text in &lines {
        if text.starts_with('#') || text.starts_with("since") {
            continue;
        }
        if *text == "settle" {
            settle(&pair.theirs, &pair.ours, script);
            continue;
        }
        let line = Line::parse(text);
        if line.is_plain() {
            let marks = &text[..text.len() - line.command().len()];
            let words = split(line.command());
            for _ in 0..CHANGED {
                let mut words = change(&words, pool, random);
                if words.len() < 2 || left_alone(&words) {
                    continue;
                }
                // Nobody waits ten seconds for an answer that does not come.
                if words[0] == b"ping" && !words.iter().any(|w| w.starts_with(b"-W")) {
                    words.splice(1..1, [b"-W".to_vec(), b"0.3".to_vec()]);
                }
                let Some(changed) = quoted(&words) else { continue };
                tried += 1;
                if !pair.run(&format!("{marks}{changed}"), seen) {
                    return (tried, pair.found);
                }
            }
        }
        if !pair.run(text, seen) {
            break;
        }
    }
    (tried, pair.found)
}

#[test]
#[ignore = "long, and for looking: what it finds becomes a case"]
fn changed_lines_are_answered_alike() {
    let seeds = std::env::var("SEED").unwrap_or_else(|_| "1-20".into());
    let (from, to) = seeds.split_once('-').expect("SEED=FROM-TO");
    let (from, to): (u64, u64) = (from.parse().expect("a number"), to.parse().expect("a number"));
    let directories = std::env::var("ALIKE").unwrap_or_else(|_| {
        "ip-link,ip-address,ip-route,ip-neighbour,ip-rule,ip-nexthop,ip-netns,ip-other,iptables,\
         arp,route,ping,sysctl"
            .into()
    });
    let seen = Mutex::new(HashSet::new());
    let (mut tried, mut told) = (0, String::new());
    for directory in directories.split(',') {
        let scripts = scripts(directory);
        assert!(!scripts.is_empty(), "tests/cases/{directory} has no block");
        let pool: Vec<Vec<Vec<u8>>> = scripts
            .iter()
            .flat_map(|(_, script)| script.lines())
            .map(|l| Line::parse(l.trim()))
            .filter(Line::is_plain)
            .map(|l| split(l.command()))
            .filter(|words| words.len() > 1)
            .collect();
        let (next, found) = (AtomicU64::new(from), Mutex::new((0, String::new())));
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    loop {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= to {
                            break;
                        }
                        let mut random = Random(seed);
                        let (place, script) = random.one(&scripts);
                        let (tried, why) = try_block(script, &pool, &mut random, &seen);
                        if !why.is_empty() {
                            let _ = writeln!(std::io::stdout(), "seed {seed}, {place}\n{why}");
                        }
                        let mut found = found.lock().expect("no panic while it is held");
                        found.0 += tried;
                        if !why.is_empty() {
                            let _ = writeln!(found.1, "seed {seed}, {place}");
                        }
                    }
                });
            }
        });
        let (lines, places) = found.into_inner().expect("no panic while it is held");
        tried += lines;
        told += &places;
    }
    let _ = writeln!(std::io::stdout(), "{tried} changed lines");
    assert!(told.is_empty(), "differences, see above, of {tried} lines:\n{told}");
}
