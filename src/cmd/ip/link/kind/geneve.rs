//! `geneve`: Ethernet frames in UDP, with options, between hosts.

use super::{LinkKind, Shown, Words};
use crate::cli::value::{AF_INET6, AF_UNSPEC, Addr};
use crate::cli::{Args, Usage, Word, exact, prefix, value};
use crate::error::Error;
use crate::names::{Kind, Names};
use crate::netlink::Table;
use crate::output::{Out, Paint, json_only, text_only};

use super::super::tunnel;

pub static KIND: LinkKind = LinkKind {
    usage: USAGE,
    parse: Some(parse),
    show: Some(show),
    calls: "command",
    ..LinkKind::plain("geneve", "Ethernet frames in UDP, with options, between hosts")
};

const USAGE: &str = "{ id | vni } VNI remote ADDRESS\n\t\t[ local ADDRESS ]\n\t\t[ { ttl | hoplimit } { TTL | auto | inherit } ]\n\t\t[ { tos | dsfield } { TOS | inherit } ]\n\t\t[ df { unset | set | inherit } ]\n\t\t[ { flowlabel | label } LABEL ]\n\t\t[ dstport PORT ]\n\t\t[ [no]udpcsum ] [ [no]udp6zerocsumtx ] [ [no]udp6zerocsumrx ]\n\t\t[ [no]external ] [ innerprotoinherit ]";

// IFLA_GENEVE_* (linux/if_link.h)
const ID: u16 = 1;
const REMOTE: u16 = 2;
const TTL: u16 = 3;
const TOS: u16 = 4;
const PORT: u16 = 5;
const COLLECT_METADATA: u16 = 6;
const REMOTE6: u16 = 7;
const UDP_CSUM: u16 = 8;
const UDP_ZERO_CSUM6_TX: u16 = 9;
const UDP_ZERO_CSUM6_RX: u16 = 10;
const LABEL: u16 = 11;
const TTL_INHERIT: u16 = 12;
const DF: u16 = 13;
const INNER_PROTO_INHERIT: u16 = 14;
const LOCAL: u16 = 17;
const LOCAL6: u16 = 18;

/// Each word with the name it has when it is given twice; empty for those that are repeated as
/// they were typed. In the order in which beginnings are tried: `d` is dsfield, `n` noexternal.
#[rustfmt::skip] // one row, one line
const WORDS: &[(Word, &str)] = &[
    (prefix("id"), "id"),
    (prefix("vni"), "id"),
    (prefix("remote"), "remote"),
    (exact("local"), "local"),
    (prefix("ttl"), "ttl"),
    (prefix("hoplimit"), "ttl"),
    (prefix("tos"), "tos"),
    (prefix("dsfield"), "tos"),
    (prefix("df"), "df"),
    (prefix("label"), "flowlabel"),
    (prefix("flowlabel"), "flowlabel"),
    (prefix("dstport"), "dstport"),
    (prefix("external"), ""),
    (prefix("noexternal"), ""),
    (prefix("udpcsum"), ""),
    (prefix("noudpcsum"), ""),
    (prefix("udp6zerocsumtx"), ""),
    (prefix("noudp6zerocsumtx"), ""),
    (prefix("udp6zerocsumrx"), ""),
    (prefix("noudp6zerocsumrx"), ""),
    (exact("innerprotoinherit"), ""),
];

/// DF_* by number.
const DFS: &[&str] = &["unset", "set", "inherit"];

/// What the words have said.
#[derive(Default)]
struct Said {
    seen: Vec<&'static str>,
    external: bool,
}

fn parse(kind: &LinkKind, args: &mut Args<'_>, words: &mut Words<'_>) -> Result<(), Error> {
    let mut said = Said::default();
    while let Some(word) = args.take() {
        words.req.from_word(args.at());
        let Some((w, key)) = WORDS.iter().find(|(w, _)| w.is(word)) else {
            return Err(kind.unknown(args));
        };
        if key.is_empty() {
            switch(w.full, args, words, &mut said)?;
            continue;
        }
        args.need()?;
        once(args, &mut said, key, key)?;
        value_of(key, args, words)?;
    }
    finish(words, &said)
}

/// A word may be given once; `name` is what the reference calls it.
fn once(args: &Args<'_>, said: &mut Said, key: &'static str, name: &str) -> Result<(), Usage> {
    if said.seen.contains(&key) {
        return Err(args.garbage(name));
    }
    said.seen.push(key);
    Ok(())
}

fn switch(
    full: &'static str,
    args: &Args<'_>,
    words: &mut Words<'_>,
    said: &mut Said,
) -> Result<(), Usage> {
    let on = !full.starts_with("no");
    let key = if on { full } else { &full[2..] };
    once(args, said, key, &String::from_utf8_lossy(args.last()))?;
    match key {
        "external" => said.external = on,
        "udpcsum" => words.req.u8(UDP_CSUM, on.into()),
        "udp6zerocsumtx" => words.req.u8(UDP_ZERO_CSUM6_TX, on.into()),
        "udp6zerocsumrx" => words.req.u8(UDP_ZERO_CSUM6_RX, on.into()),
        _ => words.req.attr(INNER_PROTO_INHERIT, &[]),
    }
    Ok(())
}

/// Reads the word taken last.
fn value_of(key: &str, args: &Args<'_>, words: &mut Words<'_>) -> Result<(), Usage> {
    let word = args.last();
    let wrong = |what| move || args.wrong(what);
    let req = &mut *words.req;
    match key {
        "id" => {
            let id = value::u32(word).filter(|v| *v < 1 << 24);
            req.u32(ID, id.ok_or_else(wrong("invalid id"))?);
        }
        "remote" => address(args, words, (REMOTE, REMOTE6), "invalid remote address")?,
        "local" => address(args, words, (LOCAL, LOCAL6), "invalid local address")?,
        "ttl" => match word {
            b"inherit" => {
                req.u8(TTL_INHERIT, 1);
                req.u8(TTL, 0);
            }
            b"auto" => req.u8(TTL, 0),
            _ => {
                let ttl = value::u32(word).ok_or_else(wrong("invalid TTL"))?;
                req.u8(TTL, u8::try_from(ttl).map_err(|_| args.wrong("TTL must be <= 255"))?);
            }
        },
        "tos" if word == b"inherit" => req.u8(TOS, 1),
        "tos" => {
            let tos = words.names.number(Kind::DsField, word).and_then(|t| u8::try_from(t).ok());
            req.u8(TOS, tos.ok_or_else(wrong("bad TOS value"))?);
        }
        "df" => {
            let df = DFS.iter().position(|d| d.as_bytes() == word);
            let df = df.and_then(|d| u8::try_from(d).ok());
            req.u8(DF, df.ok_or_else(wrong("DF must be 'unset', 'set' or 'inherit'"))?);
        }
        "flowlabel" => {
            let label = value::u32(word).filter(|v| *v < 1 << 20);
            req.u32_be(LABEL, label.ok_or_else(wrong("invalid flowlabel"))?);
        }
        _ => req.u16_be(PORT, value::u16(word).ok_or_else(wrong("dstport"))?),
    }
    Ok(())
}

fn address(
    args: &Args<'_>,
    words: &mut Words<'_>,
    (v4, v6): (u16, u16),
    wrong: &str,
) -> Result<(), Usage> {
    let a: Addr = value::addr(args.last(), AF_UNSPEC)?;
    if a.is_multicast() || a.is_unspecified() {
        return Err(args.wrong(wrong));
    }
    words.req.attr(if a.family == AF_INET6 { v6 } else { v4 }, a.bytes());
    Ok(())
}

/// What can be judged only when all words are known.
fn finish(words: &mut Words<'_>, said: &Said) -> Result<(), Error> {
    let refuse = |text: &str| Err(Error::failed(1, format!("geneve: {text}")));
    let has = |key| said.seen.contains(&key);
    if said.external {
        if has("id") {
            return refuse("both 'external' and vni cannot be specified");
        }
        words.req.attr(COLLECT_METADATA, &[]);
        words.req.u32(ID, 0);
    } else if !has("id") {
        return refuse("missing virtual network identifier");
    } else if words.how.create && !has("remote") {
        return refuse("remote link partner not specified");
    }
    if words.how.create {
        for (key, attr) in [("ttl", TTL), ("tos", TOS)] {
            if !has(key) {
                words.req.u8(attr, 0);
            }
        }
        if !has("flowlabel") {
            words.req.u32(LABEL, 0);
        }
    }
    Ok(())
}

fn show(_: &LinkKind, out: &mut Out, _: &mut Names, shown: Shown<'_>) {
    let Some(data) = shown.data else { return };
    let t = Table::<19>::new(data);
    let byte = |attr| t.get(attr).and_then(|a| a.u8());
    if t.get(COLLECT_METADATA).is_some() {
        out.flag("external", "external ");
    }
    if let Some(id) = t.get(ID).and_then(|a| a.u32()) {
        out.uint(token!("id"), id);
    }
    for (attr, shape) in [
        (REMOTE, token!("remote")),
        (REMOTE6, token!("remote", "remote6")),
        (LOCAL, token!("local")),
        (LOCAL6, token!("local", "local6")),
    ] {
        if let Some(a) = t.get(attr).filter(|a| a.value.iter().any(|&b| b != 0)) {
            out.ip(Paint::Plain, shape, a.value);
        }
    }
    match byte(TTL) {
        _ if byte(TTL_INHERIT).is_some_and(|v| v != 0) => out.str(text_only("ttl {} "), "inherit"),
        Some(ttl @ 1..) => out.uint(token!("ttl"), ttl),
        _ => {
            out.uint(json_only("ttl"), 0u8);
            out.text("ttl auto ");
        }
    }
    tunnel::show_tos(out, t.get(TOS));
    match byte(DF).map(|df| (df, DFS.get(usize::from(df)))) {
        Some((1.., Some(name))) => out.str(token!("df"), name),
        Some((0, _)) => out.str(json_only("df"), "unset"),
        _ => {}
    }
    if let Some(label) = t.get(LABEL).and_then(|a| a.u32_be()).filter(|l| *l != 0) {
        out.str(token!("flowlabel", "label"), &format!("{label:#x}"));
    }
    if let Some(port) = t.get(PORT).and_then(|a| a.u16_be()) {
        out.uint(token!("dstport", "port"), port);
    }
    for (attr, key, text) in [
        (UDP_CSUM, "udp_csum", "udpcsum "),
        (UDP_ZERO_CSUM6_TX, "udp_zero_csum6_tx", "udp6zerocsumtx "),
        (UDP_ZERO_CSUM6_RX, "udp_zero_csum6_rx", "udp6zerocsumrx "),
    ] {
        if let Some(on) = byte(attr).map(|v| v != 0) {
            out.json_bool(key, on);
            out.text(if on { "" } else { "no" });
            out.text(text);
        }
    }
    if t.get(INNER_PROTO_INHERIT).is_some() {
        out.flag("inner_proto_inherit", "innerprotoinherit ");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::ip::link::kind::unsent;
    use crate::netlink::Request;

    /// What newer kernels have, and no test kernel: an own address.
    #[test]
    fn a_local_address_is_sent_and_shown() {
        let sent = unsent::sent(&KIND, "id 5 remote 10.0.0.2 local 10.0.0.1 ttl inherit").unwrap();
        assert!(sent.contains(&(LOCAL, vec![10, 0, 0, 1])), "{sent:?}");
        let mut told = Request::new(0, 0, &[]);
        told.u32(ID, 5);
        told.attr(LOCAL, &[10, 0, 0, 1]);
        told.u8(TTL_INHERIT, 1);
        told.u16_be(PORT, 6081);
        let text = unsent::shown(&KIND, &told, false);
        assert_eq!(text, "id 5 local 10.0.0.1 ttl inherit dstport 6081 ");
        let data = unsent::shown(&KIND, &told, true);
        assert_eq!(data, r#"{"id":5,"local":"10.0.0.1","port":6081}"#);
    }
}
