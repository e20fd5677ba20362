//! `ipvlan`: a device with addresses of its own, but the link-layer address of the one below.

use super::{LinkKind, Shown, Words};
use crate::cli::{Args, Word, prefix};
use crate::error::Error;
use crate::names::Names;
use crate::output::{Out, field};

pub static KIND: LinkKind = LinkKind {
    usage: USAGE,
    parse: Some(parse),
    show: Some(show),
    ..LinkKind::plain("ipvlan", "a device with its own addresses on another one's link address")
};

pub const USAGE: &str = "[ mode { l2 | l3 | l3s } ] [ private | vepa | bridge ]";

const IFLA_IPVLAN_MODE: u16 = 1;
const IFLA_IPVLAN_FLAGS: u16 = 2;

/// IPVLAN_MODE_*
const MODES: &[&str] = &["l2", "l3", "l3s"];

/// IPVLAN_F_* (linux/if_link.h); `bridge` is the lack of both.
const FLAGS: &[(Word, u16)] = &[(prefix("private"), 1), (prefix("vepa"), 2), (prefix("bridge"), 0)];

pub fn parse(kind: &LinkKind, args: &mut Args<'_>, words: &mut Words<'_>) -> Result<(), Error> {
    let mut flags = None;
    while let Some(word) = args.take() {
        words.req.from_word(args.at());
        if prefix("mode").is(word) {
            let given = args.need()?;
            let mode = MODES.iter().zip(0u16..).find(|(m, _)| m.as_bytes() == given);
            let Some((_, mode)) = mode else {
                let text = "Error: argument of \"mode\" must be either \"l2\", \"l3\" or \"l3s\"";
                return Err(Error::failed(1, text));
            };
            words.req.u16(IFLA_IPVLAN_MODE, mode);
        } else if let (None, Some((_, f))) = (flags, FLAGS.iter().find(|f| f.0.is(word))) {
            flags = Some(*f);
        } else {
            return Err(kind.unknown(args));
        }
    }
    // Always sent: `set … mode` alone makes it a bridge again (observed in iproute2 7.2).
    words.req.u16(IFLA_IPVLAN_FLAGS, flags.unwrap_or(0));
    Ok(())
}

pub fn show(_: &LinkKind, out: &mut Out, _: &mut Names, shown: Shown<'_>) {
    let Some(data) = shown.data else { return };
    if let Some(mode) = data.find(IFLA_IPVLAN_MODE).and_then(|a| a.u16()) {
        let name = MODES.get(usize::from(mode)).copied().unwrap_or("unknown");
        out.str(field("mode", " mode {} "), name);
    }
    if let Some(flags) = data.find(IFLA_IPVLAN_FLAGS).and_then(|a| a.u16()) {
        match flags {
            f if f & 1 != 0 => out.flag("private", "private "),
            f if f & 2 != 0 => out.flag("vepa", "vepa "),
            _ => out.flag("bridge", "bridge "),
        }
    }
}
