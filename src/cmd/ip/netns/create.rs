//! `ip netns add` and `ip netns attach`: a namespace gets a name, whole or not at all.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

use crate::cli::{Args, value};
use crate::ctx::Ctx;
use crate::error::{Error, Result, strerror};
use crate::sys::{mount, netns};

/// `ip netns add NAME`; further words are ignored, as the reference does.
pub fn add(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let name = args.take().ok_or_else(super::no_name)?;
    super::hint_surplus(ctx, args);
    let place = Place::prepare(name)?;
    let ns = netns::create().map_err(|e| {
        place.give_up();
        let why = strerror(&e);
        let text = [b"Failed to create a new network namespace \"", name, b"\": ", why.as_bytes()]
            .concat();
        Error::failed(1, text)
    })?;
    place.mount(&ns, b"/proc/self/ns/net")
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
    match netns::open_pid(number.to_string().as_bytes()) {
        Ok(ns) => place.mount(&ns, source.as_bytes()),
        Err(e) => {
            place.give_up();
            Err(bind_failed(source.as_bytes(), name, &e))
        }
    }
}

fn bind_failed(source: &[u8], name: &[u8], e: &io::Error) -> anyhow::Error {
    let why = strerror(e);
    let to = netns::path(name);
    Error::failed(1, [b"Bind ", source, b" -> ", &to, b" failed: ", why.as_bytes()].concat()).into()
}

/// An empty file under the name, ready to be mounted on.
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
        mount::make_dir(netns::DIR).map_err(|e| failed(&format!("mkdir {shown}"), e))?;
        let for_lock = mount::open_dir(netns::DIR)
            .map_err(|e| Error::failed(1, format!("Cannot open {shown}: {}", strerror(&e))))?;
        // Without the lock only simultaneous first calls are in danger.
        let lock = mount::lock(for_lock).ok();
        share().map_err(|(what, e)| failed(&what, e))?;
        // Opened after the directory has become a mount of its own.
        let dir = mount::open_dir(netns::DIR)
            .map_err(|e| Error::failed(1, format!("Cannot open {shown}: {}", strerror(&e))))?;
        let mut created = mount::create_point(&dir, name);
        if created.as_ref().is_err_and(|e| e.kind() == io::ErrorKind::AlreadyExists)
            && mount::is_abandoned_point(&dir, name)
        {
            // Left by a program that was killed half-way: nobody's namespace.
            created = Ok(());
        }
        created.map_err(|e| {
            let why = strerror(&e);
            let path = netns::path(name);
            Error::failed(
                1,
                [b"Cannot create namespace file \"", &path[..], b"\": ", why.as_bytes()].concat(),
            )
        })?;
        Ok(Place { name, dir, _lock: lock })
    }

    /// Puts the namespace there; nothing is left when that fails.
    fn mount(self, ns: &File, source: &[u8]) -> Result {
        mount::bind_at(ns, &self.dir, self.name).map_err(|e| {
            self.give_up();
            bind_failed(source, self.name, &e)
        })
    }

    fn give_up(&self) {
        let _ = mount::unlink_at(&self.dir, self.name);
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
