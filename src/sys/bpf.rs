//! BPF programs that other tools have loaded and pinned.
#![allow(unsafe_code)]

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::FromRawFd;

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
