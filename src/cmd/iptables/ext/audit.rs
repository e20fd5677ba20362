//! `-j AUDIT`: a record for the audit daemon of what becomes of the packet.

use crate::cmd::iptables::fail::usage;

use super::{Ext, Opt, put};

/// XT_AUDIT_TYPE_*, by number.
const TYPES: [&str; 3] = ["accept", "drop", "reject"];

/// struct xt_audit_info: the type.
pub static AUDIT: Ext = Ext {
    name: "AUDIT",
    wire: "AUDIT",
    size: 8,
    user: 1,
    opts: &[Opt {
        name: "type",
        arg: "accept|drop|reject",
        required: true,
        take: |f, value| {
            let at = TYPES.iter().position(|t| t.as_bytes().eq_ignore_ascii_case(value));
            match at.and_then(|n| u8::try_from(n).ok()) {
                Some(n) => f.info[0] = n,
                None => return usage(&[b"Bad action type value \"", value, b"\""]),
            }
            Ok(())
        },
        ..Opt::NONE
    }],
    claims: |info| usize::from(info[0]) < TYPES.len(),
    save: |out, s| {
        put(out, " --type ");
        put(out, name(s.info));
    },
    list: |out, s| {
        put(out, " AUDIT ");
        put(out, name(s.info));
    },
    ..Ext::TARGET
};

fn name(info: &[u8]) -> &'static str {
    TYPES.get(usize::from(info[0])).copied().unwrap_or("")
}
