//! `ip link xstats` and `ip link afstats`: counters of a kind of device, or of a protocol.
//!
//! Both are RTM_GETSTATS: struct if_stats_msg (linux/if_link.h) is family u8, padding, index u32,
//! mask u32 (IFLA_STATS_FILTER_BIT), then IFLA_STATS_* attributes.

use crate::cli::{Args, exact, prefix, value};
use crate::ctx::{Ctx, Opts, dump_failed};
use crate::error::{Error, Result};
use crate::names::Names;
use crate::netlink::{Attr, Attrs, Request};
use crate::output::{Field, Out, Paint, field, human, json_only, text_only};
use crate::rtnl::consts::RTM_GETSTATS;
use crate::sys::fd;

use super::{device, kind};

const IFLA_STATS_LINK_XSTATS: u16 = 2;
const IFLA_STATS_LINK_XSTATS_SLAVE: u16 = 3;
const IFLA_STATS_AF_SPEC: u16 = 5;

/// For the usage.
pub const USAGE: &str = "type { bridge | bridge_slave | bond | bond_slave } [ igmp | mcast | stp | lacp | 802.3ad ] [ dev DEVICE ]";

/// struct if_stats_msg.
const HEADER_LEN: usize = 12;

/// A kind that has counters of its own; for its ports they come under another attribute.
struct Counted {
    kind: &'static str,
    attr: u16,
    /// LINK_XSTATS_TYPE_*
    nest: u16,
    groups: &'static [Group],
    usage: &'static str,
}

/// Some of the counters of a kind.
struct Group {
    words: &'static [&'static str],
    attr: u16,
    show: fn(&mut Out, Attr<'_>),
}

const BRIDGE_GROUPS: &[Group] = &[
    Group { words: &["igmp", "mcast"], attr: 2, show: multicast },
    Group { words: &["stp"], attr: 4, show: stp },
];
const BOND_GROUPS: &[Group] = &[Group { words: &["lacp", "802.3ad"], attr: 1, show: lacp }];

const fn bridge(kind: &'static str, attr: u16) -> Counted {
    let usage = "Usage: ... bridge [ igmp | mcast ] [ stp ] [ dev DEVICE ]\n";
    Counted { kind, attr, nest: 1, groups: BRIDGE_GROUPS, usage }
}
const fn bond(kind: &'static str, attr: u16) -> Counted {
    let usage = "Usage: ... bond [ 802.3ad | lacp ] [ dev DEVICE ]\n";
    Counted { kind, attr, nest: 2, groups: BOND_GROUPS, usage }
}

const COUNTED: &[Counted] = &[
    bridge("bridge", IFLA_STATS_LINK_XSTATS),
    bridge("bridge_slave", IFLA_STATS_LINK_XSTATS_SLAVE),
    bond("bond", IFLA_STATS_LINK_XSTATS),
    bond("bond_slave", IFLA_STATS_LINK_XSTATS_SLAVE),
];

/// `ip link xstats type KIND [ GROUP ] … [ dev DEVICE ]`.
pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let Some(word) = args.take() else {
        return Err(Error::failed(1, "xstats: missing argument").into());
    };
    if prefix("help").is(word) {
        ctx.out.raw(b"Usage: ... xstats type TYPE [ ARGS ]\n");
        return Ok(());
    }
    if !prefix("type").is(word) {
        return Err(args.wrong("unknown argument").into());
    }
    let name = args.need()?;
    let Some(counted) = COUNTED.iter().find(|c| c.kind.as_bytes() == name) else {
        // A kind of which the reference knows the name only is none to it.
        if kind::find(name).is_none() || matches!(name, b"wireguard" | b"pfcp" | b"ovpn") {
            return Err(args.wrong("invalid type").into());
        }
        let text = [b"xstats: link type ", name, b" doesn't support xstats"].concat();
        return Err(Error::failed(1, text).into());
    };
    let (mut index, mut group) = (0, None);
    while let Some(word) = args.take() {
        let named = counted.groups.iter().find(|g| g.words.iter().any(|w| w.as_bytes() == word));
        if named.is_some() {
            group = named;
        } else if exact("dev").is(word) {
            let name = args.need()?;
            index = ctx.names.index(name).ok_or_else(|| device::cannot_find(name))?;
        } else if exact("help").is(word) {
            ctx.out.raw(counted.usage.as_bytes());
            return Ok(());
        } else {
            return Err(args.wrong("unknown attribute").into());
        }
    }
    dump(ctx, counted.attr, index, |out, names, _, index, attr| {
        let Some(all) = attr.nested().find(counted.nest) else { return };
        out.open();
        out.left(Paint::Plain, field("ifname", "{}"), names.name(index), 16);
        out.newline();
        for one in all.nested() {
            let shown = counted.groups.iter().find(|g| g.attr == one.kind);
            if let Some(shown) = shown.filter(|g| group.is_none_or(|want| want.attr == g.attr)) {
                (shown.show)(out, one);
            }
        }
        out.close();
    })
}

/// `ip link afstats [ dev DEVICE ]`.
pub fn families(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut dev = None;
    while let Some(word) = args.take() {
        if prefix("help").is(word) {
            return Err(super::usage().into());
        }
        if !exact("dev").is(word) {
            return Err(args.unknown_command("link").into());
        }
        if dev.replace(args.need()?).is_some() {
            return Err(args.garbage("dev").into());
        }
    }
    let mut index = 0;
    if let Some(name) = dev {
        let Some(found) = ctx.names.index(name) else {
            // The status is 0 (observed in iproute2 6.15 and 7.2).
            fd::stderr(&[b"Device \"", name, b"\" does not exist.\n"].concat());
            return Ok(());
        };
        index = found;
    }
    let family = ctx.opts.family;
    dump(ctx, IFLA_STATS_AF_SPEC, index, |out, names, opts, index, attr| {
        let wanted = |a: &Attr<'_>| family == 0 || a.kind == u16::from(family);
        if attr.nested().filter(wanted).count() == 0 {
            return;
        }
        out.open();
        out.uint(field("ifindex", "{}:"), index);
        out.painted(Paint::IfName, field("ifname", "{}"), names.name(index));
        for one in attr.nested().filter(wanted) {
            if one.kind == u16::from(value::AF_MPLS) {
                mpls(out, opts, one);
            } else {
                fd::stderr(format!("    unknown af({})\n", one.kind).as_bytes());
            }
        }
        out.newline();
        out.close();
    })
}

/// Asks for one attribute of all devices, and shows those that have it; 0 stands for any device.
fn dump(
    ctx: &mut Ctx,
    attr: u16,
    only: u32,
    mut show: impl FnMut(&mut Out, &mut Names, &Opts, u32, Attr<'_>),
) -> Result {
    let mut header = [0; HEADER_LEN];
    header[8..].copy_from_slice(&(1u32 << (attr - 1)).to_ne_bytes());
    let mut request = Request::new(RTM_GETSTATS, 0, &header);
    let (conn, out, names, opts) = ctx.parts()?;
    out.begin();
    let mut dump = conn.dump(&mut request)?;
    let result = loop {
        let msg = match dump.next_message() {
            Ok(Some(msg)) => msg,
            Ok(None) => break Ok(()),
            Err(e) => break dump_failed(e, 1),
        };
        let Some((header, rest)) = msg.payload.split_first_chunk::<HEADER_LEN>() else { continue };
        let index = u32::from_ne_bytes([header[4], header[5], header[6], header[7]]);
        if only != 0 && only != index {
            continue;
        }
        if let Some(found) = Attrs(rest).find(attr) {
            show(out, names, opts, index, found);
        }
    };
    let interrupted = dump.interrupted();
    out.end();
    ctx.told_interruption(interrupted);
    Ok(result?)
}

/// The counters of a structure of 64-bit fields; one that is not there counts nothing.
fn counter(a: Attr<'_>, at: usize) -> u64 {
    a.value.as_chunks::<8>().0.get(at).map_or(0, |b| u64::from_ne_bytes(*b))
}

/// The columns before a counter's name.
const INDENT: &str = "                    ";

/// `RX: v1 0 v2 0`, and the same of what is sent, under a heading. Each version is a pair of
/// counters, received and sent; `at` is where each pair begins.
fn versions(out: &mut Out, key: &'static str, heading: &str, a: Attr<'_>, at: &[usize]) {
    const KEYS: [[&str; 3]; 2] = [["rx_v1", "rx_v2", "rx_v3"], ["tx_v1", "tx_v2", "tx_v3"]];
    const TEXTS: [Field; 3] = [text_only(" v1 {}"), text_only(" v2 {}"), text_only(" v3 {}")];
    out.open_object(key);
    out.text(&format!("{INDENT}{heading}:\n"));
    for (side, keys) in KEYS.iter().enumerate() {
        out.text(&format!("{INDENT}  {}:", if side == 0 { "RX" } else { "TX" }));
        for (pair, (key, text)) in at.iter().zip(keys.iter().zip(TEXTS)) {
            out.uint(json_only(key), counter(a, pair + side));
            out.uint(text, counter(a, pair + side));
        }
        out.newline();
    }
    out.close();
}

/// `RX: 0 TX: 0` behind a heading.
fn both(out: &mut Out, key: &'static str, heading: &str, a: Attr<'_>, at: usize) {
    out.open_object(key);
    out.text(&format!("{INDENT}{heading}:"));
    out.uint(field("rx", " RX: {}"), counter(a, at));
    out.uint(field("tx", " TX: {}\n"), counter(a, at + 1));
    out.close();
}

fn one(out: &mut Out, key: &'static str, heading: &str, v: u64) {
    out.text(&format!("{INDENT}{heading}"));
    out.uint(field(key, " {}\n"), v);
}

/// struct br_mcast_stats (linux/if_bridge.h).
fn multicast(out: &mut Out, a: Attr<'_>) {
    out.open_object("multicast");
    versions(out, "igmp_queries", "IGMP queries", a, &[0, 2, 4]);
    versions(out, "igmp_reports", "IGMP reports", a, &[8, 10, 12]);
    both(out, "igmp_leaves", "IGMP leaves", a, 6);
    one(out, "igmp_parse_errors", "IGMP parse errors:", counter(a, 14));
    versions(out, "mld_queries", "MLD queries", a, &[15, 17]);
    versions(out, "mld_reports", "MLD reports", a, &[21, 23]);
    both(out, "mld_leaves", "MLD leaves", a, 19);
    one(out, "mld_parse_errors", "MLD parse errors:", counter(a, 25));
    out.close();
}

/// struct bridge_stp_xstats (linux/if_bridge.h).
fn stp(out: &mut Out, a: Attr<'_>) {
    out.open_object("stp");
    for (heading, rx, tx, at) in [
        ("STP BPDU:  ", field("rx_bpdu", "RX: {}"), field("tx_bpdu", " TX: {}\n"), 2),
        ("STP TCN:   ", field("rx_tcn", "RX: {}"), field("tx_tcn", " TX: {}\n"), 4),
        (
            "STP Transitions: ",
            field("transition_blk", "Blocked: {}"),
            field("transition_fwd", " Forwarding: {}\n"),
            0,
        ),
    ] {
        out.text(&format!("{INDENT}{heading}"));
        out.uint(rx, counter(a, at));
        out.uint(tx, counter(a, at + 1));
    }
    out.close();
}

/// BOND_3AD_STAT_* (linux/if_bonding.h), in their order.
fn lacp(out: &mut Out, a: Attr<'_>) {
    const COUNTERS: &[(&str, &str)] = &[
        ("lacpdu_rx", "LACPDU Rx"),
        ("lacpdu_tx", "LACPDU Tx"),
        ("lacpdu_unknown_rx", "LACPDU Unknown type Rx"),
        ("lacpdu_illegal_rx", "LACPDU Illegal Rx"),
        ("marker_rx", "Marker Rx"),
        ("marker_tx", "Marker Tx"),
        ("marker_response_rx", "Marker response Rx"),
        ("marker_response_tx", "Marker response Tx"),
        ("marker_unknown_rx", "Marker unknown type Rx"),
    ];
    out.open_object("802.3ad");
    for ((key, heading), attr) in COUNTERS.iter().zip(0u16..) {
        if let Some(v) = a.nested().find(attr).and_then(|a| a.u64()) {
            one(out, key, heading, v);
        }
    }
    out.close();
}

/// One suite of the counters of a kind, by the word of `ip stats`: everything of this type in
/// `all`, on lines of its own.
pub fn suite(out: &mut Out, all: Attr<'_>, word: &str, attr: u16) {
    if word == "vlan" {
        return vlans(out, all, attr);
    }
    let groups = BRIDGE_GROUPS.iter().chain(BOND_GROUPS);
    let Some(group) = groups.clone().find(|g| g.words.contains(&word)) else { return };
    if let Some(one) = all.nested().find(attr) {
        out.line_break();
        (group.show)(out, one);
    }
}

/// struct bridge_vlan_xstats (linux/if_bridge.h): bytes and packets received, bytes and packets
/// sent, then the VLAN, u16, and its flags, u16.
fn vlans(out: &mut Out, all: Attr<'_>, attr: u16) {
    const FLAGS: [(u16, &str); 2] = [(2, "PVID"), (4, "Egress Untagged")];
    out.open_list("vlans");
    for one in all.nested().filter(|a| a.kind == attr) {
        let half = |at: usize| {
            let b = one.value.get(at..).and_then(|b| b.first_chunk());
            b.map_or(0, |b| u16::from_ne_bytes(*b))
        };
        out.open();
        out.line_break();
        out.uint(field("vid", "                  {}"), half(32));
        if half(34) != 0 {
            out.open_list("flags");
            for (_, word) in FLAGS.iter().filter(|(bit, _)| half(34) & bit != 0) {
                out.str(field("", " {}"), word);
            }
            out.close_list();
        }
        for (bytes, packets, at) in [
            (field("rx_bytes", "RX: {} bytes "), field("rx_packets", "{} packets"), 0),
            (field("tx_bytes", "TX: {} bytes "), field("tx_packets", "{} packets"), 2),
        ] {
            out.line_break();
            out.text(INDENT);
            out.uint(bytes, counter(one, at));
            out.uint(packets, counter(one, at + 1));
        }
        out.line_break();
        out.close();
    }
    out.close_list();
}

/// Counters of one direction: their names, and where they stand in a structure.
type Row = [(&'static str, usize)];

/// struct rtnl_hw_stats64 (linux/if_link.h).
pub const HARDWARE: [&Row; 2] = [
    &[("bytes", 2), ("packets", 0), ("errors", 4), ("dropped", 6), ("mcast", 8)],
    &[("bytes", 3), ("packets", 1), ("errors", 5), ("dropped", 7)],
];

pub const MPLS_STATS_LINK: u16 = 1;
/// struct mpls_link_stats (linux/mpls.h).
pub const MPLS: [&Row; 2] = [
    &[("bytes", 2), ("packets", 0), ("errors", 4), ("dropped", 6), ("noroute", 8)],
    &[("bytes", 3), ("packets", 1), ("errors", 5), ("dropped", 7)],
];

fn mpls(out: &mut Out, opts: &Opts, a: Attr<'_>) {
    let Some(stats) = a.nested().find(MPLS_STATS_LINK) else { return };
    out.line_break();
    out.text("    mpls:");
    received_and_sent(out, opts, 8, MPLS, stats);
}

/// What was received and sent, in columns, each line behind a line break.
pub fn received_and_sent(
    out: &mut Out,
    opts: &Opts,
    indent: usize,
    rows: [&Row; 2],
    stats: Attr<'_>,
) {
    let shown = |at: usize| human(counter(stats, at), opts.human);
    let mut widths = [9, 7, 6, 7, 7];
    for row in rows {
        for (width, (_, at)) in widths.iter_mut().zip(row) {
            *width = (*width).max(shown(*at).len());
        }
    }
    for ((key, heading), row) in [("rx", "RX"), ("tx", "TX")].into_iter().zip(rows) {
        out.open_object(key);
        let mut names = format!("{:indent$}{heading}:", "");
        let mut numbers = " ".repeat(indent);
        for (i, (name, at)) in row.iter().enumerate() {
            let key = if *name == "mcast" { "multicast" } else { name };
            out.uint(json_only(key), counter(stats, *at));
            let gap = if i == 0 { 4 } else { 0 };
            names.push_str(&format!(" {name:>0$}", widths[i] - gap));
            numbers.push_str(&format!("{:>1$} ", shown(*at), widths[i]));
        }
        for line in [names, numbers] {
            out.line_break();
            out.text(&line);
        }
        out.close();
    }
}
