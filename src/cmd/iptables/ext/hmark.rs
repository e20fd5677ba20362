//! `-j HMARK`: a mark made of what is the same in all packets of a connection.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::ALL_ONES;

use super::conntrack;
use super::field::{self, Field, Form};
use super::{Ext, Fill, Opt, Shown, addr_at, dec, put, put_at, u32_at};

/// XT_HMARK_*: bits of two bytes.
const FLAGS: u16 = 40;
const CT: u8 = 0x10;

const PORT_MASK: u16 = 32;
const PORT_SET: u16 = 36;
const PROTO_MASK: u16 = 44;

/// What may stand in a tuple: the place of the option that it is short for.
const TUPLE: [(&str, usize); 7] = [
    ("src", SRC),
    ("dst", SRC + 1),
    ("sport", 3),
    ("dport", 4),
    ("spi", SPI_MASK),
    ("proto", 9),
    ("ct", 0),
];
/// Places in the table of options.
const SRC: usize = 1;
const SPI_MASK: usize = 5;
const RND: usize = 10;
const MOD: usize = 11;
const OFFSET: usize = 12;

/// An option of a number: its name, place (in front of the flags in network order), bytes, the
/// most, its bit, how it is printed.
macro_rules! number {
    ($name:literal, $at:expr, $size:literal, $high:expr, $byte:literal, $bit:literal, $form:expr) => {
        Opt {
            name: $name,
            arg: "NUMBER",
            field: &Field {
                at: $at,
                size: $size,
                network: $at < 40,
                high: $high,
                given: (FLAGS + $byte, $bit),
                form: $form,
                ..Field::NONE
            },
            take: field::number,
            ..Opt::NONE
        }
    };
}
macro_rules! prefix {
    ($name:literal, $at:literal, $bit:literal) => {
        Opt {
            name: $name,
            arg: "LENGTH",
            field: &Field { at: $at, given: (FLAGS, $bit), ..Field::NONE },
            take: |f, value| {
                let mask = conntrack::mask(f, value)?;
                put_at(f.info, $at, &mask);
                field::flag(f, value)
            },
            ..Opt::NONE
        }
    };
}

const PORTS: u64 = u16::MAX as u64;
const ALL: u64 = u32::MAX as u64;

/// struct xt_hmark_info: masks of both addresses, of the ports or the SPI, what is set in those,
/// flags, mask of the protocol, seed, modulus, offset.
pub static HMARK: Ext = Ext {
    name: "HMARK",
    wire: "HMARK",
    size: 64,
    user: 64,
    opts: &[
        Opt {
            name: "hmark-tuple",
            arg: "src|dst|sport|dport|spi|proto|ct[,...]",
            take: tuple,
            ..Opt::NONE
        },
        prefix!("hmark-src-prefix", 0, 1),
        prefix!("hmark-dst-prefix", 16, 2),
        number!("hmark-sport-mask", PORT_MASK, 2, PORTS, 0, 0x40, Form::Hex(4)),
        number!("hmark-dport-mask", PORT_MASK + 2, 2, PORTS, 0, 0x80, Form::Hex(4)),
        number!("hmark-spi-mask", PORT_MASK, 4, ALL, 0, 8, Form::Hex(8)),
        number!("hmark-sport", PORT_SET, 2, PORTS, 0, 0x10, Form::Hex(4)),
        number!("hmark-dport", PORT_SET + 2, 2, PORTS, 0, 0x20, Form::Hex(4)),
        number!("hmark-spi", PORT_SET, 4, ALL, 0, 4, Form::Hex(8)),
        number!("hmark-proto-mask", PROTO_MASK, 2, PORTS, 1, 1, Form::Hex(2)),
        number!("hmark-rnd", 48, 4, ALL, 1, 2, Form::Hex(8)),
        Opt {
            name: "hmark-mod",
            arg: "NUMBER",
            field: &Field {
                at: 52,
                size: 4,
                low: 1,
                given: (FLAGS + 1, 4),
                form: Form::Dec,
                ..Field::NONE
            },
            take: field::number,
            ..Opt::NONE
        },
        number!("hmark-offset", 56, 4, ALL, 1, 8, Form::Dec),
    ],
    complete,
    save: |out, s| {
        for opt in prefixes(s) {
            put(out, [" --", opt.name, " "].concat());
            match length(s, opt) {
                Some(bits) => dec(out, bits as u64),
                None => put(out, "-1"),
            }
        }
        field::save(out, s);
        put(out, if has_ct(s.info) { " --hmark-tuple ct" } else { "" });
    },
    list,
    ..Ext::TARGET
};

fn tuple(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let mut rest = value;
    loop {
        let comma = rest.iter().position(|&b| b == b',');
        let word = &rest[..comma.unwrap_or(rest.len())];
        if word.is_empty() && comma.is_none() {
            return usage(&[
                b"\"--hmark-tuple\" requires a list of types with no spaces, e.g. src,dst,sport,dport,proto",
            ]);
        }
        let begins = |name: &str| {
            name.as_bytes().get(..word.len()).is_some_and(|n| n.eq_ignore_ascii_case(word))
        };
        let found = TUPLE.iter().find(|(name, _)| !word.is_empty() && begins(name));
        let Some((_, place)) = found else { return usage(&[b"Bad type \"", rest, b"\""]) };
        match f.ext.opts.get(*place).filter(|_| *place > 0) {
            None => f.info[usize::from(FLAGS) + 1] |= CT,
            Some(opt) => {
                let field = opt.field;
                // Of an address the whole mask, of a number all its bits.
                let size = if field.size == 0 { 16 } else { field.size.into() };
                put_at(f.info, field.at.into(), &ALL_ONES[..size]);
                let (at, bits) = field.given;
                f.info[usize::from(at)] |= bits;
                *f.seen |= 1 << place;
            }
        }
        match comma {
            Some(at) => rest = &rest[at + 1..],
            None => return Ok(()),
        }
    }
}

fn complete(_: &mut [u8], seen: u64) -> Result {
    let given = |place: usize| seen & 1 << place != 0;
    if !given(MOD) {
        return usage(&[b"--hmark-mod is mandatory"]);
    }
    if !given(RND) {
        return usage(&[b"--hmark-rnd is mandatory"]);
    }
    if given(SPI_MASK) && (given(3) || given(4)) {
        return usage(&[
            b"you cannot use --hmark-spi-mask and --hmark-?port-mask,at the same time",
        ]);
    }
    if seen & !(1 << MOD | 1 << RND | 1 << OFFSET) == 0 {
        return usage(&[b"you have to specify --hmark-tuple at least"]);
    }
    Ok(())
}

fn has_ct(info: &[u8]) -> bool {
    info[usize::from(FLAGS) + 1] & CT != 0
}

fn prefixes<'s>(s: &Shown<'s>) -> impl Iterator<Item = &'static Opt> + use<'s> {
    let info = s.info;
    HMARK.opts[SRC..SRC + 2].iter().filter(move |o| o.field.is_given(info))
}

/// The bits of a mask that are the first ones.
fn length(s: &Shown<'_>, opt: &Opt) -> Option<usize> {
    s.family.prefix(&addr_at(s.info, opt.field.at.into()))
}

fn list(out: &mut Vec<u8>, s: &Shown<'_>) {
    put(out, " HMARK mod ");
    dec(out, u32_at(s.info, 52));
    put(out, " ");
    if HMARK.opts[OFFSET].field.is_given(s.info) {
        put(out, format!("+ {:#x} ", u32_at(s.info, 56)));
    }
    put(out, if has_ct(s.info) { "ct, " } else { "" });
    for opt in prefixes(s) {
        put(out, opt.name.trim_start_matches("hmark-"));
        put(out, " ");
        match length(s, opt) {
            // For IPv6 the reference leaves out the longest.
            Some(128) => {}
            Some(bits) => dec(out, bits as u64),
            None => dec(out, u32::MAX),
        }
        put(out, " ");
    }
    for opt in HMARK.opts[3..=RND].iter().filter(|o| o.field.is_given(s.info)) {
        put(out, opt.name.trim_start_matches("hmark-"));
        put(out, format!(" {:#x} ", opt.field.get(s.info)));
    }
}
