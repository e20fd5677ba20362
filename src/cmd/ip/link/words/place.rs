//! Words that say which device, what it is to be called, and where it belongs: its lower device,
//! its master, its group, its namespace.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd};

use super::{Change, device};
use crate::cli::{Args, value};
use crate::error::{Error, refusal};
use crate::names::Kind;
use crate::netlink::{self, Conn, Protocol};
use crate::rtnl::consts::{IFLA_LINK_NETNSID, IFLA_MASTER, IFLA_NET_NS_FD};
use crate::rtnl::nsid::{self, NsId};
use crate::sys::netns as namespace;

/// Where the lower device is.
#[derive(Clone, Copy, Debug)]
pub enum LinkNetns<'a> {
    /// A name, a path or the number of a process.
    Name(&'a [u8]),
    Id(i32),
}

pub fn name<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    let name = args.need()?;
    c.name = Some(value::ifname(name).ok_or_else(|| args.wrong("\"name\" not a valid ifname"))?);
    Ok(())
}

pub fn index<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    // As the C library's atoi reads it: `12x` is 12.
    let index = u32::try_from(value::atoi(args.need()?)).ok().filter(|i| *i > 0);
    c.index = Some(index.ok_or_else(|| args.wrong("Invalid \"index\" value"))?);
    Ok(())
}

pub fn link<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    c.link = Some(args.need()?);
    Ok(())
}

pub fn kind<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    c.kind = Some(args.need()?);
    Ok(())
}

pub fn group<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    let group = c.names.number(Kind::Group, args.need()?);
    c.group = Some(group.ok_or_else(|| args.wrong("Invalid \"group\" value\n"))?);
    Ok(())
}

pub fn master<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    let index = device::master(args, c.names)?;
    c.req.u32(IFLA_MASTER, index);
    Ok(())
}
pub fn vrf<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    let index = device::vrf(args, c.names)?;
    c.req.u32(IFLA_MASTER, index);
    Ok(())
}
pub fn nomaster<'a>(_: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    c.req.u32(IFLA_MASTER, 0);
    Ok(())
}

pub fn netns<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    let ns = namespace::open(args.need()?).map_err(|_| args.wrong("Invalid \"netns\" value\n"))?;
    c.req.attr(IFLA_NET_NS_FD, &ns.as_raw_fd().to_ne_bytes());
    c.netns = Some(c.files.len());
    c.files.push(ns);
    Ok(())
}
pub fn link_netns<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    c.link_netns = Some(LinkNetns::Name(args.need()?));
    Ok(())
}
pub fn link_netnsid<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    let id = args.value(value::i32, "Invalid \"link-netnsid\" value\n")?;
    c.link_netns = Some(LinkNetns::Id(id));
    Ok(())
}

impl Change<'_, '_> {
    /// Says in which namespace the lower device is, by its id where the new device will be.
    pub(super) fn place_lower(&mut self) -> Result<(), Error> {
        let id = match self.link_netns {
            None => return Ok(()),
            Some(LinkNetns::Id(id)) => id,
            Some(LinkNetns::Name(name)) => {
                let wrong = || {
                    let tail = b"\" is wrong: Invalid \"link-netns\" value\n";
                    Error::fatal(255, [b"Error: argument \"", name, tail].concat())
                };
                let ns = namespace::open(name).map_err(|_| wrong())?;
                let mut conn = self.conn_in_target().ok_or_else(wrong)?;
                id_of(&mut conn, &ns).ok_or_else(wrong)?
            }
        };
        self.link_netns = Some(LinkNetns::Id(id));
        self.req.attr(IFLA_LINK_NETNSID, &id.to_ne_bytes());
        Ok(())
    }

    /// A connection where the device will be.
    fn conn_in_target(&self) -> Option<Conn> {
        match self.netns {
            Some(at) => conn_in(&self.files[at]),
            None => Conn::open(Protocol::Route, 1 << 20).ok(),
        }
    }

    /// The index of the lower device, where it is; [`Change::place_lower`] comes first.
    pub(super) fn lower(&mut self, name: &[u8]) -> Result<u32, Error> {
        let none = || device::cannot_find(name);
        let Some(LinkNetns::Id(id)) = self.link_netns else {
            return self.names.index(name).ok_or_else(none);
        };
        let mut conn = self.conn_in_target().ok_or_else(none)?;
        match device::index_in(&mut conn, id, name) {
            Ok(index) => Ok(index),
            Err(netlink::Error::Nack(nack)) => {
                // Two sentences in the reference.
                let both = [&refusal(&nack)[..], b"\nCannot find device \"", name, b"\""];
                Err(Error::failed(1, both.concat()))
            }
            Err(e) => Err(e.into()),
        }
    }
}

/// The id of a namespace where the connection speaks for; one is given if there is none yet.
fn id_of(conn: &mut Conn, ns: &File) -> Option<i32> {
    fn ask(conn: &mut Conn, ns: &File) -> Option<i32> {
        let msg = conn.get(&mut nsid::get(ns.as_fd())).ok()?;
        NsId::parse(msg.payload)?.id().filter(|id| *id >= 0)
    }
    ask(conn, ns).or_else(|| {
        conn.change(&mut nsid::set(ns.as_fd(), -1)).ok()?;
        ask(conn, ns)
    })
}

/// A connection that speaks for another namespace; it is opened by a thread that goes there.
fn conn_in(ns: &File) -> Option<Conn> {
    std::thread::scope(|scope| {
        let opened = scope.spawn(|| {
            namespace::enter(ns).ok()?;
            Conn::open(Protocol::Route, 1 << 20).ok()
        });
        opened.join().ok()?
    })
}
