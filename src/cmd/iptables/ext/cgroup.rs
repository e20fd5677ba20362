//! `-m cgroup`: the control group of the socket that a packet belongs to.

use super::field::{self, Field, Form};
use super::{Ext, Opt, put, put_at, quoted, text};

const PATH: usize = 4;
/// XT_CGROUP_PATH_MAX.
const PATH_LEN: usize = 512;

const CLASS: &Field =
    &Field { at: 4, size: 4, given: (1, 1), not: (3, 1), form: Form::Dec, ..Field::NONE };

/// struct xt_cgroup_info_v2: whether there is a path, a class; whether inverted; path or class in
/// one place; what is the kernel's.
pub static CGROUP: Ext = Ext {
    name: "cgroup",
    wire: "cgroup",
    revision: 2,
    size: 528,
    user: 520,
    opts: &[
        Opt {
            name: "path",
            arg: "PATH",
            not: true,
            take: |f, value| {
                put_at(f.info, PATH, &value[..value.len().min(PATH_LEN - 1)]);
                f.info[0] = 1;
                f.info[2] = f.not.into();
                Ok(())
            },
            ..Opt::NONE
        },
        Opt {
            name: "cgroup",
            arg: "NUMBER",
            not: true,
            field: CLASS,
            take: field::number,
            ..Opt::NONE
        },
    ],
    save: |out, s| {
        if s.info[0] != 0 {
            put(out, if s.info[2] != 0 { " ! --path" } else { " --path" });
            quoted(out, text(s.info, PATH, PATH_LEN));
        }
        field::save(out, s);
    },
    list: |out, s| {
        put(out, " cgroup");
        if s.info[0] != 0 {
            put(out, if s.info[2] != 0 { " ! " } else { " " });
            put(out, text(s.info, PATH, PATH_LEN));
        }
        if CLASS.is_given(s.info) {
            put(out, if CLASS.is_not(s.info) { " ! " } else { " " });
            field::value(out, s.info, CLASS);
        }
    },
    ..Ext::MATCH
};
