//! `batadv`: a mesh network.

use super::{LinkKind, Words};
use crate::cli::{Args, prefix};
use crate::error::Error;

pub static KIND: LinkKind = LinkKind {
    usage: "[ ra { BATMAN_IV | BATMAN_V } ]",
    parse: Some(parse),
    calls: "command",
    ..LinkKind::plain("batadv", "a mesh network")
};

const IFLA_BATADV_ALGO_NAME: u16 = 1;

/// The routing algorithm may have any name: the kernel knows which there are, and shows none.
fn parse(kind: &LinkKind, args: &mut Args<'_>, words: &mut Words<'_>) -> Result<(), Error> {
    while let Some(word) = args.take() {
        words.req.from_word(args.at());
        if !prefix("ra").is(word) {
            return Err(kind.unknown(args));
        }
        words.req.strz(IFLA_BATADV_ALGO_NAME, args.need()?);
    }
    Ok(())
}
