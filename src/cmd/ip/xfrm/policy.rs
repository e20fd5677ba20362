//! `ip xfrm policy`: which packets are protected, and by what.

use crate::cli::value::{self, AF_INET, AF_UNSPEC};
use crate::cli::{Args, Usage, prefix};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::netlink::{Attrs, Request};
use crate::rtnl::xfrm::{
    Bytes, DELPOLICY, FLUSHPOLICY, GETDEFAULT, GETPOLICY, NEWPOLICY, NEWSPDINFO, POLICY_ID_LEN,
    POLICY_LEN, SETDEFAULT, UPDPOLICY, attr, policy, policy_id, selector, set,
};

use super::super::verb::{self, Verb};
use super::text::Text;
use super::words::{self, Reader, sentence};
use super::{count, list, open, refused, send, show, template, text, unknown};

const CHANGE: &str = "SELECTOR dir DIR [ WORD ]...";
const ONE: &str = "{ SELECTOR | index INDEX } dir DIR [ ctx CTX ] [ mark MARK [ mask MASK ] ] [ ptype TYPE ] [ if_id NUMBER ]";
const FILTER: &str = "[ nosock ] [ SELECTOR ] [ dir DIR ] [ index INDEX ] [ ptype TYPE ] [ action ACTION ] [ priority NUMBER ] [ flag FLAG... ]";

/// In the order in which beginnings are tried.
#[rustfmt::skip] // one row, one line
pub static VERBS: &[Verb] = &[
    Verb { word: prefix("add"), args: CHANGE, run: |ctx, args| change(ctx, args, NEWPOLICY) },
    Verb { word: prefix("update"), args: CHANGE, run: |ctx, args| change(ctx, args, UPDPOLICY) },
    Verb { word: prefix("delete"), args: ONE, run: |ctx, args| one(ctx, args, DELPOLICY) },
    Verb { word: prefix("deleteall"), args: FILTER, run: |ctx, args| list::policies(ctx, args, true) },
    Verb { word: prefix("delall"), args: FILTER, run: |ctx, args| list::policies(ctx, args, true) },
    Verb { word: prefix("list"), args: FILTER, run: |ctx, args| list::policies(ctx, args, false) },
    Verb { word: prefix("show"), args: "=", run: |ctx, args| list::policies(ctx, args, false) },
    Verb { word: prefix("lst"), args: "=", run: |ctx, args| list::policies(ctx, args, false) },
    Verb { word: prefix("get"), args: ONE, run: |ctx, args| one(ctx, args, GETPOLICY) },
    Verb { word: prefix("flush"), args: "[ ptype TYPE ]", run: flush },
    Verb { word: prefix("count"), args: "", run: |ctx, _| count::policies(ctx) },
    Verb { word: prefix("set"), args: "[ hthresh4 LBITS RBITS ] [ hthresh6 LBITS RBITS ]", run: thresholds },
    Verb { word: prefix("setdefault"), args: "{ DIR { accept | block } }...", run: set_default },
    Verb { word: prefix("getdefault"), args: "", run: get_default },
    Verb { word: prefix("help"), args: "", run: help },
];

/// The words of a change and their values, for the usage.
const WORDS: &[(&str, &str)] = &[
    ("ctx", "CTX"),
    ("mark", "MARK [ mask MASK ]"),
    ("index", "INDEX"),
    ("ptype", "TYPE"),
    ("action", "ACTION"),
    ("priority", "NUMBER"),
    ("flag", "FLAG..."),
    ("if_id", "NUMBER"),
    ("limit", "LIMIT"),
    ("tmpl", "TMPL"),
    ("offload", "packet dev DEV"),
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    verb::dispatch(ctx, args, "xfrm policy", VERBS, |ctx, args| list::policies(ctx, args, false))
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

pub fn usage() -> Usage {
    let plain = |title, words: &[&'static str]| verb::listed(title, words.iter().map(|w| (*w, "")));
    let mut more = super::state::SELECTOR.to_owned();
    more += &verb::listed("WORD", WORDS.iter().copied());
    more += &plain("DIR", show::DIRS);
    more += &plain("TYPE", show::TYPES);
    more += &plain("ACTION", show::ACTIONS);
    more += &verb::listed("FLAG", show::POLICY_FLAGS.iter().map(|(_, w)| (*w, "")));
    more += &verb::listed("LIMIT", words::LIMITS.iter().map(|(w, _)| (*w, "NUMBER")));
    more += "TMPL := ID [ mode MODE ] [ reqid REQID ] [ level LEVEL ]\n\
             ID := [ src ADDR ] [ dst ADDR ] [ proto PROTO ] [ spi SPI ]\n\
             PROTO := { esp | ah | comp | route2 | hao }\n";
    more += &plain("MODE", show::MODES);
    more += "LEVEL := { required | use }\n";
    verb::usage("xfrm policy", VERBS, &more)
}

/// One word of a list, by its place.
fn one_of(args: &mut Args<'_>, words: &[&str], wrong: &str) -> Result<u8, Usage> {
    let word = args.need()?;
    let known = words.iter().position(|name| name.as_bytes() == word);
    known.and_then(|n| u8::try_from(n).ok()).ok_or_else(|| args.wrong(wrong))
}

pub fn dir(args: &mut Args<'_>) -> Result<u8, Usage> {
    one_of(args, show::DIRS, "DIR value is invalid")
}
/// `main` or `sub`.
pub fn kind(args: &mut Args<'_>) -> Result<u8, Usage> {
    one_of(args, show::TYPES, "PTYPE value is invalid")
}
pub fn action(args: &mut Args<'_>) -> Result<u8, Usage> {
    one_of(args, show::ACTIONS, "ACTION value is invalid\n")
}

/// struct xfrm_userpolicy_type.
fn put_kind(req: &mut Request, kind: u8) {
    req.attr(attr::POLICY_TYPE, &[kind, 0, 0, 0, 0, 0]);
}

fn no_dir() -> Usage {
    sentence("Not enough information: DIR is required.".into())
}

/// What the words of a change say besides the structure.
#[derive(Default)]
struct Change {
    said: bool,
    dir: bool,
    kind: Option<u8>,
    mark: Option<words::Mark>,
    templates: Vec<u8>,
    context: Option<Vec<u8>>,
    if_id: Option<u32>,
    offload: Option<[u8; 8]>,
}

fn read(
    r: &mut Reader<'_>,
    args: &mut Args<'_>,
    info: &mut [u8; POLICY_LEN],
) -> Result<Change, Usage> {
    let mut c = Change::default();
    while let Some(word) = args.take() {
        match word {
            b"dir" => {
                if std::mem::replace(&mut c.dir, true) {
                    return Err(args.duplicate("dir"));
                }
                set(info, policy::DIR, &[dir(args)?]);
            }
            b"ctx" => {
                if c.context.is_some() {
                    return Err(args.duplicate("ctx"));
                }
                c.context = Some(words::context(args)?);
            }
            b"mark" => c.mark = Some(words::mark(args)?),
            b"index" => {
                let n = args.value(value::u32, "INDEX value is invalid")?;
                set(info, policy::INDEX, &n.to_ne_bytes());
            }
            b"ptype" => {
                if c.kind.is_some() {
                    return Err(args.duplicate("ptype"));
                }
                c.kind = Some(kind(args)?);
            }
            b"action" => set(info, policy::ACTION, &[action(args)?]),
            b"priority" => {
                let n = args.value(value::u32, "PRIORITY value is invalid")?;
                set(info, policy::PRIORITY, &n.to_ne_bytes());
            }
            b"flag" => {
                let flags = words::flags(args, show::POLICY_FLAGS, 0xff, "FLAG value is invalid")?;
                info[policy::FLAGS] |= u8::try_from(flags).unwrap_or(0);
            }
            b"limit" => words::limit(args, &mut info[policy::LIMITS..])?,
            b"tmpl" => c.templates.extend_from_slice(&template::read(r, args)?),
            b"if_id" => c.if_id = Some(args.value(value::u32, "IF_ID value is invalid")?),
            b"offload" => {
                if args.need()? != b"packet" {
                    return Err(args.wrong("Invalid offload mode"));
                }
                let index = words::offload_dev(r, args)?;
                c.offload = Some(words::offload_bytes(index, words::PACKET));
            }
            _ => {
                args.back();
                if c.said || words::selector(r, args, info)? == 0 {
                    args.take();
                    return Err(args.duplicate("unknown"));
                }
                c.said = true;
                if r.family == AF_UNSPEC {
                    r.family = u8::try_from(Bytes(info).u16(selector::FAMILY)).unwrap_or(AF_UNSPEC);
                }
            }
        }
    }
    Ok(c)
}

/// `add` and `update`.
fn change(ctx: &mut Ctx, args: &mut Args<'_>, message: u16) -> Result {
    let mut info = [0; POLICY_LEN];
    words::no_limits(&mut info[policy::LIMITS..]);
    // That of the option, where no address says one.
    set(&mut info, selector::FAMILY, &u16::from(ctx.opts.family).to_ne_bytes());
    let mut r = Reader { names: &mut ctx.names, family: ctx.opts.family };
    let c = read(&mut r, args, &mut info)?;
    if !c.dir {
        return Err(no_dir().into());
    }
    with_family(&mut info);
    let mut req = Request::new(message, 0, &info);
    if let Some(kind) = c.kind {
        put_kind(&mut req, kind);
    }
    if !c.templates.is_empty() {
        req.attr(attr::TMPL, &c.templates);
    }
    super::change::put_mark(&mut req, c.mark);
    if let Some(context) = &c.context {
        req.attr(attr::SEC_CTX, context);
    }
    if let Some(id) = c.if_id {
        req.u32(attr::IF_ID, id);
    }
    if let Some(offload) = &c.offload {
        req.attr(attr::OFFLOAD_DEV, offload);
    }
    Ok(send(ctx, &mut req)?)
}

/// A selector without addresses is one of IPv4.
fn with_family(sel: &mut [u8]) {
    if Bytes(sel).u16(selector::FAMILY) == 0 {
        set(sel, selector::FAMILY, &u16::from(AF_INET).to_ne_bytes());
    }
}

/// `get` and `delete`.
fn one(ctx: &mut Ctx, args: &mut Args<'_>, message: u16) -> Result {
    let mut id = [0; POLICY_ID_LEN];
    let mut r = Reader { names: &mut ctx.names, family: ctx.opts.family };
    let (mut said, mut has_dir, mut index) = (false, false, None);
    let (mut mark, mut what, mut context, mut if_id) = (None, None, None, None);
    while let Some(word) = args.take() {
        match word {
            b"dir" => {
                if std::mem::replace(&mut has_dir, true) {
                    return Err(args.duplicate("dir").into());
                }
                set(&mut id, policy_id::DIR, &[dir(args)?]);
            }
            b"ctx" => {
                if context.is_some() {
                    return Err(args.duplicate("ctx").into());
                }
                context = Some(words::context(args)?);
            }
            b"mark" => mark = Some(words::mark(args)?),
            b"index" => {
                if index.is_some() {
                    return Err(args.duplicate("index").into());
                }
                index = Some(args.value(value::u32, "INDEX value is invalid")?);
            }
            b"ptype" => {
                if what.is_some() {
                    return Err(args.duplicate("ptype").into());
                }
                what = Some(kind(args)?);
            }
            b"if_id" => if_id = Some(args.value(value::u32, "IF_ID value is invalid")?),
            _ => {
                args.back();
                if said || words::selector(&mut r, args, &mut id)? == 0 {
                    args.take();
                    return Err(unknown(args).into());
                }
                said = true;
            }
        }
    }
    if !has_dir {
        return Err(no_dir().into());
    }
    let both = "Not enough information: either SELECTOR or INDEX is required.";
    match index {
        None if !said => return Err(sentence(both.into()).into()),
        Some(_) if said => {
            let text = "Error: either \"SELECTOR\" is duplicate, or \"INDEX\" is garbage.";
            return Err(Usage::new(255, text).into());
        }
        _ => {}
    }
    set(&mut id, policy_id::INDEX, &index.unwrap_or(0).to_ne_bytes());
    with_family(&mut id);
    let mut req = Request::new(message, 0, &id);
    if let Some(kind) = what {
        put_kind(&mut req, kind);
    }
    if let Some(context) = &context {
        req.attr(attr::SEC_CTX, context);
    }
    super::change::put_mark(&mut req, mark);
    if let Some(id) = if_id {
        req.u32(attr::IF_ID, id);
    }
    if message == DELPOLICY {
        return Ok(send(ctx, &mut req)?);
    }
    let mut conn = open(ctx)?;
    let answer = conn.get(&mut req).map(|msg| msg.payload.to_vec());
    let policy = answer.map_err(|e| refused(e, &req))?;
    show_policy(ctx, &policy);
    Ok(())
}

/// The policy of a message of a table.
pub fn parts(payload: &[u8]) -> Option<(Bytes<'_>, Attrs<'_>)> {
    let (head, rest) = payload.split_at_checked(POLICY_LEN)?;
    Some((Bytes(head), Attrs(rest)))
}

/// Shows a policy of a table or an answer.
pub fn show_policy(ctx: &mut Ctx, payload: &[u8]) {
    let Some((head, attrs)) = parts(payload) else { return };
    text::show(ctx, false, |t| {
        show::policy(t, head, attrs, "");
        t.end();
    });
}

fn flush(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut what = None;
    while let Some(word) = args.take() {
        if word != b"ptype" {
            return Err(unknown(args).into());
        }
        if what.is_some() {
            return Err(args.duplicate("ptype").into());
        }
        what = Some(kind(args)?);
    }
    let mut req = Request::new(FLUSHPOLICY, 0, &[]);
    if let Some(kind) = what {
        put_kind(&mut req, kind);
    }
    if ctx.opts.stats > 1 {
        ctx.complain(b"Flush policy\n");
    }
    Ok(send(ctx, &mut req)?)
}

/// `set`: from which lengths of prefixes on policies are found by hashing.
fn thresholds(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    // XFRMA_SPD_IPV4_HTHRESH, XFRMA_SPD_IPV6_HTHRESH
    const ROWS: [(&str, u16, u8); 2] = [("hthresh4", 3, 32), ("hthresh6", 4, 128)];
    let mut req = Request::new(NEWSPDINFO, 0, &u32::MAX.to_ne_bytes());
    let mut seen = [false; 2];
    while let Some(word) = args.take() {
        let row = ROWS.iter().position(|(name, ..)| name.as_bytes() == word);
        let row = row.ok_or_else(|| unknown(args))?;
        let (name, kind, most) = ROWS[row];
        if std::mem::replace(&mut seen[row], true) {
            return Err(args.duplicate(name).into());
        }
        let mut bits = [0; 2];
        for (bits, side) in bits.iter_mut().zip(["LBITS", "RBITS"]) {
            let n = value::u8(args.need()?).filter(|n| *n <= most);
            *bits = n.ok_or_else(|| args.wrong(&format!("{name} {side} value is invalid")))?;
        }
        req.attr(kind, &bits);
    }
    Ok(send(ctx, &mut req)?)
}

/// Directions in the order of struct xfrm_userpolicy_default.
const DEFAULT_DIRS: [&str; 3] = ["in", "fwd", "out"];

fn set_default(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut wanted = [0u8; 3];
    while let Some(word) = args.take() {
        let dir = DEFAULT_DIRS.iter().position(|d| d.as_bytes() == word);
        let dir = dir.ok_or_else(|| args.wrong("unknown direction"))?;
        if wanted[dir] != 0 {
            return Err(args.duplicate(DEFAULT_DIRS[dir]).into());
        }
        let wrong = format!("{} policy value is invalid", DEFAULT_DIRS[dir]);
        wanted[dir] = match args.need()? {
            b"block" => 1,
            b"accept" => 2,
            _ => return Err(args.wrong(&wrong).into()),
        };
    }
    Ok(send(ctx, &mut Request::new(SETDEFAULT, 0, &wanted))?)
}

fn get_default(ctx: &mut Ctx, _: &mut Args<'_>) -> Result {
    let mut req = Request::new(GETDEFAULT, 0, &[0; 3]);
    let mut conn = open(ctx)?;
    let answer = conn.get(&mut req).map(|msg| msg.payload.to_vec());
    let answer = answer.map_err(|e| refused(e, &req))?;
    text::show(ctx, false, |t| defaults(t, Bytes(&answer)));
    Ok(())
}

/// struct xfrm_userpolicy_default.
pub fn defaults(t: &mut Text<'_>, s: Bytes<'_>) {
    t.put("Default policies:\n");
    for (i, dir) in DEFAULT_DIRS.iter().enumerate() {
        let what = if s.u8(i) == 1 { "block" } else { "accept" };
        let name = format!("{dir}:");
        t.add(format_args!(" {name:<4} {what}\n"));
    }
}
