//! `ipbox try`: a change takes itself back, however it was made, unless it is confirmed.

use std::process::Output;

use crate::lab::Lab;
use crate::lab_cmd::{Place, told};

const NETWORK: &str = "
    ip link add v-net-0 type bridge
    ip link set v-net-0 up
    ip addr add 192.168.15.5/24 dev v-net-0
    ip addr add 192.168.15.6/24 dev v-net-0
    ip -6 addr add 2001:db8::1/64 dev v-net-0 nodad
    ip link add here0 master v-net-0 up type veth peer name here1
    ip link set here1 up
    ip route add 10.70.0.0/16 via 192.168.15.1 metric 5
    ip rule add from 10.0.0.0/8 table 77 priority 99
    iptables -t nat -A POSTROUTING -s 192.168.15.0/24 -j MASQUERADE
    iptables -N MINE
    iptables -A FORWARD -j MINE
    dump() {
        ip link
        ip addr | grep -v 'inet6 fe80\\|valid_lft'
        ip route show table all | grep -v 'fe80:\\|ff00:'
        ip -6 route | grep -v '^fe80\\|^ff00'
        ip rule; ip -6 rule
        iptables-save | grep -v '^#' | sed 's/\\[.*//'
        ip6tables-save | grep -v '^#' | sed 's/\\[.*//'
        sysctl -a 2>/dev/null | grep '^net' | grep -v nf_conntrack_count
    }
    # The kernel says a moment later that cables are plugged in.
    n=0
    until ip link show v-net-0 | grep -q 'state UP' || [ $n = 600 ]; do sleep 0.1; n=$((n + 1)); done\n";

fn run(script: &str) -> Output {
    let place = Place::new();
    let script = format!("{NETWORK}{script}");
    place.lab(&["--", "sh", "-c", &script]).output().expect("it runs")
}

/// All of it is as before.
fn is_taken_back(change: &str) {
    let script = format!(
        "dump >/run/before; cat >/run/change <<'END'\n{change}\nEND
        echo no | ipbox try 30 -- sh /run/change; echo status $?
        n=0
        until dump >/run/after; cmp -s /run/before /run/after || [ $n = 150 ]; do sleep 0.2; n=$((n + 1)); done
        diff /run/before /run/after && echo equal"
    );
    let out = run(&script);
    assert_eq!(
        String::from_utf8_lossy(&out.stdout),
        "status 1\nequal\n",
        "{change}\n{}",
        told(&out)
    );
    let err = String::from_utf8_lossy(&out.stderr);
    assert!(err.contains("not confirmed: all is as it was"), "{change}\n{}", told(&out));
}

#[test]
fn addresses_and_routes_come_back() {
    is_taken_back(
        "ip addr del 192.168.15.5/24 dev v-net-0; ip -6 addr flush dev v-net-0 scope global",
    );
    is_taken_back(
        "ip route flush table main; ip rule del priority 99; ip rule add priority 5 table 9; ip -6 rule add priority 6 table 9",
    );
}

#[test]
fn devices_come_back() {
    is_taken_back(
        "ip link set eth0 down; ip link set v-net-0 mtu 1300; ip link set here0 nomaster down; ip link add new0 type veth peer name new1",
    );
    is_taken_back("ip link set eth0 down; ip link set eth0 name wan address 02:00:00:00:00:01");
    is_taken_back("ip link del here0");
}

#[test]
fn rules_and_settings_come_back() {
    is_taken_back(
        "iptables -F; iptables -X; iptables -P INPUT DROP; iptables -t nat -F; iptables -t mangle -A INPUT -j ACCEPT
        ip6tables -A INPUT -j DROP
        sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.eth0.rp_filter=1 net.core.somaxconn=100",
    );
}

#[test]
fn what_cannot_be_brought_back_is_told() {
    let lab = Lab::new();
    let out = lab.run_sh(
        "iptables -A INPUT -j ACCEPT; /theirs/bin/nft add rule ip filter INPUT meta cpu 3 counter
        echo no | ipbox try 30 -- iptables -P INPUT DROP",
    );
    assert_eq!(out.status, 1, "{out}");
    assert!(out.err().contains("not brought back: what iptables-restore restores"), "{out}");
    assert!(!out.err().contains("all is as it was"), "{out}");
}

#[test]
fn what_is_confirmed_stays_and_what_fails_does_not() {
    let out = run("echo y | ipbox try 30 -- ip addr add 10.1.1.1/8 dev lo; echo $?; ip -br addr show lo
        ipbox try 30 -- sh -c 'ip addr add 10.2.2.2/8 dev lo; exit 3' </dev/null; echo $?; ip -br addr show lo
        ipbox try 30 -- no-such-program; echo $?
        ipbox try 1 -- ip addr add 10.3.3.3/8 dev lo </dev/null; echo $?; ip -br addr show lo
        ipbox try 0 -- true; echo $?; ipbox try 5; echo $?");
    let text = String::from_utf8_lossy(&out.stdout);
    let words: Vec<_> = text.split_whitespace().collect();
    let lo = ["lo", "UNKNOWN", "127.0.0.1/8", "10.1.1.1/8", "::1/128"];
    let expected: Vec<&str> =
        [&["0"][..], &lo, &["3"], &lo, &["127", "1"], &lo, &["2", "2"]].concat();
    assert_eq!(words, expected, "{}", told(&out));
}

#[test]
fn it_is_taken_back_when_nobody_is_left_to_confirm() {
    let out = run("mkfifo /run/never
        ipbox try 600 -- ip addr add 10.1.1.1/8 dev lo <>/run/never & pid=$!
        until ip addr show lo | grep -q 10.1.1.1; do sleep 0.05; done
        sleep 0.2; kill -9 $pid
        n=0; while ip addr show lo | grep -q 10.1.1.1 && [ $n -lt 600 ]; do sleep 0.1; n=$((n + 1)); done
        ip -br addr show lo");
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(text.starts_with("lo ") && !text.contains("10.1.1.1"), "{}", told(&out));
}
