//! What `ip link show` and `ip address show` select: words in, a filter out.
//!
//! Some of it the kernel does while it dumps devices ([`Filter::request`]); the rest is asked of
//! each device ([`Filter::accepts`]). What selects addresses is kept for `ip address`.

use crate::cli::{Args, Usage, value};
use crate::names::{Kind, Names};
use crate::netlink::Request;
use crate::rtnl::addr::{IFA_F_PERMANENT, IFA_F_SECONDARY};
use crate::rtnl::consts::{
    IFF_UP, IFLA_IFNAME, IFLA_INFO_KIND, IFLA_LINKINFO, IFLA_MASTER, RT_SCOPE_NOWHERE,
};
use crate::rtnl::link::{self, Link};

use super::super::addr::flags;
use super::device;

/// The selectors of one command.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The device's name as it was typed.
    pub dev: Option<Vec<u8>>,
    pub up: bool,
    pub down: bool,
    pub group: Option<u32>,
    pub master: Master,
    /// IFLA_INFO_KIND.
    pub kind: Option<Vec<u8>>,
    /// The kind of the master, for `type X_slave`.
    pub slave_kind: Option<Vec<u8>>,
    /// Virtual functions are left out.
    pub no_vf: bool,
    /// Of addresses, as are all below: the prefix that holds the local one.
    pub to: Option<value::Prefix>,
    /// The scope; `None` for all.
    pub scope: Option<u8>,
    /// A shell pattern ([`fits`]).
    pub label: Option<Vec<u8>>,
    /// IFA_F_* that must have the value they have in `flags`.
    pub flag_mask: u32,
    pub flags: u32,
    /// IFA_PROTO.
    pub proto: Option<u8>,
}

/// Whose port a device is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Master {
    #[default]
    Any,
    /// Nobody's.
    None,
    /// The index of the bridge, bond or VRF.
    Index(u32),
}

/// The words and their values, for the usage.
pub const USAGE: &str = "[ [ dev ] DEVICE ] [ up | down ] [ group GROUP ] [ master DEVICE ] [ vrf NAME ] [ nomaster ] [ type KIND ] [ novf ]";

impl Filter {
    /// Reads selectors to the end of the words. `family` is what -family says and may be fixed by
    /// `to`; `usage` is what `help` shows.
    ///
    /// # Errors
    ///
    /// The reference's sentences.
    pub fn parse(
        args: &mut Args<'_>,
        names: &mut Names,
        family: &mut u8,
        usage: fn() -> Usage,
    ) -> Result<Filter, Usage> {
        let mut f = Filter::default();
        while let Some(word) = args.take() {
            match word {
                b"to" => {
                    let prefix = value::prefix(args.need()?, *family)?;
                    if *family == value::AF_UNSPEC {
                        *family = prefix.addr.family;
                    }
                    f.to = Some(prefix);
                }
                b"scope" => f.scope = scope(args, names)?,
                b"up" => f.up = true,
                b"down" => f.down = true,
                word if f.flag(word) => {}
                b"label" => f.label = Some(args.need()?.to_vec()),
                b"group" => {
                    let group = names.number(Kind::Group, args.need()?);
                    f.group = Some(group.ok_or_else(|| args.wrong("Invalid \"group\" value\n"))?);
                }
                b"master" => f.master = Master::Index(device::master(args, names)?),
                b"vrf" => f.master = Master::Index(device::vrf(args, names)?),
                b"nomaster" => f.master = Master::None,
                b"type" => {
                    let kind = args.need()?;
                    match kind.strip_suffix(b"_slave") {
                        Some(master) => f.slave_kind = Some(master.to_vec()),
                        None => f.kind = Some(kind.to_vec()),
                    }
                }
                b"proto" => f.proto = Some(args.value(value::u8, "\"proto\" value is invalid\n")?),
                b"novf" => f.no_vf = true,
                _ => {
                    if word == b"dev" {
                        args.need()?;
                    } else if crate::cli::prefix("help").is(word) {
                        return Err(usage());
                    }
                    if f.dev.is_some() {
                        return Err(args.garbage("dev"));
                    }
                    f.dev = Some(args.last().to_vec());
                }
            }
        }
        Ok(f)
    }

    /// A flag of addresses, `-` in front for its absence; whether the word was one.
    fn flag(&mut self, word: &[u8]) -> bool {
        let (set, name) = match word {
            [b'-', name @ ..] => (false, name),
            name => (true, name),
        };
        let (bit, set) = match name {
            // What the kernel has flags for the contrary of.
            b"dynamic" => (IFA_F_PERMANENT, !set),
            b"primary" => (IFA_F_SECONDARY, !set),
            _ => (flags::bit(name), set),
        };
        if bit == 0 {
            return false;
        }
        self.flag_mask |= bit;
        self.flags = if set { self.flags | bit } else { self.flags & !bit };
        true
    }

    /// Asks for all devices that the kernel can select.
    pub fn request(&self, stats: bool) -> Request {
        let mut r = link::query(0, stats, !self.no_vf);
        match self.master {
            Master::Any => {}
            Master::None => r.u32(IFLA_MASTER, u32::MAX),
            Master::Index(index) => r.u32(IFLA_MASTER, index),
        }
        if let Some(kind) = &self.kind {
            let info = r.nest(IFLA_LINKINFO);
            r.attr(IFLA_INFO_KIND, kind);
            r.end(info);
        }
        r
    }

    /// Asks for the one device of this name.
    pub fn request_one(&self, name: &[u8], stats: bool) -> Request {
        let mut r = link::query(0, stats, !self.no_vf);
        r.strz(
            if name.len() < 16 { IFLA_IFNAME } else { crate::rtnl::consts::IFLA_ALT_IFNAME },
            name,
        );
        r
    }

    /// Whether a device is down where `up` is asked for, or the other way round.
    pub fn is_off(&self, link: &Link<'_>) -> bool {
        let up = link.flags & IFF_UP != 0;
        (self.up && !up) || (self.down && up)
    }

    /// Whether a device is to be shown; what selects addresses is not looked at.
    pub fn accepts(&self, link: &Link<'_>) -> bool {
        if self.is_off(link) {
            return false;
        }
        if let (Some(want), Some(have)) = (self.group, link.group())
            && want != have
        {
            return false;
        }
        // That a device has no master only the kernel sees to, in a dump (observed in iproute2 6.15).
        let master = match self.master {
            Master::Any | Master::None => true,
            Master::Index(index) => link.master() == Some(index),
        };
        let info = link.info();
        let is = |want: &Option<Vec<u8>>, have: Option<&[u8]>| {
            want.as_deref().is_none_or(|w| have == Some(w))
        };
        master
            && is(&self.kind, info.and_then(|i| i.kind()))
            && is(&self.slave_kind, info.and_then(|i| i.slave_kind()))
    }
}

fn scope(args: &mut Args<'_>, names: &mut Names) -> Result<Option<u8>, Usage> {
    let word = args.need()?;
    match names.number(Kind::Scope, word) {
        Some(n) => Ok(Some(u8::try_from(n).unwrap_or(RT_SCOPE_NOWHERE))),
        None if word == b"all" => Ok(None),
        None => Err(args.wrong("invalid \"scope\"\n")),
    }
}

/// Whether a text fits a shell pattern: `*`, `?`, `[a-z]`, `[!a]`, `\` for the next byte as it is.
pub fn fits(pattern: &[u8], text: &[u8]) -> bool {
    // Where to go on when what follows the last `*` does not fit.
    let (mut p, mut t, mut again) = (0, 0, None);
    loop {
        let next = match pattern.get(p) {
            Some(b'*') => {
                again = Some((p + 1, t));
                p += 1;
                continue;
            }
            None if t == text.len() => return true,
            None => None,
            Some(_) => text.get(t).and_then(|&b| fits_one(&pattern[p..], b)),
        };
        match (next, again) {
            (Some(used), _) => (p, t) = (p + used, t + 1),
            (None, Some((star, from))) if from < text.len() => {
                (p, t) = (star, from + 1);
                again = Some((star, from + 1));
            }
            (None, _) => return false,
        }
    }
}

/// How many bytes of the pattern one byte of the text uses up, if it fits.
fn fits_one(pattern: &[u8], byte: u8) -> Option<usize> {
    match pattern {
        [b'?', ..] => Some(1),
        [b'\\', c, ..] => (*c == byte).then_some(2),
        [b'[', rest @ ..] => {
            let (not, set) = match rest {
                [b'!' | b'^', set @ ..] => (true, set),
                set => (false, set),
            };
            // A `]` at the beginning is one of the set; without an end, `[` is itself.
            let Some(end) = set.iter().skip(1).position(|&b| b == b']').map(|at| at + 1) else {
                return (byte == b'[').then_some(1);
            };
            let mut found = false;
            let mut at = 0;
            while at < end {
                if at + 2 < end && set[at + 1] == b'-' {
                    found |= (set[at]..=set[at + 2]).contains(&byte);
                    at += 3;
                } else {
                    found |= set[at] == byte;
                    at += 1;
                }
            }
            (found != not).then_some(1 + usize::from(not) + end + 1)
        }
        [c, ..] => (*c == byte).then_some(1),
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Filter, Usage> {
        let words: Vec<&[u8]> = line.split_whitespace().map(str::as_bytes).collect();
        let mut family = 0;
        Filter::parse(&mut Args::new(&words), &mut Names::default(), &mut family, || {
            Usage::new(255, "usage")
        })
    }

    #[test]
    fn selectors_are_words_and_the_rest_is_the_device() {
        let f = parse("up type bridge_slave dev x novf").unwrap();
        assert!(f.up && !f.down && f.no_vf);
        assert_eq!(f.slave_kind.as_deref(), Some(&b"bridge"[..]));
        assert_eq!(f.dev.as_deref(), Some(&b"x"[..]));
        assert_eq!(parse("he").unwrap_err().text, b"usage");
        assert!(parse("x y").is_err());
        assert!(parse("group").is_err());
    }

    #[test]
    fn flags_have_contraries() {
        let f = parse("-tentative dynamic home").unwrap();
        assert_eq!((f.flag_mask, f.flags), (0x40 | 0x80 | 0x10, 0x10));
    }

    #[test]
    fn shell_patterns() {
        for (pattern, text, want) in [
            ("eth0", "eth0", true),
            ("eth*", "eth0:1", true),
            ("*0", "eth10", true),
            ("e?h[0-9]", "eth7", true),
            ("e?h[0-9]", "eth", false),
            ("et[!a]*", "eth", true),
            ("[]x]", "]", true),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("*", "", true),
            ("*a*b", "xaxbxb", true),
            ("[a", "[a", true),
        ] {
            assert_eq!(fits(pattern.as_bytes(), text.as_bytes()), want, "{pattern} {text}");
        }
    }
}
