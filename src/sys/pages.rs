//! Large pages for what is large.
#![allow(unsafe_code)]

/// A buffer below this size is not worth asking for.
const LARGE: usize = 1 << 20;
/// Where the kernel's advice may begin. No page is smaller on any architecture; where they are
/// larger the advice is refused, which does no harm.
const PAGE: usize = 4096;

/// Makes room for so many bytes in all and asks for large pages behind it: filling it then costs a
/// five-hundredth of the page faults. What is not written to is not taken from the machine. Without
/// the room, or the pages, nothing changes.
pub fn make_room(buffer: &mut Vec<u8>, bytes: usize) {
    let more = bytes.saturating_sub(buffer.len());
    if bytes < LARGE || bytes <= buffer.capacity() || buffer.try_reserve_exact(more).is_err() {
        return;
    }
    let room = buffer.spare_capacity_mut();
    let skip = room.as_ptr().align_offset(PAGE);
    let Some(whole) = room.get_mut(skip..) else { return };
    // SAFETY: the range is ours, and what is advised changes no byte of it.
    unsafe { libc::madvise(whole.as_mut_ptr().cast(), whole.len(), libc::MADV_HUGEPAGE) };
}

#[cfg(test)]
mod tests {
    use super::make_room;

    #[test]
    fn there_is_room_for_so_many_and_what_is_there_stays() {
        let mut buffer = b"abc".to_vec();
        make_room(&mut buffer, 16);
        assert!(buffer.capacity() < 16, "small buffers are left alone");
        make_room(&mut buffer, 4 << 20);
        assert!(buffer.capacity() >= 4 << 20);
        assert_eq!(buffer, b"abc");
        buffer.resize(4 << 20, 7);
        assert_eq!(buffer.last(), Some(&7));
        make_room(&mut buffer, usize::MAX);
        assert_eq!(buffer.len(), 4 << 20, "too much to have is no error");
    }
}
