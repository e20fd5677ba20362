//! `virt_wifi`: a wireless interface on top of one that is not.

use super::LinkKind;

pub static KIND: LinkKind = LinkKind::plain("virt_wifi", "a wireless interface on a wired one");
