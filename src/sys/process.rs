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

/// Runs `child` in a forked process and waits for it; its return value is the status.
///
/// # Errors
///
/// Those of fork(2) and waitpid(2).
pub fn in_child(child: impl FnOnce() -> u8) -> std::io::Result<Ended> {
    use nix::sys::wait::{WaitStatus, waitpid};
    use nix::unistd::{ForkResult, fork};
    // SAFETY: the program has one thread whenever commands run, so the child may do anything.
    match unsafe { fork() }? {
        ForkResult::Child => {
            let status = child();
            // SAFETY: _exit ends the child without running what the parent has registered.
            unsafe { libc::_exit(i32::from(status)) }
        }
        ForkResult::Parent { child } => loop {
            match waitpid(child, None) {
                Ok(WaitStatus::Exited(_, status)) => {
                    return Ok(Ended::Status(u8::try_from(status & 0xff).unwrap_or(1)));
                }
                Ok(WaitStatus::Signaled(_, signal, _)) => return Ok(Ended::Signal(signal as i32)),
                Ok(_) | Err(nix::errno::Errno::EINTR) => {}
                Err(e) => return Err(e.into()),
            }
        },
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
