//! IFLA_VFINFO_LIST: the virtual functions of a device, as they are shown.

use crate::ctx::Opts;
use crate::names::Names;
use crate::netlink::{Attr, Attrs, Table};
use crate::output::{Out, Paint, addr, field, json_only, text_only};
use crate::rtnl::consts::{IFF_POINTOPOINT, IFLA_ADDRESS, IFLA_NUM_VF, IFLA_VFINFO_LIST};
use crate::rtnl::link::Link;
use crate::sys::fd;

pub const IFLA_VF_INFO: u16 = 1;
pub const IFLA_VF_MAC: u16 = 1;
pub const IFLA_VF_VLAN: u16 = 2;
pub const IFLA_VF_TX_RATE: u16 = 3;
pub const IFLA_VF_SPOOFCHK: u16 = 4;
pub const IFLA_VF_LINK_STATE: u16 = 5;
pub const IFLA_VF_RATE: u16 = 6;
pub const IFLA_VF_RSS_QUERY_EN: u16 = 7;
pub const IFLA_VF_STATS: u16 = 8;
pub const IFLA_VF_TRUST: u16 = 9;
pub const IFLA_VF_IB_NODE_GUID: u16 = 10;
pub const IFLA_VF_IB_PORT_GUID: u16 = 11;
pub const IFLA_VF_VLAN_LIST: u16 = 12;
pub const IFLA_VF_BROADCAST: u16 = 13;

/// IFLA_VF_LINK_STATE_*
pub const LINK_STATES: &[&str] = &["auto", "enable", "disable"];
pub const ETH_P_8021Q: u16 = 0x8100;
pub const ETH_P_8021AD: u16 = 0x88a8;

/// A line for each virtual function.
pub fn show(out: &mut Out, names: &mut Names, opts: &Opts, link: &Link<'_>) {
    let count = link.attr(IFLA_NUM_VF).and_then(|a| a.u32());
    let (Some(list), Some(count)) = (link.attr(IFLA_VFINFO_LIST), count) else { return };
    let mut seen = 0;
    out.open_list("vfinfo_list");
    for vf in list.nested().filter(|a| a.kind == IFLA_VF_INFO) {
        out.open();
        one(out, names, opts, link, Table::new(vf.nested()));
        out.close();
        seen += 1;
    }
    out.close_list();
    if seen < count {
        let name = link.name().unwrap_or(b"");
        fd::stderr(&[b"Truncated VF list: ", name, b"\n"].concat());
    }
}

/// A word of a structure of 32-bit fields.
fn word(a: Attr<'_>, at: usize) -> Option<u32> {
    a.value.as_chunks::<4>().0.get(at).map(|b| u32::from_ne_bytes(*b))
}

/// The setting of a structure { vf u32, setting u32 }; `None` when the driver has none.
fn setting(vf: &Table<'_, 14>, attr: u16) -> Option<u32> {
    word(vf.get(attr)?, 1).filter(|v| *v != u32::MAX)
}

fn one(out: &mut Out, names: &mut Names, opts: &Opts, link: &Link<'_>, vf: Table<'_, 14>) {
    let Some(mac) = vf.get(IFLA_VF_MAC) else { return };
    let len = link.attr(IFLA_ADDRESS).map_or(6, |a| a.value.len());
    let address = |a: Attr<'_>, skip: usize| {
        addr::lladdr(a.value.get(skip..skip + len).unwrap_or(&[]), link.arphrd)
    };
    out.line_break();
    out.uint(field("vf", "    vf {} "), word(mac, 0).unwrap_or(0));
    out.str(field("link_type", "    link/{} "), &names.link_type(link.arphrd));
    out.painted(Paint::LinkAddr, field("address", "{}"), &address(mac, 4));
    if let Some(a) = vf.get(IFLA_VF_BROADCAST) {
        if link.flags & IFF_POINTOPOINT != 0 {
            out.flag("link_pointtopoint", " peer ");
        } else {
            out.text(" brd ");
        }
        out.painted(Paint::LinkAddr, field("broadcast", "{}"), &address(a, 0));
    }
    vlans(out, &vf);
    if let Some(rate) = vf.get(IFLA_VF_TX_RATE).and_then(|a| word(a, 1)).filter(|r| *r != 0) {
        out.uint(field("tx_rate", ", tx rate {} (Mbps)"), rate);
    }
    if let Some(rate) = vf.get(IFLA_VF_RATE) {
        let (min, max) = (word(rate, 1).unwrap_or(0), word(rate, 2).unwrap_or(0));
        out.open_object("rate");
        out.uint(json_only("max_tx"), max);
        out.uint(json_only("min_tx"), min);
        out.close();
        if max != 0 {
            out.uint(text_only(", max_tx_rate {}Mbps"), max);
        }
        if min != 0 {
            out.uint(text_only(", min_tx_rate {}Mbps"), min);
        }
    }
    let show = |out: &mut Out, attr, shape| {
        if let Some(on) = setting(&vf, attr) {
            out.on_off(shape, on != 0);
        }
    };
    show(out, IFLA_VF_SPOOFCHK, field("spoofchk", ", spoof checking {}"));
    for (attr, shape) in [
        (IFLA_VF_IB_NODE_GUID, field("node guid", ", NODE_GUID {}")),
        (IFLA_VF_IB_PORT_GUID, field("port guid", ", PORT_GUID {}")),
    ] {
        // struct ifla_vf_guid: vf u32, padding, guid u64.
        if let Some(guid) = vf.get(attr).and_then(|a| a.value.get(8..16)?.first_chunk::<8>()) {
            let bytes = u64::from_ne_bytes(*guid).to_be_bytes();
            let mut text = Vec::new();
            addr::hex(&mut text, &bytes);
            out.bytes(shape, &text);
        }
    }
    if let Some(state) = setting(&vf, IFLA_VF_LINK_STATE) {
        let name = LINK_STATES.get(state as usize).copied().unwrap_or("disable");
        out.str(field("link_state", ", link-state {}"), name);
    }
    show(out, IFLA_VF_TRUST, field("trust", ", trust {}"));
    show(out, IFLA_VF_RSS_QUERY_EN, field("query_rss_en", ", query_rss {}"));
    if opts.stats > 0
        && let Some(stats) = vf.get(IFLA_VF_STATS)
    {
        counters(out, stats.nested());
    }
}

fn vlans(out: &mut Out, vf: &Table<'_, 14>) {
    let Some(list) = vf.get(IFLA_VF_VLAN_LIST) else {
        if let Some(a) = vf.get(IFLA_VF_VLAN) {
            vlan(out, a, 0);
        }
        return;
    };
    out.open_list("vlan_list");
    for info in list.nested() {
        // struct ifla_vf_vlan_info: vf, vlan, qos u32; protocol in network order.
        let protocol = info.value.get(12..14).and_then(|b| b.first_chunk());
        out.open();
        vlan(out, info, protocol.map_or(0, |b| u16::from_be_bytes(*b)));
        out.close();
    }
    out.close_list();
}

fn vlan(out: &mut Out, a: Attr<'_>, protocol: u16) {
    let shown = |at| word(a, at).filter(|v| *v != 0);
    if let Some(id) = shown(1) {
        out.uint(field("vlan", ", vlan {}"), id);
    }
    if let Some(qos) = shown(2) {
        out.uint(field("qos", ", qos {}"), qos);
    }
    if protocol == ETH_P_8021AD {
        out.str(field("protocol", ", vlan protocol {}"), "802.1ad");
    }
}

/// IFLA_VF_STATS_*: six counters of packets and bytes.
fn counters(out: &mut Out, stats: Attrs<'_>) {
    let value = |kind| stats.find(kind).and_then(|a| a.u64()).unwrap_or(0);
    let rows = [
        (
            "rx",
            "RX",
            [
                ("bytes", value(2)),
                ("packets", value(0)),
                ("multicast", value(5)),
                ("broadcast", value(4)),
                ("dropped", value(7)),
            ],
        ),
        (
            "tx",
            "TX",
            [("bytes", value(3)), ("packets", value(1)), ("", 0), ("", 0), ("dropped", value(8))],
        ),
    ];
    out.open_object("stats");
    for (key, name, row) in rows {
        out.open_object(key);
        out.line_break();
        let shown = || row.iter().filter(|c| !c.0.is_empty());
        let mut heading = format!("    {name}: ");
        let mut numbers = String::from("    ");
        for (i, (name, v)) in shown().enumerate() {
            out.uint(json_only(name), *v);
            let width = if i == 0 { 10 } else { 8 };
            let short = match *name {
                "multicast" => "mcast",
                "broadcast" => "bcast",
                other => other,
            };
            heading.push_str(&format!("{short:<width$} "));
            numbers.push_str(&format!("{v:<width$} "));
        }
        out.text(&heading);
        out.line_break();
        out.text(&numbers);
        out.close();
    }
    out.close();
}
