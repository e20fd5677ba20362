//! Whom `ping` asks, and from where.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::OwnedFd;

use super::options::{Options, failed};
use crate::cli::value;
use crate::error::{Error, strerror};
use crate::names::Names;
use crate::names::hosts::{self, Hosts};
use crate::sort;
use crate::sys::{fd, process, socket};

const UNKNOWN: &str = "Name or service not known";
const OTHER_FAMILY: &str = "Address family for hostname not supported";

/// The port that a probe connects to; nothing is sent.
const PROBE_PORT: u16 = 1025;

/// The host, and how to reach it.
#[derive(Debug)]
pub struct Target {
    /// As it is called in what is shown.
    pub name: Vec<u8>,
    pub addr: SocketAddr,
    /// Whether an address was typed rather than a name.
    pub literal: bool,
    /// Hosts on the way; requests go to the first of them.
    pub hops: Vec<Ipv4Addr>,
}

/// A socket for ICMP.
#[derive(Debug)]
pub struct Socket {
    pub fd: OwnedFd,
    /// Raw sockets see everybody's packets, with their IP header.
    pub raw: bool,
}

/// A socket that any user may have, or else a raw one.
///
/// # Errors
///
/// When neither is allowed; status 2.
pub fn open(v6: bool, options: &Options) -> Result<Socket, Error> {
    let (family, protocol) = if v6 {
        (libc::AF_INET6, libc::IPPROTO_ICMPV6)
    } else {
        (libc::AF_INET, libc::IPPROTO_ICMP)
    };
    // The kernel chooses the identifier of datagram sockets, and sends nothing but echoes by them.
    let raw_wanted = (options.ident == Some(0) && !v6) || options.node.is_some();
    if !raw_wanted {
        match socket::open(family, libc::SOCK_DGRAM, protocol) {
            Ok(fd) => return Ok(Socket { fd, raw: false }),
            Err(e) if e.raw_os_error() == Some(libc::EAFNOSUPPORT) => {
                return Err(no_socket("SOCK_DGRAM", &e, options));
            }
            Err(_) => {}
        }
    }
    match socket::open(family, libc::SOCK_RAW, protocol) {
        Ok(fd) => Ok(Socket { fd, raw: true }),
        Err(e) => Err(no_socket("SOCK_RAW", &e, options)),
    }
}

/// The first line is put under the name as called by whoever tells it.
fn no_socket(kind: &str, e: &std::io::Error, o: &Options) -> Error {
    let mut lines = vec![format!("socktype: {kind}"), format!("socket: {}", strerror(e))];
    if matches!(e.raw_os_error(), Some(libc::EPERM | libc::EACCES)) {
        lines.push("=> missing cap_net_raw+p capability or setuid?".into());
    }
    let lines: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
    failed(2, &lines.join(&[b"\n", &o.called[..], b": "].concat()[..]))
}

/// The address that a word stands for, by itself or by /etc/hosts. `tried` hears of each that is
/// looked at, and its canonical name.
///
/// # Errors
///
/// The sentences of getaddrinfo(3); status 2.
pub fn resolve(
    word: &[u8],
    family: i32,
    names: &mut Names,
    mut tried: impl FnMut(IpAddr, &[u8]),
) -> Result<Target, Error> {
    let unknown = |why: &str| failed(2, &[word, b": ", why.as_bytes()].concat());
    let found = all_of(word, names).map_err(unknown)?;
    let mut canonical = found.canonical.as_slice();
    for ip in found.addresses {
        tried(ip, canonical);
        let fits = match family {
            libc::AF_INET => ip.is_ipv4(),
            libc::AF_INET6 => ip.is_ipv6(),
            _ => true,
        };
        if fits {
            // Hosts of IPv6 are called as they were typed.
            let name = if ip.is_ipv6() || canonical.is_empty() { word } else { canonical };
            let addr = match ip {
                IpAddr::V4(a) => SocketAddr::V4(SocketAddrV4::new(a, 0)),
                IpAddr::V6(a) => SocketAddr::V6(SocketAddrV6::new(a, 0, 0, found.scope)),
            };
            let literal = found.literal;
            return Ok(Target { name: name.to_vec(), addr, literal, hops: Vec::new() });
        }
        // getaddrinfo(3) says it once.
        canonical = b"";
    }
    Err(unknown(OTHER_FAMILY))
}

/// The address of a host on the way: IPv4 is all that is looked for, by inet_aton(3) first.
///
/// # Errors
///
/// As `resolve`.
pub fn hop(word: &[u8], names: &mut Names) -> Result<Ipv4Addr, Error> {
    if let Some(v4) = value::inet_aton(word) {
        return Ok(v4);
    }
    match of_family(word, false, names)? {
        IpAddr::V4(a) => Ok(a),
        IpAddr::V6(_) => Err(failed(2, &[word, b": ", UNKNOWN.as_bytes()].concat())),
    }
}

/// The address of one family that a word stands for. Where IPv4 is wanted, ::ffff:10.0.0.1 is one
/// of it, and so is ::1 in /etc/hosts, as getaddrinfo(3) has it.
///
/// # Errors
///
/// As `resolve`.
pub fn of_family(word: &[u8], v6: bool, names: &mut Names) -> Result<IpAddr, Error> {
    let bare = word.split(|&b| b == b'%').next().unwrap_or_default();
    let literal = value::ipv6(bare).map(Ipv6Addr::from);
    let found = if !v6 && let Some(literal) = literal {
        literal.to_ipv4_mapped().map(IpAddr::V4).ok_or(OTHER_FAMILY)
    } else {
        all_of(word, names).and_then(|all| {
            let own = all.addresses.iter().find(|a| a.is_ipv6() == v6).copied();
            let mapped = || {
                all.addresses.iter().find_map(|a| match a {
                    IpAddr::V6(a) if !v6 && a.is_loopback() => Some(Ipv4Addr::LOCALHOST.into()),
                    IpAddr::V6(a) if !v6 => a.to_ipv4_mapped().map(IpAddr::V4),
                    _ => None,
                })
            };
            own.or_else(mapped).ok_or_else(|| if all.literal { OTHER_FAMILY } else { not_found() })
        })
    };
    found.map_err(|why| failed(2, &[word, b": ", why.as_bytes()].concat()))
}

/// There is nobody to ask; where the machine would, the name may still exist.
fn not_found() -> &'static str {
    if hosts::others_are_asked() { "Temporary failure in name resolution" } else { UNKNOWN }
}

/// What a word stands for.
struct Found {
    /// The best first.
    addresses: Vec<IpAddr>,
    canonical: Vec<u8>,
    scope: u32,
    /// Whether the word is an address itself.
    literal: bool,
}

impl Found {
    fn literal(word: &[u8], ip: IpAddr, scope: u32) -> Found {
        Found { addresses: vec![ip], canonical: word.to_vec(), scope, literal: true }
    }
}

/// All addresses of a word, or why there are none.
fn all_of(word: &[u8], names: &mut Names) -> Result<Found, &'static str> {
    if let Some(v4) = value::numeric_host(word) {
        return Ok(Found::literal(word, v4.into(), 0));
    }
    let (bare, zone) = match word.iter().position(|&b| b == b'%') {
        Some(at) => (&word[..at], Some(&word[at + 1..])),
        None => (word, None),
    };
    if let Some(octets) = value::ipv6(bare) {
        let ip = Ipv6Addr::from(octets);
        let scope = match zone {
            None => 0,
            Some(zone) => {
                // Elsewhere devices have numbers only.
                let named = link_local(ip).then(|| names.index(zone)).flatten();
                named.or_else(|| value::u32(zone)).ok_or(UNKNOWN)?
            }
        };
        return Ok(Found::literal(word, ip.into(), scope));
    }
    // What cannot be a host's name is not looked for.
    if bare.is_empty() || zone.is_some() || word.starts_with(b"-") {
        return Err(UNKNOWN);
    }
    let hosts = Hosts::read();
    let mut all = hosts.addresses(word);
    if !hosts::all_lines_count() {
        all.truncate(1);
    }
    let Some(canonical) = hosts.canonical(word) else {
        return Err(not_found());
    };
    // IPv6 first, but only where there is a way (RFC 6724).
    sort::by_key(&mut all, |a| match a {
        IpAddr::V6(_) if reachable(*a) => 0,
        IpAddr::V4(_) => 1,
        IpAddr::V6(_) => 2,
    });
    Ok(Found { canonical: canonical.to_vec(), addresses: all, scope: 0, literal: false })
}

fn reachable(addr: IpAddr) -> bool {
    let family = if addr.is_ipv6() { libc::AF_INET6 } else { libc::AF_INET };
    socket::open(family, libc::SOCK_DGRAM, 0)
        .and_then(|fd| socket::connect(socket::of(&fd), SocketAddr::new(addr, PROBE_PORT)))
        .is_ok()
}

/// Binds to a device or an address and finds out which address requests will come from.
///
/// # Errors
///
/// The reference's sentence; status 2.
pub fn prepare(
    s: &Socket,
    target: &mut Target,
    options: &Options,
    names: &mut Names,
) -> Result<SocketAddr, Error> {
    let v6 = target.addr.is_ipv6();
    let family = if v6 { libc::AF_INET6 } else { libc::AF_INET };
    let probe = socket::open(family, libc::SOCK_DGRAM, 0)
        .map_err(|e| failed(2, format!("socket: {}", strerror(&e)).as_bytes()))?;
    if let Some(device) = &options.device {
        if v6 && names.index(device).is_none() {
            return Err(failed(2, &[b"unknown iface: ", &device[..]].concat()));
        }
        let zero_ended = [&device[..], b"\0"].concat();
        for fd in [&probe, &s.fd] {
            socket::set_bytes(socket::of(fd), libc::SOL_SOCKET, libc::SO_BINDTODEVICE, &zero_ended)
                .map_err(|e| {
                    let why = strerror(&e);
                    failed(2, &[b"SO_BINDTODEVICE ", &device[..], b": ", why.as_bytes()].concat())
                })?;
        }
    }
    // An address of the other family is no address of ours (observed in iputils 20240905).
    let given = options.source.filter(|a| a.is_ipv6() == v6);
    let source = match given {
        Some(source) => {
            let scope = match &options.device {
                Some(d) if source_is_link_local(source) => names.index(d).unwrap_or(0),
                _ => 0,
            };
            let addr = match source {
                IpAddr::V4(a) => SocketAddr::V4(SocketAddrV4::new(a, 0)),
                IpAddr::V6(a) => SocketAddr::V6(SocketAddrV6::new(a, 0, 0, scope)),
            };
            let what = if v6 { "bind icmp socket" } else { "bind" };
            socket::bind(socket::of(&s.fd), addr)
                .map_err(|e| failed(2, format!("{what}: {}", strerror(&e)).as_bytes()))?;
            addr
        }
        None => {
            let source = from_probe(s, &probe, target, options)?;
            if options.strict_source {
                let what = if v6 { "bind icmp socket" } else { "bind" };
                socket::bind(socket::of(&s.fd), SocketAddr::new(source, 0))
                    .map_err(|e| failed(2, format!("{what}: {}", strerror(&e)).as_bytes()))?;
            }
            SocketAddr::new(source, 0)
        }
    };
    if let (Some(device), None) = (&options.device, given) {
        let own = socket::own_addresses().unwrap_or_default();
        if !own.iter().any(|(name, a)| name == device && *a == source.ip()) {
            let text = "Warning: source address might be selected on device other than: ";
            options.warn(&[text.as_bytes(), device].concat());
        }
    }
    // 0.0.0.0 and :: are this host.
    if target.addr.ip().is_unspecified() {
        target.addr.set_ip(source.ip());
    }
    Ok(source)
}

fn source_is_link_local(a: IpAddr) -> bool {
    matches!(a, IpAddr::V6(a) if link_local(a))
}

fn link_local(a: Ipv6Addr) -> bool {
    a.is_unicast_link_local() || (a.is_multicast() && a.octets()[1] & 15 == 2)
}

fn from_probe(
    s: &Socket,
    probe: &OwnedFd,
    target: &Target,
    options: &Options,
) -> Result<IpAddr, Error> {
    // For addresses that are valid on one cable only the reference leaves the source open.
    if let IpAddr::V6(a) = target.addr.ip()
        && link_local(a)
    {
        return Ok(Ipv6Addr::UNSPECIFIED.into());
    }
    let mut to = target.addr;
    to.set_port(PROBE_PORT);
    if let Some(&first) = target.hops.first() {
        to.set_ip(first.into());
    }
    let told =
        |what: &str, e: &std::io::Error| failed(2, format!("{what}: {}", strerror(e)).as_bytes());
    if let Err(e) = socket::connect(socket::of(probe), to) {
        if e.raw_os_error() != Some(libc::EACCES) || to.is_ipv6() {
            return Err(told("connect", &e));
        }
        if !options.broadcast {
            return Err(failed(
                2,
                b"Do you want to ping broadcast? Then -b. \
                  If not, check your local firewall rules",
            ));
        }
        fd::stderr(b"WARNING: pinging broadcast address\n");
        for fd in [probe, &s.fd] {
            socket::set(socket::of(fd), libc::SOL_SOCKET, libc::SO_BROADCAST, 1)
                .map_err(|e| told("cannot set broadcasting", &e))?;
        }
        socket::connect(socket::of(probe), to).map_err(|e| told("connect", &e))?;
        if !process::is_root() && options.interval_ms < 1000 {
            return Err(failed(
                2,
                b"minimal interval for broadcast ping for user must be >= 1000 ms, \
                  use -i 1 (or higher)",
            ));
        }
    }
    let own = socket::local(socket::of(probe)).map_err(|e| told("getsockname", &e))?;
    Ok(own.ip())
}

/// An address as it is shown, the device behind it: by its name where the address is valid on one
/// cable only.
pub fn shown(addr: SocketAddr, names: &mut Names) -> Vec<u8> {
    let mut text = addr.ip().to_string().into_bytes();
    if let SocketAddr::V6(a) = addr
        && a.scope_id() != 0
    {
        text.push(b'%');
        if link_local(*a.ip()) {
            text.extend_from_slice(names.name(a.scope_id()));
        } else {
            text.extend(a.scope_id().to_string().bytes());
        }
    }
    text
}

/// The unspecified address of a family.
pub fn unspecified(v6: bool) -> IpAddr {
    if v6 { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() }
}
