//! Devices by index and by name, asked for one by one and kept.

use std::collections::BTreeMap;

use crate::netlink::{Attrs, Conn, Protocol, Request};
use crate::rtnl::consts::{
    IFLA_ALT_IFNAME, IFLA_EXT_MASK, IFLA_IFNAME, IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_LINKINFO,
    IFLA_TXQLEN, RTEXT_FILTER_SKIP_STATS, RTEXT_FILTER_VF, RTM_GETLINK,
};

/// What is kept of a device.
#[derive(Debug, Default)]
pub struct Known {
    pub name: Vec<u8>,
    /// ARPHRD_*
    pub kind: u16,
    /// IFF_*
    pub flags: u32,
    pub exists: bool,
}

static NOBODY: Known = Known { name: Vec::new(), kind: 0, flags: 0, exists: false };

/// The cache, and a socket of its own: names are needed while the command's socket is busy with a dump.
#[derive(Default)]
pub struct Links {
    conn: Option<Conn>,
    known: BTreeMap<u32, Known>,
    indexes: BTreeMap<Vec<u8>, u32>,
    /// A device was asked for that does not exist.
    missed: bool,
}

impl Links {
    pub fn index(&mut self, name: &[u8]) -> Option<u32> {
        if let Some(&i) = self.indexes.get(name) {
            return Some(i);
        }
        // Told by a dump: those are kept by index only.
        if let Some((&i, _)) = self.known.iter().find(|(_, k)| k.exists && k.name == name) {
            return Some(i);
        }
        let mut query = query(0);
        if name.len() < 16 {
            query.strz(IFLA_IFNAME, name);
        } else {
            query.strz(IFLA_ALT_IFNAME, name);
        }
        if let Some(index) = self.ask(&mut query) {
            self.indexes.insert(name.to_vec(), index);
            return Some(index);
        }
        // An alternative name may be short, too.
        if name.len() < 16 {
            let mut query = query_alt(name);
            if let Some(index) = self.ask(&mut query) {
                self.indexes.insert(name.to_vec(), index);
                return Some(index);
            }
        }
        let digits = name.strip_prefix(b"if")?;
        let index: u32 = std::str::from_utf8(digits).ok()?.parse().ok()?;
        (index > 0).then_some(index)
    }

    #[inline]
    pub fn get(&mut self, index: u32) -> &Known {
        if !self.known.contains_key(&index) {
            let found = index != 0 && self.ask(&mut query(index)).is_some();
            if !found {
                let name = match index {
                    0 => b"*".to_vec(),
                    _ => format!("if{index}").into_bytes(),
                };
                self.missed = true;
                self.known.insert(index, Known { name, ..Known::default() });
            }
        }
        self.known.get(&index).unwrap_or(&NOBODY)
    }

    /// Whether the device is of this kind (IFLA_INFO_KIND); asked anew each time.
    pub fn is_kind(&mut self, index: u32, kind: &[u8]) -> bool {
        self.info(index).and_then(|i| i.find(IFLA_INFO_KIND)).is_some_and(|k| k.bytes() == kind)
    }

    /// The table of a vrf; `None` for other devices. Asked anew each time.
    pub fn vrf_table(&mut self, index: u32) -> Option<u32> {
        const IFLA_VRF_TABLE: u16 = 1;
        let info = self.info(index)?;
        info.find(IFLA_INFO_KIND).filter(|k| k.bytes() == b"vrf")?;
        info.find(IFLA_INFO_DATA)?.nested().find(IFLA_VRF_TABLE)?.u32()
    }

    fn info(&mut self, index: u32) -> Option<Attrs<'_>> {
        Some(self.describe(index)?.find(IFLA_LINKINFO)?.nested())
    }

    /// The length of the device's queue in packets; asked anew each time.
    pub fn queue_len(&mut self, index: u32) -> Option<i32> {
        self.describe(index)?.find(IFLA_TXQLEN)?.i32()
    }

    /// What the kernel says of a device.
    fn describe(&mut self, index: u32) -> Option<Attrs<'_>> {
        if self.conn.is_none() {
            self.conn = Conn::open(Protocol::Route, 1 << 20).ok();
        }
        let msg = self.conn.as_mut()?.get(&mut query(index)).ok()?;
        Some(Attrs(msg.payload.get(16..)?))
    }

    /// Keeps what a dump or a notification says; questions by name are still the kernel's.
    pub fn learn(&mut self, index: u32, name: &[u8], kind: u16, flags: u32) {
        match self.known.get_mut(&index) {
            Some(k) if k.name == name => (k.kind, k.flags) = (kind, flags),
            _ => {
                self.known.insert(index, Known { name: name.to_vec(), kind, flags, exists: true });
            }
        }
    }

    /// Forgets the devices that were asked for and did not exist: they may by now.
    pub fn forget_missing(&mut self) {
        if std::mem::take(&mut self.missed) {
            self.known.retain(|_, k| k.exists);
        }
    }

    pub fn forget(&mut self, index: u32) {
        self.known.remove(&index);
        self.indexes.retain(|_, i| *i != index);
    }

    /// Asks the kernel and keeps the answer.
    fn ask(&mut self, query: &mut Request) -> Option<u32> {
        if self.conn.is_none() {
            self.conn = Conn::open(Protocol::Route, 1 << 20).ok();
        }
        let msg = self.conn.as_mut()?.get(query).ok()?;
        // struct ifinfomsg: family u8, pad, type u16, index i32, flags u32, change u32.
        let (header, attrs) = msg.payload.split_first_chunk::<16>()?;
        let kind = u16::from_ne_bytes([header[2], header[3]]);
        let index = u32::from_ne_bytes([header[4], header[5], header[6], header[7]]);
        let flags = u32::from_ne_bytes([header[8], header[9], header[10], header[11]]);
        let name = Attrs(attrs).find(IFLA_IFNAME)?.bytes().to_vec();
        self.learn(index, &name, kind, flags);
        Some(index)
    }
}

fn query(index: u32) -> Request {
    let mut header = [0; 16];
    header[4..8].copy_from_slice(&index.to_ne_bytes());
    let mut r = Request::new(RTM_GETLINK, 0, &header);
    r.u32(IFLA_EXT_MASK, RTEXT_FILTER_VF | RTEXT_FILTER_SKIP_STATS);
    r
}

fn query_alt(name: &[u8]) -> Request {
    let mut r = query(0);
    r.strz(IFLA_ALT_IFNAME, name);
    r
}
