//! `-j CLASSIFY`: the class of a queue discipline.

use crate::cmd::iptables::fail::usage;
use crate::numeral;

use super::{Ext, Opt, hex, put, put_at, u32_at};

/// struct xt_classify_target_info: major and minor number.
pub static CLASSIFY: Ext = Ext {
    name: "CLASSIFY",
    wire: "CLASSIFY",
    size: 8,
    user: 8,
    opts: &[Opt {
        name: "set-class",
        arg: "MAJOR:MINOR",
        required: true,
        take: |f, value| {
            let Some(class) = class(value) else {
                return usage(&[b"Bad class value \"", value, b"\""]);
            };
            put_at(f.info, 0, &class.to_ne_bytes());
            Ok(())
        },
        ..Opt::NONE
    }],
    save: |out, s| {
        put(out, " --set-class ");
        show(out, u32_at(s.info, 0), 4);
    },
    list: |out, s| {
        put(out, " CLASSIFY set ");
        show(out, u32_at(s.info, 0), 1);
    },
    ..Ext::TARGET
};

/// As scanf(3) reads `%x:%x`: what follows is not looked at, upper bits are lost.
fn class(word: &[u8]) -> Option<u32> {
    let (major, rest) = hexadecimal(word)?;
    let (minor, _) = hexadecimal(rest.strip_prefix(b":")?)?;
    Some(major << 16 | minor & 0xffff)
}

fn hexadecimal(word: &[u8]) -> Option<(u32, &[u8])> {
    let (minus, n, rest) = numeral::leading(word, 16)?;
    let [a, b, c, d, ..] = numeral::unsigned(minus, n).to_le_bytes();
    Some((u32::from_le_bytes([a, b, c, d]), rest))
}

fn show(out: &mut Vec<u8>, class: u32, digits: u32) {
    hex(out, class >> 16, digits);
    out.push(b':');
    hex(out, class & 0xffff, digits);
}
