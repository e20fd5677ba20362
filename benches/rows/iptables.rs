//! Rows for iptables: one rule added, looked for and listed beside many; files saved and restored.

use super::{Case, Make, compare, number, run, theirs};
use std::fmt::Write as _;
use std::fs;

/// Whether all bars are held.
pub fn rows(only: &str, case: Make<'_>) -> bool {
    if !"rules".starts_with(only) && !only.starts_with("rules") {
        return true;
    }
    let mut held = true;
    let (pairs, big) = (number("BENCH_LINK_PAIRS", 15), number("BENCH_BIG_PAIRS", 5));
    let count = number("BENCH_RULES", 50_000);
    let mut file = String::from("*filter\n");
    for n in 0..count {
        let (a, b, c) = (n >> 16, n >> 8 & 255, n & 255);
        let port = n % 65_535 + 1;
        let _ = writeln!(
            file,
            "-A FORWARD -s 10.{a}.{b}.{c}/32 -p tcp -m tcp --dport {port} -j ACCEPT"
        );
    }
    file.push_str("COMMIT\n");
    fs::write("/tmp/flat", file).expect("a file in the lab");
    let reference = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        run(&theirs(words[0]), &words).0.success()
    };
    let mut row = |name: &str, line: &str, bar: f64, memory: Option<i64>, pairs: usize| {
        let name = format!("rules, {name}");
        if name.starts_with(only) {
            let case: Case = case(&name, line, bar, memory);
            held &= compare(&case, pairs, &|| {});
        }
    };
    let flat = "/tmp/flat";
    // The reference has no other way for as many than what only root may do.
    if !reference("iptables-restore /tmp/flat") {
        println!("rules: {count} of them cannot be restored by the reference here; root can");
        return false;
    }
    row(
        &format!("restore {count}"),
        &format!("iptables-restore {flat}"),
        0.75,
        Some(40 * 1024),
        big,
    );
    let early = "iptables -C FORWARD -s 10.0.0.5 -p tcp --dport 6 -j ACCEPT";
    row("-C, an early one", early, 0.05, None, big);
    row("-nL of another chain", "iptables -nL INPUT", 0.02, None, big);
    row(&format!("save {count}"), "iptables-save", 0.85, None, big);
    row("-A beside them", "iptables -A FORWARD -s 1.2.3.4 -j DROP", 1.0, None, pairs);
    assert!(reference("iptables -F"));

    let chains = count * 2 / 5;
    let mut file = String::from("*nat\n");
    for n in 0..chains {
        let _ = writeln!(file, ":KUBE-SVC-{n:08} - [0:0]");
    }
    for n in 0..chains {
        let (a, b, c) = (n >> 16, n >> 8 & 255, n & 255);
        let _ = writeln!(
            file,
            "-A KUBE-SVC-{n:08} ! -s 10.244.0.0/16 -m comment --comment \"ns/service{n}\" -j RETURN\n\
             -A KUBE-SVC-{n:08} -p tcp -m tcp -j DNAT --to-destination 10.{a}.{b}.{c}:80"
        );
        if n % 2 == 0 {
            let _ = writeln!(file, "-A KUBE-SVC-{n:08} -p udp -m udp --dport 53 -j RETURN");
        }
    }
    file.push_str("COMMIT\n");
    fs::write("/tmp/chains", file).expect("a file in the lab");
    assert!(reference("iptables-restore /tmp/chains"));
    row(&format!("save {count} in {chains} chains"), "iptables-save", 0.15, None, big.min(3));
    let _ = reference("iptables -t nat -F");
    let _ = reference("iptables -t nat -X");
    held
}
