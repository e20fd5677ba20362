//! `encap xfrm`: packets go through the IPsec policies of an interface id.

use super::Encap;
use super::word::{self, Row, Said, Take, invalid};
use crate::cli::{Args, Usage, value};
use crate::names::Names;
use crate::netlink::{Attr, Attrs};
use crate::output::{Field, Out, field};

pub const ENCAP: Encap = Encap { name: "xfrm", usage: "if_id ID [ link_dev DEVICE ]", send, show };

// LWT_XFRM_* (linux/lwtunnel.h)
const IF_ID: u16 = 1;
const LINK: u16 = 2;

static ROWS: &[Row] = &[
    Row { word: "if_id", twice: "if_id", take: Take::Own(if_id) },
    Row { word: "link_dev", twice: "link_dev", take: Take::Dev(LINK) },
    Row { word: "help", twice: "", take: Take::Before(|_, _| Err(usage())) },
];

fn usage() -> Usage {
    Usage::new(255, "Usage: ip route ... encap xfrm if_id ID [ link_dev DEVICE ]")
}

fn if_id(args: &mut Args<'_>, said: &mut Said<'_>) -> Result<(), Usage> {
    let id = value::u32(args.last()).filter(|id| *id != 0);
    said.req.u32(IF_ID, id.ok_or_else(|| invalid(args, "if_id"))?);
    Ok(())
}

fn send(args: &mut Args<'_>, said: &mut Said<'_>) -> Result<(), Usage> {
    word::read(ROWS, args, said)?;
    if said.has(ROWS, "if_id") { Ok(()) } else { Err(usage()) }
}

const SHOW_ID: Field = field("if_id", "if_id {} ");
const SHOW_LINK: Field = field("link_dev", "link_dev {} ");

fn show(out: &mut Out, names: &mut Names, nest: Attrs<'_>, _: bool) {
    if let Some(id) = nest.find(IF_ID).and_then(Attr::u32) {
        out.uint(SHOW_ID, id);
    }
    if let Some(link) = nest.find(LINK).and_then(Attr::u32) {
        out.bytes(SHOW_LINK, names.name(link));
    }
}
