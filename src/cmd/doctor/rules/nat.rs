//! D20: packets leave under an address that nobody outside knows, so no answer finds back.

use std::net::IpAddr;

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::doctor::trip::Why;
use crate::model::{End, Origin, Prefix};

/// Where a private network ends for a packet, and its answer is lost.
pub struct Lost {
    /// The namespace that has passed it on last, in our hands.
    pub router: usize,
    /// The device of it that leads out.
    pub output: u32,
    pub src: IpAddr,
    /// The network that the source is in.
    pub network: Prefix,
    /// Who does not know the way back: where the packet has arrived, or else where it was lost.
    pub at: usize,
}

/// All of them.
pub fn lost<'c>(case: &'c Case<'_>) -> impl Iterator<Item = Lost> + 'c {
    case.stops().filter_map(|(followed, stop)| {
        let trip = &followed.trip;
        let lost = match stop.why {
            Why::NoReturn { .. } => true,
            Why::NoRoute
            | Why::NotForwarding { .. }
            | Why::Circle
            | Why::Unresolved { .. }
            | Why::Refused(_)
            | Why::Astray { .. } => stop.back,
            _ => false,
        };
        let ours = |ns: usize| !matches!(case.space(ns).origin, Origin::Mount(_));
        let last = trip.forwarders().filter(|(ns, ..)| ours(*ns)).last();
        let (router, input, output) = last.filter(|_| lost)?;
        let nat = trip.connection(router)?;
        if nat.is_snat() || nat.is_dnat() {
            return None;
        }
        let src = nat.original.src;
        let network = case.network_of(router, input, src);
        // Who sends under an address of another network has another fault.
        let counts = !network.is_host() || followed.asked;
        counts.then_some(Lost { router, output, src, network, at: trip.end.unwrap_or(stop.ns) })
    })
}

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for Lost { router, output, src, network, .. } in lost(case) {
        let device = case.dev(End { ns: router, index: output });
        let program = if src.is_ipv4() { "iptables" } else { "ip6tables" };
        let why = format!(
            "{} sends packets of {src} out by {device} as they are, and nobody there knows the way back to {network}",
            case.place(router)
        );
        let fix = format!(
            "{}{program} -t nat -A POSTROUTING -s {network} -j MASQUERADE",
            case.exec(router)
        );
        found.push(row.finding(router, why, vec![fix]));
    }
}
