//! Rules of nf_tables, whoever has made them: iptables, nft, docker, firewalld.

/// A table with its chains.
#[derive(Clone, Debug)]
pub struct Table {
    /// NFPROTO_*: inet 1, ip 2, arp 3, netdev 5, bridge 7, ip6 10.
    pub family: u8,
    pub name: Vec<u8>,
    /// It does nothing for the time being.
    pub dormant: bool,
    /// It is one of the older interface: iptables-legacy shows and changes it.
    pub legacy: bool,
    pub chains: Vec<Chain>,
    pub sets: Vec<Set>,
}

/// A chain with its rules.
#[derive(Clone, Debug)]
pub struct Chain {
    pub name: Vec<u8>,
    /// Absent for a chain that is only jumped to.
    pub base: Option<Base>,
    pub rules: Vec<Rule>,
}

/// Where a chain is hooked in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// NF_INET_*: prerouting 0, input 1, forward 2, output 3, postrouting 4.
    pub hook: u32,
    /// The lower comes first.
    pub priority: i32,
    /// `filter`, `nat` or `route`.
    pub kind: Vec<u8>,
    /// Whether what no rule decides is let through.
    pub accepts: bool,
}

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule {
    pub handle: u64,
    /// For [`crate::nft::Reader`].
    pub exprs: Vec<u8>,
    /// What the program that made it has noted.
    pub user_data: Vec<u8>,
}

/// A set or map, with its elements when they were read.
#[derive(Clone, Debug)]
pub struct Set {
    pub name: Vec<u8>,
    /// NFT_SET_*
    pub flags: u32,
    /// Bytes.
    pub key_len: u32,
    /// `None`: they were not read.
    pub elements: Option<Vec<Element>>,
}

/// An element of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Absent for the one that holds for everything else.
    pub key: Option<Vec<u8>>,
    /// The last key of a range, in sets of several fields.
    pub key_end: Option<Vec<u8>>,
    /// The value of a map: NFTA_DATA_* attributes.
    pub data: Vec<u8>,
    /// The key ends an interval, and is the first that is no longer in it.
    pub end: bool,
}

impl Table {
    /// The chain of this name.
    pub fn chain(&self, name: &[u8]) -> Option<&Chain> {
        self.chains.iter().find(|c| c.name == name)
    }
}
