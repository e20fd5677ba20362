//! `route -6 add` and `route -6 del`.

use std::net::Ipv6Addr;

use super::{REFUSED, RESOLVE, RTF_DYNAMIC, RTF_GATEWAY, RTF_HOST, RTF_MODIFIED, RTF_UP};
use super::{answered, failed, usage};
use crate::cli::value;
use crate::error::{Error, strerror};
use crate::names::hosts::{self, Hosts};
use crate::sys::ioctl::{self, Route6};

pub const HELP: &str = "\
Usage: route -6 {add|del} TARGET[/LENGTH] [gw GATEWAY] [metric N] [mod] [dyn] [[dev] DEVICE]
";

/// Reads the words and asks the kernel.
///
/// # Errors
///
/// The reference's sentences: 3 for wrong words, 1 and 6 for unknown names, 7 for refusals.
pub fn change(add: bool, words: &[&[u8]]) -> Result<(), Error> {
    let bad = || usage(HELP);
    let mut rest = words.iter().copied();
    let mut next = || rest.next();
    let target = next().ok_or_else(bad)?;
    let (dst, prefix_len) = prefix(target)?;
    let mut route = Route6 {
        dst,
        gateway: Ipv6Addr::UNSPECIFIED,
        prefix_len,
        metric: 1,
        flags: u32::from(RTF_UP),
        ifindex: 0,
    };
    if prefix_len == 128 {
        route.flags |= u32::from(RTF_HOST);
    }
    let mut device = None;
    while let Some(word) = next() {
        match word {
            b"metric" => {
                let n = next().filter(|n| n.first().is_some_and(u8::is_ascii_digit));
                route.metric = value::atoi(n.ok_or_else(bad)?).cast_unsigned();
            }
            b"gw" | b"gateway" => {
                let gateway = u32::from(RTF_GATEWAY);
                let word = next().filter(|_| route.flags & gateway == 0).ok_or_else(bad)?;
                let unknown = || failed(RESOLVE, &[&why(word, b"Resolver Error 0 (no error)")]);
                route.gateway = value::ipv6(word).map(Ipv6Addr::from).ok_or_else(unknown)?;
                route.flags |= gateway;
            }
            b"mod" => route.flags |= u32::from(RTF_MODIFIED),
            b"dyn" => route.flags |= u32::from(RTF_DYNAMIC),
            // Of several the last counts.
            b"device" | b"dev" => device = Some(next().ok_or_else(bad)?),
            // The last word may be a device without `dev`.
            name => {
                device = Some(name);
                if next().is_some() {
                    return Err(bad());
                }
            }
        }
    }
    if let Some(name) = device {
        // As the reference spells it.
        route.ifindex = ioctl::index(name)
            .map_err(|e| failed(REFUSED, &[b"SIOGIFINDEX: ", strerror(&e).as_bytes()]))?;
    }
    let what = if add { "SIOCADDRT" } else { "SIOCDELRT" };
    answered(what, ioctl::change_route6(add, &route))
}

fn prefix(target: &[u8]) -> Result<(Ipv6Addr, u16), Error> {
    if target == b"default" {
        return Ok((Ipv6Addr::UNSPECIFIED, 0));
    }
    let (name, length) = match target.iter().position(|&b| b == b'/') {
        Some(at) => (&target[..at], Some(&target[at + 1..])),
        None => (target, None),
    };
    let length = match length.map_or(128, value::atoi) {
        n @ 0..=128 => u16::try_from(n).unwrap_or(128),
        _ => return Err(usage(HELP)),
    };
    if let Some(octets) = value::ipv6(name) {
        return Ok((octets.into(), length));
    }
    let v6 = Hosts::read().addresses(name).into_iter().find_map(|a| match a {
        std::net::IpAddr::V6(a) => Some(a),
        std::net::IpAddr::V4(_) => None,
    });
    v6.map(|a| (a, length)).ok_or_else(|| unknown(name))
}

/// A resolver's sentence; without a name it stands alone.
fn why(name: &[u8], sentence: &[u8]) -> Vec<u8> {
    [name, if name.is_empty() { b"" } else { b": " }, sentence].concat()
}

/// getaddrinfo's number and a sentence for it.
fn unknown(name: &[u8]) -> Error {
    let (number, why): (&[u8], &[u8]) = if value::numeric_host(name).is_some() {
        (b"-9", b"Resolver Error 0 (no error)")
    } else if name.starts_with(b"#") || !hosts::others_are_asked() {
        (b"-2", b"Unknown host")
    } else {
        (b"-3", b"Host name lookup failure")
    };
    failed(1, &[b"getaddrinfo: ", name, b": ", number, b"\n", &self::why(name, why)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes() {
        let read = |w: &str| prefix(w.as_bytes()).map_err(|e| e.status());
        assert_eq!(read("default"), Ok((Ipv6Addr::UNSPECIFIED, 0)));
        assert_eq!(read("2001:db8::/32").map(|p| p.1), Ok(32));
        assert_eq!(read("::1").map(|p| p.1), Ok(128));
        assert_eq!(read("2001:db8::/x").map(|p| p.1), Ok(0));
        assert_eq!(read("2001:db8::/129"), Err(3));
        assert_eq!(read("10.0.0.0/8"), Err(1));
    }
}
