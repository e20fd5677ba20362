//! `ip vrf`: routing domains, and the processes in them.
//!
//! A process is in a domain when it is in a control group `.../vrf/NAME`, to which a program is
//! attached that binds each new socket to the domain's device.

use crate::cli::{Args, Usage, prefix};
use crate::ctx::Ctx;
use crate::error::{Error, Result, errno, strerror};
use crate::netlink::Msgs;
use crate::output::{Field, Paint, field};
use crate::rtnl::link::{self, Link};
use crate::sys::process::Ended;
use crate::sys::{bpf, fd, file, mount, process};

use super::Grammar;
use super::netns::{exec as netns_exec, find};
use super::verb::{self, Verb};

const IFLA_VRF_TABLE: u16 = 1;

const NAME: Field = field("name", "{}");
const TABLE: Field = field("table", "{}\n");

/// In the order in which beginnings are tried.
#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: prefix("identify"), args: "[ PID ]", run: identify },
    Verb { word: prefix("pids"), args: "NAME", run: pids },
    Verb { word: prefix("exec"), args: "NAME COMMAND [ ARGUMENT... ]", run: exec },
    Verb { word: prefix("show"), args: "[ NAME ]", run: show },
    Verb { word: prefix("lst"), args: "=", run: show },
    Verb { word: prefix("list"), args: "=", run: show },
    Verb { word: prefix("help"), args: "", run: help },
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    verb::dispatch(ctx, args, "vrf", VERBS, show)
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "vrf", verbs: VERBS, usage }
}

fn usage() -> Usage {
    verb::usage("vrf", VERBS, "")
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

fn show(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let name = args.take();
    if !args.is_empty() {
        return Err(usage().into());
    }
    if let Some(name) = name {
        let table = ctx.names.vrf_table(name);
        let table = table.ok_or_else(|| Error::failed(255, "Invalid VRF"))?;
        ctx.out.begin();
        ctx.out.open();
        ctx.out.bytes(field("name", "{} "), name);
        ctx.out.uint(TABLE, table);
        ctx.out.close();
        ctx.out.end();
        return Ok(());
    }
    let (all, interrupted) =
        ctx.route()?.snapshot(&mut link::query_family(0)).map_err(Error::from)?;
    let out = &mut ctx.out;
    out.begin();
    out.text("Name              Table\n-----------------------\n");
    let mut any = false;
    for msg in Msgs(&all) {
        let Some(link) = Link::parse(msg.payload) else { continue };
        let Some(info) = link.info().filter(|i| i.kind() == Some(b"vrf")) else { continue };
        let (Some(name), Some(table)) =
            (link.name(), info.data().and_then(|d| d.find(IFLA_VRF_TABLE)?.u32()))
        else {
            continue;
        };
        any = true;
        out.open();
        out.left(Paint::Plain, NAME, name, 16);
        if !out.is_json() {
            out.text(&format!(" {table:>5}\n"));
        } else {
            out.uint(TABLE, table);
        }
        out.close();
    }
    if !any {
        out.text("No VRF has been configured\n");
    }
    out.end();
    ctx.told_interruption(interrupted);
    Ok(())
}

/// The path of a process's group in the second hierarchy: `/user.slice/vrf/red`.
fn group_of(pid: &[u8]) -> std::io::Result<Option<Vec<u8>>> {
    let text = file::read(&[b"/proc/", pid, b"/cgroup"].concat())?;
    let own = text.split(|b| *b == b'\n').find_map(|line| {
        let at = line.windows(3).position(|w| w == b"::/")?;
        Some(line[at + 2..].to_vec())
    });
    Ok(own)
}

/// Where `/vrf/` begins.
fn domain_at(path: &[u8]) -> Option<usize> {
    path.windows(5).position(|w| w == b"/vrf/")
}

fn identify(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let pid = args.take();
    if args.take().is_some() {
        return Err(args.wrong("Extra arguments specified\n").into());
    }
    if pid.is_some_and(|pid| crate::cli::value::u32(pid).is_none()) {
        return Err(args.wrong("Invalid pid\n").into());
    }
    let pid = pid.unwrap_or(b"self");
    let group = group_of(pid).map_err(|e| {
        Error::failed(1, format!("Failed to lookup vrf association: {}", strerror(&e)))
    })?;
    let name = group.as_deref().and_then(|g| Some(&g[domain_at(g)? + 5..]));
    ctx.out.begin();
    name.into_iter().for_each(|n| ctx.out.bytes(field("", "{}\n"), n));
    ctx.out.end();
    Ok(())
}

/// Where the second hierarchy of control groups is mounted; it is mounted where it is not.
fn groups() -> Result<Vec<u8>> {
    const OWN: &[u8] = b"/var/run/cgroup2";
    let mounts = file::read(b"/proc/mounts").unwrap_or_default();
    let found = mounts.split(|b| *b == b'\n').find_map(|line| {
        let mut words = line.split(|b| *b == b' ').skip(1);
        let place = words.next()?;
        (words.next()? == b"cgroup2").then(|| place.to_vec())
    });
    if let Some(place) = found {
        return Ok(place);
    }
    make_path(OWN)?;
    match mount::control_groups(OWN) {
        Err(e) if e.raw_os_error() == Some(libc::ENODEV) => {
            Err(Error::failed(255, "Failed to mount cgroup2. Are CGROUPS enabled in your kernel?")
                .into())
        }
        Err(e) if e.raw_os_error() != Some(libc::EBUSY) => {
            Err(Error::failed(255, format!("Failed to mount cgroup2: {}", strerror(&e))).into())
        }
        _ => Ok(OWN.to_vec()),
    }
}

/// Makes a directory and all above it.
fn make_path(path: &[u8]) -> Result {
    let ends = (1..=path.len()).filter(|end| path.get(*end).is_none_or(|b| *b == b'/'));
    for end in ends {
        let part = &path[..end];
        if !file::exists(part)
            && let Err(e) = mount::make_dir(part)
        {
            let text = [b"mkdir failed for ", part, b": ", strerror(&e).as_bytes()].concat();
            return Err(Error::failed(255, text).into());
        }
    }
    Ok(())
}

/// The part of a path that tells the network namespace of this process, if it has a name.
fn netns_part() -> Option<Vec<u8>> {
    Some([&find::own_name()?[..], b"-ns"].concat())
}

/// Takes this process out of its domain, if it is in any: another namespace has other domains.
pub fn leave() -> Result {
    match group_of(b"self") {
        Ok(Some(path)) if domain_at(&path).is_some() => enter(b"default", None),
        _ => Ok(()),
    }
}

fn pids(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let (Some(name), true) = (args.take(), args.is_empty()) else {
        return Err(Error::failed(1, "Invalid arguments").into());
    };
    if ctx.names.vrf(name).is_none() {
        return Err(Error::failed(1, "Invalid VRF name").into());
    }
    let root = groups()?;
    let netns = netns_part();
    ctx.out.begin();
    walk(ctx, &root, name, netns.as_deref());
    ctx.out.end();
    Ok(())
}

/// Prints the processes of every `vrf/NAME` below a directory; those of other namespaces are
/// below a directory that is called as the namespace.
fn walk(ctx: &mut Ctx, dir: &[u8], name: &[u8], netns: Option<&[u8]>) {
    let here = dir.rsplit(|b| *b == b'/').next();
    for entry in file::list(dir).unwrap_or_default() {
        let path = [dir, b"/", &entry[..]].concat();
        if entry != b"vrf" {
            if file::kind(&path).is_ok_and(|k| k.directory) {
                walk(ctx, &path, name, netns);
            }
            continue;
        }
        if netns.is_some() && netns != here {
            continue;
        }
        let list = file::read(&[&path[..], b"/", name, b"/cgroup.procs"].concat());
        for pid in list.unwrap_or_default().split(|b| *b == b'\n').filter(|p| !p.is_empty()) {
            let command = file::read(&[b"/proc/", pid, b"/comm"].concat()).unwrap_or_default();
            let pid = String::from_utf8_lossy(pid);
            let out = &mut ctx.out;
            out.open();
            if out.is_json() {
                out.number(field("pid", "{}"), &pid);
            } else {
                out.text(&format!("{pid:>5}"));
            }
            out.bytes(field("comm", "  {}\n"), command.trim_ascii_end());
            out.close();
        }
    }
}

fn exec(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let name = args.take().ok_or_else(|| Error::failed(1, "No VRF name specified"))?;
    let words = args.rest();
    if words.is_empty() {
        return Err(Error::failed(1, "No command specified").into());
    }
    let index = if name == b"default" {
        None
    } else {
        let index = ctx.names.vrf(name);
        Some(index.ok_or_else(|| Error::failed(255, "Invalid VRF name"))?)
    };
    ctx.out.flush()?;
    if ctx.opts.batch {
        let ended = process::in_child(|| {
            let e = match enter(name, index) {
                Ok(()) => netns_exec::replace(words),
                Err(e) => e,
            };
            let e = crate::error::of(e);
            fd::stderr(&e.text());
            e.status()
        });
        return match ended.map_err(|error| Error::Io { what: "fork", error })? {
            Ended::Status(0) => Ok(()),
            Ended::Status(status) => Err(Error::Status(status).into()),
            Ended::Signal(_) => Err(Error::fatal(1, "").into()),
        };
    }
    enter(name, index)?;
    Err(netns_exec::replace(words))
}

/// Puts this process into the domain; without an index, out of any.
fn enter(name: &[u8], index: Option<u32>) -> Result {
    let root = groups()?;
    let fail = |text: String| Error::failed(255, text);
    let mut path = group_of(b"self")
        .map_err(|e| fail(format!("Failed to get base cgroup path: {}", strerror(&e))))?
        .unwrap_or_default();
    path.truncate(domain_at(&path).unwrap_or(path.len()));
    if path == b"/" {
        path.clear();
    }
    if index.is_some()
        && let Some(netns) = netns_part()
        && path.rsplit(|b| *b == b'/').next() != Some(&netns)
    {
        path.push(b'/');
        path.extend(netns);
    }
    path.splice(..0, root);
    path.extend(b"/vrf");
    if index.is_some() {
        path.push(b'/');
        path.extend(name);
    }
    make_path(&path).map_err(|e| {
        let mut text = crate::error::of(e).text();
        text.extend(b"Failed to setup vrf cgroup2 directory");
        Error::failed(255, text)
    })?;
    if let Some(index) = index {
        let group = file::open(&path)
            .map_err(|e| fail(format!("Failed to open VRF cgroup path: '{}'", strerror(&e))))?;
        let program = bpf::load_binder(index).map_err(|e| {
            fail(format!(
                "Failed to load BPF prog: '{}'\nKernel compiled with CGROUP_BPF enabled?",
                strerror(&e)
            ))
        })?;
        bpf::attach_to_sockets(&group, &program)
            .map_err(|e| fail(format!("Failed to attach prog to cgroup: '{}'", strerror(&e))))?;
    }
    path.extend(b"/cgroup.procs");
    file::write(&path, std::process::id().to_string().as_bytes()).map_err(|e| {
        fail(format!("Failed to join cgroup: {}", errno(e.raw_os_error().unwrap_or(libc::EIO))))
    })?;
    Ok(())
}
