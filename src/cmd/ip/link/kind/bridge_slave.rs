//! `bridge_slave`: a port of a bridge.

use super::LinkKind;
use super::bridge::{bridge_id, hex16, timer, uint8, uint16};
use crate::cli::{Args, Usage, Word, exact, prefix, value};
use crate::names::Names;
use crate::netlink::{Attr, Request};
use crate::opt::{Opt, Show, Ty};
use crate::output::{Field, Out, field, text_only};

use super::super::device;

pub static KIND: LinkKind =
    LinkKind { opts: OPTS, ..LinkKind::plain("bridge_slave", "a port of a bridge") };

/// BR_STATE_* (linux/if_bridge.h).
const STATES: &[&str] = &["disabled", "listening", "learning", "forwarding", "blocking"];

const IFLA_BRPORT_BACKUP_PORT: u16 = 34;

const fn row(word: Word, arg: &'static str, attr: u16, ty: Ty, show: Field) -> Opt {
    Opt::new(word, arg, attr, ty, show).wrong("{} is invalid")
}
const fn switch(word: Word, attr: u16, show: Field) -> Opt {
    Opt::new(word, "{ on | off }", attr, Ty::OnOff, show)
}
/// Shown only.
const fn seen(name: &'static str, attr: u16, as_: Show, show: Field) -> Opt {
    Opt::new(exact(name), "", attr, Ty::ShowOnly(as_), show)
}

/// In the order in which they are shown; the shortest beginnings repeat the order in which the
/// reference tries them.
#[rustfmt::skip] // one row, one line
const OPTS: &[Opt] = &[
    row(prefix("fdb_flush"), "", 24, Ty::Act, field("", "{}")),
    row(prefix("state"), "STATE", 1, Ty::Own { send: state, show: show_state }, token!("state")),
    row(prefix("priority"), "PRIORITY", 2, Ty::U16, token!("priority")),
    row(prefix("cost"), "COST", 3, Ty::U32, token!("cost")),
    switch(prefix("hairpin"), 4, token!("hairpin")),
    switch(prefix("guard"), 5, token!("guard")),
    switch(prefix("root_block"), 6, token!("root_block")),
    switch(prefix("fastleave").min(2), 7, token!("fastleave")),
    switch(prefix("learning"), 8, token!("learning")),
    switch(prefix("flood").min(2), 9, token!("flood")),
    seen("port_id", 17, port_hex, token!("port_id", "id")),
    seen("port_no", 18, port_hex, token!("port_no", "no")),
    seen("designated_port", 15, uint16, token!("designated_port")),
    seen("designated_cost", 16, uint16, token!("designated_cost")),
    seen("designated_bridge", 14, bridge_id, token!("designated_bridge", "bridge_id")),
    seen("designated_root", 13, bridge_id, token!("designated_root", "root_id")),
    seen("hold_timer", 23, timer, token!("hold_timer")),
    seen("message_age_timer", 21, timer, token!("message_age_timer")),
    seen("forward_delay_timer", 22, timer, token!("forward_delay_timer")),
    seen("topology_change_ack", 19, uint8, token!("topology_change_ack")),
    seen("config_pending", 20, uint8, token!("config_pending")),
    switch(prefix("proxy_arp").min(3), 10, token!("proxy_arp")),
    switch(prefix("proxy_arp_wifi").min(10), 12, token!("proxy_arp_wifi")),
    row(prefix("mcast_router").min(7), "NUMBER", 25, Ty::U8, token!("mcast_router", "multicast_router")).wrong("invalid {}"),
    switch(prefix("mcast_fast_leave").min(8), 7, text_only("mcast_fast_leave {} ")),
    switch(prefix("mcast_flood"), 27, token!("mcast_flood")),
    switch(prefix("bcast_flood"), 30, token!("bcast_flood")),
    switch(prefix("mcast_to_unicast").min(7), 28, token!("mcast_to_unicast")),
    switch(prefix("neigh_suppress"), 32, token!("neigh_suppress")),
    switch(exact("neigh_vlan_suppress"), 43, token!("neigh_vlan_suppress")),
    switch(exact("neigh_forward_grat"), 45, token!("neigh_forward_grat")),
    row(prefix("group_fwd_mask").min(2), "MASK", 31, Ty::Own { send: group_mask, show: hex16 }, token!("group_fwd_mask")),
    seen("group_fwd_mask_str", 31, group_names, token!("group_fwd_mask_str")),
    switch(prefix("vlan_tunnel"), 29, token!("vlan_tunnel")),
    switch(prefix("isolated"), 33, token!("isolated")),
    switch(prefix("locked").min(2), 39, token!("locked")),
    switch(exact("mab"), 40, token!("mab")),
    row(prefix("backup_port").min(2), "DEVICE", IFLA_BRPORT_BACKUP_PORT, Ty::Own { send: backup, show: show_dev }, token!("backup_port")),
    row(prefix("nobackup_port").min(2), "", IFLA_BRPORT_BACKUP_PORT, Ty::Own { send: no_backup, show: hide }, field("", "{}")),
    row(exact("backup_nhid"), "NHID", 44, Ty::U32, token!("backup_nhid")),
];

fn state(args: &mut Args<'_>, _: &mut Names, attr: u16, req: &mut Request) -> Result<(), Usage> {
    req.u8(attr, args.value(value::u8, "state is invalid")?);
    Ok(())
}
fn show_state(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    let Some(state) = a.u8() else { return };
    match STATES.get(usize::from(state)) {
        Some(name) => out.str(f, name),
        None => out.uint(field("state_index", "state ({}) "), state),
    }
}

fn port_hex(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    a.u16().into_iter().for_each(|v| out.str(f, &format!("{v:#x}")));
}

fn group_mask(args: &mut Args<'_>, _: &mut Names, attr: u16, r: &mut Request) -> Result<(), Usage> {
    r.u16(attr, args.value(value::u16, "invalid group_fwd_mask")?);
    Ok(())
}

/// The protocols whose frames are forwarded, by the last digit of their group address.
fn group_names(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    let Some(mask) = a.u16() else { return };
    let names: Vec<String> = (0..16)
        .filter(|bit| mask >> bit & 1 == 1)
        .map(|bit| match bit {
            0 => "stp".into(),
            2 => "lacp".into(),
            14 => "lldp".into(),
            other => format!("{:#x}", 1u16 << other),
        })
        .collect();
    out.str(f, if mask == 0 { "0x0".into() } else { names.join(",") }.as_str());
}

fn backup(args: &mut Args<'_>, n: &mut Names, attr: u16, req: &mut Request) -> Result<(), Usage> {
    req.u32(attr, device::master(args, n)?);
    Ok(())
}
fn no_backup(_: &mut Args<'_>, _: &mut Names, attr: u16, req: &mut Request) -> Result<(), Usage> {
    req.u32(attr, 0);
    Ok(())
}
fn show_dev(out: &mut Out, names: &mut Names, f: Field, a: Attr<'_>) {
    if let Some(index) = a.u32() {
        out.bytes(f, names.name(index));
    }
}
fn hide(_: &mut Out, _: &mut Names, _: Field, _: Attr<'_>) {}
