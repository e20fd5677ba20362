//! The applets' commands: where words meet messages.

pub mod install;
pub mod ip;
pub mod ping;
