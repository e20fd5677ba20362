//! Expressions become a rule again, whoever has made them.
//!
//! What cannot be said in the words of iptables is kept as `strange`: such a rule is shown with a
//! mark and never as something wider than it is.

use crate::nft::{self, Cmp, Expr, Reader, Source, Verdict, base, meta};

use super::address::Net;
use super::ext::{self, Is, Kind, Test};
use super::family::{Addr, Family};
use super::lower::{FRAGMENT_MASK, FRAGMENT_OFFSET, NO_INTERFACE, PROTOCOL_OFFSET};
use super::rule::{Call, Iface, Rule, Target};

/// What lies in a register.
#[derive(Clone, Copy)]
struct Loaded<'a> {
    from: Source,
    mask: Option<&'a [u8]>,
}

/// A rule under way.
struct Raiser<'a> {
    family: Family,
    rule: Rule,
    registers: [Option<Loaded<'a>>; 24],
    counted: bool,
    ended: bool,
    /// Which match the transport header is taken into.
    transport: Option<usize>,
}

/// The rule that these expressions make.
pub fn raise(exprs: &[u8], user_data: &[u8], family: Family) -> Rule {
    let mut raiser = Raiser {
        family,
        rule: Rule::default(),
        registers: [None; 24],
        counted: false,
        ended: false,
        transport: None,
    };
    for expr in Reader::new(exprs) {
        if let Err(what) = raiser.take(expr) {
            // What follows from the first strangeness is none of its own.
            if what != b"register" || raiser.rule.strange.is_empty() {
                raiser.rule.strange.push(what);
            }
        }
    }
    if let Some(text) = comment(user_data)
        && let Some(ext) = ext::find(Kind::Match, b"comment", family)
    {
        let mut call = ext.call();
        for (to, from) in call.info.iter_mut().zip(text.iter().take(255)) {
            *to = *from;
        }
        raiser.rule.matches.push(call);
    }
    raiser.rule
}

/// The rule of a dump.
pub fn of(rule: &nft::Rule<'_>, family: Family) -> Rule {
    raise(rule.exprs, rule.user_data, family)
}

/// The comment that `nft` notes: type 0, length, text with NUL.
fn comment(mut data: &[u8]) -> Option<&[u8]> {
    while let [kind, len, rest @ ..] = data {
        let value = rest.get(..usize::from(*len))?;
        if *kind == 0 {
            return value.split(|&b| b == 0).next();
        }
        data = &rest[usize::from(*len)..];
    }
    None
}

type Strange = Vec<u8>;

fn strange<T>(what: &[u8]) -> Result<T, Strange> {
    Err(what.to_vec())
}

impl<'a> Raiser<'a> {
    fn take(&mut self, expr: Expr<'a>) -> Result<(), Strange> {
        if self.ended {
            return strange(b"more behind the verdict");
        }
        match expr {
            Expr::Load { reg, from } => self.load(reg, Loaded { from, mask: None }),
            Expr::Bitwise { from, to, mask, xor } => {
                let loaded = self.loaded(from)?;
                if loaded.mask.is_some() || xor.iter().any(|&b| b != 0) {
                    return strange(b"bitwise");
                }
                self.load(to, Loaded { mask: Some(mask), ..loaded })
            }
            Expr::Compare { reg, how, value } => {
                let loaded = self.loaded(reg)?;
                self.test(loaded, Is::Cmp(how, value))
            }
            Expr::Range { reg, not, low, high } => {
                let loaded = self.loaded(reg)?;
                self.test(loaded, Is::Range { not, low, high })
            }
            Expr::Counter { packets, bytes } => {
                if self.counted {
                    return strange(b"a second counter");
                }
                self.counted = true;
                self.rule.counters = (packets, bytes);
                Ok(())
            }
            Expr::Verdict(verdict) => self.verdict(verdict),
            Expr::Match { name, revision, info } => {
                match ext::of_wire(Kind::Match, name, revision, info, self.family) {
                    Some(ext) => {
                        if ext.transport.is_some() {
                            self.transport = Some(self.rule.matches.len());
                        }
                        self.rule.matches.push(Call { ext, info: info.to_vec() });
                        Ok(())
                    }
                    None => Err([b"-m ", name].concat()),
                }
            }
            Expr::Target { name, revision, info } => {
                self.ended = true;
                match ext::of_wire(Kind::Target, name, revision, info, self.family) {
                    Some(ext) => {
                        self.rule.target = Target::Call(Call { ext, info: info.to_vec() });
                        Ok(())
                    }
                    None => Err([b"-j ", name].concat()),
                }
            }
            Expr::Other(name) => Err(name.to_vec()),
        }
    }

    fn load(&mut self, reg: u32, loaded: Loaded<'a>) -> Result<(), Strange> {
        match self.registers.get_mut(reg as usize) {
            Some(place) => {
                *place = Some(loaded);
                Ok(())
            }
            None => strange(b"register"),
        }
    }
    fn loaded(&self, reg: u32) -> Result<Loaded<'a>, Strange> {
        let loaded = self.registers.get(reg as usize).copied().flatten();
        loaded.ok_or_else(|| b"register".to_vec())
    }

    fn verdict(&mut self, verdict: Verdict<'_>) -> Result<(), Strange> {
        self.ended = true;
        self.rule.target = match verdict {
            Verdict::Accept => Target::Accept,
            Verdict::Drop => Target::Drop,
            Verdict::Return => Target::Return,
            Verdict::Jump(chain) => Target::Jump(chain.to_vec()),
            Verdict::Goto(chain) => Target::Goto(chain.to_vec()),
            Verdict::Continue => Target::None,
            Verdict::Other(_) => return strange(b"queue"),
        };
        Ok(())
    }

    fn test(&mut self, loaded: Loaded<'a>, is: Is<'a>) -> Result<(), Strange> {
        match loaded.from {
            Source::Payload { base: base::NETWORK, offset, len } => {
                self.network(offset, len, loaded.mask, is)
            }
            Source::Payload { base: base::TRANSPORT, offset, len } => {
                self.transport(&Test { offset, len, mask: loaded.mask, is })
            }
            Source::Payload { .. } => strange(b"payload"),
            Source::Meta(key) => match (key, loaded.mask) {
                (meta::IIFNAME, None) => self.interface(true, is),
                (meta::OIFNAME, None) => self.interface(false, is),
                (meta::L4PROTO, None) => self.protocol(is),
                _ => strange(b"meta"),
            },
        }
    }

    fn interface(&mut self, input: bool, is: Is<'_>) -> Result<(), Strange> {
        let Is::Cmp(how @ (Cmp::Eq | Cmp::Neq), value) = is else { return strange(b"meta") };
        let place = if input { &mut self.rule.input } else { &mut self.rule.output };
        if !place.name.is_empty() {
            return strange(b"meta");
        }
        let end = value.iter().position(|&b| b == 0);
        *place = match end {
            _ if value == NO_INTERFACE => Iface { name: b"+".to_vec(), not: true },
            // A name is compared with its NUL, or with zeros up to the longest name.
            Some(end) if value[end..].iter().all(|&b| b == 0) => {
                Iface { name: value[..end].to_vec(), not: how == Cmp::Neq }
            }
            Some(_) => return strange(b"meta"),
            None => Iface { name: [value, b"+"].concat(), not: how == Cmp::Neq },
        };
        Ok(())
    }

    fn protocol(&mut self, is: Is<'_>) -> Result<(), Strange> {
        let Is::Cmp(how @ (Cmp::Eq | Cmp::Neq), &[number]) = is else { return strange(b"meta") };
        let not = how == Cmp::Neq;
        if (self.rule.proto, self.rule.proto_not) == (number, not) {
            return Ok(());
        }
        if self.rule.proto != 0 || number == 0 {
            return strange(b"a second protocol");
        }
        self.rule.proto = number;
        self.rule.proto_not = not;
        Ok(())
    }

    /// Bytes of the network header: known fields, also several at once.
    fn network(
        &mut self,
        offset: u32,
        len: u32,
        mask: Option<&[u8]>,
        is: Is<'_>,
    ) -> Result<(), Strange> {
        let Is::Cmp(how @ (Cmp::Eq | Cmp::Neq), value) = is else { return strange(b"payload") };
        let not = how == Cmp::Neq;
        let size = self.family.len();
        let width = u32::try_from(size).unwrap_or(4);
        let source = self.family.source_offset();
        let destination = source + width;
        if self.family == Family::V4 && (offset, len) == (FRAGMENT_OFFSET, 2) {
            if mask != Some(&FRAGMENT_MASK[..]) || value != [0, 0] || self.rule.fragment.is_some() {
                return strange(b"payload");
            }
            self.rule.fragment = Some(!not);
            return Ok(());
        }
        if self.family == Family::V4 && (offset, len) == (PROTOCOL_OFFSET, 1) && mask.is_none() {
            return self.protocol(is);
        }
        if (offset, len) == (source, 2 * width) && mask.is_none() && !not {
            // nft puts both addresses into one comparison.
            let (Some(a), Some(b)) = (value.get(..size), value.get(size..2 * size)) else {
                return strange(b"payload");
            };
            self.network(source, width, None, Is::Cmp(how, a))?;
            return self.network(destination, width, None, Is::Cmp(how, b));
        }
        let bytes = usize::try_from(len).unwrap_or(0);
        if bytes == 0 || bytes > size || value.len() != bytes {
            return strange(b"payload");
        }
        let (mut addr, mut bits): (Addr, Addr) = ([0; 16], self.family.mask(bytes * 8));
        addr[..bytes].copy_from_slice(value);
        match mask {
            Some(mask) if mask.len() == bytes => bits[..bytes].copy_from_slice(mask),
            Some(_) => return strange(b"payload"),
            None => {}
        }
        let place = match offset {
            o if o == source => &mut self.rule.source,
            o if o == destination => &mut self.rule.destination,
            _ => return strange(b"payload"),
        };
        if !place.is_any() {
            return strange(b"a second address");
        }
        *place = Net { addr, mask: bits, not };
        Ok(())
    }

    fn transport(&mut self, test: &Test<'_>) -> Result<(), Strange> {
        // Also behind `! -p tcp`: the same words make the same expressions again.
        let Some(ext) = ext::of_protocol(self.rule.proto, self.family) else {
            return strange(b"payload");
        };
        let Some(transport) = &ext.transport else { return strange(b"payload") };
        // A comparison that does not fit into the match begun may begin another.
        if let Some(call) = self.transport.and_then(|at| self.rule.matches.get_mut(at))
            && (transport.raise)(&mut call.info, test)
        {
            return Ok(());
        }
        let mut call = ext.call();
        if !(transport.raise)(&mut call.info, test) {
            return strange(b"payload");
        }
        self.transport = Some(self.rule.matches.len());
        self.rule.matches.push(call);
        Ok(())
    }
}
