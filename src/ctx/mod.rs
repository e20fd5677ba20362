//! What a command is given: options, output, sockets, names.
//!
//! Everything is set up at first use: `ip help` opens no socket and reads no file.

mod later;

use crate::cli::value::AF_UNSPEC;
use crate::error::Error;
use crate::genl::Family;
use crate::names::Names;
use crate::netlink::{self, Conn, Msg, Protocol, Request};
use crate::output::{Human, Out, Style};
use crate::sys::{fd, file, netns};
use later::Later;

/// The global options of `ip`.
#[derive(Clone, Debug)]
pub struct Opts {
    /// AF_INET, AF_INET6, AF_PACKET, AF_MPLS, AF_BRIDGE, or AF_UNSPEC.
    pub family: u8,
    /// -statistics, counted.
    pub stats: u8,
    /// -details, counted.
    pub details: u8,
    pub brief: bool,
    pub human: Human,
    pub timestamp: bool,
    pub timestamp_short: bool,
    /// -all, for `netns exec` and `netns delete`.
    pub all: bool,
    /// -force: a batch goes on after an error.
    pub force: bool,
    /// -echo: print what the kernel made.
    pub echo: bool,
    /// -loops: rounds of `address flush`; 0 means no bound.
    pub loops: u32,
    /// SO_RCVBUF in bytes.
    pub receive_buffer: u32,
    /// The words come from a batch: commands are forked, hints are silent.
    pub batch: bool,
    pub style: Style,
}

impl Default for Opts {
    fn default() -> Self {
        Opts {
            family: AF_UNSPEC,
            stats: 0,
            details: 0,
            brief: false,
            human: Human::Off,
            timestamp: false,
            timestamp_short: false,
            all: false,
            force: false,
            echo: false,
            loops: 10,
            receive_buffer: 1 << 20,
            batch: false,
            style: Style::default(),
        }
    }
}

/// What all commands share.
pub struct Ctx {
    pub opts: Opts,
    pub out: Out,
    pub names: Names,
    route: Option<Conn>,
    later: Option<Later>,
}

impl Ctx {
    pub fn new(opts: Opts) -> Ctx {
        let names = Names::default();
        Ctx { out: Out::new(opts.style), names, opts, route: None, later: None }
    }

    /// The rtnetlink connection.
    ///
    /// # Errors
    ///
    /// When no socket can be had: the reference's sentence, status 1. And in a batch that ends
    /// because an earlier line has failed, which has been said.
    pub fn route(&mut self) -> Result<&mut Conn, Error> {
        self.settle();
        if self.has_stopped() {
            return Err(Error::Status(1));
        }
        if self.route.is_none() {
            self.route = Some(open_route(&self.opts)?);
        }
        Ok(self.route.as_mut().expect("it was opened above"))
    }

    /// The connection together with output and names, for commands that show a dump as it comes.
    ///
    /// # Errors
    ///
    /// As [`Ctx::route`].
    pub fn parts(&mut self) -> Result<(&mut Conn, &mut Out, &mut Names, &Opts), Error> {
        self.route()?;
        let conn = self.route.as_mut().expect("it was opened above");
        Ok((conn, &mut self.out, &mut self.names, &self.opts))
    }

    /// Shows a table record by record, as a document; a refusal ends with `status`.
    ///
    /// # Errors
    ///
    /// The kernel's refusal.
    pub fn table(
        &mut self,
        request: &mut Request,
        status: u8,
        each: Each<'_>,
    ) -> Result<(), Error> {
        self.out.begin();
        let ended = self.read_table(request, status, each);
        self.out.end();
        ended
    }

    /// The same without the document around it.
    ///
    /// # Errors
    ///
    /// The kernel's refusal.
    pub fn read_table(
        &mut self,
        request: &mut Request,
        status: u8,
        each: Each<'_>,
    ) -> Result<(), Error> {
        let (conn, out, names, opts) = self.parts()?;
        let interrupted = dump_each(conn, request, status, &mut |msg| each(out, names, opts, msg))?;
        self.told_interruption(interrupted);
        Ok(())
    }

    /// A family of generic netlink.
    ///
    /// # Errors
    ///
    /// The reference's two sentences about a family that this kernel does not have, status 1.
    pub fn genl(&mut self, name: &str, version: u8) -> Result<Family, Error> {
        Family::open(name, version, self.opts.receive_buffer).map_err(|e| match e {
            netlink::Error::Nack(nack) => {
                let text = [&crate::error::refusal(&nack)[..], b"\nError talking to the kernel"];
                Error::failed(1, text.concat())
            }
            netlink::Error::Io(error) => Error::Io { what: "Cannot open netlink socket", error },
            other => other.into(),
        })
    }

    /// As [`Ctx::table`], of a family of generic netlink.
    ///
    /// # Errors
    ///
    /// The kernel's refusal.
    pub fn genl_table(
        &mut self,
        family: &mut Family,
        request: &mut Request,
        status: u8,
        each: Each<'_>,
    ) -> Result<(), Error> {
        self.out.begin();
        let Ctx { out, names, opts, .. } = self;
        let read =
            dump_each(&mut family.conn, request, status, &mut |msg| each(out, names, opts, msg));
        self.out.end();
        self.told_interruption(read?);
        Ok(())
    }

    /// Sends a change to a family of generic netlink; a refusal ends with `status`.
    ///
    /// # Errors
    ///
    /// The kernel's refusal.
    pub fn genl_change(
        family: &mut Family,
        request: &mut Request,
        status: u8,
    ) -> Result<(), Error> {
        match family.conn.change(request) {
            Ok(_) => Ok(()),
            Err(e) => Err(with_status(pointed(e, request), status)),
        }
    }

    /// Sends a change; a refusal becomes an error with status 2 that points at its word,
    /// a warning is printed.
    ///
    /// # Errors
    ///
    /// The kernel's refusal.
    pub fn change(&mut self, request: &mut Request) -> Result<(), Error> {
        self.change_echo(request, |_| ())
    }

    /// Like [`Ctx::change`]; with -echo the objects that the kernel sends back go to `echo`.
    ///
    /// # Errors
    ///
    /// The kernel's refusal.
    pub fn change_echo(
        &mut self,
        request: &mut Request,
        echo: impl FnMut(Msg<'_>),
    ) -> Result<(), Error> {
        if self.opts.echo {
            request.add_flags(netlink::NLM_F_ECHO);
        }
        let answer = self.route()?.change_echo(request, echo);
        match answer {
            Ok(ack) => {
                if let Some(w) = ack.warning {
                    self.warn(&w);
                }
                Ok(())
            }
            Err(e) => Err(pointed(e, request)),
        }
    }

    /// Prints the kernel's sentence about a change that it has made all the same.
    fn warn(&mut self, sentence: &[u8]) {
        let dot: &[u8] = if sentence.ends_with(b".") { b"\n" } else { b".\n" };
        self.complain(&[b"Warning: ", sentence, dot].concat());
    }

    /// Prints to stderr, after what stdout holds: the reference flushes what it shows record by
    /// record, so in a log of both its error comes behind.
    pub fn complain(&mut self, text: &[u8]) {
        self.settle();
        if self.has_stopped() {
            // What a line says that would not have been read any more.
            return;
        }
        if !text.is_empty() {
            let _ = self.out.flush();
        }
        fd::stderr(text);
    }

    /// Says of a table that was read whether it changed meanwhile (NLM_F_DUMP_INTR).
    pub fn told_interruption(&mut self, it_was: bool) {
        if it_was {
            self.complain(b"Dump was interrupted and may be inconsistent.\n");
        }
    }

    /// Whether somebody reads stderr who can use a hint.
    pub fn wants_hints(&self) -> bool {
        !self.opts.batch
            && !self.out.is_json()
            && fd::stderr_is_terminal()
            && file::env("NO_HINTS").is_none_or(|v| v.is_empty())
    }

    /// Says what may help, as one line; see [`Ctx::wants_hints`].
    pub fn hint(&mut self, text: impl FnOnce() -> String) {
        if self.wants_hints() {
            let line = format!("hint: {}\n", text());
            self.complain(line.as_bytes());
        }
    }

    /// The named namespace that has a device of this name.
    pub fn find_in_namespaces(&mut self, device: &[u8]) -> Option<Vec<u8>> {
        file::list(netns::DIR).ok()?.into_iter().find(|name| {
            let Ok(ns) = netns::open_named(name) else { return false };
            netns::inside(&ns, || Names::default().index(device).is_some()).unwrap_or(false)
        })
    }

    /// Forgets sockets and devices: another namespace was entered.
    pub fn namespace_changed(&mut self) {
        self.route = None;
        self.names.forget_links();
    }
}

/// A connection to rtnetlink as these options want it.
fn open_route(opts: &Opts) -> Result<Conn, Error> {
    let conn = Conn::open(Protocol::Route, opts.receive_buffer)
        .map_err(|error| Error::Io { what: "Cannot open netlink socket", error })?;
    if opts.batch {
        // In a batch the kernel filters nothing and refuses no selector (observed in
        // iproute2): a table that does not exist is empty.
        conn.set_strict(false);
    }
    Ok(conn)
}

/// What is said of a line of a batch, behind what is wrong with it.
pub fn failed_line(mut text: Vec<u8>, file: &[u8], line: u64) -> Vec<u8> {
    text.extend_from_slice(b"Command failed ");
    text.extend_from_slice(file);
    text.extend_from_slice(format!(":{line}\n").as_bytes());
    text
}

/// What shows one message of a table.
pub type Each<'f> = &'f mut dyn FnMut(&mut Out, &mut Names, &Opts, Msg<'_>);

/// Reads a table to its end; whether it changed meanwhile.
///
/// # Errors
///
/// The kernel's refusal. ENOENT and EOPNOTSUPP at the end of a table are none.
pub fn dump_each(
    conn: &mut Conn,
    request: &mut Request,
    status: u8,
    each: &mut dyn FnMut(Msg<'_>),
) -> Result<bool, Error> {
    let mut dump = conn.dump(request)?.shown();
    loop {
        let failed = match dump.next_message() {
            Ok(Some(msg)) => {
                each(msg);
                continue;
            }
            Ok(None) => return Ok(dump.interrupted()),
            Err(e) => e,
        };
        return match failed {
            netlink::Error::Nack(nack) if dump.refused() => {
                Err(Error::Kernel { nack, status, dump: true, at: None })
            }
            other => dump_failed(other, status).map(|()| dump.interrupted()),
        };
    }
}

/// The same error with another status, where it is the kernel's.
pub fn with_status(error: Error, status: u8) -> Error {
    match error {
        Error::Kernel { nack, dump, at, .. } => Error::Kernel { nack, status, dump, at },
        other => other,
    }
}

/// A refusal that knows the word it is about.
pub fn pointed(error: netlink::Error, request: &Request) -> Error {
    match error {
        netlink::Error::Nack(nack) => {
            let at = nack.offset.and_then(|o| request.word_at(o));
            Error::Kernel { nack, status: 2, dump: false, at }
        }
        other => other.into(),
    }
}

/// A dump that failed: `RTNETLINK answers: …` and `Dump terminated`. ENOENT and EOPNOTSUPP
/// at the end of a dump are no failure (observed in iproute2).
pub fn dump_failed(error: netlink::Error, status: u8) -> Result<(), Error> {
    match error {
        netlink::Error::Nack(nack)
            if nack.message.is_none() && matches!(nack.errno, libc::ENOENT | libc::EOPNOTSUPP) =>
        {
            Ok(())
        }
        netlink::Error::Nack(nack) => Err(Error::Kernel { nack, status, dump: true, at: None }),
        other => Err(other.into()),
    }
}

/// A deletion of a flush that the kernel refused: the reference's sentence.
pub fn flush_failed(error: netlink::Error, status: u8) -> Error {
    match error {
        netlink::Error::Nack(nack) => {
            let why = crate::error::errno(nack.errno);
            Error::failed(status, format!("Failed to send flush request: {why}"))
        }
        other => other.into(),
    }
}
