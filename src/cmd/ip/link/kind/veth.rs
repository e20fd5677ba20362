//! `veth`: a cable with two ends.
//!
//! What follows `peer` are the words of every device, about the other end.

use super::{LinkKind, Words};
use crate::cli::Args;
use crate::error::Error;
use crate::rtnl::link;
use crate::sys::fd;

use super::super::words::Change;

pub static KIND: LinkKind = LinkKind {
    usage: "[ peer [ WORDS ] ]",
    parse: Some(parse),
    ..LinkKind::plain("veth", "a cable with two ends")
};

const VETH_INFO_PEER: u16 = 1;

/// Reads `peer` and all that follows.
pub fn parse(kind: &LinkKind, args: &mut Args<'_>, words: &mut Words<'_>) -> Result<(), Error> {
    if args.take() != Some(b"peer") {
        // This usage goes to stdout (observed in iproute2 6.15).
        let _ = fd::stdout((kind.help() + "\n").as_bytes());
        return Err(Error::Status(1));
    }
    let nest = words.req.nest(VETH_INFO_PEER);
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
