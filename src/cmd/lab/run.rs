//! A script, step by step: each command is shown, run, and its status told.
//!
//! All steps run in one shell, so that variables, functions and the working directory stay. The
//! shell asks for a step through one named pipe and tells its status through another; no
//! descriptor of ours is open in it, so a script may do with its descriptors what it likes.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::NO_LAB;
use super::page::Page;
use super::place::DIR;
use super::shell::interpreter;
use super::split::{Piece, Verdict, split, verdict};
use crate::cmd::own::sentence;
use crate::sys::{fd, mount, process};

/// What the shell does: a step when told so, with the status of the one before in `$?`.
const DRIVER: &str = "\
expect() {
    expect_status=$1 expect_text=$2
    shift 2
    expect_output=$(\"$@\" 2>&1) && expect_seen=0 || expect_seen=$?
    [ -z \"$expect_output\" ] || printf '%s\\n' \"$expect_output\"
    case $expect_seen:$expect_output in
    \"$expect_status:\"*\"$expect_text\"*) ;;
    *)
        echo \"expected status $expect_status and the text '$expect_text', not status $expect_seen\" >&2
        return 1
        ;;
    esac
}
lab_again() { return \"$1\"; }
lab_status=0
while read -r lab_word <DIR/ask && [ \"$lab_word\" = step ]; do
    if [ \"$lab_status\" = 0 ]; then . DIR/step; else lab_again \"$lab_status\" || . DIR/step; fi
    lab_status=$?
    echo \"$lab_status\" >DIR/answer
done
exit \"$lab_status\"
";

/// A script to be run.
pub struct Script {
    name: OsString,
    arguments: Vec<OsString>,
    shell: Vec<OsString>,
    pieces: Vec<Piece>,
    /// A line for each step goes here.
    pub log: Option<File>,
    /// A status is shown only when it is not 0.
    pub quiet: bool,
}

impl Script {
    /// Takes a script apart.
    ///
    /// # Errors
    ///
    /// When it is for another program than a shell, or the shell cannot be run.
    pub fn new(name: &[u8], text: &[u8], arguments: &[&[u8]]) -> Result<Script> {
        let os = |w: &[u8]| OsString::from_vec(w.to_vec());
        let shell = interpreter(text)
            .with_context(|| format!("{} is no shell script", os(name).display()))?;
        let mut failed = None;
        let pieces = split(text, |lines| {
            let mut sh = shell_command(&shell);
            sh.arg("-n").arg("-c").arg(OsStr::from_bytes(lines)).env("LC_ALL", "C");
            match sh.output() {
                Ok(out) => verdict(out.status.success(), &out.stderr),
                Err(e) => {
                    failed = Some(e);
                    Verdict::Wrong
                }
            }
        });
        if let Some(e) = failed {
            return Err(e).with_context(|| shell[0].to_string_lossy().into_owned());
        }
        let arguments = arguments.iter().map(|w| os(w)).collect();
        Ok(Script { name: os(name), arguments, shell, pieces, log: None, quiet: false })
    }

    /// Runs it, in the lab. The status is 0 when each step had the status expected of it, else
    /// that with which the script ended, or 1.
    pub fn run(&mut self) -> u8 {
        match self.steps() {
            Ok(status) => status,
            Err(e) => {
                fd::stderr(format!("ipbox lab: {}\n", sentence(&e)).as_bytes());
                NO_LAB
            }
        }
    }

    fn steps(&mut self) -> Result<u8> {
        let mut shell = Shell::start(&self.shell, &self.name, &self.arguments, false)?;
        let mut page = Page::new(self.quiet);
        // What stands before the first heading prepares the rest and is not shown.
        let mut shown = !self.pieces.iter().any(|p| matches!(p, Piece::Heading(_)));
        let mut unexpected = Vec::new();
        let (mut count, mut last, mut ended) = (0, 0, false);
        for piece in &self.pieces {
            let text = match piece {
                Piece::Heading(text) => {
                    shown = true;
                    page.heading(text);
                    continue;
                }
                Piece::Note(text) => {
                    if shown {
                        page.note(text);
                    }
                    continue;
                }
                Piece::Step(text) => text,
            };
            let (expected, command) = expectation(text);
            if shown {
                page.command(command);
            }
            let step = shell.step(text, None)?;
            let status = step.status;
            ended = step.ended;
            let (status, good) = match (status, expected) {
                // `expect` has compared.
                (0, Some(expected)) => (expected, true),
                (status, _) => (status, status == 0),
            };
            last = status;
            if shown {
                count += 1;
                page.status(status, expected.is_some(), good);
                if let Some(log) = &mut self.log {
                    let mut line = format!("STEP {count} STATUS {status} ").into_bytes();
                    line.extend(command.iter().map(|&b| if b == b'\n' { b' ' } else { b }));
                    line.push(b'\n');
                    log.write_all(&line)?;
                }
            }
            if !good {
                unexpected.push((count, status));
            }
            if ended {
                break;
            }
        }
        let code = if ended { last } else { shell.end()? };
        page.summary(count, &unexpected);
        Ok(if unexpected.is_empty() { 0 } else { code.max(1) })
    }
}

fn shell_command(words: &[OsString]) -> Command {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    command
}

/// The status that `expect STATUS 'TEXT' COMMAND...` waits for, and the part to be shown.
fn expectation(step: &[u8]) -> (Option<u8>, &[u8]) {
    let parsed = (|| {
        let rest = step.strip_prefix(b"expect ")?;
        let at = rest.iter().position(|&b| b == b' ')?;
        let status = std::str::from_utf8(&rest[..at]).ok()?.parse().ok()?;
        let rest = rest[at + 1..].strip_prefix(b"'")?;
        let at = rest.iter().position(|&b| b == b'\'')?;
        Some((Some(status), rest.get(at + 2..)?))
    })();
    parsed.unwrap_or((None, step))
}

/// How a step ended.
pub struct Step {
    pub status: u8,
    /// The shell ended with it.
    pub ended: bool,
    /// It had to be told to end.
    pub interrupted: bool,
}

/// The shell that runs the steps.
pub struct Shell {
    child: Child,
    /// Readable when the shell has ended.
    gone: OwnedFd,
    ask: File,
    answer: File,
}

impl Shell {
    /// Starts it. One that stands `alone` reads no input and can be interrupted without its caller;
    /// it goes on then.
    ///
    /// # Errors
    ///
    /// When it cannot be run.
    pub fn start(
        shell: &[OsString],
        name: &OsStr,
        arguments: &[OsString],
        alone: bool,
    ) -> Result<Shell> {
        let pipe = |name: &str| -> Result<File> {
            let path = format!("{DIR}/{name}");
            mount::make_fifo(path.as_bytes())?;
            // Open at both ends here, so that neither side waits for the other to open it.
            Ok(fs::OpenOptions::new().read(true).write(true).open(path)?)
        };
        let (ask, answer) = (pipe("ask")?, pipe("answer")?);
        let mut command = shell_command(shell);
        let mut driver = DRIVER.replace("DIR/", &format!("{DIR}/"));
        if alone {
            // What a shell does at a signal, its commands do not inherit.
            driver.insert_str(0, "trap : INT\n");
            command.process_group(0).stdin(Stdio::null());
        }
        // From a file, so that a list of processes stays readable.
        fs::write(format!("{DIR}/driver"), driver)?;
        let child = command
            .arg("-c")
            .arg(format!(". {DIR}/driver"))
            .arg(name)
            .args(arguments)
            .spawn()
            .with_context(|| shell[0].to_string_lossy().into_owned())?;
        let gone = process::watch(child.id())?;
        Ok(Shell { child, gone, ask, answer })
    }

    /// Runs a step; what takes longer than `limit` is interrupted, as from a keyboard.
    ///
    /// # Errors
    ///
    /// When the shell cannot be told, or tells nothing sensible.
    pub fn step(&mut self, text: &[u8], limit: Option<Duration>) -> Result<Step> {
        fs::write(format!("{DIR}/step"), [text, b"\n"].concat())?;
        self.ask.write_all(b"step\n")?;
        let mut ends = [
            PollFd::new(self.answer.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.gone.as_fd(), PollFlags::POLLIN),
        ];
        let time = match limit {
            Some(limit) => PollTimeout::try_from(limit)?,
            None => PollTimeout::NONE,
        };
        let mut times = 0;
        while poll(&mut ends, time).map_err(std::io::Error::from)? == 0 {
            // Who does not listen is told more firmly.
            process::signal_group(self.child.id(), times > 2)?;
            times += 1;
        }
        let interrupted = times > 0;
        if !ends[0].any().unwrap_or(false) {
            return Ok(Step { status: status(self.child.wait()?), ended: true, interrupted });
        }
        let mut text = [0; 16];
        let len = self.answer.read(&mut text)?;
        let said = std::str::from_utf8(&text[..len]).unwrap_or_default().trim();
        let status = said.parse().with_context(|| format!("the shell said \"{said}\""))?;
        Ok(Step { status, ended: false, interrupted })
    }

    /// Lets the shell end, with what it has set for its end; its status.
    fn end(&mut self) -> Result<u8> {
        self.ask.write_all(b"end\n")?;
        Ok(status(self.child.wait()?))
    }
}

/// As a shell has it.
fn status(ended: ExitStatus) -> u8 {
    let signal = || 128 | ended.signal().unwrap_or(0);
    u8::try_from(ended.code().unwrap_or_else(signal) & 0xff).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expectation_is_not_shown() {
        let shown = |s: &'static str| expectation(s.as_bytes());
        assert_eq!(shown("expect 2 'no way' ping x"), (Some(2), &b"ping x"[..]));
        assert_eq!(shown("expect 0 '' arp -n"), (Some(0), &b"arp -n"[..]));
        for plain in ["ping x", "expect", "expect x 'y' z", "expect 1 y z", "expect 1 'y"] {
            assert_eq!(shown(plain), (None, plain.as_bytes()));
        }
    }
}
