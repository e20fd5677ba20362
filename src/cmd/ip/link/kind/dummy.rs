//! `dummy`: swallows everything.

use super::LinkKind;

pub static KIND: LinkKind = LinkKind::plain("dummy", "swallows everything");
