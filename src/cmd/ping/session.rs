//! Sending and receiving, until there is enough.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant, SystemTime};

use super::nodeinfo::{self, Question};
use super::options::{Options, failed, in_lab};
use super::packet::{self, HEADER, Message, TIMEVAL};
use super::recorded;
use super::stats::{self, Stats, Summary};
use super::target::{self, Socket, Target};
use crate::error::{Error, errno, strerror};
use crate::names::Names;
use crate::names::hosts::Hosts;
use crate::output::Out;
use crate::sys::signal::{Event, Signals};
use crate::sys::socket::{self, Fault, Received};
use crate::sys::{fd, process};

/// The shortest wait where no interval is set, in milliseconds.
const SHORTEST_MS: u64 = 10;
/// -A does not go below this for ordinary users.
const SHORTEST_FOR_USERS_MS: u64 = 2;
/// A wait that something else ends.
const LONG: Duration = Duration::from_secs(3600);
/// SO_EE_ORIGIN_* (linux/errqueue.h)
const ORIGIN_LOCAL: u8 = 1;

/// One run of ping.
pub struct Session {
    socket: Socket,
    target: Target,
    /// What is sent instead of echo requests.
    question: Option<Question>,
    o: Options,
    names: Names,
    hosts: Option<Hosts>,
    out: Out,
    stats: Stats,
    data: Vec<u8>,
    ident: u16,
    /// -A is not to go below the pace of ordinary users.
    slow: bool,
    signals: Signals,
    start: Instant,
    /// When the last request was due.
    last: Instant,
    /// Time that is left over from earlier intervals, in milliseconds.
    tokens: u64,
    interval_ms: u64,
    /// When the wait for the last answers ends.
    end: Option<Instant>,
    buf: Vec<u8>,
    /// The last route that routers recorded.
    route: Vec<u8>,
    /// The output could not be written.
    broken: bool,
}

fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

fn whole_ms(d: Duration) -> u64 {
    u64::try_from(d.as_millis()).unwrap_or(u64::MAX)
}

fn whole_us(d: Duration) -> u64 {
    u64::try_from(d.as_micros()).unwrap_or(u64::MAX)
}

impl Session {
    /// Everything ready; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// When signals cannot be held back.
    pub fn new(
        socket: Socket,
        target: Target,
        question: Option<Question>,
        mut o: Options,
        names: Names,
        out: Out,
    ) -> Result<Session, Error> {
        let signals = Signals::hold()
            .map_err(|e| failed(2, format!("signalfd: {}", strerror(&e)).as_bytes()))?;
        // Names are asked for only if a name was typed.
        o.numeric = !o.names && (o.numeric || target.literal);
        let start = Instant::now();
        Ok(Session {
            data: packet::fill(o.size, o.pattern.as_deref()),
            ident: o.ident.unwrap_or_else(|| Stats::sequence(u64::from(std::process::id()))),
            slow: !process::is_root() || in_lab(),
            interval_ms: o.interval_ms,
            tokens: o.interval_ms * (o.preload - 1),
            buf: vec![0; o.size + HEADER + 4096],
            stats: Stats::default(),
            hosts: None,
            route: Vec::new(),
            broken: false,
            end: None,
            last: start,
            start,
            socket,
            target,
            question,
            o,
            names,
            out,
            signals,
        })
    }

    /// Shows what there is; that it could not be shown counts at the end.
    fn flush(&mut self) {
        self.broken |= self.out.flush().is_err();
    }

    fn timing(&self) -> bool {
        self.o.size >= TIMEVAL && self.question.is_none()
    }
    fn v6(&self) -> bool {
        self.target.addr.is_ipv6()
    }
    /// Raw sockets see all answers; ours are known by the identifier.
    fn ours(&self) -> Option<u16> {
        self.socket.raw.then_some(self.ident)
    }

    /// Sends and receives to the end; the exit status.
    ///
    /// # Errors
    ///
    /// When the socket fails; status 2.
    pub fn run(mut self) -> Result<u8, Error> {
        while !self.enough() {
            let wait = self.due();
            if self.enough() {
                break;
            }
            let mut until = Instant::now() + wait;
            for limit in [self.end, self.deadline()].into_iter().flatten() {
                until = until.min(limit);
            }
            let time = until.saturating_duration_since(Instant::now());
            let event = self
                .signals
                .wait(socket::of(&self.socket.fd), Some(time))
                .map_err(|e| failed(2, format!("poll: {}", strerror(&e)).as_bytes()))?;
            match event {
                Event::Interrupt => break,
                Event::Quit => {
                    let line = self.stats.snapshot(self.timing());
                    fd::stderr(line.as_bytes());
                }
                Event::Ready => self.receive(),
                Event::Timeout => {}
            }
            let over = |at: Option<Instant>| at.is_some_and(|at| Instant::now() >= at);
            if over(self.end) || over(self.deadline()) {
                break;
            }
        }
        Ok(self.finish())
    }

    fn deadline(&self) -> Option<Instant> {
        self.start.checked_add(Duration::from_secs(self.o.deadline?))
    }

    fn enough(&self) -> bool {
        let s = &self.stats;
        self.o.count.is_some_and(|n| s.received + s.errors >= n)
            || (self.o.deadline.is_some() && s.errors > 0)
    }

    fn finish(mut self) -> u8 {
        let summary = Summary {
            elapsed_us: whole_us(self.last.saturating_duration_since(self.start)),
            timing: self.timing(),
            pace: self.interval_ms == 0 || self.o.flood || self.o.adaptive,
        };
        self.out.text("\n--- ");
        self.out.text_bytes(&self.target.name);
        self.out.text(" ping statistics ---\n");
        self.out.text(&self.stats.summary(summary));
        self.flush();
        if self.broken {
            self.o.warn(b"write error");
            return 1;
        }
        let few =
            self.o.deadline.is_some() && self.o.count.is_some_and(|n| self.stats.received < n);
        u8::from(self.stats.received == 0 || few)
    }

    /// Sends what is due; how long to wait for the next.
    fn due(&mut self) -> Duration {
        loop {
            if self.all_sent() {
                self.set_end();
                return LONG;
            }
            let wait = self.send_if_due();
            if self.all_sent() {
                continue;
            }
            if wait > 0 {
                return Duration::from_millis(wait);
            }
        }
    }

    /// With a deadline requests go on until enough answers have come.
    fn all_sent(&self) -> bool {
        self.o.deadline.is_none() && self.o.count.is_some_and(|n| self.stats.transmitted >= n)
    }

    /// All is sent: the end is two round trips away, or -W when nothing has come.
    fn set_end(&mut self) {
        if self.end.is_some() {
            return;
        }
        let wait_us = if self.stats.received > 0 {
            let twice = u64::try_from(2 * self.stats.longest_us()).unwrap_or(0);
            twice.max(self.interval_ms * 1000)
        } else {
            self.o.linger_us
        };
        if wait_us > 0 {
            self.end = Instant::now().checked_add(Duration::from_micros(wait_us));
        }
    }

    /// Milliseconds until the next request is due; 0 when one was sent and more may be.
    fn send_if_due(&mut self) -> u64 {
        let now = Instant::now();
        if self.stats.transmitted > 0 {
            let passed = whole_ms(now.saturating_duration_since(self.last));
            if self.interval_ms == 0
                && passed < SHORTEST_MS
                && self.stats.in_flight() >= self.o.preload
            {
                return SHORTEST_MS - passed;
            }
            let tokens = (passed + self.tokens).min(self.interval_ms * self.o.preload);
            if tokens < self.interval_ms {
                return self.interval_ms - tokens;
            }
            self.last = now;
            self.tokens = tokens - self.interval_ms;
        } else {
            (self.start, self.last) = (now, now);
        }
        self.missing();
        self.send()
    }

    /// -O: the request before this one has no answer yet.
    fn missing(&mut self) {
        let seq = Stats::sequence(self.stats.transmitted);
        if self.o.outstanding && self.stats.transmitted > 0 && !self.stats.answered(seq) {
            self.stamp();
            self.out.text(&format!("no answer yet for icmp_seq={seq}\n"));
            self.flush();
        }
    }

    fn send(&mut self) -> u64 {
        let seq = Stats::sequence(self.stats.transmitted + 1);
        let bytes = match &self.question {
            Some(question) => question.bytes(seq),
            None => packet::request(self.v6(), self.ident, seq, &self.data, now()),
        };
        let sent = socket::send_to(socket::of(&self.socket.fd), &bytes, self.target.addr);
        match sent.map_err(|e| e.raw_os_error().unwrap_or(0)) {
            Ok(_) => {
                self.stats.sent();
                if self.o.flood && !self.o.quiet {
                    let _ = fd::stdout(b".");
                }
                return self.interval_ms.saturating_sub(self.tokens);
            }
            // No room right now: the same request again, a little later.
            Err(libc::ENOBUFS | libc::ENOMEM | libc::EAGAIN) => {
                self.tokens += self.interval_ms;
                return SHORTEST_MS;
            }
            Err(libc::EMSGSIZE) => {
                // The kernel has queued the same once more.
                let fd = socket::of(&self.socket.fd);
                let _ = socket::receive(fd, &mut self.buf, true);
                self.stats.sent();
                self.stats.errors += 1;
                if self.o.flood && !self.o.quiet {
                    let _ = fd::stdout(b"E");
                } else if !self.o.quiet {
                    self.complain(&format!("sendmsg: {}", errno(libc::EMSGSIZE)));
                }
            }
            Err(_) => {
                // An earlier error, told only now: then this request was not tried.
                if self.queued_error() {
                    self.tokens += self.interval_ms;
                    return SHORTEST_MS;
                }
                // Nothing left the machine, and nothing is said (observed in iputils 20240905).
                self.stats.sent();
            }
        }
        self.tokens = 0;
        SHORTEST_MS
    }

    /// Takes everything that has come.
    fn receive(&mut self) {
        // A flood of answers must not keep the next request from being sent.
        for _ in 0..64 {
            let fd = socket::of(&self.socket.fd);
            match socket::receive(fd, &mut self.buf, false) {
                Ok(got) => {
                    self.datagram(&got);
                    if self.enough() {
                        return;
                    }
                }
                Err(e) => match e.raw_os_error() {
                    Some(libc::EAGAIN) => break,
                    Some(libc::EINTR) => {}
                    _ => {
                        if !self.queued_error() {
                            self.complain(&format!("recvmsg: {}", strerror(&e)));
                        }
                    }
                },
            }
        }
        // Errors wait in a queue of their own.
        while self.queued_error() {}
    }

    fn datagram(&mut self, got: &Received) {
        let Some(from) = got.from else { return };
        let buf = std::mem::take(&mut self.buf);
        let mut icmp = &buf[..got.len.min(buf.len())];
        let mut ttl = got.ttl;
        let mut recorded = &got.options[..];
        if !self.v6()
            && self.socket.raw
            && let Some((len, hops)) = packet::ip_header(icmp)
        {
            recorded = &icmp[20..len];
            (icmp, ttl) = (&icmp[len..], Some(hops.into()));
        }
        if let Some(question) = &self.question {
            if let Some(seq) = question.answered(icmp) {
                self.node_answer(from, seq, icmp, ttl);
            }
            self.buf = buf;
            return;
        }
        let ours = self.ours();
        let message = match self.target.addr.ip() {
            IpAddr::V4(to) => packet::read4(icmp, to, ours),
            IpAddr::V6(_) => packet::read6(icmp, ours),
        };
        match message {
            Some(Message::Reply { ident, seq, data, broken }) => {
                let time = got.time.filter(|_| !self.o.user_time).unwrap_or_else(now);
                let reply = Reply { from, ident, seq, data, broken, ttl, time, recorded };
                self.reply(&reply);
            }
            // The error queue tells it too, and is believed.
            Some(Message::Error { seq }) => self.stats.acknowledge(seq),
            Some(Message::Advice { kind, code, info, seq }) if !self.o.quiet && !self.o.flood => {
                let text = packet::meaning4(kind, code, info);
                self.stamp();
                self.out.text("From ");
                let who = self.who(from);
                self.out.text_bytes(&who);
                self.out.text(&format!(": icmp_seq={seq} {text}\n"));
                self.flush();
            }
            Some(Message::Advice { .. }) | None => {}
        }
        self.buf = buf;
    }

    fn reply(&mut self, r: &Reply<'_>) {
        let sent = packet::sent_at(r.data).filter(|_| self.timing());
        let time_us = sent.map(|sent| {
            let took = r.time.checked_sub(sent);
            i64::try_from(took.unwrap_or_default().as_micros()).unwrap_or(i64::MAX)
        });
        let again = self.stats.reply(r.seq, time_us, r.broken);
        // Without times the interval stays as it is.
        if self.o.adaptive && self.timing() {
            self.adapt();
        }
        if self.o.quiet {
            return;
        }
        if self.o.flood {
            let _ = fd::stdout(if r.broken { b"\x08C" } else { b"\x08 \x08" });
            return;
        }
        self.stamp();
        self.out.text(&format!("{} bytes from ", r.data.len() + HEADER));
        let who = self.who(r.from);
        self.out.text_bytes(&who);
        self.out.text(&format!(": icmp_seq={}", r.seq));
        if self.o.verbose && self.socket.raw {
            self.out.text(&format!(" ident={}", r.ident));
        }
        if let Some(ttl) = r.ttl {
            self.out.text(&format!(" ttl={ttl}"));
        }
        if r.data.len() < self.o.size {
            self.out.text(" (truncated)\n");
            self.flush();
            return;
        }
        if let Some(us) = time_us {
            self.out.text(&stats::time(us, self.o.precise));
        }
        let multicast = self.target.addr.ip().is_multicast();
        if again && (!multicast || self.o.verbose) {
            self.out.text(" (DUP!)");
        }
        if r.broken {
            self.out.text(" (BAD CHECKSUM!)");
        }
        if !multicast && !self.o.broadcast && r.from.ip() != self.target.addr.ip() {
            self.out.text(" (DIFFERENT ADDRESS!)");
        }
        self.compare(r.data);
        if self.o.audible {
            self.out.text("\x07");
        }
        if !r.recorded.is_empty() {
            let mut last = std::mem::take(&mut self.route);
            let text =
                recorded::told(r.recorded, &mut last, |a| self.who(SocketAddr::new(a.into(), 0)));
            self.route = last;
            self.out.text_bytes(&text);
        }
        self.out.text("\n");
        self.flush();
    }

    /// -N: what a node says of its names or addresses.
    fn node_answer(&mut self, from: SocketAddr, seq: u16, icmp: &[u8], ttl: Option<i32>) {
        let again = self.stats.reply(seq, None, false);
        if self.o.quiet {
            return;
        }
        if self.o.flood {
            let _ = fd::stdout(b"\x08 \x08");
            return;
        }
        self.stamp();
        self.out.text(&format!("{} bytes from ", icmp.len()));
        let who = self.who(from);
        self.out.text_bytes(&who);
        self.out.text(&format!(":{}; seq={seq};", nodeinfo::told(icmp)));
        if self.o.verbose {
            self.out.text(&format!(" ident={}", self.ident));
        }
        if let Some(ttl) = ttl {
            self.out.text(&format!(" ttl={ttl}"));
        }
        // Many may answer what all are asked.
        if again && (!self.target.addr.ip().is_multicast() || self.o.verbose) {
            self.out.text(" (DUP!)");
        }
        if self.o.audible {
            self.out.text("\x07");
        }
        self.out.text("\n");
        self.flush();
    }

    /// Tells of the first byte that came back changed; the time in front may.
    fn compare(&mut self, data: &[u8]) {
        let from = if self.timing() { TIMEVAL } else { 0 };
        let differs = (from..self.data.len().min(data.len())).find(|&i| data[i] != self.data[i]);
        if let Some(i) = differs {
            self.out.text(&format!(
                "\nwrong data byte #{i} should be 0x{:x} but was 0x{:x}",
                self.data[i], data[i]
            ));
        }
    }

    /// -A: the interval follows the round trip.
    fn adapt(&mut self) {
        let us = u64::try_from(self.stats.smoothed_us()).unwrap_or(0);
        self.interval_ms = (us + 500) / 1000;
        if self.slow {
            self.interval_ms = self.interval_ms.max(SHORTEST_FOR_USERS_MS);
        }
    }

    /// Takes one error from the queue; whether there was one.
    fn queued_error(&mut self) -> bool {
        let fd = socket::of(&self.socket.fd);
        let got = match socket::receive(fd, &mut self.buf, true) {
            Ok(got) => got,
            Err(_) => return false,
        };
        let Some(fault) = got.fault else { return true };
        if fault.origin == ORIGIN_LOCAL {
            self.stats.errors += 1;
            if self.o.quiet {
            } else if self.o.flood {
                let _ = fd::stdout(b"E");
            } else if fault.errno == libc::EMSGSIZE {
                self.complain(&format!("local error: message too long, mtu: {}", fault.info));
            } else {
                self.complain(&format!("local error: {}", errno(fault.errno)));
            }
            return true;
        }
        let about = packet::own(self.v6(), &self.buf[..got.len.min(self.buf.len())], self.ours());
        let same = got.from.is_none_or(|a| a.ip() == self.target.addr.ip());
        if let (Some(seq), true) = (about, same) {
            self.network_error(&fault, seq);
        }
        true
    }

    fn network_error(&mut self, fault: &Fault, seq: u16) {
        self.stats.acknowledge(seq);
        self.stats.errors += 1;
        if self.o.quiet {
            return;
        }
        if self.o.flood {
            let _ = fd::stdout(b"\x08E");
            return;
        }
        self.stamp();
        self.out.text("From ");
        let who = match fault.offender {
            Some(a) => self.who(a),
            None => target::unspecified(self.v6()).to_string().into_bytes(),
        };
        self.out.text_bytes(&who);
        let text = if self.v6() {
            packet::meaning6(fault.kind, fault.code, fault.info)
        } else {
            packet::meaning4(fault.kind, fault.code, fault.info)
        };
        self.out.text(&format!(" icmp_seq={seq} {text}\n"));
        self.flush();
    }

    /// -D: the time of day in front of a line.
    fn stamp(&mut self) {
        if self.o.timestamps {
            let t = now();
            self.out.text(&format!("[{}.{:06}] ", t.as_secs(), t.subsec_micros()));
        }
    }

    /// An address, with its name where names are wanted.
    fn who(&mut self, addr: SocketAddr) -> Vec<u8> {
        let text = target::shown(addr, &mut self.names);
        if self.o.numeric {
            return text;
        }
        let hosts = self.hosts.get_or_insert_with(Hosts::read);
        match hosts.name(addr.ip()) {
            Some(name) => [name, b" (", &text, b")"].concat(),
            None => text,
        }
    }

    fn complain(&mut self, text: &str) {
        self.flush();
        self.o.warn(text.as_bytes());
    }
}

/// An answer, with what the kernel told beside it.
struct Reply<'a> {
    from: SocketAddr,
    ident: u16,
    seq: u16,
    data: &'a [u8],
    broken: bool,
    ttl: Option<i32>,
    time: Duration,
    /// The options of IP.
    recorded: &'a [u8],
}
