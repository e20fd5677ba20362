//! `ipbox draw`: the network as it is, as a picture.
//!
//! `picture` takes from the model what is drawn, `layout` says where it stands, as `shape`s, which
//! `text` and `svg` paint; `graph` and `json` are for other programs, which lay it out themselves.

mod graph;
mod json;
mod layout;
mod picture;
mod shape;
mod svg;
mod text;
mod watch;

use std::ffi::OsString;

use anyhow::{Context, Result};
use clap::{Arg, ArgGroup, ArgMatches, Command, value_parser};

use crate::cmd::{doctor, own};
use crate::model::{Depth, Network};
use crate::sys::{fd, file, ioctl};
use picture::Picture;

/// What may be typed; also for completions.
pub fn grammar() -> Command {
    Command::new("ipbox draw")
        .about("The network as it is, as a picture")
        .override_usage("ipbox draw [OPTION...]")
        .args([
            own::flag("mermaid", "a flowchart for Mermaid"),
            own::flag("dot", "a graph for Graphviz"),
            Arg::new("svg")
                .long("svg")
                .value_name("FILE")
                .value_parser(value_parser!(OsString))
                .help("a drawing, into FILE; - is the standard output"),
            own::flag("json", "the picture as data").short('j'),
            own::flag("pretty", "JSON over several lines").short('p').requires("json"),
            own::flag("watch", "draws again whenever something changes"),
            own::flag("ascii", "no characters but those of ASCII").conflicts_with("form"),
            Arg::new("width")
                .long("width")
                .value_name("COLUMNS")
                .value_parser(value_parser!(u16).range(24..))
                .conflicts_with_all(["mermaid", "dot", "json"])
                .help("the columns to use; else those of the terminal, or 100"),
        ])
        .group(ArgGroup::new("form").args(["mermaid", "dot", "svg", "json"]))
}

/// Runs `ipbox draw`.
pub fn run(words: &[&[u8]]) -> u8 {
    own::run(words, grammar(), 1, |m| {
        if m.get_flag("watch") { watch::run(m) } else { once(m) }?;
        Ok(0)
    })
}

fn once(m: &ArgMatches) -> Result<()> {
    show(m, &drawn(m)?)
}

/// Puts a form of the picture where it belongs.
fn show(m: &ArgMatches, form: &[u8]) -> Result<()> {
    match m.get_one::<OsString>("svg") {
        Some(path) if path != "-" => {
            std::fs::write(path, form).with_context(|| path.to_string_lossy().into_owned())
        }
        _ => Ok(fd::stdout(form)?),
    }
}

/// The picture in the form that is wanted.
fn drawn(m: &ArgMatches) -> Result<Vec<u8>> {
    let mut network = Network::read(Depth::Picture).context("cannot read the network")?;
    // The doctor looks at more, and in a crowd nobody would find its marks.
    let marks = match network.namespaces.len() {
        0..=FEW => {
            network = Network::read(Depth::All).context("cannot read the network")?;
            marks(&network)
        }
        _ => Vec::new(),
    };
    let picture = Picture::of(&network, &marks);
    Ok(if m.get_flag("mermaid") {
        graph::graph(&picture, graph::Language::Mermaid).into_bytes()
    } else if m.get_flag("dot") {
        graph::graph(&picture, graph::Language::Dot).into_bytes()
    } else if m.get_flag("json") {
        json::json(&picture, m.get_flag("pretty"))
    } else if m.contains_id("svg") {
        svg::svg(&layout::layout(&picture, width(m, Some(140)))).into_bytes()
    } else {
        let manner = text::Manner {
            colour: fd::stdout_is_terminal()
                && file::env("NO_COLOR").is_none_or(|v| v.is_empty())
                && file::env("TERM").is_none_or(|t| t != b"dumb"),
            ascii: m.get_flag("ascii"),
        };
        text::text(&layout::layout(&picture, width(m, None)), manner).into_bytes()
    })
}

/// So many namespaces are looked over by the doctor.
const FEW: usize = 256;

/// What is wrong with the network, where it is to be marked.
fn marks(network: &Network) -> Vec<picture::Mark> {
    let mut marks = Vec::new();
    for finding in doctor::findings(network).into_iter().filter(|f| !f.note) {
        // Who draws without being root knows it.
        if finding.rule == "D42" {
            continue;
        }
        // A finding is told once, at the first device that it is about.
        let place = finding.ends.first();
        let ns = place.map_or(finding.ns, |e| e.ns);
        marks.push(picture::Mark { ns, index: place.map(|e| e.index), text: finding.headline() });
    }
    marks
}

/// The columns there are: what was asked for, `usual`, those of the terminal.
fn width(m: &ArgMatches, usual: Option<usize>) -> usize {
    let asked = m.get_one::<u16>("width").map(|w| usize::from(*w));
    asked.or(usual).or_else(ioctl::terminal_columns).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_grammar_is_sound() {
        super::grammar().debug_assert();
    }
}
