//! The applets: what the name of the program, or its first word, stands for.

use crate::cmd;
use crate::output::{Out, Style};
use crate::sys::fd;

/// One applet.
pub struct Applet {
    pub name: &'static str,
    /// One line, for the list and for completions.
    pub about: &'static str,
    /// The words, the name first; the exit status.
    pub run: fn(&[&[u8]]) -> u8,
}

/// Every applet, in the order in which they are listed.
#[rustfmt::skip] // one row, one line
pub static APPLETS: &[Applet] = &[
    Applet { name: "ip", about: "devices, addresses, routes, neighbours, namespaces", run: cmd::ip::run },
];

/// The applet of this name.
pub fn find(name: &[u8]) -> Option<&'static Applet> {
    APPLETS.iter().find(|a| a.name.as_bytes() == name)
}

fn base_name(path: &[u8]) -> &[u8] {
    path.rsplit(|&b| b == b'/').next().unwrap_or(path)
}

/// Runs the applet that the words name: by the name of the program, or by its first word.
pub fn run(words: &[&[u8]]) -> u8 {
    let name = base_name(words.first().copied().unwrap_or(b"ipbox"));
    if let Some(applet) = find(name) {
        return (applet.run)(words);
    }
    // `iproute` and the like: see cmd::ip (spec: the name after `ip` may be an object).
    if !name.starts_with(b"ipbox") && name.starts_with(b"ip") {
        return cmd::ip::run(words);
    }
    match words.get(1).copied() {
        None => {
            list(&mut Out::new(Style::default()));
            0
        }
        Some(b"--version" | b"-V") => {
            let _ = fd::stdout(concat!("ipbox ", env!("CARGO_PKG_VERSION"), "\n").as_bytes());
            0
        }
        Some(b"--help" | b"-h" | b"help") => {
            list(&mut Out::new(Style::default()));
            0
        }
        Some(word) => match find(word) {
            Some(applet) => (applet.run)(&words[1..]),
            None => {
                fd::stderr(
                    &[b"ipbox: unknown applet \"", word, b"\"; ipbox alone lists them\n"].concat(),
                );
                1
            }
        },
    }
}

fn list(out: &mut Out) {
    out.text("Usage: ipbox APPLET [ARGUMENT...]\n       ipbox --install DIR [--force]\n       ipbox --version\n\nApplets:\n");
    for a in APPLETS {
        out.text(&format!("  {:<18} {}\n", a.name, a.about));
    }
    let _ = out.flush();
}
