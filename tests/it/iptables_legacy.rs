//! Tables of iptables' older variant: they are not shown, but it is told that they are there.
#![allow(unsafe_code)]

use std::os::unix::process::CommandExt as _;
use std::process::{Command, Output};

use nix::sched::{CloneFlags, unshare};

use crate::lab::reference;

/// Has the kernel make the older variant's table `filter`, as its program does: by asking for it.
fn make_table(domain: i32, level: i32) -> std::io::Result<()> {
    /// IPT_SO_GET_INFO and IP6T_SO_GET_INFO (linux/netfilter_ipv4/ip_tables.h, ip6_tables.h).
    const GET_INFO: i32 = 64;
    /// The size of struct ipt_getinfo, whose beginning is the table's name.
    const INFO: u32 = 84;
    let mut info = [0u8; INFO as usize];
    info[..6].copy_from_slice(b"filter");
    let mut len = INFO;
    // SAFETY: a system call with numbers only.
    let fd =
        unsafe { libc::socket(domain, libc::SOCK_RAW | libc::SOCK_CLOEXEC, libc::IPPROTO_RAW) };
    let at = info.as_mut_ptr().cast();
    // SAFETY: both places outlive the call, and the first is as long as the second says.
    match unsafe { libc::getsockopt(fd, level, GET_INFO, at, &raw mut len) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

/// Runs a program as root of a network of its own that has such tables.
fn beside_tables(program: &str, name: &str, words: &[&str]) -> Output {
    let user = nix::unistd::getuid();
    let mut command = Command::new(program);
    command.arg0(name).args(words).env("LC_ALL", "C");
    // SAFETY: system calls only, and a file that is written to.
    unsafe {
        command.pre_exec(move || {
            unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET)?;
            std::fs::write("/proc/self/uid_map", format!("0 {user} 1"))?;
            make_table(libc::AF_INET, libc::SOL_IP)?;
            make_table(libc::AF_INET6, libc::SOL_IPV6)
        });
    }
    command.output().expect("this kernel has the older variant")
}

/// Lines, behind `ip` and `ip6`.
const LINES: [&str; 12] = [
    "tables -S",
    "tables -nL FORWARD",
    "tables -S NONE",
    "tables -L -Z",
    "tables -t nat -nvL",
    "tables -A INPUT -j DROP",
    "tables -C INPUT -j DROP",
    "tables -P INPUT DROP",
    "tables-save",
    "tables-save -t filter",
    "tables-save -t none",
    "tables-save -c",
];

#[test]
fn tables_of_the_older_variant_are_told_of() {
    let mut told = 0;
    for line in LINES.iter().flat_map(|line| [format!("ip{line}"), format!("ip6{line}")]) {
        let words: Vec<&str> = line.split(' ').collect();
        let (name, words) = (words[0], &words[1..]);
        let ours = beside_tables(env!("CARGO_BIN_EXE_ipbox"), name, words);
        let theirs = reference().join("bin").join(name);
        let theirs = beside_tables(theirs.to_str().expect("a plain path"), name, words);
        let text = |output: &Output| {
            let [out, err] = [&output.stdout, &output.stderr].map(|t| String::from_utf8_lossy(t));
            // iptables-save says when and by which version.
            let lines = out.lines().filter(|line| !line.starts_with("# "));
            (lines.fold(String::new(), |all, line| all + line + "\n"), err.into_owned())
        };
        assert_eq!((text(&ours), ours.status), (text(&theirs), theirs.status), "{line}");
        told += u32::from(text(&ours).1.contains("-legacy tables present"));
    }
    assert_eq!(told, 16);
}
