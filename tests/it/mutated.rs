//! 20,000 command lines, right ones made wrong in many ways: each ends with a status of its own.
//!
//! The lines are those below, changed by a seeded generator: words are left out, doubled, swapped,
//! cut, replaced by words of other lines, by odd numbers, names and addresses, by very long words
//! and by bytes that are not UTF-8. None may end by a signal, tell of a panic, or take longer than
//! a few seconds. The same seed makes the same lines: `MUTATED=N cargo test --test it mutated` tries
//! another one.
//!
//! The test starts itself once more in labs; a command costs less than a millisecond there.

use crate::lab::{Lab, OURS, Tool};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const LABS: u64 = 16;
const LINES_PER_LAB: u64 = 1250;

/// What a command may take, on a machine that does other things too.
const SECONDS: u64 = 10;

/// What each lab begins with, so that lines find something.
const BEGIN: &[&str] = &[
    "ip link set lo up",
    "ip link add v0 type veth peer name v1",
    "ip link add br0 type bridge",
    "ip link set v1 master br0 up",
    "ip link set v0 up",
    "ip link set br0 up",
    "ip address add 10.0.0.1/24 dev v0",
    "ip -6 address add fd00::1/64 dev v0",
    "ip netns add blue",
];

/// Valid lines, all applets; those that run for ever are not among them.
const LINES: &str = "
ip link
ip link show
ip -d -s -s link show dev v0
ip -br -c link show up
ip -j -p -d link show type veth
ip -o -4 addr show dev v0 scope global
ip link show master br0
ip link show group default
ip link add v2 address 02:00:00:00:00:07 mtu 1400 txqueuelen 10 type veth peer name v3
ip link add name v4 numtxqueues 2 numrxqueues 2 type veth peer v5 address 02:00:00:00:00:08 netns blue
ip link add br1 type bridge stp_state 1 forward_delay 400 hello_time 200 max_age 2000 vlan_filtering 1 ageing_time 30000
ip link add br2 type bridge mcast_snooping 0 mcast_querier 1 priority 4096 group_fwd_mask 8 nf_call_iptables 1
ip link add mv0 link v0 type macvlan mode bridge
ip link add mv1 link v0 type macvlan mode source macaddr add 02:00:00:00:00:11
ip link add vx0 type vxlan id 42 dstport 4789 local 10.0.0.1 remote 10.0.0.2 dev v0 ttl 64 tos inherit learning nolearning
ip link add vx1 type vxlan id 43 group 239.1.1.1 dev v0 srcport 1000 2000 ageing 300 maxaddress 100 udpcsum proxy rsc
ip link add ifb0 type ifb
ip link add d0 type dummy
ip link add link v0 name v0.10 type vlan id 10 protocol 802.1Q reorder_hdr on
ip link add x type nosuch
ip link set v0 up
ip link set dev v0 down
ip link set v0 mtu 1280 txqueuelen 100 alias 'a b c'
ip link set v0 address 02:00:00:00:00:09 broadcast ff:ff:ff:ff:ff:ff
ip link set v0 name w0
ip link set w0 name v0
ip link set v1 master br0
ip link set v1 nomaster
ip link set v1 netns blue
ip -n blue link set v1 netns 1
ip link set v0 group 5 arp off multicast on allmulticast on promisc on dynamic on trailers off
ip link set v0 addrgenmode none carrier off protodown on
ip link set v1 type bridge_slave cost 10 priority 5 guard on hairpin on fastleave on learning off flood off mcast_flood off
ip link set br0 type bridge stp_state 1 ageing_time 100
ip link set v0 gso_max_size 65536 gro_max_size 65536 gso_max_segs 10
ip link property add dev v0 altname averylongalternativenamefortheinterface
ip link property del dev v0 altname averylongalternativenamefortheinterface
ip link del v2
ip link delete dev br1 type bridge
ip link delete group 5
ip link help
ip link help veth
ip link xstats type bridge dev br0
ip link afstats dev v0
ip address
ip -4 a s
ip -s -d addr show dev v0
ip addr show to 10.0.0.0/24 label v0 permanent
ip addr show -temporary tentative dynamic deprecated primary secondary
ip addr add 10.0.1.1/24 brd + dev v0 label v0:1 scope link metric 50
ip addr add 10.0.2.1 peer 10.0.2.2/32 dev v0 valid_lft 300 preferred_lft 100
ip addr add fd00:1::1/64 dev v0 nodad home mngtmpaddr noprefixroute
ip addr change 10.0.1.1/24 dev v0 valid_lft forever preferred_lft forever
ip addr replace 10.0.1.1/24 dev v0 proto kernel_lo
ip addr del 10.0.1.1/24 dev v0
ip addr flush dev v0 scope global label v0 to 10.0.1.0/24
ip -loops 3 address flush dev br0
ip addr save
ip addr help
ip route
ip -6 route show
ip route show table all type unicast proto kernel scope link dev v0
ip route list root 10.0.0.0/8 match 10.0.0.1 exact 10.0.0.0/24
ip route show cache
ip -d -j route show via 10.0.0.2 src 10.0.0.1 metric 5 tos 0x10 realm 1/2
ip route add 10.1.0.0/16 via 10.0.0.2 dev v0 src 10.0.0.1 metric 100 mtu 1400 proto static
ip route add default via 10.0.0.2 onlink dev v0 table 100 advmss 1000 window 1000 rtt 10ms rttvar 5ms rto_min 10ms hoplimit 5
ip route add 10.2.0.0/16 nexthop via 10.0.0.2 dev v0 weight 1 nexthop via 10.0.0.3 dev v0 weight 2 onlink
ip route add blackhole 10.3.0.0/16 metric 5 table main
ip route add unreachable 10.4.0.0/16
ip route add prohibit 10.5.0.0/16 tos 0x10
ip route add throw 10.6.0.0/16 table 200
ip route add local 10.7.0.1 dev lo scope host
ip route add 10.8.0.0/16 via inet6 fd00::2 dev v0 mtu lock 1300 congctl reno features ecn initcwnd 10 initrwnd 10 quickack 1
ip -6 route add fd01::/64 via fd00::2 dev v0 metric 1 pref high expires 100
ip route replace 10.1.0.0/16 via 10.0.0.3
ip route change 10.1.0.0/16 via 10.0.0.4
ip route append 10.1.0.0/16 via 10.0.0.5
ip route prepend 10.1.0.0/16 via 10.0.0.6
ip route test 10.1.0.0/16 via 10.0.0.6
ip route del 10.1.0.0/16 via 10.0.0.6
ip route get 10.0.0.7 from 10.0.0.1 iif v0 oif v0 tos 0x10 mark 5 uid 0 ipproto tcp sport 5 dport 6 fibmatch
ip route get fd00::5
ip route flush table 100
ip route flush cache
ip route flush proto static root 10.0.0.0/8
ip route save table 100
ip route help
ip neigh
ip neigh show dev v0 nud all
ip -s neigh show to 10.0.0.0/24 unused
ip neigh show proxy
ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:44 dev v0 nud permanent router extern_learn
ip neigh add proxy 10.0.0.10 dev v0
ip neigh replace 10.0.0.9 lladdr 02:00:00:00:00:45 nud reachable dev v0 protocol static managed use
ip neigh change 10.0.0.9 nud stale dev v0
ip neigh get 10.0.0.9 dev v0
ip neigh del 10.0.0.9 dev v0
ip neigh flush dev v0 nud stale
ip rule
ip -6 rule show from fd00::/8 table main
ip -d rule show pref 5 not fwmark 1/2 sport 5-6 dscp EF/3 ipproto tcp
ip rule add from 10.0.0.0/8 to 10.1.0.0/16 pref 5 tos 0x10 fwmark 1/3 iif lo oif v0 table 100
ip rule add not uidrange 5-9 ipproto udp sport 5/7 dport 5-9 dscp 5/7 sup_pl 3 realms 1/2 goto 5
ip -6 rule add flowlabel 5/7 tun_id 7 l3mdev protocol static type prohibit
ip rule del pref 5
ip rule flush table 100 proto static
ip mrule
ip -s -d nexthop show dev v0 groups protocol 4
ip nexthop add id 1 via inet 10.0.0.9 dev v0 onlink protocol static
ip nexthop replace id 2 group 1,5/3 type resilient buckets 4 idle_timer 5 unbalanced_timer 6 hw_stats on
ip nexthop add id 3 via 10.0.0.9 fdb
ip nexthop get id 1
ip nexthop bucket list id 2 nhid 1
ip nexthop bucket get id 2 index 0
ip nexthop flush fdb
ip netns
ip netns list
ip netns list-id target-nsid 1 nsid 2
ip netns add green
ip netns set blue 5
ip netns set blue auto
ip netns identify 1
ip netns pids blue
ip netns exec blue true
ip netns exec blue ip link show
ip -all netns exec true
ip -n blue link set lo up
ip -netns blue addr
ip netns attach red 1
ip netns del green
ip netns delete red
ip -all netns delete
ip -V
ip -force -batch /dev/null
ip -b /etc/hosts
ip -echo link add e0 type veth
ip -echo addr add 10.9.0.1/24 dev v0
ip -h -s -iec -t -ts -rc 1000 -l 3 -N -r link show
ip -f inet6 -0 -M -B -family bridge link
ip help
ip rule
ip nexthop
ip maddress show dev v0
ip tuntap
ip tunnel show
ip vrf show
ip xfrm state
ip token
ip ntable show dev v0
ip tcp_metrics show
ip __complete -- link set v0 master
iptables -S
iptables -L -n -v -x --line-numbers
iptables -t nat -L POSTROUTING
iptables -A INPUT -p tcp --dport 22 -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT
iptables -t nat -A POSTROUTING -s 10.0.0.0/24 ! -d 10.0.0.0/24 -o v0 -j MASQUERADE --to-ports 1000-2000 --random
iptables -t nat -A PREROUTING -i v0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.0.0.2:80 --persistent
iptables -t nat -I POSTROUTING 1 -p udp --sport 1:1024 -j SNAT --to-source 10.0.0.1-10.0.0.5:1-100
iptables -A FORWARD ! -i v+ -o v0 -m comment --comment 'a remark with blanks' -j DROP
iptables -I FORWARD 1 -p tcp --tcp-flags SYN,RST,ACK SYN -m state --state INVALID -j RETURN
iptables -A INPUT -p icmp --icmp-type echo-request -m limit --limit 5/min -j LOG --log-prefix x
iptables -A INPUT -p udp -m udp --sport 53 --dport 1024:65535 -m mark --mark 1/0xff -j REJECT
iptables -N chain
iptables -A chain -f -4 -c 5 6 -j RETURN
iptables -A INPUT -g chain
iptables -R INPUT 1 -j ACCEPT
iptables -C INPUT -j ACCEPT
iptables -D INPUT 1
iptables -D INPUT -j ACCEPT
iptables -P FORWARD DROP
iptables -E chain chain2
iptables -Z
iptables -F
iptables -X chain2
iptables -w 5 -t mangle -A PREROUTING -j MARK --set-mark 5
iptables -t raw -S PREROUTING
ip6tables -A INPUT -p ipv6-icmp --icmpv6-type 135 -s fd00::/64 -j ACCEPT
ip6tables -S
iptables -h
iptables -V
iptables-save -t nat -c
iptables-restore -n -c -T nat -t
ip6tables-save
ip6tables-restore --test
arp
arp -n
arp -a
arp -e -v -i v0
arp -s 10.0.0.50 02:00:00:00:00:50 temp
arp -i v0 -s 10.0.0.51 02:00:00:00:00:51 pub
arp -d 10.0.0.50
arp -Ds 10.0.0.52 v0 pub
route
route -n
route -e -ee -v -n -F
route -A inet6 -n
route -6 add fd05::/64 gw fd00::2 dev v0
route add -net 10.20.0.0 netmask 255.255.0.0 gw 10.0.0.2 metric 5 dev v0
route add -host 10.21.0.1 reject
route add default gw 10.0.0.2 mss 1000 window 1000 irtt 100
route del -net 10.20.0.0/16
sysctl net.ipv4.ip_forward
sysctl -n net.ipv4.conf.all.forwarding net/ipv4/conf/v0/forwarding
sysctl -w net.ipv4.ip_forward=1
sysctl -q -e net.ipv4.nosuch=5
sysctl -a -r ^net.ipv4.conf.v0
sysctl -N -b net.ipv4.ip_forward
sysctl -p /dev/null
sysctl --system --dry-run
ping -c 1 -W 1 -q 127.0.0.1
ping -c 1 -i 0.2 -s 100 -w 1 -n 127.0.0.1
ping -6 -c 1 -w 1 -I lo ::1
ping -c 1 -t 5 -p ff -Q 8 -M do -w 1 10.0.0.1
ipbox --version
ipbox
ipbox --install
ipbox doctor
ipbox draw
";

/// Words that are wrong nearly everywhere.
const ODD: &[&str] = &[
    "",
    " ",
    "-",
    "--",
    "---",
    "-1",
    "0",
    "00",
    "1",
    "255",
    "256",
    "65535",
    "65536",
    "4294967295",
    "4294967296",
    "18446744073709551615",
    "18446744073709551616",
    "-2147483649",
    "0x",
    "0x1g",
    "1e9",
    "1.5",
    "08",
    "'",
    "\"",
    "\\",
    "/",
    "//",
    "/0",
    "/33",
    "10.0.0.0/33",
    "10.0.0.0/255.0.255.0",
    "10/8",
    "1.2.3.4.5",
    "256.1.1.1",
    "::",
    "::/0",
    "fd00::/129",
    "fe80::1%v0",
    "1:2:3:4:5:6:7:8:9",
    "02:00:00:00:00",
    "zz:zz:zz:zz:zz:zz",
    "02:00:00:00:00:01:02:03",
    "*",
    "?",
    "%s%n%d",
    "$(id)",
    "nosuch",
    "v0@v1",
    "v0:",
    "averyveryverylongdevicename",
    "..",
    ".",
    "../../etc/passwd",
    "\u{e9}",
    "\u{1F600}",
    "a\tb",
    "a\nb",
    "\u{7f}",
    "help",
    "type",
    "dev",
    "via",
    "nexthop",
    "table",
    "all",
    "any",
    "default",
    "inherit",
    "on",
    "off",
    "none",
    "-j",
    "-A",
    "-m",
    "-p",
    "!",
    "=",
    ",",
    ":",
    "1:2",
    "2:1",
    "-json",
    "-batch",
    "/dev/null",
    "9999999999999999999999999999",
];

/// splitmix64
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(n.max(1)).expect("64 bits")).expect("below n")
    }
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// A line, its words changed in one to four ways. The applet stays what it is.
fn mutate(lines: &[Vec<Vec<u8>>], random: &mut Random) -> Vec<Vec<u8>> {
    let mut words = random.one(lines).clone();
    for _ in 0..=random.below(2) * random.below(4) {
        // Mostly behind the object and the verb, which only lead to the right table.
        let first = if random.below(4) > 0 { 3.min(words.len() - 1).max(1) } else { 1 };
        let at = first + random.below(words.len().max(first + 1) - first);
        let way = random.below(12);
        if at >= words.len() || way == 0 {
            let other = random.one(lines);
            let word = random.one(other).clone();
            words.insert(at.min(words.len()), word);
            continue;
        }
        match way {
            1 => drop(words.remove(at)),
            2 => words.insert(at, words[at].clone()),
            3 => {
                let other = 1 + random.below(words.len() - 1);
                words.swap(at, other);
            }
            4 => {
                let len = random.below(words[at].len());
                words[at].truncate(len);
            }
            5 => words[at] = random.one(ODD).as_bytes().to_vec(),
            6 => words.insert(at, random.one(ODD).as_bytes().to_vec()),
            7 => {
                let place = random.below(words[at].len());
                let byte =
                    [0xff, 0x80, 0xc3, b'-', b'0', b'/', b':', b'.', b'%', 1][random.below(10)];
                words[at].insert(place, byte);
            }
            8 => {
                let len = [15, 16, 17, 127, 128, 255, 256, 4096, 70_000][random.below(9)];
                words[at] = vec![*random.one(b"a0:/.-%\xff"); len];
            }
            9 => words.truncate(at + 1),
            10 => {
                let other = random.one(lines).clone();
                let from = random.below(other.len());
                words.truncate(at);
                words.extend(other[from..].iter().cloned());
            }
            _ => {
                let other = random.one(lines);
                words[at] = random.one(other).clone();
            }
        }
    }
    words
}

/// What would run for ever by right, or run what is not ours.
fn endless(words: &[Vec<u8>]) -> bool {
    let has = |word: &[u8]| words.iter().any(|w| w == word);
    match &*words[0] {
        b"ping" => !has(b"-c") || !has(b"-w") && !has(b"-W"),
        b"ipbox" => has(b"lab") || words.len() > 3 || has(b"ping"),
        b"ip" => {
            // A program after `exec` is a word of a line, or not; `ip` starts it, rightly.
            words.iter().any(|w| w.len() > 1 && b"monitor".starts_with(w))
                || (words.iter().any(|w| !w.is_empty() && b"exec".starts_with(w))
                    && !has(b"true")
                    && !has(b"ip"))
                || has(b"ping")
        }
        _ => false,
    }
}

#[test]
fn no_command_line_ends_by_a_signal() {
    if let Ok(seed) = std::env::var("MUTATED_IN_LAB") {
        return try_lines(seed.parse().expect("a number"));
    }
    let base: u64 = std::env::var("MUTATED").map_or(7, |n| n.parse().expect("MUTATED=NUMBER"));
    let (next, found) = (AtomicU64::new(0), Mutex::new(String::new()));
    let this = std::env::current_exe().expect("the test program");
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let lab = next.fetch_add(1, Ordering::Relaxed);
                    if lab >= LABS {
                        break;
                    }
                    let seed = format!("MUTATED_IN_LAB={}", base * 1000 + lab);
                    let words = [
                        b"env",
                        seed.as_bytes(),
                        this.as_os_str().as_bytes(),
                        b"--exact",
                        b"mutated::no_command_line_ends_by_a_signal",
                        b"--nocapture",
                    ];
                    let out =
                        Lab::patient(300).exec(Tool::Ours, &words.map(<[u8]>::to_vec), b"", false);
                    if out.status != 0 {
                        let mut found = found.lock().expect("no panic while it is held");
                        let _ = write!(found, "{seed}: {}", out.err());
                    }
                }
            });
        }
    });
    let found = found.into_inner().expect("no panic while it is held");
    assert!(found.is_empty(), "\n{found}");
}

/// The other side, in the lab.
fn try_lines(seed: u64) {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").expect("a host name");
    assert_eq!(host, "lab\n", "only in a lab");
    let lines: Vec<Vec<Vec<u8>>> =
        LINES.lines().filter(|l| !l.is_empty()).map(crate::lab::split).collect();
    for line in BEGIN {
        let _ = run(&crate::lab::split(line));
    }
    let mut random = Random(seed);
    let mut wrong = Vec::new();
    let mut tried = 0;
    while tried < LINES_PER_LAB {
        let words = mutate(&lines, &mut random);
        // A word cannot hold a NUL, and no file of the test's is to be overwritten.
        if endless(&words) || words.iter().any(|w| w.contains(&0)) {
            continue;
        }
        tried += 1;
        if let Err(why) = run(&words) {
            let shown: Vec<String> = words
                .iter()
                .map(|w| {
                    let text = w.escape_ascii().to_string();
                    if w.len() > 300 {
                        format!("{} ({} bytes)", &text[..40], w.len())
                    } else {
                        text
                    }
                })
                .collect();
            wrong.push(format!("{shown:?}: {why}"));
        }
    }
    leave_no_proxies();
    assert!(wrong.is_empty(), "{} of {tried} lines:\n{}\n", wrong.len(), wrong.join("\n"));
}

/// Proxies without a device outlive their namespace and turn up in later ones (observed in Linux
/// 6.18), where they would disturb other tests.
fn leave_no_proxies() {
    for family in ["-4", "-6"] {
        let shown = std::process::Command::new(OURS)
            .args(["ip", family, "neigh", "show", "proxy"])
            .output()
            .expect("our program starts");
        for line in String::from_utf8_lossy(&shown.stdout).lines() {
            let address = line.split(' ').next().unwrap_or_default();
            if !line.contains(" dev ") {
                let _ = run(&crate::lab::split(&format!("ip neigh del proxy {address}")));
            }
        }
    }
}

fn run(words: &[Vec<u8>]) -> Result<(), String> {
    let file = || -> File {
        let flags = nix::sys::memfd::MFdFlags::MFD_CLOEXEC;
        nix::sys::memfd::memfd_create(c"output", flags).expect("memory").into()
    };
    let mut errors = file();
    let started = Instant::now();
    let mut child = Command::new(OURS)
        .arg0(std::ffi::OsStr::from_bytes(&words[0]))
        .args(words[1..].iter().map(|w| std::ffi::OsStr::from_bytes(w)))
        .stdin(Stdio::null())
        .stdout(file())
        .stderr(errors.try_clone().expect("a descriptor"))
        .spawn()
        .map_err(|e| e.to_string())?;
    let mut pause = Duration::from_micros(50);
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        if started.elapsed().as_secs() >= SECONDS {
            child.kill().expect("a child");
            child.wait().expect("a child");
            return Err(format!("still running after {SECONDS} s"));
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    };
    let mut text = Vec::new();
    errors.rewind().and_then(|()| errors.read_to_end(&mut text)).expect("memory");
    let text = String::from_utf8_lossy(&text);
    if let Some(signal) = status.signal() {
        return Err(format!("signal {signal}: {text}"));
    }
    if text.contains("panicked at") {
        return Err(format!("status {:?}: {text}", status.code()));
    }
    Ok(())
}
