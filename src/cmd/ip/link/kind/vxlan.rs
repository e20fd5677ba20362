//! `vxlan`: Ethernet frames in UDP, between hosts.

use super::{LinkKind, Shown, Words};
use crate::cli::value::{AF_INET, AF_INET6, Addr};
use crate::cli::{Args, Usage, Word, exact, prefix, value};
use crate::error::Error;
use crate::names::{Kind, Names};
use crate::netlink::{Attrs, Table};
use crate::output::{Field, Out, Paint, field, json_only, text_only};

pub static KIND: LinkKind = LinkKind {
    usage: USAGE,
    parse: Some(parse),
    show: Some(show),
    calls: "command",
    ..LinkKind::plain("vxlan", "Ethernet frames in UDP, between hosts")
};

const USAGE: &str = "id VNI\n\t\t[ { group | remote } ADDRESS ]\n\t\t[ local ADDRESS ]\n\t\t[ dev DEVICE ]\n\t\t[ ttl { TTL | auto | inherit } ]\n\t\t[ tos { TOS | inherit } ]\n\t\t[ df { unset | set | inherit } ]\n\t\t[ flowlabel LABEL ]\n\t\t[ ageing { SECONDS | none } ]\n\t\t[ maxaddress { COUNT | unlimited } ]\n\t\t[ srcport MIN MAX ]\n\t\t[ dstport PORT ]\n\t\t[ [no]learning ] [ [no]proxy ] [ [no]rsc ] [ [no]l2miss ] [ [no]l3miss ]\n\t\t[ [no]udpcsum ] [ [no]udp6zerocsumtx ] [ [no]udp6zerocsumrx ]\n\t\t[ [no]remcsumtx ] [ [no]remcsumrx ] [ [no]localbypass ]\n\t\t[ [no]external ] [ [no]vnifilter ] [ [no]mcroute ]\n\t\t[ gbp ] [ gpe ] [ reserved_bits MASK ]";

// IFLA_VXLAN_* (linux/if_link.h)
const ID: u16 = 1;
const GROUP: u16 = 2;
const LINK: u16 = 3;
const LOCAL: u16 = 4;
const TTL: u16 = 5;
const TOS: u16 = 6;
const LEARNING: u16 = 7;
const AGEING: u16 = 8;
const LIMIT: u16 = 9;
const PORT_RANGE: u16 = 10;
const PORT: u16 = 15;
const GROUP6: u16 = 16;
const LOCAL6: u16 = 17;
const GBP: u16 = 23;
const COLLECT_METADATA: u16 = 25;
const LABEL: u16 = 26;
const GPE: u16 = 27;
const TTL_INHERIT: u16 = 28;
const DF: u16 = 29;
const VNIFILTER: u16 = 30;
const RESERVED_BITS: u16 = 33;

/// The port for VXLAN-GPE.
const GPE_PORT: u16 = 4790;

/// A word that is on, and off with `no` in front: its attribute and the name it is shown by, which
/// is not always the one it is typed by.
struct Flag {
    on: Word,
    off: Word,
    attr: u16,
    shown: &'static str,
    /// What it is without a word; text shows it only when it differs.
    default: bool,
}

const fn flag(on: Word, off: Word, attr: u16, shown: &'static str, default: bool) -> Flag {
    Flag { on, off, attr, shown, default }
}

/// In the order in which they are shown.
#[rustfmt::skip] // one row, one line
const FLAGS: &[Flag] = &[
    flag(prefix("external"), prefix("noexternal"), COLLECT_METADATA, "external", false),
    flag(exact("vnifilter"), exact("novnifilter"), VNIFILTER, "vnifilter", false),
    flag(prefix("learning"), prefix("nolearning"), LEARNING, "learning", true),
    flag(prefix("proxy"), prefix("noproxy"), 11, "proxy", false),
    flag(prefix("rsc"), prefix("norsc"), 12, "rsc", false),
    flag(prefix("l2miss"), prefix("nol2miss"), 13, "l2miss", false),
    flag(prefix("l3miss"), prefix("nol3miss"), 14, "l3miss", false),
    flag(prefix("udpcsum"), prefix("noudpcsum"), 18, "udp_csum", true),
    flag(prefix("udp6zerocsumtx"), prefix("noudp6zerocsumtx"), 19, "udp_zero_csum6_tx", false),
    flag(prefix("udp6zerocsumrx"), prefix("noudp6zerocsumrx"), 20, "udp_zero_csum6_rx", false),
    flag(prefix("remcsumtx"), prefix("noremcsumtx"), 21, "remcsum_tx", false),
    flag(prefix("remcsumrx"), prefix("noremcsumrx"), 22, "remcsum_rx", false),
    flag(exact("localbypass"), exact("nolocalbypass"), 31, "localbypass", true),
    flag(exact("mcroute"), exact("nomcroute"), 34, "mcroute", false),
];

/// The order in which the reference tries beginnings: `n` is nolearning, `r` remote, `u` udpcsum.
const FLAG_ORDER: &[&str] = &[
    "learning",
    "proxy",
    "rsc",
    "l2miss",
    "l3miss",
    "udpcsum",
    "udp6zerocsumtx",
    "udp6zerocsumrx",
    "remcsumtx",
    "remcsumrx",
    "external",
    "localbypass",
    "vnifilter",
    "mcroute",
];

/// Words with values, in the order in which beginnings are tried, each with the name the
/// reference has for it when it is given twice.
const VALUES: &[(Word, &str)] = &[
    (prefix("id"), "id"),
    (prefix("vni"), "id"),
    (prefix("group"), "group"),
    (prefix("remote"), "remote"),
    (prefix("local"), "local"),
    (prefix("dev"), "dev"),
    (prefix("ttl"), "ttl"),
    (prefix("hoplimit"), "ttl"),
    (prefix("tos"), "tos"),
    (prefix("dsfield"), "tos"),
    (prefix("df"), "df"),
    (prefix("label"), "flowlabel"),
    (prefix("flowlabel"), "flowlabel"),
    (prefix("ageing"), "ageing"),
    (prefix("maxaddress"), "maxaddress"),
    (prefix("port"), "srcport"),
    (prefix("srcport"), "srcport"),
    (prefix("dstport"), "dstport"),
];

/// What the words have said.
#[derive(Default)]
struct Said {
    seen: Vec<&'static str>,
    group: Option<Addr>,
    remote: Option<Addr>,
    local: Option<Addr>,
    learning: Option<bool>,
    external: bool,
    vnifilter: bool,
    gpe: bool,
}

impl Said {
    fn has(&self, key: &str) -> bool {
        self.seen.contains(&key)
    }
    /// The family that the addresses so far have.
    fn family(&self, preferred: u8) -> u8 {
        let some = self.group.or(self.remote).or(self.local);
        some.map_or(preferred, |a| a.family)
    }
}

fn parse(kind: &LinkKind, args: &mut Args<'_>, words: &mut Words<'_>) -> Result<(), Error> {
    let mut said = Said::default();
    while let Some(word) = args.take() {
        words.req.from_word(args.at());
        if let Some((_, key)) = VALUES.iter().find(|(w, _)| w.is(word)) {
            let other = match *key {
                "group" => "remote",
                "remote" => "group",
                _ => "",
            };
            // Whatever its value.
            if said.has(other) {
                return refuse("both group and remote cannot be specified");
            }
            args.need()?;
            if said.has(key) {
                return Err(args.garbage(key).into());
            }
            args.back();
            said.seen.push(key);
            value_of(key, args, words, &mut said)?;
        } else if word == b"reserved_bits" {
            let mask = args.value(value::u64, "reserved_bits")?;
            once(args, &mut said, "reserved_bits")?;
            words.req.u64_be(RESERVED_BITS, mask);
        } else if let Some((f, on)) = flag_of(word) {
            once(args, &mut said, f.on.full)?;
            switch(f, on, words, &mut said);
        } else if prefix("gbp").is(word) {
            once(args, &mut said, "gbp")?;
            words.req.attr(GBP, &[]);
        } else if prefix("gpe").is(word) {
            once(args, &mut said, "gpe")?;
            said.gpe = true;
            words.req.attr(GPE, &[]);
        } else {
            return Err(kind.unknown(args));
        }
    }
    finish(words, &said)
}

/// The word taken last may be given once; the reference names it twice in its sentence.
fn once(args: &Args<'_>, said: &mut Said, key: &'static str) -> Result<(), Usage> {
    if said.has(key) {
        return Err(args.garbage(&String::from_utf8_lossy(args.last())));
    }
    said.seen.push(key);
    Ok(())
}

/// The flag that a word means, and whether it is on.
fn flag_of(word: &[u8]) -> Option<(&'static Flag, bool)> {
    FLAG_ORDER.iter().find_map(|name| {
        let f = FLAGS.iter().find(|f| f.on.full == *name)?;
        // The reference tries the negation first, except for these.
        if f.off.is(word) { Some((f, false)) } else { f.on.is(word).then_some((f, true)) }
    })
}

fn switch(f: &Flag, on: bool, words: &mut Words<'_>, said: &mut Said) {
    match f.attr {
        LEARNING => said.learning = Some(on),
        attr => {
            if attr == COLLECT_METADATA {
                said.external = on;
                if on && said.learning.is_none() {
                    said.learning = Some(false);
                }
            }
            if attr == VNIFILTER {
                said.vnifilter = on;
            }
            words.req.u8(attr, on.into());
        }
    }
}

fn value_of(
    key: &str,
    args: &mut Args<'_>,
    words: &mut Words<'_>,
    said: &mut Said,
) -> Result<(), Error> {
    let req = &mut *words.req;
    let family = said.family(words.how.family);
    match key {
        "id" => {
            let vni = |w: &[u8]| value::u32(w).filter(|v| *v < 1 << 24);
            req.u32(ID, args.value(vni, "invalid id")?);
        }
        "group" => {
            let group = value::addr(args.need()?, family)?;
            if !group.is_multicast() {
                return Err(args.wrong("invalid group address").into());
            }
            said.group = Some(group);
            address(words, GROUP, GROUP6, &group);
        }
        "remote" => {
            let remote = value::addr(args.need()?, family)?;
            if remote.is_multicast() || remote.is_unspecified() {
                return Err(args.wrong("invalid remote address").into());
            }
            said.remote = Some(remote);
            address(words, GROUP, GROUP6, &remote);
        }
        "local" => {
            let local = value::addr(args.need()?, family)?;
            if local.is_multicast() || local.is_unspecified() {
                return Err(args.wrong("invalid local address").into());
            }
            said.local = Some(local);
            address(words, LOCAL, LOCAL6, &local);
        }
        "dev" => {
            let name = args.need()?;
            let index = words.names.index(name);
            let none = [b"Cannot find device \"", name, b"\""].concat();
            words.req.u32(LINK, index.ok_or_else(|| Error::fatal(255, none))?);
        }
        "ttl" => match args.need()? {
            b"inherit" => req.attr(TTL_INHERIT, &[]),
            b"auto" => req.u8(TTL, 0),
            word => {
                let ttl = value::u32(word).ok_or_else(|| args.wrong("invalid TTL"))?;
                req.u8(TTL, u8::try_from(ttl).map_err(|_| args.wrong("TTL must be <= 255"))?);
            }
        },
        "tos" => match args.need()? {
            b"inherit" => req.u8(TOS, 1),
            word => {
                let tos = words.names.number(Kind::DsField, word);
                let tos = tos.and_then(|t| u8::try_from(t).ok());
                words.req.u8(TOS, tos.ok_or_else(|| args.wrong("bad TOS value"))?);
            }
        },
        "df" => match args.need()? {
            b"unset" => req.u8(DF, 0),
            b"set" => req.u8(DF, 1),
            b"inherit" => req.u8(DF, 2),
            _ => return Err(args.wrong("DF must be 'unset', 'set' or 'inherit'").into()),
        },
        "flowlabel" => {
            let label = |w: &[u8]| value::u32(w).filter(|v| *v < 1 << 20);
            req.u32_be(LABEL, args.value(label, "invalid flowlabel")?);
        }
        "ageing" => match args.need()? {
            b"none" => req.u32(AGEING, 0),
            w => req.u32(AGEING, value::u32(w).ok_or_else(|| args.wrong("ageing timer"))?),
        },
        "maxaddress" => match args.need()? {
            b"unlimited" => req.u32(LIMIT, 0),
            w => req.u32(LIMIT, value::u32(w).ok_or_else(|| args.wrong("max addresses"))?),
        },
        "srcport" => {
            let low = args.value(value::u16, "min port")?;
            let high = args.value(value::u16, "max port")?;
            req.attr(PORT_RANGE, &[low.to_be_bytes(), high.to_be_bytes()].concat());
        }
        _ => req.u16_be(PORT, args.value(value::u16, "dst port")?),
    }
    Ok(())
}

fn address(words: &mut Words<'_>, v4: u16, v6: u16, a: &Addr) {
    words.req.attr(if a.family == AF_INET6 { v6 } else { v4 }, a.bytes());
}

fn refuse(text: &str) -> Result<(), Error> {
    Err(Error::failed(1, format!("vxlan: {text}")))
}

/// What can be judged only when all words are known.
fn finish(words: &mut Words<'_>, said: &Said) -> Result<(), Error> {
    if said.external && said.has("id") {
        return refuse("both 'external' and vni cannot be specified");
    }
    if said.vnifilter && !said.external {
        return refuse("vnifilter is valid only when 'external' is set");
    }
    if words.how.create && !said.external && !said.has("id") {
        return refuse("missing virtual network identifier");
    }
    if said.group.is_some() && !said.has("dev") {
        return refuse("'group' requires 'dev' to be specified");
    }
    if words.how.create && !said.has("dstport") {
        if said.gpe {
            words.req.u16_be(PORT, GPE_PORT);
        } else {
            crate::sys::fd::stderr(
                b"vxlan: destination port not specified\n\
                  Will use Linux kernel default (non-standard value)\n\
                  Use 'dstport 4789' to get the IANA assigned value\n\
                  Use 'dstport 0' to get default and quiet this message\n",
            );
        }
    }
    if words.how.create || said.has("learning") || said.learning.is_some() {
        words.req.u8(LEARNING, said.learning.unwrap_or(true).into());
    }
    if said.group.or(said.remote).or(said.local).is_none() {
        // An empty address fixes the family.
        match words.how.family {
            AF_INET => words.req.attr(GROUP, &[0; 4]),
            AF_INET6 => words.req.attr(GROUP6, &[0; 16]),
            _ => {}
        }
    }
    Ok(())
}

fn show(_: &LinkKind, out: &mut Out, names: &mut Names, shown: Shown<'_>) {
    let Some(data) = shown.data else { return };
    let t = Table::<35>::new(data);
    let word = |attr| t.get(attr).and_then(|a| a.u32());
    let byte = |attr| t.get(attr).and_then(|a| a.u8());
    if let Some(id) = word(ID) {
        out.uint(token!("id"), id);
    }
    addresses(out, &t);
    if let Some(link) = word(LINK).filter(|l| *l != 0) {
        out.bytes(token!("dev", "link"), names.name(link));
    }
    if let Some(range) = t.get(PORT_RANGE) {
        let [low, high, ..] = range.value.as_chunks::<2>().0 else { return };
        let (low, high) = (u16::from_be_bytes(*low), u16::from_be_bytes(*high));
        out.open_object("port_range");
        out.uint(field("low", "srcport {} "), low);
        out.uint(field("high", "{} "), high);
        out.close();
    }
    if let Some(port) = t.get(PORT).and_then(|a| a.u16_be()) {
        out.uint(token!("dstport", "port"), port);
    }
    match byte(TOS) {
        None | Some(0) => {}
        Some(1) => {
            out.str(json_only("tos"), "0x1");
            out.text("tos inherit ");
        }
        Some(tos) => out.str(token!("tos"), &format!("{tos:#x}")),
    }
    match byte(TTL) {
        _ if byte(TTL_INHERIT).is_some_and(|v| v != 0) => out.str(text_only("ttl {} "), "inherit"),
        Some(ttl @ 1..) => out.uint(token!("ttl"), ttl),
        _ => {
            out.uint(json_only("ttl"), 0u8);
            out.text("ttl auto ");
        }
    }
    match byte(DF) {
        Some(1) => out.str(token!("df"), "set"),
        Some(2) => out.str(token!("df"), "inherit"),
        Some(_) => out.str(json_only("df"), "unset"),
        None => {}
    }
    if let Some(label) = t.get(LABEL).and_then(|a| a.u32_be()).filter(|l| *l != 0) {
        out.str(token!("flowlabel", "label"), &format!("{label:#x}"));
    }
    match word(AGEING) {
        None => {}
        Some(0) => {
            out.uint(json_only("ageing"), 0u8);
            out.text("ageing none ");
        }
        Some(s) => out.uint(token!("ageing"), s),
    }
    if let Some(limit) = word(LIMIT).filter(|l| *l != 0) {
        out.uint(token!("maxaddr", "limit"), limit);
    }
    if let Some(mask) = t.get(RESERVED_BITS).and_then(|a| a.u64_be()) {
        out.str(token!("reserved_bits"), &format!("{mask:#x}"));
    }
    if t.get(GBP).is_some() {
        out.null("gbp", "gbp ");
    }
    if t.get(GPE).is_some() {
        out.null("gpe", "gpe ");
    }
    flags(out, data, shown.details > 1);
}

fn addresses(out: &mut Out, t: &Table<'_, 35>) {
    let is_set = |a: &[u8]| a.iter().any(|b| *b != 0);
    let rows: [(u16, Field, Field); 2] = [
        (GROUP, token!("group"), token!("remote")),
        (GROUP6, token!("group", "group6"), token!("remote", "remote6")),
    ];
    for (attr, group, remote) in rows {
        let Some(a) = t.get(attr).filter(|a| is_set(a.value)) else { continue };
        let family = if a.value.len() == 4 { AF_INET } else { AF_INET6 };
        let many = Addr::from_bytes(family, a.value).is_some_and(|a| a.is_multicast());
        out.ip(Paint::Plain, if many { group } else { remote }, a.value);
    }
    for (attr, shape) in [(LOCAL, token!("local")), (LOCAL6, token!("local", "local6"))] {
        if let Some(a) = t.get(attr).filter(|a| is_set(a.value)) {
            out.ip(Paint::Plain, shape, a.value);
        }
    }
}

fn flags(out: &mut Out, data: Attrs<'_>, all: bool) {
    for f in FLAGS {
        let Some(on) = data.find(f.attr).and_then(|a| a.u8()).map(|v| v != 0) else { continue };
        out.json_bool(f.shown, on);
        if all || on != f.default {
            out.text(if on { "" } else { "no" });
            out.text(f.shown);
            out.text(" ");
        }
    }
}
