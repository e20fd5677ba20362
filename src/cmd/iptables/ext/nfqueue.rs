//! `-j NFQUEUE`: a program decides.

use crate::cmd::iptables::fail::{Result, usage};

use super::field::{self, Field};
use super::{Ext, Fill, Opt, Shown, dec, put, put_at, scalar, u16_at};

const TOTAL: usize = 2;
const FLAGS: u16 = 4;

/// NFQ_FLAG_*.
const BYPASS: u8 = 1;
const CPU_FANOUT: u8 = 2;

/// struct xt_NFQ_info_v3: first queue, how many, flags.
pub static NFQUEUE: Ext = Ext {
    name: "NFQUEUE",
    wire: "NFQUEUE",
    revision: 3,
    size: 8,
    user: 8,
    opts: &[
        Opt {
            name: "queue-num",
            arg: "NUMBER",
            excludes: 2,
            field: &Field { size: 2, high: u16::MAX as u64, ..Field::NONE },
            take: field::number,
            ..Opt::NONE
        },
        Opt {
            name: "queue-balance",
            arg: "NUMBER:NUMBER",
            excludes: 1,
            take: balance,
            ..Opt::NONE
        },
        Opt {
            name: "queue-bypass",
            field: &Field { given: (FLAGS, BYPASS), ..Field::NONE },
            take: field::flag,
            ..Opt::NONE
        },
        Opt {
            name: "queue-cpu-fanout",
            also: 2,
            field: &Field { given: (FLAGS, CPU_FANOUT), ..Field::NONE },
            take: field::flag,
            ..Opt::NONE
        },
    ],
    init: |info| put_at(info, TOTAL, &1u16.to_ne_bytes()),
    save: |out, s| {
        show(out, s, [" --queue-balance ", " --queue-num "]);
        flags(out, s, [" --queue-bypass", " --queue-cpu-fanout"]);
    },
    list: |out, s| {
        show(out, s, [" NFQUEUE balance ", " NFQUEUE num "]);
        flags(out, s, [" bypass", " cpu-fanout"]);
    },
    ..Ext::TARGET
};

fn balance(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let (low, high) = scalar::range(value, (f.ext.name, f.opt.name), 65534)?;
    if !value.contains(&b':') {
        return usage(&[b"Bad range \"", value, b"\""]);
    }
    if low >= high {
        let (low, high) = (low.to_string(), high.to_string());
        return usage(&[low.as_bytes(), b" should be less than ", high.as_bytes()]);
    }
    for (at, n) in [(0, low), (TOTAL, high - low + 1)] {
        put_at(f.info, at, &u16::try_from(n).unwrap_or(u16::MAX).to_ne_bytes());
    }
    Ok(())
}

fn show(out: &mut Vec<u8>, s: &Shown<'_>, [balance, num]: [&str; 2]) {
    let (first, total) = (u16_at(s.info, 0), u16_at(s.info, TOTAL));
    put(out, if total > 1 { balance } else { num });
    dec(out, first);
    if total > 1 {
        out.push(b':');
        dec(out, first.wrapping_add(total).wrapping_sub(1));
    }
}

fn flags(out: &mut Vec<u8>, s: &Shown<'_>, words: [&str; 2]) {
    for (word, flag) in words.into_iter().zip([BYPASS, CPU_FANOUT]) {
        put(out, if s.info[usize::from(FLAGS)] & flag != 0 { word } else { "" });
    }
}
