//! The applets' commands: where words meet messages.

pub mod ip;
