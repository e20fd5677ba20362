//! `vti6`: packets that IPsec carries over IPv6; with the words of `vti`.

use super::{LinkKind, vti};

use super::super::tunnel::{self, Setting, Tunnel, always, end, optional};

pub static KIND: LinkKind = LinkKind {
    tunnel: Some(&TUNNEL),
    show: Some(vti::show),
    ..LinkKind::plain("vti6", "packets that IPsec carries over IPv6")
};

static TUNNEL: Tunnel = Tunnel {
    rows: &[&vti::rows(tunnel::inet6)],
    settings: SETTINGS,
    external: 0,
    finish: tunnel::nothing,
};

const SETTINGS: &[Setting] = &[
    always(vti::IKEY, &[0; 4]),
    always(vti::OKEY, &[0; 4]),
    end(vti::LOCAL, &[0; 16]),
    end(vti::REMOTE, &[0; 16]),
    always(vti::FWMARK, &[0; 4]),
    optional(vti::LINK, &[0; 4]),
];
