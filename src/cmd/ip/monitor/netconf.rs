//! RTM_NEWNETCONF: a setting of a device that is also a sysctl.
//!
//! struct netconfmsg (linux/netconf.h) is the family, one byte, padded to four.

use crate::cli::value::family_name;
use crate::names::Names;
use crate::netlink::{Attrs, Table};
use crate::output::{Field, Out, Paint, field};

const NETCONFA_IFINDEX: u16 = 1;
const NETCONFA_FORWARDING: u16 = 2;
const NETCONFA_RP_FILTER: u16 = 3;
const NETCONFA_MC_FORWARDING: u16 = 4;
const NETCONFA_PROXY_NEIGH: u16 = 5;
const NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN: u16 = 6;
const NETCONFA_INPUT: u16 = 7;
/// Stands for the settings of all devices.
const INDEX_ALL: u32 = u32::MAX;
/// Stands for the settings of devices to come.
const INDEX_DEFAULT: u32 = u32::MAX - 1;

const FAMILY: Field = field("family", "{} ");
const INTERFACE: Field = field("interface", "{} ");
const FORWARDING: Field = field("forwarding", "forwarding {} ");
const RP_FILTER: Field = field("rp_filter", "rp_filter {} ");

/// What is on or off, behind the two above.
const SWITCHES: &[(u16, Field)] = &[
    (NETCONFA_MC_FORWARDING, field("mc_forwarding", "mc_forwarding {} ")),
    (NETCONFA_PROXY_NEIGH, field("proxy_neigh", "proxy_neigh {} ")),
    (
        NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN,
        field("ignore_routes_with_linkdown", "ignore_routes_with_linkdown {} "),
    ),
    (NETCONFA_INPUT, field("input", "input {} ")),
];

/// One message.
pub struct NetConf<'a> {
    family: u8,
    /// Of the device, or one of two numbers that stand for several.
    pub index: Option<u32>,
    attrs: Table<'a, 10>,
}

/// `None` when the message is too short.
pub fn parse(payload: &[u8]) -> Option<NetConf<'_>> {
    let attrs = Table::new(Attrs(payload.get(4..)?));
    let index = attrs.get(NETCONFA_IFINDEX).and_then(|a| a.u32());
    Some(NetConf { family: *payload.first()?, index, attrs })
}

/// One message, with the end of its line.
pub fn show(out: &mut Out, names: &mut Names, conf: &NetConf<'_>) {
    let value = |kind| conf.attrs.get(kind).and_then(|a| a.u32());
    out.str(FAMILY, family_name(conf.family));
    match conf.index {
        None => {}
        Some(INDEX_ALL) => out.painted(Paint::IfName, INTERFACE, b"all"),
        Some(INDEX_DEFAULT) => out.painted(Paint::IfName, INTERFACE, b"default"),
        Some(index) => out.painted(Paint::IfName, INTERFACE, names.name(index)),
    }
    if let Some(on) = value(NETCONFA_FORWARDING) {
        out.on_off(FORWARDING, on != 0);
    }
    match value(NETCONFA_RP_FILTER) {
        None => {}
        Some(0) => out.str(RP_FILTER, "off"),
        Some(1) => out.str(RP_FILTER, "strict"),
        Some(2) => out.str(RP_FILTER, "loose"),
        Some(n) => out.uint(RP_FILTER, n),
    }
    for (kind, shape) in SWITCHES {
        if let Some(on) = value(*kind) {
            out.on_off(*shape, on != 0);
        }
    }
    out.newline();
}
