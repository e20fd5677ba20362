//! Chains.

use super::{DELCHAIN, GETCHAIN, NEWCHAIN, attrs, request};
use crate::netlink::{Attr, NLA_F_NESTED, NLM_F_CREATE, NLM_F_EXCL, Request};

const NFTA_CHAIN_TABLE: u16 = 1;
const NFTA_CHAIN_HANDLE: u16 = 2;
const NFTA_CHAIN_NAME: u16 = 3;
const NFTA_CHAIN_HOOK: u16 = 4;
const NFTA_CHAIN_POLICY: u16 = 5;
const NFTA_CHAIN_USE: u16 = 6;
const NFTA_CHAIN_TYPE: u16 = 7;
const NFTA_CHAIN_COUNTERS: u16 = 8;

const NFTA_HOOK_HOOKNUM: u16 = 1;
const NFTA_HOOK_PRIORITY: u16 = 2;

const NFTA_COUNTER_BYTES: u16 = 1;
const NFTA_COUNTER_PACKETS: u16 = 2;

/// A chain is deleted only when it is empty, and nothing with it.
const NLM_F_NONREC: u16 = 0x100;

/// Where a base chain is hooked in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Base<'a> {
    /// NF_INET_*.
    pub hook: u32,
    pub priority: i32,
    /// `filter`, `nat` or `route`.
    pub kind: &'a [u8],
}

/// A chain of a dump.
#[derive(Clone, Copy, Debug)]
pub struct Chain<'a> {
    pub table: &'a [u8],
    pub name: &'a [u8],
    pub handle: u64,
    /// Absent for a chain that is only jumped to.
    pub base: Option<Base<'a>>,
    /// NF_DROP 0 or NF_ACCEPT 1.
    pub policy: u32,
    /// Rules in it and jumps to it, together.
    pub uses: u32,
    /// Packets and bytes that met the policy; absent when nobody counts.
    pub counters: Option<(u64, u64)>,
}

impl<'a> Chain<'a> {
    pub fn new(payload: &'a [u8]) -> Option<Chain<'a>> {
        let mut chain = Chain {
            table: b"",
            name: b"",
            handle: 0,
            base: None,
            policy: 1,
            uses: 0,
            counters: None,
        };
        let mut hook = None;
        let mut kind: &[u8] = b"";
        for a in attrs(payload) {
            match a.kind {
                NFTA_CHAIN_TABLE => chain.table = a.bytes(),
                NFTA_CHAIN_NAME => chain.name = a.bytes(),
                NFTA_CHAIN_HANDLE => chain.handle = a.u64_be().unwrap_or(0),
                NFTA_CHAIN_HOOK => hook = Some(a),
                NFTA_CHAIN_POLICY => chain.policy = a.u32_be().unwrap_or(1),
                NFTA_CHAIN_USE => chain.uses = a.u32_be().unwrap_or(0),
                NFTA_CHAIN_TYPE => kind = a.bytes(),
                NFTA_CHAIN_COUNTERS => {
                    let count = |k| a.nested().find(k).and_then(Attr::u64_be).unwrap_or(0);
                    chain.counters = Some((count(NFTA_COUNTER_PACKETS), count(NFTA_COUNTER_BYTES)));
                }
                _ => {}
            }
        }
        if let Some(hook) = hook {
            let number = |k| hook.nested().find(k).and_then(Attr::u32_be);
            chain.base = Some(Base {
                hook: number(NFTA_HOOK_HOOKNUM)?,
                priority: number(NFTA_HOOK_PRIORITY)?.cast_signed(),
                kind,
            });
        }
        Some(chain)
    }

    /// Asks for all chains of a family.
    pub fn list(family: u8) -> Request {
        request(GETCHAIN, 0, family)
    }
    /// Asks for one chain.
    pub fn get(family: u8, table: &[u8], name: &[u8]) -> Request {
        named(GETCHAIN, 0, family, table, name)
    }
    /// Creates a base chain with policy ACCEPT and counters at zero; one that is there is refused.
    pub fn create_base(family: u8, table: &[u8], name: &[u8], base: Base<'_>) -> Request {
        let mut r = named(NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL, family, table, name);
        hook(&mut r, base);
        r.u32_be(NFTA_CHAIN_POLICY, 1);
        r.strz(NFTA_CHAIN_TYPE, base.kind);
        count(&mut r, (0, 0));
        r
    }
    /// Sets policy and counters of a base chain, which is created when it is not there.
    pub fn set_policy(
        family: u8,
        table: &[u8],
        name: &[u8],
        base: Base<'_>,
        policy: u32,
        counters: (u64, u64),
    ) -> Request {
        let mut r = named(NEWCHAIN, NLM_F_CREATE, family, table, name);
        hook(&mut r, base);
        r.u32_be(NFTA_CHAIN_POLICY, policy);
        r.strz(NFTA_CHAIN_TYPE, base.kind);
        count(&mut r, counters);
        r
    }
    /// Sets the counters of a base chain that is there.
    pub fn set_counters(
        family: u8,
        table: &[u8],
        name: &[u8],
        base: Base<'_>,
        counters: (u64, u64),
    ) -> Request {
        let mut r = named(NEWCHAIN, NLM_F_CREATE, family, table, name);
        hook(&mut r, base);
        r.strz(NFTA_CHAIN_TYPE, base.kind);
        count(&mut r, counters);
        r
    }
    /// Creates a chain to jump to; one that is there is refused.
    pub fn create(family: u8, table: &[u8], name: &[u8]) -> Request {
        named(NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL, family, table, name)
    }
    /// Renames a chain.
    pub fn rename(family: u8, table: &[u8], handle: u64, name: &[u8]) -> Request {
        let mut r = named(NEWCHAIN, 0, family, table, name);
        r.u64_be(NFTA_CHAIN_HANDLE, handle);
        r
    }
    /// Deletes an empty chain.
    pub fn delete(family: u8, table: &[u8], name: &[u8]) -> Request {
        named(DELCHAIN, NLM_F_NONREC, family, table, name)
    }
}

fn named(message: u16, flags: u16, family: u8, table: &[u8], name: &[u8]) -> Request {
    let mut r = request(message, flags, family);
    r.strz(NFTA_CHAIN_TABLE, table);
    r.strz(NFTA_CHAIN_NAME, name);
    r
}

fn hook(r: &mut Request, base: Base<'_>) {
    let nest = r.nest(NFTA_CHAIN_HOOK | NLA_F_NESTED);
    r.u32_be(NFTA_HOOK_HOOKNUM, base.hook);
    r.u32_be(NFTA_HOOK_PRIORITY, base.priority.cast_unsigned());
    r.end(nest);
}

fn count(r: &mut Request, (packets, bytes): (u64, u64)) {
    let nest = r.nest(NFTA_CHAIN_COUNTERS | NLA_F_NESTED);
    r.u64_be(NFTA_COUNTER_BYTES, bytes);
    r.u64_be(NFTA_COUNTER_PACKETS, packets);
    r.end(nest);
}
