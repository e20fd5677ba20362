//! `-m ipvs`: connections of the kernel's load balancer.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::{address, proto};

use super::conntrack;
use super::{Ext, Fill, Opt, Shown, addr_at, dec, ports, put, put_at};

const MASK: usize = 16;
const PORT: usize = 32;
const PROTOCOL: usize = 34;
const METHOD: usize = 35;
const CONTROL: usize = 36;
const INVERT: usize = 38;
const GIVEN: usize = 39;

/// XT_IPVS_*.
const IPVS: u8 = 1;
const PROTO: u8 = 2;
const VADDR: u8 = 4;
const VPORT: u8 = 8;
const DIR: u8 = 0x10;
const VMETHOD: u8 = 0x20;
const VPORTCTL: u8 = 0x40;

/// IP_VS_CONN_F_*.
const METHODS: [(&str, u8); 3] = [("GATE", 3), ("IPIP", 2), ("MASQ", 0)];

macro_rules! port {
    ($name:literal, $at:expr, $bit:expr) => {
        Opt {
            name: $name,
            arg: "PORT",
            not: true,
            take: |f, value| {
                let (port, _) = ports::range(value, ("ipvs", $name), f.db)?;
                put_at(f.info, $at, &port.to_be_bytes());
                given(f, $bit)
            },
            ..Opt::NONE
        }
    };
}

/// struct xt_ipvs_mtinfo: address and mask, port (network order), protocol, method, port of the
/// control connection (network order), inverted, given.
pub static IPVS_MATCH: Ext = Ext {
    name: "ipvs",
    wire: "ipvs",
    size: 40,
    user: 40,
    opts: &[
        Opt { name: "ipvs", not: true, take: |f, _| given(f, IPVS), ..Opt::NONE },
        Opt {
            name: "vproto",
            arg: "PROTOCOL",
            not: true,
            take: |f, value| {
                f.info[PROTOCOL] = proto::parse(value, f.db)?;
                given(f, PROTO)
            },
            ..Opt::NONE
        },
        Opt {
            name: "vaddr",
            arg: "ADDRESS[/MASK]",
            not: true,
            take: |f, value| {
                let (addr, mask) = conntrack::masked(f, value)?;
                put_at(f.info, 0, &addr);
                put_at(f.info, MASK, &mask);
                given(f, VADDR)
            },
            ..Opt::NONE
        },
        port!("vport", PORT, VPORT),
        Opt {
            name: "vdir",
            arg: "ORIGINAL|REPLY",
            take: |f, value| {
                f.not = match value {
                    _ if value.eq_ignore_ascii_case(b"ORIGINAL") => false,
                    _ if value.eq_ignore_ascii_case(b"REPLY") => true,
                    _ => return bad(f, value),
                };
                given(f, DIR)
            },
            ..Opt::NONE
        },
        Opt {
            name: "vmethod",
            arg: "GATE|IPIP|MASQ",
            not: true,
            take: |f, value| {
                let found = METHODS.iter().find(|m| m.0.as_bytes().eq_ignore_ascii_case(value));
                let Some((_, method)) = found else { return bad(f, value) };
                f.info[METHOD] = *method;
                given(f, VMETHOD)
            },
            ..Opt::NONE
        },
        port!("vportctl", CONTROL, VPORTCTL),
    ],
    complete: |info, seen| match seen {
        0 => usage(&[b"IPVS: At least one option is required"]),
        _ if info[GIVEN] != IPVS && info[INVERT] & IPVS != 0 => {
            usage(&[b"! --ipvs cannot be together with other options"])
        }
        _ => Ok(()),
    },
    save: |out, s| show(out, s, "--"),
    list: |out, s| show(out, s, ""),
    ..Ext::MATCH
};

#[expect(clippy::unnecessary_wraps)] // the end of readers
fn given(f: &mut Fill<'_, '_>, bit: u8) -> Result {
    f.info[GIVEN] |= bit;
    f.info[INVERT] |= if f.not { bit } else { 0 };
    Ok(())
}

fn bad(f: &Fill<'_, '_>, value: &[u8]) -> Result {
    usage(&[b"ipvs: Bad value for \"--", f.opt.name.as_bytes(), b"\" option: \"", value, b"\""])
}

fn show(out: &mut Vec<u8>, s: &Shown<'_>, dashes: &str) {
    let info = s.info;
    let be = |at: usize| u16::from_be_bytes([info[at], info[at + 1]]);
    for (bit, name) in [
        (IPVS, "ipvs"),
        (PROTO, "vproto "),
        (VADDR, "vaddr "),
        (VPORT, "vport "),
        (DIR, "vdir "),
        (VMETHOD, "vmethod "),
        (VPORTCTL, "vportctl "),
    ] {
        // What all imply is said when it stands alone.
        if info[GIVEN] & bit == 0 || bit == IPVS && info[GIVEN] != IPVS {
            continue;
        }
        let not = info[INVERT] & bit != 0;
        put(out, if not && bit != DIR { " ! " } else { " " });
        put(out, dashes);
        put(out, name);
        match bit {
            IPVS => {}
            PROTO => dec(out, info[PROTOCOL]),
            VADDR => {
                let (addr, mask) = (addr_at(info, 0), addr_at(info, MASK));
                put(out, s.family.show(&addr));
                put(out, address::show_mask(s.family, &mask, false));
            }
            VPORT => dec(out, be(PORT)),
            DIR => put(out, if not { "REPLY" } else { "ORIGINAL" }),
            VMETHOD => {
                let found = METHODS.iter().find(|(_, n)| *n == info[METHOD]);
                put(out, found.map_or("UNKNOWN", |(name, _)| name));
            }
            _ => dec(out, be(CONTROL)),
        }
    }
}
