//! `ipbox lab build`: makes what a lab file says, in one process.
//!
//! First the namespaces, then their devices, then the rest, namespace by namespace, so that each is
//! entered only once or twice and has one socket.

use std::fs::File;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use super::lossy;
use super::plan::{Deed, Plan, Section, Statement};
use super::topology::named;
use crate::cmd::ip::netns::create;
use crate::cmd::{ip, iptables};
use crate::ctx::{Ctx, Opts};
use crate::sys::{fd, file, netns};

/// Builds take longer than this before a person is told how far they are.
const PATIENCE: Duration = Duration::from_millis(500);

/// Makes what the file says, in the namespace one is in and in those it names.
///
/// # Errors
///
/// What cannot be done, with the name of the file and the line. What was made until then stays.
pub fn build(name: &[u8], text: &[u8]) -> Result<()> {
    let at = |line: usize, text: &str| anyhow!("{}:{line}: {text}", lossy(name));
    let plan = Plan::read(text).map_err(|m| at(m.line, &m.text))?;
    let mut run = Run {
        home: netns::open_pid(b"self").context("cannot open the namespace one is in")?,
        progress: Progress::new(&plan),
    };
    let built = run.build(&plan);
    // Whatever happened, the caller finds itself where it was.
    let back = netns::enter(&run.home);
    run.progress.end();
    built.map_err(|(line, text)| at(line, &text))?;
    back.context("cannot go back")
}

/// A line and what is wrong with it.
type Failed = (usize, String);

struct Run {
    home: File,
    progress: Progress,
}

impl Run {
    fn build(&mut self, plan: &Plan) -> Result<(), Failed> {
        let missing = |s: &&Section| !s.name.is_empty() && netns::open_named(&s.name).is_err();
        // One that is there is furnished further.
        let wanted: Vec<&Section> = plan.sections.iter().filter(missing).collect();
        let names: Vec<&[u8]> = wanted.iter().map(|s| s.name.as_slice()).collect();
        let made = create::many(&names, || self.progress.tell());
        made.map_err(|(at, e)| (wanted[at].line, sentence(e)))?;
        for section in plan.sections.iter().filter(|s| !s.links.is_empty()) {
            self.inside(section, &section.links)?;
        }
        for section in &plan.sections {
            self.inside(section, &section.rest)?;
        }
        Ok(())
    }

    fn inside(&mut self, section: &Section, statements: &[Statement]) -> Result<(), Failed> {
        let entered = match section.name.is_empty() {
            true => netns::enter(&self.home),
            false => netns::open_named(&section.name).and_then(|ns| netns::enter(&ns)),
        };
        entered.map_err(|e| {
            (section.line, format!("{}: {}", lossy(&section.name), crate::error::strerror(&e)))
        })?;
        let mut ctx = context();
        statements.iter().try_for_each(|s| {
            self.progress.tell();
            statement(&mut ctx, s)
        })
    }
}

/// As in a batch: nothing is asked twice, and no hints.
fn context() -> Ctx {
    Ctx::new(Opts { batch: true, receive_buffer: 1 << 16, ..Opts::default() })
}

fn statement(ctx: &mut Ctx, statement: &Statement) -> Result<(), Failed> {
    let line = statement.line;
    match &statement.deed {
        Deed::Up(device) => {
            let up = |ctx: &mut Ctx| Some(ctx.route().ok()?.change(&mut named(device, 0)).is_ok());
            if up(ctx) == Some(true) {
                return Ok(());
            }
            // What is wrong has a sentence of its own.
            words(ctx, line, &[b"link", b"set", b"dev", device, b"up"])
        }
        Deed::Ip(all) => {
            let all: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
            words(ctx, line, &all)
        }
        Deed::Iptables(all) => {
            let all: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
            match iptables::run(&all) {
                0 => Ok(()),
                // It has said why.
                status => Err((line, format!("{} ended with status {status}", lossy(all[0])))),
            }
        }
        Deed::Sysctl(path, value) => file::write(path, value)
            .map_err(|e| (line, format!("{}: {}", lossy(path), crate::error::strerror(&e)))),
    }
}

/// A command of `ip`, perhaps with a family before it.
fn words(ctx: &mut Ctx, line: usize, all: &[&[u8]]) -> Result<(), Failed> {
    let (family, all) = match all {
        [b"-4", rest @ ..] => (2, rest),
        [b"-6", rest @ ..] => (10, rest),
        _ => (0, all),
    };
    ctx.opts.family = family;
    ip::command(ctx, all).map_err(|e| (line, sentence(e)))
}

/// The reference's sentence; what stands behind it is for another reader.
fn sentence(e: anyhow::Error) -> String {
    let text = lossy(&crate::error::of(e).text());
    text.lines().next().unwrap_or("it failed").to_owned()
}

/// A line that tells how far a long build is, on a terminal only.
struct Progress {
    /// Namespaces and statements, in all and so far.
    all: usize,
    done: usize,
    begin: Instant,
    last: Option<Instant>,
    wanted: bool,
}

impl Progress {
    fn new(plan: &Plan) -> Progress {
        let all = plan.sections.iter().map(|s| 1 + s.links.len() + s.rest.len()).sum();
        let (begin, wanted) = (Instant::now(), fd::stderr_is_terminal());
        Progress { all, done: 0, begin, last: None, wanted }
    }

    /// One more is under way.
    fn tell(&mut self) {
        self.done += 1;
        let since = self.last.unwrap_or(self.begin);
        let pause = if self.last.is_some() { PATIENCE / 5 } else { PATIENCE };
        if self.wanted && since.elapsed() >= pause {
            let percent = self.done * 100 / self.all.max(1);
            fd::stderr(format!("\rbuilding: {percent} %\x1b[K").as_bytes());
            self.last = Some(Instant::now());
        }
    }

    fn end(&self) {
        if self.last.is_some() {
            fd::stderr(b"\r\x1b[K");
        }
    }
}
