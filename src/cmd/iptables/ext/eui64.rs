//! `-m eui64`: whether an address of IPv6 is the one that comes of the card's.

use crate::cmd::iptables::family::Family;

use super::Ext;

/// An int that nobody looks at.
pub static EUI64: Ext =
    Ext { name: "eui64", wire: "eui64", family: Some(Family::V6), size: 8, user: 8, ..Ext::MATCH };
