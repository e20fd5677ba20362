//! `-m dscp`, `-j DSCP`: the six upper bits of the type of service.

use crate::cmd::iptables::fail::{Result, usage};

use super::field::{self, Field, Form};
use super::{Ext, Fill, Opt, hex0x, put};

/// Classes and their numbers; a word that only begins with one is taken for it.
#[rustfmt::skip] // pairs
const CLASSES: &[(&str, u8)] = &[
    ("CS0", 0x00), ("CS1", 0x08), ("CS2", 0x10), ("CS3", 0x18), ("CS4", 0x20), ("CS5", 0x28),
    ("CS6", 0x30), ("CS7", 0x38), ("BE", 0x00), ("AF11", 0x0a), ("AF12", 0x0c), ("AF13", 0x0e),
    ("AF21", 0x12), ("AF22", 0x14), ("AF23", 0x16), ("AF31", 0x1a), ("AF32", 0x1c),
    ("AF33", 0x1e), ("AF41", 0x22), ("AF42", 0x24), ("AF43", 0x26), ("EF", 0x2e),
];

const DSCP_FIELD: &Field =
    &Field { size: 1, high: 63, not: (1, 1), form: Form::Hex(2), ..Field::NONE };
const CLASS: &str = "BE|EF|AFxx|CSx";

fn class(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let begins = |name: &str| {
        value.get(..name.len()).is_some_and(|v| v.eq_ignore_ascii_case(name.as_bytes()))
    };
    let Some((_, number)) = CLASSES.iter().find(|(name, _)| begins(name)) else {
        return usage(&[b"Invalid DSCP value `", value, b"'"]);
    };
    f.info[0] = *number;
    f.info[1] = f.not.into();
    Ok(())
}

/// struct xt_dscp_info: number, inverted.
pub static MATCH: Ext = Ext {
    name: "dscp",
    wire: "dscp",
    size: 8,
    user: 8,
    opts: &[
        Opt {
            name: "dscp",
            arg: "0-63",
            not: true,
            excludes: 2,
            field: DSCP_FIELD,
            take: field::number,
            ..Opt::NONE
        },
        Opt { name: "dscp-class", arg: CLASS, not: true, excludes: 1, take: class, ..Opt::NONE },
    ],
    complete: |_, seen| match seen {
        0 => usage(&[b"DSCP match: Parameter --dscp is required"]),
        _ => Ok(()),
    },
    save: field::save,
    list: |out, s| {
        put(out, if s.info[1] == 0 { " DSCP match " } else { " DSCP match !" });
        hex0x(out, s.info[0].into(), 2);
    },
    ..Ext::MATCH
};

/// struct xt_DSCP_info: number.
pub static TARGET: Ext = Ext {
    name: "DSCP",
    wire: "DSCP",
    size: 8,
    user: 8,
    opts: &[
        Opt {
            name: "set-dscp",
            arg: "0-63",
            excludes: 2,
            field: DSCP_FIELD,
            take: field::number,
            ..Opt::NONE
        },
        Opt { name: "set-dscp-class", arg: CLASS, excludes: 1, take: class, ..Opt::NONE },
    ],
    complete: |_, seen| match seen {
        0 => usage(&[b"DSCP target: Parameter --set-dscp is required"]),
        _ => Ok(()),
    },
    save: field::save,
    list: |out, s| {
        put(out, " DSCP set ");
        hex0x(out, s.info[0].into(), 2);
    },
    ..Ext::TARGET
};
