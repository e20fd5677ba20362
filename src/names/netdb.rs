//! The network's databases: /etc/hosts, /etc/networks, /etc/services, /etc/protocols.
//!
//! A static program cannot load the C library's name services, so files are all there is. Each is
//! read at first use and kept.

use std::cell::OnceCell;
use std::net::{IpAddr, Ipv4Addr};

use super::hosts::{Hosts, Networks};
use super::ipset::Sets;
use crate::sys::file;

/// The databases.
#[derive(Default)]
pub struct NetDb {
    hosts: OnceCell<Hosts>,
    networks: OnceCell<Networks>,
    services: OnceCell<Vec<u8>>,
    protocols: OnceCell<Vec<u8>>,
    /// The kernel's, asked for at first use.
    pub sets: Sets,
}

/// The words of each line up to `#`.
fn lines(text: &[u8]) -> impl Iterator<Item = impl Iterator<Item = &[u8]>> {
    text.split(|&b| b == b'\n').map(|line| {
        let line = line.split(|&b| b == b'#').next().unwrap_or(line);
        line.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty())
    })
}

fn number<T: std::str::FromStr>(word: &[u8]) -> Option<T> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

fn text<'a>(cell: &'a OnceCell<Vec<u8>>, path: &str) -> &'a [u8] {
    cell.get_or_init(|| file::read(path.as_bytes()).unwrap_or_default())
}

impl NetDb {
    fn hosts(&self) -> &Hosts {
        self.hosts.get_or_init(Hosts::read)
    }
    fn networks(&self) -> &Networks {
        self.networks.get_or_init(Networks::read)
    }
    fn services(&self) -> &[u8] {
        text(&self.services, "/etc/services")
    }
    fn protocols(&self) -> &[u8] {
        text(&self.protocols, "/etc/protocols")
    }

    /// The addresses of a host, in the order of the file.
    pub fn addresses(&self, host: &[u8]) -> Vec<IpAddr> {
        self.hosts().addresses(host)
    }
    /// The first name of an address.
    pub fn host(&self, addr: IpAddr) -> Option<&[u8]> {
        self.hosts().name(addr)
    }
    /// The address of a network by name.
    pub fn network_address(&self, name: &[u8]) -> Option<Ipv4Addr> {
        self.networks().address(name)
    }
    /// The name of a network by address.
    pub fn network(&self, addr: Ipv4Addr) -> Option<&[u8]> {
        self.networks().name(addr)
    }

    /// The port of a service, of this protocol or of any.
    pub fn port(&self, service: &[u8], protocol: Option<&[u8]>) -> Option<u16> {
        lines(self.services()).find_map(|mut words| {
            let name = words.next()?;
            let (port, proto) = port_of(words.next()?)?;
            let named = name == service || words.any(|w| w == service);
            (named && protocol.is_none_or(|p| p == proto)).then_some(port)
        })
    }
    /// The name of a port, of this protocol or of any.
    pub fn service(&self, port: u16, protocol: Option<&[u8]>) -> Option<&[u8]> {
        lines(self.services()).find_map(|mut words| {
            let name = words.next()?;
            let (number, proto) = port_of(words.next()?)?;
            (number == port && protocol.is_none_or(|p| p == proto)).then_some(name)
        })
    }

    /// The number of a protocol.
    pub fn protocol(&self, name: &[u8]) -> Option<u8> {
        lines(self.protocols()).find_map(|mut words| {
            let first = words.next()?;
            let value = number(words.next()?)?;
            (first == name || words.any(|w| w == name)).then_some(value)
        })
    }
    /// The name of a protocol.
    pub fn protocol_name(&self, value: u8) -> Option<&[u8]> {
        lines(self.protocols()).find_map(|mut words| {
            let name = words.next()?;
            (number::<u8>(words.next()?)? == value).then_some(name)
        })
    }
}

/// `80/tcp`.
fn port_of(word: &[u8]) -> Option<(u16, &[u8])> {
    let at = word.iter().position(|&b| b == b'/')?;
    Some((number(&word[..at])?, &word[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn db() -> NetDb {
        let db = NetDb::default();
        let _ = db.services.set(b"http 80/tcp www\ndomain 53/tcp\ndomain 53/udp\nx y\n".to_vec());
        let _ = db.protocols.set(b"tcp 6 TCP\ngre\t47 GRE # c\nbig 300\n".to_vec());
        db
    }

    #[test]
    fn names_and_numbers_are_found() {
        let db = db();
        assert_eq!((db.port(b"www", None), db.port(b"http", Some(b"udp"))), (Some(80), None));
        assert_eq!(db.service(53, Some(b"udp")), Some(&b"domain"[..]));
        assert_eq!((db.protocol(b"GRE"), db.protocol(b"big")), (Some(47), None));
        assert_eq!(db.protocol_name(6), Some(&b"tcp"[..]));
    }
}
