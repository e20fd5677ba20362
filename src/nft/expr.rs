//! Expressions: what a rule looks at and what it does.

use crate::netlink::{Attr, Attrs, NLA_F_NESTED, Request};

const NFTA_LIST_ELEM: u16 = 1;
const NFTA_EXPR_NAME: u16 = 1;
const NFTA_EXPR_DATA: u16 = 2;

const NFTA_DATA_VALUE: u16 = 1;
const NFTA_DATA_VERDICT: u16 = 2;
const NFTA_VERDICT_CODE: u16 = 1;
const NFTA_VERDICT_CHAIN: u16 = 2;

/// The one register that is used.
pub(super) const NFT_REG_1: u32 = 1;
/// Four bytes of it, as the reference asks for them.
const NFT_REG32_01: u32 = 9;
const NFT_REG_VERDICT: u32 = 0;

/// NFT_PAYLOAD_*: where an offset in a packet counts from.
pub mod base {
    pub const LINK: u32 = 0;
    pub const NETWORK: u32 = 1;
    pub const TRANSPORT: u32 = 2;
}

/// NFT_META_*: what is known of a packet besides its bytes.
pub mod meta {
    pub const LEN: u32 = 0;
    pub const PRIORITY: u32 = 2;
    pub const MARK: u32 = 3;
    pub const IIF: u32 = 4;
    pub const OIF: u32 = 5;
    pub const IIFNAME: u32 = 6;
    pub const OIFNAME: u32 = 7;
    pub const IIFTYPE: u32 = 8;
    pub const SKUID: u32 = 10;
    pub const SKGID: u32 = 11;
    pub const NFTRACE: u32 = 12;
    pub const NFPROTO: u32 = 15;
    pub const L4PROTO: u32 = 16;
    pub const PKTTYPE: u32 = 19;
}

/// NFT_CT_*: what is known of the packet's connection.
pub mod ct {
    pub const STATE: u32 = 0;
    pub const DIRECTION: u32 = 1;
    pub const STATUS: u32 = 2;
    pub const MARK: u32 = 3;
}

/// NFT_FIB_RESULT_* and NFTA_FIB_F_*: what is looked up in the routing table, and by what.
pub mod fib {
    pub const OIF: u32 = 1;
    pub const ADDRTYPE: u32 = 3;
    pub const SADDR: u32 = 1;
    pub const DADDR: u32 = 2;
    pub const BY_MARK: u32 = 4;
    pub const BY_IIF: u32 = 8;
    pub const BY_OIF: u32 = 16;
    /// Not which one, but whether there is one.
    pub const PRESENT: u32 = 32;
}

/// NFT_CMP_*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cmp {
    Eq = 0,
    Neq = 1,
    Lt = 2,
    Lte = 3,
    Gt = 4,
    Gte = 5,
}

impl Cmp {
    fn new(code: u32) -> Option<Cmp> {
        use Cmp::{Eq, Gt, Gte, Lt, Lte, Neq};
        [Eq, Neq, Lt, Lte, Gt, Gte].into_iter().find(|c| *c as u32 == code)
    }
    /// Equal, or not equal.
    pub fn eq_unless(not: bool) -> Cmp {
        if not { Cmp::Neq } else { Cmp::Eq }
    }
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    Drop,
    Accept,
    Continue,
    Return,
    Jump(&'a [u8]),
    Goto(&'a [u8]),
    /// NF_QUEUE and the like.
    Other(u32),
}

/// What is logged of a packet, and where: for a program behind a group, or in the kernel's log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Log<'a> {
    /// Empty for none.
    pub prefix: &'a [u8],
    /// Of syslog(2); absent with a group.
    pub level: Option<u32>,
    /// NF_LOG_*.
    pub flags: u32,
    pub group: Option<u16>,
    /// Bytes of a packet.
    pub snap_len: Option<u32>,
    /// Packets that are handed over at once.
    pub threshold: Option<u16>,
}

/// Where a value is loaded from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source<'a> {
    Payload {
        base: u32,
        offset: u32,
        len: u32,
    },
    Meta(u32),
    /// Of the connection, whatever the packet's direction.
    Ct(u32),
    Fib {
        result: u32,
        flags: u32,
    },
    /// A number below this, drawn for each packet.
    Random(u32),
    Constant(&'a [u8]),
}

/// What an address translation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Translation {
    Snat,
    Dnat,
    Masquerade,
    Redirect,
}

/// An address translation: the registers of first and last address and port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nat {
    pub kind: Translation,
    /// NFPROTO_* of the addresses; 0 where there are none.
    pub family: u32,
    pub addrs: [Option<u32>; 2],
    pub ports: [Option<u32>; 2],
    /// NF_NAT_RANGE_*.
    pub flags: u32,
}

/// One expression, read where it lies.
#[derive(Clone, Copy, Debug)]
pub enum Expr<'a> {
    /// Loads into a register.
    Load {
        reg: u32,
        from: Source<'a>,
    },
    Bitwise {
        from: u32,
        to: u32,
        mask: &'a [u8],
        xor: &'a [u8],
    },
    Compare {
        reg: u32,
        how: Cmp,
        value: &'a [u8],
    },
    /// From the first value to the second, both included.
    Range {
        reg: u32,
        not: bool,
        low: &'a [u8],
        high: &'a [u8],
    },
    Counter {
        packets: u64,
        bytes: u64,
    },
    Verdict(Verdict<'a>),
    /// Is what lies in the register one of a set?
    Lookup {
        reg: u32,
        set: &'a [u8],
        not: bool,
    },
    /// The register becomes what is known of the packet.
    SetMeta {
        key: u32,
        reg: u32,
    },
    /// Likewise of its connection.
    SetCt {
        key: u32,
        reg: u32,
    },
    /// Words of so many bytes change their order.
    Byteorder {
        from: u32,
        to: u32,
        size: u32,
    },
    Nat(Nat),
    /// NFT_REJECT_*: 0 an ICMP message with this code, 1 a reset of TCP.
    Reject {
        kind: u32,
        code: u8,
    },
    /// To a program, through one of `total` queues.
    Queue {
        number: u16,
        total: u16,
        flags: u16,
    },
    Notrack,
    /// At most `rate` packets in `unit` seconds, `burst` more at once.
    Limit {
        rate: u64,
        unit: u64,
        burst: u32,
    },
    Log(Log<'a>),
    /// An extension of x_tables.
    Match {
        name: &'a [u8],
        revision: u32,
        info: &'a [u8],
    },
    Target {
        name: &'a [u8],
        revision: u32,
        info: &'a [u8],
    },
    /// Anything else, by its name.
    Other(&'a [u8]),
}

/// Reads the expressions of a rule.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a>(Attrs<'a>);

impl<'a> Reader<'a> {
    /// `exprs` is what NFTA_RULE_EXPRESSIONS holds.
    pub fn new(exprs: &'a [u8]) -> Reader<'a> {
        Reader(Attrs(exprs))
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Expr<'a>;

    fn next(&mut self) -> Option<Expr<'a>> {
        let elem = self.0.next()?;
        let name = elem.nested().find(NFTA_EXPR_NAME).map_or(&b""[..], Attr::bytes);
        let data = elem.nested().find(NFTA_EXPR_DATA).map(Attr::nested).unwrap_or_default();
        Some(read(name, data).unwrap_or(Expr::Other(name)))
    }
}

/// `None` for what this does not know in all its parts.
fn read<'a>(name: &'a [u8], data: Attrs<'a>) -> Option<Expr<'a>> {
    let number = |kind: u16| data.find(kind).and_then(Attr::u32_be);
    let value = |kind: u16| data.find(kind)?.nested().find(NFTA_DATA_VALUE).map(|a| a.value);
    let short = |kind: u16| Some(u16::from_be_bytes(*data.find(kind)?.value.first_chunk()?));
    Some(match name {
        b"payload" => {
            // NFTA_PAYLOAD_SREG makes it write.
            if number(5).is_some() {
                return None;
            }
            let from = Source::Payload { base: number(2)?, offset: number(3)?, len: number(4)? };
            Expr::Load { reg: number(1)?, from }
        }
        // NFTA_META_KEY comes second, NFTA_META_SREG makes it write.
        b"meta" => match number(3) {
            Some(reg) => Expr::SetMeta { key: number(2)?, reg },
            None => Expr::Load { reg: number(1)?, from: Source::Meta(number(2)?) },
        },
        // NFTA_CT_DIRECTION: of the packets of one direction.
        b"ct" if data.find(3).is_some() => return None,
        b"ct" => match number(4) {
            Some(reg) => Expr::SetCt { key: number(2)?, reg },
            None => Expr::Load { reg: number(1)?, from: Source::Ct(number(2)?) },
        },
        b"fib" => {
            let from = Source::Fib { result: number(2)?, flags: number(3)? };
            Expr::Load { reg: number(1)?, from }
        }
        // NFTA_NG_TYPE: 1 is random; NFTA_NG_OFFSET is added.
        b"numgen" if number(3) == Some(1) && number(4).unwrap_or(0) == 0 => {
            Expr::Load { reg: number(1)?, from: Source::Random(number(2)?) }
        }
        b"byteorder" => Expr::Byteorder { from: number(1)?, to: number(2)?, size: number(5)? },
        // NFTA_LOOKUP_DREG makes a map of it.
        b"lookup" if number(3).is_some() => return None,
        b"lookup" => Expr::Lookup {
            reg: number(2)?,
            set: data.find(1)?.bytes(),
            not: match number(5).unwrap_or(0) {
                0 => false,
                1 => true,
                _ => return None,
            },
        },
        b"nat" => Expr::Nat(Nat {
            kind: match number(1)? {
                0 => Translation::Snat,
                1 => Translation::Dnat,
                _ => return None,
            },
            family: number(2)?,
            addrs: [number(3), number(4)],
            ports: [number(5), number(6)],
            flags: number(7).unwrap_or(0),
        }),
        b"masq" => Expr::Nat(Nat {
            kind: Translation::Masquerade,
            family: 0,
            addrs: [None; 2],
            ports: [number(2), number(3)],
            flags: number(1).unwrap_or(0),
        }),
        b"redir" => Expr::Nat(Nat {
            kind: Translation::Redirect,
            family: 0,
            addrs: [None; 2],
            ports: [number(1), number(2)],
            flags: number(3).unwrap_or(0),
        }),
        // A reset has no code.
        b"reject" => Expr::Reject {
            kind: number(1)?,
            code: data.find(2).and_then(|a| a.value.first().copied()).unwrap_or(0),
        },
        // NFTA_QUEUE_SREG_QNUM: the number lies in a register.
        b"queue" if number(4).is_some() => return None,
        b"queue" => Expr::Queue {
            number: short(1)?,
            total: short(2).unwrap_or(1),
            flags: short(3).unwrap_or(0),
        },
        b"notrack" => Expr::Notrack,
        b"bitwise" => {
            // NFTA_BITWISE_OP: 0 is mask and xor.
            if number(6).unwrap_or(0) != 0 {
                return None;
            }
            Expr::Bitwise { from: number(1)?, to: number(2)?, mask: value(4)?, xor: value(5)? }
        }
        b"cmp" => Expr::Compare { reg: number(1)?, how: Cmp::new(number(2)?)?, value: value(3)? },
        b"range" => Expr::Range {
            reg: number(1)?,
            not: match number(2)? {
                0 => false,
                1 => true,
                _ => return None,
            },
            low: value(3)?,
            high: value(4)?,
        },
        b"counter" => Expr::Counter {
            bytes: data.find(1).and_then(Attr::u64_be).unwrap_or(0),
            packets: data.find(2).and_then(Attr::u64_be).unwrap_or(0),
        },
        b"limit" => {
            // NFTA_LIMIT_TYPE: 0 counts packets; NFTA_LIMIT_FLAGS: 0 is below the limit.
            if number(4).unwrap_or(0) != 0 || number(5).unwrap_or(0) != 0 {
                return None;
            }
            let wide = |kind: u16| data.find(kind).and_then(Attr::u64_be);
            Expr::Limit { rate: wide(1)?, unit: wide(2)?, burst: number(3).unwrap_or(0) }
        }
        b"immediate" if value(2).is_some() => {
            Expr::Load { reg: number(1)?, from: Source::Constant(value(2)?) }
        }
        b"log" => Expr::Log(Log {
            prefix: data.find(2).map_or(&b""[..], Attr::bytes),
            level: number(5),
            flags: number(6).unwrap_or(0),
            group: data.find(1).and_then(Attr::u16_be),
            snap_len: number(3),
            threshold: data.find(4).and_then(Attr::u16_be),
        }),
        b"immediate" => {
            let verdict = data.find(2)?.nested().find(NFTA_DATA_VERDICT)?.nested();
            let code = verdict.find(NFTA_VERDICT_CODE).and_then(Attr::u32_be)?;
            let chain = || verdict.find(NFTA_VERDICT_CHAIN).map(Attr::bytes);
            Expr::Verdict(match code.cast_signed() {
                0 => Verdict::Drop,
                1 => Verdict::Accept,
                -1 => Verdict::Continue,
                -3 => Verdict::Jump(chain()?),
                -4 => Verdict::Goto(chain()?),
                -5 => Verdict::Return,
                _ => Verdict::Other(code),
            })
        }
        b"match" | b"target" => {
            let name_of = data.find(1)?.bytes();
            let (revision, info) = (number(2)?, data.find(3)?.value);
            if name == b"match" {
                Expr::Match { name: name_of, revision, info }
            } else {
                Expr::Target { name: name_of, revision, info }
            }
        }
        _ => return None,
    })
}

/// Writes the expressions of a rule.
pub struct Exprs(Request);

impl Default for Exprs {
    fn default() -> Self {
        // Most rules have room in it.
        Exprs(Request::with_room(1000, 0, 0, &[]))
    }
}

impl Exprs {
    /// What NFTA_RULE_EXPRESSIONS holds.
    pub fn bytes(&self) -> &[u8] {
        self.0.payload()
    }

    pub(super) fn element(&mut self, name: &str, data: impl FnOnce(&mut Request)) {
        let r = &mut self.0;
        let elem = r.nest(NFTA_LIST_ELEM | NLA_F_NESTED);
        r.strz(NFTA_EXPR_NAME, name.as_bytes());
        let nest = r.nest(NFTA_EXPR_DATA | NLA_F_NESTED);
        data(r);
        r.end(nest);
        r.end(elem);
    }

    pub fn payload(&mut self, base: u32, offset: u32, len: u32) {
        self.element("payload", |r| {
            r.u32_be(1, NFT_REG_1);
            r.u32_be(2, base);
            r.u32_be(3, offset);
            r.u32_be(4, len);
        });
    }
    pub fn meta(&mut self, key: u32) {
        self.element("meta", |r| {
            r.u32_be(2, key);
            r.u32_be(1, NFT_REG_1);
        });
    }
    /// Keeps the bits of `mask`.
    pub fn mask(&mut self, mask: &[u8]) {
        self.element("bitwise", |r| {
            r.u32_be(1, NFT_REG_1);
            r.u32_be(2, NFT_REG_1);
            r.u32_be(6, 0);
            r.u32_be(3, u32::try_from(mask.len()).unwrap_or(u32::MAX));
            value(r, 4, mask);
            value(r, 5, &[0; 16][..mask.len().min(16)]);
        });
    }
    pub fn cmp(&mut self, how: Cmp, to: &[u8]) {
        self.element("cmp", |r| {
            r.u32_be(1, NFT_REG_1);
            r.u32_be(2, how as u32);
            value(r, 3, to);
        });
    }
    /// From `low` to `high`, both included, or outside of it.
    pub fn range(&mut self, not: bool, low: &[u8], high: &[u8]) {
        self.element("range", |r| {
            r.u32_be(1, NFT_REG_1);
            r.u32_be(2, u32::from(not));
            value(r, 3, low);
            value(r, 4, high);
        });
    }
    pub fn counter(&mut self, packets: u64, bytes: u64) {
        self.element("counter", |r| {
            r.u64_be(1, bytes);
            r.u64_be(2, packets);
        });
    }
    /// At most `rate` packets in `unit` seconds, `burst` more at once.
    pub fn limit(&mut self, rate: u64, unit: u64, burst: u32) {
        self.element("limit", |r| {
            r.u64_be(1, rate);
            r.u64_be(2, unit);
            r.u32_be(3, burst);
            r.u32_be(4, 0);
            r.u32_be(5, 0);
        });
    }
    pub fn log(&mut self, log: &Log<'_>) {
        self.element("log", |r| {
            if let Some(group) = log.group {
                r.u16_be(1, group);
            }
            if !log.prefix.is_empty() {
                r.strz(2, log.prefix);
            }
            if let Some(len) = log.snap_len {
                r.u32_be(3, len);
            }
            if let Some(threshold) = log.threshold {
                r.u16_be(4, threshold);
            }
            if let Some(level) = log.level {
                r.u32_be(5, level);
            }
            if log.flags != 0 {
                r.u32_be(6, log.flags);
            }
        });
    }
    pub fn verdict(&mut self, verdict: Verdict<'_>) {
        let (code, chain): (i32, Option<&[u8]>) = match verdict {
            Verdict::Drop => (0, None),
            Verdict::Accept => (1, None),
            Verdict::Continue => (-1, None),
            Verdict::Jump(c) => (-3, Some(c)),
            Verdict::Goto(c) => (-4, Some(c)),
            Verdict::Return => (-5, None),
            Verdict::Other(code) => (code.cast_signed(), None),
        };
        self.element("immediate", |r| {
            r.u32_be(1, NFT_REG_VERDICT);
            let data = r.nest(2 | NLA_F_NESTED);
            let nest = r.nest(NFTA_DATA_VERDICT | NLA_F_NESTED);
            r.u32_be(NFTA_VERDICT_CODE, code.cast_unsigned());
            if let Some(chain) = chain {
                r.strz(NFTA_VERDICT_CHAIN, chain);
            }
            r.end(nest);
            r.end(data);
        });
    }
    /// Lets the packet be traced.
    pub fn trace(&mut self) {
        self.element("immediate", |r| {
            r.u32_be(1, NFT_REG32_01);
            value(r, 2, &[1]);
        });
        self.element("meta", |r| {
            r.u32_be(2, meta::NFTRACE);
            r.u32_be(3, NFT_REG32_01);
        });
    }
    /// A match of x_tables; `info` is its structure, padded to eight bytes.
    pub fn xt_match(&mut self, name: &str, revision: u8, info: &[u8]) {
        self.extension("match", name, revision, info);
    }
    /// A target of x_tables; `info` is its structure, padded to eight bytes.
    pub fn xt_target(&mut self, name: &str, revision: u8, info: &[u8]) {
        self.extension("target", name, revision, info);
    }
    fn extension(&mut self, element: &str, name: &str, revision: u8, info: &[u8]) {
        self.element(element, |r| {
            r.strz(1, name.as_bytes());
            r.u32_be(2, revision.into());
            r.attr(3, info);
        });
    }
}

pub(super) fn value(r: &mut Request, kind: u16, bytes: &[u8]) {
    let nest = r.nest(kind | NLA_F_NESTED);
    r.attr(NFTA_DATA_VALUE, bytes);
    r.end(nest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let mut e = Exprs::default();
        e.payload(base::NETWORK, 12, 4);
        e.mask(&[255, 255, 0, 0]);
        e.cmp(Cmp::Neq, &[10, 0, 0, 0]);
        e.range(true, &[0, 1], &[0, 9]);
        e.counter(5, 6);
        e.xt_match("comment", 0, b"text\0\0\0\0");
        e.verdict(Verdict::Goto(b"there"));
        let text: Vec<_> = Reader::new(e.bytes()).map(|x| format!("{x:?}")).collect();
        assert_eq!(
            text,
            [
                "Load { reg: 1, from: Payload { base: 1, offset: 12, len: 4 } }",
                "Bitwise { from: 1, to: 1, mask: [255, 255, 0, 0], xor: [0, 0, 0, 0] }",
                "Compare { reg: 1, how: Neq, value: [10, 0, 0, 0] }",
                "Range { reg: 1, not: true, low: [0, 1], high: [0, 9] }",
                "Counter { packets: 5, bytes: 6 }",
                "Match { name: [99, 111, 109, 109, 101, 110, 116], revision: 0, info: [116, 101, 120, 116, 0, 0, 0, 0] }",
                "Verdict(Goto([116, 104, 101, 114, 101]))",
            ]
        );
    }

    #[test]
    fn what_is_not_known_has_a_name() {
        let mut e = Exprs::default();
        e.element("osf", |r| r.u32_be(1, 1));
        e.element("cmp", |r| r.u32_be(1, 1));
        let mut all = Reader::new(e.bytes());
        assert!(matches!(all.next(), Some(Expr::Other(b"osf"))));
        assert!(matches!(all.next(), Some(Expr::Other(b"cmp"))));
        assert!(all.next().is_none());
        assert!(Reader::new(&[1, 2, 3]).next().is_none());
    }
}
