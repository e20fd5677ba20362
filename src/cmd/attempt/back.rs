//! The way back to a state: devices first, then settings, addresses, routes, rules, iptables, since
//! each rests on those before it.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::Result;

use super::state::{ADDR, SAVERS, State, bare, without};
use crate::netlink::{Attr, Attrs, Conn, NLM_F_CREATE, NLM_F_EXCL, Protocol, Request};
use crate::nft::{self, Batch, Outcome};
use crate::rtnl::consts::{
    IFF_UP, IFLA_ADDRESS, IFLA_GROUP, IFLA_IFALIAS, IFLA_IFNAME, IFLA_INFO_DATA, IFLA_INFO_KIND,
    IFLA_LINK, IFLA_LINK_NETNSID, IFLA_LINKINFO, IFLA_MASTER, IFLA_MTU, IFLA_TXQLEN, RTM_DELADDR,
    RTM_DELLINK, RTM_DELROUTE, RTM_NEWADDR, RTM_NEWLINK, RTM_NEWROUTE,
};
use crate::rtnl::link;
use crate::sort;
use crate::sys::file;

// linux/fib_rules.h, linux/rtnetlink.h
const RTM_NEWRULE: u16 = 32;
const RTM_DELRULE: u16 = 33;
/// IFA_CACHEINFO: when an address was made.
const IFA_CACHEINFO: u16 = 6;
/// What of a device is brought back.
const KEPT: [u16; 7] =
    [IFLA_IFNAME, IFLA_MTU, IFLA_ADDRESS, IFLA_TXQLEN, IFLA_MASTER, IFLA_IFALIAS, IFLA_GROUP];

/// Brings the state back; what could not be, as sentences.
///
/// # Errors
///
/// When the present state cannot be read.
pub fn bring(before: &State) -> Result<Vec<String>> {
    let mut way = Way { conn: Conn::open(Protocol::Route, 1 << 20)?, failed: Vec::new() };
    way.devices(before)?;
    let now = State::read()?;
    for (path, text) in &before.settings {
        if now.settings.get(path).is_some_and(|t| t != text) && file::write(path, text).is_err() {
            way.failed.push(format!("the setting {}", String::from_utf8_lossy(path)));
        }
    }
    way.addresses(before)?;
    // A route may need another to be there, and the kernel makes some by itself meanwhile.
    let route = |s: &State| s.routes.clone();
    way.set(before, route, RTM_NEWROUTE, RTM_DELROUTE, "route")?;
    let rule = |s: &State| s.rules.clone();
    way.set(before, rule, RTM_NEWRULE, RTM_DELRULE, "rule")?;
    let now = State::read()?;
    for (n, (_, restore, family)) in SAVERS.iter().enumerate() {
        let (then, now) = (&before.saved[n], &now.saved[n]);
        if bare(&then.text) != bare(&now.text)
            && !(then.whole && filters(restore, *family, &then.text, &now.text))
        {
            way.failed.push(format!("what {restore} restores"));
        }
    }
    Ok(way.failed)
}

struct Way {
    conn: Conn,
    failed: Vec<String>,
}

fn attr(message: &[u8], kind: u16) -> Option<Attr<'_>> {
    Attrs(message.get(16..)?).find(kind)
}

fn flags(message: &[u8]) -> u32 {
    message.get(8..12).and_then(|b| b.first_chunk()).map_or(0, |b| u32::from_ne_bytes(*b))
}

fn name(message: &[u8]) -> String {
    let name = attr(message, IFLA_IFNAME).map_or(&b"?"[..], Attr::bytes);
    String::from_utf8_lossy(name).into_owned()
}

/// A request for a device by its index, which sets it up or down, or leaves that alone.
fn about(index: u32, up: Option<bool>) -> Request {
    let mut header = link::header(0, index);
    if let Some(up) = up {
        header[8..12].copy_from_slice(&if up { IFF_UP } else { 0 }.to_ne_bytes());
        header[12..16].copy_from_slice(&IFF_UP.to_ne_bytes());
    }
    Request::new(RTM_NEWLINK, 0, &header)
}

impl Way {
    fn devices(&mut self, before: &State) -> Result<()> {
        let now = State::read()?;
        for index in now.links.keys().filter(|i| !before.links.contains_key(i)) {
            // The other end of a cable may have taken it along.
            let _ = self.conn.change(&mut Request::new(RTM_DELLINK, 0, &link::header(0, *index)));
        }
        for (index, message) in &before.links {
            if !now.links.contains_key(index) {
                self.make(*index, message, before);
            }
        }
        let now = State::read()?;
        for (_, new) in now.links.iter().filter(|(i, _)| !before.links.contains_key(i)) {
            self.failed.push(format!("the new device {}, which is still there", name(new)));
        }
        for (index, then) in &before.links {
            let Some(now) = now.links.get(index) else {
                self.failed.push(format!("the device {}", name(then)));
                continue;
            };
            let differs = |kind: &u16| {
                attr(then, *kind).map(|a| a.value) != attr(now, *kind).map(|a| a.value)
            };
            let changed: Vec<u16> = KEPT.into_iter().filter(|k| differs(k)).collect();
            let up = flags(then) & IFF_UP != 0;
            if changed.is_empty() && up == (flags(now) & IFF_UP != 0) {
                continue;
            }
            // Some things can be changed only while it is down.
            if changed.iter().any(|k| [IFLA_IFNAME, IFLA_ADDRESS].contains(k)) {
                let _ = self.conn.change(&mut about(*index, Some(false)));
            }
            let mut request = about(*index, Some(up));
            for kind in changed {
                match attr(then, kind) {
                    Some(a) => request.attr(kind, a.value),
                    // No master is number 0, no alias an empty one.
                    None if kind == IFLA_IFALIAS => request.attr(kind, b""),
                    None => request.u32(kind, 0),
                }
            }
            if self.conn.change(&mut request).is_err() {
                self.failed.push(format!("all of the device {}", name(then)));
            }
        }
        Ok(())
    }

    /// A device that has gone; what is on it comes later.
    fn make(&mut self, index: u32, then: &[u8], before: &State) {
        const VETH_INFO_PEER: u16 = 1; // linux/veth.h
        let Some(info) = attr(then, IFLA_LINKINFO).map(Attr::nested) else { return };
        let Some(kind) = info.find(IFLA_INFO_KIND).map(Attr::bytes) else { return };
        let base = |request: &mut Request, message: &[u8]| {
            for kind in [IFLA_IFNAME, IFLA_MTU, IFLA_ADDRESS, IFLA_TXQLEN] {
                if let Some(a) = attr(message, kind) {
                    request.attr(kind, a.value);
                }
            }
        };
        let lower = attr(then, IFLA_LINK).and_then(Attr::u32);
        for with_data in [true, false] {
            let mut request = about(index, None);
            request.add_flags(NLM_F_CREATE | NLM_F_EXCL);
            base(&mut request, then);
            let is_cable = kind == b"veth";
            if let Some(lower) = lower.filter(|_| !is_cable) {
                request.u32(IFLA_LINK, lower);
            }
            let nest = request.nest(IFLA_LINKINFO);
            request.strz(IFLA_INFO_KIND, kind);
            if is_cable {
                // An end that was in another namespace is not ours to make.
                let elsewhere = attr(then, IFLA_LINK_NETNSID).is_some();
                let Some((peer, other)) =
                    lower.filter(|_| !elsewhere).and_then(|i| Some((i, before.links.get(&i)?)))
                else {
                    return;
                };
                let data = request.nest(IFLA_INFO_DATA);
                let end = request.nest(VETH_INFO_PEER);
                request.raw(&link::header(0, peer));
                base(&mut request, other);
                request.end(end);
                request.end(data);
            } else if let Some(data) = info.find(IFLA_INFO_DATA).filter(|_| with_data) {
                request.attr(IFLA_INFO_DATA, data.value);
            }
            request.end(nest);
            // What the kernel tells of a kind it need not take again; then it is made as new.
            if self.conn.change(&mut request).is_ok() {
                if !is_cable && !with_data && info.find(IFLA_INFO_DATA).is_some() {
                    self.failed.push(format!("the options of the device {}", name(then)));
                }
                return;
            }
        }
    }

    /// The order of a device's addresses says which is its first: it is kept by making all anew.
    fn addresses(&mut self, before: &State) -> Result<()> {
        let now = State::read()?;
        for index in before.links.keys() {
            let of = |all: &[Vec<u8>]| -> Vec<Vec<u8>> {
                let its = |m: &&Vec<u8>| m.get(4..8) == Some(&index.to_ne_bytes()[..]);
                all.iter().filter(its).cloned().collect()
            };
            let (then, now) = (of(&before.addrs), of(&now.addrs));
            let timeless = |all: &[Vec<u8>]| -> Vec<Vec<u8>> {
                all.iter().map(|m| without(m, ADDR, &[IFA_CACHEINFO])).collect()
            };
            if timeless(&then) == timeless(&now) {
                continue;
            }
            for message in now.iter().rev() {
                let _ = self.conn.change(&mut Request::new(RTM_DELADDR, 0, message));
            }
            for message in &then {
                let mut request = Request::new(RTM_NEWADDR, NLM_F_CREATE, message);
                if self.conn.change(&mut request).is_err() {
                    self.failed.push("an address".into());
                }
            }
        }
        Ok(())
    }

    /// A set of messages: what is too many goes, what is missing comes.
    fn set(
        &mut self,
        before: &State,
        of: impl Fn(&State) -> Vec<Vec<u8>>,
        add: u16,
        delete: u16,
        what: &str,
    ) -> Result<()> {
        let then = of(before);
        let (mut missing, mut surplus) = (0, 0);
        for _ in 0..4 {
            let now = of(&State::read()?);
            let mut wanted: Vec<&Vec<u8>> = then.iter().filter(|m| !now.contains(m)).collect();
            let unwanted: Vec<&Vec<u8>> = now.iter().filter(|m| !then.contains(m)).collect();
            (missing, surplus) = (wanted.len(), unwanted.len());
            if missing + surplus == 0 {
                return Ok(());
            }
            for message in unwanted {
                let _ = self.conn.change(&mut Request::new(delete, 0, message));
            }
            // Scopes from the narrow to the wide: what leads to gateways comes first.
            sort::by_key(&mut wanted, |m| std::cmp::Reverse(m.get(6).copied()));
            for message in wanted {
                let _ = self.conn.change(&mut Request::new(add, NLM_F_CREATE, message));
            }
        }
        self.failed.extend((0..missing).map(|_| format!("a {what}")));
        self.failed.extend((0..surplus).map(|_| format!("a new {what}, which is still there")));
        Ok(())
    }
}

/// Rules of iptables; tables that were not there go.
fn filters(restore: &str, family: u8, then: &[u8], now: &[u8]) -> bool {
    let tables = |text: &[u8]| -> Vec<Vec<u8>> {
        let lines = text.split(|&b| b == b'\n');
        lines.filter_map(|l| l.strip_prefix(b"*")).map(<[u8]>::to_vec).collect()
    };
    let old = tables(then);
    if let Ok(mut conn) = Conn::open(Protocol::Netfilter, 1 << 16) {
        for table in tables(now).iter().filter(|t| !old.contains(t)) {
            let mut batch = Batch::default();
            batch.add(nft::Table::delete(family, table));
            if !matches!(batch.send(&mut conn), Ok(Outcome::Done)) {
                return false;
            }
        }
    }
    let restored = || -> std::io::Result<bool> {
        let mut child =
            Command::new("/proc/self/exe").args([restore, "-c"]).stdin(Stdio::piped()).spawn()?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(then)?;
        }
        Ok(child.wait()?.success())
    };
    old.is_empty() || restored().unwrap_or(false)
}
