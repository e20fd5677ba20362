//! A start before the C library's, for commands that only ask and show, or change some rules.
//!
//! The C library's start asks the processor 68 times what it is (CPUID). In a virtual machine each
//! answer comes from the hypervisor, and together they take longer than all that `ip link show lo`
//! does. The entry of the program is therefore here. It gives the process what compiled code takes
//! for granted: a thread pointer with the thread-local variables behind it, `environ`, and the
//! functions that are chosen at the start (IFUNC), as for a processor without features. For all
//! other commands it then goes on to the C library's `_start`, which makes all of this anew.
//!
//! The rules of the path behind this start:
//!
//! - no thread ([`super::start::has_threads`] is asked first), no child process, no `exit`;
//! - of the C library only what tests/it/early.rs lists: system calls, the heap, strings. Nothing
//!   that looks at the processor, the locale, the auxiliary vector or its own loader;
//! - memcpy, memmove and memset are ours ([`super::memory`]).
//!
//! Where one of them cannot be kept, the command does not begin here: `applet::stays_alone` says
//! which do, unless a person sits before it. A program with the capabilities of its file (AT_SECURE) never does, for the C library
//! then cleans the environment.
//!
//! Layouts: the initial stack and thread-local storage (variant II) of the x86-64 psABI; the thread
//! control block of glibc 2.31 to 2.41, of which the two pointers to itself must be there.
#![allow(unsafe_code)]
#![allow(clippy::cast_possible_truncation)] // Addresses have 64 bits here.

use std::ffi::c_char;

use libc::{Elf64_Ehdr, Elf64_Phdr};

/// Elf64_Rela (elf.h).
#[repr(C)]
struct Rela {
    offset: usize,
    info: u64,
    addend: usize,
}

unsafe extern "C" {
    // By the linker.
    static __ehdr_start: Elf64_Ehdr;
    static __rela_iplt_start: [Rela; 0];
    static __rela_iplt_end: [Rela; 0];
    // The C library's.
    static mut environ: *const *const c_char;
}

// The kernel enters with the count of words at the stack's top, and may have put into rdx what the
// C library is to call at its end: it gets both as they were.
std::arch::global_asm!(
    ".globl ipbox_start",
    ".type ipbox_start,@function",
    "ipbox_start:",
    "xor ebp, ebp",
    "mov rdi, rsp",
    "push rdx",
    "sub rsp, 8",
    "call {early}",
    "add rsp, 8",
    "pop rdx",
    "jmp _start",
    ".size ipbox_start, . - ipbox_start",
    early = sym early,
);

/// Words that such a command may have.
const WORDS: usize = 48;

/// Thread-local variables and, behind them, the C library's control block of the thread
/// (2,304 bytes in glibc 2.36). What is used of both shall lie in one page with the other variables
/// of every command (.cargo/data.ld), which is why the released program has not more room for the
/// former: it has 168 bytes of them, the one under development more.
const VARIABLES: usize = if cfg!(debug_assertions) { 1024 } else { 192 };
const CONTROL: usize = 3072;

#[repr(C, align(64))]
struct Block([u8; VARIABLES + CONTROL]);

static mut BLOCK: Block = Block([0; VARIABLES + CONTROL]);

/// Runs the program and ends the process, or returns for the C library to start.
// SAFETY: called by the entry above only, with the stack that the kernel has made: argc, the words,
// a null, the environment, a null, the auxiliary vector.
unsafe extern "C" fn early(stack: *const usize) {
    // SAFETY: see above.
    let argc = unsafe { *stack };
    // SAFETY: see above.
    let argv = unsafe { stack.add(1) };
    if argc == 0 || argc > WORDS {
        return;
    }
    let mut words: [&[u8]; WORDS] = [b""; WORDS];
    for (i, word) in words.iter_mut().take(argc).enumerate() {
        // SAFETY: there are argc of them.
        let at = unsafe { argv.add(i) };
        // SAFETY: as above.
        let text = unsafe { *at };
        // SAFETY: each is a string that stays.
        *word = unsafe { string(text) };
    }
    // SAFETY: the environment follows the words and their null.
    let environment = unsafe { argv.add(argc + 1) };
    let mut at = environment;
    loop {
        // SAFETY: a null ends the environment.
        let text = unsafe { *at };
        // SAFETY: the null is followed by the auxiliary vector.
        at = unsafe { at.add(1) };
        if text == 0 {
            break;
        }
        // SAFETY: each is a string that stays.
        if same_start(unsafe { string(text) }, super::start::ORDINARY.as_bytes()) {
            return;
        }
    }
    // SAFETY: it begins here.
    let secure = unsafe { auxiliary(at, libc::AT_SECURE) };
    // SAFETY: as above.
    let random = unsafe { auxiliary(at, libc::AT_RANDOM) };
    if secure != 0 || random == 0 {
        return;
    }
    // SAFETY: nothing runs yet that has thread-local variables; the kernel's 16 random bytes stay.
    if !unsafe { thread(random as *const [usize; 2]) } {
        return;
    }
    // SAFETY: nobody else runs.
    unsafe { environ = environment.cast() };
    // SAFETY: as the C library does itself, when it starts.
    unsafe { choose() };
    let words = &words[..argc];
    // A person may be given hints, and what these look at takes a thread.
    if crate::stays_alone(words) && !super::fd::stderr_is_terminal() {
        super::start::begins_early(argv.cast());
        let status = crate::run(words);
        // SAFETY: it takes a number, and does not return.
        unsafe { libc::syscall(libc::SYS_exit_group, i32::from(status)) };
    }
}

/// A string of the kernel's, without the functions of the C library.
// SAFETY: `at` must be the address of a string with a NUL at its end, which stays.
unsafe fn string(at: usize) -> &'static [u8] {
    let at = at as *const u8;
    let mut len = 0;
    loop {
        // SAFETY: not beyond the NUL.
        let next = unsafe { at.add(len) };
        // SAFETY: as above. Volatile: the loop shall not become a call of strlen.
        if unsafe { next.read_volatile() } == 0 {
            break;
        }
        len += 1;
    }
    // SAFETY: so long it is.
    unsafe { std::slice::from_raw_parts(at, len) }
}

/// Whether the text begins with the word and `=`; compared by hand, as memcmp is not there yet.
fn same_start(text: &[u8], word: &[u8]) -> bool {
    text.len() > word.len()
        && text[word.len()] == b'='
        && (0..word.len()).all(|i| text[i] == word[i])
}

/// What the auxiliary vector says of one thing (getauxval(3)); 0 if nothing.
// SAFETY: `at` must be where it begins.
unsafe fn auxiliary(mut at: *const usize, wanted: u64) -> usize {
    loop {
        // SAFETY: AT_NULL ends it.
        let key = unsafe { *at } as u64;
        // SAFETY: each key has a value behind it.
        let value = unsafe { at.add(1) };
        if key == wanted {
            // SAFETY: as above.
            return unsafe { *value };
        }
        if key == libc::AT_NULL {
            return 0;
        }
        // SAFETY: not beyond AT_NULL.
        at = unsafe { at.add(2) };
    }
}

/// Gives the thread its variables and control block; whether that could be done.
// SAFETY: to be called once, before anything else, with 16 bytes that may be read.
unsafe fn thread(random: *const [usize; 2]) -> bool {
    let block = &raw mut BLOCK;
    // SAFETY: nobody else has it.
    let Block(block) = unsafe { &mut *block };
    let pointer = block.as_ptr() as usize + VARIABLES;
    // SAFETY: the linker has put the program's header there.
    let header: &'static Elf64_Ehdr = unsafe { &__ehdr_start };
    let first = (&raw const *header) as usize + header.e_phoff as usize;
    // SAFETY: and so many segments' there.
    let segments: &[Elf64_Phdr] =
        unsafe { std::slice::from_raw_parts(first as *const Elf64_Phdr, header.e_phnum.into()) };
    for segment in segments.iter().filter(|s| s.p_type == libc::PT_TLS) {
        let (align, size) = (segment.p_align.max(1) as usize, segment.p_memsz as usize);
        let size = size.next_multiple_of(align);
        let (image, set) = (segment.p_vaddr as *const u8, segment.p_filesz as usize);
        if align > 64 || size > VARIABLES || set > size {
            return false;
        }
        // SAFETY: the image has so many bytes.
        let image = unsafe { std::slice::from_raw_parts(image, set) };
        block[VARIABLES - size..][..set].copy_from_slice(image);
    }
    // SAFETY: so the caller says; they need not be aligned.
    let [canary, guard] = unsafe { random.read_unaligned() };
    // tcbhead_t (sysdeps/x86_64/nptl/tls.h): itself twice; what guards the stack, whose lowest byte
    // ends strings; what guards pointers.
    for (place, value) in [(0, pointer), (16, pointer), (40, canary & !0xff), (48, guard)] {
        block[VARIABLES + place..][..8].copy_from_slice(&value.to_ne_bytes());
    }
    /// asm/prctl.h
    const ARCH_SET_FS: usize = 0x1002;
    let mut result = libc::SYS_arch_prctl;
    // SAFETY: only the thread pointer is changed; what it is set to stays.
    unsafe {
        std::arch::asm!(
            "syscall", inlateout("rax") result, in("rdi") ARCH_SET_FS, in("rsi") pointer,
            lateout("rcx") _, lateout("r11") _, options(nostack)
        );
    }
    result == 0
}

/// Asks each function that chooses (IFUNC) for its choice. What it looks at is still zero: that is
/// a processor with no more than every one of x86-64 has.
// SAFETY: to be called once, before any function of the C library.
unsafe fn choose() {
    let mut at: *const Rela = (&raw const __rela_iplt_start).cast();
    let end: *const Rela = (&raw const __rela_iplt_end).cast();
    while at < end {
        // SAFETY: the linker has put them there, up to the end.
        let place = unsafe { &*at };
        // SAFETY: what is added is the address of the function that chooses.
        let choice: extern "C" fn() -> usize = unsafe { std::mem::transmute(place.addend) };
        // SAFETY: the place is a word of the table of addresses, not yet protected.
        unsafe { *(place.offset as *mut usize) = choice() };
        // SAFETY: up to the end.
        at = unsafe { at.add(1) };
    }
}
