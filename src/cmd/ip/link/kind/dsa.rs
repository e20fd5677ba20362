//! `dsa`: a port of a switch chip.

use super::LinkKind;
use crate::cli::{Args, Usage, Word, exact};
use crate::names::Names;
use crate::netlink::{Attr, Request};
use crate::opt::{Opt, Ty};
use crate::output::{Field, Out};

use super::super::device;

pub static KIND: LinkKind =
    LinkKind { opts: OPTS, calls: "command", ..LinkKind::plain("dsa", "a port of a switch chip") };

const IFLA_DSA_CONDUIT: u16 = 1;

const fn row(word: Word, show: crate::opt::Show) -> Opt {
    Opt::new(word, "DEVICE", IFLA_DSA_CONDUIT, Ty::Own { send: conduit, show }, token!("conduit"))
}

/// The older name has another one's place.
const OPTS: &[Opt] = &[row(exact("conduit"), show), row(exact("master"), hide)];

fn conduit(args: &mut Args<'_>, n: &mut Names, attr: u16, req: &mut Request) -> Result<(), Usage> {
    req.u32(attr, device::master(args, n)?);
    Ok(())
}
fn show(out: &mut Out, names: &mut Names, f: Field, a: Attr<'_>) {
    if let Some(index) = a.u32() {
        out.bytes(f, names.name(index));
    }
}
fn hide(_: &mut Out, _: &mut Names, _: Field, _: Attr<'_>) {}
