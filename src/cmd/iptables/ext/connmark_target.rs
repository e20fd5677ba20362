//! `-j CONNMARK`: sets the mark of a connection, or copies it from or to that of the packet.

use crate::cmd::iptables::fail::usage;

use super::{Ext, Opt, Shown, put, put_at, scalar, u32_at};

const CTMASK: usize = 4;
const NFMASK: usize = 8;
const SHIFT_RIGHT: usize = 12;
const SHIFT_BITS: usize = 13;
const MODE: usize = 14;

/// XT_CONNMARK_*.
const SET: u8 = 0;
const SAVE: u8 = 1;
const RESTORE: u8 = 2;

/// An option that sets from one number: of it the mark and the mask.
macro_rules! arithmetic {
    ($name:literal, |$v:ident| $pair:expr) => {
        Opt {
            name: $name,
            arg: "VALUE",
            take: |f, value| {
                let $v = scalar::int(value, ("CONNMARK", $name), 0, u32::MAX)?;
                set(f.info, $pair);
                Ok(())
            },
            ..Opt::NONE
        }
    };
}
macro_rules! mask {
    ($name:literal, $($at:expr),+) => {
        Opt {
            name: $name,
            arg: "MASK",
            take: |f, value| {
                let mask = scalar::int(value, ("CONNMARK", $name), 0, u32::MAX)?;
                $(put_at(f.info, $at, &mask.to_ne_bytes());)+
                Ok(())
            },
            ..Opt::NONE
        }
    };
}
macro_rules! copy {
    ($name:literal, $mode:expr) => {
        Opt {
            name: $name,
            take: |f, _| {
                f.info[MODE] = $mode;
                Ok(())
            },
            ..Opt::NONE
        }
    };
}
macro_rules! shift {
    ($name:literal, $right:literal) => {
        Opt {
            name: $name,
            arg: "BITS",
            take: |f, value| {
                f.info[SHIFT_BITS] = scalar::byte(value, ("CONNMARK", $name), 0, 32)?;
                f.info[SHIFT_RIGHT] = $right;
                Ok(())
            },
            ..Opt::NONE
        }
    };
}

/// struct xt_connmark_tginfo2: mark, its mask, the packet's mask, shift, mode.
pub static CONNMARK: Ext = Ext {
    name: "CONNMARK",
    wire: "CONNMARK",
    revision: 2,
    size: 16,
    user: 16,
    opts: OPTS,
    // For copies without a mask.
    init: |info| put_at(info, CTMASK, &[255; 8]),
    complete: |_, seen| match seen & OPERATIONS {
        0 => usage(&[b"CONNMARK target: No operation specified"]),
        _ => Ok(()),
    },
    check: |seen| {
        scalar::exclusive("CONNMARK", OPTS, seen, |i| match i {
            0..=6 => OPERATIONS,
            CTMASK_OPT | NFMASK_OPT => 1 << MASK_OPT,
            MASK_OPT => 1 << CTMASK_OPT | 1 << NFMASK_OPT,
            _ => 0,
        })
    },
    save,
    list,
    ..Ext::TARGET
};

static OPTS: &[Opt] = &[
    Opt {
        name: "set-xmark",
        arg: "VALUE[/MASK]",
        take: |f, value| {
            set(f.info, scalar::mark(value, ("CONNMARK", "set-xmark"))?);
            Ok(())
        },
        ..Opt::NONE
    },
    Opt {
        name: "set-mark",
        arg: "VALUE[/MASK]",
        take: |f, value| {
            let (mark, mask) = scalar::mark(value, ("CONNMARK", "set-mark"))?;
            set(f.info, (mark, mark | mask));
            Ok(())
        },
        ..Opt::NONE
    },
    arithmetic!("and-mark", |v| (0, !v)),
    arithmetic!("or-mark", |v| (v, v)),
    arithmetic!("xor-mark", |v| (v, 0)),
    copy!("save-mark", SAVE),
    copy!("restore-mark", RESTORE),
    shift!("left-shift-mark", 0),
    shift!("right-shift-mark", 1),
    mask!("ctmask", CTMASK),
    mask!("nfmask", NFMASK),
    mask!("mask", CTMASK, NFMASK),
];
/// The places of the options above.
const OPERATIONS: u64 = 0x7f;
const CTMASK_OPT: usize = 9;
const NFMASK_OPT: usize = 10;
const MASK_OPT: usize = 11;

fn set(info: &mut [u8], (mark, mask): (u32, u32)) {
    info[MODE] = SET;
    put_at(info, 0, &mark.to_ne_bytes());
    put_at(info, CTMASK, &mask.to_ne_bytes());
}

fn save(out: &mut Vec<u8>, s: &Shown<'_>) {
    let (mark, ctmask, nfmask) =
        (u32_at(s.info, 0), u32_at(s.info, CTMASK), u32_at(s.info, NFMASK));
    match s.info[MODE] {
        SET => put(out, format!(" --set-xmark 0x{mark:x}/0x{ctmask:x}")),
        SAVE => put(out, format!(" --save-mark --nfmask 0x{nfmask:x} --ctmask 0x{ctmask:x}")),
        RESTORE => put(out, format!(" --restore-mark --nfmask 0x{nfmask:x} --ctmask 0x{ctmask:x}")),
        _ => put(out, " ERROR: UNKNOWN CONNMARK MODE"),
    }
    shifted(out, s, "--");
}

fn list(out: &mut Vec<u8>, s: &Shown<'_>) {
    let (mark, ctmask, nfmask) =
        (u32_at(s.info, 0), u32_at(s.info, CTMASK), u32_at(s.info, NFMASK));
    put(out, " CONNMARK");
    let text = match (s.info[MODE], ctmask, nfmask) {
        (SET, _, _) if mark == 0 => format!(" and 0x{:x}", !ctmask),
        (SET, _, _) if mark == ctmask => format!(" or 0x{mark:x}"),
        (SET, 0, _) => format!(" xor 0x{mark:x}"),
        (SET, u32::MAX, _) => format!(" set 0x{mark:x}"),
        (SET, _, _) => format!(" xset 0x{mark:x}/0x{ctmask:x}"),
        (SAVE, u32::MAX, u32::MAX) => " save".into(),
        (RESTORE, u32::MAX, u32::MAX) => " restore".into(),
        (SAVE, c, n) if c == n => format!(" save mask 0x{n:x}"),
        (RESTORE, c, n) if c == n => format!(" restore mask 0x{n:x}"),
        (SAVE, c, n) => format!(" save nfmask 0x{n:x} ctmask ~0x{c:x}"),
        (RESTORE, c, n) => format!(" restore ctmask 0x{c:x} nfmask ~0x{n:x}"),
        _ => " ERROR: UNKNOWN CONNMARK MODE".into(),
    };
    put(out, text);
    shifted(out, s, "");
}

fn shifted(out: &mut Vec<u8>, s: &Shown<'_>, dashes: &str) {
    let bits = s.info[SHIFT_BITS];
    if bits > 0 {
        let side = if s.info[SHIFT_RIGHT] == 0 { "left" } else { "right" };
        put(out, format!(" {dashes}{side}-shift-mark {bits}"));
    }
}
