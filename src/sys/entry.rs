//! The entry point that the C library calls.
//!
//! The standard library's own start costs 13 to 19 system calls and ignores
//! SIGPIPE; exporting `main` avoids both. A closed pipe then ends the program
//! as it ends the reference tools, and what `netns exec` starts inherits
//! nothing unusual.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int};

/// `main` as the C library expects it.
// SAFETY: the only symbol of this name; the signature is that of C's main.
#[unsafe(no_mangle)]
pub extern "C" fn main(argc: c_int, argv: *const *const c_char) -> c_int {
    let count = usize::try_from(argc).unwrap_or(0);
    let mut words: Vec<&'static [u8]> = Vec::with_capacity(count);
    for i in 0..count {
        // SAFETY: the C library hands on argc pointers at argv, followed by a null, as the kernel has laid them.
        let place = unsafe { argv.add(i) };
        // SAFETY: as above, it is one of them.
        let pointer = unsafe { *place };
        if pointer.is_null() {
            break;
        }
        // SAFETY: each is a NUL-terminated string that lives as long as the process.
        words.push(unsafe { CStr::from_ptr(pointer) }.to_bytes());
    }
    c_int::from(crate::run(&words))
}
