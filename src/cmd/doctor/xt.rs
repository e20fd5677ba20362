//! Matches and targets of x_tables, as rules of iptables carry them.
//!
//! The structures are those of linux/netfilter/xt_*.h; numbers in them are in host order unless
//! they are addresses.

use std::net::IpAddr;

use super::eval::{Effect, Holds, Scene, Step, is_icmp};
use super::fib;
use super::load::{octets, state};
use super::packet::{Connection, Packet, TCP, UDP};
use crate::model::ip;

/// A match or a target with its values.
pub struct Call<'a> {
    pub name: &'a [u8],
    pub revision: u32,
    pub info: &'a [u8],
}

impl Call<'_> {
    fn u8(&self, at: usize) -> u8 {
        self.info.get(at).copied().unwrap_or(0)
    }
    fn u16(&self, at: usize) -> u16 {
        u16::from_ne_bytes([self.u8(at), self.u8(at + 1)])
    }
    fn u32(&self, at: usize) -> u32 {
        u32::from_ne_bytes([self.u8(at), self.u8(at + 1), self.u8(at + 2), self.u8(at + 3)])
    }
    fn addr(&self, at: usize, like: IpAddr) -> Option<IpAddr> {
        let len = if like.is_ipv4() { 4 } else { 16 };
        ip(self.info.get(at..at + len)?)
    }
    fn bytes(&self, at: usize, len: usize) -> &[u8] {
        self.info.get(at..at + len).unwrap_or_default()
    }
}

/// Whether a match holds.
pub fn matches(
    call: &Call<'_>,
    scene: &Scene<'_>,
    packet: &Packet,
    connection: &Connection,
) -> Holds {
    let between = |port: u16, at: usize| (call.u16(at)..=call.u16(at + 2)).contains(&port);
    let not = |yes: bool, inverted: bool| Holds::from(yes != inverted);
    let both = |a: bool, b: bool| Holds::from(a && b);
    match (call.name, call.revision) {
        (b"comment" | b"limit", _) => Holds::Yes,
        (b"tcp", _) => {
            let inverted = call.u8(11);
            let inv = |bit| inverted & bit != 0;
            if call.u8(8) != 0 {
                return Holds::Perhaps;
            }
            let flags = packet.tcp_flags() & call.u8(9) == call.u8(10);
            Holds::from(
                packet.proto == TCP
                    && between(packet.sport, 0) != inv(1)
                    && between(packet.dport, 4) != inv(2)
                    && flags != inv(4),
            )
        }
        (b"udp", _) => {
            let inv = |bit| call.u8(8) & bit != 0;
            let ports = between(packet.sport, 0) != inv(1) && between(packet.dport, 4) != inv(2);
            both(packet.proto == UDP, ports)
        }
        (b"icmp" | b"icmp6", _) => {
            let kind = call.u8(0);
            // The code of an echo is 0; 255 is any type of IPv4.
            let fits = call.name == b"icmp" && kind == 255
                || packet.icmp_type() == kind && call.u8(1) == 0;
            if !is_icmp(packet) { Holds::No } else { not(fits, call.u8(3) & 1 != 0) }
        }
        (b"multiport", 1) => multiport(call, packet),
        (b"state", _) => Holds::from(state(connection) & call.u32(0) != 0),
        (b"conntrack", 2 | 3) => conntrack(call, packet, connection),
        (b"addrtype", 1) => addrtype(call, scene, packet),
        (b"mark", 1) => not(packet.mark & call.u32(4) == call.u32(0), call.u8(8) != 0),
        (b"connmark", 1) => not(connection.mark & call.u32(4) == call.u32(0), call.u8(8) != 0),
        (b"iprange", 1) => {
            let flags = call.u8(64);
            let inside =
                |addr: IpAddr, at: usize| match (call.addr(at, addr), call.addr(at + 16, addr)) {
                    (Some(low), Some(high)) => (low..=high).contains(&addr),
                    _ => false,
                };
            let src = flags & 1 == 0 || inside(packet.src, 0) != (flags & 0x10 != 0);
            let dst = flags & 2 == 0 || inside(packet.dst, 32) != (flags & 0x20 != 0);
            both(src, dst)
        }
        (b"physdev", _) => physdev(call, scene),
        (b"pkttype", _) => not(call.u32(0) == 0, call.u32(4) != 0),
        (b"length", _) => {
            let inside = (call.u16(0)..=call.u16(2)).contains(&packet.len());
            not(inside, call.u8(4) != 0)
        }
        // Only what is made here has an owner.
        (b"owner", _) if scene.input.is_some() => Holds::from(call.u8(17) != 0),
        _ => Holds::Perhaps,
    }
}

fn multiport(call: &Call<'_>, packet: &Packet) -> Holds {
    let mut hit = false;
    let mut i = 0;
    let count = usize::from(call.u8(1)).min(15);
    let is = |low: u16, high: u16| {
        let inside = |port: u16| (low..=high).contains(&port);
        match call.u8(0) {
            0 => inside(packet.sport),
            1 => inside(packet.dport),
            _ => inside(packet.sport) || inside(packet.dport),
        }
    };
    while i < count {
        let low = call.u16(2 + i * 2);
        // The first of a range is marked, the second follows.
        let range = call.u8(32 + i) != 0;
        hit |= is(low, if range { call.u16(4 + i * 2) } else { low });
        i += if range { 2 } else { 1 };
    }
    Holds::from(packet.has_ports() && hit != (call.u8(47) != 0))
}

fn conntrack(call: &Call<'_>, packet: &Packet, connection: &Connection) -> Holds {
    const STATE: u16 = 1;
    const PROTO: u16 = 2;
    const ORIGSRC: u16 = 4;
    const DIRECTION: u16 = 0x1000;
    const ALIAS: u16 = 0x2000;
    let (asked, inverted) = (call.u16(146), call.u16(148));
    let inv = |bit: u16| inverted & bit != 0;
    let mut known = STATE | PROTO | DIRECTION | ALIAS;
    if asked & STATE != 0 {
        let state = state(connection);
        // XT_CONNTRACK_STATE_*: 64 stands for SNAT here, 128 for DNAT, 256 for what is not tracked.
        let mut bits = match state {
            64 => 256,
            other => other,
        };
        bits |= if connection.is_snat() { 64 } else { 0 };
        bits |= if connection.is_dnat() { 128 } else { 0 };
        if (bits & u32::from(call.u16(150)) != 0) == inv(STATE) {
            return Holds::No;
        }
    }
    if asked & PROTO != 0 && (u16::from(packet.proto) == call.u16(136)) == inv(PROTO) {
        return Holds::No;
    }
    let (o, r) = (connection.original, connection.reply);
    for (i, addr) in [o.src, o.dst, r.src, r.dst].into_iter().enumerate() {
        let bit = ORIGSRC << i;
        known |= bit;
        let bytes = octets(addr);
        let (want, mask) = (call.bytes(i * 32, bytes.len()), call.bytes(i * 32 + 16, bytes.len()));
        let mut each = bytes.iter().zip(want).zip(mask);
        let same = each.all(|((b, w), m)| (b ^ w) & m == 0);
        if asked & bit != 0 && same == inv(bit) {
            return Holds::No;
        }
    }
    if asked & DIRECTION != 0 && connection.replying != inv(DIRECTION) {
        return Holds::No;
    }
    if asked & !known != 0 { Holds::Perhaps } else { Holds::Yes }
}

fn addrtype(call: &Call<'_>, scene: &Scene<'_>, packet: &Packet) -> Holds {
    let flags = call.u32(4);
    // --limit-iface-in and -out ask about one device only.
    if flags & 12 != 0 {
        return Holds::Perhaps;
    }
    let fits = |addr: IpAddr, mask: u16, inverted: bool| {
        mask == 0 || (mask >> fib::kind(scene.ns, addr).min(15) & 1 != 0) != inverted
    };
    let src = fits(packet.src, call.u16(0), flags & 1 != 0);
    Holds::from(src && fits(packet.dst, call.u16(2), flags & 2 != 0))
}

fn physdev(call: &Call<'_>, scene: &Scene<'_>) -> Holds {
    let (inverted, asked) = (call.u8(64), call.u8(65));
    let [input, output] = scene.ports;
    let bridged = input.is_some() && output.is_some();
    let name = |link: Option<&crate::model::Link>, at: usize| {
        let mut name = link.map(|l| l.name.clone()).unwrap_or_default();
        name.resize(16, 0);
        let (want, mask) = (call.bytes(at, 16), call.bytes(at + 16, 16));
        link.is_some() && name.iter().zip(want).zip(mask).all(|((b, w), m)| (b ^ w) & m == 0)
    };
    // XT_PHYSDEV_OP_*
    let tests = [
        (1, name(input, 0)),
        (2, name(output, 32)),
        (4, bridged),
        (8, input.is_some()),
        (16, output.is_some()),
    ];
    Holds::from(tests.iter().all(|(bit, yes)| asked & bit == 0 || *yes != (inverted & bit != 0)))
}

/// What a target does.
pub(super) fn target(call: &Call<'_>, packet: &mut Packet, connection: &mut Connection) -> Step {
    const NEXT: Step = Step::Holds(Holds::Yes);
    match (call.name, call.revision) {
        (b"MASQUERADE", _) => Step::Effect(Effect::Masquerade),
        (b"SNAT", _) => {
            let (addr, port) = range(call, packet);
            Step::Effect(Effect::Snat(addr, port))
        }
        (b"DNAT", _) => {
            let (addr, port) = range(call, packet);
            Step::Effect(Effect::Dnat(addr, port))
        }
        (b"REDIRECT", _) => Step::Effect(Effect::Redirect(range(call, packet).1)),
        (b"REJECT", _) => Step::Effect(Effect::Reject),
        (b"NFQUEUE", _) => Step::Effect(Effect::Queue),
        (b"MARK", 2) => {
            packet.mark = packet.mark & !call.u32(4) ^ call.u32(0);
            NEXT
        }
        (b"CONNMARK", 1 | 2) => {
            // XT_CONNMARK_SET, _SAVE, _RESTORE.
            let (value, ct, nf) = (call.u32(0), call.u32(4), call.u32(8));
            match call.u8(if call.revision == 1 { 12 } else { 14 }) {
                0 => connection.mark = connection.mark & !ct ^ value,
                1 => connection.mark = connection.mark & !ct ^ packet.mark & nf,
                _ => packet.mark = packet.mark & !nf ^ connection.mark & ct,
            }
            NEXT
        }
        (b"CT", _) => {
            // XT_CT_NOTRACK
            connection.untracked |= call.u16(0) & 1 != 0;
            NEXT
        }
        (b"NOTRACK", _) => {
            connection.untracked = true;
            NEXT
        }
        #[rustfmt::skip] // words
        (b"LOG" | b"NFLOG" | b"TRACE" | b"TCPMSS" | b"CHECKSUM" | b"TTL" | b"HL" | b"CLASSIFY"
            | b"DSCP" | b"TOS" | b"TEE" | b"SET" | b"AUDIT" | b"SECMARK" | b"CONNSECMARK", _) => NEXT,
        _ => Step::Holds(Holds::Perhaps),
    }
}

/// The first address and port of a range of NAT, in one of its three structures.
fn range(call: &Call<'_>, packet: &Packet) -> (Option<IpAddr>, Option<u16>) {
    const MAP_IPS: u32 = 1;
    const PROTO_SPECIFIED: u32 = 2;
    // struct nf_nat_ipv4_multi_range_compat begins with a count.
    let (flags, low, ports) = if call.info.len() <= 24 { (4, 8, 16) } else { (0, 4, 36) };
    let flags = call.u32(flags);
    let addr = if flags & MAP_IPS != 0 { call.addr(low, packet.dst) } else { None };
    let port = u16::from_be_bytes([call.u8(ports), call.u8(ports + 1)]);
    (addr, (flags & PROTO_SPECIFIED != 0).then_some(port))
}
