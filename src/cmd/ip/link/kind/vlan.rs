//! `vlan`: one tag of IEEE 802.1Q or 802.1ad on top of another device.

use super::{LinkKind, Shown, Words};
use crate::cli::{Args, Word, prefix, value};
use crate::error::Error;
use crate::names::Names;
use crate::netlink::Attr;
use crate::output::{Field, Out, field, json_only, text_only};

pub static KIND: LinkKind = LinkKind {
    usage: USAGE,
    parse: Some(parse),
    show: Some(show),
    calls: "command",
    ..LinkKind::plain("vlan", "one tag of 802.1Q or 802.1ad on another device")
};

const USAGE: &str = "id VLANID\n\t\t[ protocol { 802.1Q | 802.1ad } ]\n\t\t[ reorder_hdr { on | off } ]\n\t\t[ gvrp { on | off } ]\n\t\t[ mvrp { on | off } ]\n\t\t[ loose_binding { on | off } ]\n\t\t[ bridge_binding { on | off } ]\n\t\t[ ingress-qos-map FROM:TO ... ]\n\t\t[ egress-qos-map FROM:TO ... ]";

// IFLA_VLAN_* (linux/if_link.h)
const ID: u16 = 1;
const FLAGS: u16 = 2;
const EGRESS_QOS: u16 = 3;
const INGRESS_QOS: u16 = 4;
const PROTOCOL: u16 = 5;
const QOS_MAPPING: u16 = 1;

/// VLAN_FLAG_* (linux/if_vlan.h), in the order in which they are tried and shown.
const SWITCHES: &[(Word, u32, &str)] = &[
    (prefix("reorder_hdr"), 1, "REORDER_HDR"),
    (prefix("gvrp"), 2, "GVRP"),
    (prefix("mvrp"), 8, "MVRP"),
    (prefix("loose_binding"), 4, "LOOSE_BINDING"),
    (prefix("bridge_binding"), 16, "BRIDGE_BINDING"),
];

fn parse(kind: &LinkKind, args: &mut Args<'_>, words: &mut Words<'_>) -> Result<(), Error> {
    let (mut flags, mut mask) = (0u32, 0u32);
    while let Some(word) = args.take() {
        words.req.from_word(args.at());
        if prefix("protocol").is(word) {
            let number = words.names.ethertype_number(args.need()?);
            let number = number.ok_or_else(|| args.wrong("protocol is invalid"))?;
            words.req.u16_be(PROTOCOL, number);
        } else if prefix("id").is(word) {
            words.req.u16(ID, args.value(value::u16, "id is invalid")?);
        } else if let Some((word, bit, _)) = SWITCHES.iter().find(|s| s.0.is(word)) {
            args.need()?;
            args.back();
            let on = args.old_on_off(word.full).map_err(Error::returned)?;
            mask |= bit;
            flags = if on { flags | bit } else { flags & !bit };
        } else if prefix("ingress-qos-map").is(word) {
            qos(args, words, "ingress-qos-map", INGRESS_QOS)?;
        } else if prefix("egress-qos-map").is(word) {
            qos(args, words, "egress-qos-map", EGRESS_QOS)?;
        } else {
            return Err(kind.unknown(args));
        }
    }
    if mask != 0 {
        // struct ifla_vlan_flags: flags u32, mask u32.
        words.req.attr(FLAGS, &[flags.to_ne_bytes(), mask.to_ne_bytes()].concat());
    }
    Ok(())
}

/// `FROM:TO …`, up to the first word without a colon.
fn qos(args: &mut Args<'_>, words: &mut Words<'_>, key: &str, attr: u16) -> Result<(), Error> {
    args.need()?;
    args.back();
    let nest = words.req.nest(attr);
    while let Some(word) = args.peek() {
        let Some(colon) = word.iter().position(|&b| b == b':') else { break };
        args.take();
        words.req.from_word(args.at());
        let (from, to) = (&word[..colon], &word[colon + 1..]);
        let (Some(a), Some(b)) = (value::u32(from), value::u32(to)) else {
            // The reference has cut the word by then.
            let tail = format!("\" is wrong: invalid {key}");
            return Err(Error::fatal(255, [b"Error: argument \"", from, tail.as_bytes()].concat()));
        };
        words.req.attr(QOS_MAPPING, &[a.to_ne_bytes(), b.to_ne_bytes()].concat());
    }
    words.req.end(nest);
    Ok(())
}

fn show(_: &LinkKind, out: &mut Out, names: &mut Names, shown: Shown<'_>) {
    let Some(data) = shown.data else { return };
    if let Some(p) = data.find(PROTOCOL).and_then(|a| a.u16_be()) {
        out.str(token!("protocol"), &names.ethertype(p));
    }
    if let Some(id) = data.find(ID).and_then(|a| a.u16()) {
        out.uint(token!("id"), id);
    }
    if let Some(flags) = data.find(FLAGS).and_then(|a| a.u32()) {
        show_flags(out, flags);
    }
    if let Some(a) = data.find(INGRESS_QOS) {
        show_qos(out, "ingress_qos", "      ingress-qos-map { ", a);
    }
    if let Some(a) = data.find(EGRESS_QOS) {
        show_qos(out, "egress_qos", "      egress-qos-map { ", a);
    }
}

fn show_flags(out: &mut Out, flags: u32) {
    const FIRST: Field = field("", "{}");
    const NEXT: Field = field("", ",{}");
    out.open_list("flags");
    out.text("<");
    let mut shape = FIRST;
    let mut rest = flags;
    for (_, bit, name) in SWITCHES.iter().filter(|s| flags & s.1 != 0) {
        rest &= !bit;
        out.str(shape, name);
        shape = NEXT;
    }
    if rest != 0 {
        out.str(shape, &format!("{rest:x}"));
    }
    out.close_list();
    out.text("> ");
}

fn show_qos(out: &mut Out, key: &str, text: &str, a: Attr<'_>) {
    out.open_list(key);
    out.line_break();
    out.text(text);
    for m in a.nested() {
        let [from, to] = m.value.as_chunks::<4>().0 else { continue };
        let (from, to) = (u32::from_ne_bytes(*from), u32::from_ne_bytes(*to));
        out.open();
        out.uint(json_only("from"), from);
        out.uint(json_only("to"), to);
        out.close();
        out.uint(text_only("{}:"), from);
        out.uint(text_only("{} "), to);
    }
    out.close_list();
    out.text("} ");
}
