//! What can go wrong, and the exit status it has.

use crate::cli::Usage;
use crate::netlink::{self, Nack};

/// Why a command ended without success.
#[derive(Debug)]
pub enum Error {
    /// The words do not make a command. Ends a batch, as the reference's exit() does.
    Usage(Usage),
    /// The kernel said no.
    Kernel {
        nack: Nack,
        /// 2 for changes; dumps of most objects end with 1.
        status: u8,
        /// `Dump terminated` follows.
        dump: bool,
        /// The word that caused it.
        at: Option<usize>,
    },
    /// Anything the reference has its own sentence and status for. In a batch the line has failed.
    Failed { text: Vec<u8>, status: u8 },
    /// Everything has been said; only the status is left.
    Status(u8),
    /// A socket or a file failed.
    Io { what: &'static str, error: std::io::Error },
}

impl Error {
    pub fn failed(status: u8, text: impl Into<Vec<u8>>) -> Error {
        Error::Failed { text: text.into(), status }
    }
    /// A mistake in words after which the reference does not leave the program: the line of a
    /// batch has failed, and the next one is read.
    pub fn returned(usage: Usage) -> Error {
        Error::Failed { text: usage.text, status: usage.status }
    }
    /// A sentence after which the reference leaves the program, also in a batch.
    pub fn fatal(status: u8, text: impl Into<Vec<u8>>) -> Error {
        Error::Usage(Usage::new(status, text))
    }

    /// The exit status.
    pub fn status(&self) -> u8 {
        match self {
            Error::Usage(u) => u.status,
            Error::Kernel { status, .. } | Error::Failed { status, .. } | Error::Status(status) => {
                *status
            }
            Error::Io { .. } => 1,
        }
    }

    /// Whether the reference would have left the program by exit(), also in the middle of a batch.
    pub fn ends_batch(&self) -> bool {
        matches!(self, Error::Usage(_))
    }

    /// What the reference prints on stderr, line breaks included; empty when it is silent.
    pub fn text(&self) -> Vec<u8> {
        let mut out = match self {
            Error::Usage(u) => u.text.clone(),
            Error::Failed { text, .. } => text.clone(),
            Error::Status(_) => Vec::new(),
            Error::Io { what, error } => {
                let mut t = format!("{what}: ").into_bytes();
                t.extend(strerror(error).into_bytes());
                t
            }
            Error::Kernel { nack, dump, .. } => {
                let mut t = refusal(nack);
                if *dump {
                    t.extend_from_slice(b"\nDump terminated");
                }
                t
            }
        };
        if !out.is_empty() {
            out.push(b'\n');
        }
        out
    }
}

/// `Error: MSG.`, or `RTNETLINK answers: …` where the kernel gives no sentence.
pub fn refusal(nack: &Nack) -> Vec<u8> {
    match &nack.message {
        Some(m) => {
            let mut t = b"Error: ".to_vec();
            t.extend_from_slice(m);
            if !m.ends_with(b".") {
                t.push(b'.');
            }
            t
        }
        None => format!("RTNETLINK answers: {}", errno(nack.errno)).into_bytes(),
    }
}

/// The C library's sentence for an errno.
pub fn errno(number: i32) -> String {
    let text = std::io::Error::from_raw_os_error(number).to_string();
    // Rust adds " (os error N)".
    match text.rfind(" (os error") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

/// The C library's sentence for an I/O error.
pub fn strerror(e: &std::io::Error) -> String {
    e.raw_os_error().map_or_else(|| e.to_string(), errno)
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(String::from_utf8_lossy(&self.text()).trim_end())
    }
}

impl std::error::Error for Error {}

impl From<Usage> for Error {
    fn from(u: Usage) -> Self {
        Error::Usage(u)
    }
}

impl From<netlink::Error> for Error {
    /// A refused change: status 2.
    fn from(e: netlink::Error) -> Self {
        match e {
            netlink::Error::Nack(nack) => Error::Kernel { nack, status: 2, dump: false, at: None },
            netlink::Error::Io(error) => Error::Io { what: "netlink", error },
            netlink::Error::Malformed => Error::failed(1, "Malformed netlink message"),
        }
    }
}

/// What `cmd` returns.
pub type Result<T = (), E = anyhow::Error> = std::result::Result<T, E>;

/// The typed error behind any error of a command.
pub fn of(err: anyhow::Error) -> Error {
    let err = match err.downcast::<Error>() {
        Ok(e) => return e,
        Err(e) => e,
    };
    let err = match err.downcast::<Usage>() {
        Ok(u) => return u.into(),
        Err(e) => e,
    };
    match err.downcast::<netlink::Error>() {
        Ok(e) => e.into(),
        Err(e) => Error::failed(1, format!("{e:#}")),
    }
}
