//! The applets: what the name of the program, or its first word, stands for.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use crate::cmd;
use crate::error;
use crate::sys::fd;

/// One applet.
pub struct Applet {
    pub name: &'static str,
    /// One line, for the list and for completions.
    pub about: &'static str,
    /// The words, the name first; the exit status.
    pub run: fn(&[&[u8]]) -> u8,
    /// Whether these words, the name first, take no thread and no other process: such a command
    /// may begin early (see sys/early.rs).
    #[cfg_attr(not(early), allow(dead_code))]
    pub stays_alone: fn(&[&[u8]]) -> bool,
}

/// Of most applets nobody has looked.
const NEVER: fn(&[&[u8]]) -> bool = |_| false;

/// Every applet, in the order in which they are listed.
#[rustfmt::skip] // one row, one line
pub static APPLETS: &[Applet] = &[
    Applet { name: "ip", about: "devices, addresses, routes, neighbours, namespaces", run: cmd::ip::run, stays_alone: cmd::ip::only_shows },
    Applet { name: "arp", about: "the table of neighbours of IPv4", run: cmd::arp::run, stays_alone: NEVER },
    Applet { name: "ping", about: "asks a host for an echo", run: cmd::ping::run, stays_alone: NEVER },
    Applet { name: "ping4", about: "ping over IPv4", run: cmd::ping::run, stays_alone: NEVER },
    Applet { name: "ping6", about: "ping over IPv6", run: cmd::ping::run, stays_alone: NEVER },
    Applet { name: "route", about: "the routing tables, as net-tools shows them", run: cmd::route::run, stays_alone: NEVER },
    Applet { name: "sysctl", about: "reads and writes the kernel's settings", run: cmd::sysctl::run, stays_alone: NEVER },
    Applet { name: "iptables", about: "filter and translate IPv4 packets", run: cmd::iptables::run, stays_alone: |_| true },
    Applet { name: "iptables-save", about: "print the rules of IPv4", run: cmd::iptables::save, stays_alone: |_| true },
    Applet { name: "iptables-restore", about: "read rules of IPv4 from a file", run: cmd::iptables::restore, stays_alone: NEVER },
    Applet { name: "ip6tables", about: "filter and translate IPv6 packets", run: cmd::iptables::run, stays_alone: |_| true },
    Applet { name: "ip6tables-save", about: "print the rules of IPv6", run: cmd::iptables::save, stays_alone: |_| true },
    Applet { name: "ip6tables-restore", about: "read rules of IPv6 from a file", run: cmd::iptables::restore, stays_alone: NEVER },
];

/// The applet of this name; `iptables-nft` and the like are other names of ours.
pub fn find(name: &[u8]) -> Option<&'static Applet> {
    let short =
        NFT_NAMES.iter().find(|(long, _)| long.as_bytes() == name).map(|(_, s)| s.as_bytes());
    APPLETS.iter().find(|a| a.name.as_bytes() == short.unwrap_or(name))
}

#[rustfmt::skip] // one row, one line
static NFT_NAMES: &[(&str, &str)] = &[
    ("iptables-nft", "iptables"), ("iptables-nft-save", "iptables-save"),
    ("iptables-nft-restore", "iptables-restore"), ("ip6tables-nft", "ip6tables"),
    ("ip6tables-nft-save", "ip6tables-save"), ("ip6tables-nft-restore", "ip6tables-restore"),
];

fn base_name(path: &[u8]) -> &[u8] {
    path.rsplit(|&b| b == b'/').next().unwrap_or(path)
}

/// Our own verbs: `ipbox VERB`, never linked under their bare names.
#[rustfmt::skip] // one row, one line
pub static VERBS: &[Applet] = &[
    Applet { name: "lab", about: "a small network to try things in, without root", run: cmd::lab::run, stays_alone: NEVER },
    Applet { name: "doctor", about: "what is wrong with the network, and what mends it", run: cmd::doctor::run, stays_alone: NEVER },
    Applet { name: "draw", about: "the network as it is, as a picture", run: cmd::draw::run, stays_alone: NEVER },
    Applet { name: "export", about: "the network as it is, as commands or a lab file", run: cmd::export::run, stays_alone: NEVER },
    Applet { name: "netns", about: "leftovers of namespaces, and ends that are waited for", run: cmd::netns::run, stays_alone: NEVER },
    Applet { name: "try", about: "a change of the network that takes itself back", run: cmd::attempt::run, stays_alone: NEVER },
];

/// The applet that the words name, by the name of the program or by its first word, and its words.
fn named<'w>(words: &'w [&'w [u8]]) -> Option<(&'static Applet, &'w [&'w [u8]])> {
    let name = base_name(words.first().copied().unwrap_or(b"ipbox"));
    if let Some(applet) = find(name) {
        return Some((applet, words));
    }
    if is_others(name) || is_object(name) {
        return None;
    }
    words.get(1).and_then(|word| find(word)).map(|applet| (applet, &words[1..]))
}

/// `iptables-legacy`, `ip6tables-translate`, `arptables` and the like: a link that was made by hand is
/// told so, and not taken for `ip` or for `ipbox`.
fn is_others(name: &[u8]) -> bool {
    name.windows(b"tables".len()).any(|part| part == b"tables")
}

/// What follows `ip` in the program's name may be an object (`iproute`): see cmd::ip.
fn is_object(name: &[u8]) -> bool {
    !name.starts_with(b"ipbox") && name.starts_with(b"ip")
}

/// Runs the applet that the words name, or one of our own verbs.
pub fn run(words: &[&[u8]]) -> u8 {
    if let Some((applet, words)) = named(words) {
        return (applet.run)(words);
    }
    let name = base_name(words.first().copied().unwrap_or(b"ipbox"));
    if is_others(name) {
        return unknown(name);
    }
    if is_object(name) {
        return cmd::ip::run(words);
    }
    match words.get(1).copied() {
        None => {
            let _ = fd::stdout(usage().as_bytes());
            0
        }
        // For the stubs in completions/.
        Some(b"__complete") => cmd::complete::run(&words[2..]),
        Some(word) if word.starts_with(b"-") => options(words),
        Some(word) => match find_verb(word) {
            Some(verb) => (verb.run)(&words[1..]),
            None => unknown(word),
        },
    }
}

/// Whether the command takes no thread and no other process.
#[cfg_attr(not(early), allow(dead_code))]
pub fn stays_alone(words: &[&[u8]]) -> bool {
    named(words).is_some_and(|(applet, words)| (applet.stays_alone)(words))
}

fn unknown(name: &[u8]) -> u8 {
    fd::stderr(&[b"ipbox: unknown applet \"", name, b"\"; ipbox alone lists them\n"].concat());
    1
}

fn find_verb(name: &[u8]) -> Option<&'static Applet> {
    VERBS.iter().find(|a| a.name.as_bytes() == name)
}

/// The options of `ipbox` itself. Not a part of what every command goes through, whose stack would
/// have a page more.
#[cold]
#[inline(never)]
fn options(words: &[&[u8]]) -> u8 {
    use clap::{Arg, ArgAction, Command, value_parser};
    let command = Command::new("ipbox")
        .override_usage("ipbox APPLET [ARGUMENT...]\n       ipbox --install DIR [--force]")
        .version(env!("CARGO_PKG_VERSION"))
        .after_help(list())
        .arg(
            Arg::new("install")
                .long("install")
                .value_name("DIR")
                .value_parser(value_parser!(OsString))
                .required(true)
                .help("make a link for each applet in DIR; what is there stays"),
        )
        .arg(
            Arg::new("force")
                .long("force")
                .action(ArgAction::SetTrue)
                .help("replace what is in the way"),
        );
    let words = words.iter().map(|w| OsString::from_vec(w.to_vec()));
    let matches = match command.try_get_matches_from(words) {
        Ok(m) => m,
        Err(e) if e.exit_code() == 0 => {
            let _ = fd::stdout(e.to_string().as_bytes());
            return 0;
        }
        Err(e) => {
            fd::stderr(e.to_string().as_bytes());
            return 2;
        }
    };
    let dir: &OsString = matches.get_one("install").expect("clap demands it");
    match cmd::install::run(dir, matches.get_flag("force")) {
        Ok(()) => 0,
        Err(e) => {
            let e = error::of(e);
            fd::stderr(&e.text());
            e.status()
        }
    }
}

fn usage() -> String {
    format!(
        "Usage: ipbox APPLET [ARGUMENT...]\n       ipbox --install DIR [--force]\n       ipbox --version\n\n{}",
        list()
    )
}

/// The applets and our own verbs, a line each.
fn list() -> String {
    let row = |a: &Applet| format!("  {:<18} {}\n", a.name, a.about);
    let mut text = String::from("Applets:\n");
    text.extend(APPLETS.iter().map(row));
    if !VERBS.is_empty() {
        text.push_str("\nVerbs of ipbox itself:\n");
        text.extend(VERBS.iter().map(row));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::stays_alone;

    #[test]
    fn what_stays_alone_is_told_by_its_words() {
        let shows =
            |line: &str| stays_alone(&line.split(' ').map(str::as_bytes).collect::<Vec<_>>());
        for line in ["ip a", "/sbin/ip -n a -j link", "ipbox ip -c r get ::1", "iptables -C INPUT"]
        {
            assert!(shows(line), "{line}");
        }
        for line in ["ip", "ip -b f", "ip a f", "ipbox", "ipbox lab", "ip -all netns", "iproute"] {
            assert!(!shows(line), "{line}");
        }
    }
}
