//! `-j SECMARK`, `-j CONNSECMARK`: marks of SELinux.

use crate::cmd::iptables::fail::usage;

use super::{Ext, Opt, put, put_at, text};

/// SECMARK_SECCTX_MAX.
const CONTEXT_LEN: usize = 256;
/// SECMARK_MODE_SEL.
const SELINUX: u8 = 1;

/// struct xt_secmark_target_info_v1: mode, context, the kernel's number.
pub static SECMARK: Ext = Ext {
    name: "SECMARK",
    wire: "SECMARK",
    revision: 1,
    size: 264,
    user: 257,
    opts: &[Opt {
        name: "selctx",
        arg: "CONTEXT",
        required: true,
        take: |f, value| {
            f.info[0] = SELINUX;
            put_at(f.info, 1, &value[..value.len().min(CONTEXT_LEN - 1)]);
            Ok(())
        },
        ..Opt::NONE
    }],
    save: |out, s| {
        put(out, " --selctx ");
        put(out, text(s.info, 1, CONTEXT_LEN));
    },
    list: |out, s| {
        put(out, " SECMARK selctx ");
        put(out, text(s.info, 1, CONTEXT_LEN));
    },
    ..Ext::TARGET
};

const SAVE: u8 = 1;
const RESTORE: u8 = 2;

/// struct xt_connsecmark_target_info: mode.
pub static CONNSECMARK: Ext = Ext {
    name: "CONNSECMARK",
    wire: "CONNSECMARK",
    size: 8,
    user: 8,
    opts: &[
        Opt {
            name: "save",
            excludes: 2,
            take: |f, _| {
                f.info[0] = SAVE;
                Ok(())
            },
            ..Opt::NONE
        },
        Opt {
            name: "restore",
            excludes: 1,
            take: |f, _| {
                f.info[0] = RESTORE;
                Ok(())
            },
            ..Opt::NONE
        },
    ],
    complete: |_, seen| match seen {
        0 => usage(&[b"CONNSECMARK target: parameter required"]),
        _ => Ok(()),
    },
    claims: |info| info.first().is_some_and(|mode| [SAVE, RESTORE].contains(mode)),
    save: |out, s| put(out, if s.info[0] == SAVE { " --save" } else { " --restore" }),
    list: |out, s| {
        put(out, if s.info[0] == SAVE { " CONNSECMARK save" } else { " CONNSECMARK restore" });
    },
    ..Ext::TARGET
};
