//! A second thread that sends changes while the first one reads the words of the next.
//!
//! Each change is sent when the one before it is done, and nothing is sent behind a refusal: what
//! the kernel sees is what it would see without the thread. Handing over costs more than a change
//! takes, and therefore goes by hundreds.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::{Conn, Pack, Told};
use crate::sys::process;

/// A thread that sends behind.
pub struct Behind {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// What is sent next.
    full: Option<Pack>,
    /// What has been sent, to be filled again.
    spare: Pack,
    told: Vec<Told>,
    /// A change was refused: nothing is sent any more.
    refused: bool,
    /// Nothing follows.
    over: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn wait<'s>(&self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

impl Behind {
    /// Sends over this connection. `None` where that is of no use: there is one processor, or no
    /// thread to be had.
    pub fn start(conn: impl FnOnce() -> Option<Conn>) -> Option<Behind> {
        if process::processors() < 2 {
            return None;
        }
        let conn = conn()?;
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().stack_size(64 * 1024);
        let thread = thread.spawn(move || send(conn, &theirs)).ok()?;
        Some(Behind { shared, thread: Some(thread) })
    }

    /// Exchanges changes for room for more, as soon as those handed over before are being sent.
    /// Whether none has been refused so far; after a refusal they are thrown away.
    pub fn hand(&self, pack: &mut Pack) -> bool {
        let mut state = self.shared.lock();
        while state.full.is_some() && !state.refused {
            state = self.shared.wait(state);
        }
        let room = std::mem::take(&mut state.spare);
        state.full = Some(std::mem::replace(pack, room));
        self.shared.changed.notify_one();
        !state.refused
    }

    /// Waits until everything is done; what the kernel has said.
    pub fn finish(mut self) -> Vec<Told> {
        self.end();
        std::mem::take(&mut self.shared.lock().told)
    }

    fn end(&mut self) {
        self.shared.lock().over = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Behind {
    fn drop(&mut self) {
        self.end();
    }
}

/// The thread: packs until nothing follows, or a change is refused.
fn send(mut conn: Conn, shared: &Shared) {
    let mut state = shared.lock();
    loop {
        if let Some(mut pack) = state.full.take() {
            shared.changed.notify_one();
            drop(state);
            let mut told = Vec::new();
            let done = conn.change_each(&mut pack, &mut told);
            pack.clear();
            state = shared.lock();
            (state.spare, state.refused) = (pack, !done);
            state.told.append(&mut told);
            if !done {
                shared.changed.notify_one();
                return;
            }
        } else if state.over {
            return;
        } else {
            state = shared.wait(state);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::{Error, Protocol, Request};

    /// Requests of a type that no kernel has, by their marks.
    fn refused(tags: std::ops::Range<u64>) -> Pack {
        let mut pack = Pack::default();
        for tag in tags {
            // RTM_MAX is below; EOPNOTSUPP.
            pack.add(&mut Request::new(0x7ff0, 0, &[0; 12]), tag).unwrap();
        }
        pack
    }

    /// Messages of a type below the first of rtnetlink are acknowledged and nothing else.
    fn done(tags: std::ops::Range<u64>) -> Pack {
        let mut pack = Pack::default();
        for tag in tags {
            pack.add(&mut Request::new(1, 0, &[0; 12]), tag).unwrap();
        }
        pack
    }

    fn start() -> Option<Behind> {
        Behind::start(|| Conn::open(Protocol::Route, 1 << 20).ok())
    }

    #[test]
    fn the_first_refusal_ends_it_and_has_its_mark() {
        let Some(behind) = start() else { return };
        assert!(behind.hand(&mut done(0..300)));
        let mut pack = done(300..310);
        pack.add(&mut Request::new(0x7ff0, 0, &[0; 12]), 310).unwrap();
        pack.add(&mut Request::new(0x7ff0, 0, &[0; 12]), 311).unwrap();
        behind.hand(&mut pack);
        behind.hand(&mut refused(400..500));
        assert!((0..1000).any(|_| !behind.hand(&mut done(0..1))));
        let told = behind.finish();
        assert_eq!(told.iter().map(|t| t.tag).collect::<Vec<_>>(), [310]);
        assert!(matches!(&told[0].answer, Err(Error::Nack(nack)) if nack.errno > 0));
    }

    #[test]
    fn what_was_handed_over_is_done_when_it_ends() {
        let Some(behind) = start() else { return };
        for n in 0..20 {
            assert!(behind.hand(&mut done(n..n + 5)));
        }
        let mut last = refused(77..78);
        behind.hand(&mut last);
        assert_eq!(last.count(), 0);
        assert_eq!(behind.finish()[0].tag, 77);
        drop(start());
    }
}
