//! Tables of states and policies: shown, or deleted as far as words say.

use crate::cli::value;
use crate::cli::{Args, Usage};
use crate::ctx::{Ctx, dump_each};
use crate::error::{Error, Result};
use crate::netlink::{Conn, Request};
use crate::rtnl::xfrm::{
    Address, Bytes, DELPOLICY, DELSA, NEWPOLICY, NEWSA, POLICY_ID_LEN, SELECTOR_LEN, attr, policy,
    policy_id, query_policies, query_states, selector, set, state,
};

use super::words::{self, Id, Reader};
use super::{open, show, unknown};

/// What states are meant; a field that was not said fits all.
#[derive(Debug, Default)]
struct States {
    /// That of -family; what the words say of addresses comes first.
    family: u8,
    id: Option<Id>,
    mode: Option<u8>,
    reqid: Option<u32>,
    flags: Option<u8>,
    nokeys: bool,
}

/// Whether the first `len` bits are alike; an address of which no bit counts fits all.
fn alike(a: &Address, b: &Address, len: u8) -> bool {
    let (whole, rest) = (usize::from(len / 8).min(16), len % 8);
    a[..whole] == b[..whole]
        && (rest == 0 || whole == 16 || a[whole] >> (8 - rest) == b[whole] >> (8 - rest))
}

impl States {
    fn read(ctx: &mut Ctx, args: &mut Args<'_>, deletes: bool) -> Result<States, Usage> {
        let mut r = Reader { names: &mut ctx.names, family: ctx.opts.family };
        let mut s = States { family: ctx.opts.family, ..States::default() };
        while let Some(word) = args.take() {
            match word {
                b"nokeys" if !deletes => s.nokeys = true,
                b"mode" => s.mode = Some(words::mode(args)?),
                b"reqid" => s.reqid = Some(args.value(value::u32, "REQID value is invalid")?),
                b"flag" => {
                    let wrong = "FLAG value is invalid";
                    let flags = words::flags(args, show::STATE_FLAGS, 0xff, wrong)?;
                    s.flags = u8::try_from(flags).ok();
                }
                _ if s.id.is_some() => return Err(unknown(args)),
                _ => {
                    args.back();
                    s.id = Some(words::id(&mut r, args, true)?);
                }
            }
        }
        Ok(s)
    }

    fn id(&self) -> Id {
        let mut id = self.id.unwrap_or_default();
        if id.family == 0 {
            id.family = self.family;
        }
        id
    }

    fn fit(&self, s: Bytes<'_>) -> bool {
        let id = self.id();
        (id.family == 0 || u16::from(id.family) == s.u16(state::FAMILY))
            && alike(&id.src, &s.addr(state::SADDR), id.src_len)
            && alike(&id.dst, &s.addr(state::DADDR), id.dst_len)
            && (id.proto == 0 || id.proto == s.u8(state::PROTO))
            && (!id.has_spi || id.spi == s.u32_be(state::SPI))
            && self.mode.is_none_or(|m| m == s.u8(state::MODE))
            && self.reqid.is_none_or(|r| r == s.u32(state::REQID))
            && self.flags.is_none_or(|f| f & s.u8(state::FLAGS) != 0)
    }

    /// struct xfrm_address_filter: what the kernel can leave out by itself.
    fn query(&self) -> Request {
        let id = self.id();
        let mut filter = [0; 36];
        filter[..16].copy_from_slice(&id.src);
        filter[16..32].copy_from_slice(&id.dst);
        filter[32..34].copy_from_slice(&u16::from(id.family).to_ne_bytes());
        (filter[34], filter[35]) = (id.src_len, id.dst_len);
        query_states(id.proto, (id.family != 0).then_some(&filter))
    }
}

/// `ip xfrm state list` and `deleteall`.
pub fn states(ctx: &mut Ctx, args: &mut Args<'_>, deletes: bool) -> Result {
    let s = States::read(ctx, args, deletes)?;
    let mut conn = open(ctx)?;
    if !deletes {
        return Ok(table(&mut conn, &mut s.query(), &mut |kind, payload| {
            if kind == NEWSA
                && let Some((head, _)) = super::state::parts(payload)
                && s.fit(head)
            {
                super::state::show_state(ctx, payload, s.nokeys);
            }
        })?);
    }
    Ok(delete_all(ctx, &mut conn, &mut || s.query(), &mut |kind, payload| {
        let (head, attrs) = super::state::parts(payload).filter(|_| kind == NEWSA)?;
        if !s.fit(head) {
            return None;
        }
        let family = u8::try_from(head.u16(state::FAMILY)).ok()?;
        let id = Id {
            dst: head.addr(state::DADDR),
            spi: head.u32_be(state::SPI),
            proto: head.u8(state::PROTO),
            family,
            ..Id::default()
        };
        let src = head.addr(state::SADDR);
        let mut req = super::state::about(DELSA, &id, Some(src), None);
        if let Some(mark) = attrs.find(attr::MARK) {
            req.attr(attr::MARK, mark.value);
        }
        Some(req)
    })?)
}

/// Reads a table: the kind and the content of each message.
fn table(
    conn: &mut Conn,
    req: &mut Request,
    each: &mut dyn FnMut(u16, &[u8]),
) -> Result<(), Error> {
    dump_each(conn, req, 1, &mut |msg| each(msg.kind, msg.payload)).map(|_| ())
}

/// What deletes the object of a message, if it is to be deleted.
type Deletion<'f> = &'f mut dyn FnMut(u16, &[u8]) -> Option<Request>;

/// Deletes what a table has, in rounds until nothing is left.
fn delete_all(
    ctx: &mut Ctx,
    conn: &mut Conn,
    query: &mut dyn FnMut() -> Request,
    deletion: Deletion<'_>,
) -> Result<(), Error> {
    /// What is deleted may come again at once, but not for ever.
    const ROUNDS: u32 = 1000;
    let told = ctx.opts.stats > 1;
    let mut tell = |text: String| {
        if told {
            ctx.complain(text.as_bytes());
        }
    };
    for round in 0..ROUNDS {
        tell(format!("Delete-all round = {round}\n"));
        let mut requests = Vec::new();
        table(conn, &mut query(), &mut |kind, payload| {
            requests.extend(deletion(kind, payload));
        })?;
        if requests.is_empty() {
            tell("Delete-all completed\n".into());
            return Ok(());
        }
        for req in &mut requests {
            match conn.change(req) {
                Ok(_) => {}
                Err(e) => {
                    let e = super::refused(e, req);
                    let text = [&e.text()[..], b"Failed to send delete-all request"].concat();
                    return Err(Error::fatal(1, text));
                }
            }
        }
        tell(format!("Delete-all nlmsg count = {}\n", requests.len()));
    }
    Err(Error::failed(1, "Delete-all: there are always new ones"))
}

/// What policies are meant; a field that was not said fits all.
#[derive(Debug)]
struct Policies {
    sel: [u8; SELECTOR_LEN],
    dir: Option<u8>,
    index: Option<u32>,
    kind: Option<u8>,
    action: Option<u8>,
    priority: Option<u32>,
    flags: Option<u8>,
    nosock: bool,
}

impl Policies {
    fn read(ctx: &mut Ctx, args: &mut Args<'_>) -> Result<Policies, Usage> {
        let family = ctx.opts.family;
        let mut r = Reader { names: &mut ctx.names, family };
        let mut sel = words::NO_SELECTOR;
        set(&mut sel, selector::FAMILY, &u16::from(family).to_ne_bytes());
        let mut p = Policies {
            sel,
            dir: None,
            index: None,
            kind: None,
            action: None,
            priority: None,
            flags: None,
            nosock: false,
        };
        let mut said = false;
        while let Some(word) = args.take() {
            match word {
                b"dir" => p.dir = Some(super::policy::dir(args)?),
                b"index" => p.index = Some(args.value(value::u32, "INDEX value is invalid")?),
                b"ptype" => p.kind = Some(super::policy::kind(args)?),
                b"action" => p.action = Some(super::policy::action(args)?),
                b"priority" => {
                    p.priority = Some(args.value(value::u32, "PRIORITY value is invalid")?);
                }
                b"flag" => {
                    let wrong = "FLAG value is invalid";
                    let flags = words::flags(args, show::POLICY_FLAGS, 0xff, wrong)?;
                    p.flags = u8::try_from(flags).ok();
                }
                b"nosock" => p.nosock = true,
                _ => {
                    args.back();
                    if said || words::selector(&mut r, args, &mut p.sel)? == 0 {
                        args.take();
                        return Err(unknown(args));
                    }
                    said = true;
                }
            }
        }
        Ok(p)
    }

    fn fit(&self, s: Bytes<'_>, kind: Option<u8>) -> bool {
        let want = Bytes(&self.sel);
        let address =
            |addr: usize, len: usize| alike(&want.addr(addr), &s.addr(addr), want.u8(len));
        let port = |port: usize, mask: usize| want.u16(mask) == 0 || want.u16(port) == s.u16(port);
        let dir = s.u8(policy::DIR);
        let family = want.u16(selector::FAMILY);
        let dev = want.u32(selector::IFINDEX);
        let proto = want.u8(selector::PROTO);
        (!self.nosock || dir < 3)
            && (family == 0 || family == s.u16(selector::FAMILY))
            && address(selector::SADDR, selector::SLEN)
            && address(selector::DADDR, selector::DLEN)
            && port(selector::SPORT, selector::SPORT_MASK)
            && port(selector::DPORT, selector::DPORT_MASK)
            && (dev == 0 || dev == s.u32(selector::IFINDEX))
            && (proto == 0 || proto == s.u8(selector::PROTO))
            && self.dir.is_none_or(|d| d == dir)
            && self.index.is_none_or(|i| i == s.u32(policy::INDEX))
            && self.kind.is_none_or(|k| kind == Some(k))
            && self.action.is_none_or(|a| a == s.u8(policy::ACTION))
            && self.priority.is_none_or(|p| p == s.u32(policy::PRIORITY))
            && self.flags.is_none_or(|f| f & s.u8(policy::FLAGS) != 0)
    }
}

/// `ip xfrm policy list` and `deleteall`.
pub fn policies(ctx: &mut Ctx, args: &mut Args<'_>, deletes: bool) -> Result {
    let p = Policies::read(ctx, args)?;
    let mut conn = open(ctx)?;
    let fits = |kind: u16, payload: &[u8]| {
        super::policy::parts(payload).filter(|_| kind == NEWPOLICY).is_some_and(|(head, attrs)| {
            p.fit(head, attrs.find(attr::POLICY_TYPE).and_then(|a| a.u8()))
        })
    };
    if !deletes {
        return Ok(table(&mut conn, &mut query_policies(), &mut |kind, payload| {
            if fits(kind, payload) {
                super::policy::show_policy(ctx, payload);
            }
        })?);
    }
    Ok(delete_all(ctx, &mut conn, &mut query_policies, &mut |kind, payload| {
        let (head, attrs) = super::policy::parts(payload).filter(|_| fits(kind, payload))?;
        // Those of sockets go with their sockets.
        let dir = head.u8(policy::DIR);
        if dir > 2 {
            return None;
        }
        let mut id = [0; POLICY_ID_LEN];
        set(&mut id, 0, &head.array::<SELECTOR_LEN>(0));
        set(&mut id, policy_id::INDEX, &head.u32(policy::INDEX).to_ne_bytes());
        set(&mut id, policy_id::DIR, &[dir]);
        let mut req = Request::new(DELPOLICY, 0, &id);
        for kind in [attr::POLICY_TYPE, attr::MARK, attr::IF_ID] {
            if let Some(a) = attrs.find(kind) {
                req.attr(kind, a.value);
            }
        }
        Some(req)
    })?)
}
