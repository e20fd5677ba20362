//! Generic netlink: families that are called by name, their numbers being dealt out at run time.
//!
//! struct genlmsghdr (linux/genetlink.h), 4 bytes: command, version, padding.

use std::io;

use crate::netlink::{Attr, Attrs, Conn, Error, Protocol, Request};

/// struct genlmsghdr.
pub const HEADER_LEN: usize = 4;

// The family that knows the others.
const GENL_ID_CTRL: u16 = 16;
const CTRL_CMD_GETFAMILY: u8 = 3;
const CTRL_ATTR_FAMILY_ID: u16 = 1;
const CTRL_ATTR_FAMILY_NAME: u16 = 2;
const CTRL_ATTR_MCAST_GROUPS: u16 = 7;
const CTRL_ATTR_MCAST_GRP_NAME: u16 = 1;
const CTRL_ATTR_MCAST_GRP_ID: u16 = 2;

/// A family and a socket to speak to it.
pub struct Family {
    pub conn: Conn,
    id: u16,
    version: u8,
    /// The message about the family, for its groups.
    about: Vec<u8>,
}

impl Family {
    /// Finds a family; `receive_buffer` is SO_RCVBUF in bytes.
    ///
    /// # Errors
    ///
    /// ENOENT for a family that this kernel does not have, and those of the socket.
    pub fn open(name: &str, version: u8, receive_buffer: u32) -> Result<Family, Error> {
        let mut conn = Conn::open(Protocol::Generic, receive_buffer)?;
        let mut request = Request::new(GENL_ID_CTRL, 0, &[CTRL_CMD_GETFAMILY, 1, 0, 0]);
        request.strz(CTRL_ATTR_FAMILY_NAME, name.as_bytes());
        let about = conn.get(&mut request)?.payload.to_vec();
        let id = attrs(&about).find(CTRL_ATTR_FAMILY_ID).and_then(Attr::u16);
        let id = id.ok_or(Error::Malformed)?;
        Ok(Family { conn, id, version, about })
    }

    /// A request of this family.
    pub fn request(&self, command: u8, flags: u16) -> Request {
        Request::new(self.id, flags, &[command, self.version, 0, 0])
    }

    /// Hears what is said to one of the family's groups.
    ///
    /// # Errors
    ///
    /// Those of setsockopt(2); ENOENT for a group that there is not.
    pub fn join(&self, group: &str) -> io::Result<()> {
        let groups = attrs(&self.about).find(CTRL_ATTR_MCAST_GROUPS);
        let mut groups = groups.into_iter().flat_map(Attr::nested).map(Attr::nested);
        let named = groups.find(|g| {
            Attrs::find(*g, CTRL_ATTR_MCAST_GRP_NAME).map(Attr::bytes) == Some(group.as_bytes())
        });
        let id = named.and_then(|g| Attrs::find(g, CTRL_ATTR_MCAST_GRP_ID)?.u32());
        self.conn.join(id.ok_or_else(|| io::Error::from_raw_os_error(libc::ENOENT))?)
    }
}

/// The attributes of a message.
pub fn attrs(payload: &[u8]) -> Attrs<'_> {
    Attrs(payload.get(HEADER_LEN..).unwrap_or(&[]))
}

/// The command of a message.
pub fn command(payload: &[u8]) -> u8 {
    payload.first().copied().unwrap_or(0)
}
