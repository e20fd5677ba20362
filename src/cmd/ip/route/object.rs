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
pub fn show(out: &mut Out, names: &mut Names, id: u32, stats: bool) {
    out.text("\n\tnh_info ");
    out.open_object("nh_info");
    let message = names.nexthop(id).to_vec();
    match Nexthop::parse(&message) {
        Some(n) => fields(out, names, &n, true, stats),
        None => {
            out.uint(RAW, id);
            out.uint(RAW_JSON, id);
        }
    }
    out.close();
}

/// Shows an object; `all`: also a scope and a protocol that say nothing; `stats`: also what an
/// encapsulation has counted.
pub fn fields(out: &mut Out, names: &mut Names, n: &Nexthop<'_>, all: bool, stats: bool) {
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
    if let Some(encap) = n.encap() {
        encap::show(out, names, encap, stats);
    }
    if let Some(addr) = n.gateway() {
        nexthop::show_gateway(out, names, n.family, addr);
    }
    if let Some(index) = n.oif() {
        out.text("dev ");
        out.painted(Paint::IfName, DEV, names.name(index));
    }
    if all || n.scope != 0 {
        out.str(SCOPE, &names.show(Kind::Scope, n.scope.into()));
    }
    if n.is_blackhole() {
        out.null("blackhole", "blackhole ");
    }
    if all || n.protocol != 0 {
        out.str(PROTOCOL, &names.show(Kind::RtProto, n.protocol.into()));
    }
    flags::show(out, n.flags);
    if n.is_fdb() {
        out.null("fdb", "fdb");
    }
}

fn resilient(out: &mut Out, r: &Resilient) {
    out.str(TYPE, "resilient");
    out.open_object("resilient_args");
    out.uint(BUCKETS, r.buckets);
    out.number(IDLE, seconds(r.idle_ticks.into()));
    out.number(UNBALANCED_TIMER, seconds(r.unbalanced_timer_ticks.into()));
    out.number(UNBALANCED_TIME, seconds(r.unbalanced_ticks));
    out.close();
}

/// Clock ticks, 100 a second, in seconds with six digits, as `%g` prints them.
#[allow(clippy::cast_precision_loss)] // six digits are left
pub fn seconds(ticks: u64) -> String {
    let v = ticks as f64 / 100.0;
    let whole = ticks / 100;
    match whole {
        0..=9_999 => v.to_string(),
        10_000..=99_999 => ((v * 10.0).round() / 10.0).to_string(),
        100_000..=999_998 => v.round().to_string(),
        _ => {
            let text = format!("{v:.5e}");
            let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let digits = digits.trim_end_matches('0').trim_end_matches('.');
            format!("{digits}e+{exponent:0>2}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn seconds_have_six_digits() {
        for (ticks, want) in [
            (0, "0"),
            (57, "0.57"),
            (500, "5"),
            (999_999, "9999.99"),
            (1_234_567, "12345.7"),
            (12_345_678, "123457"),
            (4_294_967_200, "4.29497e+07"),
        ] {
            assert_eq!(seconds(ticks), want);
        }
    }
}
