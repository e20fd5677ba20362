//! The processes of a lab, and how they end together.
//!
//! ```text
//! ipbox lab          waits; its status is the lab's
//!  └─ process 1      furnishes the lab, reaps orphans; the kernel kills it when its parent ends,
//!      └─ command    and everything in its process namespace when it ends itself
//! ```
//!
//! So whichever is killed, by whatever signal, no process is left, and with the last process go
//! the mounts, the networks and the names.

use std::io::{PipeReader, pipe};
use std::os::fd::AsFd;

use anyhow::{Context, Result};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::place::{self, Tools};
use super::{NO_LAB, refused, topology};
use crate::sys::process::{self, Ended};
use crate::sys::{fd, userns};

/// Makes a lab, runs `inside` in it as a process of its own, and returns its status; that of a
/// command that was killed is 128 and the signal's number, as in a shell.
///
/// # Errors
///
/// What the kernel refuses to a user, with what to do about it.
pub fn lab(tools: Tools, inside: impl FnOnce() -> u8) -> Result<u8> {
    userns::enter("lab").map_err(|e| refused::explained(&e))?;
    let (alive, keeps_alive) = pipe()?;
    let mut keeps_alive = Some(keeps_alive);
    let foreground = process::is_foreground();
    let undisturbed = process::undisturbed();
    let init = process::start(|| {
        drop(undisturbed);
        drop(keeps_alive.take());
        match init(&alive, tools, inside) {
            Ok(status) => status,
            Err(e) => {
                fd::stderr(format!("ipbox lab: {e:#}\n").as_bytes());
                NO_LAB
            }
        }
    })?;
    let ended = process::wait(&init)?;
    if foreground {
        // A shell has had it.
        let _ = process::take_terminal(false);
    }
    Ok(status(ended))
}

/// Process 1 of the lab.
fn init(alive: &PipeReader, tools: Tools, inside: impl FnOnce() -> u8) -> Result<u8> {
    process::die_with_parent()?;
    // The parent may have ended before that; then nobody holds the other end of the pipe.
    let mut ends = [PollFd::new(alive.as_fd(), PollFlags::POLLIN)];
    if poll(&mut ends, PollTimeout::ZERO)? > 0 {
        return Ok(NO_LAB);
    }
    place::furnish(tools)?;
    topology::lay().context("cannot lay the network")?;
    let command = process::start(inside)?;
    Ok(status(process::wait_as_init(&command)?))
}

fn status(ended: Ended) -> u8 {
    match ended {
        Ended::Status(status) => status,
        Ended::Signal(signal) => 128 | u8::try_from(signal & 0x7f).unwrap_or(0),
    }
}
