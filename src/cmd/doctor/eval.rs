//! What a rule of nf_tables makes of a packet.
//!
//! Works on the expressions as the kernel sends them (linux/netfilter/nf_tables.h), so rules of
//! iptables, nft, docker and firewalld are all the same. What cannot be judged (the time of day,
//! a counter, an expression not known here) makes a rule a perhaps, never a yes or a no.

use std::net::IpAddr;

use super::fib::{self, Query};
use super::packet::{Connection, ICMP, ICMPV6, Packet};
use super::xt;
use crate::model::{Element, FilterRule, Link, Namespace, Set, Table, ip};
use crate::netlink::{Attr, Attrs};

/// What a rule sees besides the packet.
pub struct Scene<'a> {
    pub ns: &'a Namespace,
    pub table: &'a Table,
    pub input: Option<&'a Link>,
    pub output: Option<&'a Link>,
    /// The ports of a bridge that a frame goes between.
    pub ports: [Option<&'a Link>; 2],
}

/// What a rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The next rule is asked.
    Next,
    Accept,
    Drop,
    Reject,
    Return,
    Jump(Vec<u8>),
    Goto(Vec<u8>),
    /// Another destination, or only another port.
    Dnat(Option<IpAddr>, Option<u16>),
    Snat(Option<IpAddr>, Option<u16>),
    Masquerade,
    Redirect(Option<u16>),
    /// A program decides.
    Queue,
}

/// Whether a rule holds for a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    Yes,
    No,
    Perhaps,
}

impl From<bool> for Holds {
    fn from(yes: bool) -> Holds {
        if yes { Holds::Yes } else { Holds::No }
    }
}

/// What a rule does with the packet, and whether that is certain.
pub fn rule(
    scene: &Scene<'_>,
    rule: &FilterRule,
    packet: &mut Packet,
    connection: &mut Connection,
) -> (Effect, bool) {
    let before = (packet.mark, connection.mark);
    let mut run = Run { scene, packet, connection, registers: [None; 64] };
    let mut certain = true;
    for elem in Attrs(&rule.exprs) {
        let name = elem.nested().find(1).map_or(&b""[..], Attr::bytes);
        let data = elem.nested().find(2).map(Attr::nested).unwrap_or_default();
        match run.step(name, data) {
            Step::Holds(Holds::Yes) => {}
            Step::Holds(Holds::No) => return (Effect::Next, true),
            Step::Holds(Holds::Perhaps) => certain = false,
            Step::Effect(effect) => return (effect, certain),
        }
    }
    // Marks that were set by a perhaps are not believed.
    if !certain {
        (packet.mark, connection.mark) = before;
    }
    (Effect::Next, true)
}

/// What one expression says.
pub(super) enum Step {
    Holds(Holds),
    Effect(Effect),
}

const YES: Step = Step::Holds(Holds::Yes);
const NO: Step = Step::Holds(Holds::No);
const PERHAPS: Step = Step::Holds(Holds::Perhaps);

fn holds(yes: bool) -> Step {
    Step::Holds(yes.into())
}

/// A rule under way.
struct Run<'a, 'p> {
    scene: &'a Scene<'a>,
    packet: &'p mut Packet,
    connection: &'p mut Connection,
    /// Bytes that are known.
    registers: [Option<u8>; 64],
}

/// Where a register begins: NFT_REG_1 to 4 have 16 bytes, NFT_REG32_00 and so on have 4.
fn place(register: u32) -> usize {
    match register {
        1..=4 => (register as usize - 1) * 16,
        8..=23 => (register as usize - 8) * 4,
        _ => 64,
    }
}

fn number(data: Attrs<'_>, kind: u16) -> Option<u32> {
    data.find(kind).and_then(Attr::u32_be)
}
fn value(data: Attrs<'_>, kind: u16) -> Option<&[u8]> {
    Some(data.find(kind)?.nested().find(1)?.value)
}

/// A verdict as NFTA_DATA_VERDICT holds it.
fn verdict(verdict: Attrs<'_>) -> Option<Effect> {
    let code = number(verdict, 1)?.cast_signed();
    let chain = || verdict.find(2).map(|a| a.bytes().to_vec());
    Some(match code {
        0 => Effect::Drop,
        1 => Effect::Accept,
        -1 => Effect::Next,
        -3 => Effect::Jump(chain()?),
        -4 => Effect::Goto(chain()?),
        -5 => Effect::Return,
        _ => Effect::Queue,
    })
}

impl Run<'_, '_> {
    fn store(&mut self, register: Option<u32>, bytes: Option<&[u8]>, len: usize) {
        let at = register.map_or(64, place);
        // The last word is filled up with zeros.
        for i in 0..len.next_multiple_of(4) {
            let Some(slot) = self.registers.get_mut(at + i) else { return };
            *slot = bytes.map(|b| b.get(i).copied().unwrap_or(0));
        }
    }
    fn load(&self, register: Option<u32>, len: usize) -> Option<Vec<u8>> {
        let at = register.map_or(64, place);
        self.registers.get(at..at + len)?.iter().copied().collect()
    }

    fn step(&mut self, name: &[u8], data: Attrs<'_>) -> Step {
        match name {
            b"counter" | b"log" | b"last" | b"notrack" => {
                self.connection.untracked |= name == b"notrack";
                YES
            }
            // Below the limit; NFT_LIMIT_F_INV is above it.
            b"limit" => holds(number(data, 5).unwrap_or(0) & 1 == 0),
            b"quota" => holds(number(data, 2).unwrap_or(0) & 1 == 0),
            b"connlimit" => holds(number(data, 2).unwrap_or(0) & 1 == 0),
            b"payload" => self.payload(data),
            b"meta" => self.meta(data),
            b"ct" => self.ct(data),
            b"fib" => self.fib(data),
            b"bitwise" => self.bitwise(data),
            b"byteorder" => self.byteorder(data),
            b"cmp" => self.cmp(data),
            b"range" => self.range(data),
            b"lookup" => self.lookup(data),
            b"immediate" => self.immediate(data),
            b"reject" => Step::Effect(Effect::Reject),
            b"masq" => Step::Effect(Effect::Masquerade),
            b"redir" => {
                let port = number(data, 1).and_then(|r| self.port(r));
                Step::Effect(Effect::Redirect(port))
            }
            b"nat" => self.nat(data),
            b"queue" => Step::Effect(Effect::Queue),
            b"match" | b"target" => {
                let Some(extension) = data.find(1).map(Attr::bytes) else { return PERHAPS };
                let revision = number(data, 2).unwrap_or(0);
                let info = data.find(3).map(|a| a.value).unwrap_or_default();
                let call = xt::Call { name: extension, revision, info };
                if name == b"match" {
                    Step::Holds(xt::matches(&call, self.scene, self.packet, self.connection))
                } else {
                    xt::target(&call, self.packet, self.connection)
                }
            }
            // Elements are added to a set; objects count.
            b"dynset" | b"objref" => YES,
            _ => {
                // Whatever it loads is not known.
                self.store(number(data, 1), None, 16);
                PERHAPS
            }
        }
    }

    fn payload(&mut self, data: Attrs<'_>) -> Step {
        let (Some(base), Some(offset), Some(len)) =
            (number(data, 2), number(data, 3), number(data, 4))
        else {
            return PERHAPS;
        };
        if number(data, 5).is_some() {
            // It writes into the packet: checksums and the like.
            return YES;
        }
        let header = match base {
            1 => self.packet.network(),
            2 => self.packet.transport(),
            _ => Vec::new(),
        };
        let (from, len) = (offset as usize, len as usize);
        let bytes = header.get(from..from.saturating_add(len));
        self.store(number(data, 1), bytes, len.min(64));
        YES
    }

    fn meta(&mut self, data: Attrs<'_>) -> Step {
        const MARK: u32 = 3;
        let key = number(data, 2).unwrap_or(u32::MAX);
        if let Some(from) = number(data, 3) {
            if key == MARK
                && let Some(mark) = self.load(Some(from), 4)
            {
                self.packet.mark = u32::from_ne_bytes([mark[0], mark[1], mark[2], mark[3]]);
            }
            return YES;
        }
        let scene = self.scene;
        let index = |l: Option<&Link>| l.map_or(0, |l| l.index).to_ne_bytes().to_vec();
        let name = |l: Option<&Link>| {
            let mut name = l.map(|l| l.name.clone()).unwrap_or_default();
            name.resize(16, 0);
            name
        };
        let ether: u16 = if self.packet.is_ipv4() { 0x0800 } else { 0x86dd };
        let bytes = match key {
            0 => u32::from(self.packet.len()).to_ne_bytes().to_vec(),
            1 => ether.to_be_bytes().to_vec(),
            MARK => self.packet.mark.to_ne_bytes().to_vec(),
            4 => index(scene.input),
            5 => index(scene.output),
            6 => name(scene.input),
            7 => name(scene.output),
            8 => scene.input.map_or(0, |l| l.arphrd).to_ne_bytes().to_vec(),
            9 => scene.output.map_or(0, |l| l.arphrd).to_ne_bytes().to_vec(),
            15 => vec![if self.packet.is_ipv4() { 2 } else { 10 }],
            16 => vec![self.packet.proto],
            // PACKET_HOST; what is sent from here to here is the same on its way in.
            19 => vec![0],
            _ => {
                self.store(number(data, 1), None, 16);
                return YES;
            }
        };
        self.store(number(data, 1), Some(&bytes), bytes.len());
        YES
    }

    fn ct(&mut self, data: Attrs<'_>) -> Step {
        const MARK: u32 = 3;
        let key = number(data, 2).unwrap_or(u32::MAX);
        if let Some(from) = number(data, 4) {
            if key == MARK
                && let Some(mark) = self.load(Some(from), 4)
            {
                self.connection.mark = u32::from_ne_bytes([mark[0], mark[1], mark[2], mark[3]]);
            }
            return YES;
        }
        // Which side is asked about, where both differ.
        let reply =
            data.find(3).and_then(Attr::u8).unwrap_or(u8::from(self.connection.replying)) == 1;
        let tuple = if reply { self.connection.reply } else { self.connection.original };
        let bytes = match key {
            0 => state(self.connection).to_ne_bytes().to_vec(),
            1 => vec![u8::from(self.connection.replying)],
            2 => status(self.connection).to_ne_bytes().to_vec(),
            MARK => self.connection.mark.to_ne_bytes().to_vec(),
            7 => vec![if self.packet.is_ipv4() { 2 } else { 10 }],
            8 | 19 | 21 => octets(tuple.src),
            9 | 20 | 22 => octets(tuple.dst),
            10 => vec![self.packet.proto],
            11 => tuple.sport.to_be_bytes().to_vec(),
            12 => tuple.dport.to_be_bytes().to_vec(),
            17 => vec![0, 0],
            _ => {
                self.store(number(data, 1), None, 16);
                return YES;
            }
        };
        self.store(number(data, 1), Some(&bytes), bytes.len());
        YES
    }

    /// What the routing table says of an address of the packet.
    fn fib(&mut self, data: Attrs<'_>) -> Step {
        const SADDR: u32 = 1;
        const OIFNAME: u32 = 2;
        const ADDRTYPE: u32 = 3;
        const PRESENT: u32 = 32;
        let (result, flags) = (number(data, 2).unwrap_or(0), number(data, 3).unwrap_or(0));
        let source = flags & SADDR != 0;
        let addr = if source { self.packet.src } else { self.packet.dst };
        let ns = self.scene.ns;
        let register = number(data, 1);
        if result == ADDRTYPE {
            let kind = u32::from(fib::kind(ns, addr)).to_ne_bytes();
            self.store(register, Some(&kind), 4);
            return YES;
        }
        let other = if source { self.packet.dst } else { self.packet.src };
        let mark = if flags & 4 != 0 { self.packet.mark } else { 0 };
        let (proto, src) = (self.packet.proto, Some(other));
        let query = Query { dst: addr, src, iif: 0, oif: 0, mark, proto, sport: 0, dport: 0 };
        let index = fib::lookup(ns, &query)
            .filter(|f| f.is_way() || f.is_local())
            .and_then(|f| f.hop)
            .map_or(0, |h| h.index);
        // With IIF or OIF, another device counts as none.
        let device = match flags & 24 {
            8 => self.scene.input,
            16 => self.scene.output,
            _ => None,
        };
        let index = if device.is_some_and(|d| d.index != index) { 0 } else { index };
        if flags & PRESENT != 0 {
            self.store(register, Some(&[u8::from(index != 0)]), 1);
        } else if result == OIFNAME {
            let mut name = ns.link(index).map(|l| l.name.clone()).unwrap_or_default();
            name.resize(16, 0);
            self.store(register, Some(&name), 16);
        } else {
            self.store(register, Some(&index.to_ne_bytes()), 4);
        }
        YES
    }

    fn bitwise(&mut self, data: Attrs<'_>) -> Step {
        let len = number(data, 3).unwrap_or(0) as usize;
        let loaded = self.load(number(data, 1), len);
        let (mask, xor) = (value(data, 4), value(data, 5));
        let bytes = match (loaded, mask, xor, number(data, 6).unwrap_or(0)) {
            (Some(bytes), Some(mask), Some(xor), 0) => {
                let at = |b: &[u8], i: usize| b.get(i).copied().unwrap_or(0);
                let each = bytes.iter().enumerate();
                Some(each.map(|(i, b)| b & at(mask, i) ^ at(xor, i)).collect::<Vec<u8>>())
            }
            _ => None,
        };
        self.store(number(data, 2), bytes.as_deref(), len);
        YES
    }

    fn byteorder(&mut self, data: Attrs<'_>) -> Step {
        let len = number(data, 4).unwrap_or(0) as usize;
        let size = number(data, 5).unwrap_or(0) as usize;
        let mut bytes = self.load(number(data, 1), len);
        if cfg!(target_endian = "little")
            && let Some(bytes) = &mut bytes
        {
            bytes.chunks_mut(size.max(1)).for_each(<[u8]>::reverse);
        }
        self.store(number(data, 2), bytes.as_deref(), len);
        YES
    }

    fn cmp(&mut self, data: Attrs<'_>) -> Step {
        let Some(wanted) = value(data, 3) else { return PERHAPS };
        let Some(got) = self.load(number(data, 1), wanted.len()) else { return PERHAPS };
        let order = got.as_slice().cmp(wanted);
        holds(match number(data, 2) {
            Some(0) => order.is_eq(),
            Some(1) => order.is_ne(),
            Some(2) => order.is_lt(),
            Some(3) => order.is_le(),
            Some(4) => order.is_gt(),
            Some(5) => order.is_ge(),
            _ => return PERHAPS,
        })
    }

    fn range(&mut self, data: Attrs<'_>) -> Step {
        let (Some(low), Some(high)) = (value(data, 3), value(data, 4)) else { return PERHAPS };
        let Some(got) = self.load(number(data, 1), low.len()) else { return PERHAPS };
        let inside = got.as_slice() >= low && got.as_slice() <= high;
        holds(inside != (number(data, 2) == Some(1)))
    }

    fn lookup(&mut self, data: Attrs<'_>) -> Step {
        let name = data.find(1).map_or(&b""[..], Attr::bytes);
        let Some(set) = self.scene.table.sets.iter().find(|s| s.name == name) else {
            return PERHAPS;
        };
        let Some(key) = self.load(number(data, 2), set.key_len as usize) else { return PERHAPS };
        let Some(elements) = &set.elements else { return PERHAPS };
        let found = find(set, elements, &key);
        if let Some(register) = number(data, 3) {
            let Some(element) = found else { return NO };
            let content = Attrs(&element.data);
            if let Some(v) = content.find(2) {
                return match verdict(v.nested()) {
                    Some(Effect::Next) => YES,
                    Some(effect) => Step::Effect(effect),
                    None => PERHAPS,
                };
            }
            let Some(v) = content.find(1) else { return PERHAPS };
            self.store(Some(register), Some(v.value), v.value.len());
            return YES;
        }
        holds(found.is_some() != (number(data, 5).unwrap_or(0) & 1 != 0))
    }

    fn immediate(&mut self, data: Attrs<'_>) -> Step {
        let Some(content) = data.find(2).map(Attr::nested) else { return PERHAPS };
        if let Some(v) = content.find(2) {
            return match verdict(v.nested()) {
                Some(Effect::Next) => YES,
                Some(effect) => Step::Effect(effect),
                None => PERHAPS,
            };
        }
        let bytes = content.find(1).map(|a| a.value);
        self.store(number(data, 1), bytes, bytes.map_or(0, <[u8]>::len));
        YES
    }

    fn nat(&mut self, data: Attrs<'_>) -> Step {
        let len = if self.packet.is_ipv4() { 4 } else { 16 };
        let addr = number(data, 3).map(|r| self.load(Some(r), len).and_then(|b| ip(&b)));
        if addr == Some(None) {
            return PERHAPS;
        }
        let port = number(data, 5).and_then(|r| self.port(r));
        Step::Effect(match number(data, 1) {
            Some(0) => Effect::Snat(addr.flatten(), port),
            _ => Effect::Dnat(addr.flatten(), port),
        })
    }

    fn port(&self, register: u32) -> Option<u16> {
        let bytes = self.load(Some(register), 2)?;
        Some(u16::from_be_bytes([bytes[0], bytes[1]]))
    }
}

/// The element that a key is, or lies in.
fn find<'a>(set: &Set, elements: &'a [Element], key: &[u8]) -> Option<&'a Element> {
    const INTERVAL: u32 = 4;
    const CONCAT: u32 = 0x80;
    let fallback = || elements.iter().find(|e| e.key.is_none());
    let is = |e: &&Element| e.key.as_deref() == Some(key);
    if set.flags & INTERVAL == 0 {
        return elements.iter().find(is).or_else(fallback);
    }
    if set.flags & CONCAT != 0 {
        let inside = |e: &&Element| {
            let Some(low) = &e.key else { return false };
            let high = e.key_end.as_ref().unwrap_or(low);
            // Fields begin at words; each is compared by itself.
            key.chunks(4).enumerate().all(|(i, word)| {
                let at = i * 4..(i * 4 + word.len());
                low.get(at.clone()).is_some_and(|l| l <= word)
                    && high.get(at).is_some_and(|h| word <= h)
            })
        };
        return elements.iter().find(inside).or_else(fallback);
    }
    let before = elements.iter().filter(|e| e.key.as_deref().is_some_and(|k| k <= key));
    // An end and a beginning may have the same key: the beginning counts.
    let last = before.max_by_key(|e| (e.key.as_deref(), !e.end));
    last.filter(|e| !e.end).or_else(fallback)
}

/// The state of a connection, as bits of `ct state`.
pub fn state(connection: &Connection) -> u32 {
    const INVALID: u32 = 1;
    const ESTABLISHED: u32 = 2;
    const NEW: u32 = 8;
    const UNTRACKED: u32 = 64;
    match () {
        () if connection.untracked => UNTRACKED,
        () if connection.invalid => INVALID,
        () if connection.replying || connection.seen_reply => ESTABLISHED,
        () => NEW,
    }
}

/// IPS_* as far as they can be known: seen reply 2, confirmed 8, source NAT 16, destination NAT 32.
pub fn status(connection: &Connection) -> u32 {
    let bit = |on: bool, bit: u32| if on { bit } else { 0 };
    bit(connection.seen_reply, 2 | 8)
        | bit(connection.is_snat(), 16)
        | bit(connection.is_dnat(), 32)
}

pub fn octets(addr: IpAddr) -> Vec<u8> {
    match addr {
        IpAddr::V4(a) => a.octets().to_vec(),
        IpAddr::V6(a) => a.octets().to_vec(),
    }
}

/// Whether it is a message of ICMP of either family.
pub fn is_icmp(packet: &Packet) -> bool {
    matches!(packet.proto, ICMP | ICMPV6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(key: &[u8], end: bool) -> Element {
        Element { key: Some(key.to_vec()), key_end: None, data: Vec::new(), end }
    }

    #[test]
    fn a_key_lies_between_a_beginning_and_its_end() {
        let set = Set { name: Vec::new(), flags: 4, key_len: 1, elements: None };
        let all = [element(&[0], true), element(&[10], false), element(&[20], true)];
        for (key, inside) in [(9, false), (10, true), (19, true), (20, false), (255, false)] {
            assert_eq!(find(&set, &all, &[key]).is_some(), inside, "{key}");
        }
        // Two that touch: the end of one is the beginning of the other.
        let touch = [element(&[10], false), element(&[20], true), element(&[20], false)];
        assert!(find(&set, &touch, &[20]).is_some());
    }

    #[test]
    fn registers_of_both_sizes_lie_on_each_other() {
        assert_eq!((place(1), place(8), place(2), place(12), place(0)), (0, 0, 16, 16, 64));
    }
}
