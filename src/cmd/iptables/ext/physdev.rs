//! `-m physdev`: the port of a bridge that the packet comes in or leaves by.

use crate::cmd::iptables::fail::{Result, usage};
use crate::sys::fd;

use super::{Ext, Fill, Opt, Shown, put, put_at};

const IN: usize = 0;
const OUT: usize = 32;
const INVERT: usize = 64;
const FLAGS: usize = 65;

/// Bytes of a name.
const NAME: usize = 16;

/// XT_PHYSDEV_OP_*.
const OP_IN: u8 = 1;
const OP_OUT: u8 = 2;
const OP_BRIDGED: u8 = 4;
const OP_IS_IN: u8 = 8;
const OP_IS_OUT: u8 = 0x10;

macro_rules! name {
    ($name:literal, $at:expr, $flag:expr) => {
        Opt {
            name: $name,
            arg: "NAME[+]",
            not: true,
            take: |f, value| {
                name(f.info, $at, value)?;
                look(f, $flag);
                Ok(())
            },
            ..Opt::NONE
        }
    };
}
macro_rules! flag {
    ($name:literal, $flag:expr) => {
        Opt {
            name: $name,
            not: true,
            take: |f, _| {
                look(f, $flag);
                Ok(())
            },
            ..Opt::NONE
        }
    };
}

/// struct xt_physdev_info: in, its mask, out, its mask, inverted flags, flags.
pub static PHYSDEV: Ext = Ext {
    name: "physdev",
    wire: "physdev",
    size: 72,
    user: 72,
    opts: &[
        name!("physdev-in", IN, OP_IN),
        name!("physdev-out", OUT, OP_OUT),
        flag!("physdev-is-in", OP_IS_IN),
        flag!("physdev-is-out", OP_IS_OUT),
        flag!("physdev-is-bridged", OP_BRIDGED),
    ],
    complete: |_, seen| match seen {
        0 => usage(&[b"PHYSDEV: no physdev option specified"]),
        _ => Ok(()),
    },
    save: show,
    list: |out, s| {
        put(out, " PHYSDEV match");
        show(out, s);
    },
    ..Ext::MATCH
};

fn look(f: &mut Fill<'_, '_>, flag: u8) {
    f.info[FLAGS] |= flag;
    if f.not {
        f.info[INVERT] |= flag;
    }
}

/// A name and its mask; the mask spares what a `+` stands for.
fn name(info: &mut [u8], at: usize, word: &[u8]) -> Result {
    if word.len() >= NAME {
        return usage(&[b"interface name `", word, b"' must be shorter than IFNAMSIZ (15)"]);
    }
    if word.iter().any(|b| matches!(b, b'/' | b' ')) {
        fd::stderr(
            &[
                b"Warning: weird character in interface `",
                word,
                b"' ('/' and ' ' are not allowed by the kernel).\n",
            ]
            .concat(),
        );
    }
    put_at(info, at, word);
    let exact = match word {
        [] => 0,
        [beginning @ .., b'+'] => beginning.len(),
        _ => word.len() + 1,
    };
    put_at(info, at + NAME, &[255; NAME][..exact]);
    Ok(())
}

fn show(out: &mut Vec<u8>, s: &Shown<'_>) {
    let text = |at: usize| {
        let name = s.info.get(at..at + NAME).unwrap_or(b"");
        name.split(|&b| b == 0).next().unwrap_or(b"").to_vec()
    };
    for (flag, option, name) in [
        (OP_IS_IN, "--physdev-is-in", None),
        (OP_IN, "--physdev-in ", Some(IN)),
        (OP_IS_OUT, "--physdev-is-out", None),
        (OP_OUT, "--physdev-out ", Some(OUT)),
        (OP_BRIDGED, "--physdev-is-bridged", None),
    ] {
        if s.info[FLAGS] & flag == 0 {
            continue;
        }
        put(out, if s.info[INVERT] & flag != 0 { " ! " } else { " " });
        put(out, option);
        put(out, name.map(text).unwrap_or_default());
    }
}
