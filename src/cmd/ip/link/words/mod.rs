//! The words of `ip link add`, `set`, `replace` and `delete` that every kind of device has.
//!
//! `WORDS` drives parsing and usage. To add a word: one row there, and its function in the file
//! of its subject.

mod flags;
mod inet;
mod place;
mod value;
mod vf;
mod xdp;

use std::fs::File;

use crate::cli::{Args, Usage, Word, exact, prefix};
use crate::error::Error;
use crate::names::Names;
use crate::netlink::Request;
use crate::rtnl::consts::{IFLA_GROUP, IFLA_IFNAME, IFLA_LINK, IFLA_NEW_IFINDEX};

use super::super::verb;
use super::{device, show};

/// One word, and what reads its value.
pub struct Row {
    word: Word,
    /// Its value in the usage; empty for a word that stands alone, `=` for a synonym of the row above.
    arg: &'static str,
    /// What the reference calls it when it is given again; empty when it may be, and the last counts.
    once: &'static str,
    take: Take,
}

/// Reads the value of a word.
pub type Take = for<'a, 'c> fn(&mut Args<'a>, &mut Change<'c, 'a>) -> Result<(), Error>;

const fn row(word: Word, arg: &'static str, take: Take) -> Row {
    Row { word, arg, once: "", take }
}
const fn once(word: Word, arg: &'static str, key: &'static str, take: Take) -> Row {
    Row { word, arg, once: key, take }
}

/// In the order in which beginnings are tried: the first that fits wins, so `a` is address and
/// `m` is master (observed in iproute2 7.2).
#[rustfmt::skip] // one row, one line
pub static WORDS: &[Row] = &[
    row(exact("up"), "", flags::up),
    row(exact("down"), "", flags::down),
    once(exact("name"), "NEWNAME", "name", place::name),
    once(exact("index"), "IDX", "index", place::index),
    row(prefix("link"), "DEVICE", place::link),
    row(prefix("address"), "LLADDR", value::address),
    row(prefix("broadcast"), "LLADDR", value::broadcast),
    row(exact("brd"), "=", value::broadcast),
    once(prefix("txqueuelen"), "PACKETS", "txqueuelen", value::txqueuelen),
    once(exact("qlen"), "=", "txqueuelen", value::txqueuelen),
    once(prefix("txqlen"), "=", "txqueuelen", value::txqueuelen),
    once(exact("mtu"), "MTU", "mtu", value::mtu),
    row(exact("inet"), inet::USAGE, inet::inet),
    row(exact("xdp"), xdp::USAGE, xdp::xdp),
    row(exact("xdpgeneric"), "=", xdp::generic),
    row(exact("xdpdrv"), "=", xdp::drv),
    row(exact("xdpoffload"), "=", xdp::offload),
    once(exact("netns"), "{ NAME | PATH | PID }", "netns", place::netns),
    row(exact("multicast"), "{ on | off }", flags::multicast),
    row(exact("allmulticast"), "{ on | off }", flags::allmulticast),
    row(exact("promisc"), "{ on | off }", flags::promisc),
    row(exact("trailers"), "{ on | off }", flags::trailers),
    row(exact("arp"), "{ on | off }", flags::arp),
    row(exact("carrier"), "{ on | off }", value::carrier),
    row(exact("vf"), vf::USAGE, vf::vf),
    row(prefix("master"), "DEVICE", place::master),
    row(exact("vrf"), "NAME", place::vrf),
    row(prefix("nomaster"), "", place::nomaster),
    row(prefix("dynamic"), "{ on | off }", flags::dynamic),
    row(prefix("type"), "KIND [ OPTIONS ]", place::kind),
    row(prefix("alias"), "NAME", value::alias),
    once(exact("group"), "GROUP", "group", place::group),
    row(exact("mode"), "{ default | dormant }", value::mode),
    row(exact("state"), "STATE", value::state),
    once(prefix("numtxqueues"), "COUNT", "numtxqueues", value::numtxqueues),
    once(prefix("numrxqueues"), "COUNT", "numrxqueues", value::numrxqueues),
    row(prefix("addrgenmode"), "{ eui64 | none | stable_secret | random }", value::addrgenmode),
    once(prefix("link-netns"), "{ NAME | PATH | PID }", "link-netns/link-netnsid", place::link_netns),
    once(prefix("link-netnsid"), "ID", "link-netns/link-netnsid", place::link_netnsid),
    row(exact("protodown"), "{ on | off }", value::protodown),
    row(exact("protodown_reason"), "REASON { on | off }", value::protodown_reason),
    row(exact("gso_max_size"), "BYTES", value::gso_max_size),
    row(exact("gso_max_segs"), "PACKETS", value::gso_max_segs),
    row(exact("gro_max_size"), "BYTES", value::gro_max_size),
    row(exact("gso_ipv4_max_size"), "BYTES", value::gso_ipv4_max_size),
    row(exact("gro_ipv4_max_size"), "BYTES", value::gro_ipv4_max_size),
    row(exact("parentdev"), "NAME", value::parentdev),
];

/// What the words have said so far.
pub struct Change<'c, 'a> {
    pub names: &'c mut Names,
    pub req: &'c mut Request,
    /// Files whose descriptors the request holds; they must stay open until it is sent.
    pub files: &'c mut Vec<File>,
    /// Where struct ifinfomsg begins in the payload: 0, or inside the data of a kind.
    pub header: usize,
    pub how: How,
    pub name: Option<&'a [u8]>,
    /// Without `name` in front of it.
    pub dev: Option<&'a [u8]>,
    pub link: Option<&'a [u8]>,
    /// What follows `type`; the words behind it belong to the kind.
    pub kind: Option<&'a [u8]>,
    pub index: Option<u32>,
    pub group: Option<u32>,
    /// Bytes of the new address.
    address_len: Option<usize>,
    /// The namespace the device goes to is `files[n]`.
    netns: Option<usize>,
    link_netns: Option<place::LinkNetns<'a>>,
    seen: Vec<&'static str>,
}

/// How a change is made, whatever the words say.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// The device is being made.
    pub create: bool,
    /// -force.
    pub force: bool,
    /// -family.
    pub family: u8,
}

/// What the words were about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// One device.
    Device,
    /// All devices of a group; what may follow has no place.
    Group,
}

impl<'c, 'a> Change<'c, 'a> {
    pub fn new(
        names: &'c mut Names,
        req: &'c mut Request,
        files: &'c mut Vec<File>,
        header: usize,
        how: How,
    ) -> Self {
        Change {
            names,
            req,
            files,
            header,
            how,
            name: None,
            dev: None,
            link: None,
            kind: None,
            index: None,
            group: None,
            address_len: None,
            netns: None,
            link_netns: None,
            seen: Vec::new(),
        }
    }

    /// Reads words up to and with `type KIND`, or all, and completes the request with what can
    /// be said only then.
    ///
    /// # Errors
    ///
    /// The reference's sentences.
    pub fn read(&mut self, args: &mut Args<'a>) -> Result<About, Error> {
        while let Some(word) = args.take() {
            self.req.from_word(args.at());
            match WORDS.iter().find(|r| r.word.is(word)) {
                Some(row) => {
                    if !row.once.is_empty() {
                        if self.seen.contains(&row.once) {
                            args.need()?;
                            return Err(args.duplicate(row.once).into());
                        }
                        self.seen.push(row.once);
                    }
                    (row.take)(args, self)?;
                    if self.kind.is_some() {
                        break;
                    }
                }
                None => self.device(word, args)?,
            }
        }
        self.finish(args)
    }

    /// A word that is no keyword is the device.
    fn device(&mut self, word: &'a [u8], args: &mut Args<'a>) -> Result<(), Usage> {
        if prefix("help").is(word) {
            return Err(super::usage());
        }
        let name = if word == b"dev" { args.need()? } else { word };
        if self.dev.is_some() {
            return Err(args.garbage("dev"));
        }
        if name.is_empty() || name.len() > 127 {
            return Err(args.wrong("\"dev\" not a valid ifname"));
        }
        self.dev = Some(name);
        Ok(())
    }

    /// The device, by whichever word it was named.
    pub fn subject(&self) -> Option<&'a [u8]> {
        self.dev.or(self.name)
    }

    fn finish(&mut self, args: &Args<'a>) -> Result<About, Error> {
        let subject = self.subject();
        if let (Some(dev), Some(len), false) = (subject, self.address_len, self.how.create)
            && let Some(want) = self.names.index(dev).and_then(device::address_len)
            && want != len
        {
            let text = format!("Invalid address length {len} - must be {want} bytes");
            return Err(Error::failed(1, text));
        }
        if self.index.is_some() && !self.how.create && self.netns.is_none() {
            let text = "index can be used only when creating devices or when moving device to another netns.";
            return Err(Error::fatal(255, text));
        }
        self.place_lower()?;
        if let Some(group) = self.group {
            self.req.u32(IFLA_GROUP, group);
            if subject.is_none() {
                return self.whole_group(args);
            }
        }
        if self.how.create {
            // Two names are one too many, unless they are the same.
            if let (Some(name), Some(dev)) = (self.name, self.dev)
                && name != dev
            {
                let text = "both \"name\" and \"dev\" cannot be used when creating devices.";
                return Err(Error::fatal(255, text));
            }
            if let Some(link) = self.link {
                let index = self.lower(link)?;
                self.req.u32(IFLA_LINK, index);
            }
            self.set_index(self.index.unwrap_or(0));
            if let Some(name) = subject {
                self.put_name(args, name);
            }
            return Ok(About::Device);
        }
        let Some(dev) = subject else {
            let text = "Not enough information: \"dev\" argument is required.";
            return Err(Error::fatal(255, text));
        };
        let index = self.names.index(dev).ok_or_else(|| device::cannot_find(dev))?;
        self.set_index(index);
        if let Some(index) = self.index {
            self.req.u32(IFLA_NEW_IFINDEX, index);
        }
        // Not renaming to the same name.
        if let Some(name) = self.name.filter(|n| self.dev.is_some_and(|d| d != *n)) {
            self.put_name(args, name);
        }
        Ok(About::Device)
    }

    /// Said by a word long before.
    fn put_name(&mut self, args: &Args<'a>, name: &[u8]) {
        if let Some(at) = args.place_of(name) {
            self.req.from_word(at);
        }
        self.req.strz(IFLA_IFNAME, name);
    }

    fn whole_group(&self, args: &Args<'a>) -> Result<About, Error> {
        if let Some(word) = args.peek() {
            return Err(Error::Usage(Usage::new(255, garbage(word))));
        }
        if self.how.create {
            return Err(Error::fatal(255, "group cannot be used when creating devices."));
        }
        Ok(About::Group)
    }

    /// The four bytes of struct ifinfomsg at `at`.
    fn word(&mut self, at: usize) -> &mut [u8] {
        let start = self.header + at;
        &mut self.req.header()[start..start + 4]
    }
    fn set_index(&mut self, index: u32) {
        self.word(4).copy_from_slice(&index.to_ne_bytes());
    }
    /// Sets or clears a flag of the device (IFF_*) and says that it is to change.
    fn set_flag(&mut self, flag: u32, on: bool) {
        for (at, set) in [(8, on), (12, true)] {
            let word = self.word(at);
            let mut bytes = [0; 4];
            bytes.copy_from_slice(word);
            let old = u32::from_ne_bytes(bytes);
            let new = if set { old | flag } else { old & !flag };
            word.copy_from_slice(&new.to_ne_bytes());
        }
    }
}

/// `Garbage instead of arguments "X ...". …`
pub fn garbage(word: &[u8]) -> Vec<u8> {
    [b"Garbage instead of arguments \"", word, b" ...\". Try \"ip link help\"."].concat()
}

/// The usage of the words, a line each.
pub fn usage() -> String {
    let mut text = String::new();
    for (i, row) in WORDS.iter().enumerate().filter(|(_, r)| r.arg != "=") {
        let mut names = row.word.full.to_owned();
        for synonym in WORDS[i + 1..].iter().take_while(|r| r.arg == "=") {
            names.push_str(" | ");
            names.push_str(synonym.word.full);
        }
        if names.len() > row.word.full.len() {
            names = format!("{{ {names} }}");
        }
        text.push_str(&format!("          [ {names} {}", row.arg));
        text.push_str(if row.arg.is_empty() { "]\n" } else { " ]\n" });
    }
    let states: Vec<_> = show::OPERSTATES.iter().map(|s| s.to_ascii_lowercase()).collect();
    text.push_str(&format!("STATE := {{ {} }}\n", states.join(" | ")));
    text.push_str(&verb::listed("SETTING", inet::SETTINGS.iter().map(|s| (s.0, ""))));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::Attrs;
    use crate::rtnl::consts::{IFLA_MTU, RTM_NEWLINK};
    use crate::rtnl::link::{self, Link};

    fn read(line: &str, create: bool) -> Result<(Request, About), Error> {
        let words: Vec<&[u8]> = line.split_whitespace().map(str::as_bytes).collect();
        let mut names = Names::default();
        names.learn_link(7, b"v0", 1, 0);
        let mut req = Request::new(RTM_NEWLINK, 0, &link::header(0, 0));
        let mut files = Vec::new();
        let how = How { create, force: false, family: 0 };
        let about =
            Change::new(&mut names, &mut req, &mut files, 0, how).read(&mut Args::new(&words))?;
        Ok((req, about))
    }

    #[test]
    fn the_first_word_that_fits_wins() {
        let word = |w: &str| WORDS.iter().find(|r| r.word.is(w.as_bytes())).map(|r| r.word.full);
        for (given, want) in [
            ("a", "address"),
            ("al", "alias"),
            ("addrg", "addrgenmode"),
            ("b", "broadcast"),
            ("t", "txqueuelen"),
            ("ty", "type"),
            ("m", "master"),
            ("n", "nomaster"),
            ("nu", "numtxqueues"),
            ("l", "link"),
            ("link-netns", "link-netns"),
            ("link-netnsi", "link-netnsid"),
        ] {
            assert_eq!(word(given), Some(want), "{given}");
        }
        assert_eq!(word("u"), None);
    }

    #[test]
    fn a_change_knows_its_device_and_its_words() {
        let (req, about) = read("dev v0 up mtu 1400", false).unwrap();
        assert_eq!(about, About::Device);
        let link = Link::parse(req.payload()).unwrap();
        assert_eq!((link.index, link.flags, link.mtu()), (7, 1, Some(1400)));
        let offset = 16 + 16; // the headers of netlink and of the link
        assert_eq!(req.word_at(offset), Some(3));
        assert_eq!(Attrs(&req.payload()[16..]).find(IFLA_MTU).and_then(|a| a.u32()), Some(1400));
    }

    #[test]
    fn a_new_device_has_one_name() {
        let (req, _) = read("name x up type veth", true).unwrap();
        assert_eq!(Link::parse(req.payload()).unwrap().name(), Some(&b"x"[..]));
        let text = |line| read(line, true).err().map(|e| String::from_utf8(e.text()).unwrap());
        assert_eq!(
            text("name veth blue").as_deref(),
            Some("both \"name\" and \"dev\" cannot be used when creating devices.\n")
        );
        assert_eq!(
            text("x y").as_deref(),
            Some("Error: either \"dev\" is duplicate, or \"y\" is garbage.\n")
        );
    }

    #[test]
    fn a_group_is_changed_as_a_whole() {
        assert_eq!(read("group 5 up", false).map(|r| r.1).ok(), Some(About::Group));
        assert!(read("group 5 up type veth peer", false).is_err());
        assert!(read("up", false).is_err());
    }
}
