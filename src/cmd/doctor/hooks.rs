//! The hooks of netfilter: the chains of all tables in the order of their priority, and the
//! translation of addresses.

use std::net::IpAddr;

use super::eval::{self, Effect, Scene};
use super::fib;
use super::packet::{Connection, Packet};
use crate::model::{Chain, Link, Namespace, Table};
use crate::sort;

/// NF_INET_*
pub const PREROUTING: u32 = 0;
pub const INPUT: u32 = 1;
pub const FORWARD: u32 = 2;
pub const OUTPUT: u32 = 3;
pub const POSTROUTING: u32 = 4;

/// The names of the hooks, by number.
pub const NAMES: [&str; 5] = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"];

/// What has stopped a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Culprit {
    /// NFPROTO_* of the table.
    pub family: u8,
    /// It is one of iptables-legacy.
    pub legacy: bool,
    pub table: Vec<u8>,
    pub chain: Vec<u8>,
    /// The handle of the rule; `None` when no rule spoke and the policy decided.
    pub rule: Option<u64>,
    /// NF_INET_*
    pub hook: u32,
    /// The sender is told.
    pub rejects: bool,
}

/// Where a packet is.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub ns: &'a Namespace,
    pub hook: u32,
    pub input: Option<&'a Link>,
    pub output: Option<&'a Link>,
    /// The ports of a bridge it goes between.
    pub ports: [Option<&'a Link>; 2],
    /// The next stop, for the address of MASQUERADE.
    pub next: Option<IpAddr>,
}

/// What was found out on the way.
#[derive(Default)]
pub struct Doubts {
    /// Rules that may or may not hold, as table, chain, handle.
    pub rules: Vec<(Vec<u8>, Vec<u8>, u64)>,
}

/// How a chain ended.
enum End {
    Accepted,
    Stopped(Culprit),
    Translated(Effect),
    /// The end of the chain, or RETURN.
    Through,
}

/// Chains called by chains by chains; the kernel allows no more.
const DEPTH: usize = 16;

/// Takes a packet through all chains of a hook.
///
/// # Errors
///
/// What has stopped it.
pub fn run(
    place: Place<'_>,
    packet: &mut Packet,
    connection: &mut Connection,
    doubts: &mut Doubts,
) -> Result<(), Culprit> {
    let family = if packet.is_ipv4() { 2 } else { 10 };
    let mut chains: Vec<(i32, bool, &Table, &Chain)> = Vec::new();
    let tables = place.ns.tables.as_deref().unwrap_or_default();
    for table in tables.iter().filter(|t| !t.dormant && (t.family == 1 || t.family == family)) {
        for chain in &table.chains {
            if let Some(base) = chain.base.as_ref().filter(|b| b.hook == place.hook) {
                chains.push((base.priority, base.kind == b"nat", table, chain));
            }
        }
    }
    sort::by_key(&mut chains, |(priority, ..)| *priority);
    // Where addresses are translated; chains of type nat are asked there.
    let at = if matches!(place.hook, PREROUTING | OUTPUT) { -100 } else { 100 };
    let mut translated = false;
    for &(priority, is_nat, table, chain) in &chains {
        if !translated && priority > at {
            translate(place, &chains, packet, connection, doubts)?;
            translated = true;
        }
        if is_nat {
            continue;
        }
        let mut walk = Walk { place, table, doubts, perhaps: Vec::new() };
        let end = walk.chain(chain, packet, connection, 0);
        walk.judge(end, chain)?;
    }
    if !translated {
        translate(place, &chains, packet, connection, doubts)?;
    }
    Ok(())
}

fn translate(
    place: Place<'_>,
    chains: &[(i32, bool, &Table, &Chain)],
    packet: &mut Packet,
    connection: &mut Connection,
    doubts: &mut Doubts,
) -> Result<(), Culprit> {
    if connection.untracked || connection.invalid || place.hook == FORWARD {
        return Ok(());
    }
    let destination = matches!(place.hook, PREROUTING | OUTPUT);
    let asked = &mut connection.asked[usize::from(!destination)];
    // Only the first packet of a connection is asked about.
    if !*asked && !connection.replying {
        *asked = true;
        for &(_, is_nat, table, chain) in chains {
            if !is_nat {
                continue;
            }
            let mut walk = Walk { place, table, doubts, perhaps: Vec::new() };
            match walk.chain(chain, packet, connection, 0) {
                End::Translated(effect) => {
                    bind(place, &effect, packet, connection);
                    break;
                }
                stopped @ End::Stopped(_) => walk.judge(stopped, chain)?,
                End::Accepted => break,
                End::Through => {}
            }
        }
    }
    if destination {
        connection.translate_destination(packet);
    } else {
        connection.translate_source(packet);
    }
    Ok(())
}

/// Notes the other address and port of a connection.
fn bind(place: Place<'_>, effect: &Effect, packet: &Packet, connection: &mut Connection) {
    let port = |p: Option<u16>| p.filter(|_| packet.has_ports());
    match effect {
        Effect::Dnat(addr, to) => {
            connection.reply.src = addr.unwrap_or(packet.dst);
            connection.reply.sport = port(*to).unwrap_or(connection.reply.sport);
        }
        Effect::Redirect(to) => {
            let here = match place.input {
                None if packet.is_ipv4() => Some(IpAddr::from([127, 0, 0, 1])),
                None => Some(IpAddr::from(std::net::Ipv6Addr::LOCALHOST)),
                Some(l) => fib::source(place.ns, l.index, packet.src),
            };
            connection.reply.src = here.unwrap_or(packet.dst);
            connection.reply.sport = port(*to).unwrap_or(connection.reply.sport);
        }
        Effect::Snat(addr, to) => {
            connection.reply.dst = addr.unwrap_or(packet.src);
            connection.reply.dport = port(*to).unwrap_or(connection.reply.dport);
        }
        Effect::Masquerade => {
            let next = place.next.unwrap_or(packet.dst);
            let own = place.output.and_then(|o| fib::source(place.ns, o.index, next));
            connection.reply.dst = own.unwrap_or(packet.src);
        }
        _ => {}
    }
}

struct Walk<'a, 'd> {
    place: Place<'a>,
    table: &'a Table,
    doubts: &'d mut Doubts,
    /// What rules that may or may not hold would have done.
    perhaps: Vec<(bool, Vec<u8>, u64)>,
}

impl Walk<'_, '_> {
    fn chain(
        &mut self,
        chain: &Chain,
        packet: &mut Packet,
        connection: &mut Connection,
        depth: usize,
    ) -> End {
        let place = self.place;
        for rule in &chain.rules {
            let (ns, table) = (place.ns, self.table);
            let (input, output, ports) = (place.input, place.output, place.ports);
            let scene = Scene { ns, table, input, output, ports };
            let (effect, certain) = eval::rule(&scene, rule, packet, connection);
            if !certain {
                let lets_through = matches!(effect, Effect::Accept | Effect::Return);
                if effect != Effect::Next {
                    self.perhaps.push((lets_through, chain.name.clone(), rule.handle));
                }
                continue;
            }
            let (called, goes) = match effect {
                Effect::Next => continue,
                Effect::Accept => return End::Accepted,
                Effect::Drop | Effect::Reject | Effect::Queue => {
                    return End::Stopped(Culprit {
                        family: self.table.family,
                        legacy: self.table.legacy,
                        table: self.table.name.clone(),
                        chain: chain.name.clone(),
                        rule: Some(rule.handle),
                        hook: place.hook,
                        rejects: effect == Effect::Reject,
                    });
                }
                Effect::Return => return End::Through,
                Effect::Jump(name) => (name, false),
                Effect::Goto(name) => (name, true),
                translation => return End::Translated(translation),
            };
            let Some(next) = self.table.chain(&called).filter(|_| depth < DEPTH) else { continue };
            match self.chain(next, packet, connection, depth + 1) {
                End::Through if goes => return End::Through,
                End::Through => {}
                end => return end,
            }
        }
        End::Through
    }

    /// What the end of a base chain means, its policy included.
    fn judge(&mut self, end: End, chain: &Chain) -> Result<(), Culprit> {
        let result = match end {
            End::Stopped(culprit) => Err(culprit),
            End::Through if chain.base.as_ref().is_some_and(|b| !b.accepts) => Err(Culprit {
                family: self.table.family,
                legacy: self.table.legacy,
                table: self.table.name.clone(),
                chain: chain.name.clone(),
                rule: None,
                hook: self.place.hook,
                rejects: false,
            }),
            _ => Ok(()),
        };
        // A doubt counts where it would have changed something.
        for (lets_through, name, handle) in self.perhaps.drain(..) {
            if lets_through != result.is_ok() {
                self.doubts.rules.push((self.table.name.clone(), name, handle));
            }
        }
        result
    }
}
