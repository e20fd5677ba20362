//! `-j DNAT`: another destination address.

use super::nat::{self, PERSISTENT, RANDOM, RANGE2, flag};
use super::{Ext, Opt, put};

pub static DNAT: Ext = Ext {
    name: "DNAT",
    wire: "DNAT",
    revision: 2,
    size: nat::RANGE2_SIZE,
    user: nat::RANGE2_SIZE,
    opts: &[
        Opt {
            name: "to-destination",
            arg: "[ADDRESS[-ADDRESS]][:PORT[-PORT[/PORT]]]",
            required: true,
            take: |f, value| RANGE2.take(f, value),
            ..Opt::NONE
        },
        flag!("random", RANGE2, RANDOM),
        flag!("persistent", RANGE2, PERSISTENT),
    ],
    save: |out, s| {
        put(out, " --to-destination ");
        RANGE2.show(out, s.info, s.family);
        RANGE2.show_flags(out, s.info, "--");
    },
    list: |out, s| {
        put(out, " to:");
        RANGE2.show(out, s.info, s.family);
        RANGE2.show_flags(out, s.info, "");
    },
    ..Ext::TARGET
};
