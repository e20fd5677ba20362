//! Tables of addresses, routes and neighbours: shown, filled and emptied.

use super::{Case, Make, beside, compare, empty_table, floor, number, run, theirs};
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// Fills a file with the lines of a batch. Buffers of this process would count as the peak memory
/// of what it starts: they are gone afterwards.
fn lines(file: &str, count: usize, line: &dyn Fn(usize) -> String) {
    let mut file = BufWriter::new(File::create(file).expect("a file in the lab"));
    for n in 0..count {
        writeln!(file, "{}", line(n)).expect("space");
    }
    file.flush().expect("space");
}

fn ip(line: &str) {
    let words: Vec<&str> = line.split(' ').collect();
    assert!(run(&theirs("ip"), &words).0.success(), "{line}");
}

/// Consecutive /24.
fn consecutive(n: usize) -> String {
    let (a, b, c) = (11 + (n >> 16), (n >> 8) & 255, n & 255);
    format!("route add {a}.{b}.{c}.0/24 via 10.0.0.2 dev v0")
}

/// Lengths as in a table of the internet, most of them /24, at places without an order: each
/// number below 2^20 comes once, and each length has its own part of the addresses.
fn mixed(n: usize) -> String {
    let place = n.wrapping_mul(0x9_e377).wrapping_add(12_345) & 0xf_ffff;
    let len = [24, 24, 24, 22, 24, 23, 24, 20, 24, 21, 24, 19, 24, 22, 23, 32][n & 15];
    let addr = (place << 12 >> (32 - len) << (32 - len)) + (32 << 24);
    let [.., a, b, c, d] = addr.to_be_bytes();
    format!("route append {a}.{b}.{c}.{d}/{len} via 10.0.0.2 dev v0 metric {}", 1 + (n & 15))
}

pub fn measure(only: &str, case: Make<'_>) -> bool {
    let mut held = true;
    let wanted = |name: &str| name.starts_with(only);
    let pairs = number("BENCH_TABLE_PAIRS", 15);
    let big = number("BENCH_BIG_PAIRS", 5);
    let routes = number("BENCH_ROUTES", 1_000_000);
    if wanted("addr") {
        lines("/tmp/addrs", 10_000, &|n| format!("addr add 10.9.{}.{}/32 dev v0", n >> 8, n & 255));
        empty_table();
        ip("ip -batch /tmp/addrs");
        for line in ["ip addr show", "ip -j addr show"] {
            let name = format!("addr, 10000 addresses: {line}");
            held &= compare(&case(&name, line, 0.6, None), pairs, &|| {});
        }
    }
    if wanted("neigh") {
        let line = |n: usize| {
            let (a, b) = (n >> 8, n & 255);
            format!("neigh add 10.9.{a}.{b} lladdr 02:00:00:00:{a:02x}:{b:02x} dev v0")
        };
        lines("/tmp/neighs", 50_000, &line);
        empty_table();
        ip("ip -batch /tmp/neighs");
        for line in ["ip neigh show", "ip -j neigh show"] {
            let name = format!("neigh, 50000 entries: {line}");
            held &= compare(&case(&name, line, 0.5, None), pairs, &|| {});
        }
    }
    if ["route", "batch", "flush", "force"].iter().any(|name| wanted(name)) {
        lines("/tmp/routes", routes, &consecutive);
    }
    if wanted("route") {
        empty_table();
        ip("ip -batch /tmp/routes");
        for (line, bar) in [("ip route show", 0.33), ("ip -j route show", 0.35)] {
            let name = format!("route, {routes} routes: {line}");
            held &= compare(&case(&name, line, bar, Some(8 * 1024)), big, &|| {});
            let piped = Case { piped: true, ..case("  the same, into a pipe", line, bar, None) };
            held &= compare(&piped, big, &|| {});
        }
        if Path::new("/ours/busybox").exists() {
            let words = ["busybox", "ip", "route", "show"];
            beside("  busybox", "/ours/busybox", &words, "ip route show", big);
        }
        floor("routes", "ip route show", big);
    }
    let name = format!("batch, {routes} route add");
    if wanted(&name) {
        held &= compare(&case(&name, "ip -batch /tmp/routes", 0.78, None), big, &empty_table);
    }
    let name = format!("force, {routes} route add");
    if wanted(&name) {
        let case = case(&name, "ip -force -batch /tmp/routes", 0.58, None);
        held &= compare(&case, big, &empty_table);
    }
    if wanted("flush") {
        lines("/tmp/mixed", routes, &mixed);
        for (name, file, bar) in [("/24 in a row", "routes", 0.12), ("mixed", "mixed", 0.45)] {
            let name = format!("flush, {routes} {name}");
            let before = || {
                empty_table();
                ip(&format!("ip -force -batch /tmp/{file}"));
            };
            let pairs = number("BENCH_FLUSH_PAIRS", 3);
            let case = case(&name, "ip route flush table main", bar, None);
            held &= compare(&Case { patient: true, ..case }, pairs, &before);
        }
    }
    if wanted("monitor") {
        held &= monitor();
    }
    held
}

/// Whether nothing is lost without a word while routes come as fast as they can.
fn monitor() -> bool {
    let count = number("BENCH_MONITORED", 200_000);
    lines("/tmp/monitored", count, &consecutive);
    empty_table();
    let (out, err) = ("/tmp/monitor.out", "/tmp/monitor.err");
    let mut command = Command::new("/ours/ipbox");
    command.args(["ip", "monitor", "route"]).stdin(Stdio::null());
    command.stdout(File::create(out).expect("space")).stderr(File::create(err).expect("space"));
    let mut child = command.spawn().expect("it starts");
    sleep(Duration::from_millis(500));
    ip("ip -batch /tmp/monitored");
    // It is behind by what it has not read yet.
    let heard = || fs::read(out).map_or(0, |text| text.split(|&b| b == b'\n').count() - 1);
    let mut before = 0;
    loop {
        sleep(Duration::from_secs(1));
        let now = heard();
        if now == before {
            break;
        }
        before = now;
    }
    let _ = child.kill();
    let _ = child.wait();
    let said = fs::read_to_string(err).unwrap_or_default();
    let held = before == count || !said.is_empty();
    let verdict = if held { "held" } else { "MISSED" };
    let said = said.lines().next().unwrap_or("nothing was lost");
    println!("{:<34} {before} of {count}; {said}  {verdict}", "monitor");
    held
}
