//! The terminal of a user.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};

use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};

/// Asks for a line that is not shown: at the terminal, or on standard input where there is none.
///
/// # Errors
///
/// Those of reading.
pub fn secret(prompt: &[u8]) -> io::Result<Vec<u8>> {
    let Ok(mut tty) = OpenOptions::new().read(true).write(true).open("/dev/tty") else {
        super::fd::stderr(prompt);
        return line(&mut io::stdin());
    };
    tty.write_all(prompt)?;
    let before = tcgetattr(&tty)?;
    let mut silent = before.clone();
    silent.local_flags.remove(LocalFlags::ECHO);
    tcsetattr(&tty, SetArg::TCSAFLUSH, &silent)?;
    let given = line(&mut tty);
    tcsetattr(&tty, SetArg::TCSAFLUSH, &before)?;
    tty.write_all(b"\n")?;
    given
}

/// Up to the end of the line, which is left out, or of the input.
fn line(from: &mut dyn Read) -> io::Result<Vec<u8>> {
    let (mut all, mut byte) = (Vec::new(), [0]);
    while from.read(&mut byte)? == 1 && byte[0] != b'\n' {
        all.push(byte[0]);
    }
    Ok(all)
}
