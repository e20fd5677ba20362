//! Mounts, and files that are made to be mounted on.
#![allow(unsafe_code)]

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::fcntl::{OFlag, open, openat};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::{Mode, fstatat};
use nix::unistd::{UnlinkatFlags, mkdir, unlinkat};

const NONE: Option<&[u8]> = None;

/// Makes a directory, rwxr-xr-x less the umask; one that is there is fine.
///
/// # Errors
///
/// Those of mkdir(2), except EEXIST.
pub fn make_dir(path: &[u8]) -> io::Result<()> {
    match mkdir(path, Mode::from_bits_truncate(0o755)) {
        Ok(()) | Err(nix::errno::Errno::EEXIST) => Ok(()),
        Err(e) => Err(e.into()),
    }
}

/// Opens a directory.
///
/// # Errors
///
/// Those of open(2).
pub fn open_dir(path: &[u8]) -> io::Result<OwnedFd> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    Ok(open(path, flags, Mode::empty())?)
}

/// An exclusive advisory lock, given back when dropped.
pub struct Lock(#[allow(dead_code)] OwnedFd); // closing gives the lock back

/// Waits for the exclusive lock of an open directory.
///
/// # Errors
///
/// Those of flock(2), except EINTR, which is tried again.
pub fn lock(dir: OwnedFd) -> io::Result<Lock> {
    // nix's guard panics when giving the lock back fails, which closing does not do.
    loop {
        // SAFETY: flock takes numbers only, and the descriptor is open.
        if unsafe { libc::flock(dir.as_raw_fd(), libc::LOCK_EX) } == 0 {
            return Ok(Lock(dir));
        }
        let e = io::Error::last_os_error();
        if e.kind() != io::ErrorKind::Interrupted {
            return Err(e);
        }
    }
}

/// Changes the propagation of a mount and of all below it to shared.
///
/// # Errors
///
/// Those of mount(2); EINVAL when the path is no mount point.
pub fn make_shared(path: &[u8]) -> io::Result<()> {
    Ok(mount(NONE, path, NONE, MsFlags::MS_SHARED | MsFlags::MS_REC, NONE)?)
}

/// Changes the propagation of a mount and of all below it to private.
///
/// # Errors
///
/// Those of mount(2).
pub fn make_private(path: &[u8]) -> io::Result<()> {
    Ok(mount(NONE, path, NONE, MsFlags::MS_PRIVATE | MsFlags::MS_REC, NONE)?)
}

/// Changes the propagation of `/` and of all below it to slave: nothing done here leaks out,
/// outside events still arrive.
///
/// # Errors
///
/// Those of mount(2).
pub fn make_root_slave() -> io::Result<()> {
    Ok(mount(NONE, "/", NONE, MsFlags::MS_SLAVE | MsFlags::MS_REC, NONE)?)
}

/// Binds a directory with everything below it onto a path.
///
/// # Errors
///
/// Those of mount(2).
pub fn bind_recursive(from: &[u8], to: &[u8]) -> io::Result<()> {
    Ok(mount(Some(from), to, NONE, MsFlags::MS_BIND | MsFlags::MS_REC, NONE)?)
}

/// Binds a file or directory onto a path.
///
/// # Errors
///
/// Those of mount(2).
pub fn bind(from: &[u8], to: &[u8]) -> io::Result<()> {
    Ok(mount(Some(from), to, NONE, MsFlags::MS_BIND, NONE)?)
}

/// Binds an open file onto a name in an open directory.
///
/// # Errors
///
/// Those of mount(2).
pub fn bind_at(from: &File, dir: &OwnedFd, name: &[u8]) -> io::Result<()> {
    let from = format!("/proc/self/fd/{}", from.as_raw_fd());
    let mut to = format!("/proc/self/fd/{}/", dir.as_raw_fd()).into_bytes();
    to.extend_from_slice(name);
    bind(from.as_bytes(), &to)
}

/// Whether the mount that holds a directory only receives what is mounted elsewhere and hands
/// nothing back: a slave, as all are in a mount namespace that `netns exec` has made.
pub fn is_received(dir: &[u8]) -> bool {
    let lines = std::fs::read("/proc/self/mountinfo").unwrap_or_default();
    // ID PARENT DEVICE ROOT POINT OPTIONS [shared:N] [master:N] ... - TYPE SOURCE OPTIONS; of
    // several mounts on one point the last is on top.
    let of_dir = |line: &&[u8]| line.split(|&b| b == b' ').nth(4) == Some(dir);
    let Some(line) = lines.split(|&b| b == b'\n').rfind(of_dir) else { return false };
    let mut marks = line.split(|&b| b == b' ').skip(6).take_while(|word| *word != b"-");
    marks.any(|word| word.starts_with(b"master:"))
}

/// Takes a mount away as soon as nobody uses it.
///
/// # Errors
///
/// Those of umount2(2).
pub fn detach(path: &[u8]) -> io::Result<()> {
    Ok(umount2(path, MntFlags::MNT_DETACH)?)
}

/// A private copy of the mount tree for this process.
///
/// # Errors
///
/// Those of unshare(2).
pub fn unshare_mounts() -> io::Result<()> {
    Ok(unshare(CloneFlags::CLONE_NEWNS)?)
}

/// A fresh /sys for the network namespace the process is in.
///
/// The old one is detached first; where that is refused the new one is put on top, read-only if
/// the old one is. Without real root the kernel allows a new one only while a whole one is to be
/// seen, so there it is always put on top.
///
/// # Errors
///
/// Those of mount(2).
pub fn fresh_sysfs(source: &[u8]) -> io::Result<()> {
    let mut flags = MsFlags::empty();
    if (super::process::in_user_namespace() || detach(b"/sys").is_err())
        && let Ok(fs) = nix::sys::statvfs::statvfs("/sys")
        && fs.flags().contains(nix::sys::statvfs::FsFlags::ST_RDONLY)
    {
        flags = MsFlags::MS_RDONLY;
    }
    Ok(mount(Some(source), "/sys", Some("sysfs"), flags, NONE)?)
}

/// Creates an empty file of mode 000 in an open directory; it must not exist.
///
/// # Errors
///
/// Those of open(2).
pub fn create_point(dir: &OwnedFd, name: &[u8]) -> io::Result<()> {
    let flags = OFlag::O_RDONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_CLOEXEC;
    openat(dir.as_fd(), name, flags, Mode::empty())?;
    Ok(())
}

/// How old what was left under a name must be to be nobody's.
pub const ABANDONED: Duration = Duration::from_millis(200);

/// The age of an empty plain file of mode 000, which is what is left when a program is killed between
/// creating the file and mounting a namespace on it; `None` for anything else. A namespace has mode
/// 444; links are not followed.
pub fn abandoned_age(dir: &OwnedFd, name: &[u8]) -> Option<Duration> {
    let s = fstatat(dir.as_fd(), name, nix::fcntl::AtFlags::AT_SYMLINK_NOFOLLOW).ok()?;
    if s.st_mode != libc::S_IFREG || s.st_size != 0 {
        return None;
    }
    let changed = Duration::new(
        u64::try_from(s.st_ctime).unwrap_or(0),
        u32::try_from(s.st_ctime_nsec).unwrap_or(0),
    );
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Some(now.saturating_sub(changed))
}

/// Whether the name in an open directory is what [`abandoned_age`] describes, and old enough.
pub fn is_abandoned_point(dir: &OwnedFd, name: &[u8]) -> bool {
    abandoned_age(dir, name).is_some_and(|age| age >= ABANDONED)
}

/// Whether there is a name in an open directory; links are not followed.
pub fn exists_at(dir: &OwnedFd, name: &[u8]) -> bool {
    fstatat(dir.as_fd(), name, nix::fcntl::AtFlags::AT_SYMLINK_NOFOLLOW).is_ok()
}

/// Removes a name from an open directory.
///
/// # Errors
///
/// Those of unlinkat(2).
pub fn unlink_at(dir: &OwnedFd, name: &[u8]) -> io::Result<()> {
    Ok(unlinkat(dir.as_fd(), name, UnlinkatFlags::NoRemoveDir)?)
}

/// Removes a file.
///
/// # Errors
///
/// Those of unlink(2).
pub fn unlink(path: &[u8]) -> io::Result<()> {
    std::fs::remove_file(OsStr::from_bytes(path))
}

/// Mounts an empty file system in memory, rwxr-xr-x.
///
/// # Errors
///
/// Those of mount(2).
pub fn fresh_tmpfs(path: &[u8]) -> io::Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    Ok(mount(Some("tmpfs"), path, Some("tmpfs"), flags, Some("mode=755"))?)
}

/// Mounts a /proc for the process namespace the process is in, on top of the old one.
///
/// # Errors
///
/// Those of mount(2); EPERM where parts of the old one are hidden, as in containers.
pub fn fresh_proc() -> io::Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    Ok(mount(Some("proc"), "/proc", Some("proc"), flags, NONE)?)
}

/// Makes a named pipe, rw-------.
///
/// # Errors
///
/// Those of mkfifo(3).
pub fn make_fifo(path: &[u8]) -> io::Result<()> {
    Ok(nix::unistd::mkfifo(path, Mode::from_bits_truncate(0o600))?)
}

/// Mounts the second hierarchy of control groups.
///
/// # Errors
///
/// Those of mount(2): EBUSY where it is mounted already, ENODEV without control groups.
pub fn control_groups(path: &[u8]) -> io::Result<()> {
    Ok(mount(Some(&b"none"[..]), path, Some(&b"cgroup2"[..]), MsFlags::empty(), NONE)?)
}
