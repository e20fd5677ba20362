//! What is read of words about a tunnel over IPv4 or IPv6: the settings themselves, and what the
//! words of both families have in common: name, device, keys and flags of GRE.

use crate::cli::{Args, Row, Usage, exact, prefix, value};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::sys::tunnel::{self, Settings};

use super::shared::{GRE_CSUM, GRE_KEY, GRE_SEQ, Gre, refused};
use super::usage;

/// What the words say.
pub struct Reading<P> {
    pub parm: P,
    pub gre: Gre,
    dev: Option<Vec<u8>>,
    /// The place of the first word.
    start: usize,
    /// Whether a tunnel is changed: the words then begin with what it is like.
    changes: bool,
    /// Whether the tunnel that is to be changed is not there.
    absent: bool,
}

impl<P> Reading<P> {
    /// Nothing has been read yet; `parm` is what the words change.
    pub fn new(args: &Args<'_>, parm: P, changes: bool) -> Self {
        let start = args.at() + 1;
        Reading { parm, gre: Gre::default(), dev: None, start, changes, absent: false }
    }
}

/// What has such, and perhaps more that its family needs.
pub trait HasReading {
    type Parm: Settings;
    fn reading(&mut self) -> &mut Reading<Self::Parm>;
}
impl<P: Settings> HasReading for Reading<P> {
    type Parm = P;
    fn reading(&mut self) -> &mut Reading<P> {
        self
    }
}

/// Reads all words by a table.
pub fn read<T: HasReading>(args: &mut Args<'_>, rows: &[Row<T>], t: &mut T) -> Result<(), Error> {
    args.read(rows, t, positional).map_err(|e| {
        // In a batch the reference leaves the program because of a wrong word, but not when a
        // tunnel that is to be changed is not there.
        if t.reading().absent { Error::returned(e) } else { e.into() }
    })
}

/// What was read, with the device that `dev` names and the keys in their places.
pub fn finish<P: Settings>(ctx: &mut Ctx, mut r: Reading<P>) -> Result<(P, Gre), Error> {
    find_link(ctx, &mut r)?;
    *r.parm.keys() = r.gre.into();
    Ok((r.parm, r.gre))
}

/// Puts the device that `dev` names into its place.
pub fn find_link<P: Settings>(ctx: &mut Ctx, r: &mut Reading<P>) -> Result<(), Error> {
    let Some(dev) = r.dev.take() else { return Ok(()) };
    let index = ctx.names.index(&dev).and_then(|i| i32::try_from(i).ok());
    let none = || Error::failed(1, [b"Cannot find device \"", &dev[..], b"\""].concat());
    *r.parm.link() = index.ok_or_else(none)?;
    Ok(())
}

/// The name of a tunnel, after `name` or alone.
pub fn positional<T: HasReading>(args: &mut Args<'_>, t: &mut T) -> Result<(), Usage> {
    let r = t.reading();
    let explicit = behind_name(args, r.start);
    if !explicit && prefix("help").is(args.last()) {
        return Err(usage());
    }
    if *r.parm.name() != [0; 16] {
        return Err(args.garbage("name"));
    }
    *r.parm.name() = name(args)?;
    // A change begins with what there is, if the name comes first.
    if r.changes && (explicit && args.at() == r.start + 1 || args.at() == r.start) {
        r.parm = tunnel::get(args.last(), T::Parm::default()).map_err(|e| {
            r.absent = true;
            let e = refused("get", args.last(), &e);
            Usage::new(1, e.text().trim_ascii_end()).at(args.at())
        })?;
        r.gre = (*r.parm.keys()).into();
    }
    Ok(())
}

/// A name of a new tunnel.
fn name(args: &Args<'_>) -> Result<[u8; 16], Usage> {
    let wrong = || args.wrong("\"name\" not a valid ifname");
    let word = value::ifname(args.last()).ok_or_else(wrong)?;
    let mut name = [0; 16];
    name[..word.len()].copy_from_slice(word);
    Ok(name)
}

/// Whether the word taken last follows `name`, which is not the word before the first one.
fn behind_name(args: &Args<'_>, start: usize) -> bool {
    let mut before = args.clone();
    before.back();
    args.at() > start && before.last() == b"name"
}

/// `name NAME`.
pub fn named<T: HasReading>(args: &mut Args<'_>, t: &mut T) -> Result<(), Usage> {
    args.need()?;
    positional(args, t)
}

/// `dev DEV`.
pub fn dev<T: HasReading>(args: &mut Args<'_>, t: &mut T) -> Result<(), Usage> {
    t.reading().dev = Some(args.need()?.to_vec());
    Ok(())
}

/// A key: a number, or a dotted quad.
fn key(args: &mut Args<'_>, name: &str) -> Result<u32, Usage> {
    let word = args.need()?;
    if word.contains(&b'.') {
        return inet(args).map(u32::from_be_bytes);
    }
    let wrong = || {
        let head = format!("invalid value for \"{name}\": \"");
        let pieces = [head.as_bytes(), word, b"\"; it should be an unsigned integer"];
        Usage::new(255, pieces.concat()).at(args.at())
    };
    value::u32(word).ok_or_else(wrong)
}

/// The word taken last as an IPv4 address, for which the reference has a sentence of its own.
pub fn inet(args: &Args<'_>) -> Result<[u8; 4], Usage> {
    let word = args.last();
    if [&b"any"[..], b"all", b"default"].contains(&word) {
        return Ok([0; 4]);
    }
    value::ipv4(word).ok_or_else(|| {
        let text = [b"Error: an IP address is expected rather than \"", word, b"\""].concat();
        Usage::new(1, text).at(args.at())
    })
}

/// The words about keys and flags.
#[rustfmt::skip] // one row, one line
pub fn gre_rows<T: HasReading>() -> [Row<T>; 9] {
    const KEY: &str = "KEY";
    [
        Row { word: exact("key"), arg: KEY, take: |a, t| {
            let key = key(a, "key")?;
            let g = &mut t.reading().gre;
            *g = Gre { i_flags: g.i_flags | GRE_KEY, o_flags: g.o_flags | GRE_KEY, i_key: key, o_key: key };
            Ok(())
        }, again: true },
        Row { word: exact("ikey"), arg: KEY, take: |a, t| {
            t.reading().gre.i_key = key(a, "ikey")?;
            on(t, GRE_KEY, 0)
        }, again: true },
        Row { word: exact("okey"), arg: KEY, take: |a, t| {
            t.reading().gre.o_key = key(a, "okey")?;
            on(t, 0, GRE_KEY)
        }, again: true },
        Row { word: exact("seq"), arg: "", take: |_, t| on(t, GRE_SEQ, GRE_SEQ), again: true },
        Row { word: exact("iseq"), arg: "", take: |_, t| on(t, GRE_SEQ, 0), again: true },
        Row { word: exact("oseq"), arg: "", take: |_, t| on(t, 0, GRE_SEQ), again: true },
        Row { word: exact("csum"), arg: "", take: |_, t| on(t, GRE_CSUM, GRE_CSUM), again: true },
        Row { word: exact("icsum"), arg: "", take: |_, t| on(t, GRE_CSUM, 0), again: true },
        Row { word: exact("ocsum"), arg: "", take: |_, t| on(t, 0, GRE_CSUM), again: true },
    ]
}

fn on<T: HasReading>(t: &mut T, i: u16, o: u16) -> Result<(), Usage> {
    t.reading().gre.i_flags |= i;
    t.reading().gre.o_flags |= o;
    Ok(())
}
