//! `ipbox __complete WORD...`: what the last word may become.
//!
//! The stubs in completions/ call this with the words of the command line, the name of the applet
//! first, up to the word under the cursor. Each answer is a line: the word, and after a tab a few
//! words about it. A line that is a tab and `files` asks the shell for names of files.
//!
//! The words come from the tables that parse ([`grammar`]), the rest from the machine ([`live`]).
//! An answer is never an error: what cannot be known is left out.

mod grammar;
mod ip;
mod iptables;
mod live;
mod options;

use std::collections::BTreeSet;

use crate::applet;
use crate::cmd::{
    arp, attempt, doctor, draw, export, lab, netns, ping, route as old_route, sysctl,
};
use crate::sys::fd;

/// Prints the completions of the last word.
pub fn run(words: &[&[u8]]) -> u8 {
    let Some((last, before)) = words.split_last() else { return 0 };
    let mut answer = Answer::new(last);
    applet(&mut answer, before);
    let _ = fd::stdout(&answer.text);
    0
}

/// Completes the last word of an applet's command line; `before` begins with the applet's name.
fn applet(answer: &mut Answer, before: &[&[u8]]) {
    let Some((name, rest)) = before.split_first() else { return };
    let last = rest.last().copied().unwrap_or_default();
    match name.rsplit(|&b| b == b'/').next().unwrap_or_default() {
        b"ipbox" if rest.is_empty() => own(answer),
        b"ipbox" if rest == [b"--install"] => answer.files(),
        b"ipbox" if rest[0] == b"doctor" => options::clap(answer, &doctor::grammar(), &rest[1..]),
        b"ipbox" if rest[0] == b"lab" => options::clap(answer, &lab::grammar(), &rest[1..]),
        b"ipbox" if rest[0] == b"export" => {
            options::clap(answer, &export::grammar(), &rest[1..]);
        }
        b"ipbox" if rest[0] == b"netns" => options::clap(answer, &netns::grammar(), &rest[1..]),
        b"ipbox" if rest[0] == b"try" => options::clap(answer, &attempt::grammar(), &rest[1..]),
        b"ipbox" if rest[0] == b"draw" => options::clap(answer, &draw::grammar(), &rest[1..]),
        b"ipbox" => applet(answer, rest),
        b"ip" => ip::complete(answer, rest),
        program @ (b"iptables" | b"ip6tables") => iptables::complete(answer, program, rest),
        b"iptables-save" | b"ip6tables-save" => iptables::save(answer, rest),
        b"iptables-restore" | b"ip6tables-restore" => iptables::restore(answer, rest),
        b"arp" if [&b"-i"[..], b"--device", b"dev"].contains(&last) => live::devices(answer),
        b"arp" if [&b"-f"[..], b"--file"].contains(&last) => answer.files(),
        b"arp" => {
            if !options::text(answer, arp::HELP, rest) {
                live::arp(answer);
            }
        }
        b"route" => route(answer, rest),
        b"sysctl" if [&b"-p"[..], b"-f", b"--load"].contains(&last) => answer.files(),
        b"sysctl" => {
            if !options::rows(answer, sysctl::HELP, rest) {
                live::settings(answer);
            }
        }
        b"ping" | b"ping4" | b"ping6" => drop(options::rows(answer, ping::HELP, rest)),
        _ => answer.files(),
    }
}

/// `route`: options, then `add` or `del` with the words of its usage.
fn route(answer: &mut Answer, before: &[&[u8]]) {
    let v6 = before.iter().any(|w| [&b"-6"[..], b"--inet6", b"inet6"].contains(w));
    let Some(verb) = before.iter().position(|w| matches!(*w, b"add" | b"del" | b"delete")) else {
        if !options::text(answer, old_route::HELP, before) {
            answer.add("add", "a route");
            answer.add("del", "a route");
        }
        return;
    };
    let usage = old_route::words(v6);
    let words = usage.split_once('}').map_or("", |(_, words)| words);
    let form = grammar::Symbols::default().form(words);
    ip::behind_verb(answer, "route", &form, &before[verb + 1..]);
}

/// What may follow `ipbox` itself.
fn own(answer: &mut Answer) {
    for a in applet::APPLETS.iter().chain(applet::VERBS) {
        answer.add(a.name, a.about);
    }
    answer.add("--install", "make a link for each applet");
    answer.add("--version", "");
    answer.add("--help", "");
}

/// The completions of one word, as they are printed.
struct Answer {
    /// The word under the cursor.
    word: Vec<u8>,
    text: Vec<u8>,
    seen: BTreeSet<Vec<u8>>,
}

impl Answer {
    fn new(word: &[u8]) -> Answer {
        Answer { word: word.to_vec(), text: Vec::new(), seen: BTreeSet::new() }
    }

    fn word(&self) -> &[u8] {
        &self.word
    }

    /// Adds a word, if the one under the cursor may become it.
    fn add(&mut self, word: &str, about: &str) {
        self.add_bytes(word.as_bytes(), about);
    }

    /// The same for a name that need not be UTF-8. One with a line break or a tab cannot be told.
    fn add_bytes(&mut self, word: &[u8], about: &str) {
        let fits = !word.is_empty() && word.starts_with(&self.word);
        let tellable = !word.iter().any(|b| b"\n\t".contains(b));
        if fits && tellable && self.seen.insert(word.to_vec()) {
            self.text.extend_from_slice(word);
            if !about.is_empty() {
                self.text.push(b'\t');
                self.text.extend_from_slice(about.as_bytes());
            }
            self.text.push(b'\n');
        }
    }

    /// Asks the shell for names of files.
    fn files(&mut self) {
        if self.seen.insert(b"\t".to_vec()) {
            self.text.extend_from_slice(b"\tfiles\n");
        }
    }
}
