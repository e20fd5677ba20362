//! Network namespaces: opening, entering, making.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;

use nix::sched::{CloneFlags, setns, unshare};

/// Where namespaces have their names. iproute2 says /var/run/netns unless the distribution
/// says otherwise; Debian says /run/netns, which is the same directory on current systems.
pub const DIR: &[u8] = b"/run/netns";

/// The path of a named namespace.
pub fn path(name: &[u8]) -> Vec<u8> {
    [DIR, b"/", name].concat()
}

/// Opens a namespace by its name, as a path below [`DIR`].
///
/// # Errors
///
/// Those of open(2).
pub fn open_named(name: &[u8]) -> io::Result<File> {
    super::file::open(&path(name))
}

/// Opens the namespace of a process.
///
/// # Errors
///
/// Those of open(2).
pub fn open_pid(pid: &[u8]) -> io::Result<File> {
    super::file::open(&[b"/proc/", pid, b"/ns/net"].concat())
}

/// Opens a namespace as `link set … netns X` names it: a path, a name, or the number of a process.
///
/// # Errors
///
/// Those of open(2).
pub fn open(word: &[u8]) -> io::Result<File> {
    if word.contains(&b'/') {
        return super::file::open(word);
    }
    open_named(word).or_else(|e| {
        let is_number = !word.is_empty() && word.iter().all(u8::is_ascii_digit);
        if is_number { open_pid(word) } else { Err(e) }
    })
}

/// Enters a network namespace; only the calling thread moves.
///
/// # Errors
///
/// Those of setns(2); EINVAL for a file that is no namespace.
pub fn enter(ns: &File) -> io::Result<()> {
    Ok(setns(ns.as_fd(), CloneFlags::CLONE_NEWNET)?)
}

/// Makes a new network namespace and leaves the program where it is: a thread enters
/// it and hands over the descriptor. Going back by setns(2) would need more rights than
/// an unprivileged user namespace has.
///
/// # Errors
///
/// Those of unshare(2) and open(2).
pub fn create() -> io::Result<File> {
    let made = std::thread::Builder::new().stack_size(64 * 1024).spawn(|| {
        unshare(CloneFlags::CLONE_NEWNET)?;
        File::open("/proc/thread-self/ns/net")
    })?;
    made.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))
}

/// As [`create`], so many of them by one thread, in which `each` is given one after the other and
/// says whether it wants more.
///
/// # Errors
///
/// That of starting the thread; what goes wrong with a namespace is given to `each`.
pub fn create_many(
    count: usize,
    mut each: impl FnMut(io::Result<File>) -> bool + Send,
) -> io::Result<()> {
    std::thread::scope(|scope| {
        let maker = std::thread::Builder::new().spawn_scoped(scope, || {
            for _ in 0..count {
                let one = unshare(CloneFlags::CLONE_NEWNET)
                    .map_err(io::Error::from)
                    .and_then(|()| File::open("/proc/thread-self/ns/net"));
                if !each(one) {
                    break;
                }
            }
        })?;
        maker.join().map_err(|_| io::ErrorKind::Other.into())
    })
}

/// Runs `look` inside a network namespace, in a thread that enters it; the program stays where it is.
///
/// # Errors
///
/// Those of setns(2); ENOTSUP after an early start that has already written something.
pub fn inside<T: Send>(ns: &File, look: impl FnOnce() -> T + Send) -> io::Result<T> {
    if !super::start::has_threads() {
        return Err(io::ErrorKind::Unsupported.into());
    }
    std::thread::scope(|scope| {
        let looker = std::thread::Builder::new().spawn_scoped(scope, || {
            enter(ns)?;
            Ok(look())
        })?;
        looker.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))
    })
}

/// What tells two namespaces apart: device and inode of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity(u64, u64);

impl Identity {
    /// That of the file system: the same for all namespaces, and another for an ordinary file.
    pub fn device(self) -> u64 {
        self.0
    }
    /// The number in `net:[N]`.
    pub fn number(self) -> u64 {
        self.1
    }
}

/// The identity of an open namespace.
///
/// # Errors
///
/// Those of fstat(2).
pub fn identity(ns: &File) -> io::Result<Identity> {
    let m = ns.metadata()?;
    Ok(Identity(m.dev(), m.ino()))
}

/// The identity of the file at a path, without opening it.
///
/// # Errors
///
/// Those of stat(2).
pub fn identity_at(path: &[u8]) -> io::Result<Identity> {
    let m = std::fs::metadata(OsStr::from_bytes(path))?;
    Ok(Identity(m.dev(), m.ino()))
}
