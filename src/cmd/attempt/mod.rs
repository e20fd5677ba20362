//! `ipbox try SECONDS -- COMMAND…`: a change of the network that takes itself back.
//!
//! ```text
//! ipbox try           runs the command, asks
//!  └─ guard           brings the state back, unless it is told in time to leave it
//! ```
//!
//! The guard has left the terminal: it does its work also when the connection that the command was
//! typed over has been cut, by that very command perhaps.

mod back;
mod state;

use std::ffi::OsString;
use std::io::{PipeReader, Read, Write, pipe};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::{Arg, Command, value_parser};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::cmd::own;
use crate::sys::process::{self, Ended};
use crate::sys::{fd, signal};
use state::State;

/// What may be typed; also for completions.
pub fn grammar() -> Command {
    Command::new("ipbox try")
        .about("A change of the network that takes itself back, unless it is confirmed")
        .override_usage("ipbox try SECONDS -- COMMAND...")
        .arg(
            Arg::new("seconds")
                .required(true)
                .value_name("SECONDS")
                .value_parser(value_parser!(u16).range(1..))
                .help("from the start of the command"),
        )
        .arg(
            Arg::new("command")
                .num_args(1..)
                .last(true)
                .required(true)
                .value_name("COMMAND")
                .value_parser(value_parser!(OsString)),
        )
}

/// Runs `ipbox try`.
pub fn run(words: &[&[u8]]) -> u8 {
    own::run(words, grammar(), 1, |m| {
        let seconds = m.get_one::<u16>("seconds").copied().unwrap_or(1);
        let command = m.get_many::<OsString>("command").into_iter().flatten();
        let command: Vec<&[u8]> = command.map(|w| w.as_bytes()).collect();
        attempt(Duration::from_secs(seconds.into()), &command)
    })
}

/// What is told to the guard.
const KEEP: u8 = b'k';

fn attempt(time: Duration, command: &[&[u8]]) -> Result<u8> {
    let before = State::read().context("cannot read the network")?;
    let end = Instant::now() + time;
    let (told, tell) = pipe()?;
    let (mut tell, mut told) = (Some(tell), Some(told));
    let guard = process::start(|| {
        drop(tell.take());
        told.take().map_or(1, |told| watch(&told, end, &before))
    })?;
    drop(told.take());
    let child = process::start(|| {
        let why = process::exec(command);
        let text = crate::error::strerror(&why);
        fd::stderr(&[b"ipbox try: ", command[0], b": ", text.as_bytes(), b"\n"].concat());
        if why.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 }
    })?;
    let status = match process::wait(&child)? {
        Ended::Status(status) => status,
        Ended::Signal(signal) => 128 | u8::try_from(signal & 0x7f).unwrap_or(0),
    };
    let keep = status == 0 && confirmed(end)?;
    if let Some(mut tell) = tell.take() {
        // The guard may have been faster.
        let _ = tell.write_all(&[if keep { KEEP } else { b'b' }]);
    }
    match process::wait(&guard)? {
        Ended::Status(0) if keep => Ok(0),
        Ended::Status(0 | 3) if status != 0 => {
            fd::stderr(
                format!("the command ended with status {status}: all is as it was\n").as_bytes(),
            );
            Ok(status)
        }
        Ended::Status(0 | 3) => {
            fd::stderr(b"not confirmed: all is as it was\n");
            Ok(1)
        }
        // It has said what is missing.
        _ => Ok(1),
    }
}

/// The guard: 0 when told in time what to do, 3 when it was not, 1 when not all could be brought back.
fn watch(told: &PipeReader, end: Instant, before: &State) -> u8 {
    // Nothing but its end may stop it, and a terminal that goes away must not be its end.
    let _ = nix::unistd::setsid();
    let _held = signal::hold_all();
    let mut in_time = 0;
    if wait(told.as_fd(), end).unwrap_or(true) {
        let mut verdict = [0];
        let mut told = told;
        // Without a word: the one who would have asked is gone.
        if told.read_exact(&mut verdict).is_ok() && verdict[0] == KEEP {
            return 0;
        }
    } else {
        in_time = 3;
    }
    match back::bring(before) {
        Ok(failed) if failed.is_empty() => in_time,
        Ok(failed) => {
            fd::stderr(format!("ipbox try: not brought back: {}\n", failed.join(", ")).as_bytes());
            1
        }
        Err(e) => {
            fd::stderr(format!("ipbox try: {}\n", own::sentence(&e)).as_bytes());
            1
        }
    }
}

/// Whether there is something to read before the time is over.
fn wait(from: std::os::fd::BorrowedFd<'_>, end: Instant) -> Result<bool> {
    loop {
        let left = end.saturating_duration_since(Instant::now());
        // Rounded up, so that it is not asked again and again in the last millisecond.
        let left = PollTimeout::try_from(left + Duration::from_millis(1))?;
        let mut fds = [PollFd::new(from, PollFlags::POLLIN)];
        match poll(&mut fds, left) {
            Ok(0) if Instant::now() >= end => return Ok(false),
            Ok(0) | Err(nix::errno::Errno::EINTR) => {}
            Ok(_) => return Ok(true),
            Err(e) => return Err(std::io::Error::from(e).into()),
        }
    }
}

/// Asks, until there is an answer or the time is over.
fn confirmed(end: Instant) -> Result<bool> {
    let left = end.saturating_duration_since(Instant::now()).as_secs();
    fd::stderr(format!("Keep it? Type y within {left} s, or all will be as it was: ").as_bytes());
    let mut line = Vec::new();
    let input = std::io::stdin();
    while wait(input.as_fd(), end)? {
        let mut bytes = [0; 64];
        let got = nix::unistd::read(input.as_fd(), &mut bytes).map_err(std::io::Error::from)?;
        if got == 0 {
            // Nobody can answer; the change may be looked at until the time is over.
            std::thread::sleep(end.saturating_duration_since(Instant::now()));
            break;
        }
        line.extend_from_slice(&bytes[..got]);
        if line.contains(&b'\n') {
            let answer = line.trim_ascii().to_ascii_lowercase();
            return Ok(answer == b"y" || answer == b"yes");
        }
    }
    fd::stderr(b"\n");
    Ok(false)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_grammar_is_sound() {
        super::grammar().debug_assert();
    }
}
