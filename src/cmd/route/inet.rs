//! `route add` and `route del` for IPv4.

use std::net::{IpAddr, Ipv4Addr};

use super::{
    RESOLVE, RTF_DYNAMIC, RTF_GATEWAY, RTF_HOST, RTF_IRTT, RTF_MODIFIED, RTF_MSS, RTF_REINSTATE,
    RTF_REJECT, RTF_UP, RTF_WINDOW, answered, failed, misused, usage,
};
use crate::cli::value;
use crate::error::Error;
use crate::names::hosts::{Hosts, Networks};
use crate::sys::ioctl::{self, Route};

pub const HELP: &str = "\
Usage: route {add|del} [-net|-host] TARGET[/LENGTH] [netmask MASK] [gw GATEWAY] [metric N]
                       [mss N] [window N] [irtt N] [reject] [mod] [dyn] [reinstate]
                       [[dev] DEVICE]
";

/// What the words say; `None` where they say nothing.
#[derive(Debug, PartialEq, Eq)]
struct Words<'a> {
    dst: Ipv4Addr,
    gateway: Option<Ipv4Addr>,
    genmask: u32,
    /// How the mask was typed.
    mask_word: &'a [u8],
    flags: u16,
    /// One more than what was typed.
    metric: i16,
    mtu: u64,
    window: u64,
    irtt: u16,
    device: Option<&'a [u8]>,
}

/// Reads the words and asks the kernel.
///
/// # Errors
///
/// The reference's sentences: 3 for wrong words, 6 for unknown names, 7 for refusals.
pub fn change(add: bool, words: &[&[u8]]) -> Result<(), Error> {
    let w = parse(words)?;
    let route = Route {
        dst: w.dst,
        gateway: w.gateway,
        genmask: Ipv4Addr::from(w.genmask),
        flags: w.flags,
        metric: w.metric,
        mtu: w.mtu,
        window: w.window,
        irtt: w.irtt,
        device: w.device,
    };
    let what = if add { "SIOCADDRT" } else { "SIOCDELRT" };
    answered(what, ioctl::change_route(add, &route))
}

/// An address and whether it is that of a network.
///
/// Networks and hosts have names of their own; which comes first depends on the word.
fn resolve(word: &[u8], hosts_first: bool) -> Option<(Ipv4Addr, bool)> {
    if word == b"default" {
        return Some((Ipv4Addr::UNSPECIFIED, true));
    }
    if let Some(addr) = value::inet_aton(word) {
        return Some((addr, false));
    }
    let host = || {
        Hosts::read().addresses(word).into_iter().find_map(|a| match a {
            IpAddr::V4(a) => Some((a, false)),
            IpAddr::V6(_) => None,
        })
    };
    let network = || Networks::read().address(word).map(|a| (a, true));
    if hosts_first { host().or_else(network) } else { network().or_else(host) }
}

fn unknown(word: &[u8]) -> Error {
    failed(RESOLVE, &[&crate::cmd::arp::not_found(word)])
}

fn parse<'a>(words: &[&'a [u8]]) -> Result<Words<'a>, Error> {
    let bad = || usage(HELP);
    let mut rest = words.iter().copied();
    let mut next = || rest.next();
    let mut target = next().ok_or_else(bad)?;
    let mut kind = None;
    if matches!(target, b"#net" | b"#host") {
        kind = Some(target == b"#net");
        target = next().ok_or_else(bad)?;
    }
    let (name, length) = match target.iter().position(|&b| b == b'/') {
        Some(at) => (&target[..at], Some(&target[at + 1..])),
        None => (target, None),
    };
    let mut genmask = match length {
        None => 0,
        Some(n) => prefix_mask(n).ok_or_else(bad)?,
    };
    let (dst, network) = resolve(name, kind == Some(false)).ok_or_else(|| unknown(name))?;
    let host = !kind.unwrap_or(network);
    let mut w = Words {
        dst,
        gateway: None,
        genmask: 0,
        mask_word: b"",
        flags: RTF_UP | if host { RTF_HOST } else { 0 },
        metric: 0,
        mtu: 0,
        window: 0,
        irtt: 0,
        device: None,
    };
    while let Some(word) = next() {
        match word {
            b"metric" => {
                let n = next().filter(|n| n.first().is_some_and(u8::is_ascii_digit));
                let n = value::atoi(n.ok_or_else(bad)?);
                // The request has 16 bits for it, and the reference drops the others.
                let [low, high, ..] = n.wrapping_add(1).to_le_bytes();
                w.metric = i16::from_le_bytes([low, high]);
            }
            b"netmask" => {
                let word = next().filter(|_| genmask == 0).ok_or_else(bad)?;
                let (mask, _) = resolve(word, false).ok_or_else(|| unknown(word))?;
                (genmask, w.mask_word) = (mask.into(), word);
            }
            b"gw" | b"gateway" => {
                let word = next().filter(|_| w.gateway.is_none()).ok_or_else(bad)?;
                w.gateway = Some(gateway(word)?);
                w.flags |= RTF_GATEWAY;
            }
            b"mss" | b"mtu" => {
                w.flags |= RTF_MSS;
                w.mtu = number(next().ok_or_else(bad)?);
                if !(64..=65536).contains(&w.mtu) {
                    return Err(misused("Invalid MSS/MTU.", HELP));
                }
            }
            b"window" => {
                w.flags |= RTF_WINDOW;
                w.window = number(next().ok_or_else(bad)?);
                if w.window < 128 {
                    return Err(misused("Invalid window.", HELP));
                }
            }
            b"irtt" => {
                w.flags |= RTF_IRTT;
                let [low, high, ..] = number(next().ok_or_else(bad)?).to_le_bytes();
                w.irtt = u16::from_le_bytes([low, high]);
            }
            b"reject" => w.flags |= RTF_REJECT,
            b"mod" => w.flags |= RTF_MODIFIED,
            b"dyn" => w.flags |= RTF_DYNAMIC,
            b"reinstate" => w.flags |= RTF_REINSTATE,
            b"device" | b"dev" => {
                w.device = Some(next().filter(|_| w.device.is_none()).ok_or_else(bad)?);
            }
            // The last word may be a device without `dev`.
            name if w.device.is_none() => {
                w.device = Some(name);
                if next().is_some() {
                    return Err(bad());
                }
            }
            _ => return Err(bad()),
        }
    }
    w.genmask = genmask;
    check_mask(&w)?;
    Ok(w)
}

fn number(word: &[u8]) -> u64 {
    u64::try_from(value::atoi(word)).unwrap_or(0)
}

/// The mask of `/LENGTH`, which strtol(3) reads; the shift takes the low five bits, so that 32 gives
/// no mask at all and -8 is 24.
fn prefix_mask(length: &[u8]) -> Option<u32> {
    if length.is_empty() {
        return Some(0);
    }
    let [low, ..] = value::i64(length)?.to_le_bytes();
    Some(!u32::MAX.wrapping_shr(low.into()))
}

fn gateway(word: &[u8]) -> Result<Ipv4Addr, Error> {
    match resolve(word, true) {
        Some((_, true)) => {
            let text = String::from_utf8_lossy(word);
            Err(misused(&format!("{text}: cannot use a NETWORK as gateway!"), HELP))
        }
        Some((addr, false)) => Ok(addr),
        // Networks are looked for last, and their file knows only `unknown`.
        None if word.is_empty() => Err(failed(RESOLVE, &[b"Unknown host"])),
        None => Err(failed(RESOLVE, &[word, b": Unknown host"])),
    }
}

fn check_mask(w: &Words<'_>) -> Result<(), Error> {
    if w.genmask == 0 {
        return Ok(());
    }
    let rest = !w.genmask;
    if w.flags & RTF_HOST != 0 {
        return Err(misused(
            &format!("netmask {rest:08x} doesn't make sense with host route"),
            HELP,
        ));
    }
    if rest & rest.wrapping_add(1) != 0 {
        let word = String::from_utf8_lossy(w.mask_word);
        return Err(misused(&format!("bogus netmask {word}"), HELP));
    }
    if u32::from(w.dst) & rest != 0 {
        return Err(misused("netmask doesn't match route address", HELP));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<(String, u16), (u8, String)> {
        let words: Vec<&[u8]> = line.split_whitespace().map(str::as_bytes).collect();
        match parse(&words) {
            Ok(w) => Ok((format!("{}/{}", w.dst, Ipv4Addr::from(w.genmask)), w.flags)),
            Err(e) => {
                let text = String::from_utf8(e.text()).unwrap();
                Err((e.status(), text.lines().next().unwrap_or("").to_owned()))
            }
        }
    }

    #[test]
    fn targets_and_masks() {
        let net = RTF_UP;
        assert_eq!(read("default"), Ok(("0.0.0.0/0.0.0.0".into(), net)));
        assert_eq!(read("#net 10.0.0.0/8 v0"), Ok(("10.0.0.0/255.0.0.0".into(), net)));
        assert_eq!(
            read("#net 10.1.0.0 netmask 255.255.0.0 gw 10.0.0.1"),
            Ok(("10.1.0.0/255.255.0.0".into(), net | RTF_GATEWAY))
        );
        assert_eq!(read("10.0.0.9 dev v0"), Ok(("10.0.0.9/0.0.0.0".into(), net | RTF_HOST)));
        assert_eq!(
            read("#net 10.0.0.4/32"),
            Ok(("10.0.0.4/0.0.0.0".into(), net)),
            "the reference's shift"
        );
    }

    #[test]
    fn wrong_words_have_their_sentences() {
        let told = |l| read(l).unwrap_err();
        assert_eq!(
            told("#net 10.1.1.0/16"),
            (3, "route: netmask doesn't match route address".into())
        );
        assert_eq!(
            told("#host 10.1.1.0 netmask 255.255.255.0"),
            (3, "route: netmask 000000ff doesn't make sense with host route".into())
        );
        assert_eq!(
            told("#net 10.0.0.0 netmask 255.0.255.0"),
            (3, "route: bogus netmask 255.0.255.0".into())
        );
        assert_eq!(told("default gw no.such.host").0, 6);
        for bad in ["", "#net", "default metric x", "default gw", "default dev", "default a b"] {
            assert_eq!(told(bad).0, 3, "{bad}");
        }
    }
}
