//! `--check-kernel`: by which ways this kernel can be given rules.

use crate::nft::{Base, ct, fib};
use crate::nft::{
    Batch, Chain, Exprs, Log, Nat, NewRule, Outcome, Place, Rule, Table, Translation,
};
use crate::sys::file;

use super::ext::Kind;
use super::fail::Result;
use super::family::Family;
use super::kernel::Kernel;

/// One expression of each kind that rules need, by the name of what is said with it.
type Form = (&'static str, fn(&mut Exprs, Family));

#[rustfmt::skip] // one row, one line
const FORMS: &[Form] = &[
    ("conntrack", |e, _| e.ct(ct::STATE)),
    ("addrtype", |e, _| e.fib(fib::ADDRTYPE, fib::DADDR)),
    ("limit", |e, _| e.limit(1, 1, 1)),
    ("LOG", |e, _| e.log(&Log { level: Some(4), ..Log::default() })),
    ("REJECT", |e, _| e.reject(0, 1)),
    ("MASQUERADE", |e, family| e.nat(&nat(Translation::Masquerade, family))),
    ("REDIRECT", |e, family| e.nat(&nat(Translation::Redirect, family))),
    ("DNAT and SNAT", |e, family| {
        e.constant(1, &[1; 16][..family.len()]);
        let kind = Translation::Dnat;
        e.nat(&Nat { addrs: [Some(1), None], ..nat(kind, family) });
    }),
    ("statistic", |e, _| e.random(2)),
];

fn nat(kind: Translation, family: Family) -> Nat {
    Nat { kind, family: family as u32, addrs: [None; 2], ports: [None; 2], flags: 0 }
}

/// What there is to say: a line for each way. Nothing of the rule set changes.
pub fn report(kernel: &mut Kernel) -> Result<String> {
    let family = kernel.family;
    // One extension may be a module that is not there; all three are not.
    let some =
        [(Kind::Match, "conntrack", 3), (Kind::Match, "comment", 0), (Kind::Target, "LOG", 0)];
    let mut compatibility = false;
    for (kind, wire, revision) in some {
        compatibility = compatibility || kernel.has(kind, wire, revision)?;
    }
    let mut missing = Vec::new();
    for (name, form) in FORMS {
        if !takes(kernel, name, *form)? {
            missing.push(*name);
        }
    }
    let native = match &missing[..] {
        [] => "yes".to_owned(),
        all if all.len() == FORMS.len() => "no".to_owned(),
        some => format!("yes, without {}", some.join(", ")),
    };
    let legacy = file::read(family.legacy_tables().as_bytes()).is_ok();
    let word = |yes: bool| if yes { "yes" } else { "no" };
    let mut text = format!("compatibility: {}\n", word(compatibility));
    text.push_str(&format!("native: {native}\nlegacy: {}\n", word(legacy)));
    Ok(text)
}

/// Whether the kernel masquerades: by its layer for x_tables, which the reference needs, and by
/// words of nf_tables alone. `None` when it may not be asked.
pub fn masquerade(family: Family) -> Option<(bool, bool)> {
    let mut kernel = Kernel::new(family);
    let compatible = kernel.has(Kind::Target, "MASQUERADE", 0).ok()?;
    let (name, form) = FORMS.iter().find(|(name, _)| *name == "MASQUERADE")?;
    Some((compatible, takes(&mut kernel, name, *form).ok()?))
}

/// Whether the kernel would take a rule of this form: it judges a transaction that has no end.
fn takes(kernel: &mut Kernel, name: &str, form: fn(&mut Exprs, Family)) -> Result<bool> {
    let (family, table) = (kernel.family as u8, &b"ipbox-check-kernel"[..]);
    let redirected = matches!(name, "REDIRECT" | "DNAT and SNAT");
    let base = match name {
        _ if redirected => Base { hook: 0, priority: -100, kind: b"nat" },
        "MASQUERADE" => Base { hook: 4, priority: 100, kind: b"nat" },
        _ => Base { hook: 1, priority: 0, kind: b"filter" },
    };
    let mut exprs = Exprs::default();
    form(&mut exprs, kernel.family);
    let mut batch = Batch::default();
    batch.add(Table::create(family, table));
    batch.add(Chain::create_base(family, table, b"c", base));
    let rule = NewRule {
        place: Place::Last,
        exprs: exprs.bytes(),
        user_data: &[],
        compat: (0, false),
        id: None,
    };
    batch.add(Rule::create(family, table, b"c", &rule));
    Ok(kernel.judge(batch)? == Outcome::Done)
}
