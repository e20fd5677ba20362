//! `vxcan`: a cable with two ends for CAN frames; its words are those of `veth`.

use super::{LinkKind, veth};

pub static KIND: LinkKind = LinkKind {
    usage: "[ peer [ WORDS ] ]",
    parse: Some(veth::parse),
    ..LinkKind::plain("vxcan", "a cable with two ends, for CAN frames")
};
