//! iptables: what our rules do to real packets.

use crate::lab::Lab;

/// A machine with `lo` up; the reference's command and our script run in it and must succeed.
fn lab(theirs: &str, script: &str) -> Lab {
    let lab = Lab::new();
    let out = lab.theirs(theirs);
    assert_eq!(out.status, 0, "{out}");
    let out = lab.run_sh(&format!("set -e; ip link set lo up\n{script}"));
    assert_eq!(out.status, 0, "{out}");
    lab
}

/// How many of four echo requests to an address are answered.
fn answered(lab: &Lab, address: &str) -> String {
    let out = lab.ours(&format!("ping -n -c 4 -i 0.01 -W 0.5 {address}")).out();
    let line = out.lines().find(|l| l.contains("received")).expect("statistics");
    line.split(", ").nth(1).expect("received").to_string()
}

#[test]
fn hashlimit_has_a_limit_for_each_address() {
    let lab = lab(
        "ip -V",
        "iptables -A INPUT -p icmp --icmp-type echo-request -m hashlimit --hashlimit-mode dstip \
         --hashlimit-above 1/hour --hashlimit-burst 2 --hashlimit-name each -j DROP",
    );
    assert_eq!(answered(&lab, "127.0.0.1"), "2 received");
    assert_eq!(answered(&lab, "127.0.0.2"), "2 received");
}

#[test]
fn set_and_target_set_know_the_same_addresses() {
    let lab = lab(
        "ipset create s hash:ip",
        "iptables -A INPUT -m set --match-set s dst -j DROP
         iptables -A INPUT -d 127.0.0.3 -j SET --add-set s dst",
    );
    assert_eq!(answered(&lab, "127.0.0.2"), "4 received");
    // The first packet puts it in, and the answer comes from another address.
    assert_eq!(answered(&lab, "127.0.0.3"), "1 received");
    assert_eq!(lab.theirs("ipset test s 127.0.0.3").status, 0);
    let out = lab.theirs("ipset del s 127.0.0.3");
    assert_eq!(out.status, 0, "{out}");
    assert_eq!(answered(&lab, "127.0.0.3"), "1 received");
}

#[test]
fn string_time_and_cpu_look_at_the_packet() {
    let lab = lab(
        "ip -V",
        "iptables -N drop
         iptables -A drop -m time --datestart 1971 --weekdays Mon,Tue,Wed,Thu,Fri,Sat,Sun -j DROP
         iptables -A INPUT -d 127.0.0.2 -m string --algo bm --hex-string '|10 11 12|' -g drop
         iptables -A INPUT -d 127.0.0.3 -m string --algo kmp --string nowhere -j DROP
         iptables -A INPUT -d 127.0.0.4 -m cpu ! --cpu 4000 -j DROP
         iptables -A INPUT -d 127.0.0.5 -m time --datestop 1971 -j DROP",
    );
    for (address, received) in [(2, "0"), (3, "4"), (4, "0"), (5, "4")] {
        let told = answered(&lab, &format!("127.0.0.{address}"));
        assert_eq!(told, format!("{received} received"), "127.0.0.{address}");
    }
}

#[test]
fn accounts_and_groups_count_and_let_through() {
    let lab = lab(
        "nfacct add all",
        "ip route add 10.9.0.0/24 dev lo
         iptables -A INPUT -p icmp --icmp-type 8 -m nfacct --nfacct-name all -j NFLOG --nflog-group 7
         iptables -t raw -A OUTPUT -d 127.0.0.9 -j NOTRACK
         iptables -A OUTPUT -d 127.0.0.9 -m conntrack ! --ctstate UNTRACKED -j DROP
         iptables -t nat -A OUTPUT -d 10.9.0.0/24 -j NETMAP --to 127.0.0.0/24",
    );
    assert_eq!(answered(&lab, "127.0.0.9"), "4 received");
    assert_eq!(answered(&lab, "10.9.0.5"), "4 received");
    let out = lab.theirs("nfacct get all");
    assert!(out.out().contains("pkts = 00000000000000000008"), "{out}");
    let rule = lab.ours("iptables -nvxL INPUT 1").out();
    assert!(rule.trim_start().starts_with("8 "), "{rule}");
}
