//! Commands are carried out.

use crate::names::NetDb;
use crate::sort;
use crate::sys::fd;

use super::command::{Command, Verb};
use super::fail::{Fail, NO_RULE, Result, refused};
use super::kernel::Kernel;
use super::list::{self, Chains};
use super::rule::Rule;
use super::show::Show;
use super::tables::{self, Table};
use super::tx::{Ended, Tx};

/// How often a command is planned anew when somebody else was faster.
const ROUNDS: usize = 20;

/// A single command, from beginning to end.
pub fn run(kernel: &mut Kernel, command: &Command<'_>, db: &NetDb, prog: &str) -> Result {
    let Some(table) = tables::find(command.table) else { return Err(Fail::Said(3)) };
    let show = Show {
        family: kernel.family,
        db,
        numeric: command.numeric,
        verbose: command.verbose > 0,
        exact: command.exact,
        line_numbers: command.line_numbers,
    };
    if command.verb.is_list() {
        let result = list::run(kernel, table, command, &show);
        list::warn_of_legacy(kernel, prog);
        if let Some(verb) = command.then_zero {
            change(kernel, table, command, verb, &show)?;
        }
        return result;
    }
    change(kernel, table, command, command.verb, &show)
}

fn change(
    kernel: &mut Kernel,
    table: &'static Table,
    command: &Command<'_>,
    verb: Verb,
    show: &Show<'_>,
) -> Result {
    let many = command.rules.len() > 1;
    let mut round = 0;
    loop {
        let mut tx = Tx::new(kernel, table, many, Vec::new())?;
        let mut out = Vec::new();
        let planned = plan(&mut tx, kernel, command, verb, show, &mut out);
        if planned.is_err() {
            // Whoever may not ask hears of that first.
            kernel.look()?;
        }
        if round == 0 || planned.is_err() {
            let _ = fd::stdout(&out);
        }
        planned?;
        match tx.commit(kernel, false)? {
            Ended::Done => return Ok(()),
            Ended::Again(fail) if round == ROUNDS => return Err(fail),
            Ended::Again(_) => round += 1,
        }
    }
}

/// Puts what a command does into a transaction; `out` is what `-v` prints.
pub fn plan(
    tx: &mut Tx,
    kernel: &mut Kernel,
    command: &Command<'_>,
    verb: Verb,
    show: &Show<'_>,
    out: &mut Vec<u8>,
) -> Result {
    let chain = command.chain.unwrap_or(b"");
    for rule in command.rules.iter().take(1) {
        tx.check_target(kernel, rule)?;
    }
    let told = |out: &mut Vec<u8>, rule: &Rule| {
        if show.verbose {
            Show { numeric: true, ..*show }.echo(out, rule);
        }
    };
    match verb {
        Verb::Append | Verb::Insert | Verb::Replace | Verb::Delete | Verb::Check => {
            // One place takes one rule: of several the first (as observed).
            let count = if verb == Verb::Replace { 1 } else { command.rules.len() };
            for rule in command.rules.iter().take(count) {
                // A rule to be added is told before it is known whether it can be (as observed).
                let adds = verb == Verb::Append;
                if adds {
                    told(out, rule);
                }
                match verb {
                    Verb::Append => tx.append(kernel, chain, rule)?,
                    Verb::Insert => tx.insert(kernel, chain, command.number, rule)?,
                    Verb::Replace => tx.replace(kernel, chain, command.number, rule)?,
                    Verb::Delete => tx.delete(kernel, chain, rule)?,
                    _ => tx.check(kernel, chain, rule)?,
                }
                if !adds {
                    told(out, rule);
                }
            }
            Ok(())
        }
        Verb::DeleteNumber => tx.delete_number(kernel, chain, command.number),
        Verb::Flush => flush(tx, kernel, command.chain, show.verbose, out),
        Verb::Zero | Verb::ZeroNumber => zero(tx, kernel, command, verb, show.verbose, out),
        Verb::New => tx.new_chain(kernel, chain),
        Verb::DeleteChain => delete_chains(tx, kernel, command.chain, show.verbose, out),
        Verb::Rename => tx.rename(kernel, chain, command.second),
        Verb::Policy => {
            let policy = match command.second {
                b"ACCEPT" => 1,
                b"DROP" => 0,
                _ => return refused("Bad policy name. Run `dmesg' for more information"),
            };
            match tx.table.built_in(chain) {
                Some(built_in) => tx.policy(kernel, built_in, policy, (0, 0)),
                None => refused("Bad built-in chain name"),
            }
        }
        Verb::List | Verb::ListRules => list::run(kernel, tx.table, command, show),
    }
}

fn say(out: &mut Vec<u8>, verbose: bool, what: &str, chain: &[u8]) {
    if verbose {
        out.extend_from_slice(what.as_bytes());
        out.extend_from_slice(b" chain `");
        out.extend_from_slice(chain);
        out.extend_from_slice(b"'\n");
    }
}

/// The names of the chains of a table: built-in ones, then those of the user by name. When
/// nothing is said about them they come as they were made (as observed).
fn names(tx: &Tx, kernel: &mut Kernel, told: bool) -> Result<Vec<Vec<u8>>> {
    let mut all = Chains::of(tx.table, kernel.chains()?).all;
    if !told {
        sort::by_key(&mut all, |c| c.handle);
    }
    Ok(all.into_iter().map(|c| c.name).collect())
}

fn flush(
    tx: &mut Tx,
    kernel: &mut Kernel,
    chain: Option<&[u8]>,
    verbose: bool,
    out: &mut Vec<u8>,
) -> Result {
    let chains = match chain {
        // A built-in chain is made when it is named, even for this (as observed).
        Some(chain) => {
            tx.need_chain(kernel, chain)?;
            vec![chain.to_vec()]
        }
        None => names(tx, kernel, verbose)?,
    };
    for chain in &chains {
        if verbose && tx.table.built_in(chain).is_some() {
            tx.need_chain(kernel, chain)?;
        }
        tx.flush(kernel, chain)?;
        say(out, verbose, "Flushing", chain);
    }
    Ok(())
}

fn delete_chains(
    tx: &mut Tx,
    kernel: &mut Kernel,
    chain: Option<&[u8]>,
    verbose: bool,
    out: &mut Vec<u8>,
) -> Result {
    if let Some(chain) = chain {
        tx.delete_chain(kernel, chain)?;
        say(out, verbose && tx.table.built_in(chain).is_none(), "Deleting", chain);
        return Ok(());
    }
    for chain in names(tx, kernel, verbose)? {
        // Built-in chains that do nothing go too; they come back when they are used.
        if tx.table.built_in(&chain).is_some() {
            if tx.is_idle(kernel, &chain)? {
                tx.delete_chain(kernel, &chain)?;
            }
            continue;
        }
        tx.delete_chain(kernel, &chain)?;
        say(out, verbose, "Deleting", &chain);
    }
    Ok(())
}

fn zero(
    tx: &mut Tx,
    kernel: &mut Kernel,
    command: &Command<'_>,
    verb: Verb,
    verbose: bool,
    out: &mut Vec<u8>,
) -> Result {
    let table = tx.table;
    if verb == Verb::ZeroNumber {
        let chain = command.chain.unwrap_or(b"");
        let found = kernel.chain(table.name.as_bytes(), chain)?;
        let Some(found) = found else { return refused(NO_RULE) };
        let handle = nth(kernel, table, &found.name, command.number)?;
        let Some(handle) = handle else { return refused(NO_RULE) };
        if tx.line.is_some() || !kernel.reset(table.name.as_bytes(), chain, Some(handle))? {
            tx.zero_rules(kernel, chain, command.number)?;
        }
        return Ok(());
    }
    let chains = match command.chain {
        Some(chain) if tx.has_chain(kernel, chain)? => vec![chain.to_vec()],
        Some(_) => return refused(super::fail::NO_CHAIN),
        None => names(tx, kernel, verbose)?,
    };
    for chain in &chains {
        if let Some(built_in) = table.built_in(chain) {
            tx.zero_policy(kernel, built_in)?;
        }
        if tx.line.is_some() || !kernel.reset(table.name.as_bytes(), chain, None)? {
            tx.zero_rules(kernel, chain, 0)?;
        }
        say(out, verbose, "Zeroing", chain);
    }
    Ok(())
}

/// The handle of a rule by number.
fn nth(kernel: &mut Kernel, table: &Table, chain: &[u8], number: usize) -> Result<Option<u64>> {
    use std::ops::ControlFlow::{Break, Continue};
    let (_, handle) = kernel.rules(
        table.name.as_bytes(),
        chain,
        |rule, (count, handle): &mut (usize, Option<u64>)| {
            *count += 1;
            if *count < number {
                return Continue(());
            }
            *handle = Some(rule.handle);
            Break(())
        },
    )?;
    Ok(handle)
}
