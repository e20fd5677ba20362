//! A lab file: a network in a few lines, and what each line is in the words of `ip`.
//!
//! ```text
//! host                                            the namespace one is in; a file begins so
//!     bridge v-net-0
//!     address 192.168.15.5/24 dev v-net-0
//!     masquerade 192.168.15.0/24
//! namespace red                                   is made; what follows is in it
//!     cable veth-red to host:veth-red-br master v-net-0
//!     address 192.168.15.1/24 dev veth-red
//!     route default via 192.168.15.5
//! ```
//!
//! Devices are made before anything else and are up, so that lines may stand in any order.

use crate::cli::nearest;

/// A whole file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The host first.
    pub sections: Vec<Section>,
}

/// What is to be in a namespace.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// Empty for the host.
    pub name: Vec<u8>,
    /// Where it is named first.
    pub line: usize,
    /// Its devices, in order.
    pub links: Vec<Statement>,
    /// The rest, in order.
    pub rest: Vec<Statement>,
}

/// One thing to be done, and the line that wants it.
#[derive(Debug, PartialEq, Eq)]
pub struct Statement {
    pub line: usize,
    pub deed: Deed,
}

type Words = Vec<Vec<u8>>;

#[derive(Debug, PartialEq, Eq)]
pub enum Deed {
    /// Words of `ip`.
    Ip(Words),
    /// A device is set up. What any network has most of need not be looked up first.
    Up(Vec<u8>),
    /// `iptables` or `ip6tables`, and its words.
    Iptables(Words),
    /// A file below /proc/sys, and what is written there.
    Sysctl(Vec<u8>, Vec<u8>),
}

/// A mistake in a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake {
    pub line: usize,
    pub text: String,
}

/// What a line may begin with.
pub const VERBS: &[&str] = &[
    "host",
    "namespace",
    "bridge",
    "cable",
    "link",
    "address",
    "route",
    "rule",
    "nexthop",
    "neighbour",
    "sysctl",
    "masquerade",
    "forward",
    "iptables",
    "ip6tables",
    "ip",
];

impl Plan {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// The first mistake.
    pub fn read(text: &[u8]) -> Result<Plan, Mistake> {
        let mut reader = Reader { plan: Plan::default(), at: 0, line: 1 };
        reader.plan.sections.push(Section::default());
        for (n, line) in text.split(|&b| b == b'\n').enumerate() {
            reader.line = n + 1;
            let words = split(line).map_err(|what| reader.mistake(what))?;
            if let Some((verb, rest)) = words.split_first() {
                reader.line(verb, rest)?;
            }
        }
        Ok(reader.plan)
    }
}

/// Words at blanks, or in quotes; what follows a `#` is a remark.
fn split(line: &[u8]) -> Result<Words, &'static str> {
    let mut words = Vec::new();
    let mut rest = line.trim_ascii();
    while let Some(&first) = rest.first() {
        let end = match first {
            b'#' => break,
            b'\'' | b'"' => {
                let len = rest[1..].iter().position(|&b| b == first).ok_or("a quote is open")?;
                words.push(rest[1..=len].to_vec());
                len + 2
            }
            _ => {
                let len = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
                words.push(rest[..len].to_vec());
                len
            }
        };
        rest = rest[end..].trim_ascii_start();
    }
    Ok(words)
}

struct Reader {
    plan: Plan,
    /// The section one is in.
    at: usize,
    line: usize,
}

fn words(text: &str) -> Words {
    text.split_whitespace().map(|w| w.as_bytes().to_vec()).collect()
}

/// The words for one queue each way, unless others are wanted. With more, one for each processor,
/// the kernel at once takes back all but one and waits until nobody can be using them: that takes
/// longer than all else about a cable.
fn one_queue(wanted: &[Vec<u8>]) -> Words {
    let own = wanted.iter().any(|w| w.starts_with(b"numtx") || w.starts_with(b"numrx"));
    if own { Words::new() } else { words("numtxqueues 1 numrxqueues 1") }
}

fn shown(word: &[u8]) -> String {
    String::from_utf8_lossy(word).into_owned()
}

impl Reader {
    fn mistake(&self, text: impl Into<String>) -> Mistake {
        Mistake { line: self.line, text: text.into() }
    }

    /// The section of a namespace, made if it is not there.
    fn section(&mut self, name: &[u8]) -> usize {
        let name = if name == b"host" { b"" } else { name };
        if let Some(at) = self.plan.sections.iter().position(|s| s.name == name) {
            return at;
        }
        self.plan.sections.push(Section {
            name: name.to_vec(),
            line: self.line,
            ..Section::default()
        });
        let at = self.plan.sections.len() - 1;
        self.set_up(at, b"lo");
        at
    }

    fn rest(&mut self, at: usize, deed: Deed) {
        self.plan.sections[at].rest.push(Statement { line: self.line, deed });
    }

    fn set_up(&mut self, at: usize, device: &[u8]) {
        self.rest(at, Deed::Up(device.to_vec()));
    }

    fn line(&mut self, verb: &[u8], rest: &[Vec<u8>]) -> Result<(), Mistake> {
        let needs = |some: bool, what: &str| match some {
            true => Ok(()),
            false => Err(self.mistake(format!("{what} is missing behind \"{}\"", shown(verb)))),
        };
        match verb {
            b"host" => {
                self.at = 0;
                self.nothing_more(rest)?;
            }
            b"namespace" => {
                needs(!rest.is_empty(), "a name")?;
                self.nothing_more(&rest[1..])?;
                let name = &rest[0];
                let strange =
                    name.iter().any(|b| b"/:".contains(b)) || name == b"." || name == b"..";
                if strange || !(1..=255).contains(&name.len()) {
                    return Err(self.mistake(format!("\"{}\" is no name", shown(name))));
                }
                self.at = self.section(name);
            }
            b"bridge" => {
                needs(!rest.is_empty(), "a name")?;
                self.device(&rest[0], &rest[1..], &words("type bridge"));
            }
            b"link" => {
                needs(rest.len() > 1, "a name and what it is")?;
                if !rest.contains(&b"type".to_vec()) {
                    return Err(self.mistake("of which kind? \"type KIND\" is missing"));
                }
                self.device(&rest[0], &rest[1..], &[]);
            }
            b"cable" => self.cable(rest)?,
            b"address" | b"route" | b"rule" | b"nexthop" | b"neighbour" => {
                needs(!rest.is_empty(), "what it is")?;
                let (family, rest) = match rest[0].as_slice() {
                    b"-4" | b"-6" => (Some(rest[0].clone()), &rest[1..]),
                    _ => (None, rest),
                };
                let mut line: Words = family.into_iter().collect();
                line.push(verb.to_vec());
                line.push(b"add".to_vec());
                line.extend_from_slice(rest);
                self.rest(self.at, Deed::Ip(line));
            }
            b"ip" => {
                needs(!rest.is_empty(), "what it is to do")?;
                self.rest(self.at, Deed::Ip(rest.to_vec()));
            }
            b"iptables" | b"ip6tables" => {
                let mut line = vec![verb.to_vec()];
                line.extend_from_slice(rest);
                self.rest(self.at, Deed::Iptables(line));
            }
            b"sysctl" => {
                let text = rest.join(&b' ');
                let at = text.iter().position(|&b| b == b'=');
                let at =
                    at.ok_or_else(|| self.mistake("NAME=VALUE is missing behind \"sysctl\""))?;
                let name = text[..at].trim_ascii();
                if name.split(|&b| b == b'/').any(|part| part == b"..") {
                    return Err(self.mistake(format!("\"{}\" is no setting", shown(name))));
                }
                // As sysctl(8) has it: the first mark says which of the two parts a name.
                let dots = name.iter().find(|b| b"./".contains(b)) == Some(&b'.');
                let swap = |b: &u8| match b {
                    b'.' if dots => b'/',
                    b'/' if dots => b'.',
                    b => *b,
                };
                let path = [b"/proc/sys/".to_vec(), name.iter().map(swap).collect()].concat();
                self.rest(self.at, Deed::Sysctl(path, text[at + 1..].trim_ascii().to_vec()));
            }
            b"masquerade" => {
                needs(!rest.is_empty(), "a network")?;
                let mut line = words("iptables -t nat -A POSTROUTING -s");
                line.push(rest[0].clone());
                match &rest[1..] {
                    [] => {}
                    [dev, out] if dev == b"dev" => line.extend([b"-o".to_vec(), out.clone()]),
                    more => self.nothing_more(more)?,
                }
                line.extend(words("-j MASQUERADE"));
                self.rest(self.at, Deed::Iptables(line));
            }
            b"forward" => {
                let [proto, port, to, target] = rest else {
                    return Err(self.mistake("\"forward tcp PORT to ADDRESS[:PORT]\" is meant"));
                };
                if to != b"to" {
                    return Err(self.mistake("\"forward tcp PORT to ADDRESS[:PORT]\" is meant"));
                }
                let mut line = words("iptables -t nat -A PREROUTING -p");
                line.extend([proto.clone(), b"--dport".to_vec(), port.clone()]);
                line.extend(words("-j DNAT --to-destination"));
                line.push(target.clone());
                self.rest(self.at, Deed::Iptables(line));
            }
            _ => {
                let near = nearest(verb, VERBS).map(|n| format!(": \"{n}\"?"));
                let text =
                    format!("\"{}\" begins no line{}", shown(verb), near.unwrap_or_default());
                return Err(self.mistake(text));
            }
        }
        Ok(())
    }

    fn nothing_more(&self, rest: &[Vec<u8>]) -> Result<(), Mistake> {
        match rest.first() {
            None => Ok(()),
            Some(word) => Err(self.mistake(format!("\"{}\" is too much", shown(word)))),
        }
    }

    /// A device that is up unless `down` is among its words.
    fn device(&mut self, name: &[u8], more: &[Vec<u8>], kind: &[Vec<u8>]) {
        let mut line = words("link add name");
        line.push(name.to_vec());
        if !more.iter().any(|w| w == b"down") {
            line.push(b"up".to_vec());
        }
        // For a bridge its kind comes first, and then what it is to be like.
        line.extend_from_slice(kind);
        line.extend(more.iter().filter(|w| *w != b"down").cloned());
        let statement = Statement { line: self.line, deed: Deed::Ip(line) };
        self.plan.sections[self.at].links.push(statement);
    }

    /// `cable NAME [WORDS] to NAMESPACE:NAME [WORDS]`
    fn cable(&mut self, rest: &[Vec<u8>]) -> Result<(), Mistake> {
        let usage = "\"cable NAME to NAMESPACE:NAME\" is meant";
        let to = rest.iter().position(|w| w == b"to").ok_or_else(|| self.mistake(usage))?;
        let (near, far) = (&rest[..to], &rest[to + 1..]);
        let (Some(name), Some(end)) = (near.first(), far.first()) else {
            return Err(self.mistake(usage));
        };
        let colon = end.iter().position(|&b| b == b':').ok_or_else(|| self.mistake(usage))?;
        let (place, far_name) = (&end[..colon], &end[colon + 1..]);
        if place.is_empty() || far_name.is_empty() {
            return Err(self.mistake(usage));
        }
        let there = self.section(place);
        let mut ends = [(self.at, &name[..], &near[1..]), (there, far_name, &far[1..])];
        // It is made where the host is, if the host is at one of its ends: the host has no name.
        if there == 0 {
            ends.swap(0, 1);
        }
        let [(here, name, more), (there, other, other_more)] = ends;
        let mut line = words("link add name");
        line.push(name.to_vec());
        line.extend(one_queue(more));
        line.extend(more.iter().filter(|w| *w != b"down").cloned());
        if !more.iter().any(|w| w == b"down") {
            line.push(b"up".to_vec());
        }
        line.extend(words("type veth peer name"));
        line.push(other.to_vec());
        line.extend(one_queue(other_more));
        // A master is looked for where the cable is made; so the far end gets its own afterwards.
        let mut master = None;
        let mut words_there = other_more.iter().filter(|w| *w != b"down");
        while let Some(word) = words_there.next() {
            if word == b"master" {
                master = words_there.next().cloned();
            } else {
                line.push(word.clone());
            }
        }
        if there != here {
            line.push(b"netns".to_vec());
            line.push(self.plan.sections[there].name.clone());
        }
        let statement = Statement { line: self.line, deed: Deed::Ip(line) };
        self.plan.sections[here].links.push(statement);
        if let Some(master) = master {
            let mut line = words("link set dev");
            line.push(other.to_vec());
            line.extend([b"master".to_vec(), master]);
            self.rest(there, Deed::Ip(line));
        }
        if !other_more.iter().any(|w| w == b"down") {
            self.set_up(there, other);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        let plan = Plan::read(text.as_bytes()).unwrap();
        let mut lines = Vec::new();
        for section in &plan.sections {
            for s in section.links.iter().chain(&section.rest) {
                let what = match &s.deed {
                    Deed::Ip(words) => format!("ip {}", shown(&words.join(&b' '))),
                    Deed::Up(device) => format!("ip link set dev {} up", shown(device)),
                    Deed::Iptables(words) => shown(&words.join(&b' ')),
                    Deed::Sysctl(path, value) => format!("{} = {}", shown(path), shown(value)),
                };
                // A cable has one queue at each end, which is of no interest here.
                let what = what.replace(" numtxqueues 1 numrxqueues 1", "");
                lines.push(format!("{}:{} {what}", shown(&section.name), s.line));
            }
        }
        lines
    }

    #[test]
    fn each_line_is_one_of_ips() {
        assert_eq!(
            said(
                "# a remark\nnamespace red # another\n cable v to host:w master b0\n address 10.0.0.1/8 dev v\n\
                 host\nbridge b0 mtu 1400\nlink d0 down type dummy\nsysctl net.ipv4.ip_forward = 1\n\
                 masquerade 10.0.0.0/8 dev eth0\nforward tcp 80 to 10.0.0.1:8080\nrule -6 from ::1 table 5\n\
                 ip link set lo up\niptables -P FORWARD DROP"
            ),
            [
                ":3 ip link add name w master b0 up type veth peer name v netns red",
                ":6 ip link add name b0 up type bridge mtu 1400",
                ":7 ip link add name d0 type dummy",
                ":8 /proc/sys/net/ipv4/ip_forward = 1",
                ":9 iptables -t nat -A POSTROUTING -s 10.0.0.0/8 -o eth0 -j MASQUERADE",
                ":10 iptables -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.1:8080",
                ":11 ip -6 rule add from ::1 table 5",
                ":12 ip link set lo up",
                ":13 iptables -P FORWARD DROP",
                "red:2 ip link set dev lo up",
                "red:3 ip link set dev v up",
                "red:4 ip address add 10.0.0.1/8 dev v",
            ]
        );
    }

    #[test]
    fn a_cable_has_one_queue_unless_more_are_wanted() {
        let plan =
            Plan::read(b"cable a numtxqueues 4 to r:b\ncable c to r:d numrxqueues 2").unwrap();
        let line = |n: usize| match &plan.sections[0].links[n].deed {
            Deed::Ip(words) => shown(&words.join(&b' ')),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            [line(0), line(1)],
            [
                "link add name a numtxqueues 4 up type veth peer name b numtxqueues 1 numrxqueues 1 netns r",
                "link add name c numtxqueues 1 numrxqueues 1 up type veth peer name d numrxqueues 2 netns r",
            ]
        );
    }

    #[test]
    fn a_cable_may_lead_anywhere() {
        assert_eq!(
            said("namespace a\ncable x mtu 1400 to b:y down master m\ncable p to a:q\n"),
            [
                "a:2 ip link add name x mtu 1400 up type veth peer name y netns b",
                "a:3 ip link add name p up type veth peer name q",
                "a:1 ip link set dev lo up",
                "a:3 ip link set dev q up",
                "b:2 ip link set dev lo up",
                "b:2 ip link set dev y master m",
            ]
        );
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        for (text, line, says) in [
            ("\nnamespace", 2, "a name is missing behind \"namespace\""),
            ("namespace a b", 1, "\"b\" is too much"),
            ("namespace a/b", 1, "\"a/b\" is no name"),
            ("namespace ''", 1, "\"\" is no name"),
            ("host x", 1, "\"x\" is too much"),
            ("brigde b0", 1, "\"brigde\" begins no line: \"bridge\"?"),
            ("frobnicate", 1, "\"frobnicate\" begins no line"),
            ("cable x y", 1, "\"cable NAME to NAMESPACE:NAME\" is meant"),
            ("cable x to y", 1, "\"cable NAME to NAMESPACE:NAME\" is meant"),
            ("link x dummy", 1, "of which kind? \"type KIND\" is missing"),
            ("sysctl x", 1, "NAME=VALUE is missing behind \"sysctl\""),
            ("sysctl ../x=1", 1, "\"../x\" is no setting"),
            ("forward tcp 80", 1, "\"forward tcp PORT to ADDRESS[:PORT]\" is meant"),
            ("ip 'a", 1, "a quote is open"),
            ("route", 1, "what it is is missing behind \"route\""),
        ] {
            let mistake = Plan::read(text.as_bytes()).unwrap_err();
            assert_eq!((mistake.line, &*mistake.text), (line, says), "{text}");
        }
    }
}
