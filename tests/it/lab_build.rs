//! `ipbox lab build FILE`: a network from a file.

use crate::lab_cmd::{Place, good, told};

#[test]
fn the_tutorials_network_is_built_and_works() {
    let place = Place::new();
    let text = include_str!("../../examples/tutorial.lab");
    let file = place.file("net.lab", text);
    let script = "set -e
        ip netns | wc -l
        for room in red blue green; do ip netns exec $room ping -c 1 -W 2 192.168.15.4 >/dev/null; done
        ip netns exec blue ping -c 1 -W 2 8.8.8.8 >/dev/null
        ip netns exec blue web-server 80
        lan-host web-get http://192.168.1.2/";
    let words = ["build", file.to_str().expect("UTF-8"), "--", "sh", "-c", script];
    assert_eq!(good(&mut place.lab(&words)), "4\nHello from the web server\n");
}

#[test]
fn a_mistake_is_told_with_its_line() {
    let place = Place::new();
    for (text, says) in [
        ("host\n\nbrigde b0\n", "3: \"brigde\" begins no line: \"bridge\"?"),
        (
            "address 10.0.0.1/33 dev lo\n",
            "1: Error: any valid prefix is expected rather than \"10.0.0.1/33\".",
        ),
        ("namespace red\nroute default via 10.0.0.1\n", "2: Error: Nexthop has invalid gateway."),
        (
            "namespace red\ncable a to host:b master none\n",
            "2: Error: argument \"none\" is wrong: Device does not exist",
        ),
        ("link x type frob", "1: Error: Unknown device type."),
        ("sysctl net.ipv4.frob=1", "1: /proc/sys/net/ipv4/frob: No such file or directory"),
        ("iptables -A NOWHERE", "1: iptables ended with status 1"),
        ("ip frob", "1: Object \"frob\" is unknown, try \"ip help\"."),
    ] {
        let file = place.file("net.lab", text);
        let file = file.to_str().expect("UTF-8");
        let out = place.lab(&["build", "--no-lan", file, "--", "true"]).output().expect("it runs");
        assert_eq!(out.status.code(), Some(1), "{text}\n{}", told(&out));
        let err = String::from_utf8_lossy(&out.stderr).into_owned();
        let last = err.lines().last().expect("a reason");
        assert_eq!(last, format!("ipbox lab: {file}:{says}"), "{text}\n{}", told(&out));
    }
    let out = place.lab(&["build", "/no/such/file"]).output().expect("it runs");
    assert_eq!(out.status.code(), Some(125), "{}", told(&out));
}

#[test]
fn inside_a_lab_it_is_built_there() {
    let place = Place::new();
    let file = place.file("net.lab", "namespace red\n link d0 mtu 1400 type bridge\n");
    let script = format!(
        "ipbox lab build {0} && ipbox lab build --here - </dev/null && ip -n red link show d0",
        file.display()
    );
    let out = good(&mut place.lab(&["--no-lan", "--", "sh", "-c", &script]));
    assert!(out.contains("mtu 1400"), "{out}");
    // What makes a lab has no say in one.
    for option in ["--no-lan", "--lan", "--tools=system", "--keep=x"] {
        let script = format!("ipbox lab build {option} {}", file.display());
        let out = place.lab(&["--no-lan", "--", "sh", "-c", &script]).output().expect("it runs");
        let name = option.split('=').next().unwrap_or_default();
        assert!(!out.status.success(), "{}", told(&out));
        let sentence = format!("this is a lab already: {name} is for who makes one");
        assert!(String::from_utf8_lossy(&out.stderr).contains(&sentence), "{}", told(&out));
    }
}

#[test]
fn many_namespaces_are_no_trouble() {
    let place = Place::new();
    let mut text = String::from("bridge v-net-0\naddress 10.0.0.1/16 dev v-net-0\n");
    for n in 0..200 {
        text.push_str(&format!(
            "namespace n{n}\ncable e0 to host:p{n} master v-net-0\naddress 10.0.1.{n}/16 dev e0\nroute default via 10.0.0.1\n"
        ));
    }
    let file = place.file("net.lab", &text);
    let script =
        "ip netns | wc -l; ip netns exec n7 ping -c 1 -W 3 10.0.1.199 >/dev/null && echo good";
    let words = ["build", "--no-lan", file.to_str().expect("UTF-8"), "--", "sh", "-c", script];
    assert_eq!(good(&mut place.lab(&words)), "200\ngood\n");
}

#[test]
fn how_far_a_long_build_is_stands_on_a_terminal_only() {
    let place = Place::new();
    let text = "namespace red\nip netns exec red sleep 0.7\nlink d0 type bridge\naddress 10.0.0.1/8 dev d0";
    let file = place.file("net.lab", text);
    let program = place.program();
    let line = format!("{} lab build --no-lan {} -- echo built", program.display(), file.display());
    let mut terminal = std::process::Command::new("script");
    let out = terminal.args(["-qec", &line, "/dev/null"]).stdin(std::process::Stdio::null());
    let shown = good(out);
    // It is gone when the command begins.
    assert_eq!(shown, "\rbuilding: 83 %\u{1b}[K\r\u{1b}[Kbuilt\r\n");
    let words = ["build", "--no-lan", file.to_str().expect("UTF-8"), "--", "echo", "built"];
    let out = place.lab(&words).output().expect("it runs");
    assert_eq!(told(&out).matches("building").count(), 0, "{}", told(&out));
}
