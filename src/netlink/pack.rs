//! Changes packed one behind the other and sent at once: how a table is flushed, and how the lines
//! of a batch travel that goes on after an error.
//!
//! The kernel goes on behind a message that it refuses. Only the last of a datagram asks for an
//! acknowledgement, which comes behind all refusals; each of these has the number of its message.

use std::fs::File;
use std::io;
use std::sync::Arc;

use netlink_packet_core::{NLM_F_ACK, NLM_F_REQUEST, NLMSG_ERROR};

use super::conn::{Ack, acknowledged};
use super::{Conn, Error, HEADER_LEN, Msgs, Nack, Request};
use crate::sys::bytes::put;

/// Bytes of one datagram: fits the smallest send buffer there may be.
const DATAGRAM: usize = 3584;

/// Messages, one behind the other.
#[derive(Debug, Default)]
pub struct Pack {
    buf: Vec<u8>,
    /// Where each message begins.
    starts: Vec<usize>,
    /// What their owner knows each by, those added as requests.
    tags: Vec<u64>,
    /// What descriptors in them stand for, open until they have been sent.
    files: Vec<Arc<File>>,
}

/// What the kernel said of a change that was sent behind the caller's back.
#[derive(Debug)]
pub struct Told {
    /// The owner's mark of the request.
    pub tag: u64,
    /// A warning that came with a success, or why it was not one.
    pub answer: Result<Vec<u8>, Error>,
}

impl Pack {
    /// Adds a message; `payload` is family header and attributes, often those of a dump.
    ///
    /// # Panics
    ///
    /// When the payload is longer than 4 GiB.
    pub fn push(&mut self, kind: u16, payload: &[u8]) {
        let len = u32::try_from(HEADER_LEN + payload.len()).expect("messages are bounded");
        self.starts.push(self.buf.len());
        self.tags.push(0);
        put(&mut self.buf, &len.to_ne_bytes());
        put(&mut self.buf, &kind.to_ne_bytes());
        self.buf.extend([0; 10]);
        self.buf.extend(payload);
        self.buf.resize(self.buf.len().next_multiple_of(4), 0);
    }
    /// Adds a request as it is; `tag` is what its owner knows it by.
    ///
    /// # Errors
    ///
    /// EMSGSIZE when something in it is too long to be sent.
    pub fn add(&mut self, request: &mut Request, tag: u64) -> io::Result<()> {
        if !request.is_quiet() {
            request.add_flags(NLM_F_ACK);
        }
        let bytes = request.finish(0)?;
        self.starts.push(self.buf.len());
        self.tags.push(tag);
        put(&mut self.buf, bytes);
        self.files.extend_from_slice(request.files());
        Ok(())
    }
    /// How many messages there are.
    pub fn count(&self) -> usize {
        self.starts.len()
    }
    /// The mark of a request, counted from 0; 0 for what was pushed without one.
    ///
    /// # Panics
    ///
    /// When there are not so many.
    pub fn tag(&self, number: usize) -> u64 {
        self.tags[number]
    }
    /// The same memory for other messages.
    pub fn clear(&mut self) {
        self.buf.clear();
        self.starts.clear();
        self.tags.clear();
        self.files.clear();
    }
}

/// How packed changes are sent: [`Conn::change_each`] or [`Conn::change_all`]. Whether others may
/// follow.
pub type Way = fn(&mut Conn, &mut Pack, &mut Vec<Told>) -> bool;

impl Conn {
    /// Sends packed changes.
    ///
    /// # Errors
    ///
    /// The first refusal that is not in `tolerated` (errno); what follows is not sent.
    pub fn change_pack(&mut self, pack: &mut Pack, tolerated: &[i32]) -> Result<(), Error> {
        let mut from = 0;
        while from < pack.count() {
            let mut refusal = None;
            from = self.change_some(pack, from, &mut |_, answer| {
                if refusal.is_none()
                    && let Err(nack) = answer
                    && !tolerated.contains(&nack.errno)
                {
                    refusal = Some(nack);
                }
            })?;
            if let Some(nack) = refusal {
                return Err(Error::Nack(nack));
            }
        }
        Ok(())
    }

    /// Sends packed changes from one on, as many as go into a datagram. Each refusal, and each
    /// warning of what asks for an answer, goes to `said` with the number of its message. The first
    /// that was not sent.
    ///
    /// # Errors
    ///
    /// Those of the socket.
    pub fn change_some(
        &mut self,
        pack: &mut Pack,
        from: usize,
        said: &mut dyn FnMut(usize, Result<Vec<u8>, Nack>),
    ) -> Result<usize, Error> {
        let Some(&begin) = pack.starts.get(from) else { return Ok(from) };
        let end_of = |i: usize| pack.starts.get(i + 1).copied().unwrap_or(pack.buf.len());
        let mut last = from;
        while last + 1 < pack.starts.len() && end_of(last + 1) - begin <= DATAGRAM {
            last += 1;
        }
        let end = end_of(last);
        let (mut first, mut seq) = (0, 0);
        for (i, &at) in pack.starts.iter().enumerate().take(last + 1).skip(from) {
            seq = self.next_seq();
            if i == from {
                first = seq;
            }
            let now = u16::from_ne_bytes([pack.buf[at + 6], pack.buf[at + 7]]);
            let ack = if i == last { NLM_F_ACK } else { 0 };
            let flags = now | NLM_F_REQUEST | ack;
            pack.buf[at + 6..at + 8].copy_from_slice(&flags.to_ne_bytes());
            pack.buf[at + 8..at + 12].copy_from_slice(&seq.to_ne_bytes());
        }
        self.send(&pack.buf[begin..end])?;
        loop {
            let len = self.receive_whole()?;
            for msg in Msgs(&self.buf[..len]) {
                // There is no number 0 between the largest and 1.
                let number = msg.seq.wrapping_sub(first).wrapping_sub((msg.seq < first).into());
                let number = number as usize;
                if number > last - from || msg.kind != NLMSG_ERROR {
                    continue; // left over from what was given up
                }
                match acknowledged(msg) {
                    Ok(Ack { warning: None }) => {}
                    Ok(Ack { warning: Some(warning) }) => said(from + number, Ok(warning)),
                    Err(Error::Nack(nack)) => said(from + number, Err(nack)),
                    Err(e) => return Err(e),
                }
                if msg.seq == seq {
                    return Ok(last + 1);
                }
            }
        }
    }

    /// Sends packed changes, as many at once as go into a datagram, whatever becomes of them. Warnings
    /// and refusals go to `told`. There may always be others.
    pub fn change_all(&mut self, pack: &mut Pack, told: &mut Vec<Told>) -> bool {
        let (mut from, end) = (0, pack.count());
        while from < end {
            let mut said = Vec::new();
            let sent = self.change_some(pack, from, &mut |at, answer| said.push((at, answer)));
            let known = said.last().map_or(from, |&(at, _)| at + 1);
            told.extend(said.into_iter().map(|(at, answer)| Told {
                tag: pack.tag(at),
                answer: answer.map_err(Error::Nack),
            }));
            from = sent.unwrap_or_else(|e| {
                // Nobody knows what became of the rest.
                told.extend(
                    (known..end).map(|at| Told { tag: pack.tag(at), answer: Err(e.again()) }),
                );
                end
            });
        }
        true
    }

    /// Sends packed changes one by one, each when the one before it is done; what follows the first
    /// refusal is not sent. Warnings, and the refusal, go to `told`. Whether all were done.
    pub fn change_each(&mut self, pack: &mut Pack, told: &mut Vec<Told>) -> bool {
        for i in 0..pack.starts.len() {
            let end = pack.starts.get(i + 1).copied().unwrap_or(pack.buf.len());
            let seq = self.next_seq();
            let message = &mut pack.buf[pack.starts[i]..end];
            let flags = u16::from_ne_bytes([message[6], message[7]]) | NLM_F_REQUEST;
            message[6..8].copy_from_slice(&flags.to_ne_bytes());
            message[8..12].copy_from_slice(&seq.to_ne_bytes());
            let answer = match self.send(message) {
                Ok(()) if flags & NLM_F_ACK == 0 => self.refusal(seq),
                Ok(()) => self.acknowledgement(seq, |_| ()),
                Err(e) => Err(e.into()),
            };
            let answer = match answer {
                Ok(Ack { warning: None }) => continue,
                Ok(Ack { warning: Some(warning) }) => Ok(warning),
                Err(e) => Err(e),
            };
            let done = answer.is_ok();
            told.push(Told { tag: pack.tag(i), answer });
            if !done {
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_keeps_its_flags_and_the_rest_is_filled_in_when_it_is_sent() {
        let mut pack = Pack::default();
        pack.add(&mut Request::new(24, 0x600, &[0; 12]), 7).unwrap();
        pack.push(25, &[1, 2, 3]);
        assert_eq!((pack.count(), pack.starts.as_slice()), (2, &[0, 28][..]));
        assert_eq!((pack.tag(0), pack.tag(1)), (7, 0));
        let messages: Vec<_> =
            Msgs(&pack.buf).map(|m| (m.kind, m.flags, m.payload.len())).collect();
        assert_eq!(messages, [(24, 0x600 | NLM_F_ACK, 12), (25, 0, 3)]);
    }

    #[test]
    fn who_is_quiet_tells_a_refusal_all_the_same() {
        // A type below the first of rtnetlink is done at once, one that no kernel has refused.
        for (kind, flags, done) in [(1, 0, true), (1, NLM_F_ACK, true), (0x7ff0, 0, false)] {
            let mut conn = Conn::open(super::super::Protocol::Route, 1 << 20).unwrap();
            let (mut pack, mut told) = (Pack::default(), Vec::new());
            for tag in 0..3 {
                let mut request = Request::new(kind, flags, &[0; 12]);
                request.set_quiet();
                pack.add(&mut request, tag).unwrap();
            }
            assert_eq!(conn.change_each(&mut pack, &mut told), done);
            assert_eq!(told.len(), usize::from(!done));
            // Nothing was left to be read as the answer to what follows.
            let mut last = Request::new(1, 0, &[0; 12]);
            assert!(conn.change(&mut last).unwrap().warning.is_none());
        }
    }

    #[test]
    fn a_file_stays_open_as_long_as_a_message_names_it() {
        let mut request = Request::new(24, 0, &[0; 12]);
        request.keep(File::open("/dev/null").unwrap());
        let file = Arc::downgrade(&request.files()[0]);
        let mut pack = Pack::default();
        pack.add(&mut request, 1).unwrap();
        drop(request);
        assert!(file.upgrade().is_some());
        pack.clear();
        assert!(file.upgrade().is_none());
    }
}
