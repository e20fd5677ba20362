//! `encap mpls`: labels in front of the packet.

use super::Encap;
use super::word::{self, Row, Said, Take};
use crate::cli::value::{self, AF_MPLS};
use crate::cli::{Args, Usage};
use crate::names::Names;
use crate::netlink::Attrs;
use crate::output::addr::labels;
use crate::output::{Field, Out, field};

pub const ENCAP: Encap = Encap { name: "mpls", usage: "LABEL[/LABEL]... [ ttl TTL ]", send, show };

// MPLS_IPTUNNEL_* (linux/mpls_iptunnel.h)
const DST: u16 = 1;
const TTL: u16 = 2;

static ROWS: &[Row] = &[Row { word: "ttl", twice: "ttl", take: Take::U8(TTL) }];

fn send(args: &mut Args<'_>, said: &mut Said<'_>) -> Result<(), Usage> {
    let stack = value::labels(args.need()?);
    let stack = stack.ok_or_else(|| value::no_addr(args.last(), AF_MPLS).at(args.at()))?;
    said.req.attr(DST, &stack);
    word::read(ROWS, args, said)
}

const DST_FIELD: Field = field("dst", " {} ");
const TTL_FIELD: Field = field("ttl", "ttl {} ");

fn show(out: &mut Out, _: &mut Names, nest: Attrs<'_>, _: bool) {
    if let Some(a) = nest.find(DST) {
        out.bytes(DST_FIELD, &labels(a.value));
    }
    if let Some(ttl) = nest.find(TTL).and_then(|a| a.u8()) {
        out.uint(TTL_FIELD, ttl);
    }
}
