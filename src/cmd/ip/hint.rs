//! Help behind a mistake: the word it is about, and one line that says what to do.
//!
//! Only on a terminal, never with -json or in a batch, and not when NO_HINTS is set. What is
//! said on stdout, the reference's own lines on stderr and the status stay as they are.
//!
//! A hint is a function in `HINTS`; the first that has something to say is heard. It looks at
//! the words, the sentence and the present state, never at the status alone.

pub mod route;

use crate::cli::{nearest, value};
use crate::ctx::Ctx;
use crate::error::Error;
use crate::sys::{file, netns};

use super::{OBJECTS, globals, object};

/// What a hint may look at.
struct Mistake<'a> {
    /// The command, its object first.
    words: &'a [&'a [u8]],
    /// The reference's sentence, without its line break.
    text: &'a [u8],
    /// The word it is about.
    at: Option<usize>,
    status: u8,
}

impl<'a> Mistake<'a> {
    fn says(&self, part: &str) -> bool {
        self.text.windows(part.len()).any(|w| w == part.as_bytes())
    }
    /// The object by its full name.
    fn object(&self) -> &'static str {
        self.words.first().and_then(|w| object(w)).map_or("", |o| o.name)
    }
    fn has(&self, word: &str) -> bool {
        self.words.contains(&word.as_bytes())
    }
    /// The word behind this one.
    fn after(&self, word: &str) -> Option<&'a [u8]> {
        let at = self.words.iter().position(|w| *w == word.as_bytes())?;
        self.words.get(at + 1).copied()
    }
    /// What stands in quotes first in the sentence.
    fn quoted(&self) -> Option<&'a [u8]> {
        self.text.split(|&b| b == b'"').nth(1)
    }
    /// What stands in quotes last in the sentence.
    fn last_quoted(&self) -> Option<&'a [u8]> {
        let parts: Vec<_> = self.text.split(|&b| b == b'"').collect();
        parts.get(parts.len().checked_sub(2)?).copied()
    }
}

type Hint = fn(&mut Ctx, &Mistake<'_>) -> Option<String>;

static HINTS: &[Hint] = &[
    exec_left_out,
    unknown_object,
    option_after_object,
    unknown_verb,
    blank_in_a_name,
    generic_word_behind_type,
    read_as_a_keyword,
    name_too_long,
    unknown_kind,
    no_such_device,
    no_such_namespace,
    not_a_namespace,
    no_privilege,
    gateway_out_of_reach,
    no_address,
    already_there,
    word_behind_nexthop,
    via_behind_dev,
    group_missing,
    route::table_is_empty,
    route::similar,
    near_a_word,
];

/// Says more about an error, where a person reads it.
pub fn tell(ctx: &mut Ctx, prefix: &[u8], words: &[&[u8]], err: &Error) {
    if !ctx.wants_hints() {
        return;
    }
    let text = err.text();
    let at = match err {
        Error::Usage(u) => u.at,
        Error::Kernel { at, .. } => *at,
        _ => None,
    };
    let mistake = Mistake { words, text: text.trim_ascii_end(), at, status: err.status() };
    let mut more = Vec::new();
    if let Some(at) = at {
        caret(&mut more, prefix, words, at);
    }
    if let Some(hint) = HINTS.iter().find_map(|h| h(ctx, &mistake)) {
        more.extend_from_slice(format!("hint: {hint}\n").as_bytes());
    }
    ctx.complain(&more);
}

/// The command again, and a line under the word that caused the error.
fn caret(out: &mut Vec<u8>, prefix: &[u8], words: &[&[u8]], at: usize) {
    let Some(wrong) = words.get(at) else { return };
    let line = |words: &[&[u8]]| [b"  ", prefix, &words.join(&b' ')].concat();
    let all = line(words);
    // A line that wraps points nowhere.
    if all.len() > 100 || all.iter().any(u8::is_ascii_control) {
        return;
    }
    let mut before = line(&words[..at]);
    if at > 0 {
        before.push(b' ');
    }
    let columns = |b: &[u8]| String::from_utf8_lossy(b).chars().count();
    out.extend_from_slice(&all);
    out.push(b'\n');
    out.resize(out.len() + columns(&before), b' ');
    out.resize(out.len() + columns(wrong).max(1), b'^');
    out.push(b'\n');
}

fn shown(word: &[u8]) -> String {
    String::from_utf8_lossy(word).into_owned()
}

/// `ip netns blue ip route …`
fn exec_left_out(_: &mut Ctx, m: &Mistake<'_>) -> Option<String> {
    let [_, name, rest @ ..] = m.words else { return None };
    if m.object() != "netns" || rest.is_empty() || !m.says("is unknown") {
        return None;
    }
    netns::open_named(name).ok()?;
    let (name, rest) = (shown(name), shown(&rest.join(&b' ')));
    let short = rest.strip_prefix("ip ").map(|r| format!(" (or \"ip -n {name} {r}\")"));
    Some(format!("did you mean \"ip netns exec {name} {rest}\"{}?", short.unwrap_or_default()))
}

fn unknown_object(_: &mut Ctx, m: &Mistake<'_>) -> Option<String> {
    let word = m.words.first()?;
    if !m.text.starts_with(b"Object ") {
        return None;
    }
    let near = nearest(word, OBJECTS.iter().map(|o| o.name))?;
    Some(format!("did you mean \"ip {near}\"?"))
}

/// `ip link -d show`
fn option_after_object(_: &mut Ctx, m: &Mistake<'_>) -> Option<String> {
    let word = m.quoted().filter(|w| w.starts_with(b"-") && w.len() > 1)?;
    let object = m.object();
    if object.is_empty() || !m.words[1..].contains(&word) {
        return None;
    }
    globals::find(word)?;
    Some(format!(
        "\"{}\" is a global option and belongs before \"{}\"",
        shown(word),
        shown(m.words[0])
    ))
}

fn unknown_verb(_: &mut Ctx, m: &Mistake<'_>) -> Option<String> {
    if !m.text.starts_with(b"Command ") || !m.says("is unknown") {
        return None;
    }
    let grammar = super::grammar(m.words.first()?)?;
    let word = m.words.get(1)?;
    if word.contains(&b'.') || word.contains(&b':') {
        return Some(format!("did you mean \"ip {} add {} ...\"?", grammar.object, shown(word)));
    }
    let near = nearest(word, grammar.verbs.iter().map(|v| v.word.full))?;
    Some(format!("did you mean \"ip {} {near}\"?", grammar.object))
}

/// `ip link add veth-red type veth peer name veth blue`, `… dev veth red`
fn blank_in_a_name(ctx: &mut Ctx, m: &Mistake<'_>) -> Option<String> {
    if m.says("both \"name\" and \"dev\"") {
        let name = m.words.iter().rposition(|w| *w == b"name")?;
        let (a, b) = (m.words.get(name + 1)?, m.words.get(name + 2)?);
        return Some(format!("a name holds no blank: did you mean \"{}-{}\"?", shown(a), shown(b)));
    }
    if !m.says("is garbage") && !m.says("is a garbage") {
        return None;
    }
    let word = m.last_quoted()?;
    let at = m.at.or_else(|| m.words.iter().rposition(|w| *w == word))?;
    let dev = m.words.get(at.checked_sub(2)?)?;
    if *dev != b"dev" {
        return None;
    }
    let joined = [m.words[at - 1], b"-", word].concat();
    ctx.names.index(&joined)?;
    Some(format!("a name holds no blank: did you mean \"{}\"?", shown(&joined)))
}

/// `ip link add x type ifb mtu 1400`
fn generic_word_behind_type(_: &mut Ctx, m: &Mistake<'_>) -> Option<String> {
    if !m.text.starts_with(b"Garbage instead of arguments") {
        return None;
    }
    let word = m.quoted()?.split(|&b| b == b' ').next()?;
    Some(format!("\"{}\" is a word of the device: put it before \"type\"", shown(word)))
}

/// `ip link add b type veth`: `b` is a beginning of `broadcast`.
fn read_as_a_keyword(_: &mut Ctx, m: &Mistake<'_>) -> Option<String> {
    const KEYWORDS: &[&str] =
        &["address", "broadcast", "link", "master", "nomaster", "type", "txqueuelen", "alias"];
    if m.object() != "link" || !(m.says("is invalid lladdr") || m.says("is wrong")) {
        return None;
    }
    let wrong = m.quoted()?;
    let at = m.words.iter().position(|w| *w == wrong)?.checked_sub(1)?;
    let word = m.words.get(at)?;
    if word.len() > 2 || at < 2 {
        return None;
    }
    let full = KEYWORDS.iter().find(|k| k.as_bytes().starts_with(word) && k.as_bytes() != *word)?;
    let word = shown(word);
    Some(format!("\"{word}\" was read as \"{full}\"; write \"dev {word}\" or \"name {word}\""))
}

fn name_too_long(_: &mut Ctx, m: &Mistake<'_>) -> Option<String> {
    if !m.says("Attribute failed policy validation") {
        return None;
    }
    m.words.iter().find(|w| w.len() > 15 && m.object() == "link")?;
    Some("names of devices have at most 15 characters".into())
}

fn unknown_kind(_: &mut Ctx, m: &Mistake<'_>) -> Option<String> {
    let missing = m.says("Unknown device type") || m.says("Operation not supported");
    if m.object() != "link" || !missing {
        return None;
    }
    let kind = m.after("type")?;
    match nearest(kind, super::link::kinds()) {
        Some(near) => Some(format!("did you mean \"type {near}\"?")),
        None => Some(format!("this kernel has no link type \"{}\"", shown(kind))),
    }
}

fn no_such_device(ctx: &mut Ctx, m: &Mistake<'_>) -> Option<String> {
    let missing =
        m.says("Cannot find device") || m.says("does not exist") || m.says("Device does not exist");
    if !missing {
        return None;
    }
    let name = m.quoted().filter(|n| !n.is_empty())?;
    let here = file::list(b"/proc/sys/net/ipv4/conf").unwrap_or_default();
    if let Some(near) = nearest(name, &here) {
        return Some(format!("did you mean \"{}\"?", shown(near)));
    }
    // Where it has been moved to: each namespace is asked by a child, which may enter it.
    let elsewhere = ctx.find_in_namespaces(name)?;
    let rest = shown(&m.words.join(&b' '));
    let ns = shown(&elsewhere);
    Some(format!("\"{}\" is in namespace \"{ns}\": ip -n {ns} {rest}", shown(name)))
}

fn no_such_namespace(_: &mut Ctx, m: &Mistake<'_>) -> Option<String> {
    let missing = m.says("Cannot open network namespace")
        || m.says("Cannot remove namespace file")
        || m.says("Invalid \"netns\" value");
    if !missing || !(m.says("No such file") || m.says("is wrong")) {
        return None;
    }
    let name = m.quoted()?.rsplit(|&b| b == b'/').next()?;
    let names = file::list(netns::DIR).unwrap_or_default();
    let near = nearest(name, &names)?;
    Some(format!("did you mean \"{}\"?", shown(near)))
}

fn not_a_namespace(_: &mut Ctx, m: &Mistake<'_>) -> Option<String> {
    if !m.says("setting the network namespace") || !m.says("Invalid argument") {
        return None;
    }
    let name = shown(m.quoted()?);
    Some(format!(
        "{} is not a namespace (a stale file); \"ip netns delete {name}\" removes it",
        shown(&netns::path(name.as_bytes()))
    ))
}

fn no_privilege(_: &mut Ctx, m: &Mistake<'_>) -> Option<String> {
    if !m.says("Operation not permitted") && !m.says("Permission denied") {
        return None;
    }
    Some("this needs the rights of an administrator (CAP_NET_ADMIN): try as root, or in \"ipbox lab\"".into())
}

fn gateway_out_of_reach(_: &mut Ctx, m: &Mistake<'_>) -> Option<String> {
    if !matches!(m.object(), "route" | "nexthop")
        || !(m.says("invalid gateway") || m.says("Network is unreachable"))
    {
        return None;
    }
    let via = shown(m.after("via")?);
    Some(format!(
        "no connected network holds {via}: is the device up, and its address given with a length (/24)?"
    ))
}

fn no_address(_: &mut Ctx, m: &Mistake<'_>) -> Option<String> {
    if m.object() != "address" || !m.says("Operation not supported") {
        return None;
    }
    let has_one = m.words.iter().any(|w| value::prefix(w, value::AF_UNSPEC).is_ok());
    (!has_one).then(|| "no address was given".into())
}

fn already_there(ctx: &mut Ctx, m: &Mistake<'_>) -> Option<String> {
    if m.status != 2 || !(m.says("File exists") || m.says("already assigned")) {
        return None;
    }
    match m.object() {
        "link" if m.has("altname") => Some("a device already has this name".into()),
        "link" => Some("a device of this name is there already: \"ip link show\"".into()),
        "address" => Some("the device has this address already; \"replace\" does not mind".into()),
        "route" => route::already_there(ctx, m),
        "neighbor" | "neighbour" => {
            Some("the entry is there already; \"replace\" changes it".into())
        }
        "rule" => Some("there is such a rule already: \"ip rule show\"".into()),
        "nexthop" => Some("this id is taken; \"replace\" changes what it stands for".into()),
        _ => None,
    }
}

/// `ip route add … nexthop … metric 5`
fn word_behind_nexthop(_: &mut Ctx, m: &Mistake<'_>) -> Option<String> {
    if !m.says("\"nexthop\" or end of line is expected") {
        return None;
    }
    let word = shown(m.last_quoted()?);
    Some(format!("\"{word}\" belongs before the first \"nexthop\""))
}

/// `ip nexthop add … dev X via IPV6`
fn via_behind_dev(_: &mut Ctx, m: &Mistake<'_>) -> Option<String> {
    if m.object() != "nexthop" || !m.says("inet address is expected rather than") {
        return None;
    }
    let six = value::ipv6(m.last_quoted()?).is_some();
    six.then(|| "put \"via\" before \"dev\", or use \"ip -6\"".into())
}

/// `ip nexthop bucket list id 99`
fn group_missing(_: &mut Ctx, m: &Mistake<'_>) -> Option<String> {
    let alone = m.object() == "nexthop" && m.text == b"Dump terminated";
    alone.then(|| Some(format!("there is no nexthop {}", shown(m.after("id")?))))?
}

/// `… or "mulitcast" is garbage`: a word of the object that was nearly typed.
fn near_a_word(_: &mut Ctx, m: &Mistake<'_>) -> Option<String> {
    let word = if m.says("is garbage") || m.says("is expected rather than") {
        m.last_quoted()?
    } else if m.text.ends_with(b"is wrong:") {
        m.quoted()?
    } else {
        return None;
    };
    let usage = (super::grammar(m.words.first()?)?.usage)().text;
    let words = usage.split(|b| !b.is_ascii_lowercase() && !b"_-".contains(b));
    let near = nearest(word, words.filter(|w| w.len() > 2))?;
    Some(format!("did you mean \"{}\"?", shown(near)))
}

/// A part of an IPv4 address that begins with 0 is octal, which hardly anybody means.
pub fn octal(ctx: &mut Ctx, words: &[&[u8]]) {
    let parts = words.iter().filter(|w| value::prefix(w, value::AF_INET).is_ok());
    let mut parts = parts.flat_map(|w| w.split(|b| b"./".contains(b)));
    let Some(part) = parts.find(|p| p.len() > 1 && p[0] == b'0' && p[1].is_ascii_digit()) else {
        return;
    };
    if let Some(n) = value::u8(part) {
        ctx.hint(|| format!("\"{}\" was read as octal {n}", shown(part)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_its_word() {
        let mut out = Vec::new();
        let words: &[&[u8]] = &[b"link", b"add", b"x", b"type", b"vxlan", b"id", b"99999999"];
        caret(&mut out, b"ip ", words, 6);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "  ip link add x type vxlan id 99999999\n                              ^^^^^^^^\n"
        );
    }
}
