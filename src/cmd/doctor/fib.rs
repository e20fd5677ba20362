//! Which route a packet takes: rules, tables, the longest prefix.

use std::net::IpAddr;

use crate::model::{Conf4, Hop, Link, Namespace, Policy, Route};
use crate::rtnl::consts::{
    RT_SCOPE_LINK, RT_TABLE_LOCAL, RTN_BROADCAST, RTN_LOCAL, RTN_MULTICAST, RTN_THROW, RTN_UNICAST,
};
use crate::rtnl::rule::{FR_ACT_GOTO, FR_ACT_NOP, FR_ACT_TO_TBL};

/// What is looked up.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    pub dst: IpAddr,
    pub src: Option<IpAddr>,
    /// The device the packet came by; 0 for one that is made here.
    pub iif: u32,
    /// The device it must leave by, or the VRF that knows the way; 0 for any.
    pub oif: u32,
    pub mark: u32,
    /// IPPROTO_*
    pub proto: u8,
    pub sport: u16,
    pub dport: u16,
}

/// What was found.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    pub route: &'a Route,
    /// Absent for what refuses.
    pub hop: Option<Hop>,
    /// A rule on the way could not be judged.
    pub unsure: bool,
}

impl Found<'_> {
    pub fn is_local(&self) -> bool {
        self.route.kind == RTN_LOCAL
    }
    pub fn is_broadcast(&self) -> bool {
        matches!(self.route.kind, RTN_BROADCAST | RTN_MULTICAST)
    }
    /// Whether it leads somewhere: no blackhole and the like.
    pub fn is_way(&self) -> bool {
        self.route.kind == RTN_UNICAST
    }
}

/// The VRF that a device is, or is a port of.
pub fn vrf_of(ns: &Namespace, index: u32) -> Option<u32> {
    let is_vrf = |l: &&Link| l.vrf_table().is_some();
    let link = ns.link(index)?;
    let master = || ns.link(link.master?).filter(is_vrf);
    Some(link).filter(is_vrf).or_else(master).map(|l| l.index)
}

/// Its table.
fn vrf_table(ns: &Namespace, index: u32) -> Option<u32> {
    ns.link(vrf_of(ns, index)?)?.vrf_table()
}

/// Looks a packet's way up; `None` is "Network is unreachable".
pub fn lookup<'a>(ns: &'a Namespace, q: &Query) -> Option<Found<'a>> {
    let family = if q.dst.is_ipv4() { 2 } else { 10 };
    let mut unsure = false;
    let mut from = 0;
    for rule in ns.rules.iter().filter(|r| r.family == family) {
        if rule.priority < from || !applies(ns, rule, q, &mut unsure) {
            continue;
        }
        match rule.action {
            FR_ACT_TO_TBL => {}
            FR_ACT_GOTO => {
                from = rule.goto.unwrap_or(0);
                continue;
            }
            FR_ACT_NOP => continue,
            // A rule that refuses by itself.
            _ => return None,
        }
        let table = if rule.l3mdev {
            let Some(table) = vrf_table(ns, q.iif.max(q.oif)) else { continue };
            table
        } else {
            rule.table
        };
        let Some((route, hop)) = in_table(ns, table, q) else { continue };
        if rule.suppress_prefixlen.is_some_and(|most| u32::from(route.dst.len) <= most) {
            continue;
        }
        if route.kind == RTN_THROW {
            continue;
        }
        return Some(Found { route, hop, unsure });
    }
    None
}

/// Whether a rule holds for a packet.
fn applies(ns: &Namespace, rule: &Policy, q: &Query, unsure: &mut bool) -> bool {
    let is_dev = |name: &Option<Vec<u8>>, index: u32, own: bool| {
        let Some(name) = name else { return true };
        match index {
            0 => own && name == b"lo",
            _ => ns.link(index).is_some_and(|l| l.name == *name || in_vrf(ns, l, name)),
        }
    };
    let between =
        |range: Option<(u16, u16)>, port| range.is_none_or(|(a, b)| (a..=b).contains(&port));
    let unspecified = match q.dst {
        IpAddr::V4(_) => IpAddr::from([0; 4]),
        IpAddr::V6(_) => IpAddr::from([0; 16]),
    };
    let src = q.src.unwrap_or(unspecified);
    let holds = rule.src.is_none_or(|p| p.contains(src))
        && rule.dst.is_none_or(|p| p.contains(q.dst))
        && is_dev(&rule.iif, q.iif, true)
        && is_dev(&rule.oif, q.oif, false)
        && rule.mark.is_none_or(|(mark, mask)| (q.mark ^ mark) & mask == 0)
        && rule.protocol.is_none_or(|p| p == q.proto)
        && between(rule.sport, q.sport)
        && between(rule.dport, q.dport)
        && rule.tos == 0
        // Who asks is taken to be root.
        && rule.uids.is_none_or(|(first, _)| first == 0 && q.iif == 0);
    // What is not kept in the picture counts as not fulfilled.
    if rule.more && holds != rule.not {
        *unsure = true;
        return false;
    }
    holds != rule.not
}

/// Whether a device belongs to the VRF of this name.
fn in_vrf(ns: &Namespace, link: &Link, name: &[u8]) -> bool {
    let master = link.master.and_then(|m| ns.link(m));
    master.is_some_and(|m| m.vrf_table().is_some() && m.name == name)
}

/// The best route of a table.
fn in_table<'a>(ns: &'a Namespace, table: u32, q: &Query) -> Option<(&'a Route, Option<Hop>)> {
    let mut best: Option<(&Route, Option<Hop>)> = None;
    for route in &ns.routes {
        if route.table != table || !route.dst.contains(q.dst) || route.tos != 0 {
            continue;
        }
        if let (Some(only), src) = (route.src, q.src)
            && src.is_none_or(|s| !only.contains(s))
        {
            continue;
        }
        let hop = route.hops.iter().find(|h| usable(ns, h, q)).copied();
        if !route.hops.is_empty() && hop.is_none() {
            continue;
        }
        let order = |r: &Route| (r.dst.len, std::cmp::Reverse(r.metric));
        // Of equal ones the first counts.
        if best.is_none_or(|(b, ..)| order(route) > order(b)) {
            best = Some((route, hop));
        }
    }
    best
}

fn usable(ns: &Namespace, hop: &Hop, q: &Query) -> bool {
    // A VRF is no device that a route leads by: it says which table is asked.
    let is_vrf = || ns.link(q.oif).is_some_and(|l| l.vrf_table().is_some());
    if hop.is_dead() || q.oif != 0 && hop.index != q.oif && !is_vrf() {
        return false;
    }
    let Some(link) = ns.link(hop.index) else { return false };
    !(hop.is_linkdown() && link.conf4(Conf4::IgnoreRoutesWithLinkdown) != 0)
}

/// The type of an address as this namespace sees it: RTN_LOCAL and so on.
pub fn kind(ns: &Namespace, addr: IpAddr) -> u8 {
    let q = Query { dst: addr, src: None, iif: 0, oif: 0, mark: 0, proto: 0, sport: 0, dport: 0 };
    match in_table(ns, RT_TABLE_LOCAL, &q) {
        Some((route, ..)) => route.kind,
        None if addr.is_multicast() => RTN_MULTICAST,
        None => lookup(ns, &q).map_or(RTN_UNICAST, |f| f.route.kind),
    }
}

/// The address a packet gets that leaves by a device and has none yet.
pub fn source(ns: &Namespace, index: u32, to: IpAddr) -> Option<IpAddr> {
    let fits = |a: &&crate::model::Addr| {
        a.local.is_ipv4() == to.is_ipv4() && !a.is_tentative() && !a.is_duplicate()
    };
    if to.is_ipv4() {
        let own = || ns.addrs_of(index).filter(fits).filter(|a| !a.is_secondary());
        let near = own().find(|a| a.network().contains(to) && a.scope <= RT_SCOPE_LINK);
        let any = || own().find(|a| a.scope <= RT_SCOPE_LINK);
        let other = || ns.addrs.iter().filter(fits).find(|a| a.scope < RT_SCOPE_LINK);
        return near.or_else(any).or_else(other).map(|a| a.local);
    }
    // RFC 6724 in short: the same scope, this device, the longest common beginning.
    let common = |a: IpAddr| match (a, to) {
        (IpAddr::V6(a), IpAddr::V6(b)) => (u128::from(a) ^ u128::from(b)).leading_zeros(),
        _ => 0,
    };
    let local = |a: IpAddr| matches!(a, IpAddr::V6(a) if a.is_unicast_link_local());
    ns.addrs
        .iter()
        .filter(fits)
        .filter(|a| local(a.local) == local(to) && (!local(to) || a.index == index))
        .filter(|a| !a.local.is_loopback() || to.is_loopback())
        .max_by_key(|a| (a.index == index, common(a.local)))
        .map(|a| a.local)
}

/// Why a source is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disbelief {
    /// It is an address of this host itself, or cannot be one of another.
    Martian,
    /// The way back does not lead through the device, and reverse path filtering is on.
    Path,
}

/// Whether the kernel believes that a packet with this source came by this device.
pub fn believed(ns: &Namespace, link: &Link, q: &Query) -> Result<(), Disbelief> {
    let Some(src) = q.src else { return Ok(()) };
    if src.is_loopback() && !link.is_loopback() {
        let local_net = ns.settings.route_localnet || link.conf4(Conf4::RouteLocalnet) != 0;
        return if local_net && src.is_ipv4() { Ok(()) } else { Err(Disbelief::Martian) };
    }
    let accept_local = ns.settings.accept_local || link.conf4(Conf4::AcceptLocal) != 0;
    if src.is_ipv4() && ns.is_own(src) && !link.is_loopback() && !accept_local {
        return Err(Disbelief::Martian);
    }
    let filter = ns.settings.rp_filter.max(link.conf4(Conf4::RpFilter));
    if !src.is_ipv4() || filter == 0 || link.is_loopback() {
        return Ok(());
    }
    let marked = ns.settings.src_valid_mark || link.conf4(Conf4::SrcValidMark) != 0;
    let back = Query {
        dst: src,
        src: Some(q.dst),
        iif: link
            .master
            .filter(|m| ns.link(*m).is_some_and(|l| l.vrf_table().is_some()))
            .unwrap_or(0),
        oif: 0,
        mark: if marked { q.mark } else { 0 },
        ..*q
    };
    let Some(found) = lookup(ns, &back) else { return Err(Disbelief::Path) };
    if !found.is_way() {
        return Err(Disbelief::Path);
    }
    let through = found.route.hops.iter().any(|h| h.index == link.index);
    if through || filter == 2 { Ok(()) } else { Err(Disbelief::Path) }
}
