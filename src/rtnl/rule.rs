//! RTM_NEWRULE: a rule of the policy that chooses routing tables.
//!
//! struct fib_rule_hdr (linux/fib_rules.h), 12 bytes:
//! family, dst_len, src_len, tos, table, reserved (2), action, flags (u32).

use crate::netlink::{Attr, Attrs, Table};

pub const RTM_NEWRULE: u16 = 32;
pub const RTM_DELRULE: u16 = 33;
pub const RTM_GETRULE: u16 = 34;

pub const HEADER_LEN: usize = 12;

pub const FRA_DST: u16 = 1;
pub const FRA_SRC: u16 = 2;
pub const FRA_IIFNAME: u16 = 3;
pub const FRA_GOTO: u16 = 4;
pub const FRA_PRIORITY: u16 = 6;
pub const FRA_FWMARK: u16 = 10;
pub const FRA_FLOW: u16 = 11;
pub const FRA_TUN_ID: u16 = 12;
pub const FRA_SUPPRESS_IFGROUP: u16 = 13;
pub const FRA_SUPPRESS_PREFIXLEN: u16 = 14;
pub const FRA_TABLE: u16 = 15;
pub const FRA_FWMASK: u16 = 16;
pub const FRA_OIFNAME: u16 = 17;
pub const FRA_L3MDEV: u16 = 19;
pub const FRA_UID_RANGE: u16 = 20;
pub const FRA_PROTOCOL: u16 = 21;
pub const FRA_IP_PROTO: u16 = 22;
pub const FRA_SPORT_RANGE: u16 = 23;
pub const FRA_DPORT_RANGE: u16 = 24;
pub const FRA_DSCP: u16 = 25;
pub const FRA_FLOWLABEL: u16 = 26;
pub const FRA_FLOWLABEL_MASK: u16 = 27;
pub const FRA_SPORT_MASK: u16 = 28;
pub const FRA_DPORT_MASK: u16 = 29;
pub const FRA_DSCP_MASK: u16 = 30;
const FRA_COUNT: usize = 31;

/// The old name of a gateway, for the `nat` that no kernel does any more.
pub const RTA_GATEWAY: u16 = 5;

pub const FR_ACT_TO_TBL: u8 = 1;
pub const FR_ACT_GOTO: u8 = 2;
pub const FR_ACT_NOP: u8 = 3;

pub const FIB_RULE_INVERT: u32 = 2;
pub const FIB_RULE_UNRESOLVED: u32 = 4;
pub const FIB_RULE_IIF_DETACHED: u32 = 8;
pub const FIB_RULE_OIF_DETACHED: u32 = 16;

/// One rule; borrows the buffer it was received in.
pub struct Rule<'a> {
    /// Bits.
    pub dst_len: u8,
    /// Bits.
    pub src_len: u8,
    pub tos: u8,
    table: u8,
    /// FR_ACT_*, or RTN_BLACKHOLE and the like.
    pub action: u8,
    /// FIB_RULE_*
    pub flags: u32,
    attrs: Table<'a, FRA_COUNT>,
}

impl<'a> Rule<'a> {
    /// `None` when the message is too short.
    pub fn parse(payload: &'a [u8]) -> Option<Self> {
        let (h, rest) = payload.split_first_chunk::<HEADER_LEN>()?;
        Some(Rule {
            dst_len: h[1],
            src_len: h[2],
            tos: h[3],
            table: h[4],
            action: h[7],
            flags: u32::from_ne_bytes([h[8], h[9], h[10], h[11]]),
            attrs: Table::new(Attrs(rest)),
        })
    }
    pub fn get(&self, kind: u16) -> Option<Attr<'a>> {
        self.attrs.get(kind)
    }
    pub fn u32(&self, kind: u16) -> Option<u32> {
        self.get(kind)?.u32()
    }
    pub fn u8(&self, kind: u16) -> Option<u8> {
        self.get(kind)?.u8()
    }
    /// In host order, but sent in the network's: masks of ports, labels and keys.
    pub fn u32_be(&self, kind: u16) -> Option<u32> {
        self.get(kind)?.u32_be()
    }
    /// Absent for the rule with priority 0.
    pub fn priority(&self) -> Option<u32> {
        self.u32(FRA_PRIORITY)
    }
    /// 0 for rules that look up none.
    pub fn table(&self) -> u32 {
        self.u32(FRA_TABLE).unwrap_or(self.table.into())
    }
    /// Two ports, both included.
    pub fn ports(&self, kind: u16) -> Option<(u16, u16)> {
        let a = self.get(kind)?;
        Some((a.u16()?, Attr { kind, value: a.value.get(2..)? }.u16()?))
    }
    /// Two user ids, both included.
    pub fn uids(&self) -> Option<(u32, u32)> {
        let a = self.get(FRA_UID_RANGE)?;
        Some((a.u32()?, Attr { kind: a.kind, value: a.value.get(4..)? }.u32()?))
    }
}

/// An empty header of a family.
pub fn header(family: u8) -> [u8; HEADER_LEN] {
    let mut h = [0; HEADER_LEN];
    h[0] = family;
    h
}
