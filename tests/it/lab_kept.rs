//! Labs that live on, and the options that furnish a lab.

use std::os::unix::process::ExitStatusExt as _;

use crate::lab::OURS;
use crate::lab_cmd::{Place, good, machine, processes, told, within_seconds};

#[test]
fn a_kept_lab_is_listed_entered_and_stopped() {
    let place = Place::new();
    let before = machine();
    let name = format!("test-{}", std::process::id());
    let status = |words: &[&str]| place.lab(words).output().expect("it runs").status.code();
    assert_eq!(
        status(&[
            "--keep",
            &name,
            "--",
            "sh",
            "-c",
            "ip netns add red; sleep 987 >/dev/null 2>&1 & exit 6"
        ]),
        Some(6)
    );
    let list = good(&mut place.lab(&["list"]));
    let line = list.lines().find(|l| l.starts_with(&*name)).expect("it is listed");
    let words: Vec<_> = line.split_whitespace().collect();
    // Process 1 and sleep, and the namespace.
    assert_eq!(words[2..], ["2", "red"], "{list}");
    // Nobody else can have the name.
    assert_eq!(status(&["--keep", &name, "--", "true"]), Some(125));
    let script = "ip netns; hostname; id -u; ping -c 1 8.8.8.8 >/dev/null; echo $?; cat /proc/1/cmdline | tr '\\0' ' ' | cut -d ' ' -f 2-4";
    assert_eq!(
        good(&mut place.lab(&["enter", &name, "--", "sh", "-c", script])),
        format!("red\n{name}\n0\n0\nlab --keep {name}\n")
    );
    assert_eq!(status(&["enter", &name, "--", "sh", "-c", "exit 9"]), Some(9));
    assert_eq!(status(&["enter", &name, "--", "no-such-program"]), Some(127));
    assert_eq!(status(&["stop", &name]), Some(0));
    assert!(!good(&mut place.lab(&["list"])).contains(&name));
    for words in [["stop", &name], ["enter", &name]] {
        let out = place.lab(&words).output().expect("it runs");
        assert_eq!(out.status.code(), Some(125), "{}", told(&out));
    }
    assert_eq!(processes(&name), []);
    assert_eq!(machine(), before);
    for bad in ["", "a/b", "-x", "a b"] {
        assert_eq!(status(&[&format!("--keep={bad}"), "--", "true"]), Some(125), "{bad}");
    }
}

#[test]
fn whoever_enters_a_lab_takes_only_his_own_command_along() {
    let place = Place::new();
    let name = format!("enter-{}", std::process::id());
    good(&mut place.lab(&["--keep", &name, "--", "true"]));
    let mark = format!("4{}.75", std::process::id());
    let mut entered =
        place.lab(&["enter", &name, "--", "sleep", &mark]).spawn().expect("it starts");
    within_seconds(60, "it starts", || processes(&mark).len() >= 2);
    entered.kill().expect("it is ours");
    assert_eq!(entered.wait().expect("it ends").signal(), Some(libc::SIGKILL));
    within_seconds(60, "its command ends", || processes(&mark).is_empty());
    good(&mut place.lab(&["enter", &name, "--", "true"]));
    good(&mut place.lab(&["stop", &name]));
}

fn number(name: &str) -> String {
    let list = good(&mut Place::new().lab(&["list"]));
    let line = list.lines().find(|l| l.starts_with(name)).unwrap_or_else(|| panic!("{list}"));
    line.split_whitespace().nth(1).expect("a number").to_owned()
}

fn kill(pid: &str, signal: nix::sys::signal::Signal) {
    let pid = nix::unistd::Pid::from_raw(pid.parse().expect("a number"));
    nix::sys::signal::kill(pid, signal).expect("it is ours");
}

#[test]
fn a_kept_lab_outlives_who_made_it_but_not_its_keeper() {
    use nix::sys::signal::Signal::SIGKILL;
    let place = Place::new();
    let before = machine();
    let name = format!("orphan-{}", std::process::id());
    let mark = format!("5{}.25", std::process::id());
    let script = "ip netns add red; exec sleep $0";
    let words = ["--keep", &name, "--", "sh", "-c", script, &mark];
    let mut maker = place.lab(&words).spawn().expect("it starts");
    let listed = || good(&mut place.lab(&["list"])).contains(&name);
    within_seconds(20, "it is listed", || listed() && processes(&mark).len() == 3);
    maker.kill().expect("it is ours");
    maker.wait().expect("it ends");
    // Its process 1 and the command live on.
    within_seconds(20, "the maker ends", || processes(&mark).len() == 2);
    assert_eq!(good(&mut place.lab(&["enter", &name, "--", "ip", "netns"])), "red\n");
    kill(&number(&name), SIGKILL);
    within_seconds(20, "all of it ends", || processes(&mark).is_empty() && !listed());
    assert_eq!(machine(), before);
    // The name is free again.
    good(&mut place.lab(&["--keep", &name, "--", "true"]));
    good(&mut place.lab(&["stop", &name]));
}

#[test]
fn a_broken_lab_can_be_stopped() {
    use nix::sys::signal::Signal::SIGSTOP;
    let place = Place::new();
    let before = machine();
    let name = format!("broken-{}", std::process::id());
    let mark = format!("6{}.25", std::process::id());
    // Without /proc, without names, without programs, full of processes that ignore signals.
    let script =
        "trap '' TERM HUP INT; sleep $0 >/dev/null 2>&1 & ip netns add red; ip link del eth0
        umount -l /run/netns/red; umount -l /proc; mount -t tmpfs none /run; exit 0";
    good(&mut place.lab(&["--keep", &name, "--", "sh", "-c", script, &mark]));
    assert!(!processes(&mark).is_empty());
    kill(&number(&name), SIGSTOP);
    let out = place.lab(&["stop", &name]).output().expect("it runs");
    assert!(out.status.success(), "{}", told(&out));
    assert_eq!(processes(&mark), []);
    assert_eq!(machine(), before);
}

#[test]
fn of_two_labs_with_one_name_one_is_made() {
    let place = Place::new();
    let name = format!("twins-{}", std::process::id());
    for round in 0..8 {
        let start = || {
            let mut lab = place.lab(&["--keep", &name, "--", "true"]);
            lab.stderr(std::process::Stdio::piped()).spawn().expect("it starts")
        };
        let twins = [start(), start()].map(|t| t.wait_with_output().expect("it ends"));
        let mut status = twins.each_ref().map(|t| t.status.code());
        status.sort_unstable();
        assert_eq!(status, [Some(0), Some(125)], "round {round}");
        let refused = twins.iter().find(|t| !t.status.success()).expect("one of them");
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(said.starts_with(&format!("ipbox lab: there is a lab {name} already")), "{said}");
        good(&mut place.lab(&["stop", &name]));
    }
}

#[test]
fn a_host_may_be_alone() {
    let place = Place::new();
    let script = "ls /sys/class/net; ip route; ping -c 1 127.0.0.1 >/dev/null && echo up";
    assert_eq!(good(&mut place.lab(&["--no-lan", "--", "sh", "-c", script])), "lo\nup\n");
    assert_eq!(good(&mut place.lab(&["--lan", "--", "ls", "/sys/class/net"])), "eth0\nlo\n");
}

#[test]
fn root_needs_no_sudo_but_may_say_it() {
    let place = Place::new();
    for tools in ["--tools=ipbox", "--tools=system"] {
        let script = "A=1 sudo -n -u root B=2 sh -c 'echo $A $B $#' x y; sudo -- echo z";
        assert_eq!(good(&mut place.lab(&[tools, "--", "sh", "-c", script])), "1 2 1\nz\n");
    }
}

/// What of the machine must not change: mounts, names, devices, addresses, routes, rules, settings.
fn host() -> [String; 5] {
    let [mounts, names, devices] = machine();
    let told = |line: &[&str]| {
        let out =
            std::process::Command::new(OURS).arg("ip").args(line).output().expect("it starts");
        assert!(out.status.success(), "{line:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8_lossy(&out.stdout).into_owned()
    };
    // Lifetimes run down.
    let steady = |text: String| -> String {
        let lines = text.lines().filter(|l| !l.contains("valid_lft"));
        lines.flat_map(|l| [l.split(" expires ").next().unwrap_or_default(), "\n"]).collect()
    };
    let tables: String = [
        &["addr"] as &[&str],
        &["route", "show", "table", "all"],
        &["-6", "route", "show", "table", "all"],
        &["rule"],
        &["-6", "rule"],
    ]
    .map(|line| steady(told(line)))
    .concat();
    let mut settings = String::new();
    for dir in ["ipv4", "ipv6", "core", "bridge", "unix"] {
        read_all(&std::path::Path::new("/proc/sys/net").join(dir), &mut settings);
    }
    [mounts, names, devices, tables, settings]
}

/// Every setting below a directory that may be read, with its value.
fn read_all(dir: &std::path::Path, told: &mut String) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    let mut paths: Vec<_> = entries.flatten().map(|e| e.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read_all(&path, told);
        } else if let Ok(value) = std::fs::read_to_string(&path) {
            *told += &format!("{} = {value}", path.display());
        }
    }
}

#[test]
fn nothing_is_left_after_twenty_kills_at_random_moments() {
    crate::lab::hear_signals();
    let place = Place::new();
    let before = host();
    let program = place.program();
    let program = program.to_str().expect("UTF-8");
    // So far a lab has come after so many milliseconds: not furnished yet, or in the tutorial's midst.
    let mut seed = u64::from(std::process::id()) | 1;
    for round in 0..20 {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let delay =
            std::time::Duration::from_micros(seed % if round < 8 { 30_000 } else { 1_500_000 });
        let mut command = place.lab(&["tutorial"]);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut lab = command.spawn().expect("it starts");
        std::thread::sleep(delay);
        let _ = lab.kill();
        lab.wait().expect("it ends");
        within_seconds(60, "all of it ends", || processes(program).is_empty());
        assert_eq!(host(), before, "after {delay:?}");
    }
}
