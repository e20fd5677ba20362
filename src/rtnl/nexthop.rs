//! RTM_NEWNEXTHOP: a nexthop object as the kernel describes it.
//!
//! struct nhmsg (linux/nexthop.h), 8 bytes: family u8, scope u8, protocol u8, padding, flags u32.

use crate::netlink::{Attrs, Request, Table};

pub const RTM_GETNEXTHOP: u16 = 106;

const NHA_ID: u16 = 1;
const NHA_GROUP: u16 = 2;
const NHA_GROUP_TYPE: u16 = 3;
const NHA_BLACKHOLE: u16 = 4;
const NHA_OIF: u16 = 5;
const NHA_GATEWAY: u16 = 6;
const NHA_ENCAP_TYPE: u16 = 7;
const NHA_FDB: u16 = 11;
const NHA_RES_GROUP: u16 = 12;
const NHA_RES_GROUP_BUCKETS: u16 = 1;
const NHA_RES_GROUP_IDLE_TIMER: u16 = 2;
const NHA_RES_GROUP_UNBALANCED_TIMER: u16 = 3;
const NHA_RES_GROUP_UNBALANCED_TIME: u16 = 4;

const NHMSG_LEN: usize = 8;

/// One object; borrows the message it was read from.
pub struct Nexthop<'a> {
    /// RT_SCOPE_*
    pub scope: u8,
    /// RTPROT_*
    pub protocol: u8,
    /// RTNH_F_*
    pub flags: u32,
    attrs: Table<'a, 24>,
}

/// A group that changes few flows when a member comes or goes; times are clock ticks, 100 a second.
pub struct Resilient {
    pub buckets: u16,
    pub idle_ticks: u32,
    pub unbalanced_timer_ticks: u32,
    pub unbalanced_ticks: u64,
}

/// Asks for one object.
pub fn query(id: u32) -> Request {
    let mut r = Request::new(RTM_GETNEXTHOP, 0, &[0; NHMSG_LEN]);
    r.u32(NHA_ID, id);
    r
}

impl<'a> Nexthop<'a> {
    pub fn parse(payload: &'a [u8]) -> Option<Self> {
        let (h, rest) = payload.split_first_chunk::<NHMSG_LEN>()?;
        Some(Nexthop {
            scope: h[1],
            protocol: h[2],
            flags: u32::from_ne_bytes([h[4], h[5], h[6], h[7]]),
            attrs: Table::new(Attrs(rest)),
        })
    }
    pub fn id(&self) -> Option<u32> {
        self.attrs.get(NHA_ID)?.u32()
    }
    /// The members of a group and their weights, from 1.
    pub fn group(&self) -> Option<impl Iterator<Item = (u32, u32)> + 'a> {
        // struct nexthop_grp: id u32, weight less one u8, its upper half u8, 2 bytes of padding.
        let members = self.attrs.get(NHA_GROUP)?.value.chunks_exact(8);
        Some(members.map(|m| {
            let id = u32::from_ne_bytes([m[0], m[1], m[2], m[3]]);
            (id, (u32::from(m[4]) | u32::from(m[5]) << 8) + 1)
        }))
    }
    pub fn resilient(&self) -> Option<Resilient> {
        if self.attrs.get(NHA_GROUP_TYPE)?.u16()? != 1 {
            return None;
        }
        let nest = Table::<8>::new(self.attrs.get(NHA_RES_GROUP)?.nested());
        Some(Resilient {
            buckets: nest.get(NHA_RES_GROUP_BUCKETS)?.u16()?,
            idle_ticks: nest.get(NHA_RES_GROUP_IDLE_TIMER)?.u32()?,
            unbalanced_timer_ticks: nest.get(NHA_RES_GROUP_UNBALANCED_TIMER)?.u32()?,
            unbalanced_ticks: nest.get(NHA_RES_GROUP_UNBALANCED_TIME)?.u64()?,
        })
    }
    pub fn is_blackhole(&self) -> bool {
        self.attrs.get(NHA_BLACKHOLE).is_some()
    }
    pub fn is_fdb(&self) -> bool {
        self.attrs.get(NHA_FDB).is_some()
    }
    pub fn oif(&self) -> Option<u32> {
        self.attrs.get(NHA_OIF)?.u32()
    }
    pub fn gateway(&self) -> Option<&'a [u8]> {
        Some(self.attrs.get(NHA_GATEWAY)?.value)
    }
    /// LWTUNNEL_ENCAP_* of an encapsulation.
    pub fn encap_type(&self) -> Option<u16> {
        self.attrs.get(NHA_ENCAP_TYPE)?.u16()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_have_two_halves() {
        let mut r = Request::new(104, 0, &[2, 0, 4, 0, 4, 0, 0, 0]);
        r.u32(NHA_ID, 3);
        r.attr(NHA_GROUP, &[1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 9, 1, 0, 0]);
        let n = Nexthop::parse(r.payload()).unwrap();
        assert_eq!((n.id(), n.protocol, n.flags), (Some(3), 4, 4));
        assert_eq!(n.group().unwrap().collect::<Vec<_>>(), [(1, 1), (2, 266)]);
        assert!(!n.is_blackhole() && n.gateway().is_none() && n.resilient().is_none());
    }
}
