//! `-m connmark`: the mark of the packet's connection.

use super::{Ext, Opt, Shown, put, put_at, scalar, u32_at};

const MASK: usize = 4;
const INVERT: usize = 8;

/// struct xt_connmark_mtinfo1: value, mask, whether inverted.
pub static CONNMARK: Ext = Ext {
    name: "connmark",
    wire: "connmark",
    revision: 1,
    size: 16,
    user: 16,
    opts: &[Opt {
        name: "mark",
        arg: "VALUE[/MASK]",
        not: true,
        required: true,
        take: |f, value| {
            let (mark, mask) = scalar::mark(value, ("connmark", "mark"))?;
            put_at(f.info, 0, &mark.to_ne_bytes());
            put_at(f.info, MASK, &mask.to_ne_bytes());
            f.info[INVERT] = u8::from(f.not);
            Ok(())
        },
        ..Opt::NONE
    }],
    save: |out, s| show(out, s, " !", " --mark"),
    list: |out, s| {
        put(out, " connmark match ");
        show(out, s, "!", "");
    },
    ..Ext::MATCH
};

fn show(out: &mut Vec<u8>, s: &Shown<'_>, not: &str, name: &str) {
    if s.info[INVERT] != 0 {
        put(out, not);
    }
    put(out, name);
    put(out, format!(" 0x{:x}", u32_at(s.info, 0)));
    match u32_at(s.info, MASK) {
        u32::MAX => {}
        mask => put(out, format!("/0x{mask:x}")),
    }
}
