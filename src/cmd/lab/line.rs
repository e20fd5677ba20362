//! A line of a lesson while it is being mended: which of its words are wrong, and what they should be.

use super::mend::{Finding, v4};
use super::world::{Address, Room, World};
use crate::cli::nearest;

/// Words behind a name, or between names.
const KEYWORDS: &[&str] = &[
    "type", "peer", "netns", "master", "up", "down", "dev", "name", "mtu", "address", "via",
    "metric", "link", "add", "scope", "label",
];

const OBJECTS: &[&str] = &["netns", "link", "addr", "address", "route", "neigh", "rule"];

/// A line while it is being mended.
pub(super) struct Line {
    pub(super) words: Vec<String>,
    /// Where the tool stands that does the work, behind `sudo` and `ip netns exec NAME`.
    pub(super) tool: usize,
    /// The namespace it works in.
    pub(super) room: String,
    pub(super) why: Vec<String>,
    pub(super) told: Option<String>,
    /// What has to come before it, and after it.
    pub(super) before: Vec<String>,
    pub(super) after: Vec<String>,
}

impl Line {
    pub(super) fn new(text: &str, world: &World, failed: bool) -> Option<Line> {
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
    pub(super) fn ip_here(&self) -> String {
        match &*self.room {
            "" => "ip".into(),
            room => format!("ip -n {room}"),
        }
    }

    pub(super) fn ip(&mut self, world: &World, failed: bool) {
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
    pub(super) fn moved_already(&self, world: &World) -> Option<Finding> {
        let (_, to) = self.behind("netns")?;
        let (_, device) = self.behind("set")?;
        let there = world.room(to)?.device(device).is_some() && !to.is_empty();
        there.then(|| Finding::Fine(format!("\"{device}\" is in \"{to}\" already")))
    }

    pub(super) fn iptables(&mut self) {
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

/// A device whose name differs in case, dashes or a letter or two.
fn similar<'r>(given: &str, room: &'r Room) -> Option<&'r str> {
    let bare = |name: &str| -> String {
        name.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
    };
    let names = || room.devices.iter().map(|d| &*d.name).filter(|n| *n != "lo");
    names().find(|n| bare(n) == bare(given)).or_else(|| nearest(given.as_bytes(), names()))
}
