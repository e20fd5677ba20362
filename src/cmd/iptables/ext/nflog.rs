//! `-j NFLOG`: the packet to a program that listens to a group.

use crate::cmd::iptables::fail::{Result, usage};
use crate::nft::Log;
use crate::sys::fd;

use super::{Ext, Fill, Opt, Shown, put, put_at, quoted, scalar, text, u16_at, u32_at};

/// struct xt_nflog_info, with room for the longer prefix of nf_tables.
const GROUP: usize = 4;
const THRESHOLD: usize = 6;
const FLAGS: usize = 8;
const PREFIX: usize = 12;
/// NF_LOG_PREFIXLEN, the NUL included.
const PREFIX_SIZE: usize = 128;
/// XT_NFLOG_F_COPY_LEN: the length counts.
const COPY_LEN: u8 = 1;

/// The options for the length, by their places.
const RANGE_BIT: u32 = 4;
const SIZE_BIT: u32 = 8;

/// Always sent as the log of nf_tables.
pub static NFLOG: Ext = Ext {
    name: "NFLOG",
    wire: "NFLOG",
    size: 144,
    user: 144,
    opts: OPTS,
    complete: |_, seen| {
        if seen & u64::from(RANGE_BIT) != 0 {
            fd::stderr(b"warn: --nflog-range has never worked and is no longer supported, please use --nflog-size instead\n");
        }
        Ok(())
    },
    // The structure of x_tables is shorter: this one is never seen on the wire.
    claims: |_| false,
    lower: |info, out| {
        out.log(&Log {
            prefix: text(info, PREFIX, PREFIX_SIZE),
            group: Some(u16_at(info, GROUP)),
            snap_len: (info[FLAGS] & COPY_LEN != 0).then(|| u32_at(info, 0)),
            threshold: Some(u16_at(info, THRESHOLD)).filter(|n| *n != 0),
            ..Log::default()
        });
        true
    },
    save: |out, s| show(out, s, " --"),
    list: |out, s| show(out, s, " "),
    ..Ext::TARGET
};

static OPTS: &[Opt] = &[
    Opt {
        name: "nflog-group",
        arg: "NUMBER",
        take: |f, value| scalar::put_short(f.info, GROUP, value, ("NFLOG", "nflog-group")),
        ..Opt::NONE
    },
    Opt { name: "nflog-prefix", arg: "TEXT", take: take_prefix, ..Opt::NONE },
    Opt {
        name: "nflog-range",
        excludes: SIZE_BIT,
        arg: "BYTES",
        take: |_, value| {
            scalar::int(value, ("NFLOG", "nflog-range"), 0, u32::MAX)?;
            Ok(())
        },
        ..Opt::NONE
    },
    Opt {
        name: "nflog-size",
        excludes: RANGE_BIT,
        arg: "BYTES",
        take: |f, value| {
            f.info[FLAGS] |= COPY_LEN;
            scalar::put_int(f.info, 0, value, ("NFLOG", "nflog-size"), 0, u32::MAX)
        },
        ..Opt::NONE
    },
    Opt {
        name: "nflog-threshold",
        arg: "PACKETS",
        take: |f, value| scalar::put_short(f.info, THRESHOLD, value, ("NFLOG", "nflog-threshold")),
        ..Opt::NONE
    },
];

fn take_prefix(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    scalar::put_name(f.info, PREFIX, PREFIX_SIZE, value)?;
    match value.contains(&b'\n') {
        true => usage(&[b"Newlines not allowed in --log-prefix"]),
        false => Ok(()),
    }
}

/// The structure that a log means; absent when it goes to no group, or has what only the kernel's
/// log has.
pub fn raise(log: &Log<'_>) -> Option<Vec<u8>> {
    let mut info = vec![0; NFLOG.size];
    put_at(&mut info, GROUP, &log.group?.to_ne_bytes());
    if log.flags != 0 || log.prefix.len() >= PREFIX_SIZE {
        return None;
    }
    if let Some(len) = log.snap_len {
        put_at(&mut info, 0, &len.to_ne_bytes());
        info[FLAGS] |= COPY_LEN;
    }
    put_at(&mut info, THRESHOLD, &log.threshold.unwrap_or(0).to_ne_bytes());
    put_at(&mut info, PREFIX, log.prefix);
    Some(info)
}

/// The structure of one of x_tables: the same with a shorter prefix, in 80 bytes.
pub fn widen(info: &[u8]) -> Option<Vec<u8>> {
    let mut wide = info.to_vec();
    wide.resize(NFLOG.size, 0);
    (info.len() == 80).then_some(wide)
}

fn show(out: &mut Vec<u8>, s: &Shown<'_>, dashes: &str) {
    let prefix = text(s.info, PREFIX, PREFIX_SIZE);
    if !prefix.is_empty() {
        put(out, dashes);
        put(out, "nflog-prefix");
        quoted(out, prefix);
    }
    let mut number = |name: &str, n: u32| {
        put(out, dashes);
        put(out, name);
        put(out, n.to_string());
    };
    match u16_at(s.info, GROUP) {
        0 => {}
        group => number("nflog-group ", group.into()),
    }
    match u32_at(s.info, 0) {
        size if s.info[FLAGS] & COPY_LEN != 0 => number("nflog-size ", size),
        0 => {}
        // Only in a structure of x_tables.
        range => number("nflog-range ", range),
    }
    match u16_at(s.info, THRESHOLD) {
        0 => {}
        threshold => number("nflog-threshold ", threshold.into()),
    }
}
