//! Selectors of `show` and `flush`: read from words, sent to the kernel where it filters, and
//! checked again here.

use super::{kind, nexthop, realm};
use crate::cli::value::{self, AF_INET, AF_INET6, AF_UNSPEC, Prefix};
use crate::cli::{Args, Usage, Word, exact, prefix};
use crate::error::Error;
use crate::names::{Kind, Names};
use crate::netlink::Request;
use crate::rtnl::consts::{
    RT_TABLE_MAIN, RTA_OIF, RTA_TABLE, RTM_F_CLONED, RTM_GETROUTE, RTN_BROADCAST, RTN_LOCAL,
    RTN_UNREACHABLE,
};
use crate::rtnl::route::{Header, Route};

/// Which routes are meant; `default()` means all. What was selected in full is not shown.
#[derive(Default)]
pub struct Filter {
    /// Of the request; AF_UNSPEC asks all families.
    pub family: u8,
    /// RT_TABLE_*; 0 means all.
    pub table: u32,
    /// Also cached routes.
    pub cloned: bool,
    pub protocol: Option<u8>,
    pub scope: Option<u8>,
    pub tos: Option<u8>,
    pub oif: Option<u32>,
    pub iif: Option<u32>,
    pub metric: Option<u32>,
    mark: Option<u32>,
    /// A bit for each type; 0 means all.
    types: u32,
    via: Option<Prefix>,
    prefsrc: Option<Prefix>,
    /// RTA_FLOW and the bits of it that count.
    realms: (u32, u32),
    dst: Range,
    src: Range,
    /// Routes that cannot be deleted are left out.
    flush: bool,
}

/// Prefixes between two others: inside `root`, and around `around`.
#[derive(Default)]
struct Range {
    root: Option<Prefix>,
    around: Option<Prefix>,
}

impl Range {
    /// Reads `[root|match|exact] PREFIX`, the first word being the one taken last. `root` and
    /// `match` set one side and leave the other as it was.
    fn limit(&mut self, args: &mut Args<'_>, family: u8) -> Result<(), Usage> {
        let word = args.last();
        if prefix("root").is(word) {
            self.root = Some(value::prefix(args.need()?, family)?);
            return Ok(());
        }
        if prefix("match").is(word) {
            self.around = Some(value::prefix(args.need()?, family)?);
            return Ok(());
        }
        if prefix("exact").is(word) {
            args.need()?;
        }
        let only = Some(value::prefix(args.last(), family)?);
        (self.root, self.around) = (only, only);
        Ok(())
    }
    #[inline]
    fn is_any(&self) -> bool {
        self.root.is_none() && self.around.is_none()
    }
    /// Whether `addr/len` of a family lies between them; no address means zeros.
    fn accepts(&self, family: u8, addr: Option<&[u8]>, len: u8) -> bool {
        let addr = addr.unwrap_or(&[0; 16]);
        let known = |p: &Prefix| p.addr.family != AF_UNSPEC;
        if let Some(root) = &self.root
            && known(root)
            && (root.addr.family != family || root.len > len || !root.contains(addr))
        {
            return false;
        }
        let Some(around) = &self.around else { return true };
        if known(around) {
            let shorter = Prefix { len, ..*around };
            around.addr.family == family && around.len >= len && shorter.contains(addr)
        } else {
            // `default` without a family; `any` and `all` are no limit.
            !around.explicit || len == 0
        }
    }
}

#[derive(Clone, Copy)]
enum Key {
    Table,
    Vrf,
    Cached,
    Tos,
    Protocol,
    Scope,
    Type,
    Dev,
    Iif,
    Mark,
    Metric,
    Via,
    Src,
    Realms,
    From,
}

/// In the order in which beginnings are tried; anything else is `[to] [root|match|exact] PREFIX`.
#[rustfmt::skip] // one row, one line
static WORDS: &[(Word, &str, Key)] = &[
    (prefix("table"), "{ TABLE | all | cache }", Key::Table),
    (prefix("vrf"), "NAME", Key::Vrf),
    (prefix("cached"), "", Key::Cached),
    (prefix("cloned"), "", Key::Cached),
    (exact("tos"), "TOS", Key::Tos),
    (prefix("dsfield"), "TOS", Key::Tos),
    (prefix("protocol"), "{ PROTO | all }", Key::Protocol),
    (prefix("scope"), "{ SCOPE | all }", Key::Scope),
    (prefix("type"), "TYPE", Key::Type),
    (exact("dev"), "DEVICE", Key::Dev),
    (exact("oif"), "DEVICE", Key::Dev),
    (exact("iif"), "DEVICE", Key::Iif),
    (exact("mark"), "NUMBER", Key::Mark),
    (prefix("metric"), "NUMBER", Key::Metric),
    (prefix("priority"), "NUMBER", Key::Metric),
    (exact("preference"), "NUMBER", Key::Metric),
    (exact("via"), "[ FAMILY ] PREFIX", Key::Via),
    (exact("src"), "PREFIX", Key::Src),
    (prefix("realms"), "[FROM/]TO", Key::Realms),
    (prefix("from"), "[ root | match | exact ] PREFIX", Key::From),
];

/// The words and their values, for the usage.
pub fn words() -> impl Iterator<Item = (&'static str, &'static str)> {
    WORDS.iter().map(|(w, arg, _)| (w.full, *arg)).chain([
        ("root", "PREFIX"),
        ("match", "PREFIX"),
        ("exact", "PREFIX"),
    ])
}

impl Filter {
    /// Reads selectors to the end of the words. Without any, the main table of IPv4.
    ///
    /// # Errors
    ///
    /// The reference's sentences.
    pub fn parse(args: &mut Args<'_>, names: &mut Names, family: u8) -> Result<Filter, Error> {
        let mut f = Filter { family, table: RT_TABLE_MAIN, ..Filter::default() };
        let (mut dev, mut iif) = (None, None);
        while let Some(word) = args.take() {
            match WORDS.iter().find(|(w, _, _)| w.is(word)).map(|row| row.2) {
                Some(Key::Dev) => dev = Some(args.need()?),
                Some(Key::Iif) => iif = Some(args.need()?),
                Some(key) => f.selector(key, args, names)?,
                None => {
                    if word == b"to" {
                        args.need()?;
                    }
                    f.dst.limit(args, family)?;
                }
            }
        }
        if f.family == AF_UNSPEC && f.table != 0 {
            f.family = AF_INET;
        }
        let mut index = |name: Option<&[u8]>| match name {
            None => Ok(None),
            Some(name) => match names.index(name) {
                None => Err(no_device(name)),
                index => Ok(index),
            },
        };
        f.iif = index(iif)?;
        f.oif = index(dev)?;
        Ok(f)
    }

    fn selector(&mut self, key: Key, args: &mut Args<'_>, names: &mut Names) -> Result<(), Error> {
        if let Key::Cached = key {
            self.cloned = true;
            return Ok(());
        }
        let word = args.need()?;
        match key {
            Key::Table => match (names.number(Kind::RtTable, word), word) {
                (Some(table), _) => self.table = table,
                (None, b"all") => self.table = 0,
                (None, b"cache") => self.cloned = true,
                (None, b"help") => return Err(super::usage().into()),
                _ => return Err(args.wrong("table id value is invalid\n").into()),
            },
            Key::Vrf => {
                let table = names.vrf_table(word);
                self.table = table.ok_or_else(|| args.wrong("Invalid VRF\n"))?;
                self.types = !(1 << RTN_LOCAL | 1 << RTN_BROADCAST);
            }
            Key::Tos => {
                let tos = byte(names.number(Kind::DsField, word));
                self.tos = Some(tos.ok_or_else(|| args.wrong("TOS value is invalid\n"))?);
            }
            Key::Protocol => {
                self.protocol = byte(names.number(Kind::RtProto, word));
                if self.protocol.is_none() && word != b"all" {
                    return Err(args.wrong("invalid \"protocol\"\n").into());
                }
            }
            Key::Scope => {
                self.scope = byte(names.number(Kind::Scope, word));
                if self.scope.is_none() && word != b"all" {
                    return Err(args.wrong("invalid \"scope\"\n").into());
                }
            }
            Key::Type => {
                let kind = kind::parse(word);
                let kind = kind.ok_or_else(|| args.wrong("node type value is invalid\n"))?;
                self.types = 1u32.wrapping_shl(kind.into());
            }
            Key::Mark => {
                let mark = value::u32(word).ok_or_else(|| args.wrong("invalid mark value"))?;
                self.mark = Some(mark);
            }
            Key::Metric => {
                let metric = value::u32(word);
                let metric = metric.ok_or_else(|| args.wrong("\"metric\" value is invalid\n"))?;
                self.metric = Some(metric);
            }
            Key::Via => {
                self.via = Some(match nexthop::family(args) {
                    Some(family) => value::prefix(args.need()?, family)?,
                    None => value::prefix(word, self.family)?,
                });
            }
            Key::Src => self.prefsrc = Some(value::prefix(word, self.family)?),
            Key::Realms => {
                let realms = realm::parse(word, names);
                let realms = realms.ok_or_else(|| args.wrong("invalid realms\n"))?;
                self.realms = (realms, realm::mask(word, realms));
            }
            Key::From => self.src.limit(args, self.family)?,
            Key::Cached | Key::Dev | Key::Iif => {}
        }
        Ok(())
    }

    /// For `flush`.
    pub fn flushing(mut self) -> Filter {
        self.flush = true;
        self
    }

    /// The dump request, with what the kernel filters.
    pub fn request(&self) -> Request {
        let header = Header {
            family: self.family,
            protocol: self.protocol.unwrap_or(0),
            flags: if self.cloned { RTM_F_CLONED } else { 0 },
            ..Header::default()
        };
        let mut request = Request::new(RTM_GETROUTE, 0, &header.bytes());
        if self.table != 0 {
            request.u32(RTA_TABLE, self.table);
        }
        if let Some(index) = self.oif {
            request.u32(RTA_OIF, index);
        }
        request
    }

    /// Whether a route is meant.
    pub fn accepts(&self, r: &Route<'_>) -> bool {
        self.accepts_header(r) && self.accepts_rest(r)
    }

    /// Whether [`Filter::accepts_header`] decides: most listings have no selectors.
    pub fn is_plain(&self) -> bool {
        let numbers = [self.oif, self.iif, self.metric, self.mark];
        [self.protocol, self.scope, self.tos].iter().all(Option::is_none)
            && numbers.iter().all(Option::is_none)
            && (self.types, self.realms.1, self.flush) == (0, 0, false)
            && self.via.is_none()
            && self.prefsrc.is_none()
            && self.dst.is_any()
            && self.src.is_any()
    }

    /// Whether a route is of the table and family that are meant.
    #[inline]
    pub fn accepts_header(&self, r: &Route<'_>) -> bool {
        let h = &r.header;
        // A family without routes of its own makes the kernel dump all.
        if self.family != AF_UNSPEC && self.family != h.family {
            return false;
        }
        if h.flags & RTM_F_CLONED != 0 && !self.cloned {
            return false;
        }
        if self.table != 0 && self.table != r.table() {
            return false;
        }
        // Without tables of their own, IPv6 keeps local routes in the main table.
        !(h.family == AF_INET6 && self.table == RT_TABLE_MAIN && h.kind == RTN_LOCAL)
    }

    /// Whether a route is what the selectors say.
    pub fn accepts_rest(&self, r: &Route<'_>) -> bool {
        let h = &r.header;
        let differs = |want: Option<u8>, is: u8| want.is_some_and(|want| want != is);
        if differs(self.protocol, h.protocol)
            || differs(self.scope, h.scope)
            || differs(self.tos, h.tos)
            || (self.types != 0 && self.types & 1u32.wrapping_shl(h.kind.into()) == 0)
        {
            return false;
        }
        if !(self.dst.is_any() || self.dst.accepts(h.family, r.dst(), h.dst_len))
            || !(self.src.is_any() || self.src.accepts(h.family, r.src(), h.src_len))
        {
            return false;
        }
        self.accepts_nexthop(r) && self.accepts_numbers(r)
    }

    fn accepts_nexthop(&self, r: &Route<'_>) -> bool {
        let zeros = &[0; 16][..];
        if let Some(want) = &self.via
            && want.addr.family != AF_UNSPEC
        {
            let (family, addr) = match (r.via(), r.gateway()) {
                (Some(via), _) => (via.family, via.addr),
                (None, gateway) => (r.header.family.into(), gateway.unwrap_or(zeros)),
            };
            if u16::from(want.addr.family) != family || !want.contains(addr) {
                return false;
            }
        }
        if let Some(want) = &self.prefsrc
            && want.addr.family != AF_UNSPEC
            && (want.addr.family != r.header.family || !want.contains(r.prefsrc().unwrap_or(zeros)))
        {
            return false;
        }
        match self.oif {
            None => true,
            Some(want) => match (r.oif(), r.hops()) {
                (Some(index), _) => index == want,
                (None, Some(mut hops)) => hops.any(|hop| hop.index == want),
                (None, None) => false,
            },
        }
    }

    #[inline]
    fn accepts_numbers(&self, r: &Route<'_>) -> bool {
        let differs =
            |want: Option<u32>, is: Option<u32>| want.is_some_and(|want| want != is.unwrap_or(0));
        let (realms, mask) = self.realms;
        if differs(self.iif, r.iif())
            || differs(self.mark, r.mark())
            || differs(self.metric, r.priority())
            || (mask != 0 && (r.flow().unwrap_or(0) ^ realms) & mask != 0)
        {
            return false;
        }
        let h = &r.header;
        !(self.flush
            && h.family == AF_INET6
            && h.dst_len == 0
            && h.kind == RTN_UNREACHABLE
            && r.priority() == Some(u32::MAX))
    }

    /// Whether the type is shown: when it is not the usual one, or with -details, and selected.
    pub fn shows_kind(&self, kind: u8) -> bool {
        self.types == 0 || self.types & 1u32.wrapping_shl(kind.into()) != 0
    }
    /// Whether a gateway of `bits` bits was not selected in full.
    pub fn shows_via(&self, bits: u8) -> bool {
        self.via.is_none_or(|p| p.len != bits)
    }
    pub fn shows_prefsrc(&self, bits: u8) -> bool {
        self.prefsrc.is_none_or(|p| p.len != bits)
    }
    pub fn shows_realms(&self) -> bool {
        self.realms.1 != u32::MAX
    }
}

fn byte(n: Option<u32>) -> Option<u8> {
    u8::try_from(n?).ok()
}

/// `Cannot find device "X"`; the command fails, a batch may go on.
pub fn no_device(name: &[u8]) -> Error {
    Error::failed(1, [b"Cannot find device \"", name, b"\""].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range_of(words: &str, family: u8) -> Range {
        let words: Vec<&[u8]> = words.split_whitespace().map(str::as_bytes).collect();
        let mut args = Args::new(&words);
        args.take();
        let mut range = Range::default();
        range.limit(&mut args, family).unwrap();
        range
    }

    #[test]
    fn a_bare_prefix_is_exact_and_root_and_match_open_one_side() {
        let ten = |len: u8| (AF_INET, Some(&[10, 6, 0, 0][..]), len);
        let yes = |r: &Range, (f, a, l): (u8, Option<&[u8]>, u8)| r.accepts(f, a, l);
        let exact = range_of("10.6/16", AF_UNSPEC);
        assert!(yes(&exact, ten(16)) && !yes(&exact, ten(17)) && !yes(&exact, ten(15)));
        let root = range_of("root 10.6/16", AF_UNSPEC);
        assert!(yes(&root, ten(16)) && yes(&root, ten(32)) && !yes(&root, ten(8)));
        let around = range_of("match 10.6.7.1", AF_UNSPEC);
        assert!(yes(&around, ten(16)) && yes(&around, (AF_INET, None, 0)));
        assert!(!yes(&around, (AF_INET, Some(&[10, 7, 0, 0]), 16)));
        assert!(!yes(&exact, (AF_INET6, Some(&[0; 16]), 16)));
    }

    #[test]
    fn default_is_a_length_of_zero_and_any_is_no_limit_without_a_family() {
        let zero_slash_8 = (AF_INET, Some(&[0, 0, 0, 0][..]), 8u8);
        for (words, family, want) in [
            ("default", AF_UNSPEC, false),
            ("any", AF_UNSPEC, true),
            ("any", AF_INET, false),
            ("root default", AF_UNSPEC, true),
            ("match default", AF_UNSPEC, false),
        ] {
            let r = range_of(words, family);
            let (f, a, l) = zero_slash_8;
            assert_eq!(r.accepts(f, a, l), want, "{words} {family}");
            assert!(r.accepts(AF_INET, None, 0));
        }
    }
}
