//! D38: NetworkManager or networkd takes cables for its own and gives them other addresses.

use super::{Finding, Row};
use crate::cmd::doctor::case::Case;
use crate::cmd::doctor::walk::lossy;
use crate::cmd::typed::word;
use crate::model::{End, Network};
use crate::sys::file;

pub fn examine(row: &Row, case: &Case<'_>, found: &mut Vec<Finding>) {
    let here = case.space(Network::HERE);
    for link in here.links.iter().filter(|l| l.is_cable() || l.is_bridge()) {
        let networkd = format!("/run/systemd/netif/links/{}", link.index);
        let manager = format!("/run/NetworkManager/devices/{}", link.index);
        let says = |path: &str, word: &str| {
            file::read(path.as_bytes()).is_ok_and(|text| lossy(&text).lines().any(|l| l == word))
        };
        let who = if says(&networkd, "ADMIN_STATE=configuring")
            || says(&networkd, "ADMIN_STATE=failed")
        {
            "systemd-networkd"
        } else if says(&manager, "managed=true")
            && case.asked().is_some_and(|f| f.trip.stop.is_some())
        {
            "NetworkManager"
        } else {
            continue;
        };
        let device = word(&link.name);
        let why = format!("{who} manages {device} and may change its addresses at any time");
        let fixes = match who {
            "NetworkManager" => vec![format!("nmcli device set {device} managed no")],
            _ => vec![format!("networkctl unmanage {device}")],
        };
        let mut finding = row.finding(Network::HERE, why, fixes);
        finding.ends = vec![End { ns: Network::HERE, index: link.index }];
        finding.note = true;
        found.push(finding);
    }
}
