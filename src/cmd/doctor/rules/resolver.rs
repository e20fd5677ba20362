//! D39: the name server is on the host's 127.0.0.53, which a namespace cannot reach.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::doctor::walk::lossy;
use crate::cmd::typed::word as word_of;
use crate::model::Network;
use crate::sys::file;

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    let Some(unknown) = case.unknown.as_ref().filter(|u| u.is_name_of_host) else { return };
    let (word, ns) = (&unknown.word, unknown.from);
    let name = case.space(ns).names.first().map(|n| lossy(n));
    let own = name.as_ref().map(|n| format!("/etc/netns/{n}/resolv.conf"));
    let text = own
        .and_then(|path| file::read(path.as_bytes()).ok())
        .or_else(|| file::read(b"/etc/resolv.conf").ok())
        .unwrap_or_default();
    let text = lossy(&text);
    let mut servers = text.lines().filter_map(|l| l.trim().strip_prefix("nameserver"));
    let servers: Vec<&str> = servers.by_ref().map(str::trim).collect();
    let local = servers.iter().find(|s| s.starts_with("127.") || **s == "::1");
    let (why, fixes) = match (&name, local) {
        (Some(name), Some(server)) if ns != Network::HERE => {
            let dir = word_of(format!("/etc/netns/{name}").as_bytes());
            let why = format!(
                "{name} asks {server} for the address of {word}, and nobody is there: the host's own name server does not listen in it"
            );
            (
                why,
                vec![
                    format!("mkdir -p {dir}"),
                    format!("echo nameserver 1.1.1.1 > {dir}/resolv.conf"),
                ],
            )
        }
        _ => {
            let why = format!(
                "{word} is no address; the doctor sends nothing, so it asks no name server"
            );
            (why, Vec::new())
        }
    };
    found.push(row.finding(ns, why, fixes));
}
