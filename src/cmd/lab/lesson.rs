//! A page of a lesson, run as it stands: each command is shown and run, and where it is not what
//! was meant, what is wrong is said and the right one is run after it, so that the page goes on.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Result};

use super::NO_LAB;
use super::lossy;
use super::markdown::{self, Placed};
use super::mend::{Finding, Outcome, judge};
use super::page::Page;
use super::run::{Shell, Step};
use super::split::Piece;
use super::world::World;
use crate::cmd::own::sentence;
use crate::sys::{fd, file};

/// How long a command may take that nobody interrupts; `ping` without an end has had three answers
/// by the shorter time.
const PATIENCE: Duration = Duration::from_secs(20);
const PING: Duration = Duration::from_millis(2500);

/// A page to be run.
pub struct Lesson {
    name: OsString,
    parts: Vec<Placed>,
    /// A line for each step goes here.
    pub log: Option<File>,
}

/// Whether a file of this name is a page.
pub fn is_page(name: &[u8]) -> bool {
    name.ends_with(b".md") || name.ends_with(b".markdown")
}

impl Lesson {
    /// Takes a page apart.
    ///
    /// # Errors
    ///
    /// When there is no command in it.
    pub fn new(name: OsString, text: &[u8]) -> Result<Lesson> {
        let parts = markdown::read(text);
        if !parts.iter().any(|(_, p)| matches!(p, Piece::Step(_))) {
            anyhow::bail!(
                "{}: no line begins with \"$ \", so there is no command to run",
                name.display()
            );
        }
        Ok(Lesson { name, parts, log: None })
    }

    /// Runs it, in the lab. The status is 0 when each command succeeded or has been put right.
    pub fn run(&mut self) -> u8 {
        match self.steps() {
            Ok(status) => status,
            Err(e) => {
                fd::stderr(format!("ipbox lab: {}\n", sentence(&e)).as_bytes());
                NO_LAB
            }
        }
    }

    fn steps(&mut self) -> Result<u8> {
        let shell = Shell::start(&["/bin/sh".into()], &self.name, &[], true)?;
        let mut run = Run { shell, page: Page::new(false), log: self.log.take(), count: 0 };
        let mut slips: Vec<(usize, String)> = Vec::new();
        let mut failed: Vec<(usize, u8)> = Vec::new();
        let texts: Vec<String> = self.parts.iter().map(|(_, p)| step_text(p)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut heading = None;
        for (n, (line, part)) in self.parts.iter().enumerate() {
            let Piece::Step(_) = part else {
                heading = Some(n);
                continue;
            };
            // A heading without a command below it says nothing here.
            if let Some(Piece::Heading(text)) = heading.take().map(|h| &self.parts[h].1) {
                run.page.heading(text);
            }
            let world = World::read();
            let step = run.step(texts[n])?;
            let forwards = file::read(b"/proc/sys/net/ipv4/ip_forward").is_ok_and(|v| v != b"0\n");
            let outcome = Outcome {
                line: texts[n],
                status: step.status,
                world: &world,
                forwards,
                later: &texts[n + 1..],
            };
            let mended = match judge(&outcome) {
                Some(Finding::Slip { why, told, instead }) => {
                    let all: Vec<&str> = why.iter().chain(&told).map(String::as_str).collect();
                    run.page.explain(&format!("{}; instead:", all.join("; and ")));
                    slips.extend(why.into_iter().map(|w| (*line, w)));
                    run.all(&instead)?
                }
                Some(Finding::Early { why, first }) => {
                    run.page.explain(&format!("{why}; first:"));
                    run.all(&first)? && run.step(texts[n])?.status == 0
                }
                Some(Finding::Fine(why)) => {
                    run.page.explain(&format!("{why}."));
                    true
                }
                None => step.status == 0,
            };
            if !mended {
                failed.push((*line, step.status));
            }
            if step.ended {
                break;
            }
        }
        summary(&slips, &failed);
        Ok(failed.first().map_or(0, |f| f.1.max(1)))
    }
}

fn step_text(part: &Piece) -> String {
    match part {
        Piece::Step(text) => lossy(text),
        _ => String::new(),
    }
}

/// What the commands run in, and what is said of them.
struct Run {
    shell: Shell,
    page: Page,
    log: Option<File>,
    count: usize,
}

impl Run {
    fn step(&mut self, text: &str) -> Result<Step> {
        self.page.command(text.as_bytes());
        let endless = text.split_whitespace().any(|w| w == "ping")
            && !text.split_whitespace().any(|w| w.starts_with("-c") || w.starts_with("-w"));
        let limit = if endless { PING } else { PATIENCE };
        let step = self.shell.step(text.as_bytes(), Some(limit))?;
        self.count += 1;
        if step.interrupted {
            self.page.remark(&format!("[interrupted, status {}]", step.status));
        } else {
            self.page.status(step.status, false, step.status == 0);
        }
        if let Some(log) = &mut self.log {
            let one_line = text.replace('\n', " ");
            writeln!(log, "STEP {} STATUS {} {one_line}", self.count, step.status)
                .context("cannot write the log")?;
        }
        Ok(step)
    }

    /// Whether all of them succeed.
    fn all(&mut self, commands: &[String]) -> Result<bool> {
        let mut good = true;
        for command in commands {
            good &= self.step(command)?.status == 0;
        }
        Ok(good)
    }
}

/// What was found on the page, at its end.
fn summary(slips: &[(usize, String)], failed: &[(usize, u8)]) {
    let mut text = String::from("\n");
    match slips.len() {
        0 => text.push_str("No slip was found on the page.\n"),
        n => {
            let s = if n == 1 { "slip, put" } else { "slips, each put" };
            text.push_str(&format!("The page has {n} {s} right above:\n"));
        }
    }
    for (line, why) in slips {
        text.push_str(&format!("  line {line}: {why}\n"));
    }
    let _ = fd::stdout(text.as_bytes());
    if !failed.is_empty() {
        let list: Vec<String> =
            failed.iter().map(|(line, status)| format!("line {line} (status {status})")).collect();
        fd::stderr(
            format!("ipbox lab: these failed, and nobody knows better: {}\n", list.join(", "))
                .as_bytes(),
        );
    }
}
