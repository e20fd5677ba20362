//! `bareudp`: packets of one protocol in UDP, without a header of its own.

use super::{LinkKind, Shown, Words};
use crate::cli::{Args, Usage, prefix, value};
use crate::error::Error;
use crate::names::Names;
use crate::output::Out;

pub static KIND: LinkKind = LinkKind {
    usage: "dstport PORT ethertype PROTOCOL\n\t\t[ srcportmin PORT ]\n\t\t[ [no]multiproto ]",
    parse: Some(parse),
    show: Some(show),
    calls: "command",
    ..LinkKind::plain("bareudp", "packets of one protocol in UDP, without a header of its own")
};

// IFLA_BAREUDP_* (linux/if_link.h)
const PORT: u16 = 1;
const ETHERTYPE: u16 = 2;
const SRCPORT_MIN: u16 = 3;
const MULTIPROTO_MODE: u16 = 4;

fn parse(kind: &LinkKind, args: &mut Args<'_>, words: &mut Words<'_>) -> Result<(), Error> {
    let mut seen = Vec::new();
    let mut multiproto = false;
    while let Some(word) = args.take() {
        words.req.from_word(args.at());
        if prefix("dstport").is(word) {
            args.need()?;
            once(args, &mut seen, "dstport", "dstport")?;
            let port = value::u16(args.last()).ok_or_else(|| args.wrong("dstport"))?;
            words.req.u16_be(PORT, port);
        } else if prefix("ethertype").is(word) {
            args.need()?;
            once(args, &mut seen, "ethertype", "ethertype")?;
            let number = words.names.ethertype_number(args.last());
            words.req.u16_be(ETHERTYPE, number.ok_or_else(|| args.wrong("ethertype"))?);
        } else if prefix("srcportmin").is(word) {
            args.need()?;
            once(args, &mut seen, "srcportmin", "srcportmin")?;
            let port = value::u16(args.last()).ok_or_else(|| args.wrong("srcportmin"))?;
            words.req.u16(SRCPORT_MIN, port);
        } else if prefix("multiproto").is(word) || prefix("nomultiproto").is(word) {
            once(args, &mut seen, "multiproto", &String::from_utf8_lossy(word))?;
            multiproto = word.first() == Some(&b'm');
        } else {
            return Err(kind.unknown(args));
        }
    }
    for needed in ["dstport", "ethertype"] {
        if !seen.contains(&needed) {
            return Err(args.required(needed).into());
        }
    }
    if multiproto {
        words.req.attr(MULTIPROTO_MODE, &[]);
    }
    Ok(())
}

/// A word may be given once; `name` is what the reference calls it.
fn once(
    args: &Args<'_>,
    seen: &mut Vec<&'static str>,
    key: &'static str,
    name: &str,
) -> Result<(), Usage> {
    if seen.contains(&key) {
        return Err(args.garbage(name));
    }
    seen.push(key);
    Ok(())
}

fn show(_: &LinkKind, out: &mut Out, names: &mut Names, shown: Shown<'_>) {
    let Some(data) = shown.data else { return };
    if let Some(port) = data.find(PORT).and_then(|a| a.u16_be()) {
        out.uint(token!("dstport"), port);
    }
    if let Some(number) = data.find(ETHERTYPE).and_then(|a| a.u16_be()) {
        out.str(token!("ethertype"), &names.ethertype(number));
    }
    if let Some(port) = data.find(SRCPORT_MIN).and_then(|a| a.u16()) {
        out.uint(token!("srcportmin"), port);
    }
    let on = data.find(MULTIPROTO_MODE).is_some();
    out.json_bool("multiproto", on);
    out.text(if on { "multiproto " } else { "nomultiproto " });
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
        let want: Vec<(u16, Vec<u8>)> = vec![
            (PORT, vec![0, 5]),
            (ETHERTYPE, vec![8, 0]),
            (SRCPORT_MIN, 7u16.to_ne_bytes().into()),
            (MULTIPROTO_MODE, vec![]),
        ];
        assert_eq!(sent("d 5 e ipv4 s 7 m").unwrap(), want);
        let want = [(PORT, vec![0, 5]), (ETHERTYPE, vec![0x88, 0x47])];
        assert_eq!(sent("dstport 5 ethertype mpls_uc nomultiproto").unwrap(), want);
        assert_eq!(sent("dstport 5 ethertype 0x8847").unwrap(), want);
    }

    #[test]
    fn wrong_words_are_refused() {
        let text = |line| String::from_utf8(sent(line).unwrap_err().text()).unwrap();
        assert!(text("wrong").starts_with("bareudp: unknown command \"wrong\"?\nUsage: ..."));
        assert!(text("h").starts_with("Usage: ... bareudp dstport"));
        assert_eq!(text("dstport 5"), "Error: argument \"ethertype\" is required\n");
        assert_eq!(text("ethertype ipv4"), "Error: argument \"dstport\" is required\n");
        assert_eq!(text("dstport 70000"), "Error: argument \"70000\" is wrong: dstport\n");
        let twice =
            "Error: either \"nomultiproto\" is duplicate, or \"nomultiproto\" is garbage.\n";
        assert_eq!(text("multiproto nomultiproto"), twice);
    }

    #[test]
    fn an_answer_is_shown() {
        let mut told = Request::new(0, 0, &[]);
        told.u16_be(PORT, 6635);
        told.u16_be(ETHERTYPE, 0x8847);
        told.u16(SRCPORT_MIN, 49153);
        told.attr(MULTIPROTO_MODE, &[]);
        assert_eq!(
            unsent::shown(&KIND, &told, false),
            "dstport 6635 ethertype mpls_uc srcportmin 49153 multiproto "
        );
        assert_eq!(
            unsent::shown(&KIND, &told, true),
            r#"{"dstport":6635,"ethertype":"mpls_uc","srcportmin":49153,"multiproto":true}"#
        );
    }
}
