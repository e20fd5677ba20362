//! `ip xfrm monitor`: both programs read the same recorded messages and listen to the same changes.

use crate::lab::{Lab, Tool};

/// Messages of NETLINK_XFRM as a kernel of the same byte order sends them, one a line, in
/// hexadecimal: every kind, every attribute that is shown, and some that are cut off.
const MESSAGES: &str = include_str!("xfrm.msgs");

fn messages() -> Vec<u8> {
    let line = |l: &'static str| {
        let pairs = l.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("digits"));
        pairs.map(|pair| u8::from_str_radix(pair, 16).expect("a byte")).collect::<Vec<u8>>()
    };
    MESSAGES.lines().flat_map(line).collect()
}

/// What is shown of the messages with these options: standard output, standard error, status.
fn shown(tool: Tool, options: &str, words: &str) -> (String, String, i32) {
    let script =
        format!("cat > /tmp/messages; ip {options} xfrm monitor {words} file /tmp/messages");
    let words = [b"/bin/sh".to_vec(), b"-c".to_vec(), script.into_bytes()];
    let out = Lab::new().exec(tool, &words, &messages(), false);
    (out.out(), out.err(), out.status)
}

#[cfg(target_endian = "little")]
#[test]
fn recorded_messages_of_ipsec_are_shown_alike() {
    for options in ["", "-s", "-o", "-o -s", "-d", "-j", "-N"] {
        let [ours, theirs] = [Tool::Ours, Tool::Theirs].map(|tool| shown(tool, options, "all"));
        assert!(ours.0.lines().count() > 100, "{}", ours.0);
        for (a, b) in theirs.0.lines().zip(ours.0.lines()) {
            assert_eq!(a, b, "ip {options} xfrm monitor (reference, ours)");
        }
        assert_eq!(theirs, ours, "ip {options} xfrm monitor");
    }
}

#[cfg(target_endian = "little")]
#[test]
fn keys_are_hidden_where_the_reference_shows_them() {
    let (all, _, _) = shown(Tool::Ours, "-s", "");
    let (hidden, _, _) = shown(Tool::Ours, "-s", "nokeys");
    assert!(all.contains("0x0102030405060708090a0b0c0d0e0f10 (128 bits)"), "{all}");
    assert!(!hidden.contains("0x0102030405060708"), "{hidden}");
    assert!(hidden.contains("enc cbc(aes) <<Keys hidden>>"), "{hidden}");
}

/// What happens while it is listened.
const CHANGES: &str = "
    ip xfrm policy add dir out src 10.0.0.0/8 dst 11.0.0.0/8 priority 5 tmpl src 1.1.1.1 dst 2.2.2.2 proto esp mode tunnel
    ip xfrm policy update dir out src 10.0.0.0/8 dst 11.0.0.0/8 priority 5 action block
    ip xfrm policy delete dir out src 10.0.0.0/8 dst 11.0.0.0/8
    ip xfrm policy add dir in src fd00::/64 ptype sub mark 5 mask 6 if_id 7
    ip xfrm state allocspi src 1.1.1.1 dst 2.2.2.2 proto esp min 0x100 max 0x100 reqid 7
    ip xfrm state delete src 1.1.1.1 dst 2.2.2.2 proto esp spi 0x100
    ip xfrm policy setdefault in block
    ip xfrm state flush proto esp
    ip xfrm policy flush ptype sub
    sleep 0.3
";

fn heard(tool: Tool, options: &str, words: &str) -> String {
    let script = format!(
        "ip {options} xfrm monitor {words} > /tmp/heard 2>&1 & listener=$!\nsleep 0.5\n{CHANGES}\n\
         kill $listener; cat /tmp/heard"
    );
    let out = Lab::new().sh(tool, &script);
    assert_eq!(out.status, 0, "{out}");
    out.out()
}

#[test]
fn the_same_changes_of_ipsec_are_heard() {
    for (options, words) in
        [("", ""), ("-o", "all"), ("", "SA"), ("", "policy"), ("", "all-nsid expire policy")]
    {
        let pair = || [Tool::Ours, Tool::Theirs].map(|tool| heard(tool, options, words));
        let mut both = pair();
        // On a busy machine something may be missed.
        for _ in 0..4 {
            if both[0] != both[1] {
                both = pair();
            }
        }
        assert_eq!(both[1], both[0], "ip {options} xfrm monitor {words} (reference, ours)");
        assert!(words == "SA" || both[0].contains("Deleted src 10.0.0.0/8"), "{}", both[0]);
    }
}

#[test]
fn words_of_the_monitor() {
    crate::same::same(
        "ip xfrm monitor foo
         ip xfrm monitor n
         ip xfrm monitor s
         ip xfrm monitor file
         ip xfrm monitor file nosuch
         ip xfrm monitor acquire aevent report expire SA policy all nokeys all-nsid f nosuch
         status: ip xfrm monitor help
         status: ip xfrm monitor all h",
    );
}
