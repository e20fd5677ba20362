//! Measures our program side by side with the reference tools: `benches/compare` starts it.
//!
//! **What is fair.** Each side is started as it would be on a machine on which it is installed.
//! Our program is a static file. The reference is Debian's binary as it comes in its package, in
//! a root directory made of the packages it needs, where its own loader is found at the place
//! written in the binary and its libraries through a cache made by `ldconfig`: no wrapper, no
//! `--library-path`, nothing patched. Both are started by the same small process, in the same root
//! directory and the same, empty namespaces (user, mount, network), with the same environment.
//!
//! **How.** Runs alternate, ours and theirs, and who is first alternates too; so what else the
//! machine does hits both. Measured is the wall time from before the start to after the end, with
//! output to /dev/null; the new process calls execve(2) and nothing before it (rows/process.rs). The ratio is the median of the ratios of pairs, the figures in brackets
//! are its 10th and 90th percentile; times are medians. Under `cpu` is the ratio of the time on
//! processors, which other work on the machine changes less. Peak memory is what wait4() says; it
//! counts at least what the starting process had, which is why that does not keep anything.
//!
//! **What is reachable.** Up to 7.1 iproute2 writes after each route (6.15: 1,000,001 writes);
//! 7.2 fills its buffer first. So `route show` has a row for the kernel's part alone, a dump that is
//! received and not looked at: no program can be faster, and against 7.2 that is more than the bar.
//!
//! The exit status is 0 when all bars are held against the testing suite's iproute2 (7.x); stable's
//! is measured too, for what it is: 6.x is slower at batches.
#![allow(unsafe_code)] // wait4, clone
#![allow(clippy::print_stdout)]

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{chdir, chroot, getgid, getuid};
use std::fs::{self, File};
use std::io::Read as _;
use std::os::fd::AsFd;
use std::os::unix::fs::symlink;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

#[path = "rows/iptables.rs"]
mod iptables;
#[path = "rows/lab.rs"]
mod lab;
#[path = "rows/process.rs"]
mod process;
#[path = "rows/tables.rs"]
mod tables;

const TMP: &str = env!("CARGO_TARGET_TMPDIR");

fn main() -> ExitCode {
    let mut held = true;
    let mut words = std::env::args().skip(1).filter(|a| a != "--bench");
    match (words.next().as_deref(), words.next()) {
        // The other side: one reference, in namespaces of its own.
        (Some("--in"), Some(dir)) => {
            held = measure(Path::new(&dir), &words.next().unwrap_or_default());
        }
        (Some("--kernel-alone"), what) => kernel_alone(what.as_deref() == Some("links")),
        (only, _) => {
            describe();
            let suites = std::env::var("BENCH_SUITES").unwrap_or("testing stable".into());
            for suite in suites.split_whitespace() {
                let name = if suite == "testing" { "reference-testing" } else { "reference" };
                let above = Path::new(TMP).ancestors().skip(1).take(2);
                let dir = above.map(|d| d.join(name)).find(|d| d.join("installed").exists());
                let dir = dir.expect("benches/compare installs the reference tools");
                let this = std::env::current_exe().expect("this program");
                let status = Command::new(this).arg("--in").arg(dir).args(only).status();
                held &= status.expect("it starts").success() || name == "reference";
            }
        }
    }
    ExitCode::from(u8::from(!held))
}

/// The machine, without its name.
fn describe() {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let cpu = cpuinfo.lines().find_map(|l| l.strip_prefix("model name")).unwrap_or("unknown");
    let virtual_machine = if cpuinfo.contains(" hypervisor") { ", virtual" } else { "" };
    let memory = read("/proc/meminfo");
    let memory = memory.lines().next().and_then(|l| l.split_whitespace().nth(1)).unwrap_or("0");
    println!(
        "{} x{}{virtual_machine}, {} GiB, Linux {}, load {}",
        cpu.trim_start_matches([' ', '\t', ':']),
        std::thread::available_parallelism().map_or(1, usize::from),
        memory.parse::<u64>().unwrap_or(0).div_ceil(1024 * 1024),
        read("/proc/sys/kernel/osrelease").trim(),
        read("/proc/loadavg").split(' ').next().unwrap_or_default(),
    );
    let size = fs::metadata(env!("CARGO_BIN_EXE_ipbox")).map_or(0, |m| m.len());
    println!("ipbox {}, {size} bytes", env!("CARGO_PKG_VERSION"));
}

/// What one run took.
struct Run {
    ms: f64,
    /// Of these, in the program itself.
    user: f64,
    /// On a processor, in the program and in the kernel; of all threads.
    cpu: f64,
    /// KiB
    peak: i64,
}

/// A command line and how to start it on either side.
struct Case {
    name: String,
    words: Vec<String>,
    /// At most so many times the reference's wall time.
    bar: f64,
    /// KiB that ours may use.
    memory: Option<i64>,
    /// At most so many times the reference's time in user mode.
    user: Option<f64>,
    /// Output goes to a reader, not to /dev/null.
    piped: bool,
    /// The reference may fail: after half a minute it gives up, when all is done.
    patient: bool,
}

fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).map_or(otherwise, |n| n.parse().expect("a number"))
}

/// All cases against one reference; whether all bars are held.
fn measure(reference: &Path, only: &str) -> bool {
    let mut held = true;
    enter(reference);
    let version = |program: &str, name: &str| {
        let out = Command::new(program).arg0(name).arg("-V").output().expect("it starts");
        String::from_utf8_lossy(&out.stdout).trim().to_string()
    };
    println!(
        "\nagainst {}; {}",
        version(&theirs("ip"), "ip"),
        version(&theirs("iptables"), "iptables")
    );
    println!(
        "{:<34} {:>10} {:>10}  {:>5} {:<14} {:>5}  {:>5}  {:>9} {:>9}",
        "", "ipbox", "reference", "ratio", "(10%-90%)", "bar", "cpu", "peak KiB", "theirs"
    );
    let case = |name: &str, line: &str, bar: f64, memory: Option<i64>| Case {
        name: name.into(),
        words: line.split(' ').map(Into::into).collect(),
        bar,
        memory,
        user: None,
        piped: false,
        patient: false,
    };
    let pairs = number("BENCH_PAIRS", 500);
    let wanted = |name: &str| name.starts_with(only);

    for (name, line, bar) in [
        ("start: ip link show lo", "ip link show lo", 0.20),
        ("start: ip addr", "ip addr", 0.20),
        ("start: ip route", "ip route", 0.20),
        ("start: ip netns", "ip netns", 0.20),
        ("start: ip -n NAME addr", "ip -n started addr", 0.20),
        ("start: iptables -S", "iptables -S", 0.20),
        ("start: iptables -C", "iptables -C INPUT -j ACCEPT", 0.20),
        ("start: iptables -A", "iptables -A OUTPUT -j ACCEPT", 0.20),
        // What each of the others costs; no more than the original is all that is asked.
        ("start: ip6tables -S", "ip6tables -S", 1.0),
        ("start: iptables-save", "iptables-save", 1.0),
        ("start: iptables-restore of nothing", "iptables-restore", 1.0),
        ("start: arp -n", "arp -n", 1.0),
        ("start: route -n", "route -n", 1.0),
        ("start: sysctl -n", "sysctl -n net.ipv4.ip_forward", 1.0),
        ("start: ping -c 1", "ping -c 1 127.0.0.1", 1.0),
    ] {
        if wanted(name) {
            // Without a table of routes yet, both end with 1.
            if name.ends_with("route -n") || name.ends_with("ping -c 1") {
                run(&theirs("ip"), &["ip", "link", "set", "lo", "up"]);
            }
            if name.ends_with("addr") {
                run(&theirs("ip"), &["ip", "netns", "add", "started"]);
            }
            if name.ends_with("-C") {
                run(&theirs("iptables"), &["iptables", "-A", "INPUT", "-j", "ACCEPT"]);
            }
            held &= compare(&case(name, line, bar, None), pairs, &|| {});
        }
    }
    if ["links", "pairs", "group"].iter().any(|name| name.starts_with(only)) {
        held &= links(only, &case);
    }
    held &= iptables::rows(only, &case);
    held &= lab::rows(only);
    held & tables::measure(only, &case)
}

/// Makes a case of its name, its command, its bar and the KiB it may use.
type Make<'a> = &'a dyn Fn(&str, &str, f64, Option<i64>) -> Case;

/// Devices: shown by the thousand, made and deleted by the hundred.
fn links(only: &str, case: Make<'_>) -> bool {
    let mut held = true;
    let pairs = number("BENCH_LINK_PAIRS", 15);
    let ip = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        run(&theirs("ip"), &words).0.success()
    };
    let batch = |file: &str, lines: &dyn Fn(usize) -> String, count: usize| {
        let text: String = (0..count).map(lines).collect();
        fs::write(file, text).expect("a file in the lab");
    };
    // Directly in their namespaces, so that what is there does not matter to the rest.
    if "pairs".starts_with(only) {
        batch(
            "/tmp/pairs",
            &|n| format!("link add a{n} netns A type veth peer name b{n} netns B\n"),
            200,
        );
        let before = || {
            let _ = ip("ip netns del A");
            let _ = ip("ip netns del B");
            // The kernel takes the devices of the last ones away by and by.
            sleep(Duration::from_millis(300));
            assert!(ip("ip netns add A") && ip("ip netns add B"));
        };
        let case = case("pairs: 200 in their namespaces", "ip -batch /tmp/pairs", 1.0, None);
        held &= compare(&case, pairs, &before);
        let _ = ip("ip netns del A") && ip("ip netns del B");
    }
    if "group".starts_with(only) {
        batch(
            "/tmp/group",
            &|n| format!("link add g{n} group 7 type veth peer name h{n} group 7\n"),
            100,
        );
        let before = || {
            assert!(ip("ip -batch /tmp/group"));
            sleep(Duration::from_millis(100));
        };
        let case = case("group: delete 200", "ip link delete group 7", 1.0, None);
        held &= compare(&case, pairs, &before);
    }
    if "links".starts_with(only) {
        let count = number("BENCH_LINKS", 4000);
        batch(
            "/tmp/links",
            &|n| format!("link add many{n} type veth peer name more{n}\n"),
            count / 2,
        );
        assert!(ip("ip -batch /tmp/links"));
        for line in ["ip link", "ip -d link", "ip -j link", "ip addr"] {
            let name = format!("links, {count}: {line}");
            let case = Case { user: Some(0.5), ..case(&name, line, 0.80, None) };
            held &= compare(&case, pairs, &|| {});
        }
        floor("links", "ip link", pairs);
    }
    held
}

/// What any program must take: the dump received and not looked at, against the reference.
fn floor(what: &str, line: &str, pairs: usize) {
    let alone = ["compare", "--kernel-alone", what];
    beside("  the kernel's part alone", "/proc/self/exe", &alone, line, pairs);
}

/// Another program, against the reference; there is no bar.
fn beside(title: &str, program: &str, args: &[&str], line: &str, pairs: usize) {
    let words: Vec<&str> = line.split(' ').collect();
    let (mut ours, mut others) = (Vec::new(), Vec::new());
    for _ in 0..pairs {
        ours.push(run(program, args).1.ms);
        others.push(run(&theirs("ip"), &words).1.ms);
    }
    let ratios = sorted(ours.iter().zip(&others).map(|(a, b)| a / b));
    println!(
        "{title:<34} {:>7.2} ms {:>10}  {:>5.2} ({:.2}-{:.2})",
        sorted(ours.into_iter())[(pairs - 1) / 2],
        "",
        ratios[(pairs - 1) / 2],
        ratios[(pairs - 1) / 10],
        ratios[(pairs - 1) * 9 / 10],
    );
}

/// Asks for all routes, or devices, and throws the answer away.
fn kernel_alone(links: bool) {
    use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
    let mut socket = Socket::new(NETLINK_ROUTE).expect("a socket");
    socket.bind_auto().expect("an address");
    socket.connect(&SocketAddr::new(0, 0)).expect("the kernel");
    // With the kernel's own selection, without which it looks for more than it tells.
    let _ = socket.set_netlink_get_strict_chk(true);
    // struct nlmsghdr: RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP; struct rtmsg: AF_INET;
    // RTA_TABLE: RT_TABLE_MAIN
    let mut request = vec![0; 28];
    request[..8].copy_from_slice(&[36, 0, 0, 0, 26, 0, 1, 3]);
    request[16] = 2;
    if !links {
        request.extend([8, 0, 15, 0, 254, 0, 0, 0]);
    } else {
        // RTM_GETLINK; struct ifinfomsg; IFLA_EXT_MASK: VF | SKIP_STATS, as without -s
        request[16] = 0;
        request.resize(32, 0);
        request.extend([8, 0, 29, 0, 9, 0, 0, 0]);
        (request[0], request[4]) = (40, 18);
    }
    socket.send(&request, 0).expect("sent");
    let mut buffer = vec![0; 32 * 1024];
    loop {
        let received = socket.recv(&mut &mut buffer[..], 0).expect("an answer");
        // NLMSG_DONE, 20 bytes, ends the last datagram.
        if received < 20 || buffer[received - 20..received - 14] == [20, 0, 0, 0, 3, 0] {
            break;
        }
    }
}

/// A fresh device: the routes over the old one go with it.
fn empty_table() {
    let ip = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        run(&theirs("ip"), &words).0.success()
    };
    let _ = ip("ip link del v0");
    assert!(ip("ip link add v0 type veth peer name v1"));
    assert!(ip("ip addr add 10.0.0.1/24 dev v0") && ip("ip link set v0 up"));
}

/// Alternating runs; one line of the table; whether the bar is held.
fn compare(case: &Case, pairs: usize, before: &dyn Fn()) -> bool {
    let words: Vec<&str> = case.words.iter().map(String::as_str).collect();
    let other = theirs(words[0]);
    let mut all = [Vec::new(), Vec::new()];
    // The first of each fills caches.
    let warm = usize::from(pairs > 20);
    for n in 0..pairs + warm {
        let mut pair = [None, None];
        for side in if n % 2 == 0 { [0, 1] } else { [1, 0] } {
            before();
            let (status, run) =
                run_to(if side == 0 { "/ours/ipbox" } else { &other }, &words, case.piped);
            if !(status.success() || case.patient && side == 1) {
                println!("{:<34} {} failed: {status}", case.name, ["ipbox", "reference"][side]);
                return false;
            }
            pair[side] = Some(run);
        }
        if n >= warm {
            for (runs, run) in all.iter_mut().zip(pair) {
                runs.extend(run);
            }
        }
    }
    let [ours, theirs] = all;
    let ratios = sorted(ours.iter().zip(&theirs).map(|(a, b)| a.ms / b.ms));
    let at = |percent: usize| ratios[(ratios.len() - 1) * percent / 100];
    let median = |runs: &[Run]| sorted(runs.iter().map(|r| r.ms))[(runs.len() - 1) / 2];
    let peak = |runs: &[Run]| runs.iter().map(|r| r.peak).max().unwrap_or(0);
    // Single runs are too short for the kernel's clock.
    let user = |runs: &[Run]| runs.iter().map(|r| r.user).sum::<f64>();
    let user = user(&ours) / user(&theirs);
    let cpu = |runs: &[Run]| runs.iter().map(|r| r.cpu).sum::<f64>();
    let cpu = cpu(&ours) / cpu(&theirs);
    let held = at(50) <= case.bar
        && case.memory.is_none_or(|m| peak(&ours) < m)
        && case.user.is_none_or(|bar| user <= bar);
    println!(
        "{:<34} {:>7.2} ms {:>7.2} ms  {:>5.2} {:<14} {:>5.2}  {cpu:>5.2}  {:>9} {:>9}  {}{}",
        case.name,
        median(&ours),
        median(&theirs),
        at(50),
        format!("({:.2}-{:.2})", at(10), at(90)),
        case.bar,
        peak(&ours),
        peak(&theirs),
        case.user.map_or(String::new(), |bar| format!("user {user:.2} (bar {bar:.2})  ")),
        if held { "held" } else { "MISSED" },
    );
    held
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// Runs a command to its end, its output unread.
fn run(program: &str, words: &[&str]) -> (ExitStatus, Run) {
    run_to(program, words, false)
}

fn run_to(program: &str, words: &[&str], piped: bool) -> (ExitStatus, Run) {
    let program = process::Program::new(program, words);
    let pipe = piped.then(|| process::pipe().expect("a pipe"));
    let (output, write) = pipe.unzip();
    let standard = process::Standard::replace(write.as_ref().map(AsFd::as_fd)).expect("/dev/null");
    drop(write);
    let start = Instant::now();
    let pid = program.start().expect("it starts");
    if let Some(mut output) = output {
        // Its writing end is among them.
        standard.restore().expect("they were there");
        let mut buffer = [0; 64 * 1024];
        while output.read(&mut buffer).is_ok_and(|n| n > 0) {}
        return ended(pid, start);
    }
    let ended = ended(pid, start);
    standard.restore().expect("they were there");
    ended
}

/// Waits for the end of a process.
fn ended(pid: libc::pid_t, start: Instant) -> (ExitStatus, Run) {
    let mut status = 0;
    // SAFETY: plain numbers, for which zero is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: waits for the child just made; both places outlive the call.
    let done = unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) };
    let ms = start.elapsed().as_secs_f64() * 1000.0;
    assert_eq!(done, pid);
    // Microseconds fit.
    #[allow(clippy::cast_precision_loss)]
    let spent = |t: libc::timeval| t.tv_sec as f64 * 1000.0 + t.tv_usec as f64 / 1000.0;
    let user = spent(usage.ru_utime);
    let cpu = user + spent(usage.ru_stime);
    let status = ExitStatus::from_raw(status);
    assert_ne!(status.code(), Some(127), "it cannot be executed");
    (status, Run { ms, user, cpu, peak: usage.ru_maxrss })
}

/// The reference's program, by its name.
fn theirs(name: &str) -> String {
    let file = if name.starts_with("ip") && name != "ip" { "xtables-nft-multi" } else { name };
    let dirs = ["/usr/sbin", "/usr/bin"];
    let path = dirs.iter().map(|d| format!("{d}/{file}")).find(|f| Path::new(f).exists());
    path.expect("the packages hold it")
}

/// Moves into namespaces of its own and a root directory made of the reference's packages.
fn enter(reference: &Path) {
    let none = None::<&str>;
    let bind = MsFlags::MS_BIND | MsFlags::MS_REC;
    let (uid, gid) = (getuid(), getgid());
    let mut new = CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWNET;
    // Root keeps what it may: the reference needs it for large files of rules.
    let root = uid.is_root();
    new.set(CloneFlags::CLONE_NEWUSER, !root);
    unshare(new).expect("namespaces of its own are allowed to this user");
    if !root {
        fs::write("/proc/self/setgroups", "deny").expect("allowed");
        fs::write("/proc/self/uid_map", format!("0 {uid} 1")).expect("allowed");
        fs::write("/proc/self/gid_map", format!("0 {gid} 1")).expect("allowed");
    }
    let root = PathBuf::from(TMP).join("bench-root");
    fs::create_dir_all(&root).expect("target/tmp can be written");
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).expect("allowed");
    mount(Some("lab"), &root, Some("tmpfs"), MsFlags::empty(), none).expect("allowed");
    for dir in ["usr", "etc", "proc", "dev", "run", "sys", "var", "tmp", "ours"] {
        fs::create_dir(root.join(dir)).expect("a fresh root");
    }
    for dir in ["lib", "lib64", "bin", "sbin"] {
        symlink(Path::new("usr").join(dir), root.join(dir)).expect("a fresh root");
    }
    symlink("/run", root.join("var/run")).expect("a fresh root");
    // What is installed has been copied, and lies in larger pieces of the kernel's memory than what
    // a linker has just written.
    let installed = PathBuf::from(TMP).join("installed-ipbox");
    fs::copy(env!("CARGO_BIN_EXE_ipbox"), &installed).expect("target/tmp can be written");
    let mut binds = vec![
        (reference.join("root/usr"), "usr"),
        ("/proc".into(), "proc"),
        ("/dev".into(), "dev"),
        (installed, "ours/ipbox"),
    ];
    File::create(root.join("ours/ipbox")).expect("a fresh root");
    // That of the emulated kernel's machine, if it has been fetched.
    let above = Path::new(TMP).ancestors().skip(1).take(2);
    let places = above.map(|d| d.join("kernel/root/usr/bin/busybox"));
    if let Some(busybox) = places.into_iter().find(|file| file.exists()) {
        File::create(root.join("ours/busybox")).expect("a fresh root");
        binds.push((busybox, "ours/busybox"));
    }
    // Files that a machine has, and both may read.
    for (name, at) in [("services", "etc/services"), ("protocols", "etc/protocols")] {
        File::create(root.join(at)).expect("a fresh root");
        binds.push((reference.join("root/etc").join(name), at));
    }
    for (from, at) in binds {
        mount(Some(&from), &root.join(at), none, bind, none)
            .unwrap_or_else(|e| panic!("{}: {e}", from.display()));
    }
    let libraries = fs::read_dir(root.join("usr/lib")).expect("libraries").flatten();
    let triples = libraries.filter(|e| e.path().join("libc.so.6").exists());
    let lines: Vec<String> =
        triples.map(|e| format!("/usr/lib/{}\n", e.file_name().display())).collect();
    fs::write(root.join("etc/ld.so.conf"), lines.concat()).expect("a fresh root");
    let made = ["/sbin/ldconfig", "/usr/sbin/ldconfig"].iter().any(|ldconfig| {
        Command::new(ldconfig)
            .arg("-r")
            .arg(&root)
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success())
    });
    assert!(made && root.join("etc/ld.so.cache").exists(), "ldconfig makes no cache");
    chroot(&root).expect("allowed");
    chdir("/").expect("allowed");
}
