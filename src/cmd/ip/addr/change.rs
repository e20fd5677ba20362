//! `ip address add`, `change`, `replace`, `delete`.

use crate::cli::value::{self, AF_INET, AF_INET6, AF_UNSPEC, Addr, Prefix};
use crate::cli::{Args, Row, Usage, exact, prefix};
use crate::cmd::ip::hint;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::names::{Kind, Names};
use crate::netlink::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, Request};
use crate::output::addr::ip;
use crate::rtnl::addr::{FOREVER, IFA_F_MCAUTOJOIN};
use crate::rtnl::consts::{
    IFA_ADDRESS, IFA_ANYCAST, IFA_BROADCAST, IFA_CACHEINFO, IFA_FLAGS, IFA_LABEL, IFA_LOCAL,
    IFA_PROTO, IFA_RT_PRIORITY, IFF_BROADCAST, IFF_LOOPBACK, RT_SCOPE_HOST, RT_SCOPE_UNIVERSE,
    RTM_DELADDR, RTM_NEWADDR,
};

use super::flags::{self, Set};

pub fn add(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL)
}
pub fn change(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, RTM_NEWADDR, NLM_F_REPLACE)
}
pub fn replace(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE)
}
pub fn delete(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, RTM_DELADDR, 0)
}

type Taken = std::result::Result<(), Usage>;

/// What the words say; a `usize` is the place of the word it came from.
pub struct Change<'n> {
    names: &'n mut Names,
    /// The family asked for by a global option, or that of the first address.
    family: u8,
    local: Option<(Prefix, usize)>,
    peer: Option<(Prefix, usize)>,
    broadcast: Option<Broadcast>,
    anycast: Option<(Addr, usize)>,
    scope: Option<u8>,
    dev: Option<Vec<u8>>,
    label: Option<(Vec<u8>, usize)>,
    metric: Option<(u32, usize)>,
    valid: Option<u32>,
    preferred: Option<u32>,
    flags: u32,
    proto: Option<(u8, usize)>,
    /// What is to be said although the command goes on.
    warnings: Vec<u8>,
}

/// A broadcast address as it was asked for.
enum Broadcast {
    /// `+`: the host bits are ones, `-`: they are zeros.
    Computed {
        ones: bool,
        at: usize,
    },
    Given(Addr, usize),
}

/// The words, in the order in which they are tried.
#[rustfmt::skip] // one row, one line
pub fn rows<'n>() -> &'n [Row<Change<'n>>] {
    const {
        &[
            Row { word: exact("peer"), arg: "PREFIX", take: peer, again: true },
            Row { word: exact("remote"), arg: "PREFIX", take: peer, again: true },
            Row { word: prefix("broadcast"), arg: "{ ADDR | + | - }", take: broadcast, again: true },
            Row { word: exact("brd"), arg: "{ ADDR | + | - }", take: broadcast, again: true },
            Row { word: exact("anycast"), arg: "ADDR", take: anycast, again: true },
            Row { word: exact("scope"), arg: "SCOPE", take: scope, again: true },
            Row { word: exact("dev"), arg: "DEV", take: dev, again: true },
            Row { word: exact("label"), arg: "LABEL", take: label, again: true },
            Row { word: prefix("metric"), arg: "METRIC", take: metric, again: true },
            Row { word: prefix("priority"), arg: "METRIC", take: metric, again: true },
            Row { word: prefix("preference"), arg: "METRIC", take: metric, again: true },
            Row { word: prefix("valid_lft"), arg: "{ SECONDS | forever }", take: valid, again: true },
            Row { word: prefix("preferred_lft"), arg: "{ SECONDS | forever }", take: preferred, again: true },
            Row { word: exact("proto"), arg: "PROTO", take: proto, again: true },
            Row { word: exact("local"), arg: "PREFIX", take: local, again: true },
        ]
    }
}

/// Whether an address with bytes has been given; `any` has none and may be replaced.
fn given(p: Option<(Prefix, usize)>) -> bool {
    p.is_some_and(|(p, _)| !p.addr.bytes().is_empty())
}

impl Change<'_> {
    /// Reads the word taken last as a prefix; the first one decides on the family.
    fn prefix(&mut self, args: &Args<'_>) -> std::result::Result<(Prefix, usize), Usage> {
        let p = value::prefix(args.last(), self.family).map_err(|e| e.at(args.at()))?;
        self.settle(p.addr.family);
        Ok((p, args.at()))
    }
    fn addr(&mut self, args: &Args<'_>) -> std::result::Result<(Addr, usize), Usage> {
        let a = value::addr(args.last(), self.family).map_err(|e| e.at(args.at()))?;
        self.settle(a.family);
        Ok((a, args.at()))
    }
    fn settle(&mut self, family: u8) {
        if self.family == AF_UNSPEC {
            self.family = family;
        }
    }
}

fn peer(args: &mut Args<'_>, c: &mut Change<'_>) -> Taken {
    args.need()?;
    if given(c.peer) {
        return Err(args.duplicate("peer"));
    }
    c.peer = Some(c.prefix(args)?);
    Ok(())
}

fn broadcast(args: &mut Args<'_>, c: &mut Change<'_>) -> Taken {
    let word = args.need()?;
    if c.broadcast.is_some() {
        return Err(args.duplicate("broadcast"));
    }
    c.broadcast = Some(match word {
        b"+" | b"-" => Broadcast::Computed { ones: word == b"+", at: args.at() },
        _ => {
            let (addr, at) = c.addr(args)?;
            Broadcast::Given(addr, at)
        }
    });
    Ok(())
}

fn anycast(args: &mut Args<'_>, c: &mut Change<'_>) -> Taken {
    args.need()?;
    if c.anycast.is_some_and(|(a, _)| !a.bytes().is_empty()) {
        return Err(args.duplicate("anycast"));
    }
    c.anycast = Some(c.addr(args)?);
    Ok(())
}

fn scope(args: &mut Args<'_>, c: &mut Change<'_>) -> Taken {
    let word = args.need()?;
    let number = c.names.number(Kind::Scope, word).and_then(|n| u8::try_from(n).ok());
    c.scope = Some(number.ok_or_else(|| args.wrong("invalid scope value."))?);
    Ok(())
}

fn dev(args: &mut Args<'_>, c: &mut Change<'_>) -> Taken {
    c.dev = Some(args.need()?.to_vec());
    Ok(())
}

fn label(args: &mut Args<'_>, c: &mut Change<'_>) -> Taken {
    c.label = Some((args.need()?.to_vec(), args.at()));
    Ok(())
}

fn metric(args: &mut Args<'_>, c: &mut Change<'_>) -> Taken {
    let n = args.value(value::u32, "\"metric\" value is invalid\n")?;
    c.metric = Some((n, args.at()));
    Ok(())
}

/// The word itself is the second value in the reference's sentence.
fn valid(args: &mut Args<'_>, c: &mut Change<'_>) -> Taken {
    if c.valid.is_some() {
        return Err(args.duplicate("valid_lft"));
    }
    c.valid = Some(args.value(lifetime, "valid_lft value")?);
    Ok(())
}

fn preferred(args: &mut Args<'_>, c: &mut Change<'_>) -> Taken {
    if c.preferred.is_some() {
        return Err(args.duplicate("preferred_lft"));
    }
    c.preferred = Some(args.value(lifetime, "preferred_lft value")?);
    Ok(())
}

/// Seconds.
fn lifetime(word: &[u8]) -> Option<u32> {
    if word == b"forever" { Some(FOREVER) } else { value::u32(word) }
}

fn proto(args: &mut Args<'_>, c: &mut Change<'_>) -> Taken {
    let word = args.need()?;
    let number = c.names.number(Kind::AddrProto, word).and_then(|n| u8::try_from(n).ok());
    let number = number.ok_or_else(|| args.wrong("\"proto\" value is invalid\n"))?;
    c.proto = Some((number, args.at()));
    Ok(())
}

fn local(args: &mut Args<'_>, c: &mut Change<'_>) -> Taken {
    args.need()?;
    address(args, c)
}

/// A flag, `help`, or the address itself.
fn other(args: &mut Args<'_>, c: &mut Change<'_>) -> Taken {
    let word = args.last();
    if let Some(f) = flags::find(word) {
        let allowed = match f.set {
            Set::Any => Ok(()),
            // What stands behind this word is not yet known.
            Set::Inet6 if c.family == AF_INET6 => Ok(()),
            Set::Inet6 => Err("can be set only for IPv6 addresses"),
            Set::Never => Err("is not mutable from userspace"),
        };
        match allowed {
            Ok(()) => c.flags |= f.bit,
            Err(why) => {
                let text = format!("Warning: {} option {why}\n", f.word);
                c.warnings.extend_from_slice(text.as_bytes());
            }
        }
        return Ok(());
    }
    if prefix("help").is(word) {
        return Err(super::usage());
    }
    address(args, c)
}

fn address(args: &mut Args<'_>, c: &mut Change<'_>) -> Taken {
    if given(c.local) {
        return Err(args.garbage("local"));
    }
    c.local = Some(c.prefix(args)?);
    Ok(())
}

fn modify(ctx: &mut Ctx, args: &mut Args<'_>, kind: u16, flags: u16) -> Result {
    let words = args.rest();
    let mut c = Change {
        family: ctx.opts.family,
        names: &mut ctx.names,
        local: None,
        peer: None,
        broadcast: None,
        anycast: None,
        scope: None,
        dev: None,
        label: None,
        metric: None,
        valid: None,
        preferred: None,
        flags: 0,
        proto: None,
        warnings: Vec::new(),
    };
    let request = match args.read(rows(), &mut c, other) {
        Ok(()) => c.request(kind, flags),
        Err(e) => Err(e.into()),
    };
    let alone =
        c.local.filter(|(p, _)| !p.explicit && p.addr.family == AF_INET && c.peer.is_none());
    let warnings = std::mem::take(&mut c.warnings);
    if !warnings.is_empty() {
        ctx.complain(&warnings);
    }
    let mut request = request?;
    super::echo::change(ctx, &mut request)?;
    if kind == RTM_NEWADDR
        && let Some((prefix, _)) = alone
    {
        hint_length(ctx, prefix.addr, &request);
    }
    hint::octal(ctx, words);
    Ok(())
}

/// Without a length the address is a host's own and no network is connected; no default is made up,
/// but a person may want to know.
fn hint_length(ctx: &mut Ctx, addr: Addr, request: &Request) {
    if !ctx.wants_hints() {
        return;
    }
    let index = request.payload().get(4..8).and_then(|b| b.first_chunk());
    let Some(index) = index.map(|b| u32::from_ne_bytes(*b)) else { return };
    let flags = ctx.names.link_type_and_flags(index).map_or(0, |(_, flags)| flags);
    if flags & (IFF_BROADCAST | IFF_LOOPBACK) == IFF_BROADCAST {
        let mut text = Vec::new();
        ip(&mut text, addr.bytes());
        let text = String::from_utf8_lossy(&text).into_owned();
        ctx.hint(|| format!("{text} was added as /32; use {text}/24 to get a connected network"));
    }
}

impl Change<'_> {
    fn request(&mut self, kind: u16, flags: u16) -> Result<Request> {
        let delete = kind == RTM_DELADDR;
        let Some(dev) = self.dev.take() else {
            let text = "Not enough information: \"dev\" argument is required.";
            return Err(Error::failed(1, text).into());
        };
        let mut r = Request::new(kind, flags, &[0; 8]);
        let prefix = self.addresses(&mut r, delete)?;
        self.broadcast(&mut r, prefix, delete)?;
        if let Some((a, at)) = self.anycast {
            r.from_word(at);
            r.attr(IFA_ANYCAST, a.bytes());
        }
        let index = self.names.index(&dev).ok_or_else(|| {
            Error::failed(1, [b"Cannot find device \"", &dev[..], b"\""].concat())
        })?;
        self.lifetimes(&mut r)?;
        if self.flags & IFA_F_MCAUTOJOIN != 0
            && !self.local.is_some_and(|(p, _)| p.addr.is_multicast())
        {
            return Err(Error::failed(1, "autojoin needs multicast address").into());
        }
        self.rest(&mut r);
        let scope = self.scope.unwrap_or(if delete { 0 } else { self.default_scope() });
        let len = self.len();
        let h = r.header();
        (h[0], h[1], h[3]) = (self.family, len, scope);
        // The header has room for eight flags.
        if let Ok(few) = u8::try_from(self.flags) {
            h[2] = few;
        }
        h[4..8].copy_from_slice(&index.to_ne_bytes());
        Ok(r)
    }

    /// Bits: those of the peer, or else of the address.
    fn len(&self) -> u8 {
        let len = |p: Option<(Prefix, usize)>| p.map_or(0, |(p, _)| p.len);
        if len(self.peer) == 0 { len(self.local) } else { len(self.peer) }
    }

    fn default_scope(&self) -> u8 {
        match self.local {
            Some((p, _)) if p.addr.family == AF_INET && p.addr.bytes().first() == Some(&127) => {
                RT_SCOPE_HOST
            }
            _ => RT_SCOPE_UNIVERSE,
        }
    }

    /// Adds the local and the interface's address; returns the latter, the address itself
    /// without a peer.
    fn addresses(&mut self, r: &mut Request, delete: bool) -> Result<Option<Prefix>> {
        if let Some((p, at)) = self.local {
            r.from_word(at);
            r.attr(IFA_LOCAL, p.addr.bytes());
        }
        if let Some((p, at)) = self.peer {
            r.from_word(at);
            r.attr(IFA_ADDRESS, p.addr.bytes());
        }
        if given(self.peer) || !given(self.local) {
            return Ok(self.peer.map(|(p, _)| p));
        }
        let Some((p, at)) = self.local else { return Ok(None) };
        if delete && p.addr.family == AF_INET && !p.explicit {
            self.warn_of_wildcard(p.addr.bytes());
        } else {
            r.from_word(at);
            r.attr(IFA_ADDRESS, p.addr.bytes());
        }
        Ok(Some(p))
    }

    /// Without IFA_ADDRESS the kernel deletes the address whatever its prefix length is.
    fn warn_of_wildcard(&mut self, addr: &[u8]) {
        let w = &mut self.warnings;
        w.extend_from_slice(
            b"Warning: Executing wildcard deletion to stay compatible with old scripts.\n\
              \x20        Explicitly specify the prefix length (",
        );
        ip(w, addr);
        w.extend_from_slice(
            b"/32) to avoid this warning.\n\
              \x20        This special behaviour is likely to disappear in further releases,\n\
              \x20        fix your scripts!\n",
        );
    }

    fn broadcast(&self, r: &mut Request, prefix: Option<Prefix>, delete: bool) -> Result {
        match self.broadcast {
            None => {}
            Some(Broadcast::Given(a, at)) => {
                r.from_word(at);
                r.attr(IFA_BROADCAST, a.bytes());
            }
            Some(Broadcast::Computed { .. }) if delete => {}
            Some(Broadcast::Computed { .. }) if self.family != AF_INET => {
                let text = "Broadcast can be set only for IPv4 addresses";
                return Err(Error::failed(1, text).into());
            }
            Some(Broadcast::Computed { ones, at }) => {
                // A network of one or two hosts has none.
                let Some(p) = prefix.filter(|p| p.len <= 30) else { return Ok(()) };
                let Some(a) = p.addr.bytes().first_chunk::<4>() else { return Ok(()) };
                let host = u32::MAX >> p.len;
                let a = u32::from_be_bytes(*a);
                r.from_word(at);
                r.u32_be(IFA_BROADCAST, if ones { a | host } else { a & !host });
            }
        }
        Ok(())
    }

    /// struct ifa_cacheinfo: preferred, valid, and two times that are not set.
    fn lifetimes(&self, r: &mut Request) -> Result {
        if self.valid.is_none() && self.preferred.is_none() {
            return Ok(());
        }
        let valid = self.valid.unwrap_or(FOREVER);
        let preferred = self.preferred.unwrap_or(FOREVER);
        if valid == 0 {
            return Err(Error::failed(1, "valid_lft is zero").into());
        }
        if valid < preferred {
            return Err(Error::failed(1, "preferred_lft is greater than valid_lft").into());
        }
        let mut info = [0; 16];
        info[..4].copy_from_slice(&preferred.to_ne_bytes());
        info[4..8].copy_from_slice(&valid.to_ne_bytes());
        r.attr(IFA_CACHEINFO, &info);
        Ok(())
    }

    fn rest(&self, r: &mut Request) {
        if let Some((text, at)) = &self.label {
            r.from_word(*at);
            r.strz(IFA_LABEL, text);
        }
        if let Some((n, at)) = self.metric {
            r.from_word(at);
            r.u32(IFA_RT_PRIORITY, n);
        }
        if let Some((n, at)) = self.proto {
            r.from_word(at);
            r.u8(IFA_PROTO, n);
        }
        if self.flags > 0xff {
            r.u32(IFA_FLAGS, self.flags);
        }
    }
}
