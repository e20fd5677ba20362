//! A transaction: all of it happens, or nothing.

use crate::netlink::{Conn, Error, NLM_F_REQUEST, Request};

const NFNL_MSG_BATCH_BEGIN: u16 = 0x10;
const NFNL_MSG_BATCH_END: u16 = 0x11;
const NFNL_BATCH_GENID: u16 = 1;
/// struct nfgenmsg of both: no family, version 0, resource NFNL_SUBSYS_NFTABLES.
const HEADER: [u8; 4] = [0, 0, 0, 10];

/// Sequence numbers of batches begin here, away from those of requests on the same socket.
const FIRST: u32 = 0x4000_0000;

/// Messages between BEGIN and END.
#[derive(Default)]
pub struct Batch {
    /// BEGIN first.
    bytes: Vec<u8>,
    count: u32,
    /// Why a message could not be written.
    error: Option<std::io::Error>,
}

/// What the kernel says of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What [`Batch::add`] has given for it.
    pub message: u32,
    pub errno: i32,
}

/// What became of a batch.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// The rule set has changed since the generation that was given.
    Stale,
    /// In the order of the messages.
    Refused(Vec<Refusal>),
}

impl Batch {
    /// With a generation, the batch is refused as stale when the rule set has changed since.
    pub fn new(generation: Option<u32>) -> Batch {
        let mut begin = Request::new(NFNL_MSG_BATCH_BEGIN, NLM_F_REQUEST, &HEADER);
        if let Some(generation) = generation {
            begin.u32_be(NFNL_BATCH_GENID, generation);
        }
        let mut batch = Batch::default();
        batch.write(begin, FIRST);
        batch
    }

    fn write(&mut self, mut request: Request, sequence: u32) {
        match request.finish(sequence) {
            Ok(bytes) => self.bytes.extend_from_slice(bytes),
            Err(e) => self.error = Some(e),
        }
    }

    /// Adds a message; the number by which a refusal names it.
    pub fn add(&mut self, mut request: Request) -> u32 {
        self.count += 1;
        request.add_flags(NLM_F_REQUEST);
        self.write(request, FIRST + self.count);
        self.count
    }

    /// Sends everything at once and reads what is refused.
    ///
    /// # Errors
    ///
    /// Those of the socket; EMSGSIZE when the batch is larger than the kernel lets this user send.
    pub fn send(mut self, conn: &mut Conn) -> Result<Outcome, Error> {
        let end = Request::new(NFNL_MSG_BATCH_END, NLM_F_REQUEST, &HEADER);
        self.write(end, FIRST + self.count + 1);
        if let Some(e) = self.error {
            return Err(e.into());
        }
        conn.make_room(self.bytes.len());
        conn.send_raw(&self.bytes)?;
        drop(self.bytes);
        let mut refusals = Vec::new();
        let mut stale = false;
        // The kernel has answered when send(2) returns: there are refusals, or there is nothing.
        conn.drain(|msg, nack| {
            if msg.seq < FIRST || nack.errno == 0 {
                return;
            }
            if msg.seq == FIRST && matches!(nack.errno, libc::ERESTART | libc::EINTR) {
                stale = true;
            } else {
                refusals.push(Refusal { message: msg.seq - FIRST, errno: nack.errno });
            }
        })?;
        Ok(match (stale, refusals.is_empty()) {
            (true, _) => Outcome::Stale,
            (false, true) => Outcome::Done,
            (false, false) => Outcome::Refused(refusals),
        })
    }
}
