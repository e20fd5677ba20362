//! The stubs in `completions/`, each in its own shell.

use crate::lab::{Lab, Outcome, Tool};

const STUBS: [&str; 3] = [
    include_str!("../../completions/ipbox.bash"),
    include_str!("../../completions/_ipbox"),
    include_str!("../../completions/ipbox.fish"),
];

/// Where the stubs are, in a lab too.
const DIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/completions");

/// Two namespaces, a cable whose ends show an `@`, and one into a namespace.
const NETWORK: &str = "ip link add v-left type veth peer name v-right &&
    ip neigh add 10.9.9.9 lladdr 02:00:00:00:00:09 dev v-left &&
    ip -n red link add in-red type veth peer name in-red-too &&
    iptables -N mine";

fn network() -> Lab {
    let lab = Lab::new();
    for name in ["red", "blue"] {
        assert_eq!(lab.run("ip", &format!("netns add {name}")).status, 0);
    }
    let made = lab.sh(Tool::Theirs, NETWORK);
    assert_eq!(made.status, 0, "{made}");
    lab
}

/// A command line up to the cursor; what must be offered there; what must not.
type Case = (&'static str, &'static [&'static str], &'static [&'static str]);

#[rustfmt::skip] // one case, one line
const CASES: &[Case] = &[
    // applets, objects, verbs, options
    ("ipbox i", &["ip"], &["arp"]),
    ("ip ", &["link", "netns", "route", "address", "ntable"], &["tun"]),
    ("ip ntable change ", &["name", "dev", "queue", "gc_stale"], &["lo"]),
    ("ip token set ::1 dev ", &["v-left", "lo"], &["dev"]),
    ("ip maddr show ", &["dev", "lo"], &["add"]),
    ("ip l", &["link"], &["netns"]),
    ("ip -", &["-netns", "-json", "-4"], &["link"]),
    ("ip -f ", &["inet", "inet6"], &["link-netns"]),
    ("ip netns ", &["add", "delete", "exec", "list", "show"], &["red"]),
    ("ip -j -d net", &["netns"], &[]),
    ("ip a", &["address"], &["link"]),
    ("ipbox lab ", &["run", "tutorial", "on", "enter", "list", "stop"], &["serve", "ip"]),
    ("ipbox lab --", &["--tools", "--keep", "--no-lan"], &["run"]),
    ("ipbox lab run --tools ", &["ipbox", "system", "only"], &["run"]),
    ("ipbox lab -- ip net", &["netns"], &["run"]),
    ("ip route ", &["add", "show", "get"], &["via"]),
    ("arp -", &["-n", "--numeric", "-i", "-d"], &["v-left"]),
    ("arp -n -i ", &["v-left", "lo"], &["-n"]),
    ("arp -H ", &["ether", "arcnet"], &["lo"]),
    ("arp -d ", &["10.9.9.9"], &["-n"]),
    ("route -A ", &["inet", "inet6"], &["add"]),
    ("route ", &["add", "del"], &["-n"]),
    ("route -", &["-n", "--inet6", "-e"], &["add"]),
    ("route add -net 10.0.0.0/8 ", &["gw", "dev", "metric"], &["del"]),
    ("route add -net 10.0.0.0/8 dev ", &["v-left"], &["gw"]),
    ("route del ", &["-net", "-host"], &["del"]),
    ("iptables -", &["-A", "--append", "-t", "-j", "-L"], &["--dport"]),
    ("iptables -t ", &["nat", "filter", "mangle", "raw"], &["-A"]),
    ("iptables -A ", &["INPUT", "FORWARD", "mine"], &["PREROUTING", "-j"]),
    ("iptables -t nat -A ", &["PREROUTING", "POSTROUTING"], &["FORWARD", "mine"]),
    ("iptables -X ", &["mine"], &["INPUT"]),
    ("iptables -P FORWARD ", &["ACCEPT", "DROP"], &["-j"]),
    ("iptables -A INPUT -j ", &["ACCEPT", "DROP", "RETURN", "MASQUERADE", "mine"], &["INPUT"]),
    ("iptables -A INPUT -p ", &["tcp", "udp", "icmp"], &["-j"]),
    ("iptables -A INPUT -p tcp --dp", &["--dport"], &["-p"]),
    ("iptables -A INPUT -i v-", &["v-left", "v-right"], &[]),
    ("iptables -A INPUT -m ", &["tcp", "conntrack", "state", "comment"], &["-j"]),
    ("iptables -A INPUT -m conntrack --ctst", &["--ctstate", "--ctstatus"], &[]),
    ("iptables -A INPUT -m conntrack --ctstate ", &["NEW", "ESTABLISHED"], &["-j"]),
    ("iptables -A INPUT -m conntrack --ctstate NEW,EST", &["NEW,ESTABLISHED"], &["NEW"]),
    ("iptables -t nat -A PREROUTING -j DNAT --to", &["--to-destination"], &[]),
    ("ip6tables -A ", &["INPUT"], &["mine"]),
    ("iptables-save -t ", &["nat", "filter"], &["-c"]),
    ("iptables-restore --n", &["--noflush"], &[]),
    ("sysctl net.ipv4.ip_f", &["net.ipv4.ip_forward"], &["net.ipv4.ip_default_ttl"]),
    ("sysctl -w net.ipv4.conf.v-left.forw", &["net.ipv4.conf.v-left.forwarding"], &[]),
    ("sysctl --", &["--write", "--all"], &["net.ipv4.ip_forward"]),
    ("ping -M ", &["do", "want"], &["-c"]),
    ("ping -N ", &["name", "ipv6-all", "subject-name="], &["-c"]),
    ("ping -T ", &["tsonly", "tsprespec"], &["-c"]),
    ("ping -", &["-c", "-W", "-I"], &["lo"]),
    // words and their values
    ("ip route add default ", &["via", "dev", "metric", "nexthop"], &["v-left"]),
    ("ip route add default table ", &["main", "local"], &["via"]),
    ("ip route add blackhole 1.2.3.4/32 metric 7 ta", &["table"], &["via"]),
    ("ip route add default dev v-l", &["v-left"], &["v-right"]),
    ("ip route add default nexthop via 10.0.0.1 w", &["weight"], &["dev"]),
    ("ip address add 10.0.0.1/8 dev ", &["v-left", "lo"], &["scope"]),
    ("ip address add 10.0.0.1/8 broadcast 10.0.0.255 s", &["scope"], &["dev"]),
    ("ip link set v-left ", &["up", "mtu", "master", "netns"], &["off", "qos", "v-right"]),
    ("ip link set v-left vf 0 ", &["mac", "rate"], &[]),
    ("ip link set v-left state ", &["up", "dormant"], &["mtu"]),
    ("ip link set v-left netns ", &["red", "blue"], &["v-right"]),
    ("ip link set v-left master ", &["v-right"], &["mtu"]),
    ("ip link add x type ", &["veth", "bridge", "vxlan"], &["mtu"]),
    ("ip link add x type vxlan ", &["id", "learning", "nolearning"], &["mtu"]),
    ("ip link add x type vxlan id 5 dev ", &["v-left"], &["id"]),
    ("ip link add x type bridge vlan_p", &["vlan_protocol"], &[]),
    ("ip link add x type bridge vlan_protocol ", &["802.1Q", "802.1ad"], &["mtu"]),
    ("ip link add x type veth peer ", &["name", "netns"], &["id"]),
    ("ip link set v-left type bridge_slave isol", &["isolated"], &[]),
    ("ip link set v-left type bridge_slave isolated ", &["on", "off"], &["isolated"]),
    ("ip link add x link v-left type macvlan ", &["mode", "macaddr"], &["vepa", "mtu"]),
    ("ip link add x link v-left type macvlan mode ", &["vepa", "bridge"], &["mode"]),
    ("ip link help v", &["veth", "vxlan"], &["bridge"]),
    ("ping -I v-", &["v-left", "v-right"], &["-c"]),
    ("ip rule add ", &["from", "fwmark", "table", "suppress_prefixlength"], &["show"]),
    ("ip rule add from 10.0.0.0/8 iif v", &["v-left"], &["from"]),
    ("ip nexthop add id 1 ", &["via", "dev", "group"], &["list"]),
    ("ip monitor label ", &["link", "nexthop", "dev"], &["help"]),
    ("ip monitor dev ", &["v-left"], &["label"]),
    ("ip neigh add 10.0.0.1 ", &["lladdr", "nud", "dev"], &["v-left"]),
    ("ip neigh add 10.0.0.1 nud ", &["permanent", "reachable"], &["lladdr", "dev"]),
    ("ip neigh add 10.0.0.1 nud reachable ", &["lladdr", "dev"], &["permanent"]),
    ("ip n s proto st", &["static"], &["kernel"]),
    // what lives: names of devices end before the `@`
    ("ip netns exec ", &["red", "blue"], &["ip"]),
    ("ip netns del r", &["red"], &["blue"]),
    ("ip -n ", &["red", "blue"], &[]),
    ("ip -n red ", &["link"], &["blue"]),
    ("ip neigh show dev v", &["v-left", "v-right"], &["v-left@v-right", "in-red"]),
    ("ip -n red neigh show dev ", &["lo", "in-red"], &["v-left"]),
    ("ip link show ", &["v-left", "lo", "dev", "up", "type"], &[]),
    ("ip link show dev ", &["v-left", "lo"], &["up", "type"]),
    // a command in a namespace is completed as it is, where it is
    ("ip netns exec red i", &["ip"], &[]),
    ("ip netns exec red ip link sh", &["show"], &[]),
    ("ip netns exec red ip link show in", &["in-red", "in-red-too"], &[]),
];

/// Every case, through a function that gives the candidates for a line.
fn check(complete: impl Fn(&Lab, &str) -> Outcome) {
    let lab = network();
    let mut wrong = String::new();
    for (line, want, not) in CASES {
        let out = complete(&lab, line);
        let text = out.out();
        let has = |w: &&&str| text.lines().any(|l| l == **w);
        let missing: Vec<_> = want.iter().filter(|w| !has(w)).collect();
        let surplus: Vec<_> = not.iter().filter(has).collect();
        if out.status != 0 || !out.stderr.is_empty() || !missing.is_empty() || !surplus.is_empty() {
            wrong += &format!("`{line}`: missing {missing:?}, surplus {surplus:?}; {out}\n");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// The words of a line for a shell: what is typed, quoted, the last one even when it is empty.
fn quoted(line: &str) -> (String, usize) {
    let words: Vec<_> = line.split(' ').map(|w| format!("'{w}'")).collect();
    (words.join(" "), words.len())
}

#[test]
fn bash() {
    check(|lab, line| {
        let (words, count) = quoted(line);
        // As the shell does it: by the function that it was told for this command.
        let script = format!(
            "source {DIR}/ipbox.bash
             COMP_WORDS=({words}) COMP_CWORD={}
             COMP_LINE='{line}' COMP_POINT=${{#COMP_LINE}}
             how=$(complete -p ${{COMP_WORDS[0]}}) || exit
             how=${{how#*-F }}
             ${{how%% *}} ${{COMP_WORDS[0]}} \"${{COMP_WORDS[COMP_CWORD]}}\" x
             printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            count - 1
        );
        shell(lab, "bash", &["--norc", "-c", &script])
    });
}

#[test]
fn fish() {
    check(|lab, line| {
        let script = format!("source {DIR}/ipbox.fish; complete -C '{line}' | cut -f1");
        shell(lab, "fish", &["--no-config", "-c", &script])
    });
}

/// The function of the stub, with zsh's own function for lists in place of the screen.
#[test]
fn zsh() {
    check(|lab, line| {
        let (words, count) = quoted(line);
        let script = format!(
            "_describe() {{ print -rl -- \"${{(@)${{(@P)argv[-1]}}%%:*}}\" }}
             _files() {{ }}
             words=({words}) CURRENT={count}
             source {DIR}/_ipbox"
        );
        shell(lab, "zsh", &["-f", "-c", &script])
    });
}

/// The same in a shell with a line editor, from the key to the changed line.
#[test]
fn zsh_at_a_terminal() {
    let lab = network();
    let typed = [
        ("ip li", "ip link "),
        ("ip netns exec re", "ip netns exec red "),
        ("ip neigh add 10.0.0.1 ll", "ip neigh add 10.0.0.1 lladdr "),
        ("ip link show v-l", "ip link show v-left "),
    ];
    for (line, want) in typed {
        let script = format!(
            "zmodload zsh/zpty
             zpty shell zsh -f -i
             zpty -w shell 'PS1= PS2= RPS1=; fpath=({DIR} $fpath); autoload -U compinit; compinit -D -u'
             zpty -w shell 'result() {{ print -r -- $BUFFER > /tmp/result; exit }}; zle -N result; bindkey \"^X\" result; bindkey \"^I\" expand-or-complete; : > /tmp/ready'
             for i in {{1..1200}}; do [[ -e /tmp/ready ]] && break; sleep 0.05; done
             zpty -w -n shell $'{line}\\t\\C-x'
             for i in {{1..1200}}; do [[ -s /tmp/result ]] && break; sleep 0.05; done
             cat /tmp/result; rm -f /tmp/result /tmp/ready
             zpty -d shell"
        );
        let out = shell(&lab, "zsh", &["-f", "-c", &script]);
        assert_eq!(out.out().trim_end_matches('\n'), want, "`{line}`: {out}");
    }
}

fn shell(lab: &Lab, shell: &str, args: &[&str]) -> Outcome {
    let mut words = vec![shell.as_bytes().to_vec()];
    words.extend(args.iter().map(|w| w.as_bytes().to_vec()));
    lab.exec(Tool::Ours, &words, b"", false)
}

#[test]
fn every_applet_is_completed() {
    let list = Lab::new().ours("ipbox").out();
    let mut applets: Vec<_> = list
        .lines()
        .skip_while(|l| !l.starts_with("Applets:"))
        .skip(1)
        .take_while(|l| !l.is_empty())
        .filter_map(|l| l.split_whitespace().next())
        .collect();
    assert!(applets.contains(&"ip"), "{list}");
    applets.push("ipbox");
    for stub in STUBS {
        for applet in &applets {
            let named = stub.split(|c: char| c.is_whitespace()).any(|w| w == *applet);
            assert!(named, "{applet} is missing in\n{stub}");
        }
    }
}

/// Whatever is typed: an answer, no message, soon.
#[test]
fn strange_lines_do_no_harm() {
    let lab = Lab::new();
    for line in [
        "''",
        "ip -n",
        "ip -n nowhere link show ''",
        "ip -n nowhere ''",
        "ip -b file ''",
        "ip --- ''",
        "ip -- ''",
        "ip -color=auto l",
        "ip nothing ''",
        "ip tuntap ''",
        "ip netns exec",
        "ip netns exec nowhere ip netns exec nowhere ip ''",
        "ipbox ipbox ipbox ipbox i",
        "ip link set a b c d e f g h ''",
        "nosuchapplet ''",
        "ip link \u{ff}\u{fe} ''",
    ] {
        let out = lab.ours(&format!("ipbox __complete {line}"));
        assert_eq!((out.status, out.err()), (0, String::new()), "{line}: {out}");
    }
    assert_eq!(lab.ours("ipbox __complete").status, 0);
}
