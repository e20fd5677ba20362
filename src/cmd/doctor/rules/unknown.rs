//! D3: a namespace that does not exist, or has another name.

use std::net::IpAddr;

use super::{Finding, Row};
use crate::cli::nearest;
use crate::cmd::doctor::case::Case;
use crate::cmd::doctor::walk::lossy;
use crate::cmd::typed::word as word_of;
use crate::model::{Network, Origin};

/// So many names are told.
const SOME: usize = 20;

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    let Some(unknown) = case.unknown.as_ref().filter(|u| !u.is_name_of_host) else { return };
    let word = unknown.word.as_str();
    let shown = word_of(word.as_bytes());
    let spaces = &case.net.namespaces;
    if spaces.iter().any(|ns| ns.link_named(word.as_bytes()).is_some()) {
        return;
    }
    // A container's, whose file has the name, or the beginning of it.
    let mounted = spaces.iter().find_map(|ns| match &ns.origin {
        Origin::Mount(path)
            if lossy(path).rsplit('/').next().is_some_and(|l| l.starts_with(word)) =>
        {
            Some(word_of(path))
        }
        _ => None,
    });
    if let Some(path) = mounted {
        let why = format!("no namespace is named {word}, but one is mounted on {path}");
        let fixes = vec![
            format!("touch /run/netns/{shown}"),
            format!("mount --bind {path} /run/netns/{shown}"),
        ];
        found.push(row.finding(Network::HERE, why, fixes));
        return;
    }
    let names = spaces.iter().flat_map(|ns| &ns.names).map(|n| lossy(n));
    let names: Vec<String> = names.collect();
    let near = nearest(word.as_bytes(), names.iter().map(|n| n.as_bytes()));
    let (why, fixes) = match near {
        Some(name) => {
            let name = word_of(name);
            let why = format!("no namespace or device is named {word}; there is {name}");
            (why, vec![format!("ipbox doctor {name}")])
        }
        // Who is no namespace cannot be made one.
        None if word.parse::<IpAddr>().is_ok() => {
            (format!("nobody who can be seen here has the address {word}"), Vec::new())
        }
        None => {
            let mut list = names[..names.len().min(SOME)].join(", ");
            match names.len().checked_sub(SOME) {
                _ if names.is_empty() => list.push_str("none"),
                Some(more @ 1..) => list.push_str(&format!(" and {more} more")),
                _ => {}
            }
            let why = format!("no namespace or device is named {word}; namespaces here: {list}");
            (why, vec![format!("ip netns add {shown}")])
        }
    };
    found.push(row.finding(Network::HERE, why, fixes));
}
