//! `ipbox export`: what it says makes the same network again. And `ipbox netns`, which says what is
//! left of one.

use crate::lab_cmd::{Place, good, told};

/// As much of everything as any kernel has.
const NETWORK: &str = "
    ip link add v-net-0 type bridge
    ip link set v-net-0 up
    ip addr add 192.168.15.5/24 dev v-net-0
    ip addr add 192.168.15.6/24 dev v-net-0
    ip -6 addr add 2001:db8::1/64 dev v-net-0 nodad
    n=1
    for room in red blue; do
        ip netns add $room
        ip link add veth-$room-br master v-net-0 up mtu 1400 type veth peer name veth-$room netns $room
        ip -n $room addr add 192.168.15.$n/24 dev veth-$room
        ip -n $room link set veth-$room up
        ip -n $room link set lo up
        ip -n $room route add default via 192.168.15.5
        n=$((n + 1))
    done
    ip netns add far
    ip -n far link set lo up
    ip -n red link add a0 type veth peer name b0 netns far
    ip -n far link set b0 up mtu 1300
    ip route add 10.9.0.0/16 via 192.168.15.2 metric 7 table 100
    ip route add blackhole 10.66.0.0/16
    ip route add 10.70.0.0/16 nexthop via 192.168.15.1 weight 2 nexthop via 192.168.15.2
    ip route add 2001:db8:5::/64 via 2001:db8::9
    ip route add ::/0 via 2001:db8::7
    ip rule add from 192.168.15.7 table 100 priority 50\n";

const RULES: &str = "
    ip -6 rule add fwmark 5 table 9 priority 77
    sysctl -qw net.ipv4.ip_forward=1
    iptables -t nat -A POSTROUTING -s 192.168.15.0/24 ! -d 192.168.15.0/24 -j MASQUERADE
    iptables -N MINE
    iptables -A MINE -p tcp --dport 22 -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT
    iptables -A FORWARD -j MINE
    iptables -P FORWARD DROP
    ip6tables -A INPUT -s 2001:db8::/32 -j DROP\n";

/// What there is. The kernel tells of a bridge's carrier up to a second after its ports have one.
const SHOW: &str = "
    for i in $(seq 100); do
        if ip link show v-net-0 | grep -q LOWER_UP; then break; fi
        sleep 0.05
    done
    ipbox export
    ipbox draw -j\n";

#[test]
fn what_was_exported_makes_the_same_network() {
    let place = Place::new();
    let dir = place.0.to_str().expect("UTF-8").to_owned();
    for (network, form, build) in [
        (format!("{NETWORK}{RULES}"), "--lab", "ipbox lab build $0/net"),
        (format!("{NETWORK}{RULES}"), "--sh", "sh $0/net"),
        (NETWORK.to_owned(), "--batch", "ip -batch $0/net"),
    ] {
        let run = |script: &str| {
            good(&mut place.lab(&[
                "--no-lan",
                "--",
                "sh",
                "-c",
                &format!("set -e\n{script}"),
                &dir,
            ]))
        };
        // A batch cannot say the settings that a new namespace begins with; it is told so.
        let bare = run(&format!("{network} ipbox export {form} >$0/net\n{SHOW}"));
        let again = run(&format!("{build}\n{SHOW}"));
        assert_eq!(
            bare,
            again,
            "{form}\n{}",
            std::fs::read_to_string(place.0.join("net")).expect("it")
        );
        assert!(
            bare.contains("route add 10.70.0.0/16 nexthop via 192.168.15.1 dev v-net-0 weight 2")
        );
    }
}

/// The lab's own uplink is there already, with its address and its route.
#[test]
fn what_was_exported_in_a_lab_is_built_in_a_lab() {
    let place = Place::new();
    let dir = place.0.to_str().expect("UTF-8").to_owned();
    let lab = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/tutorial.lab");
    let script = "ipbox export >$0/net; ipbox export 2>&1; ipbox draw -j | tr -d '\\n' | wc -c";
    let text = std::fs::read_to_string(lab).expect("it is there");
    let first = place.file("first.lab", &text);
    let build = |file: &str| {
        good(&mut place.lab(&["build", file, "--", "sh", "-c", &format!("{script}; true"), &dir]))
    };
    let before = build(first.to_str().expect("UTF-8"));
    let net = place.0.join("net");
    let again = build(net.to_str().expect("UTF-8"));
    assert_eq!(before, again);
    assert!(before.contains("left out: eth0, whose other end") && !before.contains("dev eth0"));
    let script = "ip netns exec blue ping -c 1 -W 2 8.8.8.8 >/dev/null && echo there";
    let words = ["build", net.to_str().expect("UTF-8"), "--", "sh", "-c", script];
    assert_eq!(good(&mut place.lab(&words)), "there\n");
}

#[test]
fn what_cannot_be_said_is_told() {
    let place = Place::new();
    let script = "ip netns add gone; ip link add here0 type veth peer name there0 netns gone
        ip netns exec gone sleep 500 >/dev/null 2>&1 & until grep -qx sleep /proc/$!/comm; do sleep 0.01; done; ip netns del gone
        iptables -A INPUT -m comment --comment 'two words' -j ACCEPT
        ip link add \"a'\\\"b\" type bridge; ip link add \"c'\\$d\" type bridge
        ipbox export >/dev/null; echo $?; ipbox export --batch 2>&1; kill $!
        ipbox export --sh 2>/dev/null | grep 'c.*d.*type bridge'";
    let out = place.lab(&["--no-lan", "--", "sh", "-c", script]).output().expect("it runs");
    let (text, err) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(text.starts_with("1\n"), "{}", told(&out));
    for what in
        ["here0, whose other end is in a namespace without a name", "a rule in filter: -A INPUT "]
    {
        assert!(err.contains(&format!("left out: {what}")), "{what}\n{}", told(&out));
    }
    // Quotes of both kinds only a shell can say; an apostrophe alone all can.
    assert!(err.contains("left out: what is called a'\"b, which has quotes"), "{}", told(&out));
    assert!(text.contains("link add name \"c'$d\""), "{}", told(&out));
    assert!(text.contains(r"'c'\''$d'"), "{}", told(&out));
    let flowchart = good(&mut place.lab(&["--no-lan", "--", "ipbox", "export", "--mermaid"]));
    assert!(flowchart.starts_with("flowchart TB\n"), "{flowchart}");
}

#[test]
fn leftovers_are_found_with_who_holds_them() {
    let place = Place::new();
    let script = "ip netns add red; touch /run/netns/dead; ip netns add tmp
        ip netns exec tmp sleep 500 >/dev/null 2>&1 & until grep -qx sleep /proc/$!/comm; do sleep 0.01; done
        ip netns del tmp; exec 7</proc/$!/ns/net
        ipbox netns gc; ipbox netns gc -j; ipbox netns gc --yes | head -1; kill $!; wait; ipbox netns gc
        exec 7<&-; ipbox netns gc; ip netns";
    let out = good(&mut place.lab(&["--no-lan", "--", "sh", "-c", script]));
    let steady: String = out
        .chars()
        .map(|c| if c.is_ascii_digit() { '#' } else { c })
        .collect::<String>()
        .split('#')
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("#");
    assert_eq!(
        steady,
        "stale    dead\nunnamed  net:[#]\n  # sleep\n  # sh (descriptor #)\n\
         [{\"what\":\"stale\",\"name\":\"dead\"},{\"what\":\"unnamed\",\"namespace\":#,\"holders\":[{\"pid\":#,\"command\":\"sleep\"},{\"pid\":#,\"command\":\"sh\",\"descriptor\":#}]}]\n\
         stale    dead, removed\nunnamed  net:[#]\n  # sh (descriptor #)\nred\n",
        "{out}"
    );
}

#[test]
fn an_end_that_was_waited_for_leaves_names_free() {
    let place = Place::new();
    let script = "n=0; while [ $n -lt 50 ]; do
            ip netns add x && ip link add far0 type veth peer name n0 netns x && ipbox netns del --wait x || exit 1
            n=$((n + 1))
        done
        ip netns add y; ip link add far1 type veth peer name n1 netns y
        ip netns exec y sleep 500 >/dev/null 2>&1 & until grep -qx sleep /proc/$!/comm; do sleep 0.01; done
        ipbox netns del --wait --timeout 1 y; echo $?; kill $!
        ipbox netns del nosuch; echo $?; ipbox netns del 2>/dev/null; echo $?; ip netns";
    let out = place.lab(&["--no-lan", "--", "sh", "-c", script]).output().expect("it runs");
    assert_eq!(String::from_utf8_lossy(&out.stdout), "1\n1\n2\n", "{}", told(&out));
    let err = String::from_utf8_lossy(&out.stderr);
    assert!(err.contains("ipbox netns: y has no name any more, but is held by "), "{}", told(&out));
}
