//! Asks the kernel for what is in each namespace.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::AsFd;

use super::find::Found;
use super::{
    Addr, Base, Chain, Depth, Element, End, FilterRule, Link, Listener, Namespace, Neigh, Policy,
    Route, Set, Settings, Table, ip, legacy,
};
use crate::netlink::{Conn, Error, Msg, Protocol, Request};
use crate::nft::{self, whole};
use crate::rtnl::consts::{IFLA_AF_SPEC, IFLA_EXT_MASK, RTM_GETLINK, RTM_GETROUTE};
use crate::rtnl::rule::RTM_GETRULE;
use crate::rtnl::{addr, diag, link, neigh, nexthop, nsid, route, rule};
use crate::sort;
use crate::sys::{file, netns};

/// SO_RCVBUF in bytes.
const ROOM: u32 = 1 << 20;

/// Reads all of them, the first without entering it: it is the caller's.
///
/// # Errors
///
/// When the first cannot be read.
pub(super) fn all(found: Vec<Found>, depth: Depth) -> io::Result<Vec<Namespace>> {
    // A thread goes from one to the next; the program stays where it is.
    std::thread::scope(|scope| {
        let reader = std::thread::Builder::new().spawn_scoped(scope, || {
            let mut all = Vec::with_capacity(found.len());
            for one in found {
                let first = all.is_empty();
                let mut ns = empty(one);
                if first {
                    fill(&mut ns, depth)?;
                } else if netns::enter(&ns.file).is_ok() {
                    // It may go while it is read.
                    ns.open = fill(&mut ns, depth).is_ok();
                }
                all.push(ns);
            }
            Ok(all)
        })?;
        reader.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))
    })
}

fn empty(found: Found) -> Namespace {
    Namespace {
        names: found.names,
        origin: found.origin,
        pids: found.pids,
        file: found.file,
        open: false,
        links: Vec::new(),
        addrs: Vec::new(),
        routes: Vec::new(),
        rules: Vec::new(),
        neighs: Vec::new(),
        tables: None,
        unread: false,
        listeners: Vec::new(),
        settings: Settings::default(),
    }
}

fn plain(e: Error) -> io::Error {
    match e {
        Error::Io(e) => e,
        Error::Nack(nack) => io::Error::from_raw_os_error(nack.errno),
        Error::Malformed => io::ErrorKind::InvalidData.into(),
    }
}

/// How often a dump that was disturbed is asked for again.
const ROUNDS: usize = 10;

/// All records of a dump; asked for again when they changed meanwhile.
fn dump<T>(
    conn: &mut Conn,
    request: Request,
    read: &mut dyn FnMut(&Msg<'_>) -> Option<T>,
) -> io::Result<Vec<T>> {
    for round in 1.. {
        let mut request = request.clone();
        let mut all = Vec::new();
        let mut dump = conn.dump(&mut request).map_err(plain)?;
        while let Some(msg) = dump.next_message().map_err(plain)? {
            all.extend(read(&msg));
        }
        if !dump.interrupted() || round == ROUNDS {
            return Ok(all);
        }
    }
    Ok(Vec::new())
}

/// Reads the namespace that the thread is in.
fn fill(ns: &mut Namespace, depth: Depth) -> io::Result<()> {
    let mut conn = Conn::open(Protocol::Route, ROOM)?;
    let conn = &mut conn;
    ns.links = dump(conn, link::query(0, false, false), &mut |m| {
        Some(Link::new(&link::Link::parse(m.payload)?))
    })?;
    sort::by_key(&mut ns.links, |l| l.index);
    if ns.links.iter().any(Link::filters_vlans) {
        vlans(conn, ns)?;
    }
    ns.addrs = dump(conn, addr::query(0, 0), &mut |m| Addr::new(&addr::Addr::parse(m.payload)?))?;
    let all_routes = Request::new(RTM_GETROUTE, 0, &route::Header::default().bytes());
    ns.routes = dump(conn, all_routes, &mut |m| Route::new(&route::Route::parse(m.payload)?))?;
    if ns.routes.iter().any(|r| r.hops.is_empty() && r.nexthop.is_some()) {
        nexthops(conn, ns)?;
    }
    ns.rules = dump(conn, Request::new(RTM_GETRULE, 0, &rule::header(0)), &mut |m| {
        Policy::new(*m.payload.first()?, &rule::Rule::parse(m.payload)?)
    })?;
    if depth >= Depth::All {
        ns.neighs = dump(conn, neigh::query(0, 0, 0), &mut |m| {
            Neigh::new(&neigh::Neigh::parse(m.payload)?)
        })?;
        ns.listeners = listeners().unwrap_or_default();
    }
    ns.settings = Settings::read(conn, depth);
    if depth >= Depth::All && ns.links.iter().any(|l| l.vrf_table().is_some()) {
        ns.settings.read_of_vrf();
    }
    ns.tables = match filter(depth) {
        Ok(tables) => Some(tables),
        // A kernel without nf_tables has no rules in it.
        Err(e) if has_no_tables(&e) => Some(Vec::new()),
        Err(_) => None,
    };
    if depth >= Depth::All {
        older(ns);
    }
    ns.open = true;
    Ok(())
}

/// Whether the kernel has nobody who could be asked for rules.
fn has_no_tables(e: &io::Error) -> bool {
    [libc::EINVAL, libc::EPROTONOSUPPORT, libc::EAFNOSUPPORT, libc::EOPNOTSUPP]
        .iter()
        .any(|errno| e.raw_os_error() == Some(*errno))
}

/// The VLANs of the ports of bridges, and of the bridges themselves.
fn vlans(conn: &mut Conn, ns: &mut Namespace) -> io::Result<()> {
    const AF_BRIDGE: u8 = 7;
    const RTEXT_FILTER_BRVLAN: u32 = 2;
    const IFLA_BRIDGE_VLAN_INFO: u16 = 2;
    let mut request = Request::new(RTM_GETLINK, 0, &link::header(AF_BRIDGE, 0));
    request.u32(IFLA_EXT_MASK, RTEXT_FILTER_BRVLAN);
    let all = dump(conn, request, &mut |m| {
        let link = link::Link::parse(m.payload)?;
        let list = link.attr(IFLA_AF_SPEC)?.nested().filter(|a| a.kind == IFLA_BRIDGE_VLAN_INFO);
        // struct bridge_vlan_info: flags u16, number u16.
        let one =
            |v: &[u8; 4]| (u16::from_ne_bytes([v[2], v[3]]), u16::from_ne_bytes([v[0], v[1]]));
        let vlans: Vec<_> = list.filter_map(|a| a.value.first_chunk().map(one)).collect();
        Some((link.index, vlans))
    })?;
    for (index, vlans) in all {
        if let Some(link) = ns.links.iter_mut().find(|l| l.index == index) {
            link.vlans = vlans;
        }
    }
    Ok(())
}

/// Nexthop objects, for routes that tell only a number.
fn nexthops(conn: &mut Conn, ns: &mut Namespace) -> io::Result<()> {
    use super::Hop;
    use nexthop::Nexthop;
    struct Object {
        id: u32,
        hop: Option<Hop>,
        /// Ids of members with their weights.
        group: Vec<(u32, u32)>,
    }
    let request = Request::new(nexthop::RTM_GETNEXTHOP, 0, &nexthop::header(0));
    let all = dump(conn, request, &mut |m| {
        let n = Nexthop::parse(m.payload)?;
        let hop = n.oif().map(|index| Hop {
            gateway: n.gateway().and_then(ip),
            index,
            weight: 1,
            flags: n.flags,
        });
        Some(Object { id: n.id()?, hop, group: n.group().into_iter().flatten().collect() })
    })?;
    let find = |id: u32| all.iter().find(|o| o.id == id);
    for route in ns.routes.iter_mut().filter(|r| r.hops.is_empty()) {
        let Some(object) = route.nexthop.and_then(find) else { continue };
        route.hops.extend(object.hop);
        for &(id, weight) in &object.group {
            let Some(hop) = find(id).and_then(|o| o.hop) else { continue };
            route.hops.push(Hop { weight: u16::try_from(weight).unwrap_or(1), ..hop });
        }
    }
    Ok(())
}

fn listeners() -> io::Result<Vec<Listener>> {
    const TCP: u8 = 6;
    const UDP: u8 = 17;
    let mut conn = Conn::open(Protocol::SockDiag, ROOM)?;
    let mut all = Vec::new();
    for (protocol, states) in [(TCP, diag::TCP_LISTEN), (UDP, diag::UDP_BOUND)] {
        for family in [2, 10] {
            // A kernel without IPv6 has no such sockets.
            let found = dump(&mut conn, diag::sockets(family, protocol, states), &mut |m| {
                let s = diag::Socket::parse(m.payload)?;
                let (port, index, v6only) = (s.port, s.index, s.v6only);
                Some(Listener { protocol, addr: ip(s.addr)?, port, index, v6only })
            });
            all.extend(found.unwrap_or_default());
        }
    }
    Ok(all)
}

/// The tables of the older interface; only those that are there, for to ask for one makes it.
fn older(ns: &mut Namespace) {
    for (list, ipv4) in [("ip_tables_names", true), ("ip6_tables_names", false)] {
        let names = file::read(format!("/proc/thread-self/net/{list}").as_bytes());
        let names = names.unwrap_or_default();
        let names = names.split(|&b| b == b'\n').filter(|n| !n.is_empty());
        let names: Vec<Vec<u8>> = names.map(<[u8]>::to_vec).collect();
        if names.is_empty() {
            continue;
        }
        match (legacy::tables(&names, ipv4), &mut ns.tables) {
            (Ok(found), Some(tables)) => tables.extend(found),
            _ => ns.unread = true,
        }
    }
}

/// The rule set. Chains and rules whose table goes meanwhile are left out.
fn filter(depth: Depth) -> io::Result<Vec<Table>> {
    let mut conn = Conn::open(Protocol::Netfilter, ROOM)?;
    let conn = &mut conn;
    let mut tables = dump(conn, whole::tables(), &mut |m| {
        Some(Table {
            family: whole::family(m.payload),
            name: nft::Table::new(m.payload)?.name.to_vec(),
            dormant: whole::is_dormant(m.payload),
            legacy: false,
            chains: Vec::new(),
            sets: Vec::new(),
        })
    })?;
    if tables.is_empty() {
        return Ok(tables);
    }
    let chains = dump(conn, whole::chains(), &mut |m| {
        let c = nft::Chain::new(m.payload)?;
        let base = c.base.map(|b| Base {
            hook: b.hook,
            priority: b.priority,
            kind: b.kind.to_vec(),
            accepts: c.policy != 0,
        });
        let chain = Chain { name: c.name.to_vec(), base, rules: Vec::new() };
        Some((whole::family(m.payload), c.table.to_vec(), chain))
    })?;
    for (family, table, chain) in chains {
        if let Some(t) = tables.iter_mut().find(|t| t.family == family && t.name == table) {
            t.chains.push(chain);
        }
    }
    let rules = dump(conn, whole::rules(), &mut |m| {
        let (table, chain) = whole::place(m.payload)?;
        let r = nft::Rule::new(m.payload);
        let rule = FilterRule {
            handle: r.handle,
            exprs: r.exprs.to_vec(),
            user_data: r.user_data.to_vec(),
        };
        Some((whole::family(m.payload), table.to_vec(), chain.to_vec(), rule))
    })?;
    // Rules of one chain follow each other.
    let mut at = (0, 0);
    for (family, table, chain, rule) in rules {
        let is = |t: &Table, c: &Chain| t.family == family && t.name == table && c.name == chain;
        let same = tables.get(at.0).is_some_and(|t| t.chains.get(at.1).is_some_and(|c| is(t, c)));
        if !same {
            let place = tables
                .iter()
                .enumerate()
                .find_map(|(i, t)| Some((i, t.chains.iter().position(|c| is(t, c))?)));
            let Some(place) = place else { continue };
            at = place;
        }
        tables[at.0].chains[at.1].rules.push(rule);
    }
    if depth >= Depth::All {
        sets(conn, &mut tables)?;
    }
    Ok(tables)
}

fn sets(conn: &mut Conn, tables: &mut [Table]) -> io::Result<()> {
    let sets = dump(conn, whole::sets(), &mut |m| {
        let s = whole::Set::new(m.payload)?;
        let (flags, key_len) = (s.flags, s.key_len);
        let set = Set { name: s.name.to_vec(), flags, key_len, elements: None };
        Some((whole::family(m.payload), s.table.to_vec(), set))
    })?;
    for (family, table, mut set) in sets {
        let request = whole::elements(family, &table, &set.name);
        set.elements = dump(conn, request, &mut |m| Some(elements(m.payload)))
            .ok()
            .map(|parts| parts.into_iter().flatten().collect());
        if let Some(t) = tables.iter_mut().find(|t| t.family == family && t.name == table) {
            t.sets.push(set);
        }
    }
    Ok(())
}

fn elements(payload: &[u8]) -> Vec<Element> {
    let owned = |b: &[u8]| b.to_vec();
    whole::read_elements(payload)
        .map(|e| Element {
            key: e.key.map(owned),
            key_end: e.key_end.map(owned),
            data: e.data.to_vec(),
            end: e.flags & 1 != 0,
        })
        .collect()
}

/// Finds the other end of each cable and the device below each device in another namespace.
///
/// A namespace knows others by numbers of its own. Whose number it is can be asked for an open
/// namespace only; a pair that is known from one side needs no question from the other.
pub(super) fn join(all: &mut [Namespace]) {
    for ns in 0..all.len() {
        // What is here, and what the other side has told.
        let mut wanted: Vec<(u32, u32, i32)> = Vec::new();
        for link in &mut all[ns].links {
            let (Some(index), None) = (link.lower, link.other_end) else { continue };
            match link.lower_nsid {
                None => link.other_end = Some(End { ns, index }),
                Some(id @ 0..) => wanted.push((link.index, index, id)),
                Some(_) => {}
            }
        }
        if wanted.is_empty() {
            continue;
        }
        let mut ids: Vec<i32> = wanted.iter().map(|(_, _, id)| *id).collect();
        sort::all(&mut ids);
        ids.dedup();
        let whose = identify(all, ns, &ids);
        for (own, index, id) in wanted {
            let Some(&other) = whose.get(&id) else { continue };
            let end = End { ns: other, index };
            set_other_end(all, End { ns, index: own }, end);
            let cable = all[ns].link(own).is_some_and(Link::is_cable);
            if cable && all[other].link(index).is_some_and(Link::is_cable) {
                set_other_end(all, end, End { ns, index: own });
            }
        }
    }
}

fn set_other_end(all: &mut [Namespace], of: End, end: End) {
    let links = &mut all[of.ns].links;
    if let Ok(at) = links.binary_search_by_key(&of.index, |l| l.index) {
        links[at].other_end = Some(end);
    }
}

/// Which namespaces have the ids (sorted) that are wanted in namespace `ns`.
fn identify(all: &[Namespace], ns: usize, wanted: &[i32]) -> BTreeMap<i32, usize> {
    let ask = || {
        let mut found = BTreeMap::new();
        let Ok(mut conn) = Conn::open(Protocol::Route, ROOM) else { return found };
        for (other, space) in all.iter().enumerate() {
            if found.len() == wanted.len() {
                break;
            }
            let Ok(msg) = conn.get(&mut nsid::get(space.file.as_fd())) else { continue };
            let id = nsid::NsId::parse(msg.payload).and_then(|n| n.id());
            if let Some(id) = id.filter(|id| wanted.binary_search(id).is_ok()) {
                found.insert(id, other);
            }
        }
        found
    };
    match ns {
        super::Network::HERE => ask(),
        _ => netns::inside(&all[ns].file, ask).unwrap_or_default(),
    }
}
