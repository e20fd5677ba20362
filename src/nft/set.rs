//! Sets: what a rule looks a value up in.

use super::{GETSET, GETSETELEM, NEWSET, NEWSETELEM, attrs, request};
use crate::netlink::{Attr, NLA_F_NESTED, NLM_F_CREATE, Request};

const NFTA_SET_TABLE: u16 = 1;
const NFTA_SET_NAME: u16 = 2;
const NFTA_SET_FLAGS: u16 = 3;
const NFTA_SET_KEY_TYPE: u16 = 4;
const NFTA_SET_KEY_LEN: u16 = 5;
const NFTA_SET_ID: u16 = 10;

const NFTA_SET_ELEM_LIST_TABLE: u16 = 1;
const NFTA_SET_ELEM_LIST_SET: u16 = 2;
const NFTA_SET_ELEM_LIST_ELEMENTS: u16 = 3;
const NFTA_SET_ELEM_LIST_SET_ID: u16 = 4;

const NFTA_LIST_ELEM: u16 = 1;
const NFTA_SET_ELEM_KEY: u16 = 1;
const NFTA_SET_ELEM_FLAGS: u16 = 3;
const NFTA_SET_ELEM_KEY_END: u16 = 10;
const NFTA_DATA_VALUE: u16 = 1;

const ANONYMOUS: u32 = 1;
const CONSTANT: u32 = 2;
const INTERVAL: u32 = 4;
const NFT_SET_ELEM_INTERVAL_END: u32 = 1;

/// A set as the kernel tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Set {
    /// NFT_SET_*.
    pub flags: u32,
    /// Bytes of a key.
    pub key_len: u32,
}

impl Set {
    pub fn new(payload: &[u8]) -> Option<Set> {
        let number = |kind| attrs(payload).find(kind).and_then(Attr::u32_be);
        Some(Set { flags: number(NFTA_SET_FLAGS).unwrap_or(0), key_len: number(NFTA_SET_KEY_LEN)? })
    }
    /// Asks for a set.
    pub fn get(family: u8, table: &[u8], name: &[u8]) -> Request {
        let mut r = request(GETSET, 0, family);
        r.strz(NFTA_SET_TABLE, table);
        r.strz(NFTA_SET_NAME, name);
        r
    }
    /// Asks for the elements of a set.
    pub fn elements(family: u8, table: &[u8], name: &[u8]) -> Request {
        let mut r = request(GETSETELEM, 0, family);
        r.strz(NFTA_SET_ELEM_LIST_TABLE, table);
        r.strz(NFTA_SET_ELEM_LIST_SET, name);
        r
    }
    /// Whether it belongs to one rule and stays as it is; neither a map, nor with times, nor of
    /// several fields.
    pub fn is_plain(self) -> bool {
        self.flags & (ANONYMOUS | CONSTANT) == ANONYMOUS | CONSTANT
            && self.flags & !(ANONYMOUS | CONSTANT | INTERVAL) == 0
    }
    /// Whether keys are the beginnings and ends of ranges.
    pub fn has_ranges(self) -> bool {
        self.flags & INTERVAL != 0
    }
}

/// An element of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    pub key: &'a [u8],
    /// It is the first key behind a range.
    pub is_end: bool,
}

impl<'a> Element<'a> {
    /// The elements of one message of a dump; one that is not understood is `None`.
    pub fn all(payload: &'a [u8]) -> impl Iterator<Item = Option<Element<'a>>> {
        let list = attrs(payload).find(NFTA_SET_ELEM_LIST_ELEMENTS);
        list.map(Attr::nested).unwrap_or_default().map(|element| {
            let parts = element.nested();
            if parts.find(NFTA_SET_ELEM_KEY_END).is_some() {
                return None;
            }
            let key = parts.find(NFTA_SET_ELEM_KEY)?.nested().find(NFTA_DATA_VALUE)?.value;
            let flags = parts.find(NFTA_SET_ELEM_FLAGS).and_then(Attr::u32_be).unwrap_or(0);
            Some(Element { key, is_end: flags & NFT_SET_ELEM_INTERVAL_END != 0 })
        })
    }
}

/// A set of one rule, to be made in the same batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSet {
    pub key_len: u32,
    /// As `nft` numbers its types, so that it can show them.
    pub key_type: u32,
    /// From and to, both included, ascending and apart from each other.
    pub ranges: Vec<(Vec<u8>, Vec<u8>)>,
}

impl NewSet {
    /// How an anonymous set is called until the kernel gives it its number.
    const NAME: &'static [u8] = b"__set%d";

    /// The messages that make it; `id` names it within the batch.
    pub fn create(&self, family: u8, table: &[u8], id: u32) -> [Request; 2] {
        let ranged = self.ranges.iter().any(|(low, high)| low != high);
        let mut set = request(NEWSET, NLM_F_CREATE, family);
        set.strz(NFTA_SET_TABLE, table);
        set.strz(NFTA_SET_NAME, Self::NAME);
        set.u32_be(NFTA_SET_FLAGS, ANONYMOUS | CONSTANT | if ranged { INTERVAL } else { 0 });
        set.u32_be(NFTA_SET_KEY_TYPE, self.key_type);
        set.u32_be(NFTA_SET_KEY_LEN, self.key_len);
        set.u32_be(NFTA_SET_ID, id);
        let mut elements = request(NEWSETELEM, NLM_F_CREATE, family);
        elements.strz(NFTA_SET_ELEM_LIST_TABLE, table);
        elements.strz(NFTA_SET_ELEM_LIST_SET, Self::NAME);
        elements.u32_be(NFTA_SET_ELEM_LIST_SET_ID, id);
        let list = elements.nest(NFTA_SET_ELEM_LIST_ELEMENTS | NLA_F_NESTED);
        for (low, high) in &self.ranges {
            element(&mut elements, low, false);
            if let Some(behind) = next(high).filter(|_| ranged) {
                element(&mut elements, &behind, true);
            }
        }
        elements.end(list);
        [set, elements]
    }
}

fn element(r: &mut Request, key: &[u8], is_end: bool) {
    let elem = r.nest(NFTA_LIST_ELEM | NLA_F_NESTED);
    if is_end {
        r.u32_be(NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
    }
    let nest = r.nest(NFTA_SET_ELEM_KEY | NLA_F_NESTED);
    r.attr(NFTA_DATA_VALUE, key);
    r.end(nest);
    r.end(elem);
}

/// The key behind; `None` behind the last.
fn next(key: &[u8]) -> Option<Vec<u8>> {
    let mut next = key.to_vec();
    for byte in next.iter_mut().rev() {
        *byte = byte.wrapping_add(1);
        if *byte != 0 {
            return Some(next);
        }
    }
    None
}
