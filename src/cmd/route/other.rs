//! Families of addresses that net-tools knows and that hardly any kernel still routes.

use super::{Options, failed, no_flush, usage};
use crate::error::{Error, errno};
use crate::output::Out;
use crate::sys::file;

/// One family.
#[derive(Debug, PartialEq, Eq)]
pub struct Other {
    pub name: &'static str,
    /// Where a kernel that has the family shows its table, as net-tools names the file when it is
    /// missing; empty for families that are not routed.
    table: &'static str,
    /// A second file without which the table cannot be told; mostly empty.
    neighbours: &'static str,
    /// What is said of a kernel without the family; and whether as an error, or as output.
    absent: &'static str,
    is_error: bool,
    /// Why nothing is added and deleted; empty: the usage says it.
    change: &'static str,
}

const UNROUTED: &str = "No routing for address family";

const fn other(name: &'static str, table: &'static str, absent: &'static str) -> Other {
    Other { name, table, neighbours: "", absent, is_error: false, change: UNROUTED }
}

#[rustfmt::skip] // one row, one line
pub static OTHERS: [Other; 8] = [
    other("unix", "", ""),
    other("ash", "", ""),
    other("ax25", "/proc/net/ax25_route", "AX.25 not configured in this system.\n"),
    Other { change: "NET/ROM: this needs to be written", neighbours: "/proc/net/nr_neigh",
        ..other("netrom", "/proc/net/nr_nodes", "NET/ROM not configured in this system.\n") },
    Other { is_error: true,
        ..other("rose", "/proc/net/rose_nodes", "ROSE not configured in this system.\n") },
    Other { change: "IPX: this needs to be written",
        ..other("ipx", "/proc/net/ipx_route",
            "IPX routing not in file /proc/net/ipx/route or /proc/net/ipx_route found.\n") },
    Other { is_error: true,
        ..other("ddp", "/proc/net/atalk_route", "DDP (AppleTalk) not configured on this system.\n") },
    Other { change: "", ..other("x25", "/proc/net/x25/route", "X.25 not configured in this system.\n") },
];

impl Other {
    fn unrouted(&self) -> Error {
        failed(3, &[UNROUTED.as_bytes(), b" `", self.name.as_bytes(), b"'."])
    }

    /// Shows the table: that there is none, since kernels have lost these families one by one.
    ///
    /// # Errors
    ///
    /// Always: 3 for what is not routed, 1 where the family is missing, here or in the kernel.
    pub fn show(&self, out: &mut Out) -> Result<(), Error> {
        if self.table.is_empty() {
            return Err(self.unrouted());
        }
        if file::exists(self.table.as_bytes()) {
            let name = self.name.as_bytes();
            return Err(failed(1, &[b"route: the table of ", name, b" is not part of ipbox"]));
        }
        let before: &[u8] = match self.name {
            "ipx" => b"",
            "ddp" => b"Error opening /proc/net/atalk_route: ",
            "x25" => {
                out.text(self.absent);
                return Err(Error::Status(1));
            }
            _ => &[self.table.as_bytes(), b": "].concat(),
        };
        let why = errno(libc::ENOENT);
        let mut text = [before, why.as_bytes()].concat();
        if !self.neighbours.is_empty() {
            text.extend(format!("\n{}: {why}", self.neighbours).into_bytes());
        }
        if self.is_error {
            text.push(b'\n');
            text.extend(self.absent.trim_end().as_bytes());
        } else {
            out.text(self.absent);
        }
        Err(failed(1, &[&text]))
    }

    /// Whether there is a usage of its own.
    pub fn has_help(&self) -> bool {
        self.change.is_empty()
    }

    /// `add`, `del` and `flush`.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn change(&self, o: &Options, flush: bool) -> Error {
        match self.change {
            UNROUTED => self.unrouted(),
            "" if flush => no_flush(o),
            "" => usage(super::HELP),
            text => failed(1, &[text.as_bytes()]),
        }
    }
}
