//! Rules: what lies around the expressions.

use super::{DELRULE, GETRULE, GETRULE_RESET, NEWRULE, attrs, request};
use crate::netlink::{NLA_F_NESTED, NLM_F_APPEND, NLM_F_CREATE, NLM_F_REPLACE, Request};

const NFTA_RULE_TABLE: u16 = 1;
const NFTA_RULE_CHAIN: u16 = 2;
const NFTA_RULE_HANDLE: u16 = 3;
const NFTA_RULE_EXPRESSIONS: u16 = 4;
const NFTA_RULE_COMPAT: u16 = 5;
const NFTA_RULE_POSITION: u16 = 6;
const NFTA_RULE_USERDATA: u16 = 7;
const NFTA_RULE_ID: u16 = 9;
const NFTA_RULE_POSITION_ID: u16 = 10;

const NFTA_RULE_COMPAT_PROTO: u16 = 1;
const NFTA_RULE_COMPAT_FLAGS: u16 = 2;
const NFT_RULE_COMPAT_F_INV: u32 = 2;

/// A rule of a dump.
#[derive(Clone, Copy, Debug)]
pub struct Rule<'a> {
    pub handle: u64,
    /// The attributes inside NFTA_RULE_EXPRESSIONS.
    pub exprs: &'a [u8],
    /// What the program that made it has noted; `nft` keeps comments here.
    pub user_data: &'a [u8],
}

/// Where a new rule goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    First,
    Last,
    /// Before the rule of this handle.
    Before(u64),
    /// Before a rule of the same batch.
    BeforeNew(u32),
    /// In place of the rule of this handle.
    Instead(u64),
}

/// A rule to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewRule<'a> {
    pub place: Place,
    /// What [`super::Exprs`] has made.
    pub exprs: &'a [u8],
    /// At most 256 bytes; see [`Rule::user_data`].
    pub user_data: &'a [u8],
    /// The protocol and whether it is inverted, for extensions that ask.
    pub compat: (u16, bool),
    /// Names the rule within the batch.
    pub id: Option<u32>,
}

impl<'a> Rule<'a> {
    pub fn new(payload: &'a [u8]) -> Rule<'a> {
        let mut rule = Rule { handle: 0, exprs: &[], user_data: &[] };
        for a in attrs(payload) {
            match a.kind {
                NFTA_RULE_HANDLE => rule.handle = a.u64_be().unwrap_or(0),
                NFTA_RULE_EXPRESSIONS => rule.exprs = a.value,
                NFTA_RULE_USERDATA => rule.user_data = a.value,
                _ => {}
            }
        }
        rule
    }

    /// Asks for the rules of a chain.
    pub fn list(family: u8, table: &[u8], chain: &[u8]) -> Request {
        named(GETRULE, 0, family, table, chain)
    }
    /// Sets the counters of a rule, or in a dump of all rules of the chain, to zero (Linux 6.2).
    pub fn reset(family: u8, table: &[u8], chain: &[u8], handle: Option<u64>) -> Request {
        let mut r = named(GETRULE_RESET, 0, family, table, chain);
        if let Some(handle) = handle {
            r.u64_be(NFTA_RULE_HANDLE, handle);
        }
        r
    }
    /// A new rule.
    pub fn create(family: u8, table: &[u8], chain: &[u8], rule: &NewRule<'_>) -> Request {
        let NewRule { place, exprs, user_data, compat, id } = *rule;
        let flags = match place {
            Place::Last => NLM_F_CREATE | NLM_F_APPEND,
            Place::Instead(_) => NLM_F_CREATE | NLM_F_REPLACE,
            _ => NLM_F_CREATE,
        };
        // Besides: headers, two names, where it goes.
        let room = exprs.len() + user_data.len() + table.len() + chain.len() + 120;
        let mut r = with_names(
            Request::with_room(room, super::kind(NEWRULE), flags, &[family, 0, 0, 0]),
            table,
            chain,
        );
        if let Place::Instead(handle) = place {
            r.u64_be(NFTA_RULE_HANDLE, handle);
        }
        r.attr(NFTA_RULE_EXPRESSIONS | NLA_F_NESTED, exprs);
        let nest = r.nest(NFTA_RULE_COMPAT | NLA_F_NESTED);
        r.u32_be(NFTA_RULE_COMPAT_PROTO, compat.0.into());
        r.u32_be(NFTA_RULE_COMPAT_FLAGS, if compat.1 { NFT_RULE_COMPAT_F_INV } else { 0 });
        r.end(nest);
        if !user_data.is_empty() {
            r.attr(NFTA_RULE_USERDATA, user_data);
        }
        match place {
            Place::Before(handle) => r.u64_be(NFTA_RULE_POSITION, handle),
            Place::BeforeNew(id) => r.u32_be(NFTA_RULE_POSITION_ID, id),
            _ => {}
        }
        if let Some(id) = id {
            r.u32_be(NFTA_RULE_ID, id);
        }
        r
    }
    /// Deletes one rule.
    pub fn delete(family: u8, table: &[u8], chain: &[u8], handle: u64) -> Request {
        let mut r = named(DELRULE, 0, family, table, chain);
        r.u64_be(NFTA_RULE_HANDLE, handle);
        r
    }
    /// Deletes a rule of the same batch.
    pub fn delete_new(family: u8, table: &[u8], chain: &[u8], id: u32) -> Request {
        let mut r = named(DELRULE, 0, family, table, chain);
        r.u32_be(NFTA_RULE_ID, id);
        r
    }
    /// Deletes the rules of a chain.
    pub fn flush(family: u8, table: &[u8], chain: &[u8]) -> Request {
        named(DELRULE, 0, family, table, chain)
    }
}

fn named(message: u16, flags: u16, family: u8, table: &[u8], chain: &[u8]) -> Request {
    with_names(request(message, flags, family), table, chain)
}

fn with_names(mut r: Request, table: &[u8], chain: &[u8]) -> Request {
    r.strz(NFTA_RULE_TABLE, table);
    r.strz(NFTA_RULE_CHAIN, chain);
    r
}
