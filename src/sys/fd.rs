//! Descriptors 0, 1 and 2 without the standard library's buffers and locks.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

/// Writes everything to standard output.
///
/// # Errors
///
/// Whatever write(2) says, except EINTR, which is tried again.
pub fn stdout(bytes: &[u8]) -> io::Result<()> {
    write_all(io::stdout().as_fd(), bytes)
}

/// Writes everything to standard error; nobody could be told if that fails.
pub fn stderr(bytes: &[u8]) {
    if !bytes.is_empty() {
        let _ = write_all(io::stderr().as_fd(), bytes);
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

/// Whether standard input is a terminal.
pub fn stdin_is_terminal() -> bool {
    use std::io::IsTerminal;
    io::stdin().is_terminal()
}

/// Whether standard error is a terminal.
pub fn stderr_is_terminal() -> bool {
    use std::io::IsTerminal;
    io::stderr().is_terminal()
}

/// Whether standard output is a terminal.
pub fn stdout_is_terminal() -> bool {
    use std::io::IsTerminal;
    io::stdout().is_terminal()
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
