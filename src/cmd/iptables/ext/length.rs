//! `-m length`: the bytes of a packet.

use super::{Ext, Opt, Shown, put, put_at, scalar, u16_at};

const INVERT: usize = 4;

/// struct xt_length_info: least, most, whether inverted.
pub static LENGTH: Ext = Ext {
    name: "length",
    wire: "length",
    size: 8,
    user: 8,
    opts: &[Opt {
        name: "length",
        arg: "BYTES[:BYTES]",
        not: true,
        required: true,
        take: |f, value| {
            let (low, high) = scalar::range(value, ("length", "length"), u16::MAX.into())?;
            for (at, n) in [(0, low), (2, high)] {
                put_at(f.info, at, &u16::try_from(n).unwrap_or(u16::MAX).to_ne_bytes());
            }
            f.info[INVERT] = u8::from(f.not);
            Ok(())
        },
        ..Opt::NONE
    }],
    save: |out, s| show(out, s, " !", " --length "),
    list: |out, s| {
        put(out, " length ");
        show(out, s, "!", "");
    },
    ..Ext::MATCH
};

fn show(out: &mut Vec<u8>, s: &Shown<'_>, not: &str, name: &str) {
    put(out, if s.info[INVERT] != 0 { not } else { "" });
    put(out, name);
    match (u16_at(s.info, 0), u16_at(s.info, 2)) {
        (low, high) if low == high => put(out, low.to_string()),
        (low, high) => put(out, format!("{low}:{high}")),
    }
}
