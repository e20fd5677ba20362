//! `ip macsec show`.

use crate::cli::Args;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::genl;
use crate::names::Names;
use crate::netlink::{Attr, Attrs};
use crate::output::{Field, Out, Paint, field, json_only};

use super::{
    ATTR_IFINDEX, ATTR_OFFLOAD, OFFLOAD_TYPE, OFFLOADS, RXSC_ACTIVE, RXSC_SCI, SA_ACTIVE, SA_AN,
    SA_KEYID, SA_PN, SA_SSCI, device, open, usage,
};

const GET_TXSC: u8 = 0;
const ATTR_SECY: u16 = 4;
const ATTR_TXSA_LIST: u16 = 5;
const ATTR_RXSC_LIST: u16 = 6;
const ATTR_TXSC_STATS: u16 = 7;
const ATTR_SECY_STATS: u16 = 8;
// Inside ATTR_SECY.
const SECY_SCI: u16 = 1;
const SECY_ENCODING_SA: u16 = 2;
const SECY_WINDOW: u16 = 3;
const SECY_CIPHER_SUITE: u16 = 4;
const SECY_ICV_LEN: u16 = 5;
const SECY_PROTECT: u16 = 6;
const SECY_REPLAY: u16 = 7;
const SECY_VALIDATE: u16 = 9;
const RXSC_SA_LIST: u16 = 3;
const RXSC_STATS: u16 = 4;
const SA_STATS: u16 = 6;

/// MACSEC_VALIDATE_*
const VALIDATE: [&str; 3] = ["disabled", "check", "strict"];

/// What is on or off, behind `validate`. The reference takes `sc` and `sa` from the number of the
/// key that is sent with (observed in iproute2 6.15 and 7.2).
const SWITCHES: &[(u16, Field)] = &[
    (SECY_ENCODING_SA, field("sc", "sc {} ")),
    (SECY_ENCODING_SA, field("sa", "sa {} ")),
    (10, field("encrypt", "encrypt {} ")),
    (11, field("send_sci", "send_sci {} ")),
    (12, field("end_station", "end_station {} ")),
    (13, field("scb", "scb {} ")),
    (SECY_REPLAY, field("replay", "replay {} ")),
];

/// Counters by their number, which begins with 1.
const OF_DEVICE: &[&str] = &[
    "OutPktsUntagged",
    "InPktsUntagged",
    "OutPktsTooLong",
    "InPktsNoTag",
    "InPktsBadTag",
    "InPktsUnknownSCI",
    "InPktsNoSCI",
    "InPktsOverrun",
];
const OF_SENDER: &[&str] =
    &["OutPktsProtected", "OutPktsEncrypted", "OutOctetsProtected", "OutOctetsEncrypted"];
const OF_CHANNEL: &[&str] = &[
    "InOctetsValidated",
    "InOctetsDecrypted",
    "InPktsUnchecked",
    "InPktsDelayed",
    "InPktsOK",
    "InPktsInvalid",
    "InPktsLate",
    "InPktsNotValid",
    "InPktsNotUsingSA",
    "InPktsUnusedSA",
];
const OF_KEY: &[&str] = &[
    "InPktsOK",
    "InPktsInvalid",
    "InPktsNotValid",
    "InPktsNotUsingSA",
    "InPktsUnusedSA",
    "OutPktsProtected",
    "OutPktsEncrypted",
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut family = open(ctx)?;
    let index = if args.is_empty() { 0 } else { device(ctx, args)? };
    if !args.is_empty() {
        return Err(usage().into());
    }
    let mut request = family.request(GET_TXSC, 0);
    Ok(ctx.genl_table(&mut family, &mut request, 1, &mut |out, names, opts, msg| {
        let attrs = genl::attrs(msg.payload);
        let of = attrs.find(ATTR_IFINDEX).and_then(Attr::u32).unwrap_or(0);
        if index == 0 || index == of {
            out.open();
            record(out, names, of, attrs, opts.stats > 0);
            out.close();
        }
    })?)
}

fn record(out: &mut Out, names: &mut Names, index: u32, attrs: Attrs<'_>, stats: bool) {
    out.uint(field("ifindex", "{}: "), index);
    out.painted(Paint::IfName, field("ifname", "{}: "), names.name(index));
    if let Some(secy) = attrs.find(ATTR_SECY) {
        device_line(out, secy.nested());
    }
    if stats {
        counters(out, attrs.find(ATTR_SECY_STATS), OF_DEVICE);
        counters(out, attrs.find(ATTR_TXSC_STATS), OF_SENDER);
    }
    keys(out, attrs.find(ATTR_TXSA_LIST), stats);
    out.open_list("rx_sc");
    for channel in attrs.find(ATTR_RXSC_LIST).into_iter().flat_map(Attr::nested) {
        let channel = channel.nested();
        out.open();
        sci(out, channel.find(RXSC_SCI), "    RXSC: ");
        let on = channel.find(RXSC_ACTIVE).and_then(Attr::u8).unwrap_or(0) != 0;
        out.on_off(field("active", ", state {}\n"), on);
        if stats {
            counters(out, channel.find(RXSC_STATS), OF_CHANNEL);
        }
        keys(out, channel.find(RXSC_SA_LIST), stats);
        out.close();
    }
    out.close_list();
    if let Some(kind) = attrs.find(ATTR_OFFLOAD).and_then(|o| o.nested().find(OFFLOAD_TYPE)) {
        let name = kind.u8().and_then(|k| OFFLOADS.get(usize::from(k)).copied());
        out.str(field("offload", "    offload: {} "), name.unwrap_or("(unknown)"));
        out.line_break();
    }
}

fn device_line(out: &mut Out, secy: Attrs<'_>) {
    let byte = |kind| secy.find(kind).and_then(Attr::u8);
    if let Some(on) = byte(SECY_PROTECT) {
        out.on_off(field("protect", "protect {} "), on != 0);
    }
    if let Some(how) = byte(SECY_VALIDATE) {
        let word = VALIDATE.get(usize::from(how)).copied().unwrap_or("(unknown)");
        out.str(field("validate", "validate {} "), word);
    }
    for (kind, shown) in SWITCHES {
        byte(*kind).into_iter().for_each(|on| out.on_off(*shown, on != 0));
    }
    if byte(SECY_REPLAY).is_some_and(|on| on != 0) {
        let window = secy.find(SECY_WINDOW).and_then(Attr::u32).unwrap_or(0);
        out.uint(field("window", "window {} "), window);
    }
    out.line_break();
    if let Some(id) = secy.find(SECY_CIPHER_SUITE).and_then(Attr::u64) {
        let name = match id {
            0x0080_0200_0100_0001 | 0x0080_c200_0100_0001 => "GCM-AES-128",
            0x0080_c200_0100_0002 => "GCM-AES-256",
            0x0080_c200_0100_0003 => "GCM-AES-XPN-128",
            0x0080_c200_0100_0004 => "GCM-AES-XPN-256",
            _ => "(unknown)",
        };
        out.str(field("cipher_suite", "    cipher suite: {},"), name);
    }
    if let Some(len) = byte(SECY_ICV_LEN) {
        // Real line breaks from here on, also with -oneline (observed in iproute2 6.15).
        out.uint(field("icv_length", " using ICV length {}\n"), len);
    }
    sci(out, secy.find(SECY_SCI), "    TXSC: ");
    if let Some(an) = byte(SECY_ENCODING_SA) {
        out.uint(field("encoding_sa", " on SA {}\n"), an);
    }
}

/// The name of a channel: an address and a port, in the order of the network.
fn sci(out: &mut Out, a: Option<Attr<'_>>, before: &str) {
    let Some(number) = a.and_then(Attr::u64_be) else { return };
    out.text(before);
    let text = if out.is_json() { format!("{number:#x}") } else { format!("{number:016x}") };
    out.str(field("sci", "{}"), &text);
}

fn keys(out: &mut Out, list: Option<Attr<'_>>, stats: bool) {
    out.open_list("sa_list");
    for sa in list.into_iter().flat_map(Attr::nested) {
        let sa = sa.nested();
        out.open();
        let byte = |kind| sa.find(kind).and_then(Attr::u8).unwrap_or(0);
        out.uint(field("an", "        {}:"), byte(SA_AN));
        if let Some(a) = sa.find(SA_PN) {
            let pn = a.u64().or(a.u32().map(u64::from)).unwrap_or(0);
            out.uint(field("pn", " PN {},"), pn);
        }
        if let Some(ssci) = sa.find(SA_SSCI).and_then(Attr::u32) {
            let json = out.is_json();
            let text = if json { format!("{ssci:#x}") } else { format!("{ssci:08x}") };
            out.str(field("ssci", "SSCI {}"), &text);
        }
        out.on_off(field("active", " state {},"), byte(SA_ACTIVE) != 0);
        let id = sa.find(SA_KEYID).map_or(&[][..], |a| a.value);
        let text: String = id.iter().map(|b| format!("{b:02x}")).collect();
        out.str(field("key", " key {}\n"), &text);
        if stats {
            counters(out, sa.find(SA_STATS), OF_KEY);
        }
        out.close();
    }
    out.close_list();
}

/// Two lines: names, and below each its number. Those that are not there are left out.
fn counters(out: &mut Out, nest: Option<Attr<'_>>, all: &[&'static str]) {
    let Some(nest) = nest else { return };
    let (mut names, mut numbers) = (String::from("    stats:"), String::from("          "));
    for (name, kind) in all.iter().zip(1u16..) {
        let Some(a) = nest.nested().find(kind) else { continue };
        let value = a.u64().or(a.u32().map(u64::from)).unwrap_or(0);
        out.uint(json_only(name), value);
        names.push_str(&format!(" {name}"));
        numbers.push_str(&format!(" {value:>0$}", name.len()));
    }
    out.text(&format!("{names}\n{numbers}\n"));
}
