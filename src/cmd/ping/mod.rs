//! `ping`: asks a host for an echo and tells how long it took (iputils' ping of 2024).
//!
//! options.rs reads the words, target.rs finds the host, the way there and a socket, session.rs
//! sends and receives, packet.rs knows ICMP, recorded.rs the options of IP, nodeinfo.rs questions to nodes
//! of IPv6, stats.rs counts.

mod nodeinfo;
mod options;
mod packet;
mod recorded;
mod session;
mod stats;
mod target;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::AsRawFd;

pub use options::HELP;
use options::{Options, Told, failed};
use recorded::{Record, Stamp};
use session::Session;
use target::{Socket, Target};

use crate::cli::getopt::called;
use crate::error::{Error, errno, strerror};
use crate::names::Names;
use crate::output::{Out, Style};
use crate::sys::{fd, process, socket};

/// Runs the applet: status 0 when an answer came, 1 when none did, 2 for any other failure.
pub fn run(words: &[&[u8]]) -> u8 {
    match ping(words) {
        Ok(status) => status,
        Err(e) => {
            let text = e.text();
            // It calls itself as it was called: `ping6`, `/bin/ping`.
            match text.strip_prefix(b"ping: ") {
                Some(rest) => fd::stderr(&[called(words, "ping").0, b": ", rest].concat()),
                None => fd::stderr(&text),
            }
            e.status()
        }
    }
}

fn ping(words: &[&[u8]]) -> Result<u8, Error> {
    let root = process::is_root();
    let options = match Options::parse(words, root)? {
        Told::Ping(options) => *options,
        Told::Text(text) => {
            return fd::stdout(text.as_bytes()).map(|()| 0).map_err(|_| failed(1, b"write error"));
        }
    };
    let mut names = Names::default();
    let mut out = Out::new(Style::default());
    let host = options.hosts.last().cloned().unwrap_or_default();
    if options.verbose && options.ident == Some(0) {
        options.warn(b"WARNING: ident 0 => forcing raw socket");
    }
    check_size(&host, &options)?;
    // Without any socket nothing is looked up: the reference opens its sockets first.
    let sockets = Sockets::open(&options)?;
    if options.verbose {
        sockets.told(&options);
    }
    if let Some(tos) = options.tos {
        sockets.set_tos(tos)?;
    }
    let mut target = target::resolve(&host, options.family, &mut names, |ip, name| {
        if options.verbose {
            told_verbosely(ip, name, &mut out);
        }
    })?;
    let v6 = target.addr.is_ipv6();
    target.hops = hops(&options, v6, &mut names)?;
    let socket = sockets.choose(v6, &options)?;
    link_local_warning(&socket, &target, &options);
    // Before `::` is replaced by an address of this host.
    let question = match (&options.node, target.addr.ip()) {
        (Some(asked), IpAddr::V6(host)) => asked.question(host),
        // IPv4 has no such questions: an echo is all that is sent (observed in iputils 20240905).
        _ => None,
    };
    let source = target::prepare(&socket, &mut target, &options, &mut names)?;
    settings(&socket, &mut target, &options, question.is_some())?;
    if options.connect {
        socket::connect(socket::of(&socket.fd), target.addr)
            .map_err(|e| failed(2, format!("connect failed: {}", strerror(&e)).as_bytes()))?;
    }
    headline(&mut out, &target, source, &options, &mut names);
    options.check_pace(root)?;
    Session::new(socket, target, question, options, names, out)?.run()
}

/// The hosts before the last: a route that requests shall take, or whose times are wanted.
fn hops(o: &Options, v6: bool, names: &mut Names) -> Result<Vec<Ipv4Addr>, Error> {
    let hosts = o.hosts.get(..o.hosts.len().saturating_sub(1)).unwrap_or(&[]);
    let most = match o.record {
        None if !v6 => recorded::HOPS,
        Some(Record::Time(Stamp::Named)) if !v6 => recorded::STAMPS,
        _ => 0,
    };
    if hosts.len() > most {
        return Err(options::usage());
    }
    hosts.iter().map(|host| target::hop(host, names)).collect()
}

/// One socket for each family that may be needed.
struct Sockets {
    v4: Option<Result<Socket, Error>>,
    v6: Option<Result<Socket, Error>>,
}

impl Sockets {
    fn open(options: &Options) -> Result<Sockets, Error> {
        let wanted = |family| options.family == libc::AF_UNSPEC || options.family == family;
        let v4 = wanted(libc::AF_INET).then(|| target::open(false, options));
        let v4 = v4.transpose()?.map(Ok);
        let mut v6 = wanted(libc::AF_INET6).then(|| target::open(true, options));
        // It may be missing where the other family will do.
        if options.family == libc::AF_INET6 {
            v6 = v6.transpose()?.map(Ok);
        }
        Ok(Sockets { v4, v6 })
    }
    /// -v: which sockets there are.
    fn told(&self, options: &Options) {
        let number_and_kind = |s: &Option<Result<Socket, Error>>| match s {
            Some(Ok(s)) if s.raw => (s.fd.as_raw_fd(), "SOCK_RAW"),
            Some(Ok(s)) => (s.fd.as_raw_fd(), "SOCK_DGRAM"),
            _ => (-1, "0"),
        };
        let ((fd4, kind4), (fd6, kind6)) = (number_and_kind(&self.v4), number_and_kind(&self.v6));
        let family = match options.family {
            libc::AF_INET => "AF_INET",
            libc::AF_INET6 => "AF_INET6",
            _ => "AF_UNSPEC",
        };
        let text = format!(
            "sock4.fd: {fd4} (socktype: {kind4}), sock6.fd: {fd6} (socktype: {kind6}), \
             hints.ai_family: {family}\n"
        );
        options.warn(text.as_bytes());
    }

    /// On all of them, whichever will be used.
    fn set_tos(&self, tos: i32) -> Result<(), Error> {
        for (s, level, name) in [
            (&self.v4, libc::IPPROTO_IP, libc::IP_TOS),
            (&self.v6, libc::IPPROTO_IPV6, libc::IPV6_TCLASS),
        ] {
            if let Some(Ok(s)) = s {
                socket::set(socket::of(&s.fd), level, name, tos)
                    .map_err(|e| failed(2, format!("setsockopt: {}", strerror(&e)).as_bytes()))?;
            }
        }
        Ok(())
    }

    fn choose(self, v6: bool, options: &Options) -> Result<Socket, Error> {
        match if v6 { self.v6 } else { self.v4 } {
            Some(socket) => socket,
            None => target::open(v6, options),
        }
    }
}

/// What fits into a packet; nothing is looked up for it (observed in iputils 20240905).
fn check_size(host: &[u8], o: &Options) -> Result<(), Error> {
    let literal = std::str::from_utf8(host).ok().and_then(|h| h.parse::<IpAddr>().ok());
    let v6 = literal.map_or(o.family != libc::AF_INET, |a| a.is_ipv6());
    let limit = 65535 - if v6 { 8 } else { 28 + recorded::room(o.record) };
    if o.size > limit {
        let text = format!("invalid -s value: '{}': out of range: 0 <= value <= {limit}", o.size);
        return Err(failed(1, text.as_bytes()));
    }
    Ok(())
}

/// -v: what was looked up, whatever comes of it.
fn told_verbosely(ip: IpAddr, canonical: &[u8], out: &mut Out) {
    let family = if ip.is_ipv6() { "AF_INET6" } else { "AF_INET" };
    out.text(&format!("ai->ai_family: {family}, ai->ai_canonname: '"));
    out.text_bytes(canonical);
    out.text("'\n");
    let _ = out.flush();
}

/// Where a device must be named and is not.
fn link_local_warning(socket: &Socket, target: &Target, options: &Options) {
    let IpAddr::V6(addr) = target.addr.ip() else { return };
    if addr.is_unicast_link_local() && !socket.raw && !target.name.contains(&b'%') {
        options.warn(
            b"Warning: IPv6 link-local address on ICMP datagram socket may require \
              ifname or scope-id => use: address%<ifname|scope-id>",
        );
    }
}

/// Everything that is set on the socket before the first request.
fn settings(s: &Socket, target: &mut Target, o: &Options, asks: bool) -> Result<(), Error> {
    let fd = socket::of(&s.fd);
    let v6 = target.addr.is_ipv6();
    let (level, errors) = if v6 {
        (libc::IPPROTO_IPV6, libc::IPV6_RECVERR)
    } else {
        (libc::IPPROTO_IP, libc::IP_RECVERR)
    };
    let set = |level, name, value, what: &str| {
        socket::set(fd, level, name, value)
            .map_err(|e| failed(2, format!("{what}: {}", strerror(&e)).as_bytes()))
    };
    if s.raw {
        filter(s, v6, asks)?;
    }
    set(level, errors, 1, if v6 { "IPV6_RECVERR" } else { "IP_RECVERR" })?;
    if v6 {
        set(level, libc::IPV6_RECVHOPLIMIT, 1, "can't receive hop limit")?;
    } else if !s.raw {
        set(level, libc::IP_RECVTTL, 1, "WARNING: setsockopt(IP_RECVTTL)")?;
        set(level, libc::IP_RETOPTS, 1, "WARNING: setsockopt(IP_RETOPTS)")?;
    }
    if o.record.is_none() && !target.hops.is_empty() {
        // The reference has given its privileges away by now, and without them the kernel takes
        // no route of hosts.
        let why = errno(libc::EPERM);
        return Err(failed(2, format!("record route: {why}").as_bytes()));
    }
    let recorded = recorded::asked(o.record, &target.hops);
    if !v6 && !recorded.is_empty() {
        socket::set_bytes(fd, level, libc::IP_OPTIONS, &recorded)
            .map_err(|e| failed(2, format!("record route: {}", strerror(&e)).as_bytes()))?;
    }
    if let Some(how) = o.pmtudisc {
        let (name, what) = if v6 {
            (libc::IPV6_MTU_DISCOVER, "IPV6_MTU_DISCOVER")
        } else {
            (libc::IP_MTU_DISCOVER, "IP_MTU_DISCOVER")
        };
        set(level, name, how, what)?;
    }
    if o.no_loop {
        let name = if v6 { libc::IPV6_MULTICAST_LOOP } else { libc::IP_MULTICAST_LOOP };
        set(level, name, 0, "cannot disable multicast loopback")?;
    }
    if let Some(ttl) = o.ttl {
        if v6 {
            set(level, libc::IPV6_MULTICAST_HOPS, ttl, "can't set multicast hop limit")?;
            set(level, libc::IPV6_UNICAST_HOPS, ttl, "can't set unicast hop limit")?;
        } else {
            set(level, libc::IP_MULTICAST_TTL, ttl, "cannot set multicast time-to-live")?;
            set(level, libc::IP_TTL, ttl, "cannot set unicast time-to-live")?;
        }
    }
    if let (SocketAddr::V6(addr), Some(label)) = (&mut target.addr, o.flow) {
        let label = socket::flow_label(fd, *addr.ip(), label)
            .map_err(|e| failed(2, format!("can't set flowlabel: {}", strerror(&e)).as_bytes()))?;
        set(level, libc::IPV6_FLOWINFO_SEND, 1, "can't send flowinfo")?;
        addr.set_flowinfo(label.to_be());
    }
    if o.dont_route {
        set(libc::SOL_SOCKET, libc::SO_DONTROUTE, 1, "setsockopt")?;
    }
    if o.debug {
        // Needs a privilege that ping does not insist on.
        let _ = socket::set(fd, libc::SOL_SOCKET, libc::SO_DEBUG, 1);
    }
    if let Some(mark) = o.mark
        && let Err(e) = socket::set(fd, libc::SOL_SOCKET, libc::SO_MARK, mark.cast_signed())
    {
        o.warn(format!("WARNING: failed to set mark: {mark}: {}", strerror(&e)).as_bytes());
        o.warn(b"=> missing cap_net_admin+p or cap_net_raw+p (since Linux 5.17) capability?");
    }
    let room = |bytes: usize| i32::try_from(bytes).unwrap_or(i32::MAX);
    let send = o.send_buffer.unwrap_or(room((o.size + 511) * 2));
    let _ = socket::set(fd, libc::SOL_SOCKET, libc::SO_SNDBUF, send);
    let receive = room(((o.size + 511) * 4).max(65536));
    let _ = socket::set(fd, libc::SOL_SOCKET, libc::SO_RCVBUF, receive);
    if !o.user_time {
        let _ = socket::set(fd, libc::SOL_SOCKET, libc::SO_TIMESTAMP, 1);
    }
    Ok(())
}

/// Raw sockets see every message of ICMP; the kernel drops what is of no interest.
fn filter(s: &Socket, v6: bool, asks: bool) -> Result<(), Error> {
    const ICMP_FILTER: i32 = 1;
    let fd = socket::of(&s.fd);
    let (level, what, mask) = if v6 {
        // struct icmp6_filter: a set bit drops; only answers pass, all of which are in one word.
        let kind = if asks { nodeinfo::ANSWER } else { packet::ECHO_REPLY6 };
        let mut mask = [0xffu8; 32];
        mask[16..20].copy_from_slice(&(!(1u32 << (kind - 128))).to_ne_bytes());
        (libc::IPPROTO_ICMPV6, "setsockopt(ICMP6_FILTER)", mask.to_vec())
    } else {
        // Echo reply, unreachable, quench, redirect, time exceeded, parameter problem pass.
        let pass = [0, 3, 4, 5, 11, 12].iter().fold(0u32, |bits, n| bits | 1 << n);
        (libc::SOL_RAW, "setsockopt(ICMP_FILTER)", (!pass).to_ne_bytes().to_vec())
    };
    socket::set_bytes(fd, level, ICMP_FILTER, &mask)
        .map_err(|e| failed(2, format!("{what}: {}", strerror(&e)).as_bytes()))
}

/// `PING NAME (ADDRESS) …`
fn headline(out: &mut Out, t: &Target, source: SocketAddr, o: &Options, names: &mut Names) {
    out.text("PING ");
    out.text_bytes(&t.name);
    out.text(" (");
    out.text_bytes(&target::shown(t.addr, names));
    out.text(") ");
    if let (SocketAddr::V6(a), Some(_)) = (t.addr, o.flow) {
        out.text(&format!(", flow 0x{:05x}, ", u32::from_be(a.flowinfo())));
    }
    if o.device.is_some() || o.source.is_some() || o.strict_source {
        out.text("from ");
        out.text_bytes(&target::shown(source, names));
        out.text(" ");
        out.text_bytes(o.device.as_deref().unwrap_or(b""));
        out.text(": ");
    }
    if t.addr.is_ipv6() {
        out.text(&format!("{} data bytes\n", o.size));
    } else {
        let whole = o.size + 28 + recorded::room(o.record);
        out.text(&format!("{}({whole}) bytes of data.\n", o.size));
    }
    let _ = out.flush();
}
