//! `encap rpl`: source routes of low-power networks (RFC 6554).

use super::Encap;
use super::srh;
use super::word::{self, Row, Said, Take};
use crate::cli::{Args, Usage};
use crate::names::Names;
use crate::netlink::Attrs;
use crate::output::Out;

pub const ENCAP: Encap = Encap { name: "rpl", usage: "segs ADDRESS[,ADDRESS]...", send, show };

/// RPL_IPTUNNEL_SRH (linux/rpl_iptunnel.h)
const SRH: u16 = 1;
/// struct ipv6_rpl_sr_hdr (linux/rpl.h), 8 bytes: next header, length in units of 8, type,
/// segments left, and how addresses are compressed, which these are not. Segments follow, the last
/// one first.
const HEADER: usize = 8;
const TYPE: u8 = 3;
const SEG: usize = 16;

static ROWS: &[Row] = &[Row {
    word: "segs",
    twice: "segs",
    take: Take::Own(|args, said| {
        said.segs(args);
        Ok(())
    }),
}];

fn send(args: &mut Args<'_>, said: &mut Said<'_>) -> Result<(), Usage> {
    word::read(ROWS, args, said)?;
    // Without a segment the kernel has the last word.
    let segs = srh::segments(&said.segs)?;
    let count = u8::try_from(segs.len() / SEG).unwrap_or(u8::MAX);
    let mut header = vec![0, count.saturating_mul(2), TYPE, count, 0, 0, 0, 0];
    segs.chunks(SEG).rev().for_each(|s| header.extend_from_slice(s));
    said.req.attr(SRH, &header);
    Ok(())
}

fn show(out: &mut Out, _: &mut Names, nest: Attrs<'_>, _: bool) {
    let Some((header, body)) = nest.find(SRH).and_then(|a| a.value.split_first_chunk::<HEADER>())
    else {
        return;
    };
    let Some(segs) = body.get(..usize::from(header[3]) * SEG) else { return };
    srh::list(out, segs.chunks(SEG).rev(), segs.len() / SEG);
}
