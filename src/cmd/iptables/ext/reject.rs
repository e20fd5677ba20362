//! `-j REJECT`: the packet is dropped, and its sender told.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::Family;
use crate::sys::fd;

use super::{Ext, Fill, Opt, put, put_at, u32_at};

/// What is answered: number in the kernel, name, other name.
type Row = (u32, &'static str, &'static str);

/// enum ipt_reject_with.
#[rustfmt::skip] // one row, one line
const V4: &[Row] = &[
    (0, "icmp-net-unreachable", "net-unreach"),
    (1, "icmp-host-unreachable", "host-unreach"),
    (2, "icmp-proto-unreachable", "proto-unreach"),
    (3, "icmp-port-unreachable", "port-unreach"),
    (5, "icmp-net-prohibited", "net-prohib"),
    (6, "icmp-host-prohibited", "host-prohib"),
    (7, "tcp-reset", "tcp-rst"),
    (8, "icmp-admin-prohibited", "admin-prohib"),
];
/// enum ip6t_reject_with.
#[rustfmt::skip] // one row, one line
const V6: &[Row] = &[
    (0, "icmp6-no-route", "no-route"),
    (1, "icmp6-adm-prohibited", "adm-prohibited"),
    (3, "icmp6-addr-unreachable", "addr-unreach"),
    (4, "icmp6-port-unreachable", "port-unreach"),
    (6, "tcp-reset", "tcp-reset"),
    (7, "icmp6-policy-fail", "policy-fail"),
    (8, "icmp6-reject-route", "reject-route"),
];

/// What both families have in common.
const EITHER: Ext = Ext {
    name: "REJECT",
    wire: "REJECT",
    size: 8,
    user: 8,
    opts: &[Opt { name: "reject-with", arg: "TYPE", take, ..Opt::NONE }],
    save: |out, s| {
        put(out, " --reject-with ");
        put(out, name(table(s.family), s.info).unwrap_or_default());
    },
    list: |out, s| {
        put(out, " reject-with ");
        put(out, name(table(s.family), s.info).unwrap_or_default());
    },
    ..Ext::TARGET
};

pub static REJECT_V4: Ext = Ext {
    family: Some(Family::V4),
    init: |info| put_at(info, 0, &3u32.to_ne_bytes()),
    claims: |info| name(V4, info).is_some(),
    ..EITHER
};

pub static REJECT_V6: Ext = Ext {
    family: Some(Family::V6),
    init: |info| put_at(info, 0, &4u32.to_ne_bytes()),
    claims: |info| name(V6, info).is_some(),
    ..EITHER
};

fn table(family: Family) -> &'static [Row] {
    match family {
        Family::V4 => V4,
        Family::V6 => V6,
    }
}

fn name(table: &[Row], info: &[u8]) -> Option<&'static str> {
    table.iter().find(|row| row.0 == u32_at(info, 0)).map(|row| row.1)
}

fn take(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let fits = |name: &str| {
        name.as_bytes().get(..value.len()).is_some_and(|n| n.eq_ignore_ascii_case(value))
    };
    match table(f.family).iter().find(|row| fits(row.1) || fits(row.2)) {
        Some(row) => put_at(f.info, 0, &row.0.to_ne_bytes()),
        None if f.family == Family::V4 && old(value) => {
            fd::stderr(b"--reject-with echo-reply no longer supported\n");
            return usage(&[b"unknown reject type \"", value, b"\""]);
        }
        None => return usage(&[b"unknown reject type \"", value, b"\""]),
    }
    Ok(())
}

/// What the older kernels answered with.
fn old(value: &[u8]) -> bool {
    value == b"echo-reply" || value == b"echoreply"
}
