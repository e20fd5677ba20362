//! Runs the commands of a finding, as they were printed.

use std::io;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::rules::Finding;
use crate::applet;
use crate::sys::fd;

/// Asks, unless `yes`, and runs; false when the answer was no.
///
/// # Errors
///
/// A command that failed; those behind it are not run.
pub fn run(finding: &Finding, yes: bool) -> Result<bool> {
    if !yes {
        if !fd::stdin_is_terminal() {
            bail!("--fix asks before it changes anything, and nobody can answer; --yes answers");
        }
        fd::stderr(b"run this? [y/N] ");
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        if !matches!(answer.trim(), "y" | "Y" | "yes") {
            return Ok(false);
        }
    }
    for line in &finding.fixes {
        let status = command(line).status().with_context(|| line.clone())?;
        if !status.success() {
            bail!("\"{line}\" has failed: {status}");
        }
    }
    Ok(true)
}

/// An applet is run by this same file; anything else by the shell.
fn command(line: &str) -> Command {
    let words: Vec<&str> = line.split(' ').collect();
    let plain = !line.contains(['>', '"', '\'', '|', '&', ';', '*']);
    if plain && applet::find(words[0].as_bytes()).is_some() {
        let mut command = Command::new("/proc/self/exe");
        command.args(words);
        return command;
    }
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(line);
    command
}
