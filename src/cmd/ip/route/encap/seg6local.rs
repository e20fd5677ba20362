//! `encap seg6local`: what is done with packets that come to a segment of this host.

use super::Encap;
use super::srh::{self, Srh};
use super::word::{self, Row, Said, Take, invalid};
use super::{bpf, seg6};
use crate::cli::value::{self, AF_INET, AF_INET6};
use crate::cli::{Args, Usage};
use crate::names::{Kind, Names};
use crate::netlink::{Attr, Attrs, NLA_F_NESTED, Table};
use crate::output::{Field, Out, Paint, field};

pub const ENCAP: Encap = Encap {
    name: "seg6local",
    usage: "action { End | End.X | End.T | End.DX2 | End.DX6 | End.DX4\n                \
            | End.DT6 | End.DT4 | End.DT46 | End.B6 | End.B6.Encaps | End.BM\n                \
            | End.S | End.AS | End.AM | End.BPF } [ table TABLE ]\n                \
            [ vrftable TABLE ] [ nh4 ADDRESS ] [ nh6 ADDRESS ] [ iif DEVICE ]\n                \
            [ oif DEVICE ] [ srh segs ADDRESS[,ADDRESS]... [ hmac KEY ] ]\n                \
            [ flavors FLAVOR[,FLAVOR]... [ lblen BITS ] [ nflen BITS ] ]\n                \
            [ endpoint BPF ] [ count ]",
    send,
    show,
};

// SEG6_LOCAL_* (linux/seg6_local.h)
const ACTION: u16 = 1;
const SRH: u16 = 2;
const TABLE: u16 = 3;
const NH4: u16 = 4;
const NH6: u16 = 5;
const IIF: u16 = 6;
const OIF: u16 = 7;
const BPF: u16 = 8;
const VRFTABLE: u16 = 9;
const COUNTERS: u16 = 10;
const FLAVORS: u16 = 11;
// SEG6_LOCAL_CNT_*
const PACKETS: u16 = 2;
const BYTES: u16 = 3;
const ERRORS: u16 = 4;
// SEG6_LOCAL_FLV_*
const OPERATIONS: u16 = 1;
const LBLEN: u16 = 2;
const NFLEN: u16 = 3;

/// SEG6_LOCAL_ACTION_*: the place is the number.
static ACTIONS: &[&str] = &[
    "<unknown>",
    "End",
    "End.X",
    "End.T",
    "End.DX2",
    "End.DX6",
    "End.DX4",
    "End.DT6",
    "End.DT4",
    "End.B6",
    "End.B6.Encaps",
    "End.BM",
    "End.S",
    "End.AS",
    "End.AM",
    "End.BPF",
    "End.DT46",
];
const B6_ENCAPS: u32 = 10;

/// SEG6_LOCAL_FLV_OP_*: the place, from 1, is the number of the bit.
static FLAVOR: &[&str] = &["psp", "usp", "usd", "next-csid"];
const NEXT_CSID: u32 = 1 << 4;

const fn row(word: &'static str, take: Take) -> Row {
    Row { word, twice: word, take }
}

static ROWS: &[Row] = &[
    row("action", Take::Own(action)),
    row("table", Take::Table(TABLE, "invalid table id\n")),
    row("vrftable", Take::Table(VRFTABLE, "invalid vrf table id\n")),
    row("nh4", Take::Addr(NH4, AF_INET)),
    row("nh6", Take::Addr(NH6, AF_INET6)),
    row("iif", Take::Dev(IIF)),
    row("oif", Take::Dev(OIF)),
    row("count", Take::Flag(count)),
    row("srh", Take::Own(header)),
    row("flavors", Take::Own(flavors)),
    row("endpoint", Take::Own(|args, said| bpf::program(args, said.req, BPF))),
];

fn send(args: &mut Args<'_>, said: &mut Said<'_>) -> Result<(), Usage> {
    word::read(ROWS, args, said)?;
    if said.mode.is_none() {
        return Err(Usage::new(255, "Missing action type"));
    }
    if said.has(ROWS, "srh") {
        // The action says whether the header is put into the packet or around it.
        let segs = srh::segments(&said.segs)?;
        let header = srh::header(&segs, said.hmac, said.mode != Some(B6_ENCAPS));
        said.req.attr(SRH, &header);
    }
    Ok(())
}

fn action(args: &mut Args<'_>, said: &mut Said<'_>) -> Result<(), Usage> {
    let at = ACTIONS.iter().skip(1).position(|a| a.as_bytes() == args.last());
    let at = at.and_then(|at| u32::try_from(at + 1).ok()).ok_or_else(|| invalid(args, "action"))?;
    said.mode = Some(at);
    said.req.u32(ACTION, at);
    Ok(())
}

fn count(said: &mut Said<'_>) {
    let nest = said.req.nest(COUNTERS | NLA_F_NESTED);
    [PACKETS, BYTES, ERRORS].into_iter().for_each(|attr| said.req.u64(attr, 0));
    said.req.end(nest);
}

/// `segs A,A... [hmac KEY]`
fn header(args: &mut Args<'_>, said: &mut Said<'_>) -> Result<(), Usage> {
    if args.last() != b"segs" {
        return Err(args.wrong("missing \"segs\" attribute for srh\n"));
    }
    args.need()?;
    said.segs(args);
    if args.peek() == Some(b"hmac") {
        args.take();
        args.need()?;
        seg6::hmac(args, said)?;
    }
    Ok(())
}

/// `FLAVOR,... [lblen BITS] [nflen BITS]`, in this order, and the lengths only with next-csid.
fn flavors(args: &mut Args<'_>, said: &mut Said<'_>) -> Result<(), Usage> {
    let word = args.last();
    let mut bits = 0;
    // Of commas alone there are none; nothing at all is no list.
    for part in word.split(|&b| b == b',').filter(|p| word.is_empty() || !p.is_empty()) {
        let at = FLAVOR.iter().position(|f| f.as_bytes().eq_ignore_ascii_case(part));
        let bit = at.map_or(0, |at| 2 << at);
        if bit == 0 || bits & bit != 0 {
            return Err(args.wrong("invalid \"flavors\" attribute\n"));
        }
        bits |= bit;
    }
    let nest = said.req.nest(FLAVORS | NLA_F_NESTED);
    said.req.u32(OPERATIONS, bits);
    for (word, attr, name) in
        [("lblen", LBLEN, "locator-block length"), ("nflen", NFLEN, "locator-node function length")]
    {
        if bits & NEXT_CSID != 0 && args.peek() == Some(word.as_bytes()) {
            args.take();
            let n = value::u8(args.need()?).ok_or_else(|| invalid(args, name))?;
            said.req.u8(attr, n);
        }
    }
    said.req.end(nest);
    Ok(())
}

const SHOW_ACTION: Field = field("action", "action {} ");
const SHOW_TABLE: Field = field("table", "table {} ");
const SHOW_VRFTABLE: Field = field("vrftable", "vrftable {} ");
const SHOW_NH4: Field = field("nh4", "nh4 {} ");
const SHOW_NH6: Field = field("nh6", "nh6 {} ");
const SHOW_IIF: Field = field("iif", "iif {} ");
const SHOW_OIF: Field = field("oif", "oif {} ");
const SHOW_ENDPOINT: Field = field("endpoint", "endpoint {} ");

fn show(out: &mut Out, names: &mut Names, nest: Attrs<'_>, stats: bool) {
    let t = Table::<12>::new(nest);
    let number = |attr| t.get(attr).and_then(Attr::u32);
    // Without an action there is nothing to say about it.
    let Some(action) = number(ACTION) else { return };
    out.str(SHOW_ACTION, ACTIONS.get(action as usize).copied().unwrap_or("<invalid>"));
    if let Some(srh) = t.get(SRH).and_then(|a| Srh::read(a.value)) {
        out.open_object("srh");
        srh.show(out);
        out.close();
    }
    for (attr, f) in [(TABLE, SHOW_TABLE), (VRFTABLE, SHOW_VRFTABLE)] {
        if let Some(table) = number(attr) {
            out.str(f, &names.show(Kind::RtTable, table));
        }
    }
    for (attr, f) in [(NH4, SHOW_NH4), (NH6, SHOW_NH6)] {
        if let Some(a) = t.get(attr) {
            out.ip(Paint::Plain, f, a.value);
        }
    }
    for (attr, f) in [(IIF, SHOW_IIF), (OIF, SHOW_OIF)] {
        if let Some(index) = number(attr) {
            out.bytes(f, names.name(index));
        }
    }
    if let Some(a) = t.get(BPF) {
        bpf::show_program(out, SHOW_ENDPOINT, "endpoint ", a.nested());
    }
    if let Some(a) = t.get(COUNTERS).filter(|_| stats) {
        counters(out, a.nested());
    }
    if let Some(a) = t.get(FLAVORS) {
        show_flavors(out, a.nested());
    }
}

const SHOW_PACKETS: Field = field("packets", "packets {} ");
const SHOW_BYTES: Field = field("bytes", "bytes {} ");
const SHOW_ERRORS: Field = field("errors", "errors {} ");

fn counters(out: &mut Out, nest: Attrs<'_>) {
    out.open_object("stats64");
    for (attr, f) in [(PACKETS, SHOW_PACKETS), (BYTES, SHOW_BYTES), (ERRORS, SHOW_ERRORS)] {
        out.uint(f, nest.find(attr).and_then(Attr::u64).unwrap_or(0));
    }
    out.close();
}

const FIRST: Field = field("", "{}");
const NEXT: Field = field("", ",{}");
const SHOW_LBLEN: Field = field("lblen", "lblen {} ");
const SHOW_NFLEN: Field = field("nflen", "nflen {} ");

fn show_flavors(out: &mut Out, nest: Attrs<'_>) {
    if let Some(bits) = nest.find(OPERATIONS).and_then(Attr::u32) {
        out.open_list("flavors");
        out.text("flavors ");
        let mut f = FIRST;
        for (_, name) in FLAVOR.iter().enumerate().filter(|(at, _)| bits & 2 << at != 0) {
            out.str(f, name);
            f = NEXT;
        }
        out.close_list();
        out.text(" ");
    }
    for (attr, f) in [(LBLEN, SHOW_LBLEN), (NFLEN, SHOW_NFLEN)] {
        if let Some(n) = nest.find(attr).and_then(Attr::u8) {
            out.uint(f, n);
        }
    }
}
