//! RTM_NEWNSID: the numbers under which one namespace knows others.
//!
//! struct rtgenmsg (linux/rtnetlink.h): the family, one byte, padded to four.

use std::os::fd::{AsRawFd, BorrowedFd};

use super::consts::{
    NETNSA_CURRENT_NSID, NETNSA_FD, NETNSA_NSID, NETNSA_TARGET_NSID, RTM_GETNSID, RTM_NEWNSID,
};
use crate::netlink::{Attrs, Request, Table};

/// One id.
pub struct NsId<'a>(Table<'a, 6>);

impl<'a> NsId<'a> {
    /// `None` when the message is too short.
    pub fn parse(payload: &'a [u8]) -> Option<Self> {
        Some(NsId(Table::new(Attrs(payload.get(4..)?))))
    }
    /// The id in the namespace that was asked about; negative when there is none.
    pub fn id(&self) -> Option<i32> {
        self.0.get(NETNSA_NSID)?.i32()
    }
    /// The id of the same namespace seen from here, when another one was asked about.
    pub fn current(&self) -> Option<i32> {
        self.0.get(NETNSA_CURRENT_NSID)?.i32()
    }
}

fn fd(ns: BorrowedFd<'_>) -> [u8; 4] {
    ns.as_raw_fd().to_ne_bytes()
}

/// Asks for the id of an open namespace.
pub fn get(ns: BorrowedFd<'_>) -> Request {
    let mut r = Request::new(RTM_GETNSID, 0, &[0]);
    r.attr(NETNSA_FD, &fd(ns));
    r
}

/// Asks for one id, or for all; `target` is the id of the namespace to look from.
pub fn list(target: Option<i32>, id: Option<i32>) -> Request {
    let mut r = Request::new(RTM_GETNSID, 0, &[0]);
    if let Some(t) = target {
        r.attr(NETNSA_TARGET_NSID, &t.to_ne_bytes());
    }
    if let Some(id) = id {
        r.attr(NETNSA_NSID, &id.to_ne_bytes());
    }
    r
}

/// Gives an open namespace an id; -1 lets the kernel choose.
pub fn set(ns: BorrowedFd<'_>, id: i32) -> Request {
    let mut r = Request::new(RTM_NEWNSID, 0, &[0]);
    r.attr(NETNSA_FD, &fd(ns));
    r.attr(NETNSA_NSID, &id.to_ne_bytes());
    r
}
