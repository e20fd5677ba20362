//! `ip netns add` and `ip netns attach`: a namespace gets a name, whole or not at all.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

use crate::cli::{Args, value};
use crate::ctx::Ctx;
use crate::error::{Error, Result, strerror};
use crate::sys::{mount, netns, signal};

/// `ip netns add NAME`; further words are ignored, as the reference does.
pub fn add(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let name = args.take().ok_or_else(super::no_name)?;
    super::hint_surplus(ctx, args);
    let place = Place::prepare(name)?;
    // First the namespace, which takes long, then the file: a program that is killed leaves a dead
    // file only in the moment between two system calls.
    let ns = netns::create().map_err(|e| cannot_make(name, &e))?;
    place.fill(&ns, SELF)?;
    hint_private(ctx, args);
    Ok(())
}

/// Where a new namespace is said to come from when it cannot be mounted.
const SELF: &[u8] = b"/proc/self/ns/net";

fn cannot_make(name: &[u8], e: &io::Error) -> Error {
    let why = strerror(e);
    let text =
        [b"Failed to create a new network namespace \"", name, b"\": ", why.as_bytes()].concat();
    Error::failed(1, text)
}

/// As `ip netns add` for each of the names, by one thread; `done` is told after each.
///
/// # Errors
///
/// The place of the name that failed, and its error; those before it are made.
pub fn many(names: &[&[u8]], mut done: impl FnMut() + Send) -> Result<(), (usize, anyhow::Error)> {
    let (mut at, mut failed) = (0, None);
    let started = netns::create_many(names.len(), |made| {
        let Some(&name) = names.get(at) else { return false };
        let named = made
            .map_err(|e| cannot_make(name, &e).into())
            .and_then(|ns| Place::prepare(name)?.fill(&ns, SELF));
        match named {
            Ok(()) => at += 1,
            Err(e) => failed = Some(e),
        }
        done();
        failed.is_none()
    });
    match (failed, started) {
        (Some(e), _) => Err((at, e)),
        (None, Err(error)) => Err((at, Error::Io { what: "thread", error }.into())),
        (None, Ok(())) => Ok(()),
    }
}

/// Inside `netns exec` a namespace gets its name in mounts that end with the command: outside there
/// is only a dead file then.
fn hint_private(ctx: &mut Ctx, args: &Args<'_>) {
    // One hint at a time: see `hint_surplus`.
    if args.rest().is_empty() && ctx.wants_hints() && mount::is_received(netns::DIR) {
        ctx.hint(|| "namespaces created inside \"netns exec\" are not visible outside".to_owned());
    }
}

/// `ip netns attach NAME PID`; further words are ignored, as the reference does.
pub fn attach(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let (Some(name), Some(pid)) = (args.take(), args.take()) else {
        return Err(Error::failed(1, "No netns name and PID specified").into());
    };
    super::hint_surplus(ctx, args);
    let number = value::i32(pid).filter(|&n| n != 0);
    let number = number.ok_or_else(|| Error::failed(1, [&b"Invalid PID: "[..], pid].concat()))?;
    let place = Place::prepare(name)?;
    let source = format!("/proc/{number}/ns/net");
    let ns = netns::open_pid(number.to_string().as_bytes())
        .map_err(|e| bind_failed(source.as_bytes(), name, &e))?;
    place.fill(&ns, source.as_bytes())?;
    hint_private(ctx, args);
    Ok(())
}

fn bind_failed(source: &[u8], name: &[u8], e: &io::Error) -> anyhow::Error {
    let why = strerror(e);
    let to = netns::path(name);
    Error::failed(1, [b"Bind ", source, b" -> ", &to, b" failed: ", why.as_bytes()].concat()).into()
}

/// A free name, and the directory it is in.
///
/// The lock of the directory is held until the namespace is mounted, so that nobody sees half
/// of it; it is on the directory itself, hence iproute2 waits for it, too.
struct Place<'n> {
    name: &'n [u8],
    dir: OwnedFd,
    _lock: Option<mount::Lock>,
}

impl<'n> Place<'n> {
    fn prepare(name: &'n [u8]) -> Result<Place<'n>> {
        let failed =
            |what: &str, e: io::Error| Error::failed(1, format!("{what} failed: {}", strerror(&e)));
        let shown = String::from_utf8_lossy(netns::DIR);
        let cannot_open =
            |e: io::Error| Error::failed(1, format!("Cannot open {shown}: {}", strerror(&e)));
        mount::make_dir(netns::DIR).map_err(|e| failed(&format!("mkdir {shown}"), e))?;
        let for_lock = mount::open_dir(netns::DIR).map_err(cannot_open)?;
        // Without the lock only simultaneous first calls are in danger.
        let lock = mount::lock(for_lock).ok();
        share().map_err(|(what, e)| failed(&what, e))?;
        // Opened after the directory has become a mount of its own.
        let dir = mount::open_dir(netns::DIR).map_err(cannot_open)?;
        let place = Place { name, dir, _lock: lock };
        place.settle();
        if mount::exists_at(&place.dir, name) && !mount::is_abandoned_point(&place.dir, name) {
            return Err(place.cannot_create(&io::Error::from_raw_os_error(libc::EEXIST)));
        }
        Ok(place)
    }

    /// A dead file under the name is nobody's namespace once it is a fifth of a second old. A younger
    /// one may be that of an iproute2 between its two calls, which takes no lock there.
    fn settle(&self) {
        for _ in 0..20 {
            match mount::abandoned_age(&self.dir, self.name) {
                Some(age) if age < mount::ABANDONED => {
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
                _ => return,
            }
        }
    }

    fn cannot_create(&self, e: &io::Error) -> anyhow::Error {
        let why = strerror(e);
        let path = netns::path(self.name);
        let text =
            [b"Cannot create namespace file \"", &path[..], b"\": ", why.as_bytes()].concat();
        Error::failed(1, text).into()
    }

    /// Creates the file and puts the namespace there, with signals held back; nothing is left
    /// when that fails.
    fn fill(self, ns: &File, source: &[u8]) -> Result {
        let _held = signal::hold_all();
        match mount::create_point(&self.dir, self.name) {
            Err(e)
                if e.kind() == io::ErrorKind::AlreadyExists
                    && mount::is_abandoned_point(&self.dir, self.name) => {}
            Err(e) => return Err(self.cannot_create(&e)),
            Ok(()) => {}
        }
        mount::bind_at(ns, &self.dir, self.name).map_err(|e| {
            let _ = mount::unlink_at(&self.dir, self.name);
            bind_failed(source, self.name, &e)
        })
    }
}

/// Makes the directory a shared mount, so that names appear and vanish in mount namespaces that
/// received it.
fn share() -> Result<(), (String, io::Error)> {
    let dir = netns::DIR;
    let shown = String::from_utf8_lossy(dir);
    let shared = || mount::make_shared(dir);
    let Err(e) = shared() else { return Ok(()) };
    let make_shared = format!("mount --make-shared {shown}");
    if e.raw_os_error() != Some(libc::EINVAL) {
        return Err((make_shared, e));
    }
    // Not a mount yet. Private first, so that sharing does not copy the peers of the parent.
    let bind = |e| (format!("mount --bind {shown} {shown}"), e);
    mount::bind_recursive(dir, dir).map_err(bind)?;
    mount::make_private(dir).map_err(|e| (format!("mount --make-private {shown}"), e))?;
    shared().map_err(|e| (make_shared, e))
}
