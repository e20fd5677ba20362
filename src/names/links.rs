//! Devices by index and by name, asked for one by one and kept.

use crate::netlink::{Attrs, Conn, Protocol, Request};
use crate::rtnl::consts::{
    IFLA_ALT_IFNAME, IFLA_EXT_MASK, IFLA_IFNAME, IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_LINKINFO,
    IFLA_TXQLEN, RTEXT_FILTER_SKIP_STATS, RTEXT_FILTER_VF, RTM_GETLINK,
};

/// What is kept of a device.
#[derive(Debug)]
pub struct Known {
    index: u32,
    /// ARPHRD_*
    pub kind: u16,
    /// IFF_*
    pub flags: u32,
    pub exists: bool,
    /// The name and its length: at most 15 bytes (IFNAMSIZ).
    name: [u8; 15],
    len: u8,
}

static NOBODY: Known = Known { index: 0, kind: 0, flags: 0, exists: false, name: [0; 15], len: 0 };

impl Known {
    #[inline]
    fn new(index: u32, name: &[u8], kind: u16, flags: u32) -> Known {
        let mut known = Known { index, kind, flags, exists: true, ..NOBODY };
        let len = name.len().min(known.name.len());
        known.name[..len].copy_from_slice(&name[..len]);
        known.len = u8::try_from(len).unwrap_or(0);
        known
    }
    #[inline]
    pub fn name(&self) -> &[u8] {
        &self.name[..usize::from(self.len)]
    }
}

/// The cache, and a socket of its own: names are needed while the command's socket is busy with a dump.
#[derive(Default)]
pub struct Links {
    conn: Option<Conn>,
    /// Sorted by index, as the kernel tells them.
    known: Vec<Known>,
    /// The place of the one looked up last.
    last: usize,
    /// Sorted.
    indexes: Vec<(Vec<u8>, u32)>,
    /// A device was asked for that does not exist.
    missed: bool,
}

impl Links {
    pub fn index(&mut self, name: &[u8]) -> Option<u32> {
        if let Ok(at) = self.place_of_name(name) {
            return Some(self.indexes[at].1);
        }
        // Told by a dump: those are kept by index only.
        if let Some(k) = self.known.iter().find(|k| k.exists && k.name() == name) {
            return Some(k.index);
        }
        let short = name.len() < 16;
        let mut index =
            self.ask(&mut query_name(if short { IFLA_IFNAME } else { IFLA_ALT_IFNAME }, name));
        // What if_nametoindex(3) says, which the reference asks next: an alternative name may be
        // short, too, and of `eth0:` or `eth0:1` only what stands before the colon counts.
        if index.is_none() && short {
            let device = name.split(|b| *b == b':').next().unwrap_or(name);
            index = self.ask(&mut query_name(IFLA_ALT_IFNAME, device));
        }
        if let Some(index) = index {
            if let Err(at) = self.place_of_name(name) {
                self.indexes.insert(at, (name.to_vec(), index));
            }
            return Some(index);
        }
        let digits = name.strip_prefix(b"if")?;
        let index: u32 = std::str::from_utf8(digits).ok()?.parse().ok()?;
        (index > 0).then_some(index)
    }

    fn place_of_name(&self, name: &[u8]) -> Result<usize, usize> {
        self.indexes.binary_search_by(|(n, _)| n.as_slice().cmp(name))
    }

    /// Where the device is, or would be.
    #[inline]
    fn place(&self, index: u32) -> Result<usize, usize> {
        match (self.known.get(self.last), self.known.last()) {
            (Some(k), _) if k.index == index => Ok(self.last),
            (_, Some(k)) if k.index < index => Err(self.known.len()),
            _ => self.known.binary_search_by_key(&index, |k| k.index),
        }
    }

    /// Whether nobody need be asked about the device.
    pub fn is_known(&self, index: u32) -> bool {
        self.place(index).is_ok()
    }

    #[inline]
    pub fn get(&mut self, index: u32) -> &Known {
        let mut place = self.place(index);
        if place.is_err() {
            place = self.look_up(index);
        }
        self.last = place.unwrap_or(0);
        self.known.get(self.last).unwrap_or(&NOBODY)
    }

    /// Asks for a device that is not known; afterwards it is, even as one that does not exist.
    fn look_up(&mut self, index: u32) -> Result<usize, usize> {
        if index == 0 || self.ask(&mut query(index)).is_none() {
            self.missed = true;
            let name = match index {
                0 => b"*".to_vec(),
                _ => format!("if{index}").into_bytes(),
            };
            self.keep(Known { exists: false, ..Known::new(index, &name, 0, 0) });
        }
        self.place(index)
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
        self.keep(Known::new(index, name, kind, flags));
    }

    fn keep(&mut self, known: Known) {
        match self.place(known.index) {
            Ok(at) => self.known[at] = known,
            Err(at) => self.known.insert(at, known),
        }
    }

    /// Forgets the devices that were asked for and did not exist: they may by now.
    pub fn forget_missing(&mut self) {
        if std::mem::take(&mut self.missed) {
            self.known.retain(|k| k.exists);
        }
    }

    /// Forgets what is kept by index: a dump is about to tell it anew.
    pub fn forget_all(&mut self) {
        self.known.clear();
    }

    pub fn forget(&mut self, index: u32) {
        if let Ok(at) = self.place(index) {
            self.known.remove(at);
        }
        self.indexes.retain(|(_, i)| *i != index);
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

fn query_name(attr: u16, name: &[u8]) -> Request {
    let mut r = query(0);
    r.strz(attr, name);
    r
}
