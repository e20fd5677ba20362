//! Labs that live on: by which name they are found, and how they are entered and ended.
//!
//! Nothing about them is on a disk. Process 1 of a lab listens on a socket of the abstract kind,
//! `@ipbox-lab/USER/NAME`, in the network namespace that the lab was made in: the kernel keeps such
//! names unique, tells who listens there, and forgets them with the process, however that ends.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};

use anyhow::{Context, Result, bail};
use nix::sys::socket::{Backlog, getsockopt, listen, sockopt::PeerCredentials};

use super::{lossy, place, shell};
use crate::sort;
use crate::sys::{fd, file, netns, process, userns};

/// The name of a lab that is about to be made; nobody else can take it while this lives.
pub struct Claim {
    pub name: String,
    listener: UnixListener,
}

fn socket(name: &str) -> io::Result<SocketAddr> {
    SocketAddr::from_abstract_name(prefix() + name)
}

/// What the sockets of this user's labs begin with.
fn prefix() -> String {
    format!("ipbox-lab/{}/", nix::unistd::geteuid())
}

/// Takes a name.
///
/// # Errors
///
/// When it is taken, or is none.
pub fn claim(name: &str) -> Result<Claim> {
    let good = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    if name.is_empty() || name.len() > 40 || !name.bytes().all(good) || name.starts_with('-') {
        bail!("\"{name}\" is no name for a lab: letters, digits, and \".\", \"_\", \"-\" in it");
    }
    match UnixListener::bind_addr(&socket(name)?) {
        Ok(listener) => Ok(Claim { name: name.to_owned(), listener }),
        Err(e) if e.kind() == io::ErrorKind::AddrInUse => bail!(
            "there is a lab {name} already: \"ipbox lab enter {name}\" enters it, \"ipbox lab stop {name}\" ends it"
        ),
        Err(e) => Err(e).context("no socket"),
    }
}

impl Claim {
    /// Lets the calling process be the one that is found by the name, for as long as it lives.
    ///
    /// # Errors
    ///
    /// Those of listen(2) and of starting a thread.
    pub fn hold(&self) -> io::Result<()> {
        // Who listens is whom the kernel names; until now that is the process that bound it.
        Backlog::new(16)
            .and_then(|backlog| listen(&self.listener, backlog))
            .map_err(std::io::Error::from)?;
        let listener = self.listener.try_clone()?;
        // Whoever asks is let go at once: the answer is the kernel's.
        std::thread::Builder::new()
            .stack_size(32 * 1024)
            .spawn(move || listener.incoming().for_each(drop))?;
        Ok(())
    }
}

/// The number of a lab's process 1, seen from here.
fn first_process(name: &str) -> Option<i32> {
    let stream = UnixStream::connect_addr(&socket(name).ok()?).ok()?;
    let peer = getsockopt(&stream, PeerCredentials).ok()?;
    // The name is free to be taken by anyone.
    (peer.uid() == nix::unistd::geteuid().as_raw() && peer.pid() > 0).then(|| peer.pid())
}

/// As [`first_process`].
///
/// # Errors
///
/// When there is no such lab.
fn found(name: &str) -> Result<i32> {
    first_process(name).with_context(|| match &names()[..] {
        [] => format!("there is no lab {name}, and no other"),
        all => format!("there is no lab {name}; there are {}", all.join(", ")),
    })
}

/// The names of this user's labs, in order.
fn names() -> Vec<String> {
    let sockets = file::read(b"/proc/self/net/unix").unwrap_or_default();
    let prefix = format!("@{}", prefix());
    let mut names: Vec<String> = sockets
        .split(|&b| b == b'\n')
        .filter_map(|line| line.rsplit(|&b| b == b' ').next()?.strip_prefix(prefix.as_bytes()))
        .map(lossy)
        .collect();
    sort::all(&mut names);
    names.dedup();
    names
}

/// `ipbox lab list`: a line for each lab.
///
/// # Errors
///
/// Those of write(2).
pub fn list() -> Result<u8> {
    let mut text = String::new();
    for name in names() {
        let Some(first) = first_process(&name) else { continue };
        let of = |pid: &[u8]| netns::identity_at(&[b"/proc/", pid, b"/ns/pid"].concat()).ok();
        let number = first.to_string();
        let lab = of(number.as_bytes());
        let processes = file::list(b"/proc").unwrap_or_default();
        let count = processes.iter().filter(|p| lab.is_some() && of(p) == lab).count();
        let mut inside =
            file::list(format!("/proc/{first}/root/run/netns").as_bytes()).unwrap_or_default();
        sort::all(&mut inside);
        if text.is_empty() {
            text.push_str("NAME             PID      PROCESSES  NAMESPACES\n");
        }
        let inside = lossy(&inside.join(&b' '));
        text.push_str(format!("{name:<16} {first:<8} {count:<10} {inside}").trim_end());
        text.push('\n');
    }
    fd::stdout(text.as_bytes())?;
    Ok(0)
}

/// `ipbox lab stop`: ends a lab with everything in it, and waits for that.
///
/// # Errors
///
/// When there is none, or it may not be ended.
pub fn stop(name: &str) -> Result<u8> {
    let first = found(name)?;
    let gone = process::watch(u32::try_from(first)?)?;
    // The number could have become another's since it was asked for; the descriptor cannot.
    if first_process(name) == Some(first) {
        process::kill(first)?;
    }
    process::wait_for(&gone)?;
    // The socket goes a moment after the process is known to be gone.
    while first_process(name).is_some_and(|p| p == first) {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    Ok(0)
}

/// `ipbox lab enter`: a shell or a command in a lab.
///
/// # Errors
///
/// When there is none, or it may not be entered.
pub fn enter(name: &str, tools: place::Tools, command: &[&[u8]]) -> Result<u8> {
    let first = found(name)?;
    let dir = std::env::current_dir();
    userns::join(first).with_context(|| format!("cannot enter {name}"))?;
    let (foreground, undisturbed) = (process::is_foreground(), process::undisturbed());
    let child = process::start(|| {
        drop(undisturbed);
        // Whoever ends this command with a signal means all of it.
        let _ = process::die_with_parent();
        // The place where one stood, if the lab has it.
        if let Ok(dir) = dir {
            let _ = std::env::set_current_dir(dir);
        }
        place::environment(tools);
        process::set_env("IPBOX_LAB", OsStr::from_bytes(name.as_bytes()));
        if command.is_empty() { shell::run(foreground) } else { shell::command(command) }
    })?;
    let ended = process::wait(&child)?;
    if foreground {
        let _ = process::take_terminal(false);
    }
    Ok(super::enter::status(ended))
}
