//! Small files of the system, by names that need not be UTF-8.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// The whole file.
///
/// # Errors
///
/// Those of open(2) and read(2).
pub fn read(path: &[u8]) -> io::Result<Vec<u8>> {
    std::fs::read(OsStr::from_bytes(path))
}

/// Writes to a file that exists (a sysctl), in one write.
///
/// # Errors
///
/// Those of open(2) and write(2).
pub fn write(path: &[u8], bytes: &[u8]) -> io::Result<()> {
    use std::io::Write;
    std::fs::OpenOptions::new().write(true).open(OsStr::from_bytes(path))?.write_all(bytes)
}

/// The names in a directory, without `.` and `..`, in the directory's order.
///
/// # Errors
///
/// Those of open(2).
pub fn list(path: &[u8]) -> io::Result<Vec<Vec<u8>>> {
    std::fs::read_dir(OsStr::from_bytes(path))?.map(|e| Ok(e?.file_name().into_vec())).collect()
}

/// A variable of the environment.
pub fn env(name: &str) -> Option<Vec<u8>> {
    std::env::var_os(name).map(OsStringExt::into_vec)
}

/// Where a symbolic link leads.
///
/// # Errors
///
/// Those of readlink(2).
pub fn link(path: &[u8]) -> io::Result<Vec<u8>> {
    Ok(std::fs::read_link(OsStr::from_bytes(path))?.into_os_string().into_vec())
}

/// Opens a file for reading.
///
/// # Errors
///
/// Those of open(2).
pub fn open(path: &[u8]) -> io::Result<std::fs::File> {
    std::fs::File::open(OsStr::from_bytes(path))
}

/// What stat(2) tells.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Permission bits.
    pub mode: u32,
    pub directory: bool,
    /// A file with bytes of its own: no directory, no device, no pipe.
    pub regular: bool,
}

/// The permissions and kind of a file, symbolic links followed.
///
/// # Errors
///
/// Those of stat(2).
pub fn kind(path: &[u8]) -> io::Result<Kind> {
    use std::os::unix::fs::PermissionsExt;
    let m = std::fs::metadata(OsStr::from_bytes(path))?;
    Ok(Kind { mode: m.permissions().mode(), directory: m.is_dir(), regular: m.is_file() })
}

/// Whether there is a file of any kind.
pub fn exists(path: &[u8]) -> bool {
    kind(path).is_ok()
}

/// The path without symbolic links, `.` and `..`.
///
/// # Errors
///
/// Those of realpath(3).
pub fn real_path(path: &[u8]) -> io::Result<Vec<u8>> {
    Ok(std::fs::canonicalize(OsStr::from_bytes(path))?.into_os_string().into_vec())
}

/// Opens a file for writing; what was in it is lost.
///
/// # Errors
///
/// Those of open(2).
pub fn create(path: &[u8]) -> io::Result<std::fs::File> {
    std::fs::File::create(OsStr::from_bytes(path))
}
