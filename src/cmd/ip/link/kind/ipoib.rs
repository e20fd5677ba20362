//! `ipoib`: IP over one partition of an InfiniBand port.

use super::LinkKind;
use crate::cli::{Args, Usage, prefix};
use crate::names::Names;
use crate::netlink::{Attr, Request};
use crate::opt::{Opt, Ty};
use crate::output::{Field, Out};

pub static KIND: LinkKind =
    LinkKind { opts: OPTS, ..LinkKind::plain("ipoib", "IP over a partition of InfiniBand") };

/// IPOIB_MODE_* (linux/if_link.h)
const MODES: &[&str] = &["datagram", "connected"];

/// In the order in which they are shown.
#[rustfmt::skip] // one row, one line
const OPTS: &[Opt] = &[
    Opt::new(prefix("pkey"), "PKEY", 1, Ty::Own { send: pkey, show: show_pkey }, token!("pkey", "key")),
    Opt::new(prefix("mode"), "{ datagram | connected }", 2, Ty::Own { send: mode, show: show_mode }, token!("mode")),
    Opt::new(prefix("umcast"), "{ 0 | 1 }", 3, Ty::Own { send: umcast, show: show_umcast }, token!("umcast")),
];

fn pkey(args: &mut Args<'_>, _: &mut Names, attr: u16, req: &mut Request) -> Result<(), Usage> {
    req.u16(attr, args.value(crate::cli::value::u16, "pkey is invalid")?);
    Ok(())
}
fn show_pkey(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    a.u16().into_iter().for_each(|v| out.str(f, &format!("{v:#06x}")));
}

fn mode(args: &mut Args<'_>, _: &mut Names, attr: u16, req: &mut Request) -> Result<(), Usage> {
    let word = args.need()?;
    let Some((_, mode)) = MODES.iter().zip(0u16..).find(|(m, _)| m.as_bytes() == word) else {
        // No blank before `or`, and the batch ends with it (observed in iproute2 6.15).
        let text = "Error: argument of \"mode\" must be \"datagram\"or \"connected\"";
        return Err(Usage::new(1, text).at(args.at()));
    };
    req.u16(attr, mode);
    Ok(())
}
fn show_mode(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    if let Some(mode) = a.u16() {
        out.str(f, MODES.get(usize::from(mode)).copied().unwrap_or("unknown"));
    }
}

fn umcast(args: &mut Args<'_>, _: &mut Names, attr: u16, req: &mut Request) -> Result<(), Usage> {
    req.u16(attr, args.value(crate::cli::value::u16, "umcast is invalid")?);
    Ok(())
}
fn show_umcast(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    a.u16().into_iter().for_each(|v| out.str(f, &format!("{v:04x}")));
}
