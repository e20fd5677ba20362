//! `-m tcpmss`: the largest segment that a connection of TCP begins with.

use super::field::{self, Field, Form};
use super::{Ext, Opt, put};

/// Also what is everything is printed: it needs the option in the packet.
const FIELD: &Field =
    &Field { size: 2, high: u16::MAX as u64, not: (4, 1), form: Form::Range, ..Field::NONE };

/// struct xt_tcpmss_match_info: from, to, inverted.
pub static TCPMSS: Ext = Ext {
    name: "tcpmss",
    wire: "tcpmss",
    size: 8,
    user: 8,
    opts: &[Opt {
        name: "mss",
        arg: "BYTES[:BYTES]",
        not: true,
        required: true,
        field: FIELD,
        take: field::range,
        ..Opt::NONE
    }],
    save: |out, s| {
        put(out, if FIELD.is_not(s.info) { " ! --mss " } else { " --mss " });
        field::value(out, s.info, FIELD);
    },
    list: |out, s| {
        put(out, if FIELD.is_not(s.info) { " tcpmss match !" } else { " tcpmss match " });
        field::value(out, s.info, FIELD);
    },
    ..Ext::MATCH
};
