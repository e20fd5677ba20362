//! Devices of a dump, each as it comes.
//!
//! `@LOWER` and `master` are the names of other devices, which the kernel may tell later. So a
//! device waits until they are known, and those behind it wait with it. The other end of a cable
//! is mostly the next one: of thousands of devices, a few lie in memory.

use crate::names::Names;
use crate::netlink::{Conn, Error, Request};
use crate::rtnl::link::{Link, essence};

/// Asks for devices and gives each to `show`, in the kernel's order. Whether they changed while
/// they were read.
///
/// # Errors
///
/// The kernel's refusal, which may come behind some devices.
pub fn each(
    conn: &mut Conn,
    request: &mut Request,
    names: &mut Names,
    show: &mut dyn FnMut(&mut Names, &Link<'_>),
) -> Result<bool, Error> {
    names.forget_told_links();
    let mut dump = conn.dump(request)?;
    let mut waiting = Waiting::default();
    while let Some(msg) = dump.next_message()? {
        if let Some((index, arphrd, flags, name)) = essence(msg.payload) {
            names.learn_link(index, name, arphrd, flags);
        }
        let Some(link) = Link::parse(msg.payload) else { continue };
        if waiting.is_empty() && is_ready(names, &link) {
            show(names, &link);
        } else {
            waiting.push(msg.payload);
            while waiting.first().is_some_and(|link| is_ready(names, &link)) {
                waiting.show(names, show);
            }
        }
    }
    // What is asked about those that are left, only the kernel can say.
    while !waiting.is_empty() {
        waiting.show(names, show);
    }
    Ok(dump.interrupted())
}

/// Whether the names that are shown with a device are known.
fn is_ready(names: &Names, link: &Link<'_>) -> bool {
    let known = |index: u32| index == 0 || names.knows_link(index);
    (link.lower_netnsid().is_some() || link.lower().is_none_or(known))
        && link.master().is_none_or(known)
}

/// Messages, each with its length before it, one behind the other.
#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    /// Where the first begins.
    at: usize,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.at == self.bytes.len()
    }
    fn push(&mut self, payload: &[u8]) {
        if self.is_empty() {
            self.bytes.clear();
            self.at = 0;
        }
        self.bytes.extend_from_slice(&payload.len().to_ne_bytes());
        self.bytes.extend_from_slice(payload);
    }
    fn first_payload(&self) -> Option<&[u8]> {
        let (len, rest) = self.bytes[self.at..].split_first_chunk()?;
        rest.get(..usize::from_ne_bytes(*len))
    }
    fn first(&self) -> Option<Link<'_>> {
        Link::parse(self.first_payload()?)
    }
    /// Shows the first and lets it go.
    fn show(&mut self, names: &mut Names, show: &mut dyn FnMut(&mut Names, &Link<'_>)) {
        if let Some(link) = self.first() {
            show(names, &link);
        }
        self.at = self
            .first_payload()
            .map_or(self.bytes.len(), |payload| self.at + size_of::<usize>() + payload.len());
    }
}
