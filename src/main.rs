//! `ipbox`: `ip`, `iptables` and their companions in one static file.
//!
//! The shape of the source is told in README.md; each folder is a layer, and
//! imports point downwards only (tests/it/layers.rs).
#![cfg_attr(not(test), no_main)]

mod applet;
mod cli;
mod cmd;
mod ctx;
mod error;
mod genl;
mod model;
mod names;
mod netlink;
mod nft;
mod numeral;
mod opt;
mod output;
mod rtnl;
mod sort;
mod sys;

/// Runs the program: the words of the command line in, the exit status out.
///
/// Called by the entry point in `sys/entry.rs`.
pub fn run(words: &[&[u8]]) -> u8 {
    applet::run(words)
}

/// Whether the command takes no thread and no other process: such a one begins early
/// (`sys/early.rs`).
#[cfg(all(early, not(test)))]
fn stays_alone(words: &[&[u8]]) -> bool {
    applet::stays_alone(words)
}
