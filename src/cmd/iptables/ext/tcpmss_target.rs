//! `-j TCPMSS`: the largest segment that a connection may begin with.

use crate::cmd::iptables::fail::usage;
use crate::cmd::iptables::family::Family;

use super::{Ext, Opt, put, put_at, scalar, u16_at};

/// The value that stands for the path's MTU.
const CLAMP: u16 = u16::MAX;

/// struct xt_tcpmss_info: a u16.
pub static TCPMSS: Ext = Ext {
    name: "TCPMSS",
    wire: "TCPMSS",
    size: 8,
    user: 8,
    opts: OPTS,
    complete: |_, seen| match seen {
        0 => usage(&[b"TCPMSS target: At least one parameter is required"]),
        _ => Ok(()),
    },
    save: |out, s| match u16_at(s.info, 0) {
        CLAMP => put(out, " --clamp-mss-to-pmtu"),
        mss => put(out, format!(" --set-mss {mss}")),
    },
    list: |out, s| match u16_at(s.info, 0) {
        CLAMP => put(out, " TCPMSS clamp to PMTU"),
        mss => put(out, format!(" TCPMSS set {mss}")),
    },
    ..Ext::TARGET
};

static OPTS: &[Opt] = &[
    Opt {
        name: "set-mss",
        arg: "BYTES",
        take: |f, value| {
            // The headers of IP and their options.
            let most = u32::from(CLAMP) - if f.family == Family::V4 { 20 } else { 40 };
            let mss = scalar::int(value, ("TCPMSS", "set-mss"), 0, most)?;
            put_at(f.info, 0, &u16::try_from(mss).unwrap_or(0).to_ne_bytes());
            Ok(())
        },
        ..Opt::NONE
    },
    Opt {
        name: "clamp-mss-to-pmtu",
        take: |f, _| {
            put_at(f.info, 0, &CLAMP.to_ne_bytes());
            Ok(())
        },
        ..Opt::NONE
    },
];
