//! D45: a neighbour has another hardware address than the one that is remembered.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::model::{End, Neigh};
use crate::rtnl::consts::{NTF_PROXY, NUD_FAILED, NUD_INCOMPLETE, NUD_NOARP, NUD_PERMANENT};

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    for (ns, space) in case.net.namespaces.iter().enumerate() {
        for entry in &space.neighs {
            let unused = NUD_FAILED | NUD_INCOMPLETE | NUD_NOARP;
            if entry.state & unused != 0 || entry.flags & NTF_PROXY != 0 {
                continue;
            }
            let end = End { ns, index: entry.index };
            check(row, case, end, entry, found);
        }
    }
}

fn check(row: &Row, case: &Case<'_>, end: End, entry: &Neigh, found: &mut Vec<Finding>) {
    let Some(mac) = &entry.mac else { return };
    let holders: Vec<End> =
        case.others(end).iter().filter(|(_, a)| a.local == entry.addr).map(|(e, _)| *e).collect();
    // Whoever has it answers by any of its devices on the link.
    let has = |e: &End| {
        case.domain(end)
            .iter()
            .filter(|d| d.ns == e.ns)
            .any(|d| case.link(*d).is_some_and(|l| l.mac == *mac))
    };
    let Some(holder) = holders.first().filter(|_| !holders.iter().any(has)) else { return };
    let asked = case.asked().is_none_or(|f| f.trip.stop.as_ref().is_some_and(|s| s.ns == end.ns));
    if !asked {
        return;
    }
    let device = case.dev(end);
    let text = |mac: &[u8]| mac.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(":");
    let now = case.link(*holder).map(|l| text(&l.mac)).unwrap_or_default();
    let why = format!(
        "{} remembers {} at {}, but {} has {now}: the cable was made anew",
        case.place(end.ns),
        entry.addr,
        text(mac),
        case.place(holder.ns)
    );
    let ip = case.ip(end.ns);
    // A flush leaves alone what was entered by hand.
    let fix = match entry.state & NUD_PERMANENT {
        0 => format!("{ip}neigh flush dev {device}"),
        _ => format!("{ip}neigh del {} dev {device}", entry.addr),
    };
    let mut finding = row.finding(end.ns, why, vec![fix]);
    finding.ends = vec![end, *holder];
    found.push(finding);
}
