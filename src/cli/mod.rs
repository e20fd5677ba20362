//! Words in, mistakes out. No message and no colour is known here.

mod args;
mod keyword;
pub mod value;

pub use args::{Args, Row, Usage};
pub use keyword::{Word, ambiguity, exact, prefix};
