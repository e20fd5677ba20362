//! The tables of `route`, from /proc/net/route and /proc/net/ipv6_route.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Family, Options, failed};
use super::{RTF_DYNAMIC, RTF_GATEWAY, RTF_HOST, RTF_MODIFIED, RTF_REINSTATE, RTF_REJECT, RTF_UP};
use crate::error::{Error, strerror};
use crate::names::hosts::{Hosts, Networks};
use crate::output::Out;
use crate::sys::file;

/// Shows the tables that the options ask for.
///
/// # Errors
///
/// When the kernel's files cannot be read.
pub fn show(o: &Options, out: &mut Out) -> Result<(), Error> {
    for family in &o.families {
        match family {
            Family::Inet => {
                if o.fib || !o.cache {
                    inet(o, out)?;
                }
                if o.cache {
                    // Kernels have had no cache to show since Linux 3.6.
                    out.text("Kernel IP routing cache\n");
                    out.text(CACHE_HEADERS.get(usize::from(o.extend)).unwrap_or(&""));
                }
            }
            Family::Other(other) => other.show(out)?,
            Family::Inet6 => {
                if o.fib || !o.cache {
                    inet6(o, false, out)?;
                }
                if o.cache {
                    inet6(o, true, out)?;
                }
            }
        }
    }
    Ok(())
}

fn read(path: &str) -> Result<String, Error> {
    let text = file::read(path.as_bytes())
        .map_err(|e| failed(1, &[path.as_bytes(), b": ", strerror(&e).as_bytes()]))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// One line of /proc/net/route.
#[derive(Debug)]
struct Row<'a> {
    device: &'a str,
    dst: Ipv4Addr,
    gateway: Ipv4Addr,
    flags: u16,
    references: i32,
    used: i32,
    metric: i32,
    mask: Ipv4Addr,
    mtu: i32,
    window: i32,
    irtt: i32,
}

/// The kernel prints an address as the number that lies in memory.
fn row(line: &str) -> Option<Row<'_>> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let hex = |at: usize| u32::from_str_radix(words.get(at)?, 16).ok();
    let addr = |at: usize| Some(Ipv4Addr::from(hex(at)?.to_ne_bytes()));
    // Metrics have 32 bits, and are shown with a sign.
    let int = |at: usize| {
        let n: i64 = words.get(at)?.parse().ok()?;
        i32::try_from(n).or_else(|_| u32::try_from(n).map(u32::cast_signed)).ok()
    };
    Some(Row {
        device: words.first()?,
        dst: addr(1)?,
        gateway: addr(2)?,
        flags: u16::try_from(hex(3)?).ok()?,
        references: int(4)?,
        used: int(5)?,
        metric: int(6)?,
        mask: addr(7)?,
        mtu: int(8)?,
        window: int(9)?,
        irtt: int(10)?,
    })
}

const INET_HEADERS: [&str; 3] = [
    "Destination     Gateway         Genmask         Flags Metric Ref    Use Iface\n",
    "Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n",
    "Destination     Gateway         Genmask         Flags Metric Ref    Use Iface    MSS   Window irtt\n",
];

const CACHE_HEADERS: [&str; 3] = [
    "Source          Destination     Gateway         Flags Metric Ref    Use Iface\n",
    "Source          Destination     Gateway         Flags   MSS Window  irtt Iface\n",
    "Source          Destination     Gateway         Flags Metric Ref    Use Iface    MSS   Window irtt  TOS HHRef HHUptod     SpecDst\n",
];

fn inet(o: &Options, out: &mut Out) -> Result<(), Error> {
    let table = read("/proc/net/route")?;
    let names = if o.numeric {
        (Hosts::default(), Networks::default())
    } else {
        (Hosts::read(), Networks::read())
    };
    out.text("Kernel IP routing table\n");
    // Three -e show no more.
    let header = INET_HEADERS.get(usize::from(o.extend));
    out.text(header.unwrap_or(&""));
    if table.is_empty() {
        // A namespace that never had a route has no file header either; this counts as a
        // failure (observed in net-tools 2.10).
        return Err(Error::Status(1));
    }
    if header.is_none() {
        return Ok(());
    }
    for r in table.lines().skip(1).filter_map(row) {
        if r.flags & RTF_UP != 0 {
            out.text(&inet_line(&r, o, &names));
        }
    }
    Ok(())
}

fn inet_line(r: &Row<'_>, o: &Options, (hosts, networks): &(Hosts, Networks)) -> String {
    let text = |name: Option<&[u8]>, addr: Ipv4Addr| match name {
        Some(name) => String::from_utf8_lossy(name).into_owned(),
        None => addr.to_string(),
    };
    let dst = if r.dst.is_unspecified() {
        let default = r.mask.is_unspecified() && !o.numeric;
        text(default.then_some(&b"default"[..]), r.dst)
    } else if r.flags & RTF_HOST != 0 {
        text(hosts.name(r.dst.into()), r.dst)
    } else {
        text(networks.name(r.dst), r.dst)
    };
    let rejected = r.flags & RTF_REJECT != 0;
    let gateway = if rejected {
        "-".to_owned()
    } else if r.gateway.is_unspecified() {
        r.gateway.to_string()
    } else {
        text(hosts.name(r.gateway.into()), r.gateway)
    };
    let letters = [
        (RTF_GATEWAY, 'G'),
        (RTF_HOST, 'H'),
        (RTF_REINSTATE, 'R'),
        (RTF_DYNAMIC, 'D'),
        (RTF_MODIFIED, 'M'),
    ];
    let mut flags = String::from(if rejected { "!" } else { "U" });
    flags.extend(letters.iter().filter(|(bit, _)| r.flags & bit != 0).map(|(_, c)| c));
    let device = if rejected { "-" } else { r.device };
    let head = format!("{dst:<15.15} {gateway:<15.15} {:<15} {flags:<5} ", r.mask.to_string());
    // What a rejected route does not have is a dash.
    let or_dash = |n: i32| if rejected { "-".to_owned() } else { n.to_string() };
    let (mtu, window, irtt) = (or_dash(r.mtu), or_dash(r.window), or_dash(r.irtt));
    if o.extend == 1 {
        return head + &format!("{mtu:>5} {window:<5} {irtt:>6} {device}\n");
    }
    let middle = format!("{:<6} {:<2} {:>7} ", r.metric, or_dash(r.references), r.used);
    if o.extend == 0 {
        return head + &middle + &format!("{device}\n");
    }
    head + &middle + &format!("{device:<8} {mtu:<5} {window:<6} {irtt}\n")
}

/// One line of /proc/net/ipv6_route: target, length, source, length, gateway, metric,
/// references, use, flags, device; all but the device in hexadecimal.
fn inet6(o: &Options, cache: bool, out: &mut Out) -> Result<(), Error> {
    let table = read("/proc/net/ipv6_route")?;
    let hosts = if o.numeric { Hosts::default() } else { Hosts::read() };
    out.text(if cache { "Kernel IPv6 routing cache\n" } else { "Kernel IPv6 routing table\n" });
    out.text("Destination                    Next Hop                   Flag Met Ref  Use If\n");
    for line in table.lines() {
        if let Some(text) = inet6_line(line, o.numeric, cache, &hosts) {
            out.text(&text);
        }
    }
    Ok(())
}

const RTF6_CACHE: u32 = 0x0100_0000;

/// Flags of IPv6 (linux/ipv6_route.h) and their letters.
const LETTERS6: [(u32, char); 10] = [
    (0x2, 'G'),
    (0x4, 'H'),
    (0x0001_0000, 'D'),
    (0x0004_0000, 'A'),
    (RTF6_CACHE, 'C'),
    (0x0002_0000, 'a'),
    (0x0040_0000, 'e'),
    (0x20, 'm'),
    (0x0020_0000, 'n'),
    (0x0200_0000, 'f'),
];

fn inet6_line(line: &str, numeric: bool, cache: bool, hosts: &Hosts) -> Option<String> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let addr = |at: usize| {
        let n = u128::from_str_radix(words.get(at)?, 16).ok()?;
        Some(Ipv6Addr::from(n))
    };
    let hex = |at: usize| u32::from_str_radix(words.get(at)?, 16).ok();
    let name = |a: Ipv6Addr| {
        if a.is_unspecified() && !numeric {
            return "[::]".to_owned();
        }
        match hosts.name(a.into()) {
            Some(n) => String::from_utf8_lossy(n).into_owned(),
            None => a.to_string(),
        }
    };
    let (dst, len, gateway) = (addr(0)?, hex(1)?, addr(4)?);
    let (metric, references, used, bits) = (hex(5)?, hex(6)?, hex(7)?, hex(8)?);
    if cache != (bits & RTF6_CACHE != 0) {
        return None;
    }
    let mut flags = String::from(if bits & u32::from(RTF_REJECT) != 0 { "!" } else { "U" });
    flags.extend(LETTERS6.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, c)| c));
    let target = format!("{}/{len}", name(dst));
    Some(format!(
        "{target:<30} {:<26} {flags:<4} {:<3} {:<1} {:>6} {}\n",
        name(gateway),
        metric.cast_signed(),
        references.cast_signed(),
        used.cast_signed(),
        words.get(9)?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "v0\t00000A0A\t0200000A\t0003\t0\t0\t100\t0000FFFF\t0\t3000\t100\t";

    fn options(extend: u8) -> Options {
        Options { families: vec![], numeric: true, extend, fib: false, cache: false }
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn a_route_in_three_forms() {
        let r = row(LINE).unwrap();
        let names = (Hosts::default(), Networks::default());
        let line = |extend| inet_line(&r, &options(extend), &names);
        let head = "10.10.0.0       10.0.0.2        255.255.0.0     UG    ";
        assert_eq!(line(0), format!("{head}100    0        0 v0\n"));
        assert_eq!(line(1), format!("{head}    0 3000     100 v0\n"));
        assert_eq!(line(2), format!("{head}100    0        0 v0       0     3000   100\n"));
        let reject = LINE.replace("0003", "0201");
        let r = row(&reject).unwrap();
        assert_eq!(
            inet_line(&r, &options(1), &names),
            "10.10.0.0       -               255.255.0.0     !         - -          - -\n"
        );
    }

    #[test]
    fn a_route_of_ipv6() {
        let zero = "0".repeat(32);
        let line = format!(
            "20010db8000000000000000000000000 40 {zero} 00 {zero} 00000100 00000003 00000000 00000001       v0"
        );
        let hosts = Hosts::default();
        assert_eq!(
            inet6_line(&line, true, false, &hosts).unwrap(),
            "2001:db8::/64                  ::                         U    256 3      0 v0\n"
        );
        assert!(inet6_line(&line, false, false, &hosts).unwrap().contains(" [::] "));
        assert!(inet6_line(&line, true, true, &hosts).is_none());
        assert!(inet6_line("x", true, false, &hosts).is_none());
    }
}
