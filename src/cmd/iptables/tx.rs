//! A transaction under way: what the batch holds, and what the chains look like behind it.
//!
//! The kernel is asked only for what a command needs: an append looks at its chain and at the
//! chain it jumps to, an insertion at a place reads rules up to that place.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};

use crate::error::errno;
use crate::nft::{self, Batch, Outcome, Place};
use crate::sys::fd;

use super::fail::{Fail, NO_CHAIN, NO_RULE, Result, refused};
use super::kernel::{Chain, Kernel};
use super::lower::{lower, lower_for};
use super::native::{Lacks, Lowered, Name};
use super::raise::{self, raise};
use super::rule::Rule;
use super::sets::Sets;
use super::tables::{BuiltIn, Table};

/// A rule of a chain: how it is named, and where what it is made of lies.
struct Slot {
    key: Key,
    made_of: MadeOf,
}

enum MadeOf {
    /// It was not kept, since nobody will ask.
    Unknown,
    /// The message in the batch that begins there.
    Message(usize),
    /// The kernel's answer, in the arena.
    Answer(Range<usize>),
}

#[derive(Clone, Copy)]
enum Key {
    Handle(u64),
    /// Of this batch.
    New(u32),
}

/// What is known of a chain.
#[derive(Default)]
struct State {
    exists: bool,
    kernel: Option<Chain>,
    /// The kernel's rules have been read, all of them or up to the one that was looked for.
    read: bool,
    slots: Vec<Slot>,
    /// Rules that this batch puts before and behind those of the kernel while these are not read.
    before: usize,
}

impl State {
    /// Of a chain that is there no longer.
    fn gone() -> Box<State> {
        Box::new(State { read: true, ..State::default() })
    }
}

/// What a message of the batch is, for the sentence about its refusal.
struct Note {
    what: &'static What,
    /// Its place among the names.
    object: u32,
    /// 0 for none.
    line: u32,
}

/// The kind of a message, and of what it is about.
type What = (&'static str, &'static str);

/// What became of a transaction.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    Done,
    /// Somebody else was faster: plan anew. What to say when that does not help.
    Again(Fail),
}

/// A transaction in one table.
pub struct Tx {
    pub table: &'static Table,
    family: u8,
    batch: Batch,
    notes: Vec<Note>,
    names: Vec<Vec<u8>>,
    /// Boxed: a node of the map has room for eleven.
    chains: BTreeMap<Vec<u8>, Box<State>>,
    arena: Vec<u8>,
    sets: Sets,
    /// The table begins empty: the kernel's chains do not count.
    fresh: bool,
    table_made: bool,
    /// More commands may follow: what is read must be complete, and rules get names.
    many: bool,
    next_id: u32,
    next_set: u32,
    /// The extensions that its rules need.
    asked: Vec<Name>,
    /// The line of a restored file.
    pub line: Option<usize>,
}

impl Tx {
    /// `many`: more than one rule or command. `room`: a buffer for its messages.
    pub fn new(
        kernel: &mut Kernel,
        table: &'static Table,
        many: bool,
        room: Vec<u8>,
    ) -> Result<Tx> {
        kernel.look_anew();
        if many {
            kernel.look()?;
        }
        Ok(Tx {
            table,
            family: kernel.family as u8,
            // What is looked at here is named by handles, and these do not come back.
            batch: Batch::new(room),
            notes: Vec::new(),
            names: Vec::new(),
            chains: BTreeMap::new(),
            arena: Vec::new(),
            sets: Sets::of(kernel.family, table.name.as_bytes()),
            fresh: false,
            table_made: false,
            many,
            next_id: 0,
            next_set: 1,
            asked: Vec::new(),
            line: None,
        })
    }

    fn add(&mut self, request: crate::netlink::Request, what: &'static What, object: &[u8]) {
        self.batch.add(request);
        // Rules of one chain mostly follow each other.
        if self.names.last().is_none_or(|name| name != object) {
            self.names.push(object.to_vec());
        }
        let object = u32::try_from(self.names.len() - 1).unwrap_or(u32::MAX);
        let line = self.line.and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        self.notes.push(Note { what, object, line });
    }

    fn name(&self) -> &'static [u8] {
        self.table.name.as_bytes()
    }

    /// Everything in the table goes, and so does the table until something is put into it.
    pub fn start_fresh(&mut self) {
        let (family, table) = (self.family, self.name());
        // One that is not there is made first: then it can be deleted without asking.
        self.make_table();
        self.add(nft::Table::delete(family, table), &("TABLE_FLUSH", "table"), table);
        self.table_made = false;
        self.fresh = true;
        self.chains.clear();
    }

    fn make_table(&mut self) {
        if !self.table_made {
            let table = self.name();
            self.add(nft::Table::create(self.family, table), &("TABLE_ADD", "table"), table);
            self.table_made = true;
        }
    }

    fn state(&mut self, kernel: &mut Kernel, chain: &[u8]) -> Result<&mut State> {
        if !self.chains.contains_key(chain) {
            let found = if self.fresh { None } else { kernel.chain(self.name(), chain)? };
            self.chains.insert(
                chain.to_vec(),
                Box::new(State {
                    exists: found.is_some(),
                    // What does not exist has no rules to be read.
                    read: found.as_ref().is_none_or(|c| c.uses == 0),
                    kernel: found,
                    ..State::default()
                }),
            );
        }
        self.chains.get_mut(chain).map(|s| &mut **s).ok_or(Fail::Said(4))
    }

    /// Whether there is a chain of this name, built in or not.
    pub fn has_chain(&mut self, kernel: &mut Kernel, chain: &[u8]) -> Result<bool> {
        Ok(self.table.built_in(chain).is_some() || self.state(kernel, chain)?.exists)
    }

    /// A rule may only jump to a chain that is there.
    pub fn check_target(&mut self, kernel: &mut Kernel, rule: &Rule) -> Result {
        match rule.target.chain() {
            // A target of old kernels: no chain is meant, and the kernel refuses it.
            Some(b"QUEUE") => Ok(()),
            Some(chain) if !self.has_chain(kernel, chain)? => {
                Err(Fail::Usage([b"Chain '", chain, b"' does not exist"].concat()))
            }
            _ => Ok(()),
        }
    }

    /// The chain is there from here on: a built-in one is made when it is used first.
    pub fn need_chain(&mut self, kernel: &mut Kernel, chain: &[u8]) -> Result {
        if self.state(kernel, chain)?.exists {
            return Ok(());
        }
        let Some(built_in) = self.table.built_in(chain) else { return refused(NO_CHAIN) };
        self.make_table();
        let request = nft::Chain::create_base(self.family, self.name(), chain, built_in.base);
        self.add(request, &("CHAIN_ADD", "chain"), chain);
        self.state(kernel, chain)?.exists = true;
        Ok(())
    }

    /// Reads the rules of a chain. A single command that names them by number reads only so many,
    /// and only their handles; `None` is for all of them.
    fn read(&mut self, kernel: &mut Kernel, chain: &[u8], number: Option<usize>) -> Result {
        if self.state(kernel, chain)?.read {
            return Ok(());
        }
        let (number, table) = (number.filter(|_| !self.many), self.name());
        type Read = (Vec<u8>, Vec<Slot>);
        let start = self.arena.len();
        let (bytes, slots) =
            kernel.payloads(table, chain, |payload, (bytes, slots): &mut Read| {
                let at = start + bytes.len();
                let made_of = match number {
                    None => {
                        bytes.extend_from_slice(payload);
                        MadeOf::Answer(at..start + bytes.len())
                    }
                    Some(_) => MadeOf::Unknown,
                };
                slots.push(Slot { key: Key::Handle(nft::Rule::new(payload).handle), made_of });
                match number {
                    Some(n) if slots.len() >= n => ControlFlow::Break(()),
                    _ => ControlFlow::Continue(()),
                }
            })?;
        self.arena.extend_from_slice(&bytes);
        let state = self.state(kernel, chain)?;
        let behind = state.before;
        state.slots.splice(behind..behind, slots);
        state.read = true;
        Ok(())
    }

    fn rule_of(&self, slot: &Slot, kernel: &Kernel) -> Rule {
        let payload = match &slot.made_of {
            MadeOf::Unknown => &[],
            MadeOf::Message(place) => self.batch.payload(*place),
            MadeOf::Answer(range) => self.arena.get(range.clone()).unwrap_or(&[]),
        };
        raise::of(&nft::Rule::new(payload), kernel.family, &self.sets)
    }

    /// Puts a rule into the batch; its slot.
    fn put(&mut self, chain: &[u8], rule: &Rule, place: Place, kernel: &mut Kernel) -> Slot {
        let lowered = self.lower(rule, kernel);
        let (family, table) = (self.family, self.name());
        for set in &lowered.sets {
            for request in set.create(family, table, self.next_set) {
                self.add(request, &("SET_ADD", "set for rule in chain"), chain);
            }
            self.next_set += 1;
        }
        for name in &lowered.asked {
            if !self.asked.contains(name) {
                self.asked.push(*name);
            }
        }
        let id = self.many.then(|| {
            self.next_id += 1;
            self.next_id
        });
        let new = nft::NewRule {
            place,
            exprs: lowered.exprs.bytes(),
            user_data: &lowered.user_data,
            compat: (u16::from(rule.proto), rule.proto_not),
            id,
        };
        let request = nft::Rule::create(family, table, chain, &new);
        let what = match place {
            Place::Last => &("RULE_APPEND", "rule in chain"),
            Place::Instead(_) => &("RULE_REPLACE", "rule in chain"),
            _ => &("RULE_INSERT", "rule in chain"),
        };
        let made_of = MadeOf::Message(self.batch.place());
        self.add(request, what, chain);
        Slot { key: Key::New(id.unwrap_or(0)), made_of }
    }

    /// In the forms that the kernel has, as far as is known.
    fn lower(&self, rule: &Rule, kernel: &mut Kernel) -> Lowered {
        let family = kernel.family;
        let mut lowered = lower_for(rule, family, &kernel.lacks, self.next_set);
        if kernel.lacks.is_empty() {
            return lowered;
        }
        // Rather refused than without its comment.
        if !lowered.note(rule, family) {
            lowered = lower_for(rule, family, &Lacks::default(), self.next_set);
        }
        let (lacks, said) = (&kernel.lacks, &mut kernel.said);
        for name in lowered.asked.iter().filter(|name| lacks.has(**name)) {
            if !said.contains(name) {
                said.push(*name);
                fd::stderr(
                    format!(
                        "Warning: Extension {} revision 0 not supported, missing kernel module?\n",
                        name.1
                    )
                    .as_bytes(),
                );
            }
        }
        lowered
    }

    /// `-A`.
    pub fn append(&mut self, kernel: &mut Kernel, chain: &[u8], rule: &Rule) -> Result {
        self.need_chain(kernel, chain)?;
        let slot = self.put(chain, rule, Place::Last, kernel);
        self.state(kernel, chain)?.slots.push(slot);
        Ok(())
    }

    /// `-I`; the first rule has number 1.
    pub fn insert(
        &mut self,
        kernel: &mut Kernel,
        chain: &[u8],
        number: usize,
        rule: &Rule,
    ) -> Result {
        if number > 1 {
            if !self.has_chain(kernel, chain)? {
                return refused(NO_CHAIN);
            }
            self.read(kernel, chain, Some(number))?;
        }
        let index = number.saturating_sub(1);
        let state = self.state(kernel, chain)?;
        let place = match state.slots.get(index).map(|s| s.key) {
            _ if number <= 1 => Place::First,
            Some(Key::Handle(handle)) => Place::Before(handle),
            Some(Key::New(id)) => Place::BeforeNew(id),
            None if index == state.slots.len() => Place::Last,
            None => return refused("Index of insertion too big"),
        };
        self.need_chain(kernel, chain)?;
        let slot = self.put(chain, rule, place, kernel);
        let state = self.state(kernel, chain)?;
        state.slots.insert(index.min(state.slots.len()), slot);
        if !state.read {
            state.before += 1;
        }
        Ok(())
    }

    /// `-R`.
    pub fn replace(
        &mut self,
        kernel: &mut Kernel,
        chain: &[u8],
        number: usize,
        rule: &Rule,
    ) -> Result {
        if !self.state(kernel, chain)?.exists {
            return refused(NO_CHAIN);
        }
        self.read(kernel, chain, Some(number))?;
        let index = number.saturating_sub(1);
        let key = self.state(kernel, chain)?.slots.get(index).map(|s| s.key);
        let slot = match key {
            None => return refused("Index of replacement too big"),
            Some(Key::Handle(handle)) => self.put(chain, rule, Place::Instead(handle), kernel),
            Some(Key::New(id)) => {
                let slot = self.put(chain, rule, Place::BeforeNew(id), kernel);
                let request = nft::Rule::delete_new(self.family, self.name(), chain, id);
                self.add(request, &("RULE_DELETE", "rule in chain"), chain);
                slot
            }
        };
        if let Some(place) = self.state(kernel, chain)?.slots.get_mut(index) {
            *place = slot;
        }
        Ok(())
    }

    /// A rule like this one; where there are more commands, it is no longer in its chain's list
    /// if it is to be taken away.
    fn find(
        &mut self,
        kernel: &mut Kernel,
        chain: &[u8],
        rule: &Rule,
        take: bool,
    ) -> Result<Option<Key>> {
        let family = kernel.family;
        // What comes back from the kernel is compared with what would come back of this rule.
        let wanted = raise(lower(rule, family).bytes(), &[], family, &Sets::default());
        if !self.many {
            return self.find_single(kernel, chain, &wanted);
        }
        if !self.state(kernel, chain)?.exists {
            return Ok(None);
        }
        self.read(kernel, chain, None)?;
        let Some(state) = self.chains.get(chain) else { return Ok(None) };
        let index = state.slots.iter().position(|s| self.rule_of(s, kernel) == wanted);
        let Some(index) = index else { return Ok(None) };
        let slots = &mut self.state(kernel, chain)?.slots;
        Ok(Some(if take { slots.remove(index).key } else { slots[index].key }))
    }

    /// For a single command: reads up to the rule and keeps nothing but its handle. A chain that
    /// is not there has no rules: that is not asked beforehand. But into the first part of a new
    /// socket's first dump the kernel puts less than 4 KiB, and where the first rule is longer it
    /// ends the dump there (Linux 6.18): nothing at all is asked for again.
    fn find_single(
        &mut self,
        kernel: &mut Kernel,
        chain: &[u8],
        wanted: &Rule,
    ) -> Result<Option<Key>> {
        let (family, table) = (kernel.family, self.name());
        loop {
            let first = self.chains.is_empty();
            let sets = &self.sets;
            type Found = (bool, Option<u64>);
            let (any, found) = kernel.rules(table, chain, |rule, (any, found): &mut Found| {
                *any = true;
                if raise::of(rule, family, sets) != *wanted {
                    return ControlFlow::Continue(());
                }
                *found = Some(rule.handle);
                ControlFlow::Break(())
            })?;
            if any || !first || self.state(kernel, chain)?.read {
                return Ok(found.map(Key::Handle));
            }
        }
    }

    /// `-C`.
    pub fn check(&mut self, kernel: &mut Kernel, chain: &[u8], rule: &Rule) -> Result {
        match self.find(kernel, chain, rule, false)? {
            Some(_) => Ok(()),
            None => refused(NO_RULE),
        }
    }

    /// `-D` with a rule.
    pub fn delete(&mut self, kernel: &mut Kernel, chain: &[u8], rule: &Rule) -> Result {
        match self.find(kernel, chain, rule, true)? {
            Some(key) => {
                self.delete_named(chain, key);
                Ok(())
            }
            None => refused(NO_RULE),
        }
    }

    /// `-D` with a number.
    pub fn delete_number(&mut self, kernel: &mut Kernel, chain: &[u8], number: usize) -> Result {
        if !self.state(kernel, chain)?.exists {
            return refused(NO_CHAIN);
        }
        self.read(kernel, chain, Some(number))?;
        if number > self.state(kernel, chain)?.slots.len() {
            return refused("Index of deletion too big");
        }
        let key = self.state(kernel, chain)?.slots.remove(number - 1).key;
        self.delete_named(chain, key);
        Ok(())
    }

    fn delete_named(&mut self, chain: &[u8], key: Key) {
        let (family, table) = (self.family, self.name());
        let request = match key {
            Key::Handle(handle) => nft::Rule::delete(family, table, chain, handle),
            Key::New(id) => nft::Rule::delete_new(family, table, chain, id),
        };
        self.add(request, &("RULE_DELETE", "rule in chain"), chain);
    }

    /// `-F CHAIN`.
    pub fn flush(&mut self, kernel: &mut Kernel, chain: &[u8]) -> Result {
        if !self.has_chain(kernel, chain)? {
            return refused(NO_CHAIN);
        }
        let state = self.state(kernel, chain)?;
        if !state.exists {
            return Ok(());
        }
        state.slots.clear();
        state.before = 0;
        state.read = true;
        let request = nft::Rule::flush(self.family, self.name(), chain);
        self.add(request, &("RULE_FLUSH", "rule in chain"), chain);
        Ok(())
    }

    /// `-N`.
    pub fn new_chain(&mut self, kernel: &mut Kernel, chain: &[u8]) -> Result {
        if self.has_chain(kernel, chain)? {
            return refused("Chain already exists");
        }
        self.make_table();
        let request = nft::Chain::create(self.family, self.name(), chain);
        self.add(request, &("CHAIN_USER_ADD", "chain"), chain);
        self.state(kernel, chain)?.exists = true;
        Ok(())
    }

    /// `-X CHAIN`.
    pub fn delete_chain(&mut self, kernel: &mut Kernel, chain: &[u8]) -> Result {
        let built_in = self.table.built_in(chain).is_some();
        let state = self.state(kernel, chain)?;
        if !state.exists {
            return refused(NO_CHAIN);
        }
        if built_in && state.kernel.as_ref().is_some_and(|c| c.policy != 1) {
            return refused("Directory not empty");
        }
        let request = nft::Chain::delete(self.family, self.name(), chain);
        self.add(request, &("CHAIN_DEL", "chain"), chain);
        self.chains.insert(chain.to_vec(), State::gone());
        Ok(())
    }

    /// Whether a base chain is there and does nothing: no rules, policy ACCEPT.
    pub fn is_idle(&mut self, kernel: &mut Kernel, chain: &[u8]) -> Result<bool> {
        let state = self.state(kernel, chain)?;
        let empty = state.read && state.slots.is_empty();
        Ok(state.exists && empty && state.kernel.as_ref().is_none_or(|c| c.policy == 1))
    }

    /// `-E`.
    pub fn rename(&mut self, kernel: &mut Kernel, chain: &[u8], name: &[u8]) -> Result {
        if self.has_chain(kernel, name)? {
            return refused("File exists");
        }
        let Some(handle) = self.state(kernel, chain)?.kernel.as_ref().map(|c| c.handle) else {
            return refused(NO_CHAIN);
        };
        let request = nft::Chain::rename(self.family, self.name(), handle, name);
        self.add(request, &("CHAIN_RENAME", "chain"), name);
        let state = self.chains.remove(chain).unwrap_or_default();
        self.chains.insert(name.to_vec(), state);
        self.chains.insert(chain.to_vec(), State::gone());
        Ok(())
    }

    /// `-P`, and `:CHAIN POLICY [COUNTERS]` of a restored file.
    pub fn policy(
        &mut self,
        kernel: &mut Kernel,
        chain: &BuiltIn,
        policy: u32,
        counters: (u64, u64),
    ) -> Result {
        self.make_table();
        let name = chain.name.as_bytes();
        let request =
            nft::Chain::set_policy(self.family, self.name(), name, chain.base, policy, counters);
        self.add(request, &("CHAIN_UPDATE", "chain"), name);
        self.state(kernel, name)?.exists = true;
        Ok(())
    }

    /// The policy counters of a built-in chain that is there.
    pub fn zero_policy(&mut self, kernel: &mut Kernel, chain: &BuiltIn) -> Result {
        let name = chain.name.as_bytes();
        if self.state(kernel, name)?.exists {
            let request =
                nft::Chain::set_counters(self.family, self.name(), name, chain.base, (0, 0));
            self.add(request, &("CHAIN_ZERO", "chain"), name);
        }
        Ok(())
    }

    /// Counters of rules, by replacing those that have counted; all without number. For kernels
    /// that cannot reset counters, and within larger transactions.
    pub fn zero_rules(&mut self, kernel: &mut Kernel, chain: &[u8], number: usize) -> Result {
        if !self.state(kernel, chain)?.exists {
            return Ok(());
        }
        self.read(kernel, chain, None)?;
        let count = self.state(kernel, chain)?.slots.len();
        for index in 0..count {
            if number != 0 && number != index + 1 {
                continue;
            }
            let Some(state) = self.chains.get(chain) else { return Ok(()) };
            let mut rule = self.rule_of(&state.slots[index], kernel);
            if rule.counters == (0, 0) {
                continue;
            }
            if !rule.is_whole() {
                return refused("Counters of a rule that cannot be expressed cannot be set");
            }
            rule.counters = (0, 0);
            self.replace(kernel, chain, index + 1, &rule)?;
        }
        Ok(())
    }

    /// `:CHAIN -` of a restored file: empty from here on.
    pub fn declare(&mut self, kernel: &mut Kernel, chain: &[u8]) -> Result {
        if self.state(kernel, chain)?.exists {
            return self.flush(kernel, chain);
        }
        self.new_chain(kernel, chain)
    }

    /// Sends everything, or only has it judged.
    pub fn commit(mut self, kernel: &mut Kernel, judge: bool) -> Result<Ended> {
        if self.notes.is_empty() {
            return Ok(Ended::Done);
        }
        let batch = std::mem::take(&mut self.batch);
        let outcome = if judge { kernel.judge(batch)? } else { kernel.commit(batch)? };
        let refusals = match outcome {
            Outcome::Done => return Ok(Ended::Done),
            Outcome::Refused(refusals) => refusals,
        };
        let Some(first) = refusals.first() else { return Ok(Ended::Done) };
        let note = (first.message as usize).checked_sub(1).and_then(|i| self.notes.get(i));
        let Some(note) = note else { return Err(Fail::Kernel(errno(first.errno).into_bytes())) };
        let mut text = self.sentence(note, first.errno);
        // Of a single command the first refusal says enough.
        for refusal in refusals.iter().skip(1).filter(|_| note.line != 0) {
            let index = (refusal.message as usize).checked_sub(1);
            if let Some(note) = index.and_then(|i| self.notes.get(i)) {
                text.extend_from_slice(&self.sentence(note, refusal.errno));
            }
        }
        let fail = Fail::Kernel(text);
        // Perhaps somebody has made the chain, or taken the rule away, since it was looked at.
        let again = kernel.has_changed()?
            || first.errno == libc::ENOENT
                && note.what.0.starts_with("RULE_")
                && kernel.learn(&self.asked)?;
        if again { Ok(Ended::Again(fail)) } else { Err(fail) }
    }

    fn sentence(&self, note: &Note, number: i32) -> Vec<u8> {
        let mut text = match note.line {
            0 => b" ".to_vec(),
            line => format!("\nline {line}: ").into_bytes(),
        };
        let (what, about) = note.what;
        text.extend_from_slice(format!("{what} failed ({}): {about} ", errno(number)).as_bytes());
        text.extend_from_slice(self.names.get(note.object as usize).map_or(&[], Vec::as_slice));
        text
    }
}
