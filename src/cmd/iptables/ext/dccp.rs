//! `-m dccp`: ports and packets of DCCP.

use crate::cmd::iptables::fail::{Result, usage};

use super::field::{self, Field};
use super::ports::{self, DESTINATION, Given, Range, SOURCE};
use super::{Ext, Fill, Opt, Transport, put, put_at, u16_at};

const FLAGS: usize = 8;
const INVERTED: usize = 10;
const TYPES_AT: usize = 12;

/// XT_DCCP_*: which options are given, and which of them inverted; the ports' bits are those of
/// the sides.
const TYPE: u8 = 4;
const OPTION: u8 = 8;

const PORTS: Given = Given { given: FLAGS, inverted: INVERTED, service: b"dccp" };

/// By number; the last is what the rest is.
const TYPES: [&str; 11] = [
    "REQUEST", "RESPONSE", "DATA", "ACK", "DATAACK", "CLOSEREQ", "CLOSE", "RESET", "SYNC",
    "SYNCACK", "INVALID",
];
const INVALID: usize = 10;

const OPTION_FIELD: &Field = &Field {
    at: 14,
    size: 1,
    low: 1,
    high: 255,
    given: (8, OPTION),
    not: (10, OPTION),
    form: field::Form::Dec,
    ..Field::NONE
};

/// struct xt_dccp_info: ports, which options, which inverted, types as bits, option.
pub static DCCP: Ext = Ext {
    name: "dccp",
    wire: "dccp",
    size: 16,
    user: 16,
    opts: &[
        Opt { take: |f, value| take_ports(f, value, SOURCE), ..ports::OF_SOURCE },
        Opt { take: |f, value| take_ports(f, value, DESTINATION), ..ports::OF_DESTINATION },
        Opt { name: "dccp-types", arg: "TYPE[,...]", not: true, take: take_types, ..Opt::NONE },
        Opt {
            name: "dccp-option",
            arg: "NUMBER",
            not: true,
            field: OPTION_FIELD,
            take: field::number,
            ..Opt::NONE
        },
    ],
    save: |out, s| {
        PORTS.save(out, s.info);
        if s.info[FLAGS] & TYPE != 0 {
            put(
                out,
                if s.info[INVERTED] & TYPE != 0 { " ! --dccp-types " } else { " --dccp-types " },
            );
            types(out, s.info, false);
        }
        field::save(out, s);
    },
    list: |out, s| {
        put(out, " dccp");
        PORTS.list(out, s);
        if s.info[FLAGS] & TYPE != 0 {
            put(out, if s.info[INVERTED] & TYPE != 0 { " ! " } else { " " });
            types(out, s.info, s.numeric);
        }
        if OPTION_FIELD.is_given(s.info) {
            put(out, if OPTION_FIELD.is_not(s.info) { " option=!" } else { " option=" });
            field::value(out, s.info, OPTION_FIELD);
        }
    },
    transport: Transport::loaded_by(33),
    ..Ext::MATCH
};

fn take_ports(f: &mut Fill<'_, '_>, value: &[u8], side: usize) -> Result {
    let (low, high) = ports::range(value, (f.ext.name, f.opt.name), f.db)?;
    PORTS.set(f.info, side, Range { low, high, not: f.not });
    Ok(())
}

fn take_types(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let mut bits = 0u16;
    for word in value.split(|&b| b == b',').filter(|w| !w.is_empty()) {
        match TYPES.iter().position(|t| t.as_bytes().eq_ignore_ascii_case(word)) {
            Some(INVALID) => bits |= u16::MAX << INVALID,
            Some(number) => bits |= 1 << number,
            None => return usage(&[b"Unknown DCCP type `", word, b"'"]),
        }
    }
    put_at(f.info, TYPES_AT, &bits.to_ne_bytes());
    PORTS.mark(f.info, TYPE, f.not);
    Ok(())
}

/// By number every bit is said; by name those without one only together.
fn types(out: &mut Vec<u8>, info: &[u8], numeric: bool) {
    let bits = u16_at(info, TYPES_AT);
    let count = if numeric { 16 } else { TYPES.len() };
    let mut before = "";
    for number in (0..count).filter(|n| bits & 1 << n != 0) {
        put(out, before);
        before = ",";
        match TYPES.get(number).filter(|_| !numeric) {
            Some(name) => put(out, name),
            None => put(out, number.to_string()),
        }
    }
}
