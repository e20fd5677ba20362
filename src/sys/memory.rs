//! memcpy, memmove, mempcpy and memset of our own, for x86-64.
//!
//! Those of the C library are chosen by its start (IFUNC), which [`super::early`] goes around, and
//! take sizes of caches from it: without them they copy beyond the end. What is copied here is small
//! for the most part: words, names, attributes, lines.
#![allow(unsafe_code)]

std::arch::global_asm!(
    // rdi: to, rsi: from, rdx: length
    ".globl ipbox_memmove",
    ".type ipbox_memmove,@function",
    ".p2align 5",
    "ipbox_memmove:",
    "mov rax, rdi",
    "cmp rdx, 16",
    "jb 3f",
    "cmp rdx, 32",
    "ja 2f",
    "movups xmm0, [rsi]",
    "movups xmm1, [rsi + rdx - 16]",
    "movups [rdi], xmm0",
    "movups [rdi + rdx - 16], xmm1",
    "ret",
    // 33 to 64, and more
    "2:",
    "cmp rdx, 64",
    "ja 6f",
    "movups xmm0, [rsi]",
    "movups xmm1, [rsi + 16]",
    "movups xmm2, [rsi + rdx - 32]",
    "movups xmm3, [rsi + rdx - 16]",
    "movups [rdi], xmm0",
    "movups [rdi + 16], xmm1",
    "movups [rdi + rdx - 32], xmm2",
    "movups [rdi + rdx - 16], xmm3",
    "ret",
    // below 16
    "3:",
    "cmp edx, 8",
    "jb 4f",
    "mov rcx, [rsi]",
    "mov r8, [rsi + rdx - 8]",
    "mov [rdi], rcx",
    "mov [rdi + rdx - 8], r8",
    "ret",
    "4:",
    "cmp edx, 4",
    "jb 5f",
    "mov ecx, [rsi]",
    "mov r8d, [rsi + rdx - 4]",
    "mov [rdi], ecx",
    "mov [rdi + rdx - 4], r8d",
    "ret",
    "5:",
    "test edx, edx",
    "je 55f",
    "movzx ecx, byte ptr [rsi]",
    "shr edx, 1",
    "je 54f", // 1
    // 2 or 3: first, and the last two
    "movzx r8d, byte ptr [rsi + rdx]",
    "adc rdx, 0", // the length less one
    "movzx r9d, byte ptr [rsi + rdx]",
    "mov byte ptr [rdi + 1], r8b",
    "mov byte ptr [rdi + rdx], r9b",
    "54:",
    "mov byte ptr [rdi], cl",
    "55:",
    "ret",
    // above 64
    "6:",
    "mov rcx, rdi",
    "sub rcx, rsi",
    "cmp rcx, rdx",
    "jb 8f",
    "cmp rdx, 768",
    "jae 7f",
    "movups xmm4, [rsi + rdx - 16]",
    "movups xmm5, [rsi + rdx - 32]",
    "movups xmm6, [rsi + rdx - 48]",
    "movups xmm7, [rsi + rdx - 64]",
    "lea r9, [rdi + rdx]",
    "lea r8, [rdi + rdx - 64]",
    "66:",
    "movups xmm0, [rsi]",
    "movups xmm1, [rsi + 16]",
    "movups xmm2, [rsi + 32]",
    "movups xmm3, [rsi + 48]",
    "movups [rdi], xmm0",
    "movups [rdi + 16], xmm1",
    "movups [rdi + 32], xmm2",
    "movups [rdi + 48], xmm3",
    "add rsi, 64",
    "add rdi, 64",
    "cmp rdi, r8",
    "jb 66b",
    "movups [r9 - 16], xmm4",
    "movups [r9 - 32], xmm5",
    "movups [r9 - 48], xmm6",
    "movups [r9 - 64], xmm7",
    "ret",
    "7:",
    "mov rcx, rdx",
    "rep movsb",
    "ret",
    // overlapping, the target behind the source: from the end
    "8:",
    "movups xmm4, [rsi]",
    "movups xmm5, [rsi + 16]",
    "movups xmm6, [rsi + 32]",
    "movups xmm7, [rsi + 48]",
    "88:",
    "movups xmm0, [rsi + rdx - 16]",
    "movups xmm1, [rsi + rdx - 32]",
    "movups xmm2, [rsi + rdx - 48]",
    "movups xmm3, [rsi + rdx - 64]",
    "movups [rdi + rdx - 16], xmm0",
    "movups [rdi + rdx - 32], xmm1",
    "movups [rdi + rdx - 48], xmm2",
    "movups [rdi + rdx - 64], xmm3",
    "sub rdx, 64",
    "cmp rdx, 64",
    "ja 88b",
    "movups [rdi], xmm4",
    "movups [rdi + 16], xmm5",
    "movups [rdi + 32], xmm6",
    "movups [rdi + 48], xmm7",
    "ret",
    ".size ipbox_memmove, . - ipbox_memmove",
    ".globl ipbox_mempcpy",
    ".type ipbox_mempcpy,@function",
    ".p2align 4",
    "ipbox_mempcpy:",
    "push rdx",
    "call ipbox_memmove",
    "pop rdx",
    "add rax, rdx",
    "ret",
    ".size ipbox_mempcpy, . - ipbox_mempcpy",
    // rdi: to, esi: byte, rdx: length
    ".globl ipbox_memset",
    ".type ipbox_memset,@function",
    ".p2align 5",
    "ipbox_memset:",
    "mov r8, rdi",
    "movzx eax, sil",
    "cmp rdx, 256",
    "jae 9f",
    "imul eax, eax, 0x01010101",
    "cmp rdx, 16",
    "jb 3f",
    "movd xmm0, eax",
    "pshufd xmm0, xmm0, 0",
    "lea rcx, [rdi + rdx - 16]",
    "2:",
    "movups [rdi], xmm0",
    "add rdi, 16",
    "cmp rdi, rcx",
    "jb 2b",
    "movups [rcx], xmm0",
    "mov rax, r8",
    "ret",
    "3:",
    "cmp edx, 4",
    "jb 4f",
    "lea rcx, [rdi + rdx - 4]",
    "33:",
    "mov [rdi], eax",
    "add rdi, 4",
    "cmp rdi, rcx",
    "jb 33b",
    "mov [rcx], eax",
    "mov rax, r8",
    "ret",
    "4:",
    "test edx, edx",
    "je 44f",
    "mov [rdi], al",
    "mov [rdi + rdx - 1], al",
    "shr edx, 1",
    "mov [rdi + rdx], al",
    "44:",
    "mov rax, r8",
    "ret",
    "9:",
    "mov rcx, rdx",
    "rep stosb",
    "mov rax, r8",
    "ret",
    ".size ipbox_memset, . - ipbox_memset",
);

// A test keeps the C library's ones, and compares.
#[cfg(not(test))]
std::arch::global_asm!(
    ".globl memcpy, memmove, mempcpy, __mempcpy, memset",
    ".type memcpy,@function",
    ".type mempcpy,@function",
    ".type __mempcpy,@function",
    ".type memmove,@function",
    ".type memset,@function",
    ".set memcpy, ipbox_memmove",
    ".set memmove, ipbox_memmove",
    ".set mempcpy, ipbox_mempcpy",
    ".set __mempcpy, ipbox_mempcpy",
    ".set memset, ipbox_memset",
);

// The linker is told where the program begins (.cargo/link.rs), and that of the unit tests, too.
#[cfg(test)]
std::arch::global_asm!(".globl ipbox_start", "ipbox_start:", "jmp _start");

#[cfg(test)]
mod tests {
    use std::ffi::{c_int, c_void};

    unsafe extern "C" {
        fn ipbox_memmove(to: *mut c_void, from: *const c_void, len: usize) -> *mut c_void;
        fn ipbox_memset(to: *mut c_void, byte: c_int, len: usize) -> *mut c_void;
    }

    fn lengths() -> impl Iterator<Item = usize> {
        (0..300).chain([511, 512, 767, 768, 769, 1000, 4096])
    }

    fn pattern(len: usize) -> Vec<u8> {
        (0..len).map(|i| u8::try_from(i * 7 % 251).unwrap() + 1).collect()
    }

    #[test]
    fn every_length_is_moved_whichever_way_it_overlaps() {
        for len in lengths() {
            for (from, to) in [
                (64, 64),
                (64, 65),
                (65, 64),
                (64, 80),
                (80, 64),
                (64, 63 + len.max(1)),
                (64, 64 + 2 * len),
                (64 + 2 * len, 64),
                (100, 3),
            ] {
                let mut ours = pattern(3 * len + 300);
                let mut theirs = ours.clone();
                theirs.copy_within(from..from + len, to);
                let base = ours.as_mut_ptr();
                // SAFETY: both ranges lie within the vector.
                let target = unsafe { base.add(to) };
                // SAFETY: as above.
                let source = unsafe { base.add(from) };
                // SAFETY: as above.
                let back = unsafe { ipbox_memmove(target.cast(), source.cast(), len) };
                assert_eq!(back, target.cast());
                assert!(ours == theirs, "{len} bytes from {from} to {to}");
            }
        }
    }

    #[test]
    fn every_length_is_set() {
        for len in lengths() {
            let mut ours = pattern(len + 40);
            let mut theirs = ours.clone();
            theirs[20..20 + len].fill(0xa5);
            // SAFETY: the range lies within the vector.
            let target = unsafe { ours.as_mut_ptr().add(20) };
            // SAFETY: as above; only the lowest byte counts.
            let back = unsafe { ipbox_memset(target.cast(), 0x1a5, len) };
            assert_eq!(back, target.cast());
            assert!(ours == theirs, "{len} bytes");
        }
    }
}
