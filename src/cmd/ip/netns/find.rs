//! `ip netns identify` and `ip netns pids`: which process is where.

use std::io;

use crate::cli::Args;
use crate::ctx::Ctx;
use crate::error::{Error, Result, strerror};
use crate::output::{Field, field};
use crate::sys::{file, netns};

const NAME: Field = field("", "{}\n");
const PID: Field = field("", "{}\n");

fn cannot_open(e: &io::Error) -> anyhow::Error {
    Error::failed(1, format!("Cannot open network namespace: {}", strerror(e))).into()
}

/// `ip netns identify [PID]`: the name of a process's namespace, of ours without PID.
///
/// Of several names the last in the directory's order is printed, an empty line without any
/// (observed in iproute2); JSON has them all.
pub fn identify(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let pid = args.take();
    if !args.is_empty() {
        return Err(Error::failed(1, "extra arguments specified").into());
    }
    if let Some(word) = pid
        && !word.iter().all(u8::is_ascii_digit)
    {
        return Err(
            Error::failed(1, [b"Specified string '", word, b"' is not a pid"].concat()).into()
        );
    }
    let ns = netns::open_pid(pid.unwrap_or(b"self")).map_err(|e| cannot_open(&e))?;
    let this = netns::identity(&ns).map_err(|e| cannot_open(&e))?;
    let names: Vec<_> = file::list(netns::DIR)
        .unwrap_or_default()
        .into_iter()
        .filter(|n| netns::identity_at(&netns::path(n)).is_ok_and(|id| id == this))
        .collect();
    if ctx.out.is_json() {
        ctx.out.begin();
        for name in &names {
            ctx.out.bytes(NAME, name);
        }
        ctx.out.end();
    } else {
        ctx.out.bytes(NAME, names.last().map_or(b"", |n| n));
    }
    Ok(())
}

/// The last name of this process's namespace, if it has one.
pub fn own_name() -> Option<Vec<u8>> {
    let this = netns::identity(&netns::open_pid(b"self").ok()?).ok()?;
    let mut names = file::list(netns::DIR).ok()?;
    names.retain(|n| netns::identity_at(&netns::path(n)).is_ok_and(|id| id == this));
    names.pop()
}

/// `ip netns pids NAME`: the processes in a namespace. Those that may not be looked at are
/// left out.
pub fn pids(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let name = args.take().ok_or_else(super::no_name)?;
    if !args.is_empty() {
        return Err(Error::failed(1, "extra arguments specified").into());
    }
    let ns = netns::open_named(name).map_err(|e| cannot_open(&e))?;
    let this = netns::identity(&ns).map_err(|e| cannot_open(&e))?;
    let processes = file::list(b"/proc").map_err(|error| Error::Io { what: "/proc", error })?;
    ctx.out.begin();
    for pid in processes.iter().filter(|p| p.iter().all(u8::is_ascii_digit)) {
        let there = netns::identity_at(&[b"/proc/", &pid[..], b"/ns/net"].concat());
        if there.is_ok_and(|id| id == this) {
            ctx.out.number(PID, String::from_utf8_lossy(pid));
        }
    }
    ctx.out.end();
    Ok(())
}
