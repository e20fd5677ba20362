//! `ipbox draw`: the pictures of known networks, and that no name spoils one.
//!
//! That other programs read what is written for them is checked by tests/draw/run.sh.

use crate::lab_cmd::{Place, good};

/// What a script that ends in drawing prints, in a lab with this option.
fn drawn(option: &str, script: &str) -> String {
    let place = Place::new();
    good(&mut place.lab(&[option, "--", "sh", "-c", &format!("set -e\n{script}")]))
}

const PAIR: &str = "
    ip netns add red
    ip netns add blue
    ip link add veth-red netns red type veth peer name veth-blue netns blue
    ip -n red addr add 192.168.15.1/24 dev veth-red
    ip -n blue addr add 192.168.15.2/24 dev veth-blue
    ip -n red link set veth-red up
    ip -n blue link set veth-blue up\n";

const SWITCH: &str = "
    ip link add v-net-0 type bridge
    ip link set v-net-0 up
    ip addr add 192.168.15.5/24 dev v-net-0
    n=1
    for room in red blue green orange; do
        ip netns add $room
        ip link add veth-$room-br master v-net-0 up type veth peer name veth-$room netns $room
        ip -n $room addr add 192.168.15.$n/24 dev veth-$room
        ip -n $room link set veth-$room up
        ip -n $room route add default via 192.168.15.5
        n=$((n + 1))
    done\n";

const NAT: &str = "
    sysctl -qw net.ipv4.ip_forward=1
    iptables -t nat -A POSTROUTING -s 192.168.15.0/24 -j MASQUERADE
    iptables -P FORWARD DROP\n";

#[test]
fn two_namespaces_and_a_cable() {
    assert_eq!(
        drawn("--no-lan", &format!("{PAIR} ipbox draw")),
        "\
┌──────┐
│ host │
└──────┘

┌──────────────────┐          ┌──────────────────┐
│ blue             │          │ red              │
│ veth-blue        ┼──────────┼ veth-red         │
│  192.168.15.2/24 │          │  192.168.15.1/24 │
└──────────────────┘          └──────────────────┘
"
    );
}

#[test]
fn four_namespaces_on_a_bridge() {
    assert_eq!(
        drawn("--no-lan", &format!("{SWITCH} ipbox draw")),
        "\
┌────────────────────────────────────────────────────────────────────────────────────────┐
│ host                                                                                   │
│                                                                                        │
│ v-net-0 bridge 192.168.15.5/24                                                         │
│ ══╤═════════════════════╤═════════════════════╤═════════════════════╤═════════════════ │
│   │ veth-red-br         │ veth-blue-br        │ veth-green-br       │ veth-orange-br   │
└───┼─────────────────────┼─────────────────────┼─────────────────────┼──────────────────┘
    │                     │                     │                     │
  ┌─┴────────────────┐  ┌─┴────────────────┐  ┌─┴────────────────┐  ┌─┴────────────────┐
  │ red              │  │ blue             │  │ green            │  │ orange           │
  │ veth-red         │  │ veth-blue        │  │ veth-green       │  │ veth-orange      │
  │  192.168.15.1/24 │  │  192.168.15.2/24 │  │  192.168.15.3/24 │  │  192.168.15.4/24 │
  │ via 192.168.15.5 │  │ via 192.168.15.5 │  │ via 192.168.15.5 │  │ via 192.168.15.5 │
  └──────────────────┘  └──────────────────┘  └──────────────────┘  └──────────────────┘
"
    );
}

#[test]
fn what_the_doctor_finds_is_marked() {
    let script = format!(
        "{SWITCH} ip -n green link set veth-green down
        ipbox draw; ipbox draw --mermaid; ipbox draw --dot; ipbox draw --svg -; ipbox draw -j"
    );
    let text = drawn("--no-lan", &script);
    for mark in [
        "┊ veth-green-br",
        "│ veth-green (down)       │",
        "│  ! D6: a device is down │",
        "classDef fault",
        "color=\"#cf222e\"",
        "<text class=\"fault\"",
        "\"faults\":[\"D6: a device is down\"]",
    ] {
        assert!(text.contains(mark), "{mark} in\n{text}");
    }
}

#[test]
fn the_lan_and_nat() {
    let text = drawn("--lan", &format!("{SWITCH}{NAT} ipbox draw --width 100"));
    for line in [
        "│ eth0 192.168.1.2/24 ",
        "│ via 192.168.1.1 ",
        "│ forwards IPv4 ",
        "│ POSTROUTING -s 192.168.15.0/24 -j MASQUERADE ",
        "│ FORWARD policy DROP ",
        "  │ 192.168.1.1 ",
        "    │ 8.8.8.8 ",
        "│  192.168.1.3/24 │",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
}

#[test]
fn a_picture_keeps_to_its_columns() {
    let script = format!(
        "{SWITCH}{NAT} for w in 24 40 66 80 200; do echo \"@$w\"; ipbox draw --ascii --width $w; done"
    );
    let mut limit = 0;
    for line in drawn("--lan", &script).lines() {
        match line.strip_prefix('@') {
            Some(width) => limit = width.parse().expect("a number"),
            // A nested room needs a little more than the least that may be asked for.
            None => assert!(line.len() <= limit.max(40) && line.is_ascii(), "{limit}: {line}"),
        }
    }
    let out = drawn("--lan", "ipbox draw --width 23 || echo $?");
    assert_eq!(out, "2\n");
}

#[test]
fn what_closes_a_ring_or_names_nothing_is_written() {
    let script = "
        for n in a b c; do ip netns add $n; done
        ip link add ab netns a type veth peer name ba netns b
        ip link add bc netns b type veth peer name cb netns c
        ip link add ca netns c type veth peer name ac netns a
        ip link add here0 type veth peer name here1
        touch /run/netns/dead
        ip netns add alone
        ipbox draw";
    let text = drawn("--no-lan", script);
    for line in [
        "here1 in host ── here0 in host",
        "bc in b ── cb in c",
        "dead: a name that names no namespace",
        "│ alone │",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
}

#[test]
fn every_form_has_every_device_whatever_its_name() {
    let script = "
        ip netns add 'a\"b]<c>&{d};'
        ip netns add \"$(printf 'x\\ny\\033[31m')\"
        ip link add name 'q\"<&>#;' up type veth peer name '$(w)' netns 'a\"b]<c>&{d};'
        ipbox draw; for form in --mermaid --dot --json '--svg -'; do ipbox draw $form; done";
    let text = drawn("--no-lan", script);
    assert!(!text.contains('\u{1b}'), "{text}");
    assert!(text.contains("x?y?[31m"), "{text}");
    // The text, DOT and SVG, JSON, Mermaid.
    for name in
        ["q\"<&>#;", "q&quot;&lt;&amp;&gt;#;", "\"q\\\"<&>#;\"", "q#34;#60;#38;#62;#35;#59;"]
    {
        assert!(text.contains(name), "{name} in\n{text}");
    }
    // Each tag that is opened is closed.
    let svg = &text[text.find("<svg").expect("a drawing")..];
    let mut open = Vec::new();
    for tag in svg.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("a whole tag");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{svg}");
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().expect("a name"));
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn it_draws_again_when_something_changes() {
    let script = "
        ipbox draw --watch >$0/out 2>&1 &
        until [ -s $0/out ]; do sleep 0.05; done
        ip netns add late
        n=0
        until grep -q late $0/out || [ $n = 600 ]; do sleep 0.1; n=$((n + 1)); done
        kill $!
        cat $0/out";
    let place = Place::new();
    let dir = place.0.to_str().expect("UTF-8");
    let text = good(&mut place.lab(&["--no-lan", "--", "sh", "-c", script, dir]));
    assert!(text.contains("│ host │\n└──────┘\n\n┌──────┐\n│ late │\n"), "{text}");
    assert!(text.starts_with("┌──────┐\n│ host │\n└──────┘\n┌"), "{text}");
}

#[test]
fn only_one_form_at_a_time() {
    for words in ["--mermaid --dot", "--svg", "--frob", "--width x", "word"] {
        assert_eq!(drawn("--no-lan", &format!("ipbox draw {words} || echo $?")), "2\n", "{words}");
    }
    assert_eq!(drawn("--no-lan", "ipbox draw --svg /no/such/place/x || echo $?"), "1\n");
    assert!(drawn("--no-lan", "ipbox draw -j").starts_with("{\"namespaces\":[{\"name\":\"host\","));
}
