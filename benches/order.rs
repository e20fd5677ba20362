//! Has the short commands traced and writes down which functions and constants they went through, as
//! a script of the linker: `benches/order` starts it.
//!
//! Half of the life of `ip link show lo` is the kernel's loading it and taking it down. Most of the
//! other half were page faults: each is 2 to 4 µs in a virtual machine, for 16 pages of the program
//! around the place. What a command needs lies in few such windows only if it lies together. What
//! several commands share comes in the middle, what only `ip` has before it, what only `iptables`
//! has behind it.
//!
//! The compiler numbers constants without a name, and others get these numbers with the next change
//! of the program. What is listed then are a few constants that nobody needs at the start: the list
//! is to be made anew before a release.
#![allow(clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};

/// The rows of `benches/compare start` whose bar is the start's; 32 at most.
const COMMANDS: &[&str] = &[
    "ip link show lo",
    "ip addr",
    "ip route",
    "ip netns",
    "ip -n red addr",
    "iptables -S",
    "iptables -C INPUT -p tcp --dport 80 -j ACCEPT",
    "iptables -A INPUT -p tcp --dport 80 -j ACCEPT",
    "iptables -t nat -A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE",
];

/// What a list is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Code,
    Constant,
}

/// A constant so long, of which a command needs a part, stays where it is.
const LARGE: u64 = 4096;

/// A piece of code or a constant in the linker's map: its address, its length in bytes, and the words with which a
/// script names it, without what differs from build to build and with it. `same` are those of functions
/// whose code is the same, so that the linker has left them out: it would not, were this one listed
/// alone.
struct Section {
    kind: Kind,
    at: u64,
    len: u64,
    name: String,
    whole: String,
    same: Vec<String>,
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let [program, map, script] = &words[..] else {
        println!("benches/order starts this");
        return;
    };
    let map = std::fs::read_to_string(map).expect("the linker's map");
    let mut sections: Vec<Section> = Vec::new();
    let mut listed = false;
    for line in map.lines() {
        if let Some(section) = section(line) {
            listed = section.kind == Kind::Code;
            sections.push(section);
        } else if line.contains(":(") {
            listed = false;
        } else if let (true, Some(last), Some(name)) =
            (listed, sections.last_mut(), line.split_whitespace().nth(4))
            && ["_ZN", "_R"].iter().any(|begin| name.starts_with(begin))
            && !last.whole.contains(name)
        {
            last.same.push(format!("*(.text.{name})"));
        }
    }
    sections.sort_by_key(|s| s.at);
    // Which commands use each, as a set of bits, and which of them are `ip`.
    let ip_alone = COMMANDS.iter().enumerate().filter(|(_, line)| line.starts_with("ip "));
    let ip_alone: u32 = ip_alone.map(|(bit, _)| 1 << bit).sum();
    let mut users: BTreeMap<usize, u32> = BTreeMap::new();
    for (bit, line) in COMMANDS.iter().enumerate() {
        for at in trace(program, line) {
            let before = sections.partition_point(|s| s.at <= at);
            if let Some(i) =
                before.checked_sub(1).filter(|&i| at < sections[i].at + sections[i].len)
            {
                *users.entry(i).or_default() |= 1 << bit;
            }
        }
    }
    let size = |name: &str, which: &dyn Fn(usize) -> bool| -> u64 {
        let of_it = sections.iter().enumerate().filter(|(_, s)| s.name == name);
        of_it.filter(|(i, _)| which(*i)).map(|(_, s)| s.len).sum()
    };
    let mut names: BTreeMap<(Kind, &str), u32> = BTreeMap::new();
    for (i, &set) in &users {
        let section = &sections[*i];
        let name = section.name.as_str();
        let (all, used) = (size(name, &|_| true), size(name, &|i| users.contains_key(&i)));
        // A name that many functions have, of which few are meant, would fill the place with the
        // others: then exactly this one, while the compiler calls it so.
        let few = all < 1024 || all < 4 * used;
        let name = if few { name } else { &section.whole };
        *names.entry((section.kind, name)).or_default() |= set;
        for name in &section.same {
            *names.entry((section.kind, name)).or_default() |= set;
        }
    }
    let mut names: Vec<((Kind, &str), u32)> = names.into_iter().collect();
    names.sort_by_key(|(_, set)| {
        let (ip, iptables) = ((set & ip_alone).count_ones(), (set & !ip_alone).count_ones());
        let place = match (ip, iptables) {
            (_, 0) => (0, ip),
            (0, _) => (2, u32::BITS - iptables),
            _ => (1, iptables),
        };
        (place, *set)
    });
    let mut text = std::fs::read_to_string(script).expect("the script");
    for kind in [Kind::Constant, Kind::Code] {
        let own = names.iter().filter(|((k, _), _)| *k == kind);
        let lines: String = own.map(|((_, name), _)| format!("    {name}\n")).collect();
        println!("{kind:?}: {} names", lines.lines().count());
        let begin = format!("    /* {kind:?}, by benches/order: */\n");
        let (before, rest) = text.split_once(&begin).expect("where the list begins");
        let (_, after) = rest.split_once(END).expect("where the list ends");
        text = [before, &begin, &lines, END, after].concat();
    }
    std::fs::write(script, text).expect("it can be written");
}

const END: &str = "    /* So far. */\n";

/// A line of the map that tells of code or a constant: `address address length alignment file:(section)`, with hexadecimal
/// numbers.
fn section(line: &str) -> Option<Section> {
    let mut columns = line.split_whitespace();
    let at = u64::from_str_radix(columns.next()?, 16).ok()?;
    let len = u64::from_str_radix(columns.nth(1)?, 16).ok().filter(|&len| len > 0)?;
    let (file, section) = columns.nth(1)?.rsplit_once(":(")?;
    let section = section.strip_suffix(')')?;
    let kind = if section.starts_with(".text") {
        Kind::Code
    } else if section.starts_with(".rodata") && len < LARGE {
        Kind::Constant
    } else {
        return None;
    };
    let file = file.rsplit('/').next()?;
    let (whole, name) = match file.split_once('(') {
        // One of the C library's.
        Some((archive, member)) => {
            let archive = archive.split(['-', '.']).next()?;
            let member = format!("*{archive}*.a:{}({section})", member.trim_end_matches(')'));
            (member.clone(), member)
        }
        None if section != ".text" && file.ends_with(".rcgu.o") => {
            (format!("*({section})"), format!("*({})", without_hashes(section)))
        }
        None if section == ".text" && file.ends_with(".rcgu.o") => {
            ("*.rcgu.o(.text)".into(), "*.rcgu.o(.text)".into())
        }
        None => return None,
    };
    Some(Section { kind, at, len, name, whole, same: Vec::new() })
}

/// A mangled name with `*` for what the compiler puts in to tell apart crates and what it makes of
/// something generic: `17h` and 16 digits, or `Cs` and a number with digits of 62 values.
fn without_hashes(name: &str) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let hash = rest.strip_prefix("17h").filter(|r| r.len() >= 16 && r.is_char_boundary(16));
        let number = rest.strip_prefix("Cs").and_then(|r| r.split_once('_'));
        if let Some(r) = hash.filter(|r| r[..16].bytes().all(|b| b.is_ascii_hexdigit())) {
            out.push_str("17h*");
            rest = &r[16..];
        } else if let Some((_, r)) = number.filter(|(n, _)| {
            (8..=12).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_alphanumeric())
        }) {
            out.push_str("Cs*_");
            rest = r;
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// The addresses of all instructions that a command goes through, and of all that it reads.
fn trace(program: &str, line: &str) -> BTreeSet<u64> {
    let log = format!("{}/trace", env!("CARGO_TARGET_TMPDIR"));
    let mut command = Command::new("valgrind");
    command.args(["--tool=lackey", "--trace-mem=yes", &format!("--log-file={log}"), program]);
    command.args(line.split(' ')).stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(Stdio::null());
    assert!(command.status().expect("valgrind is installed").success(), "{line}");
    let log = std::fs::read_to_string(log).expect("it was written");
    // Two columns for what is done (I, L, S, M), then `address,length` in hexadecimal digits.
    let at = |line: &str| {
        let (what, place) = line.split_at_checked(3)?;
        ["I  ", " L ", " M "].contains(&what).then_some(())?;
        u64::from_str_radix(place.split_once(',')?.0, 16).ok()
    };
    log.lines().filter_map(at).collect()
}
