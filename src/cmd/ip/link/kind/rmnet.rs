//! `rmnet`: one of several connections that a Qualcomm modem multiplexes.

use super::{LinkKind, Shown, Words};
use crate::cli::{Args, exact, value};
use crate::error::Error;
use crate::names::Names;
use crate::output::{Field, Out, field};

pub static KIND: LinkKind = LinkKind {
    usage: USAGE,
    parse: Some(parse),
    show: Some(show),
    calls: "command",
    ..LinkKind::plain("rmnet", "one of the connections that a modem multiplexes")
};

const USAGE: &str = "mux_id MUXID\n\t\t[ ingress-deaggregation { on | off } ]\n\t\t[ ingress-commands { on | off } ]\n\t\t[ ingress-mapv4-checksum { on | off } ]\n\t\t[ egress-mapv4-checksum { on | off } ]\n\t\t[ ingress-mapv5-checksum { on | off } ]\n\t\t[ egress-mapv5-checksum { on | off } ]";

const IFLA_RMNET_MUX_ID: u16 = 1;
const IFLA_RMNET_FLAGS: u16 = 2;

/// RMNET_FLAGS_* (linux/if_link.h), from bit 0 upwards.
const SWITCHES: &[(&str, &str)] = &[
    ("ingress-deaggregation", "INGRESS_DEAGGREGATION"),
    ("ingress-commands", "INGRESS_MAP_COMMANDS"),
    ("ingress-mapv4-checksum", "INGRESS_MAP_CKSUMV4"),
    ("egress-mapv4-checksum", "EGRESS_MAP_CKSUMV4"),
    ("ingress-mapv5-checksum", "INGRESS_MAP_CKSUMV5"),
    ("egress-mapv5-checksum", "EGRESS_MAP_CKSUMV5"),
];

fn parse(kind: &LinkKind, args: &mut Args<'_>, words: &mut Words<'_>) -> Result<(), Error> {
    let (mut flags, mut mask) = (0u32, 0u32);
    while let Some(word) = args.take() {
        words.req.from_word(args.at());
        if exact("mux_id").is(word) {
            words.req.u16(IFLA_RMNET_MUX_ID, args.value(value::u16, "mux_id is invalid")?);
        } else if let Some(bit) = SWITCHES.iter().position(|s| s.0.as_bytes() == word) {
            args.need()?;
            args.back();
            let on = args.on_off(SWITCHES[bit].0, 1).map_err(Error::returned)?;
            mask |= 1 << bit;
            flags = if on { flags | 1 << bit } else { flags & !(1 << bit) };
        } else {
            return Err(kind.unknown(args));
        }
    }
    if mask != 0 {
        // struct ifla_rmnet_flags: flags u32, mask u32.
        words.req.attr(IFLA_RMNET_FLAGS, &[flags.to_ne_bytes(), mask.to_ne_bytes()].concat());
    }
    Ok(())
}

fn show(_: &LinkKind, out: &mut Out, _: &mut Names, shown: Shown<'_>) {
    const FIRST: Field = field("", "{}");
    const NEXT: Field = field("", ",{}");
    let Some(data) = shown.data else { return };
    if let Some(id) = data.find(IFLA_RMNET_MUX_ID).and_then(|a| a.u16()) {
        out.uint(token!("mux_id"), id);
    }
    let Some(flags) = data.find(IFLA_RMNET_FLAGS).and_then(|a| a.u32()) else { return };
    out.open_list("flags");
    out.text("<");
    let mut shape = FIRST;
    for (_, name) in SWITCHES.iter().enumerate().filter(|(i, _)| flags >> i & 1 == 1).map(|s| s.1) {
        out.str(shape, name);
        shape = NEXT;
    }
    let rest = flags >> SWITCHES.len() << SWITCHES.len();
    if rest != 0 {
        out.str(shape, &format!("{rest:x}"));
    }
    out.close_list();
    out.text("> ");
}
