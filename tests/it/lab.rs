//! A machine of its own for each test, without root.
//!
//! A [`Lab`] has its own user, mount, network and process namespaces: nothing in it but `lo`
//! (down), process 1, and a root directory built for the purpose. `/run`, `/var`, `/tmp` and
//! `/etc` are empty or the same on every machine, `/proc` and `/sys` show the lab, programs and
//! libraries are the machine's. The caller is root inside. All of it is gone with the `Lab`, and
//! with the test program, however that ends.
//!
//! ```ignore
//! let lab = Lab::new();
//! // By a path, or by a name on the lab's PATH; words are split as a shell would.
//! let out = lab.run("ip", "link add v0 type veth peer name 'v 1'");
//! // The same name means our program or the reference, by who is asked for.
//! let out = lab.ours("ip link show v0");
//! let out = lab.theirs("ip link show v0");
//! assert_eq!(out.status, 0, "{out}");
//! // A shell script; `ip` and the others are ours in it.
//! let out = lab.run_sh("ip link show | grep -c v0");
//! ```
//!
//! Most tests want [`crate::same::same`] instead, which runs a script with both and compares.
//!
//! In the lab `/ours` holds links to our applets and `/theirs/bin` the reference tools that
//! `tests/reference/install.sh` has unpacked. The databases that these look up by absolute paths
//! are there for both: `/usr/share/iproute2`, `/etc/services`, `/etc/protocols`, `/etc/ethertypes`.
//! `/etc/iproute2` and `/etc/netns` do not exist until a test makes them.
#![allow(unsafe_code)] // fork, and what is done between fork and exec

use crate::played::Answers;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Gid, Uid, chdir, getgid, getuid, pivot_root};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::{fmt, io};

/// The names that are ours in a lab.
pub const APPLETS: &[&str] = &[
    "ip",
    "iptables",
    "iptables-save",
    "iptables-restore",
    "ip6tables",
    "ip6tables-save",
    "ip6tables-restore",
    "arp",
    "route",
    "ping",
    "sysctl",
    "ipbox",
];

/// Seconds that one command may take, if nothing else is said: what hangs has to end, and what is
/// slow on a busy machine has not.
const PATIENCE: u32 = 180;

/// The program under test.
pub const OURS: &str = match option_env!("IPBOX_RELEASED") {
    // tests/run: the same tests with the program that is released.
    Some(released) => released,
    None => env!("CARGO_BIN_EXE_ipbox"),
};

/// Where the reference tools are; `REFERENCE_SUITE` chooses, as in `tests/reference/install.sh`.
///
/// # Panics
///
/// When they are not there: a test that needs them must not pass without.
pub fn reference() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| {
        let name = match std::env::var("REFERENCE_SUITE").as_deref() {
            Ok("stable") | Err(_) => "reference".to_string(),
            Ok(suite) => format!("reference-{suite}"),
        };
        // The directory below target/ that cargo gives to tests is one or two levels down.
        let above = Path::new(env!("CARGO_TARGET_TMPDIR")).ancestors().skip(1).take(2);
        above.map(|dir| dir.join(&name)).find(|dir| dir.join("installed").exists()).unwrap_or_else(
            || {
                panic!(
                    "\n\n    The reference tools are missing: run tests/reference/install.sh first.\n    \
                     (target/{name}/ does not exist)\n"
                )
            },
        )
    })
}

/// Lets a hang-up or an interrupt end what is started from here on, also where the tests run under
/// nohup or in a script's background.
pub fn hear_signals() {
    use nix::sys::signal::{SigHandler, Signal, signal};
    for number in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT] {
        // SAFETY: the default action runs no code of ours.
        unsafe { signal(number, SigHandler::SigDfl) }.expect("it has a default action");
    }
}

/// What a command did.
#[derive(Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The exit status; 128 and the signal's number for one that was killed.
    pub status: i32,
    /// Whether a signal ended it, time running out included.
    pub killed: bool,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Outcome {
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
    pub fn err(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}\nstdout:\n{}stderr:\n{}", self.status, self.out(), self.err())
    }
}

/// Who runs a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tool {
    Ours,
    /// Ours, by the C library's start (src/sys/early.rs).
    Ordinary,
    Theirs,
}

/// How a program is run.
struct Asked<'a> {
    /// What it is told that its name is.
    argv0: Option<&'a str>,
    /// Without privilege.
    ordinary: bool,
    /// What it is told instead of the kernel's answers.
    played: Option<Answers>,
}

/// A user, mount, network and process namespace; they end with this value.
pub struct Lab {
    keeper: Child,
    namespaces: Vec<File>,
    /// Seconds that one command may take.
    patience: u32,
}

impl Default for Lab {
    fn default() -> Self {
        Lab::new()
    }
}

impl Lab {
    /// An empty lab.
    ///
    /// # Panics
    ///
    /// Where the machine does not let an ordinary user have namespaces.
    pub fn new() -> Lab {
        Lab::with_root(root_plan())
    }

    /// An empty lab with another root directory.
    ///
    /// # Panics
    ///
    /// As `new`.
    pub fn with_root(plan: &'static [Step]) -> Lab {
        // Never executed: the child stays what it is, see below.
        let mut keeper = Command::new("/bin/true");
        keeper.stdin(Stdio::piped()).stdout(Stdio::piped());
        // SAFETY: the closure makes system calls; what little it allocates is safe, since the C
        // library's allocator is put in order by fork().
        unsafe {
            keeper.pre_exec(move || {
                // At once, lest a file that another test writes at this moment stays open here: the
                // kernel does not start a program that somebody has open for writing. spawn() takes
                // it for success; what it is told below decides.
                close_all_files();
                umask(Mode::from_bits_truncate(0o022));
                let new = CloneFlags::CLONE_NEWUSER
                    | CloneFlags::CLONE_NEWNET
                    | CloneFlags::CLONE_NEWNS
                    | CloneFlags::CLONE_NEWPID
                    | CloneFlags::CLONE_NEWUTS
                    | CloneFlags::CLONE_NEWIPC;
                let machine_root = getuid().is_root();
                if machine_root {
                    // The machine's files and settings are the machine's root's to change, in
                    // whatever namespace. So it becomes somebody else, as soon as it has bound what
                    // only it may be able to reach.
                    unshare(CloneFlags::CLONE_NEWNS)?;
                    build_root(plan, Some(NOBODY))?;
                    become_nobody()?;
                }
                let (uid, gid) = (getuid(), getgid());
                unshare(new)?;
                std::fs::write("/proc/self/setgroups", "deny")?;
                std::fs::write("/proc/self/uid_map", format!("0 {uid} 1"))?;
                std::fs::write("/proc/self/gid_map", format!("0 {gid} 1"))?;
                fork_and_mirror(0)?;
                // From here on it is process 1 of the lab.
                if !machine_root {
                    build_root(plan, None)?;
                }
                move_in()?;
                keep()
            });
        }
        let mut keeper = keeper.spawn().expect("a process");
        // Process 1 says a word when the lab is complete.
        let mut word = [0];
        let said = keeper.stdout.take().expect("a pipe").read_exact(&mut word);
        said.expect("namespaces of its own are allowed to this user");
        let open =
            |ns| File::open(format!("/proc/{}/ns/{ns}", keeper.id())).expect("the keeper is alive");
        let namespaces = ["user", "mnt", "net", "uts", "ipc", "pid_for_children"].map(open).into();
        Lab { keeper, namespaces, patience: PATIENCE }
    }

    /// An empty lab in which a command may take longer.
    pub fn patient(seconds: u32) -> Lab {
        let mut lab = Lab::new();
        lab.patience = seconds;
        lab
    }

    /// Runs a program, by path or by name (ours, for what we have), with words split as a shell
    /// splits them. The caller judges the result.
    pub fn run(&self, program: &str, args: &str) -> Outcome {
        let mut words = vec![program.as_bytes().to_vec()];
        words.extend(split(args));
        self.exec(Tool::Ours, &words, b"", false)
    }

    /// Runs a shell script in which the applets are ours.
    pub fn run_sh(&self, script: &str) -> Outcome {
        self.sh(Tool::Ours, script)
    }

    /// Runs a shell script with either's tools first on PATH.
    pub fn sh(&self, tool: Tool, script: &str) -> Outcome {
        let words: [&[u8]; 3] = [b"/bin/sh", b"-c", script.as_bytes()];
        self.exec(tool, &words.map(<[u8]>::to_vec), b"", false)
    }

    /// Runs one line, `ip link show`, with our program.
    pub fn ours(&self, line: &str) -> Outcome {
        self.exec(Tool::Ours, &split(line), b"", false)
    }

    /// Runs one line, `ip link show`, with the reference.
    pub fn theirs(&self, line: &str) -> Outcome {
        self.exec(Tool::Theirs, &split(line), b"", false)
    }

    /// Runs one line with standard input.
    pub fn with_input(&self, tool: Tool, line: &str, input: &[u8]) -> Outcome {
        self.exec(tool, &split(line), input, false)
    }

    /// The lab's root directory as seen from outside.
    pub fn root(&self) -> PathBuf {
        format!("/proc/{}/root", self.keeper.id()).into()
    }

    /// Runs a program. `ordinary` takes all privilege: another user, without capabilities.
    ///
    /// # Panics
    ///
    /// When the program cannot be started; an unknown name is a mistake of the test.
    pub fn exec(&self, tool: Tool, words: &[Vec<u8>], input: &[u8], ordinary: bool) -> Outcome {
        self.exec_named(tool, None, words, input, ordinary)
    }

    /// Runs one line while the kernel is played: what is asked over netlink gets these answers.
    pub fn played(&self, tool: Tool, line: &str, answers: Answers) -> Outcome {
        self.played_words(tool, &split(line), answers)
    }

    /// As `played`, with words as they are.
    pub fn played_words(&self, tool: Tool, words: &[Vec<u8>], answers: Answers) -> Outcome {
        let how = Asked { argv0: None, ordinary: false, played: Some(answers) };
        self.ask(tool, words, b"", how)
    }

    /// Writes files below the lab's /etc, by a program in it. What is the machine's there is covered.
    pub fn fill_etc(&self, files: &[(&str, Vec<u8>)]) {
        for (name, text) in files {
            let script = format!(
                "mkdir -p $(dirname /etc/{name}); cat 2>/dev/null >/etc/{name} ||
                 {{ f=$(mktemp) && cat >$f && chmod 644 $f && mount --bind $f /etc/{name}; }}"
            );
            let words: [&[u8]; 3] = [b"/bin/sh", b"-c", script.as_bytes()];
            let out = self.exec(Tool::Ours, &words.map(<[u8]>::to_vec), text, false);
            assert_eq!(out.status, 0, "{out}");
        }
    }

    /// As `exec`; the program is told that it is called so.
    pub fn exec_named(
        &self,
        tool: Tool,
        argv0: Option<&str>,
        words: &[Vec<u8>],
        input: &[u8],
        ordinary: bool,
    ) -> Outcome {
        self.ask(tool, words, input, Asked { argv0, ordinary, played: None })
    }

    fn ask(&self, tool: Tool, words: &[Vec<u8>], input: &[u8], how: Asked<'_>) -> Outcome {
        let argv0 = how.argv0;
        let [name, args @ ..] = words else { panic!("a command has at least one word") };
        let mut command = match tool {
            Tool::Theirs if is_reference(name) => reference_command(name, argv0),
            _ => {
                let (program, usual) = find(tool, name);
                let mut command = Command::new(OsStr::from_bytes(&program));
                command.env_clear();
                command.arg0(argv0.map_or(OsStr::from_bytes(&usual), OsStr::new));
                command
            }
        };
        command.args(args.iter().map(|a| OsStr::from_bytes(a)));
        self.finish(command, tool, input, how)
    }

    fn finish(&self, mut command: Command, tool: Tool, input: &[u8], how: Asked<'_>) -> Outcome {
        let Asked { argv0, ordinary, mut played } = how;
        let (mut out, mut err) = (memory_file(), memory_file());
        let stdin = if input.is_empty() {
            Stdio::null()
        } else {
            let mut file = memory_file();
            file.write_all(input).expect("memory");
            file.rewind().expect("memory");
            file.into()
        };
        command
            .stdin(stdin)
            .stdout(out.try_clone().expect("a descriptor"))
            .stderr(err.try_clone().expect("a descriptor"))
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .env("TERM", "dumb")
            .env("HOME", "/root")
            // Without it the palette depends on the reference's version.
            .env("COLORFGBG", "15;0")
            .env("PATH", path(tool));
        if let (Tool::Theirs, Some(name)) = (tool, argv0) {
            // Their wrapper hands it on.
            command.env("REFERENCE_ARGV0", name);
        }
        if tool == Tool::Ordinary {
            command.env("IPBOX_START", "ordinary");
        }
        let patience = self.patience;
        let namespaces: Vec<File> =
            self.namespaces.iter().map(|f| f.try_clone().expect("a descriptor")).collect();
        // SAFETY: as in `new`.
        unsafe {
            command.pre_exec(move || {
                let machine_root = getuid().is_root();
                if machine_root {
                    nix::unistd::setgroups(&[])?;
                }
                for ns in &namespaces {
                    setns(ns, CloneFlags::empty())?;
                }
                if machine_root {
                    let (uid, gid) = (Uid::from_raw(0), Gid::from_raw(0));
                    nix::unistd::setresgid(gid, gid, gid)?;
                    nix::unistd::setresuid(uid, uid, uid)?;
                }
                chdir("/")?;
                umask(Mode::from_bits_truncate(0o022));
                // A process is in its process namespace only from its birth on.
                fork_and_mirror(patience)?;
                if let Some(answers) = played.take() {
                    crate::played::play(answers)?;
                }
                if ordinary { become_ordinary() } else { Ok(()) }
            });
        }
        let status = command
            .status()
            .unwrap_or_else(|e| panic!("{} does not start: {e}", command.get_program().display()));
        let read = |file: &mut File| {
            let mut bytes = Vec::new();
            file.rewind().and_then(|()| file.read_to_end(&mut bytes)).expect("memory");
            bytes
        };
        let mut stderr = read(&mut err);
        if status.signal() == Some(libc::SIGALRM) {
            stderr.extend(format!("(still running after {patience} s)\n").into_bytes());
        }
        Outcome {
            status: status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)),
            killed: status.signal().is_some(),
            stdout: read(&mut out),
            stderr,
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // Process 1 reads this pipe to its end; with it everything in the lab ends.
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// Words as a shell would split them: blanks, quotes of both kinds, backslashes.
///
/// # Panics
///
/// When a quote is not closed.
pub fn split(line: &str) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut quote = None;
    let mut bytes = line.bytes();
    while let Some(b) = bytes.next() {
        match (quote, b) {
            (Some(q), b) if b == q => quote = None,
            (None, b'\'' | b'"') => {
                quote = Some(b);
                word.get_or_insert_default();
            }
            (None, b' ' | b'\t' | b'\n') => words.extend(word.take()),
            (None | Some(b'"'), b'\\') => word.get_or_insert_default().extend(bytes.next()),
            (_, b) => word.get_or_insert_default().push(b),
        }
    }
    assert!(quote.is_none(), "a quote is not closed: {line}");
    words.extend(word);
    words
}

fn path(tool: Tool) -> &'static str {
    match tool {
        Tool::Ours | Tool::Ordinary => {
            "/ours:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/tools/bin"
        }
        Tool::Theirs => {
            "/theirs/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/tools/bin"
        }
    }
}

/// The program behind a word, and what it is told its name is.
fn find(tool: Tool, name: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let text = String::from_utf8_lossy(name);
    let ours = APPLETS.contains(&&*text);
    match tool {
        _ if text.contains('/') => (name.to_vec(), name.to_vec()),
        Tool::Ours | Tool::Ordinary if ours => (OURS.into(), name.to_vec()),
        _ => {
            let dirs = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];
            let file = dirs.iter().map(|d| format!("{d}/{text}")).find(|f| Path::new(f).exists());
            let tool =
                || tools()?.join("bin").join(&*text).exists().then(|| format!("/tools/bin/{text}"));
            let file =
                file.or_else(tool).unwrap_or_else(|| panic!("there is no program called {text}"));
            (file.into(), name.to_vec())
        }
    }
}

/// Whether a word is the name of a tool that `tests/reference/install.sh` has unpacked.
fn is_reference(name: &[u8]) -> bool {
    let text = String::from_utf8_lossy(name);
    !text.contains('/')
        && (APPLETS.contains(&&*text) || reference().join("bin").join(&*text).exists())
}

/// What `/theirs/bin/NAME` starts, without the shell that it takes to do so: hundreds of lines
/// begin this way.
fn reference_command(name: &[u8], argv0: Option<&str>) -> Command {
    let wrapper = reference().join("bin").join(OsStr::from_bytes(name));
    let text = std::fs::read_to_string(&wrapper)
        .unwrap_or_else(|e| panic!("{}: {e}", wrapper.display()))
        .replace("$r/", "/theirs/root/");
    let value = |start: &str| {
        let line = text.lines().find_map(|l| l.strip_prefix(start)).map(split);
        let words = line.into_iter().flatten().map(|w| String::from_utf8(w).expect("text"));
        words.collect::<Vec<_>>()
    };
    let words = value("exec ");
    let [loader, option, called, options @ .., last] = &words[..] else {
        panic!("{}: not what install.sh writes: {text}", wrapper.display())
    };
    assert!(option == "--argv0" && last == "$@", "{}: {text}", wrapper.display());
    let usual = called.strip_prefix("${REFERENCE_ARGV0:-").and_then(|c| c.strip_suffix('}'));
    let usual = usual.unwrap_or(called);
    let mut command = Command::new(loader);
    command.env_clear();
    command.args(["--argv0", argv0.unwrap_or(usual)]).args(options);
    command.env("XTABLES_LIBDIR", &value("export XTABLES_LIBDIR=")[0]);
    command
}

/// Shells and the like that `tests/reference/install.sh tools` has unpacked, where it had to.
fn tools() -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_TARGET_TMPDIR")).ancestors().skip(1).take(2);
    above.map(|dir| dir.join("tools")).find(|dir| dir.join("installed").exists())
}

fn memory_file() -> File {
    memfd_create(c"output", MFdFlags::MFD_CLOEXEC).expect("memory for a file").into()
}

/// Forks; only the child returns. The parent waits and ends as the child ended, or, after so many
/// seconds, by SIGALRM, which ends the child too. Zero seconds are for ever.
fn fork_and_mirror(seconds: u32) -> io::Result<()> {
    // SAFETY: this process has one thread, being a fresh child itself.
    let pid = unsafe { libc::fork() };
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    if pid == 0 {
        return Ok(nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?);
    }
    close_all_files();
    // SAFETY: none is under way; 0 sets none.
    unsafe { libc::alarm(seconds) };
    let mut status = 0;
    // SAFETY: waits for the child made above; `status` outlives the call.
    while unsafe { libc::waitpid(pid, &raw mut status, 0) } < 0 {}
    if libc::WIFSIGNALED(status) {
        let signal = libc::WTERMSIG(status);
        // SAFETY: no core of this copy, whatever ended the child.
        unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) };
        // SAFETY: the default action is wanted.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
        // SAFETY: to itself.
        unsafe { libc::raise(signal) };
    }
    // SAFETY: ends the process at once; nothing of the test program's may run at its end.
    unsafe { libc::_exit(libc::WEXITSTATUS(status)) }
}

/// Everything but standard input, output and error: other tests' files, and the pipe by which
/// `spawn` learns whether the child got on its way.
fn close_all_files() {
    // SAFETY: nothing in this process uses a file after this.
    unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) };
}

/// What process 1 does: waits until the test program closes the pipe, or is no more.
fn keep() -> ! {
    let _ = nix::unistd::write(io::stdout(), b"!");
    // SAFETY: no handler; the kernel buries dead children by itself then.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
    let mut byte = [0u8; 1];
    while matches!(nix::unistd::read(io::stdin(), &mut byte), Ok(1..) | Err(nix::Error::EINTR)) {}
    // SAFETY: as above.
    unsafe { libc::_exit(0) }
}

/// Another user, in a user namespace of its own, and thus without any capability in the lab.
fn become_ordinary() -> io::Result<()> {
    // SAFETY: entering namespaces may have made the process's files in /proc root's.
    unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0) };
    unshare(CloneFlags::CLONE_NEWUSER)?;
    std::fs::write("/proc/self/setgroups", "deny")?;
    std::fs::write("/proc/self/uid_map", "1000 0 1")?;
    std::fs::write("/proc/self/gid_map", "1000 0 1")
}

/// One step of making the lab's root directory.
pub enum Step {
    Dir(PathBuf),
    Link(PathBuf, PathBuf),
    File(PathBuf, Vec<u8>),
    /// A file and its mode.
    Copy(PathBuf, PathBuf),
    Bind(PathBuf, PathBuf),
}

/// Where the root directory is put together.
pub const ROOT: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/root");

/// Files below /etc that come from the machine, for its shells.
const ETC: &[&str] = &["alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "zsh", "fish"];

/// Directories below /usr/share that come from the machine, for its shells.
const SHARE: &[&str] = &["terminfo", "zsh", "fish", "bash-completion", "zoneinfo", "perl", "perl5"];

fn root_plan() -> &'static [Step] {
    static PLAN: OnceLock<Vec<Step>> = OnceLock::new();
    PLAN.get_or_init(|| {
        let mut plan = Vec::new();
        let root = Path::new(ROOT);
        std::fs::create_dir_all(root).expect("target/tmp can be written");
        let mut take = |from: &Path, to: &Path| {
            let Ok(meta) = std::fs::symlink_metadata(from) else { return };
            let to = to.to_path_buf();
            if meta.is_symlink() {
                plan.push(Step::Link(std::fs::read_link(from).expect("a link"), to));
            } else if meta.is_dir() {
                plan.push(Step::Dir(to.clone()));
                plan.push(Step::Bind(from.to_path_buf(), to));
            } else {
                plan.push(Step::File(to.clone(), Vec::new()));
                plan.push(Step::Bind(from.to_path_buf(), to));
            }
        };
        let entries = |dir: &str| {
            let mut names: Vec<_> = std::fs::read_dir(dir)
                .expect("a directory")
                .map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned())
                .collect();
            names.sort();
            names
        };
        let own = [
            "etc", "usr", "run", "var", "tmp", "proc", "sys", "root", "home", "ours", "theirs",
            "tools",
        ];
        for name in entries("/") {
            if !own.contains(&&*name) {
                take(&Path::new("/").join(&name), &root.join(&name));
            }
        }
        for name in entries("/usr") {
            if name != "share" {
                take(&Path::new("/usr").join(&name), &root.join("usr").join(&name));
            }
        }
        if let Some(tools) = tools() {
            take(&tools, &root.join("tools"));
        }
        for (dir, names) in [("etc", ETC), ("usr/share", SHARE)] {
            for name in names {
                let below = Path::new(dir).join(name);
                let here = Path::new("/").join(&below);
                let unpacked = tools().map(|t| t.join("root").join(&below));
                let from = unpacked.filter(|_| !here.exists()).unwrap_or(here);
                take(&from, &root.join(&below));
            }
        }
        // The project, wherever it lies, and where its programs are built.
        let project = Path::new(env!("CARGO_MANIFEST_DIR"));
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("target/");
        for dir in [project, target] {
            let to = root.join(dir.strip_prefix("/").expect("an absolute path"));
            // What lies below the top directories above is there already.
            let top = dir.components().nth(1).expect("not the root directory");
            if own.iter().any(|o| top.as_os_str() == *o)
                && !(dir == target && target.starts_with(project))
            {
                take(dir, &to);
            }
        }
        let reference = reference();
        take(reference, &root.join("theirs"));
        for name in ["services", "protocols", "ethertypes"] {
            take(&reference.join("root/etc").join(name), &root.join("etc").join(name));
        }
        take(&reference.join("root/usr/share/iproute2"), &root.join("usr/share/iproute2"));
        for (name, text) in [
            ("passwd", "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n"),
            ("group", "root:x:0:\nuser:x:1000:\n"),
            ("hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n"),
            ("nsswitch.conf", "hosts: files\nnetworks: files\n"),
            ("networks", ""),
            ("resolv.conf", ""),
        ] {
            plan.push(Step::File(root.join("etc").join(name), text.into()));
        }
        for dir in ["proc", "sys", SECOND_SYS, "run", "tmp", "var/tmp", "root"] {
            plan.push(Step::Dir(root.join(dir)));
        }
        plan.push(Step::Link("/run".into(), root.join("var/run")));
        for name in APPLETS {
            plan.push(Step::Link(OURS.into(), root.join("ours").join(name)));
        }
        plan
    })
}

/// `netns exec` takes /sys away before it mounts a new one; without root the kernel allows that only
/// while a whole one is to be seen somewhere.
pub const SECOND_SYS: &str = "var/sys";

/// Somebody else than the machine's root.
const NOBODY: u32 = 65534;

fn become_nobody() -> io::Result<()> {
    let (uid, gid) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
    nix::unistd::setgroups(&[])?;
    nix::unistd::setresgid(gid, gid, gid)?;
    nix::unistd::setresuid(uid, uid, uid)?;
    // SAFETY: its own files in /proc shall be its own.
    unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0) };
    Ok(())
}

/// Puts the root directory together, at the place from which `move_in` goes on.
fn build_root(plan: &[Step], owner: Option<u32>) -> io::Result<()> {
    let none = None::<&str>;
    let options = owner.map_or("mode=0755".into(), |o| format!("mode=0755,uid={o},gid={o}"));
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
    mount(Some("lab"), ROOT, Some("tmpfs"), MsFlags::empty(), Some(&*options))?;
    for step in plan {
        let (at, done) = match step {
            Step::Dir(at) => (at, std::fs::create_dir_all(at)),
            Step::Link(to, at) => {
                (at, make_parent(at).and_then(|()| std::os::unix::fs::symlink(to, at)))
            }
            Step::File(at, text) => (at, make_parent(at).and_then(|()| std::fs::write(at, text))),
            Step::Copy(from, to) => {
                (to, make_parent(to).and_then(|()| std::fs::copy(from, to).map(drop)))
            }
            Step::Bind(from, to) => {
                let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
                (to, mount(Some(from), to, none, flags, none).map_err(Into::into))
            }
        };
        let done = match (owner, step) {
            (None, _) | (_, Step::Bind(..)) => done,
            (owner, _) => done.and_then(|()| {
                let above = at.ancestors().take_while(|a| *a != Path::new(ROOT));
                above.take(3).try_for_each(|a| std::os::unix::fs::lchown(a, owner, owner))
            }),
        };
        if let Err(e) = done {
            let _ = writeln!(io::stderr(), "lab: {}: {e}", at.display());
            return Err(e);
        }
    }
    mount(Some(ROOT), PLACE, none, MsFlags::MS_MOVE, none)?;
    Ok(())
}

/// Where the root directory is when it is complete: a directory that everybody can reach.
const PLACE: &str = "/tmp";

/// Makes the directory the root of the lab. What is done in there is done as the lab's root.
fn move_in() -> io::Result<()> {
    let none = None::<&str>;
    let bind = MsFlags::MS_BIND | MsFlags::MS_REC;
    // What was mounted before the namespace began cannot be moved, a copy can.
    mount(Some(PLACE), PLACE, none, bind, none)?;
    chdir(PLACE)?;
    // In a container that hides parts of /proc the kernel wants no second, complete one.
    for (name, kind) in [("proc", "proc"), ("sys", "sysfs"), (SECOND_SYS, "sysfs")] {
        if mount(Some(kind), name, Some(kind), MsFlags::empty(), none).is_err() {
            mount(Some(&Path::new("/").join(name)), name, none, bind, none)?;
        }
    }
    // The old root ends up on top of the new one, and is taken off.
    pivot_root(".", ".")?;
    umount2(".", MntFlags::MNT_DETACH)?;
    chdir("/")?;
    nix::unistd::sethostname("lab")?;
    // Addresses are usable at once, and nothing is sent unasked: the state does not depend on
    // when one looks. Where IPv6 is switched off there is nothing to set.
    for (name, value) in [("accept_dad", "0"), ("router_solicitations", "0")] {
        for which in ["all", "default"] {
            let _ = std::fs::write(format!("/proc/sys/net/ipv6/conf/{which}/{name}"), value);
        }
    }
    Ok(())
}

fn make_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), std::fs::create_dir_all)
}

#[test]
fn words_are_split_as_a_shell_does() {
    let words = |line| -> Vec<String> {
        split(line).into_iter().map(|w| String::from_utf8(w).unwrap()).collect()
    };
    assert_eq!(words("ip  link show"), ["ip", "link", "show"]);
    assert_eq!(words(r#"a 'b c' "d 'e" '' f\ g"#), ["a", "b c", "d 'e", "", "f g"]);
}

#[test]
fn a_lab_is_empty_and_its_own() {
    let lab = Lab::new();
    let out = lab.sh(
        Tool::Theirs,
        "ip -br link; ip netns add a; ls /run /run/netns; ip -n a link; id -u; echo $$",
    );
    assert_eq!(out.status, 0, "{out}");
    assert!(out.out().starts_with("lo               DOWN"), "{out}");
    assert!(lab.root().join("run/netns/a").exists());
    assert_eq!(lab.run("/bin/echo", "a 'b c'").out(), "a b c\n");
    assert_eq!(lab.run_sh("exit 3").status, 3);
    assert_eq!(lab.with_input(Tool::Theirs, "cat", b"text").out(), "text");
    assert!(lab.run_sh("kill -9 $$").killed);
    let out = lab
        .run_sh("touch /usr/bin/x; echo 1 >/proc/sys/vm/drop_caches; echo a >/etc/a && cat /etc/a");
    assert_eq!((out.out().as_str(), out.err().lines().count()), ("a\n", 2), "{out}");
    assert!(!Path::new("/run/netns/a").exists() || Lab::new().theirs("ip netns").stdout.is_empty());
}

#[test]
fn an_ordinary_user_may_not_change_the_lab() {
    let lab = Lab::new();
    let out = lab.exec(Tool::Theirs, &split("ip link set lo up"), b"", true);
    assert_eq!(out.err(), "RTNETLINK answers: Operation not permitted\n", "{out}");
}
