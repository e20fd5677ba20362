//! Segment routing headers (struct ipv6_sr_hdr, linux/seg6.h): segments as they are typed, sent
//! and shown.
//!
//! 8 bytes: next header, length behind them in units of 8, type, segments left, the number of the
//! last segment, flags, tag u16. Then the segments, the last one first, then TLVs: an HMAC is
//! type, length, 2 bytes, key id u32, 32 bytes for the hash, which the kernel fills in.

use crate::cli::Usage;
use crate::cli::value::{self, AF_INET6};
use crate::output::addr::paint_of;
use crate::output::{Field, Out, field, json_only, text_only};

const HEADER: usize = 8;
const SEG: usize = 16;
const TYPE: u8 = 4;
const FLAG_HMAC: u8 = 8;
const TLV_HMAC: [u8; 4] = [5, 38, 0, 0];
/// The whole TLV, with room for the hash.
const HMAC: usize = 40;
/// More do not fit: the length has one byte.
const MOST: usize = 120;

/// Reads `A,A,...`, the word of this number. Empty parts count as segments `::` behind the others
/// (observed in iproute2 6.15).
///
/// # Errors
///
/// The reference's sentence for what is no IPv6 address.
pub fn segments((word, at): &(Vec<u8>, usize)) -> Result<Vec<u8>, Usage> {
    let mut segs = Vec::new();
    let parts = word.split(|&b| b == b',');
    let count = parts.clone().count();
    if count > MOST {
        let text = [b"Error: argument \"", &word[..], b"\" is wrong: too many segments\n"].concat();
        return Err(Usage::new(255, text).at(*at));
    }
    for part in parts.filter(|p| !p.is_empty()) {
        let addr = value::addr(part, AF_INET6).map_err(|e| e.at(*at))?;
        segs.extend_from_slice(addr.bytes());
        segs.resize(segs.len().next_multiple_of(SEG), 0);
        if addr.bytes().is_empty() {
            segs.resize(segs.len() + SEG, 0);
        }
    }
    segs.resize(count * SEG, 0);
    Ok(segs)
}

/// The header for these segments, of which there is at least one; `inline`: the address that the
/// packet has already comes last. A key of 0 is none.
pub fn header(segs: &[u8], hmac: u32, inline: bool) -> Vec<u8> {
    let mut body = vec![0; if inline { SEG } else { 0 }];
    segs.chunks(SEG).rev().for_each(|s| body.extend_from_slice(s));
    let last = u8::try_from(body.len() / SEG - 1).unwrap_or(u8::MAX);
    let mut flags = 0;
    if hmac != 0 {
        flags = FLAG_HMAC;
        let end = body.len() + HMAC;
        body.extend_from_slice(&TLV_HMAC);
        body.extend_from_slice(&hmac.to_be_bytes());
        body.resize(end, 0);
    }
    let len = u8::try_from(body.len() / 8).unwrap_or(u8::MAX);
    let mut header = vec![0, len, TYPE, last, last, flags, 0, 0];
    header.extend_from_slice(&body);
    header
}

/// What a header says.
pub struct Srh<'a> {
    /// 16 bytes each, the last one first.
    segs: &'a [u8],
    hmac: Option<u32>,
}

impl<'a> Srh<'a> {
    /// `None` for one that is shorter than it says.
    pub fn read(bytes: &'a [u8]) -> Option<Srh<'a>> {
        let &[_, len, _, _, last, flags, _, _] = bytes.first_chunk::<HEADER>()?;
        let end = (usize::from(last) + 1) * SEG;
        let body = &bytes[HEADER..];
        let segs = body.get(..end)?;
        // The TLV is the last of the header.
        let tlv = (usize::from(len) * 8).checked_sub(HMAC).and_then(|at| body.get(at..at + 8));
        let key = tlv.and_then(|t| t.last_chunk()).map(|k| u32::from_be_bytes(*k));
        Some(Srh { segs, hmac: key.filter(|_| flags & FLAG_HMAC != 0) })
    }

    /// Shows `segs N [ A A ] hmac KEY`.
    pub fn show(&self, out: &mut Out) {
        list(out, self.segs.chunks(SEG).rev(), self.segs.len() / SEG);
        if let Some(key) = self.hmac {
            out.display(HMAC_TEXT, format_args!("{key:X}"));
            out.display(HMAC_JSON, format_args!("{key:#x}"));
        }
    }
}

const COUNT: Field = text_only("segs {} [ ");
const ONE: Field = field("", "{} ");
const HMAC_TEXT: Field = text_only("hmac {} ");
const HMAC_JSON: Field = json_only("hmac");

/// Shows `segs N [ A A ] `.
pub fn list<'a>(out: &mut Out, segs: impl Iterator<Item = &'a [u8]>, count: usize) {
    out.open_list("segs");
    out.uint(COUNT, count as u64);
    for seg in segs {
        out.ip(paint_of(seg), ONE, seg);
    }
    out.close_list();
    out.text("] ");
}
