//! `ip monitor`: what the kernel says while it happens.
//!
//! The words are here, `event` shows one message, `file` reads messages that were recorded.

pub mod event;
pub mod file;
mod prefix;

use crate::cli::value::{AF_INET, AF_INET6, AF_MPLS, AF_UNSPEC};
use crate::cli::{Args, Row, Usage, exact, prefix};
use crate::ctx::{Ctx, dump_failed};
use crate::error::{Error, Result, strerror};
use crate::names::Names;
use crate::netlink::{self, Conn, Msgs, Protocol};
use crate::output::Style;
use crate::rtnl::link;

use super::Grammar;
use super::link::show::learn;
use super::verb::{self, Verb};
use event::Shown;

/// One word for the groups of some family each: AF_UNSPEC stands for all of them.
type Group = &'static [(u8, u32)];

// RTNLGRP_* of linux/rtnetlink.h.
const LINK: Group = &[(AF_UNSPEC, 1)];
const ADDRESS: Group = &[(AF_INET, 5), (AF_INET6, 9)];
const MADDRESS: Group = &[(AF_INET, 37), (AF_INET6, 38)];
const ACADDRESS: Group = &[(AF_INET6, 39)];
const ROUTE: Group = &[(AF_INET, 7), (AF_INET6, 11), (AF_MPLS, 27)];
const MROUTE: Group = &[(AF_INET, 6), (AF_INET6, 10)];
const PREFIX: Group = &[(AF_INET6, 18)];
const NEIGH: Group = &[(AF_UNSPEC, 3)];
const NETCONF: Group = &[(AF_INET, 24), (AF_INET6, 25), (AF_MPLS, 29)];
const RULE: Group = &[(AF_INET, 8), (AF_INET6, 19)];
const NSID: Group = &[(AF_UNSPEC, 28)];
const NEXTHOP: Group = &[(AF_UNSPEC, 32)];
const STATS: Group = &[(AF_UNSPEC, 36)];

/// What is listened to without a word.
const ALL: &[Group] = &[
    LINK, ADDRESS, MADDRESS, ACADDRESS, ROUTE, MROUTE, PREFIX, NEIGH, NETCONF, RULE, NSID, NEXTHOP,
    STATS,
];

/// What the words say.
pub struct Reading<'n> {
    names: &'n mut Names,
    /// None: all.
    groups: Vec<Group>,
    file: Option<Vec<u8>>,
    labels: bool,
    all_namespaces: bool,
    dev: Option<u32>,
}

/// The words, in the order in which they are tried.
#[rustfmt::skip] // one row, one line
fn rows<'n>() -> &'n [Row<Reading<'n>>] {
    const {
        &[
            Row { word: prefix("file"), arg: "FILE", take: file, again: true },
            Row { word: prefix("label"), arg: "", take: labels, again: true },
            Row { word: prefix("link"), arg: "", take: |_, r| r.want(LINK), again: true },
            Row { word: prefix("address"), arg: "", take: |_, r| r.want(ADDRESS), again: true },
            Row { word: prefix("maddress"), arg: "", take: |_, r| r.want(MADDRESS), again: true },
            Row { word: exact("acaddress"), arg: "", take: |_, r| r.want(ACADDRESS), again: true },
            Row { word: prefix("route"), arg: "", take: |_, r| r.want(ROUTE), again: true },
            Row { word: prefix("mroute"), arg: "", take: |_, r| r.want(MROUTE), again: true },
            Row { word: prefix("prefix"), arg: "", take: |_, r| r.want(PREFIX), again: true },
            Row { word: prefix("neigh"), arg: "", take: |_, r| r.want(NEIGH), again: true },
            Row { word: prefix("netconf"), arg: "", take: |_, r| r.want(NETCONF), again: true },
            Row { word: prefix("rule"), arg: "", take: |_, r| r.want(RULE), again: true },
            Row { word: prefix("nsid"), arg: "", take: |_, r| r.want(NSID), again: true },
            Row { word: prefix("nexthop"), arg: "", take: |_, r| r.want(NEXTHOP), again: true },
            Row { word: exact("stats"), arg: "", take: |_, r| r.want(STATS), again: true },
            Row { word: exact("all"), arg: "", take: labels, again: true },
            Row { word: prefix("all-nsid"), arg: "", take: all_namespaces, again: true },
            Row { word: exact("dev"), arg: "DEV", take: dev, again: true },
            Row { word: prefix("help"), arg: "", take: |_, _| Err(usage()), again: true },
        ]
    }
}

impl Reading<'_> {
    fn want(&mut self, group: Group) -> std::result::Result<(), Usage> {
        self.groups.push(group);
        Ok(())
    }
}

fn file(args: &mut Args<'_>, r: &mut Reading<'_>) -> std::result::Result<(), Usage> {
    r.file = Some(args.need()?.to_vec());
    Ok(())
}

fn labels(_: &mut Args<'_>, r: &mut Reading<'_>) -> std::result::Result<(), Usage> {
    r.labels = true;
    Ok(())
}

fn all_namespaces(_: &mut Args<'_>, r: &mut Reading<'_>) -> std::result::Result<(), Usage> {
    r.all_namespaces = true;
    Ok(())
}

fn dev(args: &mut Args<'_>, r: &mut Reading<'_>) -> std::result::Result<(), Usage> {
    let name = args.need()?;
    let index = r.names.index(name).ok_or_else(|| args.wrong("Device does not exist\n"))?;
    r.dev = Some(index);
    Ok(())
}

/// There are no verbs, only words.
static VERBS: &[Verb] = &[];

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "monitor", verbs: VERBS, usage }
}

fn usage() -> Usage {
    let words = rows();
    let words = words.iter().filter(|r| r.word.full != "help").map(|r| (r.word.full, r.arg));
    let text = format!("Usage: ip monitor [ WORD ]...\n{}", verb::listed("WORD", words));
    Usage::new(255, text.trim_end().to_owned())
}

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut r = Reading {
        names: &mut ctx.names,
        groups: Vec::new(),
        file: None,
        labels: false,
        all_namespaces: false,
        dev: None,
    };
    args.read(rows(), &mut r, |args, _| {
        let text = [b"Argument \"", args.last(), b"\" is unknown, try \"ip monitor help\"."];
        Err(Usage::new(255, text.concat()).at(args.at()))
    })?;
    let Reading { groups, file, labels, all_namespaces, dev, .. } = r;
    // One object is one line, whatever -pretty says.
    let style = ctx.opts.style;
    ctx.out.set_style(Style { pretty: false, ..style });
    let shown = Shown::new(labels, all_namespaces, dev);
    let done = match file {
        Some(path) => file::replay(ctx, &shown, &path),
        None => listen(ctx, &shown, if groups.is_empty() { ALL } else { &groups }),
    };
    ctx.out.set_style(style);
    done
}

/// Shows what is heard until it is killed.
fn listen(ctx: &mut Ctx, shown: &Shown, groups: &[Group]) -> Result {
    let buffer = ctx.opts.receive_buffer;
    let failed = |error| Error::Io { what: "Cannot open netlink socket", error };
    let mut conn = Conn::open(Protocol::Route, buffer).map_err(failed)?;
    conn.make_room_to_hear(buffer as usize);
    let family = ctx.opts.family;
    for (of, number) in groups.iter().copied().flatten() {
        if family == AF_UNSPEC || *of == AF_UNSPEC || *of == family {
            // A group that this kernel does not have is silent (observed in iproute2 6.15).
            let _ = conn.join(*number);
        }
    }
    if shown.all_namespaces {
        conn.join_namespaces().map_err(|e| {
            Error::failed(1, format!("Could not listen to all namespaces: {}", strerror(&e)))
        })?;
    }
    // A device that goes away is named in what is said of it afterwards.
    know_devices(ctx)?;
    if groups.contains(&NSID) {
        ctx.names.namespace(-1);
    }
    loop {
        // What waits already is shown in one go; nothing is held back while waiting.
        let heard = match conn.hear(false) {
            Ok(None) => {
                ctx.out.flush()?;
                conn.hear(true)
            }
            other => other,
        };
        match heard {
            Ok(Some((msgs, nsid))) => {
                for msg in msgs {
                    event::show(ctx, shown, msg, nsid);
                }
            }
            Ok(None) => {}
            Err(netlink::Error::Io(e)) => {
                let number = e.raw_os_error().unwrap_or(0);
                let text = format!("netlink receive error {} ({number})", strerror(&e));
                if number != libc::ENOBUFS {
                    return Err(Error::failed(2, text).into());
                }
                // Messages were lost, and with them perhaps names of devices.
                ctx.complain(format!("{text}\n").as_bytes());
                ctx.names.forget_links();
                know_devices(ctx)?;
            }
            Err(_) => ctx.complain(b"Message truncated\n"),
        }
    }
}

/// Learns the names of all devices.
fn know_devices(ctx: &mut Ctx) -> Result {
    match ctx.route()?.snapshot(&mut link::query_family(AF_UNSPEC)) {
        Ok((all, _)) => {
            learn(&mut ctx.names, Msgs(&all).map(|m| m.payload));
            Ok(())
        }
        Err(e) => Ok(dump_failed(e, 1)?),
    }
}
