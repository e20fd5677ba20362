//! `-j LED`: a lamp shines.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::number;

use super::{Ext, Fill, Opt, Shown, put, put_at, text, u32_at};

/// What every trigger's name begins with.
const PREFIX: &[u8] = b"netfilter-";
/// The longest name behind it.
const LONGEST: usize = 16;
const NAME_LEN: usize = 27;
const BLINK: usize = 27;
const DELAY: usize = 28;

/// struct xt_led_info: name, whether it always blinks, milliseconds, what is the kernel's.
pub static LED: Ext = Ext {
    name: "LED",
    wire: "LED",
    size: 40,
    user: 32,
    opts: &[
        Opt {
            name: "led-trigger-id",
            arg: "NAME",
            required: true,
            take: |f, value| {
                if value.len() > LONGEST {
                    return usage(&[b"Argument must have a maximum length of 16 characters\n"]);
                }
                put_at(f.info, 0, PREFIX);
                put_at(f.info, PREFIX.len(), value);
                Ok(())
            },
            ..Opt::NONE
        },
        Opt { name: "led-delay", arg: "MILLISECONDS|inf", take: delay, ..Opt::NONE },
        Opt {
            name: "led-always-blink",
            take: |f, _| {
                f.info[BLINK] = 1;
                Ok(())
            },
            ..Opt::NONE
        },
    ],
    save: |out, s| {
        put(out, " --led-trigger-id ");
        name(out, s);
        if u32_at(s.info, DELAY) != 0 {
            put(out, " --led-delay ");
            signed(out, s);
        }
        put(out, if s.info[BLINK] != 0 { " --led-always-blink" } else { "" });
    },
    list: |out, s| {
        put(out, " led-trigger-id:");
        name(out, s);
        put(out, " led-delay:");
        if u32_at(s.info, DELAY) == u32::MAX {
            put(out, "inf");
        } else {
            signed(out, s);
            put(out, "ms");
        }
        put(out, if s.info[BLINK] != 0 { " led-always-blink" } else { "" });
    },
    ..Ext::TARGET
};

fn delay(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let ms = match value {
        b"inf" => Some(u32::MAX),
        _ => number(value, u32::MAX.into()).and_then(|n| u32::try_from(n).ok()),
    };
    let Some(ms) = ms else {
        return usage(&[b"Delay value must be within range 0..4294967295"]);
    };
    put_at(f.info, DELAY, &ms.to_ne_bytes());
    Ok(())
}

/// In quotes always.
fn name(out: &mut Vec<u8>, s: &Shown<'_>) {
    out.push(b'"');
    for &b in text(s.info, 0, NAME_LEN).get(PREFIX.len()..).unwrap_or(b"") {
        if matches!(b, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(b);
    }
    out.push(b'"');
}

/// The reference takes the time for signed.
fn signed(out: &mut Vec<u8>, s: &Shown<'_>) {
    put(out, u32_at(s.info, DELAY).cast_signed().to_string());
}
