//! A rule, typed and complete: what `-A` reads, the kernel keeps and `-S` prints.

use super::address::Net;
use super::ext::Ext;

/// An interface by name, or by a beginning of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Iface {
    /// As typed, `+` for any rest included; empty for any interface.
    pub name: Vec<u8>,
    pub not: bool,
}

/// A match or a target extension with its values.
#[derive(Clone, Debug)]
pub struct Call {
    pub ext: &'static Ext,
    /// The kernel's structure, padded to eight bytes.
    pub info: Vec<u8>,
}

impl PartialEq for Call {
    /// What only the kernel uses is not compared.
    fn eq(&self, other: &Call) -> bool {
        let user = self.ext.user;
        self.ext.wire == other.ext.wire
            && self.ext.revision == other.ext.revision
            && self.info.len() == other.info.len()
            && self.info.get(..user) == other.info.get(..user)
    }
}

/// What becomes of a packet.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Target {
    /// The next rule.
    #[default]
    None,
    Accept,
    Drop,
    Return,
    Jump(Vec<u8>),
    Goto(Vec<u8>),
    Call(Call),
}

impl Target {
    /// What stands behind `-j` or `-g`.
    pub fn name(&self) -> &[u8] {
        match self {
            Target::None => b"",
            Target::Accept => b"ACCEPT",
            Target::Drop => b"DROP",
            Target::Return => b"RETURN",
            Target::Jump(chain) | Target::Goto(chain) => chain,
            Target::Call(call) => call.ext.name.as_bytes(),
        }
    }
    /// What `-L` and `-v` call it: an extension by its name in the kernel.
    pub fn column(&self) -> &[u8] {
        match self {
            Target::Call(call) => call.ext.wire.as_bytes(),
            _ => self.name(),
        }
    }
    /// The chain that is jumped to.
    pub fn chain(&self) -> Option<&[u8]> {
        match self {
            Target::Jump(chain) | Target::Goto(chain) => Some(chain),
            _ => None,
        }
    }
}

/// A rule.
#[derive(Clone, Debug, Default)]
pub struct Rule {
    pub source: Net,
    pub destination: Net,
    /// Further sources and destinations, any of which will do: from a set of `nft`. Typed ones
    /// make a rule each.
    pub others: [Vec<Net>; 2],
    pub input: Iface,
    pub output: Iface,
    /// 0 for any.
    pub proto: u8,
    pub proto_not: bool,
    /// `Some(true)` is `! -f`.
    pub fragment: Option<bool>,
    pub matches: Vec<Call>,
    pub target: Target,
    /// Packets and bytes.
    pub counters: (u64, u64),
    /// What the rule has besides, in words, when it cannot be expressed here. Such a rule is
    /// equal to no other and is never printed without a mark.
    pub strange: Vec<Vec<u8>>,
}

impl Rule {
    /// Whether it can be made anew from what is known of it, as one rule.
    pub fn is_whole(&self) -> bool {
        self.strange.is_empty() && self.others.iter().all(Vec::is_empty)
    }
    /// Its matches, and its target if that is an extension.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        let target = match &self.target {
            Target::Call(call) => Some(call),
            _ => None,
        };
        self.matches.iter().chain(target)
    }
    /// Whether its matches keep in mind what they have seen, so that two rules are not one.
    pub fn remembers(&self) -> bool {
        const MEMORY: [&str; 7] =
            ["limit", "hashlimit", "statistic", "quota", "recent", "connlimit", "rateest"];
        self.matches.iter().any(|call| MEMORY.contains(&call.ext.name))
    }
}

impl Default for Net {
    fn default() -> Self {
        Net::ANY
    }
}

impl PartialEq for Rule {
    /// Counters are not compared.
    fn eq(&self, other: &Rule) -> bool {
        self.strange.is_empty()
            && other.strange.is_empty()
            && self.source == other.source
            && self.destination == other.destination
            && self.others == other.others
            && self.input == other.input
            && self.output == other.output
            && (self.proto, self.proto_not) == (other.proto, other.proto_not)
            && self.fragment == other.fragment
            && self.matches == other.matches
            && self.target == other.target
    }
}
