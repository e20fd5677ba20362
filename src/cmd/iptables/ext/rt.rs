//! `-m rt`: the routing header of IPv6.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::Family;

use super::field::{self, Field, Form};
use super::{Ext, Fill, Opt, Shown, addr_at, put, put_at, u32_at};

const FLAGS: u16 = 16;
const INVERTED: u16 = 17;
const ADDRESSES: usize = 20;
const COUNT: usize = 276;
/// IP6T_RT_HOPS.
const MOST: usize = 16;

/// IP6T_RT_*.
const TYPE: u8 = 1;
const RES: u8 = 8;
const FIRST: u8 = 0x10;
const NOT_STRICT: u8 = 0x20;

const TYPE_FIELD: &Field = &Field {
    at: 0,
    size: 4,
    given: (FLAGS, TYPE),
    not: (INVERTED, 1),
    form: Form::Dec,
    ..Field::NONE
};
const SEGMENTS_FIELD: &Field = &Field {
    at: 4,
    size: 4,
    given: (FLAGS, 2),
    not: (INVERTED, 2),
    form: Form::Range,
    ..Field::NONE
};
const LENGTH_FIELD: &Field = &Field {
    at: 12,
    size: 4,
    given: (FLAGS, 4),
    not: (INVERTED, 4),
    form: Form::Dec,
    ..Field::NONE
};

/// struct ip6t_rt: type, segments from and to, length, flags, inverted flags, addresses, how many.
pub static RT: Ext = Ext {
    name: "rt",
    wire: "rt",
    family: Some(Family::V6),
    size: 280,
    user: 280,
    opts: &[
        Opt {
            name: "rt-type",
            arg: "NUMBER",
            not: true,
            field: TYPE_FIELD,
            take: field::number,
            ..Opt::NONE
        },
        Opt {
            name: "rt-segsleft",
            arg: "NUMBER[:NUMBER]",
            not: true,
            field: SEGMENTS_FIELD,
            take: field::range,
            ..Opt::NONE
        },
        Opt {
            name: "rt-len",
            arg: "BYTES",
            not: true,
            field: LENGTH_FIELD,
            take: field::number,
            ..Opt::NONE
        },
        Opt {
            name: "rt-0-res",
            take: |f, _| {
                type_0(f)?;
                f.info[usize::from(FLAGS)] |= RES;
                Ok(())
            },
            ..Opt::NONE
        },
        Opt { name: "rt-0-addrs", arg: "ADDRESS[,...]", take: addresses, ..Opt::NONE },
        Opt {
            name: "rt-0-not-strict",
            take: |f, _| {
                if f.info[usize::from(FLAGS)] & FIRST == 0 {
                    return usage(&[b"`--rt-0-addr ...' required before `--rt-0-not-strict'"]);
                }
                f.info[usize::from(FLAGS)] |= NOT_STRICT;
                Ok(())
            },
            ..Opt::NONE
        },
    ],
    init: |info| put_at(info, 8, &[255; 4]),
    save: |out, s| {
        field::save(out, s);
        tail(out, s, [" --rt-0-res", " --rt-0-addrs ", " --rt-0-not-strict"]);
    },
    list: |out, s| {
        put(out, " rt");
        if TYPE_FIELD.is_given(s.info) {
            put(out, if TYPE_FIELD.is_not(s.info) { " type:!" } else { " type:" });
            // The reference takes it for signed.
            put(out, u32_at(s.info, 0).cast_signed().to_string());
        }
        field::list(out, s.info, " segsleft", SEGMENTS_FIELD);
        field::list(out, s.info, " length", LENGTH_FIELD);
        tail(out, s, [" reserved", " 0-addrs ", " 0-not-strict"]);
    },
    ..Ext::MATCH
};

/// What is said of a header of type 0 comes behind that type.
fn type_0(f: &Fill<'_, '_>) -> Result {
    let flags = f.info[usize::from(FLAGS)];
    if flags & TYPE == 0 || u32_at(f.info, 0) != 0 || f.info[usize::from(INVERTED)] & TYPE != 0 {
        let option = f.opt.name.as_bytes();
        return usage(&[b"`--rt-type 0' required before `--", option, b"'"]);
    }
    Ok(())
}

fn addresses(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    type_0(f)?;
    let mut count = 0;
    for word in value.split(|&b| b == b',') {
        if usize::from(count) == MOST {
            return usage(&[b"too many addresses specified"]);
        }
        let Some(addr) = Family::V6.parse(word) else {
            return usage(&[b"bad address: ", word]);
        };
        put_at(f.info, ADDRESSES + usize::from(count) * 16, &addr);
        count += 1u8;
    }
    f.info[COUNT] = count;
    f.info[usize::from(FLAGS)] |= FIRST;
    Ok(())
}

fn tail(out: &mut Vec<u8>, s: &Shown<'_>, [reserved, addresses, not_strict]: [&str; 3]) {
    let flags = s.info[usize::from(FLAGS)];
    put(out, if flags & RES != 0 { reserved } else { "" });
    let count = usize::from(s.info[COUNT]).min(MOST);
    for i in 0..count {
        put(out, if i == 0 { addresses } else { "," });
        put(out, Family::V6.show(&addr_at(s.info, ADDRESSES + i * 16)));
    }
    put(out, if flags & NOT_STRICT != 0 { not_strict } else { "" });
}
