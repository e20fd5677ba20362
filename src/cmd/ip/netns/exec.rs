//! `ip netns exec`: a command inside a namespace, with its own /sys and /etc.

use std::io;

use crate::applet;
use crate::cli::Args;
use crate::ctx::Ctx;
use crate::error::{Error, Result, errno, strerror};
use crate::sys::process::Ended;
use crate::sys::{fd, file, mount, netns, process};

/// `NAME COMMAND…`, or with `-all` `COMMAND…` in every namespace.
pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    if ctx.opts.all {
        return everywhere(ctx, args);
    }
    let name = args.take().ok_or_else(super::no_name)?;
    let words = args.rest();
    if words.is_empty() {
        return Err(no_command());
    }
    ctx.out.flush()?;
    if ctx.opts.batch {
        return match forked(name, words)? {
            Ended::Status(0) => Ok(()),
            Ended::Status(s) => Err(Error::Status(s).into()),
            // The reference leaves the batch here, also with -force.
            Ended::Signal(_) => Err(Error::fatal(1, "").into()),
        };
    }
    enter(name)?;
    Err(replace(words))
}

fn no_command() -> anyhow::Error {
    Error::failed(1, "No command specified").into()
}

fn everywhere(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let words = args.rest();
    if words.is_empty() {
        return Err(no_command());
    }
    for name in file::list(netns::DIR).unwrap_or_default() {
        ctx.out.raw(&[b"\nnetns: ", &name[..], b"\n"].concat());
        ctx.out.flush()?;
        // How the command ends does not count (observed in iproute2).
        forked(&name, words)?;
    }
    Ok(())
}

/// Runs the command in a child.
fn forked(name: &[u8], words: &[&[u8]]) -> Result<Ended> {
    let ended = process::in_child(|| {
        let e = crate::error::of(match enter(name) {
            Ok(()) => replace(words),
            Err(e) => e,
        });
        fd::stderr(&e.text());
        e.status()
    });
    ended.map_err(|error| Error::Io { what: "fork", error }.into())
}

/// Puts this process into the namespace, in a private mount tree with a fresh /sys and the files
/// of /etc/netns/NAME over those of /etc.
fn enter(name: &[u8]) -> Result {
    let fatal = |what: &str, e: &io::Error| Error::fatal(255, format!("{what}: {}", strerror(e)));
    super::switch(name)?;
    mount::unshare_mounts().map_err(|e| fatal("unshare failed", &e))?;
    mount::make_root_slave().map_err(|e| fatal("\"mount --make-rslave /\" failed", &e))?;
    if let Err(e) = mount::fresh_sysfs(name) {
        // Inside a container /sys may be out of reach; most commands do without it.
        fd::stderr(format!("mount of /sys failed: {}\n", strerror(&e)).as_bytes());
    }
    bind_etc(name);
    super::super::vrf::leave()
}

/// Binds each entry of /etc/netns/NAME over the one of the same name in /etc. Files can be
/// covered, not added; a failure is only told.
fn bind_etc(name: &[u8]) {
    if name.len() >= 255 {
        return;
    }
    let own = [b"/etc/netns/", name].concat();
    for entry in file::list(&own).unwrap_or_default() {
        let from = [&own[..], b"/", &entry[..]].concat();
        let to = [b"/etc/", &entry[..]].concat();
        if let Err(e) = mount::bind(&from, &to) {
            let why = strerror(&e);
            fd::stderr(
                &[b"Bind ", &from[..], b" -> ", &to, b" failed: ", why.as_bytes(), b"\n"].concat(),
            );
        }
    }
}

/// Becomes the command. Where PATH has none and it is one of our applets, becomes that.
pub fn replace(words: &[&[u8]]) -> anyhow::Error {
    let e = process::exec(words);
    let missing = e.raw_os_error() == Some(libc::ENOENT);
    if missing && applet::find(words[0]).is_some() {
        process::exec_self(words);
    }
    let why = errno(e.raw_os_error().unwrap_or(libc::EINVAL));
    Error::fatal(1, [b"exec of \"", words[0], b"\" failed: ", why.as_bytes()].concat()).into()
}
