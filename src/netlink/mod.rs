//! The wire: messages, attributes, one connection. No family is known here.

mod ahead;
mod attr;
mod behind;
mod conn;
mod pack;
mod request;
mod shared;

pub use attr::{Attr, Attrs, Table};
pub use behind::Behind;
pub use conn::{Conn, Error, Nack, Protocol};
pub use pack::{Pack, Told, Way};
pub use request::{HEADER_LEN, Request};

pub use netlink_packet_core::{
    NLM_F_APPEND, NLM_F_CREATE, NLM_F_ECHO, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST,
};

/// The type of an attribute that holds attributes.
pub const NLA_F_NESTED: u16 = 0x8000;

/// One message of a datagram, read where it lies.
#[derive(Clone, Copy, Debug)]
pub struct Msg<'a> {
    /// RTM_NEWLINK and the like.
    pub kind: u16,
    pub flags: u16,
    pub seq: u32,
    /// Family header and attributes.
    pub payload: &'a [u8],
}

impl Msg<'_> {
    /// Bytes the message takes in its datagram, padding included.
    #[inline]
    pub fn span(&self) -> usize {
        (HEADER_LEN + self.payload.len()).next_multiple_of(4)
    }
}

/// The messages of one or more datagrams, one behind the other.
#[derive(Clone, Copy, Debug)]
pub struct Msgs<'a>(pub &'a [u8]);

impl<'a> Iterator for Msgs<'a> {
    type Item = Msg<'a>;

    #[inline]
    fn next(&mut self) -> Option<Msg<'a>> {
        let header: &[u8; HEADER_LEN] = self.0.first_chunk()?;
        let word = |at: usize| {
            u32::from_ne_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        };
        let half = |at: usize| u16::from_ne_bytes([header[at], header[at + 1]]);
        let len = word(0) as usize;
        let payload = self.0.get(HEADER_LEN..len)?;
        let msg = Msg { kind: half(4), flags: half(6), seq: word(8), payload };
        // The last message may lack its padding.
        self.0 = self.0.get(msg.span()..).unwrap_or(&[]);
        Some(msg)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u16, payload: &[u8]) -> Vec<u8> {
        Request::new(kind, 0, payload).finish(7).unwrap().to_vec()
    }

    #[test]
    fn messages_follow_each_other() {
        let mut bytes = message(16, &[1, 2, 3, 4]);
        bytes.extend(message(17, &[]));
        let kinds: Vec<_> = Msgs(&bytes).map(|m| (m.kind, m.seq)).collect();
        assert_eq!(kinds, [(16, 7), (17, 7)]);
    }

    #[test]
    fn the_last_message_may_lack_its_padding() {
        let mut bytes = message(16, &[]);
        bytes[0] = 17;
        bytes.push(9);
        assert_eq!(Msgs(&bytes).next().map(|m| m.payload.len()), Some(1));
    }

    #[test]
    fn a_cut_message_is_no_message() {
        let bytes = message(16, &[1, 2, 3, 4]);
        assert!(Msgs(&bytes[..19]).next().is_none());
        assert!(Msgs(&[0; 16]).next().is_none());
    }
}
