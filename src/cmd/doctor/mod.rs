//! `ipbox doctor`: what is wrong with the network, why, and the command that mends it.
//!
//! The words are read here. `case` is what is examined; `walk` and `wire` follow a packet, and
//! `trip` is what came of it; they use `fib` (routes), `segment` (cables and bridges), `hooks`,
//! `eval`, `load`, `set` and `xt` (filter rules and NAT); `implied` finds the flows that a network is meant for;
//! `rules` holds one file for each finding; `report` shows what was found and `mend` runs what
//! was printed.

mod case;
mod eval;
mod fib;
mod hooks;
mod implied;
mod load;
mod mend;
mod packet;
mod probe;
mod report;
mod rules;
mod segment;
mod set;
mod trip;
mod walk;
mod wire;
mod xt;

use std::ffi::OsString;
use std::net::IpAddr;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Arg, Command};

use crate::cmd::own;
use crate::model::{Depth, Link, Network};
use case::{Case, Followed, Unknown};
use packet::{ICMP, ICMPV6, TCP, UDP};
use trip::Flow;

pub use rules::Finding;

/// The status when the words make no sense or the network cannot be read.
const CANNOT: u8 = 2;

const EXAMPLES: &str = "\
Examples:
  ipbox doctor                            everything
  ipbox doctor blue 8.8.8.8               a ping from blue, there and back
  ipbox doctor blue 192.168.1.3:80/tcp    a connection
  ipbox doctor red blue                   from one namespace to another
  ipbox doctor 192.168.15.1               from here
Status: 0 when nothing is wrong, 1 when something is, 2 when it cannot be told.
";

/// What may be typed; also for completions.
pub fn grammar() -> Command {
    Command::new("ipbox doctor")
        .about("Says what is wrong with the network, and which command mends it")
        .override_usage(
            "ipbox doctor [--fix [--yes]] [-j [-p]]\n       \
             ipbox doctor [OPTION...] [NAMESPACE] DESTINATION[:PORT][/tcp|/udp]",
        )
        .after_help(EXAMPLES)
        .arg(own::flag("fix", "run the commands that mend it, each after a question"))
        .arg(own::flag("yes", "do not ask").short('y').requires("fix"))
        .arg(
            own::flag("probe", "also send a real packet, and say what became of it")
                .requires("words"),
        )
        .arg(own::flag("json", "data instead of text").short('j'))
        .arg(own::flag("pretty", "indent the data").short('p').requires("json"))
        .arg(
            Arg::new("words")
                .num_args(0..=2)
                .value_name("WORD")
                .value_parser(clap::value_parser!(OsString))
                .help("whose packet, and where to"),
        )
}

/// Runs `ipbox doctor`.
pub fn run(words: &[&[u8]]) -> u8 {
    own::run(words, grammar(), CANNOT, |m| {
        let words = m.get_many::<OsString>("words").into_iter().flatten();
        consult(&Asked {
            words: words.map(|w| w.to_string_lossy().into_owned()).collect(),
            fix: m.get_flag("fix"),
            yes: m.get_flag("yes"),
            probe: m.get_flag("probe"),
            json: m.get_flag("json"),
            pretty: m.get_flag("pretty"),
        })
    })
}

/// What was asked for.
struct Asked {
    words: Vec<String>,
    fix: bool,
    yes: bool,
    probe: bool,
    json: bool,
    pretty: bool,
}

fn consult(asked: &Asked) -> Result<u8> {
    let mut tried: Vec<Vec<String>> = Vec::new();
    loop {
        let network = if tried.is_empty() { read()? } else { settled()? };
        let mut case = open(&network, &asked.words)?;
        let mut findings = rules::examine(&case);
        if let Some(ns) = case.only {
            findings.retain(|f| f.ns == ns || f.ends.iter().any(|e| e.ns == ns));
        }
        let answered = match asked.probe {
            true => case.asked().map(|f| probe::send(&network, f.flow)).transpose()?,
            false => None,
        };
        report::show(&mut case, &findings, answered, asked.json, asked.pretty);
        let wrong = report::is_wrong(&case, &findings);
        if !asked.fix || !wrong {
            return Ok(u8::from(wrong));
        }
        // What was run and has not helped is not run again.
        let next =
            findings.iter().find(|f| !f.note && !f.fixes.is_empty() && !tried.contains(&f.fixes));
        let Some(finding) = next else { return Ok(1) };
        tried.push(finding.fixes.clone());
        if !mend::run(finding, asked.yes)? {
            return Ok(1);
        }
    }
}

fn read() -> Result<Network> {
    Network::read(Depth::All).context("cannot read the network")
}

/// The network after something was changed in it: what was switched on takes a while to come up, and
/// would be taken for broken until then. Waits two seconds at most, for some never do (802.1X).
fn settled() -> Result<Network> {
    for _ in 0..20 {
        let network = read()?;
        if !network.namespaces.iter().flat_map(|n| &n.links).any(Link::is_coming_up) {
            return Ok(network);
        }
        sleep(Duration::from_millis(100));
    }
    read()
}

/// Everything that is wrong with a network, for those who draw it.
pub fn findings(network: &Network) -> Vec<Finding> {
    let mut case = Case::new(network);
    implied::follow(&mut case);
    rules::examine(&case)
}

/// What the words ask about.
fn open<'n>(network: &'n Network, words: &[String]) -> Result<Case<'n>> {
    let mut case = Case::new(network);
    let here = Network::HERE;
    match words {
        [] => implied::follow(&mut case),
        [word] => {
            if let Some(to) = destination(network, here, word)? {
                // The name of a namespace alone asks about all that is in it.
                match (space(network, word), to.port) {
                    (Some(ns), 0) => {
                        implied::follow(&mut case);
                        case.only = Some(ns);
                    }
                    _ => ask(&mut case, to),
                }
            } else if let Some(ns) = space(network, word) {
                implied::follow(&mut case);
                case.only = Some(ns);
            } else if let Some(ns) = with_device(network, word) {
                implied::follow(&mut case);
                case.only = Some(ns);
            } else {
                unknown(&mut case, word, here, word.contains('.'));
            }
        }
        [from, to] => match source(network, from) {
            None => unknown(&mut case, from, here, false),
            Some((ns, src)) => match destination(network, ns, to)? {
                Some(flow) => ask(&mut case, Flow { src: src.or(flow.src), ..flow }),
                None if space(network, to).is_some() => bare(&mut case, ns, to),
                None => unknown(&mut case, to, ns, to.contains('.')),
            },
        },
        _ => bail!("too many words"),
    }
    Ok(case)
}

fn ask(case: &mut Case<'_>, flow: Flow) {
    let trip = walk::follow(case.net, flow);
    case.flows.push(Followed { flow, trip, asked: true });
}

/// A namespace that has no address yet: whatever is wrong with that is wrong at its end.
fn bare(case: &mut Case<'_>, from: usize, to: &str) {
    let Some(ns) = space(case.net, to) else { return };
    let back = case.net.namespaces[from].addrs.iter().find(|a| a.scope < 253);
    let dst = back.map_or_else(|| IpAddr::from([192, 0, 2, 1]), |a| a.local);
    let proto = if dst.is_ipv4() { ICMP } else { ICMPV6 };
    ask(case, Flow { from: ns, src: None, dst, proto, port: 0, enters: None });
}

fn unknown(case: &mut Case<'_>, word: &str, from: usize, is_name_of_host: bool) {
    case.unknown = Some(Unknown { word: word.to_owned(), is_name_of_host, from });
}

/// A namespace by its label; `host` is the caller's.
fn space(network: &Network, word: &str) -> Option<usize> {
    network
        .named(word.as_bytes())
        .or_else(|| (0..network.namespaces.len()).find(|ns| network.label(*ns) == word.as_bytes()))
}

/// The namespace of a device that can be used as it is: it is here, or it is up.
fn with_device(network: &Network, word: &str) -> Option<usize> {
    (0..network.namespaces.len()).find(|ns| {
        let link = network.namespaces[*ns].link_named(word.as_bytes());
        link.is_some_and(|l| *ns == Network::HERE || l.is_up())
    })
}

/// Where a flow starts: a namespace, or one of its addresses.
fn source(network: &Network, word: &str) -> Option<(usize, Option<IpAddr>)> {
    if let Ok(addr) = word.parse::<IpAddr>() {
        let holder = network.holders(addr).first().copied();
        return holder.map(|e| (e.ns, Some(addr)));
    }
    space(network, word).map(|ns| (ns, None))
}

/// `ADDRESS`, `ADDRESS:PORT`, `[ADDRESS]:PORT`, with `/tcp` or `/udp`; a namespace instead of the
/// address stands for its first one. `None` when it is neither.
fn destination(network: &Network, from: usize, word: &str) -> Result<Option<Flow>> {
    let (rest, proto) = match word.rsplit_once('/') {
        Some((rest, "tcp")) => (rest, Some(TCP)),
        Some((rest, "udp")) => (rest, Some(UDP)),
        Some((rest, "icmp")) => (rest, None),
        Some((_, other)) => bail!("\"{other}\" is none of tcp, udp and icmp"),
        None => (word, None),
    };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.starts_with('[') => {
            let number: u16 = port.parse().with_context(|| format!("\"{port}\" is no port"))?;
            (host.trim_start_matches('[').trim_end_matches(']'), number)
        }
        _ => (rest, 0),
    };
    if proto.is_some() && port == 0 {
        bail!("{word}: a port is needed, as in {host}:80/tcp");
    }
    let dst = match host.parse::<IpAddr>() {
        Ok(addr) => addr,
        Err(_) => {
            let own = |ns: usize| {
                let all = network.namespaces[ns].addrs.iter();
                all.filter(|a| a.scope < 253).min_by_key(|a| !a.local.is_ipv4()).map(|a| a.local)
            };
            match space(network, host).and_then(own) {
                Some(addr) => addr,
                None => return Ok(None),
            }
        }
    };
    let echo = if dst.is_ipv4() { ICMP } else { ICMPV6 };
    let proto = proto.unwrap_or(if port == 0 { echo } else { TCP });
    Ok(Some(Flow { from, src: None, dst, proto, port, enters: None }))
}

/// A flow in words: `blue to 192.168.1.3:80/tcp`.
fn spoken(case: &Case<'_>, flow: Flow) -> String {
    let from = case.label(flow.from);
    let host = match flow.dst {
        IpAddr::V6(a) if flow.port != 0 => format!("[{a}]"),
        a => a.to_string(),
    };
    match flow.proto {
        TCP => format!("{from} to {host}:{}/tcp", flow.port),
        UDP => format!("{from} to {host}:{}/udp", flow.port),
        _ => format!("{from} to {host}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_sound() {
        grammar().debug_assert();
    }

    #[test]
    fn a_destination_is_an_address_and_perhaps_a_port() {
        let net = Network::of(Vec::new(), Vec::new());
        let read = |w: &str| {
            destination(&net, 0, w).ok().flatten().map(|f| (f.dst.to_string(), f.proto, f.port))
        };
        let is = |a: &str, proto, port| Some((a.to_owned(), proto, port));
        assert_eq!(read("8.8.8.8"), is("8.8.8.8", ICMP, 0));
        assert_eq!(read("1.2.3.4:80"), is("1.2.3.4", TCP, 80));
        assert_eq!(read("1.2.3.4:53/udp"), is("1.2.3.4", UDP, 53));
        assert_eq!(read("fd00::1"), is("fd00::1", ICMPV6, 0));
        assert_eq!(read("[fd00::1]:80/tcp"), is("fd00::1", TCP, 80));
        for bad in ["1.2.3.4/tcp", "1.2.3.4:x", "1.2.3.4:99999", "1.2.3.4:80/sctp", "nowhere"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
