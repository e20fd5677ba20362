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
             for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
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
        "ip netns add first; (umask 0; : > /run/netns/red; chmod 000 /run/netns/red)
         ip netns add red; echo $?
         touch -c /run/netns/red; sleep 2.1
         ip netns add red; echo $?; ip netns exec red true; echo $?",
    );
    assert_eq!(out.out(), "1\n0\n0\n", "{out}");
}

#[test]
fn a_name_is_given_to_one_of_many_callers() {
    let lab = Lab::new();
    let out = lab.run_sh(
        "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do (ip netns add same 2>/dev/null && echo got) & done
         for i in 1 2 3 4 5 6 7 8 9 10 11 12; do ip netns add n$i & done
         wait; ip netns | wc -l",
    );
    assert_eq!(out.out().matches("got").count(), 1, "{out}");
    assert!(out.out().contains("13\n"), "{out}");
}

#[test]
fn a_namespace_is_whole_in_an_unprivileged_user_namespace() {
    let lab = Lab::new();
    let out = lab.run_sh("ip netns add red && ip -n red netns identify");
    assert_eq!((out.status, out.out().as_str()), (0, "red\n"), "{out}");
}
