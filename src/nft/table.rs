//! Tables.

use super::{DELTABLE, GETTABLE, NEWTABLE, attrs, request};
use crate::netlink::{NLM_F_CREATE, Request};

const NFTA_TABLE_NAME: u16 = 1;

/// A table of a dump.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    pub name: &'a [u8],
}

impl<'a> Table<'a> {
    pub fn new(payload: &'a [u8]) -> Option<Table<'a>> {
        Some(Table { name: attrs(payload).find(NFTA_TABLE_NAME)?.bytes() })
    }

    /// Asks for all tables of a family.
    pub fn list(family: u8) -> Request {
        request(GETTABLE, 0, family)
    }
    /// Creates a table, or leaves the one that is there.
    pub fn create(family: u8, name: &[u8]) -> Request {
        let mut r = request(NEWTABLE, NLM_F_CREATE, family);
        r.strz(NFTA_TABLE_NAME, name);
        r
    }
    /// Deletes a table with all that is in it.
    pub fn delete(family: u8, name: &[u8]) -> Request {
        let mut r = request(DELTABLE, 0, family);
        r.strz(NFTA_TABLE_NAME, name);
        r
    }
}
