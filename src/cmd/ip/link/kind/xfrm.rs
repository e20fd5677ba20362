//! `xfrm`: packets that IPsec's policies with its number are about.

use super::{LinkKind, Shown, Words};
use crate::cli::{Args, Usage, exact, prefix, value};
use crate::error::Error;
use crate::names::Names;
use crate::output::{Out, field};

pub static KIND: LinkKind = LinkKind {
    usage: "{ if_id NUMBER [ dev DEVICE ] | external }",
    parse: Some(parse),
    show: Some(show),
    ..LinkKind::plain("xfrm", "packets that IPsec's policies with its number are about")
};

// IFLA_XFRM_* (linux/if_link.h)
const LINK: u16 = 1;
const IF_ID: u16 = 2;
const COLLECT_METADATA: u16 = 3;

fn parse(kind: &LinkKind, args: &mut Args<'_>, words: &mut Words<'_>) -> Result<(), Error> {
    let (mut link, mut number, mut external) = (None, None, false);
    while let Some(word) = args.take() {
        words.req.from_word(args.at());
        if prefix("dev").is(word) {
            let name = args.need()?;
            let none = || Usage::new(255, [b"Cannot find device \"", name, b"\""].concat());
            link = Some(words.names.index(name).ok_or_else(none)?);
        } else if prefix("if_id").is(word) {
            let nonzero = |w: &[u8]| value::u32(w).filter(|n| *n != 0);
            number = Some(args.value(nonzero, "if_id value is invalid")?);
        } else if exact("external").is(word) {
            external = true;
        } else {
            return Err(Error::failed(1, kind.help()));
        }
    }
    match (external, number) {
        (true, None) if link.is_none() => words.req.attr(COLLECT_METADATA, &[]),
        (true, _) => {
            let text = "xfrmi: both 'external' and if_id/link cannot be specified";
            return Err(Error::failed(1, text));
        }
        (false, None) => return Err(args.required("IF_ID").into()),
        (false, Some(number)) => {
            words.req.u32(IF_ID, number);
            if let Some(link) = link {
                words.req.u32(LINK, link);
            }
        }
    }
    Ok(())
}

fn show(_: &LinkKind, out: &mut Out, _: &mut Names, shown: Shown<'_>) {
    let Some(data) = shown.data else { return };
    if data.find(COLLECT_METADATA).is_some() {
        out.flag("external", "external ");
        return;
    }
    if let Some(number) = data.find(IF_ID).and_then(|a| a.u32()) {
        out.str(field("if_id", "if_id {} "), &format!("{number:#x}"));
    }
}
