//! Real packets through a router: what rules decide.

use crate::lab::Lab;

/// A client (10.0.1.2) and a web server (10.0.2.2, its answer is whom it sees), with a router
/// between them that is the lab itself; it has a server of its own on port 3128.
fn routed() -> Lab {
    let lab = Lab::patient(60);
    let serve = "perl -MIO::Socket::INET -e '
        my $s = IO::Socket::INET->new(Listen => 9, LocalPort => $ARGV[0], ReuseAddr => 1) or die;
        while (my $c = $s->accept) { print $c \"$ARGV[1] \" . $c->peerhost . \"\\n\"; close $c }'";
    let out = lab.run_sh(&format!(
        "set -e
         ip link set lo up
         for n in red web; do ip netns add $n; ip -n $n link set lo up; done
         ip link add r1 type veth peer name eth0 netns red
         ip link add r2 type veth peer name eth0 netns web
         ip addr add 10.0.1.1/24 dev r1; ip addr add 10.0.2.1/24 dev r2
         ip link set r1 up; ip link set r2 up
         ip -n red addr add 10.0.1.2/24 dev eth0; ip -n red link set eth0 up
         ip -n web addr add 10.0.2.2/24 dev eth0; ip -n web link set eth0 up
         ip -n red route add default via 10.0.1.1; ip -n web route add default via 10.0.2.1
         sysctl -qw net.ipv4.ip_forward=1
         ip netns exec web {serve} 80 web > /dev/null 2>&1 < /dev/null &
         {serve} 3128 router > /dev/null 2>&1 < /dev/null &
         for i in $(seq 600); do
             ip netns exec red bash -c 'cat < /dev/tcp/10.0.2.2/80 && cat < /dev/tcp/10.0.1.1/3128' \
                 > /tmp/answers 2>/dev/null && cat /tmp/answers && exit 0
             sleep 0.05
         done; exit 1"
    ));
    assert_eq!((out.status, out.out().as_str()), (0, "web 10.0.1.2\nrouter 10.0.1.2\n"), "{out}");
    lab
}

/// What a server tells the client who connects there.
fn told(lab: &Lab, address: &str, port: u16) -> String {
    told_within(30, lab, address, port)
}

/// As [`told`], within so many seconds: few, where nothing is expected.
fn told_within(seconds: u32, lab: &Lab, address: &str, port: u16) -> String {
    let line =
        format!("ip netns exec red timeout {seconds} bash -c 'cat < /dev/tcp/{address}/{port}'");
    lab.run_sh(&line).out().trim().to_owned()
}

fn rules(lab: &Lab, lines: &[&str]) {
    for line in lines {
        let out = lab.ours(&format!("iptables {line}"));
        assert_eq!((out.status, out.out(), out.err()), (0, String::new(), String::new()), "{line}");
    }
}

/// Packets that the rules of a chain have counted.
fn counted(lab: &Lab, table: &str, chain: &str) -> Vec<u64> {
    let out = lab.ours(&format!("iptables -t {table} -nvxL {chain}")).out();
    out.lines()
        .skip(2)
        .map(|l| l.split_whitespace().next().unwrap_or_default().parse().unwrap_or(u64::MAX))
        .collect()
}

#[test]
fn translations_decide_where_packets_go_and_where_they_seem_to_come_from() {
    let lab = routed();
    rules(
        &lab,
        &["-t nat -A PREROUTING -i r1 -p tcp --dport 8080 -j DNAT --to-destination 10.0.2.2:80"],
    );
    assert_eq!(told(&lab, "10.0.1.1", 8080), "web 10.0.1.2");
    rules(&lab, &["-t nat -A POSTROUTING -s 10.0.1.0/24 -o r2 -j MASQUERADE"]);
    assert_eq!(told(&lab, "10.0.1.1", 8080), "web 10.0.2.1");
    assert_eq!(told(&lab, "10.0.2.2", 80), "web 10.0.2.1");
    // The first packet of each of three connections.
    assert_eq!(counted(&lab, "nat", "PREROUTING"), [2]);
    assert_eq!(counted(&lab, "nat", "POSTROUTING"), [2]);
    rules(
        &lab,
        &[
            "-t nat -F",
            "-t nat -A PREROUTING -p tcp -d 10.0.2.2 --dport 80 -j REDIRECT --to-ports 3128",
        ],
    );
    assert_eq!(told(&lab, "10.0.2.2", 80), "router 10.0.1.2");
    rules(&lab, &["-t nat -F", "-t nat -A POSTROUTING -o r2 -j SNAT --to-source 10.0.2.1"]);
    assert_eq!(told(&lab, "10.0.2.2", 80), "web 10.0.2.1");
}

#[test]
fn rejections_and_drops_are_what_the_sender_sees() {
    let lab = routed();
    let ping = |to: &str| lab.ours(&format!("ip netns exec red ping -n -c 1 -W 1 {to}"));
    assert_eq!(ping("10.0.2.2").status, 0);
    rules(&lab, &["-A FORWARD -p icmp -j REJECT --reject-with icmp-admin-prohibited"]);
    let out = ping("10.0.2.2");
    assert_eq!(out.status, 1, "{out}");
    assert!(out.out().contains("From 10.0.1.1") && out.out().contains("filtered"), "{out}");
    rules(&lab, &["-R FORWARD 1 -p icmp -j REJECT --reject-with icmp-host-unreachable"]);
    let out = ping("10.0.2.2");
    assert!(out.out().contains("From 10.0.1.1") && out.out().contains("Host Unreachable"), "{out}");
    assert_eq!(counted(&lab, "filter", "FORWARD"), [1]);
    rules(&lab, &["-R FORWARD 1 -p icmp -j DROP"]);
    let out = ping("10.0.2.2");
    assert_eq!(out.status, 1, "{out}");
    assert!(!out.out().contains("From ") && out.out().contains("100% packet loss"), "{out}");
    assert_eq!(ping("10.0.1.1").status, 0);
    // A connection is refused at once, instead of after a time.
    rules(&lab, &["-A FORWARD -p tcp --dport 80 -j REJECT --reject-with tcp-reset"]);
    let out = lab.run_sh("ip netns exec red bash -c 'cat < /dev/tcp/10.0.2.2/80'");
    assert!(out.err().contains("Connection refused"), "{out}");
    rules(
        &lab,
        &[
            "-F",
            "-P FORWARD DROP",
            "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        ],
    );
    assert_eq!(told_within(1, &lab, "10.0.2.2", 80), "");
    rules(
        &lab,
        &[
            "-A FORWARD -i r1 -p tcp -m multiport --dports 80,443 -m conntrack --ctstate NEW -j ACCEPT",
        ],
    );
    assert_eq!(told(&lab, "10.0.2.2", 80), "web 10.0.1.2");
}

#[test]
fn marks_and_limits_decide() {
    let lab = routed();
    let pings = |count: u32| {
        let out =
            lab.ours(&format!("ip netns exec red ping -n -q -c {count} -i 0.05 -W 1 10.0.2.2"));
        let received = out.out();
        let received =
            received.split(", ").find_map(|p| p.strip_suffix(" received").map(str::to_owned));
        received.and_then(|n| n.parse::<u32>().ok()).expect("a number of answers")
    };
    assert_eq!(pings(3), 3);
    rules(
        &lab,
        &[
            "-t mangle -A PREROUTING -i r1 -p icmp -j MARK --set-mark 7",
            "-A FORWARD -m mark --mark 7 -j DROP",
        ],
    );
    assert_eq!(pings(3), 0);
    rules(&lab, &["-t mangle -R PREROUTING 1 -i r1 -p icmp -j MARK --set-mark 8"]);
    assert_eq!(pings(3), 3);
    assert_eq!(counted(&lab, "filter", "FORWARD"), [3]);
    // And so does the routing that looks at them.
    let out = lab
        .run_sh("ip rule add fwmark 8 blackhole && ip netns exec red ping -n -c 1 -W 1 10.0.2.2");
    assert_eq!(out.status, 1, "{out}");
    assert_eq!(lab.run_sh("ip rule del fwmark 8 blackhole").status, 0);
    rules(
        &lab,
        &[
            "-F",
            "-A FORWARD -i r1 -p icmp -m limit --limit 1/min --limit-burst 2 -j ACCEPT",
            "-A FORWARD -i r1 -p icmp -j DROP",
        ],
    );
    assert_eq!(pings(5), 2);
    assert_eq!(counted(&lab, "filter", "FORWARD"), [2, 3]);
}

/// Counters of rules are zeroed where the rules stand: their handles stay.
#[test]
fn counters_are_zeroed_in_place() {
    let lab = routed();
    rules(&lab, &["-A FORWARD -p icmp -j ACCEPT", "-A FORWARD -p tcp -j ACCEPT"]);
    assert_eq!(lab.ours("ip netns exec red ping -n -c 2 -i 0.05 10.0.2.2").status, 0);
    let handles = || {
        let out = lab.theirs("nft -a list chain ip filter FORWARD").out();
        out.lines()
            .filter_map(|l| l.split("# handle ").nth(1).map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let before = handles();
    assert_eq!(counted(&lab, "filter", "FORWARD"), [4, 0]);
    rules(&lab, &["-Z FORWARD 2"]);
    assert_eq!(counted(&lab, "filter", "FORWARD"), [4, 0]);
    rules(&lab, &["-Z FORWARD 1"]);
    assert_eq!(counted(&lab, "filter", "FORWARD"), [0, 0]);
    assert_eq!(lab.ours("ip netns exec red ping -n -c 1 10.0.2.2").status, 0);
    rules(&lab, &["-Z"]);
    assert_eq!(counted(&lab, "filter", "FORWARD"), [0, 0]);
    assert_eq!(handles(), before);
}
