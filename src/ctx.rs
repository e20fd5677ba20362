//! What a command is given: options, output, sockets, names.
//!
//! Everything is set up at first use: `ip help` opens no socket and reads no file.

use crate::cli::value::AF_UNSPEC;
use crate::error::Error;
use crate::genl::Family;
use crate::names::Names;
use crate::netlink::{self, Conn, Msg, Pack, Protocol, Request};
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
    later: Option<Later>,
}

/// Lines of a batch that goes on after an error: changes that wait to be sent together.
struct Later {
    pack: Pack,
    /// The line of the batch that each is from.
    lines: Vec<u64>,
    /// What a line that fails is said to be a line of.
    file: Vec<u8>,
    line: u64,
    failed: bool,
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
    /// When no socket can be had: the reference's sentence, status 1.
    pub fn route(&mut self) -> Result<&mut Conn, Error> {
        self.settle();
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
                    let dot: &[u8] = if w.ends_with(b".") { b"\n" } else { b".\n" };
                    self.complain(&[b"Warning: ", &w[..], dot].concat());
                }
                Ok(())
            }
            Err(e) => Err(pointed(e, request)),
        }
    }

    /// From here on [`Ctx::change_later`] may wait: the lines of a batch are independent.
    pub fn pack_lines_of(&mut self, file: &[u8]) {
        let file = file.to_vec();
        let (pack, lines) = (Pack::default(), Vec::new());
        self.later = Some(Later { pack, lines, file, line: 0, failed: false });
    }

    /// What is changed now is from this line.
    pub fn at_line(&mut self, number: u64) {
        if let Some(later) = &mut self.later {
            later.line = number;
        }
    }

    /// Whether changes wait.
    pub fn has_more(&self) -> bool {
        self.later.as_ref().is_some_and(|later| later.pack.count() > 0)
    }

    /// Sends a change like [`Ctx::change`], or together with others, before anything else is asked
    /// or said. For what ends a command: if it is refused, it is the line that has failed.
    ///
    /// # Errors
    ///
    /// The kernel's refusal, unless it comes later.
    pub fn change_later(&mut self, request: &mut Request) -> Result<(), Error> {
        let Some(later) = &mut self.later else { return self.change(request) };
        later.pack.add(request).map_err(netlink::Error::from)?;
        later.lines.push(later.line);
        // Of each refusal one to two KiB must find room where they wait to be read.
        let most = self.opts.receive_buffer as usize / 2048;
        if later.pack.is_full() || later.lines.len() >= most {
            self.settle();
        }
        Ok(())
    }

    /// Sends the changes that wait, and says which lines have failed.
    pub fn settle(&mut self) {
        if !self.has_more() {
            return;
        }
        let Some(mut later) = self.later.take() else { return };
        let mut failed = Vec::new();
        let (mut from, end) = (0, later.lines.len());
        while from < end {
            let sent = self.route().and_then(|conn| {
                let refused = &mut |at, nack| {
                    let e = Error::Kernel { nack, status: 2, dump: false, at: None };
                    failed.push((at, e.text()));
                };
                Ok(conn.change_some(&mut later.pack, from, refused)?)
            });
            from = sent.unwrap_or_else(|e| {
                // Nobody knows what became of the rest.
                let known = failed.last().map_or(from, |&(at, _)| from.max(at + 1));
                failed.extend((known..end).map(|at| (at, e.text())));
                end
            });
        }
        for (at, text) in &mut failed {
            let text = failed_line(std::mem::take(text), &later.file, later.lines[*at]);
            self.complain(&text);
        }
        later.failed |= !failed.is_empty();
        later.pack.clear();
        later.lines.clear();
        self.later = Some(later);
    }

    /// Sends the changes that wait; whether any that waited has failed.
    pub fn settle_all(&mut self) -> bool {
        self.settle();
        self.later.take().is_some_and(|later| later.failed)
    }

    /// Prints to stderr, after what stdout holds: the reference flushes what it shows record by
    /// record, so in a log of both its error comes behind.
    pub fn complain(&mut self, text: &[u8]) {
        self.settle();
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
