//! `bond_slave`: a port of a bond.

use super::LinkKind;
use crate::cli::{Word, exact, prefix};
use crate::names::Names;
use crate::netlink::Attr;
use crate::opt::{Opt, Show, Ty};
use crate::output::{Field, Out, addr, field};

pub static KIND: LinkKind =
    LinkKind { opts: OPTS, ..LinkKind::plain("bond_slave", "a port of a bond") };

/// BOND_STATE_* (linux/if_bonding.h).
const STATES: &[&str] = &["ACTIVE", "BACKUP"];
/// BOND_LINK_*
const MII: &[&str] = &["UP", "GOING_DOWN", "DOWN", "GOING_BACK"];
/// The churn machine of 802.3ad.
const CHURN: &[&str] = &["MONITOR", "CHURN", "NO_CHURN"];
/// LACP_STATE_*, from bit 0 upwards.
const PORT_STATES: &[&str] = &[
    "active",
    "short_timeout",
    "aggregating",
    "in_sync",
    "collecting",
    "distributing",
    "defaulted",
    "expired",
];

const fn row(word: Word, arg: &'static str, attr: u16, ty: Ty, show: Field) -> Opt {
    Opt::new(word, arg, attr, ty, show).wrong("{} is invalid")
}
/// Shown only.
const fn seen(name: &'static str, attr: u16, as_: Show, show: Field) -> Opt {
    Opt::new(exact(name), "", attr, Ty::ShowOnly(as_), show)
}

/// In the order in which they are shown.
#[rustfmt::skip] // one row, one line
const OPTS: &[Opt] = &[
    seen("state", 1, state, token!("state")),
    seen("mii_status", 2, mii, token!("mii_status")),
    seen("link_failure_count", 3, number, token!("link_failure_count")),
    seen("perm_hwaddr", 4, lladdr, token!("perm_hwaddr")),
    row(prefix("queue_id"), "ID", 5, Ty::U16, token!("queue_id")),
    row(exact("prio"), "PRIORITY", 9, Ty::I32, token!("prio")),
    seen("ad_aggregator_id", 6, id, token!("ad_aggregator_id")),
    seen("ad_actor_oper_port_state", 7, actor, token!("ad_actor_oper_port_state")),
    seen("ad_partner_oper_port_state", 8, partner, token!("ad_partner_oper_port_state")),
    seen("churn_actor_state", 11, churn, token!("churn_actor_state")),
    seen("churn_partner_state", 12, churn, token!("churn_partner_state")),
    row(exact("actor_port_prio"), "PRIORITY", 10, Ty::U16, token!("actor_port_prio")).wrong("actor prio is invalid"),
];

fn state(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    named(out, STATES, f, field("state_index", "state {} "), a);
}
fn mii(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    named(out, MII, f, field("mii_status_index", "mii_status {} "), a);
}
fn churn(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    named(out, CHURN, f, f, a);
}
/// A name, or the number of a state that has none.
fn named(out: &mut Out, names: &[&str], f: Field, unknown: Field, a: Attr<'_>) {
    let Some(v) = a.u8() else { return };
    match names.get(usize::from(v)) {
        Some(name) => out.str(f, name),
        None => out.uint(unknown, v),
    }
}
fn number(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    a.u32().into_iter().for_each(|v| out.uint(f, v));
}
fn id(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    a.u16().into_iter().for_each(|v| out.uint(f, v));
}
fn lladdr(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    let mut text = Vec::new();
    addr::hex(&mut text, a.value);
    out.bytes(f, &text);
}

fn actor(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    if let Some(v) = a.u8() {
        out.uint(f, v);
        port_state(out, "ad_actor_oper_port_state_str", v);
    }
}
fn partner(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    // Two bytes, of which the protocol has one.
    if let Some(v) = a.u16() {
        out.uint(f, v);
        port_state(out, "ad_partner_oper_port_state_str", v.to_le_bytes()[0]);
    }
}
fn port_state(out: &mut Out, key: &str, state: u8) {
    const FIRST: Field = field("", "{}");
    const NEXT: Field = field("", ",{}");
    out.open_list(key);
    out.text(key);
    out.text(" <");
    let mut shape = FIRST;
    for (bit, name) in PORT_STATES.iter().enumerate() {
        if state >> bit & 1 == 1 {
            out.str(shape, name);
            shape = NEXT;
        }
    }
    out.close_list();
    out.text("> ");
}
