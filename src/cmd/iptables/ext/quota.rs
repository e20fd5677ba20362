//! `-m quota`: so many bytes, then no more.

use super::field::{self, Field, Form};
use super::{Ext, Opt, dec, put};

const FIELD: &Field =
    &Field { at: 8, size: 8, high: u64::MAX, not: (0, 1), form: Form::Dec, ..Field::NONE };

/// struct xt_quota_info: flags, quota, what is the kernel's.
pub static QUOTA: Ext = Ext {
    name: "quota",
    wire: "quota",
    size: 24,
    user: 16,
    opts: &[Opt {
        name: "quota",
        arg: "BYTES",
        not: true,
        required: true,
        field: FIELD,
        take: field::number,
        ..Opt::NONE
    }],
    save: field::save,
    list: |out, s| {
        put(out, " quota: ");
        dec(out, FIELD.get(s.info));
        put(out, " bytes");
    },
    ..Ext::MATCH
};
