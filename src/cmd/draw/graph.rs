//! A picture as a graph for other programs: Mermaid and Graphviz.
//!
//! A namespace is a cluster, a device a node in it; a cable, a bridge's port and a device on
//! another are edges.

use super::picture::{Device, Picture, Place, Room};
use super::svg::escape;

/// The language of the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// https://mermaid.js.org
    Mermaid,
    /// https://graphviz.org
    Dot,
}

/// The graph.
pub fn graph(picture: &Picture, language: Language) -> String {
    let mut out = match language {
        Language::Mermaid => String::from("flowchart TB\n"),
        Language::Dot => String::from(
            "graph network {\n  graph [fontname=\"monospace\"]\n  node [shape=box style=\"rounded,filled\" \
             fillcolor=\"#f4f7fb\" fontname=\"monospace\"]\n  edge [fontname=\"monospace\"]\n",
        ),
    };
    for (n, room) in picture.rooms.iter().enumerate() {
        cluster(&mut out, language, n, room);
    }
    for cable in &picture.cables {
        let [a, b] = cable.ends;
        edge(&mut out, language, a, b, if cable.up { Line::Cable } else { Line::Down });
    }
    for (n, room) in picture.rooms.iter().enumerate() {
        for (d, device) in room.devices.iter().enumerate() {
            if let Some(master) = device.master {
                edge(&mut out, language, (n, master), (n, d), Line::Inside);
            }
        }
    }
    if language == Language::Mermaid {
        faults(&mut out, picture);
    } else {
        out.push_str("}\n");
    }
    out
}

#[derive(Clone, Copy)]
enum Line {
    Cable,
    Down,
    Inside,
}

fn id(at: Place) -> String {
    format!("n{}d{}", at.0, at.1)
}

fn cluster(out: &mut String, language: Language, n: usize, room: &Room) {
    let mut title = vec![room.name.clone()];
    title.extend(room.routes.iter().cloned());
    if !room.forwards.is_empty() {
        title.push(format!("forwards {}", room.forwards.join(" and ")));
    }
    title.extend(room.nat.iter().cloned());
    title.extend(room.faults.iter().map(|f| format!("! {f}")));
    match language {
        Language::Mermaid => out.push_str(&format!("  subgraph n{n} [\"{}\"]\n", mermaid(&title))),
        Language::Dot => {
            let style = if room.faults.is_empty() {
                ""
            } else {
                "color=\"#cf222e\" fontcolor=\"#cf222e\" "
            };
            out.push_str(&format!(
                "  subgraph cluster_n{n} {{\n    graph [{style}label=\"{}\"]\n",
                dot(&title)
            ));
        }
    }
    for (d, device) in room.devices.iter().enumerate() {
        let lines = lines(device);
        let id = id((n, d));
        match language {
            Language::Mermaid => {
                let (open, close) = if device.bridge { ("[[", "]]") } else { ("[", "]") };
                out.push_str(&format!("    {id}{open}\"{}\"{close}\n", mermaid(&lines)));
            }
            Language::Dot => {
                let shape = if device.bridge { " shape=box3d" } else { "" };
                let fault = if device.faults.is_empty() {
                    ""
                } else {
                    " color=\"#cf222e\" fontcolor=\"#cf222e\""
                };
                out.push_str(&format!("    {id} [label=\"{}\"{shape}{fault}]\n", dot(&lines)));
            }
        }
    }
    if room.devices.is_empty() {
        // Neither language has a cluster without a node.
        match language {
            Language::Mermaid => out.push_str(&format!("    n{n}e[\"no device\"]\n")),
            Language::Dot => {
                out.push_str(&format!("    n{n}e [label=\"no device\" style=dashed]\n"));
            }
        }
    }
    out.push_str(if language == Language::Mermaid { "  end\n" } else { "  }\n" });
}

fn lines(device: &Device) -> Vec<String> {
    let mut name = device.name.clone();
    if !device.about.is_empty() {
        name.push_str(&format!(" ({})", device.about));
    }
    if !device.up {
        name.push_str(" down");
    }
    let mut lines = vec![name];
    lines.extend(device.addresses.iter().cloned());
    lines.extend(device.faults.iter().map(|f| format!("! {f}")));
    lines
}

fn edge(out: &mut String, language: Language, a: Place, b: Place, line: Line) {
    let (a, b) = (id(a), id(b));
    match language {
        Language::Mermaid => {
            let stroke = match line {
                Line::Cable => "===",
                Line::Down => "-.-",
                Line::Inside => "---",
            };
            out.push_str(&format!("  {a} {stroke} {b}\n"));
        }
        Language::Dot => {
            let style = match line {
                Line::Cable => " [penwidth=2]",
                Line::Down => " [style=dashed]",
                Line::Inside => "",
            };
            out.push_str(&format!("  {a} -- {b}{style}\n"));
        }
    }
}

fn faults(out: &mut String, picture: &Picture) {
    let mut marked: Vec<String> = Vec::new();
    for (n, room) in picture.rooms.iter().enumerate() {
        if !room.faults.is_empty() {
            marked.push(format!("n{n}"));
        }
        let devices = room.devices.iter().enumerate().filter(|(_, d)| !d.faults.is_empty());
        marked.extend(devices.map(|(d, _)| id((n, d))));
    }
    if !marked.is_empty() {
        out.push_str("  classDef fault stroke:#cf222e,color:#cf222e,stroke-width:2px\n");
        out.push_str(&format!("  class {} fault\n", marked.join(",")));
    }
}

/// Lines inside a label in quotes. What means something there is written by its number.
fn mermaid(lines: &[String]) -> String {
    let mut out = String::new();
    for (n, line) in lines.iter().enumerate() {
        if n > 0 {
            out.push_str("<br/>");
        }
        for c in line.chars() {
            match c {
                c if c.is_alphanumeric() || " .,:/-_=+()!?".contains(c) => out.push(c),
                c => out.push_str(&format!("#{};", u32::from(c))),
            }
        }
    }
    out
}

fn dot(lines: &[String]) -> String {
    let mut out = String::new();
    for (n, line) in lines.iter().enumerate() {
        if n > 0 {
            out.push_str("\\n");
        }
        let mut text = String::new();
        // Entities are understood in labels; a backslash and a quote are the language's own.
        escape(&mut text, line);
        out.push_str(&text.replace('\\', "\\\\"));
    }
    out
}
