//! The program under libFuzzer.
//!
//! ```text
//! cargo install cargo-fuzz
//! unshare -Urnm env RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz messages -- -close_fd_mask=3
//! ```
//!
//! A target goes through one of the [`doors`]: a file that the program reads, or words that it is
//! given. It calls what `main` calls; nothing is opened up for it. What is found stays in
//! `corpus/`, and `cargo test --test it fuzz` goes through the same doors with the built program.
//!
//! In a namespace of its own, since requests are sent. The words, which may say anything, are read
//! by a process without capabilities: the kernel refuses each change before it looks at it.

// The program's tree: whatever its targets do not call is not dead.
#![allow(dead_code)]

#[path = "../../../src/applet.rs"]
mod applet;
#[path = "../../../src/cli/mod.rs"]
mod cli;
#[path = "../../../src/cmd/mod.rs"]
mod cmd;
#[path = "../../../src/ctx/mod.rs"]
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
#[path = "../../../src/numeral.rs"]
mod numeral;
#[path = "../../../src/opt.rs"]
mod opt;
#[path = "../../../src/output/mod.rs"]
mod output;
#[path = "../../../src/rtnl/mod.rs"]
mod rtnl;
#[path = "../../../src/sort.rs"]
mod sort;
#[path = "../../../src/sys/mod.rs"]
mod sys;

pub mod doors;

use std::io::{Seek as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::sync::OnceLock;

/// Runs the program once, as the door says.
pub fn run(door: doors::Door, data: &[u8]) {
    static QUIET: OnceLock<()> = OnceLock::new();
    let Some(call) = door(data) else { return };
    QUIET.get_or_init(|| {
        let null = std::fs::OpenOptions::new().write(true).open("/dev/null").expect("/dev/null");
        // SAFETY: both are open descriptors.
        unsafe { libc::dup2(null.as_raw_fd(), 1) };
        // Refused outside a namespace of one's own: then nothing is sent, either.
        nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).expect("run me by unshare -Urnm");
        if !call.files.is_empty() {
            an_etc_of_its_own();
        }
        if call.powerless {
            give_up_capabilities();
        }
    });
    if !call.files.is_empty() {
        fill_etc(&call.files);
    }
    let mut answers = call.answers.map(Vec::into_iter);
    netlink_sys::play(answers.take().map(|mut answers| -> netlink_sys::Player {
        Box::new(move |request| doors::reply(request, answers.next()))
    }));
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

/// An empty /etc that only this process sees.
fn an_etc_of_its_own() {
    use nix::mount::{MsFlags, mount};
    nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNS).expect("mounts of its own");
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).expect("nobody sees them");
    mount(Some("etc"), "/etc", Some("tmpfs"), MsFlags::empty(), none).expect("an empty /etc");
}

/// These files and no others; only where [`an_etc_of_its_own`] has been made.
fn fill_etc(files: &[(&'static str, Vec<u8>)]) {
    let etc = std::path::Path::new("/etc");
    for entry in std::fs::read_dir(etc).expect("a directory") {
        let path = entry.expect("an entry").path();
        let gone = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
        gone.expect("it is ours");
    }
    for (name, text) in files {
        let path = etc.join(name);
        std::fs::create_dir_all(path.parent().expect("below /etc")).expect("memory");
        std::fs::write(path, text).expect("memory");
    }
}

/// Markdown pages, scripts and lab files taken apart; none of their commands is run.
pub fn pages(data: &[u8]) {
    cmd::lab::take_apart(data);
}

/// capset(2) with empty sets.
fn give_up_capabilities() {
    // struct __user_cap_header_struct of version 3 (linux/capability.h), and two of the data.
    let header: [u32; 2] = [0x2008_0522, 0];
    let none: [u32; 6] = [0; 6];
    // SAFETY: both are as large as this version of the call reads.
    let done = unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), none.as_ptr()) };
    assert_eq!(done, 0, "capset");
}
