//! NETLINK_XFRM: states and policies of IPsec (linux/xfrm.h).
//!
//! Its structures are read and written by their places. All numbers are in host order unless
//! they are said to be big-endian; an address takes 16 bytes in any family.

use crate::netlink::{Msg, Request};

// Messages, XFRM_MSG_*.
pub const NEWSA: u16 = 0x10;
pub const DELSA: u16 = 0x11;
pub const GETSA: u16 = 0x12;
pub const NEWPOLICY: u16 = 0x13;
pub const DELPOLICY: u16 = 0x14;
pub const GETPOLICY: u16 = 0x15;
pub const ALLOCSPI: u16 = 0x16;
pub const ACQUIRE: u16 = 0x17;
pub const EXPIRE: u16 = 0x18;
pub const UPDPOLICY: u16 = 0x19;
pub const UPDSA: u16 = 0x1a;
pub const POLEXPIRE: u16 = 0x1b;
pub const FLUSHSA: u16 = 0x1c;
pub const FLUSHPOLICY: u16 = 0x1d;
pub const NEWAE: u16 = 0x1e;
pub const REPORT: u16 = 0x20;
pub const GETSADINFO: u16 = 0x23;
pub const NEWSPDINFO: u16 = 0x24;
pub const GETSPDINFO: u16 = 0x25;
pub const MAPPING: u16 = 0x26;
pub const SETDEFAULT: u16 = 0x27;
pub const GETDEFAULT: u16 = 0x28;

/// Attributes, XFRMA_*.
pub mod attr {
    pub const ALG_AUTH: u16 = 1;
    pub const ALG_CRYPT: u16 = 2;
    pub const ALG_COMP: u16 = 3;
    pub const ENCAP: u16 = 4;
    pub const TMPL: u16 = 5;
    pub const SA: u16 = 6;
    pub const POLICY: u16 = 7;
    pub const SEC_CTX: u16 = 8;
    pub const REPLAY_VAL: u16 = 10;
    pub const SRCADDR: u16 = 13;
    pub const COADDR: u16 = 14;
    pub const LASTUSED: u16 = 15;
    pub const POLICY_TYPE: u16 = 16;
    pub const ALG_AEAD: u16 = 18;
    pub const ALG_AUTH_TRUNC: u16 = 20;
    pub const MARK: u16 = 21;
    pub const TFCPAD: u16 = 22;
    pub const REPLAY_ESN_VAL: u16 = 23;
    pub const SA_EXTRA_FLAGS: u16 = 24;
    pub const PROTO: u16 = 25;
    pub const ADDRESS_FILTER: u16 = 26;
    pub const OFFLOAD_DEV: u16 = 28;
    pub const SET_MARK: u16 = 29;
    pub const SET_MARK_MASK: u16 = 30;
    pub const IF_ID: u16 = 31;
    pub const SA_DIR: u16 = 33;
    pub const SA_PCPU: u16 = 35;
}

/// An address: 4 or 16 bytes that count, by the family.
pub type Address = [u8; 16];

/// A structure, read by places; what lies behind its end is 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    pub fn array<const N: usize>(self, at: usize) -> [u8; N] {
        self.0.get(at..).and_then(|b| b.first_chunk().copied()).unwrap_or([0; N])
    }
    pub fn u8(self, at: usize) -> u8 {
        self.array::<1>(at)[0]
    }
    pub fn u16(self, at: usize) -> u16 {
        u16::from_ne_bytes(self.array(at))
    }
    pub fn u16_be(self, at: usize) -> u16 {
        u16::from_be_bytes(self.array(at))
    }
    pub fn u32(self, at: usize) -> u32 {
        u32::from_ne_bytes(self.array(at))
    }
    pub fn u32_be(self, at: usize) -> u32 {
        u32::from_be_bytes(self.array(at))
    }
    pub fn u64(self, at: usize) -> u64 {
        u64::from_ne_bytes(self.array(at))
    }
    pub fn addr(self, at: usize) -> Address {
        self.array(at)
    }
    /// What lies from a place on.
    pub fn from(self, at: usize) -> Bytes<'a> {
        Bytes(self.0.get(at..).unwrap_or(&[]))
    }
}

// Lengths.
/// struct xfrm_selector.
pub const SELECTOR_LEN: usize = 56;
/// struct xfrm_usersa_info.
pub const STATE_LEN: usize = 224;
/// struct xfrm_usersa_id.
pub const STATE_ID_LEN: usize = 24;
/// struct xfrm_userpolicy_info.
pub const POLICY_LEN: usize = 168;
/// struct xfrm_userpolicy_id.
pub const POLICY_ID_LEN: usize = 64;
/// struct xfrm_user_tmpl.
pub const TMPL_LEN: usize = 64;
/// struct xfrm_user_acquire.
pub const ACQUIRE_LEN: usize = 280;
/// The name and the length of a key, in front of it, in struct xfrm_algo.
pub const ALGO_LEN: usize = 68;

/// Places in struct xfrm_selector.
pub mod selector {
    pub const DADDR: usize = 0;
    pub const SADDR: usize = 16;
    /// Big-endian, as the three behind it: port, mask, port, mask.
    pub const DPORT: usize = 32;
    pub const DPORT_MASK: usize = 34;
    pub const SPORT: usize = 36;
    pub const SPORT_MASK: usize = 38;
    pub const FAMILY: usize = 40;
    pub const DLEN: usize = 42;
    pub const SLEN: usize = 43;
    pub const PROTO: usize = 44;
    pub const IFINDEX: usize = 48;
    pub const USER: usize = 52;
}

/// Places in struct xfrm_usersa_info, which begins with a selector.
pub mod state {
    pub const DADDR: usize = 56;
    /// Big-endian.
    pub const SPI: usize = 72;
    pub const PROTO: usize = 76;
    pub const SADDR: usize = 80;
    /// Eight numbers of 64 bits: bytes, packets, seconds since it was made, since it was used,
    /// each soft and hard.
    pub const LIMITS: usize = 96;
    /// Four: bytes, packets, made, used.
    pub const CURRENT: usize = 160;
    /// Three of 32 bits: outside the window, replayed, broken.
    pub const STATS: usize = 192;
    /// Big-endian.
    pub const SEQ: usize = 204;
    pub const REQID: usize = 208;
    pub const FAMILY: usize = 212;
    pub const MODE: usize = 214;
    pub const REPLAY_WINDOW: usize = 215;
    pub const FLAGS: usize = 216;
}

/// Places in struct xfrm_usersa_id.
pub mod state_id {
    pub const DADDR: usize = 0;
    /// Big-endian.
    pub const SPI: usize = 16;
    pub const FAMILY: usize = 20;
    pub const PROTO: usize = 22;
}

/// Places in struct xfrm_userpolicy_info, which begins with a selector.
pub mod policy {
    pub const LIMITS: usize = 56;
    pub const CURRENT: usize = 120;
    pub const PRIORITY: usize = 152;
    pub const INDEX: usize = 156;
    pub const DIR: usize = 160;
    pub const ACTION: usize = 161;
    pub const FLAGS: usize = 162;
    pub const SHARE: usize = 163;
}

/// Places in struct xfrm_userpolicy_id, which begins with a selector.
pub mod policy_id {
    pub const INDEX: usize = 56;
    pub const DIR: usize = 60;
}

/// Places in struct xfrm_user_tmpl.
pub mod tmpl {
    pub const DADDR: usize = 0;
    /// Big-endian.
    pub const SPI: usize = 16;
    pub const PROTO: usize = 20;
    pub const FAMILY: usize = 24;
    pub const SADDR: usize = 28;
    pub const REQID: usize = 44;
    pub const MODE: usize = 48;
    pub const SHARE: usize = 49;
    pub const OPTIONAL: usize = 50;
    pub const AUTH_MASK: usize = 52;
    pub const ENC_MASK: usize = 56;
    pub const COMP_MASK: usize = 60;
}

/// Writes bytes to a place of a structure.
pub fn set(to: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = to.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

/// All states, or those of a protocol and of two prefixes, whose family is 0 for none.
pub fn query_states(proto: u8, filter: Option<&[u8; 36]>) -> Request {
    let mut req = Request::new(GETSA, 0, &[]);
    if proto != 0 {
        req.u8(attr::PROTO, proto);
    }
    if let Some(filter) = filter {
        req.attr(attr::ADDRESS_FILTER, filter);
    }
    req
}

/// All policies.
pub fn query_policies() -> Request {
    Request::new(GETPOLICY, 0, &[])
}

/// How long the structure is that a message of this kind begins with; `None` for what is unknown.
pub fn header_len(msg: Msg<'_>) -> Option<usize> {
    Some(match msg.kind {
        NEWSA | UPDSA => STATE_LEN,
        DELSA => STATE_ID_LEN,
        NEWPOLICY | UPDPOLICY => POLICY_LEN,
        DELPOLICY => POLICY_ID_LEN,
        ACQUIRE => ACQUIRE_LEN,
        EXPIRE => STATE_LEN + 8,
        POLEXPIRE => POLICY_LEN + 8,
        FLUSHSA => 4,
        FLUSHPOLICY => 0,
        NEWAE => 48,
        REPORT => 60,
        MAPPING => 64,
        GETDEFAULT => 3,
        _ => return None,
    })
}
