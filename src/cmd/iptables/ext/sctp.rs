//! `-m sctp`: ports and chunks of SCTP.

use crate::cmd::iptables::fail::{Result, usage};

use super::ports::{self, DESTINATION, Given, SOURCE};
use super::{Ext, Fill, Opt, Shown, Transport, put, put_at, u32_at};

const CHUNKS: usize = 8;
/// Eight times what 256 bits need.
const CHUNKS_LEN: usize = 256;
const MATCH_TYPE: usize = 264;
const FLAG_INFO: usize = 268;
const FLAG_COUNT: usize = 280;
const FLAGS: usize = 284;
const INVERTED: usize = 288;
/// XT_NUM_SCTP_FLAGS.
const MOST_FLAGS: usize = 4;

/// XT_SCTP_*: which options are given, and which of them inverted; the ports' bits are those of
/// the sides.
const CHUNK_TYPES: u8 = 4;

const PORTS: Given = Given { given: FLAGS, inverted: INVERTED, service: b"sctp" };

/// SCTP_CHUNK_MATCH_*, in the order of their bits.
const MATCH_TYPES: [&str; 3] = ["any", "all", "only"];

/// What the flags of a chunk are called, from the highest bit.
const DATA_FLAGS: &[u8; 8] = b"----IUBE";
const T_FLAG: &[u8; 8] = b"-------T";
const NO_FLAGS: &[u8; 8] = b"--------";

/// In the order of the reference: it is by their place here that it stores flags, which is not
/// the number of the later ones.
#[rustfmt::skip] // rows
const NAMES: &[(&str, u8, &[u8; 8])] = &[
    ("DATA", 0, DATA_FLAGS), ("INIT", 1, NO_FLAGS), ("INIT_ACK", 2, NO_FLAGS),
    ("SACK", 3, NO_FLAGS), ("HEARTBEAT", 4, NO_FLAGS), ("HEARTBEAT_ACK", 5, NO_FLAGS),
    ("ABORT", 6, T_FLAG), ("SHUTDOWN", 7, NO_FLAGS), ("SHUTDOWN_ACK", 8, NO_FLAGS),
    ("ERROR", 9, NO_FLAGS), ("COOKIE_ECHO", 10, NO_FLAGS), ("COOKIE_ACK", 11, NO_FLAGS),
    ("ECN_ECNE", 12, NO_FLAGS), ("ECN_CWR", 13, NO_FLAGS), ("SHUTDOWN_COMPLETE", 14, T_FLAG),
    ("I_DATA", 64, DATA_FLAGS), ("RE_CONFIG", 130, NO_FLAGS), ("PAD", 132, NO_FLAGS),
    ("ASCONF", 193, NO_FLAGS), ("ASCONF_ACK", 128, NO_FLAGS), ("FORWARD_TSN", 192, NO_FLAGS),
    ("I_FORWARD_TSN", 194, NO_FLAGS),
];

/// struct xt_sctp_info: ports, chunks as bits, how they are meant, flags of chunks (chunk, flags,
/// mask), how many of those, which options, which inverted.
pub static SCTP: Ext = Ext {
    name: "sctp",
    wire: "sctp",
    size: 296,
    user: 296,
    opts: &[
        Opt { again: true, take: |f, value| take_ports(f, value, SOURCE), ..ports::OF_SOURCE },
        Opt {
            again: true,
            take: |f, value| take_ports(f, value, DESTINATION),
            ..ports::OF_DESTINATION
        },
        Opt {
            name: "chunk-types",
            arg: "all|any|only CHUNK[:FLAGS][,...]",
            not: true,
            again: true,
            take: take_chunks,
            ..Opt::NONE
        },
    ],
    // No chunk has flags yet.
    init: |info| (0..MOST_FLAGS).for_each(|i| info[FLAG_INFO + i * 3] = 255),
    save: |out, s| {
        PORTS.save(out, s.info);
        if s.info[FLAGS] & CHUNK_TYPES != 0 {
            put(out, if s.info[INVERTED] & CHUNK_TYPES != 0 { " !" } else { "" });
            put(out, " --chunk-types");
            chunks(out, s, false);
        }
    },
    list: |out, s| {
        put(out, " sctp");
        PORTS.list(out, s);
        if s.info[FLAGS] & CHUNK_TYPES != 0 {
            put(out, if s.info[INVERTED] & CHUNK_TYPES != 0 { " !" } else { "" });
            chunks(out, s, s.numeric);
        }
    },
    transport: Transport::loaded_by(132),
    ..Ext::MATCH
};

fn once(f: &Fill<'_, '_>, bit: u8) -> Result {
    if f.info[FLAGS] & bit != 0 {
        return usage(&[b"Only one `--", f.opt.name.as_bytes(), b"' allowed"]);
    }
    Ok(())
}

fn take_ports(f: &mut Fill<'_, '_>, value: &[u8], side: usize) -> Result {
    once(f, 1 << side)?;
    let range = PORTS.parse(value, f.not, f.db)?;
    PORTS.set(f.info, side, range);
    Ok(())
}

fn take_chunks(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    once(f, CHUNK_TYPES)?;
    let list = match f.words.peek().and_then(|w| w.first()) {
        Some(b'-' | b'!') => None,
        _ => f.words.take(),
    };
    let Some(list) = list else { return usage(&[b"--chunk-types requires two args"]) };
    let kind = MATCH_TYPES.iter().position(|n| n.as_bytes().eq_ignore_ascii_case(value));
    let Some(kind) = kind else {
        return usage(&[b"Match type has to be one of \"ALL\", \"ANY\" or \"ONLY\""]);
    };
    put_at(f.info, MATCH_TYPE, &(1u32 << kind).to_ne_bytes());
    match list {
        _ if list.eq_ignore_ascii_case(b"ALL") => f.info[CHUNKS..CHUNKS + CHUNKS_LEN].fill(255),
        _ if list.eq_ignore_ascii_case(b"NONE") => {}
        _ => {
            for word in list.split(|&b| b == b',').filter(|w| !w.is_empty()) {
                chunk(f.info, word)?;
            }
        }
    }
    PORTS.mark(f.info, CHUNK_TYPES, f.not);
    Ok(())
}

/// `NAME[:FLAGS]`: upper case for a flag that is set, lower case for one that is not.
fn chunk(info: &mut [u8], word: &[u8]) -> Result {
    let colon = word.iter().position(|&b| b == b':');
    let name = &word[..colon.unwrap_or(word.len())];
    let found =
        NAMES.iter().zip(0u8..).find(|((n, ..), _)| n.as_bytes().eq_ignore_ascii_case(name));
    let Some(((_, number, letters), index)) = found else {
        return usage(&[b"Unknown sctp chunk `", name, b"'"]);
    };
    let word_at = CHUNKS + usize::from(number / 32) * 4;
    let bits = u32_at(info, word_at) | 1 << (number % 32);
    put_at(info, word_at, &bits.to_ne_bytes());
    for letter in colon.map_or(&b""[..], |at| &word[at + 1..]) {
        let upper = letter.to_ascii_uppercase();
        let Some(bit) = letters.iter().position(|&l| l == upper).map(|at| 7 - at) else {
            return usage(&[b"Invalid flags for chunk type ", index.to_string().as_bytes()]);
        };
        let count = usize::from(info[FLAG_COUNT]);
        let place = (0..count).find(|i| info[FLAG_INFO + i * 3] == index);
        if place.is_none() && count < MOST_FLAGS {
            info[FLAG_INFO + count * 3] = index;
            info[FLAG_COUNT] += 1;
        }
        let at = FLAG_INFO + place.unwrap_or(count).min(MOST_FLAGS - 1) * 3;
        info[at + 1] |= u8::from(letter.is_ascii_uppercase()) << bit;
        info[at + 2] |= 1 << bit;
    }
    Ok(())
}

fn chunks(out: &mut Vec<u8>, s: &Shown<'_>, numeric: bool) {
    let kind = u32_at(s.info, MATCH_TYPE).trailing_zeros() as usize;
    put(out, " ");
    put(out, MATCH_TYPES.get(kind).copied().unwrap_or("Never reach here"));
    let bits = &s.info[CHUNKS..CHUNKS + CHUNKS_LEN];
    if bits.iter().all(|&b| b == 0) {
        return put(out, " NONE");
    }
    if bits.iter().all(|&b| b == 255) {
        return put(out, " ALL");
    }
    let mut before = " ";
    for number in 0..=255u8 {
        if u32_at(bits, usize::from(number / 32) * 4) & 1 << (number % 32) == 0 {
            continue;
        }
        put(out, before);
        before = ",";
        let known = NAMES.iter().find(|(_, n, _)| *n == number);
        match known.filter(|_| !numeric) {
            Some((name, ..)) => put(out, name),
            None => put(out, format!("0x{number:04X}")),
        }
        flags(out, s.info, number, known.map_or(NO_FLAGS, |k| k.2));
    }
}

fn flags(out: &mut Vec<u8>, info: &[u8], number: u8, letters: &[u8; 8]) {
    let count = usize::from(info[FLAG_COUNT]).min(MOST_FLAGS);
    let place = (0..count).map(|i| FLAG_INFO + i * 3).find(|&at| info[at] == number);
    let Some(at) = place else { return };
    put(out, ":");
    for (letter, bit) in letters.iter().zip((0..8).rev()) {
        match (info[at + 2] >> bit & 1, info[at + 1] >> bit & 1) {
            (0, _) => {}
            (_, 0) => out.push(letter.to_ascii_lowercase()),
            _ => out.push(*letter),
        }
    }
}
