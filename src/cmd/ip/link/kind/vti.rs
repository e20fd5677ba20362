//! `vti`: packets that IPsec carries over IPv4. Its words are those of `vti6`, too.

use super::{LinkKind, Shown};
use crate::cli::{Usage, exact, prefix};
use crate::names::Names;
use crate::output::{Out, field};

use super::super::tunnel::{self, Row, Setting, Take, Tunnel, Typed, always, end, optional, row};

pub static KIND: LinkKind = LinkKind {
    tunnel: Some(&TUNNEL),
    show: Some(show),
    ..LinkKind::plain("vti", "packets that IPsec carries over IPv4")
};

static TUNNEL: Tunnel = Tunnel {
    rows: &[&rows(tunnel::inet)],
    settings: SETTINGS,
    external: 0,
    finish: tunnel::nothing,
};

// IFLA_VTI_* (linux/if_tunnel.h)
pub const LINK: u16 = 1;
pub const IKEY: u16 = 2;
pub const OKEY: u16 = 3;
pub const LOCAL: u16 = 4;
pub const REMOTE: u16 = 5;
pub const FWMARK: u16 = 6;

pub const fn rows(address: Take) -> [Row; 7] {
    [
        row(prefix("key"), "KEY", 0, |t, _| key(t, &[IKEY, OKEY])),
        row(prefix("ikey"), "KEY", 0, |t, _| key(t, &[IKEY])),
        row(prefix("okey"), "KEY", 0, |t, _| key(t, &[OKEY])),
        row(prefix("remote"), "ADDRESS", REMOTE, address),
        row(prefix("local"), "ADDRESS", LOCAL, address),
        row(prefix("dev"), "DEVICE", LINK, tunnel::dev),
        row(exact("fwmark"), "MARK", FWMARK, tunnel::fwmark),
    ]
}

const SETTINGS: &[Setting] = &[
    always(IKEY, &[0; 4]),
    always(OKEY, &[0; 4]),
    end(LOCAL, &[0; 4]),
    end(REMOTE, &[0; 4]),
    always(FWMARK, &[0; 4]),
    optional(LINK, &[0; 4]),
];

fn key(t: &mut Typed<'_, '_>, keys: &[u16]) -> Result<(), Usage> {
    let key = tunnel::key(t)?;
    for attr in keys {
        t.settings.set(*attr, &key);
    }
    Ok(())
}

pub fn show(_: &LinkKind, out: &mut Out, names: &mut Names, shown: Shown<'_>) {
    let Some(data) = shown.data else { return };
    tunnel::show_ends(out, data, REMOTE, LOCAL);
    tunnel::show_dev(out, names, data.find(LINK));
    for (attr, shape) in [(IKEY, field("ikey", "ikey {} ")), (OKEY, field("okey", "okey {} "))] {
        let key = data.find(attr).filter(|a| a.value.iter().any(|&b| b != 0));
        tunnel::show_key(out, shape, key);
    }
    tunnel::show_fwmark(out, data.find(FWMARK));
}
