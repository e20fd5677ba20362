//! SOCK_DIAG_BY_FAMILY: sockets as the kernel describes them (linux/inet_diag.h).
//!
//! A request is struct inet_diag_req_v2, 56 bytes: family u8, protocol u8, extensions u8, padding,
//! states u32, then struct inet_diag_sockid. An answer is struct inet_diag_msg, 72 bytes: family u8,
//! state u8, timer u8, retransmissions u8, struct inet_diag_sockid (two ports, two addresses of 16
//! bytes, device u32, cookie), five numbers; then INET_DIAG_* attributes.

use crate::netlink::{Attrs, Request};

const SOCK_DIAG_BY_FAMILY: u16 = 20;
const INET_DIAG_SKV6ONLY: u16 = 11;
const MSG_LEN: usize = 72;

/// The states of [`sockets`]: a TCP socket that listens, a UDP socket that is bound.
pub const TCP_LISTEN: u32 = 1 << 10;
pub const UDP_BOUND: u32 = 1 << 7;

/// Asks for the sockets of a family and an IPPROTO_* that are in one of the states.
pub fn sockets(family: u8, protocol: u8, states: u32) -> Request {
    let mut body = [0; 56];
    body[0] = family;
    body[1] = protocol;
    body[4..8].copy_from_slice(&states.to_ne_bytes());
    Request::new(SOCK_DIAG_BY_FAMILY, 0, &body)
}

/// A socket; borrows the message it was read from.
pub struct Socket<'a> {
    pub port: u16,
    /// 4 or 16 bytes.
    pub addr: &'a [u8],
    /// The device it is bound to, or 0.
    pub index: u32,
    pub v6only: bool,
}

impl<'a> Socket<'a> {
    /// `None` for what is no message of this kind.
    pub fn parse(payload: &'a [u8]) -> Option<Socket<'a>> {
        let (m, rest) = payload.split_first_chunk::<MSG_LEN>()?;
        let len = if m[0] == 2 { 4 } else { 16 };
        Some(Socket {
            port: u16::from_be_bytes([m[4], m[5]]),
            addr: m.get(8..8 + len)?,
            index: u32::from_ne_bytes([m[40], m[41], m[42], m[43]]),
            v6only: Attrs(rest).find(INET_DIAG_SKV6ONLY).and_then(|a| a.u8()) == Some(1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_read_where_it_lies() {
        let mut m = vec![0; MSG_LEN];
        m[0] = 2;
        m[4..6].copy_from_slice(&80u16.to_be_bytes());
        m[8..12].copy_from_slice(&[127, 0, 0, 1]);
        m[40] = 7;
        let s = Socket::parse(&m).unwrap();
        assert_eq!((s.port, s.addr, s.index, s.v6only), (80, &[127, 0, 0, 1][..], 7, false));
        assert!(Socket::parse(&m[1..]).is_none());
    }
}
