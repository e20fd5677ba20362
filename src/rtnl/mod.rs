//! rtnetlink: one file per family of messages. No word and no colour is known here.

pub mod consts;
pub mod nsid;
