//! `team`: several devices as one, ruled by a daemon.

use super::LinkKind;

pub static KIND: LinkKind = LinkKind::plain("team", "several devices as one, ruled by a daemon");
