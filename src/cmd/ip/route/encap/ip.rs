//! `encap ip` and `encap ip6`: what a tunnel that takes its metadata from routes is told.

use super::word::{self, Row, Said, Take};
use super::{Encap, opts};
use crate::cli::value::{AF_INET, AF_INET6};
use crate::cli::{Args, Usage};
use crate::names::Names;
use crate::netlink::{Attrs, Table};
use crate::output::addr::paint_of;
use crate::output::{Field, Out, field};

/// The words that both have in common.
macro_rules! usage {
    ($ttl:literal, $tos:literal) => {
        concat!(
            "[ id ID ] [ dst ADDRESS ] [ src ADDRESS ] [ ",
            $ttl,
            " TTL ] [ ",
            $tos,
            " TOS ]\n                [ key ] [ csum ] [ seq ]\n                \
             [ geneve_opts CLASS:TYPE:HEX[,...] | vxlan_opts GBP\n                \
             | erspan_opts VERSION:INDEX:DIRECTION:HARDWARE ]"
        )
    };
}

pub const ENCAP: Encap =
    Encap { name: "ip", usage: usage!("ttl", "tos"), send: send4, show: show4 };
pub const ENCAP6: Encap =
    Encap { name: "ip6", usage: usage!("hoplimit", "tc"), send: send6, show: show6 };

// LWTUNNEL_IP_* and LWTUNNEL_IP6_* (linux/lwtunnel.h), which have the same numbers
const ID: u16 = 1;
const DST: u16 = 2;
const SRC: u16 = 3;
const TTL: u16 = 4;
const TOS: u16 = 5;
const FLAGS: u16 = 6;
const OPTS: u16 = 8;

// TUNNEL_* (linux/if_tunnel.h), in network order
const CSUM: u16 = 1;
const KEY: u16 = 4;
const SEQ: u16 = 8;

const fn row(word: &'static str, take: Take) -> Row {
    Row { word, twice: word, take }
}

const fn rows(family: u8, ttl: &'static str, tos: Row) -> [Row; 11] {
    [
        row("id", Take::U64(ID)),
        row("dst", Take::Addr(DST, family)),
        row("src", Take::Addr(SRC, family)),
        row(ttl, Take::U8(TTL)),
        tos,
        row("key", Take::Flag(|said| said.flags |= KEY)),
        row("csum", Take::Flag(|said| said.flags |= CSUM)),
        row("seq", Take::Flag(|said| said.flags |= SEQ)),
        Row { word: opts::GENEVE, twice: "", take: Take::Before(opts::send) },
        Row { word: opts::VXLAN, twice: "", take: Take::Before(opts::send) },
        Row { word: opts::ERSPAN, twice: "", take: Take::Before(opts::send) },
    ]
}

static ROWS: [Row; 11] = rows(AF_INET, "ttl", row("tos", Take::Tos(TOS)));
static ROWS6: [Row; 11] = rows(AF_INET6, "hoplimit", row("tc", Take::Tos(TOS)));

fn send4(args: &mut Args<'_>, said: &mut Said<'_>) -> Result<(), Usage> {
    send(&ROWS, args, said)
}
fn send6(args: &mut Args<'_>, said: &mut Said<'_>) -> Result<(), Usage> {
    send(&ROWS6, args, said)
}

fn send(rows: &[Row], args: &mut Args<'_>, said: &mut Said<'_>) -> Result<(), Usage> {
    word::read(rows, args, said)?;
    if said.flags != 0 {
        said.req.u16_be(FLAGS, said.flags);
    }
    if let Some(options) = said.opts.take() {
        said.req.attr(OPTS | crate::netlink::NLA_F_NESTED, &options);
    }
    Ok(())
}

const SHOW_ID: Field = field("id", "id {} ");
const SHOW_SRC: Field = field("src", "src {} ");
const SHOW_DST: Field = field("dst", "dst {} ");
const BYTES: [Field; 2] = [field("ttl", "ttl {} "), field("tos", "tos {} ")];
const BYTES6: [Field; 2] = [field("hoplimit", "hoplimit {} "), field("tc", "tc {} ")];

fn show4(out: &mut Out, _: &mut Names, nest: Attrs<'_>, _: bool) {
    show(out, nest, BYTES);
}
fn show6(out: &mut Out, _: &mut Names, nest: Attrs<'_>, _: bool) {
    show(out, nest, BYTES6);
}

fn show(out: &mut Out, nest: Attrs<'_>, bytes: [Field; 2]) {
    let t = Table::<9>::new(nest);
    if let Some(id) = t.get(ID).and_then(|a| a.u64_be()) {
        out.uint(SHOW_ID, id);
    }
    for (attr, f) in [(SRC, SHOW_SRC), (DST, SHOW_DST)] {
        if let Some(a) = t.get(attr) {
            out.ip(paint_of(a.value), f, a.value);
        }
    }
    for (attr, f) in [TTL, TOS].into_iter().zip(bytes) {
        if let Some(v) = t.get(attr).and_then(|a| a.u8()) {
            out.uint(f, v);
        }
    }
    if let Some(flags) = t.get(FLAGS).and_then(|a| a.u16_be()) {
        for (bit, key, text) in
            [(KEY, "key", "key "), (CSUM, "csum", "csum "), (SEQ, "seq", "seq ")]
        {
            if flags & bit != 0 {
                out.flag(key, text);
            }
        }
    }
    if let Some(a) = t.get(OPTS) {
        opts::show(out, a.nested());
    }
}
