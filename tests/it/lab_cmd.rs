//! `ipbox lab`: what it offers, and that nothing is left of it.
#![allow(clippy::unwrap_used)] // a test may

use std::fs;
use std::os::fd::AsFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::lab::{OURS, reference};

/// A directory that goes with the value, with our program in it: root's files may be out of
/// reach for the ordinary user that tests run the lab as.
pub struct Place(pub PathBuf);

impl Place {
    pub fn new() -> Place {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("ipbox-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let dir = std::env::temp_dir().join(name);
        fs::create_dir(&dir).unwrap();
        let place = Place(dir);
        // Not by this process: while it has the copy open for writing, a child of another test could
        // keep it open, and what is open for writing cannot be run.
        let copied = Command::new("cp").arg(OURS).arg(place.program()).status().unwrap();
        assert!(copied.success());
        // The user must be able to write logs.
        fs::set_permissions(&place.0, fs::Permissions::from_mode(0o777)).unwrap();
        place
    }

    pub fn program(&self) -> PathBuf {
        self.0.join("ipbox")
    }

    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// `ipbox lab` by an ordinary user.
    pub fn lab(&self, words: &[&str]) -> Command {
        let mut command = Command::new(self.program());
        if nix::unistd::geteuid().is_root() {
            command.uid(65534).gid(65534);
        }
        command
            .arg("lab")
            .args(words)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", "/nonexistent")
            .env("SHELL", "/bin/sh")
            .stdin(Stdio::null())
            .current_dir("/");
        command
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub fn told(out: &Output) -> String {
    format!(
        "status {:?}\nstdout:\n{}stderr:\n{}",
        out.status.code(),
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    )
}

pub fn stdout(out: &Output) -> &str {
    std::str::from_utf8(&out.stdout).unwrap()
}

/// Runs it and expects success; what it printed.
pub fn good(command: &mut Command) -> String {
    let out = command.output().unwrap();
    assert!(out.status.success(), "{command:?}\n{}", told(&out));
    stdout(&out).to_owned()
}

#[test]
fn the_status_is_the_commands() {
    crate::lab::hear_signals();
    let place = Place::new();
    for (words, status) in [
        (&["--", "true"][..], 0),
        (&["--", "false"], 1),
        (&["--", "sh", "-c", "exit 7"], 7),
        (&["--", "sh", "-c", "kill -9 $$"], 137),
        (&["--", "sh", "-c", "kill -INT $$"], 130),
        (&["--", "no-such-program"], 127),
        (&["--", "/etc/passwd"], 126),
        (&["no-such-verb"], 2),
        (&["--tools=none"], 2),
        (&["--help"], 0),
        (&["on", "192.168.1.3", "true"], 125),
        (&["--", "ipbox", "lab", "on", "192.168.1.3", "sh", "-c", "exit 9"], 9),
        (&["--", "ipbox", "lab", "on", "192.168.1.77", "true"], 125),
        (&["run", "/no/such/script"], 125),
        // Everybody is root in a lab, but floods nobody.
        (&["--", "ping", "-q", "-f", "-c", "2", "192.168.1.3"], 2),
        (&["--", "ping", "-q", "-f", "-i", "0.01", "-c", "2", "192.168.1.3"], 0),
        (&["--", "ping", "-q", "-i", "0", "-c", "2", "192.168.1.3"], 2),
        (&["--", "ping", "-q", "-i", "0.001", "-c", "2", "192.168.1.3"], 2),
        (&["--", "ping", "-q", "-i", "0.002", "-c", "2", "192.168.1.3"], 0),
        (&["--", "ping", "-q", "-A", "-f", "-c", "2", "192.168.1.3"], 0),
        // A lab in the lab.
        (&["--", "ipbox", "lab", "--", "lan-host", "sh", "-c", "exit 6"], 6),
    ] {
        let out = place.lab(words).output().unwrap();
        assert_eq!(out.status.code(), Some(status), "{words:?}\n{}", told(&out));
    }
}

#[test]
fn who_follows_the_answers_keeps_the_pace_of_users() {
    let place = Place::new();
    let text = good(&mut place.lab(&["--", "ping", "-q", "-A", "-c", "50", "127.0.0.1"]));
    let (_, time) = text.split_once(", time ").unwrap();
    let ms: u32 = time.split_once("ms").unwrap().0.parse().unwrap();
    assert!(ms >= 49 * 2, "{text}");
}

#[test]
fn a_shell_is_the_users_and_reads_its_input() {
    let place = Place::new();
    let script = place.file("in", "x=4\nip -V >/dev/null && exit $((x + 1))\n");
    for shell in ["/bin/sh", "/no/such/shell", "/usr/sbin/nologin", "relative", ""] {
        let mut lab = place.lab(&[]);
        lab.env("SHELL", shell).stdin(fs::File::open(&script).unwrap());
        let out = lab.output().unwrap();
        assert_eq!(out.status.code(), Some(5), "{shell}\n{}", told(&out));
    }
}

#[test]
fn the_caller_is_root_on_a_lan_with_the_internet_behind_it() {
    let place = Place::new();
    let script = "set -e
        id -u
        ip netns
        for host in 192.168.1.2 192.168.1.1 192.168.1.3 8.8.8.8; do ping -c 1 $host >/dev/null; done
        lan-host ping -c 1 192.168.1.2 >/dev/null
        cat /proc/sys/net/ipv4/ip_forward
        ls /run/netns /var/run/netns
        ls /sys/class/net
        ls -d /proc/[0-9]* | wc -l
        ip netns add red
        ip netns
        # What the lab has not been told about it does not answer.
        ! ping -c 1 -W 1 192.168.15.1 >/dev/null";
    let out = good(&mut place.lab(&["--", "sh", "-c", script]));
    // Process 1, the shell, ls, and wc if it is there already.
    let out = out.replace("\n4\n", "\nfew\n").replace("\n3\n", "\nfew\n");
    assert_eq!(out, "0\n0\n/run/netns:\n\n/var/run/netns:\neth0\nlo\nfew\nred\n");
}

#[test]
fn root_keeps_other_peoples_files_within_reach() {
    if !nix::unistd::geteuid().is_root() {
        return; // An ordinary user is what all other tests are about.
    }
    let place = Place::new();
    let file = place.file("other", "a word\n");
    std::os::unix::fs::chown(&place.0, Some(65534), Some(65534)).unwrap();
    std::os::unix::fs::chown(&file, Some(65534), Some(65534)).unwrap();
    fs::set_permissions(&place.0, fs::Permissions::from_mode(0o700)).unwrap();
    let mut lab = Command::new(place.program());
    let script =
        format!("cat {} && ip -V >/dev/null && ping -c 1 8.8.8.8 >/dev/null", file.display());
    assert_eq!(good(lab.args(["lab", "--", "sh", "-c", &script])), "a word\n");
}

#[test]
fn on_a_terminal_a_prompt_is_there_in_no_time_and_the_terminal_is_given_back() {
    crate::lab::hear_signals();
    let place = Place::new();
    // How busy the machine is shows in how long the session alone takes.
    let (mut quickest, mut session_alone) = (Duration::MAX, Duration::MAX);
    for _ in 0..5 {
        let begin = Instant::now();
        assert!(Command::new("setsid").args(["--wait", "true"]).status().unwrap().success());
        session_alone = session_alone.min(begin.elapsed());
        let terminal = nix::pty::openpty(None, None).unwrap();
        let side = || Stdio::from(terminal.slave.try_clone().unwrap());
        // The terminal becomes that of a new session, as after a login. Whoever started the lab
        // is the shell that has to be able to read again.
        let mut session = Command::new("setsid");
        let line =
            format!("{} lab; echo status $?; read x; echo read $x", place.program().display());
        session.args(["--ctty", "--wait", "sh", "-c", &line]);
        session.env("SHELL", "/bin/sh").stdin(side()).stdout(side()).stderr(side());
        let begin = Instant::now();
        let mut session = session.spawn().unwrap();
        let mut shown = String::new();
        let mut wait_for = |text: &str| {
            let end = Instant::now() + Duration::from_secs(60);
            while !shown.contains(text) {
                let mut bytes = [0; 1024];
                let fd =
                    nix::poll::PollFd::new(terminal.master.as_fd(), nix::poll::PollFlags::POLLIN);
                let ready = nix::poll::poll(&mut [fd], 100_u16).unwrap();
                assert!(Instant::now() < end, "no {text:?} in\n{shown}");
                if ready > 0 {
                    let n = nix::unistd::read(&terminal.master, &mut bytes).unwrap();
                    shown.push_str(&String::from_utf8_lossy(&bytes[..n]));
                }
            }
        };
        wait_for("lab:");
        quickest = quickest.min(begin.elapsed());
        let type_in = |text: &str| nix::unistd::write(&terminal.master, text.as_bytes()).unwrap();
        type_in("sleep 999\n");
        wait_for("sleep 999\r\n");
        std::thread::sleep(Duration::from_millis(100));
        type_in("\x03");
        type_in("exit $(($? + 4))\n");
        wait_for("status 134");
        type_in("on\n");
        wait_for("read on");
        assert!(session.wait().unwrap().success());
    }
    let bar = Duration::from_millis(200).max(session_alone * 60);
    assert!(quickest < bar, "{quickest:?}, and a session alone {session_alone:?}");
}

// Nothing is left.

/// The processes whose command line has this word in it, the parent of each with it.
pub fn processes(word: &str) -> Vec<(i32, i32)> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse() else { continue };
        let read = |name: &str| fs::read(entry.path().join(name)).unwrap_or_default();
        if read("cmdline").split(|&b| b == 0).any(|w| w == word.as_bytes()) {
            // After the name in brackets: state, parent.
            let stat = String::from_utf8_lossy(&read("stat")).into_owned();
            let rest = stat.rsplit(')').next().unwrap().split_whitespace().nth(1);
            found.push((pid, rest.and_then(|p| p.parse().ok()).unwrap_or(0)));
        }
    }
    found
}

/// What a lab might leave behind on the machine.
pub fn machine() -> [String; 3] {
    let names = fs::read_dir("/run/netns").into_iter().flatten().flatten();
    let mut names: Vec<_> = names.map(|e| e.file_name()).collect();
    names.sort();
    [
        fs::read_to_string("/proc/self/mountinfo").unwrap(),
        format!("{names:?}"),
        fs::read_to_string("/proc/self/net/dev")
            .unwrap()
            .lines()
            .filter_map(|l| Some(l.split_once(':')?.0.trim().to_owned() + " "))
            .collect(),
    ]
}

pub fn within_seconds(seconds: u64, what: &str, mut test: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(seconds);
    while !test() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn nothing_is_left_when_it_ends() {
    let place = Place::new();
    let before = machine();
    let mark = format!("3{}.25", std::process::id());
    let script = "ip netns add red; ip link add v type veth; sleep $0 & web-server 80";
    let out = place.lab(&["--", "sh", "-c", script, &mark]).output().unwrap();
    assert!(out.status.success(), "{}", told(&out));
    // The lab has waited for all of them.
    assert_eq!(processes(&mark), []);
    assert_eq!(machine(), before);
}

#[test]
fn nothing_is_left_when_any_of_it_is_killed() {
    #[derive(Clone, Copy, Debug)]
    enum Who {
        Outermost,
        First,
        Command,
    }
    crate::lab::hear_signals();
    let place = Place::new();
    let before = machine();
    for (who, signal) in [
        (Who::Outermost, libc::SIGKILL),
        (Who::Outermost, libc::SIGTERM),
        (Who::Outermost, libc::SIGHUP),
        (Who::First, libc::SIGKILL),
        (Who::Command, libc::SIGKILL),
    ] {
        let mark = format!("2{}.{}{signal}", std::process::id(), who as u8);
        let script = "ip netns add red; setsid sleep $0 & sleep $0 & wait; :";
        let mut lab = place.lab(&["--", "sh", "-c", script, &mark]).spawn().unwrap();
        // Outermost, process 1, the shell, two of sleep.
        within_seconds(60, "it starts", || processes(&mark).len() >= 5);
        let all = processes(&mark);
        let child_of = |parent| all.iter().find(|p| p.1 == parent).expect("a child").0;
        let outermost = i32::try_from(lab.id()).unwrap();
        let victim = match who {
            Who::Outermost => outermost,
            Who::First => child_of(outermost),
            Who::Command => child_of(child_of(outermost)),
        };
        let victim = nix::unistd::Pid::from_raw(victim);
        nix::sys::signal::kill(victim, nix::sys::signal::Signal::try_from(signal).unwrap())
            .unwrap();
        let status = lab.wait().unwrap();
        match who {
            Who::Outermost => assert_eq!(status.signal(), Some(signal)),
            Who::First | Who::Command => assert_eq!(status.code(), Some(137)),
        }
        within_seconds(60, "all processes end", || processes(&mark).is_empty());
        assert_eq!(machine(), before, "{who:?} {signal}");
    }
}

// Scripts.

#[test]
fn a_script_is_shown_step_by_step() {
    let place = Place::new();
    let script = place.file(
        "script",
        "#!/bin/sh\n# A note.\nx=1\necho \"$0 $1 $2 $#\"\ncd /etc\n\nif [ $x = 1 ]; then\n    pwd\nfi\n\
         f() {\n    return $1\n}\nf 3 || echo $?\n! true\necho $?\nexpect 3 'a b' sh -c 'echo \"(a b)\"; exit 3'\n\
         cat <<END\n$x if\nEND\nexpect 0 '' true\n(exit 4)\necho \"last $?\"\n",
    );
    let script = script.to_str().unwrap();
    let log = place.0.join("log");
    let words = ["run", "--log", log.to_str().unwrap(), script, "a b", "-c"];
    let out = place.lab(&words).output().unwrap();
    let expected = format!(
        "
A note.

$ x=1
[status 0]
$ echo \"$0 $1 $2 $#\"
{script} a b -c 2
[status 0]
$ cd /etc
[status 0]
$ if [ $x = 1 ]; then
>     pwd
> fi
/etc
[status 0]
$ f() {{
>     return $1
> }}
[status 0]
$ f 3 || echo $?
3
[status 0]
$ ! true
[status 1]
$ echo $?
1
[status 0]
$ sh -c 'echo \"(a b)\"; exit 3'
(a b)
[status 3, as expected]
$ cat <<END
> $x if
> END
1 if
[status 0]
$ true
[status 0]
$ (exit 4)
[status 4]
$ echo \"last $?\"
last 4
[status 0]
"
    );
    assert_eq!(stdout(&out), expected, "{}", told(&out));
    assert_eq!(
        String::from_utf8_lossy(&out.stderr),
        "ipbox lab: of 13 steps these ended otherwise than expected: step 7 (status 1), step 12 (status 4)\n"
    );
    assert_eq!(out.status.code(), Some(1));
    let log = fs::read_to_string(log).unwrap();
    let mut lines = log.lines();
    assert_eq!(lines.next(), Some("STEP 1 STATUS 0 x=1"));
    assert_eq!(lines.nth(2), Some("STEP 4 STATUS 0 if [ $x = 1 ]; then     pwd fi"));
    assert_eq!(lines.nth(4), Some("STEP 9 STATUS 3 sh -c 'echo \"(a b)\"; exit 3'"));
}

#[test]
fn a_scripts_end_is_its_own() {
    let place = Place::new();
    for (text, status, printed) in [
        ("", 0, ""),
        ("exit 3\necho never\n", 3, "$ exit 3\n[status 3]\n"),
        ("set -e\nfalse\necho never\n", 1, "$ set -e\n[status 0]\n$ false\n[status 1]\n"),
        ("exit 0\nfalse\n", 0, "$ exit 0\n[status 0]\n"),
        ("trap 'echo bye' EXIT\n", 0, "$ trap 'echo bye' EXIT\n[status 0]\nbye\n"),
        ("false\nsh -c 'exit 5'\n", 5, "$ false\n[status 1]\n$ sh -c 'exit 5'\n[status 5]\n"),
        ("expect 1 'x' false\n", 1, "$ false\n[status 1, not what was expected]\n"),
        ("kill -9 $$\n", 137, "$ kill -9 $$\n[status 137]\n"),
        (
            "exec 8>&1 9>&1\necho a >&9\n",
            0,
            "$ exec 8>&1 9>&1\n[status 0]\n$ echo a >&9\na\n[status 0]\n",
        ),
        ("sleep 3210 &\necho a", 0, "$ sleep 3210 &\n[status 0]\n$ echo a\na\n[status 0]\n"),
        (
            "one=1\n## Shown from here\necho $one\n",
            0,
            "\n== Shown from here\n$ echo $one\n1\n[status 0]\n",
        ),
    ] {
        let script = place.file("script", text);
        let out = place.lab(&["run", script.to_str().unwrap()]).output().unwrap();
        assert_eq!(out.status.code(), Some(status), "{text}\n{}", told(&out));
        assert_eq!(stdout(&out), printed, "{text}\n{}", told(&out));
    }
}

#[test]
fn a_mistake_in_a_script_is_told_by_the_shell() {
    let place = Place::new();
    for text in ["echo a\necho )\n", "echo a\nif true\n", "echo a\necho 'b\n"] {
        let script = place.file("script", text);
        let out = place.lab(&["run", script.to_str().unwrap()]).output().unwrap();
        assert_eq!(out.status.code(), Some(2), "{text}\n{}", told(&out));
        assert!(stdout(&out).starts_with("$ echo a\na\n[status 0]\n$ "), "{text}\n{}", told(&out));
        assert!(String::from_utf8_lossy(&out.stderr).contains("yntax error"), "{}", told(&out));
    }
    let script = place.file("script", "#!/usr/bin/env python3\nprint(1)\n");
    let out = place.lab(&["run", script.to_str().unwrap()]).output().unwrap();
    assert_eq!(out.status.code(), Some(125), "{}", told(&out));
}

#[test]
fn other_shells_take_their_own_scripts() {
    let place = Place::new();
    for shell in ["bash", "dash", "zsh", "busybox sh"] {
        let name = shell.split(' ').next().unwrap();
        let found = std::env::var_os("PATH")
            .is_some_and(|path| std::env::split_paths(&path).any(|d| d.join(name).exists()));
        if !found && name != "bash" {
            continue; // The machine need not have it.
        }
        let line = if name == "busybox" {
            "#!/bin/busybox sh".into()
        } else {
            format!("#!/usr/bin/env {shell}")
        };
        if name == "busybox" && !Path::new("/bin/busybox").exists() {
            continue;
        }
        let text =
            format!("{line}\nx=$(cat <<E\na 'b\nE\n)\n! true\necho \"$? $x\"\n(exit 3)\nexit $?\n");
        let script = place.file("script", &text);
        let out = place.lab(&["run", script.to_str().unwrap()]).output().unwrap();
        assert_eq!(out.status.code(), Some(3), "{shell}\n{}", told(&out));
        assert!(stdout(&out).contains("\n1 a 'b\n[status 0]\n"), "{shell}\n{}", told(&out));
    }
}

// The tutorial.

/// The statuses of all steps, and what was shown, without what differs from run to run.
fn tutorial(place: &Place, lab: &mut Command, log: &str) -> (String, String) {
    let log = place.0.join(log);
    let out = lab.arg("--log").arg(&log).output().unwrap();
    let log = fs::read_to_string(log).unwrap_or_default();
    assert!(out.status.success(), "{lab:?}\n{}", told(&out));
    let is_hardware = |w: &str| w.len() == 17 && w.matches(':').count() == 5;
    let steady = |line: &str| -> String {
        let line = line.split(" time").next().unwrap();
        // A cable is noticed a moment after it has been plugged in: flags and state vary.
        let line = line.split(" <").next().unwrap();
        let line = if line.starts_with("rtt ") { "rtt" } else { line };
        let words = line.split(' ').map(|w| if is_hardware(w) { "HARDWARE" } else { w });
        words.collect::<Vec<_>>().join(" ") + "\n"
    };
    // Linux 6.18 keeps a proxy entry without a device when its namespace goes, and may show it to
    // arp in a later one, as if it were that one's.
    let stray = |line: &&str| !line.contains(" MP ") && !line.starts_with("Address  ");
    (log, stdout(&out).lines().filter(stray).map(steady).collect())
}

#[test]
fn the_tutorial_passes_with_our_tools_alone_and_with_the_reference() {
    let place = Place::new();
    let begin = Instant::now();
    let (steps, shown) = tutorial(&place, &mut place.lab(&["tutorial", "--tools=only"]), "ours");
    assert!(begin.elapsed() < Duration::from_secs(180), "{:?}", begin.elapsed());
    assert!(steps.lines().count() > 60, "{steps}");

    // The reference tools may lie where only this user can read.
    let mut lab = Command::new(OURS);
    let path = format!("{}:/usr/bin:/bin", reference().join("bin").display());
    lab.args(["lab", "tutorial", "--tools=system"]).env_clear().env("PATH", path);
    let (their_steps, their_shown) = tutorial(&place, &mut lab, "theirs");
    assert_eq!(steps, their_steps);
    for (n, (ours, theirs)) in shown.lines().zip(their_shown.lines()).enumerate() {
        assert_eq!(ours, theirs, "line {} of\n{shown}", n + 1);
    }
    assert_eq!(shown.lines().count(), their_shown.lines().count());
}

#[test]
fn the_tutorials_script_runs_without_the_lab() {
    let place = Place::new();
    let before = machine();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/tutorial.sh");
    let path = format!("{}:{}:/usr/bin:/bin", reference().join("bin").display(), place.0.display());
    let out = Command::new("/bin/sh").arg(script).env_clear().env("PATH", path).output().unwrap();
    assert!(out.status.success(), "{}", told(&out));
    assert!(stdout(&out).ends_with("Hello from the web server\n"), "{}", told(&out));
    assert_eq!(machine(), before);
}
