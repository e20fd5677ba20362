//! What is wrong with a line of a lesson, and the line that was meant.
//!
//! Judged are the words, what there was before the line ran, and how it ended; so the same is
//! found whosever tools are used. A line may be wrong and succeed: an address without its length is
//! taken, and reaches nobody.

use std::net::Ipv4Addr;

use super::world::{Address, Room, World};
use crate::cli::nearest;

/// What is to be said about a line.
#[derive(Debug, PartialEq, Eq)]
pub enum Finding {
    /// It is not what was meant; why, a sentence for each mistake and perhaps one for what the
    /// lesson tells in words only, and what does it.
    Slip { why: Vec<String>, told: Option<String>, instead: Vec<String> },
    /// It is right, but something has to be done before.
    Early { why: String, first: Vec<String> },
    /// It failed, and that is as it should be.
    Fine(String),
}

/// A line and its outcome.
pub struct Outcome<'a> {
    pub line: &'a str,
    pub status: u8,
    /// What there was when it began.
    pub world: &'a World,
    /// Whether the host passes packets on.
    pub forwards: bool,
    /// The lines that are still to come.
    pub later: &'a [&'a str],
}

/// What there is to say about a line; nothing when it is right, or nobody knows.
pub fn judge(o: &Outcome<'_>) -> Option<Finding> {
    // Whatever is more than words to the shell is left to it.
    if o.line.contains(|c: char| "\n;|&<>$\"'`(){}[]*?\\#".contains(c)) {
        return None;
    }
    let mut line = Line::new(o.line, o.world, o.status != 0)?;
    match &*line.words[line.tool] {
        "ping" => return unanswered(&line, o),
        // So does the tool that everybody knows.
        "route" if o.status == 1 && line.tool + 1 == line.words.len() => {
            return Some(Finding::Fine("a table without a route ends so".into()));
        }
        "iptables" if o.status != 0 => line.iptables(),
        "ip" => {
            line.ip(o.world, o.status != 0);
            if o.status != 0 && line.why.is_empty() && line.told.is_none() {
                return line.moved_already(o.world);
            }
        }
        _ => {}
    }
    if line.why.is_empty() && line.told.is_none() {
        return None;
    }
    let mut instead = std::mem::take(&mut line.before);
    instead.push(line.words.join(" "));
    instead.append(&mut line.after);
    Some(Finding::Slip { why: line.why, told: line.told, instead })
}

/// Words behind a name, or between names.
const KEYWORDS: &[&str] = &[
    "type", "peer", "netns", "master", "up", "down", "dev", "name", "mtu", "address", "via",
    "metric", "link", "add", "scope", "label",
];

const OBJECTS: &[&str] = &["netns", "link", "addr", "address", "route", "neigh", "rule"];

/// A line while it is being mended.
struct Line {
    words: Vec<String>,
    /// Where the tool stands that does the work, behind `sudo` and `ip netns exec NAME`.
    tool: usize,
    /// The namespace it works in.
    room: String,
    why: Vec<String>,
    told: Option<String>,
    /// What has to come before it, and after it.
    before: Vec<String>,
    after: Vec<String>,
}

impl Line {
    fn new(text: &str, world: &World, failed: bool) -> Option<Line> {
        let words = text.split_whitespace().map(str::to_owned).collect();
        let (why, told, before, after) = Default::default();
        let mut line = Line { words, tool: 0, room: String::new(), why, told, before, after };
        if line.word(0) == "sudo" {
            line.tool = 1;
        }
        while line.word(line.tool) == "ip" {
            let at = line.tool;
            if failed && line.word(at + 1) == "nets" {
                line.words[at + 1] = "netns".into();
                line.why.push("there is no \"nets\": \"netns\"".into());
            }
            let is_room = |name: &str| !name.is_empty() && world.room(name).is_some();
            if failed && line.word(at + 1) == "netns" && is_room(line.word(at + 2)) {
                line.words.insert(at + 2, "exec".into());
                line.why.push(format!(
                    "\"exec\" is missing between \"netns\" and \"{}\"",
                    line.word(at + 3)
                ));
            }
            if line.word(at + 1) != "netns" || line.word(at + 2) != "exec" {
                break;
            }
            line.room = line.word(at + 3).to_owned();
            line.tool = at + 4;
        }
        (line.tool < line.words.len()).then_some(line)
    }

    /// The word at a place; none beyond the end.
    fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |w| w)
    }

    /// The word behind this one.
    fn behind(&self, word: &str) -> Option<(usize, &str)> {
        let at = self.words.iter().rposition(|w| w == word)? + 1;
        self.words.get(at).map(|w| (at, &**w))
    }

    /// The beginning of another command in the same namespace.
    fn ip_here(&self) -> String {
        match &*self.room {
            "" => "ip".into(),
            room => format!("ip -n {room}"),
        }
    }

    fn ip(&mut self, world: &World, failed: bool) {
        let mut object = self.tool + 1;
        if matches!(self.word(object), "-n" | "-netns") {
            self.room = self.word(object + 1).to_owned();
            object += 2;
        }
        let given = self.word(object).to_owned();
        if failed
            && !OBJECTS.iter().any(|o| o.starts_with(&given))
            && let Some(near) = nearest(given.as_bytes(), OBJECTS)
        {
            self.why.push(format!("there is no \"{given}\": \"{near}\""));
            self.words[object] = (*near).into();
        }
        let is_address = !given.is_empty() && "address".starts_with(&given);
        if failed && is_address && self.word(object + 1).split('/').next().and_then(v4).is_some() {
            self.words.insert(object + 1, "add".into());
            self.why.push("what shall be done with the address is missing: \"add\"".into());
        }
        if failed {
            self.blanks(world, object);
            self.devices(world, object);
            self.cable(world, object);
        }
        if is_address && self.word(object + 1) == "add" {
            self.length(world, object + 2, failed);
        }
    }

    /// `name veth blue`, `dev veth red`, `link add veth red type`
    fn blanks(&mut self, world: &World, object: usize) {
        let mut at = object + 1;
        while at + 2 < self.words.len() {
            let key = self.word(at).to_owned();
            let names =
                matches!(&*key, "name" | "dev" | "master") || (at == object + 1 && key == "add");
            let (a, b) = (self.word(at + 1), self.word(at + 2));
            let ends = at + 3 == self.words.len() || KEYWORDS.contains(&self.word(at + 3));
            let plain = !KEYWORDS.contains(&a) && !KEYWORDS.contains(&b) && !a.contains(['.', ':']);
            if names && ends && plain {
                let joined = format!("{a}-{b}");
                let makes = matches!(&*key, "name" | "add");
                if makes || world.room(&self.room).is_some_and(|r| r.device(&joined).is_some()) {
                    self.why.push(format!("a name holds no blank: \"{joined}\""));
                    self.words.splice(at + 1..at + 3, [joined]);
                }
            }
            at += 1;
        }
    }

    /// A device that is not there, and one that is and looks like it.
    fn devices(&mut self, world: &World, object: usize) {
        let Some(room) = world.room(&self.room) else { return };
        let mut places: Vec<usize> =
            ["dev", "master"].iter().filter_map(|k| Some(self.behind(k)?.0)).collect();
        if "link".starts_with(self.word(object)) && self.word(object + 1) == "set" {
            places.push(object + 2);
        }
        for at in places {
            let given = self.word(at).to_owned();
            if KEYWORDS.contains(&&*given) || room.device(&given).is_some() {
                continue;
            }
            if let Some(meant) = similar(&given, room) {
                self.why.push(format!("there is no device \"{given}\": \"{meant}\""));
                self.words[at] = meant.to_owned();
            }
        }
    }

    /// `link set NAME-br master BRIDGE`, and NAME is still one end of a cable that leads from one
    /// namespace straight to another: what the lesson tells in words is that both get a cable of
    /// their own to the bridge.
    fn cable(&mut self, world: &World, object: usize) {
        let Some((_, bridge)) = self.behind("master") else { return };
        let bridge = bridge.to_owned();
        let port = self.word(object + 2).to_owned();
        let Some(host) = world.room("") else { return };
        if !self.room.is_empty() || host.device(&port).is_some() || host.device(&bridge).is_none() {
            return;
        }
        let ends = port.strip_suffix("-br").and_then(|name| {
            let (room, near) = world.0.iter().find_map(|r| Some((r, r.device(name)?)))?;
            let (far_room, far) = world.far_end(near)?;
            Some([(room, near), (far_room, far)])
        });
        let Some(ends) = ends.filter(|e| e.iter().all(|(room, _)| !room.name.is_empty())) else {
            return;
        };
        self.told = Some(format!(
            "there is no device \"{port}\" yet: \"{}\" and \"{}\" are still the two ends of one cable",
            ends[0].1.name, ends[1].1.name
        ));
        self.before.push(format!("ip -n {} link delete {}", ends[0].0.name, ends[0].1.name));
        for (room, end) in ends {
            let (room, device) = (&room.name, &end.name);
            self.before
                .push(format!("ip link add {device}-br type veth peer name {device} netns {room}"));
        }
        for (room, end) in ends {
            let (name, device) = (&room.name, &end.name);
            for a in room.addresses.iter().filter(|a| a.device == end.index) {
                self.after.push(format!(
                    "ip -n {name} addr add {}/{} dev {device}",
                    a.address, a.prefix_len
                ));
            }
            self.after.push(format!("ip -n {name} link set {device} up"));
            self.after.push(format!("ip link set {device}-br master {bridge} up"));
        }
    }

    /// An address without its length, or with another than its neighbours have.
    fn length(&mut self, world: &World, at: usize, failed: bool) {
        let given = self.word(at).to_owned();
        let (text, len) = match given.split_once('/') {
            Some((text, len)) => (text, len.parse::<u8>().ok()),
            None => (&*given, None),
        };
        let device = self.behind("dev").map_or("", |(_, d)| d).to_owned();
        let Some(address) = v4(text) else { return };
        if device == "lo" || self.words.iter().any(|w| w == "peer") {
            return;
        }
        let all = || world.0.iter().flat_map(|r| &r.addresses).filter(|a| a.address != address);
        let near: Vec<&Address> = all().filter(|a| a.prefix_len < 32 && a.holds(address)).collect();
        let (wanted, why) = match (len, near.first()) {
            (None, first) => (
                first.map_or(24, |a| a.prefix_len),
                "without its length an address is a network of its own, /32".to_owned(),
            ),
            (Some(len), Some(first))
                if len != first.prefix_len
                    && near.iter().all(|a| a.prefix_len == first.prefix_len) =>
            {
                let wanted = first.prefix_len;
                (wanted, format!("the others of this network have /{wanted}, not /{len}"))
            }
            _ => return,
        };
        self.why.push(why);
        self.words[at] = format!("{address}/{wanted}");
        if !failed {
            let old = len.unwrap_or(32);
            let ip = self.ip_here();
            self.after.push(format!("{ip} addr del {address}/{old} dev {device}"));
        }
    }

    /// `link set DEVICE netns NAME`, and there it is.
    fn moved_already(&self, world: &World) -> Option<Finding> {
        let (_, to) = self.behind("netns")?;
        let (_, device) = self.behind("set")?;
        let there = world.room(to)?.device(device).is_some() && !to.is_empty();
        there.then(|| Finding::Fine(format!("\"{device}\" is in \"{to}\" already")))
    }

    fn iptables(&mut self) {
        let tool = self.tool + 1;
        for (wrong, right) in [("-J", "-j"), ("-a", "-A")] {
            if let Some(at) = self.words.iter().position(|w| w == wrong) {
                self.why.push(format!("there is no option {wrong}: {right}"));
                self.words[at] = right.into();
            }
        }
        let has =
            |line: &Line, options: &[&str]| line.words.iter().any(|w| options.contains(&&**w));
        let port = self.words.iter().position(|w| {
            ["--dport", "--sport", "--destination-port", "--source-port"].contains(&&**w)
        });
        if let Some(at) = port
            && !has(self, &["-p", "--protocol", "-m"])
        {
            self.why.push(format!("{} needs a protocol before it: -p tcp", self.words[at]));
            self.words.splice(at..at, ["-p".into(), "tcp".into()]);
        }
        if has(self, &["PREROUTING", "POSTROUTING"])
            && has(self, &["DNAT", "SNAT", "MASQUERADE", "REDIRECT"])
            && !has(self, &["-t", "--table"])
        {
            self.why.push("this chain and target are of table nat: -t nat".into());
            self.words.splice(tool..tool, ["-t".into(), "nat".into()]);
        }
    }
}

/// Why a ping had no answer.
fn unanswered(line: &Line, o: &Outcome<'_>) -> Option<Finding> {
    let to = line.words.iter().rev().find_map(|w| v4(w))?;
    let room = o.world.room(&line.room).filter(|r| !r.name.is_empty())?;
    let ours = || room.addresses.iter().filter(|a| !a.address.is_loopback());
    if o.status == 0 || ours().any(|a| a.holds(to)) {
        return None;
    }
    let ip = line.ip_here();
    // The host's own addresses in a network of this namespace lead on.
    let host = o.world.room("")?;
    let gateway = host.addresses.iter().find(|g| ours().any(|a| a.holds(g.address)))?;
    match o.status {
        2 => {
            let why = format!("\"{}\" has no route to {to}", room.name);
            let adds = |l: &&str| l.contains(&*room.name) && l.contains("route add");
            Some(if o.later.iter().any(adds) {
                Finding::Fine(format!("{why}; the page comes to that"))
            } else {
                Finding::Early {
                    why,
                    first: vec![format!("{ip} route add default via {}", gateway.address)],
                }
            })
        }
        1 if !o.forwards => Some(Finding::Early {
            why: "the host does not pass packets on".into(),
            first: vec!["sysctl -w net.ipv4.ip_forward=1".into()],
        }),
        _ => None,
    }
}

impl Address {
    /// Whether another address is in its network.
    fn holds(&self, other: Ipv4Addr) -> bool {
        let shift = 32 - u32::from(self.prefix_len.min(32));
        let network = |a: Ipv4Addr| u64::from(a.to_bits()) >> shift;
        network(self.address) == network(other)
    }
}

fn v4(word: &str) -> Option<Ipv4Addr> {
    word.parse().ok()
}

/// A device whose name differs in case, dashes or a letter or two.
fn similar<'r>(given: &str, room: &'r Room) -> Option<&'r str> {
    let bare = |name: &str| -> String {
        name.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
    };
    let names = || room.devices.iter().map(|d| &*d.name).filter(|n| *n != "lo");
    names().find(|n| bare(n) == bare(given)).or_else(|| nearest(given.as_bytes(), names()))
}

#[cfg(test)]
mod tests {
    use super::super::world::Device;
    use super::*;

    fn world() -> World {
        let device = |name: &str, index, peer| Device { name: name.into(), index, peer };
        let address = |device, text: &str, prefix_len| Address {
            device,
            address: text.parse().unwrap(),
            prefix_len,
        };
        let room = |name: &str, devices, addresses| Room { name: name.into(), devices, addresses };
        World(vec![
            room(
                "",
                vec![device("v-net-0", 9, None), device("eth0", 2, None)],
                vec![address(2, "192.168.1.2", 24)],
            ),
            room(
                "blue",
                vec![device("veth-blue", 4, Some(5))],
                vec![address(4, "192.168.15.2", 24)],
            ),
            room("red", vec![device("veth-red", 5, Some(4))], vec![address(5, "192.168.15.1", 24)]),
        ])
    }

    fn judged(line: &str, status: u8) -> Option<Finding> {
        judge(&Outcome { line, status, world: &world(), forwards: false, later: &[] })
    }

    fn instead(line: &str, status: u8) -> Vec<String> {
        match judged(line, status) {
            Some(Finding::Slip { why, told, instead }) => {
                assert!(!why.is_empty());
                assert_eq!(told.is_some(), instead.len() > 2);
                instead
            }
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn each_slip_has_its_correction() {
        for (line, status, corrected) in [
            (
                "ip link add veth-red type veth peer name veth blue",
                255,
                "ip link add veth-red type veth peer name veth-blue",
            ),
            ("ip link add v net type bridge", 255, "ip link add v-net type bridge"),
            (
                "ip -n red addr add 192.168.15.3 dev veth red",
                255,
                "ip -n red addr add 192.168.15.3/24 dev veth-red",
            ),
            (
                "ip netns blue ip route add default via 192.168.15.5",
                255,
                "ip netns exec blue ip route add default via 192.168.15.5",
            ),
            ("sudo ip nets exec red ip link", 1, "sudo ip netns exec red ip link"),
            ("ip lnik set eth0 up", 1, "ip link set eth0 up"),
            ("ip link set eth0 master Vnet0", 255, "ip link set eth0 master v-net-0"),
            ("ip -n red link set veth-rde up", 1, "ip -n red link set veth-red up"),
            (
                "ip -n red addr 10.0.0.1/8 dev veth-red",
                255,
                "ip -n red addr add 10.0.0.1/8 dev veth-red",
            ),
            (
                "iptables -a PREROUTING --dport 80 -J DNAT --to-destination 10.0.0.1",
                2,
                "iptables -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.1",
            ),
        ] {
            assert_eq!(instead(line, status), [corrected]);
        }
    }

    #[test]
    fn a_line_may_be_wrong_and_succeed() {
        assert_eq!(
            instead("ip addr add 192.168.15.5/25 dev v-net-0", 0),
            ["ip addr add 192.168.15.5/24 dev v-net-0", "ip addr del 192.168.15.5/25 dev v-net-0"]
        );
        assert_eq!(
            instead("ip -n red addr add 10.9.0.1 dev veth-red", 0),
            [
                "ip -n red addr add 10.9.0.1/24 dev veth-red",
                "ip -n red addr del 10.9.0.1/32 dev veth-red"
            ]
        );
    }

    #[test]
    fn a_cable_between_two_becomes_one_for_each() {
        assert_eq!(
            instead("ip link set veth-red-br master Vnet0", 255),
            [
                "ip -n red link delete veth-red",
                "ip link add veth-red-br type veth peer name veth-red netns red",
                "ip link add veth-blue-br type veth peer name veth-blue netns blue",
                "ip link set veth-red-br master v-net-0",
                "ip -n red addr add 192.168.15.1/24 dev veth-red",
                "ip -n red link set veth-red up",
                "ip link set veth-red-br master v-net-0 up",
                "ip -n blue addr add 192.168.15.2/24 dev veth-blue",
                "ip -n blue link set veth-blue up",
                "ip link set veth-blue-br master v-net-0 up",
            ]
        );
    }

    #[test]
    fn what_is_right_is_left_alone() {
        for line in [
            "ip addr add 192.168.15.5/24 dev v-net-0",
            "ip addr add 10.0.0.1/32 dev eth0",
            "ip addr add 10.0.0.1 dev lo",
            "ip link add veth-green type veth peer name veth-green-br",
            "ip netns",
            "ip -n red link",
            "ip",
            "sudo",
            "ip netns exec",
            "echo a; ip addr add 10.0.0.1 dev eth0",
            "iptables -t nat -A POSTROUTING -j MASQUERADE",
        ] {
            assert_eq!(judged(line, 0), None, "{line}");
        }
        for line in ["ip frobnicate", "ip link set nowhere up", "ls -l", "ip addr add", "ip -n"] {
            assert_eq!(judged(line, 1), None, "{line}");
        }
        assert!(matches!(judged("ip link set veth-red netns red", 1), Some(Finding::Fine(_))));
    }

    #[test]
    fn a_ping_without_an_answer_is_explained() {
        let mut world = world();
        world.0[0].addresses.push(Address {
            device: 9,
            address: "192.168.15.5".parse().unwrap(),
            prefix_len: 24,
        });
        let line = "ip netns exec blue ping 192.168.1.3";
        let judged =
            |status, later| judge(&Outcome { line, status, world: &world, forwards: false, later });
        assert!(matches!(
            judged(2, &["ip -n blue route add default via x"]),
            Some(Finding::Fine(_))
        ));
        let first = |finding| match finding {
            Some(Finding::Early { first, .. }) => first,
            other => panic!("{other:?}"),
        };
        assert_eq!(first(judged(2, &[])), ["ip -n blue route add default via 192.168.15.5"]);
        assert_eq!(first(judged(1, &[])), ["sysctl -w net.ipv4.ip_forward=1"]);
        assert_eq!(judged(0, &[]), None);
    }
}
