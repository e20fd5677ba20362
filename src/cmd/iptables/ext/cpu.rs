//! `-m cpu`: the processor that handles the packet.

use super::{Ext, Opt, put, scalar, u32_at};

const INVERT: usize = 4;

/// struct xt_cpu_info: number, inverted.
pub static CPU: Ext = Ext {
    name: "cpu",
    wire: "cpu",
    size: 8,
    user: 8,
    opts: &[Opt {
        name: "cpu",
        arg: "NUMBER",
        not: true,
        required: true,
        take: |f, value| {
            f.info[INVERT] = f.not.into();
            scalar::put_int(f.info, 0, value, ("cpu", "cpu"), 0, u32::MAX)
        },
        ..Opt::NONE
    }],
    save: |out, s| {
        put(out, if s.info[INVERT] != 0 { " ! --cpu " } else { " --cpu " });
        put(out, u32_at(s.info, 0).to_string());
    },
    list: |out, s| {
        put(out, if s.info[INVERT] != 0 { " cpu ! " } else { " cpu " });
        put(out, u32_at(s.info, 0).to_string());
    },
    ..Ext::MATCH
};
