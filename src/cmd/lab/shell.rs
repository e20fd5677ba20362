//! What runs in a lab: a command, the user's shell, or the shell that a script is for.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::Result;

use super::cannot_run;
use super::place::DIR;
use crate::sys::{fd, file, process};

/// Becomes a command; returns only when that fails, with a shell's status.
pub fn command(words: &[&[u8]]) -> u8 {
    cannot_run(words[0], &process::exec(words))
}

const GREETING: &str = "\
A lab: you are root on 192.168.1.2. 192.168.1.3 is another host, 192.168.1.1 the router,
8.8.8.8 the internet. `lan-host COMMAND` runs on 192.168.1.3. `exit` ends it all.
";

/// Becomes the user's shell, with a prompt that tells where it is; returns only when that fails.
pub fn run(foreground: bool) -> u8 {
    // A shell hands the terminal back to the group it was started in, which must therefore be one
    // that it can see.
    if foreground {
        let _ = process::take_terminal(true);
    }
    let shell = file::env("SHELL")
        .filter(|s| s.starts_with(b"/") && is_program(Path::new(OsStr::from_bytes(s))))
        .unwrap_or_else(|| b"/bin/sh".to_vec());
    if fd::stderr_is_terminal() {
        fd::stderr(GREETING.as_bytes());
    }
    let name = shell.rsplit(|&b| b == b'/').next().unwrap_or(&shell);
    let words = prompt(name).unwrap_or_default();
    let mut command: Vec<&[u8]> = vec![&shell];
    command.extend(words.iter().map(Vec::as_slice));
    cannot_run(&shell, &process::exec(&command))
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
        // What users without a login have.
        && !path.ends_with("nologin")
        && !path.ends_with("false")
}

/// Makes the shell show `lab` in its prompt and keep our PATH, whatever the user's own start
/// files do; the words it has to be started with.
fn prompt(shell: &[u8]) -> Result<Vec<Vec<u8>>> {
    let path = file::env("PATH").unwrap_or_default();
    let path = quoted(&path);
    let mut text = Vec::new();
    let mut words: Vec<Vec<u8>> = Vec::new();
    match shell {
        b"bash" => {
            text.extend(b"[ -r ~/.bashrc ] && . ~/.bashrc\nPS1='lab:\\w# '\nPATH=");
            text.extend(path);
            words.extend([b"--rcfile".to_vec(), format!("{DIR}/bashrc").into_bytes()]);
            fs::write(format!("{DIR}/bashrc"), text)?;
        }
        b"zsh" => {
            let home = file::env("ZDOTDIR").or_else(|| file::env("HOME")).unwrap_or_default();
            text.extend(b"ZDOTDIR=");
            text.extend(quoted(&home));
            text.extend(b"\n[ -r $ZDOTDIR/.zshrc ] && . $ZDOTDIR/.zshrc\nPROMPT='lab:%~# '\nPATH=");
            text.extend(path);
            fs::write(format!("{DIR}/.zshrc"), text)?;
            process::set_env("ZDOTDIR", OsStr::new(DIR));
        }
        b"fish" => {
            text.extend(b"function fish_prompt; echo -n 'lab:'(prompt_pwd)'# '; end; set -gx PATH (string split : ");
            text.extend(path);
            text.push(b')');
            words.extend([b"-C".to_vec(), text]);
        }
        // `$PWD` is expanded at each prompt by the shells that know POSIX.
        _ => process::set_env("PS1", OsStr::new("lab:$PWD# ")),
    }
    Ok(words)
}

/// A word for any shell.
fn quoted(bytes: &[u8]) -> Vec<u8> {
    let mut text = vec![b'\''];
    for &b in bytes {
        match b {
            b'\'' => text.extend(b"'\\''"),
            b => text.push(b),
        }
    }
    text.push(b'\'');
    text
}

/// The words of a `#!` line, when it names a shell that reads what sh(1) reads.
pub fn interpreter(script: &[u8]) -> Option<Vec<OsString>> {
    let Some(line) = script.strip_prefix(b"#!") else { return Some(vec!["/bin/sh".into()]) };
    let line = line.split(|&b| b == b'\n').next()?;
    let mut words: Vec<&[u8]> =
        line.split(|b| b.is_ascii_whitespace()).filter(|w| !w.is_empty()).collect();
    if words.first().is_some_and(|w| w.ends_with(b"/env")) {
        words.remove(0);
    }
    let name = words.first()?.rsplit(|&b| b == b'/').next()?;
    let known: [&[u8]; 8] = [b"sh", b"ash", b"dash", b"bash", b"ksh", b"mksh", b"zsh", b"busybox"];
    known.contains(&name).then(|| words.iter().map(|w| OsString::from_vec(w.to_vec())).collect())
}
