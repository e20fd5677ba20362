//! The nexthop object behind `nhid`, as `-d` shows it below a route.

use super::{encap, flags, nexthop};
use crate::names::{Kind, Names};
use crate::output::{Field, Out, Paint, field, json_only, text_only};
use crate::rtnl::nexthop::{Nexthop, Resilient};

const ID: Field = field("id", "id {} ");
const MEMBER: Field = field("id", "{}");
const WEIGHT: Field = field("weight", ",{}");
const DEV: Field = field("dev", "{} ");
const SCOPE: Field = field("scope", "scope {} ");
const PROTOCOL: Field = field("protocol", "proto {} ");
const TYPE: Field = field("type", "type {} ");
const BUCKETS: Field = field("buckets", "buckets {} ");
const IDLE: Field = field("idle_timer", "idle_timer {} ");
const UNBALANCED_TIMER: Field = field("unbalanced_timer", "unbalanced_timer {} ");
const UNBALANCED_TIME: Field = field("unbalanced_time", "unbalanced_time {} ");
const RAW: Field = text_only("{}");
const RAW_JSON: Field = json_only("id");

/// Shows the object of this id with its scope and protocol, without a line break behind it.
/// The line break before it is a real one, also with -oneline (observed in iproute2).
pub fn show(out: &mut Out, names: &mut Names, id: u32) {
    out.text("\n\tnh_info ");
    out.open_object("nh_info");
    let message = names.nexthop(id).to_vec();
    match Nexthop::parse(&message) {
        Some(n) => fields(out, names, &n),
        None => {
            out.uint(RAW, id);
            out.uint(RAW_JSON, id);
        }
    }
    out.close();
}

fn fields(out: &mut Out, names: &mut Names, n: &Nexthop<'_>) {
    if let Some(id) = n.id() {
        out.uint(ID, id);
    }
    if let Some(members) = n.group() {
        out.text("group ");
        out.open_list("group");
        for (i, (id, weight)) in members.enumerate() {
            out.open();
            out.text(if i == 0 { "" } else { "/" });
            out.uint(MEMBER, id);
            if weight > 1 {
                out.uint(WEIGHT, weight);
            }
            out.close();
        }
        out.text(" ");
        out.close_list();
    }
    if let Some(r) = n.resilient() {
        resilient(out, &r);
    }
    if let Some(kind) = n.encap_type() {
        encap::show(out, kind);
    }
    if let Some(addr) = n.gateway() {
        nexthop::show_gateway(out, names, addr);
    }
    if let Some(index) = n.oif() {
        out.text("dev ");
        out.painted(Paint::IfName, DEV, names.name(index));
    }
    out.str(SCOPE, &names.show(Kind::Scope, n.scope.into()));
    if n.is_blackhole() {
        out.null("blackhole", "blackhole ");
    }
    out.str(PROTOCOL, &names.show(Kind::RtProto, n.protocol.into()));
    flags::show(out, n.flags);
    if n.is_fdb() {
        out.null("fdb", "fdb");
    }
}

#[allow(clippy::cast_precision_loss)] // shown as seconds
fn resilient(out: &mut Out, r: &Resilient) {
    out.str(TYPE, "resilient");
    out.open_object("resilient_args");
    out.uint(BUCKETS, r.buckets);
    out.number(IDLE, f64::from(r.idle_ticks) / 100.0);
    out.number(UNBALANCED_TIMER, f64::from(r.unbalanced_timer_ticks) / 100.0);
    out.number(UNBALANCED_TIME, r.unbalanced_ticks as f64 / 100.0);
    out.close();
}
