//! The applets' commands: where words meet messages.

pub mod arp;
pub mod attempt;
pub mod complete;
pub mod doctor;
pub mod draw;
pub mod export;
pub mod install;
pub mod ip;
pub mod iptables;
pub mod lab;
pub mod netns;
mod own;
pub mod ping;
pub mod route;
pub mod sysctl;
mod typed;
