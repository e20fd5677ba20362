//! How a script's steps are shown.

use crate::sys::{fd, file};

/// What is shown, as a person would like to read it.
pub struct Page {
    quiet: bool,
    colour: bool,
    /// The last thing was a note.
    in_note: bool,
}

impl Page {
    /// `quiet`: a status is shown only when it is not 0.
    pub fn new(quiet: bool) -> Page {
        let colour = fd::stdout_is_terminal()
            && file::env("NO_COLOR").is_none_or(|v| v.is_empty())
            && file::env("TERM").is_none_or(|t| t != b"dumb");
        Page { quiet, colour, in_note: false }
    }

    fn show(&self, style: &str, parts: &[&[u8]]) {
        let (on, off) =
            if self.colour { (format!("\x1b[{style}m"), "\x1b[0m") } else { (String::new(), "") };
        let (end, parts) = (b"\n", parts.concat());
        let _ = fd::stdout(&[on.as_bytes(), &parts, off.as_bytes(), end].concat());
    }

    /// A line that parts the script.
    pub fn heading(&mut self, text: &[u8]) {
        let _ = fd::stdout(b"\n");
        self.show("1", &[b"== ", text]);
        self.in_note = false;
    }

    /// A line of explanation.
    pub fn note(&mut self, text: &[u8]) {
        if !self.in_note {
            let _ = fd::stdout(b"\n");
        }
        self.show("3", &[text]);
        self.in_note = true;
    }

    /// A command with all its lines, before it runs.
    pub fn command(&mut self, command: &[u8]) {
        if self.in_note {
            let _ = fd::stdout(b"\n");
        }
        self.in_note = false;
        for (n, line) in command.split(|&b| b == b'\n').enumerate() {
            self.show("1;34", &[if n == 0 { b"$ " } else { b"> " }, line]);
        }
    }

    /// How it ended; `expecting`: another status than 0 may have been wanted; `good`: it is the wanted one.
    pub fn status(&mut self, status: u8, expecting: bool, good: bool) {
        let said = match (good, expecting) {
            (true, true) if status != 0 => ", as expected",
            (false, true) => ", not what was expected",
            _ => "",
        };
        if !self.quiet || status != 0 || !good {
            let style = if good { "2" } else { "1;31" };
            self.show(style, &[format!("[status {status}{said}]").as_bytes()]);
        }
    }

    /// What is to be said about the command before.
    pub fn explain(&mut self, text: &str) {
        self.show("33", &[b"-- ", text.as_bytes()]);
    }

    /// Something of no weight.
    pub fn remark(&mut self, text: &str) {
        self.show("2", &[text.as_bytes()]);
    }

    /// The end: the steps, by their numbers, that had another status than expected; 0 stands for what is
    /// run without being shown.
    pub fn summary(&mut self, count: usize, unexpected: &[(usize, u8)]) {
        if unexpected.is_empty() {
            if self.quiet {
                let text = format!("\nAll {count} steps ended as they should.");
                self.show("1", &[text.as_bytes()]);
            }
            return;
        }
        let told = |&(n, status): &(usize, u8)| match n {
            0 => format!("what comes before them (status {status})"),
            n => format!("step {n} (status {status})"),
        };
        let list: Vec<String> = unexpected.iter().map(told).collect();
        fd::stderr(
            format!(
                "ipbox lab: of {count} steps these ended otherwise than expected: {}\n",
                list.join(", ")
            )
            .as_bytes(),
        );
    }
}
