//! `-m pkttype`: whom the packet is for on its wire.

use crate::cmd::iptables::fail::usage;

use super::{Ext, Opt, Shown, put, put_at, u32_at};

const INVERT: usize = 4;

/// PACKET_*; the first name of a number is printed.
const TYPES: &[(&str, u32)] = &[
    ("unicast", 0),
    ("broadcast", 1),
    ("multicast", 2),
    ("otherhost", 3),
    ("bcast", 1),
    ("mcast", 2),
    ("host", 0),
];

/// struct xt_pkttype_info: type, and an int that says whether it is inverted.
pub static PKTTYPE: Ext = Ext {
    name: "pkttype",
    wire: "pkttype",
    size: 8,
    user: 8,
    opts: &[Opt {
        name: "pkt-type",
        arg: "unicast|broadcast|multicast|otherhost",
        not: true,
        required: true,
        take: |f, value| {
            let found = TYPES.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(value));
            let Some((_, number)) = found else {
                return usage(&[b"Bad packet type '", value, b"'"]);
            };
            put_at(f.info, 0, &number.to_ne_bytes());
            f.info[INVERT] = u8::from(f.not);
            Ok(())
        },
        ..Opt::NONE
    }],
    save: |out, s| {
        put(out, if s.info[INVERT] != 0 { " !" } else { "" });
        put(out, " --pkt-type ");
        kind(out, s);
    },
    list: |out, s| {
        put(out, if s.info[INVERT] != 0 { " PKTTYPE != " } else { " PKTTYPE = " });
        kind(out, s);
    },
    ..Ext::MATCH
};

fn kind(out: &mut Vec<u8>, s: &Shown<'_>) {
    let number = u32_at(s.info, 0);
    match TYPES.iter().find(|(_, n)| *n == number) {
        Some((name, _)) => put(out, name),
        None => put(out, number.to_string()),
    }
}
