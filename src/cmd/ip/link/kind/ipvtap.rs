//! `ipvtap`: an `ipvlan` whose packets a program reads and writes; the words are the same.

use super::{LinkKind, ipvlan};

pub static KIND: LinkKind = LinkKind {
    usage: ipvlan::USAGE,
    parse: Some(ipvlan::parse),
    show: Some(ipvlan::show),
    ..LinkKind::plain("ipvtap", "an ipvlan whose packets a program reads and writes")
};
