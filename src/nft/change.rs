//! What the kernel tells of changes to whoever listens.

use super::{
    DELCHAIN, DELRULE, DELTABLE, NEWCHAIN, NEWRULE, NEWTABLE, NFNL_SUBSYS_NFTABLES, attrs,
};

/// NFNLGRP_NFTABLES.
pub const GROUP: u32 = 7;

/// A table, a chain or a rule that was made, changed or deleted. Sets and their elements are none
/// of these.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    pub family: u8,
    pub table: &'a [u8],
    /// Of a rule; absent when it is about more than the rules of a chain.
    pub chain: Option<&'a [u8]>,
}

impl<'a> Change<'a> {
    pub fn new(kind: u16, payload: &'a [u8]) -> Option<Change<'a>> {
        if kind >> 8 != NFNL_SUBSYS_NFTABLES {
            return None;
        }
        // Attribute 1 is the table in all of them, attribute 2 of a rule its chain.
        let bytes = |kind: u16| attrs(payload).find(kind).map(|a| a.bytes());
        let chain = match kind & 0xff {
            NEWTABLE | DELTABLE | NEWCHAIN | DELCHAIN => None,
            NEWRULE | DELRULE => Some(bytes(2)?),
            _ => return None,
        };
        Some(Change { family: *payload.first()?, table: bytes(1)?, chain })
    }
}
