//! A packet on its way, and what a firewall remembers of its connection.

use std::net::IpAddr;

pub const ICMP: u8 = 1;
pub const TCP: u8 = 6;
pub const UDP: u8 = 17;
pub const ICMPV6: u8 = 58;

/// A packet: an echo request, the first of a TCP connection, a datagram, or the answer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    pub src: IpAddr,
    pub dst: IpAddr,
    /// IPPROTO_*: one of the four above.
    pub proto: u8,
    /// The number of an echo, for ICMP.
    pub sport: u16,
    pub dport: u16,
    pub mark: u32,
    /// It is the answer.
    pub reply: bool,
}

/// What tells a connection, seen from one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuple {
    pub src: IpAddr,
    pub dst: IpAddr,
    pub sport: u16,
    pub dport: u16,
}

impl Tuple {
    /// The same, seen from the other side.
    pub fn inverse(self) -> Tuple {
        Tuple { src: self.dst, dst: self.src, sport: self.dport, dport: self.sport }
    }
}

impl Packet {
    pub fn tuple(&self) -> Tuple {
        Tuple { src: self.src, dst: self.dst, sport: self.sport, dport: self.dport }
    }
    /// The answer to it, as who has received it sends it.
    pub fn answer(&self) -> Packet {
        let t = self.tuple().inverse();
        let (src, dst, sport, dport) = (t.src, t.dst, t.sport, t.dport);
        Packet { src, dst, sport, dport, mark: 0, reply: true, proto: self.proto }
    }
    pub fn is_ipv4(&self) -> bool {
        self.dst.is_ipv4()
    }
    pub fn has_ports(&self) -> bool {
        matches!(self.proto, TCP | UDP)
    }
    /// The type of an ICMP message.
    pub fn icmp_type(&self) -> u8 {
        match (self.proto, self.reply) {
            (ICMP, false) => 8,
            (ICMP, true) => 0,
            (_, false) => 128,
            (_, true) => 129,
        }
    }
    /// The flags of TCP: SYN, or SYN and ACK.
    pub fn tcp_flags(&self) -> u8 {
        if self.reply { 0x12 } else { 0x02 }
    }
    /// Bytes on the way, headers of IP included; ping sends 56 bytes of its own.
    pub fn len(&self) -> u16 {
        let body = match self.proto {
            TCP => 40,
            UDP => 8,
            _ => 64,
        };
        body + if self.is_ipv4() { 20 } else { 40 }
    }

    /// The header of IP, as it lies on the wire.
    pub fn network(&self) -> Vec<u8> {
        let mut h = vec![0; if self.is_ipv4() { 20 } else { 40 }];
        match (self.src, self.dst) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => {
                h[0] = 0x45;
                h[2..4].copy_from_slice(&self.len().to_be_bytes());
                // Don't fragment.
                h[6] = 0x40;
                h[8] = 64;
                h[9] = self.proto;
                h[12..16].copy_from_slice(&src.octets());
                h[16..20].copy_from_slice(&dst.octets());
            }
            (IpAddr::V6(src), IpAddr::V6(dst)) => {
                h[0] = 0x60;
                h[4..6].copy_from_slice(&(self.len() - 40).to_be_bytes());
                h[6] = self.proto;
                h[7] = 64;
                h[8..24].copy_from_slice(&src.octets());
                h[24..40].copy_from_slice(&dst.octets());
            }
            _ => {}
        }
        h
    }
    /// The beginning of what IP carries.
    pub fn transport(&self) -> Vec<u8> {
        let mut h = vec![0; if self.proto == TCP { 20 } else { 8 }];
        if self.has_ports() {
            h[..2].copy_from_slice(&self.sport.to_be_bytes());
            h[2..4].copy_from_slice(&self.dport.to_be_bytes());
        } else {
            h[0] = self.icmp_type();
            h[4..6].copy_from_slice(&self.sport.to_be_bytes());
        }
        if self.proto == TCP {
            h[12] = 0x50;
            h[13] = self.tcp_flags();
        }
        h
    }
}

/// What connection tracking of a namespace remembers.
#[derive(Clone, Debug)]
pub struct Connection {
    pub ns: usize,
    /// The first packet, as it came.
    pub original: Tuple,
    /// The answer that is expected: its inverse, unless addresses are translated.
    pub reply: Tuple,
    /// The rules of NAT have been asked for the destination, the source.
    pub asked: [bool; 2],
    pub seen_reply: bool,
    pub mark: u32,
    pub untracked: bool,
    /// An answer to what was never asked.
    pub invalid: bool,
    /// The packet under way goes against the direction of the first.
    pub replying: bool,
}

impl Connection {
    pub fn new(ns: usize, packet: &Packet) -> Connection {
        Connection {
            ns,
            original: packet.tuple(),
            reply: packet.tuple().inverse(),
            asked: [false; 2],
            seen_reply: false,
            mark: 0,
            untracked: false,
            // A datagram may begin anything.
            invalid: packet.reply && packet.proto != UDP,
            replying: false,
        }
    }
    /// The destination was exchanged for another.
    pub fn is_dnat(&self) -> bool {
        (self.reply.src, self.reply.sport) != (self.original.dst, self.original.dport)
    }
    /// The source was exchanged for another.
    pub fn is_snat(&self) -> bool {
        (self.reply.dst, self.reply.dport) != (self.original.src, self.original.sport)
    }
    /// Gives the packet the destination it is to have.
    pub fn translate_destination(&self, packet: &mut Packet) {
        let (dst, dport) = match self.replying {
            false => (self.reply.src, self.reply.sport),
            true => (self.original.src, self.original.sport),
        };
        (packet.dst, packet.dport) = (dst, dport);
    }
    /// Gives the packet the source it is to have.
    pub fn translate_source(&self, packet: &mut Packet) {
        let (src, sport) = match self.replying {
            false => (self.reply.dst, self.reply.dport),
            true => (self.original.dst, self.original.dport),
        };
        (packet.src, packet.sport) = (src, sport);
    }
}
