//! `-m bpf`: a program of the classic packet filter, or one that is pinned.

use crate::cmd::iptables::fail::{Result, usage};
use crate::sys::file;

use super::{Ext, Fill, Opt, Shown, dec, put, put_at, text, u16_at, u32_at};

const COUNT: usize = 2;
/// struct sock_filter, eight bytes each: code, two jumps, number. A path lies in the same place.
const PROGRAM: usize = 8;
/// XT_BPF_MAX_NUM_INSTR.
const MOST: usize = 64;
const PATH_LEN: usize = MOST * 8;

/// XT_BPF_MODE_*.
const PINNED: u8 = 1;

/// struct xt_bpf_info_v1: mode, how many instructions, descriptor, program, what is the kernel's.
pub static BPF: Ext = Ext {
    name: "bpf",
    wire: "bpf",
    revision: 1,
    size: 528,
    user: 520,
    opts: &[
        Opt { name: "bytecode", arg: "PROGRAM", take: program, ..Opt::NONE },
        Opt {
            name: "object-pinned",
            arg: "FILE",
            take: |f, value| {
                if value.len() >= PATH_LEN || !file::exists(value) {
                    return usage(&[b"bpf: failed to get bpf object"]);
                }
                f.info[0] = PINNED;
                f.info[PROGRAM..PROGRAM + PATH_LEN].fill(0);
                put_at(f.info, PROGRAM, value);
                Ok(())
            },
            ..Opt::NONE
        },
    ],
    complete: |_, seen| match seen {
        0 => usage(&[b"bpf: one of --bytecode or --pinned is required"]),
        _ => Ok(()),
    },
    claims: |info| info.first().is_some_and(|mode| *mode <= PINNED),
    save: |out, s| {
        if s.info[0] == PINNED {
            put(out, " --object-pinned ");
            return put(out, text(s.info, PROGRAM, PATH_LEN));
        }
        put(out, " --bytecode \"");
        dec(out, u16_at(s.info, COUNT));
        put(out, ",");
        show(out, s);
        put(out, "\"");
    },
    list: |out, s| {
        if s.info[0] == PINNED {
            put(out, "match bpf pinned ");
            return put(out, text(s.info, PROGRAM, PATH_LEN));
        }
        put(out, "match bpf ");
        show(out, s);
        // As the reference has it.
        out.push(0);
    },
    ..Ext::MATCH
};

/// `COUNT,CODE JT JF K,...`; what follows the fourth number is not looked at.
fn program(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let wrong = |text: &str| usage(&[b"bpf: ", text.as_bytes()]);
    let mut parts = value.split(|&b| b == b',');
    let count = parts.next().and_then(|w| number(w.trim_ascii_start()));
    let count = match count.filter(|_| value.contains(&b',')) {
        None => return wrong("error parsing program length"),
        Some(0) => return wrong("illegal zero length program"),
        Some(n) if n as usize > MOST => return wrong("number of instructions exceeds maximum"),
        Some(n) => n as usize,
    };
    let mut read = 0;
    for part in parts.filter(|p| !p.is_empty()) {
        if read == count {
            return wrong("real program length exceeds the encoded length parameter");
        }
        let mut words = part.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty());
        let mut next = |most: u32| words.next().and_then(number).filter(|n| *n <= most);
        let numbers = (next(u16::MAX.into()), next(255), next(255), next(u32::MAX));
        let (Some(code), Some(jt), Some(jf), Some(k)) = numbers else {
            return wrong(&["error at instr ", &read.to_string()].concat());
        };
        let at = PROGRAM + read * 8;
        let [low, high, ..] = code.to_le_bytes();
        put_at(f.info, at, &u16::from_le_bytes([low, high]).to_ne_bytes());
        f.info[at + 2] = jt.to_le_bytes()[0];
        f.info[at + 3] = jf.to_le_bytes()[0];
        put_at(f.info, at + 4, &k.to_ne_bytes());
        read += 1;
    }
    if read < count {
        return wrong("parsed program length is less than the encoded length parameter");
    }
    put_at(f.info, COUNT, &u16::try_from(count).unwrap_or(0).to_ne_bytes());
    Ok(())
}

fn number(word: &[u8]) -> Option<u32> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

fn show(out: &mut Vec<u8>, s: &Shown<'_>) {
    for i in 0..usize::from(u16_at(s.info, COUNT)).min(MOST) {
        let at = PROGRAM + i * 8;
        put(out, if i > 0 { "," } else { "" });
        dec(out, u16_at(s.info, at));
        for n in [s.info[at + 2].into(), s.info[at + 3].into(), u32_at(s.info, at + 4)] {
            put(out, " ");
            dec(out, n);
        }
    }
}
