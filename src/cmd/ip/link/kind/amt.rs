//! `amt`: multicast in UDP over networks that have none.

use super::{LinkKind, Shown, Words};
use crate::cli::{Args, Usage, exact, value};
use crate::error::Error;
use crate::names::Names;
use crate::output::{Out, Paint, field};

pub static KIND: LinkKind = LinkKind {
    usage: "mode { gateway | relay }\n\t\t[ discovery ADDRESS ] [ local ADDRESS ]\n\t\t[ gateway_port PORT ] [ relay_port PORT ]\n\t\t[ max_tunnels COUNT ]\n\t\t[ dev DEVICE ]",
    parse: Some(parse),
    show: Some(show),
    calls: "command",
    ..LinkKind::plain("amt", "multicast in UDP over networks that have none")
};

// IFLA_AMT_* (linux/amt.h)
const MODE: u16 = 1;
const RELAY_PORT: u16 = 2;
const GATEWAY_PORT: u16 = 3;
const LINK: u16 = 4;
const LOCAL_IP: u16 = 5;
const REMOTE_IP: u16 = 6;
const DISCOVERY_IP: u16 = 7;
const MAX_TUNNELS: u16 = 8;

/// AMT_MODE_* by number.
const MODES: &[&str] = &["gateway", "relay"];

fn parse(kind: &LinkKind, args: &mut Args<'_>, words: &mut Words<'_>) -> Result<(), Error> {
    let mut seen = Vec::new();
    while let Some(word) = args.take() {
        words.req.from_word(args.at());
        if exact("mode").is(word) {
            let word = args.need()?;
            let mode = MODES.iter().position(|m| m.as_bytes() == word);
            let mode = mode.and_then(|m| u32::try_from(m).ok());
            words.req.u32(MODE, mode.ok_or_else(|| Error::failed(1, kind.help()))?);
        } else if exact("relay_port").is(word) {
            let port = args.value(value::u16, "relay_port")?;
            words.req.u16_be(RELAY_PORT, port);
        } else if exact("gateway_port").is(word) {
            let port = args.value(value::u16, "gateway_port")?;
            words.req.u16_be(GATEWAY_PORT, port);
        } else if exact("max_tunnels").is(word) {
            let count = args.value(value::u32, "max_tunnels")?;
            words.req.u32(MAX_TUNNELS, count);
        } else if exact("dev").is(word) {
            let name = args.need()?;
            let none = || Usage::new(255, [b"Cannot find device \"", name, b"\""].concat());
            words.req.u32(LINK, words.names.index(name).ok_or_else(none)?);
        } else if exact("local").is(word) {
            address(args, words, &mut seen, "local", LOCAL_IP)?;
        } else if exact("discovery").is(word) {
            address(args, words, &mut seen, "discovery", DISCOVERY_IP)?;
        } else {
            // Unlike elsewhere, beginnings of `help` are none.
            let sentence = [b"amt: unknown command \"", word, b"\"?\n"].concat();
            let sentence = if word == b"help" { Vec::new() } else { sentence };
            return Err(Error::failed(1, [&sentence[..], kind.help().as_bytes()].concat()));
        }
    }
    Ok(())
}

/// An address, once; `any` is left out.
fn address(
    args: &mut Args<'_>,
    words: &mut Words<'_>,
    seen: &mut Vec<u16>,
    key: &str,
    attr: u16,
) -> Result<(), Usage> {
    let word = args.need()?;
    if seen.contains(&attr) {
        return Err(args.garbage(key));
    }
    seen.push(attr);
    let a = value::addr(word, value::AF_UNSPEC)?;
    if !a.bytes().is_empty() {
        words.req.attr(attr, a.bytes());
    }
    Ok(())
}

fn show(_: &LinkKind, out: &mut Out, names: &mut Names, shown: Shown<'_>) {
    let Some(data) = shown.data else { return };
    if let Some(mode) = data.find(MODE).and_then(|a| a.u32()) {
        out.str(field("mode", "{} "), MODES.get(mode as usize).unwrap_or(&"unknown"));
    }
    for (attr, shape) in
        [(GATEWAY_PORT, token!("gateway_port")), (RELAY_PORT, token!("relay_port"))]
    {
        if let Some(port) = data.find(attr).and_then(|a| a.u16_be()) {
            out.uint(shape, port);
        }
    }
    for (attr, shape) in [
        (LOCAL_IP, token!("local")),
        (REMOTE_IP, token!("remote")),
        (DISCOVERY_IP, token!("discovery")),
    ] {
        if let Some(a) = data.find(attr) {
            out.ip(Paint::Plain, shape, a.value);
        }
    }
    if let Some(link) = data.find(LINK).and_then(|a| a.u32()) {
        out.bytes(token!("dev", "link"), names.name(link));
    }
    if let Some(count) = data.find(MAX_TUNNELS).and_then(|a| a.u32()) {
        out.uint(token!("max_tunnels"), count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::ip::link::kind::unsent;
    use crate::netlink::Request;

    fn sent(line: &str) -> Result<Vec<(u16, Vec<u8>)>, Error> {
        unsent::sent(&KIND, line)
    }

    /// The bytes that iproute2 6.15 sends for the same words.
    #[test]
    fn words_become_attributes() {
        let line = "mode relay relay_port 5 gateway_port 6 max_tunnels 7 dev v0 local 1.2.3.4 discovery 5.6.7.8";
        let want: Vec<(u16, Vec<u8>)> = vec![
            (MODE, 1u32.to_ne_bytes().into()),
            (RELAY_PORT, vec![0, 5]),
            (GATEWAY_PORT, vec![0, 6]),
            (MAX_TUNNELS, 7u32.to_ne_bytes().into()),
            (LINK, 7u32.to_ne_bytes().into()),
            (LOCAL_IP, vec![1, 2, 3, 4]),
            (DISCOVERY_IP, vec![5, 6, 7, 8]),
        ];
        assert_eq!(sent(line).unwrap(), want);
        let want = [(MODE, 0u32.to_ne_bytes().into())];
        assert_eq!(sent("mode gateway local any").unwrap(), want);
    }

    #[test]
    fn wrong_words_are_refused() {
        let text = |line| String::from_utf8(sent(line).unwrap_err().text()).unwrap();
        assert!(text("mode x").starts_with("Usage: ... amt mode"));
        assert!(text("wrong").starts_with("amt: unknown command \"wrong\"?\nUsage: ..."));
        assert!(text("he").starts_with("amt: unknown command \"he\"?\n"));
        assert!(text("help").starts_with("Usage: ... amt"));
        assert_eq!(text("relay_port x"), "Error: argument \"x\" is wrong: relay_port\n");
        assert_eq!(text("dev nosuch"), "Cannot find device \"nosuch\"\n");
        let twice = "Error: either \"local\" is duplicate, or \"2.3.4.5\" is garbage.\n";
        assert_eq!(text("local 1.2.3.4 local 2.3.4.5"), twice);
    }

    #[test]
    fn an_answer_is_shown() {
        let mut told = Request::new(0, 0, &[]);
        told.u32(MODE, 1);
        told.u16_be(RELAY_PORT, 2268);
        told.u16_be(GATEWAY_PORT, 2269);
        told.u32(LINK, 7);
        told.u32(MAX_TUNNELS, 128);
        told.attr(LOCAL_IP, &[10, 0, 0, 1]);
        told.attr(REMOTE_IP, &[10, 0, 0, 2]);
        told.attr(DISCOVERY_IP, &[10, 0, 0, 3]);
        assert_eq!(
            unsent::shown(&KIND, &told, false),
            "relay gateway_port 2269 relay_port 2268 local 10.0.0.1 remote 10.0.0.2 discovery 10.0.0.3 dev v0 max_tunnels 128 "
        );
        assert_eq!(
            unsent::shown(&KIND, &told, true),
            r#"{"mode":"relay","gateway_port":2269,"relay_port":2268,"local":"10.0.0.1","remote":"10.0.0.2","discovery":"10.0.0.3","link":"v0","max_tunnels":128}"#
        );
    }
}
