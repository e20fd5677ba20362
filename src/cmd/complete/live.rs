//! What lives on the machine: namespaces, devices, names from databases, programs.
//!
//! Nothing here is worth a message: what cannot be read is left out.

use crate::names::{Kind, Names};
use crate::netlink::{Attrs, Conn, Protocol, Request};
use crate::rtnl::consts::{IFLA_EXT_MASK, IFLA_IFNAME, RTEXT_FILTER_SKIP_STATS, RTM_GETLINK};
use crate::sys::{file, netns};

use super::Answer;

/// The values of a place in a usage, by its name and by the word in front of it.
pub fn place(answer: &mut Answer, key: &str, place: &str) {
    match (key, place) {
        ("netns" | "link-netns" | "-netns", _) | (_, "NETNS") => namespaces(answer),
        (
            "dev" | "oif" | "iif" | "master" | "vrf" | "link" | "backup_port" | "-I" | "-i" | "-o",
            _,
        ) => {
            devices(answer);
        }
        (_, "DEV" | "DEVICE" | "IFACE" | "INTERFACE" | "IFNAME") => devices(answer),
        ("table", _) | (_, "TABLE") => database(answer, Kind::RtTable),
        ("protocol", _) | (_, "PROTO" | "PROTOCOL" | "RTPROTO") => {
            database(answer, Kind::RtProto);
        }
        ("proto", _) | (_, "ADDRPROTO") => database(answer, Kind::AddrProto),
        ("scope", _) | (_, "SCOPE") => database(answer, Kind::Scope),
        ("realms", _) | (_, "REALM" | "REALMS") => database(answer, Kind::Realm),
        ("tos" | "dsfield", _) | (_, "TOS") => database(answer, Kind::DsField),
        ("group", _) | (_, "GROUP") => database(answer, Kind::Group),
        (_, "PREFIX") => answer.add("default", ""),
        (_, "FILE" | "PATH") => answer.files(),
        _ => {}
    }
}

/// Namespaces with a name.
pub fn namespaces(answer: &mut Answer) {
    for name in file::list(netns::DIR).unwrap_or_default() {
        answer.add_bytes(&name, "namespace");
    }
}

/// Devices by their names: `v0`, never `v0@if2`.
pub fn devices(answer: &mut Answer) {
    let Ok(mut conn) = Conn::open(Protocol::Route, 1 << 20) else { return };
    let mut request = Request::new(RTM_GETLINK, 0, &[0; 16]);
    request.u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    let Ok(mut dump) = conn.dump(&mut request) else { return };
    while let Ok(Some(message)) = dump.next_message() {
        let attrs = Attrs(message.payload.get(16..).unwrap_or_default());
        if let Some(name) = attrs.find(IFLA_IFNAME) {
            answer.add_bytes(name.bytes(), "device");
        }
    }
}

/// The names in a database of /etc/iproute2.
fn database(answer: &mut Answer, kind: Kind) {
    for name in Names::default().all(kind) {
        answer.add(&name, "");
    }
}

/// A command and its words: programs first, then what the program knows.
pub fn command(answer: &mut Answer, before: &[&[u8]]) {
    match before {
        [] => programs(answer),
        before => super::applet(answer, before),
    }
}

/// Programs on PATH; applets, which run without being there, first.
fn programs(answer: &mut Answer) {
    for applet in crate::applet::APPLETS {
        answer.add(applet.name, applet.about);
    }
    if answer.word().contains(&b'/') {
        return answer.files();
    }
    let path = file::env("PATH").unwrap_or_default();
    for dir in path.split(|&b| b == b':').filter(|d| !d.is_empty()) {
        for name in file::list(dir).unwrap_or_default() {
            answer.add_bytes(&name, "");
        }
    }
}

/// Settings of the kernel: `net.ipv4.ip_forward`.
pub fn settings(answer: &mut Answer) {
    // A word without any dot begins with a directory of /proc/sys; below it only what fits is read.
    let given = answer.word().to_vec();
    below(answer, b"/proc/sys", b"", &given);
}

fn below(answer: &mut Answer, dir: &[u8], prefix: &[u8], given: &[u8]) {
    for entry in file::list(dir).unwrap_or_default() {
        // In a name a dot and a slash change places.
        let shown: Vec<u8> = entry.iter().map(|&b| if b == b'.' { b'/' } else { b }).collect();
        let name = [prefix, &shown].concat();
        let as_far = name.len().min(given.len());
        if name[..as_far] != given[..as_far] {
            continue;
        }
        let path = [dir, b"/", &entry].concat();
        match file::list(&path) {
            Ok(_) => below(answer, &path, &[&name[..], b"."].concat(), given),
            Err(_) => answer.add_bytes(&name, ""),
        }
    }
}

/// Hosts of the table of neighbours of IPv4.
pub fn arp(answer: &mut Answer) {
    let table = file::read(b"/proc/net/arp").unwrap_or_default();
    for line in table.split(|&b| b == b'\n').skip(1) {
        answer.add_bytes(line.split(|&b| b == b' ').next().unwrap_or_default(), "");
    }
}

/// Looks from inside a named namespace from here on, if it may be entered.
pub fn enter(name: &[u8]) {
    if let Ok(ns) = netns::open_named(name) {
        let _ = netns::enter(&ns);
    }
}
