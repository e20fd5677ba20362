//! `hsr`: a ring of two ports, along which each frame goes both ways (IEC 62439-3).

use super::{LinkKind, Shown, Words};
use crate::cli::{Args, Usage, Word, exact, prefix};
use crate::error::Error;
use crate::names::Names;
use crate::netlink::{Attr, Request};
use crate::opt::{self, Opt, Show, Ty};
use crate::output::{Field, Out, addr};

pub static KIND: LinkKind = LinkKind {
    opts: OPTS,
    parse: Some(parse),
    show: Some(show),
    ..LinkKind::plain("hsr", "a ring along which each frame goes both ways")
};

const fn row(word: Word, arg: &'static str, attr: u16, ty: Ty, show: Field) -> Opt {
    Opt::new(word, arg, attr, ty, show).wrong("{} is invalid")
}
const fn port(word: Word, attr: u16, show: Field) -> Opt {
    row(word, "DEVICE", attr, Ty::Own { send: device, show: show_device }, show)
}
/// Shown only.
const fn seen(name: &'static str, attr: u16, as_: Show, show: Field) -> Opt {
    Opt::new(exact(name), "", attr, Ty::ShowOnly(as_), show)
}

const IFLA_HSR_SLAVE1: u16 = 1;
const IFLA_HSR_SLAVE2: u16 = 2;
const IFLA_HSR_PROTOCOL: u16 = 7;

/// In the order in which they are shown.
#[rustfmt::skip] // one row, one line
const OPTS: &[Opt] = &[
    port(prefix("slave1").min(2), IFLA_HSR_SLAVE1, token!("slave1")),
    port(prefix("slave2").min(6), IFLA_HSR_SLAVE2, token!("slave2")),
    port(exact("interlink"), 8, token!("interlink")),
    seen("sequence", 5, sequence, token!("sequence", "seq_nr")),
    row(prefix("supervision"), "BYTE", 3, Ty::U8, crate::output::field("", "{}")).wrong("ADDR-BYTE is invalid"),
    seen("supervision_addr", 4, lladdr, token!("supervision", "supervision_addr")),
    row(prefix("proto"), "{ 0 | 1 }", IFLA_HSR_PROTOCOL, Ty::U8, token!("proto")).wrong("protocol is invalid"),
    row(prefix("version"), "{ 0 | 1 }", 6, Ty::U8, token!("version")),
];

fn parse(kind: &LinkKind, args: &mut Args<'_>, words: &mut Words<'_>) -> Result<(), Error> {
    while let Some(word) = args.take() {
        if let Some(o) = opt::find(kind.opts, word) {
            opt::send(o, args, words.names, words.req)?;
            continue;
        }
        if prefix("help").is(word) {
            return Err(kind.unknown(args));
        }
        let help = kind.help();
        let text = [b"hsr: what is \"", word, b"\"?\n", help.as_bytes()].concat();
        return Err(Error::failed(1, text));
    }
    Ok(())
}

/// A port that is gone is none; the third was never needed.
fn show(kind: &LinkKind, out: &mut Out, names: &mut Names, shown: Shown<'_>) {
    let Some(data) = shown.data else { return };
    for o in kind.opts {
        match data.find(o.attr) {
            Some(a) => opt::show_one(o, out, names, a),
            None if matches!(o.attr, IFLA_HSR_SLAVE1 | IFLA_HSR_SLAVE2) => {
                out.null(o.show.key, &format!("{} <none> ", o.show.key));
            }
            None => {}
        }
    }
}

fn device(args: &mut Args<'_>, n: &mut Names, attr: u16, req: &mut Request) -> Result<(), Usage> {
    let name = args.need()?;
    req.u32(attr, n.index(name).ok_or_else(|| args.wrong("No such interface"))?);
    Ok(())
}
fn show_device(out: &mut Out, names: &mut Names, f: Field, a: Attr<'_>) {
    a.u32().into_iter().for_each(|index| out.bytes(f, names.name(index)));
}
fn sequence(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    a.u16().into_iter().for_each(|v| out.uint(f, v));
}
fn lladdr(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    let mut text = Vec::new();
    addr::hex(&mut text, a.value);
    out.bytes(f, &text);
}
