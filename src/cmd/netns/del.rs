//! `ipbox netns del`: the end of a namespace, waited for.
//!
//! The kernel takes a namespace down some time after its last user has left. Until then the far ends
//! of its cables are there, and their names are taken: a script that makes the same network again
//! fails now and then.

use std::fs::File;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::gc;
use crate::cmd::ip;
use crate::ctx::{Ctx, Opts};
use crate::netlink::{Conn, Error, Msgs, Protocol};
use crate::rtnl::link::{self, Link};
use crate::rtnl::nsid::{self, NsId};
use crate::sys::{file, netns};

/// Devices that go with the namespace, by the socket of the namespace they are in.
struct FarEnds(Vec<(Conn, Vec<u32>)>);

/// Deletes the name; with a number of seconds, waits so long for what goes with it.
pub fn run(name: &[u8], wait: Option<u16>) -> Result<()> {
    let mut ctx = Ctx::new(Opts::default());
    let Some(seconds) = wait else { return ip::command(&mut ctx, &[b"netns", b"delete", name]) };
    let mut far = FarEnds(Vec::new());
    let mut identity = None;
    // A name that names nothing has nothing to wait for.
    if let Ok(ns) = netns::open_named(name) {
        identity = netns::identity(&ns).ok();
        far = FarEnds::of(&ns, name)?;
    }
    ip::command(&mut ctx, &[b"netns", b"delete", name])?;
    let end = Instant::now() + Duration::from_secs(seconds.into());
    while !far.are_gone() {
        if Instant::now() >= end {
            let shown = String::from_utf8_lossy(name).into_owned();
            let holders = identity.and_then(|i| gc::holders(i.device()).remove(&i));
            let list: Vec<String> = holders
                .iter()
                .flat_map(gc::Holders::all)
                .map(|(pid, _)| format!("{pid} ({})", String::from_utf8_lossy(&gc::command(pid))))
                .collect();
            if list.is_empty() {
                bail!("{shown} has no name any more, but was not gone after {seconds} seconds");
            }
            bail!("{shown} has no name any more, but is held by {}", list.join(", "));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

fn conn() -> std::io::Result<Conn> {
    Conn::open(Protocol::Route, 1 << 16)
}

impl FarEnds {
    /// The far ends of the cables of a namespace, in the caller's namespace and in those with a name.
    fn of(ns: &File, name: &[u8]) -> Result<FarEnds> {
        let mut inside = netns::inside(ns, conn)??;
        let (links, _) = inside.snapshot(&mut link::query(0, false, false))?;
        let mut ends: Vec<(i32, u32)> = Vec::new();
        for l in Msgs(&links).filter_map(|m| Link::parse(m.payload)) {
            if let (Some(id), Some(index)) = (l.lower_netnsid(), l.lower()) {
                ends.push((id, index));
            }
        }
        let mut far = Vec::new();
        if ends.is_empty() {
            return Ok(FarEnds(far));
        }
        let mut places = vec![netns::open_pid(b"self")?];
        let names = file::list(netns::DIR).unwrap_or_default();
        places
            .extend(names.iter().filter(|n| *n != name).filter_map(|n| netns::open_named(n).ok()));
        for place in places {
            // The number under which the namespace that goes knows this one.
            let Ok(answer) = inside.get(&mut nsid::get(place.as_fd())) else { continue };
            let Some(id) = NsId::parse(answer.payload).and_then(|n| n.id()) else { continue };
            let there: Vec<u32> = ends.iter().filter(|e| e.0 == id).map(|e| e.1).collect();
            if !there.is_empty() {
                far.push((netns::inside(&place, conn)??, there));
            }
        }
        Ok(FarEnds(far))
    }

    fn are_gone(&mut self) -> bool {
        for (conn, indexes) in &mut self.0 {
            indexes.retain(|index| {
                let answer = conn.get(&mut link::query(*index, false, false));
                !matches!(answer, Err(Error::Nack(n)) if n.errno == libc::ENODEV)
            });
        }
        self.0.iter().all(|(_, indexes)| indexes.is_empty())
    }
}
