//! The start before the C library's: when it is taken, and what is called behind it.
#![allow(unsafe_code)]

use std::collections::BTreeSet;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use nix::sched::{CloneFlags, unshare};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::lab::{Lab, Tool};

/// With its table of symbols, which the released one has no more.
const OURS: &str = env!("CARGO_BIN_EXE_ipbox");

/// Whether the C library's start is gone through: only that asks for set_tid_address(2).
fn begins_ordinarily(words: &str, more: &str) -> bool {
    let lab = Lab::new();
    let script = format!(
        "{more} strace -f -o /tmp/calls -e trace=execve,set_tid_address {words} >/tmp/out 2>&1; cat /tmp/calls"
    );
    let out = lab.run_sh(&script);
    assert!(out.out().contains("execve("), "{words}: {out}");
    out.out().contains("set_tid_address(")
}

#[test]
#[cfg(all(target_arch = "x86_64", target_env = "gnu"))]
fn what_only_shows_begins_early_and_nothing_else() {
    for words in [
        "ip link",
        "ip -d -j -p link show lo",
        "ip -br addr",
        "ip -4 route",
        "ip r get 127.0.0.1",
        "ip -n nobody addr",
        "ip netns",
        "ip netns list",
        "ip -6 neigh sh",
        "ip rule",
        "ip nexthop",
        "iptables -S",
        "iptables -A INPUT -j DROP",
        "ip6tables -nL",
        "iptables-save",
    ] {
        assert!(!begins_ordinarily(words, ""), "{words}");
        assert!(begins_ordinarily(words, "IPBOX_START=1"), "{words}");
    }
    assert!(begins_ordinarily("script -qec 'ip link' /dev/null", ""), "a person gets hints");
    for words in [
        "ip -V",
        "ip link add a type dummy",
        "ip link s",
        "ip netns add a",
        "ip netns exec a true",
        "ip -all netns list",
        "ip -b /dev/null",
        "ip monitor file /dev/null",
        "ip vrf exec a true",
        "ip addr flush dev lo",
        "ip route save",
        "iptables-restore /dev/null",
        "ping -V",
        "sysctl -a",
    ] {
        assert!(begins_ordinarily(words, ""), "{words}");
    }
}

#[test]
fn a_long_table_is_shown_whole_whichever_way() {
    let lab = Lab::patient(100);
    let made = lab.run_sh(
        "ip link set lo up; for i in $(seq 0 79); do for j in $(seq 0 249); do \
         echo route add 10.$i.$j.0/24 dev lo; done; done | ip -force -batch -",
    );
    assert_eq!(made.status, 0, "{made}");
    for line in ["ip route", "ip -j route", "ip -d route show"] {
        let (early, ordinary) = (lab.ours(line), lab.with_input(Tool::Ordinary, line, b""));
        assert_eq!(early.status, 0, "{line}: {}", early.err());
        assert!(early.out().len() > 20_000 * 20, "{line}");
        assert!(early.stdout == ordinary.stdout && early.stderr == ordinary.stderr, "{line}");
    }
}

/// What of the C library may be called: nothing that its start would have had to prepare. A `*` stands
/// for anything.
#[rustfmt::skip]
const MAY_BE_CALLED: &[&str] = &[
    "ipbox_*", "memmove", "mempcpy", "memset",
    // System calls and what tells their errors.
    "__close_nocancel", "__errno_location", "__open_nocancel", "bind", "brk", "close", "connect",
    "fstat64", "fstatat64", "getdents64", "geteuid", "getrandom", "getuid", "ioctl", "isatty",
    "mmap64", "mremap", "munmap", "open64", "read", "recv", "sbrk", "send", "sendmsg", "recvmsg",
    "setns", "setsockopt", "getsockopt", "socket", "syscall", "tcgetattr", "write", "lseek64",
    "statx", "poll", "fcntl64", "__fcntl64_nocancel*",
    // Directories.
    "__alloc_dir", "closedir", "dirfd", "opendir", "opendir_tail", "readdir64",
    // The heap, which prepares itself at its first use.
    "_int_*", "__libc_*alloc", "__tunable_get_val", "alloc_perturb", "calloc", "free", "malloc*",
    "mremap_chunk", "munmap_chunk", "ptmalloc_init*", "realloc", "sysmalloc*", "systrim*",
    "tcache_init*", "unlink_chunk*",
    // Strings, as for a processor without features, and the environment.
    "*_sse2", "getenv",
    // The text of an error number. Nobody sets a locale, so it is looked up and not found.
    "__current_locale_name", "__dcigettext", "__get_errlist", "__xpg_strerror_r", "dcgettext",
    "pthread_rwlock_rdlock", "pthread_rwlock_unlock", "strerror_r", "tfind", "strnlen",
];

/// A function of the program: where it begins, how long it is, its name. That of one which chooses
/// (STT_GNU_IFUNC) is empty.
type Function = (u64, u64, String);

/// The functions in the program's table of symbols (Elf64_Shdr and Elf64_Sym of elf.h).
fn functions(file: &[u8]) -> Vec<Function> {
    let number = |at: usize, len: usize| {
        let mut bytes = [0; 8];
        bytes[..len].copy_from_slice(&file[at..at + len]);
        u64::from_le_bytes(bytes)
    };
    let place = |at: usize| usize::try_from(number(at, 8)).expect("a place in the file");
    let sections = place(0x28);
    let count = usize::try_from(number(0x3c, 2)).expect("few");
    let mut found = Vec::new();
    for i in 0..count {
        let header = sections + i * 64;
        if number(header + 4, 4) != 2 {
            continue; // SHT_SYMTAB
        }
        let linked = usize::try_from(number(header + 40, 4)).expect("few");
        let names = place(sections + linked * 64 + 24);
        let (start, size) = (place(header + 24), place(header + 32));
        for symbol in (start..start + size).step_by(24) {
            const STT_FUNC: u8 = 2;
            const STT_GNU_IFUNC: u8 = 10;
            let kind = file[symbol + 4] & 15;
            if !matches!(kind, STT_FUNC | STT_GNU_IFUNC) {
                continue;
            }
            let name = names + usize::try_from(number(symbol, 4)).expect("a place in the file");
            let len = file[name..].iter().position(|&b| b == 0).expect("an end");
            let name = String::from_utf8_lossy(&file[name..name + len]).into_owned();
            let chooses = kind == STT_GNU_IFUNC || name.ends_with("_ifunc");
            let name = if chooses { String::new() } else { name };
            found.push((number(symbol + 8, 8), number(symbol + 16, 8), name));
        }
    }
    found.sort();
    found
}

/// Steps through the program and lists the functions it was in.
#[allow(clippy::zombie_processes)] // waitpid waits for it
#[allow(clippy::multiple_unsafe_ops_per_block)] // one operation, and the system call in it
fn called(words: &[&str], functions: &[Function]) -> BTreeSet<String> {
    let mut command = Command::new(OURS);
    command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // SAFETY: system calls only.
    unsafe {
        command.pre_exec(|| {
            unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET)?;
            match libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) {
                0 => Ok(()),
                _ => Err(std::io::Error::last_os_error()),
            }
        });
    }
    let child = command.spawn().expect("it starts");
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a number of a process"));
    let (mut seen, mut last) = (BTreeSet::new(), 0..0);
    loop {
        match waitpid(pid, None).expect("it is ours") {
            WaitStatus::Stopped(..) => {}
            WaitStatus::Exited(..) => break,
            other => panic!("{words:?}: {other:?}, at last in {seen:?}"),
        }
        // SAFETY: zeros are a valid value.
        let mut registers: libc::user_regs_struct = unsafe { std::mem::zeroed() };
        // SAFETY: the process is stopped, and the kernel fills the structure.
        let got =
            unsafe { libc::ptrace(libc::PTRACE_GETREGS, pid.as_raw(), 0, &raw mut registers) };
        assert_eq!(got, 0);
        if !last.contains(&registers.rip) {
            let at = functions.partition_point(|f| f.0 <= registers.rip);
            let function = at.checked_sub(1).map(|i| &functions[i]);
            if let Some((start, size, name)) = function.filter(|f| registers.rip < f.0 + f.1) {
                last = *start..start + size;
                seen.insert(name.clone());
            }
        }
        // SAFETY: the process is stopped.
        assert_eq!(unsafe { libc::ptrace(libc::PTRACE_SINGLESTEP, pid.as_raw(), 0, 0) }, 0);
    }
    seen
}

#[test]
#[cfg(all(target_arch = "x86_64", target_env = "gnu"))]
fn nothing_is_called_that_needs_the_c_library_started() {
    let functions = functions(&std::fs::read(OURS).expect("it was built"));
    let mut strange = BTreeSet::new();
    for words in [
        &["ip", "link", "show", "lo"] as &[&str],
        &["ip", "-d", "-j", "-s", "addr"],
        &["ip", "-c", "route", "show", "table", "all"],
        &["ip", "rule"],
        &["ip", "netns"],
        &["ip", "-n", "nobody", "link"],
        &["iptables", "-S"],
        &["iptables", "-A", "INPUT", "-p", "tcp", "--dport", "80", "-j", "ACCEPT"],
        &["iptables", "-C", "INPUT", "-m", "owner", "--uid-owner", "root", "-j", "DROP"],
        &["iptables-save"],
    ] {
        let seen = called(words, &functions);
        assert!(seen.contains("ipbox_start") && !seen.contains("_start"), "{words:?}");
        strange.extend(seen.into_iter().filter(|name| {
            let rust = name.starts_with("_ZN") || name.starts_with("_R") || name.contains("rust");
            let may = |m: &&str| match m.split_once('*') {
                Some((start, end)) => name.starts_with(start) && name.ends_with(end),
                None => *m == name,
            };
            !rust && !name.is_empty() && !MAY_BE_CALLED.iter().any(may)
        }));
    }
    assert!(strange.is_empty(), "{strange:#?}");
}
