//! `-j MARK`: gives the packet a mark.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::number;

use super::{Ext, Fill, Opt, mark, put, put_at, together, u32_at};

/// struct xt_mark_tginfo2: the mark; the mask of the bits that are cleared before.
const MASK: usize = 4;

const OPTIONS: [&str; 5] = ["set-xmark", "set-mark", "and-mark", "or-mark", "xor-mark"];

pub static MARK: Ext = Ext {
    name: "MARK",
    wire: "MARK",
    revision: 2,
    size: 8,
    user: 8,
    opts: &[
        Opt {
            name: OPTIONS[0],
            arg: "VALUE[/MASK]",
            take: |f, value| {
                let (mark, mask) = mark::parse(value, "MARK", "set-xmark")?;
                set(f, mark, mask)
            },
            ..Opt::NONE
        },
        Opt {
            name: OPTIONS[1],
            arg: "VALUE[/MASK]",
            take: |f, value| {
                let (mark, mask) = mark::parse(value, "MARK", "set-mark")?;
                set(f, mark, mark | mask)
            },
            ..Opt::NONE
        },
        Opt {
            name: OPTIONS[2],
            arg: "VALUE",
            take: |f, value| {
                let bits = bits(value, "and-mark")?;
                set(f, 0, !bits)
            },
            ..Opt::NONE
        },
        Opt {
            name: OPTIONS[3],
            arg: "VALUE",
            take: |f, value| {
                let bits = bits(value, "or-mark")?;
                set(f, bits, bits)
            },
            ..Opt::NONE
        },
        Opt {
            name: OPTIONS[4],
            arg: "VALUE",
            take: |f, value| {
                let bits = bits(value, "xor-mark")?;
                set(f, bits, 0)
            },
            ..Opt::NONE
        },
    ],
    check: |seen| {
        let mut given = OPTIONS.iter().enumerate().filter(|(i, _)| seen & 1 << i != 0);
        match (given.next(), given.next()) {
            (None, _) => usage(&[
                b"MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required",
            ]),
            (Some((_, a)), Some((_, b))) => together("MARK", a, b),
            _ => Ok(()),
        }
    },
    save: |out, s| {
        put(out, format!(" --set-xmark {:#x}/{:#x}", u32_at(s.info, 0), u32_at(s.info, MASK)));
    },
    list: |out, s| {
        let text = match (u32_at(s.info, 0), u32_at(s.info, MASK)) {
            (0, mask) => format!(" MARK and {:#x}", !mask),
            (mark, mask) if mark == mask => format!(" MARK or {mark:#x}"),
            (mark, 0) => format!(" MARK xor {mark:#x}"),
            (mark, u32::MAX) => format!(" MARK set {mark:#x}"),
            (mark, mask) => format!(" MARK xset {mark:#x}/{mask:#x}"),
        };
        put(out, text);
    },
    ..Ext::TARGET
};

fn set(f: &mut Fill<'_, '_>, mark: u32, mask: u32) -> Result {
    put_at(f.info, 0, &mark.to_ne_bytes());
    put_at(f.info, MASK, &mask.to_ne_bytes());
    Ok(())
}

fn bits(word: &[u8], option: &str) -> Result<u32> {
    match number(word, u32::MAX.into()).and_then(|n| u32::try_from(n).ok()) {
        Some(bits) => Ok(bits),
        None => {
            let max = u32::MAX;
            let text =
                format!("MARK: bad value for option \"--{option}\", or out of range (0-{max}).\n");
            usage(&[text.as_bytes()])
        }
    }
}
