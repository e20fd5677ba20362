//! Runs a script with the reference and with our program, each in a fresh lab, and compares.
//!
//! ```ignore
//! #[test]
//! fn a_veth_pair_is_made_and_shown() {
//!     same(
//!         "ip link add v0 address 02:00:00:00:00:01 type veth peer name v1
//!          ip -d link show v0
//!          theirs: ip addr add 10.0.0.1/24 dev v0
//!          ip addr show v0
//!          user: ip link set v0 up
//!          status: ip link help
//!          sh: printf 'link show lo\n' | ip -batch -",
//!     );
//! }
//! ```
//!
//! A line is one command. Its words are split as a shell splits them (blanks, quotes, backslashes;
//! nothing else). Status, standard output and standard error up to a usage must agree. After
//! the last line the kernel's state must agree, as the reference shows it: links, addresses, routes,
//! neighbours and rules of the lab and of each named namespace in it, and, for a script with a word
//! that begins with `iptables`, `ip6tables` or `nft`, the ruleset; with `xfrm`, states and policies
//! of IPsec.
//!
//! | a line may begin with | |
//! |---|---|
//! | `theirs:` | the reference runs it in both labs |
//! | `ours:` | our program runs it in both labs |
//! | `user:` | another user without any privilege runs it |
//! | `sh:` | the rest is a shell script; what it calls `ip` is the tool under test |
//! | `status:` | only the status is compared, and which of stdout and stderr says something |
//! | `stdout:` | standard error is not compared |
//! | `as NAME:` | the program is told that it is called NAME |
//! | `until VERSION:` | not compared with the packages beside a newer iproute2, which do otherwise |
//! | `settle` | alone: waits until what the kernel does later is done (carrier, operstate) |
//! | `#` | a remark |
//!
//! They may be combined: `user: status: ip link help`.
//!
//! The four directions: *theirs makes, both show*: `theirs: ip link add …`, `ip link show`;
//! *ours makes, theirs shows*: is what the state at the end is; *both make, the dumps agree*:
//! plain lines; *both fail, the words agree*: plain lines.
//!
//! **Fix what varies**: give links an address, and a fresh lab numbers everything the same.
//! A usage is compared only as to where it is printed, since its wording is our own. What cannot be
//! fixed is made equal by [`normalize`], and only there: addresses of links that do not occur in
//! the script, link-local addresses made of them, timers, ages, the dates of `iptables-save`, times
//! of `ping`. What an output says about a link's state may lag behind; so a command that only
//! shows, or `ping`, is asked again, some seconds long, before a difference is believed.

use crate::lab::{Lab, Outcome, Tool, split};
use std::fmt::Write as _;
use std::sync::OnceLock;
use std::time::Duration;

/// Milliseconds after which one looks again for what the kernel does later. A machine may have
/// more to do than this; so the last ones are long, and only a true difference waits for them.
pub const PAUSES: &[u64] = &[50, 150, 400, 500, 1000, 2000, 4000, 8000, 16000];

/// Words of commands that change something.
const CHANGES: &[&str] = &[
    "add", "del", "delete", "set", "change", "replace", "append", "prepend", "flush", "-A", "-I",
    "-D", "-R", "-F", "-N", "-X", "-P", "-Z", "-E", "-s", "-d", "exec", "attach",
];

/// What is said where the kernel, or a module that is not loaded, knows nothing of it.
const LACKS: &[&str] = &[
    "Operation not supported",
    "Protocol not supported",
    "family not supported",
    "encapsulation type not supported",
    "Unknown device type",
    "No such file or directory",
    "No such device",
    "nonexistent",
    "Operation not permitted",
];

/// What became of a script's changes: one that is refused from end to end, by both tools alike,
/// compares nothing but the refusal.
#[derive(Default)]
pub struct Made {
    /// Some change was made.
    any: bool,
    /// The first line that the kernel lacks something for, and what was said.
    lacked: Option<String>,
    /// The first line that a setting was not there for.
    no_setting: Option<String>,
}

impl Made {
    fn note(&mut self, line: &Line<'_>, outcome: &Outcome) {
        let text = outcome.err();
        let lacks = text.lines().find(|l| LACKS.iter().any(|w| l.contains(w)));
        let told = lacks.map(|l| format!("{}: {l}", line.text));
        if lacks.is_some_and(|l| l.contains("/proc/sys/") && line.shell) {
            self.no_setting.get_or_insert_with(|| told.clone().unwrap_or_default());
        }
        if line.changes() {
            self.any |= outcome.status == 0;
            // Settings of a kind that `lo` is not are refused on every kernel.
            if !line.command.contains(" set ") {
                self.lacked = self.lacked.take().or(told);
            }
        }
    }

    /// Whether some change was made.
    pub fn any(&self) -> bool {
        self.any
    }

    /// Why the script tests too little, if it does.
    pub fn refused(self) -> Option<String> {
        self.no_setting.or(if self.any { None } else { self.lacked })
    }
}

/// One line of a script.
pub struct Line<'a> {
    text: &'a str,
    command: &'a str,
    by: Option<Tool>,
    argv0: Option<&'a str>,
    shell: bool,
    ordinary: bool,
    status_only: bool,
    stderr_too: bool,
    /// The newest reference that it is compared with.
    until: Option<&'a str>,
}

impl<'a> Line<'a> {
    pub fn parse(text: &'a str) -> Line<'a> {
        let mut line = Line {
            text,
            command: text,
            by: None,
            argv0: None,
            shell: false,
            ordinary: false,
            status_only: false,
            stderr_too: true,
            until: None,
        };
        while let Some((mark, rest)) = line.command.split_once(':') {
            match mark {
                "theirs" => line.by = Some(Tool::Theirs),
                "ours" => line.by = Some(Tool::Ours),
                "user" => line.ordinary = true,
                "status" => line.status_only = true,
                "stdout" => line.stderr_too = false,
                "sh" => line.shell = true,
                _ => match (mark.strip_prefix("as "), mark.strip_prefix("until ")) {
                    (Some(name), _) => line.argv0 = Some(name.trim()),
                    (_, Some(version)) => line.until = Some(version.trim()),
                    _ => break,
                },
            }
            line.command = rest.trim_start();
            if line.shell {
                break;
            }
        }
        line
    }

    /// A command of the tool under test, for which words can be split.
    pub fn is_plain(&self) -> bool {
        self.by.is_none() && !self.shell && !self.command.is_empty() && self.command != "settle"
    }

    /// It without its marks.
    pub fn command(&self) -> &'a str {
        self.command
    }

    /// What comes of it in this lab.
    pub fn run(&self, lab: &Lab, tool: Tool) -> Outcome {
        let words = if self.shell {
            vec![b"/bin/sh".to_vec(), b"-c".to_vec(), self.command.into()]
        } else {
            split(self.command)
        };
        lab.exec_named(self.by.unwrap_or(tool), self.argv0, &words, b"", self.ordinary)
    }

    /// Whether doing it twice is the same as doing it once.
    pub fn only_shows(&self) -> bool {
        const SHOWS: &[&str] =
            &["show", "list", "lst", "ls", "sh", "get", "-S", "-L", "-a", "-n", "s", "a", "r", "l"];
        let words = || self.command.split_whitespace();
        // How many of a flood are on their way at once is a matter of what else the machine does.
        words().next().is_some_and(|w| w.ends_with("-save") || w == "ping")
            || (words().any(|w| SHOWS.contains(&w))
                && !words().skip(1).any(|w| CHANGES.contains(&w))
                && !self.shell)
    }

    /// Whether it asks for a change of the kernel's state, by the tool under test.
    fn changes(&self) -> bool {
        self.by != Some(Tool::Theirs)
            && self.command.split_whitespace().skip(1).any(|w| CHANGES.contains(&w))
    }

    /// Whether it only shows, and is of those that may begin before the C library (src/sys/early.rs).
    fn may_begin_early(&self) -> bool {
        let mut words = self.command.split_whitespace();
        self.only_shows()
            && match words.next() {
                Some("ip") => true,
                Some("iptables" | "ip6tables") => words.any(|w| ["-S", "-L", "-nL"].contains(&w)),
                Some(name) => name.ends_with("-save"),
                None => false,
            }
    }

    /// What is compared, of what the tool printed.
    pub fn told(&self, outcome: &Outcome, tool: Tool, script: &str) -> Outcome {
        let mut told = outcome.clone();
        if self.by.unwrap_or(tool) != Tool::Theirs {
            told.stdout = without_newer(&outcome.out()).into();
        }
        let outcome = &told.clone();
        if self.status_only {
            let something = |bytes: &[u8]| if bytes.is_empty() { vec![] } else { b"...".to_vec() };
            told.stdout = something(&outcome.stdout);
            told.stderr = something(&outcome.stderr);
            return told;
        }
        told.stdout = normalize(&outcome.out(), script).into();
        // The wording of a usage is each program's own; that there is one is not.
        if told.stdout.starts_with(b"Usage: ") {
            told.stdout = b"Usage: ...".into();
        }
        let errors = normalize(&outcome.err(), script);
        let mut lines = errors.lines().peekable();
        if lines.peek().is_some_and(|first| first.starts_with("Usage:")) {
            told.stderr = b"Usage: ...".into();
        } else {
            // Up to a usage, and without what is indented below its title. What the reference
            // finds out twice it tells twice: once will do.
            let mut all: Vec<&str> = Vec::new();
            for line in lines.take_while(|line| !line.starts_with("Usage")) {
                if !line.starts_with([' ', '\t']) && (line.is_empty() || !all.contains(&line)) {
                    all.push(line);
                }
            }
            told.stderr = all.join("\n").into();
        }
        if !self.stderr_too {
            told.stderr.clear();
        }
        told
    }
}

/// Runs a script with both programs, each in its own lab; everything must agree.
///
/// # Panics
///
/// When something differs, with all there is to know about it.
pub fn same(script: &str) {
    if let Err(why) = compare(script, true) {
        panic!("\n{why}");
    }
}

/// As [`same`]: `Err` is the report of every line that differs, up to one after which the labs
/// may no longer be alike. `patient`: a difference in what is shown is looked at again
/// before it counts.
pub fn compare(script: &str, patient: bool) -> Result<(), String> {
    compare_noting(script, patient, &mut Made::default())
}

/// As [`compare`], and notes what became of the changes.
pub fn compare_noting(script: &str, patient: bool, made: &mut Made) -> Result<(), String> {
    let (theirs, ours) = (Lab::new(), Lab::new());
    let (mut done, mut differences) = (String::new(), String::new());
    for text in script.lines().map(str::trim) {
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        if text == "settle" {
            settle(&theirs, &ours, script);
            continue;
        }
        let line = Line::parse(text);
        let (mut a, mut b) = (line.run(&theirs, Tool::Theirs), line.run(&ours, Tool::Ours));
        if line.until.is_some_and(|version| *reference_version() > *parts(version)) {
            continue;
        }
        // Asked again while it differs; not at length when it did not help before.
        if patient && line.only_shows() && differences.is_empty() {
            for pause in PAUSES {
                if line.told(&a, Tool::Theirs, script) == line.told(&b, Tool::Ours, script) {
                    break;
                }
                std::thread::sleep(Duration::from_millis(*pause));
                (a, b) = (line.run(&theirs, Tool::Theirs), line.run(&ours, Tool::Ours));
            }
        }
        made.note(&line, &a);
        if line.told(&a, Tool::Theirs, script) != line.told(&b, Tool::Ours, script) {
            let before = if differences.is_empty() { &*done } else { "" };
            differences += &report(before, line.text, &a, &b, script);
            // What follows is still worth knowing, unless the labs may have parted here.
            if a.status != b.status && (a.status == 0 || b.status == 0) && !line.only_shows() {
                return Err(differences);
            }
        }
        if line.by.is_none() && line.may_begin_early() && !by_both_starts(&line, &ours, &b, script)
        {
            let ordinary = line.run(&ours, Tool::Ordinary);
            differences += "    its two starts differ (- the C library's, + ours):\n";
            differences += &report("", line.text, &ordinary, &b, script);
        }
        let _ = writeln!(done, "        {text}");
    }
    if !differences.is_empty() {
        return Err(differences);
    }
    let mut states = (state(&theirs, script), state(&ours, script));
    for pause in PAUSES {
        if !patient || states.0 == states.1 {
            break;
        }
        std::thread::sleep(Duration::from_millis(*pause));
        states = (state(&theirs, script), state(&ours, script));
    }
    if states.0 == states.1 {
        return Ok(());
    }
    Err(format!(
        "    after\n{done}    the kernel's state differs (- reference, + ours):\n{}",
        difference(&states.0, &states.1, true)
    ))
}

/// Whether our program tells the same when the C library starts it (src/sys/early.rs).
fn by_both_starts(line: &Line<'_>, lab: &Lab, early: &Outcome, script: &str) -> bool {
    let told = |outcome: &Outcome| line.told(outcome, Tool::Ours, script);
    // Another kernel has no part in it, and is slow.
    if std::env::var_os("VM").is_some() {
        return true;
    }
    let mut early = early.clone();
    for _ in 0..5 {
        if told(&line.run(lab, Tool::Ordinary)) == told(&early) {
            return true;
        }
        // What is shown may have changed between the two.
        early = line.run(lab, Tool::Ours);
    }
    false
}

/// Waits until the states of both labs agree, but not for ever.
pub fn settle(theirs: &Lab, ours: &Lab, script: &str) {
    for _ in 0..300 {
        std::thread::sleep(Duration::from_millis(100));
        if state(theirs, script) == state(ours, script) {
            return;
        }
    }
}

/// Everything in the kernel, as the reference shows it.
pub fn state(lab: &Lab, script: &str) -> String {
    let mut names: Vec<Option<String>> = vec![None];
    if let Ok(entries) = std::fs::read_dir(lab.root().join("run/netns")) {
        let mut named: Vec<_> =
            entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        named.sort();
        names.extend(named.into_iter().map(Some));
    }
    let word = |prefix: &str| {
        script
            .split(|c: char| c.is_whitespace() || c == '\'' || c == '"')
            .any(|w| w.starts_with(prefix))
    };
    let mut told = String::new();
    for name in names {
        let label = name.clone().unwrap_or_else(|| "the lab".into());
        let mut show = |line: &str, input: &str| {
            let mut words = split(line);
            if let Some(name) = &name {
                if words[0] == b"ip" {
                    words.splice(1..1, [b"-n".to_vec(), name.clone().into()]);
                } else {
                    let enter = [b"ip".to_vec(), b"netns".to_vec(), b"exec".to_vec()];
                    words.splice(0..0, enter.into_iter().chain([name.clone().into()]));
                }
            }
            let out = lab.exec(Tool::Theirs, &words, input.as_bytes(), false);
            let mut out = format!("{}{}", out.out(), out.err());
            if input.contains("neigh") {
                out = neighbours(&out);
            }
            let _ = write!(
                told,
                "{label}: {line}\n{}",
                kernel_routes_in_order(&normalize(&out, script))
            );
        };
        // As few processes as can be: under emulation each one takes its time.
        let mut shows = "addr show\nroute show table all\nlink show\n".to_string();
        for (begin, command) in
            [("rule", "rule show\n"), ("nexthop", "nexthop show\n"), ("netns", "netns list-id\n")]
        {
            shows += if word(begin) { command } else { "" };
        }
        show("ip -force -d -j -p -batch -", &shows);
        show("ip -force -batch -", "neigh show nud all\nneigh show proxy\n");
        if word("rule") {
            show("ip -6 -d -j -p rule", "");
        }
        if word("xfrm") {
            show("ip -s xfrm state", "");
            show("ip -s xfrm policy", "");
            show("ip xfrm policy getdefault", "");
        }
        if ["iptables", "ip6tables", "nft"].iter().any(|w| word(w)) {
            show("nft list ruleset", "");
            show("iptables-save", "");
            show("ip6tables-save", "");
        }
    }
    told
}

/// The kernel keeps neighbours in a table that is seeded anew each time, and makes those of
/// multicast groups itself, sooner or later. Proxies without a device outlive their namespace and
/// may turn up in a later one (observed in Linux 6.18), so a script has to delete them and to ask
/// for them itself.
fn neighbours(text: &str) -> String {
    let own =
        |l: &&str| l.contains(" dev ") && !(l.starts_with("ff02:") || l.starts_with("224.0.0."));
    let mut lines: Vec<&str> = text.split_inclusive('\n').filter(own).collect();
    lines.sort_unstable();
    lines.concat()
}

/// Everything about one command.
pub fn report(done: &str, line: &str, theirs: &Outcome, ours: &Outcome, script: &str) -> String {
    let mut told = String::new();
    if !done.is_empty() {
        let _ = write!(told, "    after\n{done}    ");
    }
    let _ = write!(
        told,
        "    this differs (- reference, + ours):\n        {line}\n    status  - {}   + {}\n",
        theirs.status, ours.status
    );
    for (name, a, b) in
        [("stdout", &theirs.stdout, &ours.stdout), ("stderr", &theirs.stderr, &ours.stderr)]
    {
        let text = |bytes: &[u8]| normalize(&String::from_utf8_lossy(bytes), script);
        let _ =
            write!(told, "    {name}\n{}", difference(&text(a), &without_newer(&text(b)), false));
    }
    told
}

/// Both texts, line by line: `-` only theirs, `+` only ours. `brief` leaves out what agrees, but
/// for three lines before a difference. Trailing blanks of lines that differ are made visible.
pub fn difference(theirs: &str, ours: &str, brief: bool) -> String {
    let a: Vec<&str> = theirs.split_inclusive('\n').collect();
    let b: Vec<&str> = ours.split_inclusive('\n').collect();
    // Longest common subsequence; what begins and ends alike is put aside first.
    let start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let end =
        a[start..].iter().rev().zip(b[start..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (x, y) = (&a[start..a.len() - end], &b[start..b.len() - end]);
    let mut marked: Vec<(char, &str)> = a[..start].iter().map(|l| (' ', *l)).collect();
    if x.len() * y.len() > 4_000_000 {
        marked.extend(x.iter().map(|l| ('-', *l)));
        marked.extend(y.iter().map(|l| ('+', *l)));
    } else {
        let width = y.len() + 1;
        let mut length = vec![0u32; (x.len() + 1) * width];
        for i in (0..x.len()).rev() {
            for j in (0..y.len()).rev() {
                length[i * width + j] = if x[i] == y[j] {
                    length[(i + 1) * width + j + 1] + 1
                } else {
                    length[(i + 1) * width + j].max(length[i * width + j + 1])
                };
            }
        }
        let (mut i, mut j) = (0, 0);
        while i < x.len() || j < y.len() {
            if i < x.len() && j < y.len() && x[i] == y[j] {
                marked.push((' ', x[i]));
                (i, j) = (i + 1, j + 1);
            } else if j == y.len()
                || (i < x.len() && length[(i + 1) * width + j] >= length[i * width + j + 1])
            {
                marked.push(('-', x[i]));
                i += 1;
            } else {
                marked.push(('+', y[j]));
                j += 1;
            }
        }
    }
    marked.extend(a[a.len() - end..].iter().map(|l| (' ', *l)));
    let mut told = String::new();
    for (n, (mark, line)) in marked.iter().enumerate() {
        let near = marked[n..marked.len().min(n + 4)].iter().any(|(m, _)| *m != ' ');
        if brief && !near {
            continue;
        }
        let text = line.strip_suffix('\n').unwrap_or(line);
        let blanks = text.len() - text.trim_end().len();
        let shown = if *mark == ' ' {
            text.to_string()
        } else {
            format!("{}{}", text.trim_end(), "\u{b7}".repeat(blanks))
        };
        let shown: String = shown
            .chars()
            .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() })
            .collect();
        let missing = if line.ends_with('\n') { "" } else { " (no end of line)" };
        let _ = writeln!(told, "      {mark} {shown}{missing}");
        // In a long line the eye does not find it.
        if *mark == '+'
            && line.len() > 160
            && let Some(('-', other)) = n.checked_sub(1).and_then(|before| marked.get(before))
        {
            let at = line.bytes().zip(other.bytes()).take_while(|(x, y)| x == y).count();
            let from = at.saturating_sub(60);
            let part = |text: &str| {
                let bytes = text.trim_end().as_bytes();
                let part = &bytes[from.min(bytes.len())..bytes.len().min(at + 60)];
                String::from_utf8_lossy(part).into_owned()
            };
            let _ = writeln!(told, "        from byte {from}: - {}", part(other));
            let _ = writeln!(
                told,
                "        {:>width$}: + {}",
                "",
                part(line),
                width = 10 + from.to_string().len()
            );
        }
    }
    told
}

/// What we show and an older reference does not know, by the version that brought it. Against a
/// newer one (`tests/run --newest`) nothing is taken away.
const NEWER: &[(&[u32], &[&str])] = &[
    (&[6, 16], &["netns-immutable ", ",\"netns-immutable\":true", "\"netns-immutable\": true,"]),
    (
        &[6, 18],
        &[
            "mdb_offload_fail_notification 0 fdb_local_vlan_0 0 ",
            "\"mdb_offload_fail_notification\":0,\"fdb_local_vlan_0\":0,",
            "\"mdb_offload_fail_notification\": 0,",
            "\"fdb_local_vlan_0\": 0,",
        ],
    ),
    (&[7, 0], &["mcast_reprobes 0 ", "\"mcast_reprobes\":0,", "\"mcast_reprobes\": 0,"]),
];

/// What no reference says, in JSON: which metrics are locked, and a key that is spelt right.
fn without_additions(ours: &str) -> String {
    let mut text = String::new();
    let whole_line = |line: &&str| !line.trim_start().starts_with("\"lock\": [");
    text.extend(ours.split_inclusive('\n').filter(whole_line));
    while let Some(at) = text.find("\"lock\":[") {
        let end = text[at..].find("],").map_or(text.len(), |end| at + end + 2);
        text.replace_range(at..end, "");
    }
    for on in ["true", "false"] {
        text = text.replace(&format!("\"ttl-propagate\":{on},"), "");
    }
    text.split_inclusive('\n').filter(|l| !l.contains("\"ttl-propagate\":")).collect()
}

pub fn without_newer(ours: &str) -> String {
    let mut text = without_additions(ours);
    for (version, words) in NEWER {
        if reference_version() < *version {
            // In indented JSON it is a line of its own.
            let whole_line = |line: &&str| !words.contains(&line.trim());
            text = text.split_inclusive('\n').filter(whole_line).collect();
            for word in *words {
                text = text.replace(word, "");
            }
        }
    }
    text
}

/// `6.15` and the like, made comparable.
pub fn parts(version: &str) -> Vec<u32> {
    version.split('.').map(|n| n.parse().unwrap_or(0)).collect()
}

/// The version of the reference's iproute2: 6.15 is `[6, 15]`.
pub fn reference_version() -> &'static [u32] {
    static VERSION: OnceLock<Vec<u32>> = OnceLock::new();
    VERSION.get_or_init(|| {
        let out = Lab::new().theirs("ip -V").out();
        let version = out.split("iproute2-").nth(1).unwrap_or_default();
        let version = version.split([',', '\n']).next().unwrap_or_default().trim();
        version.split('.').map(|n| n.parse().unwrap_or(0)).collect()
    })
}

/// Makes equal what a script cannot fix. This is the only place where that is done.
pub fn normalize(text: &str, script: &str) -> String {
    let script = script.to_lowercase();
    let mut told = String::with_capacity(text.len());
    let mut below_heading = false;
    for line in text.split_inclusive('\n') {
        // A proxy that another namespace has left behind; see `neighbours`.
        if line.contains("<from_interface>")
            && !script
                .contains(line.split([' ', '(', ')']).find(|w| w.contains('.')).unwrap_or("<from"))
        {
            continue;
        }
        // With -oneline a backslash ends what would be a line.
        for part in line.split_inclusive('\\') {
            let part = timers(&moments(&dates(&permanent(&addresses(part, &script)))));
            told += &counters(&part, below_heading);
            below_heading = part.contains("RX:") || part.contains("TX:");
        }
    }
    told
}

/// The kernel makes up a permanent address for each tunnel over IPv6.
fn permanent(part: &str) -> String {
    let mut told = String::with_capacity(part.len());
    let mut rest = part;
    while let Some(at) = rest.find("permaddr") {
        let value = rest[at..].find([' ', ':']).map_or(rest.len(), |n| at + n);
        let value =
            rest[value..].find(|c: char| c.is_ascii_hexdigit()).map_or(rest.len(), |n| value + n);
        told += &rest[..value];
        told += "#";
        let end = rest[value..].find(|c: char| !c.is_ascii_hexdigit() && c != ':');
        rest = &rest[end.map_or(rest.len(), |n| value + n)..];
    }
    told + rest
}

/// A device that is up sends a packet or two of its own: counters below ten are `#`, so that the
/// others and their columns are still compared.
fn counters(part: &str, below_heading: bool) -> String {
    const KEYS: &[&str] = &[
        "bytes",
        "packets",
        "errors",
        "dropped",
        "multicast",
        "over_errors",
        "carrier_errors",
        "collisions",
    ];
    let mut told = String::with_capacity(part.len());
    let mut last = "";
    let mut rest = part;
    while let Some(at) = rest.find(|c: char| c.is_alphanumeric() || c == '_') {
        let (before, from) = rest.split_at(at);
        let end = from.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        let digit = word.len() == 1 && word.as_bytes()[0].is_ascii_digit();
        let counted = (below_heading && before.ends_with(' '))
            || (KEYS.contains(&last) && before.contains(':') && before.starts_with('"'));
        told += before;
        told += if digit && counted { "#" } else { word };
        (rest, last) = (after, word);
    }
    told + rest
}

/// Routes that the kernel makes when a link comes up lie in the order in which the links did so,
/// which no script decides. In indented JSON they are put in order.
fn kernel_routes_in_order(text: &str) -> String {
    let mut told = String::with_capacity(text.len());
    let mut run: Vec<String> = Vec::new();
    let mut body = String::new();
    for line in text.split_inclusive('\n') {
        let mark = line.trim();
        if mark != "},{" && mark != "} ]" {
            if mark == "[ {" {
                told += line;
            } else {
                body += line;
            }
            continue;
        }
        let by_kernel = body.contains("\"protocol\": \"kernel\"")
            && body.lines().any(|l| l.trim().starts_with("\"dst\"") && l.matches(':').count() > 2);
        if by_kernel {
            run.push(std::mem::take(&mut body));
        }
        if !by_kernel || mark == "} ]" {
            run.sort();
            for object in run.drain(..) {
                told += &object;
                told += "},{\n";
            }
        }
        told += &std::mem::take(&mut body);
        if !by_kernel || mark == "} ]" {
            told += line;
        }
    }
    told + &body
}

/// Link addresses that the script does not name are random, and so is what is made of them.
fn addresses(line: &str, script: &str) -> String {
    let part_of_address = |c: char| c.is_ascii_hexdigit() || c == ':';
    let mut told = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(part_of_address) {
        let (before, from) = rest.split_at(at);
        told += before;
        let end = from.find(|c| !part_of_address(c)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        rest = after;
        let inside_a_word = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let trimmed = word.trim_end_matches(':');
        let is_link_address = trimmed.len() == 17
            && trimmed.split(':').count() == 6
            && trimmed.split(':').all(|b| b.len() == 2);
        let well_known = ["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"].contains(&trimmed)
            || trimmed.starts_with("01:00:5e:")
            || (trimmed.starts_with("33:33:") && !trimmed.starts_with("33:33:ff"));
        if inside_a_word || script.contains(trimmed) {
            told += word;
        } else if is_link_address && !well_known {
            told += "xx:xx:xx:xx:xx:xx";
            told += &word[trimmed.len()..];
        } else if trimmed.starts_with("fe80::") && trimmed.contains("ff:fe") {
            told += "fe80::xx";
            told += &word[trimmed.len()..];
        } else if trimmed.starts_with("ff02::1:ff") {
            told += "ff02::1:ffxx";
            told += &word[trimmed.len()..];
        } else {
            told += word;
        }
    }
    told + rest
}

/// `iptables v1.8.11 (nf_tables): …`: the third number is the reference's of that day.
fn program_version(line: &str) -> String {
    let Some(at) = line.find("tables").and_then(|at| Some(at + line[at..].find(" v1.8.")? + 6))
    else {
        return line.to_string();
    };
    let digits = line[at..].bytes().take_while(u8::is_ascii_digit).count();
    format!("{}N{}", &line[..at], &line[at + digits..])
}

/// `# Generated by iptables-save v1.8.11 (nf_tables) on DATE`
fn dates(line: &str) -> String {
    let line = &program_version(line);
    for (begin, mark) in [("# Generated by ", " on "), ("# Completed on ", "# Completed on ")] {
        if line.starts_with(begin)
            && let Some(at) = line.find(mark)
        {
            return format!("{}...\n", &line[..at + mark.len()]);
        }
    }
    line.to_string()
}

/// When a state or policy of IPsec was made and last used: `2026-11-24 11:38:24` is `DATE`.
fn moments(line: &str) -> String {
    const SHAPE: &[u8] = b"0000-00-00 00:00:00";
    let fits = |part: &[u8]| {
        part.iter().zip(SHAPE).all(|(b, s)| if *s == b'0' { b.is_ascii_digit() } else { b == s })
    };
    let mut told = line.to_string();
    while let Some(at) = told.as_bytes().windows(SHAPE.len()).position(fits) {
        told.replace_range(at..at + SHAPE.len(), "DATE");
    }
    told
}

/// Numbers that run with the clock, behind words that say so, in text and in JSON.
fn timers(line: &str) -> String {
    /// To the next ten: a lifetime of 300 is still 300 a moment later.
    const LIFETIMES: &[&str] =
        &["valid_lft", "preferred_lft", "valid_life_time", "preferred_life_time", "expires"];
    /// Not looked at.
    const CLOCKS: &[&str] =
        &["used", "updated", "confirmed", "age", "time", "hello_timer", "tcn_timer", "gc_timer"];
    const MORE_CLOCKS: &[&str] = &[
        "topology_change_timer",
        "message_age_timer",
        "forward_delay_timer",
        "hold_timer",
        "reachable",
        "mdev",
        "ipg/ewma",
        "min/avg/max/mdev",
    ];
    let number = |c: char| c.is_ascii_digit() || c == '.' || c == '/';
    let mut told = String::with_capacity(line.len());
    let mut rest = line;
    let mut last = "";
    while let Some(at) = rest.find(|c: char| c.is_alphanumeric() || c == '_') {
        let (before, from) = rest.split_at(at);
        told += before;
        let end = from
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.' || c == '/'))
            .unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        rest = after;
        let digits = word.find(|c| !number(c)).unwrap_or(word.len());
        let by_blank = before.chars().all(|c| " \":=\t".contains(c));
        if digits > 0 && by_blank && LIFETIMES.contains(&last) {
            let value: u64 = word[..digits].parse().unwrap_or(0);
            let rounded = if value < 4_000_000_000 { value.div_ceil(10) * 10 } else { value };
            told += &rounded.to_string();
            told += &word[digits..];
        } else if digits > 0 && by_blank && (CLOCKS.contains(&last) || MORE_CLOCKS.contains(&last))
        {
            told += "T";
            told += &word[digits..];
        } else {
            told += word;
        }
        last = word;
    }
    told + rest
}

#[test]
fn what_cannot_be_fixed_is_made_equal() {
    let text = |line| normalize(line, "ip link add v address 02:00:00:00:00:0A type veth");
    assert_eq!(
        text("a 02:00:00:00:00:0a brd ff:ff:ff:ff:ff:ff"),
        "a 02:00:00:00:00:0a brd ff:ff:ff:ff:ff:ff"
    );
    assert_eq!(text("a 7e:01:02:03:04:05 b\n"), "a xx:xx:xx:xx:xx:xx b\n");
    assert_eq!(text("8000.7e:01:02:03:04:05,"), "8000.xx:xx:xx:xx:xx:xx,");
    assert_eq!(text("inet6 fe80::7c01:2ff:fe03:405/64 scope"), "inet6 fe80::xx/64 scope");
    assert_eq!(text("2: v: <A>"), "2: v: <A>");
    assert_eq!(
        text("valid_lft 299sec preferred_lft forever"),
        "valid_lft 300sec preferred_lft forever"
    );
    assert_eq!(text("\"valid_life_time\": 4294967295,"), "\"valid_life_time\": 4294967295,");
    assert_eq!(text("hello_timer    1.23 x 4"), "hello_timer    T x 4");
    assert_eq!(text("used 1/2/3 probes 1"), "used T probes 1");
    assert_eq!(text("ip6tables v1.8.11 (nf_tables): no"), "ip6tables v1.8.N (nf_tables): no");
    assert_eq!(text("RX: bytes a\\  0 10 1\\ 2: v"), "RX: bytes a\\  # 10 #\\ 2: v");
    assert_eq!(text("RX: bytes\n  0 10 1\n 2 v\n"), "RX: bytes\n  # 10 #\n 2 v\n");
    assert_eq!(text(r#""rx":{"bytes":5,"packets":12}"#), r#""rx":{"bytes":#,"packets":12}"#);
    assert_eq!(text("\t  add 2026-11-24 11:38:24 use -\n"), "\t  add DATE use -\n");
    assert_eq!(text("# Completed on Mon Jan  1 00:00:00 2024\n"), "# Completed on ...\n");
}

#[test]
fn routes_of_the_kernel_have_no_order() {
    let route = |dev, by| {
        format!(
            "        \"dst\": \"fe80::/64\",\n        \"dev\": \"{dev}\",\n        \"protocol\": \"{by}\",\n"
        )
    };
    let list = |routes: &[String]| format!("[ {{\n{}    }} ]\n", routes.join("    },{\n"));
    let order = |routes: &[String]| kernel_routes_in_order(&list(routes)).replace(' ', "");
    let (a, b, c) = (route("a", "kernel"), route("b", "kernel"), route("c", "static"));
    assert_eq!(order(&[a.clone(), b.clone()]), order(&[b.clone(), a.clone()]));
    assert_eq!(
        order(&[c.clone(), b.clone(), a.clone()]),
        order(&[c.clone(), a.clone(), b.clone()])
    );
    let d = route("d", "static");
    assert_ne!(order(&[c.clone(), d.clone()]), order(&[d, c]));
}

#[test]
fn the_reference_agrees_with_itself() {
    same(
        "theirs: ip link add v0 type veth peer name v1
         theirs: ip link set v0 up
         theirs: ip link set v1 up
         theirs: ip -d addr show
         theirs: ip netns add blue
         theirs: ip link set v1 netns blue
         theirs: ip link show dev nosuch
         user: theirs: ip link set v0 down
         sh: for i in 1 2 3; do echo $i; done | cat
         theirs: iptables -A INPUT -j ACCEPT",
    );
}

#[test]
fn a_difference_is_reported() {
    let why = compare("sh: case $(command -v ip) in /ours/*) echo a b;; *) echo a;; esac", false);
    let why = why.unwrap_err();
    assert!(why.contains("      - a\n      + a b\n"), "{why}");
    let why = compare(
        "sh: case $(command -v ip) in /ours/*) /theirs/bin/ip link set lo up;; esac",
        false,
    );
    let why = why.unwrap_err();
    assert!(why.contains("the kernel's state differs"), "{why}");
}
