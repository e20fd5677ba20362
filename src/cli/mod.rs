//! Words in, mistakes out. No message and no colour is known here.

mod args;
#[allow(dead_code)] // several programs share it, each with a part
pub mod getopt;
mod keyword;
mod labels;
mod nearest;
pub mod value;

pub use args::{Args, Row, Usage};
#[cfg(test)]
pub use keyword::ambiguity;
pub use keyword::{Word, exact, prefix};
pub use nearest::{distance, nearest};
