//! `sit`: IPv6, IPv4 or MPLS in IPv4; with the words of `ipip` and ISATAP.

use super::{LinkKind, Shown, ipip};
use crate::cli::{Usage, exact};
use crate::names::Names;
use crate::output::Out;

use super::super::tunnel::{self, Setting, Tunnel, Typed, always, beside, end, optional, row};

pub static KIND: LinkKind = LinkKind {
    tunnel: Some(&TUNNEL),
    show: Some(show),
    ..LinkKind::plain("sit", "IPv6, IPv4 or MPLS in IPv4")
};

static TUNNEL: Tunnel = Tunnel {
    rows: &[
        &[
            row(exact("mode"), "{ ip6ip | ipip | mplsip | any }", ipip::PROTO, mode),
            row(exact("isatap"), "", ipip::FLAGS, |t, attr| {
                t.settings.bits16(attr, ISATAP, true);
                Ok(())
            }),
        ],
        &ipip::ROWS,
        &ipip::ENCAP_ROWS,
    ],
    settings: SETTINGS,
    external: ipip::COLLECT_METADATA,
    finish: ipip::finish,
};

/// SIT_ISATAP (linux/if_tunnel.h).
const ISATAP: u16 = 1;

const MODES: &[(&str, u8)] = &[
    ("ip6ip", 41),
    ("ipv6/ipv4", 41),
    ("ipip", 4),
    ("ip4ip4", 4),
    ("ipv4/ipv4", 4),
    ("mplsip", 137),
    ("mpls/ipv4", 137),
    ("any", 0),
    ("any/ipv4", 0),
];

const SETTINGS: &[Setting] = &[
    always(ipip::LINK, &[0; 4]),
    end(ipip::LOCAL, &[0; 4]),
    end(ipip::REMOTE, &[0; 4]),
    always(ipip::TTL, &[0]),
    always(ipip::TOS, &[0]),
    always(ipip::PMTUDISC, &[1]),
    always(ipip::FWMARK, &[0; 4]),
    beside(ipip::PROTO, &[0]),
    always(ipip::FLAGS, &[0; 2]),
    optional(ipip::PREFIX_6RD, &[0; 16]),
    optional(ipip::RELAY_PREFIX_6RD, &[0; 4]),
    optional(ipip::PREFIX_LEN_6RD, &[0; 2]),
    optional(ipip::RELAY_PREFIX_LEN_6RD, &[0; 2]),
    always(ipip::ENCAP, &[0; 2]),
    always(ipip::ENCAP + 1, &[0; 2]),
    always(ipip::ENCAP + 2, &[0; 2]),
    always(ipip::ENCAP + 3, &[0; 2]),
];

fn mode(t: &mut Typed<'_, '_>, attr: u16) -> Result<(), Usage> {
    ipip::mode_of(t, attr, MODES)
}

fn show(_: &LinkKind, out: &mut Out, names: &mut Names, shown: Shown<'_>) {
    let Some(data) = shown.data else { return };
    ipip::show_start(out, names, data, MODES);
    if data.find(ipip::FLAGS).and_then(|a| a.u16()).is_some_and(|f| f & ISATAP != 0) {
        out.flag("isatap", "isatap ");
    }
    ipip::show_6rd(out, data);
    tunnel::show_fwmark(out, data.find(ipip::FWMARK));
    tunnel::show_encap(out, data, ipip::ENCAP);
}
