//! What the kinds of IP tunnels share: their words, the settings these change, and how settings
//! are shown.
//!
//! The kernel takes the settings of a tunnel as a whole. So `set` begins with what the device has,
//! `add` with the defaults; words change that, and all of it is sent. A kind is a table of words
//! ([`Row`]) and one of settings ([`Setting`]); the readers of values that several kinds use are
//! here, those for tunnels over IPv6 in `tunnel6.rs`.

use crate::cli::value::{self, AF_INET, AF_INET6};
use crate::cli::{Args, Usage, Word, exact};
use crate::error::Error;
use crate::names::{Kind, Names};
use crate::netlink::{Attr, Attrs, Request};
use crate::output::{Field, Out, Paint, field, json_only};

use super::kind::{LinkKind, Words};

/// The words and settings of one kind.
pub struct Tunnel {
    /// In the order in which beginnings are tried.
    pub rows: &'static [&'static [Row]],
    pub settings: &'static [Setting],
    /// `external`: it alone is sent when it is set. 0 for a kind without.
    pub external: u16,
    /// What can be judged only when all words are known.
    pub finish: fn(&mut Settings) -> Result<(), Error>,
}

/// One word, and what reads its value.
pub struct Row {
    pub word: Word,
    /// Its value in the usage; empty for a word that stands alone, `=` for a synonym of the row above.
    pub arg: &'static str,
    /// What it is about.
    pub attr: u16,
    pub take: Take,
}

/// Reads the value of a word.
pub type Take = fn(&mut Typed<'_, '_>, u16) -> Result<(), Usage>;

pub const fn row(word: Word, arg: &'static str, attr: u16, take: Take) -> Row {
    Row { word, arg, attr, take }
}

/// One attribute that is sent: its bytes unless something else is said.
pub struct Setting {
    attr: u16,
    default: &'static [u8],
    when: When,
}

/// When a setting is sent.
enum When {
    /// Unless the tunnel is `external`.
    Always,
    /// Likewise, and not while all its bytes are 0.
    NotZero,
    /// As `NotZero`.
    End,
    /// Also beside `external`.
    Beside,
}

pub const fn always(attr: u16, default: &'static [u8]) -> Setting {
    Setting { attr, default, when: When::Always }
}
pub const fn beside(attr: u16, default: &'static [u8]) -> Setting {
    Setting { attr, default, when: When::Beside }
}
pub const fn optional(attr: u16, default: &'static [u8]) -> Setting {
    Setting { attr, default, when: When::NotZero }
}

/// An end of the tunnel; as long in what the device has, or the device is of another kind.
pub const fn end(attr: u16, default: &'static [u8]) -> Setting {
    Setting { attr, default, when: When::End }
}

/// What a tunnel is to be like.
pub struct Settings {
    values: Vec<(&'static Setting, Vec<u8>)>,
    pub external: bool,
}

impl Settings {
    /// The defaults, where they are known what the device has; `None` when that is another kind's.
    fn new(tunnel: &'static Tunnel, current: Option<Attrs<'_>>) -> Option<Settings> {
        let found = |attr| current.and_then(|c| c.find(attr));
        let mut values = Vec::with_capacity(tunnel.settings.len());
        for s in tunnel.settings {
            let mut value = s.default.to_vec();
            if let Some(a) = found(s.attr) {
                if matches!(s.when, When::End) && a.value.len() != value.len() {
                    return None;
                }
                let len = value.len().min(a.value.len());
                value[..len].copy_from_slice(&a.value[..len]);
            }
            values.push((s, value));
        }
        let external = tunnel.external != 0 && found(tunnel.external).is_some();
        Some(Settings { values, external })
    }

    pub fn set(&mut self, attr: u16, bytes: &[u8]) {
        if let Some((_, value)) = self.values.iter_mut().find(|(s, _)| s.attr == attr) {
            value.fill(0);
            let len = value.len().min(bytes.len());
            value[..len].copy_from_slice(&bytes[..len]);
        }
    }
    /// Its bytes; none for a setting the kind does not have.
    pub fn get(&self, attr: u16) -> &[u8] {
        self.values.iter().find(|(s, _)| s.attr == attr).map_or(&[], |(_, v)| v)
    }
    pub fn is_zero(&self, attr: u16) -> bool {
        self.get(attr).iter().all(|&b| b == 0)
    }
    pub fn u8(&self, attr: u16) -> u8 {
        self.get(attr).first().copied().unwrap_or(0)
    }
    pub fn u16(&self, attr: u16) -> u16 {
        self.get(attr).first_chunk().map_or(0, |b| u16::from_ne_bytes(*b))
    }
    pub fn u32(&self, attr: u16) -> u32 {
        self.get(attr).first_chunk().map_or(0, |b| u32::from_ne_bytes(*b))
    }
    /// Sets or clears bits of a number of two bytes in host order.
    pub fn bits16(&mut self, attr: u16, bits: u16, on: bool) {
        let old = self.u16(attr);
        let new = if on { old | bits } else { old & !bits };
        self.set(attr, &new.to_ne_bytes());
    }
    /// Sets or clears bits of a number of four bytes in host order.
    pub fn bits32(&mut self, attr: u16, bits: u32, on: bool) {
        let old = self.u32(attr);
        let new = if on { old | bits } else { old & !bits };
        self.set(attr, &new.to_ne_bytes());
    }
    /// Leaves a setting out.
    pub fn drop(&mut self, attr: u16) {
        self.values.retain(|(s, _)| s.attr != attr);
    }

    fn send(&self, tunnel: &Tunnel, req: &mut Request) {
        if self.external {
            req.attr(tunnel.external, &[]);
        }
        for (s, value) in &self.values {
            let wanted = match s.when {
                When::Always => !self.external,
                When::NotZero | When::End => !self.external && value.iter().any(|&b| b != 0),
                When::Beside => true,
            };
            if wanted {
                req.attr(s.attr, value);
            }
        }
    }
}

/// The words being read, and what they change.
pub struct Typed<'t, 'a> {
    pub args: &'t mut Args<'a>,
    pub names: &'t mut Names,
    pub settings: &'t mut Settings,
}

impl Tunnel {
    /// Reads all words and sends the settings.
    ///
    /// # Errors
    ///
    /// The reference's sentences; for an unknown word the usage alone, 1.
    pub fn parse(
        &'static self,
        kind: &LinkKind,
        args: &mut Args<'_>,
        words: &mut Words<'_>,
    ) -> Result<(), Error> {
        let current = words.current.as_deref().map(Attrs);
        let mut settings = Settings::new(self, current).ok_or_else(unreadable)?;
        words.req.from_word(args.at() + 1);
        while let Some(word) = args.take() {
            let row = self.rows.iter().flat_map(|part| part.iter()).find(|r| r.word.is(word));
            let Some(row) = row else { return Err(Error::failed(1, kind.help())) };
            let mut typed = Typed { args, names: words.names, settings: &mut settings };
            (row.take)(&mut typed, row.attr)?;
        }
        (self.finish)(&mut settings)?;
        settings.send(self, words.req);
        Ok(())
    }

    /// The words with their values, a line each.
    pub fn usage(&self) -> String {
        let rows: Vec<&Row> = self.rows.iter().flat_map(|part| part.iter()).collect();
        let mut text = String::new();
        for (i, row) in rows.iter().enumerate().filter(|(_, r)| r.arg != "=") {
            let mut names = row.word.full.to_owned();
            for synonym in rows[i + 1..].iter().take_while(|r| r.arg == "=") {
                names.push_str(" | ");
                names.push_str(synonym.word.full);
            }
            if names.len() > row.word.full.len() {
                names = format!("{{ {names} }}");
            }
            let arg = if row.arg.is_empty() { String::new() } else { format!("{} ", row.arg) };
            text.push_str(&format!("\n\t\t[ {names} {arg}]"));
        }
        text
    }
}

/// The settings of the device cannot be read.
pub fn unreadable() -> Error {
    Error::failed(1, "Failed to get existing tunnel info.")
}

/// Nothing is left to be judged.
pub fn nothing(_: &mut Settings) -> Result<(), Error> {
    Ok(())
}

// The readers of values.

pub fn inet(t: &mut Typed<'_, '_>, attr: u16) -> Result<(), Usage> {
    let a = value::addr(t.args.need()?, AF_INET)?;
    t.settings.set(attr, a.bytes());
    Ok(())
}
pub fn inet6(t: &mut Typed<'_, '_>, attr: u16) -> Result<(), Usage> {
    let a = value::addr(t.args.need()?, AF_INET6)?;
    t.settings.set(attr, a.bytes());
    Ok(())
}
pub fn dev(t: &mut Typed<'_, '_>, attr: u16) -> Result<(), Usage> {
    let name = t.args.need()?;
    let none = || Usage::new(255, [b"Cannot find device \"", name, b"\""].concat());
    let index = t.names.index(name).ok_or_else(|| none().at(t.args.at()))?;
    t.settings.set(attr, &index.to_ne_bytes());
    Ok(())
}
/// 0 stands for `inherit`.
pub fn ttl(t: &mut Typed<'_, '_>, attr: u16) -> Result<(), Usage> {
    hops(t, attr, "invalid TTL\n")
}
pub fn hops(t: &mut Typed<'_, '_>, attr: u16, wrong: &str) -> Result<(), Usage> {
    let ttl = match t.args.need()? {
        b"inherit" => 0,
        word => value::u8(word).ok_or_else(|| t.args.wrong(wrong))?,
    };
    t.settings.set(attr, &[ttl]);
    Ok(())
}
/// 1 stands for `inherit`.
pub fn tos(t: &mut Typed<'_, '_>, attr: u16) -> Result<(), Usage> {
    let tos = match t.args.need()? {
        b"inherit" => 1,
        word => {
            let number = t.names.number(Kind::DsField, word).and_then(|n| u8::try_from(n).ok());
            number.ok_or_else(|| t.args.wrong("bad TOS value"))?
        }
    };
    t.settings.set(attr, &[tos]);
    Ok(())
}
pub fn fwmark(t: &mut Typed<'_, '_>, attr: u16) -> Result<(), Usage> {
    let mark = t.args.value(value::u32, "invalid fwmark\n")?;
    t.settings.set(attr, &mark.to_ne_bytes());
    Ok(())
}
pub fn on(t: &mut Typed<'_, '_>, attr: u16) -> Result<(), Usage> {
    t.settings.set(attr, &[1]);
    Ok(())
}
pub fn off(t: &mut Typed<'_, '_>, attr: u16) -> Result<(), Usage> {
    t.settings.set(attr, &[0]);
    Ok(())
}
pub fn external(t: &mut Typed<'_, '_>, _: u16) -> Result<(), Usage> {
    t.settings.external = true;
    Ok(())
}

/// A key: a number, or a dotted quad.
///
/// # Errors
///
/// The reference's sentences; 255 for a wrong number, 1 for a wrong quad.
pub fn key(t: &mut Typed<'_, '_>) -> Result<[u8; 4], Usage> {
    let name = t.args.last();
    let word = t.args.need()?;
    if word.contains(&b'.') {
        return value::ipv4(word).ok_or_else(|| {
            let text = [b"Error: an IP address is expected rather than \"", word, b"\""].concat();
            Usage::new(1, text).at(t.args.at())
        });
    }
    value::u32(word).map(u32::to_be_bytes).ok_or_else(|| {
        // The word as the reference has it, not as it was shortened.
        let name: &[u8] = match name.first() {
            Some(b'i') => b"ikey",
            Some(b'o') => b"okey",
            _ => b"key",
        };
        let pieces: [&[u8]; 5] = [
            b"invalid value for \"",
            name,
            b"\": \"",
            word,
            b"\"; it should be an unsigned integer",
        ];
        Usage::new(255, pieces.concat()).at(t.args.at())
    })
}

// The encapsulation in UDP. Four attributes in this order (linux/if_tunnel.h): type, flags,
// source port, destination port.

const FLAG_CSUM: u16 = 1;
const FLAG_CSUM6: u16 = 2;
const FLAG_REMCSUM: u16 = 4;
/// TUNNEL_ENCAP_* (linux/if_tunnel.h).
const TYPES: &[(&str, u16)] = &[("fou", 1), ("gue", 2), ("none", 0)];

/// The rows of the encapsulation whose first attribute is `ENCAP_TYPE`.
pub const fn encap_rows(first: u16) -> [Row; 10] {
    [
        row(exact("noencap"), "", first, |t, attr| {
            t.settings.set(attr, &[0; 2]);
            Ok(())
        }),
        row(exact("encap"), "{ fou | gue | none }", first, encap_type),
        row(exact("encap-sport"), "{ PORT | auto }", first + 2, encap_sport),
        row(exact("encap-dport"), "PORT", first + 3, |t, attr| {
            let port = t.args.value(value::u16, "Invalid destination port.")?;
            t.settings.set(attr, &port.to_be_bytes());
            Ok(())
        }),
        row(exact("encap-csum"), "", first + 1, |t, a| flag(t, a, FLAG_CSUM, true)),
        row(exact("noencap-csum"), "", first + 1, |t, a| flag(t, a, FLAG_CSUM, false)),
        row(exact("encap-udp6-csum"), "", first + 1, |t, a| flag(t, a, FLAG_CSUM6, true)),
        row(exact("noencap-udp6-csum"), "", first + 1, |t, a| flag(t, a, FLAG_CSUM6, false)),
        row(exact("encap-remcsum"), "", first + 1, |t, a| flag(t, a, FLAG_REMCSUM, true)),
        row(exact("noencap-remcsum"), "", first + 1, |t, a| flag(t, a, FLAG_REMCSUM, false)),
    ]
}

fn encap_type(t: &mut Typed<'_, '_>, attr: u16) -> Result<(), Usage> {
    let word = t.args.need()?;
    let known = TYPES.iter().find(|(name, _)| name.as_bytes() == word);
    let (_, number) = known.ok_or_else(|| t.args.wrong("Invalid encap type."))?;
    t.settings.set(attr, &number.to_ne_bytes());
    Ok(())
}
fn encap_sport(t: &mut Typed<'_, '_>, attr: u16) -> Result<(), Usage> {
    let port = match t.args.need()? {
        b"auto" => 0,
        word => value::u16(word).ok_or_else(|| t.args.wrong("Invalid source port."))?,
    };
    t.settings.set(attr, &port.to_be_bytes());
    Ok(())
}
fn flag(t: &mut Typed<'_, '_>, attr: u16, bit: u16, on: bool) -> Result<(), Usage> {
    t.settings.bits16(attr, bit, on);
    Ok(())
}

// How settings are shown.

/// The two ends of the tunnel; `any` for one that is not fixed.
pub fn show_ends(out: &mut Out, data: Attrs<'_>, remote: u16, local: u16) {
    let ends = [(remote, field("remote", "remote {} ")), (local, field("local", "local {} "))];
    for (attr, shape) in ends {
        match data.find(attr).filter(|a| a.value.iter().any(|&b| b != 0)) {
            Some(a) => out.ip(Paint::Plain, shape, a.value),
            None => out.str(shape, "any"),
        }
    }
}
/// The device below.
pub fn show_dev(out: &mut Out, names: &mut Names, attr: Option<Attr<'_>>) {
    if let Some(index) = attr.and_then(|a| a.u32()).filter(|&i| i != 0) {
        out.bytes(field("link", "dev {} "), names.name(index));
    }
}
pub fn show_ttl(out: &mut Out, shape: Field, inherit: &str, attr: Option<Attr<'_>>) {
    match attr.and_then(|a| a.u8()) {
        Some(0) => {
            out.text(inherit);
            out.uint(json_only("ttl"), 0u8);
        }
        Some(ttl) => out.uint(shape, ttl),
        None => {}
    }
}
pub fn show_tos(out: &mut Out, attr: Option<Attr<'_>>) {
    match attr.and_then(|a| a.u8()) {
        None | Some(0) => {}
        Some(1) => {
            out.text("tos inherit ");
            out.str(json_only("tos"), "0x1");
        }
        Some(tos) => out.str(field("tos", "tos {} "), &format!("{tos:#x}")),
    }
}
/// A key as a dotted quad.
pub fn show_key(out: &mut Out, shape: Field, attr: Option<Attr<'_>>) {
    if let Some(a) = attr {
        out.ip(Paint::Plain, shape, a.value.get(..4).unwrap_or(a.value));
    }
}
pub fn show_fwmark(out: &mut Out, attr: Option<Attr<'_>>) {
    if let Some(mark) = attr.and_then(|a| a.u32()).filter(|&m| m != 0) {
        out.str(field("fwmark", "fwmark {} "), &format!("{mark:#x}"));
    }
}
/// The encapsulation whose first attribute is `first`.
pub fn show_encap(out: &mut Out, data: Attrs<'_>, first: u16) {
    let number = |at| data.find(first + at).and_then(|a| a.u16());
    let Some(kind) = number(0).filter(|&k| k != 0) else { return };
    let port = |at| data.find(first + at).and_then(|a| a.u16_be()).unwrap_or(0);
    let (flags, sport, dport) = (number(1).unwrap_or(0), port(2), port(3));
    out.open_object("encap");
    out.text("encap ");
    match TYPES.iter().find(|t| t.1 == kind) {
        Some((name, _)) => out.str(field("type", "{} "), name),
        None => out.null("type", "unknown "),
    }
    if sport == 0 {
        out.text("encap-sport auto ");
        out.uint(json_only("sport"), 0u8);
    } else {
        out.uint(field("sport", "encap-sport {} "), sport);
    }
    out.uint(field("dport", "encap-dport {} "), dport);
    for (bit, key, text) in [
        (FLAG_CSUM, "csum", "encap-csum "),
        (FLAG_CSUM6, "csum6", "encap-csum6 "),
        (FLAG_REMCSUM, "remcsum", "encap-remcsum "),
    ] {
        let on = flags & bit != 0;
        out.text(if on { "" } else { "no" });
        out.text(text);
        out.json_bool(key, on);
    }
    out.close();
}

#[cfg(test)]
mod tests {
    use super::*;

    const TUNNEL: Tunnel = Tunnel {
        rows: &[
            &[
                row(exact("ttl"), "TTL", 8, ttl),
                row(exact("hlim"), "=", 8, ttl),
                row(exact("external"), "", 0, external),
            ],
            &encap_rows(14),
        ],
        settings: &[always(8, &[64]), end(6, &[0; 4]), beside(9, &[7]), always(16, &[0; 2])],
        external: 18,
        finish: nothing,
    };
    static T: Tunnel = TUNNEL;
    static KIND: LinkKind =
        LinkKind { tunnel: Some(&T), ..LinkKind::plain("tunnel", "for the tests") };

    fn sent(line: &str, current: Option<&[u8]>) -> Result<Vec<(u16, Vec<u8>)>, Error> {
        let words: Vec<&[u8]> = line.split_whitespace().map(str::as_bytes).collect();
        let mut req = Request::new(0, 0, &[]);
        let mut words_of = Words {
            names: &mut Names::default(),
            req: &mut req,
            files: &mut Vec::new(),
            how: crate::cmd::ip::link::words::How { create: true, force: false, family: 0 },
            current: current.map(<[u8]>::to_vec),
        };
        T.parse(&KIND, &mut Args::new(&words), &mut words_of)?;
        Ok(Attrs(req.payload()).map(|a| (a.kind, a.value.to_vec())).collect())
    }

    #[test]
    fn defaults_are_sent_and_words_change_them() {
        let all = sent("encap-sport 258", None).unwrap();
        assert_eq!(all, [(8, vec![64]), (9, vec![7]), (16, vec![1, 2])]);
        assert_eq!(sent("hlim 5", None).unwrap()[0], (8, vec![5]));
        assert_eq!(sent("ttl inherit", None).unwrap()[0], (8, vec![0]));
    }

    #[test]
    fn what_the_device_has_stays() {
        let mut has = Request::new(0, 0, &[]);
        has.u8(8, 3);
        has.attr(6, &[10, 0, 0, 1]);
        let all = sent("encap-sport auto", Some(has.payload())).unwrap();
        let end = vec![10, 0, 0, 1];
        assert_eq!(all, [(8, vec![3]), (6, end), (9, vec![7]), (16, vec![0, 0])]);
    }

    #[test]
    fn a_device_of_another_kind_is_noticed() {
        let mut has = Request::new(0, 0, &[]);
        has.attr(6, &[0; 16]);
        let e = sent("ttl 5", Some(has.payload())).unwrap_err();
        assert_eq!((e.status(), e.text().starts_with(b"Failed to get existing")), (1, true));
    }

    #[test]
    fn external_stands_alone_and_stays() {
        assert_eq!(sent("ttl 5 external", None).unwrap(), [(18, vec![]), (9, vec![7])]);
        let mut has = Request::new(0, 0, &[]);
        has.attr(18, &[]);
        assert_eq!(sent("ttl 5", Some(has.payload())).unwrap()[0], (18, vec![]));
    }

    #[test]
    fn an_unknown_word_gives_the_usage() {
        let e = sent("wrong", None).unwrap_err();
        assert_eq!(e.status(), 1);
        let text = String::from_utf8(e.text()).unwrap();
        assert!(text.starts_with("Usage: ... tunnel\n\t\t[ { ttl | hlim } TTL ]\n"), "{text}");
        assert_eq!(sent("ttl 256", None).unwrap_err().status(), 255);
    }

    #[test]
    fn an_encapsulation_is_shown() {
        let mut has = Request::new(0, 0, &[]);
        has.u16(14, 2);
        has.u16(15, FLAG_CSUM6);
        has.u16_be(16, 0);
        has.u16_be(17, 6666);
        let show = |style| {
            let mut out = Out::memory(style);
            out.open();
            show_encap(&mut out, Attrs(has.payload()), 14);
            out.close();
            String::from_utf8(out.taken()).unwrap()
        };
        let style = crate::output::Style::default();
        assert_eq!(
            show(style),
            "encap gue encap-sport auto encap-dport 6666 noencap-csum encap-csum6 noencap-remcsum "
        );
        assert_eq!(
            show(crate::output::Style { json: true, ..style }),
            r#"{"encap":{"type":"gue","sport":0,"dport":6666,"csum":false,"csum6":true,"remcsum":false}}"#
        );
    }
}
