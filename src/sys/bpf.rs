//! BPF programs: those that other tools have loaded and pinned, and one of our own.
#![allow(unsafe_code)]

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd};

/// The part of union bpf_attr (linux/bpf.h) that BPF_OBJ_GET reads.
#[repr(C)]
struct ObjGet {
    pathname: u64,
    bpf_fd: u32,
    file_flags: u32,
}

const BPF_OBJ_GET: libc::c_int = 7;

/// Opens the program that is pinned at a path.
///
/// # Errors
///
/// Those of bpf(2); EINVAL for a path with a NUL.
pub fn open_pinned(path: &[u8]) -> io::Result<File> {
    let path = CString::new(path).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let attr = ObjGet { pathname: path.as_ptr() as u64, bpf_fd: 0, file_flags: 0 };
    // SAFETY: the kernel reads the structure and the NUL-terminated path, both alive here.
    let fd =
        unsafe { libc::syscall(libc::SYS_bpf, BPF_OBJ_GET, &raw const attr, size_of::<ObjGet>()) };
    let fd = i32::try_from(fd).map_err(|_| io::Error::from(io::ErrorKind::Other))?;
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just given this descriptor to us alone.
    Ok(unsafe { File::from_raw_fd(fd) })
}

/// The part of union bpf_attr that BPF_PROG_LOAD reads.
#[repr(C)]
struct Load {
    prog_type: u32,
    insn_cnt: u32,
    insns: u64,
    license: u64,
    log_level: u32,
    log_size: u32,
    log_buf: u64,
    kern_version: u32,
    prog_flags: u32,
}

/// The part that BPF_PROG_ATTACH reads.
#[repr(C)]
struct Attach {
    target_fd: u32,
    attach_bpf_fd: u32,
    attach_type: u32,
    attach_flags: u32,
}

/// struct bpf_insn; destination and source register share a byte.
#[repr(C)]
struct Insn {
    code: u8,
    registers: u8,
    off: i16,
    imm: i32,
}

/// Loads a program for sockets of a control group: each new one is bound to the device of this
/// index.
///
/// # Errors
///
/// Those of bpf(2).
pub fn load_binder(index: u32) -> io::Result<File> {
    const BPF_PROG_LOAD: libc::c_int = 5;
    const BPF_PROG_TYPE_CGROUP_SOCK: u32 = 9;
    let imm = i32::try_from(index).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let insn = |code, registers, imm| Insn { code, registers, off: 0, imm };
    // r3 = index; struct bpf_sock begins with bound_dev_if: *(u32 *)r1 = r3; return 1
    let program = [insn(0xb7, 3, imm), insn(0x63, 0x31, 0), insn(0xb7, 0, 1), insn(0x95, 0, 0)];
    let attr = Load {
        prog_type: BPF_PROG_TYPE_CGROUP_SOCK,
        insn_cnt: 4,
        insns: program.as_ptr() as u64,
        license: c"Dual MIT/GPL".as_ptr() as u64,
        log_level: 0,
        log_size: 0,
        log_buf: 0,
        kern_version: 0,
        prog_flags: 0,
    };
    // SAFETY: the kernel reads the structure, the instructions and the text, all alive here.
    let fd =
        unsafe { libc::syscall(libc::SYS_bpf, BPF_PROG_LOAD, &raw const attr, size_of::<Load>()) };
    let fd = i32::try_from(fd).map_err(|_| io::Error::from(io::ErrorKind::Other))?;
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just given this descriptor to us alone.
    Ok(unsafe { File::from_raw_fd(fd) })
}

/// Runs a program for each socket that processes of a control group make from now on.
///
/// # Errors
///
/// Those of bpf(2).
pub fn attach_to_sockets(group: &File, program: &File) -> io::Result<()> {
    const BPF_PROG_ATTACH: libc::c_int = 8;
    const BPF_CGROUP_INET_SOCK_CREATE: u32 = 2;
    let number = |file: &File| u32::try_from(file.as_raw_fd()).unwrap_or(0);
    let attr = Attach {
        target_fd: number(group),
        attach_bpf_fd: number(program),
        attach_type: BPF_CGROUP_INET_SOCK_CREATE,
        attach_flags: 0,
    };
    // SAFETY: the kernel reads the structure, which holds numbers only.
    let done = unsafe {
        libc::syscall(libc::SYS_bpf, BPF_PROG_ATTACH, &raw const attr, size_of::<Attach>())
    };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
