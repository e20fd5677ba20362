//! A transaction: all of it happens, or nothing.

use crate::netlink::{Conn, Error, Msgs, NLM_F_REQUEST, Request};

const NFNL_MSG_BATCH_BEGIN: u16 = 0x10;
const NFNL_MSG_BATCH_END: u16 = 0x11;
/// struct nfgenmsg of both: no family, version 0, resource NFNL_SUBSYS_NFTABLES.
const HEADER: [u8; 4] = [0, 0, 0, 10];

/// Sequence numbers of batches begin here, away from those of requests on the same socket.
const FIRST: u32 = 0x4000_0000;

/// Messages between BEGIN and END.
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
    /// In the order of the messages.
    Refused(Vec<Refusal>),
}

impl Default for Batch {
    /// BEGIN alone. The rule set's generation is not told to the kernel, which would refuse a
    /// batch after a change anywhere.
    fn default() -> Batch {
        Batch::new(Vec::new())
    }
}

impl Batch {
    /// Like [`Batch::default`], in a buffer that may have room for what comes.
    pub fn new(mut room: Vec<u8>) -> Batch {
        room.clear();
        let mut batch = Batch { bytes: room, count: 0, error: None };
        batch.write(Request::new(NFNL_MSG_BATCH_BEGIN, NLM_F_REQUEST, &HEADER), FIRST);
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

    /// Where the message added next begins.
    pub fn place(&self) -> usize {
        self.bytes.len()
    }
    /// What stands behind the header of the message that begins there.
    pub fn payload(&self, place: usize) -> &[u8] {
        Msgs(self.bytes.get(place..).unwrap_or(&[])).next().map_or(&[], |msg| msg.payload)
    }

    /// Sends everything at once and reads what is refused.
    ///
    /// # Errors
    ///
    /// Those of the socket; EMSGSIZE when the batch is larger than the kernel lets this user send.
    pub fn send(mut self, conn: &mut Conn) -> Result<Outcome, Error> {
        let end = Request::new(NFNL_MSG_BATCH_END, NLM_F_REQUEST, &HEADER);
        self.write(end, FIRST + self.count + 1);
        self.judge(conn)
    }

    /// Like [`Batch::send`], but nothing is done: the kernel looks at a batch that has no end, says
    /// what it would refuse, and forgets it.
    ///
    /// # Errors
    ///
    /// Those of [`Batch::send`].
    pub fn judge(self, conn: &mut Conn) -> Result<Outcome, Error> {
        if let Some(e) = self.error {
            return Err(e.into());
        }
        conn.make_room(self.bytes.len());
        conn.send_raw(&self.bytes)?;
        drop(self.bytes);
        let mut refusals = Vec::new();
        // The kernel has answered when send(2) returns: there are refusals, or there is nothing.
        conn.drain(|msg, nack| {
            if msg.seq >= FIRST && nack.errno != 0 {
                refusals.push(Refusal { message: msg.seq - FIRST, errno: nack.errno });
            }
        })?;
        Ok(if refusals.is_empty() { Outcome::Done } else { Outcome::Refused(refusals) })
    }
}
