//! What `-d` adds to a device: its limits, its kind, the port it is, its hardware.

use crate::ctx::Opts;
use crate::names::Names;
use crate::output::{Field, Out, field};
use crate::rtnl::consts::{
    IFLA_AF_SPEC, IFLA_ALLMULTI, IFLA_GRO_IPV4_MAX_SIZE, IFLA_GRO_MAX_SIZE, IFLA_GSO_IPV4_MAX_SIZE,
    IFLA_GSO_MAX_SEGS, IFLA_GSO_MAX_SIZE, IFLA_INET6_ADDR_GEN_MODE, IFLA_MAX_MTU, IFLA_MIN_MTU,
    IFLA_NETNS_IMMUTABLE, IFLA_NUM_RX_QUEUES, IFLA_NUM_TX_QUEUES, IFLA_PARENT_DEV_BUS_NAME,
    IFLA_PARENT_DEV_NAME, IFLA_PHYS_PORT_ID, IFLA_PHYS_PORT_NAME, IFLA_PHYS_SWITCH_ID,
    IFLA_PROMISCUITY, IFLA_TSO_MAX_SEGS, IFLA_TSO_MAX_SIZE,
};
use crate::rtnl::link::{Info, Link};

use super::kind::{self, Shown};
use super::show::Form;

type Number = (u16, Field);

/// Before the kind.
const LIMITS: &[Number] = &[
    (IFLA_PROMISCUITY, field("promiscuity", " promiscuity {} ")),
    (IFLA_ALLMULTI, field("allmulti", "allmulti {} ")),
    (IFLA_MIN_MTU, field("min_mtu", "minmtu {} ")),
    (IFLA_MAX_MTU, field("max_mtu", "maxmtu {} ")),
];

/// Behind the kind.
const SIZES: &[Number] = &[
    (IFLA_NUM_TX_QUEUES, field("num_tx_queues", "numtxqueues {} ")),
    (IFLA_NUM_RX_QUEUES, field("num_rx_queues", "numrxqueues {} ")),
    (IFLA_GSO_MAX_SIZE, field("gso_max_size", "gso_max_size {} ")),
    (IFLA_GSO_MAX_SEGS, field("gso_max_segs", "gso_max_segs {} ")),
    (IFLA_TSO_MAX_SIZE, field("tso_max_size", "tso_max_size {} ")),
    (IFLA_TSO_MAX_SEGS, field("tso_max_segs", "tso_max_segs {} ")),
    (IFLA_GRO_MAX_SIZE, field("gro_max_size", "gro_max_size {} ")),
    (IFLA_GSO_IPV4_MAX_SIZE, field("gso_ipv4_max_size", "gso_ipv4_max_size {} ")),
    (IFLA_GRO_IPV4_MAX_SIZE, field("gro_ipv4_max_size", "gro_ipv4_max_size {} ")),
];

/// IN6_ADDR_GEN_MODE_* (linux/if_link.h).
pub const ADDRESS_MODES: &[&str] = &["eui64", "none", "stable_secret", "random"];

pub fn show(out: &mut Out, names: &mut Names, opts: &Opts, link: &Link<'_>, form: Form) {
    numbers(out, link, LIMITS);
    if link.attr(IFLA_NETNS_IMMUTABLE).and_then(|a| a.u8()).is_some_and(|v| v != 0) {
        out.flag("netns-immutable", "netns-immutable ");
    }
    if let Some(info) = link.info() {
        kinds(out, names, opts, &info);
    }
    if form.link {
        address_mode(out, link);
    }
    numbers(out, link, SIZES);
    if let Some(a) = link.attr(IFLA_PHYS_PORT_NAME) {
        out.bytes(const { field("phys_port_name", "portname {} ") }, a.bytes());
    }
    for (attr, shape) in [
        (IFLA_PHYS_PORT_ID, const { field("phys_port_id", "portid {} ") }),
        (IFLA_PHYS_SWITCH_ID, const { field("phys_switch_id", "switchid {} ") }),
    ] {
        if let Some(a) = link.attr(attr) {
            let text: String = a.value.iter().map(|b| format!("{b:02x}")).collect();
            out.str(shape, &text);
        }
    }
    for (attr, shape) in [
        (IFLA_PARENT_DEV_BUS_NAME, const { field("parentbus", "parentbus {} ") }),
        (IFLA_PARENT_DEV_NAME, const { field("parentdev", "parentdev {} ") }),
    ] {
        if let Some(a) = link.attr(attr) {
            out.bytes(shape, a.bytes());
        }
    }
}

fn numbers(out: &mut Out, link: &Link<'_>, rows: &[Number]) {
    for &(attr, shape) in rows {
        if let Some(v) = link.attr(attr).and_then(|a| a.u32()) {
            out.uint(shape, v);
        }
    }
}

/// The kind of the device and the kind of port it is, each on a line of its own.
pub(super) fn kinds(out: &mut Out, names: &mut Names, opts: &Opts, info: &Info<'_>) {
    out.open_object("linkinfo");
    if let Some(name) = info.kind() {
        out.line_break();
        out.bytes(const { field("info_kind", "    {} ") }, name);
        let shown = Shown { data: info.data(), details: opts.details };
        if let Some(k) = kind::find(name).filter(|k| k.shows()) {
            out.open_object("info_data");
            kind::show(k, out, names, shown);
            out.close();
        }
        let counters = kind::find(name).and_then(|k| k.counters).filter(|_| opts.stats > 0);
        if let (Some(show), Some(counted)) = (counters, info.counters()) {
            out.open_object("info_xstats");
            show(out, counted);
            out.close();
        }
    }
    if let Some(master) = info.slave_kind() {
        out.line_break();
        out.bytes(const { field("info_slave_kind", "    {}_slave ") }, master);
        let shown = Shown { data: info.slave_data(), details: opts.details };
        let name = [master, b"_slave"].concat();
        if let Some(k) = kind::find(&name).filter(|k| k.shows()) {
            out.open_object("info_slave_data");
            kind::show(k, out, names, shown);
            out.close();
        }
    }
    out.close();
}

fn address_mode(out: &mut Out, link: &Link<'_>) {
    let Some(spec) = link.attr(IFLA_AF_SPEC) else { return };
    let inet6 = spec.nested().find(u16::from(crate::cli::value::AF_INET6));
    let mode = inet6.and_then(|a| a.nested().find(IFLA_INET6_ADDR_GEN_MODE));
    let Some(mode) = mode.and_then(|a| a.u8()) else { return };
    let shape = const { field("inet6_addr_gen_mode", "addrgenmode {} ") };
    match ADDRESS_MODES.get(usize::from(mode)) {
        Some(name) => out.str(shape, name),
        None => out.str(shape, &format!("{mode:#x}")),
    }
}
