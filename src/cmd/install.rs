//! `ipbox --install DIR`: a link for each applet.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::applet::APPLETS;
use crate::error::{Error, Result, strerror};

/// Makes the links. Nothing is changed unless all of them can be made; a file that is there stays
/// unless `force` is given, and a link to this program is left as it is.
///
/// # Errors
///
/// One sentence that names the files in the way, or the call that failed; status 1.
pub fn run(dir: &OsStr, force: bool) -> Result {
    let dir = Path::new(dir);
    let program = std::env::current_exe().context("ipbox: cannot tell where this program lies")?;
    if !dir.is_dir() {
        return Err(failed("is no directory", dir, None));
    }
    let target = target(&program, dir);
    let links: Vec<PathBuf> = APPLETS
        .iter()
        .map(|a| dir.join(a.name))
        .filter(|link| !std::fs::canonicalize(link).is_ok_and(|to| to == program))
        .collect();
    let in_the_way: Vec<&Path> =
        links.iter().map(PathBuf::as_path).filter(|l| l.symlink_metadata().is_ok()).collect();
    if !force && !in_the_way.is_empty() {
        let mut text = b"ipbox: nothing was installed, --force would replace".to_vec();
        for path in in_the_way {
            text.push(b' ');
            text.extend_from_slice(path.as_os_str().as_bytes());
        }
        return Err(Error::failed(1, text).into());
    }
    if let Some(dir) = in_the_way.iter().find(|p| p.is_dir() && !p.is_symlink()) {
        return Err(failed("is a directory", dir, None));
    }
    let mut made = Vec::new();
    for link in &links {
        if let Err(e) = replace(&target, link) {
            // What stood there before cannot come back; what is new goes again.
            made.iter().for_each(|l: &&PathBuf| drop(std::fs::remove_file(l)));
            return Err(failed("cannot be made", link, Some(&e)));
        }
        if !in_the_way.contains(&link.as_path()) {
            made.push(link);
        }
    }
    Ok(())
}

/// Puts the link in place of what is there in one step, so that there is no moment without a file.
fn replace(target: &Path, link: &Path) -> io::Result<()> {
    let mut name = OsString::from(".ipbox-new-");
    name.push(link.file_name().unwrap_or_default());
    let fresh = link.with_file_name(name);
    symlink(target, &fresh)?;
    std::fs::rename(&fresh, link).inspect_err(|_| drop(std::fs::remove_file(&fresh)))
}

/// What the links say: the bare name where the program lies beside them.
fn target(program: &Path, dir: &Path) -> PathBuf {
    let beside = program.parent().and_then(|p| p.canonicalize().ok()) == dir.canonicalize().ok();
    match program.file_name() {
        Some(name) if beside => name.into(),
        _ => program.to_path_buf(),
    }
}

fn failed(what: &str, path: &Path, e: Option<&io::Error>) -> anyhow::Error {
    let mut text = [b"ipbox: ", path.as_os_str().as_bytes(), b" ", what.as_bytes()].concat();
    if let Some(e) = e {
        text.extend_from_slice(b": ");
        text.extend_from_slice(strerror(e).as_bytes());
    }
    Error::failed(1, text).into()
}
