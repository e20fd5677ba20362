//! `netdevsim`: pretends to be hardware, for tests of the kernel.

use super::LinkKind;

pub static KIND: LinkKind = LinkKind::plain("netdevsim", "pretends to be hardware");
