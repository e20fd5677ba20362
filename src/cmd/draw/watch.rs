//! `--watch`: draws again when the kernel says that something has changed, anywhere.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::ArgMatches;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::model::{Depth, Network};
use crate::netlink::{Conn, Protocol};
use crate::sys::{fd, mount, netns, watch::Watch};

/// RTNLGRP_*: devices, addresses and routes of both families, rules.
const GROUPS: [u32; 7] = [1, 5, 7, 8, 9, 11, 19];

/// Changes come in swarms; one picture is enough for a swarm.
const SWARM: Duration = Duration::from_millis(60);
/// Filter rules and settings are not told of on these sockets; so it is looked after them, too.
const LOOK: u16 = 2000;

/// Runs until it is ended.
pub fn run(m: &ArgMatches) -> Result<()> {
    let mut shown = Vec::new();
    loop {
        // Listening begins before reading: what changes in between is heard.
        let ears = ears()?;
        let form = super::drawn(m)?;
        if form != shown {
            if fd::stdout_is_terminal() && !m.contains_id("svg") {
                fd::stdout(b"\x1b[H\x1b[2J")?;
            }
            super::show(m, &form)?;
            shown = form;
        }
        wait(&ears)?;
    }
}

/// What is listened to.
struct Ears {
    sockets: Vec<Conn>,
    names: Option<Watch>,
}

fn ears() -> Result<Ears> {
    let network = Network::read(Depth::Picture).context("cannot read the network")?;
    let mut sockets = Vec::new();
    for ns in network.namespaces.iter().filter(|ns| ns.open) {
        let open = || -> std::io::Result<Conn> {
            let conn = Conn::open(Protocol::Route, 1 << 16)?;
            // An old kernel may lack a group.
            GROUPS.iter().for_each(|g| drop(conn.join(*g)));
            Ok(conn)
        };
        sockets.extend(netns::inside(&ns.file, open).ok().and_then(std::result::Result::ok));
    }
    let _ = mount::make_dir(netns::DIR);
    Ok(Ears { sockets, names: Watch::new(netns::DIR).ok() })
}

fn wait(ears: &Ears) -> Result<()> {
    let mut fds: Vec<PollFd<'_>> =
        ears.sockets.iter().map(|s| PollFd::new(s.as_fd(), PollFlags::POLLIN)).collect();
    fds.extend(ears.names.as_ref().map(|w| PollFd::new(w.as_fd(), PollFlags::POLLIN)));
    match poll(&mut fds, PollTimeout::from(LOOK)) {
        Ok(0) | Err(nix::errno::Errno::EINTR) => return Ok(()),
        Ok(_) => {}
        Err(e) => return Err(std::io::Error::from(e).into()),
    }
    let begin = Instant::now();
    std::thread::sleep(SWARM.saturating_sub(begin.elapsed()));
    Ok(())
}
