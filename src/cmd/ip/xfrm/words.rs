//! The words that states and policies share: what they are known by, selectors, marks, limits,
//! flags.
//!
//! A value that is not one is status 255, what contradicts itself 1 (observed in iproute2 6.15).

use crate::cli::value::{self, AF_INET, AF_UNSPEC, Prefix};
use crate::cli::{Args, Usage, prefix as beginning};
use crate::names::Names;
use crate::rtnl::xfrm::{Address, SELECTOR_LEN, selector, set};

use super::show::{GRE, ICMP, ICMPV6, MH, MODES, PROTOCOLS};

/// What the words are read with.
pub struct Reader<'n> {
    pub names: &'n mut Names,
    /// AF_UNSPEC, or the family that addresses must have.
    pub family: u8,
}

/// A sentence that ends with status 1.
pub fn sentence(text: String) -> Usage {
    Usage::new(1, text)
}

const SAME_FAMILY: &str =
    "the same address family is required between values after \"src\" and \"dst\"";

/// What a state is known by, and what of it has been said.
#[derive(Clone, Copy, Debug, Default)]
pub struct Id {
    pub src: Address,
    pub dst: Address,
    pub spi: u32,
    pub proto: u8,
    pub family: u8,
    /// How many bits of each address count, in a filter.
    pub src_len: u8,
    pub dst_len: u8,
    pub has_spi: bool,
}

/// Mobile IPv6: no states of IPsec.
pub fn is_mobility(proto: u8) -> bool {
    [43, 60].contains(&proto)
}

/// The name of a protocol of states.
pub fn protocol_name(proto: u8) -> String {
    let known = PROTOCOLS.iter().find(|(n, _)| *n == proto);
    known.map_or_else(|| proto.to_string(), |(_, name)| (*name).to_owned())
}

/// Bytes of an address with zeros behind it.
pub fn padded(bytes: &[u8]) -> Address {
    let mut address = [0; 16];
    address[..bytes.len()].copy_from_slice(bytes);
    address
}

/// The word behind `key` as a prefix of a family that is known.
pub fn prefix(args: &mut Args<'_>, family: u8, key: &str) -> Result<Prefix, Usage> {
    let p = value::prefix(args.need()?, family)?;
    if p.addr.family == AF_UNSPEC {
        let text = format!("value after \"{key}\" has an unrecognized address family");
        return Err(args.wrong(&text));
    }
    Ok(p)
}

/// `proto` of a state.
pub fn protocol(args: &mut Args<'_>) -> Result<u8, Usage> {
    let word = args.need()?;
    let known = PROTOCOLS.iter().find(|(_, name)| name.as_bytes() == word);
    known.map(|(n, _)| *n).ok_or_else(|| args.wrong("XFRM-PROTO value is invalid"))
}

/// Reads `src`, `dst`, `proto` and `spi`, as many as there are. `loose`: for a filter, which need
/// not name a protocol.
pub fn id(r: &mut Reader<'_>, args: &mut Args<'_>, loose: bool) -> Result<Id, Usage> {
    let mut id = Id::default();
    let (mut src, mut dst) = (AF_UNSPEC, AF_UNSPEC);
    while let Some(word) = args.take() {
        match word {
            b"src" => {
                let p = prefix(args, r.family, "src")?;
                (src, id.src_len, id.src) = (p.addr.family, p.len, padded(p.addr.bytes()));
            }
            b"dst" => {
                let p = prefix(args, r.family, "dst")?;
                (dst, id.dst_len, id.dst) = (p.addr.family, p.len, padded(p.addr.bytes()));
            }
            b"proto" => id.proto = protocol(args)?,
            b"spi" => {
                id.spi = args.value(value::u32, "SPI value is invalid")?;
                id.has_spi = true;
            }
            _ => {
                args.back();
                break;
            }
        }
    }
    if src != AF_UNSPEC && dst != AF_UNSPEC && src != dst {
        return Err(args.wrong(SAME_FAMILY));
    }
    id.family = if src == AF_UNSPEC { dst } else { src };
    if id.spi != 0 && is_mobility(id.proto) {
        let name = protocol_name(id.proto);
        return Err(sentence(format!("\"spi\" is invalid with XFRM-PROTO value \"{name}\"")));
    }
    if id.proto == 108 && id.spi > 0xffff {
        let name = protocol_name(id.proto);
        return Err(sentence(format!("SPI value is too large with XFRM-PROTO value \"{name}\"")));
    }
    if !loose && id.proto == 0 {
        return Err(args.required("XFRM-PROTO"));
    }
    Ok(id)
}

/// Reads a selector into its structure; how many words that were.
pub fn selector(r: &mut Reader<'_>, args: &mut Args<'_>, sel: &mut [u8]) -> Result<usize, Usage> {
    let before = args.rest().len();
    let (mut src, mut dst, mut upper) = (AF_UNSPEC, AF_UNSPEC, false);
    while let Some(word) = args.take() {
        match word {
            b"src" => {
                let p = prefix(args, r.family, "src")?;
                src = p.addr.family;
                set(sel, selector::SADDR, &padded(p.addr.bytes()));
                set(sel, selector::SLEN, &[p.len]);
            }
            b"dst" => {
                let p = prefix(args, r.family, "dst")?;
                dst = p.addr.family;
                set(sel, selector::DADDR, &padded(p.addr.bytes()));
                set(sel, selector::DLEN, &[p.len]);
            }
            b"dev" => {
                let index = r.names.index(args.need()?);
                let index = index.ok_or_else(|| args.wrong("DEV value is invalid"))?;
                set(sel, selector::IFINDEX, &index.to_ne_bytes());
            }
            _ => {
                args.back();
                if upper || !upper_layer(r, args, sel)? {
                    break;
                }
                upper = true;
            }
        }
    }
    if src != AF_UNSPEC && dst != AF_UNSPEC && src != dst {
        return Err(args.wrong(SAME_FAMILY));
    }
    let family = if src == AF_UNSPEC { dst } else { src };
    if family != AF_UNSPEC {
        set(sel, selector::FAMILY, &u16::from(family).to_ne_bytes());
    }
    Ok(before - args.rest().len())
}

/// Reads what is said of the upper layer; whether there was anything.
fn upper_layer(r: &mut Reader<'_>, args: &mut Args<'_>, sel: &mut [u8]) -> Result<bool, Usage> {
    const ALL: [u8; 2] = [0xff; 2];
    let mut proto = 0;
    let (mut ports, mut kinds, mut keys, mut any) = (false, false, false, false);
    while let Some(word) = args.take() {
        let half = match word {
            b"proto" => {
                let wrong = "PROTO value is invalid";
                proto = match args.need()? {
                    b"any" => 0,
                    word => r
                        .names
                        .ip_protocol_named(word)
                        .or_else(|| value::u8(word))
                        .ok_or_else(|| args.wrong(wrong))?,
                };
                set(sel, selector::PROTO, &[proto]);
                any = true;
                continue;
            }
            b"sport" | b"dport" => {
                ports = true;
                args.value(value::u16, &format!("value after \"{}\" is invalid", ascii(word)))?
            }
            b"type" | b"code" => {
                kinds = true;
                let text = format!("value after \"{}\" is invalid", ascii(word));
                u16::from(args.value(value::u8, &text)?)
            }
            b"key" => {
                let key = match args.need()? {
                    word if word.contains(&b'.') => {
                        u32::from_be_bytes(super::super::tunnel::inet(args)?)
                    }
                    word => value::u32(word)
                        .ok_or_else(|| Usage::new(255, "value after \"key\" is invalid"))?,
                };
                set(sel, selector::SPORT, &key.to_be_bytes()[..2]);
                set(sel, selector::DPORT, &key.to_be_bytes()[2..]);
                set(sel, selector::SPORT_MASK, &ALL);
                set(sel, selector::DPORT_MASK, &ALL);
                (keys, any) = (true, true);
                continue;
            }
            _ => {
                args.back();
                break;
            }
        };
        any = true;
        let (at, mask) = match word {
            b"sport" | b"type" => (selector::SPORT, selector::SPORT_MASK),
            _ => (selector::DPORT, selector::DPORT_MASK),
        };
        set(sel, at, &half.to_be_bytes());
        set(sel, mask, &ALL);
    }
    let name = || String::from_utf8_lossy(&r.names.protocol_or_number(proto)).into_owned();
    let wrong = |words: &str, be: &str| {
        Err(sentence(format!("{words} {be} invalid with PROTO value \"{}\"", name())))
    };
    // TCP, UDP, SCTP, DCCP, and any.
    if ports && ![0, 6, 17, 132, 33].contains(&proto) {
        return wrong("\"sport\" and \"dport\"", "are");
    }
    if kinds && ![ICMP, ICMPV6, MH].contains(&proto) {
        return wrong("\"type\" and \"code\"", "are");
    }
    if keys && proto != GRE {
        return wrong("\"key\"", "is");
    }
    Ok(any)
}

fn ascii(word: &[u8]) -> &str {
    std::str::from_utf8(word).unwrap_or_default()
}

/// A selector of nothing yet.
pub const NO_SELECTOR: [u8; SELECTOR_LEN] = [0; SELECTOR_LEN];

/// A mode, or its beginning.
pub fn mode(args: &mut Args<'_>) -> Result<u8, Usage> {
    let word = args.need()?;
    let known = MODES.iter().position(|name| beginning(name).is(word));
    let number = known.and_then(|n| u8::try_from(n).ok());
    number.ok_or_else(|| args.wrong("MODE value is invalid"))
}

/// A mark and its mask.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mark {
    pub value: u32,
    pub mask: u32,
}

impl Mark {
    /// struct xfrm_mark.
    pub fn bytes(self) -> [u8; 8] {
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&self.value.to_ne_bytes());
        bytes[4..].copy_from_slice(&self.mask.to_ne_bytes());
        bytes
    }
}

/// `mask MASK`, if it comes next.
pub fn mask(args: &mut Args<'_>, wrong: &str) -> Result<Option<u32>, Usage> {
    if args.peek() != Some(b"mask") {
        return Ok(None);
    }
    args.take();
    args.value(value::u32, wrong).map(Some)
}

pub fn mark(args: &mut Args<'_>) -> Result<Mark, Usage> {
    let value = args.value(value::u32, "MARK value is invalid\n")?;
    let mask = mask(args, "MASK value is invalid\n")?.unwrap_or(u32::MAX);
    Ok(Mark { value, mask })
}

/// What flags a list begins with; or a number in hexadecimal of at most `largest`.
pub fn flags(
    args: &mut Args<'_>,
    words: &[(u32, &str)],
    largest: u32,
    wrong: &str,
) -> Result<u32, Usage> {
    let first = args.need()?;
    if first.len() > 2 && first.starts_with(b"0x") {
        let number = value::hex64(first).and_then(|n| u32::try_from(n).ok());
        return number.filter(|n| *n <= largest).ok_or_else(|| args.wrong(wrong));
    }
    args.back();
    let mut flags = 0;
    while let Some(word) = args.peek() {
        let Some((bit, _)) = words.iter().find(|(_, name)| name.as_bytes() == word) else { break };
        flags |= bit;
        args.take();
    }
    Ok(flags)
}

/// The limits of a lifetime: the words, in the order of their places.
pub const LIMITS: &[(&str, usize)] = &[
    ("time-soft", 32),
    ("time-hard", 40),
    ("time-use-soft", 48),
    ("time-use-hard", 56),
    ("byte-soft", 0),
    ("byte-hard", 8),
    ("packet-soft", 16),
    ("packet-hard", 24),
];

/// No limits of bytes and packets.
pub fn no_limits(to: &mut [u8]) {
    to[..32].fill(0xff);
}

/// Reads one limit into struct xfrm_lifetime_cfg.
pub fn limit(args: &mut Args<'_>, to: &mut [u8]) -> Result<(), Usage> {
    let word = args.need()?;
    let known = LIMITS.iter().find(|(name, _)| name.as_bytes() == word);
    let (name, at) = known.ok_or_else(|| args.wrong("LIMIT value is invalid"))?;
    let number = args.value(value::u64, &format!("value after \"{name}\" is invalid"))?;
    set(to, *at, &number.to_ne_bytes());
    Ok(())
}

/// struct xfrm_user_sec_ctx: SELinux, and its text with a NUL.
pub fn context(args: &mut Args<'_>) -> Result<Vec<u8>, Usage> {
    let text = args.need()?;
    let len = u16::try_from(text.len() + 9).map_err(|_| args.wrong("CTX value is too long"))?;
    let mut bytes = Vec::with_capacity(usize::from(len));
    bytes.extend_from_slice(&len.to_ne_bytes());
    bytes.extend_from_slice(&crate::rtnl::xfrm::attr::SEC_CTX.to_ne_bytes());
    bytes.extend_from_slice(&[1, 1]);
    bytes.extend_from_slice(&(len - 8).to_ne_bytes());
    bytes.extend_from_slice(text);
    bytes.push(0);
    Ok(bytes)
}

/// The family that a state gets: that of its addresses, else that of the option, else IPv4.
pub fn family(of_addresses: u8, option: u8) -> u8 {
    [of_addresses, option].into_iter().find(|f| *f != AF_UNSPEC).unwrap_or(AF_INET)
}

/// `dev DEVICE` of an offload.
pub fn offload_dev(r: &mut Reader<'_>, args: &mut Args<'_>) -> Result<u32, Usage> {
    if args.need()? != b"dev" {
        return Err(args.wrong("Missing dev keyword"));
    }
    let index = r.names.index(args.need()?);
    index.ok_or_else(|| args.wrong("Invalid device name"))
}

/// struct xfrm_user_offload.
pub fn offload_bytes(index: u32, flags: u8) -> [u8; 8] {
    let mut bytes = [0; 8];
    bytes[..4].copy_from_slice(&index.to_ne_bytes());
    bytes[4] = flags;
    bytes
}

/// XFRM_OFFLOAD_PACKET.
pub const PACKET: u8 = 4;

/// `in` or `out`.
pub fn in_out(args: &mut Args<'_>) -> Result<bool, Usage> {
    match args.need()? {
        b"in" => Ok(true),
        b"out" => Ok(false),
        _ => Err(args.wrong("DIR value is not \"in\" or \"out\"")),
    }
}
