//! Numbers and their names: devices, routing tables, protocols, scopes, groups.
//!
//! Nothing is read before a number first has to become a name, or a name a number.

pub mod accounts;
mod arphrd;
mod db;
mod ethertype;
pub mod hosts;
pub mod ipset;
mod links;
mod namespaces;
mod netdb;
mod nexthops;

use std::borrow::Cow;
use std::net::IpAddr;

use crate::numeral;
use db::Db;
pub use db::Kind;
use hosts::Hosts;
use links::Links;
use namespaces::Namespaces;
pub use netdb::NetDb;
use nexthops::Nexthops;

/// All names, each read at first use and kept.
#[derive(Default)]
pub struct Names {
    /// -Numeric: numbers where names from the databases would be printed.
    pub numeric: bool,
    /// -resolve: host names where addresses would be printed.
    pub resolve: bool,
    /// The namespace entered with -netns: its /etc/netns/NAME/iproute2 comes first.
    pub netns: Option<Vec<u8>>,
    dbs: [Option<Db>; Kind::COUNT],
    links: Links,
    nexthops: Nexthops,
    hosts: Option<Hosts>,
    files: NetDb,
    namespaces: Option<Namespaces>,
}

impl Names {
    /// The index of a device, by name, alternative name or the literal `ifN`.
    pub fn index(&mut self, name: &[u8]) -> Option<u32> {
        self.links.index(name)
    }
    /// The name of a device; `ifN` for one that does not exist, `*` for 0.
    #[inline]
    pub fn name(&mut self, index: u32) -> &[u8] {
        self.links.get(index).name()
    }
    /// The device's type (ARPHRD_*) and flags, if it exists.
    pub fn link_type_and_flags(&mut self, index: u32) -> Option<(u16, u32)> {
        let l = self.links.get(index);
        l.exists.then_some((l.kind, l.flags))
    }
    /// The index of a device that is a vrf; `None` for any other name.
    pub fn vrf(&mut self, name: &[u8]) -> Option<u32> {
        let index = self.links.index(name)?;
        self.links.is_kind(index, b"vrf").then_some(index)
    }
    /// The message about a nexthop object; empty when there is none.
    pub fn nexthop(&mut self, id: u32) -> &[u8] {
        self.nexthops.get(id)
    }
    /// The routing table of a vrf; that of the vrf `default` is the main one.
    pub fn vrf_table(&mut self, name: &[u8]) -> Option<u32> {
        if name == b"default" {
            return self.number(Kind::RtTable, b"main");
        }
        let index = self.links.index(name)?;
        self.links.vrf_table(index)
    }
    /// The length of a device's queue in packets, for dumps that do not tell it.
    pub fn queue_len(&mut self, index: u32) -> Option<i32> {
        self.links.queue_len(index)
    }
    /// Tells what a dump has shown, so that it need not be asked for.
    pub fn learn_link(&mut self, index: u32, name: &[u8], kind: u16, flags: u32) {
        self.links.learn(index, name, kind, flags);
    }
    /// Whether the device's name, type and flags are known without asking.
    pub fn knows_link(&self, index: u32) -> bool {
        self.links.is_known(index)
    }
    /// Forgets what earlier dumps told: another one is about to.
    pub fn forget_told_links(&mut self) {
        self.links.forget_all();
    }
    /// Forgets a device that was changed.
    pub fn forget_link(&mut self, index: u32) {
        self.links.forget(index);
    }
    /// Forgets which devices do not exist: they may by now.
    pub fn forget_missing(&mut self) {
        self.links.forget_missing();
    }
    /// The name of a type of device (ARPHRD_*); `[N]` for one without a name and with -Numeric.
    pub fn link_type(&self, number: u16) -> Cow<'static, str> {
        match arphrd::name(number) {
            Some(name) if !self.numeric => Cow::Borrowed(name),
            _ => Cow::Owned(format!("[{number}]")),
        }
    }
    /// The name of an Ethernet protocol; `[N]` for one without a name and with -Numeric.
    pub fn ethertype(&self, number: u16) -> Cow<'static, str> {
        match ethertype::name(number) {
            Some(name) if !self.numeric => Cow::Borrowed(name),
            _ => Cow::Owned(format!("[{number}]")),
        }
    }
    /// The number of an Ethernet protocol, by its name in any case or as a numeral.
    pub fn ethertype_number(&self, word: &[u8]) -> Option<u16> {
        ethertype::number(word).or_else(|| numeral::u64(word, 0)?.try_into().ok())
    }
    /// The name of the network namespace that has this id here.
    pub fn namespace(&mut self, id: i32) -> Option<&[u8]> {
        self.namespaces.get_or_insert_with(Namespaces::read).name(id)
    }
    /// Forgets the names of namespaces: some have come or gone.
    pub fn forget_namespaces(&mut self) {
        self.namespaces = None;
    }
    /// Forgets all devices and namespace ids: another namespace was entered.
    pub fn forget_links(&mut self) {
        self.links = Links::default();
        self.nexthops = Nexthops::default();
        self.namespaces = None;
    }

    /// The host name of an address of 4 or 16 bytes; `None` without -resolve and for addresses
    /// that /etc/hosts does not know.
    pub fn host(&mut self, addr: &[u8]) -> Option<&[u8]> {
        if !self.resolve {
            return None;
        }
        let addr = match addr.len() {
            4 => IpAddr::from(*addr.first_chunk::<4>()?),
            _ => IpAddr::from(<[u8; 16]>::try_from(addr).ok()?),
        };
        self.hosts.get_or_insert_with(Hosts::read).name(addr)
    }

    /// The name of an IP protocol; `ipproto-N` for one without a name and with -Numeric.
    pub fn ip_protocol(&self, number: u8) -> Cow<'_, [u8]> {
        match self.files.protocol_name(number) {
            Some(name) if !self.numeric => Cow::Borrowed(name),
            _ => Cow::Owned(format!("ipproto-{number}").into_bytes()),
        }
    }
    /// The name of an IP protocol, or its number; -Numeric does not matter.
    pub fn protocol_or_number(&self, number: u8) -> Cow<'_, [u8]> {
        match self.files.protocol_name(number) {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(number.to_string().into_bytes()),
        }
    }
    /// The number of an IP protocol by its name alone.
    pub fn ip_protocol_named(&self, word: &[u8]) -> Option<u8> {
        self.files.protocol(word)
    }
    /// The number of an IP protocol, by its name or in decimal.
    pub fn ip_protocol_number(&self, word: &[u8]) -> Option<u8> {
        let number = numeral::u64(word, 10).and_then(|n| n.try_into().ok());
        number.or_else(|| self.files.protocol(word))
    }
    /// The name of a DSCP, which is the upper six bits of a TOS byte, or its number in decimal.
    pub fn dscp(&mut self, dscp: u8) -> Cow<'_, str> {
        // For 0 alone the file is not read: its name shows only behind another one (observed in
        // iproute2 6.15).
        let numeric = self.numeric || dscp == 0 && self.dbs[Kind::DsField as usize].is_none();
        if numeric {
            return Cow::Owned(dscp.to_string());
        }
        match self.db(Kind::DsField).name(u32::from(dscp) << 2) {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(dscp.to_string()),
        }
    }

    #[inline]
    fn db(&mut self, kind: Kind) -> &Db {
        self.dbs[kind as usize].get_or_insert_with(|| Db::read(kind, self.netns.as_deref()))
    }
    /// The name of a number, or the number as this database prints unknown ones.
    #[inline]
    pub fn show(&mut self, kind: Kind, number: u32) -> Cow<'_, str> {
        let numeric = self.numeric;
        match self.db(kind).name(number) {
            Some(name) if !numeric => Cow::Borrowed(name),
            _ => Cow::Owned(kind.unknown(number)),
        }
    }
    /// Every name of a database.
    pub fn all(&mut self, kind: Kind) -> Vec<String> {
        self.db(kind).all().map(str::to_owned).collect()
    }
    /// The number of a name or a numeral; `None` when it is neither or too large.
    pub fn number(&mut self, kind: Kind, word: &[u8]) -> Option<u32> {
        if let Some(n) = self.db(kind).number(word) {
            return Some(n);
        }
        kind.parse(word)
    }
}
