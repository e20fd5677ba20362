//! What a lab looks like from inside: its own /run, /proc and /sys, and the programs on PATH.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

use crate::applet::APPLETS;
use crate::error::strerror;
use crate::sys::{fd, file, mount, netns, process};

/// Where the lab keeps what is its own; nothing of it is on the machine's disk.
pub const DIR: &str = "/run/ipbox";

/// Where namespaces have their names.
const NAMES: &[u8] = netns::DIR;

const BIN: &str = "/run/ipbox/bin";

/// Programs that come before all others, whosever tools are wanted.
const FIRST: &str = "/run/ipbox/sbin";

/// Who is root needs no other way to become it, and the machine's own would be refused here.
const SUDO: &str = "\
#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in
    -[CDghpRrTtUu]) shift ;;
    --) shift; break ;;
    -*) ;;
    *=*) export \"$1\" ;;
    *) break ;;
    esac
    shift
done
[ $# -gt 0 ] || set -- \"${SHELL:-/bin/sh}\"
exec \"$@\"
";

/// Where a user's PATH ends too early to hold `ip` and `iptables`.
const SBIN: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// Whose `ip`, `ping` and so on are on PATH.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tools {
    /// Ours, the system's behind them.
    Ours,
    /// The system's; only `ipbox` itself is ours.
    System,
    /// Ours, and no other program at all.
    Only,
}

/// Programs of the lab itself, and what they stand for.
const HELPERS: [(&str, &str); 3] =
    [("lan-host", "on 192.168.1.3"), ("web-server", "serve"), ("web-get", "fetch")];

/// Puts everything in its place and sets the environment.
///
/// # Errors
///
/// What the kernel refuses.
pub fn furnish(tools: Tools) -> Result<()> {
    mount::make_root_slave().map_err(|e| match e.raw_os_error() {
        // What is mounted below it would be mounted outside, too.
        Some(libc::EINVAL) => anyhow!(
            "cannot keep mounts to the lab: / is no mount, as after chroot; \
             \"mount --bind DIR DIR\" before the chroot makes it one"
        ),
        _ => anyhow!(e).context("cannot keep mounts to the lab"),
    })?;
    own_run().context("cannot have a /run of its own")?;
    // In a container parts of /proc and /sys may be hidden, and then nobody gets a new one; the
    // old ones serve, though they show more processes and other devices.
    for (what, made) in [("/proc", mount::fresh_proc()), ("/sys", mount::fresh_sysfs(b"sysfs"))] {
        if let Err(e) = made {
            let note = format!("ipbox lab: note: {what} stays the machine's: {}\n", strerror(&e));
            fd::stderr(note.as_bytes());
        }
    }
    fs::create_dir_all(BIN)?;
    fs::create_dir_all(FIRST)?;
    no_name_servers();
    programs(tools).context("cannot place the programs")?;
    environment(tools);
    Ok(())
}

/// An empty /run, also as /var/run. Links are kept: some distributions lead to all programs
/// through one of them.
fn own_run() -> Result<()> {
    let links: Vec<(OsString, PathBuf)> = fs::read_dir("/run")?
        .flatten()
        .filter_map(|e| Some((e.file_name(), fs::read_link(e.path()).ok()?)))
        .collect();
    mount::fresh_tmpfs(b"/run")?;
    mount::make_dir(NAMES)?;
    for (name, target) in links {
        symlink(target, Path::new("/run").join(name))?;
    }
    if !fs::canonicalize("/var/run").is_ok_and(|p| p == Path::new("/run")) {
        // A machine without the directory has no programs that look there.
        let _ = twin(b"/run", b"/var/run");
    }
    Ok(())
}

/// Lets `copy` show what `dir` shows; a namespace that is mounted in one is seen in the other.
fn twin(dir: &[u8], copy: &[u8]) -> std::io::Result<()> {
    mount::bind(NAMES, NAMES)?;
    mount::make_shared(dir)?;
    mount::bind_recursive(dir, copy)
}

/// Nobody answers for names here; without this, programs would wait for the machine's servers.
fn no_name_servers() {
    let own = format!("{DIR}/resolv.conf");
    if fs::write(&own, "# There is no name server in the lab.\n").is_ok() {
        // A machine without the file has no servers either.
        let _ = mount::bind(own.as_bytes(), b"/etc/resolv.conf");
    }
}

/// `ipbox` and its applets. A file that is mounted stays when the original is replaced, and costs
/// less than a copy; the copy is for a program whose place cannot be reached by name.
fn programs(tools: Tools) -> Result<()> {
    let program = format!("{BIN}/ipbox");
    fs::write(&program, "")?;
    let me = fs::read_link("/proc/self/exe")?;
    let same = |m: fs::Metadata| fs::metadata("/proc/self/exe").is_ok_and(|e| e.ino() == m.ino());
    let mounted = fs::metadata(&me).is_ok_and(same)
        && mount::bind(me.as_os_str().as_bytes(), program.as_bytes()).is_ok();
    if !mounted {
        fs::copy("/proc/self/exe", &program)?;
    }
    if tools != Tools::System {
        for applet in APPLETS {
            symlink("ipbox", format!("{BIN}/{}", applet.name))?;
        }
    }
    for (name, verb) in HELPERS {
        script(BIN, name, &format!("#!/bin/sh\nexec {program} lab {verb} \"$@\"\n"))?;
    }
    script(FIRST, "sudo", SUDO)
}

fn script(dir: &str, name: &str, text: &str) -> Result<()> {
    let path = format!("{dir}/{name}");
    fs::write(&path, text)?;
    Ok(fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?)
}

/// Sets PATH, and that this is a lab.
pub fn environment(tools: Tools) {
    let old = file::env("PATH").unwrap_or_else(|| b"/usr/local/bin:/usr/bin:/bin".to_vec());
    let mut path: Vec<&[u8]> = vec![FIRST.as_bytes()];
    if tools != Tools::System {
        path.push(BIN.as_bytes());
    }
    if tools != Tools::Only {
        path.push(&old);
        let known: Vec<&[u8]> = old.split(|&b| b == b':').collect();
        path.extend(SBIN.iter().map(|d| d.as_bytes()).filter(|d| !known.contains(d)));
    }
    if tools == Tools::System {
        path.push(BIN.as_bytes());
    }
    process::set_env("PATH", OsStr::from_bytes(&path.join(&b':')));
    process::set_env("IPBOX_LAB", OsStr::new("1"));
}
