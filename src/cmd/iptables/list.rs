//! `-L` and `-S`, and the chains of iptables-save.

use std::ops::ControlFlow;

use crate::sort;
use crate::sys::{fd, file};

use super::command::{Command, Verb};
use super::fail::{Fail, NO_CHAIN, Result, refused};
use super::hint;
use super::kernel::{Chain, Kernel};
use super::raise;
use super::rule::Rule;
use super::sets::Sets;
use super::show::{Head, Show};
use super::tables::Table;

/// The chains of a table as they are listed: built-in ones first, those that are not there too.
pub struct Chains {
    pub all: Vec<Chain>,
    /// Chains hooked in where iptables has none: they are left out.
    pub foreign: bool,
}

impl Chains {
    /// `all` are the chains of the family.
    pub fn of(table: &Table, all: Vec<Chain>) -> Chains {
        let (mut user, mut found, mut foreign) = (Vec::new(), Vec::new(), false);
        for chain in all {
            if chain.table != table.name.as_bytes() {
                continue;
            }
            match is_known(table, &chain) {
                false => foreign = true,
                true if chain.base.is_some() => found.push(chain),
                true => user.push(chain),
            }
        }
        sort::by(&mut user, |a, b| a.name.cmp(&b.name));
        let built_in = table.chains.iter().map(|b| {
            let at = found.iter().position(|c| c.name == b.name.as_bytes());
            at.map_or_else(|| absent(table, b.name.as_bytes()), |at| found.swap_remove(at))
        });
        let mut all: Vec<Chain> = built_in.collect();
        all.extend(user);
        Chains { all, foreign }
    }

    /// What is said when chains are left out.
    pub fn warn(&self, out: &mut Vec<u8>, table: &Table) {
        if self.foreign {
            out.extend_from_slice(
                format!(
                    "# Table `{}' contains incompatible base-chains, use 'nft' tool to list them.\n",
                    table.name
                )
                .as_bytes(),
            );
        }
    }
}

fn is_known(table: &Table, chain: &Chain) -> bool {
    match (&chain.base, table.built_in(&chain.name)) {
        (None, own) => own.is_none(),
        (Some((hook, priority, kind)), Some(own)) => {
            (*hook, *priority, kind.as_slice()) == (own.base.hook, own.base.priority, own.base.kind)
        }
        (Some(_), None) => false,
    }
}

/// A built-in chain that nobody has used yet.
fn absent(table: &Table, name: &[u8]) -> Chain {
    Chain {
        name: name.to_vec(),
        table: table.name.as_bytes().to_vec(),
        handle: 0,
        base: None,
        policy: 1,
        uses: 0,
        counters: (0, 0),
    }
}

/// `ACCEPT` or `DROP`.
pub fn policy(chain: &Chain) -> &'static str {
    if chain.policy == 0 { "DROP" } else { "ACCEPT" }
}

/// The rules of a chain, each made into text by `each`, which says whether it has; how many there
/// are, and how many of those shown cannot be expressed.
pub fn rules(
    kernel: &mut Kernel,
    chain: &Chain,
    out: &mut Vec<u8>,
    mut each: impl FnMut(&mut Vec<u8>, &Rule, usize) -> bool,
) -> Result<(usize, usize)> {
    if chain.uses == 0 {
        return Ok((0, 0));
    }
    #[derive(Default)]
    struct Read {
        text: Vec<u8>,
        count: usize,
        strange: usize,
    }
    let family = kernel.family;
    let sets = Sets::of(family, &chain.table);
    let read = kernel.rules(&chain.table, &chain.name, |found, read: &mut Read| {
        let rule = raise::of(found, family, &sets);
        read.count += 1;
        let shown = each(&mut read.text, &rule, read.count);
        read.strange += usize::from(shown && !rule.strange.is_empty());
        ControlFlow::Continue(())
    })?;
    out.extend_from_slice(&read.text);
    Ok((read.count, read.strange))
}

/// `-L` and `-S`; what has been written so far goes out in any case.
pub fn run(
    kernel: &mut Kernel,
    table: &'static Table,
    command: &Command<'_>,
    show: &Show<'_>,
) -> Result {
    let mut out = Vec::new();
    let result = list(kernel, table, command, show, &mut out);
    let _ = fd::stdout(&out);
    match result? {
        0 => Ok(()),
        n => Err(inexpressible(n)),
    }
}

/// Rules were shown with a mark.
pub fn inexpressible(count: usize) -> Fail {
    fd::stderr(
        format!(
            "# {count} of the rules above cannot be expressed in full, see [unsupported: ...]; use 'nft' tool to list them.\n"
        )
        .as_bytes(),
    );
    if hint::is_wanted() {
        hint::say("\"nft -a list ruleset\" shows them in full; \"-D CHAIN NUMBER\" deletes them");
    }
    Fail::Said(1)
}

fn list(
    kernel: &mut Kernel,
    table: &'static Table,
    command: &Command<'_>,
    show: &Show<'_>,
    out: &mut Vec<u8>,
) -> Result<usize> {
    let chains = match command.chain {
        None => {
            let chains = Chains::of(table, kernel.chains()?);
            chains.warn(out, table);
            chains.all
        }
        Some(name) => match kernel.chain(table.name.as_bytes(), name)? {
            Some(chain) => vec![chain],
            None if table.built_in(name).is_some() => vec![absent(table, name)],
            None => return refused(NO_CHAIN),
        },
    };
    let mut strange = 0;
    match command.verb {
        Verb::List => {
            for (i, chain) in chains.iter().enumerate() {
                if i > 0 {
                    out.push(b'\n');
                }
                strange += rows(kernel, table, chain, command.number, show, out)?;
            }
        }
        _ => {
            if command.number == 0 {
                for chain in &chains {
                    declaration(table, chain, show.verbose, out);
                }
            }
            for chain in &chains {
                let wanted = command.number;
                let (_, n) = rules(kernel, chain, out, |text, rule, number| {
                    let shown = wanted == 0 || wanted == number;
                    if shown {
                        show.words(text, rule, &chain.name);
                    }
                    shown
                })?;
                strange += n;
            }
        }
    }
    Ok(strange)
}

/// `-P CHAIN POLICY` or `-N CHAIN`.
fn declaration(table: &Table, chain: &Chain, verbose: bool, out: &mut Vec<u8>) {
    let built_in = table.built_in(&chain.name).is_some();
    out.extend_from_slice(if built_in { b"-P " } else { b"-N " });
    out.extend_from_slice(&chain.name);
    if built_in {
        out.extend_from_slice(format!(" {}", policy(chain)).as_bytes());
        if verbose {
            let (packets, bytes) = chain.counters;
            out.extend_from_slice(format!(" -c {packets} {bytes}").as_bytes());
        }
    }
    out.push(b'\n');
}

fn rows(
    kernel: &mut Kernel,
    table: &Table,
    chain: &Chain,
    wanted: usize,
    show: &Show<'_>,
    out: &mut Vec<u8>,
) -> Result<usize> {
    let mut body = Vec::new();
    let (count, strange) = rules(kernel, chain, &mut body, |text, rule, number| {
        let shown = wanted == 0 || wanted == number;
        if shown {
            show.row(text, rule, number);
        }
        shown
    })?;
    if wanted == 0 {
        let about = match table.built_in(&chain.name) {
            Some(_) => Head::Policy { policy: policy(chain), counters: chain.counters },
            None => Head::References((chain.uses as usize).saturating_sub(count)),
        };
        show.chain_head(out, &chain.name, about);
    }
    out.extend_from_slice(&body);
    Ok(strange)
}

/// The other variant of iptables may have rules too, which nothing here shows.
pub fn warn_of_legacy(kernel: &Kernel, prog: &str) {
    let there = file::read(kernel.family.legacy_tables().as_bytes());
    if there.is_ok_and(|names| !names.is_empty()) {
        let base = if prog.starts_with("ip6") { "ip6tables" } else { "iptables" };
        let save = if prog.contains("-save") { "-save" } else { "" };
        fd::stderr(
            format!(
                "# Warning: {base}-legacy tables present, use {base}-legacy{save} to see them\n"
            )
            .as_bytes(),
        );
    }
}
