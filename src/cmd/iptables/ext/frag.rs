//! `-m frag`: the fragment header of IPv6.

use crate::cmd::iptables::family::Family;

use super::field::{self, Field, Form};
use super::{Ext, Opt, put, put_at};

const FLAGS: u16 = 12;
const INVERTED: u16 = 13;

/// IP6T_FRAG_*: the flags without a value, with what `-L` says.
const SAID: &[(u8, &str)] = &[(4, " reserved"), (8, " first"), (0x10, " more"), (0x20, " last")];

const ID: &Field =
    &Field { size: 4, given: (FLAGS, 1), not: (INVERTED, 1), form: Form::Range, ..Field::NONE };
const LENGTH: &Field = &Field {
    at: 8,
    size: 4,
    given: (FLAGS, 2),
    not: (INVERTED, 2),
    form: Form::Dec,
    ..Field::NONE
};

macro_rules! flag {
    ($name:literal, $bit:literal, $excludes:literal) => {
        Opt {
            name: $name,
            excludes: $excludes,
            field: &Field { given: (FLAGS, $bit), form: Form::Alone, ..Field::NONE },
            take: field::flag,
            ..Opt::NONE
        }
    };
}

/// struct ip6t_frag: ids from and to, length, flags, inverted flags.
pub static FRAG: Ext = Ext {
    name: "frag",
    wire: "frag",
    family: Some(Family::V6),
    size: 16,
    user: 16,
    opts: &[
        Opt {
            name: "fragid",
            arg: "ID[:ID]",
            not: true,
            field: ID,
            take: field::range,
            ..Opt::NONE
        },
        Opt {
            name: "fraglen",
            arg: "BYTES",
            not: true,
            field: LENGTH,
            take: field::number,
            ..Opt::NONE
        },
        flag!("fragres", 4, 0),
        flag!("fragfirst", 8, 0),
        flag!("fragmore", 0x10, 0x20),
        flag!("fraglast", 0x20, 0x10),
    ],
    init: |info| put_at(info, 4, &[255; 4]),
    save: field::save,
    list: |out, s| {
        put(out, " frag ");
        field::list(out, s.info, "id", ID);
        field::list(out, s.info, " length", LENGTH);
        for (bit, word) in SAID {
            put(out, if s.info[usize::from(FLAGS)] & bit != 0 { word } else { "" });
        }
    },
    ..Ext::MATCH
};
