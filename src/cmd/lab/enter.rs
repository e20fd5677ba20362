//! The processes of a lab, and how they end together.
//!
//! ```text
//! ipbox lab          waits; its status is the lab's
//!  └─ process 1      furnishes the lab, reaps orphans; the kernel kills it when its parent ends,
//!      └─ command    and everything in its process namespace when it ends itself
//! ```
//!
//! So whichever is killed, by whatever signal, no process is left, and with the last process go
//! the mounts, the networks and the names. A lab that is kept differs in one thing: its process 1
//! outlives the others and is ended by `ipbox lab stop`.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::AsFd;

use anyhow::{Context, Result};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::kept::Claim;
use super::place::{self, Tools};
use super::{NO_LAB, refused, topology};
use crate::cmd::own::sentence;
use crate::sys::process::{self, Ended};
use crate::sys::{fd, userns};

/// What kind of lab is wanted.
pub struct Setup {
    pub tools: Tools,
    /// With the fake LAN; else there is the host alone.
    pub lan: bool,
    /// Lives on under this name.
    pub keep: Option<Claim>,
}

/// Makes a lab, runs `inside` in it as a process of its own, and returns its status; that of a
/// command that was killed is 128 and the signal's number, as in a shell.
///
/// # Errors
///
/// What the kernel refuses to a user, with what to do about it.
pub fn lab(setup: &Setup, inside: &mut dyn FnMut() -> u8) -> Result<u8> {
    let name = setup.keep.as_ref().map_or("lab", |claim| &claim.name);
    userns::enter(name).map_err(|e| refused::explained(&e))?;
    let (alive, keeps_alive) = pipe()?;
    let (mut told, tell) = pipe()?;
    let (mut keeps_alive, mut tell) = (Some(keeps_alive), Some(tell));
    let foreground = process::is_foreground();
    let undisturbed = process::undisturbed();
    let init = process::start(|| {
        drop(undisturbed);
        drop(keeps_alive.take());
        match init(&alive, setup, tell.take(), inside) {
            Ok(status) => status,
            Err(e) => {
                fd::stderr(format!("ipbox lab: {}\n", sentence(&e)).as_bytes());
                NO_LAB
            }
        }
    })?;
    drop(tell.take());
    // A lab that is kept tells the status while it lives; any other by its end.
    let mut said = [0];
    let status = match told.read_exact(&mut said) {
        Ok(()) => said[0],
        Err(_) => status(process::wait(&init)?),
    };
    if foreground {
        // A shell has had it.
        let _ = process::take_terminal(false);
    }
    Ok(status)
}

/// Process 1 of the lab.
fn init(
    alive: &PipeReader,
    setup: &Setup,
    tell: Option<PipeWriter>,
    inside: &mut dyn FnMut() -> u8,
) -> Result<u8> {
    if setup.keep.is_none() {
        process::die_with_parent()?;
    }
    // The parent may have ended before that; then nobody holds the other end of the pipe.
    let mut ends = [PollFd::new(alive.as_fd(), PollFlags::POLLIN)];
    if poll(&mut ends, PollTimeout::ZERO).map_err(std::io::Error::from)? > 0 {
        return Ok(NO_LAB);
    }
    place::furnish(setup.tools)?;
    topology::lay(setup.lan).context("cannot lay the network")?;
    let mut tell = tell;
    let command = process::start(|| {
        drop(tell.take());
        inside()
    })?;
    let Some(claim) = &setup.keep else {
        drop(tell);
        return Ok(status(process::wait_as_init(&command)?));
    };
    // The terminal may go, and with it everything that belongs to it; the lab does not.
    process::detach()?;
    claim.hold()?;
    let status = status(process::wait_as_init(&command)?);
    if let Some(mut tell) = tell {
        // Nobody may be waiting any more.
        let _ = tell.write_all(&[status]);
    }
    Ok(process::reap_for_ever()?)
}

/// As a shell has it.
pub fn status(ended: Ended) -> u8 {
    match ended {
        Ended::Status(status) => status,
        Ended::Signal(signal) => 128 | u8::try_from(signal & 0x7f).unwrap_or(0),
    }
}
