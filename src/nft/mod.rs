//! nf_tables: its messages, read and written. No word and no extension is known here.
//!
//! linux/netfilter/nf_tables.h; integers inside attributes are big endian.

mod batch;
mod chain;
mod change;
pub mod compat;
mod expr;
mod native;
mod rule;
mod set;
mod table;
pub mod whole;

pub use batch::{Batch, Outcome};
pub use chain::{Base, Chain};
pub use change::{Change, GROUP};
pub use expr::{
    Cmp, Expr, Exprs, Log, Nat, Reader, Source, Translation, Verdict, base, ct, fib, meta,
};
pub use rule::{NewRule, Place, Rule};
pub use set::{Element, NewSet, Set};
pub use table::Table;

use crate::netlink::Request;

const NFNL_SUBSYS_NFTABLES: u16 = 10;

const NEWTABLE: u16 = 0;
const GETTABLE: u16 = 1;
const DELTABLE: u16 = 2;
const NEWCHAIN: u16 = 3;
const GETCHAIN: u16 = 4;
const DELCHAIN: u16 = 5;
const NEWRULE: u16 = 6;
const GETRULE: u16 = 7;
const DELRULE: u16 = 8;
const NEWSET: u16 = 9;
const GETSET: u16 = 10;
const NEWSETELEM: u16 = 12;
const GETSETELEM: u16 = 13;
const GETGEN: u16 = 16;
const GETRULE_RESET: u16 = 25;

/// A request with struct nfgenmsg: family, version 0, resource 0.
fn request(message: u16, flags: u16, family: u8) -> Request {
    Request::new(kind(message), flags, &[family, 0, 0, 0])
}

fn kind(message: u16) -> u16 {
    NFNL_SUBSYS_NFTABLES << 8 | message
}

/// The attributes behind struct nfgenmsg.
fn attrs(payload: &[u8]) -> crate::netlink::Attrs<'_> {
    crate::netlink::Attrs(payload.get(4..).unwrap_or(&[]))
}

/// Asks for the number of the rule set's generation; [`generation`] reads the answer.
pub fn get_generation() -> Request {
    request(GETGEN, 0, 0)
}

/// The number of the rule set's generation.
pub fn generation(payload: &[u8]) -> Option<u32> {
    const NFTA_GEN_ID: u16 = 1;
    attrs(payload).find(NFTA_GEN_ID)?.u32_be()
}

/// The lower half of that number, as every answer has it: `res_id` of struct nfgenmsg, since
/// Linux 3.18.
pub fn generation_seen(payload: &[u8]) -> Option<u16> {
    payload.get(2..4)?.first_chunk().map(|b| u16::from_be_bytes(*b))
}
