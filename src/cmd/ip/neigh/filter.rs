//! Which entries are shown or flushed.

use crate::cli::value::{self, AF_UNSPEC, Prefix};
use crate::cli::{Args, Row, Usage, exact, prefix};
use crate::error::{Error, Result};
use crate::names::{Kind, Names};
use crate::netlink::Request;
use crate::rtnl::consts::{
    NDA_IFINDEX, NDA_MASTER, NTF_EXT_LEARNED, NTF_PROXY, NUD_FAILED, NUD_NOARP, NUD_PERMANENT,
};
use crate::rtnl::neigh::{self, Neigh};

use super::state;

/// Stands for entries without a state.
const NO_STATE: u16 = 0x100;

/// What the selectors say.
pub struct Filter {
    /// AF_UNSPEC: every family.
    family: u8,
    /// 0: every device.
    pub index: u32,
    /// `u32::MAX`: entries of devices without a master.
    master: Option<u32>,
    unused: bool,
    /// NUD_*, or-ed.
    states: u16,
    proxy: bool,
    /// 0: every protocol.
    protocol: u8,
    to: Option<Prefix>,
}

/// The selectors while they are read.
pub struct Reading<'n> {
    names: &'n mut Names,
    flush: bool,
    dev: Option<Vec<u8>>,
    /// Whether a state was named.
    stated: bool,
    filter: Filter,
}

/// The selectors, in the order in which they are tried.
#[rustfmt::skip] // one row, one line
pub fn rows<'n>() -> &'n [Row<Reading<'n>>] {
    const {
        &[
            Row { word: exact("dev"), arg: "DEV", take: dev, again: false },
            Row { word: exact("master"), arg: "DEV", take: master, again: true },
            Row { word: exact("vrf"), arg: "NAME", take: vrf, again: true },
            Row { word: exact("nomaster"), arg: "", take: nomaster, again: true },
            Row { word: exact("unused"), arg: "", take: unused, again: true },
            Row { word: exact("nud"), arg: "{ STATE | all }", take: nud, again: true },
            Row { word: exact("proxy"), arg: "", take: proxy, again: true },
            Row { word: prefix("protocol"), arg: "{ PROTO | all }", take: protocol, again: true },
            Row { word: exact("to"), arg: "PREFIX", take: to, again: true },
        ]
    }
}

fn dev(args: &mut Args<'_>, r: &mut Reading<'_>) -> std::result::Result<(), Usage> {
    r.dev = Some(args.need()?.to_vec());
    Ok(())
}

fn master(args: &mut Args<'_>, r: &mut Reading<'_>) -> std::result::Result<(), Usage> {
    let name = args.need()?;
    let index = r.names.index(name).ok_or_else(|| args.wrong("Device does not exist\n"))?;
    r.filter.master = Some(index);
    Ok(())
}

fn vrf(args: &mut Args<'_>, r: &mut Reading<'_>) -> std::result::Result<(), Usage> {
    let name = args.need()?;
    let index = r.names.vrf(name).ok_or_else(|| args.wrong("Not a valid VRF name\n"))?;
    r.filter.master = Some(index);
    Ok(())
}

fn nomaster(_: &mut Args<'_>, r: &mut Reading<'_>) -> std::result::Result<(), Usage> {
    r.filter.master = Some(u32::MAX);
    Ok(())
}

fn unused(_: &mut Args<'_>, r: &mut Reading<'_>) -> std::result::Result<(), Usage> {
    r.filter.unused = true;
    Ok(())
}

/// Several are or-ed; the first replaces what is shown without one.
fn nud(args: &mut Args<'_>, r: &mut Reading<'_>) -> std::result::Result<(), Usage> {
    if !std::mem::replace(&mut r.stated, true) {
        r.filter.states = 0;
    }
    let states = &mut r.filter.states;
    if args.peek() == Some(b"all") {
        args.need()?;
        *states = u16::MAX;
        if r.flush {
            *states &= !NUD_NOARP;
        }
        return Ok(());
    }
    *states |= match state::take(args)? {
        0 => NO_STATE,
        bits => bits,
    };
    Ok(())
}

fn proxy(_: &mut Args<'_>, r: &mut Reading<'_>) -> std::result::Result<(), Usage> {
    r.filter.proxy = true;
    Ok(())
}

fn protocol(args: &mut Args<'_>, r: &mut Reading<'_>) -> std::result::Result<(), Usage> {
    let word = args.need()?;
    r.filter.protocol = match r.names.number(Kind::RtProto, word).and_then(|n| u8::try_from(n).ok())
    {
        Some(number) => number,
        None if word == b"all" => 0,
        None => return Err(args.wrong("invalid \"protocol\"\n")),
    };
    Ok(())
}

fn to(args: &mut Args<'_>, r: &mut Reading<'_>) -> std::result::Result<(), Usage> {
    args.need()?;
    positional(args, r)
}

fn positional(args: &mut Args<'_>, r: &mut Reading<'_>) -> std::result::Result<(), Usage> {
    if prefix("help").is(args.last()) {
        return Err(super::usage());
    }
    let to = value::prefix(args.last(), r.filter.family).map_err(|e| e.at(args.at()))?;
    if r.filter.family == AF_UNSPEC {
        r.filter.family = to.addr.family;
    }
    r.filter.to = Some(to);
    Ok(())
}

/// Reads the selectors to the end of the words.
///
/// # Errors
///
/// Wrong words, and a device that does not exist.
pub fn read(names: &mut Names, family: u8, flush: bool, args: &mut Args<'_>) -> Result<Filter> {
    let states = if flush { !(NUD_PERMANENT | NUD_NOARP) } else { 0xff & !NUD_NOARP };
    let filter = Filter {
        family,
        index: 0,
        master: None,
        unused: false,
        states,
        proxy: false,
        protocol: 0,
        to: None,
    };
    let mut r = Reading { names, flush, dev: None, stated: false, filter };
    args.read(rows(), &mut r, positional)?;
    if let Some(name) = r.dev {
        r.filter.index = r.names.index(&name).ok_or_else(|| {
            Error::failed(1, [b"Cannot find device \"", &name[..], b"\""].concat())
        })?;
    }
    Ok(r.filter)
}

impl Filter {
    /// The request for the table, with what the kernel filters itself.
    pub fn request(&self) -> Request {
        let mut r = neigh::query(self.family, 0, if self.proxy { NTF_PROXY } else { 0 });
        if self.index != 0 {
            r.u32(NDA_IFINDEX, self.index);
        }
        if let Some(master) = self.master {
            r.u32(NDA_MASTER, master);
        }
        r
    }

    /// Whether an entry is meant. Proxies and learned entries pass whatever their state is.
    pub fn accepts(&self, n: &Neigh<'_>) -> bool {
        let states = if n.state == 0 { NO_STATE } else { n.state };
        (self.family == AF_UNSPEC || self.family == n.family)
            && (self.index == 0 || self.index == n.index)
            && (self.states & states != 0 || n.flags & (NTF_PROXY | NTF_EXT_LEARNED) != 0)
            && (self.protocol == 0 || n.protocol() == Some(self.protocol))
            && !(self.unused && n.cache().is_some_and(|c| c.references != 0))
            && self.contains(n)
    }

    /// Entries without an address pass.
    fn contains(&self, n: &Neigh<'_>) -> bool {
        match (self.to, n.dst()) {
            (Some(to), Some(dst)) if to.addr.family != AF_UNSPEC => {
                to.addr.family == n.family && to.contains(dst)
            }
            _ => true,
        }
    }

    /// Leaves failed entries alone from now on: they may stay in spite of a deletion.
    pub fn without_failed(&mut self) {
        self.states &= !NUD_FAILED;
    }
}
