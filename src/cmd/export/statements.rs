//! What there is in a network, said so that it can be made again.

use std::net::IpAddr;

use crate::cmd::iptables::spell;
use crate::model::{Addr, Chain, End, Link, Namespace, Network, Origin, Policy, Route, Table};
use crate::sort;

/// A namespace and what makes it.
pub struct Room {
    /// Empty for the host.
    pub name: String,
    pub statements: Vec<Statement>,
}

/// One thing to be made.
pub enum Statement {
    /// A device, and the words behind its name; up unless `down` is among them.
    Link {
        name: String,
        words: Vec<String>,
    },
    /// A veth pair.
    Cable {
        name: String,
        words: Vec<String>,
        room: String,
        far: String,
        far_words: Vec<String>,
    },
    /// Words of `ip`.
    Ip(Vec<String>),
    Sysctl(String, String),
    /// `iptables` or `ip6tables`, and its words.
    Iptables(Vec<String>),
}

impl Statement {
    /// Every word of it that is not our own.
    pub fn words(&self) -> Vec<&str> {
        let (names, lists): (&[&String], &[&Vec<String>]) = match self {
            Statement::Link { name, words } => (&[name], &[words]),
            Statement::Cable { name, words, room, far, far_words } => {
                (&[name, room, far], &[words, far_words])
            }
            Statement::Ip(words) | Statement::Iptables(words) => (&[], &[words]),
            Statement::Sysctl(name, value) => (&[name, value], &[]),
        };
        names.iter().copied().chain(lists.iter().copied().flatten()).map(String::as_str).collect()
    }
}

type LeftOut = Vec<String>;

/// Everything in the caller's namespace and in those with a name, and what cannot be said.
pub fn all(net: &Network) -> (Vec<Room>, LeftOut) {
    let (mut rooms, mut left_out) = (Vec::new(), Vec::new());
    for (n, ns) in net.namespaces.iter().enumerate() {
        let name = match (n, ns.names.first()) {
            (Network::HERE, _) => String::new(),
            (_, Some(name)) => text(name),
            // Its mount or its processes make it, and not we.
            _ => continue,
        };
        if !ns.open {
            left_out.push(format!("namespace {name}, which may not be entered"));
            continue;
        }
        debug_assert!(n == Network::HERE || ns.origin != Origin::Here);
        let mut room = Room { name, statements: Vec::new() };
        let unsaid = devices(net, n, ns, &mut room, &mut left_out);
        addresses(ns, &unsaid, &mut room);
        routes(ns, &unsaid, &mut room, &mut left_out);
        for rule in &ns.rules {
            policy(rule, &mut room, &mut left_out);
        }
        settings(ns, &mut room);
        for table in ns.tables.iter().flatten() {
            filter(table, &mut room, &mut left_out);
        }
        rooms.push(room);
    }
    (rooms, left_out)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// What any device may have besides its kind.
fn general(ns: &Namespace, link: &Link) -> Vec<String> {
    let mut all = Vec::new();
    if link.mtu != 1500 && link.mtu != 0 {
        all.extend(words(&format!("mtu {}", link.mtu)));
    }
    if link.mac.len() == 6 {
        let mac: Vec<String> = link.mac.iter().map(|b| format!("{b:02x}")).collect();
        all.extend(words(&format!("address {}", mac.join(":"))));
    }
    if let Some(master) = link.master.and_then(|m| ns.link(m)) {
        all.extend(["master".to_owned(), text(&master.name)]);
    }
    if !link.is_up() {
        all.push("down".into());
    }
    all
}

/// The devices that cannot be said are returned: nor can what is on them.
fn devices(
    net: &Network,
    n: usize,
    ns: &Namespace,
    room: &mut Room,
    left_out: &mut LeftOut,
) -> Vec<u32> {
    let mut unsaid = Vec::new();
    // A master and a device below others have to be there before them.
    let mut links: Vec<&Link> = ns.links.iter().filter(|l| !l.is_loopback()).collect();
    sort::by_key(&mut links, |l| (l.master.is_some(), l.lower.is_some() && !l.is_cable(), l.index));
    for link in links {
        let name = text(&link.name);
        let near = End { ns: n, index: link.index };
        if link.is_kind("veth") {
            let Some(far) = net.peer(near) else {
                left_out.push(format!("{name}, whose other end is nowhere to be seen{WITH}"));
                unsaid.push(link.index);
                continue;
            };
            let Some(other) = net.link(far) else { continue };
            let there = &net.namespaces[far.ns];
            let sayable = far.ns == Network::HERE || !there.names.is_empty();
            if !sayable {
                left_out.push(format!(
                    "{name}, whose other end is in a namespace without a name{WITH}"
                ));
                unsaid.push(link.index);
            } else if near < far {
                let place =
                    if far.ns == Network::HERE { String::new() } else { text(&there.names[0]) };
                room.statements.push(Statement::Cable {
                    name,
                    words: general(ns, link),
                    room: place,
                    far: text(&other.name),
                    far_words: general(there, other),
                });
            }
            continue;
        }
        match kind(ns, link) {
            Some(kind) => {
                let mut all = Vec::new();
                if let Some(below) =
                    link.lower.and_then(|i| ns.link(i)).filter(|_| !link.is_bridge())
                {
                    all.extend(["link".to_owned(), text(&below.name)]);
                }
                all.extend(general(ns, link));
                all.extend(words(&kind));
                room.statements.push(Statement::Link { name, words: all });
            }
            // Hardware is there, or is not.
            None if link.kind.is_none() => {
                if link.is_up() {
                    room.statements.push(Statement::Ip(vec![
                        "link".into(),
                        "set".into(),
                        "dev".into(),
                        name,
                        "up".into(),
                    ]));
                }
            }
            None => {
                let kind = link.kind.as_deref().map(text).unwrap_or_default();
                left_out
                    .push(format!("{name}, a {kind}, of which more would have to be said{WITH}"));
                unsaid.push(link.index);
            }
        }
    }
    unsaid
}

/// What goes with a device.
const WITH: &str = ", with its addresses and routes";

/// The kind with its options, where all that matters can be said.
fn kind(ns: &Namespace, link: &Link) -> Option<String> {
    let plain = ["bridge", "dummy", "ifb", "vcan", "nlmon"];
    if let Some(kind) = plain.iter().find(|k| link.is_kind(k)) {
        let more = if link.filters_vlans() { " vlan_filtering 1" } else { "" };
        return Some(format!("type {kind}{more}"));
    }
    if let Some(id) = link.vlan_id() {
        return link.lower.and_then(|i| ns.link(i)).map(|_| format!("type vlan id {id}"));
    }
    link.vrf_table().map(|table| format!("type vrf table {table}"))
}

fn addresses(ns: &Namespace, unsaid: &[u32], room: &mut Room) {
    let of_link =
        |a: &Addr| matches!(a.local, IpAddr::V6(v6) if v6.segments()[0] & 0xffc0 == 0xfe80);
    let said = |a: &&Addr| !a.local.is_loopback() && !of_link(a) && !unsaid.contains(&a.index);
    for a in ns.addrs.iter().filter(said) {
        let Some(link) = ns.link(a.index) else { continue };
        let address = if a.local == a.peer {
            format!("{}/{}", a.local, a.prefix_len)
        } else {
            format!("{} peer {}/{}", a.local, a.peer, a.prefix_len)
        };
        let mut all = words(&format!("address add {address}"));
        all.extend(["dev".to_owned(), text(&link.name)]);
        if a.local.is_ipv6() {
            // It has proved to be the only one once.
            all.push("nodad".into());
        }
        room.statements.push(Statement::Ip(all));
    }
}

fn routes(ns: &Namespace, unsaid: &[u32], room: &mut Room, left_out: &mut LeftOut) {
    const KERNEL: u8 = 2; // RTPROT_KERNEL
    const RA: u8 = 9; // RTPROT_RA
    const LOCAL: u32 = 255; // RT_TABLE_LOCAL
    let mut made: Vec<&Route> = ns
        .routes
        .iter()
        .filter(|r| r.protocol != KERNEL && r.protocol != RA && r.table != LOCAL)
        .filter(|r| !r.hops.iter().any(|h| unsaid.contains(&h.index)))
        .collect();
    // What is reached on the link leads to gateways; so it comes first.
    sort::by_key(&mut made, |r| r.hops.iter().any(|h| h.gateway.is_some()));
    for r in made {
        match route(ns, r) {
            Some(all) => room.statements.push(Statement::Ip(all)),
            None => left_out.push(format!("the route to {}/{}", r.dst.addr, r.dst.len)),
        }
    }
}

fn route(ns: &Namespace, r: &Route) -> Option<Vec<String>> {
    const KINDS: [(u8, &str); 5] =
        [(1, ""), (6, "blackhole"), (7, "unreachable"), (8, "prohibit"), (9, "throw")];
    const SCOPES: [(u8, &str); 3] = [(200, "site"), (253, "link"), (254, "host")];
    if r.encap || r.src.is_some() || r.nexthop.is_some() || r.tos != 0 {
        return None;
    }
    let kind = KINDS.iter().find(|k| k.0 == r.kind)?.1;
    let mut all: Vec<String> = words("route add");
    all.extend(words(kind));
    // The family is told by the destination, also where no option may be given.
    all.push(match (r.is_default(), r.is_ipv4()) {
        (true, true) => "default".into(),
        _ => format!("{}/{}", r.dst.addr, r.dst.len),
    });
    if r.table != 254 {
        all.extend(words(&format!("table {}", r.table)));
    }
    // The reference's own (boot) is what it writes without being told; likewise 1024 for IPv6.
    if r.protocol != 3 {
        all.extend(words(&format!("proto {}", r.protocol)));
    }
    if r.metric != 0 && (r.is_ipv4() || r.metric != 1024) {
        all.extend(words(&format!("metric {}", r.metric)));
    }
    if let Some(src) = r.prefsrc {
        all.extend(words(&format!("src {src}")));
    }
    if let Some(mtu) = r.mtu {
        all.extend(words(&format!("mtu {mtu}")));
    }
    let gateways = r.hops.iter().any(|h| h.gateway.is_some());
    if let Some(scope) =
        SCOPES.iter().find(|s| s.0 == r.scope && r.is_ipv4() && (gateways || s.0 != 253))
    {
        all.extend(words(&format!("scope {}", scope.1)));
    }
    for hop in &r.hops {
        if r.hops.len() > 1 {
            all.push("nexthop".into());
        }
        if let Some(gateway) = hop.gateway {
            let family = if gateway.is_ipv4() == r.is_ipv4() { "" } else { "inet6 " };
            all.extend(words(&format!("via {family}{gateway}")));
        }
        if kind.is_empty() {
            all.extend(["dev".to_owned(), text(&ns.link(hop.index)?.name)]);
        }
        if r.hops.len() > 1 && hop.weight > 1 {
            all.extend(words(&format!("weight {}", hop.weight)));
        }
        const ONLINK: u32 = 4; // RTNH_F_ONLINK
        if hop.flags & ONLINK != 0 {
            all.push("onlink".into());
        }
    }
    Some(all)
}

fn policy(p: &Policy, room: &mut Room, left_out: &mut LeftOut) {
    const LOOKUP: u8 = 1; // FR_ACT_TO_TBL
    // Those that every namespace begins with.
    if matches!((p.priority, p.table), (0, 255) | (32766, 254) | (32767, 253)) && p.action == LOOKUP
    {
        return;
    }
    if p.action != LOOKUP || p.more || p.l3mdev || p.goto.is_some() || p.uids.is_some() {
        left_out.push(format!("the rule with priority {}", p.priority));
        return;
    }
    let mut all: Vec<String> = Vec::new();
    if p.family == 10 && p.src.is_none() && p.dst.is_none() {
        // Nothing else tells its family.
        all.push("-6".into());
    }
    all.extend(words(&format!("rule add priority {}", p.priority)));
    if p.not {
        all.push("not".into());
    }
    for (word, prefix) in [("from", p.src), ("to", p.dst)] {
        if let Some(prefix) = prefix {
            all.extend(words(&format!("{word} {}/{}", prefix.addr, prefix.len)));
        }
    }
    for (word, name) in [("iif", &p.iif), ("oif", &p.oif)] {
        if let Some(name) = name {
            all.extend([word.to_owned(), text(name)]);
        }
    }
    if let Some((mark, mask)) = p.mark {
        all.extend(words(&format!("fwmark {mark:#x}/{mask:#x}")));
    }
    if p.tos != 0 {
        all.extend(words(&format!("tos {:#x}", p.tos)));
    }
    for (word, ports) in [("sport", p.sport), ("dport", p.dport)] {
        if let Some((from, to)) = ports {
            all.extend(words(&format!("{word} {from}-{to}")));
        }
    }
    if let Some(len) = p.suppress_prefixlen {
        all.extend(words(&format!("suppress_prefixlength {len}")));
    }
    all.extend(words(&format!("table {}", p.table)));
    room.statements.push(Statement::Ip(all));
}

fn settings(ns: &Namespace, room: &mut Room) {
    let named = !room.name.is_empty();
    for (name, on) in [
        ("net.ipv4.ip_forward", ns.settings.ip_forward),
        ("net.ipv6.conf.all.forwarding", ns.settings.ip6_forward),
    ] {
        // A new namespace may begin with what the machine has; so it is said in any case.
        if on || (named && name.contains("ipv4")) {
            room.statements.push(Statement::Sysctl(name.into(), u8::from(on).to_string()));
        }
    }
}

/// The tables of iptables; what others have made is not said.
fn filter(table: &Table, room: &mut Room, left_out: &mut LeftOut) {
    const TABLES: [&[u8]; 5] = [b"filter", b"nat", b"mangle", b"raw", b"security"];
    let program = match table.family {
        2 => "iptables",
        10 => "ip6tables",
        _ => "",
    };
    let name = text(&table.name);
    if program.is_empty() || !TABLES.contains(&&*table.name) {
        left_out.push(format!("the table {name} of nft"));
        return;
    }
    let mut put = |rest: String| {
        let mut all = words(&format!("{program} -t {name}"));
        all.extend(words(&rest));
        room.statements.push(Statement::Iptables(all));
    };
    let own = |c: &&Chain| c.base.is_none();
    for chain in table.chains.iter().filter(own) {
        put(format!("-N {}", text(&chain.name)));
    }
    for chain in &table.chains {
        if let Some(base) = &chain.base
            && !base.accepts
        {
            put(format!("-P {} DROP", text(&chain.name)));
        }
    }
    for chain in &table.chains {
        for rule in &chain.rules {
            let ipv4 = table.family == 2;
            let (said, whole) = spell::words(&rule.exprs, &rule.user_data, ipv4, &chain.name);
            let said = text(&said);
            // Words in quotes would be taken apart.
            if !whole || said.contains('"') {
                left_out.push(format!("a rule in {name}: {said}"));
            } else {
                put(said);
            }
        }
    }
}
