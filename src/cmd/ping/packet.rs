//! ICMP as it stands on the wire, and what its messages mean.
//!
//! struct icmphdr: type u8, code u8, checksum u16, identifier u16, sequence u16; then the data.
//! The data begins with the time of sending (struct timeval), where there is room for it.

use std::net::Ipv4Addr;
use std::time::Duration;

pub const HEADER: usize = 8;
/// struct timeval.
pub const TIMEVAL: usize = 16;

const ECHO_REPLY: u8 = 0;
const UNREACHABLE: u8 = 3;
const QUENCH: u8 = 4;
const REDIRECT: u8 = 5;
const ECHO: u8 = 8;
const EXCEEDED: u8 = 11;
const PARAMETER: u8 = 12;

const UNREACHABLE6: u8 = 1;
const TOO_BIG6: u8 = 2;
const EXCEEDED6: u8 = 3;
const PARAMETER6: u8 = 4;
const ECHO6: u8 = 128;
pub const ECHO_REPLY6: u8 = 129;

/// The Internet checksum over bytes (RFC 1071).
pub fn checksum(bytes: &[u8]) -> u16 {
    let sum = bytes.chunks(2).fold(0u64, |sum, pair| {
        sum + u64::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]))
    });
    let mut folded = sum;
    while folded >> 16 != 0 {
        folded = (folded & 0xffff) + (folded >> 16);
    }
    !u16::try_from(folded).unwrap_or(0)
}

/// The data of every request: the pattern, or bytes that count up.
pub fn fill(size: usize, pattern: Option<&[u8]>) -> Vec<u8> {
    match pattern {
        Some(p) if !p.is_empty() => p.iter().copied().cycle().take(size).collect(),
        _ => (0..=255u8).cycle().take(size).collect(),
    }
}

/// A request, the time of sending in its data where there is room.
pub fn request(v6: bool, ident: u16, seq: u16, data: &[u8], now: Duration) -> Vec<u8> {
    let mut p = vec![if v6 { ECHO6 } else { ECHO }, 0, 0, 0];
    p.extend(ident.to_be_bytes());
    p.extend(seq.to_be_bytes());
    p.extend(data);
    if data.len() >= TIMEVAL {
        p[HEADER..HEADER + 8].copy_from_slice(&now.as_secs().to_ne_bytes());
        let micros = u64::from(now.subsec_micros());
        p[HEADER + 8..HEADER + 16].copy_from_slice(&micros.to_ne_bytes());
    }
    // The kernel fills in the checksum of ICMPv6, which covers addresses too.
    if !v6 {
        let sum = checksum(&p).to_be_bytes();
        p[2..4].copy_from_slice(&sum);
    }
    p
}

/// A message of ICMP for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// An answer: identifier, sequence number, data, whether the checksum is wrong.
    Reply { ident: u16, seq: u16, data: &'a [u8], broken: bool },
    /// An error about the request with this number, which the error queue also tells.
    Error { seq: u16 },
    /// Advice about the request with this number: a redirect, a source quench.
    Advice { kind: u8, code: u8, info: u32, seq: u16 },
}

/// What the IP header in front tells: its length and the TTL.
pub fn ip_header(packet: &[u8]) -> Option<(usize, u8)> {
    let len = usize::from(packet.first()? & 15) * 4;
    (len >= 20 && packet.len() >= len).then(|| (len, packet[8]))
}

fn half(b: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([b[at], b[at + 1]])
}

/// Reads a message of ICMP; `None` for what is not about requests to `to` with this identifier.
pub fn read4(icmp: &[u8], to: Ipv4Addr, ident: Option<u16>) -> Option<Message<'_>> {
    if icmp.len() < HEADER {
        return None;
    }
    let ours = |id: u16| ident.is_none_or(|i| i == id);
    match icmp[0] {
        ECHO_REPLY => {
            let (id, seq) = (half(icmp, 4), half(icmp, 6));
            let broken = checksum(icmp) != 0;
            let data = &icmp[HEADER..];
            ours(id).then_some(Message::Reply { ident: id, seq, data, broken })
        }
        kind @ (UNREACHABLE | QUENCH | REDIRECT | EXCEEDED | PARAMETER) => {
            // What we sent follows: its IP header and the first eight bytes.
            let inner = &icmp[HEADER..];
            let (len, _) = ip_header(inner)?;
            let about = inner.get(len..len + HEADER)?;
            if about[0] != ECHO || inner[16..20] != to.octets() || !ours(half(about, 4)) {
                return None;
            }
            let seq = half(about, 6);
            let info = u32::from_be_bytes([icmp[4], icmp[5], icmp[6], icmp[7]]);
            Some(match kind {
                QUENCH | REDIRECT => Message::Advice { kind, code: icmp[1], info, seq },
                _ => Message::Error { seq },
            })
        }
        _ => None,
    }
}

/// Reads a message of ICMPv6: only answers, since errors come through the error queue.
pub fn read6(icmp: &[u8], ident: Option<u16>) -> Option<Message<'_>> {
    if icmp.len() < HEADER || icmp[0] != ECHO_REPLY6 {
        return None;
    }
    let (id, seq) = (half(icmp, 4), half(icmp, 6));
    let data = &icmp[HEADER..];
    ident.is_none_or(|i| i == id).then_some(Message::Reply { ident: id, seq, data, broken: false })
}

/// The sequence number of our own request, as an error brings it back.
pub fn own(v6: bool, packet: &[u8], ident: Option<u16>) -> Option<u16> {
    let kind = if v6 { ECHO6 } else { ECHO };
    (packet.len() >= HEADER && packet[0] == kind && ident.is_none_or(|i| i == half(packet, 4)))
        .then(|| half(packet, 6))
}

/// When a request was sent, from the data of its answer.
pub fn sent_at(data: &[u8]) -> Option<Duration> {
    let word = |at: usize| Some(u64::from_ne_bytes(data.get(at..at + 8)?.try_into().ok()?));
    Some(Duration::from_secs(word(0)?).saturating_add(Duration::from_micros(word(8)?)))
}

/// The sentence for a type and code of ICMP (RFC 792, RFC 1812).
pub fn meaning4(kind: u8, code: u8, info: u32) -> String {
    const UNREACHABLES: [&str; 16] = [
        "Destination Net Unreachable",
        "Destination Host Unreachable",
        "Destination Protocol Unreachable",
        "Destination Port Unreachable",
        "",
        "Source Route Failed",
        "Destination Net Unknown",
        "Destination Host Unknown",
        "Source Host Isolated",
        "Destination Net Prohibited",
        "Destination Host Prohibited",
        "Destination Net Unreachable for Type of Service",
        "Destination Host Unreachable for Type of Service",
        "Packet filtered",
        "Precedence Violation",
        "Precedence Cutoff",
    ];
    match (kind, code) {
        (UNREACHABLE, 4) => format!("Frag needed and DF set (mtu = {info})"),
        (UNREACHABLE, _) => match UNREACHABLES.get(usize::from(code)) {
            Some(text) => (*text).to_owned(),
            None => format!("Dest Unreachable, Bad Code: {code}"),
        },
        (QUENCH, _) => "Source Quench".to_owned(),
        (REDIRECT, _) => {
            let what = match code {
                0 => "Redirect Network".to_owned(),
                1 => "Redirect Host".to_owned(),
                2 => "Redirect Type of Service and Network".to_owned(),
                3 => "Redirect Type of Service and Host".to_owned(),
                _ => format!("Redirect, Bad Code: {code}"),
            };
            format!("{what}(New nexthop: {})", Ipv4Addr::from(info))
        }
        (EXCEEDED, 0) => "Time to live exceeded".to_owned(),
        (EXCEEDED, 1) => "Frag reassembly time exceeded".to_owned(),
        (EXCEEDED, _) => format!("Time exceeded, Bad Code: {code}"),
        (PARAMETER, _) => format!("Parameter problem: pointer = {info}"),
        _ => format!("Bad ICMP type: {kind}"),
    }
}

/// The sentence for a type and code of ICMPv6 (RFC 4443).
pub fn meaning6(kind: u8, code: u8, info: u32) -> String {
    match kind {
        UNREACHABLE6 => {
            let why = match code {
                0 => "No route".to_owned(),
                1 => "Administratively prohibited".to_owned(),
                2 => "Beyond scope of source address".to_owned(),
                3 => "Address unreachable".to_owned(),
                4 => "Port unreachable".to_owned(),
                5 => "Source address failed ingress/egress policy".to_owned(),
                6 => "Reject route to destination".to_owned(),
                _ => format!("Unknown code {code}"),
            };
            format!("Destination unreachable: {why}")
        }
        TOO_BIG6 if code != 0 => format!("Packet too big: mtu={info}, code={code}"),
        TOO_BIG6 => format!("Packet too big: mtu={info}"),
        EXCEEDED6 => {
            let why = match code {
                0 => "Hop limit".to_owned(),
                1 => "Defragmentation failure".to_owned(),
                _ => format!("code {code}"),
            };
            format!("Time exceeded: {why}")
        }
        PARAMETER6 => {
            let why = match code {
                0 => "Wrong header field ".to_owned(),
                1 => "Unknown header ".to_owned(),
                2 => "Unknown option ".to_owned(),
                _ => format!("code {code} "),
            };
            format!("Parameter problem: {why}at {info}")
        }
        _ => format!("unknown icmp type: {kind}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_a_right_checksum_and_its_time() {
        let now = Duration::new(7, 5000);
        let mut p = request(false, 0x1234, 9, &fill(56, None), now);
        assert_eq!((p.len(), checksum(&p)), (64, 0));
        assert_eq!((p[24], p[63]), (0x10, 0x37));
        assert_eq!(sent_at(&p[8..]), Some(Duration::new(7, 5000)));
        assert_eq!(own(false, &p, Some(0x1234)), Some(9));
        assert_eq!(own(false, &p, Some(1)), None);
        p[0] = ECHO_REPLY;
        match read4(&p, Ipv4Addr::LOCALHOST, Some(0x1234)) {
            Some(Message::Reply { seq: 9, broken: true, .. }) => {}
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_error_is_ours_by_what_it_quotes() {
        let to = Ipv4Addr::new(10, 0, 0, 9);
        let mut p = vec![UNREACHABLE, 1, 0, 0, 0, 0, 0, 0, 0x45];
        p.resize(8 + 16, 0);
        p.extend(to.octets());
        p.extend(request(false, 7, 3, &[], Duration::ZERO));
        assert_eq!(read4(&p, to, Some(7)), Some(Message::Error { seq: 3 }));
        assert_eq!(read4(&p, to, Some(8)), None);
        assert_eq!(read4(&p, Ipv4Addr::LOCALHOST, Some(7)), None);
        for end in 0..p.len() {
            read4(&p[..end], to, None);
        }
    }

    #[test]
    fn data_and_sentences() {
        assert_eq!(fill(3, Some(&[1, 2])), [1, 2, 1]);
        assert_eq!(fill(2, Some(&[])), [0, 1]);
        assert_eq!(meaning4(3, 1, 0), "Destination Host Unreachable");
        assert_eq!(meaning4(3, 4, 1400), "Frag needed and DF set (mtu = 1400)");
        assert_eq!(meaning4(5, 1, 0x0a00_0001), "Redirect Host(New nexthop: 10.0.0.1)");
        assert_eq!(meaning6(1, 3, 0), "Destination unreachable: Address unreachable");
        assert_eq!(meaning6(4, 0, 40), "Parameter problem: Wrong header field at 40");
    }
}
