//! D38: NetworkManager or systemd-networkd takes hand-made cables and bridges for its own, asks for
//! other addresses there and takes away those that were given.
//!
//! Both say on files below /run what they do with a device, by its number. What counts is a cable
//! to a namespace with a name, or the bridge of such cables: others may well be theirs.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::doctor::walk::lossy;
use crate::cmd::typed::word;
use crate::model::{End, Link, Network, Origin};
use crate::sys::file;

/// A service, and how it is told to leave devices alone.
struct Manager {
    name: &'static str,
    owns: fn(u32) -> bool,
    /// Given their names as they are.
    fixes: fn(&[String]) -> Vec<String>,
}

static MANAGERS: [Manager; 2] = [
    Manager {
        name: "NetworkManager",
        owns: |index| {
            says(&format!("/run/NetworkManager/devices/{index}"), &|l| l == "managed=true")
        },
        // At once, and for good.
        fixes: |devices| {
            let now = devices.iter().map(|d| {
                let device = word(d.as_bytes());
                format!("nmcli device set {device} managed no")
            });
            // A file for each: one that is made later takes none back. `+=` adds to what others say.
            let lasting = plain(devices).map(|d| {
                let line = format!("unmanaged-devices+=interface-name:{d}");
                let name = format!("90-ipbox-{d}.conf");
                write(&["[keyfile]", &line], "/etc/NetworkManager/conf.d", &name)
            });
            now.chain(lasting).collect()
        },
    },
    Manager {
        name: "systemd-networkd",
        owns: |index| {
            // A device that no file is meant for is pending or unmanaged.
            let path = format!("/run/systemd/netif/links/{index}");
            let states = ["configuring", "configured", "failed"];
            says(&path, &|l| l.strip_prefix("ADMIN_STATE=").is_some_and(|s| states.contains(&s)))
        },
        fixes: |devices| {
            let files = plain(devices).map(|d| {
                let name = format!("Name={d}");
                let lines = ["[Match]", &*name, "[Link]", "Unmanaged=yes"];
                write(&lines, "/etc/systemd/network", &format!("05-ipbox-{d}.network"))
            });
            files.chain(["networkctl reload".to_owned()]).collect()
        },
    },
];

fn says(path: &str, line: &dyn Fn(&str) -> bool) -> bool {
    file::read(path.as_bytes()).is_ok_and(|text| lossy(&text).lines().any(line))
}

/// The names that mean themselves in such a file, where others may be patterns of names.
fn plain(devices: &[String]) -> impl Iterator<Item = &String> {
    let good = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    devices.iter().filter(move |d| d.bytes().all(good))
}

/// The command that makes a file of some lines.
fn write(lines: &[&str], dir: &str, name: &str) -> String {
    let lines: Vec<String> = lines.iter().map(|l| word(l.as_bytes())).collect();
    format!("mkdir -p {dir} && printf '%s\\n' {} > {dir}/{name}", lines.join(" "))
}

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    let here = case.space(Network::HERE);
    let leads_to_a_name = |link: &Link| {
        let far = link.other_end.filter(|_| link.is_cable());
        far.is_some_and(|end| case.space(end.ns).origin == Origin::Name)
    };
    let by_hand = |link: &&Link| {
        leads_to_a_name(link) || link.is_bridge() && here.ports(link.index).any(leads_to_a_name)
    };
    for manager in &MANAGERS {
        let own = here.links.iter().filter(by_hand).filter(|l| (manager.owns)(l.index));
        let ends: Vec<End> = own.map(|l| End { ns: Network::HERE, index: l.index }).collect();
        if ends.is_empty() {
            continue;
        }
        let shown: Vec<String> = ends.iter().map(|e| case.dev(*e)).collect();
        let links = ends.iter().filter_map(|e| case.link(*e));
        let devices: Vec<String> = links.map(|l| lossy(&l.name)).collect();
        let why = format!(
            "{} manages {} and may change addresses there at any time",
            manager.name,
            shown.join(", ")
        );
        let mut finding = row.finding(Network::HERE, why, (manager.fixes)(&devices));
        finding.ends = ends;
        finding.note = true;
        found.push(finding);
    }
}
