//! `netkit`: a cable with two ends between which BPF programs decide.
//!
//! What follows `peer` is about the other end, at last the words of every device.

use super::{LinkKind, Shown, Words};
use crate::cli::{Args, exact};
use crate::error::Error;
use crate::names::Names;
use crate::output::{Field, Out, field};
use crate::rtnl::link;

use super::super::words::Change;

pub static KIND: LinkKind = LinkKind {
    usage: USAGE,
    parse: Some(parse),
    show: Some(show),
    ..LinkKind::plain("netkit", "a cable with two ends and programs of BPF between")
};

const USAGE: &str = "[ mode { l3 | l2 } ] [ POLICY ] [ scrub { default | none } ]\n\t\t[ peer [ POLICY ] [ scrub { default | none } ] [ WORDS ] ]\nPOLICY := { forward | blackhole }";

// IFLA_NETKIT_* (linux/if_link.h)
const PEER_INFO: u16 = 1;
const PRIMARY: u16 = 2;
const POLICY: u16 = 3;
const PEER_POLICY: u16 = 4;
const MODE: u16 = 5;
const SCRUB: u16 = 6;
const PEER_SCRUB: u16 = 7;

/// NETKIT_L2, NETKIT_L3
const MODES: &[&str] = &["l2", "l3"];
/// NETKIT_SCRUB_*
const SCRUBS: &[&str] = &["none", "default"];
/// NETKIT_PASS, NETKIT_DROP
const POLICIES: &[(&str, u32)] = &[("forward", 0), ("blackhole", 2)];

fn parse(kind: &LinkKind, args: &mut Args<'_>, words: &mut Words<'_>) -> Result<(), Error> {
    let (mut mode_seen, mut peer) = (false, false);
    while let Some(word) = args.take() {
        words.req.from_word(args.at());
        if exact("mode").is(word) {
            let given = args.need()?;
            if mode_seen {
                return Err(args.duplicate("mode").into());
            }
            mode_seen = true;
            let text = "Error: argument of \"mode\" must be either \"l3\" or \"l2\"";
            words.req.u32(MODE, place(MODES, given).ok_or_else(|| Error::fatal(1, text))?);
        } else if let Some((_, policy)) = POLICIES.iter().find(|p| p.0.as_bytes() == word) {
            words.req.u32(if peer { PEER_POLICY } else { POLICY }, *policy);
        } else if exact("scrub").is(word) {
            let scrub = place(SCRUBS, args.need()?);
            let text = "Error: scrub must be either \"none\" or \"default\"";
            let scrub = scrub.ok_or_else(|| Error::fatal(1, text))?;
            words.req.u32(if peer { PEER_SCRUB } else { SCRUB }, scrub);
        } else if exact("peer").is(word) {
            if peer {
                args.need()?;
                return Err(args.duplicate("peer").into());
            }
            peer = true;
        } else if peer {
            args.back();
            return other_end(args, words);
        } else {
            return Err(unknown(kind, word));
        }
    }
    Ok(())
}

fn place(list: &[&str], word: &[u8]) -> Option<u32> {
    list.iter().zip(0u32..).find(|(w, _)| w.as_bytes() == word).map(|(_, at)| at)
}

/// Not even `help` is a word here (observed in iproute2 6.15).
fn unknown(kind: &LinkKind, word: &[u8]) -> Error {
    let help = kind.help();
    Error::failed(1, [b"netkit: unknown option \"", word, b"\"?\n", help.as_bytes()].concat())
}

fn other_end(args: &mut Args<'_>, words: &mut Words<'_>) -> Result<(), Error> {
    let nest = words.req.nest(PEER_INFO);
    let header = words.req.payload().len();
    words.req.raw(&link::header(words.how.family, 0));
    let mut peer = Change::new(words.names, words.req, words.files, header, words.how);
    peer.read(args)?;
    if peer.kind.is_some() {
        return Err(args.duplicate("type").into());
    }
    words.req.end(nest);
    Ok(())
}

fn show(_: &LinkKind, out: &mut Out, _: &mut Names, shown: Shown<'_>) {
    let Some(data) = shown.data else { return };
    let number = |attr| data.find(attr).and_then(|a| a.u32());
    let mut one = |f: Field, list: &[&str], v: u32| {
        out.str(f, list.get(v as usize).copied().unwrap_or("UNKNOWN"));
    };
    if let Some(v) = number(MODE) {
        one(token!("mode"), MODES, v);
    }
    if let Some(v) = data.find(PRIMARY).and_then(|a| a.u8()) {
        one(token!("type"), &["peer", "primary"], v.into());
    }
    let policies = &["forward", "UNKNOWN", "blackhole"];
    for (attr, shape, list) in [
        (POLICY, token!("policy"), &policies[..]),
        (PEER_POLICY, field("peer_policy", "peer policy {} "), &policies[..]),
        (SCRUB, token!("scrub"), SCRUBS),
        (PEER_SCRUB, field("peer_scrub", "peer scrub {} "), SCRUBS),
    ] {
        if let Some(v) = number(attr) {
            one(shape, list, v);
        }
    }
}
