//! `ipbox export`: the network as it is, as something that makes it again.
//!
//! `statements` says what there is, in the words of a lab file; here that is written as a lab file,
//! as shell commands or as a batch of `ip`.

mod statements;

use anyhow::{Context, Result};
use clap::{ArgGroup, ArgMatches, Command};

use crate::cmd::{draw, own, typed};
use crate::model::{Depth, Network};
use crate::sys::fd;
use statements::{Room, Statement};

/// What may be typed; also for completions.
pub fn grammar() -> Command {
    Command::new("ipbox export")
        .about("The network as it is, as something that makes it again")
        .override_usage("ipbox export [--lab | --sh | --batch | --mermaid]")
        .args([
            own::flag("lab", "a lab file for \"ipbox lab build\"; so it is without an option"),
            own::flag("sh", "shell commands"),
            own::flag("batch", "commands for ip -batch"),
            own::flag("mermaid", "a flowchart, as from \"ipbox draw --mermaid\""),
        ])
        .group(ArgGroup::new("form").args(["lab", "sh", "batch", "mermaid"]))
}

/// Runs `ipbox export`.
pub fn run(words: &[&[u8]]) -> u8 {
    own::run(words, grammar(), 1, |m| Ok(u8::from(!export(m)?)))
}

/// False when something could not be said, which has been told.
fn export(m: &ArgMatches) -> Result<bool> {
    if m.get_flag("mermaid") {
        return Ok(draw::run(&[b"ipbox draw", b"--mermaid"]) == 0);
    }
    let network = Network::read(Depth::Picture).context("cannot read the network")?;
    let (mut rooms, mut left_out) = statements::all(&network);
    if !m.get_flag("sh") {
        sayable(&mut rooms, &mut left_out);
    }
    let mut text = String::new();
    if m.get_flag("sh") {
        text.push_str("#!/bin/sh\nset -e\n");
    }
    // Namespaces and devices first, as in a build.
    if m.get_flag("sh") || m.get_flag("batch") {
        let form = if m.get_flag("sh") { Form::Shell } else { Form::Batch };
        commands(&mut text, &rooms, form, &mut left_out);
    } else {
        lab_file(&mut text, &rooms);
    }
    fd::stdout(text.as_bytes())?;
    for what in &left_out {
        fd::stderr(format!("ipbox export: left out: {what}\n").as_bytes());
    }
    Ok(left_out.is_empty())
}

fn lab_file(text: &mut String, rooms: &[Room]) {
    let shell = false;
    for room in rooms {
        let head = match &*room.name {
            "" => "host\n".to_owned(),
            name => format!("namespace {}\n", quoted(shell, name)),
        };
        text.push_str(&head);
        for s in &room.statements {
            text.push_str("    ");
            text.push_str(&match s {
                Statement::Link { name, words } => line(shell, &["link", name], words),
                Statement::Cable { name, words, room, far, far_words } => {
                    let end = format!("{}:{far}", if room.is_empty() { "host" } else { room });
                    let near = line(shell, &["cable", name], words);
                    format!("{near} {}", line(shell, &["to", &end], far_words))
                }
                Statement::Ip(words) => line(shell, &["ip"], words),
                Statement::Sysctl(name, value) => format!("sysctl {name}={value}"),
                Statement::Iptables(words) => line(shell, &[], words),
            });
            text.push('\n');
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Shell,
    Batch,
}

fn commands(text: &mut String, rooms: &[Room], form: Form, left_out: &mut Vec<String>) {
    let shell = form == Form::Shell;
    let mut put = |room: &str, ip: bool, words: String| match form {
        Form::Shell if room.is_empty() => {
            text.push_str(&format!("{}{words}\n", if ip { "ip " } else { "" }));
        }
        Form::Shell if ip => text.push_str(&format!("ip -n {} {words}\n", quoted(shell, room))),
        Form::Shell => text.push_str(&format!("ip netns exec {} {words}\n", quoted(shell, room))),
        // A batch of ip has only ip in it; in another namespace only through exec.
        Form::Batch if room.is_empty() && ip && !words.starts_with('-') => {
            text.push_str(&format!("{words}\n"));
        }
        Form::Batch if room.is_empty() => {
            let whole = format!("{}{words}", if ip { "ip " } else { "" });
            text.push_str(&format!("# {whole}\n"));
            left_out.push(format!("{whole}, which is nothing for a batch"));
        }
        Form::Batch => {
            let ip = if ip { "ip " } else { "" };
            text.push_str(&format!("netns exec {} {ip}{words}\n", quoted(shell, room)));
        }
    };
    for room in rooms.iter().filter(|r| !r.name.is_empty()) {
        put("", true, line(shell, &["netns", "add", &room.name], &[]));
        put(&room.name, true, "link set lo up".into());
    }
    for room in rooms {
        for s in &room.statements {
            match s {
                Statement::Link { name, words } => {
                    let up = if words.iter().any(|w| w == "down") { &[][..] } else { &["up"] };
                    let words: Vec<String> =
                        words.iter().filter(|w| *w != "down").cloned().collect();
                    let head = [&["link", "add", "name", name], up].concat();
                    put(&room.name, true, line(shell, &head, &words));
                }
                Statement::Cable { name, words, room: there, far, far_words } => {
                    // Whoever is not the host has a name to be told.
                    let (at, ends, to) = if there.is_empty() {
                        (&**there, [(far, far_words), (name, words)], &room.name)
                    } else {
                        (&*room.name, [(name, words), (far, far_words)], there)
                    };
                    let plain = |words: &[String]| -> Vec<String> {
                        let mut left: Vec<String> = Vec::new();
                        let mut all = words.iter();
                        while let Some(w) = all.next() {
                            match &**w {
                                "down" => {}
                                "master" => drop(all.next()),
                                _ => left.push(w.clone()),
                            }
                        }
                        left
                    };
                    let mut command =
                        line(shell, &["link", "add", "name", ends[0].0], &plain(ends[0].1));
                    command.push_str(&format!(
                        " {}",
                        line(
                            shell,
                            &["type", "veth", "peer", "name", ends[1].0],
                            &plain(ends[1].1)
                        )
                    ));
                    if at != to {
                        command.push_str(&format!(" netns {}", quoted(shell, to)));
                    }
                    put(at, true, command);
                    for ((name, words), at) in ends.iter().zip([at, to]) {
                        if let Some(n) = words.iter().position(|w| w == "master")
                            && let Some(master) = words.get(n + 1)
                        {
                            put(
                                at,
                                true,
                                line(shell, &["link", "set", "dev", name, "master", master], &[]),
                            );
                        }
                        if !words.iter().any(|w| w == "down") {
                            put(at, true, line(shell, &["link", "set", "dev", name, "up"], &[]));
                        }
                    }
                }
                _ => {}
            }
        }
    }
    for room in rooms {
        for s in &room.statements {
            match s {
                Statement::Ip(words) => put(&room.name, true, line(shell, &[], words)),
                Statement::Iptables(words) => put(&room.name, false, line(shell, &[], words)),
                Statement::Sysctl(name, value) => {
                    put(&room.name, false, format!("sysctl -qw {name}={value}"));
                }
                _ => {}
            }
        }
    }
}

fn line(shell: bool, head: &[&str], words: &[String]) -> String {
    let all = head.iter().copied().chain(words.iter().map(String::as_str));
    all.map(|word| quoted(shell, word)).collect::<Vec<_>>().join(" ")
}

/// A word in quotes, if it needs them, for a shell or for a batch and a lab file.
fn quoted(shell: bool, word: &str) -> String {
    // Only a shell has a way to say an apostrophe between apostrophes; between the others a batch and
    // a lab file know nothing special.
    if !shell && word.contains('\'') {
        return format!("\"{word}\"");
    }
    typed::word(word.as_bytes())
}

/// Leaves out what only a shell can say: words with quotes of both kinds.
fn sayable(rooms: &mut Vec<Room>, left_out: &mut Vec<String>) {
    let both = |word: &str| word.contains('\'') && word.contains('"');
    rooms.retain(|room| {
        if both(&room.name) {
            left_out.push(format!("namespace {}{QUOTES}", room.name));
        }
        !both(&room.name)
    });
    for room in rooms {
        room.statements.retain(|s| {
            let strange = s.words().into_iter().find(|word| both(word));
            if let Some(word) = strange {
                left_out.push(format!("what is called {word}{QUOTES}"));
            }
            strange.is_none()
        });
    }
}

const QUOTES: &str = ", which has quotes of both kinds: --sh can say it";
