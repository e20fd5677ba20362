//! `ip6tnl`: IPv6 or IPv4 in IPv6.

use super::{LinkKind, Shown, ipip};
use crate::cli::{Usage, exact, prefix};
use crate::names::Names;
use crate::output::{Out, field};

use super::super::tunnel::{self, Row, Setting, Tunnel, Typed, always, beside, end, row};
use super::super::tunnel6;

pub static KIND: LinkKind = LinkKind {
    tunnel: Some(&TUNNEL),
    show: Some(show),
    ..LinkKind::plain("ip6tnl", "IPv6 or IPv4 in IPv6")
};

static TUNNEL: Tunnel = Tunnel {
    rows: &[&ROWS, &tunnel6::IPTUN.rows(), &ipip::ENCAP_ROWS],
    settings: SETTINGS,
    external: ipip::COLLECT_METADATA,
    finish: tunnel::nothing,
};

const A: tunnel6::Attrs6 = tunnel6::IPTUN;

/// As in `ipip`.
const MODES: &[(&str, u8)] = &[
    ("ip6ip6", 41),
    ("ipv6/ipv6", 41),
    ("ipip6", 4),
    ("ip/ipv6", 4),
    ("ipv4/ipv6", 4),
    ("ip4ip6", 4),
    ("any", 0),
    ("any/ipv6", 0),
];

#[rustfmt::skip] // one row, one line
const ROWS: [Row; 12] = [
    row(exact("mode"), "{ ip6ip6 | ipip6 | any }", ipip::PROTO, mode),
    row(exact("remote"), "ADDRESS", ipip::REMOTE, tunnel::inet6),
    row(exact("local"), "ADDRESS", ipip::LOCAL, tunnel::inet6),
    row(prefix("dev"), "DEVICE", ipip::LINK, tunnel::dev),
    row(exact("hoplimit"), "{ HOPS | inherit }", ipip::TTL, tunnel6::hoplimit),
    row(exact("ttl"), "=", ipip::TTL, tunnel6::hoplimit),
    row(exact("hlim"), "=", ipip::TTL, tunnel6::hoplimit),
    row(exact("tclass"), "{ TCLASS | inherit }", A.flags, tunnel6::tclass),
    row(exact("tc"), "=", A.flags, tunnel6::tclass),
    row(exact("tos"), "=", A.flags, tunnel6::tclass),
    row(prefix("dsfield"), "=", A.flags, tunnel6::tclass),
    row(exact("external"), "", 0, tunnel::external),
];

const SETTINGS: &[Setting] = &[
    always(ipip::LINK, &[0; 4]),
    beside(ipip::PROTO, &[0]),
    end(ipip::LOCAL, &[0; 16]),
    end(ipip::REMOTE, &[0; 16]),
    always(ipip::TTL, &[64]),
    always(A.encap_limit, &[4]),
    always(A.flowinfo, &[0; 4]),
    always(A.flags, &[0; 4]),
    always(A.fwmark, &[0; 4]),
    always(ipip::ENCAP, &[0; 2]),
    always(ipip::ENCAP + 1, &tunnel6::CSUM6),
    always(ipip::ENCAP + 2, &[0; 2]),
    always(ipip::ENCAP + 3, &[0; 2]),
];

fn mode(t: &mut Typed<'_, '_>, attr: u16) -> Result<(), Usage> {
    ipip::mode_of(t, attr, MODES)
}

fn show(_: &LinkKind, out: &mut Out, names: &mut Names, shown: Shown<'_>) {
    let Some(data) = shown.data else { return };
    let flags = data.find(A.flags).and_then(|a| a.u32()).unwrap_or(0);
    if data.find(ipip::COLLECT_METADATA).is_some() {
        out.flag("external", "external ");
    }
    ipip::show_mode(out, data.find(ipip::PROTO), MODES);
    tunnel::show_ends(out, data, ipip::REMOTE, ipip::LOCAL);
    tunnel::show_dev(out, names, data.find(ipip::LINK));
    let hops = field("ttl", "hoplimit {} ");
    tunnel::show_ttl(out, hops, "hoplimit inherit ", data.find(ipip::TTL));
    tunnel6::show_encaplimit(out, flags, data.find(A.encap_limit));
    tunnel6::show_flowinfo(out, flags, data.find(A.flowinfo));
    tunnel6::show_dscp(out, flags);
    if flags & tunnel6::flag::MIP6_DEV != 0 {
        out.flag("ip6_tnl_f_mip6_dev", "mip6 ");
    }
    tunnel6::show_localremote(out, flags);
    tunnel6::show_fwmark(out, flags, data.find(A.fwmark));
    tunnel::show_encap(out, data, ipip::ENCAP);
}
