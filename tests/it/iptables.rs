//! iptables: what cannot be compared with the reference, because it does less.

use crate::lab::{Lab, Tool};
use std::fmt::Write as _;

/// Rules of `nft`: some that iptables has words for, some that it has none for.
const FOREIGN: &str = "
table ip filter {
  set s { type ipv4_addr; elements = { 1.1.1.1 } }
  chain INPUT {
    type filter hook input priority 0; policy accept;
    tcp dport 80 accept
    tcp dport { 22, 80 } accept
    ip saddr @s drop
    ip saddr 10.0.0.1-10.0.0.9 drop
    icmp type != echo-request drop
    ip saddr 1.2.3.4 ip daddr 5.6.7.8 tcp sport 5 tcp dport 6 accept
    tcp flags syn / syn,ack accept
    tcp dport != 80 counter drop
    tcp dport > 80 drop
    meta l4proto tcp accept
    iifname \"eth*\" accept
    ct state established accept
    ip saddr 1.2.3.4 comment \"hi there\"
    ip daddr & 255.0.255.0 == 1.0.3.0 jump own
    goto own
  }
  chain own { drop; }
}
";

const SHOWN: &str = r#"-P INPUT ACCEPT
-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT
-A INPUT -p tcp [unsupported: lookup] -j ACCEPT
-A INPUT [unsupported: lookup] -j DROP
-A INPUT [unsupported: payload] -j DROP
-A INPUT -p icmp -m icmp ! --icmp-type 8 -j DROP
-A INPUT -s 1.2.3.4/32 -d 5.6.7.8/32 -p tcp -m tcp --sport 5 --dport 6 -j ACCEPT
-A INPUT -p tcp -m tcp --tcp-flags SYN,ACK SYN -j ACCEPT
-A INPUT -p tcp -m tcp ! --dport 80 -j DROP
-A INPUT -p tcp -m tcp --dport 81:65535 -j DROP
-A INPUT -p tcp -j ACCEPT
-A INPUT -i eth+ -j ACCEPT
-A INPUT [unsupported: ct] -j ACCEPT
-A INPUT -s 1.2.3.4/32 -m comment --comment "hi there"
-A INPUT -d 1.0.3.0/255.0.255.0 -j own
-A INPUT -g own
"#;

fn foreign() -> Lab {
    let lab = Lab::new();
    let out = lab.with_input(Tool::Theirs, "nft -f -", FOREIGN.as_bytes());
    assert_eq!(out.status, 0, "{out}");
    lab
}

#[test]
fn rules_of_others_are_never_shown_wider_than_they_are() {
    let lab = foreign();
    let out = lab.ours("iptables -S INPUT");
    assert_eq!((out.status, out.out().as_str()), (1, SHOWN), "{out}");
    assert!(out.err().contains("4 of the rules"), "{out}");
    // What can be expressed is no failure.
    assert_eq!(lab.ours("iptables -S INPUT 1").status, 0);
    assert_eq!(lab.ours("iptables -L INPUT 2").status, 1);
    assert_eq!(lab.ours("iptables-save").status, 1);
}

#[test]
fn what_cannot_be_expressed_is_not_restored() {
    let lab = foreign();
    let before = lab.theirs("nft list ruleset").out();
    let out = lab.run_sh("iptables-save | iptables-restore");
    assert_eq!(out.status, 2, "{out}");
    assert_eq!(lab.theirs("nft list ruleset").out(), before);
}

#[test]
fn rules_of_others_can_be_found_and_deleted() {
    let lab = foreign();
    assert_eq!(lab.ours("iptables -C INPUT -p tcp --dport 80 -j ACCEPT").status, 0);
    // Wider than any that is there.
    assert_eq!(lab.ours("iptables -C INPUT -j DROP").status, 1);
    assert_eq!(lab.ours("iptables -C INPUT -p icmp -j DROP").status, 1);
    assert_eq!(lab.ours("iptables -D INPUT 2").status, 0);
    assert_eq!(lab.ours("iptables -D INPUT -p tcp -j ACCEPT").status, 0);
    let left = lab.theirs("nft list chain ip filter INPUT").out();
    assert!(!left.contains("22, 80") && left.contains("@s"), "{left}");
    assert_eq!(lab.ours("iptables -F").status, 0);
    assert_eq!(lab.ours("iptables -S INPUT").out(), "-P INPUT ACCEPT\n");
}

/// More than a socket of an ordinary user holds at once.
#[test]
fn a_large_file_is_restored_in_one_step() {
    let lab = Lab::patient(60);
    let mut file = String::from("*filter\n:own - [0:0]\n");
    for i in 0..5000 {
        let (a, b) = (i / 250, i % 250);
        let _ =
            writeln!(file, "-A own -s 10.0.{a}.{b}/32 -p tcp -m tcp --dport {} -j ACCEPT", i + 1);
    }
    file.push_str("-A INPUT -j own\nCOMMIT\n");
    let out = lab.with_input(Tool::Ours, "iptables-restore", file.as_bytes());
    assert_eq!(out.status, 0, "{out}");
    let saved = |script: &str| {
        let out = lab.run_sh(script).out();
        out.lines().filter(|l| !l.starts_with('#')).map(str::to_owned).collect::<Vec<_>>()
    };
    let first = saved("iptables-save");
    assert_eq!(first.iter().filter(|l| l.starts_with("-A own -s")).count(), 5000);
    assert_eq!(first, saved("iptables-save | iptables-restore; iptables-save"));
    assert_eq!(lab.ours("iptables -C own -s 10.0.19.249 -p tcp --dport 5000 -j ACCEPT").status, 0);
}

#[test]
fn many_at_once_lose_nothing() {
    let lab = Lab::patient(60);
    let out = lab.run_sh(
        "for i in $(seq 40); do iptables -A INPUT -s 10.0.0.$i & done; wait
         iptables -S INPUT | grep -c -- '-s 10.0.0'
         for i in $(seq 40); do iptables -D INPUT -s 10.0.0.$i & done
         for i in $(seq 20); do iptables -I FORWARD 1 -s 10.0.1.$i & done; wait
         iptables -S INPUT | grep -c -- '-s 10.0.0'
         iptables -S FORWARD | grep -c -- '-s 10.0.1'",
    );
    assert_eq!((out.out().as_str(), out.err().as_str()), ("40\n0\n20\n", ""), "{out}");
}
