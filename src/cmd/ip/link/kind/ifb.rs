//! `ifb`: where received packets can be queued.

use super::LinkKind;

pub static KIND: LinkKind = LinkKind::plain("ifb", "where received packets can be queued");
