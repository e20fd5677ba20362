//! `vrf`: a routing table of its own for the devices that are its ports.

use super::LinkKind;
use crate::cli::{Args, Usage, prefix};
use crate::names::{Kind, Names};
use crate::netlink::{Attr, Request};
use crate::opt::{Opt, Ty};
use crate::output::{Field, Out};

pub static KIND: LinkKind = LinkKind {
    opts: OPTS,
    ..LinkKind::plain("vrf", "a routing table of its own for the devices in it")
};

const IFLA_VRF_TABLE: u16 = 1;

const OPTS: &[Opt] = &[Opt::new(
    prefix("table"),
    "TABLE",
    IFLA_VRF_TABLE,
    Ty::Own { send: table, show: number },
    token!("table"),
)];

fn table(args: &mut Args<'_>, n: &mut Names, attr: u16, req: &mut Request) -> Result<(), Usage> {
    let table = n.number(Kind::RtTable, args.need()?);
    req.u32(attr, table.ok_or_else(|| args.wrong("invalid table ID\n"))?);
    Ok(())
}

/// The number, also of a table that has a name.
pub fn number(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    a.u32().into_iter().for_each(|v| out.uint(f, v));
}
