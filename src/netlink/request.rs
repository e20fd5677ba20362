//! A request under construction.

use crate::sys::bytes::put;
use std::fs::File;
use std::io;
use std::sync::Arc;

/// Header, family header and attributes, in one buffer.
///
/// struct nlmsghdr (linux/netlink.h): length u32, type u16, flags u16, sequence u32, port u32.
#[derive(Clone, Debug)]
pub struct Request {
    buf: Vec<u8>,
    words: Marks,
    /// A value or a nest was longer than an attribute can be: it cannot be sent.
    too_long: bool,
    quiet: bool,
    /// What descriptors in it stand for, open until it has been sent.
    files: Vec<Arc<File>>,
}

/// (offset, index of the word that caused what follows): the first few lie in the request itself,
/// which is one allocation less for each line of a batch.
#[derive(Clone, Debug, Default)]
struct Marks {
    few: [(u32, u32); 8],
    count: usize,
    more: Vec<(u32, u32)>,
}

impl Marks {
    #[inline]
    fn push(&mut self, offset: usize, word: usize) {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let mark = (number(offset), number(word));
        match self.few.get_mut(self.count) {
            Some(place) => {
                *place = mark;
                self.count += 1;
            }
            None => self.more.push(mark),
        }
    }
}

/// An open nest; `Request::end` closes it.
#[must_use]
pub struct Nest(usize);

/// struct nlmsghdr.
pub const HEADER_LEN: usize = 16;

/// Zeros up to the next multiple of four.
#[inline]
fn pad(buf: &mut Vec<u8>) {
    if !buf.len().is_multiple_of(4) {
        buf.resize(buf.len().next_multiple_of(4), 0);
    }
}

impl Request {
    /// `kind` is RTM_NEWLINK and the like; `family_header` is struct ifinfomsg and the like.
    #[inline]
    pub fn new(kind: u16, flags: u16, family_header: &[u8]) -> Self {
        Request::with_room(256, kind, flags, family_header)
    }
    /// Likewise, with room for so many bytes to begin with.
    #[inline]
    pub fn with_room(bytes: usize, kind: u16, flags: u16, family_header: &[u8]) -> Self {
        let mut buf = Vec::with_capacity(bytes);
        put(&mut buf, &0u32.to_ne_bytes());
        put(&mut buf, &kind.to_ne_bytes());
        put(&mut buf, &flags.to_ne_bytes());
        put(&mut buf, &[0; 8]);
        put(&mut buf, family_header);
        pad(&mut buf);
        let words = Marks::default();
        Request { buf, words, too_long: false, quiet: false, files: Vec::new() }
    }

    /// What is added from here on comes from word `index` of the command.
    #[allow(clippy::wrong_self_convention)] // "this comes from word 3"
    #[inline]
    pub fn from_word(&mut self, index: usize) {
        self.words.push(self.buf.len(), index);
    }

    /// A value longer than an attribute can be (65531 bytes) makes `finish` fail.
    #[inline]
    pub fn attr(&mut self, kind: u16, value: &[u8]) {
        let Ok(len) = u16::try_from(4 + value.len()) else {
            self.too_long = true;
            return;
        };
        put(&mut self.buf, &len.to_ne_bytes());
        put(&mut self.buf, &kind.to_ne_bytes());
        put(&mut self.buf, value);
        pad(&mut self.buf);
    }
    #[inline]
    pub fn u8(&mut self, kind: u16, value: u8) {
        self.attr(kind, &[value]);
    }
    pub fn u16(&mut self, kind: u16, value: u16) {
        self.attr(kind, &value.to_ne_bytes());
    }
    pub fn u16_be(&mut self, kind: u16, value: u16) {
        self.attr(kind, &value.to_be_bytes());
    }
    #[inline]
    pub fn u32(&mut self, kind: u16, value: u32) {
        self.attr(kind, &value.to_ne_bytes());
    }
    pub fn u32_be(&mut self, kind: u16, value: u32) {
        // In one piece: rules consist of these.
        let ([k0, k1], [l0, l1]) = (kind.to_ne_bytes(), 8u16.to_ne_bytes());
        let [a, b, c, d] = value.to_be_bytes();
        put(&mut self.buf, &[l0, l1, k0, k1, a, b, c, d]);
    }
    pub fn u64(&mut self, kind: u16, value: u64) {
        self.attr(kind, &value.to_ne_bytes());
    }
    pub fn u64_be(&mut self, kind: u16, value: u64) {
        self.attr(kind, &value.to_be_bytes());
    }
    /// A string with its terminating NUL.
    pub fn strz(&mut self, kind: u16, value: &[u8]) {
        let Ok(len) = u16::try_from(5 + value.len()) else {
            self.too_long = true;
            return;
        };
        put(&mut self.buf, &len.to_ne_bytes());
        put(&mut self.buf, &kind.to_ne_bytes());
        put(&mut self.buf, value);
        // The NUL, and what fills up.
        self.buf.resize((self.buf.len() + 1).next_multiple_of(4), 0);
    }
    /// Raw bytes that are no attribute, padded to four (struct ifinfomsg inside VETH_INFO_PEER).
    pub fn raw(&mut self, bytes: &[u8]) {
        put(&mut self.buf, bytes);
        pad(&mut self.buf);
    }

    /// The kernel has nothing to say but that it refuses, and need not be asked for more where
    /// that saves time.
    pub fn set_quiet(&mut self) {
        self.quiet = true;
    }
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Keeps a file open as long as the request, which names it by its descriptor.
    pub fn keep(&mut self, file: File) {
        self.files.push(Arc::new(file));
    }
    /// The files that are kept.
    pub(super) fn files(&self) -> &[Arc<File>] {
        &self.files
    }

    /// Opens a nest; pass `kind | NLA_F_NESTED` where the kernel wants the flag.
    pub fn nest(&mut self, kind: u16) -> Nest {
        let at = self.buf.len();
        let ([k0, k1], [l0, l1]) = (kind.to_ne_bytes(), 4u16.to_ne_bytes());
        put(&mut self.buf, &[l0, l1, k0, k1]);
        Nest(at)
    }
    /// A nest longer than an attribute can be makes `finish` fail.
    pub fn end(&mut self, nest: Nest) {
        let Ok(len) = u16::try_from(self.buf.len() - nest.0) else {
            self.too_long = true;
            return;
        };
        if let Some(place) = self.buf.get_mut(nest.0..).and_then(<[u8]>::first_chunk_mut) {
            *place = len.to_ne_bytes();
        }
    }
    /// The family header, to be filled in while words are read.
    pub fn header(&mut self) -> &mut [u8] {
        &mut self.buf[HEADER_LEN..]
    }
    /// Everything behind the netlink header.
    pub fn payload(&self) -> &[u8] {
        &self.buf[HEADER_LEN..]
    }
    /// Adds NLM_F_* flags.
    pub fn add_flags(&mut self, flags: u16) {
        let now = u16::from_ne_bytes([self.buf[6], self.buf[7]]);
        self.buf[6..8].copy_from_slice(&(now | flags).to_ne_bytes());
    }

    /// The whole message with its length and sequence number filled in.
    ///
    /// # Errors
    ///
    /// EMSGSIZE when something in it is too long to be sent.
    #[inline]
    pub fn finish(&mut self, sequence: u32) -> io::Result<&[u8]> {
        let len = u32::try_from(self.buf.len()).ok().filter(|_| !self.too_long);
        let len = len.ok_or_else(|| io::Error::from_raw_os_error(libc::EMSGSIZE))?;
        self.buf[..4].copy_from_slice(&len.to_ne_bytes());
        self.buf[8..12].copy_from_slice(&sequence.to_ne_bytes());
        Ok(&self.buf)
    }

    /// The word that caused the byte at `offset`, as in NLMSGERR_ATTR_OFFS.
    pub fn word_at(&self, offset: usize) -> Option<usize> {
        let marks = self.words.few[..self.words.count].iter().chain(&self.words.more);
        let last = marks.take_while(|(at, _)| *at as usize <= offset).last();
        last.map(|&(_, word)| word as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::Attrs;

    #[test]
    fn nests_know_their_length() {
        let mut r = Request::new(16, 5, &[0; 16]);
        let n = r.nest(18);
        r.strz(1, b"vrf");
        r.end(n);
        let outer = Attrs(&r.payload()[16..]).next().unwrap();
        assert_eq!((outer.kind, outer.value.len()), (18, 8));
        assert_eq!(outer.nested().next().unwrap().bytes(), b"vrf");
    }

    #[test]
    fn an_offset_leads_back_to_its_word() {
        let mut r = Request::new(16, 5, &[0; 16]);
        r.from_word(3);
        r.u32(4, 1400);
        r.from_word(5);
        r.u32(13, 1);
        assert_eq!(r.word_at(32), Some(3));
        assert_eq!(r.word_at(44), Some(5));
        assert_eq!(r.word_at(8), None);
    }

    #[test]
    fn what_is_too_long_for_an_attribute_is_not_sent() {
        let mut request = Request::new(16, 0, &[0; 16]);
        request.attr(3, &[0; 65_532]);
        assert!(request.finish(1).is_err());
        let mut request = Request::new(16, 0, &[0; 16]);
        let nest = request.nest(18);
        request.attr(3, &[0; 40_000]);
        request.attr(3, &[0; 40_000]);
        request.end(nest);
        assert!(request.finish(1).is_err());
    }
}
