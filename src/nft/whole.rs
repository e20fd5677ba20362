//! The rule set of a namespace as a whole: all families, all tables, in a few dumps.
//!
//! The dumps of single families and chains lie in the other files; here a message also tells
//! which family, table and chain it belongs to.

use super::{GETCHAIN, GETRULE, GETTABLE, attrs, request};
use crate::netlink::{Attr, Request};

const GETSET: u16 = 10;
const GETSETELEM: u16 = 13;

const NFTA_TABLE_FLAGS: u16 = 2;
const NFTA_SET_TABLE: u16 = 1;
const NFTA_SET_NAME: u16 = 2;
const NFTA_SET_FLAGS: u16 = 3;
const NFTA_SET_KEY_LEN: u16 = 5;
const NFTA_SET_ELEM_LIST_TABLE: u16 = 1;
const NFTA_SET_ELEM_LIST_SET: u16 = 2;
const NFTA_SET_ELEM_LIST_ELEMENTS: u16 = 3;
const NFTA_SET_ELEM_KEY: u16 = 1;
const NFTA_SET_ELEM_DATA: u16 = 2;
const NFTA_SET_ELEM_FLAGS: u16 = 3;
const NFTA_SET_ELEM_KEY_END: u16 = 10;
const NFTA_DATA_VALUE: u16 = 1;

/// NFPROTO_*, from struct nfgenmsg.
pub fn family(payload: &[u8]) -> u8 {
    payload.first().copied().unwrap_or(0)
}

/// Asks for all tables.
pub fn tables() -> Request {
    request(GETTABLE, 0, 0)
}
/// Asks for all chains.
pub fn chains() -> Request {
    request(GETCHAIN, 0, 0)
}
/// Asks for all rules.
pub fn rules() -> Request {
    request(GETRULE, 0, 0)
}
/// Asks for all sets.
pub fn sets() -> Request {
    request(GETSET, 0, 0)
}
/// Asks for the elements of a set.
pub fn elements(family: u8, table: &[u8], set: &[u8]) -> Request {
    let mut r = request(GETSETELEM, 0, family);
    r.strz(NFTA_SET_ELEM_LIST_TABLE, table);
    r.strz(NFTA_SET_ELEM_LIST_SET, set);
    r
}

/// Whether a table of a dump is dormant: NFT_TABLE_F_DORMANT.
pub fn is_dormant(payload: &[u8]) -> bool {
    attrs(payload).find(NFTA_TABLE_FLAGS).and_then(Attr::u32_be).unwrap_or(0) & 1 != 0
}

/// The table and the chain that a rule of a dump is in: NFTA_RULE_TABLE and NFTA_RULE_CHAIN.
pub fn place(payload: &[u8]) -> Option<(&[u8], &[u8])> {
    Some((attrs(payload).find(1)?.bytes(), attrs(payload).find(2)?.bytes()))
}

/// A set of a dump.
pub struct Set<'a> {
    pub table: &'a [u8],
    pub name: &'a [u8],
    /// NFT_SET_*
    pub flags: u32,
    /// Bytes.
    pub key_len: u32,
}

impl<'a> Set<'a> {
    pub fn new(payload: &'a [u8]) -> Option<Set<'a>> {
        let all = attrs(payload);
        Some(Set {
            table: all.find(NFTA_SET_TABLE)?.bytes(),
            name: all.find(NFTA_SET_NAME)?.bytes(),
            flags: all.find(NFTA_SET_FLAGS).and_then(Attr::u32_be).unwrap_or(0),
            key_len: all.find(NFTA_SET_KEY_LEN).and_then(Attr::u32_be).unwrap_or(0),
        })
    }
}

/// An element of a set.
pub struct Element<'a> {
    /// Absent for the one that holds for everything else.
    pub key: Option<&'a [u8]>,
    /// The last key of a range, for sets of several fields.
    pub key_end: Option<&'a [u8]>,
    /// NFTA_DATA_* attributes of a map.
    pub data: &'a [u8],
    /// NFT_SET_ELEM_*: 1 ends an interval, 2 holds for everything else.
    pub flags: u32,
}

/// The elements of one message.
pub fn read_elements(payload: &[u8]) -> impl Iterator<Item = Element<'_>> {
    let list = attrs(payload).find(NFTA_SET_ELEM_LIST_ELEMENTS).map(Attr::nested);
    list.into_iter().flatten().map(|e| {
        let all = e.nested();
        let value = |kind| all.find(kind)?.nested().find(NFTA_DATA_VALUE).map(|a| a.value);
        Element {
            key: value(NFTA_SET_ELEM_KEY),
            key_end: value(NFTA_SET_ELEM_KEY_END),
            data: all.find(NFTA_SET_ELEM_DATA).map(|a| a.value).unwrap_or_default(),
            flags: all.find(NFTA_SET_ELEM_FLAGS).and_then(Attr::u32_be).unwrap_or(0),
        }
    })
}
