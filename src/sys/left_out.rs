//! What of the C library and of the unwinder stays outside the released program.
//!
//! A static glibc brings along whatever a function may lead to. Two words of a failed assertion
//! lead through their translation to all character sets and to loading shared libraries, and from
//! there to printf, stdio and the resolver: 380 KB that are never run, because no locale is set,
//! standard output is written without stdio, and names are read from /etc/hosts. The linker takes
//! the first definition of a name that it meets, and that is the one in this file, so what lies
//! behind it is not linked. With a C library that has other names inside, the program is larger
//! and does the same (`-z muldefs` in .cargo/link.rs).
//!
//! * What can be reached has the meaning it had, as far as this program sees it.
//! * What cannot be reached says its name and aborts, should that be wrong: after a new call into
//!   the C library see that its way does not come by here (`-Wl,--why-extract=FILE` of lld tells).
//!
//! A backtrace ends before its first frame: the released program has no tables of frames anyway
//! (.cargo/discard.ld), and what would read debugging information is as large as `ip link`.
#![allow(unsafe_code)]
#![allow(non_snake_case, non_upper_case_globals)] // The names are the C library's.

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};

use super::fd;

fn absent(name: &str) -> ! {
    fd::stderr(&[b"ipbox: built without ", name.as_bytes(), b" of the C library\n"].concat());
    std::process::abort();
}

/// Functions that are named by something that is linked, and never called.
macro_rules! never_called {
    ($($name:ident)*) => { $(
        // SAFETY: no argument is looked at, and it does not return.
        #[unsafe(no_mangle)]
        extern "C" fn $name() -> ! {
            absent(stringify!($name))
        }
    )* };
}

// The unwinder (libgcc_eh): a panic aborts, no thread is cancelled.
never_called! {
    _Unwind_ForcedUnwind _Unwind_GetCFA _Unwind_GetDataRelBase _Unwind_GetIP _Unwind_GetIPInfo
    _Unwind_GetLanguageSpecificData _Unwind_GetRegionStart _Unwind_GetTextRelBase _Unwind_Resume
    _Unwind_SetGR _Unwind_SetIP __gcc_personality_v0
}

// Text: nothing here is formatted, in bytes or wide characters, by the C library. It would itself
// for a thread's name that another thread sets, malloc_stats(3), and errors that have no name.
// Some names are those of glibc 2.36, some of 2.41 and 2.43.
never_called! {
    fprintf fputs fwrite sprintf _IO_fputs __fprintf_chk __fxprintf __printf_buffer __sprintf_chk __vfprintf_internal __vfwprintf_internal __vsnprintf_internal
    __vsprintf_internal
}

/// No text. Glibc 2.41 asks for the name of each thread's stack in /proc/self/maps, to throw it away
/// unless a tunable is set.
// SAFETY: `size` bytes are the caller's; the formatted arguments are not looked at.
#[unsafe(no_mangle)]
extern "C" fn __snprintf(buffer: *mut c_char, size: usize) -> c_int {
    if size > 0 {
        // SAFETY: as above.
        unsafe { *buffer = 0 };
    }
    0
}

// Character sets: there is no locale but "C".
never_called! {
    __gconv_close_transform __gconv_compare_alias __gconv_find_transform __gconv_lookup_cache
    __gconv_release_step __gconv_transform_ascii_internal __gconv_transform_internal_ascii
    __wcsmbs_clone_conv __wcsmbs_load_conv __wcsmbs_named_conv
}

// The resolver's state, which each thread has.
never_called! { __res_iclose __res_vinit }

// An executable stack, which no object of ours asks for.
never_called! { __nptl_change_stack_perm }

// Stdio's list of files, which fork(3) walks.
never_called! { _IO_iter_file _IO_iter_next }

/// The functions that convert characters of the locale "C", of which there are none.
// SAFETY: as large as struct gconv_fcts (two pointers, each with a number), and read only.
#[unsafe(no_mangle)]
static __wcsmbs_gconv_fcts_c: [usize; 4] = [0; 4];

/// Stdio's files (malloc_stats(3) names one).
// SAFETY: as large as the pointer it stands for, and read only.
#[unsafe(no_mangle)]
static stderr: usize = 0;

/// Where a shared library would be looked for. At its start even a static program asks.
// SAFETY: no argument is looked at; the state it would set is that of loading alone.
#[unsafe(no_mangle)]
extern "C" fn _dl_init_paths() {}

/// A static program has no symbols that could be found by name.
// SAFETY: no argument is looked at; null is "not found".
#[unsafe(no_mangle)]
extern "C" fn dlsym(_handle: *mut c_void, _name: *const c_char) -> *mut c_void {
    std::ptr::null_mut()
}

// Without files of stdio there is nothing to lock and nothing to write at the end.
// SAFETY: no argument is looked at; what they would change is left out with them.
#[unsafe(no_mangle)]
extern "C" fn _IO_enable_locks() {}
// SAFETY: as above.
#[unsafe(no_mangle)]
extern "C" fn _IO_list_lock() {}
// SAFETY: as above.
#[unsafe(no_mangle)]
extern "C" fn _IO_list_unlock() {}
// SAFETY: as above.
#[unsafe(no_mangle)]
extern "C" fn _IO_list_resetlock() {}
// SAFETY: as above.
#[unsafe(no_mangle)]
extern "C" fn _IO_proc_file_chain_lock() {}
// SAFETY: as above.
#[unsafe(no_mangle)]
extern "C" fn _IO_proc_file_chain_resetlock() {}
// SAFETY: as above.
#[unsafe(no_mangle)]
extern "C" fn _IO_proc_file_chain_unlock() {}
// SAFETY: as above; a walk from null to null is over.
#[unsafe(no_mangle)]
extern "C" fn _IO_iter_begin() -> *mut c_void {
    std::ptr::null_mut()
}
// SAFETY: as above.
#[unsafe(no_mangle)]
extern "C" fn _IO_iter_end() -> *mut c_void {
    std::ptr::null_mut()
}
// SAFETY: as above; the status is that of fflush(3).
#[unsafe(no_mangle)]
extern "C" fn _IO_cleanup() -> c_int {
    0
}

/// The frames of the stack: none.
// SAFETY: no argument is looked at; 5 is _URC_END_OF_STACK.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Backtrace(_frame: *const c_void, _argument: *mut c_void) -> c_int {
    5
}

/// A message in the user's language, which is that of the message.
// SAFETY: the pointer is handed back as it came.
#[unsafe(no_mangle)]
extern "C" fn __dcgettext(
    _domain: *const c_char,
    message: *const c_char,
    _category: c_int,
) -> *const c_char {
    message
}

/// Says which assertion of the C library failed, and aborts.
// SAFETY: the signature is that of assert.h.
#[unsafe(no_mangle)]
unsafe extern "C" fn __assert_fail(
    assertion: *const c_char,
    file: *const c_char,
    line: c_uint,
    _function: *const c_char,
) -> ! {
    let text = |p: *const c_char| match p.is_null() {
        true => &b"?"[..],
        // SAFETY: assert() passes strings that end with NUL and live forever.
        false => unsafe { CStr::from_ptr(p) }.to_bytes(),
    };
    let line = line.to_string();
    fd::stderr(
        &[b"ipbox: ", text(file), b":", line.as_bytes(), b": ", text(assertion), b"\n"].concat(),
    );
    std::process::abort();
}

unsafe extern "C" {
    /// The sentence for an errno, or null; glibc 2.32 and later.
    safe fn strerrordesc_np(number: c_int) -> *const c_char;
}

/// The sentence for an errno; the standard library's way to it.
///
/// strerror_r(3) as POSIX has it: 0, or EINVAL for a number without a name (the sentence has the
/// number then), or ERANGE for a sentence that has been cut.
// SAFETY: the signature is that of string.h.
#[unsafe(no_mangle)]
unsafe extern "C" fn __xpg_strerror_r(number: c_int, buffer: *mut c_char, size: usize) -> c_int {
    let known = strerrordesc_np(number);
    let unknown;
    let text = if known.is_null() {
        unknown = ["Unknown error ", &number.to_string()].concat();
        unknown.as_bytes()
    } else {
        // SAFETY: a string of the C library's own.
        unsafe { CStr::from_ptr(known) }.to_bytes()
    };
    if size == 0 {
        return libc::ERANGE;
    }
    let length = text.len().min(size - 1);
    // SAFETY: the caller's buffer holds `size` bytes, and no string of ours lies in it.
    unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), buffer.cast(), length) };
    // SAFETY: as above; `length` is below `size`.
    let end = unsafe { buffer.add(length) };
    // SAFETY: as above.
    unsafe { *end = 0 };
    match known.is_null() {
        true => libc::EINVAL,
        false if length < text.len() => libc::ERANGE,
        false => 0,
    }
}
