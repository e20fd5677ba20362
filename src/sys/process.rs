//! The process itself: its capabilities.
#![allow(unsafe_code)]

use nix::unistd::{geteuid, getuid};

/// struct __user_cap_header_struct (linux/capability.h), version 3.
#[repr(C)]
struct CapHeader {
    version: u32,
    pid: i32,
}

/// struct __user_cap_data_struct; version 3 has two.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct CapData {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

const VERSION_3: u32 = 0x2008_0522;
const CAP_NET_ADMIN: u32 = 12;

/// Whether this is the superuser, by its real number as the original tools ask.
pub fn is_root() -> bool {
    getuid().is_root()
}

/// How many processors this process may use.
pub fn processors() -> usize {
    use nix::sched::{CpuSet, sched_getaffinity};
    let set = sched_getaffinity(nix::unistd::Pid::from_raw(0));
    set.map_or(1, |set| (0..CpuSet::count()).filter(|&n| set.is_set(n) == Ok(true)).count())
}

/// Clears all capabilities of an ordinary user, unless NET_ADMIN is inheritable, so that file
/// capabilities on the program cannot be used for a shell started by `netns exec`.
/// `vrf exec` needs them (observed in iproute2).
pub fn drop_capabilities(words: &[&[u8]]) {
    if getuid().is_root() || geteuid().is_root() {
        return;
    }
    if matches!(words, [_, b"vrf", b"exec", ..]) {
        return;
    }
    let header = CapHeader { version: VERSION_3, pid: 0 };
    let mut data = [CapData::default(); 2];
    // SAFETY: capget writes two structures of this layout and keeps no pointer.
    let got = unsafe { libc::syscall(libc::SYS_capget, &raw const header, data.as_mut_ptr()) };
    if got != 0 || data[0].inheritable & (1 << CAP_NET_ADMIN) != 0 {
        return;
    }
    let none = [CapData::default(); 2];
    // SAFETY: capset reads two structures of this layout and keeps no pointer.
    unsafe { libc::syscall(libc::SYS_capset, &raw const header, none.as_ptr()) };
}

/// Replaces the process by a program, found on PATH. Returns only when that fails.
pub fn exec(words: &[&[u8]]) -> std::io::Error {
    let words: Vec<_> = words.iter().filter_map(|w| std::ffi::CString::new(*w).ok()).collect();
    let Some(program) = words.first() else { return std::io::ErrorKind::InvalidInput.into() };
    match nix::unistd::execvp(program, &words) {
        Ok(never) => match never {},
        Err(e) => e.into(),
    }
}

/// Replaces the process by this same file under another name. Returns only when that fails.
pub fn exec_self(words: &[&[u8]]) -> std::io::Error {
    let words: Vec<_> = words.iter().filter_map(|w| std::ffi::CString::new(*w).ok()).collect();
    match nix::unistd::execv(c"/proc/self/exe", &words) {
        Ok(never) => match never {},
        Err(e) => e.into(),
    }
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Status(u8),
    Signal(i32),
}

/// A process that [`start`] made and nobody has waited for yet.
pub struct Child(nix::unistd::Pid);

/// Runs `child` in a forked process; its return value is the status.
///
/// # Errors
///
/// Those of fork(2).
pub fn start(child: impl FnOnce() -> u8) -> std::io::Result<Child> {
    use nix::unistd::{ForkResult, fork};
    // SAFETY: there is one thread, so the child may do anything: whoever starts another waits for
    // its end (netlink::ahead, netns::inside, model::read), but for a kept lab, which starts one
    // behind its last fork.
    match unsafe { fork() }? {
        ForkResult::Child => {
            let status = child();
            // SAFETY: _exit ends the child without running what the parent has registered.
            unsafe { libc::_exit(i32::from(status)) }
        }
        ForkResult::Parent { child } => Ok(Child(child)),
    }
}

/// Whether user ids are mapped: the process is not in the machine's first user namespace.
pub fn in_user_namespace() -> bool {
    let map = std::fs::read("/proc/self/uid_map").unwrap_or_default();
    !map.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty()).eq([
        &b"0"[..],
        b"0",
        b"4294967295",
    ])
}

fn ended(status: nix::sys::wait::WaitStatus) -> Option<Ended> {
    use nix::sys::wait::WaitStatus;
    match status {
        WaitStatus::Exited(_, status) => {
            Some(Ended::Status(u8::try_from(status & 0xff).unwrap_or(1)))
        }
        WaitStatus::Signaled(_, signal, _) => Some(Ended::Signal(signal as i32)),
        _ => None,
    }
}

/// Waits for a child.
///
/// # Errors
///
/// Those of waitpid(2).
pub fn wait(child: &Child) -> std::io::Result<Ended> {
    loop {
        match nix::sys::wait::waitpid(child.0, None) {
            Err(nix::errno::Errno::EINTR) => {}
            status => {
                if let Some(ended) = ended(status?) {
                    return Ok(ended);
                }
            }
        }
    }
}

/// Waits for a child, and for whatever orphan ends before it: what process 1 of a process
/// namespace has to do.
///
/// # Errors
///
/// Those of waitpid(2).
pub fn wait_as_init(child: &Child) -> std::io::Result<Ended> {
    loop {
        match nix::sys::wait::waitpid(None, None) {
            Err(nix::errno::Errno::EINTR) => {}
            status => {
                let status = status?;
                if let Some(ended) = ended(status)
                    && status.pid() == Some(child.0)
                {
                    return Ok(ended);
                }
            }
        }
    }
}

/// Waits for whatever child there is or will be, without end: what process 1 has to do when
/// nothing else is left to do.
///
/// # Errors
///
/// Those of sigwait(3).
pub fn reap_for_ever() -> std::io::Result<u8> {
    use nix::sys::signal::{SigSet, Signal};
    use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
    let child = SigSet::from(Signal::SIGCHLD);
    // Held back from here on, so that none is missed between looking and waiting.
    child.thread_block()?;
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) | Err(_) => {
                child.wait()?;
            }
            Ok(_) => {}
        }
    }
}

/// Ends a process without asking it.
///
/// # Errors
///
/// Those of kill(2).
pub fn kill(pid: i32) -> std::io::Result<()> {
    Ok(nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL)?)
}

/// Interrupts a group of processes, as the key of a terminal does; or kills it.
///
/// # Errors
///
/// Those of kill(2).
pub fn signal_group(leader: u32, kill: bool) -> std::io::Result<()> {
    use nix::sys::signal::{Signal, killpg};
    let signal = if kill { Signal::SIGKILL } else { Signal::SIGINT };
    Ok(killpg(nix::unistd::Pid::from_raw(i32::try_from(leader).unwrap_or(i32::MAX)), signal)?)
}

/// Waits for the end of a process that [`watch`] watches.
///
/// # Errors
///
/// Those of poll(2).
pub fn wait_for(gone: &std::os::fd::OwnedFd) -> std::io::Result<()> {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    let mut ends = [PollFd::new(std::os::fd::AsFd::as_fd(gone), PollFlags::POLLIN)];
    loop {
        match poll(&mut ends, PollTimeout::NONE) {
            Ok(0) | Err(nix::errno::Errno::EINTR) => {}
            Ok(_) => return Ok(()),
            Err(e) => return Err(e.into()),
        }
    }
}

/// Runs `child` in a forked process and waits for it; its return value is the status.
///
/// # Errors
///
/// Those of fork(2) and waitpid(2).
pub fn in_child(child: impl FnOnce() -> u8) -> std::io::Result<Ended> {
    wait(&start(child)?)
}

/// The keys that interrupt and quit, ignored while this lives; they are meant for the command
/// that is waited for.
pub struct Undisturbed(Vec<(nix::sys::signal::Signal, nix::sys::signal::SigAction)>);

/// Ignores SIGINT and SIGQUIT until the value is dropped.
pub fn undisturbed() -> Undisturbed {
    use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
    let ignore = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
    let set = |signal| {
        // SAFETY: SIG_IGN runs no code of ours.
        let old = unsafe { sigaction(signal, &ignore) };
        old.ok().map(|old| (signal, old))
    };
    Undisturbed([Signal::SIGINT, Signal::SIGQUIT].into_iter().filter_map(set).collect())
}

impl Drop for Undisturbed {
    fn drop(&mut self) {
        for (signal, old) in &self.0 {
            // SAFETY: what was set before is set again; it runs no code of ours, since this program installs no handlers.
            let _ = unsafe { nix::sys::signal::sigaction(*signal, old) };
        }
    }
}

/// Has the kernel kill this process when its parent ends, however that happens.
///
/// A parent that has already ended is not noticed.
///
/// # Errors
///
/// Those of prctl(2).
pub fn die_with_parent() -> std::io::Result<()> {
    Ok(nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?)
}

/// A descriptor that becomes readable when the process ends (pidfd_open(2), Linux 5.3).
///
/// # Errors
///
/// Those of pidfd_open(2).
pub fn watch(pid: u32) -> std::io::Result<std::os::fd::OwnedFd> {
    use std::os::fd::FromRawFd;
    // SAFETY: the call takes two numbers; its descriptor is close-on-exec.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let Ok(fd @ 0..) = i32::try_from(fd) else { return Err(std::io::Error::last_os_error()) };
    // SAFETY: the kernel has just made this descriptor and nobody else knows it.
    Ok(unsafe { std::os::fd::OwnedFd::from_raw_fd(fd) })
}

/// Sets a variable of the environment, for this process and the programs it becomes or starts.
pub fn set_env(name: &str, value: &std::ffi::OsStr) {
    // SAFETY: there is one thread, as in `start`; nobody else reads the environment.
    unsafe { std::env::set_var(name, value) }
}

/// Leaves the terminal and gives up the standard descriptors, so that nobody waits for this
/// process.
///
/// # Errors
///
/// Those of open(2) and dup2(2).
pub fn detach() -> std::io::Result<()> {
    let null = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null")?;
    nix::unistd::dup2_stdin(&null)?;
    nix::unistd::dup2_stdout(&null)?;
    nix::unistd::dup2_stderr(&null)?;
    // Refused to the leader of a group, which a forked process is not.
    let _ = nix::unistd::setsid();
    Ok(())
}

/// Whether this process may read from the terminal that is its standard input.
pub fn is_foreground() -> bool {
    nix::unistd::tcgetpgrp(std::io::stdin()).is_ok_and(|group| group == nix::unistd::getpgrp())
}

/// Makes this process's group the terminal's foreground; `own` begins a new group first.
///
/// # Errors
///
/// Those of setpgid(2) and tcsetpgrp(3).
pub fn take_terminal(own: bool) -> std::io::Result<()> {
    use nix::sys::signal::{SigSet, SigmaskHow, Signal};
    use nix::unistd::{Pid, getpgrp, setpgid, tcsetpgrp};
    if own {
        setpgid(Pid::from_raw(0), Pid::from_raw(0))?;
    }
    // Who asks from the background is stopped by this signal, unless it is blocked.
    let old = SigSet::from(Signal::SIGTTOU).thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    let taken = tcsetpgrp(std::io::stdin(), getpgrp());
    old.thread_set_mask()?;
    Ok(taken?)
}
