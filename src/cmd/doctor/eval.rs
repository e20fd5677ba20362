//! What a rule of nf_tables makes of a packet.
//!
//! Works on the expressions as the kernel sends them (linux/netfilter/nf_tables.h), so rules of
//! iptables, nft, docker and firewalld are all the same. What cannot be judged (the time of day,
//! a counter, an expression not known here) makes a rule a perhaps, never a yes or a no.

use std::net::IpAddr;

use super::packet::{Connection, ICMP, ICMPV6, Packet};
use super::{set, xt};
use crate::model::{FilterRule, Link, Namespace, Table, ip};
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

pub(super) const YES: Step = Step::Holds(Holds::Yes);
const NO: Step = Step::Holds(Holds::No);
pub(super) const PERHAPS: Step = Step::Holds(Holds::Perhaps);

fn holds(yes: bool) -> Step {
    Step::Holds(yes.into())
}

/// A rule under way.
pub(super) struct Run<'a, 'p> {
    pub(super) scene: &'a Scene<'a>,
    pub(super) packet: &'p mut Packet,
    pub(super) connection: &'p mut Connection,
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

pub(super) fn number(data: Attrs<'_>, kind: u16) -> Option<u32> {
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
    pub(super) fn store(&mut self, register: Option<u32>, bytes: Option<&[u8]>, len: usize) {
        let at = register.map_or(64, place);
        // The last word is filled up with zeros.
        for i in 0..len.next_multiple_of(4) {
            let Some(slot) = self.registers.get_mut(at + i) else { return };
            *slot = bytes.map(|b| b.get(i).copied().unwrap_or(0));
        }
    }
    pub(super) fn load(&self, register: Option<u32>, len: usize) -> Option<Vec<u8>> {
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
        let found = set::find(set, elements, &key);
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

/// Whether it is a message of ICMP of either family.
pub fn is_icmp(packet: &Packet) -> bool {
    matches!(packet.proto, ICMP | ICMPV6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_of_both_sizes_lie_on_each_other() {
        assert_eq!((place(1), place(8), place(2), place(12), place(0)), (0, 0, 16, 16, 64));
    }
}
