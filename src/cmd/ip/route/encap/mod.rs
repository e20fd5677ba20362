//! Encapsulations of a route (`encap TYPE ...`): one file each, and the table of them.
//!
//! A route, a hop of one and a nexthop object have the same two attributes: a number, which is
//! the place in the table, and a nest with what the words say.

mod bpf;
mod ila;
mod ioam6;
mod ip;
mod mpls;
mod opts;
mod rpl;
mod seg6;
mod seg6local;
mod srh;
mod word;
mod xfrm;

use crate::cli::{Args, Usage};
use crate::names::Names;
use crate::netlink::{Attrs, NLA_F_NESTED, Request};
use crate::output::{Field, Out, field};
use crate::rtnl::consts::{RTA_ENCAP, RTA_ENCAP_TYPE};
use crate::rtnl::nexthop::{NHA_ENCAP, NHA_ENCAP_TYPE};
use word::Said;

/// One encapsulation: how it is typed, sent and shown.
struct Encap {
    name: &'static str,
    /// Its words, for the usage.
    usage: &'static str,
    /// Reads words up to one that is not its own and adds attributes.
    send: fn(&mut Args<'_>, &mut Said<'_>) -> Result<(), Usage>,
    show: fn(&mut Out, &mut Names, Attrs<'_>, bool),
}

/// LWTUNNEL_ENCAP_* (linux/lwtunnel.h): the place, from 1, is the number.
static ENCAPS: &[Encap] = &[
    mpls::ENCAP,
    ip::ENCAP,
    ila::ENCAP,
    ip::ENCAP6,
    seg6::ENCAP,
    bpf::ENCAP,
    seg6local::ENCAP,
    rpl::ENCAP,
    ioam6::ENCAP,
    xfrm::ENCAP,
];

/// Where the two go: RTA_ENCAP and RTA_ENCAP_TYPE, or their like of nexthop objects.
pub struct Place {
    pub nest: u16,
    pub kind: u16,
}

/// Of a route, and of one hop of several.
pub const ROUTE: Place = Place { nest: RTA_ENCAP, kind: RTA_ENCAP_TYPE };
/// Of a nexthop object.
pub const NEXTHOP: Place = Place { nest: NHA_ENCAP, kind: NHA_ENCAP_TYPE };

/// Reads `TYPE ...` behind `encap` and adds the two attributes.
///
/// # Errors
///
/// The reference's sentences; all of them end a batch.
pub fn send(
    args: &mut Args<'_>,
    names: &mut Names,
    request: &mut Request,
    place: &Place,
) -> Result<(), Usage> {
    let word = args.need()?;
    if word == b"help" {
        return Err(Usage::new(255, format!("Usage: ip route ... encap ENCAP\n{}", usage())));
    }
    let Some(at) = ENCAPS.iter().position(|e| e.name.as_bytes() == word) else {
        return Err(args.wrong("\"encap type\" value is invalid\n"));
    };
    // One word is never enough, whatever it is (observed in iproute2 6.15).
    args.need()?;
    if args.is_empty() {
        return Err(args.required("encap type"));
    }
    args.back();
    request.from_word(args.at());
    let nest = request.nest(place.nest | NLA_F_NESTED);
    (ENCAPS[at].send)(args, &mut Said::new(names, request))?;
    request.end(nest);
    request.u16(place.kind, u16::try_from(at + 1).unwrap_or(0));
    Ok(())
}

/// `ENCAP := { mpls | ip | ... }`, for the usage.
pub fn types() -> String {
    let names: Vec<_> = ENCAPS.iter().map(|e| e.name).collect();
    format!("ENCAP := {{ {} }}", names.join(" | "))
}

/// `ENCAP := mpls ...`, a line for each.
pub fn usage() -> String {
    let mut text = String::new();
    for e in ENCAPS {
        text.push_str(if text.is_empty() { "ENCAP := " } else { "\n         " });
        text.push_str(e.name);
        text.push(' ');
        text.push_str(e.usage);
    }
    text.push_str("\nBPF := { object FILE | pinned FILE }");
    text
}

const TYPE: Field = field("encap_type", "{} ");

/// Shows an encapsulation; `stats`: with what it has counted.
pub fn show(out: &mut Out, names: &mut Names, (kind, nest): (u16, Attrs<'_>), stats: bool) {
    out.open_object("encap");
    out.text(" encap ");
    match usize::from(kind).checked_sub(1).and_then(|at| ENCAPS.get(at)) {
        Some(e) => {
            out.str(TYPE, e.name);
            (e.show)(out, names, nest, stats);
        }
        None => out.str(TYPE, "unknown"),
    }
    out.close();
}
