//! `erspan`: mirrored Ethernet frames in GRE over IPv4; with the words of `gre` and four more.

use super::{LinkKind, gre};
use crate::error::Error;

use super::super::tunnel::{Settings, Tunnel};

pub static KIND: LinkKind = LinkKind {
    tunnel: Some(&TUNNEL),
    show: Some(gre::show),
    ..LinkKind::plain("erspan", "mirrored Ethernet frames in GRE over IPv4")
};

static TUNNEL: Tunnel = Tunnel {
    rows: &[&gre::KEY_ROWS, &gre::ROWS, &gre::ENCAP_ROWS, &gre::ERSPAN_ROWS],
    settings: gre::ERSPAN_SETTINGS,
    external: gre::COLLECT_METADATA,
    finish,
};

fn finish(settings: &mut Settings) -> Result<(), Error> {
    gre::one_version(settings);
    gre::finish(settings)
}
