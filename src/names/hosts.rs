//! Names of hosts and networks from /etc/hosts and /etc/networks.
//!
//! A static program cannot load the C library's name services, so files are all there is.

use std::net::{IpAddr, Ipv4Addr};

use crate::sys::file;

/// The words of each line, without comments.
fn lines(text: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    text.split(|&b| b == b'\n').map(|line| {
        let end = line.iter().position(|&b| b == b'#').unwrap_or(line.len());
        line[..end].split(u8::is_ascii_whitespace).filter(|w| !w.is_empty()).collect()
    })
}

/// Whether the machine would ask other machines for names that its files do not have: then such
/// names may exist, else they do not. By /etc/nsswitch.conf; without one it would.
pub fn others_are_asked() -> bool {
    let text = file::read(b"/etc/nsswitch.conf").unwrap_or_default();
    let hosts = lines(&text).find(|words| words.first().is_some_and(|w| *w == b"hosts:"));
    hosts.is_none_or(|sources| sources.iter().any(|s| matches!(*s, b"dns" | b"resolve")))
}

/// Whether all lines of a name count or only the first: `multi on` in /etc/host.conf(5).
pub fn all_lines_count() -> bool {
    let text = file::read(b"/etc/host.conf").unwrap_or_default();
    lines(&text).any(|words| words == [&b"multi"[..], b"on"])
}

/// /etc/hosts, read once.
#[derive(Debug, Default)]
pub struct Hosts {
    /// An address and its names, the first of which is the canonical one.
    rows: Vec<(IpAddr, Vec<Vec<u8>>)>,
}

impl Hosts {
    /// Reads the file; one that is not there is empty.
    pub fn read() -> Hosts {
        Hosts::parse(&file::read(b"/etc/hosts").unwrap_or_default())
    }

    fn parse(text: &[u8]) -> Hosts {
        let row = |words: Vec<&[u8]>| {
            let (first, names) = words.split_first()?;
            let addr = std::str::from_utf8(first).ok()?.parse().ok()?;
            (!names.is_empty()).then(|| (addr, names.iter().map(|n| n.to_vec()).collect()))
        };
        Hosts { rows: lines(text).filter_map(row).collect() }
    }

    /// The addresses of a name, in the order of the file; upper and lower case are the same.
    pub fn addresses(&self, name: &[u8]) -> Vec<IpAddr> {
        self.rows_of(name).map(|(a, _)| *a).collect()
    }

    /// The canonical name of a host that has this one.
    pub fn canonical(&self, name: &[u8]) -> Option<&[u8]> {
        self.rows_of(name).next()?.1.first().map(Vec::as_slice)
    }

    fn rows_of(&self, name: &[u8]) -> impl Iterator<Item = &(IpAddr, Vec<Vec<u8>>)> {
        let has = move |names: &[Vec<u8>]| names.iter().any(|n| n.eq_ignore_ascii_case(name));
        self.rows.iter().filter(move |(_, names)| has(names))
    }

    /// The canonical name of an address.
    pub fn name(&self, addr: IpAddr) -> Option<&[u8]> {
        let row = self.rows.iter().find(|(a, _)| *a == addr)?;
        row.1.first().map(Vec::as_slice)
    }
}

/// /etc/networks, read once.
#[derive(Debug, Default)]
pub struct Networks {
    rows: Vec<(Ipv4Addr, Vec<Vec<u8>>)>,
}

impl Networks {
    /// Reads the file; one that is not there is empty.
    pub fn read() -> Networks {
        Networks::parse(&file::read(b"/etc/networks").unwrap_or_default())
    }

    fn parse(text: &[u8]) -> Networks {
        let row = |words: Vec<&[u8]>| {
            let (name, rest) = words.split_first()?;
            let (number, aliases) = rest.split_first()?;
            // inet_network(3): parts are filled in from the left here, since the file leaves
            // out the zeros at the end.
            let mut parts = std::str::from_utf8(number).ok()?.split('.');
            let mut octets = [0u8; 4];
            for slot in &mut octets {
                let Some(part) = parts.next() else { break };
                *slot = part.parse().ok()?;
            }
            let mut names = vec![name.to_vec()];
            names.extend(aliases.iter().map(|n| n.to_vec()));
            parts.next().is_none().then(|| (Ipv4Addr::from(octets), names))
        };
        Networks { rows: lines(text).filter_map(row).collect() }
    }

    /// The address of a network by its name or an alias.
    pub fn address(&self, name: &[u8]) -> Option<Ipv4Addr> {
        let has = |names: &[Vec<u8>]| names.iter().any(|n| n.eq_ignore_ascii_case(name));
        self.rows.iter().find(|(_, names)| has(names)).map(|(a, _)| *a)
    }

    /// The name of a network.
    pub fn name(&self, addr: Ipv4Addr) -> Option<&[u8]> {
        let row = self.rows.iter().find(|(a, _)| *a == addr)?;
        row.1.first().map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_have_a_canonical_name_and_aliases() {
        let h = Hosts::parse(
            b"127.0.0.1 localhost\n::1 localhost ip6-localhost # six\n#1.1.1.1 no\nx y\n10.0.0.1\n",
        );
        assert_eq!(h.addresses(b"LOCALHOST").len(), 2);
        assert_eq!(h.name("::1".parse().unwrap()), Some(&b"localhost"[..]));
        assert_eq!(h.canonical(b"IP6-localhost"), Some(&b"localhost"[..]));
        assert_eq!(h.addresses(b"ip6-localhost"), ["::1".parse::<IpAddr>().unwrap()]);
        assert!(h.addresses(b"no").is_empty() && h.addresses(b"y").is_empty());
    }

    #[test]
    fn networks_leave_out_zeros() {
        let n = Networks::parse(b"loopback 127\nlan 192.168.1 home\nbad 1.2.3.4.5\n");
        assert_eq!(n.address(b"home"), Some(Ipv4Addr::new(192, 168, 1, 0)));
        assert_eq!(n.name(Ipv4Addr::new(127, 0, 0, 0)), Some(&b"loopback"[..]));
        assert_eq!(n.address(b"bad"), None);
    }
}
