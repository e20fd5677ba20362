//! Changes of a batch that are sent when more of its lines have been read.

use super::{Ctx, failed_line, open_route};
use crate::error::Error;
use crate::netlink::{self, Behind, Conn, Pack, Request, Told};

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

impl Later {
    /// How they are sent.
    fn way(&self) -> netlink::Way {
        if self.forced { Conn::change_all } else { Conn::change_each }
    }
}

impl Ctx {
    /// From here on [`Ctx::change_later`] may wait. In a batch that goes on after an error the lines
    /// are independent, and sent together; in others one by one. A second thread does it, if they
    /// are many, while the words of the next ones are read.
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
        // Of each refusal one to two KiB must find room where they wait to be read.
        let most = self.opts.receive_buffer as usize / 2048;
        if later.pack.count() >= MANY.min(most) {
            self.send_what_waits(false);
        }
        Ok(())
    }

    /// Sends the changes that wait, and says which lines have failed. Nothing waits afterwards, and
    /// there is no second thread.
    pub fn settle(&mut self) {
        if self.has_more() {
            self.send_what_waits(true);
        }
    }

    /// Sends the changes that wait, or lets the second thread do it if there can be one; with
    /// `finish`, until all are done. Says what is known by then.
    fn send_what_waits(&mut self, finish: bool) {
        // While they are away, nothing waits.
        let Some(mut later) = self.later.take() else { return };
        if later.behind.is_none() && !finish {
            later.behind = Behind::start(later.way(), || open_route(&self.opts).ok());
        }
        let (mut told, mut said) = (Vec::new(), Said::new());
        if let Some(behind) = &later.behind {
            let goes_on = behind.hand(&mut later.pack, &mut told);
            if (finish || !goes_on)
                && let Some(behind) = later.behind.take()
            {
                told.append(&mut behind.finish());
            }
        } else {
            match self.route() {
                Ok(conn) => {
                    later.way()(conn, &mut later.pack, &mut told);
                }
                Err(e) => {
                    let failed = if later.forced { later.pack.count() } else { 1 };
                    said.extend((0..failed).map(|at| (later.pack.tag(at), Err(e.text()))));
                }
            }
            later.pack.clear();
        }
        let text = |e| Error::from(e).text();
        said.extend(told.into_iter().map(|t: Told| (t.tag, t.answer.map_err(text))));
        for (line, answer) in said {
            match answer {
                Ok(warning) => self.warn(&warning),
                Err(text) => {
                    later.failed = true;
                    self.complain(&failed_line(text, &later.file, line));
                }
            }
        }
        self.later = Some(later);
    }

    /// Sends the changes that wait; whether any that waited has failed.
    pub fn settle_all(&mut self) -> bool {
        self.settle();
        self.later.take().is_some_and(|later| later.failed)
    }
}
