//! Link kinds: one file each, all listed in `KINDS`.
//!
//! To add one: write `NAME.rs` with a `pub static KIND`, add `mod NAME;` and `&NAME::KIND` below,
//! and its section to man/ip-link.8. The tests at the end of this file say what is still missing.
//!
//! A kind is mostly rows of [`Opt`]; one with words that depend on each other, or with lines of
//! its own, has functions in place of them. A kind that is not in the table is still made and
//! shown by its name; words behind it are refused.

use std::fs::File;

use crate::cli::{Args, Usage, prefix};
use crate::error::Error;
use crate::names::Names;
use crate::netlink::{Attr, Attrs, Request};
use crate::opt::{self, Opt};
use crate::output::Out;
use crate::sys::fd;

use super::tunnel::Tunnel;
use super::words::How;

/// A field whose text is `WORD VALUE `; the JSON key is the word, or the second name.
macro_rules! token {
    ($word:literal) => {
        crate::output::field($word, concat!($word, " {} "))
    };
    ($word:literal, $key:literal) => {
        crate::output::field($key, concat!($word, " {} "))
    };
}

mod amt;
mod bareudp;
mod batadv;
mod bond;
mod bond_slave;
mod bridge;
mod bridge_slave;
mod can;
mod dsa;
mod dummy;
mod erspan;
mod geneve;
mod gre;
mod gretap;
mod gtp;
mod hsr;
mod ifb;
mod ip6erspan;
mod ip6gre;
mod ip6gretap;
mod ip6tnl;
mod ipip;
mod ipoib;
mod ipvlan;
mod ipvtap;
mod macsec;
mod macvlan;
mod macvtap;
mod netdevsim;
mod netkit;
mod nlmon;
mod rmnet;
mod sit;
mod team;
mod team_slave;
mod tun;
mod vcan;
mod veth;
mod virt_wifi;
mod vlan;
mod vrf;
mod vrf_slave;
mod vti;
mod vti6;
mod vxcan;
mod vxlan;
mod wireguard;
mod wwan;
mod xfrm;

/// Every kind, sorted by name.
pub static KINDS: &[&LinkKind] = &[
    &amt::KIND,
    &bareudp::KIND,
    &batadv::KIND,
    &bond::KIND,
    &bond_slave::KIND,
    &bridge::KIND,
    &bridge_slave::KIND,
    &can::KIND,
    &dsa::KIND,
    &dummy::KIND,
    &erspan::KIND,
    &geneve::KIND,
    &gre::KIND,
    &gretap::KIND,
    &gtp::KIND,
    &hsr::KIND,
    &ifb::KIND,
    &ip6erspan::KIND,
    &ip6gre::KIND,
    &ip6gretap::KIND,
    &ip6tnl::KIND,
    &ipip::KIND,
    &ipoib::KIND,
    &ipvlan::KIND,
    &ipvtap::KIND,
    &macsec::KIND,
    &macvlan::KIND,
    &macvtap::KIND,
    &netdevsim::KIND,
    &netkit::KIND,
    &nlmon::KIND,
    &rmnet::KIND,
    &sit::KIND,
    &team::KIND,
    &team_slave::KIND,
    &tun::KIND,
    &vcan::KIND,
    &veth::KIND,
    &virt_wifi::KIND,
    &vlan::KIND,
    &vrf::KIND,
    &vrf_slave::KIND,
    &vti::KIND,
    &vti6::KIND,
    &vxcan::KIND,
    &vxlan::KIND,
    &wireguard::KIND,
    &wwan::KIND,
    &xfrm::KIND,
];

/// What `ip link` knows about one kind of device.
pub struct LinkKind {
    /// IFLA_INFO_KIND; with `_slave` behind it for the ports of a kind.
    pub name: &'static str,
    /// One line, for completions and `ip link help`.
    pub about: &'static str,
    /// In the order in which they are shown.
    pub opts: &'static [Opt],
    /// Reads all words, where rows are not enough.
    pub parse: Option<Parse>,
    /// Shows everything, where rows are not enough.
    pub show: Option<Show>,
    /// Shows IFLA_INFO_XSTATS, where it has counters of its own.
    pub counters: Option<fn(&mut Out, Attr<'_>)>,
    /// The words of its usage that are no rows.
    pub usage: &'static str,
    /// What the reference calls a word it does not know: `option` or `command`.
    pub calls: &'static str,
    /// The words of a kind whose settings are sent as a whole, in place of `opts` and `parse`.
    pub tunnel: Option<&'static Tunnel>,
}

/// Reads the words behind `type KIND`.
pub type Parse = fn(&LinkKind, &mut Args<'_>, &mut Words<'_>) -> Result<(), Error>;
/// Shows IFLA_INFO_DATA.
pub type Show = fn(&LinkKind, &mut Out, &mut Names, Shown<'_>);

/// What words are turned into, and what is known by then.
pub struct Words<'w> {
    pub names: &'w mut Names,
    /// IFLA_INFO_DATA is open in it.
    pub req: &'w mut Request,
    /// Files whose descriptors the request holds.
    pub files: &'w mut Vec<File>,
    pub how: How,
    /// What the device has, for the kinds whose settings are sent as a whole.
    pub current: Option<Vec<u8>>,
}

/// What is shown of a kind.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    /// `None` when the kernel sent none.
    pub data: Option<Attrs<'a>>,
    /// -details, counted.
    pub details: u8,
}

impl LinkKind {
    /// A kind without options of its own.
    pub const fn plain(name: &'static str, about: &'static str) -> LinkKind {
        LinkKind {
            opts: &[],
            parse: None,
            show: None,
            counters: None,
            usage: "",
            calls: "option",
            tunnel: None,
            name,
            about,
        }
    }
    /// Whether it shows more than its name.
    pub fn shows(&self) -> bool {
        !self.opts.is_empty() || self.show.is_some()
    }
    /// Whether words may follow its name.
    pub fn takes_words(&self) -> bool {
        self.parse.is_some()
            || self.tunnel.is_some()
            || self.opts.iter().any(|o| !matches!(o.ty, opt::Ty::ShowOnly(_)))
    }
    /// Its usage, without a final line break.
    pub fn help(&self) -> String {
        let mut text = format!("Usage: ... {}", self.name);
        if !self.usage.is_empty() {
            text.push_str(&format!(" {}", self.usage));
        }
        for o in self.opts.iter().filter(|o| !matches!(o.ty, opt::Ty::ShowOnly(_))) {
            text.push_str(&format!("\n\t\t[ {} {}", o.word.full, o.arg));
            text.push_str(if o.arg.is_empty() { "]" } else { " ]" });
        }
        if let Some(tunnel) = self.tunnel {
            text.push_str(&tunnel.usage());
        }
        text
    }
    /// The word taken last is none of this kind: `KIND: unknown option "X"?` and the usage, 1.
    /// `help` and its beginnings give the usage alone.
    pub fn unknown(&self, args: &Args<'_>) -> Error {
        let word = args.last();
        let help = self.help().into_bytes();
        if prefix("help").is(word) {
            return Error::failed(1, help);
        }
        let start = format!("{}: unknown {} \"", self.name, self.calls);
        Error::failed(1, [start.as_bytes(), word, b"\"?\n", &help].concat())
    }
}

pub fn find(name: &[u8]) -> Option<&'static LinkKind> {
    KINDS.iter().copied().find(|k| k.name.as_bytes() == name)
}

/// Reads the words behind `type KIND` into the open IFLA_INFO_DATA.
///
/// # Errors
///
/// The reference's sentences.
pub fn parse(kind: &LinkKind, args: &mut Args<'_>, words: &mut Words<'_>) -> Result<(), Error> {
    if let Some(parse) = kind.parse {
        return parse(kind, args, words);
    }
    if let Some(tunnel) = kind.tunnel {
        return tunnel.parse(kind, args, words);
    }
    while let Some(word) = args.take() {
        match opt::find(kind.opts, word) {
            Some(o) => opt::send(o, args, words.names, words.req)?,
            None => return Err(kind.unknown(args)),
        }
    }
    Ok(())
}

/// The place of the next word in a list; a beginning of a word does, with a warning on stderr.
///
/// # Errors
///
/// Incomplete, 255, or `argument of "K" must be one of …`, 1.
fn deprecated_prefix(args: &mut Args<'_>, key: &str, list: &[&'static str]) -> Result<u8, Usage> {
    let word = args.need()?;
    let found = list.iter().zip(0u8..).find(|(name, _)| prefix(name).is(word));
    let (name, at) = found.ok_or_else(|| args.not_one_of(key, list, 1))?;
    if name.as_bytes() != word {
        let pieces: [&[u8]; 5] = [
            b"WARNING: '",
            word,
            b"' matches '",
            name.as_bytes(),
            b"' by prefix.\nMatching by prefix is deprecated in this context, please use the full string.\n",
        ];
        fd::stderr(&pieces.concat());
    }
    Ok(at)
}

/// Shows what is particular to the kind.
pub fn show(kind: &LinkKind, out: &mut Out, names: &mut Names, shown: Shown<'_>) {
    match (kind.show, shown.data) {
        (Some(show), _) => show(kind, out, names, shown),
        (None, Some(data)) => opt::show(kind.opts, out, names, data),
        (None, None) => {}
    }
}

/// For the tests of kinds that few kernels have. `v0` is a device with the index 7.
#[cfg(test)]
mod unsent {
    use super::*;
    use crate::output::Style;

    /// The attributes that words become.
    pub fn sent(kind: &LinkKind, line: &str) -> Result<Vec<(u16, Vec<u8>)>, Error> {
        let words: Vec<&[u8]> = line.split_whitespace().map(str::as_bytes).collect();
        let mut req = Request::new(0, 0, &[]);
        let mut names = Names::default();
        names.learn_link(7, b"v0", 1, 0);
        let mut to = Words {
            names: &mut names,
            req: &mut req,
            files: &mut Vec::new(),
            how: How { create: true, force: false, family: 0 },
            current: None,
        };
        parse(kind, &mut Args::new(&words), &mut to)?;
        Ok(Attrs(req.payload()).map(|a| (a.kind, a.value.to_vec())).collect())
    }

    /// What such attributes of an answer are shown as.
    pub fn shown(kind: &LinkKind, told: &Request, json: bool) -> String {
        let mut out = Out::memory(Style { json, ..Style::default() });
        let mut names = Names::default();
        names.learn_link(7, b"v0", 1, 0);
        out.open();
        show(kind, &mut out, &mut names, Shown { data: Some(Attrs(told.payload())), details: 1 });
        out.close();
        String::from_utf8(out.taken()).expect("text")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ambiguity;

    #[test]
    fn every_file_here_is_listed() {
        for entry in std::fs::read_dir("src/cmd/ip/link/kind").unwrap() {
            let file = entry.unwrap().file_name().into_string().unwrap();
            let name = file.trim_end_matches(".rs");
            assert!(name == "mod" || find(name.as_bytes()).is_some(), "{file} is not in KINDS");
        }
        assert!(KINDS.is_sorted_by_key(|k| k.name));
    }

    #[test]
    fn no_beginning_means_two_words() {
        for k in KINDS {
            let rows = k.opts.iter().filter(|o| !matches!(o.ty, opt::Ty::ShowOnly(_)));
            let words: Vec<_> = rows.map(|o| o.word).collect();
            assert_eq!(ambiguity(&words), None, "{}", k.name);
        }
    }
}
