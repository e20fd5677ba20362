//! `ip6gretap`: Ethernet frames in GRE over IPv6; with the words of `ip6gre`.

use super::{LinkKind, ip6gre};

pub static KIND: LinkKind = LinkKind {
    tunnel: Some(&ip6gre::TUNNEL),
    show: Some(ip6gre::show),
    ..LinkKind::plain("ip6gretap", "Ethernet frames in GRE over IPv6")
};
