//! What two threads look at, and a bell for when it changes.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

#[derive(Default)]
pub struct Shared<S> {
    state: Mutex<S>,
    changed: Condvar,
}

impl<S> Shared<S> {
    pub fn lock(&self) -> MutexGuard<'_, S> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// Waits until the other thread has rung.
    pub fn wait<'s>(&self, state: MutexGuard<'s, S>) -> MutexGuard<'s, S> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
    pub fn ring(&self) {
        self.changed.notify_one();
    }
}
