//! What the program says about itself stands in its manual.
//!
//! Usage texts are made from the tables of words, so a word that is in a usage and not in the
//! manual page is one that nobody wrote about.

use crate::lab::{Lab, OURS};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How a usage is asked for, and the page that must hold its words.
const USAGES: &[(&str, &str)] = &[
    ("ip help", "ip.8"),
    ("ip netns help", "ip-netns.8"),
    ("ip link help", "ip-link.8"),
    ("ip address help", "ip-address.8"),
    ("ip route help", "ip-route.8"),
    ("ip neighbour help", "ip-neighbour.8"),
    ("ip monitor help", "ip-monitor.8"),
    ("ip rule help", "ip-rule.8"),
    ("ip nexthop help", "ip-nexthop.8"),
    ("ip addrlabel help", "ip-addrlabel.8"),
    ("ip maddress help", "ip-maddress.8"),
    ("ip ntable help", "ip-ntable.8"),
    ("ip netconf help", "ip-netconf.8"),
    ("ip token help", "ip-token.8"),
    ("ip tunnel help", "ip-tunnel.8"),
    ("ip tuntap help", "ip-tuntap.8"),
    ("ip vrf help", "ip-vrf.8"),
    ("ip xfrm help", "ip-xfrm.8"),
    ("ip xfrm state help", "ip-xfrm.8"),
    ("ip xfrm policy help", "ip-xfrm.8"),
    ("ip xfrm monitor help", "ip-xfrm.8"),
    ("ip stats help", "ip-stats.8"),
    ("ip tcp_metrics help", "ip-tcp_metrics.8"),
    ("ip mroute help", "ip-mroute.8"),
    ("ip fou help", "ip-fou.8"),
    ("ip sr help", "ip-sr.8"),
    ("ip ila help", "ip-ila.8"),
    ("ip ioam help", "ip-ioam.8"),
    ("ip mptcp help", "ip-mptcp.8"),
    ("ip l2tp help", "ip-l2tp.8"),
    ("ip macsec help", "ip-macsec.8"),
    ("iptables -h", "iptables.8"),
    ("arp -h", "arp.8"),
    ("route -h", "route.8"),
    ("ping -h", "ping.8"),
    ("sysctl -h", "sysctl.8"),
    ("ipbox lab --help", "ipbox-lab.1"),
    ("ipbox draw --help", "ipbox-draw.1"),
    ("ipbox doctor --help", "ipbox-doctor.1"),
    ("ipbox export --help", "ipbox-export.1"),
    ("ipbox try --help", "ipbox-try.1"),
    ("ipbox netns --help", "ipbox-netns.1"),
    ("ipbox netns gc --help", "ipbox-netns.1"),
    ("ipbox netns del --help", "ipbox-netns.1"),
];

fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("man").join(name)
}

/// A line of a usage that begins with an option, without what is said of it behind two blanks.
fn without_remark(line: &str) -> &str {
    let text = line.trim_start();
    if text.starts_with('-') { text.split("  ").next().unwrap_or(text) } else { line }
}

/// The words that are typed as they stand: lower case, or an option; not `PREFIX`, `{`, `...`.
pub fn typed(usage: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let separators = |c: char| c.is_whitespace() || "{}[]|,()=\"'".contains(c);
    // What an option does stands behind two blanks and is nothing to type.
    for word in usage.lines().flat_map(|l| without_remark(l).split(separators)) {
        let word = word.trim_matches(|c: char| ".:;".contains(c));
        let name = word.trim_start_matches('-');
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
        let option = word.starts_with('-') && !name.is_empty();
        let lower = name.starts_with(|c: char| c.is_ascii_lowercase())
            && !name.chars().any(|c| c.is_ascii_uppercase());
        let version = name.strip_prefix('v').is_some_and(|v| v.starts_with(char::is_numeric));
        if plain && (option || lower) && !version {
            words.insert(word.to_string());
        }
    }
    for filler in ["where", "or", "and", "the", "a"] {
        words.remove(filler);
    }
    words
}

/// Every word of a page; behind `.Fl` with its dash.
fn written(page: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for line in page.lines() {
        let line = line.replace("\\-", "-").replace("\\&", "");
        let mut dash = "";
        for word in line.split(|c: char| c.is_whitespace() || "\"()|,;".contains(c)) {
            match word.trim_start_matches('.') {
                "Fl" => dash = "-",
                "Ar" | "Cm" | "Oc" | "Pa" => dash = "",
                _ => {}
            }
            let word = word.trim_end_matches(['.', ':']);
            words.insert(word.to_string());
            // A usage has prose, too, and in a page it may begin a sentence.
            words.insert(word.to_lowercase());
            words.extend(word.split('=').map(Into::into));
            if !dash.is_empty() {
                words.insert(format!("{dash}{word}"));
            }
        }
    }
    words
}

/// Matches and targets, `-m NAME` and `-j NAME`, with the program that has them.
pub fn extensions(lab: &Lab) -> BTreeSet<(&'static str, &'static str, String)> {
    let mut all = BTreeSet::new();
    for program in ["iptables", "ip6tables"] {
        for option in ["-m", "-j"] {
            let out = lab.ours(&format!("ipbox __complete {program} -A INPUT {option} ''")).out();
            let names = out.lines().filter_map(|l| l.split_whitespace().next());
            let names = names.filter(|n| !["ACCEPT", "DROP", "RETURN"].contains(n));
            all.extend(names.map(|n| (program, option, n.to_string())));
        }
    }
    all
}

/// The entry of an extension in its page; several names may share one.
fn entry<'p>(page: &'p str, name: &str) -> Option<&'p str> {
    let named = |e: &&str| {
        let mut names = e.lines().next().unwrap_or_default().split([' ', ',']);
        names.any(|n| n == name)
    };
    page.split("\n.It Cm ").skip(1).find(named)
}

#[test]
fn every_extension_of_iptables_stands_in_its_page() {
    let lab = Lab::new();
    let path = page("iptables-extensions.8");
    let text = std::fs::read_to_string(path).expect("the page is there");
    let (matches, targets) = text.split_once(".Sh TARGET EXTENSIONS").expect("two sections");
    let base = typed(&lab.ours("iptables -h").out());
    let all = extensions(&lab);
    assert!(all.len() > 50, "{all:?}");
    let mut missing = Vec::new();
    for (program, option, name) in &all {
        let part = if *option == "-m" { matches } else { targets };
        if entry(part, name).is_none() {
            missing.push(format!("no entry for {option} {name}"));
        }
        let usage = lab.ours(&format!("{program} {option} {name} -h")).out();
        // What it shares with the base stands in iptables.8.
        let options = usage.rsplit("\n\n").next().unwrap_or_default();
        let words = typed(options.split_once('\n').map_or("", |(_, rows)| rows));
        let there = written(entry(part, name).unwrap_or_default());
        let absent = words.iter().filter(|w| !there.contains(*w) && !base.contains(*w));
        // `-ADDRESS` is the second half of a range, `--set` an option.
        let option_or_word = |w: &&str| w.starts_with("--") || !w.starts_with('-');
        let absent: Vec<_> = absent.map(String::as_str).filter(option_or_word).collect();
        if !absent.is_empty() {
            missing.push(format!("{option} {name}: no word of {}", absent.join(" ")));
        }
    }
    assert!(missing.is_empty(), "\n{}\n", missing.join("\n"));
}

/// The kinds of devices that have a usage of their own.
pub fn link_kinds(lab: &Lab) -> Vec<String> {
    let usage = lab.ours("ip link help").err();
    let kinds = usage.split("KIND := {").nth(1).and_then(|t| t.split('}').next());
    let kinds = kinds.expect("a list of kinds").split(['|', ' ', '\n']);
    kinds.filter(|k| !k.is_empty()).map(Into::into).collect()
}

#[test]
fn every_word_of_a_usage_stands_in_its_page() {
    let lab = Lab::new();
    let mut missing = Vec::new();
    let mut usages: Vec<_> = USAGES.iter().map(|(c, page)| (c.to_string(), *page)).collect();
    usages.extend(link_kinds(&lab).iter().map(|k| (format!("ip link help {k}"), "ip-link.8")));
    for (command, name) in &usages {
        let Ok(text) = std::fs::read_to_string(page(name)) else {
            missing.push(format!("man/{name} does not exist"));
            continue;
        };
        let out = lab.ours(command);
        let usage = out.out() + &out.err();
        let words = typed(&usage);
        if !usage.to_lowercase().contains("usage") {
            missing.push(format!("`{command}` prints no usage, but: {}", usage.trim_end()));
            continue;
        }
        let there = written(&text);
        let absent: Vec<_> = words.difference(&there).map(String::as_str).collect();
        if !absent.is_empty() {
            missing.push(format!("man/{name} lacks words of `{command}`: {}", absent.join(" ")));
        }
    }
    assert!(missing.is_empty(), "\n{}\n", missing.join("\n"));
}

#[test]
fn every_applet_has_a_page() {
    let out = Command::new(OURS).output().expect("it starts");
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let applets: Vec<&str> = text
        .lines()
        .filter(|l| l.starts_with("  ") && !l.starts_with("   "))
        .filter_map(|l| l.split_whitespace().next())
        .collect();
    assert!(applets.contains(&"ip"), "{text}");
    let pages: Vec<String> = std::fs::read_dir(page(""))
        .expect("man/")
        .flatten()
        .filter_map(|e| std::fs::read_to_string(e.path()).ok())
        .collect();
    for applet in applets {
        // A page may be about several: `.Nm iptables-save` in its section NAME.
        let names = |text: &String| {
            text.split(".Sh ").nth(1).is_some_and(|section| {
                section.lines().any(|l| {
                    l.starts_with(".Nm ")
                        && l.split([' ', ','])
                            .any(|word| word.trim_start_matches("ipbox-") == applet)
                })
            })
        };
        assert!(pages.iter().any(names), "no page in man/ names {applet}");
    }
}

#[test]
fn typed_words_are_told_from_others() {
    let words = typed("Usage: ip neigh { add | del } ADDR [ dev DEV ] -force =always|auto ...");
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    assert_eq!(words, ["-force", "add", "always", "auto", "del", "dev", "ip", "neigh"]);
    let there = written(".It Fl force , Cm dev Ar DEV\n.Cm add , change .\nA \\-b flag.");
    for word in ["-force", "dev", "add", "change", "-b", "flag"] {
        assert!(there.contains(word), "{word}");
    }
}
