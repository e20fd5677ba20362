//! RTM_NEWNEXTHOP: a nexthop object as the kernel describes it.
//!
//! struct nhmsg (linux/nexthop.h), 8 bytes: family u8, scope u8, protocol u8, padding, flags u32.

use crate::netlink::{Attr, Attrs, Request, Table};

pub const RTM_NEWNEXTHOP: u16 = 104;
pub const RTM_DELNEXTHOP: u16 = 105;
pub const RTM_GETNEXTHOP: u16 = 106;
pub const RTM_NEWNEXTHOPBUCKET: u16 = 116;
pub const RTM_DELNEXTHOPBUCKET: u16 = 117;
pub const RTM_GETNEXTHOPBUCKET: u16 = 118;

pub const NHA_ID: u16 = 1;
pub const NHA_GROUP: u16 = 2;
pub const NHA_GROUP_TYPE: u16 = 3;
pub const NHA_BLACKHOLE: u16 = 4;
pub const NHA_OIF: u16 = 5;
pub const NHA_GATEWAY: u16 = 6;
pub const NHA_ENCAP_TYPE: u16 = 7;
pub const NHA_ENCAP: u16 = 8;
pub const NHA_GROUPS: u16 = 9;
pub const NHA_MASTER: u16 = 10;
pub const NHA_FDB: u16 = 11;
pub const NHA_RES_GROUP: u16 = 12;
pub const NHA_RES_BUCKET: u16 = 13;
/// NHA_OP_FLAG_*: which statistics are asked for.
pub const NHA_OP_FLAGS: u16 = 14;
const NHA_GROUP_STATS: u16 = 15;
pub const NHA_HW_STATS_ENABLE: u16 = 16;
const NHA_HW_STATS_USED: u16 = 17;
/// Packets per member of a group.
pub const NHA_OP_FLAG_DUMP_STATS: u32 = 1;
/// Those that hardware has sent, too.
pub const NHA_OP_FLAG_DUMP_HW_STATS: u32 = 2;
const NHA_GROUP_STATS_ENTRY_ID: u16 = 1;
const NHA_GROUP_STATS_ENTRY_PACKETS: u16 = 2;
const NHA_GROUP_STATS_ENTRY_PACKETS_HW: u16 = 3;
pub const NHA_RES_BUCKET_INDEX: u16 = 1;
const NHA_RES_BUCKET_IDLE_TIME: u16 = 2;
pub const NHA_RES_BUCKET_NH_ID: u16 = 3;
pub const NHA_RES_GROUP_BUCKETS: u16 = 1;
pub const NHA_RES_GROUP_IDLE_TIMER: u16 = 2;
pub const NHA_RES_GROUP_UNBALANCED_TIMER: u16 = 3;
const NHA_RES_GROUP_UNBALANCED_TIME: u16 = 4;

pub const NHMSG_LEN: usize = 8;

/// One object; borrows the message it was read from.
pub struct Nexthop<'a> {
    /// AF_INET or AF_INET6; AF_UNSPEC for a group.
    pub family: u8,
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

/// What a member of a group has sent.
pub struct MemberStats {
    pub id: u32,
    pub packets: u64,
    /// Absent when it was not asked for.
    pub packets_hw: Option<u64>,
}

/// What a bucket of a resilient group is.
pub struct Bucket {
    pub index: u16,
    /// Clock ticks, 100 a second.
    pub idle_ticks: u64,
    /// The nexthop it stands for.
    pub nexthop: u32,
}

/// A number that is sent in 4 or in 8 bytes.
fn uint(a: Attr<'_>) -> Option<u64> {
    if a.value.len() >= 8 { a.u64() } else { a.u32().map(Into::into) }
}

/// An empty header of a family.
pub fn header(family: u8) -> [u8; NHMSG_LEN] {
    let mut h = [0; NHMSG_LEN];
    h[0] = family;
    h
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
            family: h[0],
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
    /// Whether statistics of hardware are wanted and whether there are any, if that was asked for.
    pub fn hw_stats(&self) -> Option<(bool, bool)> {
        let on = self.attrs.get(NHA_HW_STATS_ENABLE)?.u32()? != 0;
        let used = self.attrs.get(NHA_HW_STATS_USED).and_then(Attr::u32);
        Some((on, used.is_some_and(|n| n != 0)))
    }
    /// What the members of a group have sent, if that was asked for.
    pub fn group_stats(&self) -> Option<impl Iterator<Item = MemberStats> + 'a> {
        let entries = self.attrs.get(NHA_GROUP_STATS)?.nested();
        Some(entries.filter_map(|e| {
            let t = Table::<4>::new(e.nested());
            Some(MemberStats {
                id: t.get(NHA_GROUP_STATS_ENTRY_ID)?.u32()?,
                packets: t.get(NHA_GROUP_STATS_ENTRY_PACKETS).and_then(uint)?,
                packets_hw: t.get(NHA_GROUP_STATS_ENTRY_PACKETS_HW).and_then(uint),
            })
        }))
    }
    /// The bucket that a message of RTM_NEWNEXTHOPBUCKET is about.
    pub fn bucket(&self) -> Option<Bucket> {
        let t = Table::<4>::new(self.attrs.get(NHA_RES_BUCKET)?.nested());
        Some(Bucket {
            index: t.get(NHA_RES_BUCKET_INDEX)?.u16()?,
            idle_ticks: t.get(NHA_RES_BUCKET_IDLE_TIME)?.u64()?,
            nexthop: t.get(NHA_RES_BUCKET_NH_ID)?.u32()?,
        })
    }
    /// An encapsulation: LWTUNNEL_ENCAP_* and what is in it.
    pub fn encap(&self) -> Option<(u16, Attrs<'a>)> {
        let nest = self.attrs.get(NHA_ENCAP)?.nested();
        Some((self.attrs.get(NHA_ENCAP_TYPE)?.u16()?, nest))
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
