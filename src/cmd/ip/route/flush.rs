//! `ip route flush`: rounds of a dump and packed deletions.

use std::time::{Duration, Instant};

use super::filter::Filter;
use super::show::{self, Level};
use crate::cli::Args;
use crate::cli::value::{AF_INET, AF_INET6};
use crate::ctx::Ctx;
use crate::error::{self, Error, Result};
use crate::netlink::{self, Behind, Conn, Pack, Protocol, Told};
use crate::rtnl::consts::RTM_DELROUTE;
use crate::rtnl::route::Route;
use crate::sys::file;

/// How long rounds go on.
const PATIENCE: Duration = Duration::from_secs(30);
/// Deletions handed over at a time.
const PACK: usize = 256;
/// One route in so many stays until the others are gone. Deleted in the order of the dump, the
/// kernel searches for the new end of a shrinking node again and again: a million routes take
/// more than twice as long.
const HELD: u64 = 16;
const CACHE: &[u8] = b"/proc/sys/net/ipv4/route/flush";

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    if args.is_empty() {
        return Err(Error::failed(1, "\"ip route flush\" requires arguments.").into());
    }
    let filter = Filter::parse(args, &mut ctx.names, ctx.opts.family)?.flushing();
    let stats = ctx.opts.stats > 0;
    if filter.cloned {
        if filter.family != AF_INET6 {
            cache()?;
            if stats {
                ctx.out.raw(b"*** IPv4 routing cache is flushed.\n");
            }
        }
        if filter.family == AF_INET {
            return Ok(());
        }
    }
    let begin = Instant::now();
    let mut rounds = 0u32;
    loop {
        let found = round(ctx, &filter)?;
        if found == 0 {
            if stats {
                let plural = if rounds == 1 { "" } else { "s" };
                let text = match rounds {
                    0 => "Nothing to flush.\n".to_owned(),
                    n => format!("*** Flush is complete after {n} round{plural} ***\n"),
                };
                ctx.out.raw(text.as_bytes());
            }
            return Ok(());
        }
        rounds += 1;
        let seconds = begin.elapsed().as_secs();
        if begin.elapsed() > PATIENCE {
            let text = format!(
                "\n*** Flush not completed after {seconds} seconds, {found} entries remain ***\n"
            );
            ctx.out.raw(text.as_bytes());
            return Err(Error::Status(1).into());
        }
        if stats {
            let text = format!("\n*** Round {rounds}, deleting {found} entries ***\n");
            ctx.out.raw(text.as_bytes());
        }
    }
}

/// One dump; deletes what is meant and says how many there were.
fn round(ctx: &mut Ctx, filter: &Filter) -> Result<u64> {
    let mut deleter = Deleter::new(ctx.opts.receive_buffer);
    let (conn, out, names, opts) = ctx.parts()?;
    let (level, shown) = (Level::of(opts), opts.stats > 1);
    let mut dump = conn.dump(&mut filter.request())?;
    let mut held = Vec::<Box<[u8]>>::new();
    let mut found = 0;
    while let Some(msg) = dump.next_message().map_err(terminated)? {
        let Some(r) = Route::parse(msg.payload).filter(|r| filter.accepts(r)) else { continue };
        if shown {
            show::route(out, names, filter, level, &r);
        }
        found += 1;
        if found % HELD == 0 {
            held.push(Box::from(msg.payload));
        } else {
            deleter.delete(msg.payload)?;
        }
    }
    let interrupted = dump.interrupted();
    ctx.told_interruption(interrupted);
    while let Some(payload) = held.pop() {
        deleter.delete(&payload)?;
    }
    deleter.send(true)?;
    Ok(found)
}

/// Deletes by the hundred, over a socket of its own. When there are many, a second thread does it
/// while more are found.
struct Deleter {
    receive_buffer: u32,
    pack: Pack,
    behind: Option<Behind>,
    /// Where there is no second thread.
    conn: Option<Conn>,
}

impl Deleter {
    fn new(receive_buffer: u32) -> Deleter {
        Deleter { receive_buffer, pack: Pack::default(), behind: None, conn: None }
    }

    /// Packs a deletion and sends what is packed when it is enough.
    fn delete(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.pack.push(RTM_DELROUTE, payload);
        if self.pack.count() < PACK { Ok(()) } else { self.send(false) }
    }

    /// Sends what is packed; with `finish`, until all is done.
    fn send(&mut self, finish: bool) -> Result<(), Error> {
        let receive_buffer = self.receive_buffer;
        let open = || Conn::open(Protocol::Route, receive_buffer);
        if self.behind.is_none() && self.conn.is_none() && !finish {
            self.behind = Behind::start(all_or_error, || open().ok());
        }
        let mut told = Vec::new();
        if let Some(behind) = &self.behind {
            behind.hand(&mut self.pack, &mut told);
        } else {
            let conn = match &mut self.conn {
                Some(conn) => conn,
                none => none.insert(
                    open()
                        .map_err(|error| Error::Io { what: "Cannot open netlink socket", error })?,
                ),
            };
            all_or_error(conn, &mut self.pack, &mut told);
            self.pack.clear();
        }
        if finish && let Some(behind) = self.behind.take() {
            told.append(&mut behind.finish());
        }
        told.into_iter().next().map_or(Ok(()), |told| told.answer.map(|_| ()).map_err(refused))
    }
}

/// Sends packed deletions up to the first datagram with one that is refused.
fn all_or_error(conn: &mut Conn, pack: &mut Pack, told: &mut Vec<Told>) -> bool {
    match conn.change_pack(pack, &[]) {
        Ok(()) => true,
        Err(e) => {
            told.push(Told { tag: 0, answer: Err(e) });
            false
        }
    }
}

fn terminated(e: netlink::Error) -> Error {
    match e {
        netlink::Error::Nack(nack) => {
            let mut text = error::refusal(&nack);
            text.extend_from_slice(b"\nFlush terminated");
            Error::failed(2, text)
        }
        other => other.into(),
    }
}

fn refused(e: netlink::Error) -> Error {
    match e {
        netlink::Error::Nack(nack) => {
            let why = error::errno(nack.errno);
            Error::failed(2, format!("Failed to send flush request: {why}"))
        }
        other => other.into(),
    }
}

/// Empties the cache of IPv4 routes.
fn cache() -> Result {
    file::write(CACHE, b"-1").map_err(|e| {
        let why = error::strerror(&e);
        let path = String::from_utf8_lossy(CACHE);
        Error::failed(1, format!("Cannot open \"{path}\": {why}")).into()
    })
}
