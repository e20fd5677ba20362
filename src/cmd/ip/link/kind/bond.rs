//! `bond`: several devices as one.

use super::LinkKind;
use crate::cli::{Args, Usage, Word, exact, prefix, value};
use crate::names::Names;
use crate::netlink::{Attr, Request};
use crate::opt::{self, Opt, Ty};
use crate::output::{Field, Out, addr, field, json_only, text_only};

pub static KIND: LinkKind =
    LinkKind { opts: OPTS, calls: "command", ..LinkKind::plain("bond", "several devices as one") };

const IFLA_BOND_ACTIVE_SLAVE: u16 = 2;
const IFLA_BOND_NUM_PEER_NOTIF: u16 = 16;

// The names of numbers in linux/if_bonding.h and the kernel's bonding driver.
const MODES: &[&str] = &[
    "balance-rr",
    "active-backup",
    "balance-xor",
    "broadcast",
    "802.3ad",
    "balance-tlb",
    "balance-alb",
];
const VALIDATE: &[&str] =
    &["none", "active", "backup", "all", "filter", "filter_active", "filter_backup"];
const HASHES: &[&str] = &["layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"];
const SELECT: &[&str] = &["stable", "bandwidth", "count", "actor_port_prio"];

/// Addresses in IFLA_BOND_ARP_IP_TARGET and IFLA_BOND_NS_IP6_TARGET.
const TARGETS_MAX: usize = 16;

const fn row(word: Word, arg: &'static str, attr: u16, ty: Ty, show: Field) -> Opt {
    Opt::new(word, arg, attr, ty, show).wrong("invalid {}")
}

/// In the order in which they are shown; the shortest beginnings repeat the order in which the
/// reference tries them.
#[rustfmt::skip] // one row, one line
const OPTS: &[Opt] = &[
    row(prefix("mode"), "{ balance-rr | active-backup | balance-xor | broadcast | 802.3ad | balance-tlb | balance-alb }", 1, Ty::Place8(MODES), token!("mode")),
    row(prefix("active_slave"), "DEVICE", IFLA_BOND_ACTIVE_SLAVE, Ty::Dev, token!("active_slave")),
    row(prefix("clear_active_slave"), "", IFLA_BOND_ACTIVE_SLAVE, Ty::Own { send: no_device, show: hide }, field("", "{}")),
    row(prefix("miimon").min(2), "MILLISECONDS", 3, Ty::U32, token!("miimon")),
    row(prefix("updelay"), "MILLISECONDS", 4, Ty::U32, token!("updelay")),
    row(prefix("downdelay"), "MILLISECONDS", 5, Ty::U32, token!("downdelay")),
    row(prefix("peer_notify_delay"), "MILLISECONDS", 28, Ty::U32, token!("peer_notify_delay")),
    row(prefix("use_carrier").min(2), "{ 0 | 1 }", 6, Ty::U8, token!("use_carrier")),
    row(prefix("arp_interval").min(2), "MILLISECONDS", 7, Ty::U32, token!("arp_interval")),
    row(exact("arp_missed_max"), "NUMBER", 30, Ty::U8, token!("arp_missed_max")),
    row(prefix("arp_ip_target").min(6), "ADDRESS[,ADDRESS]...", 8, Ty::Own { send: targets, show: show_targets }, text_only("arp_ip_target {} ")),
    row(exact("ns_ip6_target"), "ADDRESS[,ADDRESS]...", 31, Ty::Own { send: targets6, show: show_targets6 }, text_only("ns_ip6_target {} ")),
    row(prefix("arp_validate").min(5), "{ none | active | backup | all | filter | filter_active | filter_backup }", 9, Ty::Own { send: validate, show: show_validate }, token!("arp_validate")),
    row(prefix("arp_all_targets").min(5), "{ any | all }", 10, Ty::Place32(&["any", "all"]), token!("arp_all_targets")),
    row(prefix("primary").min(2), "DEVICE", 11, Ty::Dev, token!("primary")),
    row(prefix("primary_reselect").min(8), "{ always | better | failure }", 12, Ty::Place8(&["always", "better", "failure"]), token!("primary_reselect")),
    row(prefix("fail_over_mac"), "{ none | active | follow }", 13, Ty::Place8(&["none", "active", "follow"]), token!("fail_over_mac")),
    row(prefix("xmit_hash_policy"), "{ layer2 | layer2+3 | layer3+4 | encap2+3 | encap3+4 | vlan+srcmac }", 14, Ty::Place8(HASHES), token!("xmit_hash_policy")),
    row(prefix("resend_igmp"), "COUNT", 15, Ty::U32, token!("resend_igmp")),
    row(prefix("num_grat_arp"), "COUNT", IFLA_BOND_NUM_PEER_NOTIF, Ty::U8, token!("num_grat_arp", "num_peer_notif")).wrong(NUM_PEER_NOTIF),
    row(prefix("num_unsol_na").min(5), "COUNT", IFLA_BOND_NUM_PEER_NOTIF, Ty::Own { send: peer_notices, show: hide }, field("", "{}")),
    row(prefix("all_slaves_active").min(2), "{ 0 | 1 }", 17, Ty::U8, token!("all_slaves_active")),
    row(prefix("min_links").min(3), "COUNT", 18, Ty::U32, token!("min_links")),
    row(prefix("lp_interval"), "SECONDS", 19, Ty::U32, token!("lp_interval")),
    row(prefix("packets_per_slave").min(2), "COUNT", 20, Ty::U32, token!("packets_per_slave")),
    row(exact("lacp_active"), "{ off | on }", 29, Ty::Place8(&["off", "on"]), token!("lacp_active", "ad_lacp_active")),
    row(prefix("lacp_rate").min(2), "{ slow | fast }", 21, Ty::Place8(&["slow", "fast"]), token!("lacp_rate", "ad_lacp_rate")),
    row(exact("coupled_control"), "{ on | off }", 32, Ty::OnOff, token!("coupled_control")),
    row(exact("broadcast_neighbor"), "{ on | off }", 33, Ty::OnOff, token!("broadcast_neighbor")),
    row(prefix("ad_select").min(2), "{ stable | bandwidth | count | actor_port_prio }", 22, Ty::Place8(SELECT), token!("ad_select")),
    row(exact("ad_info"), "", 23, Ty::ShowOnly(aggregator), field("ad_info", "{}")),
    row(prefix("ad_actor_sys_prio").min(4), "PRIORITY", 24, Ty::U16, token!("ad_actor_sys_prio")),
    row(prefix("ad_user_port_key").min(4), "KEY", 25, Ty::U16, token!("ad_user_port_key")),
    row(prefix("ad_actor_system").min(13), "LLADDR", 26, Ty::Own { send: lladdr, show: show_lladdr }, token!("ad_actor_system")),
    row(prefix("tlb_dynamic_lb"), "{ 0 | 1 }", 27, Ty::U8, token!("tlb_dynamic_lb")),
];

const NUM_PEER_NOTIF: &str = "invalid num_grat_arp|num_unsol_na";

fn hide(_: &mut Out, _: &mut Names, _: Field, _: Attr<'_>) {}

fn no_device(_: &mut Args<'_>, _: &mut Names, attr: u16, req: &mut Request) -> Result<(), Usage> {
    req.u32(attr, 0);
    Ok(())
}
fn peer_notices(
    args: &mut Args<'_>,
    _: &mut Names,
    attr: u16,
    req: &mut Request,
) -> Result<(), Usage> {
    req.u8(attr, args.value(value::u8, NUM_PEER_NOTIF)?);
    Ok(())
}

const ARP_VALIDATE: Opt =
    row(exact("arp_validate"), "", 9, Ty::Place32(VALIDATE), token!("arp_validate"));

fn validate(args: &mut Args<'_>, n: &mut Names, _: u16, req: &mut Request) -> Result<(), Usage> {
    opt::send(&ARP_VALIDATE, args, n, req)
}
/// `none` is null in JSON.
fn show_validate(out: &mut Out, n: &mut Names, f: Field, a: Attr<'_>) {
    match a.u32() {
        Some(0) => out.null(f.key, "arp_validate none "),
        _ => opt::show_one(&ARP_VALIDATE, out, n, a),
    }
}

/// What stands between commas; nothing between two commas is nothing.
fn listed(word: &[u8]) -> impl Iterator<Item = &[u8]> {
    word.split(|b| *b == b',').filter(|part| !part.is_empty()).take(TARGETS_MAX)
}

fn targets(args: &mut Args<'_>, _: &mut Names, attr: u16, req: &mut Request) -> Result<(), Usage> {
    let nest = req.nest(attr);
    for (part, i) in listed(args.need()?).zip(0..) {
        let Some(address) = value::ipv4(part) else {
            let head = b"Error: an IP address is expected rather than \"";
            return Err(Usage::new(1, [head, part, b"\""].concat()).at(args.at()));
        };
        req.attr(i, &address);
    }
    req.end(nest);
    Ok(())
}
fn targets6(args: &mut Args<'_>, _: &mut Names, attr: u16, req: &mut Request) -> Result<(), Usage> {
    let nest = req.nest(attr);
    for (part, i) in listed(args.need()?).zip(0..) {
        req.attr(i, value::addr(part, value::AF_INET6)?.bytes());
    }
    req.end(nest);
    Ok(())
}
fn show_targets(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    addresses(out, "arp_ip_target", f, a);
}
fn show_targets6(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    addresses(out, "ns_ip6_target", f, a);
}
/// Nothing where there is none.
fn addresses(out: &mut Out, key: &str, f: Field, a: Attr<'_>) {
    let text = |a: Attr<'_>| {
        let mut text = Vec::new();
        addr::ip(&mut text, a.value);
        text
    };
    let all: Vec<Vec<u8>> = a.nested().map(text).collect();
    if all.is_empty() {
        return;
    }
    out.open_list(key);
    all.iter().for_each(|a| out.bytes(json_only(""), a));
    out.close_list();
    out.bytes(f, &all.join(&b','));
}

/// struct of 802.3ad: IFLA_BOND_AD_INFO_*.
fn aggregator(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    const ROWS: &[(u16, Field)] = &[
        (1, field("aggregator", "ad_aggregator {} ")),
        (2, field("num_ports", "ad_num_ports {} ")),
        (3, field("actor_key", "ad_actor_key {} ")),
        (4, field("partner_key", "ad_partner_key {} ")),
    ];
    const PARTNER_MAC: u16 = 5;
    out.open_object(f.key);
    for (attr, shape) in ROWS {
        if let Some(v) = a.nested().find(*attr).and_then(|a| a.u16()) {
            out.uint(*shape, v);
        }
    }
    if let Some(mac) = a.nested().find(PARTNER_MAC) {
        let mut text = Vec::new();
        addr::hex(&mut text, mac.value);
        out.bytes(field("partner_mac", "ad_partner_mac {} "), &text);
    }
    out.close();
}

fn lladdr(args: &mut Args<'_>, _: &mut Names, attr: u16, req: &mut Request) -> Result<(), Usage> {
    let given = value::lladdr_or_part(args.need()?);
    let wrong = |part: &[u8]| Usage::new(1, [b"\"", part, b"\" is invalid lladdr."].concat());
    req.attr(attr, &given.map_err(wrong)?);
    Ok(())
}
fn show_lladdr(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    let mut text = Vec::new();
    addr::hex(&mut text, a.value);
    out.bytes(f, &text);
}
