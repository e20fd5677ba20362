//! `-m ecn`, `-j ECN`: explicit congestion notification.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::Family;

use super::field::{self, Field, Form};
use super::{Ext, Fill, Opt, dec, put};

/// XT_ECN_OP_MATCH_* and IPT_ECN_OP_SET_*.
const IP: u8 = 1;
const ECE: u8 = 0x10;
const CWR: u8 = 0x20;

const MATCH_CWR: &Field =
    &Field { given: (0, CWR), not: (1, CWR), form: Form::Alone, ..Field::NONE };
const MATCH_ECE: &Field =
    &Field { given: (0, ECE), not: (1, ECE), form: Form::Alone, ..Field::NONE };
const MATCH_ECT: &Field = &Field {
    at: 2,
    size: 1,
    high: 3,
    given: (0, IP),
    not: (1, IP),
    form: Form::Dec,
    ..Field::NONE
};

const FLAG: Opt = Opt { not: true, take: field::flag, ..Opt::NONE };

/// struct xt_ecn_info: which, which inverted, the bits of IP.
pub static MATCH: Ext = Ext {
    name: "ecn",
    wire: "ecn",
    size: 8,
    user: 8,
    opts: &[
        Opt { name: "ecn-tcp-cwr", field: MATCH_CWR, ..FLAG },
        Opt { name: "ecn-tcp-ece", field: MATCH_ECE, ..FLAG },
        Opt {
            name: "ecn-ip-ect",
            arg: "0-3",
            not: true,
            field: MATCH_ECT,
            take: field::number,
            ..Opt::NONE
        },
    ],
    complete: |_, seen| match seen {
        0 => usage(&[b"ECN match: some option required"]),
        _ => Ok(()),
    },
    save: |out, s| {
        for i in [1, 0, 2] {
            field::save_one(out, s.info, &s.ext.opts[i]);
        }
    },
    list: |out, s| {
        put(out, " ECN match");
        for (name, field) in [(" ECE", MATCH_ECE), (" CWR", MATCH_CWR), (" ECT=", MATCH_ECT)] {
            if field.is_given(s.info) {
                put(out, if field.is_not(s.info) { " !" } else { " " });
                put(out, name.trim_start());
                field::value(out, s.info, field);
            }
        }
    },
    ..Ext::MATCH
};

/// A bit of TCP: its operation, and its place in the last byte.
fn bit(f: &mut Fill<'_, '_>, value: &[u8], operation: u8, bit: u8) -> Result {
    let on = super::scalar::byte(value, (f.ext.name, f.opt.name), 0, 1)?;
    f.info[0] |= operation;
    f.info[2] |= on * bit;
    Ok(())
}

/// struct ipt_ECN_info: which, the bits of IP, the bits of TCP.
pub static TARGET: Ext = Ext {
    name: "ECN",
    wire: "ECN",
    family: Some(Family::V4),
    size: 8,
    user: 8,
    opts: &[
        Opt {
            name: "ecn-tcp-remove",
            field: &Field { given: (0, ECE | CWR), ..Field::NONE },
            take: field::flag,
            ..Opt::NONE
        },
        Opt {
            name: "ecn-tcp-cwr",
            arg: "0|1",
            take: |f, value| bit(f, value, CWR, 2),
            ..Opt::NONE
        },
        Opt {
            name: "ecn-tcp-ece",
            arg: "0|1",
            take: |f, value| bit(f, value, ECE, 1),
            ..Opt::NONE
        },
        Opt {
            name: "ecn-ip-ect",
            arg: "0-3",
            field: &Field { at: 1, size: 1, high: 3, given: (0, IP), ..Field::NONE },
            take: field::number,
            ..Opt::NONE
        },
    ],
    complete: |_, seen| match seen {
        0 => usage(&[b"ECN target: An operation is required"]),
        _ => Ok(()),
    },
    save: |out, s| target(out, s.info, " --ecn-tcp-", ["remove", "ece ", "cwr "], " --ecn-ip-ect "),
    list: |out, s| {
        put(out, " ECN");
        target(out, s.info, " ", ["TCP remove", "ECE=", "CWR="], " ECT codepoint=");
    },
    ..Ext::TARGET
};

fn target(out: &mut Vec<u8>, info: &[u8], before: &str, [remove, ece, cwr]: [&str; 3], ect: &str) {
    // Only this together is a removal.
    if info[0] == ECE | CWR && info[2] & 3 == 0 {
        put(out, before);
        return put(out, remove);
    }
    for (name, operation, bit) in [(ece, ECE, 0), (cwr, CWR, 1)] {
        if info[0] & operation != 0 {
            put(out, before);
            put(out, name);
            dec(out, info[2] >> bit & 1);
        }
    }
    if info[0] & IP != 0 {
        put(out, ect);
        dec(out, info[1]);
    }
}
