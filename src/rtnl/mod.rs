//! rtnetlink: one file per family of messages. No word and no colour is known here.

pub mod addr;
pub mod consts;
pub mod diag;
pub mod link;
pub mod neigh;
pub mod nexthop;
pub mod nsid;
pub mod route;
pub mod rule;
pub mod xfrm;
