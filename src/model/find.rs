//! Where namespaces are to be found: names, mounts, processes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;

use super::Stale;
use crate::sort;
use crate::sys::{file, netns};

/// How a namespace was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is the caller's.
    Here,
    /// It has a name below /run/netns.
    Name,
    /// It is mounted on a path: docker, podman and CRI keep theirs so, and the lab its hosts.
    Mount(Vec<u8>),
    /// Only processes are in it.
    Process,
}

/// A namespace that has not been read yet.
pub(super) struct Found {
    pub names: Vec<Vec<u8>>,
    pub origin: Origin,
    pub pids: Vec<u32>,
    pub file: File,
}

pub(super) struct All {
    pub namespaces: Vec<Found>,
    pub stale: Vec<Stale>,
}

/// So many processes of a namespace are remembered.
const SOME: usize = 8;

/// Looks everywhere.
///
/// # Errors
///
/// When the caller's own namespace cannot be opened.
pub(super) fn all() -> io::Result<All> {
    let here = file::open(b"/proc/thread-self/ns/net").or_else(|_| netns::open_pid(b"self"))?;
    let device = netns::identity(&here)?.device();
    let mut found = Finder { namespaces: Vec::new(), at: BTreeMap::new() };
    found.add(here, Origin::Here)?;

    let mut stale = Vec::new();
    let mut names = file::list(netns::DIR).unwrap_or_default();
    sort::all(&mut names);
    for name in names {
        let Ok(ns) = netns::open_named(&name) else {
            stale.push(Stale { name, plain: false });
            continue;
        };
        if netns::identity(&ns)?.device() != device {
            stale.push(Stale { name, plain: true });
            continue;
        }
        let at = found.add(ns, Origin::Name)?;
        found.namespaces[at].names.push(name);
    }
    for path in mounts() {
        if let Ok(ns) = file::open(&path)
            && netns::identity(&ns)?.device() == device
        {
            found.add(ns, Origin::Mount(path))?;
        }
    }
    for pid in processes() {
        let path = [b"/proc/", pid.to_string().as_bytes(), b"/ns/net"].concat();
        // What may not be looked at, and what has ended meanwhile, is left out.
        let Ok(identity) = netns::identity_at(&path) else { continue };
        let at = match found.at.get(&identity) {
            Some(at) => *at,
            None => match file::open(&path) {
                Ok(ns) => found.add(ns, Origin::Process)?,
                Err(_) => continue,
            },
        };
        let pids = &mut found.namespaces[at].pids;
        if pids.len() < SOME {
            pids.push(pid);
        }
    }
    Ok(All { namespaces: found.namespaces, stale })
}

struct Finder {
    namespaces: Vec<Found>,
    at: BTreeMap<netns::Identity, usize>,
}

impl Finder {
    /// The place of a namespace, which may be known already.
    fn add(&mut self, file: File, origin: Origin) -> io::Result<usize> {
        let next = self.namespaces.len();
        let at = *self.at.entry(netns::identity(&file)?).or_insert(next);
        if at == next {
            self.namespaces.push(Found { names: Vec::new(), origin, pids: Vec::new(), file });
        }
        Ok(at)
    }
}

/// The paths on which network namespaces are mounted, without the names.
fn mounts() -> Vec<Vec<u8>> {
    let text = file::read(b"/proc/thread-self/mountinfo")
        .or_else(|_| file::read(b"/proc/self/mountinfo"))
        .unwrap_or_default();
    let mut paths = Vec::new();
    for line in text.split(|&b| b == b'\n') {
        // Number, parent, device, root, mount point; the root of a namespace is `net:[N]`.
        let mut words = line.split(|&b| b == b' ').skip(3);
        let (Some(root), Some(path)) = (words.next(), words.next()) else { continue };
        let named = [&b"/run/netns/"[..], b"/var/run/netns/"].iter().any(|d| path.starts_with(d));
        // Blanks in a path are written as octal numbers; such a path is left out.
        if root.starts_with(b"net:[") && !named && !path.contains(&b'\\') {
            paths.push(path.to_vec());
        }
    }
    sort::all(&mut paths);
    paths
}

/// All processes, by number.
fn processes() -> Vec<u32> {
    let entries = file::list(b"/proc").unwrap_or_default();
    let number = |name: &Vec<u8>| std::str::from_utf8(name).ok()?.parse().ok();
    let mut pids: Vec<u32> = entries.iter().filter_map(number).collect();
    sort::all(&mut pids);
    pids
}
