//! `-m owner`: who has the socket that the packet comes from.

use crate::cmd::iptables::fail::{Result, usage};
use crate::names::accounts;

use super::{Ext, Fill, Opt, Shown, put, put_at, scalar, u32_at};

const MATCH: usize = 16;
const INVERT: usize = 17;

/// XT_OWNER_*.
const UID: u8 = 1;
const GID: u8 = 2;
const SOCKET: u8 = 4;
const SUPPL_GROUPS: u8 = 8;

/// struct xt_owner_match_info: least and most user, least and most group, flags, inverted flags.
pub static OWNER: Ext = Ext {
    name: "owner",
    wire: "owner",
    revision: 1,
    size: 24,
    user: 24,
    opts: &[
        Opt {
            name: "uid-owner",
            arg: "USER[-USER]",
            not: true,
            take: |f, value| {
                let id = accounts::user_id(value);
                take_ids(f, value, id, (0, UID, "--uid-owner"))
            },
            ..Opt::NONE
        },
        Opt {
            name: "gid-owner",
            arg: "GROUP[-GROUP]",
            not: true,
            take: |f, value| {
                let id = accounts::group_id(value);
                take_ids(f, value, id, (8, GID, "--gid-owner"))
            },
            ..Opt::NONE
        },
        Opt {
            name: "socket-exists",
            not: true,
            take: |f, _| {
                look(f, SOCKET);
                Ok(())
            },
            ..Opt::NONE
        },
        Opt {
            name: "suppl-groups",
            take: |f, _| {
                if f.info[MATCH] & GID == 0 {
                    return usage(&[
                        b"owner: Bad value for \"--suppl-groups\" option: \"you need to use --gid-owner first\"",
                    ]);
                }
                look(f, SUPPL_GROUPS);
                Ok(())
            },
            ..Opt::NONE
        },
    ],
    complete: |_, seen| match seen {
        0 => usage(&[
            b"owner: At least one of --uid-owner, --gid-owner or --socket-exists is required",
        ]),
        _ => Ok(()),
    },
    save: |out, s| {
        item(out, s, SOCKET, "--socket-exists", true);
        item(out, s, UID, "--uid-owner", true);
        item(out, s, GID, "--gid-owner", true);
        item(out, s, SUPPL_GROUPS, "--suppl-groups", true);
    },
    list: |out, s| {
        item(out, s, SOCKET, "owner socket exists", s.numeric);
        item(out, s, UID, "owner UID match", s.numeric);
        item(out, s, GID, "owner GID match", s.numeric);
        item(out, s, SUPPL_GROUPS, "incl. suppl. groups", s.numeric);
    },
    ..Ext::MATCH
};

fn look(f: &mut Fill<'_, '_>, flag: u8) {
    f.info[MATCH] |= flag;
    if f.not {
        f.info[INVERT] |= flag;
    }
}

/// A name, or numbers of which the last one possible stands for none.
fn take_ids(
    f: &mut Fill<'_, '_>,
    value: &[u8],
    named: Option<u32>,
    (at, flag, option): (usize, u8, &str),
) -> Result {
    let ids = named.map(|id| (id, id)).or_else(|| {
        let (low, rest) = scalar::leading(value, u32::MAX - 1)?;
        match rest {
            b"" => Some((low, low)),
            [b'-' | b':', high @ ..] => {
                let (high, rest) = scalar::leading(high, u32::MAX - 1)?;
                rest.is_empty().then_some((low, high))
            }
            _ => None,
        }
    });
    let Some((low, high)) = ids else {
        let text = format!("owner: Bad value for \"{option}\" option: \"");
        return usage(&[text.as_bytes(), value, b"\""]);
    };
    put_at(f.info, at, &low.to_ne_bytes());
    put_at(f.info, at + 4, &high.to_ne_bytes());
    look(f, flag);
    Ok(())
}

fn item(out: &mut Vec<u8>, s: &Shown<'_>, flag: u8, label: &str, numeric: bool) {
    if s.info[MATCH] & flag == 0 {
        return;
    }
    put(out, if s.info[INVERT] & flag != 0 { " ! " } else { " " });
    put(out, label);
    let at = match flag {
        UID => 0,
        GID => 8,
        _ => return,
    };
    out.push(b' ');
    let (low, high) = (u32_at(s.info, at), u32_at(s.info, at + 4));
    if low != high {
        put(out, format!("{low}-{high}"));
        return;
    }
    let name = match flag {
        _ if numeric => None,
        UID => accounts::user(low),
        _ => accounts::group(low),
    };
    match name {
        Some(name) => put(out, name),
        None => put(out, low.to_string()),
    }
}
