//! `-j SNAT`: another source address.

use crate::cmd::iptables::family::Family;

use super::nat::{self, OLD, PERSISTENT, RANDOM, RANDOM_FULLY, RANGE, flag};
use super::{Ext, Opt, put};

/// The extension, for one family and structure.
macro_rules! snat {
    ($family:expr, $revision:literal, $size:expr, $layout:expr, $init:expr) => {
        Ext {
            name: "SNAT",
            wire: "SNAT",
            family: Some($family),
            revision: $revision,
            size: $size,
            user: $size,
            opts: &[
                Opt {
                    name: "to-source",
                    arg: "[ADDRESS[-ADDRESS]][:PORT[-PORT]]",
                    required: true,
                    take: |f, value| $layout.take(f, value),
                    ..Opt::NONE
                },
                flag!("random", $layout, RANDOM),
                flag!("random-fully", $layout, RANDOM_FULLY),
                flag!("persistent", $layout, PERSISTENT),
            ],
            init: $init,
            save: |out, s| {
                put(out, " --to-source ");
                $layout.show(out, s.info, s.family);
                $layout.show_flags(out, s.info, "--");
            },
            list: |out, s| {
                put(out, " to:");
                $layout.show(out, s.info, s.family);
                $layout.show_flags(out, s.info, "");
            },
            ..Ext::TARGET
        }
    };
}
pub static SNAT_V4: Ext = snat!(Family::V4, 0, nat::OLD_SIZE, OLD, nat::init_old);
pub static SNAT_V6: Ext = snat!(Family::V6, 1, nat::RANGE_SIZE, RANGE, |_| ());
