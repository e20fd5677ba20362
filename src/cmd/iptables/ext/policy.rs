//! `-m policy`: what IPsec has done with the packet, or will do.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::{ALL_ONES, Addr, Family};
use crate::cmd::iptables::{address, proto};

use super::conntrack;
use super::{Ext, Fill, Opt, Shown, addr_at, dec, hex0x, put, put_at, scalar, u32_at};

/// struct xt_policy_elem: source, mask, destination, mask, SPI (in host order, as the
/// reference has it), id of the request,
/// protocol, mode, which of them, which inverted.
const ELEMENT: usize = 76;
const SPI: usize = 64;
const REQID: usize = 68;
const PROTO: usize = 72;
const MODE: usize = 73;
const MATCH: usize = 74;
const INVERT: usize = 75;
/// XT_POLICY_MAX_ELEM.
const MOST: usize = 4;

const FLAGS: usize = ELEMENT * MOST;
const COUNT: usize = FLAGS + 2;

/// XT_POLICY_MATCH_*.
const IN: u8 = 1;
const OUT: u8 = 2;
const NONE: u8 = 4;
const STRICT: u8 = 8;

/// struct xt_policy_spec, bit by bit.
const HAS_SOURCE: u8 = 1;
const HAS_DESTINATION: u8 = 2;
const HAS_PROTO: u8 = 4;
const HAS_MODE: u8 = 8;
const HAS_SPI: u8 = 0x10;
const HAS_REQID: u8 = 0x20;

/// XT_POLICY_MODE_*.
const MODES: [&str; 2] = ["transport", "tunnel"];
/// IPPROTO_ESP, AH, COMP.
const PROTOCOLS: [u8; 3] = [50, 51, 108];

/// An option of an element, which may be given once in each.
macro_rules! element {
    ($name:literal, $arg:literal, $bit:expr, $take:expr) => {
        Opt {
            name: $name,
            arg: $arg,
            not: true,
            again: true,
            take: |f, value| {
                let take: fn(&mut Fill<'_, '_>, &[u8], usize) -> Result = $take;
                one(f, value, $bit, take)
            },
            ..Opt::NONE
        }
    };
}

/// struct xt_policy_info: elements, flags, how many elements.
pub static POLICY: Ext = Ext {
    name: "policy",
    wire: "policy",
    size: 312,
    user: 312,
    opts: &[
        Opt {
            name: "dir",
            arg: "in|out",
            take: |f, value| match value {
                b"in" => flag(f, IN),
                b"out" => flag(f, OUT),
                _ => usage(&[b"policy_match: invalid dir \"", value, b"\""]),
            },
            ..Opt::NONE
        },
        Opt {
            name: "pol",
            arg: "none|ipsec",
            take: |f, value| match value {
                b"none" => flag(f, NONE),
                b"ipsec" => Ok(()),
                _ => usage(&[b"policy match: invalid policy \"", value, b"\""]),
            },
            ..Opt::NONE
        },
        Opt { name: "strict", take: |f, _| flag(f, STRICT), ..Opt::NONE },
        element!("reqid", "NUMBER", HAS_REQID, |f, value, at| {
            let n = scalar::int(value, ("policy", "reqid"), 0, u32::MAX)?;
            put_at(f.info, at + REQID, &n.to_ne_bytes());
            Ok(())
        }),
        element!("spi", "SPI", HAS_SPI, |f, value, at| {
            let n = scalar::int(value, ("policy", "spi"), 0, u32::MAX)?;
            put_at(f.info, at + SPI, &n.to_ne_bytes());
            Ok(())
        }),
        element!("tunnel-src", "ADDRESS[/MASK]", HAS_SOURCE, address),
        element!("tunnel-dst", "ADDRESS[/MASK]", HAS_DESTINATION, |f, value, at| {
            address(f, value, at + 32)
        }),
        element!("proto", "ah|esp|ipcomp", HAS_PROTO, |f, value, at| {
            let proto = proto::parse(value, f.db)?;
            if !PROTOCOLS.contains(&proto) {
                return usage(&[b"policy match: protocol must be ah/esp/ipcomp"]);
            }
            f.info[at + PROTO] = proto;
            Ok(())
        }),
        element!("mode", "transport|tunnel", HAS_MODE, |f, value, at| {
            let Some(mode) = MODES.iter().position(|m| m.as_bytes() == value) else {
                return usage(&[b"policy match: invalid mode \"", value, b"\""]);
            };
            f.info[at + MODE] = u8::from(mode != 0);
            Ok(())
        }),
        Opt {
            name: "next",
            again: true,
            also: 1 << 2,
            take: |f, _| {
                f.info[COUNT] += 1;
                match usize::from(f.info[COUNT]) {
                    MOST => usage(&[b"policy match: maximum policy depth reached"]),
                    _ => Ok(()),
                }
            },
            ..Opt::NONE
        },
    ],
    complete,
    save: |out, s| show(out, s, "--"),
    list: |out, s| {
        put(out, " policy match");
        show(out, s, "");
    },
    ..Ext::MATCH
};

#[expect(clippy::unnecessary_wraps)] // the end of readers
fn flag(f: &mut Fill<'_, '_>, bit: u8) -> Result {
    f.info[FLAGS] |= bit;
    Ok(())
}

fn one(
    f: &mut Fill<'_, '_>,
    value: &[u8],
    bit: u8,
    take: fn(&mut Fill<'_, '_>, &[u8], usize) -> Result,
) -> Result {
    let at = usize::from(f.info[COUNT]).min(MOST - 1) * ELEMENT;
    if f.info[at + MATCH] & bit != 0 {
        return usage(&[b"policy match: double --", f.opt.name.as_bytes(), b" option"]);
    }
    take(f, value, at)?;
    f.info[at + MATCH] |= bit;
    f.info[at + INVERT] |= if f.not { bit } else { 0 };
    Ok(())
}

fn address(f: &mut Fill<'_, '_>, value: &[u8], at: usize) -> Result {
    let (host, mask) = conntrack::masked(f, value)?;
    put_at(f.info, at, &host);
    put_at(f.info, at + 16, &mask);
    Ok(())
}

fn complete(info: &mut [u8], _: u64) -> Result {
    let wrong = |text: &str| usage(&[b"policy match: ", text.as_bytes()]);
    let flags = info[FLAGS];
    if flags & (IN | OUT) == 0 {
        return wrong("neither --dir in nor --dir out specified");
    }
    if flags & NONE != 0 {
        return match (flags & STRICT, info[COUNT]) {
            (0, 0) => Ok(()),
            (0, _) => wrong("policy none but policy given"),
            _ => wrong("policy none but --strict given"),
        };
    }
    info[COUNT] += 1;
    for i in 0..usize::from(info[COUNT]).min(MOST) {
        let element = &info[i * ELEMENT..][..ELEMENT];
        if flags & STRICT != 0 && element[MATCH] == 0 {
            let text = "empty policy element ";
            let behind = ". --strict is in effect, but at least one of reqid, spi, tunnel-src, tunnel-dst, proto or mode is required.";
            return wrong(&[text, &i.to_string(), behind].concat());
        }
        let is_tunnel = (element[MODE] != 0) != (element[INVERT] & HAS_MODE != 0);
        if element[MATCH] & (HAS_SOURCE | HAS_DESTINATION) != 0 && !is_tunnel {
            return wrong("--tunnel-src/--tunnel-dst is only valid in tunnel mode");
        }
    }
    Ok(())
}

/// With dashes as `-S` has it.
fn show(out: &mut Vec<u8>, s: &Shown<'_>, dashes: &str) {
    let flags = s.info[FLAGS];
    let word = |out: &mut Vec<u8>, word: &str| {
        put(out, " ");
        put(out, dashes);
        put(out, word);
    };
    if flags & IN != 0 {
        word(out, "dir in");
    }
    if flags & OUT != 0 {
        word(out, "dir out");
    }
    word(out, if flags & NONE != 0 { "pol none" } else { "pol ipsec" });
    if flags & STRICT != 0 {
        word(out, "strict");
    }
    let count = usize::from(s.info[COUNT]).min(MOST);
    for i in 0..count {
        if dashes.is_empty() && count > 1 {
            put(out, " [");
            dec(out, i as u64);
            put(out, "]");
        } else if i > 0 {
            word(out, "next");
        }
        element(out, s, &s.info[i * ELEMENT..][..ELEMENT], dashes);
    }
}

fn element(out: &mut Vec<u8>, s: &Shown<'_>, e: &[u8], dashes: &str) {
    for (bit, name) in [
        (HAS_REQID, "reqid "),
        (HAS_SPI, "spi "),
        (HAS_PROTO, "proto "),
        (HAS_MODE, "mode "),
        (HAS_DESTINATION, "tunnel-dst "),
        (HAS_SOURCE, "tunnel-src "),
    ] {
        if e[MATCH] & bit == 0 {
            continue;
        }
        put(out, if e[INVERT] & bit != 0 { " ! " } else { " " });
        put(out, dashes);
        put(out, name);
        match bit {
            HAS_REQID => dec(out, u32_at(e, REQID)),
            HAS_SPI => hex0x(out, u32_at(e, SPI), 1),
            HAS_PROTO if dashes.is_empty() && s.numeric => dec(out, e[PROTO]),
            HAS_PROTO => put(out, proto::name(e[PROTO])),
            HAS_MODE => put(out, MODES.get(usize::from(e[MODE])).unwrap_or(&"???")),
            HAS_DESTINATION => network(out, s.family, &e[32..]),
            _ => network(out, s.family, e),
        }
    }
}

fn network(out: &mut Vec<u8>, family: Family, bytes: &[u8]) {
    let mask: Addr = addr_at(bytes, 16);
    put(out, family.show(&addr_at(bytes, 0)));
    put(out, address::show_mask(family, &mask, mask[..family.len()] != ALL_ONES[..family.len()]));
}
