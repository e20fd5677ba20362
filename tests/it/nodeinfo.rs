//! `ping -N`: what both programs ask, byte for byte, and what they say of answers.
//!
//! No kernel answers such questions; a program in the lab does, and writes down what it was asked.

use crate::lab::{Lab, Tool};

/// Answers each question with what stands in /tmp/answers, a line each: how many bytes of it are
/// sent, which bits of the nonce are turned, and the message in hexadecimal without checksum and
/// nonce. Questions go to /tmp/asked, with 0 for the part of the nonce that is random.
const NODE: &str = r#"
use Socket;
socket(my $s, 10, SOCK_RAW, 58) or die $!;
open(my $ready, ">", "/tmp/ready"); close $ready;
while (defined(my $from = recv($s, my $m, 65535, 0))) {
    next if length $m < 16 || ord($m) != 139;
    my $nonce = substr($m, 8, 8);
    my $told = $m;
    substr($told, 2, 2) = "\0" x 2;
    substr($told, 10, 6) = "\0" x 6;
    open(my $asked, ">>", "/tmp/asked"); print $asked unpack("H*", $told), "\n"; close $asked;
    open(my $answers, "<", "/tmp/answers") or next;
    while (<$answers>) {
        my ($len, $turned, $hex) = split;
        my $b = pack("H*", $hex);
        my $a = substr($b, 0, 2) . "\0\0" . substr($b, 2, 4) . ($nonce ^ pack("H*", $turned)) . substr($b, 6);
        send($s, substr($a, 0, $len), 0, $from);
    }
}
"#;

/// A lab with a node that answers on its loopback device.
fn lab() -> Lab {
    let lab = Lab::patient(120);
    let out = lab.run_sh(&format!(
        "ip link set lo up; cat >/tmp/node <<'END'\n{NODE}\nEND
         perl /tmp/node >/dev/null 2>&1 </dev/null &
         for i in $(seq 600); do test -e /tmp/ready && exit 0; sleep 0.05; done; exit 1"
    ));
    assert_eq!(out.status, 0, "{out}");
    lab
}

/// What the lines `ping WORDS` ask, and what they print.
fn both(script: &str) -> String {
    let [theirs, ours] = [Tool::Theirs, Tool::Ours].map(|tool| {
        let out = lab().sh(tool, script);
        (plain(&out.out()), plain(&out.err()), out.status)
    });
    for (a, b) in theirs.0.lines().zip(ours.0.lines()) {
        assert_eq!(a, b, "reference, ours");
    }
    assert_eq!(theirs, ours, "reference, ours");
    ours.0
}

/// Without the times of day, how long it took, and numbers of processes.
fn plain(text: &str) -> String {
    let line = |line: &str| {
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        for word in &mut words {
            if word.starts_with('[')
                || word.contains(".") && word.ends_with("/0.000")
                || word.ends_with("ms")
                || word.starts_with("ident=")
            {
                *word = "N".into();
            }
        }
        words.join(" ") + "\n"
    };
    text.lines().map(line).collect()
}

#[test]
fn the_same_bytes_are_asked() {
    let long = ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(61)].join(".");
    let mut script = String::new();
    let mut ask = |words: &str| {
        script += &format!(
            "rm -f /tmp/asked; ping -c 2 -i 0.002 -W 0.05 {words} >/dev/null; echo \"$? {words}\"
             for i in 1 2 3 4 5 6 7 8 9 10; do test -s /tmp/asked && break; sleep 0.02; done
             cat /tmp/asked\n"
        );
    };
    for query in [
        "name",
        "ipv6",
        "ipv6-all",
        "ipv6-compatible",
        "ipv6-global",
        "ipv6-linklocal",
        "ipv6-sitelocal",
        "ipv4",
        "ipv4-all",
        "ipv4-all -N ipv4",
        "ipv6-all -N ipv6-global -N ipv6-linklocal",
    ] {
        ask(&format!("-N {query} ::1"));
    }
    for target in ["fe80::1%lo", "::", "-I lo ::1", "-s 0 ::1", "-e 7 ::1", "-C ::1"] {
        ask(&format!("-N name {target}"));
    }
    for subject in [
        "ipv6=2001:db8::1",
        "ipv6=fe80::1%lo",
        "ipv6=::ffff:1.2.3.4",
        "ipv6=::1 -N subject-ipv6=::2",
        "ipv4=1.2.3.4",
        "ipv4=1.2.3",
        "ipv4=010.0.0.1",
        "ipv4=::ffff:1.2.3.4",
        "ipv4=localhost",
        "name=a -N subject-fqdn=b",
        "fqdn=b.c -N subject-name=a",
    ] {
        ask(&format!("-N name -N subject-{subject} ::1"));
    }
    for name in [
        "foo",
        "FOO.Example",
        "foo.example.",
        "foo%lo",
        "f.o%o%a.b",
        "foo-%lo",
        "%lo",
        ".%lo",
        "",
        ".",
        "a b",
        "*.x",
        "foo_bar",
        "::1",
        "xn--bcher-kva",
        "XN--MNCHEN-3YA.de",
        "a\\.b",
        "a.\\.b",
        "a.b\\\\.",
        "\\097\\000\\255",
        "\\-foo",
        "\\A",
        &long,
        &(long.clone() + "."),
    ] {
        ask(&format!("-N ipv4 -N 'subject-name={name}' ::1"));
        ask(&format!("-N ipv4 -N 'subject-fqdn={name}' ::1"));
    }
    let all = both(&script);
    assert!(all.contains("8b000000000300280001") || all.contains("8b0000000003002a0001"), "{all}");
    assert!(all.contains("8b0100000004000000020000000000000"), "{all}");
}

/// Answers: bytes that are sent, bits that are turned, the message.
const ANSWERS: &[(&str, &str, &[&str])] = &[
    // names
    ("99", "0", &["8c0000020000", "00000e10", "03666f6f076578616d706c6500"]),
    ("99", "0", &["8c0000020000", "00000e10", "03666f6f0000"]),
    ("99", "0", &["8c0000020000", "00000e10", "03666f6f00000362617200"]),
    ("99", "0", &["8c0000020000", "00000e10", "03666f6f0003626172000000"]),
    ("99", "0", &["8c0000020001", "ffffffff", "03666f6f0000"]),
    ("99", "0", &["8c0000020000", "00000e10", "00"]),
    ("99", "0", &["8c0000020000", "00000e10", "0000"]),
    ("99", "0", &["8c0000020000", "00000e10", "000000"]),
    // what is cut
    ("15", "0", &["8c0000020000", "00000e10", "03666f6f0000"]),
    ("16", "0", &["8c0000020000", "00000e10", "03666f6f0000"]),
    ("19", "0", &["8c0000020000", "00000e10", "03666f6f0000"]),
    ("20", "0", &["8c0000020000", "00000e10", "03666f6f0000"]),
    ("23", "0", &["8c0000020000", "00000e10", "03666f6f0000"]),
    ("24", "0", &["8c0000020000", "00000e10", "03666f6f0000"]),
    ("25", "0", &["8c0000020000", "00000e10", "03666f6f0000"]),
    // what is none, goes on elsewhere, or in circles
    ("99", "0", &["8c0000020000", "00000e10", "40666f6f00"]),
    ("99", "0", &["8c0000020000", "00000e10", "c004"]),
    ("99", "0", &["8c0000020000", "00000e10", "c000"]),
    ("99", "0", &["8c0000020000", "00000e10", "03666f6fc00000"]),
    ("99", "0", &["8c0000020000", "00000e10", "03666f6f0000c00400"]),
    ("99", "0", &["8c0000020000", "00000e10", "03666f6f0000c008"]),
    ("99", "0", &["8c0000020000", "00000e10", "03666f6f0000c0ff"]),
    ("99", "0", &["8c0000020000", "00000e10", "03666f6f0000c0"]),
    ("99", "0", &["8c0000020000", "00000e10", "03666f6f000003626172c00400"]),
    ("99", "0", &["8c0000020000", "00000e10", "c00a00000003666f6f0000"]),
    ("99", "0", &["8c0000020001", "00000e10", "03666f6f00036162"]),
    // bytes that a terminal must not see
    ("99", "0", &["8c0000020000", "00000e10", "0f1b5d2e225c3b28294024207f80ff0a00"]),
    ("99", "0", &["8c0000020000", "00000e10", "0403662e6f0000"]),
    // addresses
    ("99", "0", &["8c0000030000"]),
    ("99", "0", &["8c0000030001"]),
    ("99", "0", &["8c0000030000", "00000e10"]),
    ("99", "0", &["8c0000030000", "00000e10", "20010db8000000000000000000000001"]),
    ("99", "0", &["8c0000030001", "00000e10", "20010db8000000000000000000000001"]),
    ("99", "0", &["8c00000300ff", "00000e10", "00000000000000000000000001020304"]),
    ("99", "0", &["8c0000030002", "80000000", "00000000000000000000ffff01020304"]),
    (
        "99",
        "0",
        &[
            "8c0000030000",
            "00000e1020010db8000000000000000000000001",
            "00000001fe800000000000000000000000000001",
        ],
    ),
    ("35", "0", &["8c0000030001", "00000e10", "20010db8000000000000000000000001"]),
    ("99", "0", &["8c0000030000", "00000e10", "20010db800000000000000000000000100000e10"]),
    ("99", "0", &["8c0000040000"]),
    ("99", "0", &["8c0000040000", "00000e10", "0a000001"]),
    ("99", "0", &["8c0000040003", "00000e10", "0a000001", "00000000", "0a000002"]),
    ("99", "0", &["8c0000040000", "00000e10", "0a000001", "00000000", "0a"]),
    ("23", "0", &["8c0000040000", "00000e10", "0a000001"]),
    // refused, unknown, and what is not known here
    ("99", "0", &["8c0100020000"]),
    ("99", "0", &["8c0100020000", "00000e10", "03666f6f00"]),
    ("99", "0", &["8c0200020000"]),
    ("99", "0", &["8c0300020000"]),
    ("99", "0", &["8cff00030001"]),
    ("99", "0", &["8c0000000000"]),
    ("99", "0", &["8c0000050000", "00"]),
    ("99", "0", &["8c00ffff0000", "00"]),
    // not an answer to this question, or none at all
    ("99", "0000000000000001", &["8c0000020000", "00000e10", "03666f6f0000"]),
    ("99", "0001", &["8c0000020000", "00000e10", "03666f6f0000"]),
    ("99", "8000", &["8c0000020000", "00000e10", "03666f6f0000"]),
    ("99", "0", &["8d0000020000", "00000e10", "03666f6f0000"]),
    ("99", "0", &["810000020000", "00000e10", "03666f6f0000"]),
    ("4", "0", &["8c0000020000"]),
    ("1", "0", &["8c0000020000"]),
];

fn answer(len: &str, turned: &str, hex: &[&str]) -> String {
    format!("{len} {turned:0<16} {}", hex.concat())
}

#[test]
fn answers_are_told_alike() {
    let mut script = String::new();
    for (len, turned, hex) in ANSWERS {
        let answer = answer(len, turned, hex);
        script += &format!(
            "echo '{answer}' >/tmp/answers; echo '{answer}'
             ping -N name -c 1 -W 0.3 ::1; echo $?\n"
        );
    }
    let all = both(&script);
    for sentence in [
        "33 bytes from ::1: foo.example.; seq=1; ttl=64\n",
        "20 bytes from ::1:; seq=1; ttl=64\n",
        ": 2001:db8::1, fe80::1; seq=1;",
        ": unknown code(300); seq=1;",
        ": parse error (too short); seq=1;",
    ] {
        assert!(all.contains(sentence), "{sentence}: {all}");
    }
}

#[test]
fn options_change_what_is_told() {
    let foo = answer("99", "0", &["8c0000020000", "00000e10", "03666f6f0000"]);
    let mut script = format!("printf '{foo}\\n{foo}\\n' >/tmp/answers\n");
    for words in [
        "-c 2 -i 0.3 ::1",
        "-c 1 -D ::1",
        "-c 1 -a ::1",
        "-c 1 -q ::1",
        "-c 1 -v ::1",
        "-c 1 -s 4 ::1",
        "-c 1 -f ::1",
        "-c 2 -A -i 0.3 ::1",
        "-c 2 -i 0.3 -U -3 -H ::1",
        "-c 1 -N ipv6 ::1",
        "-c 1 -N subject-name=foo ::1",
    ] {
        let query = if words.contains("-N ipv6") { "" } else { "-N name" };
        script += &format!("echo '{words}'; ping {query} {words} 2>&1; echo $?\n");
    }
    let all = both(&script);
    assert!(all.contains("26 bytes from ::1: foo; seq=1; ttl=64 (DUP!)\n"), "{all}");
    assert!(all.contains("ttl=64\x07\n"), "{all}");
}
