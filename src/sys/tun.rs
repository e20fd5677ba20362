//! Devices whose other end is a program: /dev/net/tun (linux/if_tun.h).
#![allow(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;

/// struct ifreq: a name, and of its union only the flags.
#[repr(C)]
struct Request {
    name: [u8; libc::IFNAMSIZ],
    flags: u16,
    rest: [u8; 22],
}

const TUNSETIFF: libc::Ioctl = 0x4004_54ca;
const TUNSETPERSIST: libc::Ioctl = 0x4004_54cb;
const TUNSETOWNER: libc::Ioctl = 0x4004_54cc;
const TUNSETGROUP: libc::Ioctl = 0x4004_54ce;

/// A device that is held open.
pub struct Tun(File);

impl Tun {
    /// Opens /dev/net/tun, which is not yet any device.
    ///
    /// # Errors
    ///
    /// Those of open(2).
    pub fn open() -> io::Result<Tun> {
        Ok(Tun(OpenOptions::new().read(true).write(true).open("/dev/net/tun")?))
    }

    /// Becomes the device of this name, which is made if it is not there; without a name the
    /// kernel finds one. `flags` are IFF_TUN, IFF_TAP and what goes with them.
    ///
    /// # Errors
    ///
    /// EBUSY when it is held by another, EINVAL when it is of another kind, EPERM.
    pub fn attach(&self, name: &[u8], flags: u16) -> io::Result<()> {
        let mut request = Request { name: [0; libc::IFNAMSIZ], flags, rest: [0; 22] };
        for (to, from) in request.name.iter_mut().take(libc::IFNAMSIZ - 1).zip(name) {
            *to = *from;
        }
        // SAFETY: the kernel reads and fills a struct ifreq, which this has the size of.
        done(unsafe { libc::ioctl(self.0.as_raw_fd(), TUNSETIFF, &raw mut request) })
    }

    fn set(&self, what: libc::Ioctl, value: u32) -> io::Result<()> {
        // SAFETY: these requests take their argument by value and touch no memory of ours.
        done(unsafe { libc::ioctl(self.0.as_raw_fd(), what, libc::c_ulong::from(value)) })
    }

    /// The user who may open it.
    ///
    /// # Errors
    ///
    /// EINVAL for a user who is not known in this namespace.
    pub fn set_owner(&self, user: u32) -> io::Result<()> {
        self.set(TUNSETOWNER, user)
    }

    /// The group whose members may open it.
    ///
    /// # Errors
    ///
    /// As [`Tun::set_owner`].
    pub fn set_group(&self, group: u32) -> io::Result<()> {
        self.set(TUNSETGROUP, group)
    }

    /// Whether the device stays when nobody holds it open.
    ///
    /// # Errors
    ///
    /// Those of ioctl(2).
    pub fn persist(&self, on: bool) -> io::Result<()> {
        self.set(TUNSETPERSIST, on.into())
    }
}

fn done(result: i32) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
