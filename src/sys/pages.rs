//! Large pages for what is large.
#![allow(unsafe_code)]

/// A buffer below this size is not worth asking for.
const LARGE: usize = 1 << 20;
/// Where the kernel's advice may begin. No page is smaller on any architecture; where they are
/// larger the advice is refused, which does no harm.
const PAGE: usize = 4096;

/// An empty buffer with room for so many bytes, in large pages where the kernel has them: filling
/// it then costs a five-hundredth of the page faults. What is not written to is not taken from the
/// machine. Small ones, and those that cannot be had, grow as they are filled.
pub fn room(bytes: usize) -> Vec<u8> {
    let mut buffer = Vec::new();
    if bytes < LARGE || buffer.try_reserve_exact(bytes).is_err() {
        return buffer;
    }
    let room = buffer.spare_capacity_mut();
    let skip = room.as_ptr().align_offset(PAGE);
    if let Some(whole) = room.get_mut(skip..) {
        // SAFETY: the range is ours, and what is advised changes no byte of it.
        unsafe { libc::madvise(whole.as_mut_ptr().cast(), whole.len(), libc::MADV_HUGEPAGE) };
    }
    buffer
}

#[cfg(test)]
mod tests {
    use super::room;

    #[test]
    fn there_is_room_where_it_is_worth_it() {
        assert_eq!(room(16).capacity(), 0, "small buffers are left alone");
        let mut buffer = room(4 << 20);
        assert!(buffer.capacity() >= 4 << 20);
        let begin = buffer.as_ptr();
        buffer.resize(4 << 20, 7);
        assert_eq!((buffer.as_ptr(), buffer.last()), (begin, Some(&7)));
        assert_eq!(room(usize::MAX).capacity(), 0, "too much to have is no error");
    }
}
