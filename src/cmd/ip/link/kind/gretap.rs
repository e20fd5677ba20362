//! `gretap`: Ethernet frames in GRE over IPv4; with the words of `gre`.

use super::{LinkKind, gre};

pub static KIND: LinkKind = LinkKind {
    tunnel: Some(&gre::TUNNEL),
    show: Some(gre::show),
    ..LinkKind::plain("gretap", "Ethernet frames in GRE over IPv4")
};
