//! `ipbox lab`: a small network to try things in, without root and without touching the machine.
//!
//! The words are read here; `enter` makes the namespaces, `place` furnishes them, `topology` lays
//! the fake LAN, `shell` is what runs there; `run`, `split` and `page` take a script step by step,
//! `plan` and `build` a lab file, `lesson` a page in Markdown; `mend` judges its lines, `line` puts
//! one right; `kept` finds labs that live on, `web` is a page to fetch.

mod build;
mod enter;
mod kept;
mod lesson;
mod line;
mod markdown;
mod mend;
mod page;
mod place;
mod plan;
mod refused;
mod run;
mod shell;
mod split;
mod topology;
mod web;
mod world;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use clap::{Arg, ArgMatches, Command, value_parser};

use crate::cmd::own;
use crate::sort;
use crate::sys::{fd, file, netns, process};
use place::Tools;

/// The status when the lab itself could not be had, as env(1) and timeout(1) have it.
const NO_LAB: u8 = 125;

/// The script of `ipbox lab tutorial`.
const TUTORIAL: &[u8] = include_bytes!("../../../examples/tutorial.sh");

const NETWORK: &str = "\
In the lab:
  You are root on a host of a fake LAN, 192.168.1.2 on eth0. 192.168.1.3 is another
  host there, 192.168.1.1 the router, and 8.8.8.8 answers behind it.
  lan-host COMMAND...   runs a command on 192.168.1.3
  web-server [PORT]     answers every request with a line of text, in the background
  web-get URL           shows such an answer
  Everything is gone when the lab ends, however it ends.
";

/// What may be typed; also for completions.
pub fn grammar() -> Command {
    let tools = Arg::new("tools")
        .long("tools")
        .value_name("WHOSE")
        .value_parser(["ipbox", "system", "only"])
        .default_value("ipbox")
        .hide_possible_values(true)
        .help("whose ip, ping and others: ipbox's first on PATH, the system's, or only ipbox's");
    let options = [
        tools.clone(),
        own::flag("lan", "with the fake LAN around it; so it is unless --no-lan is given"),
        own::flag("no-lan", "the host alone, without the fake LAN").overrides_with("lan"),
        Arg::new("keep")
            .long("keep")
            .value_name("NAME")
            .help("the lab lives on under this name until \"ipbox lab stop NAME\""),
    ];
    let command = Arg::new("command")
        .num_args(1..)
        .last(true)
        .value_name("COMMAND")
        .value_parser(value_parser!(OsString))
        .help("runs it in the lab, instead of a shell");
    let build = Command::new("build")
        .about("Builds the network that a lab file describes, in a lab")
        .args(options.clone())
        .arg(
            own::flag("here", "on the machine itself, or in the lab one is in; no shell follows")
                .conflicts_with_all(["tools", "lan", "no-lan", "keep"]),
        )
        .arg(
            Arg::new("file")
                .required(true)
                .value_name("FILE")
                .value_parser(value_parser!(OsString)),
        )
        .arg(command.clone());
    let name = Arg::new("name").required(true).value_name("NAME");
    let log = Arg::new("log")
        .long("log")
        .value_name("FILE")
        .value_parser(value_parser!(OsString))
        .help("write \"STEP n STATUS s COMMAND\" to FILE for each step");
    let words = |name: &'static str| {
        Arg::new(name)
            .num_args(1..)
            .trailing_var_arg(true)
            .allow_hyphen_values(true)
            .value_parser(value_parser!(OsString))
    };
    Command::new("ipbox lab")
        .about("A small network to try things in, without root and without touching the machine")
        .override_usage(
            "ipbox lab [OPTION...] [-- COMMAND...]\n       \
             ipbox lab run [OPTION...] [--log FILE] FILE [WORD...]\n       \
             ipbox lab tutorial [OPTION...] [--log FILE]\n       \
             ipbox lab build [OPTION...] [--here] FILE [-- COMMAND...]\n       \
             ipbox lab { enter | stop } NAME [-- COMMAND...]\n       \
             ipbox lab list\n       \
             ipbox lab on ADDRESS COMMAND...",
        )
        .after_help(NETWORK)
        .args(options.clone())
        .arg(command.clone())
        .args_conflicts_with_subcommands(true)
        .disable_help_subcommand(true)
        .subcommand(
            Command::new("run")
                .about(
                    "Runs a shell script or the commands of a Markdown page in a lab, step by step",
                )
                .args(options.clone())
                .arg(log.clone())
                .arg(words("script").required(true).value_names(["FILE", "WORD"])),
        )
        .subcommand(
            Command::new("tutorial")
                .about("Runs the tutorial in a lab, step by step")
                .args(options)
                .arg(log),
        )
        .subcommand(build)
        .subcommand(
            Command::new("enter")
                .about("Runs a shell or a command in a lab made with --keep")
                .args([tools, name.clone(), command]),
        )
        .subcommand(Command::new("list").about("Lists the labs made with --keep"))
        .subcommand(Command::new("stop").about("Ends a lab made with --keep").arg(name))
        .subcommand(
            Command::new("on")
                .about("In a lab: runs a command on another host of its network")
                .arg(Arg::new("address").required(true))
                .arg(words("command").required(true)),
        )
        .subcommand(
            Command::new("serve")
                .hide(true)
                .arg(Arg::new("port").value_parser(value_parser!(u16)).default_value("80"))
                .arg(Arg::new("text").default_value("Hello from the web server")),
        )
        .subcommand(Command::new("fetch").hide(true).arg(Arg::new("url").required(true)))
}

/// Runs `ipbox lab`; the status is that of what ran inside.
pub fn run(words: &[&[u8]]) -> u8 {
    own::run(words, grammar(), NO_LAB, dispatch)
}

fn dispatch(matches: &ArgMatches) -> Result<u8> {
    match matches.subcommand() {
        None => {
            let (command, foreground) = (words(matches, "command"), process::is_foreground());
            lab(matches, &mut || match command[..] {
                [] => shell::run(foreground),
                _ => shell::command(&command),
            })
        }
        Some(("run", m)) => {
            let words = words(m, "script");
            let (path, arguments) = words.split_first().context("no script was named")?;
            let text = file::read(path).with_context(|| lossy(path))?;
            if lesson::is_page(path) {
                if let Some(word) = arguments.first() {
                    bail!("a page takes no words: {}", lossy(word));
                }
                let mut lesson = lesson::Lesson::new(OsString::from_vec(path.to_vec()), &text)?;
                lesson.log = log(m)?;
                return lab(m, &mut || lesson.run());
            }
            let mut script = run::Script::new(path, &text, arguments)?;
            script.log = log(m)?;
            lab(m, &mut || script.run())
        }
        Some(("tutorial", m)) => {
            let mut script = run::Script::new(b"tutorial.sh", TUTORIAL, &[])?;
            script.log = log(m)?;
            script.quiet = true;
            lab(m, &mut || script.run())
        }
        Some(("build", m)) => {
            let path = m.get_one::<OsString>("file").context("no file")?.as_bytes();
            let text = if path == b"-" { fd::stdin() } else { file::read(path) };
            let text = text.with_context(|| lossy(path))?;
            build(m, path, &text)
        }
        Some(("enter", m)) => kept::enter(name(m)?, tools(m), &words(m, "command")),
        Some(("list", _)) => kept::list(),
        Some(("stop", m)) => kept::stop(name(m)?),
        Some(("on", m)) => {
            on(m.get_one::<String>("address").context("no host")?, &words(m, "command"))
        }
        Some(("serve", m)) => {
            let port = m.get_one("port").copied().context("no port")?;
            web::serve(port, m.get_one::<String>("text").context("no text")?)
        }
        Some(("fetch", m)) => web::fetch(m.get_one::<String>("url").context("no address")?),
        Some((other, _)) => bail!("{other} is not built"),
    }
}

/// The network of a lab file: in the lab one is in, on the machine when that is wanted, else in a lab
/// of its own, with a shell or a command after it.
fn build(m: &ArgMatches, path: &[u8], text: &[u8]) -> Result<u8> {
    let command = words(m, "command");
    let built = || match build::build(path, text) {
        Ok(()) => None,
        Err(e) => Some(failed(&e)),
    };
    // A mistake is told before anything is made.
    if let Err(e) = plan::Plan::read(text) {
        return Ok(failed(&anyhow!("{}:{}: {}", lossy(path), e.line, e.text)));
    }
    if m.get_flag("here") || file::exists(topology::MARK) {
        use clap::parser::ValueSource::CommandLine;
        let of_a_new_one = ["tools", "lan", "no-lan", "keep"];
        if let Some(o) = of_a_new_one.iter().find(|o| m.value_source(o) == Some(CommandLine)) {
            bail!("this is a lab already: --{o} is for who makes one");
        }
        let status = built().unwrap_or(0);
        return Ok(if status != 0 || command.is_empty() {
            status
        } else {
            shell::command(&command)
        });
    }
    let foreground = process::is_foreground();
    lab(m, &mut || match (built(), &command[..]) {
        (Some(status), _) => status,
        (None, []) => shell::run(foreground),
        (None, command) => shell::command(command),
    })
}

fn failed(why: &anyhow::Error) -> u8 {
    fd::stderr(format!("ipbox lab: {}\n", own::sentence(why)).as_bytes());
    1
}

/// A lab as the options want it.
fn lab(m: &ArgMatches, inside: &mut dyn FnMut() -> u8) -> Result<u8> {
    let keep = m.get_one::<String>("keep").map(|name| kept::claim(name)).transpose()?;
    let lan = !m.get_flag("no-lan");
    let setup = enter::Setup { tools: tools(m), lan, keep };
    let status = enter::lab(&setup, inside)?;
    if let Some(claim) = &setup.keep
        && status != NO_LAB
        && fd::stderr_is_terminal()
    {
        let name = &claim.name;
        fd::stderr(
            format!("The lab lives on: ipbox lab enter {name}, ipbox lab stop {name}\n").as_bytes(),
        );
    }
    Ok(status)
}

fn name(m: &ArgMatches) -> Result<&String> {
    m.get_one("name").context("no name")
}

fn tools(m: &ArgMatches) -> Tools {
    match m.get_one::<String>("tools").map(String::as_str) {
        Some("system") => Tools::System,
        Some("only") => Tools::Only,
        _ => Tools::Ours,
    }
}

fn words<'m>(m: &'m ArgMatches, name: &str) -> Vec<&'m [u8]> {
    m.get_many::<OsString>(name).into_iter().flatten().map(|w| w.as_bytes()).collect()
}

fn log(m: &ArgMatches) -> Result<Option<std::fs::File>> {
    let Some(path) = m.get_one::<OsString>("log") else { return Ok(None) };
    let made = std::fs::File::create(path).with_context(|| path.to_string_lossy().into_owned())?;
    Ok(Some(made))
}

/// Runs a command on another host of the lab's network; returns only when that fails.
fn on(address: &str, command: &[&[u8]]) -> Result<u8> {
    let host = Path::new(topology::HOSTS).join(OsStr::new(address));
    let Ok(host) = std::fs::File::open(&host) else {
        let mut known: Vec<_> = file::list(topology::HOSTS.as_bytes())
            .map_err(|_| anyhow!("this is no lab, there are no hosts"))?;
        sort::all(&mut known);
        bail!("no host {address} here; there are {}", lossy(&known.join(&b", "[..])));
    };
    netns::enter(&host).with_context(|| format!("cannot enter {address}"))?;
    Ok(cannot_run(command[0], &process::exec(command)))
}

/// Says why a command was not run; the status is a shell's.
fn cannot_run(program: &[u8], why: &std::io::Error) -> u8 {
    let why_text = crate::error::strerror(why);
    fd::stderr(&[b"ipbox lab: ", program, b": ", why_text.as_bytes(), b"\n"].concat());
    if why.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Reads bytes as a page, as a script and as a lab file, and judges the page's lines; runs nothing.
#[cfg(any(test, fuzzing))]
pub fn take_apart(text: &[u8]) {
    use split::{Piece, Verdict};
    let pages = markdown::read(text).into_iter().map(|(_, piece)| piece);
    // Any shell may be asked: it is taken to be content with every second length.
    let scripts = split::split(text, |step| match step.len() % 4 {
        0 | 2 => Verdict::Whole,
        1 => Verdict::Unfinished,
        _ => Verdict::Wrong,
    });
    let world = world::World(vec![world::Room::default()]);
    for piece in pages.chain(scripts) {
        let Piece::Step(step) = piece else { continue };
        let line = lossy(&step);
        for status in [0, 1, 2, 255] {
            let later = ["ip netns add red"];
            let outcome = mend::Outcome {
                line: &line,
                status,
                world: &world,
                forwards: false,
                later: &later,
            };
            let _ = mend::judge(&outcome);
        }
    }
    if let Ok(plan) = plan::Plan::read(text) {
        assert!(!plan.sections.is_empty(), "the host is always there");
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_grammar_is_sound() {
        super::grammar().debug_assert();
    }

    /// What fuzzing has found, gone through again; see tests/fuzz.
    #[test]
    fn pages_and_lab_files_of_the_corpus_are_survived() {
        let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/corpus/pages");
        let mut count = 0;
        for entry in std::fs::read_dir(corpus).expect("a corpus") {
            super::take_apart(&std::fs::read(entry.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count > 3, "corpus/pages holds nothing to speak of");
    }
}
