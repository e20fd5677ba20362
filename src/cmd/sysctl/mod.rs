//! `sysctl`: reads and writes the kernel's settings below /proc/sys (procps 4).
//!
//! settings.rs knows how settings are written, expression.rs how they are chosen by -r; this file
//! reads and writes them.

mod expression;
mod settings;

use expression::Expression;
use settings::{Line, ROOT, Setting};

use crate::cli::getopt::{Getopt, Item, Long, Order, Spec, Value, called, long};
use crate::error::{errno, strerror};
use crate::output::{Out, Style};
use crate::sort;
use crate::sys::{fd, file};

const DEPRECATED: u32 = 256;
const SYSTEM: u32 = 257;
const DRY_RUN: u32 = 258;

const SHORT: &str = "bnNwfp::qoxaAXr:Vdhe";

#[rustfmt::skip] // one row, one line
const LONG: &[Long] = &[
    long("all", Value::No, b'a' as u32),
    long("deprecated", Value::No, DEPRECATED),
    long("dry-run", Value::No, DRY_RUN),
    long("binary", Value::No, b'b' as u32),
    long("ignore", Value::No, b'e' as u32),
    long("names", Value::No, b'N' as u32),
    long("values", Value::No, b'n' as u32),
    long("load", Value::Optional, b'p' as u32),
    long("quiet", Value::No, b'q' as u32),
    long("write", Value::No, b'w' as u32),
    long("system", Value::No, SYSTEM),
    long("pattern", Value::Needed, b'r' as u32),
    long("help", Value::No, b'h' as u32),
    long("version", Value::No, b'V' as u32),
];

#[rustfmt::skip] // one row, one line
pub const HELP: &[(&str, &str)] = &[
    ("-a, --all", "show all settings (also -A, -X)"),
    ("    --deprecated", "with -a: also old names of settings"),
    ("    --dry-run", "show what would be written, write nothing"),
    ("-b, --binary", "values without name and line break"),
    ("-e, --ignore", "be silent about settings that do not exist"),
    ("-N, --names", "names without values"),
    ("-n, --values", "values without names"),
    ("-p, --load[=FILE]", "write what files say; /etc/sysctl.conf if none is named (also -f)"),
    ("    --system", "write what all files of the system say"),
    ("-r, --pattern EXPRESSION", "only settings that the expression matches"),
    ("-q, --quiet", "do not show what was written"),
    ("-w, --write", "all words are settings to be written"),
    ("-o, -x", "nothing"),
    ("-h, --help", "this help (also -d)"),
    ("-V, --version", "the version"),
];

/// The directories of --system: the first file of a name hides others.
const DIRECTORIES: [&[u8]; 5] = [
    b"/etc/sysctl.d",
    b"/run/sysctl.d",
    b"/usr/local/lib/sysctl.d",
    b"/usr/lib/sysctl.d",
    b"/lib/sysctl.d",
];

const DEFAULT_FILE: &[u8] = b"/etc/sysctl.conf";

/// Settings that newer ones with units have replaced; -a leaves them out.
const OLD_NAMES: [&[u8]; 2] = [b"base_reachable_time", b"retrans_time"];

/// What of a setting is shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Show {
    Both,
    Value,
    /// Without a line break.
    Binary,
    Name,
}

struct Sysctl {
    show: Show,
    quiet: bool,
    ignore: bool,
    dry_run: bool,
    deprecated: bool,
    write: bool,
    all: bool,
    /// An expression, or one that is none and matches nothing.
    pattern: Option<Option<Expression>>,
    /// A search by -r took too long.
    gave_up: bool,
    out: Out,
}

/// Runs the applet: status 0, or the number of settings that could not be read.
pub fn run(words: &[&[u8]]) -> u8 {
    let mut s = Sysctl {
        show: Show::Both,
        quiet: false,
        ignore: false,
        dry_run: false,
        deprecated: false,
        write: false,
        all: false,
        pattern: None,
        gave_up: false,
        out: Out::new(Style::default()),
    };
    let status = s.main(words);
    if let Err(e) = s.out.flush() {
        s.warn(&[b"write error: ", strerror(&e).as_bytes()]);
        return 1;
    }
    if status == 0 && s.gave_up {
        return 1;
    }
    // As exit(3) cuts it.
    status.to_le_bytes()[0]
}

impl Sysctl {
    fn main(&mut self, words: &[&[u8]]) -> i32 {
        let (name, words) = called(words, "sysctl");
        if words.is_empty() {
            fd::stderr(help().as_bytes());
            return 1;
        }
        let mut load: Option<Option<&[u8]>> = None;
        let mut system = false;
        let mut options = Getopt::new(words, Order::Permute);
        while let Some(item) = options.next(&Spec { short: SHORT, long: LONG }) {
            let (code, value) = match item {
                Ok(Item::Option(code, value)) => (code, value),
                Ok(Item::Word(_)) => continue,
                Err(m) => {
                    // The help goes to stdout, and nothing has failed (observed in procps 4.0.4).
                    fd::stderr(&[&m.sentence(name)[..], b"\n"].concat());
                    self.out.text(&help());
                    return 0;
                }
            };
            match u8::try_from(code).unwrap_or(0) {
                // The stronger one counts, wherever it stands.
                b'b' => self.show = self.show.max(Show::Binary),
                b'n' => self.show = self.show.max(Show::Value),
                b'N' => self.show = Show::Name,
                b'e' => self.ignore = true,
                b'w' => self.write = true,
                b'q' => self.quiet = true,
                b'a' | b'A' | b'X' => self.all = true,
                b'p' | b'f' => load = Some(value.or(load.flatten())),
                b'r' => self.pattern = Some(value.map(Expression::new).unwrap_or_default()),
                b'h' | b'd' => {
                    self.out.text(&help());
                    return 0;
                }
                b'V' => {
                    self.out.text("sysctl from procps-ng 4.0.4, ipbox ");
                    self.out.text(concat!(env!("CARGO_PKG_VERSION"), "\n"));
                    return 0;
                }
                _ if code == DEPRECATED => self.deprecated = true,
                _ if code == DRY_RUN => self.dry_run = true,
                _ if code == SYSTEM => system = true,
                // -o and -x do nothing.
                _ => {}
            }
        }
        let operands = options.operands();
        let mut status = 0;
        if system {
            // Of this and -a or -p procps 4.0.4 does only this, 4.0.7 only the other; up to 4.0.5
            // words do not count either. Here nothing is passed over.
            self.ignore = true;
            status = self.system();
            if !self.all && load.is_none() {
                return status | self.words(&operands);
            }
        }
        if self.all {
            return status | self.directory(ROOT);
        }
        if let Some(attached) = load {
            let mut files: Vec<&[u8]> = attached.into_iter().collect();
            files.extend(&operands);
            if files.is_empty() {
                files.push(DEFAULT_FILE);
            }
            let mut list = Vec::new();
            status = files.iter().fold(status, |status, f| status | self.load(f, &mut list));
            return status | self.write_list(&list);
        }
        if operands.is_empty() {
            self.warn(&[b"no variables specified\nTry `sysctl --help' for more information."]);
            return 1;
        }
        if self.show == Show::Name && self.quiet {
            self.warn(&[b"options -N and -q cannot coexist\n\
                          Try `sysctl --help' for more information."]);
            return 1;
        }
        self.words(&operands)
    }

    fn words(&mut self, words: &[&[u8]]) -> i32 {
        let mut status = 0;
        for word in words {
            if self.write || word.contains(&b'=') {
                status |= match settings::parse(word, |l| self.wanted(l)) {
                    Line::Setting(mut s) => {
                        self.warn_repeated(s.repeated.take());
                        self.write(&s)
                    }
                    Line::Nothing => 1,
                    Line::Wrong => {
                        self.warn(&[b"command line(0): invalid syntax, continuing..."]);
                        1
                    }
                };
            } else {
                status += self.read(word);
            }
        }
        status
    }

    /// Shows one setting, or all below a directory.
    fn read(&mut self, word: &[u8]) -> i32 {
        if word.is_empty() {
            self.warn(&[b"\"\" is an unknown key"]);
            return -1;
        }
        let (path, typed) = settings::path(word);
        let (name, shown) = settings::separators(word, b'.');
        self.warn_repeated(typed);
        self.warn_repeated(shown);
        self.read_path(&path, name)
    }

    fn read_path(&mut self, path: &[u8], mut name: Vec<u8>) -> i32 {
        let kind = match file::kind(path) {
            Ok(kind) => kind,
            Err(e) => {
                if self.ignore {
                    return 0;
                }
                self.warn(&[b"cannot stat ", path, b": ", strerror(&e).as_bytes()]);
                return 1;
            }
        };
        if !self.below_root(path) {
            return -1;
        }
        if kind.mode & 0o400 == 0 {
            return 0;
        }
        if kind.directory {
            return self.directory(&[path, b"/"].concat());
        }
        if !self.wanted(&name) {
            return 0;
        }
        if self.show == Show::Name {
            name.push(b'\n');
            self.out.text_bytes(&name);
            return 0;
        }
        match file::read(path) {
            Ok(text) => {
                self.show_value(&name, &text);
                0
            }
            Err(e) => match e.raw_os_error() {
                Some(libc::EPERM | libc::EACCES) => {
                    self.warn(&[b"permission denied on key '", &name, b"'"]);
                    1
                }
                // Some settings can be read only at some times.
                Some(libc::EISDIR | libc::EIO) => 1,
                _ => {
                    self.warn(&[b"reading key \"", &name, b"\": ", strerror(&e).as_bytes()]);
                    1
                }
            },
        }
    }

    /// Each line of a value has the name in front.
    fn show_value(&mut self, name: &[u8], text: &[u8]) {
        for line in text.split_inclusive(|&b| b == b'\n') {
            if self.show == Show::Both {
                self.out.text_bytes(name);
                self.out.text(" = ");
            }
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            self.out.text_bytes(line);
            if self.show != Show::Binary {
                self.out.text("\n");
            }
        }
    }

    /// Everything below a directory, which ends with a slash, in the kernel's order.
    fn directory(&mut self, path: &[u8]) -> i32 {
        let names = match file::list(path) {
            Ok(names) => names,
            Err(e) => {
                self.warn(&[
                    b"unable to open directory \"",
                    path,
                    b"\": ",
                    strerror(&e).as_bytes(),
                ]);
                return -1;
            }
        };
        let mut status = 0;
        for name in names {
            let old = OLD_NAMES.contains(&&name[..]) && !self.deprecated;
            // Reading this one makes the kernel do something.
            if !old && name != b"stat_refresh" {
                let path = [path, &name].concat();
                let (name, twice) = settings::key(&path);
                // What is deeper down does not count (observed in procps 4.0.4).
                if file::kind(&path).is_ok_and(|k| k.directory) {
                    self.read_path(&path, name);
                } else {
                    self.warn_repeated(twice);
                    status |= self.read_path(&path, name);
                }
            }
        }
        status
    }

    /// Writes one setting and shows it.
    fn write(&mut self, s: &Setting) -> i32 {
        let key = &s.key;
        let kind = match file::kind(&s.path) {
            Ok(kind) => kind,
            Err(e) => {
                if self.ignore {
                    return 0;
                }
                self.warn(&[b"cannot stat ", &s.path, b": ", strerror(&e).as_bytes()]);
                return 1;
            }
        };
        if !self.below_root(&s.path) {
            return 1;
        }
        self.warn_repeated(settings::key(&s.path).1);
        if kind.mode & 0o200 == 0 {
            self.warn(&[b"setting key \"", key, b"\": Operation not permitted"]);
            return 0;
        }
        let Some(value) = &s.value else {
            // `-KEY` is for files; the reference would write `(null)` (procps 4.0.4).
            self.warn(&[b"setting key \"", key, b"\": ", errno(libc::EINVAL).as_bytes()]);
            return 1;
        };
        if !self.dry_run
            && let Err(e) = file::write(&s.path, &[&value[..], b"\n"].concat())
        {
            if !matches!(e.raw_os_error(), Some(libc::EPERM | libc::EACCES | libc::EROFS)) {
                self.warn(&[b"setting key \"", key, b"\": ", strerror(&e).as_bytes()]);
                return 1;
            }
            let ignoring: &[u8] = if s.forgiving { b", ignoring" } else { b"" };
            self.warn(&[b"permission denied on key \"", key, b"\"", ignoring]);
            if !s.forgiving {
                return 1;
            }
            // It is shown as if it were written (observed in procps 4.0.4).
        }
        if !self.quiet || self.dry_run {
            let parts: [&[u8]; 4] = match self.show {
                Show::Name => [key, b"", b"", b"\n"],
                Show::Both => [key, b" = ", value, b"\n"],
                Show::Value => [b"", b"", value, b"\n"],
                Show::Binary => [b"", b"", value, b""],
            };
            self.out.text_bytes(&parts.concat());
        }
        0
    }

    /// Whether a path leads out of /proc/sys by `..`.
    fn below_root(&mut self, path: &[u8]) -> bool {
        if file::real_path(path).is_ok_and(|p| p.starts_with(ROOT)) {
            return true;
        }
        self.warn(&[b"Path is not under ", ROOT, b": ", path]);
        false
    }

    /// Writes settings in their order; a pattern does not touch what is named elsewhere.
    fn write_list(&mut self, list: &[Setting]) -> i32 {
        let mut status = 0;
        for s in list.iter().filter(|s| s.value.is_some()) {
            if !settings::is_pattern(&s.path) {
                status |= self.write(s);
                continue;
            }
            let Some(paths) = self.expand(&s.path) else {
                status |= 1;
                continue;
            };
            for path in paths {
                let key = settings::key(&path).0;
                if !list.iter().any(|other| other.key == key) {
                    status |= self.write(&Setting { key, path, ..s.clone() });
                }
            }
        }
        status
    }

    /// Reads a file, or the files of a pattern; `-` is standard input.
    fn load(&mut self, name: &[u8], list: &mut Vec<Setting>) -> i32 {
        let files = if settings::is_pattern(name) { self.expand(name) } else { Some(Vec::new()) };
        let Some(mut files) = files else { return 1 };
        if files.is_empty() {
            files.push(name.to_vec());
        }
        let mut status = 0;
        for name in files {
            // Slashes at the end do not count (observed in procps 4.0.4).
            let end = name.iter().rposition(|&b| b != b'/').map_or(1, |last| last + 1);
            let name = name.get(..end).unwrap_or(b"");
            let from: &[u8] = if name == b"-" { b"/dev/stdin" } else { name };
            match file::read(from) {
                Ok(text) => self.lines(name, &text, list),
                // A directory is opened, and has no lines.
                Err(e) if e.raw_os_error() == Some(libc::EISDIR) => {}
                Err(e) => {
                    self.warn(&[b"cannot open \"", name, b"\": ", strerror(&e).as_bytes()]);
                    status = 1;
                }
            }
        }
        status
    }

    fn lines(&mut self, name: &[u8], text: &[u8], list: &mut Vec<Setting>) {
        for (n, line) in text.split_inclusive(|&b| b == b'\n').enumerate() {
            match settings::parse(line, |l| self.wanted(l)) {
                Line::Setting(mut s) => {
                    self.warn_repeated(s.repeated.take());
                    list.push(s);
                }
                Line::Nothing => {}
                Line::Wrong => {
                    let at = format!("({}): invalid syntax, continuing...", n + 1);
                    self.warn(&[name, at.as_bytes()]);
                }
            }
        }
    }

    /// --system: every file once, in the order of their names, then /etc/sysctl.conf.
    fn system(&mut self) -> i32 {
        let mut found: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        for dir in DIRECTORIES {
            for name in file::list(dir).unwrap_or_default() {
                if name.ends_with(b".conf") && !found.iter().any(|(n, _)| *n == name) {
                    let path = [dir, b"/", &name].concat();
                    found.push((name, path));
                }
            }
        }
        sort::all(&mut found);
        let mut paths: Vec<Vec<u8>> = found.into_iter().map(|(_, path)| path).collect();
        // A link to /dev/null takes it away.
        if file::kind(DEFAULT_FILE).is_ok_and(|k| k.regular) {
            paths.push(DEFAULT_FILE.to_vec());
        }
        let mut list = Vec::new();
        let mut status = 0;
        for path in paths {
            if !self.quiet {
                self.out.text_bytes(&[b"* Applying ", &path[..], b" ...\n"].concat());
            }
            status |= self.load(&path, &mut list);
        }
        status | self.write_list(&list)
    }

    /// The files of a pattern; too many are told.
    fn expand(&mut self, pattern: &[u8]) -> Option<Vec<Vec<u8>>> {
        let files = settings::expand(pattern);
        if files.is_none() {
            self.warn(&[b"pattern \"", pattern, b"\" stands for too many files"]);
        }
        files
    }

    /// Whether -r lets a name or line through; a search that took too long is told.
    fn wanted(&mut self, text: &[u8]) -> bool {
        let is = match &self.pattern {
            None => Some(true),
            Some(None) => Some(false),
            Some(Some(expression)) => expression.is_in(text),
        };
        is.unwrap_or_else(|| {
            self.gave_up = true;
            self.warn(&[
                b"searching for the pattern took too long in \"",
                text.trim_ascii(),
                b"\"",
            ]);
            false
        })
    }

    fn warn_repeated(&mut self, from: Option<Vec<u8>>) {
        if let Some(from) = from {
            self.warn(&[b"separators should not be repeated: ", &from]);
        }
    }

    fn warn(&mut self, parts: &[&[u8]]) {
        let _ = self.out.flush();
        fd::stderr(&[b"sysctl: ", &parts.concat()[..], b"\n"].concat());
    }
}

fn help() -> String {
    let mut text = String::from("\nUsage:\n sysctl [options] [variable[=value] ...]\n\nOptions:\n");
    for (word, what) in HELP {
        text += &format!("  {word:<26} {what}\n");
    }
    text + "\nManual: sysctl(8).\n"
}
