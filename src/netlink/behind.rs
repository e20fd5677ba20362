//! A second thread that sends changes while the first one reads the words of the next.
//!
//! They go one by one or packed, as they would without the thread, and the kernel sees no
//! difference. Handing over costs more than a change takes, and therefore goes by hundreds.

use std::sync::Arc;
use std::thread::JoinHandle;

use super::shared::Shared;
use super::{Conn, Pack, Told, Way};
use crate::sys::process;

/// A thread that sends behind.
pub struct Behind {
    shared: Arc<Shared<State>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    /// What is sent next.
    full: Option<Pack>,
    /// What has been sent, to be filled again.
    spare: Pack,
    told: Vec<Told>,
    /// A change was refused, and nothing is sent any more.
    ended: bool,
    /// Nothing follows.
    over: bool,
}

impl Behind {
    /// Sends in this way over this connection. `None` where that is of no use: there is one
    /// processor, or no thread to be had.
    pub fn start(way: Way, conn: impl FnOnce() -> Option<Conn>) -> Option<Behind> {
        if process::processors() < 2 {
            return None;
        }
        let conn = conn()?;
        let shared = Arc::new(Shared::<State>::default());
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().stack_size(64 * 1024);
        let thread = thread.spawn(move || send(conn, way, &theirs)).ok()?;
        Some(Behind { shared, thread: Some(thread) })
    }

    /// Exchanges changes for room for more, as soon as those handed over before are being sent; what
    /// the kernel has said so far goes to `told`. Whether more may follow: if not, these are
    /// thrown away.
    pub fn hand(&self, pack: &mut Pack, told: &mut Vec<Told>) -> bool {
        let mut state = self.shared.lock();
        while state.full.is_some() && !state.ended {
            state = self.shared.wait(state);
        }
        let room = std::mem::take(&mut state.spare);
        state.full = Some(std::mem::replace(pack, room));
        told.append(&mut state.told);
        self.shared.ring();
        !state.ended
    }

    /// Waits until everything is done; what the kernel has said since.
    pub fn finish(mut self) -> Vec<Told> {
        self.end();
        std::mem::take(&mut self.shared.lock().told)
    }

    fn end(&mut self) {
        self.shared.lock().over = true;
        self.shared.ring();
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

/// The thread: packs until nothing follows, or none is to follow.
fn send(mut conn: Conn, way: Way, shared: &Shared<State>) {
    let mut state = shared.lock();
    loop {
        if let Some(mut pack) = state.full.take() {
            shared.ring();
            drop(state);
            let mut told = Vec::new();
            let goes_on = way(&mut conn, &mut pack, &mut told);
            pack.clear();
            state = shared.lock();
            (state.spare, state.ended) = (pack, !goes_on);
            state.told.append(&mut told);
            if !goes_on {
                shared.ring();
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

    fn start(way: Way) -> Option<Behind> {
        Behind::start(way, || Conn::open(Protocol::Route, 1 << 20).ok())
    }

    fn tags(told: &[Told]) -> Vec<u64> {
        told.iter().map(|t| t.tag).collect()
    }

    #[test]
    fn the_first_refusal_ends_it_and_has_its_mark() {
        let Some(behind) = start(Conn::change_each) else { return };
        let mut told = Vec::new();
        assert!(behind.hand(&mut done(0..300), &mut told));
        let mut pack = done(300..310);
        for tag in 310..312 {
            pack.add(&mut Request::new(0x7ff0, 0, &[0; 12]), tag).unwrap();
        }
        behind.hand(&mut pack, &mut told);
        behind.hand(&mut refused(400..500), &mut told);
        assert!((0..1000).any(|_| !behind.hand(&mut done(0..1), &mut told)));
        told.append(&mut behind.finish());
        assert_eq!(tags(&told), [310]);
        assert!(matches!(&told[0].answer, Err(Error::Nack(nack)) if nack.errno > 0));
    }

    #[test]
    fn packed_all_are_sent_and_each_refusal_is_told() {
        let Some(behind) = start(Conn::change_all) else { return };
        let mut told = Vec::new();
        for n in 0..10 {
            assert!(behind.hand(&mut refused(500 * n..500 * n + 200), &mut told));
            assert!(behind.hand(&mut done(500 * n + 200..500 * n + 500), &mut told));
        }
        told.append(&mut behind.finish());
        assert_eq!(tags(&told), (0..5000).filter(|n| n % 500 < 200).collect::<Vec<_>>());
    }

    #[test]
    fn what_was_handed_over_is_done_when_it_ends() {
        let Some(behind) = start(Conn::change_each) else { return };
        let mut told = Vec::new();
        for n in 0..20 {
            assert!(behind.hand(&mut done(n..n + 5), &mut told));
        }
        let mut last = refused(77..78);
        behind.hand(&mut last, &mut told);
        assert_eq!(last.count(), 0);
        told.append(&mut behind.finish());
        assert_eq!(tags(&told), [77]);
        drop(start(Conn::change_each));
    }
}
