//! `-m osf`: which system sends, guessed by how its connections begin.

use crate::cmd::iptables::family::Family;

use super::field::{self, Field, Form};
use super::{Ext, Opt, put, put_at, text};

/// MAXGENRELEN.
const NAME_LEN: usize = 32;
const LEN: usize = 32;
const FLAGS: u16 = 36;

/// NF_OSF_INVERT.
const INVERT: u8 = 8;

const LOG: Opt = Opt {
    name: "log",
    arg: "0-2",
    field: &Field { at: 40, size: 4, high: 2, given: (FLAGS, 4), form: Form::Dec, ..Field::NONE },
    take: field::number,
    ..Opt::NONE
};

/// struct nf_osf_info: name, its length, flags, how much is noted, how times to live are compared.
pub static OSF: Ext = Ext {
    name: "osf",
    wire: "osf",
    family: Some(Family::V4),
    size: 48,
    user: 48,
    opts: &[
        Opt {
            name: "genre",
            arg: "NAME",
            not: true,
            required: true,
            take: |f, value| {
                let value = &value[..value.len().min(NAME_LEN - 1)];
                put_at(f.info, 0, value);
                let len = u32::try_from(value.len()).unwrap_or(0);
                put_at(f.info, LEN, &len.to_ne_bytes());
                f.info[usize::from(FLAGS)] |= if f.not { INVERT } else { 0 };
                Ok(())
            },
            ..Opt::NONE
        },
        Opt {
            name: "ttl",
            field: &Field {
                at: 44,
                size: 4,
                high: 2,
                given: (FLAGS, 2),
                form: Form::Dec,
                ..Field::NONE
            },
            ..LOG
        },
        LOG,
    ],
    save: |out, s| {
        let not = s.info[usize::from(FLAGS)] & INVERT != 0;
        put(out, if not { " ! --genre " } else { " --genre " });
        put(out, text(s.info, 0, NAME_LEN));
        field::save(out, s);
    },
    list: |out, s| {
        put(out, " OS fingerprint match ");
        put(out, if s.info[usize::from(FLAGS)] & INVERT != 0 { "! " } else { "" });
        put(out, text(s.info, 0, NAME_LEN));
    },
    ..Ext::MATCH
};
