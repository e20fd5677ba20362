//! Programs of the distribution that call the tools, unchanged: with the originals and with ours.
//!
//! `tests/callers/NAME.sh` is a row of steps; each begins with a line `## what it does` and is a
//! shell script. Before the first one stands what each of them begins with. Every step is run in
//! two labs, whose root directory is the small Debian that `tests/reference/install.sh callers`
//! has unpacked: in one the tools are the original ones, in the other ours. Status, standard
//! output, standard error, the calls of the tools and, as the reference shows it, the state of the
//! kernel must agree after each step.
//!
//! In that root a relay stands at the place of each tool and in front of PATH, so that it does not
//! matter how a program looks for one. It notes the call, and runs `/tool/NAME`.
//!
//! With `CALLERS` in the environment it is told what was called and what came of it.

use crate::lab::{APPLETS, Lab, OURS, Outcome, ROOT, SECOND_SYS, Step, Tool, reference};
use crate::same::{PAUSES, difference, normalize, state, without_newer};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

macro_rules! callers {
    ($list:ident: $why:literal $($test:ident $file:literal)*) => {
        $(#[test] #[ignore = $why] fn $test() { run($file) })*
        const $list: &[&str] = &[$($file),*];
    };
}

callers! {
    HERE: "needs other programs: tests/callers/run.sh"
    here_ansible_core "ansible-core"
    here_arno_iptables_firewall "arno-iptables-firewall"
    here_cloud_init "cloud-init"
    here_containernetworking_plugins "containernetworking-plugins"
    here_fail2ban "fail2ban"
    here_ferm "ferm"
    here_ifupdown "ifupdown"
    here_isc_dhcp_client "isc-dhcp-client"
    here_lxc "lxc"
    here_mininet "mininet"
    here_shorewall "shorewall"
    here_ufw "ufw"
    here_vpnc_scripts "vpnc-scripts"
}

callers! {
    ELSEWHERE: "needs other programs and another kernel: tests/callers/run.sh"
    vm_ifupdown_kinds "ifupdown-kinds"
    vm_wireguard_tools "wireguard-tools"
}

/// What is said where the kernel lacks something: such a step compares nothing.
const LACKS: &str = "Unknown device type";

#[test]
fn every_caller_has_its_test() {
    for entry in std::fs::read_dir(scripts()).expect("tests/callers").flatten() {
        let path = entry.path();
        let name = path.file_stem().expect("a name").to_string_lossy();
        let known = name == "run" || HERE.contains(&&*name) || ELSEWHERE.contains(&&*name);
        assert!(known, "{} is run nowhere", path.display());
    }
}

#[test]
fn the_page_names_every_caller() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("COMPATIBILITY.md");
    let page = std::fs::read_to_string(page).expect("a page");
    for name in HERE.iter().chain(ELSEWHERE) {
        let package = name.strip_suffix("-kinds").unwrap_or(name);
        assert!(page.contains(&format!("\n| `{package}`")), "COMPATIBILITY.md: {package}");
    }
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/callers")
}

/// The small Debian.
fn debian() -> PathBuf {
    let above = reference().parent().expect("target/");
    let dir = above.join("callers");
    assert!(
        dir.join("installed").exists(),
        "\n\n    The programs are missing: run tests/callers/run.sh.\n"
    );
    dir.join("root")
}

/// The root directory of a lab: the small Debian, of which /etc and /var can be written.
fn plan(tool: Tool) -> &'static [Step] {
    static THEIRS: OnceLock<Vec<Step>> = OnceLock::new();
    static OURS_: OnceLock<Vec<Step>> = OnceLock::new();
    let plan = if tool == Tool::Theirs { &THEIRS } else { &OURS_ };
    plan.get_or_init(|| {
        let (debian, root) = (debian(), Path::new(ROOT));
        std::fs::create_dir_all(root).expect("target/tmp can be written");
        let mut plan = Vec::new();
        for name in ["bin", "sbin", "lib", "lib64"] {
            plan.push(Step::Link(Path::new("usr").join(name), root.join(name)));
        }
        let binds = [
            (debian.join("usr"), "usr"),
            (debian.join("first"), "first"),
            (debian.join("originals"), "originals"),
            (PathBuf::from("/dev"), "dev"),
            (reference().to_path_buf(), "theirs"),
        ];
        for (from, to) in binds {
            plan.push(Step::Dir(root.join(to)));
            plan.push(Step::Bind(from, root.join(to)));
        }
        for name in ["etc", "var"] {
            copy(&debian.join(name), &root.join(name), &mut plan);
        }
        for dir in ["proc", "sys", SECOND_SYS, "run/network", "run/lock", "tmp", "root"] {
            plan.push(Step::Dir(root.join(dir)));
        }
        for (name, text) in [
            ("hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n"),
            ("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\nnetworks: files\n"),
            ("resolv.conf", ""),
            ("hostname", "lab\n"),
            ("fstab", ""),
        ] {
            plan.push(Step::File(root.join("etc").join(name), text.into()));
        }
        plan.push(Step::File(root.join("run/called"), Vec::new()));
        plan.push(Step::File(root.join("ours/ipbox"), Vec::new()));
        plan.push(Step::Bind(OURS.into(), root.join("ours/ipbox")));
        for name in APPLETS.iter().filter(|n| **n != "ipbox") {
            let to = match tool {
                Tool::Theirs => Path::new("/originals").join(name),
                _ => "/ours/ipbox".into(),
            };
            plan.push(Step::Link(to, root.join("tool").join(name)));
        }
        plan
    })
}

/// Adds a directory and what is in it, as it is.
fn copy(from: &Path, to: &Path, plan: &mut Vec<Step>) {
    plan.push(Step::Dir(to.to_path_buf()));
    for entry in std::fs::read_dir(from).expect("a directory").flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().expect("what it is");
        if kind.is_dir() {
            copy(&from, &to, plan);
        } else if kind.is_symlink() {
            plan.push(Step::Link(std::fs::read_link(from).expect("a link"), to));
        } else {
            plan.push(Step::Copy(from, to));
        }
    }
}

/// What every step begins with.
const BEGIN: &str =
    "PATH=/first:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH\n";

/// What came of a step.
struct Told {
    outcome: Outcome,
    calls: String,
    state: String,
}

fn step(lab: &Lab, script: &str, all: &str) -> Told {
    let words: [&[u8]; 3] = [b"/bin/sh", b"-c", script.as_bytes()];
    let mut outcome = lab.exec(Tool::Ours, &words.map(<[u8]>::to_vec), b"", false);
    let words: [&[u8]; 3] = [b"/bin/sh", b"-c", b"cat /run/called; : >/run/called"];
    let calls = lab.exec(Tool::Ours, &words.map(<[u8]>::to_vec), b"", false).out();
    outcome.stdout = clock(&made_up(&normalize(&without_newer(&outcome.out()), all))).into();
    outcome.stderr = clock(&made_up(&normalize(&outcome.err(), all))).into();
    // Some do several things at once, or in an order of their own.
    let calls = made_up(&normalize(&calls, all));
    let mut calls: Vec<&str> = calls.split_inclusive('\n').collect();
    calls.sort_unstable();
    Told { outcome, calls: calls.concat(), state: state_of(lab, all) }
}

fn state_of(lab: &Lab, all: &str) -> String {
    made_up(&packets(&state(lab, all)))
}

/// Names that a program makes up each time, behind what they begin with.
fn made_up(text: &str) -> String {
    const BEGINNINGS: &[&str] = &["-caps-test", "sha-lh-", "sha-rh-", "veth"];
    let mut told = text.to_string();
    for beginning in BEGINNINGS {
        let mut parts = told.split(beginning);
        let mut kept = parts.next().unwrap_or_default().to_string();
        for part in parts {
            let rest = part.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
            kept = format!("{kept}{beginning}#{rest}");
        }
        told = kept;
    }
    told
}

/// A second may pass between the two: the time of the day, `17:11:26` or `20261130_171126`, is `#`.
fn clock(text: &str) -> String {
    let digits = |part: &str, n| part.len() == n && part.bytes().all(|b| b.is_ascii_digit());
    let mut told = String::with_capacity(text.len());
    for piece in text.split_inclusive(|c: char| !(c.is_ascii_digit() || ":_".contains(c))) {
        let word = piece.trim_end_matches(|c: char| !(c.is_ascii_digit() || ":_".contains(c)));
        let time = word.split(':').count() == 3 && word.split(':').all(|part| digits(part, 2));
        let moment = word.split_once('_').is_some_and(|(d, t)| digits(d, 8) && digits(t, 6));
        told += if time || moment { "#" } else { word };
        told += &piece[word.len()..];
    }
    told
}

/// What a program sends is on its way when it gets to it: `[3:120]` and `packets 3 bytes 120` are
/// `#`.
fn packets(text: &str) -> String {
    let number = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
    let mut told = String::with_capacity(text.len());
    let mut last = "";
    for piece in text.split_inclusive([' ', '\n']) {
        let word = piece.trim_end();
        let pair = word.strip_prefix('[').and_then(|w| w.strip_suffix(']')?.split_once(':'));
        let counted = pair.is_some_and(|(a, b)| number(a) && number(b))
            || (["packets", "bytes"].contains(&last) && number(word));
        told += if counted { "#" } else { word };
        told += &piece[word.len()..];
        last = word;
    }
    told
}

/// The same in both labs, at the same time.
fn both<T: Send>(labs: &[Lab; 2], what: impl Fn(&Lab) -> T + Sync) -> (T, T) {
    std::thread::scope(|scope| {
        let theirs = scope.spawn(|| what(&labs[0]));
        let ours = what(&labs[1]);
        (theirs.join().expect("no panic"), ours)
    })
}

fn run(name: &str) {
    let verbose = std::env::var_os("CALLERS").is_some();
    let file = scripts().join(format!("{name}.sh"));
    let text = std::fs::read_to_string(&file).expect("a script");
    let mut steps = text.split("\n## ");
    let common = steps.next().expect("a beginning");
    // Rules and rulesets are always looked at, and addresses of the text are kept.
    let all = format!("{text}\nrule iptables netns nexthop");
    let labs = [Lab::with_root(plan(Tool::Theirs)), Lab::with_root(plan(Tool::Ours))];
    let who = both(&labs, |lab| lab.run_sh("/usr/bin/ip -V; : >/run/called").out());
    assert!(
        !who.0.contains("ipbox") && who.1.contains("ipbox"),
        "the labs have their tools: {who:?}"
    );
    let mut wrong = String::new();
    let mut called = BTreeSet::new();
    for part in steps {
        let (title, script) = part.split_once('\n').expect("a title and a script");
        let script = format!("{BEGIN}{common}\n{script}");
        let begin = std::time::Instant::now();
        let (mut a, mut b) = both(&labs, |lab| step(lab, &script, &all));
        called.extend(a.calls.lines().filter_map(|l| l.split(' ').next()).map(str::to_string));
        if verbose {
            let took = begin.elapsed();
            let told = format!("{name}: {title} ({took:?})\n{}{}\n", a.calls, a.outcome);
            std::io::stderr().write_all(told.as_bytes()).expect("standard error");
        }
        let mut found = String::new();
        let told = format!("{}{}", a.outcome.out(), a.outcome.err());
        if (a.outcome.status != 0) != title.ends_with(" fails") {
            let _ = write!(found, "the original does not what the title says\n{}", a.outcome);
        } else if let Some(line) = told.lines().find(|l| l.contains(LACKS)) {
            let _ = writeln!(found, "this kernel lacks something: {line}");
        }
        if a.outcome.status != b.outcome.status {
            let _ = writeln!(found, "status - {} + {}", a.outcome.status, b.outcome.status);
        }
        for (what, a, b) in [
            ("stdout", a.outcome.out(), b.outcome.out()),
            ("stderr", a.outcome.err(), b.outcome.err()),
            ("calls", a.calls.clone(), b.calls.clone()),
        ] {
            if a != b {
                let _ = write!(found, "{what}\n{}", difference(&a, &b, true));
            }
        }
        for pause in PAUSES {
            if a.state == b.state || !wrong.is_empty() || !found.is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_millis(*pause));
            (a.state, b.state) = both(&labs, |lab| state_of(lab, &all));
        }
        if a.state != b.state {
            let _ = write!(found, "the kernel's state\n{}", difference(&a.state, &b.state, true));
        }
        if !found.is_empty() {
            let _ = write!(wrong, "\n{name}: {title} (- originals, + ours)\n{found}");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(!called.is_empty(), "{name} calls none of the tools");
}

#[test]
fn what_varies_is_made_equal() {
    let all = "-N ufw-caps-testjux_ycve -j RETURN\n:A [0:12]\n";
    assert_eq!(made_up(all), "-N ufw-caps-test# -j RETURN\n:A [0:12]\n");
    let text = ":A ACCEPT [0:12]\n counter packets 3 bytes 180 drop\n[a:1] [1:2:3]\n";
    let times = "Nov 30 17:11:26 on\n17:11 02:00:00:00:00:01 a.20261130_171126'\n";
    assert_eq!(clock(times), "Nov 30 # on\n17:11 02:00:00:00:00:01 a.#'\n");
    assert_eq!(packets(text), ":A ACCEPT #\n counter packets # bytes # drop\n[a:1] [1:2:3]\n");
}
