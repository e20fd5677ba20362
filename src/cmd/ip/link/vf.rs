//! IFLA_VFINFO_LIST: the virtual functions of a device, as they are shown.

use crate::ctx::Opts;
use crate::names::Names;
use crate::netlink::{Attr, Attrs, Table};
use crate::output::{Out, Paint, addr, field, human, json_only, text_only};
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
        counters(out, opts, stats.nested());
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

/// IFLA_VF_STATS_*: packets and bytes, each way; what was dropped, when the driver counts it.
fn counters(out: &mut Out, opts: &Opts, stats: Attrs<'_>) {
    let value = |kind| stats.find(kind).and_then(|a| a.u64());
    let rx = [("bytes", 10, 2), ("packets", 8, 0), ("multicast", 7, 5), ("broadcast", 7, 4)];
    let tx = [("bytes", 10, 3), ("packets", 8, 1)];
    let rows = [
        ("rx", "    RX: bytes  packets  mcast   bcast ", &rx[..], 7),
        ("tx", "    TX: bytes  packets ", &tx[..], 8),
    ];
    out.open_object("stats");
    for (key, heading, columns, dropped) in rows {
        out.open_object(key);
        out.line_break();
        out.text(heading);
        let dropped = value(dropped);
        if dropped.is_some() {
            out.text("  dropped ");
        }
        out.line_break();
        out.text("    ");
        let rest = dropped.map(|v| ("dropped", 8, v));
        let all = columns.iter().map(|&(key, width, attr)| (key, width, value(attr).unwrap_or(0)));
        for (key, width, v) in all.chain(rest) {
            out.uint(json_only(key), v);
            out.text(&format!("{:>width$} ", human(v, opts.human)));
        }
        out.close();
    }
    out.close();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::Request;
    use crate::output::Style;
    use crate::rtnl::consts::RTM_NEWLINK;
    use crate::rtnl::link::header;

    fn words(fields: &[u32]) -> Vec<u8> {
        fields.iter().flat_map(|f| f.to_ne_bytes()).collect()
    }

    /// No kernel at hand has virtual functions, so one is made.
    fn shown(opts: &Opts) -> String {
        let mut r = Request::new(RTM_NEWLINK, 0, &header(0, 7));
        r.attr(IFLA_ADDRESS, &[2, 0, 0, 0, 0, 1]);
        r.u32(IFLA_NUM_VF, 1);
        let list = r.nest(IFLA_VFINFO_LIST);
        let vf = r.nest(IFLA_VF_INFO);
        let mut mac = words(&[3]);
        mac.extend([2, 0, 0, 0, 0, 9]);
        mac.resize(36, 0);
        r.attr(IFLA_VF_MAC, &mac);
        r.attr(IFLA_VF_BROADCAST, &[0xff; 32]);
        let vlans = r.nest(IFLA_VF_VLAN_LIST);
        let mut info = words(&[3, 5, 2]);
        info.extend([0x88, 0xa8, 0, 0]);
        r.attr(1, &info);
        r.end(vlans);
        r.attr(IFLA_VF_TX_RATE, &words(&[3, 0]));
        r.attr(IFLA_VF_RATE, &words(&[3, 10, 100]));
        r.attr(IFLA_VF_SPOOFCHK, &words(&[3, 1]));
        r.attr(IFLA_VF_LINK_STATE, &words(&[3, 2]));
        r.attr(IFLA_VF_TRUST, &words(&[3, 0]));
        r.attr(IFLA_VF_RSS_QUERY_EN, &words(&[3, u32::MAX]));
        let stats = r.nest(IFLA_VF_STATS);
        r.u64(2, 1234);
        r.u64(0, 12);
        r.end(stats);
        r.end(vf);
        r.end(list);
        r.header()[2] = 1; // ARPHRD_ETHER
        let link = Link::parse(r.payload()).unwrap();
        let mut out = Out::memory(opts.style);
        out.open();
        show(&mut out, &mut Names::default(), opts, &link);
        out.close();
        String::from_utf8(out.taken()).unwrap()
    }

    #[test]
    fn a_virtual_function_has_a_line() {
        let line = "\n    vf 3     link/ether 02:00:00:00:00:09 brd ff:ff:ff:ff:ff:ff, vlan 5, qos 2, \
            vlan protocol 802.1ad, max_tx_rate 100Mbps, min_tx_rate 10Mbps, spoof checking on, \
            link-state disable, trust off";
        assert_eq!(shown(&Opts::default()), line);
        let stats = Opts { stats: 1, ..Opts::default() };
        assert_eq!(
            shown(&stats)[line.len()..],
            *"\n    RX: bytes  packets  mcast   bcast \n          1234       12       0       0 \
              \n    TX: bytes  packets \n             0        0 "
        );
    }

    #[test]
    fn a_virtual_function_is_an_object() {
        let style = Style { json: true, ..Style::default() };
        assert_eq!(
            shown(&Opts { style, ..Opts::default() }),
            "{\"vfinfo_list\":[{\"vf\":3,\"link_type\":\"ether\",\"address\":\"02:00:00:00:00:09\",\
             \"broadcast\":\"ff:ff:ff:ff:ff:ff\",\"vlan_list\":[{\"vlan\":5,\"qos\":2,\
             \"protocol\":\"802.1ad\"}],\"rate\":{\"max_tx\":100,\"min_tx\":10},\"spoofchk\":true,\
             \"link_state\":\"disable\",\"trust\":false}]}"
        );
    }
}
