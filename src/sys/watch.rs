//! Files that come and go in a directory (inotify).

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

/// A directory that is watched.
pub struct Watch(Inotify);

impl AsFd for Watch {
    /// Readable when there are events.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A file came or went.
pub struct Event {
    pub name: Vec<u8>,
    pub created: bool,
}

impl Watch {
    /// # Errors
    ///
    /// Those of inotify_init1(2) and inotify_add_watch(2).
    pub fn new(dir: &[u8]) -> io::Result<Watch> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC)?;
        let flags = AddWatchFlags::IN_CREATE | AddWatchFlags::IN_DELETE;
        inotify.add_watch(OsStr::from_bytes(dir), flags)?;
        Ok(Watch(inotify))
    }

    /// Waits for the next events.
    ///
    /// # Errors
    ///
    /// Those of read(2).
    pub fn next(&self) -> io::Result<Vec<Event>> {
        let events = self.0.read_events()?;
        Ok(events
            .into_iter()
            .filter_map(|e| {
                let created = e.mask.contains(AddWatchFlags::IN_CREATE);
                Some(Event { name: e.name?.into_vec(), created })
            })
            .collect())
    }
}
