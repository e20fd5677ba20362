//! Questions to a node of IPv6 about its names and addresses: -N (RFC 4620).
//!
//! A message: type u8, code u8, checksum u16, what is asked for u16, flags u16, and a nonce of 8
//! bytes that comes back. In a question the code says what kind of subject follows; in an answer
//! whether there is one, and each name or address has the seconds that it holds in front (u32).

use std::hash::{BuildHasher as _, RandomState};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::options::failed;
use super::target;
use crate::error::Error;
use crate::names::Names;
use crate::output::addr;
use crate::sys::fd;

const QUESTION: u8 = 139;
/// The type of an answer.
pub const ANSWER: u8 = 140;
const HEADER: usize = 16;
/// The number of the question in front of the nonce, which only this program looks at.
const NONCE: usize = 8;

const NAME: u16 = 2;
const ADDRESSES6: u16 = 3;
const ADDRESSES4: u16 = 4;
/// Flag of an answer: not all addresses are in it.
const CUT: u16 = 1;

/// The longest name on the wire, and its longest label.
const LONGEST: usize = 255;
const LABEL: usize = 63;
/// The longest name as text, without a dot at its end.
const TEXT: usize = 253;

/// The words that ask: what for, with which flag.
const QUERIES: [(&str, u16, u16); 9] = [
    ("name", NAME, 0),
    ("ipv6", ADDRESSES6, 0),
    ("ipv6-all", ADDRESSES6, 1 << 1),
    ("ipv6-compatible", ADDRESSES6, 1 << 2),
    ("ipv6-global", ADDRESSES6, 1 << 5),
    ("ipv6-linklocal", ADDRESSES6, 1 << 3),
    ("ipv6-sitelocal", ADDRESSES6, 1 << 4),
    ("ipv4", ADDRESSES4, 0),
    ("ipv4-all", ADDRESSES4, 1 << 1),
];

/// The words that say whom the question is about, the code that stands for it, and what follows.
const SUBJECTS: [(&str, u8, &str); 4] = [
    ("subject-ipv6", 0, "addr"),
    ("subject-ipv4", 2, "addr"),
    ("subject-name", 1, "name"),
    ("subject-fqdn", 1, "name"),
];

/// What -N was told, in one word or several.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// What is asked for; without it nothing but an echo is.
    query: Option<u16>,
    flags: u16,
    /// Its code and its bytes.
    subject: Option<(u8, Vec<u8>)>,
}

/// The words that there are.
pub fn help() -> String {
    let mut text = String::from("ping -6 -N <nodeinfo opt>\nHelp:\n  help\nQuery:\n");
    for (word, ..) in QUERIES {
        text += &format!("  {word}\n");
    }
    text += "Subject:\n";
    for (word, _, what) in SUBJECTS {
        text += &format!("  {word}={what}\n");
    }
    text
}

/// The help instead of a ping, behind what is wrong if there is a sentence about it.
fn refused(why: Option<&Error>) -> Error {
    let why = why.map(Error::text).unwrap_or_default();
    let text = [&why[..], help().trim_ascii_end().as_bytes()].concat();
    Error::failed(2, text)
}

/// Two words that do not go together; the reference says so on standard output.
fn conflict(what: &str) -> Error {
    let _ = fd::stdout(format!("{what} conflict\n").as_bytes());
    refused(None)
}

impl Asked {
    /// One more word; two of them may not ask for different things, or about different kinds of
    /// subjects.
    ///
    /// # Errors
    ///
    /// Status 2.
    pub fn word(&mut self, word: &[u8]) -> Result<(), Error> {
        if let Some((_, query, flag)) = QUERIES.iter().find(|(w, ..)| w.as_bytes() == word) {
            if self.query.is_some_and(|q| q != *query) {
                return Err(conflict("Qtype"));
            }
            self.query = Some(*query);
            self.flags |= flag;
            return Ok(());
        }
        let at = word.iter().position(|&b| b == b'=').ok_or_else(|| refused(None))?;
        let (word, value) = (&word[..at], &word[at + 1..]);
        let row = SUBJECTS.iter().find(|(w, ..)| w.as_bytes() == word);
        let &(word, code, what) = row.ok_or_else(|| refused(None))?;
        if self.subject.as_ref().is_some_and(|(c, _)| *c != code) {
            return Err(conflict("Subject type"));
        }
        let bytes = if what == "name" {
            name(value, word == "subject-fqdn")?
        } else {
            let v6 = code == 0;
            match target::of_family(value, v6, &mut Names::default()) {
                Ok(IpAddr::V4(a)) => a.octets().to_vec(),
                Ok(IpAddr::V6(a)) => a.octets().to_vec(),
                Err(e) => return Err(refused(Some(&e))),
            }
        };
        self.subject = Some((code, bytes));
        Ok(())
    }

    /// The question to this host, which is its subject where no other was named; `None` when
    /// nothing is asked for.
    pub fn question(&self, host: Ipv6Addr) -> Option<Question> {
        let (code, subject) = self.subject.clone().unwrap_or((0, host.octets().to_vec()));
        let (query, flags) = (self.query?, self.flags);
        Some(Question { query, flags, code, subject, key: RandomState::new() })
    }
}

/// A name as it is sent: labels, each behind its length. One that need not be whole has another
/// zero behind its end; so has every `fqdn` (observed in iputils 20240905, whatever RFC 4620 says).
fn name(text: &[u8], fqdn: bool) -> Result<Vec<u8>, Error> {
    let text = plain(text)?;
    // What could be the name of a device is cut off.
    let text = text.split(|&b| b == b'%').next().unwrap_or(b"");
    let mut wire =
        labels(text).ok_or_else(|| failed(2, &[b"inappropriate subject name: ", text].concat()))?;
    if fqdn || !text.contains(&b'.') {
        wire.push(0);
    }
    Ok(wire)
}

/// A name in small letters, if it is one that IDNA (RFC 5891) leaves as it is.
///
/// Labels that are encoded already (`xn--`) are taken at their word.
fn plain(text: &[u8]) -> Result<Vec<u8>, Error> {
    let wrong = |why: &str| failed(2, format!("IDN encoding error: {why}").as_bytes());
    if std::str::from_utf8(text).is_err() {
        return Err(wrong("could not convert string to UTF-8"));
    }
    if !text.is_ascii() {
        return Err(wrong("other letters than those of ASCII are written as xn--... here"));
    }
    let text = text.to_ascii_lowercase();
    let mut bad = None;
    for label in text.split(|&b| b == b'.') {
        if let Some(encoded) = label.strip_prefix(b"xn--") {
            if encoded.is_empty() || encoded.ends_with(b"-") {
                return Err(wrong("string contains invalid punycode data"));
            }
        } else if label.get(2..4) == Some(b"--") {
            bad = Some("string contains forbidden two hyphens pattern");
        } else if label.starts_with(b"-") || label.ends_with(b"-") {
            bad = Some("string start/ends with forbidden hyphen");
        }
    }
    // Of several it is the last that is told.
    if let Some(why) = bad {
        return Err(wrong(why));
    }
    if text.strip_suffix(b".").unwrap_or(&text).len() > TEXT {
        return Err(wrong("domain name longer than 255 characters"));
    }
    if text.split(|&b| b == b'.').any(|label| label.len() > LABEL) {
        return Err(wrong("domain label longer than 63 characters"));
    }
    Ok(text)
}

/// The labels of a name and their end. `\.` is a dot inside of one, `\032` the byte 32.
fn labels(text: &[u8]) -> Option<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = vec![Vec::new()];
    let mut rest = text.iter().copied();
    while let Some(b) = rest.next() {
        let byte = match b {
            b'.' => {
                all.push(Vec::new());
                continue;
            }
            b'\\' => match rest.next()? {
                first @ b'0'..=b'9' => {
                    let digits = [first, rest.next()?, rest.next()?];
                    std::str::from_utf8(&digits).ok()?.parse().ok()?
                }
                other => other,
            },
            b => b,
        };
        all.last_mut()?.push(byte);
    }
    // A dot at the end, or alone.
    if all.len() > 1 && all.last()?.is_empty() {
        all.pop();
    }
    if all.len() == 1 && all[0].is_empty() {
        all.pop();
    }
    let mut wire = Vec::new();
    for label in all {
        if label.is_empty() || label.len() > LABEL {
            return None;
        }
        wire.push(u8::try_from(label.len()).ok()?);
        wire.extend(label);
    }
    wire.push(0);
    (wire.len() <= LONGEST).then_some(wire)
}

/// One question, asked again and again.
#[derive(Clone, Debug)]
pub struct Question {
    query: u16,
    flags: u16,
    code: u8,
    subject: Vec<u8>,
    /// Nonces are made of the number and of this, so that nobody can guess them and none need be
    /// remembered.
    key: RandomState,
}

impl Question {
    fn nonce(&self, seq: u16) -> [u8; NONCE] {
        let mut nonce = self.key.hash_one(seq).to_ne_bytes();
        nonce[..2].copy_from_slice(&seq.to_be_bytes());
        nonce
    }

    /// The message with this number; the kernel fills in the checksum.
    pub fn bytes(&self, seq: u16) -> Vec<u8> {
        let mut p = vec![QUESTION, self.code, 0, 0];
        p.extend(self.query.to_be_bytes());
        p.extend(self.flags.to_be_bytes());
        p.extend(self.nonce(seq));
        p.extend(&self.subject);
        p
    }

    /// The number of the question that a message answers, if it is one of ours.
    pub fn answered(&self, icmp: &[u8]) -> Option<u16> {
        let nonce = icmp.get(HEADER - NONCE..HEADER)?;
        let seq = u16::from_be_bytes(*nonce.first_chunk()?);
        (icmp[0] == ANSWER && nonce == self.nonce(seq)).then_some(seq)
    }
}

/// What an answer says, as it follows the address that it came from.
pub fn told(icmp: &[u8]) -> String {
    let Some((&[_, code, _, _, q1, q0, f1, f0], rest)) = icmp.split_first_chunk::<8>() else {
        return String::new();
    };
    let data = rest.get(NONCE..).unwrap_or(b"");
    match code {
        0 => {}
        1 => return " refused".into(),
        2 => return " unknown".into(),
        // Its place in the first half of the header is shown as well.
        n => return format!(" unknown code({n:x}00)"),
    }
    let cut = u16::from_be_bytes([f1, f0]) & CUT != 0;
    match u16::from_be_bytes([q1, q0]) {
        NAME => names(data),
        ADDRESSES6 => addresses(data, cut, |a: [u8; 16]| {
            let mut text = Vec::new();
            addr::ipv6(&mut text, &a);
            String::from_utf8_lossy(&text).into_owned()
        }),
        ADDRESSES4 => addresses(data, cut, |a: [u8; 4]| Ipv4Addr::from(a).to_string()),
        n => format!(" unknown qtype(0x{n:02x})"),
    }
}

/// Names, one after the other behind a single time.
fn names(data: &[u8]) -> String {
    let mut at = 4;
    if data.len() < at {
        return " parse error (too short)".into();
    }
    let mut all = Vec::new();
    while at < data.len() {
        let Some((mut name, next)) = expand(data, at) else {
            all.push("parse error (truncated)".into());
            break;
        };
        at = next;
        // A second zero: the name is not a whole one.
        if data.get(at) == Some(&0) {
            at += 1;
        } else {
            name.push('.');
        }
        all.push(name);
    }
    listed(&all)
}

/// Addresses, each behind its time.
fn addresses<const N: usize>(data: &[u8], cut: bool, show: impl Fn([u8; N]) -> String) -> String {
    let one = |entry: &[u8]| match entry.get(4..).and_then(<[u8]>::first_chunk) {
        Some(address) => show(*address),
        None => "parse error (truncated)".into(),
    };
    let all: Vec<String> = data.chunks(4 + N).map(one).collect();
    listed(&all) + if cut { " (truncated)" } else { "" }
}

fn listed(all: &[String]) -> String {
    if all.is_empty() { String::new() } else { format!(" {}", all.join(", ")) }
}

/// The name at a place, without a dot at its end, and what comes behind it. It may go on at another
/// place of the data (RFC 1035, 4.1.4); who reads more than there is goes round in a circle.
fn expand(data: &[u8], start: usize) -> Option<(String, usize)> {
    let (mut at, mut behind) = (start, None);
    let (mut text, mut wire, mut read) = (String::new(), 1, 0);
    loop {
        let len = usize::from(*data.get(at)?);
        match len >> 6 {
            0 if len == 0 => return Some((text, behind.unwrap_or(at + 1))),
            0 => {
                let label = data.get(at + 1..at + 1 + len)?;
                at += 1 + len;
                wire += 1 + len;
                read += 1 + len;
                if wire > LONGEST {
                    return None;
                }
                if !text.is_empty() {
                    text.push('.');
                }
                label.iter().for_each(|&b| escape(b, &mut text));
            }
            3 => {
                let low = usize::from(*data.get(at + 1)?);
                behind = behind.or(Some(at + 2));
                at = (len & 0x3f) << 8 | low;
                read += 2;
                if read >= data.len() {
                    return None;
                }
            }
            _ => return None,
        }
    }
}

/// A byte of a label so that it can be told from a dot, and does nothing to a terminal.
fn escape(b: u8, text: &mut String) {
    match b {
        b'"' | b'.' | b';' | b'\\' | b'(' | b')' | b'@' | b'$' => {
            text.push('\\');
            text.push(b.into());
        }
        b'!'..=b'~' => text.push(b.into()),
        _ => text.push_str(&format!("\\{b:03}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len() / 2)
            .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
            .collect()
    }

    /// What is said of an answer: code, what was asked for, flags, and the data behind the nonce.
    fn said(hex: &str) -> String {
        let b = bytes(hex);
        let whole = [&[ANSWER, b[0], 0, 0][..], &b[1..5], &[0; NONCE], &b[5..]].concat();
        for end in 0..whole.len() {
            told(&whole[..end]);
        }
        told(&whole)
    }

    #[test]
    fn names_are_expanded() {
        assert_eq!(said("000002000000000e1003666f6f076578616d706c6500"), " foo.example.");
        assert_eq!(said("000002000000000e1003666f6f0003626172000000"), " foo., bar, .");
        assert_eq!(said("000002000000000e1003666f6f000003626172c00400"), " foo, bar.foo");
        assert_eq!(said("000002000000000e100403662e6f0000"), " \\003f\\.o");
        assert_eq!(said("000002000000000e10"), "");
        assert_eq!(said("000002000000000e100000"), " ");
        assert_eq!(said("000002000000000e"), " parse error (too short)");
        assert_eq!(said("000002000000000e10c004"), " parse error (truncated)");
        assert_eq!(said("000002000000000e1003666f6f0000c0ff"), " foo, parse error (truncated)");
        // The longest, and a byte more.
        let label = |n: usize| format!("{n:02x}{}", "61".repeat(n));
        let long = |n| said(&format!("000002000000000e10{}{}00", label(LABEL).repeat(3), label(n)));
        assert_eq!(long(61).len(), 1 + 64 * 3 + 61 + 1);
        assert_eq!(long(62), " parse error (truncated)");
    }

    #[test]
    fn a_name_may_lead_in_circles() {
        for hex in ["c004", "c006c004", "0161c004", "c005", "c0", "c3ff", "40", "80"] {
            let all = said(&format!("000002000000000e10{hex}"));
            assert!(all.ends_with("parse error (truncated)"), "{hex}: {all}");
        }
    }

    #[test]
    fn addresses_and_refusals() {
        let v6 = "20010db8000000000000000000000001";
        assert_eq!(said(&format!("000003000100000e10{v6}")), " 2001:db8::1 (truncated)");
        assert_eq!(
            said(&format!("000003000000000e10{v6}00000e10")),
            " 2001:db8::1, parse error (truncated)"
        );
        assert_eq!(said("000004000000000e100a000001000000000a000002"), " 10.0.0.1, 10.0.0.2");
        assert_eq!(said("0000040000"), "");
        assert_eq!(said("0100020000"), " refused");
        assert_eq!(said("0200020000"), " unknown");
        assert_eq!(said("ff00020000"), " unknown code(ff00)");
        assert_eq!(said("0000050000"), " unknown qtype(0x05)");
    }

    #[test]
    fn an_answer_is_known_by_its_nonce() {
        let mut asked = Asked::default();
        asked.word(b"ipv6-global").unwrap();
        asked.word(b"ipv6-linklocal").unwrap();
        let q = asked.question(Ipv6Addr::LOCALHOST).unwrap();
        let mut p = q.bytes(0x1234);
        assert_eq!((&p[..8], &p[8..10]), (&bytes("8b00000000030028")[..], &[0x12, 0x34][..]));
        assert_eq!((p.len(), p[31]), (32, 1));
        assert_eq!(q.answered(&p), None);
        p[0] = ANSWER;
        assert_eq!(q.answered(&p), Some(0x1234));
        assert_eq!(q.answered(&p[..HEADER - 1]), None);
        p[15] ^= 1;
        assert_eq!(q.answered(&p), None);
        assert!(asked.word(b"name").is_err());
        assert!(Asked::default().question(Ipv6Addr::LOCALHOST).is_none());
    }

    #[test]
    fn subjects_are_encoded() {
        let wire = |text: &str, fqdn| name(text.as_bytes(), fqdn).ok();
        assert_eq!(wire("Foo", false), Some(bytes("03666f6f0000")));
        assert_eq!(wire("foo.B", false), Some(bytes("03666f6f016200")));
        assert_eq!(wire("foo.b", true), Some(bytes("03666f6f01620000")));
        assert_eq!(wire("f\\.\\032o%a.b", false), Some(bytes("04662e206f00")));
        assert_eq!(wire(".", false), Some(vec![0]));
        assert_eq!(wire("", true), Some(vec![0, 0]));
        for bad in ["a..b", ".a", "..", "a\\", "a\\9", "a\\256", "-a", "ab--c", "xn--", "\u{e4}"] {
            assert_eq!(wire(bad, false), None, "{bad}");
        }
    }
}
