//! `encap seg6`: a packet is sent along segments.

use super::Encap;
use super::srh::{self, Srh};
use super::word::{self, Row, Said, Take, invalid};
use crate::cli::value::{self, AF_INET6};
use crate::cli::{Args, Usage};
use crate::names::Names;
use crate::netlink::Attrs;
use crate::output::addr::paint_of;
use crate::output::{Field, Out, field};

pub const ENCAP: Encap = Encap {
    name: "seg6",
    usage: "mode { inline | encap | l2encap | encap.red | l2encap.red }\n                \
            [ tunsrc ADDRESS ] segs ADDRESS[,ADDRESS]... [ hmac KEY ]",
    send,
    show,
};

// SEG6_IPTUNNEL_* (linux/seg6_iptunnel.h). The first is struct seg6_iptunnel_encap: mode i32, and
// a segment routing header.
const SRH: u16 = 1;
const SRC: u16 = 2;

/// SEG6_IPTUN_MODE_* by number.
static MODES: &[&str] = &["inline", "encap", "l2encap", "encap.red", "l2encap.red"];

static ROWS: &[Row] = &[
    Row { word: "mode", twice: "mode", take: Take::Own(mode) },
    Row { word: "tunsrc", twice: "tunsrc", take: Take::Own(source) },
    Row { word: "segs", twice: "segs", take: Take::Own(segs) },
    Row { word: "hmac", twice: "hmac", take: Take::Own(hmac) },
];

fn mode(args: &mut Args<'_>, said: &mut Said<'_>) -> Result<(), Usage> {
    let at = MODES.iter().position(|m| m.as_bytes() == args.last());
    let at = at.ok_or_else(|| invalid(args, "mode"))?;
    said.mode = u32::try_from(at).ok();
    Ok(())
}

/// Some words make sense only when the mode is known.
fn behind_mode(args: &Args<'_>, said: &Said<'_>, word: &str) -> Result<(), Usage> {
    match said.mode {
        Some(_) => Ok(()),
        None => Err(args.wrong(&["\"", word, "\" provided before \"mode\"\n"].concat())),
    }
}

fn source(args: &mut Args<'_>, said: &mut Said<'_>) -> Result<(), Usage> {
    behind_mode(args, said, "tunsrc")?;
    let addr = value::addr(args.last(), AF_INET6).map_err(|e| e.at(args.at()))?;
    said.req.attr(SRC, addr.bytes());
    Ok(())
}

fn segs(args: &mut Args<'_>, said: &mut Said<'_>) -> Result<(), Usage> {
    behind_mode(args, said, "segs")?;
    said.segs(args);
    Ok(())
}

/// Reads the number of a key, the word taken last. The reference takes any other word for 0,
/// which is none.
pub fn hmac(args: &mut Args<'_>, said: &mut Said<'_>) -> Result<(), Usage> {
    said.hmac = value::u32(args.last()).ok_or_else(|| invalid(args, "hmac"))?;
    Ok(())
}

fn send(args: &mut Args<'_>, said: &mut Said<'_>) -> Result<(), Usage> {
    word::read(ROWS, args, said)?;
    // Without a mode the kernel has the last word (it says no).
    let mode = said.mode.unwrap_or(u32::MAX);
    let mut tunnel = mode.to_ne_bytes().to_vec();
    tunnel.extend(srh::header(&srh::segments(&said.segs)?, said.hmac, mode == 0));
    said.req.attr(SRH, &tunnel);
    Ok(())
}

const MODE: Field = field("mode", "mode {} ");
const TUNSRC: Field = field("tunsrc", "tunsrc {} ");

fn show(out: &mut Out, _: &mut Names, nest: Attrs<'_>, _: bool) {
    let Some((mode, header)) = nest.find(SRH).and_then(|a| a.value.split_first_chunk::<4>()) else {
        return;
    };
    let mode = u32::from_ne_bytes(*mode) as usize;
    out.str(MODE, MODES.get(mode).copied().unwrap_or("<unknown>"));
    if let Some(a) = nest.find(SRC) {
        out.ip(paint_of(a.value), TUNSRC, a.value);
    }
    if let Some(srh) = Srh::read(header) {
        srh.show(out);
    }
}
