//! `-m comment`: a remark.

use super::{Ext, Opt, put, put_at, quoted};

/// struct xt_comment_info: 256 bytes of text.
pub static COMMENT: Ext = Ext {
    name: "comment",
    wire: "comment",
    size: 256,
    user: 256,
    opts: &[Opt {
        name: "comment",
        arg: "TEXT",
        required: true,
        take: |f, value| {
            put_at(f.info, 0, &value[..value.len().min(255)]);
            Ok(())
        },
        ..Opt::NONE
    }],
    save: |out, s| {
        put(out, " --comment");
        quoted(out, text(s.info));
    },
    list: |out, s| {
        put(out, " /* ");
        put(out, text(s.info));
        put(out, " */");
    },
    ..Ext::MATCH
};

fn text(info: &[u8]) -> &[u8] {
    info.split(|&b| b == 0).next().unwrap_or(info)
}
