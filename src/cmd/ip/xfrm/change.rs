//! `ip xfrm state add` and `update`.

use crate::cli::value::{self, AF_UNSPEC};
use crate::cli::{Args, Usage};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::netlink::Request;
use crate::rtnl::xfrm::{Bytes, STATE_LEN, attr, selector, set, state};

use super::words::{self, Id, Mark, Reader, sentence};
use super::{algo, send, show, unknown};

/// The words and their values, for the usage; algorithms have a table of their own.
pub const WORDS: &[(&str, &str)] = &[
    ("mode", "MODE"),
    ("mark", "MARK [ mask MASK ]"),
    ("reqid", "REQID"),
    ("dir", "DIR"),
    ("seq", "SEQ"),
    ("replay-window", "SIZE"),
    ("replay-seq", "SEQ"),
    ("replay-oseq", "SEQ"),
    ("replay-seq-hi", "SEQ"),
    ("replay-oseq-hi", "SEQ"),
    ("flag", "FLAG..."),
    ("extra-flag", "EXTRA..."),
    ("sel", "SELECTOR"),
    ("limit", "LIMIT"),
    ("encap", "ENCAP"),
    ("coa", "ADDR"),
    ("ctx", "CTX"),
    ("offload", "[ crypto | packet ] dev DEV dir DIR"),
    ("output-mark", "MARK [ mask MASK ]"),
    ("if_id", "NUMBER"),
    ("tfcpad", "LENGTH"),
    ("pcpu-num", "NUMBER"),
];

/// XFRM_OFFLOAD_INBOUND
const INBOUND: u8 = 2;
const ESN: u8 = 128;
/// Bits of the window in struct xfrm_replay_state.
const SHORT_WINDOW: u32 = 32;
/// XFRMA_REPLAY_ESN_MAX: bits of the longest window.
const LONGEST_WINDOW: u32 = 4096;

/// What the words say.
struct State {
    info: [u8; STATE_LEN],
    req: Request,
    id: Option<Id>,
    algorithms: algo::Said,
    coa: bool,
    context: bool,
    mark: Option<Mark>,
    /// seq, oseq, and their upper halves.
    replay: [u32; 4],
    window: u32,
    extra_flags: u32,
    offload: Option<[u8; 8]>,
    output_mark: Option<(u32, Option<u32>)>,
    if_id: Option<u32>,
    tfcpad: Option<u32>,
    dir: Option<u8>,
    cpu: Option<u32>,
}

/// A number behind a word that stands in the sentence about a wrong one.
fn number(args: &mut Args<'_>) -> Result<u32, Usage> {
    let text = format!("value after \"{}\" is invalid", String::from_utf8_lossy(args.last()));
    args.value(value::u32, &text)
}

/// The number of a processor.
pub fn pcpu(args: &mut Args<'_>) -> Result<u32, Usage> {
    args.value(value::u32, "value after \"pcpu-num\" is invalid")
}

/// Adds a mark that has a mask.
pub fn put_mark(req: &mut Request, mark: Option<Mark>) {
    if let Some(mark) = mark.filter(|m| m.mask != 0) {
        req.attr(attr::MARK, &mark.bytes());
    }
}

fn read(r: &mut Reader<'_>, args: &mut Args<'_>, s: &mut State) -> Result<(), Usage> {
    while let Some(word) = args.take() {
        s.req.from_word(args.at());
        match word {
            b"mode" => set(&mut s.info, state::MODE, &[words::mode(args)?]),
            b"mark" => s.mark = Some(words::mark(args)?),
            b"reqid" => {
                let n = args.value(value::u32, "REQID value is invalid")?;
                set(&mut s.info, state::REQID, &n.to_ne_bytes());
            }
            b"seq" => {
                let n = args.value(value::u32, "SEQ value is invalid")?;
                set(&mut s.info, state::SEQ, &n.to_be_bytes());
            }
            b"replay-window" => s.window = number(args)?,
            b"replay-seq" => s.replay[0] = number(args)?,
            b"replay-oseq" => s.replay[1] = number(args)?,
            b"replay-seq-hi" => s.replay[2] = number(args)?,
            b"replay-oseq-hi" => s.replay[3] = number(args)?,
            b"flag" => {
                let flags = words::flags(args, show::STATE_FLAGS, 0xff, "FLAG value is invalid")?;
                s.info[state::FLAGS] |= u8::try_from(flags).unwrap_or(0);
            }
            b"extra-flag" => {
                let wrong = "\"EXTRA-FLAG\" is invalid";
                s.extra_flags |= words::flags(args, show::EXTRA_FLAGS, u32::MAX, wrong)?;
            }
            b"sel" => {
                args.need()?;
                args.back();
                // What the addresses before it were does not matter to it, but it does to those
                // behind it.
                r.family = AF_UNSPEC;
                words::selector(r, args, &mut s.info)?;
                let family = Bytes(&s.info).u16(selector::FAMILY);
                r.family = u8::try_from(family).unwrap_or(AF_UNSPEC);
            }
            b"limit" => words::limit(args, &mut s.info[state::LIMITS..])?,
            b"encap" => encap(args, &mut s.req)?,
            b"coa" => {
                if s.coa {
                    return Err(args.duplicate("coa"));
                }
                let p = words::prefix(args, r.family, "coa")?;
                s.req.attr(attr::COADDR, &words::padded(p.addr.bytes()));
                s.coa = true;
            }
            b"ctx" => {
                if std::mem::replace(&mut s.context, true) {
                    return Err(args.duplicate("ctx"));
                }
                let context = words::context(args)?;
                s.req.attr(attr::SEC_CTX, &context);
            }
            b"offload" => {
                let bytes = offload(r, args)?;
                s.dir = Some(if bytes[4] & INBOUND != 0 { 1 } else { 2 });
                s.offload = Some(bytes);
            }
            b"output-mark" => {
                let mark = number(args)?;
                s.output_mark = Some((mark, words::mask(args, "mask value is invalid\n")?));
            }
            b"if_id" => s.if_id = Some(number(args)?),
            b"tfcpad" => s.tfcpad = Some(number(args)?),
            b"dir" => s.dir = Some(if words::in_out(args)? { 1 } else { 2 }),
            b"pcpu-num" => s.cpu = Some(pcpu(args)?),
            _ if algo::read(args, &mut s.algorithms, &mut s.req)? => {}
            _ if s.id.is_some() => return Err(unknown(args)),
            _ => {
                args.back();
                let id = words::id(r, args, false)?;
                if r.family == AF_UNSPEC {
                    r.family = id.family;
                }
                s.id = Some(id);
            }
        }
    }
    Ok(())
}

/// struct xfrm_encap_tmpl.
fn encap(args: &mut Args<'_>, req: &mut Request) -> Result<(), Usage> {
    let word = args.need()?;
    let known = super::state::ENCAPS.iter().find(|(_, name)| name.as_bytes() == word);
    let (kind, _) = known.ok_or_else(|| args.wrong("ENCAP-TYPE value is invalid"))?;
    let sport = args.value(value::u16, "SPORT value after \"encap\" is invalid")?;
    let dport = args.value(value::u16, "DPORT value after \"encap\" is invalid")?;
    let addr = value::addr(args.need()?, AF_UNSPEC)?;
    let mut bytes = [0; 24];
    bytes[..2].copy_from_slice(&kind.to_ne_bytes());
    bytes[2..4].copy_from_slice(&sport.to_be_bytes());
    bytes[4..6].copy_from_slice(&dport.to_be_bytes());
    bytes[8..].copy_from_slice(&words::padded(addr.bytes()));
    req.attr(attr::ENCAP, &bytes);
    Ok(())
}

fn offload(r: &mut Reader<'_>, args: &mut Args<'_>) -> Result<[u8; 8], Usage> {
    let mut flags = match args.need()? {
        b"packet" => words::PACKET,
        b"crypto" => 0,
        _ => {
            args.back();
            0
        }
    };
    let index = words::offload_dev(r, args)?;
    if args.need()? != b"dir" {
        return Err(args.wrong("Missing DIR keyword"));
    }
    if words::in_out(args)? {
        flags |= INBOUND;
    }
    Ok(words::offload_bytes(index, flags))
}

/// Whether what was said can be together. Of `ipsec-any` any mode can.
fn check(s: &State) -> Result<(), Usage> {
    let proto = s.info[state::PROTO];
    let mode = s.info[state::MODE];
    let (transport, tunnel, ro, in_trigger, beet) = (0, 1, 2, 3, 4);
    let name = words::protocol_name(proto);
    let wrong = || Err(sentence(format!("MODE value is invalid with XFRM-PROTO value \"{name}\"")));
    let with = super::state::with_protocol;
    let fits = [transport, tunnel].contains(&mode) || mode == beet && proto == 50;
    if [50, 51, 108].contains(&proto) && !fits {
        return wrong();
    }
    s.algorithms.check(proto, &name)?;
    if !words::is_mobility(proto) {
        return if s.coa { Err(with("\"coa\"", "invalid", proto)) } else { Ok(()) };
    }
    match mode {
        m if m == ro || m == in_trigger => {}
        0 => return Err(with("\"mode\"", "required", proto)),
        _ => return wrong(),
    }
    if s.coa { Ok(()) } else { Err(with("\"coa\"", "required", proto)) }
}

/// The window: a short one in the state itself, a long one as struct xfrm_replay_state_esn.
fn window(s: &mut State) -> Result<(), Usage> {
    let esn = s.info[state::FLAGS] & ESN != 0;
    if esn && s.window == 0 {
        return Err(Usage::new(255, "Error: esn flag set without replay-window."));
    }
    if s.window > LONGEST_WINDOW {
        let text = format!(
            "Error: replay-window ({}) > XFRMA_REPLAY_ESN_MAX ({LONGEST_WINDOW}).",
            s.window
        );
        return Err(Usage::new(255, text));
    }
    let [seq, oseq, seq_hi, oseq_hi] = s.replay;
    if esn || s.window > SHORT_WINDOW {
        let words = s.window.div_ceil(32);
        let mut bytes = Vec::new();
        for n in [words, oseq, seq, oseq_hi, seq_hi, s.window] {
            bytes.extend_from_slice(&n.to_ne_bytes());
        }
        // The window itself, so many words more, begins empty and may be left out.
        s.req.attr(attr::REPLAY_ESN_VAL, &bytes);
        return Ok(());
    }
    if seq != 0 || oseq != 0 {
        let mut bytes = Vec::new();
        for n in [oseq, seq, 0] {
            bytes.extend_from_slice(&n.to_ne_bytes());
        }
        s.req.attr(attr::REPLAY_VAL, &bytes);
    }
    s.info[state::REPLAY_WINDOW] = u8::try_from(s.window).unwrap_or(0);
    Ok(())
}

/// Makes a state, or sets one anew.
pub fn state(ctx: &mut Ctx, args: &mut Args<'_>, kind: u16) -> Result {
    let mut s = State {
        info: [0; STATE_LEN],
        req: Request::new(kind, 0, &[0; STATE_LEN]),
        id: None,
        algorithms: algo::Said::default(),
        coa: false,
        context: false,
        mark: None,
        replay: [0; 4],
        window: 0,
        extra_flags: 0,
        offload: None,
        output_mark: None,
        if_id: None,
        tfcpad: None,
        dir: None,
        cpu: None,
    };
    words::no_limits(&mut s.info[state::LIMITS..]);
    let mut r = Reader { names: &mut ctx.names, family: ctx.opts.family };
    read(&mut r, args, &mut s)?;
    window(&mut s)?;
    if s.extra_flags != 0 {
        s.req.u32(attr::SA_EXTRA_FLAGS, s.extra_flags);
    }
    let Some(mut id) = s.id else {
        return Err(sentence("Not enough information: ID is required".into()).into());
    };
    put_mark(&mut s.req, s.mark);
    id.family = words::family(id.family, ctx.opts.family);
    super::state::put_id(&mut s.info, &id);
    check(&s)?;
    if let Some(offload) = s.offload {
        s.req.attr(attr::OFFLOAD_DEV, &offload);
    }
    if let Some((mark, mask)) = s.output_mark {
        s.req.u32(attr::SET_MARK, mark);
        if let Some(mask) = mask {
            s.req.u32(attr::SET_MARK_MASK, mask);
        }
    }
    if let Some(id) = s.if_id {
        s.req.u32(attr::IF_ID, id);
    }
    if let Some(length) = s.tfcpad {
        s.req.u32(attr::TFCPAD, length);
    }
    if let Some(dir) = s.dir {
        s.req.u8(attr::SA_DIR, dir);
    }
    if let Some(cpu) = s.cpu {
        s.req.u32(attr::SA_PCPU, cpu);
    }
    set(s.req.header(), 0, &s.info);
    Ok(send(ctx, &mut s.req)?)
}
