//! The name databases: /etc/iproute2 over /usr/share/iproute2 over what is built in.

use std::collections::BTreeMap;

use crate::numeral;
use crate::sys::file;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    RtTable,
    RtProto,
    AddrProto,
    Scope,
    Realm,
    DsField,
    Group,
    ProtodownReason,
}

impl Kind {
    pub const COUNT: usize = 8;

    fn file(self) -> &'static str {
        match self {
            Kind::RtTable => "rt_tables",
            Kind::RtProto => "rt_protos",
            Kind::AddrProto => "rt_addrprotos",
            Kind::Scope => "rt_scopes",
            Kind::Realm => "rt_realms",
            Kind::DsField => "rt_dsfield",
            Kind::Group => "group",
            Kind::ProtodownReason => "protodown_reasons",
        }
    }
    /// Whether `NAME.d/*.conf` is read too.
    fn has_directory(self) -> bool {
        matches!(self, Kind::RtTable | Kind::RtProto | Kind::AddrProto | Kind::ProtodownReason)
    }
    #[rustfmt::skip] // rows
    fn built_in(self) -> &'static [(u32, &'static str)] {
        match self {
            Kind::RtTable => &[(253, "default"), (254, "main"), (255, "local")],
            Kind::RtProto => &[
                (0, "unspec"), (1, "redirect"), (2, "kernel"), (3, "boot"), (4, "static"),
                (8, "gated"), (9, "ra"), (10, "mrt"), (11, "zebra"), (12, "bird"),
                (13, "dnrouted"), (14, "xorp"), (15, "ntk"), (16, "dhcp"), (18, "keepalived"),
                (42, "babel"), (186, "bgp"), (187, "isis"), (188, "ospf"), (189, "rip"),
                (192, "eigrp"),
            ],
            Kind::AddrProto => &[(1, "kernel_lo"), (2, "kernel_ra"), (3, "kernel_ll")],
            Kind::Scope => &[(0, "global"), (200, "site"), (253, "link"), (254, "host"), (255, "nowhere")],
            Kind::Realm => &[(0, "unknown")],
            Kind::DsField => &[(0, "default")],
            Kind::Group => &[(0, "default")],
            Kind::ProtodownReason => &[],
        }
    }
    /// The largest number that input may have.
    fn max(self) -> u32 {
        match self {
            Kind::RtTable => u32::MAX,
            Kind::Group => i32::MAX.cast_unsigned(),
            Kind::ProtodownReason => 31,
            Kind::RtProto | Kind::AddrProto | Kind::Scope | Kind::Realm | Kind::DsField => 255,
        }
    }
    /// A number without a name, as it is printed.
    pub(super) fn unknown(self, n: u32) -> String {
        match self {
            Kind::AddrProto => format!("{n:#x}"),
            Kind::DsField => format!("0x{n:02x}"),
            _ => n.to_string(),
        }
    }
    /// A numeral as it is typed: base 0, but hexadecimal for the TOS byte.
    pub(super) fn parse(self, word: &[u8]) -> Option<u32> {
        let base = if self == Kind::DsField { 16 } else { 0 };
        let n = u32::try_from(numeral::u64(word, base)?).ok()?;
        (n <= self.max()).then_some(n)
    }
}

/// One database: the last name of each number, and every name that was read.
#[derive(Debug, Default)]
pub struct Db {
    names: BTreeMap<u32, String>,
    numbers: Vec<(String, u32)>,
}

impl Db {
    pub fn name(&self, number: u32) -> Option<&str> {
        self.names.get(&number).map(String::as_str)
    }
    pub fn number(&self, word: &[u8]) -> Option<u32> {
        self.names
            .iter()
            .find(|(_, name)| name.as_bytes() == word)
            .map(|(&n, _)| n)
            .or_else(|| self.numbers.iter().find(|(n, _)| n.as_bytes() == word).map(|&(_, n)| n))
    }

    /// Every name, by number.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.names.values().map(String::as_str)
    }

    fn put(&mut self, number: u32, name: &str) {
        self.names.insert(number, name.to_owned());
        self.numbers.push((name.to_owned(), number));
    }

    /// Reads the files; what is built in comes first and may be overwritten.
    pub fn read(kind: Kind, netns: Option<&[u8]>) -> Db {
        let mut db = Db::default();
        for &(n, name) in kind.built_in() {
            db.put(n, name);
        }
        let own = netns.map(|ns| [b"/etc/netns/", ns, b"/iproute2"].concat());
        let admin: Vec<&[u8]> = own.as_deref().into_iter().chain([&b"/etc/iproute2"[..]]).collect();
        let vendor: [&[u8]; 2] = [b"/usr/share/iproute2", b"/usr/lib/iproute2"];
        // The file of the administrator replaces the vendor's.
        for dir in admin.iter().copied().chain(vendor) {
            let path = [dir, b"/", kind.file().as_bytes()].concat();
            if let Ok(text) = file::read(&path) {
                db.lines(kind, &path, &text);
                break;
            }
        }
        if kind.has_directory() {
            let name = [kind.file().as_bytes(), b".d"].concat();
            let list = |dir: &[u8]| {
                let at = [dir, b"/", &name[..]].concat();
                let mut files = file::list(&at).unwrap_or_default();
                files.retain(|f| f.len() > 5 && !f.starts_with(b".") && f.ends_with(b".conf"));
                (at, files)
            };
            let admins: Vec<_> = admin.iter().rev().map(|d| list(d)).collect();
            for dir in vendor {
                let (at, files) = list(dir);
                for f in files {
                    if !admins.iter().any(|(_, have)| have.contains(&f)) {
                        db.file(kind, &[&at[..], b"/", &f].concat());
                    }
                }
            }
            for (at, files) in &admins {
                for f in files {
                    db.file(kind, &[&at[..], b"/", f].concat());
                }
            }
        }
        db
    }

    fn file(&mut self, kind: Kind, path: &[u8]) {
        if let Ok(text) = file::read(path) {
            self.lines(kind, path, &text);
        }
    }

    /// `0xHEX NAME` or `DEC NAME` a line; a bad line is reported and ends the file.
    fn lines(&mut self, kind: Kind, path: &[u8], text: &[u8]) {
        for line in text.split_inclusive(|&b| b == b'\n') {
            let shown = line;
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            match entry(line) {
                Some((n, name)) => {
                    if n <= kind.max() {
                        self.put(n, name);
                    }
                }
                None => {
                    crate::sys::fd::stderr(
                        &[b"Database ", path, b" is corrupted at ", shown, b"\n"].concat(),
                    );
                    return;
                }
            }
        }
    }
}

fn entry(line: &[u8]) -> Option<(u32, &str)> {
    let mut words = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
    let number = words.next()?;
    let n = match number.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    let name = words.next()?;
    if name.starts_with('#') {
        return None;
    }
    match words.next() {
        None => Some((n, name)),
        Some(rest) if rest.starts_with('#') => Some((n, name)),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_database() {
        assert_eq!(entry(b"0x10 AF11"), Some((16, "AF11")));
        assert_eq!(entry(b"254\tmain # the one"), Some((254, "main")));
        assert_eq!(entry(b"254"), None);
        assert_eq!(entry(b"x main"), None);
        assert_eq!(entry(b"1 two words"), None);
    }

    #[test]
    fn numerals_have_their_base() {
        assert_eq!(Kind::DsField.parse(b"10"), Some(16));
        assert_eq!(Kind::RtTable.parse(b"0x10"), Some(16));
        assert_eq!(Kind::RtTable.parse(b"4294967295"), Some(u32::MAX));
        assert_eq!(Kind::RtTable.parse(b" +010"), Some(8));
        assert_eq!(Kind::RtTable.parse(b"-0"), Some(0));
        assert_eq!(Kind::RtTable.parse(b"-1"), None);
        assert_eq!(Kind::RtProto.parse(b"256"), None);
        assert_eq!(Kind::Scope.parse(b"nosuch"), None);
    }
}
