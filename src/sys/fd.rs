//! Descriptors 0, 1 and 2 without the standard library's buffers and locks.
#![allow(unsafe_code)]

use std::io::{self, IsTerminal as _};
use std::os::fd::{AsFd, BorrowedFd, RawFd};

/// Writes everything to standard output.
///
/// # Errors
///
/// Whatever write(2) says, except EINTR, which is tried again.
pub fn stdout(bytes: &[u8]) -> io::Result<()> {
    write_all(standard(1), bytes)
}

/// Writes everything to standard error; nobody could be told if that fails.
pub fn stderr(bytes: &[u8]) {
    if !bytes.is_empty() {
        let _ = write_all(standard(2), bytes);
    }
}

/// All of standard input.
///
/// # Errors
///
/// Those of read(2).
pub fn stdin() -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    io::Read::read_to_end(&mut io::stdin(), &mut all)?;
    Ok(all)
}

/// Standard input as a file of its own, without a buffer.
///
/// # Errors
///
/// Those of fcntl(2): it is closed.
pub fn stdin_file() -> io::Result<std::fs::File> {
    Ok(io::stdin().as_fd().try_clone_to_owned()?.into())
}

/// Whether a read would not wait: there is something to be read, or its end.
pub fn is_ready(fd: &impl AsFd) -> bool {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    let mut fds = [PollFd::new(fd.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}

/// Whether standard input is a terminal.
pub fn stdin_is_terminal() -> bool {
    standard(0).is_terminal()
}

/// Whether standard error is a terminal.
pub fn stderr_is_terminal() -> bool {
    standard(2).is_terminal()
}

/// Whether standard output is a terminal.
pub fn stdout_is_terminal() -> bool {
    standard(1).is_terminal()
}

/// The standard library's own values of these would make buffers first.
fn standard(number: RawFd) -> BorrowedFd<'static> {
    // SAFETY: whether it is open, only a system call will tell; nothing else depends on it.
    unsafe { BorrowedFd::borrow_raw(number) }
}

fn write_all(fd: BorrowedFd<'_>, mut bytes: &[u8]) -> io::Result<()> {
    super::start::written();
    while !bytes.is_empty() {
        match nix::unistd::write(fd, bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => bytes = &bytes[n..],
            Err(nix::errno::Errno::EINTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(())
}
