//! Hints: on a terminal only, one line, and nothing else changes.

use crate::lab::Lab;

/// What a terminal shows of a command.
fn on_terminal(lab: &Lab, line: &str) -> String {
    let out = lab.run_sh(&format!("NO_COLOR=1 script -qec '{line}' /dev/null </dev/null"));
    out.out().replace('\r', "")
}

fn prepared() -> Lab {
    let lab = Lab::new();
    let out = lab.run_sh(
        "ip netns add blue
         /theirs/bin/ip link add veth-red type veth peer name veth-blue
         /theirs/bin/ip link set veth-blue netns blue",
    );
    assert_eq!(out.status, 0, "{out}");
    lab
}

#[test]
fn a_mistake_is_explained_on_a_terminal() {
    let lab = prepared();
    for (line, hint) in [
        (
            "ip netns blue ip route add default via 192.168.15.5",
            "did you mean \"ip netns exec blue ip route add default via 192.168.15.5\" \
             (or \"ip -n blue route add default via 192.168.15.5\")?",
        ),
        ("ip nets list", "did you mean \"ip netns\"?"),
        ("ip link -d show", "\"-d\" is a global option and belongs before \"link\""),
        ("ip link shwo", "did you mean \"ip link show\"?"),
        (
            "ip addr add 1.2.3.4/24 dev veth red",
            "a name holds no blank: did you mean \"veth-red\"?",
        ),
        (
            "ip link add v1 type veth peer name veth blue",
            "a name holds no blank: did you mean \"veth-blue\"?",
        ),
        ("ip addr 1.2.3.4", "did you mean \"ip address add 1.2.3.4 ...\"?"),
        (
            "ip link set veth-blue up",
            "\"veth-blue\" is in namespace \"blue\": ip -n blue link set veth-blue up",
        ),
        ("ip link set veth-rde up", "did you mean \"veth-red\"?"),
        ("ip -n bleu link", "did you mean \"blue\"?"),
        ("ip netns del bleu", "did you mean \"blue\"?"),
        (
            "ip route add default via 9.9.9.9",
            "no connected network holds 9.9.9.9: is the device up, and its address given with a \
             length (/24)?",
        ),
        ("ip addr add dev veth-red", "no address was given"),
        (
            "ip nexthop add id 1 dev veth-red via 2001:db8::1",
            "put \"via\" before \"dev\", or use \"ip -6\"",
        ),
        ("ip nexthop bucket list id 99", "there is no nexthop 99"),
        (
            "ip rule add pref 0 table local; ip rule add pref 7 prohibit; ip rule add pref 7 prohibit",
            "there is such a rule already: \"ip rule show\"",
        ),
        (
            "ip link add x type ifb mtu 1400",
            "\"mtu\" is a word of the device: put it before \"type\"",
        ),
        (
            "ip link add b type veth",
            "\"b\" was read as \"broadcast\"; write \"dev b\" or \"name b\"",
        ),
        ("ip link add x type vteh", "did you mean \"type veth\"?"),
        ("ip link add x type nosuchkind", "this kernel has no link type \"nosuchkind\""),
        ("ip link add abcdefghijklmnop type veth", "names of devices have at most 15 characters"),
        (
            "ip addr add 192.168.15.1 dev veth-red",
            "192.168.15.1 was added as /32; use 192.168.15.1/24 to get a connected network",
        ),
        ("ip netns add a b", "\"b\" was ignored: one name at a time"),
        ("ip route show table 777", "table 777 is empty"),
        (
            "ip link set lo up; ip route add 10.7.0.0/16 dev lo metric 5; ip route del 10.7.0.0/16 metric 6",
            "there is a similar route: 10.7.0.0/16 dev lo scope link metric 5",
        ),
        (
            "ip link set lo up; ip route add 10.6.0.0/16 dev lo table 9; ip route add 10.6.0.0/16 dev lo table 9",
            "there is such a route already: 10.6.0.0/16 dev lo table 9 scope link; \"replace\" changes it",
        ),
        ("ip route add mulitcast 10.8.0.0/16 dev lo", "did you mean \"multicast\"?"),
        ("ip route add 10.8.0.0/16 dev lo metirc 5", "did you mean \"metric\"?"),
        ("ip nexthop add id 5 blakchole", "did you mean \"blackhole\"?"),
        ("ip addr add 010.0.0.1/24 dev veth-red", "\"010\" was read as octal 8"),
    ] {
        let shown = on_terminal(&lab, line);
        let last = shown.lines().last().unwrap_or_default();
        assert_eq!(last, format!("hint: {hint}"), "{line}\n{shown}");
        assert_eq!(shown.matches("hint: ").count(), 1, "{line}\n{shown}");
    }
}

#[test]
fn the_caret_stands_under_the_word_that_the_kernel_means() {
    let lab = prepared();
    let name = "abcdefghijklmnop";
    let shown = on_terminal(&lab, &format!("ip link add {name} type veth"));
    let lines: Vec<&str> = shown.lines().collect();
    let Some(line) = lines.iter().position(|l| l.starts_with("  ip link add")) else {
        panic!("{shown}")
    };
    assert_eq!(lines[line].find(name), lines[line + 1].find('^'), "{shown}");
    assert_eq!(lines[line + 1].matches('^').count(), name.len(), "{shown}");
}

#[test]
fn programs_get_no_hints() {
    let lab = prepared();
    for line in ["ip nets list", "ip link -d show", "ip -n bleu link", "ip netns add a b"] {
        let out = lab.run_sh(line);
        assert!(!out.err().contains("hint") && !out.err().contains('^'), "{line}: {out}");
    }
    for line in
        ["ip -j link show veth-rde", "NO_HINTS=1 ip nets list", "echo link show veth-rde | ip -b -"]
    {
        let shown = on_terminal(&lab, line);
        assert!(!shown.contains("hint: ") && !shown.is_empty(), "{line}: {shown}");
    }
}

#[test]
fn an_empty_list_of_routes_tells_of_other_tables() {
    let lab = Lab::new();
    let prepare = "ip link set lo up; ip route flush table main;";
    assert_eq!(on_terminal(&lab, &format!("{prepare} ip route")), "");
    let hint =
        |tables| format!("hint: table main is empty; {tables} (\"ip route show table all\")");
    let add = |table: &str| format!("ip route add 10.1.0.0/16 dev lo table {table};");
    let shown = on_terminal(&lab, &format!("{} ip route", add("5")));
    assert_eq!(shown.trim_end(), hint("1 other table has routes"));
    let shown = on_terminal(&lab, &format!("{} ip route", add("500")));
    assert_eq!(shown.trim_end(), hint("2 other tables have routes"));
    assert_eq!(on_terminal(&lab, "ip route show dev lo"), "");
    let shown = on_terminal(&lab, &format!("{} ip route", add("main")));
    assert!(!shown.contains("hint") && shown.starts_with("10.1.0.0/16"), "{shown}");
}

#[test]
fn a_flush_that_cuts_the_machine_off_says_so() {
    let lab = Lab::new();
    let text = on_terminal(&lab, "ip rule flush");
    let back = "\"ip rule add pref 32766 table main\"";
    assert!(text.contains("also deletes the rules for tables main and default"), "{text}");
    assert!(text.contains(back), "{text}");
    let text = on_terminal(&lab, "ip -6 rule flush table 5");
    assert!(text.is_empty(), "{text}");
    let text = on_terminal(&lab, "ip -6 rule flush table main");
    assert!(text.contains("\"ip -6 rule add pref 32766 table main\""), "{text}");
}

#[test]
fn a_namespace_of_a_private_mount_tree_is_told() {
    let lab = prepared();
    let hint = "hint: namespaces created inside \"netns exec\" are not visible outside";
    let shown = on_terminal(&lab, "ip netns exec blue ip netns add green");
    assert_eq!(shown.trim_end(), hint);
    let shown = on_terminal(&lab, "ip netns add red");
    assert_eq!(shown, "");
    // Without a terminal not a word; the status is the reference's.
    let out = lab.run_sh("ip netns exec blue ip netns add yellow");
    assert_eq!((out.status, out.err().as_str()), (0, ""), "{out}");
}

#[test]
fn a_mistake_with_rules_is_explained_on_a_terminal() {
    let lab = Lab::patient(60);
    for (line, hint) in [
        (
            "iptables -t nat -A PREROUTING --dport 80 -j DNAT --to-destination 1.2.3.4",
            "\"--dport\" belongs to a protocol: put \"-p tcp\" before it",
        ),
        (
            "ip6tables -A INPUT --icmpv6-type 1 -j DROP",
            "\"--icmpv6-type\" belongs to a protocol: put \"-p ipv6-icmp\" before it",
        ),
        (
            "iptables -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 1.2.3.4",
            "PREROUTING is in table nat, mangle, raw: add \"-t nat\"",
        ),
        ("iptables -A INPTU -j DROP", "did you mean \"INPUT\"?"),
        (
            "iptables -A mine -j DROP",
            "there is no chain \"mine\" in table filter: \"iptables -t filter -N mine\" makes it",
        ),
        ("iptables -A INPUT -j accept", "did you mean \"-j ACCEPT\"?"),
        ("iptables -t nat -A POSTROUTING -j MASQERADE", "did you mean \"-j MASQUERADE\"?"),
        ("iptables -A INPUT -m conntrak --ctstate NEW", "did you mean \"-m conntrack\"?"),
        (
            "iptables -A FORWARD -j MASQUERADE",
            "MASQUERADE works in table nat chain POSTROUTING only: iptables -t nat -A POSTROUTING ...",
        ),
        (
            "iptables -t nat -A POSTROUTING -j DNAT --to-destination 1.2.3.4",
            "DNAT works in table nat chain PREROUTING or OUTPUT only: iptables -t nat -A PREROUTING ...",
        ),
        ("iptables -A INPUT -j REJECT --reject-with tcp-reset", "a reset of tcp needs \"-p tcp\""),
        (
            "iptables -t nat -A POSTROUTING -m mac --mac-source 02:00:00:00:00:01",
            "mac works in chain PREROUTING or INPUT or FORWARD only: iptables -A PREROUTING ...",
        ),
    ] {
        let shown = on_terminal(&lab, line);
        let last = shown.lines().last().unwrap_or_default();
        assert_eq!(last, format!("hint: {hint}"), "{line}\n{shown}");
        assert_eq!(shown.matches("hint: ").count(), 1, "{line}\n{shown}");
        let out =
            lab.run_sh(&format!("{line}; NO_HINTS=1 script -qec '{line}' /dev/null </dev/null"));
        assert!(!out.out().contains("hint") && !out.err().contains("hint"), "{out}");
    }
    // What goes well is silent.
    assert_eq!(
        on_terminal(&lab, "iptables -A INPUT -j ACCEPT; iptables -C INPUT -j DROP"),
        "iptables: Bad rule (does a matching rule exist in that chain?).\n"
    );
    let nft = "/theirs/bin/nft add rule ip filter INPUT meta skuid != 0 accept";
    assert_eq!(lab.run_sh(nft).status, 0);
    let shown = on_terminal(&lab, "iptables -S INPUT");
    assert!(
        shown.ends_with(
            "hint: \"nft -a list ruleset\" shows them in full; \"-D CHAIN NUMBER\" deletes them\n"
        ),
        "{shown}"
    );
}
