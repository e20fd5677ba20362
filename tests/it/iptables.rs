//! iptables: what cannot be compared with the reference, because it does less.

use crate::lab::{Lab, Tool};
use std::fmt::Write as _;

/// Rules of `nft` and how they are listed: those that iptables has words for, and those that it has
/// none for.
#[rustfmt::skip] // one row, one line
const FOREIGN: &[(&str, &str)] = &[
    ("tcp dport 80 accept", "-p tcp -m tcp --dport 80 -j ACCEPT"),
    ("tcp dport { 22, 80-90 } accept", "-p tcp -m multiport --dports 22,80:90 -j ACCEPT"),
    ("tcp sport != { 22, 80 } drop", "-p tcp -m multiport ! --sports 22,80 -j DROP"),
    ("udp dport { 53 } accept", "-p udp -m udp --dport 53 -j ACCEPT"),
    ("ip saddr @s drop", "[unsupported: \"@s\"] -j DROP"),
    ("ip saddr 10.0.0.1-10.0.0.9 drop", "-m iprange --src-range 10.0.0.1-10.0.0.9 -j DROP"),
    ("ip daddr != 10.0.0.1-10.0.0.9 drop", "-m iprange ! --dst-range 10.0.0.1-10.0.0.9 -j DROP"),
    ("ip saddr { 1.1.1.1, 10.0.0.0/8 } drop", "-s 1.1.1.1/32,10.0.0.0/8 -j DROP"),
    ("ip saddr { 1.1.1.1, 1.1.1.4 } ip daddr { 2.2.2.2-2.2.2.4, 3.3.3.3 }", "-s 1.1.1.1/32,1.1.1.4/32 -d 2.2.2.2/31,2.2.2.4/32,3.3.3.3/32"),
    ("ip saddr != { 1.1.1.1, 10.0.0.0/8 } drop", "-m iprange ! --src-range 1.1.1.1-1.1.1.1 -m iprange ! --src-range 10.0.0.0-10.255.255.255 -j DROP"),
    ("ip saddr { 1.1.1.1, 1.1.1.4 } limit rate 5/second drop", "-s 1.1.1.1/32,1.1.1.4/32 -m limit --limit 5/sec [unsupported: lookup] -j DROP"),
    ("ip saddr 10.0.0.0/8 ip saddr != 10.1.0.0/16 drop", "-s 10.0.0.0/8 -m iprange ! --src-range 10.1.0.0-10.1.255.255 -j DROP"),
    ("icmp type != echo-request drop", "-p icmp -m icmp ! --icmp-type 8 -j DROP"),
    ("icmp type { echo-request, echo-reply } drop", "-p icmp [unsupported: lookup] -j DROP"),
    ("ip saddr 1.2.3.4 ip daddr 5.6.7.8 tcp sport 5 tcp dport 6 accept", "-s 1.2.3.4/32 -d 5.6.7.8/32 -p tcp -m tcp --sport 5 --dport 6 -j ACCEPT"),
    ("tcp flags syn / syn,ack accept", "-p tcp -m tcp --tcp-flags SYN,ACK SYN -j ACCEPT"),
    ("tcp dport != 80 counter drop", "-p tcp -m tcp ! --dport 80 -j DROP"),
    ("tcp dport > 80 drop", "-p tcp -m tcp --dport 81:65535 -j DROP"),
    ("meta l4proto tcp accept", "-p tcp -j ACCEPT"),
    ("meta l4proto { tcp, udp } th dport 53 accept", "[unsupported: lookup payload] -j ACCEPT"),
    ("iifname \"eth*\" accept", "-i eth+ -j ACCEPT"),
    ("iif != lo accept", "! -i lo -j ACCEPT"),
    ("iifname { \"a\", \"b\" } accept", "[unsupported: lookup] -j ACCEPT"),
    ("ct state established,related accept", "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"),
    ("ct state { new, untracked } accept", "-m conntrack --ctstate NEW,UNTRACKED -j ACCEPT"),
    ("ct state != invalid accept", "-m conntrack ! --ctstate INVALID -j ACCEPT"),
    ("ct state vmap { established : accept, invalid : drop }", "[unsupported: lookup]"),
    ("ct status assured accept", "-m conntrack --ctstatus ASSURED -j ACCEPT"),
    ("ct status dnat accept", "-m conntrack --ctstate DNAT -j ACCEPT"),
    ("ct direction reply accept", "-m conntrack --ctdir REPLY -j ACCEPT"),
    ("ct original saddr 1.2.3.4 accept", "[unsupported: ct] -j ACCEPT"),
    ("ct mark and 0xf == 5 accept", "-m connmark --mark 0x5/0xf -j ACCEPT"),
    ("ct mark != 5 accept", "-m connmark ! --mark 0x5 -j ACCEPT"),
    ("meta mark 7 accept", "-m mark --mark 0x7 -j ACCEPT"),
    ("meta mark set 5", "-j MARK --set-xmark 0x5/0xffffffff"),
    ("meta mark set mark or 0x10", "-j MARK --set-xmark 0x10/0x10"),
    ("meta mark set 5 accept", "[unsupported: \"more behind the target\"] -j MARK --set-xmark 0x5/0xffffffff"),
    ("meta mark set ct mark", "-j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff"),
    ("ct mark set mark", "-j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff"),
    ("ct mark set ct mark and 0xfffffff0", "-j CONNMARK --set-xmark 0x0/0xf"),
    ("fib daddr type local accept", "-m addrtype --dst-type LOCAL -j ACCEPT"),
    ("fib saddr . iif type != { local, broadcast } drop", "-m addrtype ! --src-type LOCAL,BROADCAST --limit-iface-in -j DROP"),
    ("meta pkttype broadcast drop", "-m pkttype --pkt-type broadcast -j DROP"),
    ("ip ttl 5 drop", "-m ttl --ttl-eq 5 -j DROP"),
    ("meta length 5 drop", "-m length --length 5 -j DROP"),
    ("ether saddr 02:00:00:00:00:01 drop", "-m mac --mac-source 02:00:00:00:00:01 -j DROP"),
    ("limit rate 5/second burst 10 packets accept", "-m limit --limit 5/sec --limit-burst 10 -j ACCEPT"),
    ("limit rate over 5/second drop", "[unsupported: limit] -j DROP"),
    ("log", "-j LOG"),
    ("log prefix \"a b\" level info flags all", "-j LOG --log-prefix \"a b\" --log-level 6 --log-tcp-sequence --log-tcp-options --log-ip-options --log-uid --log-macdecode"),
    ("log drop", "[unsupported: \"more behind the target\"] -j LOG"),
    ("reject", "-j REJECT --reject-with icmp-port-unreachable"),
    ("reject with icmp type admin-prohibited", "-j REJECT --reject-with icmp-admin-prohibited"),
    ("meta l4proto tcp reject with tcp reset", "-p tcp -j REJECT --reject-with tcp-reset"),
    ("ip saddr . tcp dport { 1.1.1.1 . 80 } accept", "-p tcp [unsupported: lookup] -j ACCEPT"),
    ("ip saddr 1.2.3.4 comment \"hi there\"", "-s 1.2.3.4/32 -m comment --comment \"hi there\""),
    ("ip daddr & 255.0.255.0 == 1.0.3.0 jump own", "-d 1.0.3.0/255.0.255.0 -j own"),
    ("goto own", "-g own"),
];
/// Likewise of table nat: some in PREROUTING, and some in POSTROUTING.
#[rustfmt::skip] // one row, one line
const TRANSLATIONS: [&[(&str, &str)]; 2] = [
    &[
        ("tcp dport 80 dnat to 10.0.0.1:8080", "-p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.1:8080"),
        ("dnat to 10.0.0.1-10.0.0.5 random,persistent", "-j DNAT --to-destination 10.0.0.1-10.0.0.5 --random --persistent"),
        ("tcp dport 80 dnat to 10.0.0.1-10.0.0.5:80-90", "-p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.1-10.0.0.5:80-90"),
        ("dnat to tcp dport map { 80 : 1.2.3.4 }", "-p tcp [unsupported: lookup map]"),
        ("tcp dport 80 redirect to :8080", "-p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080"),
        ("redirect", "-j REDIRECT"),
    ],
    &[
        ("masquerade", "-j MASQUERADE"),
        ("ip protocol tcp masquerade to :1000-2000 random", "-p tcp -j MASQUERADE --to-ports 1000-2000 --random"),
        ("ip saddr 10.0.0.0/8 oifname != \"lo\" snat to 1.2.3.4-1.2.3.8 persistent", "-s 10.0.0.0/8 ! -o lo -j SNAT --to-source 1.2.3.4-1.2.3.8 --persistent"),
        ("meta skuid 0 masquerade", "-m owner --uid-owner 0 -j MASQUERADE"),
        ("meta skuid != 0 masquerade", "[unsupported: meta] -j MASQUERADE"),
        ("masquerade persistent", "[unsupported: masquerade]"),
    ],
];

fn foreign() -> Lab {
    let rules = |all: &[(&str, &str)]| {
        all.iter().map(|(rule, _)| format!("    {rule}\n")).collect::<String>()
    };
    let lab = Lab::patient(60);
    let file = format!(
        "table ip filter {{
  set s {{ type ipv4_addr; elements = {{ 1.1.1.1 }}; }}
  chain own {{ drop; }}
  chain INPUT {{
    type filter hook input priority 0; policy accept;
{}
  }}
}}
table ip nat {{
  chain PREROUTING {{
    type nat hook prerouting priority -100;
{}
  }}
  chain POSTROUTING {{
    type nat hook postrouting priority 100;
{}
  }}
}}",
        rules(FOREIGN),
        rules(TRANSLATIONS[0]),
        rules(TRANSLATIONS[1])
    );
    let out = lab.with_input(Tool::Theirs, "nft -f -", file.as_bytes());
    assert_eq!(out.status, 0, "{out}");
    lab
}

fn shown(chain: &str, rules: &[(&str, &str)]) -> String {
    let mut text = format!("-P {chain} ACCEPT\n");
    for (_, words) in rules {
        let _ = writeln!(text, "-A {chain} {words}");
    }
    text
}

/// How many of them are marked.
fn marked(rules: &[(&str, &str)]) -> usize {
    rules.iter().filter(|(_, words)| words.contains("[unsupported")).count()
}

#[test]
fn rules_of_others_are_never_shown_wider_than_they_are() {
    let lab = foreign();
    let out = lab.ours("iptables -S INPUT");
    assert_eq!((out.status, out.out()), (1, shown("INPUT", FOREIGN)), "{out}");
    assert!(out.err().contains(&format!("# {} of the rules", marked(FOREIGN))), "{out}");
    for (chain, rules) in ["PREROUTING", "POSTROUTING"].iter().zip(TRANSLATIONS) {
        let out = lab.ours(&format!("iptables -t nat -S {chain}"));
        assert_eq!((out.status, out.out()), (1, shown(chain, rules)), "{out}");
    }
    // What can be expressed is no failure.
    assert_eq!(lab.ours("iptables -S INPUT 1").status, 0);
    assert_eq!(lab.ours("iptables -L INPUT 5").status, 1);
    assert_eq!(lab.ours("iptables-save").status, 1);
}

/// Restored, they are rules that the reference lists too, each as one or, for several addresses,
/// as several.
#[test]
fn rules_of_others_mean_what_is_listed() {
    let lab = foreign();
    let out = lab.run_sh(
        "iptables-save | grep -v unsupported > /tmp/saved; iptables-restore < /tmp/saved
         sed -E -i '/^-A.* -s [^ ]*,|^#/d' /tmp/saved; iptables-save | grep -v '^#' > /tmp/ours
         grep -v -x -F -f /tmp/ours /tmp/saved; grep -c '' /tmp/ours",
    );
    let lines = out.out();
    let several = FOREIGN.iter().filter(|(_, w)| w.contains("-s 1.1.1.1/32,") && !w.contains('['));
    assert_eq!(several.count(), 2);
    assert!(lines.trim().parse::<usize>().is_ok(), "{out}");
    let text = |out: String| {
        out.lines().filter(|l| !l.starts_with('#')).map(|l| format!("{l}\n")).collect::<String>()
    };
    assert_eq!(text(lab.ours("iptables-save").out()), text(lab.theirs("iptables-save").out()));
}

#[test]
fn rules_of_others_in_ipv6() {
    let lab = Lab::new();
    let out = lab.with_input(
        Tool::Theirs,
        "nft -f -",
        b"table ip6 filter {
  chain INPUT {
    type filter hook input priority 0; policy accept;
    ip6 saddr { 2001:db8::/32, ::1 } tcp dport { 22, 80 } accept
    ip6 daddr 2001:db8::1-2001:db8::9 ct state new accept
    icmpv6 type echo-request accept
    ip6 hoplimit 5 drop
    reject with icmpv6 type admin-prohibited
    ip6 nexthdr tcp drop
  }
}
table ip6 nat {
  chain PREROUTING {
    type nat hook prerouting priority -100;
    tcp dport 80 dnat to [2001:db8::1]:8080
    dnat to 2001:db8::1
  }
  chain POSTROUTING {
    type nat hook postrouting priority 100;
    udp sport 5 masquerade to :7
  }
}",
    );
    assert_eq!(out.status, 0, "{out}");
    let out = lab.ours("ip6tables -S INPUT");
    let expected = "-P INPUT ACCEPT
-A INPUT -s ::1/128,2001:db8::/32 -p tcp -m multiport --dports 22,80 -j ACCEPT
-A INPUT -m iprange --dst-range 2001:db8::1-2001:db8::9 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j ACCEPT
-A INPUT -m hl --hl-eq 5 -j DROP
-A INPUT -j REJECT --reject-with icmp6-adm-prohibited
-A INPUT [unsupported: payload] -j DROP
";
    assert_eq!((out.status, out.out().as_str()), (1, expected), "{out}");
    let out = lab.ours("ip6tables -t nat -S PREROUTING");
    let expected = "-P PREROUTING ACCEPT
-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination [2001:db8::1]:8080
-A PREROUTING -j DNAT --to-destination 2001:db8::1
";
    assert_eq!((out.status, out.out().as_str()), (0, expected), "{out}");
    let out = lab.ours("ip6tables -t nat -S POSTROUTING 1");
    assert_eq!(out.out(), "-A POSTROUTING -p udp -m udp --sport 5 -j MASQUERADE --to-ports 7\n");
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
    // Native forms are equal to what they mean.
    for (_, words) in FOREIGN.iter().filter(|(_, words)| !words.contains(['[', ',', '"'])) {
        let out = lab.ours(&format!("iptables -C INPUT {words}"));
        assert_eq!(out.status, 0, "{words}: {out}");
    }
    // Wider than any that is there.
    assert_eq!(lab.ours("iptables -C INPUT -j DROP").status, 1);
    assert_eq!(lab.ours("iptables -C INPUT -p icmp -j DROP").status, 1);
    assert_eq!(lab.ours("iptables -C INPUT -s 1.1.1.1 -j DROP").status, 1);
    assert_eq!(lab.ours("iptables -D INPUT 2").status, 0);
    assert_eq!(lab.ours("iptables -D INPUT -p tcp -j ACCEPT").status, 0);
    let left = lab.theirs("nft list chain ip filter INPUT").out();
    assert!(!left.contains("22, 80-90") && left.contains("@s"), "{left}");
    assert_eq!(lab.ours("iptables -F").status, 0);
    assert_eq!(lab.ours("iptables -S INPUT").out(), "-P INPUT ACCEPT\n");
}

/// More than a socket of an ordinary user holds at once.
#[test]
fn a_large_file_is_restored_in_one_step() {
    let lab = Lab::patient(60);
    let mut file = String::from("*filter\n:own - [0:0]\n");
    for i in 0..10_000 {
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
    assert_eq!(first.iter().filter(|l| l.starts_with("-A own -s")).count(), 10_000);
    assert_eq!(first, saved("iptables-save | iptables-restore; iptables-save"));
    assert_eq!(lab.ours("iptables -C own -s 10.0.39.249 -p tcp --dport 10000 -j ACCEPT").status, 0);
}

/// `--test` of the reference asks the kernel nothing.
#[test]
fn a_test_is_judged_by_the_kernel_and_changes_nothing() {
    let lab = Lab::new();
    let test = |table: &str, lines: &str| {
        let file = format!("*{table}\n{lines}\nCOMMIT\n");
        lab.with_input(Tool::Ours, "iptables-restore --test", file.as_bytes())
    };
    let out = test("filter", ":own - [0:0]\n-A INPUT -s 1.2.3.4 -j own\n-A own -j DROP");
    assert_eq!((out.status, out.out(), out.err()), (0, String::new(), String::new()));
    let out = test("filter", "-A INPUT -j ACCEPT\n-A INPUT -j MASQUERADE");
    assert_eq!(out.status, 4, "{out}");
    assert!(
        out.err().contains("line 3: RULE_APPEND failed (Invalid argument): rule in chain INPUT")
    );
    let out = test("nat", "-A POSTROUTING -j MASQUERADE");
    assert_eq!(out.status, 0, "{out}");
    let out = test("filter", "-A INPUT -j nosuch");
    assert_eq!(out.status, 2, "{out}");
    assert!(out.err().contains("Chain 'nosuch' does not exist"), "{out}");
    assert_eq!(lab.theirs("nft list ruleset").out(), "");
    // The same where something is already.
    assert_eq!(lab.ours("iptables -A INPUT -s 1.1.1.1 -j DROP").status, 0);
    let before = lab.theirs("nft list ruleset").out();
    assert_eq!(test("filter", "-A INPUT -s 2.2.2.2 -j DROP").status, 0);
    assert_eq!(lab.theirs("nft list ruleset").out(), before);
}

/// A table that comes twice in a file is one transaction, as the lines stand.
#[test]
fn a_table_may_come_again() {
    let lab = Lab::new();
    let file = b"*filter\n:own - [0:0]\n-A own -j DROP\nCOMMIT
*nat\n-A POSTROUTING -j MASQUERADE\nCOMMIT
*filter\n-A INPUT -j own\nCOMMIT\n";
    let out = lab.with_input(Tool::Ours, "iptables-restore --noflush", file);
    assert_eq!((out.status, out.err().as_str()), (0, ""), "{out}");
    let text = "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n-N own\n-A INPUT -j own\n";
    assert_eq!(lab.ours("iptables -S").out(), format!("{text}-A own -j DROP\n"));
    // Without --noflush the second one empties what the first one has made.
    let out = lab.with_input(
        Tool::Ours,
        "iptables-restore",
        b"*filter\n-A INPUT -j DROP\nCOMMIT\n*filter\n-A OUTPUT -j DROP\nCOMMIT\n",
    );
    assert_eq!((out.status, out.err().as_str()), (0, ""), "{out}");
    assert_eq!(
        lab.ours("iptables -S").out(),
        "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n-A OUTPUT -j DROP\n"
    );
}

#[test]
fn the_kernel_is_asked_what_it_offers() {
    let lab = Lab::new();
    for program in ["iptables", "ip6tables"] {
        let out = lab.ours(&format!("{program} --check-kernel"));
        assert_eq!((out.status, out.err().as_str()), (0, ""), "{out}");
        let lines: Vec<_> =
            out.out().lines().map(|l| l.split(':').next().unwrap().to_owned()).collect();
        assert_eq!(lines, ["compatibility", "native", "legacy"], "{out}");
        assert!(out.out().starts_with("compatibility: yes\nnative: yes"), "{out}");
    }
    // Nothing is left of what was tried.
    assert_eq!(lab.theirs("nft list ruleset").out(), "");
    // What it begins with means something else.
    assert_eq!(lab.ours("iptables --check INPUT -j DROP").status, 1);
}

/// The rule set changes elsewhere all the time; the reference begins anew with each change.
#[test]
fn changes_elsewhere_hold_nothing_up() {
    let lab = Lab::patient(300);
    // In four steps: it is more than an ordinary user may send at once.
    for part in 0..4 {
        let mut file = String::from("*filter\n");
        for i in part * 12_500..(part + 1) * 12_500 {
            let (a, b) = (i / 250, i % 250);
            let _ = writeln!(
                file,
                "-A FORWARD -s 10.0.{a}.{b}/32 -p tcp -m tcp --dport {} -j ACCEPT",
                i + 1
            );
        }
        file.push_str("COMMIT\n");
        let out = lab.with_input(Tool::Ours, "iptables-restore --noflush", file.as_bytes());
        assert_eq!((out.status, out.err().as_str()), (0, ""), "{out}");
    }
    let out = lab.run_sh(
        "nft() { /theirs/bin/nft \"$@\"; }
         nft 'add table ip other; add set ip other s { type ipv4_addr; }'
         ( i=0; while sleep 0.15; do i=$((i + 1)); nft add element ip other s \"{ 10.1.$((i / 250)).$((i % 250)) }\"; done ) &
         churn=$!
         iptables-save | grep -c -- '-A FORWARD'
         iptables -D FORWARD -s 10.0.199.249/32 -p tcp -m tcp --dport 50000 -j ACCEPT; echo $?
         iptables -C FORWARD -s 10.0.199.248/32 -p tcp -m tcp --dport 49999 -j ACCEPT; echo $?
         printf '*filter\\n-I FORWARD 49999 -j DROP\\n-D FORWARD -s 10.0.0.0/32 -p tcp -m tcp --dport 1 -j ACCEPT\\nCOMMIT\\n' | iptables-restore -n; echo $?
         kill $churn
         iptables-save | grep -c -- '-A FORWARD'
         nft list set ip other s | grep -c '10[.]1'",
    );
    assert_eq!(out.err(), "", "{out}");
    let text = out.out();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..5], ["50000", "0", "0", "0", "49999"], "{out}");
    assert_ne!(lines[5], "0", "there was a change meanwhile");
}

/// Appends and deletions beside restores and saves.
#[test]
fn many_at_once_lose_nothing() {
    let lab = Lab::patient(120);
    let out = lab.run_sh(
        "file() { printf '*nat\\n:own - [0:0]\\n-A own -s 10.9.0.%d -j RETURN\\nCOMMIT\\n' $1; }
         for i in $(seq 200); do iptables -A INPUT -s 10.0.0.$i & done
         for i in $(seq 10); do file $i | iptables-restore & iptables-save > /dev/null & done; wait
         iptables -S INPUT | grep -c -- '-s 10.0.0'
         for i in $(seq 200); do iptables -D INPUT -s 10.0.0.$i & done
         for i in $(seq 20); do iptables -I FORWARD 1 -s 10.0.1.$i & done
         for i in $(seq 10); do file $i | iptables-restore --noflush & iptables-save > /dev/null & done; wait
         iptables -S INPUT | grep -c -- '-s 10.0.0'
         iptables -S FORWARD | grep -c -- '-s 10.0.1'
         iptables -t nat -S own | grep -c RETURN",
    );
    assert_eq!((out.out().as_str(), out.err().as_str()), ("200\n0\n20\n1\n", ""), "{out}");
}
