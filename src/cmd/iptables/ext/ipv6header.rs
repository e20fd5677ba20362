//! `-m ipv6header`: which headers a packet of IPv6 has.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::Family;
use crate::cmd::iptables::proto;

use super::{Ext, Fill, Opt, put};

/// Bits, protocols, the names that are printed, and short ones.
const HEADERS: &[(u8, u8, &str, &str)] = &[
    (0x80, 0, "hop-by-hop", "hop"),
    (0x40, 60, "ipv6-opts", "dst"),
    (0x20, 43, "ipv6-route", "route"),
    (0x10, 44, "ipv6-frag", "frag"),
    (0x08, 51, "ah", "auth"),
    (0x04, 50, "esp", "esp"),
    (0x02, 59, "ipv6-nonxt", "none"),
    (0x01, 255, "protocol", "prot"),
];

/// struct ip6t_ipv6header_info: bits, inverted, whether there may be others.
pub static IPV6HEADER: Ext = Ext {
    name: "ipv6header",
    wire: "ipv6header",
    family: Some(Family::V6),
    size: 8,
    user: 8,
    opts: &[
        Opt { name: "header", arg: "HEADER[,...]", not: true, required: true, take, ..Opt::NONE },
        Opt {
            name: "soft",
            take: |f, _| {
                f.info[2] = 255;
                Ok(())
            },
            ..Opt::NONE
        },
    ],
    save: |out, s| {
        put(out, if s.info[1] != 0 { " ! --header " } else { " --header " });
        names(out, s.info[0]);
        put(out, if s.info[2] != 0 { " --soft" } else { "" });
    },
    list: |out, s| {
        put(out, " ipv6header");
        if s.info[0] != 0 || s.info[1] != 0 {
            put(out, if s.info[1] != 0 { " flags:!" } else { " flags:" });
            if s.numeric {
                put(out, format!("0x{:02X}", s.info[0]));
            } else {
                names(out, s.info[0]);
            }
        }
        put(out, if s.info[2] != 0 { " soft" } else { "" });
    },
    ..Ext::MATCH
};

fn take(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let mut words = value.split(|&b| b == b',').filter(|w| !w.is_empty()).peekable();
    if words.peek().is_none() {
        return usage(&[b"ip6t_ipv6header: cannot parse header names"]);
    }
    for word in words {
        let named = HEADERS
            .iter()
            .find(|(_, _, name, short)| [*name, *short].iter().any(|n| n.as_bytes() == word));
        // Other names are those of protocols, whose numbers are then complained about.
        let number = || proto::parse(word, f.db).ok();
        let found = named.or_else(|| {
            let number = number()?;
            HEADERS.iter().find(|h| h.1 == number)
        });
        let Some((bit, ..)) = found else {
            let shown = number().map_or_else(|| word.to_vec(), |n| n.to_string().into_bytes());
            return usage(&[b"unknown header `", &shown, b"' specified"]);
        };
        f.info[0] |= bit;
    }
    f.info[1] = if f.not { 255 } else { 0 };
    Ok(())
}

fn names(out: &mut Vec<u8>, bits: u8) {
    let mut before = "";
    for (_, _, name, _) in HEADERS.iter().filter(|(bit, ..)| bits & bit != 0) {
        put(out, before);
        put(out, name);
        before = ",";
    }
}
