//! Waiting for a descriptor, a signal, or a moment.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::time::TimeSpec;

/// What came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The descriptor can be read, or has an error to tell.
    Ready,
    /// SIGINT.
    Interrupt,
    /// SIGQUIT.
    Quit,
    /// The time is over.
    Timeout,
}

/// SIGINT and SIGQUIT, held back until they are asked for; for the rest of the process's life.
#[derive(Debug)]
pub struct Signals(SignalFd);

impl Signals {
    /// Holds the signals back.
    ///
    /// # Errors
    ///
    /// Those of signalfd(2).
    pub fn hold() -> io::Result<Signals> {
        let mut set = SigSet::empty();
        set.add(Signal::SIGINT);
        set.add(Signal::SIGQUIT);
        set.thread_block()?;
        Ok(Signals(SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?))
    }

    /// Waits; a signal counts more than a descriptor. `None` waits without end.
    ///
    /// # Errors
    ///
    /// Those of ppoll(2).
    pub fn wait(&self, fd: BorrowedFd<'_>, time: Option<Duration>) -> io::Result<Event> {
        let mut fds = [
            PollFd::new(self.0.as_fd(), PollFlags::POLLIN),
            PollFd::new(fd, PollFlags::POLLIN | PollFlags::POLLERR),
        ];
        match ppoll(&mut fds, time.map(TimeSpec::from), None) {
            Err(nix::errno::Errno::EINTR) => return Ok(Event::Timeout),
            Err(e) => return Err(e.into()),
            Ok(0) => return Ok(Event::Timeout),
            Ok(_) => {}
        }
        if let Ok(Some(s)) = self.0.read_signal() {
            let quit = i32::try_from(s.ssi_signo) == Ok(libc::SIGQUIT);
            return Ok(if quit { Event::Quit } else { Event::Interrupt });
        }
        Ok(Event::Ready)
    }
}

/// All signals that can be held back are held back until this is dropped.
pub struct Held(nix::sys::signal::SigSet);

/// Holds all signals back.
pub fn hold_all() -> Held {
    use nix::sys::signal::{SigSet, SigmaskHow};
    Held(
        SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK).unwrap_or_else(|_| SigSet::empty()),
    )
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.thread_set_mask();
    }
}
