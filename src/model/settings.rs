//! Sysctls that decide what becomes of packets.

use super::Depth;
use crate::netlink::{Attrs, Conn, Request};
use crate::sys::file;

// linux/netconf.h
const RTM_GETNETCONF: u16 = 82;
const NETCONFA_IFINDEX: u16 = 1;
const NETCONFA_FORWARDING: u16 = 2;
const NETCONFA_RP_FILTER: u16 = 3;
const NETCONFA_IFINDEX_ALL: i32 = -1;

/// The settings of a namespace. What a kernel does not have is as if it were off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// net.ipv4.ip_forward
    pub ip_forward: bool,
    /// net.ipv6.conf.all.forwarding
    pub ip6_forward: bool,
    /// net.ipv4.conf.all.rp_filter: 0 off, 1 strict, 2 loose.
    pub rp_filter: u32,
    /// net.ipv4.conf.all.route_localnet
    pub route_localnet: bool,
    /// net.ipv4.conf.all.accept_local
    pub accept_local: bool,
    /// net.ipv4.conf.all.src_valid_mark
    pub src_valid_mark: bool,
    /// net.ipv4.conf.all.arp_announce
    pub arp_announce: u32,
    /// net.ipv4.conf.all.arp_ignore
    pub arp_ignore: u32,
    /// net.ipv4.icmp_echo_ignore_all
    pub echo_ignore: bool,
    /// net.ipv6.icmp.echo_ignore_all
    pub echo6_ignore: bool,
    /// net.ipv6.conf.all.disable_ipv6
    pub disable_ipv6: bool,
    /// net.bridge.bridge-nf-call-iptables
    pub bridge_nf_call_iptables: bool,
    /// net.bridge.bridge-nf-call-ip6tables
    pub bridge_nf_call_ip6tables: bool,
    /// net.ipv4.tcp_l3mdev_accept; read only where there is a VRF, likewise the next.
    pub tcp_l3mdev_accept: bool,
    /// net.ipv4.udp_l3mdev_accept
    pub udp_l3mdev_accept: bool,
}

impl Settings {
    /// Those of the namespace that the calling thread and the socket are in. A picture needs only
    /// what the socket tells: files below /proc/sys are slow to open for the first time.
    pub(super) fn read(conn: &mut Conn, depth: Depth) -> Settings {
        let (ip_forward, rp_filter) = all_devices(conn, 2);
        let (ip6_forward, _) = all_devices(conn, 10);
        let (ip_forward, ip6_forward) = (ip_forward != 0, ip6_forward != 0);
        let mut settings = Settings { ip_forward, ip6_forward, rp_filter, ..Settings::default() };
        if depth >= Depth::All {
            settings.read_files();
        }
        settings
    }

    /// Those that only a VRF makes use of.
    pub(super) fn read_of_vrf(&mut self) {
        self.tcp_l3mdev_accept = number("ipv4/tcp_l3mdev_accept") != 0;
        self.udp_l3mdev_accept = number("ipv4/udp_l3mdev_accept") != 0;
    }

    fn read_files(&mut self) {
        let on = |name| number(name) != 0;
        self.route_localnet = on("ipv4/conf/all/route_localnet");
        self.accept_local = on("ipv4/conf/all/accept_local");
        self.src_valid_mark = on("ipv4/conf/all/src_valid_mark");
        self.arp_announce = number("ipv4/conf/all/arp_announce");
        self.arp_ignore = number("ipv4/conf/all/arp_ignore");
        self.echo_ignore = on("ipv4/icmp_echo_ignore_all");
        self.echo6_ignore = on("ipv6/icmp/echo_ignore_all");
        self.disable_ipv6 = on("ipv6/conf/all/disable_ipv6");
        self.bridge_nf_call_iptables = on("bridge/bridge-nf-call-iptables");
        self.bridge_nf_call_ip6tables = on("bridge/bridge-nf-call-ip6tables");
    }
}

/// The number in a file below /proc/sys/net; 0 when there is none.
fn number(name: &str) -> u32 {
    let text = file::read(&[b"/proc/sys/net/", name.as_bytes()].concat()).unwrap_or_default();
    let digits = text.iter().take_while(|b| b.is_ascii_digit());
    digits.fold(0, |n, b| n.wrapping_mul(10).wrapping_add(u32::from(b - b'0')))
}

/// What `conf/all/` says of a family: forwarding and rp_filter.
fn all_devices(conn: &mut Conn, family: u8) -> (u32, u32) {
    // struct netconfmsg: the family, one byte, padded to four.
    let mut request = Request::new(RTM_GETNETCONF, 0, &[family]);
    request.attr(NETCONFA_IFINDEX, &NETCONFA_IFINDEX_ALL.to_ne_bytes());
    let Ok(msg) = conn.get(&mut request) else { return (0, 0) };
    let attrs = Attrs(msg.payload.get(4..).unwrap_or(&[]));
    let value = |kind| attrs.find(kind).and_then(|a| a.u32()).unwrap_or(0);
    (value(NETCONFA_FORWARDING), value(NETCONFA_RP_FILTER))
}
