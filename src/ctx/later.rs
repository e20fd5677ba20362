//! Changes of a batch that are sent when more of its lines have been read.

use super::{Ctx, failed_line, open_route};
use crate::error::Error;
use crate::netlink::{self, Behind, Pack, Request, Told};

/// Changes that wait to be sent.
pub struct Later {
    /// Each with the line of the batch that it is from.
    pack: Pack,
    /// What sends those before them.
    behind: Option<Behind>,
    /// What a line that fails is said to be a line of.
    file: Vec<u8>,
    line: u64,
    /// The batch goes on after an error.
    forced: bool,
    failed: bool,
}

/// Lines, each with the kernel's warning or with what is said of its failure.
type Said = Vec<(u64, Result<Vec<u8>, Vec<u8>>)>;

/// So many lines are worth handing over.
const MANY: usize = 256;

impl Ctx {
    /// From here on [`Ctx::change_later`] may wait. In a batch that goes on after an error the lines
    /// are independent, and sent together; in others one by one, by a second thread, while the
    /// words of the next ones are read.
    pub fn collect_lines_of(&mut self, file: &[u8]) {
        let (file, forced) = (file.to_vec(), self.opts.force);
        let pack = Pack::default();
        self.later = Some(Later { pack, behind: None, file, line: 0, forced, failed: false });
    }

    /// What is changed now is from this line.
    pub fn at_line(&mut self, number: u64) {
        if let Some(later) = &mut self.later {
            later.line = number;
        }
    }

    /// Whether changes wait.
    pub fn has_more(&self) -> bool {
        let waits = |later: &Later| later.pack.count() > 0 || later.behind.is_some();
        self.later.as_ref().is_some_and(waits)
    }

    /// Whether a line has failed, and no other is to be read.
    pub fn has_stopped(&self) -> bool {
        self.later.as_ref().is_some_and(|later| later.failed && !later.forced)
    }

    /// Sends a change like [`Ctx::change`], or behind others, before anything else is asked or
    /// said. For what ends a command: if it is refused, it is the line that has failed.
    ///
    /// # Errors
    ///
    /// The kernel's refusal, unless it comes later. And in a batch that ends because an earlier line
    /// has failed, which has been said.
    pub fn change_later(&mut self, request: &mut Request) -> Result<(), Error> {
        if self.has_stopped() {
            return Err(Error::Status(1));
        }
        let Some(later) = &mut self.later else { return self.change(request) };
        later.pack.add(request, later.line).map_err(netlink::Error::from)?;
        let count = later.pack.count();
        if !later.forced {
            if count >= MANY {
                self.hand_over();
            }
            return Ok(());
        }
        // Of each refusal one to two KiB must find room where they wait to be read.
        let most = self.opts.receive_buffer as usize / 2048;
        if later.pack.is_full() || count >= most {
            self.settle();
        }
        Ok(())
    }

    /// Lets the second thread send what waits, if there can be one.
    fn hand_over(&mut self) {
        let Some(later) = &mut self.later else { return };
        if later.behind.is_none() {
            later.behind = Behind::start(|| open_route(&self.opts).ok());
        }
        let goes_on = match &later.behind {
            Some(behind) => behind.hand(&mut later.pack),
            None => false,
        };
        if !goes_on {
            self.settle();
        }
    }

    /// Sends the changes that wait, and says which lines have failed. Nothing waits afterwards, and
    /// there is no second thread.
    pub fn settle(&mut self) {
        if !self.has_more() {
            return;
        }
        let Some(mut later) = self.later.take() else { return };
        let mut said = Said::new();
        if later.forced {
            self.send_packed(&mut later.pack, &mut said);
        } else {
            self.send_each(&mut later, &mut said);
        }
        for (line, answer) in said {
            match answer {
                Ok(warning) => self.warn(&warning),
                Err(text) => {
                    later.failed = true;
                    self.complain(&failed_line(text, &later.file, line));
                }
            }
        }
        later.pack.clear();
        self.later = Some(later);
    }

    /// One by one, up to the first that is refused.
    fn send_each(&mut self, later: &mut Later, said: &mut Said) {
        let told = if let Some(behind) = later.behind.take() {
            behind.hand(&mut later.pack);
            behind.finish()
        } else {
            let mut told = Vec::new();
            match self.route() {
                Ok(conn) => {
                    conn.change_each(&mut later.pack, &mut told);
                }
                Err(e) => said.push((later.pack.tag(0), Err(e.text()))),
            }
            told
        };
        let text = |e| Error::from(e).text();
        said.extend(told.into_iter().map(|t: Told| (t.tag, t.answer.map_err(text))));
    }

    /// Together, as many as go into a datagram; all are sent.
    fn send_packed(&mut self, pack: &mut Pack, said: &mut Said) {
        let (mut from, end) = (0, pack.count());
        while from < end {
            let mut failed = Vec::new();
            let sent = self.route().and_then(|conn| {
                let refused = &mut |at, nack| {
                    let e = Error::Kernel { nack, status: 2, dump: false, at: None };
                    failed.push((at, e.text()));
                };
                Ok(conn.change_some(pack, from, refused)?)
            });
            from = sent.unwrap_or_else(|e| {
                // Nobody knows what became of the rest.
                let known = failed.last().map_or(from, |&(at, _)| from.max(at + 1));
                failed.extend((known..end).map(|at| (at, e.text())));
                end
            });
            said.extend(failed.into_iter().map(|(at, text)| (pack.tag(at), Err(text))));
        }
    }

    /// Sends the changes that wait; whether any that waited has failed.
    pub fn settle_all(&mut self) -> bool {
        self.settle();
        self.later.take().is_some_and(|later| later.failed)
    }
}
