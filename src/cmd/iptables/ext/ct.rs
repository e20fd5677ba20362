//! `-j CT` and `-j NOTRACK`: how a connection is followed, or that it is not.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::number;

use super::{Ext, Fill, Opt, Shown, put, put_at, scalar, text, u16_at, u32_at};

const ZONE: usize = 2;
const EVENTS: usize = 4;
const EXPECTED: usize = 8;
const HELPER: usize = 12;
const HELPER_SIZE: usize = 16;
const TIMEOUT: usize = 28;
const TIMEOUT_SIZE: usize = 32;

/// XT_CT_*.
const NOT_TRACKED: u8 = 1;
const ALIAS: u8 = 2;
const ZONE_ORIGINAL: u8 = 4;
const ZONE_REPLY: u8 = 8;
const ZONE_MARK: u8 = 0x10;

/// IPCT_*, by number.
const EVENT_NAMES: [&str; 10] = [
    "new",
    "related",
    "destroy",
    "reply",
    "assured",
    "protoinfo",
    "helper",
    "mark",
    "natseqinfo",
    "secmark",
];
/// IPEXP_*, by number.
const EXPECTED_NAMES: [&str; 1] = ["new"];

/// struct xt_ct_target_info_v1: flags, zone, events, expected events, helper, timeout, and the
/// kernel's own.
pub static CT: Ext = Ext {
    name: "CT",
    wire: "CT",
    revision: 2,
    size: 72,
    user: 64,
    opts: &[
        bits!("notrack", 0, NOT_TRACKED),
        Opt {
            name: "helper",
            arg: "NAME",
            take: |f, value| {
                scalar::put_text(f.info, HELPER, HELPER_SIZE, value);
                Ok(())
            },
            ..Opt::NONE
        },
        Opt {
            name: "timeout",
            arg: "NAME",
            take: |f, value| {
                scalar::put_text(f.info, TIMEOUT, TIMEOUT_SIZE, value);
                Ok(())
            },
            ..Opt::NONE
        },
        Opt {
            name: "ctevents",
            arg: "EVENT[,...]",
            take: |f, value| take_events(f, EVENTS, &EVENT_NAMES, value),
            ..Opt::NONE
        },
        Opt {
            name: "expevents",
            arg: "new",
            take: |f, value| take_events(f, EXPECTED, &EXPECTED_NAMES, value),
            ..Opt::NONE
        },
        Opt {
            name: "zone-orig",
            arg: "NUMBER|mark",
            take: |f, value| take_zone(f, value, ZONE_ORIGINAL),
            ..Opt::NONE
        },
        Opt {
            name: "zone-reply",
            arg: "NUMBER|mark",
            take: |f, value| take_zone(f, value, ZONE_REPLY),
            ..Opt::NONE
        },
        Opt {
            name: "zone",
            arg: "NUMBER|mark",
            take: |f, value| take_zone(f, value, 0),
            ..Opt::NONE
        },
    ],
    claims: |info| info[0] & ALIAS == 0,
    save: |out, s| show(out, s, "--"),
    list: |out, s| {
        put(out, " CT");
        show(out, s, "");
    },
    ..Ext::TARGET
};

/// The structure is that of CT; one bit remembers how it was written.
pub static NOTRACK: Ext = Ext {
    name: "NOTRACK",
    opts: &[],
    init: |info| info[0] = NOT_TRACKED | ALIAS,
    claims: |info| info[0] & ALIAS != 0,
    save: |_, _| (),
    list: |out, _| put(out, " NOTRACK"),
    ..CT
};

fn take_events(f: &mut Fill<'_, '_>, at: usize, names: &[&str], value: &[u8]) -> Result {
    let mut mask = 0u32;
    for word in value.split(|&b| b == b',') {
        match names.iter().position(|n| n.as_bytes() == word) {
            Some(bit) => mask |= 1 << bit,
            None => return usage(&[b"Unknown event type \"", word, b"\""]),
        }
    }
    put_at(f.info, at, &mask.to_ne_bytes());
    Ok(())
}

fn take_zone(f: &mut Fill<'_, '_>, value: &[u8], direction: u8) -> Result {
    if value == b"mark" {
        f.info[0] |= ZONE_MARK;
    } else {
        match number(value, u16::MAX.into()).and_then(|n| u16::try_from(n).ok()) {
            Some(zone) => put_at(f.info, ZONE, &zone.to_ne_bytes()),
            None => return usage(&[b"Cannot parse ", value, b" as a zone ID"]),
        }
    }
    f.info[0] |= direction;
    Ok(())
}

fn show(out: &mut Vec<u8>, s: &Shown<'_>, dashes: &str) {
    let info = s.info;
    let mut option = |name: &str, value: &[u8]| {
        put(out, " ");
        put(out, dashes);
        put(out, name);
        put(out, value);
    };
    if info[0] & NOT_TRACKED != 0 {
        option("notrack", b"");
    }
    for (name, at, size) in [("helper ", HELPER, HELPER_SIZE), ("timeout ", TIMEOUT, TIMEOUT_SIZE)]
    {
        let text = text(info, at, size);
        if !text.is_empty() {
            option(name, text);
        }
    }
    for (name, at, names) in
        [("ctevents ", EVENTS, &EVENT_NAMES[..]), ("expevents ", EXPECTED, &EXPECTED_NAMES[..])]
    {
        let mask = u32_at(info, at);
        if mask != 0 {
            let events = names.iter().enumerate().filter(|(bit, _)| mask & 1 << bit != 0);
            let events: Vec<&str> = events.map(|(_, name)| *name).collect();
            option(name, events.join(",").as_bytes());
        }
    }
    let zone = match info[0] & (ZONE_ORIGINAL | ZONE_REPLY) {
        ZONE_ORIGINAL => "zone-orig ",
        ZONE_REPLY => "zone-reply ",
        _ => "zone ",
    };
    match u16_at(info, ZONE) {
        _ if info[0] & ZONE_MARK != 0 => option(zone, b"mark"),
        0 => {}
        n => option(zone, n.to_string().as_bytes()),
    }
}
