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
    let mut dump = conn.dump(request)?.shown();
    let mut waiting = Waiting::default();
    while let Some(msg) = dump.next_message()? {
        if let Some((index, arphrd, flags, name)) = essence(msg.payload) {
            names.learn_link(index, name, arphrd, flags);
        }
        let Some(link) = Link::parse(msg.payload) else { continue };
        while waiting.first().is_some_and(|w| w.is_ready(names)) {
            waiting.show(names, show);
        }
        let named = named(&link);
        if waiting.first().is_none() && named.is_ready(names) {
            show(names, &link);
        } else {
            waiting.push(named, msg.payload);
        }
    }
    // What is asked about those that are left, only the kernel can say.
    while waiting.first().is_some() {
        waiting.show(names, show);
    }
    Ok(dump.interrupted())
}

/// The devices whose names are shown with another: the lower one and the master, 0 for none.
#[derive(Clone, Copy)]
struct Named([u32; 2]);

fn named(link: &Link<'_>) -> Named {
    let lower = link.lower().filter(|_| link.lower_netnsid().is_none());
    Named([lower.unwrap_or(0), link.master().unwrap_or(0)])
}

impl Named {
    fn is_ready(self, names: &Names) -> bool {
        self.0.iter().all(|&index| index == 0 || names.knows_link(index))
    }
}

/// Messages, one behind the other, each with the devices it names and its length before it.
#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    /// Where the first begins.
    at: usize,
}

impl Waiting {
    fn push(&mut self, named: Named, payload: &[u8]) {
        if self.at == self.bytes.len() {
            self.bytes.clear();
            self.at = 0;
        }
        let len = u32::try_from(payload.len()).unwrap_or(0);
        for number in [named.0[0], named.0[1], len] {
            self.bytes.extend_from_slice(&number.to_ne_bytes());
        }
        self.bytes.extend_from_slice(payload);
    }
    fn number(&self, place: usize) -> Option<u32> {
        let bytes = self.bytes.get(self.at + 4 * place..)?;
        bytes.first_chunk().map(|b| u32::from_ne_bytes(*b))
    }
    /// What the first one names, if one waits.
    fn first(&self) -> Option<Named> {
        Some(Named([self.number(0)?, self.number(1)?]))
    }
    /// Shows the first and lets it go.
    fn show(&mut self, names: &mut Names, show: &mut dyn FnMut(&mut Names, &Link<'_>)) {
        let begin = self.at + 12;
        let end = begin + self.number(2).map_or(0, |len| len as usize);
        if let Some(link) = self.bytes.get(begin..end).and_then(Link::parse) {
            show(names, &link);
        }
        self.at = end.min(self.bytes.len());
    }
}
