//! Protocols: names and numbers.

use crate::names::NetDb;

use super::fail::{Result, usage};

/// The protocols whose names are known without /etc/protocols; the first name is printed.
const KNOWN: &[(u8, &[&str])] = &[
    (6, &["tcp"]),
    (132, &["sctp"]),
    (17, &["udp"]),
    (136, &["udplite"]),
    (1, &["icmp"]),
    (58, &["ipv6-icmp", "icmpv6"]),
    (50, &["esp"]),
    (51, &["ah"]),
    (135, &["mobility-header", "ipv6-mh", "mh"]),
    (33, &["dccp"]),
    (108, &["ipcomp"]),
    (0, &["all"]),
];

/// The number of a protocol, by number, name or alias; `-p` alone takes them in any case.
pub fn parse(word: &[u8], db: &NetDb) -> Result<u8> {
    let known = KNOWN.iter().find(|(_, names)| names.iter().any(|n| n.as_bytes() == word));
    if let Some((number, _)) = known {
        return Ok(*number);
    }
    if let Some(n) = super::family::number(word, 255) {
        return Ok(u8::try_from(n).unwrap_or(0));
    }
    match db.protocol(word) {
        Some(n) => Ok(n),
        None => usage(&[b"unknown protocol \"", word, b"\" specified"]),
    }
}

/// A protocol as `-S` prints it.
pub fn name(number: u8) -> String {
    match KNOWN.iter().find(|k| k.0 == number) {
        Some((_, names)) => names[0].to_owned(),
        None => number.to_string(),
    }
}

/// A protocol as `-L` prints it.
pub fn listed(number: u8, numeric: bool, db: &NetDb) -> Vec<u8> {
    if !numeric
        && number != 0
        && let Some(name) = db.protocol_name(number)
    {
        return name.to_vec();
    }
    name(number).into_bytes()
}
