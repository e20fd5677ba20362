//! `ip netns`, where a line of a case file cannot show it.

use crate::lab::Lab;

#[test]
fn an_applet_stands_in_for_a_command_that_is_missing() {
    let lab = Lab::new();
    lab.ours("ip netns add red");
    // Nothing on PATH: `ip` inside must be our own.
    let out = lab.run_sh("PATH=/nowhere; /ours/ip netns exec red ip netns list");
    assert_eq!((out.status, out.out().as_str()), (0, "red\n"), "{out}");
    let out = lab.run_sh("PATH=/nowhere; /ours/ip netns exec red nosuch");
    assert_eq!(out.status, 1, "{out}");
    assert_eq!(out.err(), "exec of \"nosuch\" failed: No such file or directory\n");
}

#[test]
fn the_monitor_tells_names_as_they_come_and_go() {
    let lab = Lab::new();
    let watch = |options: &str| {
        lab.run_sh(&format!(
            "ip {options} netns monitor > /tmp/told & p=$!
             for i in $(seq 600); do
                 ip netns add red; ip netns del red
                 [ $(wc -l < /tmp/told) -ge 2 ] && break
                 sleep 0.05
             done
             kill $p; cat /tmp/told"
        ))
        .out()
    };
    assert!(watch("").contains("add red\ndelete red\n"));
    let json = watch("-j");
    assert!(json.contains("{\"event\":\"add\",\"name\":\"red\"}\n"), "{json}");
}

#[test]
fn an_abandoned_file_is_taken_over() {
    let lab = Lab::new();
    // What a program leaves that is killed between creating the file and mounting on it.
    let out = lab.run_sh(
        "ip netns add first; : > /run/netns/red; chmod 000 /run/netns/red
         ip netns add red; echo $?; ip netns exec red true; echo $?
         echo text > /run/netns/mine; ip netns add mine; echo $?; cat /run/netns/mine
         ln -s red /run/netns/link; ip netns add link; echo $?",
    );
    assert_eq!(out.out(), "0\n0\n1\ntext\n1\n", "{out}");
}

/// The system calls of a command, each with how often it was made.
fn calls(lab: &Lab, line: &str) -> Vec<(String, u32)> {
    let out = lab.run_sh(&format!("strace -f -o /tmp/calls {line} && cat /tmp/calls"));
    assert_eq!(out.status, 0, "strace works in a lab: {out}");
    let mut calls: Vec<(String, u32)> = Vec::new();
    for line in out.out().lines() {
        let call = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
        let Some((name, _)) = call.split_once('(') else { continue };
        if !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
            continue; // resumed, signals, exit lines
        }
        match calls.iter_mut().find(|(n, _)| n == name) {
            Some((_, count)) => *count += 1,
            None => calls.push((name.to_owned(), 1)),
        }
    }
    // The program has begun before, and is over after these.
    calls.retain(|(n, _)| !matches!(n.as_str(), "execve" | "exit" | "exit_group"));
    assert!(calls.iter().any(|(n, _)| n == "mount" || n == "umount2"), "{calls:?}");
    calls
}

/// Makes each system call of `line` fail in each way, one at a time; `before` and `judge` are
/// shell lines around it, `judge` sees the status as `$s`. Returns what `judge` printed, a line each.
fn inject(lab: &Lab, before: &str, line: &str, ways: &[&str], judge: &str) -> Vec<String> {
    let prepare = format!("{before}\n");
    lab.run_sh(&prepare);
    let mut script = String::new();
    for (call, count) in calls(lab, line) {
        for n in 1..=count {
            for way in ways {
                script += &format!(
                    "{prepare}strace -f -o /dev/null -e inject={call}:{way}:when={n} {line} >/dev/null 2>&1; \
                     s=$?; printf '%s ' {call}:{way}:{n} $s; {judge}\n"
                );
            }
        }
    }
    // A lab's command may not take for ever.
    let lines: Vec<&str> = script.split_inclusive('\n').collect();
    let mut told = Vec::new();
    for part in lines.chunks(150) {
        told.extend(lab.run_sh(&part.concat()).out().lines().map(str::to_owned));
    }
    assert!(told.len() > 20, "{told:?}");
    told
}

const WHOLE: &str = "if ip netns exec x true 2>/dev/null; then w=whole; \
     elif [ -e /run/netns/x ]; then w=stale; else w=nothing; fi";

#[test]
fn add_and_attach_leave_a_whole_namespace_or_nothing_whatever_fails() {
    let lab = Lab::new();
    lab.run_sh("ip netns add other");
    let errors = ["error=ENOMEM", "error=EPERM", "error=EINTR"];
    for line in ["ip netns add x", "ip netns attach x 1"] {
        let judge = format!("{WHOLE}; echo $w");
        for told in inject(&lab, "ip netns del x 2>/dev/null", line, &errors, &judge) {
            let words: Vec<&str> = told.split(' ').collect();
            let right = matches!(words[..], [_, "0", "whole"])
                || matches!(words[..], [_, status, "nothing"] if status != "0");
            assert!(right, "{line}: {told}");
        }
    }
}

/// After a kill a name is a whole namespace, or free for the next `add`; and the list is clean then.
fn a_killed(line: &str, before: &str) {
    let lab = Lab::new();
    lab.run_sh("ip netns add other");
    let judge =
        format!("ip netns add x 2>/dev/null; {WHOLE}; ip netns list 2>&1 | grep -c Error; echo $w");
    let told = inject(&lab, before, line, &["signal=KILL"], &judge);
    for pair in told.chunks(2) {
        assert!(pair[0].ends_with(" 0") && pair[1] == "whole", "{line}: {pair:?}");
    }
}

#[test]
fn a_killed_add_leaves_the_name_usable() {
    a_killed("ip netns add x", "ip netns del x 2>/dev/null");
}

#[test]
fn a_killed_attach_leaves_the_name_usable() {
    a_killed("ip netns attach x 1", "ip netns del x 2>/dev/null");
}

#[test]
fn a_killed_delete_leaves_the_name_usable() {
    a_killed("ip netns del x", "ip netns add x 2>/dev/null");
}

#[test]
fn delete_says_what_it_did_whatever_fails() {
    let lab = Lab::new();
    lab.run_sh("ip netns add other");
    let errors = ["error=ENOMEM", "error=EPERM", "error=EINTR"];
    let judge = format!("{WHOLE}; echo $w; [ $w = nothing ] || ip netns del x");
    for told in inject(&lab, "ip netns add x 2>/dev/null", "ip netns del x", &errors, &judge) {
        let words: Vec<&str> = told.split(' ').collect();
        let right = matches!(words[..], [_, "0", "nothing"])
            || matches!(words[..], [_, status, "whole" | "stale"] if status != "0");
        assert!(right, "{told}");
    }
}

#[test]
fn nothing_leaks_in_a_thousand_rounds() {
    let lab = Lab::new();
    // In one process, lest starting a thousand be what is measured: descriptors would pile up.
    let out = lab.run_sh(
        "ip netns add first
         spaces() { readlink /proc/[0-9]*/ns/net | sort -u | wc -l; }
         mounts=$(wc -l < /proc/self/mountinfo) spaces=$(spaces)
         i=0; while [ $i -lt 1000 ]; do
             echo netns add x; echo netns exec x true; echo netns del x
             i=$((i + 1))
         done > /tmp/rounds
         (ulimit -n 40; ip -force -batch /tmp/rounds) || echo failed
         echo $(($(wc -l < /proc/self/mountinfo) - mounts)) $(($(spaces) - spaces)); ls /run/netns",
    );
    assert_eq!(out.out(), "0 0\nfirst\n", "{out}");
}

#[test]
fn a_name_is_given_to_one_of_many_callers() {
    let lab = Lab::new();
    let out = lab.run_sh(
        "for i in $(seq 12); do (ip netns add same 2>/dev/null && echo got) & done
         for i in $(seq 200); do ip netns add n$i & done
         wait; ip netns | wc -l",
    );
    assert_eq!(out.out().matches("got").count(), 1, "{out}");
    assert!(out.out().contains("201\n"), "{out}");
}

#[test]
fn a_namespace_is_whole_in_an_unprivileged_user_namespace() {
    let lab = Lab::new();
    let out = lab.run_sh("ip netns add red && ip -n red netns identify");
    assert_eq!((out.status, out.out().as_str()), (0, "red\n"), "{out}");
}
