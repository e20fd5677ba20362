//! Runs the case files, `tests/cases/OBJECT/*.cases`, with both programs: see `same`.
//!
//! A file is a row of blocks with an empty line between them; a block is a title and a script:
//!
//! ```text
//! # a veth pair is made and shown
//! ip link add v0 address 02:00:00:00:00:01 type veth peer name v1
//! ip -d link show v0
//!
//! # an unknown kind is refused
//! ip link add x type nosuch
//! ```
//!
//! Within a block a line may be, besides what `same` knows:
//!
//! | | |
//! |---|---|
//! | `refused: REASON` | on the emulated kernel: nothing of the block succeeds, and why. Without the mark such a block fails, since it compares nothing but that something is missing. |
//! | `gap: REASON` | our program is not there yet. The block is run and must differ: when it no longer does, the mark must go. |
//! | `since VERSION` | the reference must be that new. With an older one our program runs alone, and what it says must be what is recorded below the line in question. |
//! | `> TEXT` | a line of standard output expected, for a block with `since` |
//! | `! TEXT` | the first line of standard error expected, likewise |
//! | `= N` | the status expected, likewise; 0 if absent |
//!
//! `CASES=words cargo test --test it cases` runs only the blocks whose place and title contain
//! the words. A new directory needs one line below.

use crate::lab::{Lab, Tool};
use crate::same::{Line, Made, compare_noting, normalize, parts, reference_version};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

macro_rules! directories {
    ($($(#[$mark:meta])? $test:ident $directory:literal)*) => {
        $(#[test] $(#[$mark])? fn $test() { run($directory) })*
        const DIRECTORIES: &[&str] = &[$($directory),*];
    };
}

directories! {
    ip_global "ip-global"
    ip_link "ip-link"
    ip_address "ip-address"
    ip_route "ip-route"
    ip_neighbour "ip-neighbour"
    ip_rule "ip-rule"
    ip_nexthop "ip-nexthop"
    ip_netns "ip-netns"
    ip_other "ip-other"
    iptables "iptables"
    arp "arp"
    route "route"
    ping "ping"
    sysctl "sysctl"
    #[ignore = "needs another kernel: tests/vm/run.sh"] vm "vm"
    #[ignore = "needs another kernel: tests/vm/run.sh"] iptables_vm "vm-iptables"
    #[ignore = "needs another kernel: tests/vm/run.sh"] tunnels_vm "vm-tunnels"
}

#[test]
fn every_directory_has_its_test() {
    for entry in std::fs::read_dir(cases()).expect("tests/cases").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(DIRECTORIES.contains(&&*name), "tests/cases/{name} is listed nowhere");
    }
}

/// One block of a file.
struct Block {
    place: String,
    title: String,
    script: String,
    gap: Option<String>,
    refused: Option<String>,
    since: Option<String>,
}

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

/// The blocks of all files of a directory.
fn blocks(directory: &str) -> Vec<Block> {
    let Ok(entries) = std::fs::read_dir(cases().join(directory)) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "cases"));
    files.sort();
    let mut blocks = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a file of text");
        let name = file.strip_prefix(env!("CARGO_MANIFEST_DIR")).expect("below").display();
        let mut open = false;
        for (n, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() {
                open = false;
                continue;
            }
            if !open {
                let title = line.trim_start_matches(['#', ' ']).to_string();
                assert!(line.starts_with('#'), "{name}:{}: a block begins with its title", n + 1);
                let place = format!("{name}:{}", n + 1);
                let script = String::new();
                blocks.push(Block { place, title, script, gap: None, refused: None, since: None });
                open = true;
                continue;
            }
            let block = blocks.last_mut().expect("a block is open");
            if let Some(reason) = line.strip_prefix("gap:") {
                block.gap = Some(reason.trim().into());
            } else if let Some(reason) = line.strip_prefix("refused:") {
                block.refused = Some(reason.trim().into());
            } else if let Some(version) = line.strip_prefix("since ") {
                block.since = Some(version.trim().into());
            } else {
                block.script += line;
                block.script += "\n";
            }
        }
    }
    // A title alone, at the head of a file, is a remark about the file.
    blocks.retain(|b| b.script.lines().any(|l| !l.starts_with('#')));
    blocks
}

/// The blocks of a directory that the reference is compared in: place and script.
pub fn scripts(directory: &str) -> Vec<(String, String)> {
    let whole = |b: &Block| b.gap.is_none() && b.since.is_none() && b.refused.is_none();
    blocks(directory).into_iter().filter(whole).map(|b| (b.place, b.script)).collect()
}

/// Runs one directory, a few blocks at a time, and reports everything that failed.
fn run(directory: &str) {
    if directory == "vm-tunnels" {
        // Otherwise all blocks would only hear that there is no such device.
        let only = std::fs::read_to_string("/proc/sys/net/core/fb_tunnels_only_for_init_net");
        let only = only.expect("a setting of IPv4");
        assert_eq!(only.trim(), "0", "tests/vm/own-tunnels.sh comes before");
    }
    let mut blocks = blocks(directory);
    if let Ok(words) = std::env::var("CASES") {
        blocks.retain(|b| format!("{} {}", b.place, b.title).contains(&words));
    }
    // Two, since other directories run beside this one; but all processors where it is alone, and
    // what takes long first.
    let mut threads = 2;
    if emulated() {
        blocks.sort_by_key(|b| std::cmp::Reverse(b.script.lines().count()));
        threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    }
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(block) = blocks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let begin = std::time::Instant::now();
                    // A mistake in a block must not hide the others.
                    let result = std::panic::catch_unwind(|| judge(block))
                        .unwrap_or_else(|_| Err("    the harness failed, see above\n".into()));
                    if emulated() {
                        // At once, past what the test program keeps: should the machine be ended,
                        // this is what is left.
                        let told = if let Err(why) = &result { why } else { "ok" };
                        let seconds = begin.elapsed().as_secs();
                        let _ = writeln!(std::io::stderr(), "{} {seconds} s: {told}", block.place);
                    }
                    if let Err(why) = result {
                        failed.lock().expect("no panic while it is held").push((
                            &block.place,
                            &block.title,
                            why,
                        ));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("no panic while it is held");
    if failed.is_empty() {
        return;
    }
    let mut told = String::new();
    for (place, title, why) in &failed {
        let _ = writeln!(told, "\n{place}: {title}\n{}", why.trim_end());
    }
    panic!("{told}\n\n{} of {} blocks of {directory} failed\n", failed.len(), blocks.len());
}

/// Whether this is the kernel of `tests/vm/run.sh`, which has all modules.
fn emulated() -> bool {
    std::env::var_os("VM").is_some()
}

fn judge(block: &Block) -> Result<(), String> {
    let mut made = Made::default();
    let result = match &block.since {
        Some(version) if *parts(version) > *reference_version() => recorded(&block.script),
        _ => {
            let commands: Vec<&str> =
                block.script.lines().filter(|l| !l.starts_with(['>', '!', '='])).collect();
            compare_noting(&commands.join("\n"), block.gap.is_none(), &mut made)
        }
    };
    if result.is_ok() && emulated() {
        let any = made.any();
        match (made.refused(), &block.refused) {
            (Some(line), None) => {
                return Err(format!("    nothing is tested here, for both are refused:\n{line}\n"));
            }
            (_, Some(reason)) if any => {
                return Err(format!("    something succeeds, the mark must go: {reason}\n"));
            }
            _ => {}
        }
    }
    match (result, &block.gap) {
        (result, None) => result,
        (Err(_), Some(_)) => Ok(()),
        (Ok(()), Some(reason)) => {
            Err(format!("    this gap is closed, its mark must go: {reason}\n"))
        }
    }
}

/// Our program alone, against what is written below each command.
fn recorded(script: &str) -> Result<(), String> {
    let lab = Lab::new();
    let lines: Vec<&str> = script.lines().filter(|l| !l.starts_with('#')).collect();
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        let below = lines[at + 1..].iter().take_while(|l| l.starts_with(['>', '!', '='])).count();
        let expected = &lines[at + 1..at + 1 + below];
        at += 1 + below;
        let out = Line::parse(line).run(&lab, Tool::Ours);
        let text = |mark: char| -> Vec<&str> {
            let found = expected.iter().filter_map(|l| l.strip_prefix(mark));
            found.map(|l| l.strip_prefix(' ').unwrap_or(l).trim_end()).collect()
        };
        let (told, errors) = (normalize(&out.out(), script), normalize(&out.err(), script));
        let got: Vec<&str> = told.lines().map(str::trim_end).collect();
        let status: i32 = text('=').first().map_or(0, |n| n.parse().expect("= N"));
        let error = errors.lines().next().unwrap_or_default().trim_end();
        if got != text('>')
            || out.status != status
            || error != text('!').first().copied().unwrap_or_default()
        {
            return Err(format!(
                "    {line}\n    expected status {status}\n{}\n    got {out}",
                expected.join("\n")
            ));
        }
    }
    Ok(())
}
