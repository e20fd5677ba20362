//! What goes wrong, in the words and with the statuses of the reference (iptables 1.8.11).

/// Why a command ended without success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fail {
    /// The words do not make a command: `PROG vVERSION: TEXT`, where to look, status 2.
    Usage(Vec<u8>),
    /// The same without the program's name in front.
    Bare(Vec<u8>),
    /// `PROG vVERSION: TEXT`, `Perhaps … needs to be upgraded.`, status 3.
    Version(Vec<u8>),
    /// It cannot be done: `PROG: TEXT.`, status 1.
    Refused(Vec<u8>),
    /// The kernel refused: `PROG vVERSION: TEXT`, status 4.
    Kernel(Vec<u8>),
    /// Everything has been said.
    Said(u8),
}

/// What everything below `iptables` returns.
pub type Result<T = ()> = std::result::Result<T, Fail>;

/// The version whose behaviour this is.
pub const VERSION: &str = "1.8.11 (nf_tables)";

/// [`Fail::Usage`] of text and words, which need not be UTF-8.
pub fn usage<T>(pieces: &[&[u8]]) -> Result<T> {
    Err(Fail::Usage(pieces.concat()))
}
/// [`Fail::Refused`].
pub fn refused<T>(text: &str) -> Result<T> {
    Err(Fail::Refused(text.into()))
}

pub const NO_CHAIN: &str = "No chain/target/match by that name";
pub const NO_RULE: &str = "Bad rule (does a matching rule exist in that chain?)";

impl Fail {
    pub fn status(&self) -> u8 {
        match self {
            Fail::Refused(_) => 1,
            Fail::Usage(_) | Fail::Bare(_) => 2,
            Fail::Version(_) => 3,
            Fail::Kernel(_) => 4,
            Fail::Said(status) => *status,
        }
    }

    /// What is printed on stderr. `line` is the line of a restored file.
    pub fn text(&self, prog: &str, line: Option<usize>) -> Vec<u8> {
        let named =
            |text: &[u8]| [prog.as_bytes(), b" v", VERSION.as_bytes(), b": ", text, b"\n"].concat();
        let hint = |mut text: Vec<u8>| {
            if let Some(line) = line {
                text.extend_from_slice(format!("Error occurred at line: {line}\n").as_bytes());
            }
            text.extend_from_slice(
                format!("Try `{prog} -h' or '{prog} --help' for more information.\n").as_bytes(),
            );
            text
        };
        match self {
            Fail::Usage(text) => hint(named(text)),
            Fail::Bare(text) if text.is_empty() => hint(Vec::new()),
            Fail::Bare(text) => hint([text, &b"\n"[..]].concat()),
            Fail::Version(text) => {
                let mut text = named(text);
                text.extend_from_slice(
                    format!("Perhaps {prog} or your kernel needs to be upgraded.\n").as_bytes(),
                );
                text
            }
            Fail::Refused(text) => match line {
                None => [prog.as_bytes(), b": ", text, b".\n"].concat(),
                Some(line) => {
                    let place = format!("{prog}: line {line} failed: ");
                    [place.as_bytes(), text, b".\n"].concat()
                }
            },
            Fail::Kernel(text) => named(text),
            Fail::Said(_) => Vec::new(),
        }
    }
}
