//! `-j SYNPROXY`: answers in the place of a server until a TCP connection has been made.

use super::{Ext, Opt, Shown, put, scalar, u16_at};

const SCALE: usize = 1;
const SEGMENT: usize = 2;

/// XT_SYNPROXY_OPT_*.
const MSS: u8 = 1;
const WSCALE: u8 = 2;
const SACK_PERM: u8 = 4;
const TIMESTAMP: u8 = 8;
const ECN: u8 = 0x10;

/// struct xt_synproxy_info: options, scale, maximal segment size. Both are read as numbers of 32
/// bits; what does not fit into the fields is refused, where the reference keeps the low bits.
pub static SYNPROXY: Ext = Ext {
    name: "SYNPROXY",
    wire: "SYNPROXY",
    size: 8,
    user: 4,
    opts: &[
        bits!("sack-perm", 0, SACK_PERM),
        bits!("timestamp", 0, TIMESTAMP),
        Opt {
            name: "wscale",
            arg: "NUMBER",
            take: |f, value| {
                f.info[0] |= WSCALE;
                let place = ("SYNPROXY", "wscale");
                scalar::int(value, place, 0, u32::MAX)?;
                f.info[SCALE] = scalar::byte(value, place, 0, u8::MAX)?;
                Ok(())
            },
            ..Opt::NONE
        },
        Opt {
            name: "mss",
            arg: "BYTES",
            take: |f, value| {
                f.info[0] |= MSS;
                let place = ("SYNPROXY", "mss");
                scalar::int(value, place, 0, u32::MAX)?;
                scalar::put_short(f.info, SEGMENT, value, place)
            },
            ..Opt::NONE
        },
        bits!("ecn", 0, ECN),
    ],
    save: |out, s| show(out, s, " --", ""),
    list: |out, s| {
        put(out, " SYNPROXY ");
        show(out, s, "", " ");
    },
    ..Ext::TARGET
};

fn show(out: &mut Vec<u8>, s: &Shown<'_>, before: &str, behind: &str) {
    let rows = [
        (SACK_PERM, "sack-perm", None),
        (TIMESTAMP, "timestamp", None),
        (WSCALE, "wscale ", Some(u16::from(s.info[SCALE]))),
        (MSS, "mss ", Some(u16_at(s.info, SEGMENT))),
        (ECN, "ecn", None),
    ];
    for (_, name, value) in rows.into_iter().filter(|(bit, ..)| s.info[0] & bit != 0) {
        put(out, before);
        put(out, name);
        if let Some(value) = value {
            put(out, value.to_string());
        }
        put(out, behind);
    }
}
