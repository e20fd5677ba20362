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
