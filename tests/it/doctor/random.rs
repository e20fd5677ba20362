//! Networks by chance: built in order, then broken here and there.

use std::fmt::Write as _;

/// A network, and what is to be sent in it.
pub struct Network {
    /// Shell lines that make it.
    lines: Vec<String>,
    /// The words for the doctor, and a command that succeeds when a packet was answered.
    pub flows: Vec<(String, String)>,
}

impl Network {
    /// Builds, asks the doctor about all flows, then sends all packets at once.
    pub fn script(&self, dir: &str) -> String {
        let mut s = format!("# {dir}\nexec 2>/run/errors\n");
        for line in &self.lines {
            writeln!(s, "{line}").unwrap();
        }
        s.push_str(super::SETTLE);
        s.push_str("\nsettle 5\n");
        for (n, (words, _)) in self.flows.iter().enumerate() {
            writeln!(s, "ipbox doctor {words} >/run/doctor-{n} 2>&1; echo $? >/run/status-{n}")
                .unwrap();
        }
        for (n, (_, command)) in self.flows.iter().enumerate() {
            writeln!(s, "( {command} >/run/real-{n} 2>&1; echo $? >/run/result-{n} ) &").unwrap();
        }
        s.push_str("wait $(jobs -p)\n");
        for n in 0..self.flows.len() {
            writeln!(
                s,
                "certain=certain; grep -q 'not certain' /run/doctor-{n} && certain=doubtful
                echo \"FLOW {n} $(cat /run/status-{n}) $(cat /run/result-{n}) $certain\"
                [ -z \"$SHOW\" ] || cat /run/doctor-{n}"
            )
            .unwrap();
        }
        s.push_str("[ -z \"$SHOW\" ] || cat /run/errors\n");
        s
    }
}

/// xorshift64*: the same numbers for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % n
    }
    /// True in so many of a hundred cases.
    fn percent(&mut self, n: u64) -> bool {
        self.below(100) < n
    }
    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }
}

/// A room: its name, its bridge's number, its own.
struct Room {
    name: String,
    bridge: u64,
    number: u64,
}

impl Room {
    fn addr(&self) -> String {
        format!("10.{}.0.{}", self.bridge, self.number)
    }
}

/// The network of a seed.
pub fn network(seed: u64) -> Network {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let (mut lines, rooms) = build(&mut dice);
    let server = usize::try_from(dice.below(rooms.len() as u64)).unwrap();
    let server = &rooms[server];
    lines.push(format!("ip netns exec {} web-server 80", server.name));
    rules(&mut dice, &mut lines, &rooms, server);
    for _ in 0..dice.below(3) {
        let line = fault(&mut dice, &rooms);
        lines.push(line);
    }
    let flows = (0..6).map(|_| flow(&mut dice, &rooms, server)).collect();
    Network { lines, flows }
}

fn build(dice: &mut Dice) -> (Vec<String>, Vec<Room>) {
    let mut lines = Vec::new();
    let mut rooms = Vec::new();
    let mut put = |line: String| lines.push(line);
    for bridge in 1..=1 + dice.below(2) {
        put(format!("ip link add br{bridge} type bridge"));
        put(format!("ip addr add 10.{bridge}.0.254/24 dev br{bridge}"));
        put(format!("ip link set br{bridge} up"));
        for number in 1..=2 + dice.below(2) {
            let name = format!("r{bridge}{number}");
            let (near, far) = (format!("v{name}"), format!("h{name}"));
            put(format!("ip netns add {name}"));
            put(format!("ip link add {near} type veth peer name {far}"));
            put(format!("ip link set {near} netns {name}"));
            put(format!("ip link set {far} master br{bridge} up"));
            put(format!("ip -n {name} addr add 10.{bridge}.0.{number}/24 dev {near}"));
            put(format!("ip -n {name} link set {near} up"));
            if dice.percent(50) {
                put(format!("ip -n {name} link set lo up"));
            }
            if dice.percent(92) {
                put(format!("ip -n {name} route add default via 10.{bridge}.0.254"));
            }
            rooms.push(Room { name, bridge, number });
        }
    }
    let forward = u8::from(dice.percent(90));
    put(format!("sysctl -qw net.ipv4.ip_forward={forward}"));
    let calls = u8::from(dice.percent(50));
    put(format!("sysctl -qw net.bridge.bridge-nf-call-iptables={calls}"));
    // A room between the bridges, as a second way, or one behind another.
    if dice.percent(25) {
        let room = dice.one(&rooms);
        put("ip netns add inner".to_owned());
        put(format!("ip -n inner link add wan type veth peer name lan0 netns {}", room.name));
        put(format!("ip -n {} addr add 10.77.0.1/24 dev lan0", room.name));
        put(format!("ip -n {} link set lan0 up", room.name));
        put("ip -n inner addr add 10.77.0.2/24 dev wan".to_owned());
        put("ip -n inner link set wan up".to_owned());
        put("ip -n inner route add default via 10.77.0.1".to_owned());
        put(format!(
            "ip netns exec {} sysctl -qw net.ipv4.ip_forward={}",
            room.name,
            u8::from(dice.percent(80))
        ));
        match dice.below(3) {
            0 => put(format!(
                "ip netns exec {} iptables -t nat -A POSTROUTING -s 10.77.0.0/24 -j MASQUERADE",
                room.name
            )),
            1 => put(format!("ip route add 10.77.0.0/24 via {}", room.addr())),
            _ => {}
        }
    }
    (lines, rooms)
}

/// NAT, a published port, a firewall of some kind.
fn rules(dice: &mut Dice, lines: &mut Vec<String>, rooms: &[Room], server: &Room) {
    let mut put = |line: String| lines.push(line);
    let bridges = 1..=rooms.iter().map(|r| r.bridge).max().unwrap();
    for b in bridges.clone() {
        match dice.below(8) {
            0 => {}
            1 => put(format!(
                "iptables -t nat -A POSTROUTING -s 10.{b}.0.0/24 ! -d 10.{b}.0.0/24 -j MASQUERADE"
            )),
            2 => put(format!(
                "iptables -t nat -A POSTROUTING -s 10.{b}.0.0/24 -o eth0 -j SNAT --to-source 192.168.1.2"
            )),
            3 => put("iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE".to_owned()),
            _ => put(format!("iptables -t nat -A POSTROUTING -s 10.{b}.0.0/24 -j MASQUERADE")),
        }
    }
    match dice.below(4) {
        0 => {}
        1 => put(format!(
            "iptables -t nat -A PREROUTING -d 192.168.1.2 -p tcp --dport 80 -j DNAT --to-destination {}",
            server.addr()
        )),
        _ => put(format!(
            "iptables -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination {}:80",
            server.addr()
        )),
    }
    if dice.percent(25) {
        put(format!(
            "iptables -t nat -A OUTPUT -p tcp -d 192.168.1.2 --dport 80 -j DNAT --to-destination {}:80",
            server.addr()
        ));
    }
    if dice.percent(15) {
        put(format!(
            "iptables -t nat -A POSTROUTING -d {} -p tcp --dport 80 -m conntrack --ctstate DNAT -j MASQUERADE",
            server.addr()
        ));
    }
    if dice.percent(35) {
        put("iptables -P FORWARD DROP".to_owned());
        let wanted = [
            "-m conntrack --ctstate ESTABLISHED,RELATED".to_owned(),
            "-i br1".to_owned(),
            "-s 10.1.0.0/24".to_owned(),
            "-p icmp".to_owned(),
            format!(
                "-p tcp -d {} --dport 80 -m state --state NEW,ESTABLISHED,RELATED",
                server.addr()
            ),
            "-i br1 -o br1".to_owned(),
            "-p tcp -m multiport --dports 22,80:90".to_owned(),
            "-p icmp -m icmp --icmp-type echo-request".to_owned(),
            "-m addrtype --dst-type UNICAST -p icmp".to_owned(),
            "-m iprange --src-range 10.1.0.1-10.1.0.2".to_owned(),
            "-m physdev --physdev-is-bridged".to_owned(),
        ];
        for _ in 0..1 + dice.below(4) {
            put(format!("iptables -A FORWARD {} -j ACCEPT", dice.one(&wanted)));
        }
    }
    if dice.percent(20) {
        put("nft add table inet own".to_owned());
        put("nft 'add chain inet own forward { type filter hook forward priority 5; }'".to_owned());
        let room = dice.one(rooms);
        put(match dice.below(4) {
            0 => format!("nft add rule inet own forward ip saddr {} drop", room.addr()),
            1 => format!(
                "nft 'add rule inet own forward ip daddr {{ {}, 10.9.9.9 }} drop'",
                room.addr()
            ),
            2 => "nft add rule inet own forward tcp dport 80 ct state new reject".to_owned(),
            _ => "nft 'add rule inet own forward meta l4proto vmap { icmp : accept, tcp : drop }'"
                .to_owned(),
        });
    }
}

/// One thing that goes wrong, or only looks like it.
fn fault(dice: &mut Dice, rooms: &[Room]) -> String {
    let room = dice.one(rooms);
    let other = dice.one(rooms);
    let (r, b, addr) = (&room.name, room.bridge, room.addr());
    match dice.below(27) {
        0 => format!("ip -n {r} link set v{r} down"),
        1 => format!("ip link set h{r} down"),
        2 => format!("ip link set br{b} down"),
        3 => format!("ip link set h{r} nomaster"),
        4 => {
            format!("ip -n {r} addr del {addr}/24 dev v{r}; ip -n {r} addr add {addr}/32 dev v{r}")
        }
        5 => format!("ip -n {r} route replace default via 10.{b}.0.99"),
        6 => format!("ip -n {r} route del default"),
        7 => format!("ip addr del 10.{b}.0.254/24 dev br{b}"),
        8 => {
            format!("ip addr add 10.{b}.0.254/30 dev br{b}; ip addr del 10.{b}.0.254/24 dev br{b}")
        }
        9 => format!("ip -n {r} addr add {}/24 dev v{r}", other.addr()),
        10 => format!("ip -n {r} route add blackhole {}", other.addr()),
        11 => format!("ip -n {r} route add unreachable 192.168.1.0/24"),
        12 => format!("ip netns exec {r} sysctl -qw net.ipv4.icmp_echo_ignore_all=1"),
        13 => format!("ip netns exec {r} iptables -A INPUT -s 10.{b}.0.0/24 -j DROP"),
        14 => format!("ip netns exec {r} iptables -A OUTPUT -p icmp -j REJECT"),
        15 => "iptables -A INPUT -i br1 -j DROP".to_owned(),
        16 => format!("iptables -I FORWARD -s {addr} -j DROP"),
        17 => format!("iptables -I FORWARD -d {addr} -m conntrack --ctstate NEW -j REJECT"),
        18 => format!("ip neigh replace {addr} lladdr 02:00:00:00:00:99 dev br{b} nud permanent"),
        19 => format!(
            "ip link set h{r} type bridge_slave isolated on; ip link set h{} type bridge_slave isolated on",
            other.name
        ),
        20 => format!("ip link set h{r} type bridge_slave hairpin on"),
        21 => {
            format!("sysctl -qw net.ipv4.conf.br{b}.rp_filter=1; ip route add {addr}/32 dev eth0")
        }
        22 => format!(
            "ip -n {r} rule add to 8.8.8.8 table 99; ip -n {r} route add prohibit default table 99"
        ),
        23 => format!("ip rule add from {addr} blackhole"),
        24 => format!("ip -n {r} link set v{r} down; ip -n {r} link set v{r} up"),
        25 => format!("ip -n {r} link set v{r} address 02:00:00:00:00:42"),
        _ => format!("sysctl -qw net.ipv4.conf.br{b}.forwarding=0"),
    }
}

fn flow(dice: &mut Dice, rooms: &[Room], server: &Room) -> (String, String) {
    let room = dice.one(rooms);
    let (r, addr) = (&room.name, room.addr());
    let ping = |from: &str, to: &str| format!("{from} ping -c2 -i0.3 -W1 {to}");
    let get = |from: &str, to: &str| format!("{from} web-get http://{to}/");
    let inside = format!("ip netns exec {r}");
    match dice.below(12) {
        0..=2 => {
            let to = dice.one(rooms).addr();
            (format!("{r} {to}"), ping(&inside, &to))
        }
        3 => (format!("{r} 8.8.8.8"), ping(&inside, "8.8.8.8")),
        4 => (format!("{r} 192.168.1.3"), ping(&inside, "192.168.1.3")),
        5 => (addr.clone(), ping("", &addr)),
        6 => (format!("192.168.1.3 {addr}"), ping("lan-host", &addr)),
        7 => ("192.168.1.3 192.168.1.2:80".to_owned(), get("lan-host", "192.168.1.2")),
        8 => (format!("{r} 192.168.1.2:80"), get(&inside, "192.168.1.2")),
        9 => (format!("{r} {}:80", server.addr()), get(&inside, &server.addr())),
        10 => ("192.168.1.2:80".to_owned(), get("", "192.168.1.2")),
        _ => (
            format!("{r} 10.{}.0.254", room.bridge),
            ping(&inside, &format!("10.{}.0.254", room.bridge)),
        ),
    }
}
