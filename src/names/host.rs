//! Host names of addresses, for -resolve: from /etc/hosts only.
//!
//! A static program cannot load the C library's name-service plug-ins, so a name
//! server is never asked.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::sys::file;

/// The names of addresses; of two lines for one address the first counts.
#[derive(Default)]
pub struct Hosts {
    names: HashMap<IpAddr, Vec<u8>>,
}

impl Hosts {
    /// Reads /etc/hosts; a missing file is an empty one.
    pub fn read() -> Hosts {
        let mut hosts = Hosts::default();
        hosts.lines(&file::read(b"/etc/hosts").unwrap_or_default());
        hosts
    }

    /// The name of an address of 4 or 16 bytes.
    pub fn name(&self, addr: &[u8]) -> Option<&[u8]> {
        let ip = if let Ok(a) = <[u8; 4]>::try_from(addr) {
            IpAddr::from(a)
        } else {
            IpAddr::from(<[u8; 16]>::try_from(addr).ok()?)
        };
        self.names.get(&ip).map(Vec::as_slice)
    }

    /// `ADDRESS NAME ...` a line, `#` begins a comment.
    fn lines(&mut self, text: &[u8]) {
        for line in text.split(|&b| b == b'\n') {
            let line = line.split(|&b| b == b'#').next().unwrap_or(line);
            let mut words = line.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty());
            let (Some(addr), Some(name)) = (words.next(), words.next()) else { continue };
            if let Some(ip) = std::str::from_utf8(addr).ok().and_then(|a| a.parse().ok()) {
                self.names.entry(ip).or_insert_with(|| name.to_vec());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_of_the_first_line_counts() {
        let mut h = Hosts::default();
        h.lines(b"# c\n10.0.0.1\tone alias # x\n10.0.0.1 two\n::1 six\nbad name\n10.0.0.2\n");
        assert_eq!(h.name(&[10, 0, 0, 1]), Some(&b"one"[..]));
        assert_eq!(h.name(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]), Some(&b"six"[..]));
        assert_eq!(h.name(&[10, 0, 0, 2]), None);
    }
}
