//! `ipbox doctor`: each break has its finding, what is printed mends it, healthy networks have
//! none, and the verdict on a flow is what becomes of a real packet.
//!
//! The networks lie in tests/doctor: tutorial.sh, breaks.txt, healthy.txt, healthy-vm.txt. `DOCTOR=D13` in the
//! environment runs the breaks of one rule, or the healthy networks with that in their title.
#![allow(clippy::unwrap_used)] // a test may

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::lab::{Lab, OURS, reference};

pub const DIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctor");

/// What a script prints in a lab; our tools come first, the reference's `nft` behind them.
pub fn in_lab(script: &str) -> String {
    let path = format!("/usr/bin:/bin:/usr/sbin:/sbin:{}", reference().join("bin").display());
    // No run of a lab takes longer, unless it hangs; an emulated machine is slow.
    let longest = if std::env::var_os("VM").is_some() { "900" } else { "600" };
    let mut lab = Command::new("timeout");
    lab.args(["-s", "KILL", longest, OURS, "lab", "--", "sh", "-c", script]);
    let out = lab.env_clear().env("PATH", path).stdin(Stdio::null()).output().unwrap();
    let (stdout, stderr) =
        (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    format!("{stdout}{stderr}")
}

/// Lines of `key: value` under a head of `== `.
struct Block {
    head: String,
    lines: Vec<(String, String)>,
}

impl Block {
    fn get(&self, key: &str) -> Option<&str> {
        self.lines.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }
    fn all(&self, key: &str) -> impl Iterator<Item = &str> {
        self.lines.iter().filter(move |(k, _)| k == key).map(|(_, v)| v.as_str())
    }
}

fn blocks(file: &str) -> Vec<Block> {
    let text = std::fs::read_to_string(Path::new(DIR).join(file)).unwrap();
    let mut all: Vec<Block> = Vec::new();
    for line in text.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        if let Some(head) = line.strip_prefix("== ") {
            all.push(Block { head: head.to_owned(), lines: Vec::new() });
        } else {
            let (key, value) = line.split_once(':').unwrap_or_else(|| panic!("{file}: {line}"));
            let block = all.last_mut().expect("a head comes first");
            block.lines.push((key.to_owned(), value.trim().to_owned()));
        }
    }
    let wanted = std::env::var("DOCTOR").unwrap_or_default();
    all.retain(|b| {
        wanted.is_empty() || b.head.split(' ').next() == Some(&wanted) || b.head.contains(&wanted)
    });
    all
}

/// Runs `each` for all numbers below `count`, two at a time; what they complain of.
fn two_at_a_time(count: usize, each: impl Fn(usize) -> Option<String> + Sync) -> Vec<String> {
    let (next, complaints) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= count {
                        return;
                    }
                    if let Some(complaint) = each(n) {
                        complaints.lock().unwrap().push(complaint);
                    }
                }
            });
        }
    });
    complaints.into_inner().unwrap()
}

/// Shell lines that wait until the states of all devices have come to rest: the kernel says a
/// moment later that a cable is plugged in. `settle N`: a device without its carrier is waited for
/// N times a fifth of a second.
const SETTLE: &str = "look() { ip -br link; ip -all netns exec ip -br link; }
    settle() {
        a=; n=0
        until b=$(look); [ \"$a\" = \"$b\" ] && { [ $n -ge $1 ] || case $b in *LOWERLAYERDOWN*) false;; esac; } ||
            [ $n = 200 ]; do a=$b; n=$((n + 1)); sleep 0.2; done
    }";

/// The rules that are named in what the doctor has printed.
pub fn rules(text: &str) -> Vec<&str> {
    let mut all = Vec::new();
    for line in text.lines() {
        if let Some((rule, _)) = line.split_once("  ")
            && let Some(number) = rule.strip_prefix('D')
            && number.parse::<u32>().is_ok()
        {
            all.push(rule);
        }
    }
    all
}

#[test]
fn each_break_has_its_finding_and_what_is_printed_mends_it() {
    let breaks = blocks("breaks.txt");
    assert!(!breaks.is_empty());
    let wrong = two_at_a_time(breaks.len(), |n| {
        let b = &breaks[n];
        let (rule, _) = b.head.split_once(' ').unwrap();
        let (ask, check) = (b.get("ask").unwrap_or(""), b.get("check").unwrap());
        let left = b.get("left").unwrap_or(ask);
        let script = format!(
            ". {DIR}/tutorial.sh
            ({}) >/dev/null 2>&1
            {{ {check}; }} >/dev/null 2>&1; echo \"BEFORE $?\"
            ipbox doctor {ask} >/run/out 2>&1; echo \"DOCTOR $?\"
            cat /run/out
            sed -n 's/^    [$] //p' /run/out >/run/fix
            while IFS= read -r line; do
                sh -c \"$line\" </dev/null >/run/said 2>&1 || {{ echo \"FAILED $line\"; cat /run/said; }}
            done </run/fix
            # The kernel says a moment later that a cable is plugged in.
            n=0; until {{ {check}; }} >/dev/null 2>&1 || [ $n = 60 ]; do sleep 0.1; n=$((n + 1)); done
            {{ {check}; }} >/dev/null 2>&1; echo \"AFTER $?\"
            ipbox doctor {left} 2>&1; echo \"AGAIN $?\"",
            b.get("break").unwrap()
        );
        let said = in_lab(&script);
        let has = |line: &str| said.lines().any(|l| l == line);
        let found = rules(said.split("AFTER ").next().unwrap());
        let again = rules(said.split("AFTER ").nth(1).unwrap_or("D0  "));
        let was_broken = b.get("still").is_some() || !has("BEFORE 0");
        let right = found == [rule]
            && again.is_empty()
            && was_broken
            && has("AFTER 0")
            && has("AGAIN 0")
            && !said.contains("FAILED ");
        (!right).then(|| format!("== {}: {found:?}, then {again:?}\n{said}", b.head))
    });
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), breaks.len(), wrong.join("\n"));
}

#[test]
fn healthy_networks_have_no_finding_and_forward() {
    are_healthy("healthy.txt");
}

#[test]
#[ignore = "needs another kernel: tests/vm/run.sh"]
fn healthy_networks_of_another_kernel_have_no_finding() {
    assert!(std::env::var_os("VM").is_some(), "only in a machine of its own");
    are_healthy("healthy-vm.txt");
}

/// No finding, each flow is said to pass, and does.
fn are_healthy(file: &str) {
    let nets = blocks(file);
    assert!(!nets.is_empty());
    let wrong = two_at_a_time(nets.len(), |n| {
        let b = &nets[n];
        let mut script = format!("set -e\ntutorial() {{ . {DIR}/tutorial.sh; }}\n");
        for file in b.all("file") {
            let (path, text) = file.split_once(' ').unwrap();
            writeln!(script, "cat >>{path} <<'END'\n{text}\nEND").unwrap();
        }
        writeln!(script, "{}\nset +e\n{SETTLE}\nsettle 100", b.get("net").unwrap()).unwrap();
        script.push_str("ipbox doctor; echo \"DOCTOR $?\"\n");
        let mut flows = 0;
        for flow in b.all("flow") {
            let (words, command) = flow.split_once(" = ").unwrap();
            flows += 1;
            writeln!(
                script,
                "ipbox doctor {words}; echo \"DOCTOR $?\"
                {{ {command}; }} >/run/said 2>&1; s=$?; [ $s = 0 ] || cat /run/said; echo \"REAL $s\""
            )
            .unwrap();
        }
        let said = in_lab(&script);
        let count = |line: &str| said.lines().filter(|l| *l == line).count();
        // That a server does not see who asks is a note.
        let found = rules(&said).into_iter().filter(|r| *r != "D28").count();
        let right = count("DOCTOR 0") == flows + 1
            && count("REAL 0") == flows
            && found == 0
            && !said.contains("not certain");
        (!right).then(|| format!("== {}\n{said}", b.head))
    });
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), nets.len(), wrong.join("\n"));
}

#[test]
fn fix_runs_what_is_printed() {
    let said = in_lab(&format!(
        ". {DIR}/tutorial.sh
        ip -n red link set veth-red down
        ip addr del 192.168.15.5/24 dev v-net-0
        sysctl -qw net.ipv4.ip_forward=0
        ipbox doctor --fix </dev/null; echo \"STATUS $?\"
        ipbox doctor --fix --yes red 8.8.8.8; echo \"STATUS $?\"
        ipbox doctor --fix --yes; echo \"STATUS $?\"
        ip netns exec red ping -c1 -W1 8.8.8.8 >/dev/null; echo \"STATUS $?\""
    ));
    let status: Vec<_> = said.lines().filter_map(|l| l.strip_prefix("STATUS ")).collect();
    // Nobody was there to answer, so nothing was changed.
    assert_eq!(status, ["2", "0", "0", "0"], "{said}");
    for rule in ["D6  ", "D12  ", "D19  "] {
        assert!(said.contains(rule), "{rule}\n{said}");
    }
}

/// A container names its own devices, and whoever mends its network is root outside.
#[test]
fn a_name_is_a_name_and_no_command() {
    let lab = Lab::new();
    let out = lab.run_sh(
        "cd /tmp; evil='x;touch${IFS}a'
        ip netns add red
        ip link add \"$evil\" type veth peer name there netns red
        ip addr add 10.5.0.1/24 dev \"$evil\"; ip link set lo up
        ip -n red link set there up; ip -n red addr add 10.5.0.2/24 dev there; ip -n red link set lo up
        ipbox doctor; ipbox doctor --fix --yes >/dev/null; ls; ip -br link show up",
    );
    let text = out.out();
    assert!(text.contains("$ ip link set 'x;touch${IFS}a' up\n"), "{out}");
    assert!(!text.lines().any(|line| line == "a"), "{out}");
    assert!(text.contains("x;touch${IFS}a@"), "{out}");
}

#[test]
fn the_status_says_what_was_found() {
    let said = in_lab(&format!(
        ". {DIR}/tutorial.sh
        for words in '' 'red blue' 'blue 8.8.8.8' 'green' 'veth-red' 'red 192.168.77.1' 'red orange:81' \
                '--no-such' 'red blue 3' 'red 1.2.3.4:99999' 'red 1.2.3.4/tcp' 'red 1.2.3.4:5/xyz' \
                '192.168.77.1 blue' '-j' '-jp red blue' '--probe red blue' '--probe red orange:81' '--help'; do
            ipbox doctor $words >/run/out 2>&1; echo \"$? $words\"
        done"
    ));
    let expected = "0 \n0 red blue\n0 blue 8.8.8.8\n0 green\n0 veth-red\n1 red 192.168.77.1\n1 red orange:81\n\
        2 --no-such\n2 red blue 3\n2 red 1.2.3.4:99999\n2 red 1.2.3.4/tcp\n2 red 1.2.3.4:5/xyz\n\
        1 192.168.77.1 blue\n0 -j\n0 -jp red blue\n0 --probe red blue\n1 --probe red orange:81\n0 --help\n";
    assert_eq!(said, expected);
}

#[test]
fn an_address_that_nobody_has_is_no_name() {
    let said = in_lab(&format!(
        ". {DIR}/tutorial.sh
        for n in $(seq 30); do ip netns add room$n; done
        ipbox doctor 192.168.77.1 blue
        ipbox doctor nowhere"
    ));
    let (first, second) = said.split_once("\nD3").unwrap_or_else(|| panic!("{said}"));
    assert!(first.contains("nobody who can be seen here has the address 192.168.77.1"), "{said}");
    assert!(!first.contains("    $ ") && second.contains(" and 14 more\n"), "{said}");
}

/// A network in two places: another one for the rooms is what mends it.
#[test]
fn a_network_in_two_places_is_told() {
    let said = in_lab(&format!(
        ". {DIR}/tutorial.sh
        ip link add lan9 type veth peer name far9
        ip addr add 192.168.15.77/24 dev lan9
        ip link set lan9 up; ip link set far9 up
        ipbox doctor; echo \"STATUS $?\"
        ip addr del 192.168.15.77/24 dev lan9
        ip addr add 192.168.16.77/24 dev lan9
        ipbox doctor; echo \"STATUS $?\""
    ));
    assert_eq!(rules(&said), ["D44"], "{said}");
    assert!(said.contains("STATUS 1") && said.ends_with("STATUS 0\n"), "{said}");
}

/// The machine's own /etc stays out of it.
#[test]
fn a_name_server_on_the_hosts_loopback_is_no_use_in_a_room() {
    let said = in_lab(&format!(
        ". {DIR}/tutorial.sh
        mkdir /run/etc; mount --bind /run/etc /etc
        echo nameserver 127.0.0.53 >/etc/resolv.conf
        ipbox doctor blue example.com >/run/out; echo \"STATUS $?\"
        cat /run/out
        ip netns exec blue cat /etc/resolv.conf
        sed -n 's/^    [$] //p' /run/out >/run/fix; sh -e /run/fix; echo \"MENDED $?\"
        ip netns exec blue cat /etc/resolv.conf
        ipbox doctor blue example.com"
    ));
    let (before, after) = said.split_once("MENDED 0\n").unwrap_or_else(|| panic!("{said}"));
    assert_eq!(rules(before), ["D39"], "{said}");
    assert!(before.contains("STATUS 1") && before.ends_with("nameserver 127.0.0.53\n"), "{said}");
    assert!(after.starts_with("nameserver 1.1.1.1\n"), "{said}");
    assert!(!after.contains("127.0.0.53") && !after.contains("    $ "), "{said}");
}

/// What services say of themselves below /run, and the programs that they are told with.
#[test]
fn a_service_that_manages_cables_is_told_and_leaves_them_alone() {
    let said = in_lab(&format!(
        ". {DIR}/tutorial.sh
        mkdir /run/etc; mount --bind /run/etc /etc
        mkdir -p /run/NetworkManager/devices /run/systemd/netif/links
        number() {{ cat /sys/class/net/$1/ifindex; }}
        cat >/run/ipbox/bin/nmcli <<'END'
#!/bin/sh
[ \"$1 $2 $4 $5\" = 'device set managed no' ] || exit 9
echo managed=false >/run/NetworkManager/devices/$(cat /sys/class/net/$3/ifindex)
END
        cat >/run/ipbox/bin/networkctl <<'END'
#!/bin/sh
[ $1 = reload ] || exit 9
for name in $(sed -n 's/^Name=//p' /etc/systemd/network/*.network); do
    echo ADMIN_STATE=unmanaged >/run/systemd/netif/links/$(cat /sys/class/net/$name/ifindex)
done
END
        chmod 755 /run/ipbox/bin/nmcli /run/ipbox/bin/networkctl
        # What is not ours to judge: hardware, and a bridge without rooms.
        ip link add virbr0 type bridge
        for d in eth0 virbr0; do
            echo managed=true >/run/NetworkManager/devices/$(number $d)
            echo ADMIN_STATE=configured >/run/systemd/netif/links/$(number $d)
        done
        ipbox doctor; echo \"STATUS $?\"
        printf '[device]\\nmanaged=true\\n' >/run/NetworkManager/devices/$(number veth-red-br)
        echo managed=true >/run/NetworkManager/devices/$(number v-net-0)
        echo ADMIN_STATE=configuring >/run/systemd/netif/links/$(number veth-blue-br)
        ipbox doctor >/run/out; echo \"STATUS $?\"
        cat /run/out
        sed -n 's/^    [$] //p' /run/out >/run/fix; sh -e /run/fix; echo \"MENDED $?\"
        cat /etc/NetworkManager/conf.d/*.conf /etc/systemd/network/*.network
        ipbox doctor; echo \"STATUS $?\""
    ));
    let (before, after) = said.split_once("MENDED 0\n").unwrap_or_else(|| panic!("{said}"));
    let healthy = "nothing wrong: ";
    assert!(before.starts_with(healthy), "{said}");
    // Notes: nothing is stopped by it.
    assert_eq!((rules(before), before.matches("STATUS 0").count()), (vec!["D38"; 2], 2), "{said}");
    for who in
        ["NetworkManager manages v-net-0, veth-red-br", "systemd-networkd manages veth-blue-br"]
    {
        assert!(before.contains(who), "{who}\n{said}");
    }
    assert_eq!(
        after.split(healthy).next(),
        Some(
            "[keyfile]\nunmanaged-devices+=interface-name:v-net-0\n\
             [keyfile]\nunmanaged-devices+=interface-name:veth-red-br\n\
             [Match]\nName=veth-blue-br\n[Link]\nUnmanaged=yes\n"
        ),
        "{said}"
    );
    assert!(after.ends_with("STATUS 0\n") && rules(after).is_empty(), "{said}");
}

/// D16 and D31 to D33 are told by ip and iptables themselves, and what they say is right.
#[test]
fn what_is_said_of_a_line_with_a_slip_mends_it() {
    let said = in_lab(&format!(
        ". {DIR}/tutorial.sh
        ip -n blue route del default
        said() {{ script -qec \"$*\" /dev/null </dev/null | tr -d '\\r'; }}
        said ip netns blue ip route add default via 192.168.15.5
        line=$(said ip netns blue ip route add default via 192.168.15.5 |
            sed -n 's/^hint: did you mean \"\\([^\"]*\\)\".*/\\1/p')
        $line; echo \"D16 $?\"
        ip netns exec blue ping -c1 -W1 8.8.8.8 >/dev/null; echo \"REAL $?\"
        said iptables -t nat -A PREROUTING --dport 81 -j DNAT --to-destination 192.168.15.2:80
        iptables -t nat -A PREROUTING -p tcp --dport 81 -j DNAT --to-destination 192.168.15.2:80; echo \"D31 $?\"
        said iptables -A PREROUTING -p tcp --dport 82 -j ACCEPT
        said iptables -A FORWARD -j MASQUERADE"
    ));
    for part in [
        "Command \"blue\" is unknown, try \"ip netns help\".\n",
        "D16 0\nREAL 0\n",
        "unknown option \"--dport\"",
        "hint: \"--dport\" belongs to a protocol: put \"-p tcp\" before it\nD31 0\n",
        "No chain/target/match by that name.\nhint: ",
        "rule in chain FORWARD\nhint: ",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
}

#[test]
fn who_is_not_root_is_told_so() {
    use std::os::unix::process::CommandExt as _;
    let dir = std::env::temp_dir().join(format!("ipbox-doctor-{}", std::process::id()));
    let copied = Command::new("install").arg("-m755").arg(OURS).arg(&dir).status().unwrap();
    assert!(copied.success());
    let mut doctor = Command::new(&dir);
    doctor.arg("doctor");
    if nix::unistd::geteuid().is_root() {
        doctor.uid(65534).gid(65534);
    }
    let out = doctor.output().unwrap();
    std::fs::remove_file(&dir).unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    assert_eq!((rules(&said).first(), out.status.code()), (Some(&"D42"), Some(1)), "{said}");
    // Who does what is printed sees everything.
    assert!(said.contains("    $ sudo ipbox doctor\n"), "{said}");
    let said = in_lab(&format!(". {DIR}/tutorial.sh\nsudo ipbox doctor; echo \"STATUS $?\""));
    assert!(rules(&said).is_empty() && said.ends_with("STATUS 0\n"), "{said}");
}

#[test]
fn data_are_one_document() {
    let said = in_lab(&format!(
        ". {DIR}/tutorial.sh
        ip link set v-net-0 down
        ipbox doctor -j
        ipbox doctor -j red blue"
    ));
    let mut lines = said.lines();
    let everything = lines.next().unwrap();
    assert!(everything.starts_with("[{\"findings\":[{\"rule\":\"D8\",\"title\":"), "{said}");
    assert!(everything.contains("\"fix\":[\"ip link set v-net-0 up\"]"), "{said}");
    let flow = lines.next().unwrap();
    let begin = "[{\"flow\":\"red to 192.168.15.2\",\"passes\":false,\"certain\":true,\"stop\":";
    assert!(flow.starts_with(begin) && flow.ends_with("}]"), "{said}");
}

#[test]
fn the_readme_shows_what_is_printed() {
    let said = in_lab(&format!(
        ". {DIR}/tutorial.sh
        sysctl -qw net.ipv4.ip_forward=0
        ip link set veth-red-br nomaster
        ipbox doctor
        ip link set veth-red-br master v-net-0
        sysctl -qw net.ipv4.ip_forward=1
        iptables -P FORWARD DROP
        ipbox doctor 192.168.1.3 192.168.1.2:80/tcp"
    ));
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let block = readme.split("```text\n$ ipbox doctor\n").nth(1).unwrap();
    let block = block.split("```").next().unwrap();
    let block: Vec<&str> = block.lines().filter(|l| !l.starts_with("$ ")).collect();
    assert_eq!(said.lines().collect::<Vec<_>>(), block);
}

mod random;

/// Networks of these seeds; how many flows there were that the doctor was certain about, on how
/// many it was not, and what was wrong about some of the former.
fn compare(seeds: std::ops::Range<u64>) -> (usize, usize, Vec<String>) {
    let (flows, doubtful) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let first = seeds.start;
    let count = usize::try_from(seeds.end - first).unwrap();
    let misses = Mutex::new(Vec::new());
    two_at_a_time(count, |n| {
        let seed = first + n as u64;
        let network = random::network(seed);
        let script = network.script(DIR);
        let said = in_lab(&script);
        if let Some(file) = std::env::var_os("SEED_LOG") {
            std::fs::write(file, format!("{script}\n{said}")).unwrap();
        }
        let mut seen = 0;
        for line in said.lines().filter_map(|l| l.strip_prefix("FLOW ")) {
            // Number, the doctor's status, the packet's, how certain it was.
            let words: Vec<&str> = line.split(' ').collect();
            let [number, doctor, real, certain] = words[..] else { continue };
            seen += 1;
            let count = if certain == "certain" { &flows } else { &doubtful };
            count.fetch_add(1, Ordering::Relaxed);
            if certain == "certain" && (doctor == "0") != (real == "0") {
                let at: usize = number.parse().unwrap();
                let flow = &network.flows[at];
                let text = format!("seed {seed}: {}; doctor {doctor}, packet {real}", flow.0);
                misses.lock().unwrap().push(text);
            }
        }
        if seen != network.flows.len() {
            misses.lock().unwrap().push(format!("seed {seed}: {seen} flows\n{said}"));
        }
        None
    });
    (flows.into_inner(), doubtful.into_inner(), misses.into_inner().unwrap())
}

#[test]
fn the_verdict_is_what_becomes_of_a_real_packet() {
    let (flows, doubtful, misses) = compare(0..24);
    assert!(misses.is_empty(), "{} of {flows} flows\n{}", misses.len(), misses.join("\n"));
    assert!(flows > 120 && doubtful * 10 < flows, "{flows} certain, {doubtful} not");
}

#[test]
#[ignore = "long: three hundred networks"]
fn the_verdict_on_three_hundred_networks() {
    // One seed alone, to look into a miss: SEED=1027 SEED_LOG=/tmp/log; others: SEED=5000-5300.
    let asked = std::env::var("SEED").unwrap_or_else(|_| "1000-1300".to_owned());
    let (from, to) = asked.split_once('-').unwrap_or((&asked, ""));
    let from: u64 = from.parse().unwrap();
    let (flows, doubtful, misses) = compare(from..to.parse().unwrap_or(from + 1));
    let hits = flows - misses.len();
    let rate = format!("{hits} of {flows} verdicts were right, {doubtful} were not certain");
    std::fs::write(
        std::env::temp_dir().join("doctor-hit-rate"),
        format!("{rate}\n{}\n", misses.join("\n")),
    )
    .unwrap();
    assert!(misses.len() * 100 <= flows, "{rate}\n{}", misses.join("\n"));
}
