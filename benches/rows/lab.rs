//! A thousand times the tutorial's room: built, read and drawn. Bars are times, for one process
//! against the many that the reference takes; a lab of its own is no part of it.

use super::{number, run, sorted, theirs};
use std::fmt::Write as _;
use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Whether all bars are held.
pub fn rows(only: &str) -> bool {
    let wanted = |name: &str| name.starts_with(only) || only.starts_with(name);
    if !wanted("lab") && !wanted("draw") {
        return true;
    }
    let (count, runs) = (number("BENCH_NAMESPACES", 1000), number("BENCH_LAB_RUNS", 5));
    files(count);
    let (mut built, mut others) = (Vec::new(), Vec::new());
    let (mut read, mut drawn) = (Vec::new(), Vec::new());
    for n in 0..runs {
        // The other way round every other time: both take over what the kernel still cleans up.
        for ours in [n % 2 == 0, n % 2 == 1] {
            cleared();
            if !ours {
                others.extend(wanted("lab").then(|| reference(count)).flatten());
                continue;
            }
            built.extend(ms(&["ipbox", "lab", "build", "--here", "/tmp/rooms.lab"]));
            if wanted("draw") {
                read.extend(ms(&["ipbox", "draw", "--json"]));
                drawn.extend(ms(&["ipbox", "draw"]));
            }
        }
    }
    cleared();
    let mut held = true;
    if wanted("lab") {
        held &= row(&format!("lab: build {count} rooms"), built, others, 2500.0);
    }
    if wanted("draw") {
        held &= row(&format!("draw: {count} rooms, read (--json)"), read, Vec::new(), 400.0);
        held &= row(&format!("draw: {count} rooms as text"), drawn, Vec::new(), 1000.0);
    }
    held
}

/// The lab file, and what the reference is given: one batch for all namespaces and cables, one for
/// each namespace.
fn files(count: usize) {
    let addr = |n: usize| format!("10.0.{}.{}", n / 250, n % 250 + 1);
    let mut lab = String::from("bridge v-net-0\naddress 10.0.255.254/16 dev v-net-0\n");
    let mut all = String::from("link add v-net-0 type bridge\nlink set v-net-0 up\n");
    all.push_str("addr add 10.0.255.254/16 dev v-net-0\n");
    for n in 0..count {
        let addr = addr(n);
        let _ = writeln!(
            lab,
            "namespace n{n}\ncable veth to host:br{n} master v-net-0\naddress {addr}/16 dev veth\n\
             route default via 10.0.255.254"
        );
        let _ = writeln!(
            all,
            "netns add n{n}\nlink add br{n} master v-net-0 up type veth peer name veth netns n{n}"
        );
        let own = format!(
            "link set lo up\nlink set veth up\naddr add {addr}/16 dev veth\n\
             route add default via 10.0.255.254\n"
        );
        fs::write(format!("/tmp/room{n}"), own).expect("a file in the lab");
    }
    fs::write("/tmp/rooms.lab", lab).expect("a file in the lab");
    fs::write("/tmp/rooms", all).expect("a file in the lab");
}

/// One run of ours; nothing when it fails.
fn ms(words: &[&str]) -> Option<f64> {
    let (status, run) = run("/ours/ipbox", words);
    if !status.success() {
        println!("{} failed: {status}", words.join(" "));
    }
    status.success().then_some(run.ms)
}

/// The same network by the reference.
fn reference(count: usize) -> Option<f64> {
    let ip = theirs("ip");
    let start = Instant::now();
    let mut good = run(&ip, &["ip", "-batch", "/tmp/rooms"]).0.success();
    for n in 0..count {
        let (name, file) = (format!("n{n}"), format!("/tmp/room{n}"));
        good &= run(&ip, &["ip", "-n", &name, "-batch", &file]).0.success();
    }
    if !good {
        println!("the reference cannot build them here");
    }
    good.then(|| start.elapsed().as_secs_f64() * 1000.0)
}

/// Nothing is there, and the kernel has done with what was.
fn cleared() {
    let _ = run("/ours/ipbox", &["ipbox", "ip", "-all", "netns", "delete"]);
    let _ = run("/ours/ipbox", &["ipbox", "ip", "link", "delete", "v-net-0"]);
    let ports = || {
        let devices = fs::read_to_string("/proc/net/dev").unwrap_or_default();
        devices.lines().filter(|l| l.trim_start().starts_with("br")).count()
    };
    for _ in 0..600 {
        if ports() == 0 {
            return;
        }
        sleep(Duration::from_millis(100));
    }
}

/// A line of the table; whether the median keeps to the bar, in ms.
fn row(name: &str, ours: Vec<f64>, theirs: Vec<f64>, bar: f64) -> bool {
    let all = |times: Vec<f64>| sorted(times.into_iter());
    let (ours, theirs) = (all(ours), all(theirs));
    let Some(&median) = ours.get(ours.len().saturating_sub(1) / 2) else { return false };
    let other = theirs.get(theirs.len().saturating_sub(1) / 2);
    let held = median <= bar;
    println!(
        "{name:<34} {median:>7.0} ms {:>10}  {:>5} (min {:.0})  bar {bar:.0} ms  {}",
        other.map_or(String::new(), |t| format!("{t:.0} ms")),
        other.map_or(String::new(), |t| format!("{:.2}", median / t)),
        ours[0],
        if held { "held" } else { "MISSED" },
    );
    held
}
