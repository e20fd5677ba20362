//! `bridge`: a switch.

use super::{LinkKind, Shown, Words};
use crate::cli::{Args, Usage, Word, exact, prefix, value};
use crate::error::Error;
use crate::names::Names;
use crate::netlink::{Attr, Request};
use crate::opt::{self, Opt, Ty};
use crate::output::{Field, Out, addr, field};

pub static KIND: LinkKind = LinkKind {
    opts: OPTS,
    parse: Some(parse),
    show: Some(show),
    calls: "command",
    ..LinkKind::plain("bridge", "a switch")
};

const IFLA_BR_MULTI_BOOLOPT: u16 = 46;
const IFLA_BR_STP_MODE: u16 = 50;
const STP_MODES: &[&str] = &["auto", "user", "kernel"];

const fn row(word: Word, arg: &'static str, attr: u16, ty: Ty, show: Field) -> Opt {
    Opt::new(word, arg, attr, ty, show).wrong("invalid {}")
}
/// Shown only.
const fn seen(name: &'static str, attr: u16, as_: Show, show: Field) -> Opt {
    Opt::new(exact(name), "", attr, Ty::ShowOnly(as_), show)
}
type Show = opt::Show;

/// A switch that shares IFLA_BR_MULTI_BOOLOPT with others; sent by `parse`.
const fn shared<const BIT: u32>(name: &'static str, show: Field) -> Opt {
    row(
        exact(name),
        "{ 0 | 1 }",
        IFLA_BR_MULTI_BOOLOPT,
        Ty::Own { send: unsent, show: bit::<BIT> },
        show,
    )
}

/// In the order in which they are shown. The reference tries beginnings in an order of its own,
/// which the lengths of the shortest ones repeat: `m` is max_age, `mcast_q` mcast_query_use_ifaddr.
#[rustfmt::skip] // one row, one line
const OPTS: &[Opt] = &[
    row(prefix("fdb_flush").min(2), "", 21, Ty::Act, field("", "{}")),
    row(prefix("forward_delay"), "CENTISECONDS", 1, Ty::U32, token!("forward_delay")),
    row(prefix("hello_time"), "CENTISECONDS", 2, Ty::U32, token!("hello_time")),
    row(prefix("max_age"), "CENTISECONDS", 3, Ty::U32, token!("max_age")),
    row(prefix("ageing_time"), "CENTISECONDS", 4, Ty::U32, token!("ageing_time")),
    row(prefix("stp_state"), "{ 0 | 1 }", 5, Ty::U32, token!("stp_state")),
    row(exact("stp_mode"), "{ auto | user | kernel }", IFLA_BR_STP_MODE, Ty::Own { send: stp_mode, show: show_stp_mode }, token!("stp_mode")),
    row(prefix("priority"), "PRIORITY", 6, Ty::U16, token!("priority")),
    row(prefix("vlan_filtering"), "{ 0 | 1 }", 7, Ty::U8, token!("vlan_filtering")),
    row(prefix("vlan_protocol").min(6), "{ 802.1Q | 802.1ad }", 8, Ty::Own { send: protocol, show: show_protocol }, token!("vlan_protocol")),
    seen("bridge_id", 11, bridge_id, token!("bridge_id")),
    seen("designated_root", 10, bridge_id, token!("designated_root", "root_id")),
    seen("root_port", 12, uint16, token!("root_port")),
    seen("root_path_cost", 13, uint32, token!("root_path_cost")),
    seen("topology_change", 14, uint8, token!("topology_change")),
    seen("topology_change_detected", 15, uint8, token!("topology_change_detected")),
    seen("hello_timer", 16, timer, token!("hello_timer")),
    seen("tcn_timer", 17, timer, token!("tcn_timer")),
    seen("topology_change_timer", 18, timer, token!("topology_change_timer")),
    seen("gc_timer", 19, timer, token!("gc_timer")),
    seen("fdb_n_learned", 48, uint32, token!("fdb_n_learned")),
    row(exact("fdb_max_learned"), "COUNT", 49, Ty::U32, token!("fdb_max_learned")),
    row(prefix("vlan_default_pvid").min(6), "VLANID", 39, Ty::U16, token!("vlan_default_pvid")),
    row(prefix("vlan_stats_enabled").min(6), "{ 0 | 1 }", 41, Ty::U8, token!("vlan_stats_enabled")),
    row(prefix("vlan_stats_per_port").min(12), "{ 0 | 1 }", 45, Ty::U8, token!("vlan_stats_per_port")),
    row(prefix("group_fwd_mask"), "MASK", 9, Ty::Own { send: group_mask, show: hex16 }, token!("group_fwd_mask")),
    row(prefix("group_address").min(7), "LLADDR", 20, Ty::Own { send: lladdr, show: show_lladdr }, token!("group_address", "group_addr")),
    row(prefix("mcast_snooping").min(7), "{ 0 | 1 }", 23, Ty::U8, token!("mcast_snooping")),
    shared::<0>("no_linklocal_learn", token!("no_linklocal_learn")),
    shared::<1>("mcast_vlan_snooping", token!("mcast_vlan_snooping")),
    shared::<2>("mst_enabled", token!("mst_enabled")),
    shared::<3>("mdb_offload_fail_notification", token!("mdb_offload_fail_notification")),
    shared::<4>("fdb_local_vlan_0", token!("fdb_local_vlan_0")),
    row(prefix("mcast_router").min(2), "NUMBER", 22, Ty::U8, token!("mcast_router")),
    row(prefix("mcast_query_use_ifaddr").min(7), "{ 0 | 1 }", 24, Ty::U8, token!("mcast_query_use_ifaddr")),
    row(prefix("mcast_querier").min(11), "{ 0 | 1 }", 25, Ty::U8, token!("mcast_querier")),
    seen("mcast_querier_state", 47, querier, field("", "{}")),
    row(prefix("mcast_hash_elasticity").min(7), "NUMBER", 26, Ty::U32, token!("mcast_hash_elasticity")),
    row(prefix("mcast_hash_max").min(12), "NUMBER", 27, Ty::U32, token!("mcast_hash_max")),
    row(prefix("mcast_last_member_count").min(7), "COUNT", 28, Ty::U32, token!("mcast_last_member_count", "mcast_last_member_cnt")),
    row(prefix("mcast_startup_query_count").min(8), "COUNT", 29, Ty::U32, token!("mcast_startup_query_count", "mcast_startup_query_cnt")),
    row(prefix("mcast_last_member_interval").min(19), "CENTISECONDS", 30, Ty::U64, token!("mcast_last_member_interval", "mcast_last_member_intvl")),
    row(prefix("mcast_membership_interval").min(7), "CENTISECONDS", 31, Ty::U64, token!("mcast_membership_interval", "mcast_membership_intvl")),
    row(prefix("mcast_querier_interval").min(14), "CENTISECONDS", 32, Ty::U64, token!("mcast_querier_interval", "mcast_querier_intvl")),
    row(prefix("mcast_query_interval").min(13), "CENTISECONDS", 33, Ty::U64, token!("mcast_query_interval", "mcast_query_intvl")),
    row(prefix("mcast_query_response_interval").min(13), "CENTISECONDS", 34, Ty::U64, token!("mcast_query_response_interval", "mcast_query_response_intvl")),
    row(prefix("mcast_startup_query_interval").min(21), "CENTISECONDS", 35, Ty::U64, token!("mcast_startup_query_interval", "mcast_startup_query_intvl")),
    row(prefix("mcast_stats_enabled").min(10), "{ 0 | 1 }", 42, Ty::U8, token!("mcast_stats_enabled")),
    row(prefix("mcast_igmp_version").min(7), "{ 2 | 3 }", 43, Ty::U8, token!("mcast_igmp_version")),
    row(prefix("mcast_mld_version").min(8), "{ 1 | 2 }", 44, Ty::U8, token!("mcast_mld_version")),
    row(prefix("nf_call_iptables"), "{ 0 | 1 }", 36, Ty::U8, token!("nf_call_iptables")),
    row(prefix("nf_call_ip6tables").min(11), "{ 0 | 1 }", 37, Ty::U8, token!("nf_call_ip6tables")),
    row(prefix("nf_call_arptables").min(9), "{ 0 | 1 }", 38, Ty::U8, token!("nf_call_arptables")),
];

/// Reads the rows; the switches that share an attribute are sent together at the end.
fn parse(kind: &LinkKind, args: &mut Args<'_>, words: &mut Words<'_>) -> Result<(), Error> {
    let (mut on, mut given) = (0u32, 0u32);
    while let Some(word) = args.take() {
        let Some(o) = opt::find(kind.opts, word) else { return Err(kind.unknown(args)) };
        if o.attr != IFLA_BR_MULTI_BOOLOPT {
            opt::send(o, args, words.names, words.req)?;
            continue;
        }
        words.req.from_word(args.at());
        let first = kind.opts.iter().position(|r| r.attr == IFLA_BR_MULTI_BOOLOPT).unwrap_or(0);
        let at = kind.opts.iter().position(|r| r.word.full == o.word.full).unwrap_or(first);
        // The rows stand in the order of the bits.
        let bit = 1u32 << (at - first);
        let v = args.value(value::u8, &format!("invalid {}", o.word.full))?;
        given |= bit;
        on = if v != 0 { on | bit } else { on & !bit };
    }
    if given != 0 {
        // struct br_boolopt_multi (linux/if_bridge.h): values u32, mask u32.
        let both = [on.to_ne_bytes(), given.to_ne_bytes()].concat();
        words.req.attr(IFLA_BR_MULTI_BOOLOPT, &both);
    }
    Ok(())
}

fn show(kind: &LinkKind, out: &mut Out, names: &mut Names, shown: Shown<'_>) {
    if let Some(data) = shown.data {
        opt::show(kind.opts, out, names, data);
    }
}

/// The rows of `parse` do not come here.
fn unsent(args: &mut Args<'_>, _: &mut Names, _: u16, _: &mut Request) -> Result<(), Usage> {
    Err(args.incomplete())
}

/// A bit of struct br_boolopt_multi, when the kernel reports it.
fn bit<const BIT: u32>(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    let [values, mask] = a.value.as_chunks::<4>().0 else { return };
    if u32::from_ne_bytes(*mask) >> BIT & 1 == 1 {
        out.uint(f, u32::from_ne_bytes(*values) >> BIT & 1);
    }
}

fn stp_mode(args: &mut Args<'_>, _: &mut Names, attr: u16, req: &mut Request) -> Result<(), Usage> {
    let mode = super::deprecated_prefix(args, "stp_mode", STP_MODES)?;
    req.u32(attr, mode.into());
    Ok(())
}
fn show_stp_mode(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    let Some(mode) = a.u32() else { return };
    match STP_MODES.get(mode as usize) {
        Some(name) => out.str(f, name),
        None => out.str(f, &mode.to_string()),
    }
}

fn protocol(args: &mut Args<'_>, n: &mut Names, attr: u16, req: &mut Request) -> Result<(), Usage> {
    let number = n.ethertype_number(args.need()?);
    req.u16_be(attr, number.ok_or_else(|| args.wrong("invalid vlan_protocol"))?);
    Ok(())
}
fn show_protocol(out: &mut Out, names: &mut Names, f: Field, a: Attr<'_>) {
    if let Some(v) = a.u16_be() {
        out.str(f, &names.ethertype(v));
    }
}

fn group_mask(args: &mut Args<'_>, _: &mut Names, attr: u16, r: &mut Request) -> Result<(), Usage> {
    r.u16(attr, args.value(value::u16, "invalid group_fwd_mask")?);
    Ok(())
}
/// Hexadecimal as C's `%#x`: without `0x` for zero.
pub(super) fn hex16(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    match a.u16() {
        Some(0) => out.str(f, "0"),
        Some(v) => out.str(f, &format!("{v:#x}")),
        None => {}
    }
}

fn lladdr(args: &mut Args<'_>, _: &mut Names, attr: u16, req: &mut Request) -> Result<(), Usage> {
    let word = args.need()?;
    let address = value::lladdr_or_part(word)
        .map_err(|part| Usage::new(1, [b"\"", part, b"\" is invalid lladdr."].concat()))?;
    req.attr(attr, &address);
    Ok(())
}
fn show_lladdr(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    let mut text = Vec::new();
    addr::hex(&mut text, a.value);
    out.bytes(f, &text);
}

/// struct ifla_bridge_id: priority be16 in four digits, a dot, the address without leading zeros.
pub(super) fn bridge_id(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    let [p0, p1, mac @ ..] = a.value else { return };
    let parts: Vec<String> = mac.iter().take(6).map(|b| format!("{b:x}")).collect();
    out.str(f, &format!("{p0:02x}{p1:02x}.{}", parts.join(":")));
}

/// Hundredths of a second: right-aligned in text, a number in JSON.
pub(super) fn timer(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    let Some(v) = a.u64() else { return };
    let (whole, part) = (v / 100, v % 100);
    if out.is_json() {
        out.number(f, format_args!("{whole}.{part:02}"));
    } else {
        out.str(f, &format!("{whole:4}.{part:02}"));
    }
}

pub(super) fn uint8(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    a.u8().into_iter().for_each(|v| out.uint(f, v));
}
pub(super) fn uint16(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    a.u16().into_iter().for_each(|v| out.uint(f, v));
}
pub(super) fn uint32(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    a.u32().into_iter().for_each(|v| out.uint(f, v));
}

/// IFLA_BR_MCAST_QUERIER_STATE: who asks for members, for IPv4 and for IPv6.
fn querier(out: &mut Out, names: &mut Names, _: Field, a: Attr<'_>) {
    let rows = [
        (
            "mcast_querier_state_ipv4",
            1,
            token!("mcast_querier_ipv4_addr"),
            token!("mcast_querier_ipv4_port"),
            token!("mcast_querier_ipv4_other_timer"),
        ),
        (
            "mcast_querier_state_ipv6",
            5,
            token!("mcast_querier_ipv6_addr"),
            token!("mcast_querier_ipv6_port"),
            token!("mcast_querier_ipv6_other_timer"),
        ),
    ];
    for (key, first, address, port, other) in rows {
        let get = |n: u16| a.nested().find(first + n);
        if get(0).is_none() && get(1).is_none() {
            continue;
        }
        out.open_object(key);
        if let Some(a) = get(0) {
            out.ip(addr::paint_of(a.value), address, a.value);
        }
        if let Some(index) = get(1).and_then(|a| a.u32()) {
            out.bytes(port, names.name(index));
        }
        if let Some(a) = get(2) {
            timer(out, names, other, a);
        }
        out.close();
    }
}
