//! `ip monitor`: both programs listen to the same changes, each in a lab of its own, and read the
//! same recorded messages.

use crate::lab::{Lab, Tool};
use std::fmt::Write as _;

/// What happens while it is listened. Devices have fixed addresses, and none of their own choice.
const CHANGES: &str = "
    ip link set lo up
    ip link add v0 address 02:00:00:00:00:01 type veth peer name v1 address 02:00:00:00:00:02
    ip link set v0 addrgenmode none; ip link set v1 addrgenmode none
    ip link set v0 up; ip link set v1 up
    sleep 0.2
    ip addr add 10.0.0.1/24 dev v0
    ip addr add 10.1.0.1/24 dev v1
    ip route add 10.5.0.0/16 via 10.0.0.9
    ip route add 10.6.0.0/16 nexthop via 10.0.0.9 nexthop via 10.1.0.9
    ip route add 10.6.0.0/16 dev v1 metric 7 table 100
    ip -6 route add 2001:db8:1::/64 dev v0
    ip neigh add 10.0.0.7 lladdr 02:02:02:02:02:02 dev v0
    ip neigh add 2001:db8::7 lladdr 02:02:02:02:02:02 dev v1
    ip neigh del 10.0.0.7 dev v0
    ip link set v1 alias hello
    ip stats set dev v0 l3_stats on
    ip link property add dev v1 altname foo
    ip rule add from 10.9.0.0/16 table 5 prio 9
    ip rule del prio 9
    ip nexthop add id 5 via 10.0.0.3 dev v0
    ip nexthop add id 6 group 5 type resilient buckets 2
    ip nexthop del id 5
    ip route del 10.5.0.0/16
    ip addr del 10.1.0.1/24 dev v1
    ip netns add n1; ip netns set n1 7
    echo 0 > /proc/sys/net/ipv4/conf/v0/forwarding
    echo 1 > /proc/sys/net/ipv4/conf/v0/forwarding
    ip netns del n1
    sleep 1
    ip link set v1 down
";

/// `listens PID`: waits until a listener is about to read. `heard`: waits until nothing has come
/// any more for a time.
const WAITS: &str = "
    listens() {
        n=0
        until grep -q '^State:.S' /proc/$1/status && grep -q \"^[^ ]* *0 *$1 \" /proc/net/netlink ||
            [ $n = 600 ]; do sleep 0.05; n=$((n + 1)); done
        sleep 0.1
    }
    heard() {
        a=; n=0
        until b=$(wc -c < /tmp/heard); [ \"$a\" = \"$b\" ] || [ $n = 100 ]; do
            a=$b; n=$((n + 1)); sleep 0.4
        done
    }
";

/// What is heard with these options and words; `before` happens before it listens.
fn heard(tool: Tool, options: &str, words: &str, before: &str) -> String {
    let lab = Lab::new();
    let script = format!(
        "{WAITS}{before}\nip {options} monitor {words} > /tmp/heard 2>&1 & listener=$!\n\
         listens $listener\n{CHANGES}\nheard; kill $listener; cat /tmp/heard"
    );
    let out = lab.sh(tool, &script);
    assert_eq!(out.status, 0, "{out}");
    out.out()
}

/// What the kernel does later may come earlier or later on a busy machine, so it is heard again
/// before a difference counts.
fn same_heard(options: &str, words: &str) -> String {
    let both = || [Tool::Ours, Tool::Theirs].map(|tool| heard(tool, options, words, ""));
    let mut pair = both();
    for _ in 0..4 {
        if pair[0] != pair[1] {
            pair = both();
        }
    }
    let [ours, theirs] = pair;
    let mut differences = String::new();
    for (a, b) in theirs.lines().zip(ours.lines()).filter(|(a, b)| a != b) {
        let _ = writeln!(differences, "- {a}\n+ {b}");
    }
    assert!(
        ours == theirs,
        "ip {options} monitor {words}\n{differences}\ntheirs:\n{theirs}\nours:\n{ours}"
    );
    ours
}

#[test]
fn the_same_lines_are_heard() {
    let all = same_heard(
        "",
        "link address route neigh netconf rule nsid maddress acaddress nexthop stats",
    );
    for line in ["Deleted 10.5.0.0/16", "nsid 7 (iproute2 netns name: n1)", "inet v0 forwarding on"]
    {
        assert!(all.contains(line), "{line} in {all}");
    }
}

#[test]
fn options_and_labels_change_the_lines_alike() {
    same_heard("-o", "label link address");
    same_heard("-4", "all address route neigh netconf rule");
    same_heard("-6", "address route neigh rule");
}

#[test]
fn counting_in_hardware_is_heard() {
    // Routes of multicast packets need a daemon: there are none to be heard of.
    let text = same_heard("", "label stats mroute");
    assert!(text.contains("[STATS]") && text.contains("l3_stats on used off"), "{text}");
    let text = heard(Tool::Ours, "-j", "stats", "");
    assert!(text.lines().count() == 1 && text.contains("\"l3_stats\":{"), "{text}");
    text.lines().for_each(is_object);
}

#[test]
fn one_device_alone_is_heard() {
    let make = "ip link add w0 address 02:00:00:00:00:03 type veth peer name w1";
    let of = |tool| heard(tool, "", "label link address dev w0", &format!("{make}; sleep 1"));
    // Nothing happens to it, and nothing else is shown.
    assert_eq!((of(Tool::Ours), of(Tool::Theirs)), (String::new(), String::new()));
}

#[test]
fn times_stand_before_events() {
    let digits = |text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
    };
    let short = digits(&heard(Tool::Ours, "-ts", "rule", ""));
    assert!(short.starts_with("[0000-00-00T00:00:00.000000] 0:\tfrom"), "{short}");
    let long = digits(&heard(Tool::Ours, "-t", "rule", ""));
    let stamp = long.lines().next().unwrap_or_default();
    assert!(stamp.starts_with("Timestamp: ") && stamp.ends_with(" usec"), "{long}");
}

/// Holds that a line is one whole JSON object, as far as brackets and quotes tell.
pub fn is_object(line: &str) {
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    for (i, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = quoted,
            '"' => quoted = !quoted,
            '{' | '[' if !quoted => depth += 1,
            '}' | ']' if !quoted => depth -= 1,
            _ => {}
        }
        assert!(depth > 0 || i + 1 == line.len(), "{line}");
    }
    assert!(depth == 0 && !quoted && line.starts_with("{\"event\":"), "{line}");
}

#[test]
fn json_is_an_object_for_each_event() {
    let text = heard(Tool::Ours, "-j -p", "", "");
    text.lines().for_each(is_object);
    for (event, action) in [
        ("link", "new"),
        ("address", "new"),
        ("address", "del"),
        ("route", "new"),
        ("route", "del"),
        ("neigh", "del"),
        ("rule", "del"),
        ("nsid", "del"),
        ("netconf", "new"),
        ("maddress", "new"),
        ("nexthop", "del"),
    ] {
        let begin = format!("{{\"event\":\"{event}\",\"action\":\"{action}\",\"");
        assert!(text.lines().any(|l| l.starts_with(&begin)), "{event} {action} in {text}");
    }
}

#[test]
fn other_namespaces_are_heard_with_their_ids() {
    let lab = Lab::new();
    let script = format!(
        "{WAITS}ip netns add n1; ip netns set n1 7
        ip monitor link all-nsid > /tmp/heard 2>&1 & listener=$!
        listens $listener
        ip -n n1 link set lo up
        ip link set lo up
        heard; kill $listener; cat /tmp/heard"
    );
    let (ours, theirs) = (lab.sh(Tool::Ours, &script), Lab::new().sh(Tool::Theirs, &script));
    assert!(ours.out().contains("[nsid 7]1: lo:"), "{ours}");
    assert!(ours.out().contains("[nsid current]1: lo:"), "{ours}");
    assert_eq!(ours.out(), theirs.out());
}

/// A message as the kernel sends it.
pub fn message(kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut m = u32::try_from(16 + payload.len()).expect("short").to_ne_bytes().to_vec();
    m.extend(kind.to_ne_bytes());
    m.extend([0; 10]);
    m.extend(payload);
    m.resize(m.len().next_multiple_of(4), 0);
    m
}

pub fn attr(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut a = u16::try_from(4 + value.len()).expect("short").to_ne_bytes().to_vec();
    a.extend(kind.to_ne_bytes());
    a.extend(value);
    a.resize(a.len().next_multiple_of(4), 0);
    a
}

/// One of each kind that is hard to bring about.
fn recorded() -> Vec<u8> {
    let addr = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let prefix = [&[10, 0, 0, 0, 1, 0, 0, 0, 3, 64, 3, 0][..], &attr(1, &addr)].concat();
    let times = attr(2, &[100, 0, 0, 0, 200, 0, 0, 0]);
    let label = [&[10, 0, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0][..], &attr(1, &addr)].concat();
    let label = [label, attr(2, &[5, 0, 0, 0])].concat();
    let anycast = [&[10, 128, 0, 0, 1, 0, 0, 0][..], &attr(5, &addr)].concat();
    let miss = [&[2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1][..], &attr(1, &[10, 0, 0, 1])].concat();
    let conf = |family: u8, index: i32| {
        let mut all = vec![family, 0, 0, 0];
        all.extend(attr(1, &index.to_ne_bytes()));
        for (kind, value) in [(2, 1), (3, 2), (4, 0), (5, 1), (6, 0), (7, 1)] {
            all.extend(attr(kind, &i32::to_ne_bytes(value)));
        }
        all
    };
    [
        message(15, &[0, 0, 0, 101, 210, 4, 0, 0]),
        message(52, &prefix),
        message(52, &[prefix, times].concat()),
        message(72, &label),
        message(73, &label),
        message(60, &anycast),
        message(61, &anycast),
        message(30, &miss),
        message(80, &conf(2, -1)),
        message(80, &conf(10, -2)),
        message(80, &conf(28, 1)),
        message(81, &conf(99, 77)),
        message(88, &[vec![0; 4], attr(1, &4i32.to_ne_bytes())].concat()),
        message(89, &[vec![0; 4], attr(1, &4i32.to_ne_bytes())].concat()),
        message(2000, b"abcd"),
    ]
    .concat()
}

#[test]
fn recorded_messages_are_shown_alike() {
    let lab = Lab::new();
    let whole = recorded();
    let cut = &whole[..whole.len() - 3];
    let malformed = [&whole[..24], &[8, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]].concat();
    for bytes in [&whole[..], cut, &whole[..30], &malformed, b""] {
        for words in ["", "label", "dev lo"] {
            let line = format!("ip monitor {words} file /dev/stdin");
            let ours = lab.with_input(Tool::Ours, &line, bytes);
            let theirs = lab.with_input(Tool::Theirs, &line, bytes);
            assert_eq!((ours.out(), ours.err()), (theirs.out(), theirs.err()), "{line}");
            assert_eq!(ours.status, theirs.status, "{line}");
        }
    }
    let json = lab.with_input(Tool::Ours, "ip -j monitor file /dev/stdin", &whole).out();
    assert_eq!(json.lines().count(), 14, "{json}");
    json.lines().for_each(is_object);
}

#[test]
fn messages_cut_anywhere_are_no_disaster() {
    let lab = Lab::new();
    let mut bytes = Vec::new();
    for kind in 16..130 {
        for len in [0, 3, 4, 8, 11, 12, 16, 20] {
            bytes.extend(message(kind, &vec![0xff; len]));
        }
    }
    let out = lab.with_input(Tool::Ours, "ip -d monitor file /dev/stdin", &bytes);
    assert_eq!((out.status, out.killed), (0, false), "{out}");
}

#[test]
fn wrong_words_are_refused_alike() {
    let lab = Lab::new();
    for words in ["foo", "dev nosuch", "dev", "file", "file /nonexistent", "ac", "s", "d", "link x"]
    {
        let line = format!("ip monitor {words}");
        let (ours, theirs) = (lab.ours(&line), lab.theirs(&line));
        assert_eq!((ours.status, ours.err()), (theirs.status, theirs.err()), "{line}");
    }
}
