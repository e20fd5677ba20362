//! Which rules are shown or flushed. The kernel filters nothing here.

use crate::cli::value::{self as scalar, Prefix};
use crate::cli::{Args, Row, Usage, exact, prefix};
use crate::error::Result;
use crate::names::{Kind, Names};
use crate::rtnl::rule::{
    FIB_RULE_INVERT, FRA_DPORT_MASK, FRA_DPORT_RANGE, FRA_DSCP, FRA_DSCP_MASK, FRA_DST,
    FRA_FLOWLABEL, FRA_FLOWLABEL_MASK, FRA_FWMARK, FRA_FWMASK, FRA_IIFNAME, FRA_IP_PROTO,
    FRA_L3MDEV, FRA_OIFNAME, FRA_PROTOCOL, FRA_SPORT_MASK, FRA_SPORT_RANGE, FRA_SRC, FRA_TUN_ID,
    Rule,
};

use super::value::{self, BAD_IIF, BAD_OIF, Ports};

/// What the selectors say; 0 and `None` are every rule, and so is a mask of 0 (observed in
/// iproute2 6.15).
#[derive(Default)]
pub struct Filter {
    not: bool,
    l3mdev: bool,
    preference: Option<u32>,
    tos: Option<u8>,
    fwmark: u32,
    fwmask: u32,
    iif: Option<Vec<u8>>,
    oif: Option<Vec<u8>>,
    uids: Option<(u32, u32)>,
    tun_id: u64,
    table: u32,
    protocol: u8,
    ip_protocol: u8,
    sport: Option<Ports>,
    dport: Option<Ports>,
    dscp: Option<(u8, Option<u8>)>,
    flow_label: Option<(u32, u32)>,
    from: Option<Prefix>,
    to: Option<Prefix>,
}

/// The selectors while they are read.
pub struct Reading<'n> {
    names: &'n mut Names,
    family: u8,
    filter: Filter,
}

type Read = std::result::Result<(), Usage>;

/// The selectors, in the order in which they are tried.
#[rustfmt::skip] // one row, one line
pub fn rows<'n>() -> &'n [Row<Reading<'n>>] {
    const {
        &[
            Row { word: prefix("preference"), arg: "NUMBER", take: preference, again: true },
            Row { word: prefix("order"), arg: "NUMBER", take: preference, again: true },
            Row { word: prefix("priority"), arg: "NUMBER", take: preference, again: true },
            Row { word: exact("not"), arg: "", take: |_, r| { r.filter.not = true; Ok(()) }, again: true },
            Row { word: exact("tos"), arg: "TOS", take: tos, again: true },
            Row { word: exact("dsfield"), arg: "TOS", take: tos, again: true },
            Row { word: exact("fwmark"), arg: "MARK[/MASK]", take: fwmark, again: true },
            Row { word: exact("dev"), arg: "DEV", take: iif, again: true },
            Row { word: exact("iif"), arg: "DEV", take: iif, again: true },
            Row { word: exact("oif"), arg: "DEV", take: oif, again: true },
            Row { word: exact("l3mdev"), arg: "", take: |_, r| { r.filter.l3mdev = true; Ok(()) }, again: true },
            Row { word: exact("uidrange"), arg: "UID-UID", take: uidrange, again: true },
            Row { word: prefix("tun_id"), arg: "NUMBER", take: tun_id, again: true },
            Row { word: prefix("lookup"), arg: "TABLE", take: table, again: true },
            Row { word: prefix("table"), arg: "TABLE", take: table, again: true },
            Row { word: prefix("from"), arg: "PREFIX", take: from, again: true },
            Row { word: prefix("src"), arg: "PREFIX", take: from, again: true },
            Row { word: prefix("protocol"), arg: "{ PROTO | all }", take: protocol, again: true },
            Row { word: exact("ipproto"), arg: "PROTOCOL", take: ipproto, again: true },
            Row { word: exact("sport"), arg: "PORTS", take: sport, again: true },
            Row { word: exact("dport"), arg: "PORTS", take: dport, again: true },
            Row { word: exact("dscp"), arg: "DSCP[/MASK]", take: dscp, again: true },
            Row { word: exact("flowlabel"), arg: "LABEL[/MASK]", take: flowlabel, again: true },
            Row { word: prefix("dst"), arg: "PREFIX", take: to, again: true },
            Row { word: exact("to"), arg: "PREFIX", take: to, again: true },
        ]
    }
}

fn preference(args: &mut Args<'_>, r: &mut Reading<'_>) -> Read {
    r.filter.preference = Some(args.value(scalar::u32, "preference value is invalid\n")?);
    Ok(())
}

fn tos(args: &mut Args<'_>, r: &mut Reading<'_>) -> Read {
    r.filter.tos = Some(value::tos(args, r.names)?);
    Ok(())
}

fn fwmark(args: &mut Args<'_>, r: &mut Reading<'_>) -> Read {
    let (mark, mask) = value::fwmark(args)?;
    r.filter.fwmark = mark;
    r.filter.fwmask = mask.unwrap_or(r.filter.fwmask);
    Ok(())
}

fn iif(args: &mut Args<'_>, r: &mut Reading<'_>) -> Read {
    r.filter.iif = Some(value::device(args, BAD_IIF)?.to_vec());
    Ok(())
}

fn oif(args: &mut Args<'_>, r: &mut Reading<'_>) -> Read {
    r.filter.oif = Some(value::device(args, BAD_OIF)?.to_vec());
    Ok(())
}

fn uidrange(args: &mut Args<'_>, r: &mut Reading<'_>) -> Read {
    r.filter.uids = Some(value::uids(args)?);
    Ok(())
}

fn tun_id(args: &mut Args<'_>, r: &mut Reading<'_>) -> Read {
    r.filter.tun_id = args.value(scalar::u64, "\"tun_id\" value is invalid\n")?;
    Ok(())
}

fn table(args: &mut Args<'_>, r: &mut Reading<'_>) -> Read {
    let table = r.names.number(Kind::RtTable, args.need()?);
    r.filter.table = table.ok_or_else(|| args.wrong("table id value is invalid\n"))?;
    Ok(())
}

fn from(args: &mut Args<'_>, r: &mut Reading<'_>) -> Read {
    let given = scalar::prefix(args.need()?, r.family).map_err(|e| e.at(args.at()))?;
    r.filter.from = Some(given);
    Ok(())
}

fn to(args: &mut Args<'_>, r: &mut Reading<'_>) -> Read {
    args.need()?;
    positional(args, r)
}

fn protocol(args: &mut Args<'_>, r: &mut Reading<'_>) -> Read {
    let word = args.need()?;
    let number = r.names.number(Kind::RtProto, word).and_then(|n| u8::try_from(n).ok());
    r.filter.protocol = match number {
        Some(number) => number,
        None if word == b"all" => 0,
        None => return Err(args.wrong("invalid \"protocol\"\n")),
    };
    Ok(())
}

fn ipproto(args: &mut Args<'_>, r: &mut Reading<'_>) -> Read {
    r.filter.ip_protocol = value::ip_protocol(args, r.names)?;
    Ok(())
}

fn sport(args: &mut Args<'_>, r: &mut Reading<'_>) -> Read {
    r.filter.sport = Some(value::ports(args)?);
    Ok(())
}

fn dport(args: &mut Args<'_>, r: &mut Reading<'_>) -> Read {
    r.filter.dport = Some(value::ports(args)?);
    Ok(())
}

fn dscp(args: &mut Args<'_>, r: &mut Reading<'_>) -> Read {
    r.filter.dscp = Some(value::dscp(args, r.names)?);
    Ok(())
}

fn flowlabel(args: &mut Args<'_>, r: &mut Reading<'_>) -> Read {
    r.filter.flow_label = Some(value::flow_label(args)?);
    Ok(())
}

fn positional(args: &mut Args<'_>, r: &mut Reading<'_>) -> Read {
    let given = scalar::prefix(args.last(), r.family).map_err(|e| e.at(args.at()))?;
    r.filter.to = Some(given);
    Ok(())
}

/// Reads the selectors to the end of the words.
///
/// # Errors
///
/// Wrong words.
pub fn read(names: &mut Names, family: u8, args: &mut Args<'_>) -> Result<Filter> {
    let mut r = Reading { names, family, filter: Filter::default() };
    args.read(rows(), &mut r, positional)?;
    Ok(r.filter)
}

impl Filter {
    /// Whether a rule is meant, whoever made it.
    pub fn accepts(&self, r: &Rule<'_>) -> bool {
        inside(self.from, r.get(FRA_SRC).map(|a| a.value), r.src_len)
            && inside(self.to, r.get(FRA_DST).map(|a| a.value), r.dst_len)
            && self.preference.is_none_or(|p| r.priority().unwrap_or(0) == p)
            && (!self.not || r.flags & FIB_RULE_INVERT != 0)
            && self.tos.is_none_or(|t| t == r.tos)
            && self.mark(r)
            && named(self.iif.as_deref(), r, FRA_IIFNAME)
            && named(self.oif.as_deref(), r, FRA_OIFNAME)
            && (!self.l3mdev || r.u8(FRA_L3MDEV).is_some_and(|on| on != 0))
            && self.uids.is_none_or(|u| r.uids() == Some(u))
            && (self.ip_protocol == 0 || r.u8(FRA_IP_PROTO) == Some(self.ip_protocol))
            && bound(self.sport, r, FRA_SPORT_RANGE, FRA_SPORT_MASK)
            && bound(self.dport, r, FRA_DPORT_RANGE, FRA_DPORT_MASK)
            && (self.tun_id == 0 || r.get(FRA_TUN_ID).and_then(|a| a.u64_be()) == Some(self.tun_id))
            && (self.table == 0 || r.table() == self.table)
            && self.dscp(r)
            && self.label(r)
    }

    /// Whether it was made by the protocol asked for.
    pub fn made_by(&self, r: &Rule<'_>) -> bool {
        self.protocol == 0 || r.u8(FRA_PROTOCOL) == Some(self.protocol)
    }

    fn mark(&self, r: &Rule<'_>) -> bool {
        (self.fwmark == 0 || r.u32(FRA_FWMARK).unwrap_or(0) == self.fwmark)
            && (self.fwmask == 0 || r.u32(FRA_FWMASK).unwrap_or(0) == self.fwmask)
    }

    fn dscp(&self, r: &Rule<'_>) -> bool {
        let Some((dscp, mask)) = self.dscp else { return true };
        mask == Some(0) || r.u8(FRA_DSCP) == Some(dscp) && full(mask, 0x3f, r.u8(FRA_DSCP_MASK))
    }

    fn label(&self, r: &Rule<'_>) -> bool {
        let Some((label, mask)) = self.flow_label else { return true };
        mask == 0
            || r.u32_be(FRA_FLOWLABEL) == Some(label) && r.u32_be(FRA_FLOWLABEL_MASK) == Some(mask)
    }
}

/// Whether a prefix of a rule lies inside the one asked for.
fn inside(asked: Option<Prefix>, addr: Option<&[u8]>, len: u8) -> bool {
    let Some(asked) = asked else { return true };
    let zero = [0; 16];
    len >= asked.len && asked.contains(addr.unwrap_or(&zero))
}

fn named(asked: Option<&[u8]>, r: &Rule<'_>, kind: u16) -> bool {
    asked.is_none_or(|name| r.get(kind).is_some_and(|a| a.bytes() == name))
}

fn bound(asked: Option<Ports>, r: &Rule<'_>, range: u16, mask: u16) -> bool {
    let Some(asked) = asked else { return true };
    asked.mask == Some(0)
        || r.ports(range) == Some((asked.first, asked.last))
            && full(asked.mask, u16::MAX, r.get(mask).and_then(|a| a.u16()))
}

/// Whether a rule's mask is the one asked for, which is all bits when none was typed. A mask of 0
/// means any rule and does not come here. Ranges, and rules of older kernels, have none.
fn full<T: PartialEq>(asked: Option<T>, all: T, there: Option<T>) -> bool {
    match there {
        None => asked.is_none(),
        Some(mask) => mask == asked.unwrap_or(all),
    }
}
