//! The state of a network namespace as it can be brought back: the kernel's own messages, the
//! settings below /proc/sys/net, and the rules as iptables saves them.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use crate::netlink::{Attrs, Conn, Msgs, Protocol, Request};
use crate::rtnl::consts::{RTM_GETADDR, RTM_GETLINK, RTM_GETROUTE};
use crate::sys::file;

pub const RTM_GETRULE: u16 = 34; // linux/rtnetlink.h

/// Sizes of the headers before the attributes: ifaddrmsg, rtmsg, fib_rule_hdr.
pub const ADDR: usize = 8;
pub const ROUTE: usize = 12;

/// Programs that save and restore rules, and the families of their tables (NFPROTO_*).
pub const SAVERS: [(&str, &str, u8); 2] =
    [("iptables-save", "iptables-restore", 2), ("ip6tables-save", "ip6tables-restore", 10)];

/// Everything, as it is at a moment.
#[derive(Debug, Default)]
pub struct State {
    /// Messages by index.
    pub links: BTreeMap<u32, Vec<u8>>,
    /// Messages, in the kernel's order.
    pub addrs: Vec<Vec<u8>>,
    pub routes: Vec<Vec<u8>>,
    pub rules: Vec<Vec<u8>>,
    /// Files and what they hold.
    pub settings: BTreeMap<Vec<u8>, Vec<u8>>,
    /// What each of [`SAVERS`] prints.
    pub saved: [Saved; 2],
}

/// Rules as iptables saves them.
#[derive(Debug, Default)]
pub struct Saved {
    pub text: Vec<u8>,
    /// False: some could not be said, so they cannot be restored.
    pub whole: bool,
}

impl State {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// When the kernel does not tell.
    pub fn read() -> anyhow::Result<State> {
        let mut conn = Conn::open(Protocol::Route, 1 << 20)?;
        let mut all = |kind: u16, header: usize| -> anyhow::Result<Vec<Vec<u8>>> {
            let (bytes, _) = conn.snapshot(&mut Request::new(kind, 0, &vec![0; header]))?;
            Ok(Msgs(&bytes).map(|m| m.payload.to_vec()).collect())
        };
        let mut state = State { addrs: all(RTM_GETADDR, ADDR)?, ..State::default() };
        for link in all(RTM_GETLINK, 16)? {
            if let Some(index) = link.get(4..8).and_then(|b| b.first_chunk()) {
                state.links.insert(u32::from_ne_bytes(*index), link);
            }
        }
        state.routes = all(RTM_GETROUTE, ROUTE)?.into_iter().filter_map(route).collect();
        state.rules = all(RTM_GETRULE, ROUTE)?;
        settings(b"/proc/sys/net", &mut state.settings);
        state.saved = SAVERS.map(|(save, ..)| saved(save));
        Ok(state)
    }
}

/// A route without what changes by itself; none that was only remembered.
fn route(mut message: Vec<u8>) -> Option<Vec<u8>> {
    const RTM_F_CLONED: u32 = 0x200;
    const KEPT: u32 = 4; // RTNH_F_ONLINK
    let flags = message.get_mut(8..12)?.first_chunk_mut::<4>()?;
    let now = u32::from_ne_bytes(*flags);
    *flags = (now & KEPT).to_ne_bytes();
    let kept = without(&message, ROUTE, &[RTA_CACHEINFO]);
    (now & RTM_F_CLONED == 0 && !is_ipv6s_own(&kept)).then_some(kept)
}

const RTA_CACHEINFO: u16 = 12;

/// Routes that IPv6 makes by itself a moment after a device has come up: to its own addresses, to
/// the link's (fe80::/10) and to groups (ff00::/8).
fn is_ipv6s_own(message: &[u8]) -> bool {
    const INET6: u8 = 10;
    const LOCAL: u8 = 255; // RT_TABLE_LOCAL
    const RTA_DST: u16 = 1;
    let to = Attrs(message.get(ROUTE..).unwrap_or_default()).find(RTA_DST).map(|a| a.value);
    let of_link =
        |a: &[u8]| a.first() == Some(&0xff) || matches!(a, [0xfe, b, ..] if b & 0xc0 == 0x80);
    message.first() == Some(&INET6) && (message.get(4) == Some(&LOCAL) || to.is_some_and(of_link))
}

/// A message without attributes of some numbers.
pub fn without(message: &[u8], header: usize, left_out: &[u16]) -> Vec<u8> {
    let Some((head, attrs)) = message.split_at_checked(header) else { return message.to_vec() };
    let mut request = Request::new(0, 0, head);
    for attr in Attrs(attrs).filter(|a| !left_out.contains(&a.kind)) {
        request.attr(attr.kind, attr.value);
    }
    request.payload().to_vec()
}

/// All files that can be written, with what they hold.
fn settings(dir: &[u8], all: &mut BTreeMap<Vec<u8>, Vec<u8>>) {
    for name in file::list(dir).unwrap_or_default() {
        let path = [dir, b"/", &name].concat();
        let Ok(kind) = file::kind(&path) else { continue };
        if kind.directory {
            settings(&path, all);
        } else if kind.mode & 0o600 == 0o600
            && let Ok(text) = file::read(&path)
        {
            all.insert(path, text);
        }
    }
}

fn saved(program: &str) -> Saved {
    let out = Command::new("/proc/self/exe")
        .args([program, "-c"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    match out {
        Ok(out) => Saved { text: out.stdout, whole: out.status.success() },
        Err(_) => Saved::default(),
    }
}

/// Saved rules without remarks and counters.
pub fn bare(saved: &[u8]) -> Vec<&[u8]> {
    let lines = saved.split(|&b| b == b'\n').filter(|l| !l.starts_with(b"#") && !l.is_empty());
    lines
        .map(|l| match l {
            // `[1:60] -A CHAIN …`, `:CHAIN POLICY [1:60]`
            [b'[', ..] => l.iter().position(|&b| b == b' ').map_or(l, |at| &l[at + 1..]),
            [b':', ..] => l.iter().rposition(|&b| b == b' ').map_or(l, |at| &l[..at]),
            _ => l,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_and_remarks_are_no_rules() {
        let text = b"# Generated\n*nat\n:PREROUTING ACCEPT [2:168]\n[1:60] -A PREROUTING -j ACCEPT\nCOMMIT\n";
        let lines: [&[u8]; 4] =
            [b"*nat", b":PREROUTING ACCEPT", b"-A PREROUTING -j ACCEPT", b"COMMIT"];
        assert_eq!(bare(text), lines);
    }

    #[test]
    fn what_changes_by_itself_is_left_out() {
        let mut r = Request::new(0, 0, &[2, 0, 0, 0, 254, 3, 0, 1, 17, 0, 0, 0]);
        r.u32(4, 7);
        r.attr(RTA_CACHEINFO, &[9; 32]);
        let kept = route(r.payload().to_vec()).unwrap();
        assert_eq!(
            kept,
            [&[2, 0, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0][..], &[8, 0, 4, 0, 7, 0, 0, 0]].concat()
        );
        assert!(route(vec![0; 4]).is_none());
    }
}
