//! D27: a room asks for a port that the host publishes for another room on the same bridge, or
//! for itself: the server answers by the short way, and nobody knows that answer.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::doctor::packet::{TCP, UDP};
use crate::cmd::doctor::trip::Why;
use crate::cmd::doctor::walk;
use crate::model::{End, Prefix};

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for (followed, stop) in case.stops() {
        let turned = followed.trip.connections.iter().find(|c| c.is_dnat());
        let (true, Some(nat)) = (followed.asked, turned) else { continue };
        let why = matches!(
            stop.why,
            Why::WrongAnswer | Why::Hairpin { .. } | Why::Martian { .. } | Why::AskedBySelf { .. }
        );
        let to = (nat.reply.src, nat.reply.sport);
        let from = nat.original.src;
        let space = case.space(nat.ns);
        let network =
            space.addrs.iter().map(|a| a.network()).find(|n| n.contains(to.0) && n.contains(from));
        let Some(network) = network.filter(|_| why) else { continue };
        let proto = match followed.flow.proto {
            TCP => format!(" -p tcp --dport {}", to.1),
            UDP => format!(" -p udp --dport {}", to.1),
            _ => String::new(),
        };
        let program = if to.0.is_ipv4() { "iptables" } else { "ip6tables" };
        let exec = case.exec(nat.ns);
        let mut fixes = Vec::new();
        if !nat.is_snat() {
            fixes.push(format!(
                "{exec}{program} -t nat -A POSTROUTING -s {network} -d {}{proto} -m conntrack --ctstate DNAT -j MASQUERADE",
                Prefix { addr: to.0, len: if to.0.is_ipv4() { 32 } else { 128 } }
            ));
        }
        // Its own port: the bridge must send the frame back where it came from.
        let itself = case.space(followed.flow.from).is_own(to.0);
        if itself && let Some(port) = port(case, nat.ns, followed.flow.from, &stop.packet) {
            fixes.push(format!(
                "{}link set {} type bridge_slave hairpin on",
                case.ip(nat.ns),
                case.dev(port)
            ));
        }
        let (client, server) = (case.place(followed.flow.from), to.0);
        let why = if itself {
            format!(
                "{client} asks for a port that {} turns round to {client} itself: it would get packets from its own address",
                case.place(nat.ns)
            )
        } else {
            format!(
                "{} turns {client}'s request round to {server} on the same bridge, which answers by the short way, under an address that {client} has not asked",
                case.place(nat.ns)
            )
        };
        found.push(row.finding(nat.ns, why, fixes));
    }
}

/// The port of a bridge that a room hangs on, when frames of the bridge go through the rules and
/// it does not send them back.
fn port(
    case: &Case<'_>,
    ns: usize,
    room: usize,
    packet: &crate::cmd::doctor::packet::Packet,
) -> Option<End> {
    let space = case.space(ns);
    let port = space.links.iter().find(|l| {
        l.is_bridge_port()
            && case.net.peer(End { ns, index: l.index }).is_some_and(|p| p.ns == room)
    })?;
    let bridge = space.link(port.master?)?;
    (walk::calls_rules(space, bridge, packet) && !port.hairpin())
        .then_some(End { ns, index: port.index })
}
