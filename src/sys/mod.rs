//! System calls: the only place with unsafe code.
//!
//! Everything here is a safe function over owned or borrowed descriptors,
//! slices and plain types; no raw pointer crosses the border.

pub mod bpf;
pub mod bytes;
pub mod clock;
#[cfg(all(early, not(test)))]
mod early;
// A fuzzer has a `main` of its own.
#[cfg(not(any(test, fuzzing)))]
mod entry;
pub mod fd;
pub mod file;
pub mod ioctl;
// The program that is released: it is linked statically and does not unwind.
#[cfg(all(panic = "abort", target_env = "gnu", not(test), not(fuzzing)))]
mod left_out;
#[cfg(early)]
mod memory;
pub mod mount;
pub mod netlink;
pub mod netns;
pub mod pages;
pub mod process;
#[cfg(test)]
pub mod regex;
pub mod signal;
pub mod socket;
pub mod start;
#[cfg(any(test, all(panic = "abort", target_env = "gnu", not(fuzzing))))]
mod strings;
pub mod tty;
pub mod tun;
pub mod tunnel;
pub mod userns;
pub mod watch;
