//! D20: packets leave under an address that nobody outside knows, so no answer finds back.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::doctor::trip::Why;

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for (followed, stop) in case.stops() {
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
        // Where the private network ends: the last that has passed the packet on, in our hands.
        let ours = |ns: usize| !matches!(case.space(ns).origin, crate::model::Origin::Mount(_));
        let last = trip.forwarders().filter(|(ns, ..)| ours(*ns)).last();
        let Some((router, input, output)) = last.filter(|_| lost) else { continue };
        let nat = trip.connection(router);
        if nat.is_some_and(|c| c.is_snat() || c.is_dnat()) {
            continue;
        }
        let Some(src) = nat.map(|c| c.original.src) else { continue };
        let network = case.network_of(router, input, src);
        // Who sends under an address of another network has another fault.
        if network.is_host() && !followed.asked {
            continue;
        }
        let device = case.dev(crate::model::End { ns: router, index: output });
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
