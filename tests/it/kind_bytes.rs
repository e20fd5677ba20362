//! Kinds of links that no kernel here makes: both tools send the same request, and show a
//! recorded answer alike. strace decodes the request, which knows neither of the two.
//!
//! Against Debian testing's iproute2 (`REFERENCE_SUITE=testing`) every byte counts but the message's
//! number. Older ones leave out the zero behind a kind's name, so that lengths differ; and the words
//! of [`NEWER`] they do not know.

use crate::lab::{Lab, Tool};
use crate::monitor::{attr, is_object, message};
use crate::same::reference_version;
use std::fmt::Write as _;

/// What is typed behind `ip link`.
const LINES: &[&str] = &[
    "add x type ovpn",
    "add x address 02:00:00:00:00:01 mtu 1400 txqueuelen 7 type ovpn",
    "add x up type ovpn",
    "replace x type ovpn",
    "set lo type ovpn",
    "add x type pfcp",
    "add x index 77 numtxqueues 2 type pfcp",
    "set lo type pfcp",
    "add x type wireguard",
    "add x type netdevsim",
    "add x type virt_wifi",
    "add x type nlmon",
    "add x type team",
    "add x type amt mode gateway local 10.0.0.1 discovery 10.0.0.2 dev lo relay_port 2268",
    "add x type amt mode relay local 10.0.0.1 dev lo gateway_port 2268 max_tunnels 16",
    "add x type bareudp dstport 6635 ethertype mpls_uc srcportmin 1024 multiproto",
    "add x type bareudp dstport 6635 ethertype ipv4 nomultiproto",
    "add x type gtp role sgsn hsize 2048 restart_count 7",
    "add x link lo type ipoib pkey 0x8001 mode datagram umcast 1",
    "add x link lo type rmnet mux_id 5",
    "add x type wwan linkid 3",
    "set lo type dsa conduit lo",
    "add x type batadv ra BATMAN_V",
    "set lo type can bitrate 125000 sample-point 0.875 restart-ms 100 triple-sampling on",
];

/// The same, with words that came after iproute2 6.15.
const NEWER: &[&str] = &[
    "add x link lo type rmnet mux_id 1 ingress-deaggregation on ingress-commands off",
    "add x type bond broadcast_neighbor on",
    "set lo type bond_slave actor_port_prio 5",
];

/// The requests for a change that a line sends, as strace decodes them.
fn sent(lab: &Lab, tool: Tool, line: &str) -> Vec<String> {
    let script = format!(
        "strace -f -e trace=sendmsg,sendto -xx -s 4096 -o /tmp/sent ip link {line} >/dev/null 2>&1
         cat /tmp/sent"
    );
    let out = lab.sh(tool, &script).out();
    let requests = out.lines().filter(|l| l.contains("=RTM_NEWLINK") || l.contains("=RTM_SETLINK"));
    requests
        .map(|l| {
            let from = l.find("{nlmsg_len").expect("a message");
            // Behind the message come the arguments of the call, which is another one.
            let end = ["}], 1, msg_iov", ", iov_len", "], "].iter().filter_map(|e| l.rfind(e));
            let end = l.find(", iov_len").or(end.min()).expect("an end");
            let text = without(&l[from..end], "nlmsg_seq=");
            let text = in_order(text.trim_end_matches(']'));
            if *reference_version() < [7, 0][..] {
                ["nlmsg_len=", "nla_len="]
                    .iter()
                    .fold(text.replace("\"...", "\""), |t, key| without(&t, key))
            } else {
                text
            }
        })
        .collect()
}

/// A kind's settings in an order: which comes first says nothing.
fn in_order(text: &str) -> String {
    let mark = "nla_type=IFLA_INFO_DATA}, \"";
    let Some((before, rest)) = text.split_once(mark) else { return text.to_string() };
    let (hex, after) = rest.split_once('"').expect("quotes are closed");
    let bytes: Vec<u8> = hex
        .split("\\x")
        .skip(1)
        .map(|h| u8::from_str_radix(h, 16).expect("all bytes in hexadecimal digits"))
        .collect();
    let (mut at, mut attributes) = (0, Vec::new());
    while let [low, high, ..] = bytes[at..] {
        let len = usize::from(u16::from_le_bytes([low, high])).next_multiple_of(4).max(4);
        let end = (at + len).min(bytes.len());
        attributes.push(&bytes[at..end]);
        at = end;
    }
    attributes.sort();
    format!("{before}{mark}{attributes:02x?}{after}")
}

/// Numbers behind a key are left out.
fn without(text: &str, key: &str) -> String {
    let mut parts = text.split(key);
    let mut told = parts.next().unwrap_or_default().to_string();
    for part in parts {
        told += key;
        told += part.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    told
}

#[test]
fn requests_are_the_same_bytes() {
    let lab = Lab::new();
    let newer: &[&str] = if *reference_version() < [7, 0][..] { &[] } else { NEWER };
    let mut wrong = String::new();
    for line in LINES.iter().chain(newer) {
        let (theirs, ours) = (sent(&lab, Tool::Theirs, line), sent(&lab, Tool::Ours, line));
        if theirs.len() != 1 || ours != theirs {
            let _ = writeln!(wrong, "ip link {line}\n- {theirs:#?}\n+ {ours:#?}");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// A device of a kind, as the kernel describes it, with settings that are not known.
fn described(kind: &[u8], data: &[u8]) -> Vec<u8> {
    let mut link = vec![0, 0, 0xfe, 0xff, 7, 0, 0, 0, 0x90, 0x10, 0, 0, 0, 0, 0, 0];
    link.extend(attr(3, b"x\0"));
    link.extend(attr(4, &1500u32.to_ne_bytes()));
    let mut info = attr(1, &[kind, b"\0"].concat());
    if !data.is_empty() {
        info.extend(attr(2, data));
    }
    link.extend(attr(18, &info));
    message(16, &link)
}

#[test]
fn answers_are_shown_alike() {
    let lab = Lab::new();
    // The mode of ovpn is a byte: 0 for one peer, 1 for many.
    let answers: &[(&[u8], Vec<u8>)] = &[
        (b"ovpn", attr(1, &[0])),
        (b"ovpn", attr(1, &[1])),
        (b"ovpn", vec![]),
        (b"pfcp", vec![]),
        (b"pfcp", attr(9, b"abcd")),
        (b"wireguard", vec![]),
        (b"nosuchkind", attr(1, b"abcd")),
    ];
    for (kind, data) in answers {
        let bytes = described(kind, data);
        for options in ["-d", "-d -o", "-d -d", "-d -s", ""] {
            let line = format!("ip {options} monitor link file /dev/stdin");
            let ours = lab.with_input(Tool::Ours, &line, &bytes);
            let theirs = lab.with_input(Tool::Theirs, &line, &bytes);
            assert_eq!((ours.out(), ours.err()), (theirs.out(), theirs.err()), "{line}");
            let name = String::from_utf8_lossy(kind).into_owned();
            assert_eq!(ours.out().contains(&name), !options.is_empty(), "{line}: {ours}");
        }
        let json =
            lab.with_input(Tool::Ours, "ip -j -d monitor link file /dev/stdin", &bytes).out();
        let name = String::from_utf8_lossy(kind);
        assert!(json.contains(&format!("\"linkinfo\":{{\"info_kind\":\"{name}\"}}")), "{json}");
        json.lines().for_each(is_object);
    }
}
