//! `ip rule add`, `delete`.

use crate::cli::value::{self as scalar, AF_INET};
use crate::cli::{Args, Row, Usage, exact, prefix};
use crate::cmd::ip::route::{kind, realm};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::names::{Kind, Names};
use crate::netlink::{NLM_F_CREATE, NLM_F_EXCL, Request};
use crate::rtnl::consts::RTN_NAT;
use crate::rtnl::rule::{
    FIB_RULE_INVERT, FR_ACT_GOTO, FR_ACT_NOP, FR_ACT_TO_TBL, FRA_DPORT_MASK, FRA_DPORT_RANGE,
    FRA_DSCP, FRA_DSCP_MASK, FRA_DST, FRA_FLOW, FRA_FLOWLABEL, FRA_FLOWLABEL_MASK, FRA_FWMARK,
    FRA_FWMASK, FRA_GOTO, FRA_IIFNAME, FRA_IP_PROTO, FRA_L3MDEV, FRA_OIFNAME, FRA_PRIORITY,
    FRA_PROTOCOL, FRA_SPORT_MASK, FRA_SPORT_RANGE, FRA_SRC, FRA_SUPPRESS_IFGROUP,
    FRA_SUPPRESS_PREFIXLEN, FRA_TABLE, FRA_TUN_ID, FRA_UID_RANGE, RTA_GATEWAY, RTM_DELRULE,
    RTM_NEWRULE, header,
};

use super::show;
use super::value::{self, BAD_IIF, BAD_OIF};

const RT_TABLE_MAIN: u32 = 254;

pub fn add(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL)
}
pub fn delete(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, RTM_DELRULE, 0)
}

/// What the words say.
pub struct Change<'n> {
    names: &'n mut Names,
    /// The family asked for by a global option.
    family: u8,
    request: Request,
    flags: u32,
    tos: u8,
    src_len: u8,
    dst_len: u8,
    action: u8,
    table: u32,
    /// The action needs no table, or one was given.
    settled: bool,
    l3mdev: bool,
    /// What is said before anything else, when all words have been read.
    warnings: Vec<u8>,
}

type Read = std::result::Result<(), Usage>;

/// The words, in the order in which they are tried.
#[rustfmt::skip] // one row, one line
pub fn rows<'n>() -> &'n [Row<Change<'n>>] {
    const {
        &[
            Row { word: exact("not"), arg: "", take: |_, c| { c.flags |= FIB_RULE_INVERT; Ok(()) }, again: true },
            Row { word: exact("from"), arg: "PREFIX", take: from, again: true },
            Row { word: exact("to"), arg: "PREFIX", take: to, again: true },
            Row { word: prefix("preference"), arg: "NUMBER", take: preference, again: true },
            Row { word: prefix("order"), arg: "NUMBER", take: preference, again: true },
            Row { word: prefix("priority"), arg: "NUMBER", take: preference, again: true },
            Row { word: exact("tos"), arg: "TOS", take: tos, again: true },
            Row { word: prefix("dsfield"), arg: "TOS", take: tos, again: true },
            Row { word: exact("fwmark"), arg: "MARK[/MASK]", take: fwmark, again: true },
            Row { word: prefix("realms"), arg: "[FROM/]TO", take: realms, again: true },
            Row { word: prefix("protocol"), arg: "PROTO", take: protocol, again: true },
            Row { word: prefix("tun_id"), arg: "NUMBER", take: tun_id, again: true },
            Row { word: prefix("table"), arg: "TABLE", take: table, again: true },
            Row { word: exact("lookup"), arg: "TABLE", take: table, again: true },
            Row { word: prefix("suppress_prefixlength"), arg: "NUMBER", take: suppress_length, again: true },
            Row { word: exact("sup_pl"), arg: "NUMBER", take: suppress_length, again: true },
            Row { word: prefix("suppress_ifgroup"), arg: "GROUP", take: suppress_group, again: true },
            Row { word: exact("sup_group"), arg: "GROUP", take: suppress_group, again: true },
            Row { word: exact("dev"), arg: "DEV", take: iif, again: true },
            Row { word: exact("iif"), arg: "DEV", take: iif, again: true },
            Row { word: exact("oif"), arg: "DEV", take: oif, again: true },
            Row { word: exact("l3mdev"), arg: "", take: l3mdev, again: true },
            Row { word: exact("uidrange"), arg: "UID-UID", take: uidrange, again: true },
            Row { word: exact("nat"), arg: "ADDRESS", take: nat, again: true },
            Row { word: prefix("map-to"), arg: "ADDRESS", take: nat, again: true },
            Row { word: exact("ipproto"), arg: "PROTOCOL", take: ipproto, again: true },
            Row { word: exact("sport"), arg: "PORTS", take: sport, again: true },
            Row { word: exact("dport"), arg: "PORTS", take: dport, again: true },
            Row { word: exact("dscp"), arg: "DSCP[/MASK]", take: dscp, again: true },
            Row { word: exact("flowlabel"), arg: "LABEL[/MASK]", take: flowlabel, again: true },
            Row { word: exact("type"), arg: "ACTION", take: typed, again: true },
        ]
    }
}

fn from(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    let given = scalar::prefix(args.need()?, c.family).map_err(|e| e.at(args.at()))?;
    c.src_len = given.len;
    c.address(FRA_SRC, args.at(), given.addr.bytes());
    Ok(())
}

fn to(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    let given = scalar::prefix(args.need()?, c.family).map_err(|e| e.at(args.at()))?;
    c.dst_len = given.len;
    c.address(FRA_DST, args.at(), given.addr.bytes());
    Ok(())
}

fn preference(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    let n = args.value(scalar::u32, "preference value is invalid\n")?;
    c.at(args).u32(FRA_PRIORITY, n);
    Ok(())
}

fn tos(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    c.tos = value::tos(args, c.names)?;
    Ok(())
}

fn fwmark(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    let (mark, mask) = value::fwmark(args)?;
    c.at(args).u32(FRA_FWMARK, mark);
    if let Some(mask) = mask {
        c.request.u32(FRA_FWMASK, mask);
    }
    Ok(())
}

fn realms(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    let realms = realm::parse(args.need()?, c.names);
    let realms = realms.ok_or_else(|| args.wrong("invalid realms\n"))?;
    c.at(args).u32(FRA_FLOW, realms);
    Ok(())
}

fn protocol(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    let word = args.need()?;
    let number = c.names.number(Kind::RtProto, word).and_then(|n| u8::try_from(n).ok());
    let number = number.ok_or_else(|| args.wrong("\"protocol\" value is invalid\n"))?;
    c.at(args).u8(FRA_PROTOCOL, number);
    Ok(())
}

fn tun_id(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    let id = args.value(scalar::u64, "\"tun_id\" value is invalid\n")?;
    c.at(args).u64_be(FRA_TUN_ID, id);
    Ok(())
}

fn table(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    let word = args.need()?;
    let table = c.names.number(Kind::RtTable, word);
    c.table = table.ok_or_else(|| args.wrong("invalid table ID\n"))?;
    c.settled = true;
    if c.table > 255 {
        let table = c.table;
        c.at(args).u32(FRA_TABLE, table);
    }
    Ok(())
}

fn suppress_length(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    let read = |w: &[u8]| scalar::i32(w).and_then(|n| u32::try_from(n).ok());
    let len = args.value(read, "suppress_prefixlength value is invalid\n")?;
    c.at(args).u32(FRA_SUPPRESS_PREFIXLEN, len);
    Ok(())
}

fn suppress_group(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    let group = c.names.number(Kind::Group, args.need()?);
    let group = group.ok_or_else(|| args.wrong("Invalid \"suppress_ifgroup\" value\n"))?;
    c.at(args).u32(FRA_SUPPRESS_IFGROUP, group);
    Ok(())
}

fn iif(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    let name = value::device(args, BAD_IIF)?;
    c.at(args).strz(FRA_IIFNAME, name);
    Ok(())
}

fn oif(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    let name = value::device(args, BAD_OIF)?;
    c.at(args).strz(FRA_OIFNAME, name);
    Ok(())
}

fn l3mdev(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    c.at(args).u8(FRA_L3MDEV, 1);
    c.settled = true;
    c.l3mdev = true;
    Ok(())
}

fn uidrange(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    let (first, last) = value::uids(args)?;
    let range = [first.to_ne_bytes(), last.to_ne_bytes()].concat();
    c.at(args).attr(FRA_UID_RANGE, &range);
    Ok(())
}

/// No kernel translates addresses here any more; it keeps the rule and looks up its table.
fn nat(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    let word = args.need()?;
    c.warnings.extend_from_slice(b"Warning: route NAT is deprecated\n");
    let addr = scalar::addr(word, AF_INET).map_err(|_| {
        let text = [b"Error: an IP address is expected rather than \"", word, b"\""].concat();
        Usage::new(1, text).at(args.at())
    })?;
    c.at(args).attr(RTA_GATEWAY, addr.bytes());
    c.action = RTN_NAT;
    Ok(())
}

fn ipproto(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    let number = value::ip_protocol(args, c.names)?;
    c.at(args).u8(FRA_IP_PROTO, number);
    Ok(())
}

fn sport(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    c.ports(args, FRA_SPORT_RANGE, FRA_SPORT_MASK)
}

fn dport(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    c.ports(args, FRA_DPORT_RANGE, FRA_DPORT_MASK)
}

fn dscp(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    let (dscp, mask) = value::dscp(args, c.names)?;
    c.at(args).u8(FRA_DSCP, dscp);
    if let Some(mask) = mask {
        c.request.u8(FRA_DSCP_MASK, mask);
    }
    Ok(())
}

fn flowlabel(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    let (label, mask) = value::flow_label(args)?;
    c.at(args).u32_be(FRA_FLOWLABEL, label);
    c.request.u32_be(FRA_FLOWLABEL_MASK, mask);
    Ok(())
}

fn typed(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    args.need()?;
    action(args, c)
}

/// What is done with a packet that matches, the word taken last.
fn action(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    let word = args.last();
    if prefix("help").is(word) {
        return Err(super::usage());
    }
    c.action = if prefix("goto").is(word) {
        let target = args.value(scalar::u32, "invalid target\n")?;
        c.at(args).u32(FRA_GOTO, target);
        FR_ACT_GOTO
    } else if prefix("nop").is(word) {
        FR_ACT_NOP
    } else {
        kind::parse(word).ok_or_else(|| args.wrong("Failed to parse rule type"))?
    };
    c.settled = true;
    Ok(())
}

impl Change<'_> {
    /// The request; what is added now comes from the word taken last.
    fn at(&mut self, args: &Args<'_>) -> &mut Request {
        self.request.from_word(args.at());
        &mut self.request
    }

    /// `all` has no bytes and is not sent.
    fn address(&mut self, kind: u16, at: usize, bytes: &[u8]) {
        self.request.from_word(at);
        if !bytes.is_empty() {
            self.request.attr(kind, bytes);
        }
    }

    fn ports(&mut self, args: &mut Args<'_>, range: u16, mask: u16) -> Read {
        let p = value::ports(args)?;
        let both = [p.first.to_ne_bytes(), p.last.to_ne_bytes()].concat();
        self.at(args).attr(range, &both);
        if let Some(bits) = p.mask {
            self.request.u16(mask, bits);
        }
        Ok(())
    }

    /// The request with its header filled in.
    fn finish(mut self, adding: bool) -> Request {
        if adding && !self.settled {
            self.table = RT_TABLE_MAIN;
        }
        let h = self.request.header();
        h[1..4].copy_from_slice(&[self.dst_len, self.src_len, self.tos]);
        // A larger one has an attribute.
        h[4] = u8::try_from(self.table).unwrap_or(0);
        h[7] = self.action;
        h[8..12].copy_from_slice(&self.flags.to_ne_bytes());
        self.request
    }
}

fn modify(ctx: &mut Ctx, args: &mut Args<'_>, message: u16, flags: u16) -> Result {
    let adding = message == RTM_NEWRULE;
    if args.is_empty() {
        let verb = if adding { "add" } else { "del" };
        return Err(Error::failed(1, format!("\"ip rule {verb}\" requires arguments.")).into());
    }
    let family = super::family(ctx);
    let mut c = Change {
        family: ctx.opts.family,
        names: &mut ctx.names,
        request: Request::new(message, flags, &header(family)),
        flags: 0,
        tos: 0,
        src_len: 0,
        dst_len: 0,
        action: if adding { FR_ACT_TO_TBL } else { 0 },
        table: 0,
        settled: false,
        l3mdev: false,
        warnings: Vec::new(),
    };
    let read = args.read(rows(), &mut c, action);
    let warnings = std::mem::take(&mut c.warnings);
    let both = c.l3mdev && c.table != 0;
    let mut request = c.finish(adding);
    if !warnings.is_empty() {
        ctx.complain(&warnings);
    }
    read?;
    if both {
        return Err(Error::failed(22, "table can not be specified for l3mdev rules").into());
    }
    if !ctx.opts.echo {
        return Ok(ctx.change_later(&mut request)?);
    }
    let mut echoed = Vec::new();
    ctx.change_echo(&mut request, |msg| echoed.push((msg.kind, msg.payload.to_vec())))?;
    let Ctx { out, names, opts, .. } = ctx;
    out.begin();
    for (kind, payload) in &echoed {
        show::change(out, names, opts.details > 0, *kind, payload);
    }
    out.end();
    Ok(())
}
