//! Labs that live on, and the options that furnish a lab.

use std::os::unix::process::ExitStatusExt as _;

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
    within_seconds(10, "it starts", || processes(&mark).len() >= 2);
    entered.kill().expect("it is ours");
    assert_eq!(entered.wait().expect("it ends").signal(), Some(libc::SIGKILL));
    within_seconds(10, "its command ends", || processes(&mark).is_empty());
    good(&mut place.lab(&["enter", &name, "--", "true"]));
    good(&mut place.lab(&["stop", &name]));
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

/// What of the machine must not change: devices, addresses, routes, rules, settings, mounts, names.
fn host() -> [String; 4] {
    let [mounts, names, devices] = machine();
    let read = |name: &str| std::fs::read_to_string(name).unwrap_or_default();
    let files = [
        "/proc/net/route",
        "/proc/net/ipv6_route",
        "/proc/net/fib_trie",
        "/proc/sys/net/ipv4/ip_forward",
    ];
    // The last word but three of a line of ipv6_route counts uses.
    let steady = |text: String| -> String {
        text.lines()
            .map(|l| l.split_whitespace().take(5).collect::<Vec<_>>().join(" ") + "\n")
            .collect()
    };
    [mounts, names, devices, files.map(|f| steady(read(f))).concat()]
}

#[test]
fn nothing_is_left_after_twenty_kills_at_random_moments() {
    crate::lab::hear_hangups();
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
        within_seconds(10, "all of it ends", || processes(program).is_empty());
        assert_eq!(host(), before, "after {delay:?}");
    }
}
