//! Which objects are shown or flushed.

use crate::cli::{Args, Row, Usage, exact, prefix, value};
use crate::error::Result;
use crate::names::Names;
use crate::netlink::Request;
use crate::rtnl::nexthop::{
    NHA_FDB, NHA_GROUPS, NHA_MASTER, NHA_OIF, Nexthop, RTM_GETNEXTHOP, header,
};

/// What the selectors say.
#[derive(Default)]
pub struct Filter {
    /// AF_UNSPEC: every family.
    pub family: u8,
    pub index: Option<u32>,
    pub master: Option<u32>,
    pub groups: bool,
    pub fdb: bool,
    /// Only this one; nothing else counts then.
    pub id: Option<u32>,
    /// 0: every protocol.
    pub protocol: u32,
}

/// The selectors while they are read.
pub struct Reading<'n> {
    pub names: &'n mut Names,
    pub filter: Filter,
}

type Read = std::result::Result<(), Usage>;

/// The selectors, in the order in which they are tried.
#[rustfmt::skip] // one row, one line
pub fn rows<'n>() -> &'n [Row<Reading<'n>>] {
    const {
        &[
            Row { word: prefix("dev"), arg: "DEV", take: dev, again: true },
            Row { word: prefix("groups"), arg: "", take: |_, r| { r.filter.groups = true; Ok(()) }, again: true },
            Row { word: prefix("master"), arg: "DEV", take: master, again: true },
            Row { word: prefix("vrf"), arg: "NAME", take: vrf, again: true },
            Row { word: exact("id"), arg: "ID", take: |a, r| { id(a, r)?; a.skip(); Ok(()) }, again: true },
            Row { word: prefix("help"), arg: "", take: |_, _| Err(super::usage()), again: true },
            Row { word: prefix("protocol"), arg: "NUMBER", take: protocol, again: true },
            Row { word: prefix("fdb"), arg: "", take: |_, r| { r.filter.fdb = true; Ok(()) }, again: true },
        ]
    }
}

pub fn dev(args: &mut Args<'_>, r: &mut Reading<'_>) -> Read {
    let index = r.names.index(args.need()?);
    r.filter.index = Some(index.ok_or_else(|| args.wrong("Device does not exist\n"))?);
    Ok(())
}

pub fn master(args: &mut Args<'_>, r: &mut Reading<'_>) -> Read {
    let index = r.names.index(args.need()?);
    r.filter.master = Some(index.ok_or_else(|| args.wrong("Device does not exist\n"))?);
    Ok(())
}

pub fn vrf(args: &mut Args<'_>, r: &mut Reading<'_>) -> Read {
    let index = r.names.vrf(args.need()?);
    r.filter.master = Some(index.ok_or_else(|| args.wrong("Invalid VRF\n"))?);
    Ok(())
}

pub fn id(args: &mut Args<'_>, r: &mut Reading<'_>) -> Read {
    r.filter.id = Some(super::id(args)?);
    Ok(())
}

fn protocol(args: &mut Args<'_>, r: &mut Reading<'_>) -> Read {
    r.filter.protocol = args.value(value::u32, "invalid protocol value")?;
    Ok(())
}

/// Reads the selectors to the end of the words.
///
/// # Errors
///
/// Wrong words.
pub fn read(names: &mut Names, family: u8, args: &mut Args<'_>) -> Result<Filter> {
    let mut r = Reading { names, filter: Filter { family, ..Filter::default() } };
    args.read(rows(), &mut r, |a, _| Err(a.wrong("")))?;
    Ok(r.filter)
}

impl Filter {
    /// The request for the objects, with what the kernel filters itself.
    pub fn request(&self) -> Request {
        let mut r = Request::new(RTM_GETNEXTHOP, 0, &header(self.family));
        if let Some(index) = self.index {
            r.u32(NHA_OIF, index);
        }
        if self.groups {
            r.attr(NHA_GROUPS, &[]);
        }
        if let Some(master) = self.master {
            r.u32(NHA_MASTER, master);
        }
        if self.fdb {
            r.attr(NHA_FDB, &[]);
        }
        r
    }

    /// What the kernel does not filter.
    pub fn accepts(&self, n: &Nexthop<'_>) -> bool {
        self.protocol == 0 || self.protocol == u32::from(n.protocol)
    }

    /// Whether nothing was chosen.
    pub fn is_open(&self) -> bool {
        self.index.is_none()
            && self.master.is_none()
            && !self.groups
            && !self.fdb
            && self.protocol == 0
    }
}
