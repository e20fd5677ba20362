//! `nlmon`: carries what passes through netlink, for packet dumps.

use super::LinkKind;

pub static KIND: LinkKind = LinkKind::plain("nlmon", "carries the messages of netlink");
