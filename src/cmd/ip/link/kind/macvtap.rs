//! `macvtap`: a `macvlan` whose packets a program reads and writes; the words are the same.

use super::{LinkKind, macvlan};

pub static KIND: LinkKind = LinkKind {
    usage: macvlan::USAGE,
    parse: Some(macvlan::parse),
    show: Some(macvlan::show),
    ..LinkKind::plain("macvtap", "a macvlan whose packets a program reads and writes")
};
