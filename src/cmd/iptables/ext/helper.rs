//! `-m helper`: the connection's helper, by name.

use super::{Ext, Opt, put, put_at, quoted, text};

const NAME: usize = 4;
/// The longest name, without its NUL.
const LONGEST: usize = 29;

/// struct xt_helper_info: inverted, name. The reference compares none of it.
pub static HELPER: Ext = Ext {
    name: "helper",
    wire: "helper",
    size: 40,
    user: 0,
    opts: &[Opt {
        name: "helper",
        arg: "NAME",
        not: true,
        required: true,
        take: |f, value| {
            put_at(f.info, NAME, &value[..value.len().min(LONGEST)]);
            f.info[..4].copy_from_slice(&u32::from(f.not).to_ne_bytes());
            Ok(())
        },
        ..Opt::NONE
    }],
    save: |out, s| {
        put(out, if s.info[..4] == [0; 4] { " --helper" } else { " ! --helper" });
        quoted(out, text(s.info, NAME, LONGEST));
    },
    list: |out, s| {
        put(out, " helper match ");
        put(out, if s.info[..4] == [0; 4] { "\"" } else { "! \"" });
        put(out, text(s.info, NAME, LONGEST));
        put(out, "\"");
    },
    ..Ext::MATCH
};
