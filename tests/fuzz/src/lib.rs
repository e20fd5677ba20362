//! The program under libFuzzer.
//!
//! ```text
//! cargo install cargo-fuzz
//! unshare -Urnm env RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz messages
//! ```
//!
//! A target goes through one of the [`doors`]: a file that the program reads, or words that it is
//! given. It calls what `main` calls; nothing is opened up for it. What is found stays in
//! `corpus/`, and `cargo test --test it fuzz` goes through the same doors with the built program.
//!
//! In a namespace of its own, since requests are sent; each target makes further ones, lest devices
//! pile up.

// The program's tree: whatever its targets do not call is not dead.
#![allow(dead_code)]

#[path = "../../../src/applet.rs"]
mod applet;
#[path = "../../../src/cli/mod.rs"]
mod cli;
#[path = "../../../src/cmd/mod.rs"]
mod cmd;
#[path = "../../../src/ctx.rs"]
mod ctx;
#[path = "../../../src/error.rs"]
mod error;
#[path = "../../../src/genl/mod.rs"]
mod genl;
#[path = "../../../src/model/mod.rs"]
mod model;
#[path = "../../../src/names/mod.rs"]
mod names;
#[path = "../../../src/netlink/mod.rs"]
mod netlink;
#[path = "../../../src/nft/mod.rs"]
mod nft;
#[path = "../../../src/opt.rs"]
mod opt;
#[path = "../../../src/output/mod.rs"]
mod output;
#[path = "../../../src/rtnl/mod.rs"]
mod rtnl;
#[path = "../../../src/sys/mod.rs"]
mod sys;

pub mod doors;

use std::io::{Seek as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};


/// Runs the program once, as the door says.
pub fn run(door: doors::Door, data: &[u8]) {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static QUIET: OnceLock<()> = OnceLock::new();
    let Some(call) = door(data) else { return };
    QUIET.get_or_init(|| {
        // Reports of libFuzzer go to standard error, which it has a copy of with -close_fd_mask=3.
        let null = std::fs::OpenOptions::new().write(true).open("/dev/null").expect("/dev/null");
        // SAFETY: both are open descriptors.
        unsafe { libc::dup2(null.as_raw_fd(), 1) };
    });
    if RUNS.fetch_add(1, Ordering::Relaxed) % 200 == 0 {
        // Refused outside a namespace of one's own: then nothing is sent, either.
        nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).expect("run me by unshare -Urnm");
    }
    let name = c"input";
    // SAFETY: the name is a string that ends with NUL.
    let fd = unsafe { libc::memfd_create(name.as_ptr(), 0) };
    // SAFETY: the descriptor has just been made and belongs to nobody else.
    let mut file: std::fs::File = unsafe { std::os::fd::FromRawFd::from_raw_fd(fd) };
    file.write_all(&call.input).and_then(|()| file.rewind()).expect("memory");
    // SAFETY: both are open descriptors.
    unsafe { libc::dup2(fd, 0) };
    let words: Vec<&[u8]> = call.words.iter().map(Vec::as_slice).collect();
    applet::run(&words);
}
