//! `-m mark`: the packet's mark.

use crate::cmd::iptables::fail::{Result, usage};
use crate::nft::{Cmp, Exprs, meta};

use super::scalar::leading;
use super::{Ext, Is, Opt, Shown, put, put_at, u32_at};

/// struct xt_mark_mtinfo1: mark, mask, inverted.
const MASK: usize = 4;
const INVERT: usize = 8;

pub static MARK: Ext = Ext {
    name: "mark",
    wire: "mark",
    revision: 1,
    size: 16,
    user: 16,
    opts: &[Opt {
        name: "mark",
        arg: "VALUE[/MASK]",
        not: true,
        required: true,
        take: |f, value| {
            let (mark, mask) = parse(value, "mark", "mark")?;
            put_at(f.info, 0, &mark.to_ne_bytes());
            put_at(f.info, MASK, &mask.to_ne_bytes());
            f.info[INVERT] = f.not.into();
            Ok(())
        },
        ..Opt::NONE
    }],
    lower,
    save: |out, s| {
        put(out, if s.info[INVERT] == 0 { " --mark " } else { " ! --mark " });
        show(out, s);
    },
    list: |out, s| {
        put(out, if s.info[INVERT] == 0 { " mark match " } else { " mark match ! " });
        show(out, s);
    },
    ..Ext::MATCH
};

/// `VALUE[/MASK]`; without a mask all bits.
pub fn parse(word: &[u8], ext: &str, option: &str) -> Result<(u32, u32)> {
    let read = match leading(word, u32::MAX) {
        Some((mark, [b'/', mask @ ..])) => {
            leading(mask, u32::MAX).map(|(mask, rest)| (mark, mask, rest))
        }
        Some((mark, rest)) => Some((mark, u32::MAX, rest)),
        None => None,
    };
    let text = match read {
        Some((mark, mask, b"")) => return Ok((mark, mask)),
        Some(_) => format!("{ext}: trailing garbage after value for option \"--{option}\".\n"),
        None => format!("{ext}: bad integer value for option \"--{option}\", or out of range.\n"),
    };
    usage(&[text.as_bytes()])
}

fn show(out: &mut Vec<u8>, s: &Shown<'_>) {
    put(out, format!("{:#x}", u32_at(s.info, 0)));
    match u32_at(s.info, MASK) {
        u32::MAX => {}
        mask => put(out, format!("/{mask:#x}")),
    }
}

fn lower(info: &[u8], out: &mut Exprs) -> bool {
    out.meta(meta::MARK);
    if u32_at(info, MASK) != u32::MAX {
        out.mask(&info[MASK..MASK + 4]);
    }
    out.cmp(Cmp::eq_unless(info[INVERT] != 0), &info[..4]);
    true
}

/// The structure that a comparison of the mark means; absent when there is none.
pub fn raise(mask: Option<&[u8]>, is: Is<'_>) -> Option<Vec<u8>> {
    let Is::Cmp(how @ (Cmp::Eq | Cmp::Neq), value @ [_, _, _, _]) = is else { return None };
    let mask = mask.unwrap_or(&[255; 4]);
    if mask.len() != 4 {
        return None;
    }
    let mut info = vec![0; MARK.size];
    put_at(&mut info, 0, value);
    put_at(&mut info, MASK, mask);
    info[INVERT] = (how == Cmp::Neq).into();
    Some(info)
}
