//! Which of its two starts the process had, and how it changes to the other.
//!
//! A command that takes no other process begins before the C library does ([`super::early`]): no thread
//! can be made in it. What needs one, and finds that out late, begins again.
#![allow(unsafe_code)]

use std::ffi::c_char;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering::Relaxed};

/// Demands the C library's start, whatever it is set to.
pub const ORDINARY: &str = "IPBOX_START";

/// The words as the kernel gave them, if the process began early.
static WORDS: AtomicPtr<*const c_char> = AtomicPtr::new(std::ptr::null_mut());
static WRITTEN: AtomicBool = AtomicBool::new(false);

/// Said by the early start; `words` must end with a null and stay.
#[cfg(all(early, not(test)))]
pub(super) fn begins_early(words: *const *const c_char) {
    WORDS.store(words.cast_mut(), Relaxed);
}

/// Said when the first bytes go out.
pub(super) fn written() {
    WRITTEN.store(true, Relaxed);
}

/// Whether the process began before the C library.
pub fn is_early() -> bool {
    !WORDS.load(Relaxed).is_null()
}

/// Whether a thread can be made. When the process began early and has not written anything, it
/// begins again in the ordinary way, for which /proc must be there; this then does not return.
pub fn has_threads() -> bool {
    let words = WORDS.load(Relaxed);
    if words.is_null() {
        return true;
    }
    if !WRITTEN.load(Relaxed) {
        again(words);
    }
    false
}

/// Executes the program once more; returns when that fails.
fn again(words: *const *const c_char) {
    let text = format!("{ORDINARY}=ordinary\0");
    let mut environment = vec![text.as_ptr().cast::<c_char>()];
    unsafe extern "C" {
        static environ: *const *const c_char;
    }
    // SAFETY: nobody changes it.
    let mut at = unsafe { environ };
    loop {
        // SAFETY: a null ends it.
        let next = unsafe { *at };
        environment.push(next);
        if next.is_null() {
            break;
        }
        // SAFETY: not beyond the null.
        at = unsafe { at.add(1) };
    }
    // SAFETY: all three end as they must, and stay until the call returns.
    unsafe { libc::execve(c"/proc/self/exe".as_ptr(), words, environment.as_ptr()) };
}
