//! Some of the C library's functions of strings, in little room.
//!
//! Glibc has each of them in up to six variants, for as many kinds of processor, 57 KB together. In
//! this program only the C library itself calls them: when it starts, and with the names of
//! environment variables and files. One byte after the other is fast enough for that. They come
//! first when the program is linked, as what is in `left_out` does.
//!
//! They may run before the C library has chosen its variants, so they call none of its functions.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_int};

/// The bytes of a string, with the NUL at its end and, for who goes on, what follows.
fn bytes(s: *const c_char) -> impl Iterator<Item = (u8, *const c_char)> {
    (0..).map(move |i| {
        // SAFETY: who takes bytes stops at the NUL, or where his caller says that memory ends.
        let at = unsafe { s.add(i) };
        // SAFETY: as above.
        (byte(unsafe { *at }.into()), at)
    })
}

/// The byte that a character stands for, which may be negative.
fn byte(c: c_int) -> u8 {
    c.to_le_bytes()[0]
}

fn compare(a: *const c_char, b: *const c_char, n: usize) -> c_int {
    for ((x, _), (y, _)) in bytes(a).take(n).zip(bytes(b)) {
        if x != y || x == 0 {
            return c_int::from(x) - c_int::from(y);
        }
    }
    0
}

/// Copies a string; where its end is now.
fn copy(to: *mut c_char, from: *const c_char) -> *mut c_char {
    let mut to = to;
    for (b, _) in bytes(from) {
        // SAFETY: the caller has room for the string and its NUL.
        unsafe { *to = c_char::from_ne_bytes([b]) };
        if b == 0 {
            break;
        }
        // SAFETY: as above; this is not its end.
        to = unsafe { to.add(1) };
    }
    to
}

/// Where the first of two bytes is.
fn find(s: *const c_char, this: u8, or: u8) -> *mut c_char {
    let found = bytes(s).find(|&(b, _)| b == this || b == or);
    found.map_or(std::ptr::null_mut(), |(_, at)| at.cast_mut())
}

fn length(s: *const c_char, n: usize) -> usize {
    bytes(s).take(n).take_while(|&(b, _)| b != 0).count()
}

// SAFETY: strcmp(3).
#[cfg_attr(not(test), unsafe(no_mangle))]
extern "C" fn strcmp(a: *const c_char, b: *const c_char) -> c_int {
    compare(a, b, usize::MAX)
}

// SAFETY: strncmp(3).
#[cfg_attr(not(test), unsafe(no_mangle))]
extern "C" fn strncmp(a: *const c_char, b: *const c_char, n: usize) -> c_int {
    compare(a, b, n)
}

// SAFETY: strcpy(3).
#[cfg_attr(not(test), unsafe(no_mangle))]
extern "C" fn strcpy(to: *mut c_char, from: *const c_char) -> *mut c_char {
    copy(to, from);
    to
}

// SAFETY: stpcpy(3), by the name the C library calls it.
#[cfg_attr(not(test), unsafe(no_mangle))]
extern "C" fn __stpcpy(to: *mut c_char, from: *const c_char) -> *mut c_char {
    copy(to, from)
}

// SAFETY: strchr(3).
#[cfg_attr(not(test), unsafe(no_mangle))]
extern "C" fn strchr(s: *const c_char, c: c_int) -> *mut c_char {
    let at = find(s, byte(c), 0);
    // SAFETY: a place in the string, or its end.
    if byte(unsafe { *at }.into()) == byte(c) { at } else { std::ptr::null_mut() }
}

// SAFETY: strchrnul(3).
#[cfg_attr(not(test), unsafe(no_mangle))]
extern "C" fn __strchrnul(s: *const c_char, c: c_int) -> *mut c_char {
    find(s, byte(c), 0)
}

// SAFETY: rawmemchr(3).
#[cfg_attr(not(test), unsafe(no_mangle))]
extern "C" fn __rawmemchr(s: *const c_char, c: c_int) -> *mut c_char {
    find(s, byte(c), byte(c))
}

// SAFETY: strrchr(3).
#[cfg_attr(not(test), unsafe(no_mangle))]
extern "C" fn strrchr(s: *const c_char, c: c_int) -> *mut c_char {
    let mut last = std::ptr::null_mut();
    for (b, at) in bytes(s) {
        if b == byte(c) {
            last = at.cast_mut();
        }
        if b == 0 {
            break;
        }
    }
    last
}

// SAFETY: strnlen(3).
#[cfg_attr(not(test), unsafe(no_mangle))]
extern "C" fn __strnlen(s: *const c_char, n: usize) -> usize {
    length(s, n)
}

// SAFETY: strnlen(3).
#[cfg_attr(not(test), unsafe(no_mangle))]
extern "C" fn strnlen(s: *const c_char, n: usize) -> usize {
    length(s, n)
}

// SAFETY: strstr(3).
#[cfg_attr(not(test), unsafe(no_mangle))]
extern "C" fn strstr(s: *const c_char, part: *const c_char) -> *mut c_char {
    let length = length(part, usize::MAX);
    for (b, at) in bytes(s) {
        if compare(at, part, length) == 0 {
            return at.cast_mut();
        }
        if b == 0 {
            break;
        }
    }
    std::ptr::null_mut()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    const STRINGS: [&CStr; 9] =
        [c"", c"a", c"b", c"ab", c"abab", c"aab", c"\xff", c"a\xff\x01", c"GLIBC_TUNABLES=x"];

    #[test]
    fn as_the_c_library_does() {
        for a in STRINGS.map(CStr::as_ptr) {
            // SAFETY: each is a string.
            assert_eq!(length(a, 100), unsafe { libc::strlen(a) });
            for c in [0, 1, -1, 255, c_int::from(b'a'), c_int::from(b'b'), c_int::from(b'=')] {
                // SAFETY: as above.
                assert_eq!(strchr(a, c), unsafe { libc::strchr(a, c) });
                // SAFETY: as above.
                assert_eq!(strrchr(a, c), unsafe { libc::strrchr(a, c) });
                let or_end = match strchr(a, c) {
                    null if null.is_null() => strchr(a, 0),
                    at => at,
                };
                assert_eq!(__strchrnul(a, c), or_end);
                if !strchr(a, c).is_null() {
                    assert_eq!(__rawmemchr(a, c), strchr(a, c));
                }
            }
            for b in STRINGS.map(CStr::as_ptr) {
                // SAFETY: as above.
                assert_eq!(strcmp(a, b).signum(), unsafe { libc::strcmp(a, b) }.signum());
                // SAFETY: as above.
                assert_eq!(strstr(a, b), unsafe { libc::strstr(a, b) });
                for n in 0..5 {
                    // SAFETY: as above.
                    let theirs = unsafe { libc::strncmp(a, b, n) };
                    assert_eq!(strncmp(a, b, n).signum(), theirs.signum());
                    // SAFETY: as above.
                    assert_eq!(strnlen(a, n), unsafe { libc::strnlen(a, n) });
                    assert_eq!(__strnlen(a, n), strnlen(a, n));
                }
            }
        }
    }

    #[test]
    fn a_copy_ends_where_the_string_does() {
        let mut room = [7; 8];
        assert_eq!(strcpy(room.as_mut_ptr(), c"abc".as_ptr()), room.as_mut_ptr());
        assert_eq!(room.map(|c| byte(c.into())), *b"abc\0\x07\x07\x07\x07");
        let end = __stpcpy(room[4..].as_mut_ptr(), c"xy".as_ptr());
        assert_eq!(end.cast_const(), room[6..].as_ptr());
        assert_eq!(room.map(|c| byte(c.into())), *b"abc\0xy\0\x07");
    }
}
