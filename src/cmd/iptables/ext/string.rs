//! `-m string`: a text somewhere in the packet.

use crate::cmd::iptables::fail::{Result, usage};

use super::{Ext, Fill, Opt, Shown, put, put_at, scalar, text, u16_at};

const FROM: usize = 0;
const TO: usize = 2;
const ALGORITHM: usize = 4;
const ALGORITHM_SIZE: usize = 16;
const PATTERN: usize = 20;
/// XT_STRING_MAX_PATTERN_SIZE.
const PATTERN_SIZE: usize = 128;
const LENGTH: usize = 148;
const FLAGS: usize = 149;
/// XT_STRING_FLAG_*.
const INVERT: u8 = 1;
const IGNORE_CASE: u8 = 2;

const TEXT_BITS: u64 = 0x18;

/// struct xt_string_info: from, to, algorithm, pattern, its length, flags, and the kernel's own.
pub static STRING: Ext = Ext {
    name: "string",
    wire: "string",
    revision: 1,
    size: 160,
    user: 152,
    opts: OPTS,
    init: |info| put_at(info, TO, &u16::MAX.to_ne_bytes()),
    complete: |_, seen| match seen & TEXT_BITS {
        0 => usage(&[b"STRING match: You must specify `--string' or `--hex-string'"]),
        _ => Ok(()),
    },
    claims: |info| usize::from(info[LENGTH]) <= PATTERN_SIZE,
    save: |out, s| {
        put(out, if s.info[FLAGS] & INVERT != 0 { " !" } else { "" });
        put(out, if is_binary(pattern(s.info)) { " --hex-string" } else { " --string" });
        show(out, s, [" --algo ", " --from ", " --to ", " --icase"]);
    },
    list: |out, s| {
        put(out, if s.info[FLAGS] & INVERT != 0 { " STRING match !" } else { " STRING match " });
        show(out, s, [" ALGO name ", " FROM ", " TO ", " ICASE"]);
    },
    ..Ext::MATCH
};

static OPTS: &[Opt] = &[
    Opt {
        name: "from",
        arg: "OFFSET",
        take: |f, value| scalar::put_short(f.info, FROM, value, ("string", "from")),
        ..Opt::NONE
    },
    Opt {
        name: "to",
        arg: "OFFSET",
        take: |f, value| scalar::put_short(f.info, TO, value, ("string", "to")),
        ..Opt::NONE
    },
    Opt {
        name: "algo",
        arg: "bm|kmp",
        required: true,
        take: |f, value| {
            scalar::put_text(f.info, ALGORITHM, ALGORITHM_SIZE, value);
            Ok(())
        },
        ..Opt::NONE
    },
    Opt {
        name: "string",
        arg: "TEXT",
        excludes: 0x10,
        not: true,
        take: |f, value| take(f, value, value),
        ..Opt::NONE
    },
    Opt {
        name: "hex-string",
        excludes: 8,
        arg: "TEXT|HEX|TEXT",
        not: true,
        take: |f, value| {
            let text = hex(value)?;
            take(f, value, &text)
        },
        ..Opt::NONE
    },
    bits!("icase", FLAGS, IGNORE_CASE),
];

fn take(f: &mut Fill<'_, '_>, word: &[u8], text: &[u8]) -> Result {
    match u8::try_from(text.len()) {
        Ok(len) if text.len() <= PATTERN_SIZE => f.info[LENGTH] = len,
        _ => return usage(&[b"STRING too long \"", word, b"\""]),
    }
    put_at(f.info, PATTERN, text);
    f.info[FLAGS] |= if f.not { INVERT } else { 0 };
    Ok(())
}

/// Text with hexadecimal bytes between bars; a backslash takes the next byte as it is.
fn hex(word: &[u8]) -> Result<Vec<u8>> {
    if word.is_empty() {
        return usage(&[b"STRING must contain at least one char"]);
    }
    let mut text = Vec::with_capacity(word.len());
    let mut rest = word;
    let mut inside = false;
    loop {
        // A bar right behind another is none.
        if let [b'|', behind @ ..] = rest {
            inside = !inside;
            rest = behind;
            while let ([b' ', behind @ ..], true) = (rest, inside) {
                rest = behind;
            }
        } else if inside && rest.starts_with(b"\\") {
            return usage(&[b"Cannot include literals in hex data"]);
        } else if let [b'\\', behind @ ..] = rest {
            let Some((byte, behind)) = behind.split_first() else {
                return usage(&[b"Bad literal placement at end of string"]);
            };
            text.push(*byte);
            rest = behind;
            if rest.is_empty() {
                return Ok(text);
            }
            continue;
        }
        match (inside, rest) {
            (_, []) => return Ok(text),
            (false, [byte, behind @ ..]) => {
                text.push(*byte);
                rest = behind;
            }
            (true, [_]) => return usage(&[b"Odd number of hex digits"]),
            (true, [_, _]) => return usage(&[b"Invalid hex block"]),
            (true, [high, low, behind @ ..]) => {
                let digit = |b: u8| match char::from(b).to_digit(16) {
                    Some(n) => Ok(n),
                    None => usage(&[b"Invalid hex char '", &[b], b"'"]),
                };
                text.push(u8::try_from(digit(*high)? * 16 + digit(*low)?).unwrap_or(0));
                rest = behind.strip_prefix(b" ").unwrap_or(behind);
            }
        }
        if rest.is_empty() {
            return Ok(text);
        }
    }
}

fn pattern(info: &[u8]) -> &[u8] {
    info.get(PATTERN..PATTERN + usize::from(info[LENGTH])).unwrap_or_default()
}

/// Whether a text cannot be written as it is.
fn is_binary(text: &[u8]) -> bool {
    text.iter().any(|b| !(b' '..=b'~').contains(b)) || text.ends_with(b"\\")
}

fn show(out: &mut Vec<u8>, s: &Shown<'_>, [algorithm, from, to, icase]: [&str; 4]) {
    let bytes = pattern(s.info);
    if is_binary(bytes) {
        put(out, " \"|");
        for byte in bytes {
            put(out, format!("{byte:02x}"));
        }
        put(out, "|\"");
    } else {
        put(out, " \"");
        for &byte in bytes {
            if matches!(byte, b'"' | b'\\') {
                out.push(b'\\');
            }
            out.push(byte);
        }
        put(out, "\"");
    }
    put(out, algorithm);
    put(out, text(s.info, ALGORITHM, ALGORITHM_SIZE));
    for (at, word, usual) in [(FROM, from, 0), (TO, to, u16::MAX)] {
        let value = u16_at(s.info, at);
        if value != usual {
            put(out, word);
            put(out, value.to_string());
        }
    }
    put(out, if s.info[FLAGS] & IGNORE_CASE != 0 { icase } else { "" });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_stand_between_bars() {
        let ok = |w: &str| hex(w.as_bytes()).unwrap();
        assert_eq!(ok("ab|0a0B|cd"), b"ab\x0a\x0bcd");
        assert_eq!(ok("| de ad|"), b"\xde\xad");
        assert_eq!(ok("|00||01|"), b"\0|01");
        assert_eq!(ok("\\||00|"), b"|\0");
        assert_eq!(ok("|"), b"");
        for word in ["", "|0|", "|0g|", "|00", "a\\", "||", "|123|", "|\\00|", "|00  01|"] {
            assert!(hex(word.as_bytes()).is_err(), "{word}");
        }
    }
}
