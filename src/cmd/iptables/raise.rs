//! Expressions become a rule again, whoever has made them.
//!
//! What cannot be said in the words of iptables is kept as `strange`: such a rule is shown with a
//! mark and never as something wider than it is.

use crate::nft::{self, Cmp, Expr, Reader, Source, Verdict, base, fib, meta};

use super::address::Net;
use super::ext::{self, Is, Kind, Test};
use super::family::{ALL_ONES, Addr, Family};
use super::lower::{FRAGMENT_MASK, FRAGMENT_OFFSET, NO_INTERFACE, PROTOCOL_OFFSET};
use super::native;
use super::rule::{Call, Iface, Rule, Target};
use super::sets::Sets;

/// What lies in a register.
#[derive(Clone, Copy)]
pub(super) struct Loaded<'a> {
    pub from: Source<'a>,
    pub mask: Option<&'a [u8]>,
    /// The bits that were turned.
    pub xor: Option<&'a [u8]>,
    /// Whether its bytes were put into the order of the network.
    pub swapped: bool,
}

/// A rule under way.
pub(super) struct Raiser<'a> {
    pub family: Family,
    pub rule: Rule,
    pub sets: &'a Sets,
    registers: [Option<Loaded<'a>>; 24],
    counted: bool,
    /// A verdict was met, or what is one.
    pub ended: bool,
    /// Something was done that lets the packet go on.
    pub acted: bool,
    /// The packet comes from an Ethernet device: so far only that was said.
    pub ethernet: bool,
    /// Which match the transport header is taken into.
    transport: Option<usize>,
}

/// The rule that these expressions make.
pub fn raise(exprs: &[u8], user_data: &[u8], family: Family, sets: &Sets) -> Rule {
    let mut raiser = Raiser {
        family,
        rule: Rule::default(),
        sets,
        registers: [None; 24],
        counted: false,
        ended: false,
        acted: false,
        ethernet: false,
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
    if raiser.ethernet {
        raiser.rule.strange.push(b"meta".to_vec());
    }
    if !raiser.rule.others.iter().all(Vec::is_empty) && raiser.rule.remembers() {
        // For each address there would be a memory of its own.
        raiser.rule.strange.push(b"lookup".to_vec());
    }
    if let Some(rule) = native::noted(user_data, &raiser.rule, family) {
        return rule;
    }
    if let Some(text) = native::comment(user_data)
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
pub fn of(rule: &nft::Rule<'_>, family: Family, sets: &Sets) -> Rule {
    raise(rule.exprs, rule.user_data, family, sets)
}

pub(super) type Strange = Vec<u8>;

pub(super) fn strange<T>(what: &[u8]) -> Result<T, Strange> {
    Err(what.to_vec())
}

impl<'a> Raiser<'a> {
    fn take(&mut self, expr: Expr<'a>) -> Result<(), Strange> {
        if self.ended {
            return strange(b"more behind the verdict");
        }
        if self.acted && !matches!(expr, Expr::Counter { .. }) {
            return strange(b"more behind the target");
        }
        match expr {
            Expr::Load { reg, from } => {
                self.load(reg, Loaded { from, mask: None, xor: None, swapped: false })
            }
            Expr::Bitwise { from, to, mask, xor } => {
                let loaded = self.loaded(from)?;
                if loaded.mask.is_some() || loaded.swapped {
                    return strange(b"bitwise");
                }
                let xor = xor.iter().any(|&b| b != 0).then_some(xor);
                self.load(to, Loaded { mask: Some(mask), xor, ..loaded })
            }
            Expr::Byteorder { from, to, size: 4 } => {
                let loaded = self.loaded(from)?;
                if loaded.swapped || loaded.mask.is_some() {
                    return strange(b"byteorder");
                }
                self.load(to, Loaded { swapped: true, ..loaded })
            }
            Expr::Byteorder { .. } => strange(b"byteorder"),
            Expr::Lookup { reg, set, not } => {
                let loaded = self.loaded(reg)?;
                match loaded.swapped {
                    true => strange(b"lookup"),
                    false => self.lookup(loaded, set, not),
                }
            }
            Expr::SetMeta { key, reg } => self.set(false, key, reg),
            Expr::SetCt { key, reg } => self.set(true, key, reg),
            Expr::Nat(nat) => self.nat(&nat),
            Expr::Log(log) => self.log(&log),
            Expr::Reject { kind, code } => self.reject(kind, code),
            Expr::Queue { number, total, flags } => self.queue(number, total, flags),
            Expr::Notrack => self.notrack(),
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
            Expr::Limit { rate, unit, burst } => match ext::of_limit(rate, unit, burst) {
                Some(call) => {
                    self.rule.matches.push(call);
                    Ok(())
                }
                None => strange(b"limit"),
            },
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
                // Versions before 1.8.8 send the log of a group this way.
                if let Some(call) = ext::of_xt_log(name, revision, info) {
                    self.rule.target = Target::Call(call);
                    return Ok(());
                }
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
    pub(super) fn loaded(&self, reg: u32) -> Result<Loaded<'a>, Strange> {
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
        if loaded.xor.is_some() {
            return strange(b"bitwise");
        }
        match loaded.from {
            Source::Random(modulus) if loaded.swapped => self.random(modulus, is),
            _ if loaded.swapped => strange(b"byteorder"),
            Source::Random(_) => strange(b"numgen"),
            Source::Constant(_) => strange(b"immediate"),
            Source::Ct(key) => self.connection(key, loaded, is),
            Source::Fib { result: fib::OIF, flags } if loaded.mask.is_none() => {
                self.way_back(flags, is)
            }
            Source::Fib { result, flags } => match (is, loaded.mask) {
                (Is::Cmp(how @ (Cmp::Eq | Cmp::Neq), value), None) => {
                    let kind = value.try_into().map(u32::from_ne_bytes).unwrap_or(u32::MAX);
                    let types = 1u32.checked_shl(kind).unwrap_or(0);
                    self.fib(result, flags, types, how == Cmp::Neq)
                }
                _ => strange(b"fib"),
            },
            Source::Payload { base: base::LINK, offset, len } => {
                self.link(offset, len, loaded.mask, is)
            }
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
                (meta::MARK, mask) => match ext::of_mark(mask, is) {
                    Some(call) => {
                        self.rule.matches.push(call);
                        Ok(())
                    }
                    None => strange(b"meta"),
                },
                (key, None) => self.known(key, is),
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
        is: Is<'a>,
    ) -> Result<(), Strange> {
        let size = self.family.len();
        let width = u32::try_from(size).unwrap_or(4);
        let source = self.family.source_offset();
        let destination = source + width;
        let is_address = (offset == source || offset == destination) && len == width;
        if (offset, len, mask) == (self.family.hops_offset(), 1, None) {
            return self.hops(is);
        }
        if self.family == Family::V4 && (offset, len, mask) == (1, 1, Some(&[0xfc][..])) {
            return self.codepoint(is);
        }
        let (how, value) = match is {
            Is::Cmp(how @ (Cmp::Eq | Cmp::Neq), value) => (how, value),
            _ if !is_address || mask.is_some() => return strange(b"payload"),
            Is::Range { not, low, high } => {
                return self.range(offset == source, (low, high), not);
            }
            Is::Cmp(Cmp::Gte, low) => {
                return self.range(offset == source, (low, &ALL_ONES[..size]), false);
            }
            Is::Cmp(Cmp::Lte, high) => {
                return self.range(offset == source, (&[0; 16][..size], high), false);
            }
            Is::Cmp(..) => return strange(b"payload"),
        };
        let not = how == Cmp::Neq;
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
            // There is one such field in a rule; another prefix can still be said as a range.
            let Some(prefix) = self.family.prefix(&bits) else {
                return strange(b"a second address");
            };
            let (mut low, mut high) = (addr, addr);
            let mask = self.family.mask(prefix);
            for (i, m) in mask.iter().enumerate().take(size) {
                (low[i], high[i]) = (low[i] & m, high[i] | !m);
            }
            return self.range(offset == source, (&low[..size], &high[..size]), not);
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

#[cfg(test)]
mod tests {
    use super::super::lower::lower;
    use super::super::options::{self, Asked, Caller};
    use super::super::show::Show;
    use super::*;
    use crate::names::NetDb;

    /// The rule of a line, and the words of what comes back.
    fn there_and_back(family: Family, line: &str) -> (Rule, Rule, String) {
        let words: Vec<&[u8]> = line.split_whitespace().map(str::as_bytes).collect();
        let words = [&[&b"-A"[..], b"X"], &words[..]].concat();
        let db = NetDb::default();
        let caller = Caller { prog: "iptables", family, restoring: None };
        let Ok(Asked::Command(command)) = options::read(&words, caller, &db) else {
            panic!("{line}");
        };
        let rule = command.rules[0].clone();
        let back = raise(lower(&rule, family).bytes(), &[], family, &Sets::default());
        let show = Show {
            family,
            db: &db,
            numeric: true,
            verbose: false,
            exact: false,
            line_numbers: false,
        };
        let mut text = Vec::new();
        show.words(&mut text, &back, b"X");
        (rule, back, String::from_utf8(text).unwrap())
    }

    #[test]
    fn lowering_and_raising_are_inverse() {
        for line in [
            "",
            "-s 1.2.3.4/32 -d 10.0.0.0/8 -j ACCEPT",
            "! -s 1.2.3.0/22 ! -d 1.0.3.0/255.0.255.0 -j DROP",
            "-i eth0 ! -o eth+ -j RETURN",
            "! -i + -g there",
            "-p udp -f -j there",
            "! -p tcp ! -f",
            "-p 47",
            "-p tcp -m tcp",
            "-p tcp -m tcp --sport 1 --dport 2",
            "-p tcp -m tcp ! --sport 1 --dport 2:3 --tcp-flags SYN,ACK SYN",
            "-p tcp -m tcp ! --sport 0:65535 ! --tcp-flags FIN,SYN NONE",
            "-p tcp -m tcp --dport 6 --tcp-option 5",
            "-p udp -m udp --sport 0:5 ! --dport 80:65535",
            "-m comment --comment x -p tcp -m tcp --dport 5 -m state --state NEW -j ACCEPT",
            "-m conntrack ! --ctstate RELATED,ESTABLISHED --ctdir REPLY --ctorigsrc 1.2.3.4/24",
            "-p tcp -j DNAT --to-destination 1.2.3.4-1.2.3.9:5-6/7 --random",
            "-p tcp -j SNAT --to-source 1.2.3.4:5 --persistent",
            "-p udp -j MASQUERADE --to-ports 5-6 --random-fully",
            "-m mark --mark 0x1 -m mark ! --mark 0x0/0xff -j MARK --set-xmark 0x1/0x3",
            "-m limit --limit 3/hour --limit-burst 7 -m limit --limit 3333/sec",
            "-p icmp -m icmp ! --icmp-type 3/4 -j REJECT --reject-with icmp-net-prohibited",
            "-p udp -m multiport ! --sports 1,5:6 -m addrtype ! --src-type LOCAL --limit-iface-in",
            "-j LOG --log-prefix x --log-level 7 --log-uid",
            "-j NFLOG",
            "-j NFLOG --nflog-prefix x --nflog-group 65535 --nflog-size 0 --nflog-threshold 1",
            "-m hashlimit --hashlimit-above 1mb/s --hashlimit-burst 2mb --hashlimit-name x",
            "-m connbytes ! --connbytes 5:6 --connbytes-mode avgpkt --connbytes-dir both",
            "-j CT --ctevents new,mark --zone-reply 4",
            "-j NOTRACK",
            "-j NETMAP --to 1.2.3.0/255.0.255.0",
        ] {
            let (rule, back, text) = there_and_back(Family::V4, line);
            assert_eq!(rule, back, "{line}");
            // And once more, from what is printed.
            let words = text.trim().trim_start_matches("-A X");
            assert_eq!(there_and_back(Family::V4, words).2, text, "{line}");
        }
        for line in [
            "-s 2001:db8::/33 ! -d ::1/128 -p tcp -m tcp --dport 80",
            "-p ipv6-icmp -j ACCEPT",
            "-s 2001::/ffff:0:ffff:: -j DROP",
            "-p tcp -j DNAT --to-destination [2001:db8::1]:80",
            "-p tcp -j SNAT --to-source [::1-::2]:80-90",
        ] {
            let (rule, back, _) = there_and_back(Family::V6, line);
            assert_eq!(rule, back, "{line}");
        }
    }

    #[test]
    fn counters_are_not_compared_and_strange_rules_are_equal_to_none() {
        let (a, mut b, _) = there_and_back(Family::V4, "-s 1.2.3.4 -j DROP");
        b.counters = (5, 6);
        assert_eq!(a, b);
        b.strange.push(b"lookup".to_vec());
        assert_ne!(a, b);
        assert_ne!(b, b.clone());
    }

    #[test]
    fn what_is_cut_or_unknown_is_strange_or_nothing() {
        let (rule, _, _) = there_and_back(Family::V4, "-s 1.2.3.4 -p tcp --dport 5 -j DROP");
        let whole = lower(&rule, Family::V4);
        let whole = whole.bytes();
        for end in 0..whole.len() {
            let back = raise(&whole[..end], &[1, 2], Family::V4, &Sets::default());
            assert!(back != rule, "{end}");
        }
    }
}
