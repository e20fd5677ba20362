//! `arp`: the table of neighbours of IPv4, as net-tools shows and changes it.
//!
//! The table is read from /proc/net/arp and changed by the requests of arp(7), as net-tools
//! does, so that refusals have the same words.

mod hardware;

use std::net::Ipv4Addr;

use crate::cli::getopt::{Getopt, Item, Long, Order, Spec, Value, called, long};
use crate::cli::value;
use crate::error::{Error, strerror};
use crate::names::hosts::{self, Hosts};
use crate::output::{Out, Style};
use crate::sys::ioctl::{self, Arp};
use crate::sys::{fd, file};

// Flags of an entry (linux/if_arp.h)
const COMPLETE: i32 = 0x02;
const PERMANENT: i32 = 0x04;
const PUBLISHED: i32 = 0x08;
const TRAILERS: i32 = 0x10;
const NETMASK: i32 = 0x20;
const DONT_PUBLISH: i32 = 0x40;
const MAGIC: i32 = 0x80;

const SHORT: &str = "A:H:adfp:nsei:t:vh?DNV";

#[rustfmt::skip] // one row, one line
const LONG: &[Long] = &[
    long("verbose", Value::No, b'v' as u32),
    long("version", Value::No, b'V' as u32),
    long("all", Value::No, b'a' as u32),
    long("delete", Value::No, b'd' as u32),
    long("file", Value::No, b'f' as u32),
    long("numeric", Value::No, b'n' as u32),
    long("set", Value::No, b's' as u32),
    long("protocol", Value::Needed, b'A' as u32),
    long("hw-type", Value::Needed, b'H' as u32),
    long("device", Value::Needed, b'i' as u32),
    long("help", Value::No, b'h' as u32),
    long("use-device", Value::No, b'D' as u32),
    long("symbolic", Value::No, b'N' as u32),
];

pub const HELP: &str = "\
Usage:
  arp [-v] [-n] [-H TYPE] [-i DEVICE] [-a | -e] [HOST]
  arp [-v] [-i DEVICE] -d HOST [pub]
  arp [-v] [-H TYPE] [-i DEVICE] -s HOST ADDRESS [temp]
  arp [-v] [-i DEVICE] -D -s HOST DEVICE [netmask MASK] pub
  arp [-v] [-D] [-H TYPE] [-i DEVICE] -f [FILE]

  -a, --all          one sentence for each entry (BSD)
  -e                 a table (this is what is shown without -a)
  -n, --numeric      addresses without names
  -v, --verbose      more details
  -i, --device DEVICE  only entries of this device
  -H, -t, --hw-type ether|arcnet|ash|ax25|dlci|eui64|fddi|hippi|irda|netrom|rose|x25  only entries
                     of this type of hardware
  -A, -p, --protocol inet  the family of addresses; there is no other
  -D, --use-device   the hardware address of a device
  -s, --set          make an entry
  -d, --delete       delete an entry
  -f, --file         make the entries of a file (/etc/ethers)
  -V, --version      the version
  -h, --help         this help
";

const ETHERS: &[u8] = b"/etc/ethers";

/// What is to be done; the last option that says so counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Show,
    Set,
    Delete,
    File,
}

struct Options {
    verb: Verb,
    /// -a; -e is stronger.
    bsd: bool,
    table: bool,
    numeric: bool,
    verbose: bool,
    use_device: bool,
    device: Vec<u8>,
    /// The type of -H and whether it was given.
    hardware: Option<u16>,
}

/// Runs the applet: status 0; 255 for anything refused, 3 for words that make no command.
pub fn run(words: &[&[u8]]) -> u8 {
    let mut out = Out::new(Style::default());
    let result = arp(words, &mut out);
    let _ = out.flush();
    match result {
        Ok(()) => 0,
        Err(e) => {
            fd::stderr(&e.text());
            e.status()
        }
    }
}

fn failed(parts: &[&[u8]]) -> Error {
    Error::failed(255, parts.concat())
}

fn usage() -> Error {
    Error::failed(3, HELP.trim_end())
}

fn arp(words: &[&[u8]], out: &mut Out) -> Result<(), Error> {
    let (name, words) = called(words, "arp");
    let mut o = Options {
        verb: Verb::Show,
        bsd: false,
        table: false,
        numeric: false,
        verbose: false,
        use_device: false,
        device: Vec::new(),
        hardware: None,
    };
    let (mut family, mut kind): (&[u8], _) = (b"inet", None);
    let mut options = Getopt::new(words, Order::Permute);
    while let Some(item) = options.next(&Spec { short: SHORT, long: LONG }) {
        let (code, value) = match item {
            Ok(Item::Option(code, value)) => (code, value.unwrap_or(b"")),
            Ok(Item::Word(_)) => continue,
            Err(m) => {
                fd::stderr(&[&m.sentence(name)[..], b"\n"].concat());
                return Err(usage());
            }
        };
        match u8::try_from(code).unwrap_or(0) {
            b'a' => (o.verb, o.bsd) = (Verb::Show, true),
            b'e' => o.table = true,
            b'n' => o.numeric = true,
            b'v' => o.verbose = true,
            b'D' => o.use_device = true,
            b'N' => fd::stderr(b"arp: -N not yet supported.\n"),
            b's' => o.verb = Verb::Set,
            b'd' => o.verb = Verb::Delete,
            b'f' => o.verb = Verb::File,
            b'i' => o.device = value.to_vec(),
            b'H' | b't' => kind = Some(hardware::kind(value)?),
            b'A' | b'p' => family = known(value)?,
            b'V' => {
                out.text(concat!("net-tools 2.10, ipbox ", env!("CARGO_PKG_VERSION"), "\n"));
                return Ok(());
            }
            b'h' => {
                out.text(HELP);
                return Ok(());
            }
            _ => return Err(usage()),
        }
    }
    let operands = options.operands();
    o.bsd &= !o.table;
    if family != b"inet" {
        return Err(failed(&[b"arp: ", family, b": kernel only supports 'inet'."]));
    }
    if let Some((name, number, has_arp)) = kind {
        if !has_arp {
            let why = b": hardware type without ARP support.";
            return Err(failed(&[b"arp: ", name.as_bytes(), why]));
        }
        o.hardware = Some(number);
    }
    match o.verb {
        Verb::Show => show(&o, operands.first().copied(), out),
        Verb::Set => set(&o, &operands),
        Verb::Delete => delete(&o, &operands, out),
        Verb::File => from_file(&o, operands.first().copied().unwrap_or(ETHERS)),
    }
}

/// A family of addresses that net-tools has heard of.
fn known(word: &[u8]) -> Result<&[u8], Error> {
    if word.contains(&b',') {
        fd::stderr(b"Please don't supply more than one address family.\n");
    }
    match word {
        b"inet" | b"unspec" | b"ash" | b"inet6" | b"unix" | b"ax25" | b"netrom" | b"rose"
        | b"ipx" | b"ddp" | b"ec" | b"x25" => Ok(word),
        _ => Err(failed(&[b"arp: ", word, b": unknown address family."])),
    }
}

/// The address of a host, by itself or by /etc/hosts.
fn resolve(word: &[u8]) -> Result<Ipv4Addr, Error> {
    if word == b"default" {
        return Ok(Ipv4Addr::UNSPECIFIED);
    }
    if let Some(addr) = value::inet_aton(word) {
        return Ok(addr);
    }
    let all = Hosts::read().addresses(word);
    let v4 = all.iter().find_map(|a| match a {
        std::net::IpAddr::V4(a) => Some(*a),
        std::net::IpAddr::V6(_) => None,
    });
    v4.ok_or_else(|| failed(&[&not_found(word)]))
}

/// Why a name has no address: what looks like an address is not looked for.
pub fn not_found(word: &[u8]) -> Vec<u8> {
    let why: &[u8] = if word.is_empty() {
        let why: &[u8] = if hosts::others_are_asked() { b"server error" } else { b"host" };
        return [b"Unknown ", why].concat();
    } else if word.contains(&b':')
        || word.iter().all(|b| b.is_ascii_digit() || *b == b'.')
        || !hosts::others_are_asked()
    {
        b": Unknown host"
    } else {
        b": Host name lookup failure"
    };
    [word, why].concat()
}

/// One line of /proc/net/arp.
struct Entry<'a> {
    addr: &'a str,
    kind: u16,
    flags: i32,
    hardware: &'a str,
    mask: &'a str,
    device: &'a str,
}

fn entry(line: &str) -> Option<Entry<'_>> {
    let mut words = line.split_ascii_whitespace();
    let mut next = || words.next();
    let hex = |w: &str| u32::from_str_radix(w.trim_start_matches("0x"), 16).ok();
    Some(Entry {
        addr: next()?,
        kind: u16::try_from(hex(next()?)?).ok()?,
        flags: i32::try_from(hex(next()?)?).ok()?,
        hardware: next()?,
        mask: next()?,
        device: next()?,
    })
}

fn show(o: &Options, host: Option<&[u8]>, out: &mut Out) -> Result<(), Error> {
    let wanted = host.map(resolve).transpose()?;
    let table = file::read(b"/proc/net/arp")
        .map_err(|e| failed(&[b"/proc/net/arp: ", strerror(&e).as_bytes()]))?;
    let table = String::from_utf8_lossy(&table);
    let hosts = if o.numeric { Hosts::default() } else { Hosts::read() };
    let (mut entries, mut shown) = (0, 0);
    for e in table.lines().skip(1).filter_map(entry) {
        entries += 1;
        let fits = o.hardware.is_none_or(|h| h == e.kind)
            && (o.device.is_empty() || o.device == e.device.as_bytes())
            && wanted.is_none_or(|w| e.addr.parse() == Ok(w));
        if !fits {
            continue;
        }
        if shown == 0 && !o.bsd {
            out.text(
                "Address                  HWtype  HWaddress           Flags Mask            Iface\n",
            );
        }
        shown += 1;
        let name = e.addr.parse().ok().and_then(|a| hosts.name(a)).map(String::from_utf8_lossy);
        let line = if o.bsd { sentence(&e, name.as_deref()) } else { row(&e, name.as_deref()) };
        out.text(&line);
    }
    if o.verbose {
        out.text(&format!("Entries: {entries}\tSkipped: {}\tFound: {shown}\n", entries - shown));
    }
    if shown == 0 {
        if let (Some(name), Some(addr), false) = (host, wanted, o.bsd) {
            out.text_bytes(&[name, format!(" ({addr}) -- no entry\n").as_bytes()].concat());
        } else if host.is_some() || o.hardware.is_some() || !o.device.is_empty() {
            out.text(&format!("arp: in {entries} entries no match found.\n"));
        }
    }
    Ok(())
}

/// One line of the table; names are cut to their column.
fn row(e: &Entry<'_>, name: Option<&str>) -> String {
    let (kind, hardware) = match e.flags {
        f if f & COMPLETE != 0 => (hardware::name(e.kind), e.hardware),
        f if f & PUBLISHED != 0 => ("*", "<from_interface>"),
        _ => ("", "(incomplete)"),
    };
    let letters = [
        (COMPLETE, 'C'),
        (PERMANENT, 'M'),
        (PUBLISHED, 'P'),
        (MAGIC, 'A'),
        (DONT_PUBLISH, '!'),
        (TRAILERS, 'T'),
    ];
    let flags: String =
        letters.iter().filter(|(bit, _)| e.flags & bit != 0).map(|(_, c)| c).collect();
    let mask = if e.flags & NETMASK != 0 { e.mask } else { "" };
    let name = name.unwrap_or(e.addr);
    format!("{name:<23.23}  {kind:<8.8}{hardware:<20.20}{flags:<6}{mask:<16}{}\n", e.device)
}

/// `NAME (ADDRESS) at HARDWARE [TYPE] … on DEVICE`
fn sentence(e: &Entry<'_>, name: Option<&str>) -> String {
    let mut t = format!("{} ({}) at ", name.unwrap_or("?"), e.addr);
    if e.flags & COMPLETE != 0 {
        t += &format!("{} [{}] ", e.hardware, hardware::name(e.kind));
    } else if e.flags & PUBLISHED != 0 {
        t += "<from_interface> ";
    } else {
        t += "<incomplete> ";
    }
    if e.flags & NETMASK != 0 {
        t += &format!("netmask {} ", e.mask);
    }
    for (bit, word) in
        [(PERMANENT, "PERM "), (PUBLISHED, "PUB "), (MAGIC, "AUTO "), (TRAILERS, "TRAIL ")]
    {
        if e.flags & bit != 0 {
            t += word;
        }
    }
    t + &format!("on {}\n", e.device)
}

/// The words behind a host and its address.
struct Extra {
    flags: i32,
    netmask: Ipv4Addr,
    device: Vec<u8>,
}

fn extra(o: &Options, words: &[&[u8]], flags: i32) -> Result<Extra, Error> {
    let mut x = Extra { flags, netmask: Ipv4Addr::UNSPECIFIED, device: o.device.clone() };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            b"pub" => x.flags |= PUBLISHED,
            b"priv" => x.flags &= !PUBLISHED,
            b"temp" => x.flags &= !PERMANENT,
            b"trail" => x.flags |= TRAILERS,
            b"dontpub" => x.flags |= DONT_PUBLISH,
            b"auto" => x.flags |= MAGIC,
            b"dev" => x.device = words.next().ok_or_else(usage)?.to_vec(),
            b"netmask" => {
                let mask = words.next().ok_or_else(usage)?;
                if *mask != b"255.255.255.255" {
                    x.flags |= NETMASK;
                    x.netmask = resolve(mask)?;
                }
            }
            _ => return Err(usage()),
        }
    }
    Ok(x)
}

fn set(o: &Options, words: &[&[u8]]) -> Result<(), Error> {
    let host = words.first().ok_or_else(|| failed(&[b"arp: need host name"]))?;
    let addr = resolve(host)?;
    let word = words.get(1).ok_or_else(|| failed(&[b"arp: need hardware address"]))?;
    let hardware = if o.use_device {
        let found = ioctl::hardware_address(word).map_err(|e| {
            let why = strerror(&e);
            failed(&[b"arp: cant get HW-Address for `", word, b"': ", why.as_bytes(), b"."])
        })?;
        if o.hardware.is_some_and(|kind| kind != found.0) {
            return Err(failed(&[b"arp: protocol type mismatch."]));
        }
        if o.verbose {
            let shown = hardware::shown(found.0, &found.1);
            let parts: [&[u8]; 5] =
                [b"arp: device `", word, b"' has HW address ", shown.as_bytes(), b".\n"];
            fd::stderr(&parts.concat());
        }
        found
    } else {
        let kind = o.hardware.unwrap_or(hardware::ETHER);
        let bytes = hardware::address(kind, word);
        (kind, bytes.ok_or_else(|| failed(&[b"arp: invalid hardware address"]))?)
    };
    let x = extra(o, &words[2..], PERMANENT | COMPLETE)?;
    if o.verbose {
        fd::stderr(b"arp: SIOCSARP()\n");
    }
    let entry = Arp { addr, hardware, flags: x.flags, netmask: x.netmask, device: &x.device };
    ioctl::set_arp(&entry).map_err(|e| failed(&[b"SIOCSARP: ", strerror(&e).as_bytes()]))
}

fn delete(o: &Options, words: &[&[u8]], out: &mut Out) -> Result<(), Error> {
    let host = words.first().ok_or_else(|| failed(&[b"arp: need host name"]))?;
    let addr = resolve(host)?;
    if o.verbose {
        let mut rest = words[1..].iter();
        while let Some(word) = rest.next() {
            fd::stderr(&[b"args=", *word, b"\n"].concat());
            if matches!(*word, b"dev" | b"netmask") {
                rest.next();
            }
        }
    }
    let x = extra(o, &words[1..], PERMANENT)?;
    let none = |out: &mut Out| {
        out.text_bytes(&[b"No ARP entry for ", *host, b"\n"].concat());
        Err(Error::Status(255))
    };
    let mut entry = Arp {
        addr,
        hardware: (o.hardware.unwrap_or(0), [0; 14]),
        flags: x.flags,
        netmask: x.netmask,
        device: &x.device,
    };
    // An entry of ours first, then one that is answered for others.
    for (flag, what) in [(0, "SIOCDARP(dontpub)"), (PUBLISHED, "SIOCDARP(pub)")] {
        if flag == 0 && x.flags & PUBLISHED != 0 {
            continue;
        }
        entry.flags = x.flags | flag;
        if o.verbose {
            fd::stderr(format!("arp: {what}\n").as_bytes());
        }
        match ioctl::delete_arp(&entry) {
            Ok(()) => return Ok(()),
            Err(e) => match (e.raw_os_error(), flag) {
                (Some(libc::ENXIO), 0) => {}
                (Some(libc::ENXIO | libc::ENOENT), PUBLISHED) => return none(out),
                _ => return Err(failed(&[what.as_bytes(), b": ", strerror(&e).as_bytes()])),
            },
        }
    }
    none(out)
}

/// `HOST HARDWARE [WORD...]` a line; a bad line is told and left out.
fn from_file(o: &Options, name: &[u8]) -> Result<(), Error> {
    let text = match file::read(name) {
        Ok(text) => text,
        // A directory is opened, and has no lines.
        Err(e) if e.raw_os_error() == Some(libc::EISDIR) => Vec::new(),
        Err(_) => return Err(failed(&[b"arp: cannot open etherfile ", name, b" !"])),
    };
    for (n, line) in text.split_inclusive(|&b| b == b'\n').enumerate() {
        if o.verbose {
            fd::stderr(&[b">> ", line].concat());
        }
        let mut words: Vec<&[u8]> =
            line.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty()).collect();
        if words.first().is_none_or(|w| w.starts_with(b"#")) {
            continue;
        }
        let complain = |what: &str| {
            let at = format!("arp: {what} on line {} of etherfile ", n + 1);
            fd::stderr(&[at.as_bytes(), name, b" !\n"].concat());
        };
        if words.len() < 2 {
            complain("format error");
            continue;
        }
        // The file of ethers(5) has the hardware address first; either order is understood.
        if words[0].contains(&b':') {
            words.swap(0, 1);
        }
        if let Err(e) = set(o, &words) {
            // Words that make no command end everything.
            if e.status() == usage().status() {
                return Err(e);
            }
            fd::stderr(&e.text());
            complain("cannot set entry");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "10.0.0.2         0x1         0x6         02:00:00:00:00:22     *        v0";

    #[test]
    fn an_entry_in_both_styles() {
        let e = entry(LINE).unwrap();
        assert_eq!(
            row(&e, None),
            "10.0.0.2                 ether   02:00:00:00:00:22   CM                    v0\n"
        );
        assert_eq!(
            sentence(&e, Some("two")),
            "two (10.0.0.2) at 02:00:00:00:00:22 [ether] PERM on v0\n"
        );
        let none = entry("10.0.0.6 0x1 0x0 00:00:00:00:00:00 * v0").unwrap();
        assert_eq!(
            row(&none, Some("averyveryveryverylonghostname")),
            "averyveryveryverylongho          (incomplete)                              v0\n"
        );
        assert_eq!(sentence(&none, None), "? (10.0.0.6) at <incomplete> on v0\n");
    }

    #[test]
    fn published_entries_have_no_address_of_their_own() {
        let e = entry("10.0.0.9 0x1 0xc 00:00:00:00:00:00 * v0").unwrap();
        assert_eq!(
            row(&e, None),
            "10.0.0.9                 *       <from_interface>    MP                    v0\n"
        );
        assert_eq!(sentence(&e, None), "? (10.0.0.9) at <from_interface> PERM PUB on v0\n");
    }
}
