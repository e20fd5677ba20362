//! `wireguard`: an encrypted tunnel; its keys and peers are the business of another tool.

use super::LinkKind;

pub static KIND: LinkKind = LinkKind::plain("wireguard", "an encrypted tunnel");
