//! What the rules are asked about: the picture, who is on which link, the flows and what became
//! of them.

use std::net::IpAddr;

use super::rules::{Finding, Row, stop};
use super::segment;
use super::trip::{Flow, Stop, Trip, Why};
use crate::cmd::typed::word;
use crate::model::{Addr, End, Link, Namespace, Network, Prefix};

/// A flow that was followed.
pub struct Followed {
    pub flow: Flow,
    pub trip: Trip,
    /// A person has asked about it; otherwise the network itself says that it is meant to pass.
    pub asked: bool,
}

/// A word that names nothing.
pub struct Unknown {
    pub word: String,
    /// It stands where a destination is expected.
    pub is_name_of_host: bool,
    /// The flow starts here.
    pub from: usize,
}

pub struct Case<'a> {
    pub net: &'a Network,
    /// Everybody on each link: devices with addresses and bridges.
    pub domains: Vec<Vec<End>>,
    pub flows: Vec<Followed>,
    pub unknown: Option<Unknown>,
    /// Only findings of this namespace are wanted.
    pub only: Option<usize>,
}

impl<'a> Case<'a> {
    pub fn new(net: &'a Network) -> Case<'a> {
        let mut domains: Vec<Vec<End>> = Vec::new();
        for (ns, space) in net.namespaces.iter().enumerate() {
            for link in &space.links {
                let end = End { ns, index: link.index };
                let known = domains.iter().any(|d| d.contains(&end));
                let has_stack = link.is_bridge() || space.addrs_of(link.index).next().is_some();
                if !link.is_loopback() && has_stack && !known {
                    domains.push(segment::all(net, end));
                }
            }
        }
        Case { net, domains, flows: Vec::new(), unknown: None, only: None }
    }

    /// Whether everything is examined, and not one flow.
    pub fn is_general(&self) -> bool {
        self.unknown.is_none() && !self.flows.iter().any(|f| f.asked)
    }
    /// The flow that was asked about, and where it stops.
    pub fn asked(&self) -> Option<&Followed> {
        self.flows.iter().find(|f| f.asked)
    }
    /// The flows that stop, and where.
    pub fn stops(&self) -> impl Iterator<Item = (&Followed, &Stop)> {
        self.flows.iter().filter_map(|f| Some((f, f.trip.stop.as_ref()?)))
    }

    /// Whether a finding from the picture explains where the asked flow stops.
    pub fn explained(&self, row: &Row, finding: &Finding) -> bool {
        let Some((followed, found)) = self.stops().find(|(f, _)| f.asked) else { return false };
        let kind = match found.why {
            Why::NoRoute | Why::NoSource { .. } | Why::Refused(_) => stop::ROUTE,
            Why::Unresolved { .. } | Why::AskedBySelf { .. } | Why::WrongMac { .. } => stop::LINK,
            Why::NoReturn { .. }
            | Why::NotForwarding { .. }
            | Why::Astray { .. }
            | Why::Martian { .. }
            | Why::WrongAnswer
            | Why::Circle => stop::RETURN,
            _ => return row.explains == stop::ALWAYS && self.concerns(followed, found, finding),
        };
        row.explains & kind != 0 && self.concerns(followed, found, finding)
    }

    fn concerns(&self, followed: &Followed, found: &Stop, finding: &Finding) -> bool {
        let mut spaces = vec![found.ns, followed.flow.from];
        spaces.extend(followed.trip.steps.iter().map(|s| s.ns));
        let holders = self.net.holders(followed.flow.dst);
        spaces.extend(holders.iter().map(|e| e.ns));
        let mut ends: Vec<End> = Vec::new();
        if let Why::Unresolved { segment, device, .. } = &found.why {
            ends.extend(segment.members.iter().map(|m| m.end));
            ends.extend(segment.obstacles.iter().map(|o| o.end()));
            ends.push(End { ns: found.ns, index: *device });
        }
        // The host's bridge concerns everybody; what hangs on it does not.
        let own = |ns: &usize| *ns != Network::HERE || finding.ends.is_empty();
        finding.ends.iter().any(|e| ends.contains(e))
            || spaces
                .iter()
                .filter(|n| own(n))
                .any(|ns| finding.ns == *ns || finding.ends.iter().any(|e| e.ns == *ns))
            || finding.ends.iter().any(|e| {
                let peer = self.net.peer(*e);
                peer.is_some_and(|p| spaces.contains(&p.ns) && p.ns != Network::HERE)
            })
            || followed.flow.from == Network::HERE
                && finding.ns == Network::HERE
                && holders.is_empty()
    }

    pub fn space(&self, ns: usize) -> &'a Namespace {
        &self.net.namespaces[ns]
    }
    pub fn link(&self, end: End) -> Option<&'a Link> {
        self.net.link(end)
    }
    /// The name of a device.
    pub fn dev(&self, end: End) -> String {
        self.link(end).map_or_else(|| end.index.to_string(), |l| word(&l.name))
    }
    pub fn label(&self, ns: usize) -> String {
        word(&self.net.label(ns))
    }
    /// `the host`, or the name.
    pub fn place(&self, ns: usize) -> String {
        match ns {
            Network::HERE if self.space(ns).names.is_empty() => "the host".to_owned(),
            _ => self.label(ns),
        }
    }
    /// The words before a command of `ip` that is to work in a namespace.
    pub fn ip(&self, ns: usize) -> String {
        match self.space(ns).names.first() {
            _ if ns == Network::HERE => "ip ".to_owned(),
            Some(name) => format!("ip -n {} ", word(name)),
            None => format!("{}ip ", self.exec(ns)),
        }
    }
    /// The words before any command that is to work in a namespace.
    pub fn exec(&self, ns: usize) -> String {
        let space = self.space(ns);
        match (&space.origin, space.names.first()) {
            _ if ns == Network::HERE => String::new(),
            (_, Some(name)) => format!("ip netns exec {} ", word(name)),
            (crate::model::Origin::Mount(path), _) => format!("nsenter --net={} ", word(path)),
            _ => {
                let pid = space.pids.first().copied().unwrap_or(0);
                format!("nsenter --net=/proc/{pid}/ns/net ")
            }
        }
    }
    /// Everybody on the link of a device, itself included.
    pub fn domain(&self, end: End) -> &[End] {
        self.domains.iter().find(|d| d.contains(&end)).map_or(&[], |d| d)
    }
    /// The addresses on a link, but those of one device.
    pub fn others(&self, end: End) -> Vec<(End, &'a Addr)> {
        let mut all = Vec::new();
        for other in self.domain(end).iter().filter(|e| **e != end) {
            all.extend(self.space(other.ns).addrs_of(other.index).map(|a| (*other, a)));
        }
        all
    }
    /// An address of a network that nobody has, the lowest.
    pub fn free(&self, network: Prefix) -> Option<IpAddr> {
        let IpAddr::V4(first) = network.network().addr else { return None };
        let count = 1u32.checked_shl(32 - u32::from(network.len)).unwrap_or(0);
        (1..count.saturating_sub(1).min(65534))
            .map(|n| IpAddr::from(std::net::Ipv4Addr::from(u32::from(first) + n)))
            .find(|a| self.net.holders(*a).is_empty() && !self.is_gateway(*a))
    }
    /// Whether somebody sends what he does not know to this address.
    pub fn is_gateway(&self, addr: IpAddr) -> bool {
        self.net
            .namespaces
            .iter()
            .any(|ns| ns.routes.iter().any(|r| r.hops.iter().any(|h| h.gateway == Some(addr))))
    }
    /// Who could be the gateway of a namespace: an address on one of its links, and whose.
    pub fn gateway(&self, ns: usize) -> Option<(End, IpAddr, usize)> {
        let space = self.space(ns);
        let mut best: Option<(usize, (End, IpAddr, usize))> = None;
        for own in space.addrs.iter().filter(|a| a.local.is_ipv4() && !a.local.is_loopback()) {
            let end = End { ns, index: own.index };
            for (other, addr) in self.others(end) {
                if other.ns == ns || !own.network().contains(addr.local) {
                    continue;
                }
                let router = self.space(other.ns);
                let elsewhere = router
                    .addrs
                    .iter()
                    .any(|a| a.index != other.index && !a.local.is_loopback() && a.local.is_ipv4());
                let score = usize::from(elsewhere) * 4
                    + usize::from(router.settings.ip_forward) * 2
                    + usize::from(other.ns == Network::HERE);
                if score > 0 && best.is_none_or(|(b, _)| score > b) {
                    best = Some((score, (end, addr.local, other.ns)));
                }
            }
        }
        best.map(|(_, found)| found)
    }
    /// The network of an address as the device it comes by knows it.
    pub fn network_of(&self, ns: usize, device: u32, addr: IpAddr) -> Prefix {
        let on = self.space(ns).addrs_of(device).find(|a| a.network().contains(addr));
        let len = if addr.is_ipv4() { 32 } else { 128 };
        on.map_or(Prefix { addr, len }, |a| a.network())
    }
}
