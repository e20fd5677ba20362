//! What `ping` is told on its command line.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::nodeinfo::{self, Asked};
use super::recorded::{Record, Stamp};
use crate::cli::getopt::{Getopt, Item, Mistake, Order, Spec, called};
use crate::error::{Error, errno};
use crate::sys::{fd, file};

/// The options, read and checked one by one.
#[derive(Clone, Debug)]
pub struct Options {
    /// What it was called: `ping6`, `/bin/ping`. Warnings begin with it.
    pub called: Vec<u8>,
    /// AF_INET, AF_INET6, or AF_UNSPEC.
    pub family: i32,
    /// -c: end after so many answers and errors.
    pub count: Option<u64>,
    /// -i, in milliseconds.
    pub interval_ms: u64,
    /// -w, in seconds.
    pub deadline: Option<u64>,
    /// -W, in microseconds; 0 waits without end.
    pub linger_us: u64,
    /// -s, in bytes.
    pub size: usize,
    pub ttl: Option<i32>,
    /// -I with the name of a device.
    pub device: Option<Vec<u8>>,
    /// -I with an address.
    pub source: Option<IpAddr>,
    pub preload: u64,
    pub pattern: Option<Vec<u8>>,
    pub mark: Option<u32>,
    /// IP_PMTUDISC_*
    pub pmtudisc: Option<i32>,
    pub tos: Option<i32>,
    /// -F, 0 for any.
    pub flow: Option<u32>,
    /// -N: what IPv6 nodes are asked instead of an echo.
    pub node: Option<Asked>,
    /// -R or -T.
    pub record: Option<Record>,
    pub send_buffer: Option<i32>,
    pub ident: Option<u16>,
    pub quiet: bool,
    pub numeric: bool,
    /// -H: names also for what was typed as an address.
    pub names: bool,
    pub timestamps: bool,
    pub outstanding: bool,
    pub verbose: bool,
    pub audible: bool,
    pub adaptive: bool,
    pub flood: bool,
    pub broadcast: bool,
    pub strict_source: bool,
    pub connect: bool,
    pub debug: bool,
    pub dont_route: bool,
    pub no_loop: bool,
    /// -U: times as this program sees them, not the kernel.
    pub user_time: bool,
    /// -3: never round times.
    pub precise: bool,
    /// The hosts; the reference takes several as a source route.
    pub hosts: Vec<Vec<u8>>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            called: b"ping".to_vec(),
            family: libc::AF_UNSPEC,
            count: None,
            interval_ms: 1000,
            deadline: None,
            linger_us: 10_000_000,
            size: 56,
            ttl: None,
            device: None,
            source: None,
            preload: 1,
            pattern: None,
            mark: None,
            pmtudisc: None,
            tos: None,
            flow: None,
            node: None,
            record: None,
            send_buffer: None,
            ident: None,
            quiet: false,
            numeric: false,
            names: false,
            timestamps: false,
            outstanding: false,
            verbose: false,
            audible: false,
            adaptive: false,
            flood: false,
            broadcast: false,
            strict_source: false,
            connect: false,
            debug: false,
            dont_route: false,
            no_loop: false,
            user_time: false,
            precise: false,
            hosts: Vec::new(),
        }
    }
}

const SHORT: &str = "h?4bRT:6F:N:3aABc:CdDe:fHi:I:l:Lm:M:nOp:qQ:rs:S:t:UvVw:W:";

const VERSION: &str =
    concat!("ping from iputils 20240905, ipbox ", env!("CARGO_PKG_VERSION"), "\n");

/// What comes of the words.
pub enum Told {
    Ping(Box<Options>),
    /// Only this is shown: -V, -N help.
    Text(String),
}

/// One line of the help: how it is written, what it does.
#[rustfmt::skip] // one row, one line
pub const HELP: &[(&str, &str)] = &[
    ("-4", "IPv4 only"),
    ("-6", "IPv6 only"),
    ("-c COUNT", "end after COUNT answers"),
    ("-i SECONDS", "time between two requests (1)"),
    ("-w SECONDS", "end after so long, whatever has come"),
    ("-W SECONDS", "wait so long for the last answers (10)"),
    ("-s BYTES", "data in each request (56)"),
    ("-I NAME|ADDRESS", "send by this device, or from this address"),
    ("-B", "keep the source address"),
    ("-t TTL", "time to live, or hop limit"),
    ("-q", "only the first line and the summary"),
    ("-n", "no names for addresses"),
    ("-H", "names for addresses, always"),
    ("-D", "the time before each line"),
    ("-O", "tell of each answer that is late"),
    ("-v", "more details"),
    ("-3", "all digits of times"),
    ("-U", "times as seen by this program"),
    ("-a", "a bell for each answer"),
    ("-A", "the next request as soon as the answer is there"),
    ("-f", "flood: a dot for each request, taken back by its answer"),
    ("-l COUNT", "requests under way at once"),
    ("-b", "allow a broadcast address"),
    ("-L", "no copy of a multicast to ourselves"),
    ("-m MARK", "mark of the packets"),
    ("-M do|want|dont|probe", "path MTU discovery"),
    ("-p HEX", "fill the data with these bytes"),
    ("-Q TOS", "type of service, or traffic class"),
    ("-R", "routers write their address into each request (IPv4)"),
    ("-T tsonly|tsandaddr|tsprespec", "routers write the time (IPv4)"),
    ("-N name|ipv6|ipv6-all|ipv6-compatible|ipv6-global|ipv6-linklocal|ipv6-sitelocal|ipv4|ipv4-all|subject-ipv6=|subject-ipv4=|subject-name=|subject-fqdn=|help", "ask a node its names or addresses (IPv6)"),
    ("-F LABEL", "flow label (IPv6); 0 for any"),
    ("-S BYTES", "the socket's send buffer"),
    ("-e NUMBER", "identifier of the requests"),
    ("-C", "connect the socket"),
    ("-d", "SO_DEBUG"),
    ("-r", "only hosts on a cable of this machine"),
    ("-V", "the version"),
    ("-h", "this help"),
];

/// The help, which is told on stderr with status 2.
pub fn usage() -> Error {
    let mut text = String::from("\nUsage\n  ping [options] <destination>\n\nOptions:\n");
    for (word, what) in HELP {
        text += &format!("  {word:<22} {what}\n");
    }
    text += "\nManual: ping(8).";
    Error::failed(2, text)
}

/// A sentence of ping.
pub fn failed(status: u8, text: &[u8]) -> Error {
    Error::failed(status, [b"ping: ", text].concat())
}

impl Options {
    /// Reads the words, the first of which is the program's name.
    ///
    /// # Errors
    ///
    /// The reference's sentence: status 1 for numbers, 2 for anything else.
    pub fn parse(words: &[&[u8]], root: bool) -> Result<Told, Error> {
        let (name, words) = called(words, "ping");
        let mut o =
            Options { called: name.to_vec(), family: family_of(name), ..Options::default() };
        let mut g = Getopt::new(words, Order::Permute);
        while let Some(item) = g.next(&Spec { short: SHORT, long: &[] }) {
            match item {
                Ok(Item::Option(code, value)) => {
                    if code == u32::from(b'V') {
                        return Ok(Told::Text(VERSION.to_owned()));
                    }
                    if code == u32::from(b'N') && value == Some(b"help") {
                        return Ok(Told::Text(nodeinfo::help()));
                    }
                    o.option(u8::try_from(code).unwrap_or(b'?'), value.unwrap_or(b""), root)?;
                }
                Ok(Item::Word(_)) => {}
                // getopt(3) knows no long options and takes `--x` for the letter `-`.
                Err(m) => {
                    let m = match m {
                        Mistake::Unrecognized(_) => Mistake::Invalid(b'-'),
                        m => m,
                    };
                    fd::stderr(&[&m.sentence(name)[..], b"\n"].concat());
                    return Err(usage());
                }
            }
        }
        o.hosts = g.operands().iter().map(|w| w.to_vec()).collect();
        if o.hosts.is_empty() {
            return Err(failed(2, b"usage error: Destination address required"));
        }
        if o.deadline == Some(0) {
            o.deadline = None;
        }
        if o.too_fast() && in_lab() {
            return Err(failed(
                2,
                b"a flood is not for a lab, which shares its machine with others; \
                  please use -i 0.002 (behind -f), which is 500 requests a second",
            ));
        }
        Ok(Told::Ping(Box::new(o)))
    }

    fn option(&mut self, code: u8, value: &[u8], root: bool) -> Result<(), Error> {
        match code {
            b'4' | b'6' => {
                let family = if code == b'4' { libc::AF_INET } else { libc::AF_INET6 };
                if self.family != libc::AF_UNSPEC && self.family != family {
                    return Err(failed(2, b"only one -4 or -6 option may be specified"));
                }
                self.family = family;
            }
            b'b' => self.broadcast = true,
            b'N' => self.node.get_or_insert_default().word(value)?,
            b'F' => self.flow = Some(flow(value)?),
            b'R' | b'T' => {
                let other = |r| matches!(r, Record::Route) != (code == b'R');
                if self.record.is_some_and(other) {
                    return Err(failed(2, b"only one of -T or -R may be used"));
                }
                self.record = Some(match value {
                    _ if code == b'R' => Record::Route,
                    b"tsonly" => Record::Time(Stamp::Only),
                    b"tsandaddr" => Record::Time(Stamp::AndAddress),
                    b"tsprespec" => Record::Time(Stamp::Named),
                    _ => return Err(failed(2, &[b"invalid timestamp type: ", value].concat())),
                });
            }
            b'3' => self.precise = true,
            b'a' => self.audible = true,
            b'A' => self.adaptive = true,
            b'B' => self.strict_source = true,
            b'c' => self.count = Some(number(value, 1, i64::MAX)?.unsigned_abs()),
            b'C' => self.connect = true,
            b'd' => self.debug = true,
            b'D' => self.timestamps = true,
            b'e' => self.ident = u16::try_from(number(value, 0, 0xffff)?).ok(),
            b'f' => {
                self.flood = true;
                self.interval_ms = 0;
            }
            b'H' => (self.names, self.numeric) = (true, false),
            b'i' => self.interval_ms = self.seconds(value, "bad timing interval", 1000.0)?,
            b'I' => self.source_or_device(value)?,
            b'l' => {
                self.preload = number(value, 1, 65536)?.unsigned_abs();
                if !root && self.preload > 3 {
                    let text =
                        format!("cannot set preload to value greater than 3: {}", self.preload);
                    return Err(failed(2, text.as_bytes()));
                }
            }
            b'L' => self.no_loop = true,
            b'm' => self.mark = u32::try_from(number(value, 0, u32::MAX.into())?).ok(),
            b'M' => {
                self.pmtudisc = Some(match value {
                    b"do" => libc::IP_PMTUDISC_DO,
                    b"dont" => libc::IP_PMTUDISC_DONT,
                    b"want" => libc::IP_PMTUDISC_WANT,
                    b"probe" => libc::IP_PMTUDISC_PROBE,
                    _ => return Err(failed(2, &[b"invalid -M argument: ", value].concat())),
                });
            }
            b'n' => (self.names, self.numeric) = (false, true),
            b'O' => self.outstanding = true,
            b'p' => {
                let bytes = pattern(value)?;
                let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
                // At once, whatever the next words are.
                let _ = fd::stdout(format!("PATTERN: 0x{hex}\n").as_bytes());
                self.pattern = Some(bytes);
            }
            b'q' => self.quiet = true,
            b'Q' => self.tos = Some(tos(value)?),
            b'r' => self.dont_route = true,
            b's' => self.size = usize::try_from(int(value, 0, i32::MAX)?).unwrap_or(0),
            b'S' => self.send_buffer = Some(int(value, 1, i32::MAX)?),
            b't' => self.ttl = Some(int(value, 0, 255)?),
            b'U' => self.user_time = true,
            b'v' => self.verbose = true,
            b'w' => self.deadline = Some(number(value, 0, i32::MAX.into())?.unsigned_abs()),
            b'W' => self.linger_us = self.seconds(value, "bad linger time", 1_000_000.0)?,
            _ => return Err(usage()),
        }
        Ok(())
    }

    /// Seconds with a decimal point, as whole units of which a second has `units`.
    ///
    /// What follows the number is only warned about (observed in iputils 20240905).
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // bounded below
    fn seconds(&self, value: &[u8], what: &str, units: f64) -> Result<u64, Error> {
        let bad = |why: &str| failed(2, &[what.as_bytes(), b": ", value, why.as_bytes()].concat());
        let text = std::str::from_utf8(value).map_err(|_| bad(""))?.trim_start();
        if text.is_empty() {
            return Err(bad(""));
        }
        let lower = text.to_ascii_lowercase();
        let unsigned = lower.trim_start_matches(['+', '-']);
        if unsigned.starts_with("nan") || unsigned.starts_with("inf") {
            return Err(bad(&format!(": {}", errno(libc::ERANGE))));
        }
        let (n, rest) = float(text);
        if !rest.is_empty() {
            self.warn(format!("option argument contains garbage: {rest}").as_bytes());
            self.warn(b"this will become fatal error in the future");
        }
        if !(0.0..=f64::from(i32::MAX) / 1000.0).contains(&n) || n * units > 9e18 {
            return Err(bad(""));
        }
        Ok((n * units) as u64)
    }

    fn source_or_device(&mut self, word: &[u8]) -> Result<(), Error> {
        let text = std::str::from_utf8(word).unwrap_or("");
        let bare = text.split('%').next().unwrap_or("");
        if let Ok(v6) = bare.parse::<Ipv6Addr>() {
            self.source = Some(v6.into());
            if let Some((_, device)) = text.split_once('%') {
                self.device = Some(device.as_bytes().to_vec());
            }
        } else if let Ok(v4) = text.parse::<Ipv4Addr>() {
            self.source = Some(v4.into());
        } else if word.contains(&b':') {
            return Err(failed(2, &[b"invalid source address: ", word].concat()));
        } else {
            self.device = Some(word.to_vec());
        }
        Ok(())
    }

    /// Without -A, which follows the answers, the interval is all that slows it down.
    fn too_fast(&self) -> bool {
        self.interval_ms < 2 && !self.adaptive
    }

    /// A line on standard error, under the name that it was called by.
    pub fn warn(&self, text: &[u8]) {
        fd::stderr(&[&self.called[..], b": ", text, b"\n"].concat());
    }

    /// Ordinary users may not flood; the reference says so behind its first line.
    ///
    /// # Errors
    ///
    /// Status 2.
    pub fn check_pace(&self, root: bool) -> Result<(), Error> {
        if !root && self.too_fast() {
            return Err(failed(
                2,
                b"cannot flood, minimal interval for user must be >= 2 ms, use -i 0.002 (or higher)",
            ));
        }
        Ok(())
    }
}

/// Everybody is root in a lab, and nobody is on the machine that it is on.
pub fn in_lab() -> bool {
    file::env("IPBOX_LAB").is_some()
}

/// `ping4` and `ping6` are names of their own.
fn family_of(program: &[u8]) -> i32 {
    match program.last() {
        Some(b'4') => libc::AF_INET,
        Some(b'6') => libc::AF_INET6,
        _ => libc::AF_UNSPEC,
    }
}

fn invalid(value: &[u8], why: &str) -> Error {
    failed(1, &[b"invalid argument: '", value, b"'", why.as_bytes()].concat())
}

/// A decimal number between two bounds.
fn number(value: &[u8], min: i64, max: i64) -> Result<i64, Error> {
    let text = std::str::from_utf8(value).map_err(|_| invalid(value, ""))?;
    let digits = text.trim_start_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']);
    let n = digits.parse::<i64>().map_err(|e| {
        use std::num::IntErrorKind::{NegOverflow, PosOverflow};
        match e.kind() {
            PosOverflow | NegOverflow => invalid(value, &format!(": {}", errno(libc::ERANGE))),
            _ => invalid(value, ""),
        }
    })?;
    if !(min..=max).contains(&n) {
        return Err(invalid(value, &format!(": out of range: {min} <= value <= {max}")));
    }
    Ok(n)
}

fn int(value: &[u8], min: i32, max: i32) -> Result<i32, Error> {
    Ok(i32::try_from(number(value, min.into(), max.into())?).unwrap_or(max))
}

/// The number at the beginning and what follows, as strtod(3).
fn float(text: &str) -> (f64, &str) {
    if let Some(hex) = text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        let end = hex.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(hex.len());
        if let Ok(n) = u32::from_str_radix(&hex[..end], 16) {
            return (n.into(), &hex[end..]);
        }
    }
    let mut end = text.len();
    while end > 0 {
        if text.is_char_boundary(end)
            && !text[..end].ends_with(['f', 'y', 'n'])
            && let Ok(n) = text[..end].parse::<f64>()
        {
            return (n, &text[end..]);
        }
        end -= 1;
    }
    (0.0, text)
}

/// Up to 16 bytes in hexadecimal, two digits each; the last may have one.
fn pattern(value: &[u8]) -> Result<Vec<u8>, Error> {
    if let Some(at) = value.iter().position(|b| !b.is_ascii_hexdigit()) {
        let text = [b"patterns must be specified as hex digits: ", &value[at..]].concat();
        return Err(failed(2, &text));
    }
    let byte = |digits: &[u8]| {
        std::str::from_utf8(digits).ok().and_then(|d| u8::from_str_radix(d, 16).ok()).unwrap_or(0)
    };
    Ok(value.chunks(2).take(16).map(byte).collect())
}

/// Only what is too large is refused.
fn tos(word: &[u8]) -> Result<i32, Error> {
    let n = whole(word).ok_or_else(|| failed(2, &[b"bad TOS value: ", word].concat()))?;
    match low_bits(n) {
        n @ ..=255 => Ok(n),
        n => {
            let text = format!("the decimal value of TOS bits must be in range 0-255: {n}");
            Err(failed(2, text.as_bytes()))
        }
    }
}

/// A number in decimal, or behind 0x in hexadecimal, as strtol(3) reads what comes then; too large
/// ones stay large, and no number at all is zero.
fn whole(word: &[u8]) -> Option<i64> {
    let (text, base) = match word {
        [b'0', b'x' | b'X', hex @ ..] => (hex, 16),
        _ => (word, 10),
    };
    if text.is_empty() {
        return Some(0);
    }
    let (negative, digits) = match text.trim_ascii_start() {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let digits = match digits {
        [b'0', b'x' | b'X', hex @ ..] if base == 16 => hex,
        _ => digits,
    };
    if digits.is_empty() {
        return None;
    }
    let n = digits.iter().try_fold(0i64, |n, &b| {
        let digit = char::from(b).to_digit(base)?;
        Some(n.saturating_mul(base.into()).saturating_add(digit.into()))
    })?;
    Some(if negative { -n } else { n })
}

/// What remains of a long number in an int, as the reference keeps it.
fn low_bits(n: i64) -> i32 {
    let [a, b, c, d, ..] = n.to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}

/// A flow label: 20 bits.
fn flow(word: &[u8]) -> Result<u32, Error> {
    let n = whole(word).ok_or_else(|| failed(2, &[b"bad value for flowinfo: ", word].concat()))?;
    match u32::try_from(low_bits(n)) {
        Ok(n @ 0..=0xf_ffff) => Ok(n),
        _ => Err(failed(2, &[b"flow value is greater than 20 bits: ", word].concat())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, (u8, String)> {
        let words: Vec<&[u8]> =
            ["ping"].into_iter().chain(line.split(' ')).map(str::as_bytes).collect();
        Options::parse(&words, false)
            .map(|told| match told {
                Told::Ping(o) => *o,
                Told::Text(text) => panic!("{text}"),
            })
            .map_err(|e| (e.status(), String::from_utf8(e.text()).unwrap()))
    }

    #[test]
    fn numbers_and_times() {
        let o = parse("-c 3 -i 0.2 -W 1.5 -w 7 -s100 10.0.0.1").unwrap();
        assert_eq!((o.count, o.interval_ms, o.linger_us), (Some(3), 200, 1_500_000));
        assert_eq!((o.deadline, o.size, o.hosts.len()), (Some(7), 100, 1));
        let told = |l| parse(l).unwrap_err();
        assert_eq!(
            told("-c 0 h"),
            (
                1,
                "ping: invalid argument: '0': out of range: 1 <= value <= 9223372036854775807\n"
                    .into()
            )
        );
        assert_eq!(told("-c 1x h"), (1, "ping: invalid argument: '1x'\n".into()));
        assert_eq!(told("-W -1 h"), (2, "ping: bad linger time: -1\n".into()));
        assert_eq!(told("-i 1e9 h"), (2, "ping: bad timing interval: 1e9\n".into()));
        assert_eq!(told("-R -T x h").1, "ping: only one of -T or -R may be used\n");
        assert_eq!(told("-c 1").1, "ping: usage error: Destination address required\n");
        assert!(parse("-i 0 h").unwrap().check_pace(true).is_ok());
        assert_eq!(parse("-i 0 h").unwrap().check_pace(false).unwrap_err().status(), 2);
    }

    #[test]
    fn a_source_is_an_address_or_a_device() {
        assert_eq!(parse("-I v0 h").unwrap().device.as_deref(), Some(&b"v0"[..]));
        assert_eq!(parse("-I 10.0.0.1 h").unwrap().source, "10.0.0.1".parse().ok());
        let o = parse("-I fe80::1%v0 h").unwrap();
        assert_eq!((o.device.as_deref(), o.source), (Some(&b"v0"[..]), "fe80::1".parse().ok()));
    }

    #[test]
    fn patterns_and_floats() {
        assert_eq!(pattern(b"12345").unwrap(), [0x12, 0x34, 5]);
        assert!(pattern(b"zz").is_err());
        assert_eq!(float("0.2x"), (0.2, "x"));
        assert_eq!(float("x"), (0.0, "x"));
        assert_eq!(float("1e3"), (1000.0, ""));
        assert_eq!(float("0x10s"), (16.0, "s"));
        assert_eq!(float("0x"), (0.0, "x"));
    }
}
