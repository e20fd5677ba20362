//! `-m rpfilter`: whether an answer would go out where the packet came in.

use super::{Ext, Opt, put};

/// XT_RPFILTER_*, in the order of their bits.
const WORDS: [&str; 4] = ["loose", "validmark", "accept-local", "invert"];

/// struct xt_rpfilter_info: flags.
pub static RPFILTER: Ext = Ext {
    name: "rpfilter",
    wire: "rpfilter",
    size: 8,
    user: 1,
    opts: &[
        bits!("loose", 0, 1),
        bits!("validmark", 0, 2),
        bits!("accept-local", 0, 4),
        bits!("invert", 0, 8),
    ],
    save: |out, s| words(out, s.info[0], &WORDS, " --"),
    list: |out, s| {
        put(out, " rpfilter");
        words(out, s.info[0], &WORDS, " ");
    },
    ..Ext::MATCH
};

/// The words of the bits that are set.
pub fn words(out: &mut Vec<u8>, bits: u8, names: &[&str], before: &str) {
    for (_, name) in names.iter().enumerate().filter(|(i, _)| bits & 1 << i != 0) {
        put(out, before);
        put(out, name);
    }
}
