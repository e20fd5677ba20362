//! What is asked of the kernel.

use std::ops::ControlFlow;

use crate::error::errno;
use crate::netlink::{Conn, Error, Protocol, Request};
use crate::nft::{self, Batch, Outcome};

use super::ext::Kind;
use super::fail::{Fail, Result};
use super::family::Family;
use super::native::{Lacks, Name};

/// How often a dump that was disturbed is asked for again.
const ROUNDS: usize = 50;

/// The kernel's rule set of one family, over one socket that is opened at first use.
pub struct Kernel {
    pub family: Family,
    /// The extensions that it turned out not to have.
    pub lacks: Lacks,
    /// Those that were told to be missing.
    pub said: Vec<Name>,
    /// The generation of the rule set when it was looked at first, its lower half; none before.
    seen: Option<u16>,
    conn: Option<Conn>,
    /// Where changes are heard of, once a dump was disturbed.
    ears: Option<Conn>,
}

/// What a dump is about: a table, and a chain in it, or more than one.
type About<'a> = Option<(&'a [u8], &'a [u8])>;

/// A chain, kept.
#[derive(Clone, Debug)]
pub struct Chain {
    pub name: Vec<u8>,
    pub table: Vec<u8>,
    pub handle: u64,
    /// Hook, priority and type as [`nft::Base`] has them; absent for a chain that is jumped to.
    pub base: Option<(u32, i32, Vec<u8>)>,
    pub policy: u32,
    pub uses: u32,
    pub counters: (u64, u64),
}

impl Chain {
    fn new(chain: &nft::Chain<'_>) -> Chain {
        Chain {
            name: chain.name.to_vec(),
            table: chain.table.to_vec(),
            handle: chain.handle,
            base: chain.base.map(|b| (b.hook, b.priority, b.kind.to_vec())),
            policy: chain.policy,
            uses: chain.uses,
            counters: chain.counters.unwrap_or((0, 0)),
        }
    }
}

/// A sentence about the socket or a refusal that has no better one.
fn broken(what: &str, error: &Error) -> Fail {
    let reason = match error {
        Error::Nack(nack) if matches!(nack.errno, libc::EPERM | libc::EACCES) => {
            return not_root();
        }
        Error::Nack(nack) => errno(nack.errno),
        Error::Io(e) => crate::error::strerror(e),
        Error::Malformed => "malformed answer".to_owned(),
    };
    Fail::Kernel(format!("{what}: {reason}").into_bytes())
}

fn not_root() -> Fail {
    let text = "Could not fetch rule set generation id: Permission denied (you must be root)";
    Fail::Kernel(text.into())
}

fn opened(conn: &mut Option<Conn>) -> Result<&mut Conn> {
    if conn.is_none() {
        let new = Conn::open(Protocol::Netfilter, 1 << 20);
        *conn = Some(new.map_err(|e| broken("Could not open netlink socket", &Error::Io(e)))?);
    }
    conn.as_mut().ok_or_else(not_root)
}

impl Kernel {
    pub fn new(family: Family) -> Kernel {
        let (lacks, said) = (Lacks::default(), Vec::new());
        Kernel { family, lacks, said, seen: None, conn: None, ears: None }
    }

    fn conn(&mut self) -> Result<&mut Conn> {
        opened(&mut self.conn)
    }

    fn nf(&self) -> u8 {
        self.family as u8
    }

    /// The generation of the rule set, its lower half.
    fn generation(&mut self) -> Result<u16> {
        let what = "Could not fetch rule set generation id";
        let answer = self.conn()?.get(&mut nft::get_generation());
        let msg = answer.map_err(|e| broken(what, &e))?;
        let whole = nft::generation(msg.payload).ok_or_else(|| broken(what, &Error::Malformed))?;
        let [_, _, high, low] = whole.to_be_bytes();
        Ok(u16::from_be_bytes([high, low]))
    }

    /// Forgets what was seen: a transaction is planned anew.
    pub fn look_anew(&mut self) {
        self.seen = None;
    }

    /// Asks for the generation of the rule set, unless an answer has told it already. Where the
    /// kernel cannot be asked at all, this is what the reference says of it.
    pub fn look(&mut self) -> Result {
        if self.seen.is_none() {
            self.seen = Some(self.generation()?);
        }
        Ok(())
    }

    /// Whether the rule set is another one than when it was looked at first.
    pub fn has_changed(&mut self) -> Result<bool> {
        let seen = self.seen;
        Ok(seen.is_some() && seen != Some(self.generation()?))
    }

    /// The names of all tables of the family.
    pub fn tables(&mut self) -> Result<Vec<Vec<u8>>> {
        let request = nft::Table::list(self.nf());
        self.dump(request, None, |payload, all: &mut Vec<Vec<u8>>| {
            all.extend(nft::Table::new(payload).map(|t| t.name.to_vec()));
            ControlFlow::Continue(())
        })
    }

    /// All chains of the family, of all tables.
    pub fn chains(&mut self) -> Result<Vec<Chain>> {
        let request = nft::Chain::list(self.nf());
        self.dump(request, None, |payload, all: &mut Vec<Chain>| {
            all.extend(nft::Chain::new(payload).map(|c| Chain::new(&c)));
            ControlFlow::Continue(())
        })
    }

    /// One chain, if there is one.
    pub fn chain(&mut self, table: &[u8], name: &[u8]) -> Result<Option<Chain>> {
        loop {
            let mut request = nft::Chain::get(self.nf(), table, name);
            let refused = match self.conn()?.get(&mut request) {
                Ok(msg) => {
                    let seen = nft::generation_seen(msg.payload);
                    let chain = nft::Chain::new(msg.payload).map(|c| Chain::new(&c));
                    self.seen = self.seen.or(seen);
                    return Ok(chain);
                }
                Err(e) => e,
            };
            // A refusal does not tell the generation: what it is about may be made behind it.
            if self.seen.is_none() {
                self.look()?;
                continue;
            }
            return match refused {
                Error::Nack(nack) if nack.errno == libc::ENOENT => Ok(None),
                e => Err(broken("Could not read chain", &e)),
            };
        }
    }

    /// The rules of a chain, one by one until `each` breaks off. `All` is begun anew when the
    /// rule set has changed meanwhile.
    pub fn rules<All: Default>(
        &mut self,
        table: &[u8],
        chain: &[u8],
        mut each: impl FnMut(&nft::Rule<'_>, &mut All) -> ControlFlow<()>,
    ) -> Result<All> {
        self.payloads(table, chain, |payload, all| each(&nft::Rule::new(payload), all))
    }

    /// Likewise, as they come.
    pub fn payloads<All: Default>(
        &mut self,
        table: &[u8],
        chain: &[u8],
        each: impl FnMut(&[u8], &mut All) -> ControlFlow<()>,
    ) -> Result<All> {
        let request = nft::Rule::list(self.nf(), table, chain);
        self.dump(request, Some((table, chain)), each)
    }

    /// The kernel says of a dump that the rule set has changed meanwhile, wherever that was. Where
    /// something changes all the time a long dump would never end; so changes are listened to,
    /// and only those that the dump is about make it begin anew.
    fn dump<All: Default>(
        &mut self,
        mut request: Request,
        about: About<'_>,
        mut each: impl FnMut(&[u8], &mut All) -> ControlFlow<()>,
    ) -> Result<All> {
        let what = "Could not read rule set";
        for _ in 0..ROUNDS {
            let mut all = All::default();
            // What was said before does not count.
            self.heard(about);
            let conn = opened(&mut self.conn)?;
            let mut dump = conn.dump(&mut request).map_err(|e| broken(what, &e))?;
            let complete = loop {
                match dump.next_message() {
                    Ok(Some(msg)) => {
                        self.seen = self.seen.or_else(|| nft::generation_seen(msg.payload));
                        if each(msg.payload, &mut all).is_break() {
                            // The rest of the answer is left to the old socket.
                            self.conn = None;
                            return Ok(all);
                        }
                    }
                    Ok(None) => break true,
                    // What was asked about is not there, or no longer.
                    Err(Error::Nack(nack)) if nack.errno == libc::ENOENT => return Ok(all),
                    Err(Error::Nack(nack)) if matches!(nack.errno, libc::EINTR | libc::EAGAIN) => {
                        break false;
                    }
                    Err(e) => {
                        self.look()?;
                        return Err(broken(what, &e));
                    }
                }
            };
            if complete && (!dump.interrupted() || self.is_undisturbed(about)?) {
                return Ok(all);
            }
            if self.ears.is_none() {
                self.ears = Conn::open(Protocol::Netfilter, 1 << 20).ok();
                if let Some(ears) = &self.ears {
                    ears.make_room_to_hear(1 << 23);
                    ears.join(nft::GROUP).map_err(|e| broken(what, &Error::Io(e)))?;
                }
            }
        }
        Err(Fail::Kernel(b"The rule set changes faster than it can be read".to_vec()))
    }

    /// Whether nothing was said of what a dump is about.
    fn is_undisturbed(&mut self, about: About<'_>) -> Result<bool> {
        if self.ears.is_none() {
            return Ok(false);
        }
        // An empty transaction waits for the one that is under way, and for what it says.
        self.commit(Batch::default())?;
        Ok(!self.heard(about))
    }

    /// Takes in what was said; whether some of it, or something that was lost, is about this.
    fn heard(&mut self, about: About<'_>) -> bool {
        let family = self.nf();
        let Some(ears) = &mut self.ears else { return false };
        let mut heard = false;
        loop {
            match ears.hear(false) {
                Ok(Some((msgs, _))) => {
                    let mut changes = msgs.filter_map(|m| nft::Change::new(m.kind, m.payload));
                    heard |= changes.any(|change| {
                        let is_it = about.is_none_or(|(table, chain)| {
                            change.table == table && change.chain.is_none_or(|c| c == chain)
                        });
                        change.family == family && is_it
                    });
                }
                Ok(None) => return heard,
                Err(Error::Io(e)) if e.raw_os_error() == Some(libc::ENOBUFS) => heard = true,
                Err(_) => return true,
            }
        }
    }

    /// Sets the counters of a rule, or of all rules of a chain, to zero; false when the kernel is
    /// too old to do just that.
    pub fn reset(&mut self, table: &[u8], chain: &[u8], handle: Option<u64>) -> Result<bool> {
        let mut request = nft::Rule::reset(self.nf(), table, chain, handle);
        let conn = self.conn()?;
        let answer = match handle {
            Some(_) => conn.get(&mut request).map(|_| ()),
            None => conn.snapshot(&mut request).map(|_| ()),
        };
        match answer {
            Ok(()) => Ok(true),
            Err(Error::Nack(nack)) if matches!(nack.errno, libc::EPERM | libc::EACCES) => {
                Err(not_root())
            }
            // One that is gone has nothing left to be reset.
            Err(Error::Nack(nack)) if nack.errno == libc::ENOENT => Ok(true),
            Err(Error::Nack(_)) => Ok(false),
            Err(e) => Err(broken("Could not reset counters", &e)),
        }
    }

    /// Asks whether there are these extensions; true when some turn out not to be there that
    /// were thought to be.
    pub fn learn(&mut self, asked: &[Name]) -> Result<bool> {
        let mut learnt = false;
        for &(kind, wire, revision) in asked {
            if !self.lacks.has((kind, wire, revision)) && !self.has(kind, wire, revision)? {
                self.lacks.add((kind, wire, revision));
                learnt = true;
            }
        }
        Ok(learnt)
    }

    /// Whether there is an extension; also when that cannot be told.
    pub fn has(&mut self, kind: Kind, wire: &str, revision: u8) -> Result<bool> {
        let is_target = kind == Kind::Target;
        let mut request = nft::compat::query(self.nf(), wire, revision, is_target);
        Ok(match self.conn()?.get(&mut request) {
            // Of the other error nobody knows what it means.
            Err(Error::Nack(nack)) => !matches!(nack.errno, libc::ENOENT | libc::EINVAL),
            _ => true,
        })
    }

    /// Sends a transaction.
    pub fn commit(&mut self, batch: Batch) -> Result<Outcome> {
        let conn = self.conn()?;
        told(batch.send(conn))
    }

    /// What would become of a transaction.
    pub fn judge(&mut self, batch: Batch) -> Result<Outcome> {
        let conn = self.conn()?;
        told(batch.judge(conn))
    }
}

fn told(outcome: std::result::Result<Outcome, Error>) -> Result<Outcome> {
    match outcome {
        // The batch itself, not one of its messages.
        Ok(Outcome::Refused(all)) if all.iter().any(|r| r.message == 0) => {
            match all.first().map_or(0, |r| r.errno) {
                libc::EPERM | libc::EACCES => Err(not_root()),
                number => Err(Fail::Kernel(errno(number).into_bytes())),
            }
        }
        Ok(outcome) => Ok(outcome),
        Err(e) => Err(broken("sendmsg() failed", &e)),
    }
}
