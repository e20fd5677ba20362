//! What is to be drawn: rooms with their devices, and the cables between them.
//!
//! Everything is text already, so that the five forms say the same. Left out is what nobody looks
//! for: loopback with nothing but its own addresses, tunnels that the kernel makes by itself,
//! addresses of the link.

use crate::cmd::iptables::spell;
use crate::model::{End, Hop, Link, Namespace, Network, Route};

/// The whole picture.
#[derive(Debug, Default)]
pub struct Picture {
    pub rooms: Vec<Room>,
    pub cables: Vec<Cable>,
    /// Names that name no namespace.
    pub stale: Vec<String>,
}

/// A namespace.
#[derive(Debug, Default)]
pub struct Room {
    pub name: String,
    /// The one that is drawn from.
    pub here: bool,
    pub devices: Vec<Device>,
    /// Routes that somebody made, one a line.
    pub routes: Vec<String>,
    /// Packets are passed on: `IPv4`, `IPv6`.
    pub forwards: Vec<&'static str>,
    /// Rules that translate addresses, as iptables writes them, and policies that drop.
    pub nat: Vec<String>,
    /// What is wrong with it.
    pub faults: Vec<String>,
}

/// A device.
#[derive(Debug, Default)]
pub struct Device {
    pub index: u32,
    pub name: String,
    /// Empty for hardware.
    pub kind: String,
    pub up: bool,
    /// Whether anything is at the other end.
    pub carrier: bool,
    /// With their lengths.
    pub addresses: Vec<String>,
    /// Its place in [`Room::devices`].
    pub master: Option<usize>,
    /// `vlan 10 on eth0` and the like.
    pub about: String,
    pub bridge: bool,
    /// What is wrong with it.
    pub faults: Vec<String>,
}

/// A place in [`Picture::rooms`] and one in [`Room::devices`].
pub type Place = (usize, usize);

/// A cable between two devices, the one that is read first being the first.
#[derive(Debug)]
pub struct Cable {
    pub ends: [Place; 2],
    /// Both ends are up.
    pub up: bool,
}

/// Something that is wrong, where it is to be marked.
pub struct Mark {
    /// The place of the namespace in the network.
    pub ns: usize,
    /// The device, if it is about one.
    pub index: Option<u32>,
    /// A short sentence.
    pub text: String,
}

/// So many lines of a kind are shown; more are counted.
const SOME: usize = 6;

impl Picture {
    /// Takes from the network what is drawn.
    pub fn of(net: &Network, marks: &[Mark]) -> Picture {
        let mut picture = Picture::default();
        for (n, ns) in net.namespaces.iter().enumerate() {
            let mut room = room(net, n, ns);
            for mark in marks.iter().filter(|m| m.ns == n) {
                let device = room.devices.iter_mut().find(|d| Some(d.index) == mark.index);
                let faults = device.map_or(&mut room.faults, |d| &mut d.faults);
                if !faults.contains(&mark.text) {
                    faults.push(mark.text.clone());
                }
            }
            picture.rooms.push(room);
        }
        // Where each device stands, so that a thousand cables are found in one go.
        for n in 0..net.namespaces.len() {
            for d in 0..picture.rooms[n].devices.len() {
                let near = End { ns: n, index: picture.rooms[n].devices[d].index };
                let Some(far) = net.peer(near).filter(|far| near < *far) else { continue };
                let Some(room) = picture.rooms.get(far.ns) else { continue };
                let Some(f) = room.devices.iter().position(|x| x.index == far.index) else {
                    continue;
                };
                let up = picture.rooms[n].devices[d].up && room.devices[f].up;
                picture.cables.push(Cable { ends: [(n, d), (far.ns, f)], up });
            }
        }
        picture.stale = net.stale.iter().map(|s| text(&s.name)).collect();
        picture
    }

    pub fn device(&self, at: Place) -> &Device {
        &self.rooms[at.0].devices[at.1]
    }
}

/// Text as it may be shown anywhere: what controls a terminal is taken out.
pub fn text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

fn room(net: &Network, n: usize, ns: &Namespace) -> Room {
    let mut room = Room { name: text(&net.label(n)), here: n == Network::HERE, ..Room::default() };
    if !ns.open {
        room.faults.push("may not be entered".into());
        return room;
    }
    let shown: Vec<&Link> = ns.links.iter().filter(|l| is_shown(ns, l)).collect();
    for link in &shown {
        room.devices.push(Device {
            index: link.index,
            name: text(&link.name),
            kind: link.kind.as_deref().map(text).unwrap_or_default(),
            up: link.is_up(),
            carrier: link.has_carrier(),
            addresses: addresses(ns, link),
            master: link.master.and_then(|m| shown.iter().position(|l| l.index == m)),
            about: about(net, ns, link),
            bridge: link.is_bridge(),
            faults: Vec::new(),
        });
    }
    let made = ns.routes.iter().filter(|r| is_made(r));
    room.routes = some(made.map(|r| route(ns, r)));
    let ways = [("IPv4", ns.settings.ip_forward), ("IPv6", ns.settings.ip6_forward)];
    room.forwards = ways.iter().filter(|w| w.1).map(|w| w.0).collect();
    room.nat = some(rules(ns).into_iter());
    room
}

fn some(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut more = 0;
    for line in all {
        if lines.contains(&line) {
            continue;
        }
        if lines.len() < SOME { lines.push(line) } else { more += 1 }
    }
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

/// fe80::/10, 127.0.0.0/8 and ::1 say nothing.
fn is_telling(addr: std::net::IpAddr) -> bool {
    let of_link = matches!(addr, std::net::IpAddr::V6(a) if a.segments()[0] & 0xffc0 == 0xfe80);
    !of_link && !addr.is_loopback()
}

fn addresses(ns: &Namespace, link: &Link) -> Vec<String> {
    let telling = ns.addrs_of(link.index).filter(|a| is_telling(a.local));
    some(telling.map(|a| {
        if a.local == a.peer {
            format!("{}/{}", a.local, a.prefix_len)
        } else {
            format!("{} peer {}/{}", a.local, a.peer, a.prefix_len)
        }
    }))
}

fn is_shown(ns: &Namespace, link: &Link) -> bool {
    const OF_THE_KERNEL: [&[u8]; 12] = [
        b"tunl0",
        b"gre0",
        b"gretap0",
        b"erspan0",
        b"ip_vti0",
        b"ip6_vti0",
        b"sit0",
        b"ip6tnl0",
        b"ip6gre0",
        b"teql0",
        b"dummy0",
        b"bond0",
    ];
    let bare = !ns.addrs_of(link.index).any(|a| is_telling(a.local));
    !(bare && (link.is_loopback() || (!link.is_up() && OF_THE_KERNEL.contains(&&*link.name))))
}

fn about(net: &Network, ns: &Namespace, link: &Link) -> String {
    let mut parts: Vec<String> = Vec::new();
    match (&link.kind, link.vlan_id()) {
        (_, Some(id)) => parts.push(format!("vlan {id}")),
        (Some(kind), _) if !link.is_cable() => parts.push(text(kind)),
        _ => {}
    }
    if let Some(table) = link.vrf_table() {
        parts.push(format!("table {table}"));
    }
    if !link.is_cable() && link.kind.is_some() {
        let below = link.other_end.and_then(|e| Some((e.ns, net.link(e)?)));
        if let Some((at, below)) = below {
            let mut on = format!("on {}", text(&below.name));
            if !ns.link(below.index).is_some_and(|l| std::ptr::eq(l, below)) {
                on.push_str(&format!(" of {}", text(&net.label(at))));
            }
            parts.push(on);
        }
    }
    if let Some(master) = link.master.and_then(|m| ns.link(m)) {
        parts.push(format!("in {}", text(&master.name)));
    }
    parts.join(" ")
}

/// Not what follows from an address, and not for multicast and the like.
fn is_made(r: &Route) -> bool {
    const KERNEL: u8 = 2; // RTPROT_KERNEL
    const LOCAL: u32 = 255; // RT_TABLE_LOCAL
    r.protocol != KERNEL && r.table != LOCAL
}

fn route(ns: &Namespace, r: &Route) -> String {
    // RTN_*: blackhole 6, unreachable 7, prohibit 8, throw 9.
    const REFUSALS: [&str; 4] = ["blackhole ", "unreachable ", "prohibit ", "throw "];
    let kind = usize::from(r.kind).checked_sub(6).and_then(|k| REFUSALS.get(k));
    let mut line = kind.map_or("", |k| k).to_owned();
    // The way to everywhere needs no more than its gateway.
    let plain = r.is_default() && matches!(r.hops[..], [Hop { gateway: Some(_), .. }]);
    if r.is_default() && !plain {
        line.push_str("default ");
    } else if !r.is_default() {
        line.push_str(&format!("{}/{} ", r.dst.addr, r.dst.len));
    }
    for hop in &r.hops {
        if let Some(gateway) = hop.gateway {
            line.push_str(&format!("via {gateway} "));
        } else if let Some(link) = ns.link(hop.index) {
            line.push_str(&format!("dev {} ", text(&link.name)));
        }
    }
    line.truncate(line.trim_end().len());
    const MAIN: u32 = 254;
    if r.table != MAIN {
        line.push_str(&format!(" table {}", r.table));
    }
    line
}

/// What a packet's addresses become, and hooks where nothing passes that no rule lets through.
fn rules(ns: &Namespace) -> Vec<String> {
    let mut lines = Vec::new();
    for table in ns.tables.iter().flatten().filter(|t| !t.dormant) {
        for chain in &table.chains {
            if let Some(base) = &chain.base
                && !base.accepts
                && base.kind == b"filter"
            {
                lines.push(format!("{} policy DROP", text(&chain.name)));
            }
            for rule in &chain.rules {
                let ipv4 = table.family != 10;
                let (words, _) = spell::words(&rule.exprs, &rule.user_data, ipv4, &chain.name);
                let words = text(words.strip_prefix(b"-A ").unwrap_or(&words));
                let translates = ["MASQUERADE", "DNAT", "SNAT", "REDIRECT"]
                    .iter()
                    .any(|t| words.contains(&format!("-j {t}")));
                if translates {
                    lines.push(words);
                }
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Depth;

    #[test]
    fn what_is_wrong_is_marked_where_it_is() {
        let network = Network::read(Depth::Picture).unwrap();
        let link = network.namespaces[0].links.iter().find(|l| !l.is_loopback());
        let mut marks = vec![Mark { ns: 0, index: None, text: "no way".into() }];
        // The machine that tests may have no device but loopback.
        marks.extend(link.map(|l| Mark { ns: 0, index: Some(l.index), text: "bad".into() }));
        let picture = Picture::of(&network, &marks);
        let room = &picture.rooms[0];
        assert!(room.faults.contains(&"no way".to_owned()));
        let device = link.and_then(|l| room.devices.iter().find(|d| d.index == l.index));
        assert!(device.is_none_or(|d| d.faults == ["bad"]));
    }

    #[test]
    fn text_has_no_control_characters() {
        assert_eq!(text(b"a\x1b[1m\xffb\n"), "a?[1m\u{fffd}b?");
    }
}
