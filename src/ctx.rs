//! What a command is given: options, output, sockets, names.
//!
//! Everything is set up at first use: `ip help` opens no socket and reads no file.

use crate::cli::value::AF_UNSPEC;
use crate::error::Error;
use crate::names::Names;
use crate::netlink::{self, Conn, Msg, Protocol, Request};
use crate::output::{Human, Out, Style};
use crate::sys::{fd, file, netns};

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
}

impl Ctx {
    pub fn new(opts: Opts) -> Ctx {
        let names = Names::default();
        Ctx { out: Out::new(opts.style), names, opts, route: None }
    }

    /// The rtnetlink connection.
    ///
    /// # Errors
    ///
    /// When no socket can be had: the reference's sentence, status 1.
    pub fn route(&mut self) -> Result<&mut Conn, Error> {
        if self.route.is_none() {
            let conn = Conn::open(Protocol::Route, self.opts.receive_buffer)
                .map_err(|error| Error::Io { what: "Cannot open netlink socket", error })?;
            if self.opts.batch {
                // In a batch the kernel filters nothing and refuses no selector (observed in
                // iproute2): a table that does not exist is empty.
                conn.set_strict(false);
            }
            self.route = Some(conn);
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
        if interrupted {
            self.complain(b"Dump was interrupted and may be inconsistent.\n");
        }
        Ok(())
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
                    let dot: &[u8] = if w.ends_with(b".") { b"\n" } else { b".\n" };
                    self.complain(&[b"Warning: ", &w[..], dot].concat());
                }
                Ok(())
            }
            Err(e) => Err(pointed(e, request)),
        }
    }

    /// Prints to stderr, after what stdout holds: the reference flushes what it shows record by
    /// record, so in a log of both its error comes behind.
    pub fn complain(&mut self, text: &[u8]) {
        if !text.is_empty() {
            let _ = self.out.flush();
        }
        fd::stderr(text);
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
    let mut dump = conn.dump(request)?;
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
