//! `ipbox netns`: what `ip netns` has no words for.

mod del;
mod gc;

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use clap::{Arg, Command, value_parser};

use crate::cmd::own;

/// What may be typed; also for completions.
pub fn grammar() -> Command {
    Command::new("ipbox netns")
        .about("Leftovers of network namespaces, and ends that are waited for")
        .override_usage(
            "ipbox netns gc [--yes] [--json]\n       ipbox netns del [--wait] [--timeout SECONDS] NAME...",
        )
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .subcommand(
            Command::new("gc")
                .about("Lists names that name nothing, and namespaces without a name with the processes that hold them")
                .arg(own::flag("yes", "removes the names that name nothing"))
                .arg(own::flag("json", "the list as data").short('j')),
        )
        .subcommand(
            Command::new("del")
                .about("Deletes named namespaces")
                .arg(own::flag("wait", "until the far ends of their cables are gone, too"))
                .arg(
                    Arg::new("timeout")
                        .long("timeout")
                        .value_name("SECONDS")
                        .value_parser(value_parser!(u16))
                        .default_value("10")
                        .requires("wait")
                        .help("how long that may take"),
                )
                .arg(
                    Arg::new("name")
                        .value_name("NAME")
                        .num_args(1..)
                        .required(true)
                        .value_parser(value_parser!(OsString)),
                ),
        )
}

/// Runs `ipbox netns`.
pub fn run(words: &[&[u8]]) -> u8 {
    own::run(words, grammar(), 1, |m| {
        match m.subcommand() {
            Some(("gc", m)) => gc::run(m.get_flag("yes"), m.get_flag("json"))?,
            Some((_, m)) => {
                let names = m.get_many::<OsString>("name").into_iter().flatten();
                let seconds = m.get_one::<u16>("timeout").copied().unwrap_or(10);
                let wait = m.get_flag("wait").then_some(seconds);
                names.map(|n| n.as_bytes()).try_for_each(|name| del::run(name, wait))?;
            }
            None => {}
        }
        Ok(0)
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_grammar_is_sound() {
        super::grammar().debug_assert();
    }
}
