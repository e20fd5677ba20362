//! `ipbox netns gc`: names that name nothing, and namespaces without a name.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::output::{Field, Out, Style, field, json_only};
use crate::sort;
use crate::sys::netns::{self, Identity};
use crate::sys::{fd, file, mount};

/// Who keeps a namespace alive.
#[derive(Debug, Default)]
pub struct Holders {
    /// Processes in it.
    pub inside: Vec<u32>,
    /// A process, and the number of the descriptor through which it holds it.
    pub through: Vec<(u32, u32)>,
}

const STALE: Field = field("name", "stale    {}");
const NUMBER: Field = field("namespace", "unnamed  net:[{}]");
const PID: Field = field("pid", "  {}");
const COMMAND: Field = field("command", " {}");
const DESCRIPTOR: Field = field("descriptor", " (descriptor {})");
const WHAT: Field = json_only("what");

/// Lists them; with `yes` the names are removed.
pub fn run(yes: bool, json: bool) -> Result<()> {
    let mut out = Out::new(Style { json, ..Style::default() });
    let mut named = vec![netns::identity(&netns::open_pid(b"self")?)?];
    let device = named[0].device();
    let mut stale = Vec::new();
    for name in file::list(netns::DIR).unwrap_or_default() {
        match netns::identity_at(&netns::path(&name)) {
            Ok(identity) if identity.device() == device => named.push(identity),
            _ => stale.push(name),
        }
    }
    sort::all(&mut stale);
    out.begin();
    for name in &stale {
        out.open();
        out.str(WHAT, "stale");
        out.bytes(STALE, name);
        if yes {
            let path = netns::path(name);
            // What is in use under a name of another mount namespace goes with its last user.
            let _ = mount::detach(&path);
            mount::unlink(&path)?;
            out.flag("removed", ", removed");
        }
        out.close();
        out.newline();
    }
    for (identity, holders) in holders(device) {
        if named.contains(&identity) {
            continue;
        }
        out.open();
        out.str(WHAT, "unnamed");
        out.uint(NUMBER, identity.number());
        out.newline();
        out.open_list("holders");
        for (pid, descriptor) in holders.all() {
            out.open();
            out.uint(PID, pid);
            out.bytes(COMMAND, &command(pid));
            if let Some(number) = descriptor {
                out.uint(DESCRIPTOR, number);
            }
            out.close();
            out.newline();
        }
        out.close_list();
        out.close();
    }
    out.end();
    out.flush()?;
    if !yes && !stale.is_empty() && fd::stderr_is_terminal() {
        fd::stderr(b"hint: --yes removes the stale names\n");
    }
    Ok(())
}

impl Holders {
    /// Processes inside first, then those that hold it from outside.
    pub fn all(&self) -> impl Iterator<Item = (u32, Option<u32>)> {
        let inside = self.inside.iter().map(|p| (*p, None));
        inside.chain(self.through.iter().map(|(p, d)| (*p, Some(*d))))
    }
}

/// Who holds which namespace, as far as this user may see it.
pub fn holders(device: u64) -> BTreeMap<Identity, Holders> {
    let mut all: BTreeMap<Identity, Holders> = BTreeMap::new();
    let me = std::process::id();
    let mut pids: Vec<u32> =
        file::list(b"/proc").unwrap_or_default().iter().filter_map(|n| number(n)).collect();
    sort::all(&mut pids);
    for pid in pids.into_iter().filter(|p| *p != me) {
        if let Ok(identity) = netns::identity_at(format!("/proc/{pid}/ns/net").as_bytes()) {
            all.entry(identity).or_default().inside.push(pid);
        }
        let dir = format!("/proc/{pid}/fd");
        for entry in file::list(dir.as_bytes()).unwrap_or_default() {
            let path = [dir.as_bytes(), b"/", &entry].concat();
            let Some(n) = number(&entry) else { continue };
            // Only what is called so is a network namespace; others have the same device.
            if !file::link(&path).is_ok_and(|to| to.starts_with(b"net:[")) {
                continue;
            }
            if let Ok(identity) = netns::identity_at(&path)
                && identity.device() == device
            {
                all.entry(identity).or_default().through.push((pid, n));
            }
        }
    }
    all
}

fn number(name: &[u8]) -> Option<u32> {
    std::str::from_utf8(name).ok()?.parse().ok()
}

/// The name of a process's program.
pub fn command(pid: u32) -> Vec<u8> {
    let text = file::read(format!("/proc/{pid}/comm").as_bytes()).unwrap_or_default();
    text.trim_ascii_end().iter().map(|&b| if b.is_ascii_control() { b'?' } else { b }).collect()
}
