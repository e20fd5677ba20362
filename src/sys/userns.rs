//! A user namespace, and the other namespaces it owns.

use std::io::{self, Read, Write};

use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};

use super::process;

/// What could not be done.
#[derive(Debug)]
pub enum Refused {
    /// unshare(2).
    Namespaces(io::Error),
    /// The users and groups of the new namespace.
    Maps(io::Error),
    /// What root of the new namespace may do everywhere else; security modules see to that.
    Rights(io::Error),
}

/// Moves into new user, mount, network and UTS namespaces, root in all of them, on a host of this
/// name; the next child is process 1 of a new process namespace.
///
/// An ordinary user is user 0 and the only one inside. Root keeps every user and group it knows,
/// so that other people's files stay within its reach; where it may not have a user namespace it
/// does without.
///
/// # Errors
///
/// Those of unshare(2), of writing the maps, and of sethostname(2), the first call that needs
/// root's rights; the process must end then.
pub fn enter(name: &str) -> Result<(), Refused> {
    let mut flags = CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWUTS;
    let root = geteuid().is_root();
    // Only a process that has stayed outside may write maps of more than one user.
    let writer = MapWriter::start(root).map_err(Refused::Maps)?;
    match unshare(flags | CloneFlags::CLONE_NEWUSER) {
        Ok(()) => writer.finish().map_err(Refused::Maps)?,
        Err(e) => {
            writer.cancel();
            flags.remove(CloneFlags::CLONE_NEWUSER);
            if !root || unshare(flags).is_err() {
                return Err(Refused::Namespaces(e.into()));
            }
        }
    }
    nix::unistd::sethostname(name).map_err(|e| Refused::Rights(e.into()))
}

/// Moves into the namespaces of a process; the next child is in its process namespace, too.
///
/// # Errors
///
/// Those of open(2) and setns(2).
pub fn join(pid: i32) -> io::Result<()> {
    let mut namespaces = Vec::new();
    for name in ["user", "mnt", "net", "uts", "pid"] {
        let of = |who: &str| std::fs::File::open(format!("/proc/{who}/ns/{name}"));
        let (theirs, ours) = (of(&pid.to_string())?, of("self")?);
        // Entering the user namespace one is in is refused.
        if super::netns::identity(&theirs)? != super::netns::identity(&ours)? {
            namespaces.push(theirs);
        }
    }
    // The user namespace first: it gives the right to enter the others.
    namespaces.iter().try_for_each(|ns| Ok(nix::sched::setns(ns, CloneFlags::empty())?))
}

/// A child in the old user namespace that writes the maps of the new one.
struct MapWriter {
    child: process::Child,
    go: io::PipeWriter,
    said: io::PipeReader,
}

impl MapWriter {
    fn start(root: bool) -> io::Result<MapWriter> {
        let maps = if root {
            [whole("/proc/self/uid_map")?, whole("/proc/self/gid_map")?]
        } else {
            [format!("0 {} 1", geteuid()), format!("0 {} 1", getegid())]
        };
        let (mut told, go) = io::pipe()?;
        let (said, mut say) = io::pipe()?;
        let of = std::process::id();
        let writes = || -> io::Result<()> {
            if !root {
                std::fs::write(format!("/proc/{of}/setgroups"), "deny")?;
            }
            std::fs::write(format!("/proc/{of}/uid_map"), &maps[0])?;
            std::fs::write(format!("/proc/{of}/gid_map"), &maps[1])
        };
        // The parent's end must not keep this pipe open.
        let mut go = Some(go);
        let child = process::start(|| {
            drop(go.take());
            // Nothing is written when the namespace could not be had.
            if told.read_exact(&mut [0]).is_ok() {
                let errno = writes().err().map_or(0, |e| e.raw_os_error().unwrap_or(libc::EIO));
                let _ = say.write_all(&errno.to_ne_bytes());
            }
            0
        })?;
        let go = go.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(MapWriter { child, go, said })
    }

    fn cancel(self) {
        drop(self.go);
        let _ = process::wait(&self.child);
    }

    fn finish(mut self) -> io::Result<()> {
        self.go.write_all(&[1])?;
        process::wait(&self.child)?;
        let mut errno = [0; 4];
        self.said.read_exact(&mut errno)?;
        match i32::from_ne_bytes(errno) {
            0 => Ok(()),
            errno => Err(io::Error::from_raw_os_error(errno)),
        }
    }
}

/// The map that gives everybody known here the same number inside.
fn whole(map: &str) -> io::Result<String> {
    let mut text = String::new();
    for line in std::fs::read_to_string(map)?.lines() {
        // First number inside, first number outside, how many.
        let mut words = line.split_whitespace();
        if let (Some(first), Some(_), Some(count)) = (words.next(), words.next(), words.next()) {
            text.push_str(&format!("{first} {first} {count}\n"));
        }
    }
    Ok(text)
}
