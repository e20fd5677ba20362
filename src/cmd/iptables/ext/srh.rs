//! `-m srh`: the header of segment routing of IPv6.

use crate::cmd::iptables::fail::Result;
use crate::cmd::iptables::family::Family;

use super::conntrack;
use super::field::{self, Field, Form};
use super::{Ext, Fill, Opt, addr_at, dec, put, put_at};

/// IP6T_SRH_*: bits of two bytes, and as many that say what is inverted.
const FLAGS: u16 = 104;
const INVERTED: u16 = 106;

/// A number of one byte: its option, where it lies, its bit.
macro_rules! number {
    ($name:literal, $at:literal, $byte:literal, $bit:literal) => {
        number!($name, $at, $byte, $bit, 1, 255)
    };
    ($name:literal, $at:literal, $byte:literal, $bit:literal, $size:literal, $high:literal) => {
        Opt {
            name: $name,
            arg: "NUMBER",
            not: true,
            field: &Field {
                at: $at,
                size: $size,
                high: $high,
                given: (FLAGS + $byte, $bit),
                not: (INVERTED + $byte, $bit),
                form: Form::Dec,
                ..Field::NONE
            },
            take: field::number,
            ..Opt::NONE
        }
    };
}

/// Which of three addresses.
macro_rules! address {
    ($name:literal, $index:literal, $bit:literal) => {
        Opt {
            name: $name,
            arg: "ADDRESS[/LENGTH]",
            not: true,
            field: &Field {
                at: 8 + 16 * $index,
                given: (FLAGS + 1, $bit),
                not: (INVERTED + 1, $bit),
                ..Field::NONE
            },
            take: address,
            ..Opt::NONE
        }
    };
}
/// Where the masks of the addresses begin.
const MASKS: usize = 48;

/// struct ip6t_srh1: next header, length, segments left, last entry, tag, three addresses, their
/// masks, flags, inverted flags.
pub static SRH: Ext = Ext {
    name: "srh",
    wire: "srh",
    revision: 1,
    family: Some(Family::V6),
    size: 112,
    user: 112,
    opts: &[
        number!("srh-next-hdr", 0, 0, 1),
        number!("srh-hdr-len-eq", 1, 0, 2),
        number!("srh-hdr-len-gt", 1, 0, 4),
        number!("srh-hdr-len-lt", 1, 0, 8),
        number!("srh-segs-left-eq", 2, 0, 0x10),
        number!("srh-segs-left-gt", 2, 0, 0x20),
        number!("srh-segs-left-lt", 2, 0, 0x40),
        number!("srh-last-entry-eq", 3, 0, 0x80),
        number!("srh-last-entry-gt", 3, 1, 1),
        number!("srh-last-entry-lt", 3, 1, 2),
        number!("srh-tag", 4, 1, 4, 2, 65535),
        address!("srh-psid", 0, 8),
        address!("srh-nsid", 1, 0x10),
        address!("srh-lsid", 2, 0x20),
    ],
    save: |out, s| {
        field::save(out, s);
        for opt in addresses(s.info) {
            put(out, if opt.field.is_not(s.info) { " ! --" } else { " --" });
            put(out, opt.name);
            put(out, " ");
            network(out, s.info, opt.field);
        }
    },
    list: |out, s| {
        put(out, " srh");
        for opt in SRH.opts.iter().filter(|o| o.field.size > 0) {
            field::list(out, s.info, &opt.name.replacen("srh-", " ", 1), opt.field);
        }
        for opt in addresses(s.info) {
            put(out, opt.name.replacen("srh-", " ", 1));
            put(out, if opt.field.is_not(s.info) { " ! " } else { "  " });
            network(out, s.info, opt.field);
        }
    },
    ..Ext::MATCH
};

/// The options of addresses that are given.
fn addresses(info: &[u8]) -> impl Iterator<Item = &'static Opt> {
    SRH.opts.iter().filter(move |o| o.field.size == 0 && o.field.is_given(info))
}

fn address(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let (addr, mask) = conntrack::masked(f, value)?;
    let at = usize::from(f.opt.field.at);
    put_at(f.info, at, &addr);
    put_at(f.info, at + MASKS, &mask);
    field::flag(f, value)
}

/// A mask with holes has no length; the reference prints minus one.
fn network(out: &mut Vec<u8>, info: &[u8], field: &Field) {
    let at = usize::from(field.at);
    put(out, Family::V6.show(&addr_at(info, at)));
    put(out, "/");
    let bits = Family::V6.prefix(&addr_at(info, at + MASKS));
    dec(out, bits.map_or(u64::from(u32::MAX), |b| b as u64));
}
