//! A kernel that is played: what a program asks over netlink is answered by the test.
//!
//! Nothing in the program knows of it. A filter (seccomp(2)) hands the system calls on netlink
//! sockets to a process of ours, which answers them, for our program and for the reference alike.
//! So what no test can bring about in time, a table that changes while it is read, an answer that
//! is cut, comes as often and as exactly as it is wanted.
//!
//! ```ignore
//! let out = Lab::new().played(Tool::Theirs, "ip route", Answers::Machine(vec![message]));
//! ```
#![allow(unsafe_code)] // system calls that no crate has

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::FileExt as _;

use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, recvmsg,
    sendmsg, socketpair,
};

use crate::fuzz::doors::{Answer, reply};

/// What is said instead of the kernel's answers.
pub enum Answers {
    /// One after the other, whatever is asked.
    InTurn(Vec<Answer>),
    /// What a machine has: who asks for a table gets the messages of its kind and family, who asks
    /// for a device that one; what is deleted is gone. An NLMSG_DONE ends the table of the kind that
    /// is written where the sender's number is.
    Machine(Answer),
}

impl Answers {
    fn to(&mut self, request: &[u8]) -> Vec<Vec<u8>> {
        match self {
            Answers::InTurn(all) if all.is_empty() => reply(request, None),
            Answers::InTurn(all) => reply(request, Some(all.remove(0))),
            Answers::Machine(all) => match (kind(request) % 4, request[6] & 4 != 0) {
                (2, _) => reply(request, Some(found(all, request))),
                (what, acknowledged) => {
                    if what == 1 {
                        all.retain(|m| m[16..] != request[16..]);
                    }
                    if acknowledged { reply(request, None) } else { Vec::new() }
                }
            },
        }
    }
}

/// The type of a message.
pub fn kind(message: &[u8]) -> u16 {
    u16::from_ne_bytes([message[4], message[5]])
}

/// What answers a question.
fn found(all: &[Vec<u8>], request: &[u8]) -> Answer {
    const DONE: u16 = 3;
    // RTM_GET* is two more than RTM_NEW*, of what it gets.
    let wanted = kind(request).wrapping_sub(2);
    let family = request.get(16).copied().unwrap_or(0);
    let dump = request[7] & 3 == 3;
    let mut of_it = all.iter().filter(|m| {
        kind(m) == wanted && (family == 0 || wanted == 16 || m.get(16).is_none_or(|f| *f == family))
    });
    if dump {
        let mut table: Answer = of_it.cloned().collect();
        let end = all.iter().filter(|m| kind(m) == DONE && m[12..14] == wanted.to_ne_bytes());
        table.extend(end.cloned().map(|mut end| {
            end[12..14].fill(0);
            end
        }));
        return table;
    }
    let index = request.get(20..24).unwrap_or_default();
    // IFLA_IFNAME or IFLA_ALT_IFNAME, without its end.
    let name = request.get(36..).unwrap_or_default().split(|b| *b == 0).next().unwrap_or_default();
    let is_it = |m: &&Vec<u8>| match index {
        [0, 0, 0, 0] => name.len() > 1 && m.windows(name.len()).any(|w| w == name),
        _ => m.get(20..24) == Some(index),
    };
    // The first attribute of a nexthop is its id, both ways.
    let by_id = |m: &&Vec<u8>| m.get(28..32) == request.get(28..32);
    match wanted {
        16 => of_it.find(is_it).cloned().into_iter().collect(),
        104 => of_it.find(by_id).cloned().into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The numbers of the sockets that are played start here; no program has so many of its own.
const FIRST: u32 = 500;

/// Those on a socket that are answered here; others go on to the kernel.
const CALLS: [libc::c_long; 9] = [
    libc::SYS_bind,
    libc::SYS_connect,
    libc::SYS_setsockopt,
    libc::SYS_getsockopt,
    libc::SYS_getsockname,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
];

/// From here on this process, and what it becomes, talks to another one that answers its requests
/// so, one after the other. To be called by a process with one thread.
///
/// # Errors
///
/// Those of seccomp(2) and fork(2).
pub fn play(answers: Answers) -> io::Result<()> {
    let (here, there) =
        socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?;
    // SAFETY: this process has one thread.
    match unsafe { nix::unistd::fork() }? {
        nix::unistd::ForkResult::Child => {
            drop(here);
            close_all_but(there.as_raw_fd());
            let listen = || Kernel::listen(&there, answers);
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(listen));
            // SAFETY: ends the process at once; nothing of the test program's may run at its end.
            unsafe { libc::_exit(0) }
        }
        nix::unistd::ForkResult::Parent { .. } => {
            drop(there);
            let listener = filter()?;
            let fds = [listener.as_raw_fd()];
            let rights = [ControlMessage::ScmRights(&fds)];
            sendmsg::<()>(
                here.as_raw_fd(),
                &[io::IoSlice::new(b"!")],
                &rights,
                MsgFlags::empty(),
                None,
            )?;
            Ok(())
        }
    }
}

/// Nobody shall wait for this process to let a file go.
fn close_all_but(kept: RawFd) {
    for (from, to) in [(3, kept - 1), (kept + 1, RawFd::MAX)] {
        // SAFETY: nothing in this process uses a file of these after this.
        unsafe { libc::syscall(libc::SYS_close_range, from, to, 0) };
    }
}

/// Sets the filter up; where its calls are heard of.
fn filter() -> io::Result<OwnedFd> {
    // The instructions of BPF that are needed (linux/bpf_common.h): load a word of the data, jump if
    // equal, jump if not less, return.
    let (load, equal, at_least, give) = (0x20u16, 0x15u16, 0x35u16, 0x06u16);
    let op = |code, k: u32, yes: usize, no: usize| libc::sock_filter {
        code,
        k,
        jt: u8::try_from(yes).expect("a short way"),
        jf: u8::try_from(no).expect("a short way"),
    };
    let number = |call: libc::c_long| u32::try_from(call).expect("a small number");
    // struct seccomp_data: the call's number, and the lower half of its first argument.
    let (nr, first) = (0, 16);
    let mut program = vec![op(load, nr, 0, 0), op(equal, number(libc::SYS_socket), 0, 3)];
    program.extend([op(load, first, 0, 0), op(equal, 16, 0, 1)]);
    program.push(op(give, libc::SECCOMP_RET_USER_NOTIF, 0, 0));
    // The accumulator may hold the argument by now.
    program.push(op(load, nr, 0, 0));
    for (at, &call) in CALLS.iter().enumerate() {
        program.push(op(equal, number(call), CALLS.len() - at, 0));
    }
    program.push(op(give, libc::SECCOMP_RET_ALLOW, 0, 0));
    program.extend([op(load, first, 0, 0), op(at_least, FIRST, 0, 1)]);
    program.push(op(give, libc::SECCOMP_RET_USER_NOTIF, 0, 0));
    program.push(op(give, libc::SECCOMP_RET_ALLOW, 0, 0));
    let program = libc::sock_fprog {
        len: u16::try_from(program.len()).expect("short"),
        filter: program.as_mut_ptr(),
    };
    nix::sys::prctl::set_no_new_privs()?;
    let flags = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
    // SAFETY: the program outlives the call, and its length is told.
    let fd = unsafe {
        libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const program)
    };
    let fd = RawFd::try_from(fd).ok().filter(|fd| *fd >= 0).ok_or_else(io::Error::last_os_error)?;
    // SAFETY: the kernel has just made this descriptor.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Who answers.
struct Kernel {
    listener: OwnedFd,
    answers: Answers,
    /// Of each socket, by its number less [`FIRST`].
    sockets: Vec<VecDeque<Vec<u8>>>,
    nothing: File,
}

/// A call that is answered with an error number.
type Done = Result<i64, i32>;

/// struct sockaddr_nl of the kernel.
const KERNEL: [u8; 12] = [16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

impl Kernel {
    /// Answers until there is nobody left to ask.
    fn listen(there: &OwnedFd, answers: Answers) -> io::Result<()> {
        let mut byte = [0];
        let mut parts = [io::IoSliceMut::new(&mut byte)];
        let mut room = nix::cmsg_space!(RawFd);
        let got = recvmsg::<()>(
            there.as_raw_fd(),
            &mut parts,
            Some(&mut room),
            MsgFlags::MSG_CMSG_CLOEXEC,
        )?;
        let Some(ControlMessageOwned::ScmRights(fds)) = got.cmsgs()?.next() else { return Ok(()) };
        // SAFETY: it was sent to nobody else.
        let listener = unsafe { OwnedFd::from_raw_fd(fds[0]) };
        let nothing = File::open("/dev/null")?;
        let mut kernel = Kernel { listener, answers, sockets: vec![], nothing };
        loop {
            kernel.one()?;
        }
    }

    fn one(&mut self) -> io::Result<()> {
        // SAFETY: a structure of numbers, which the kernel wants to be zero.
        let mut call: libc::seccomp_notif = unsafe { std::mem::zeroed() };
        // With nobody left this fails or waits for ever; so it is looked first.
        let mut wait =
            [libc::pollfd { fd: self.listener.as_raw_fd(), events: libc::POLLIN, revents: 0 }];
        // SAFETY: one structure, as told.
        unsafe { libc::poll(wait.as_mut_ptr(), 1, -1) };
        if wait[0].revents & libc::POLLIN == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.ask(libc::SECCOMP_IOCTL_NOTIF_RECV, &mut call)?;
        let done = File::options().read(true).write(true).open(format!("/proc/{}/mem", call.pid));
        let done =
            done.map_err(|_| libc::EFAULT).and_then(|memory| self.answer(&call, &Memory(memory)));
        let (val, error) = done.map_or_else(|errno| (0, -errno), |val| (val, 0));
        let mut response = libc::seccomp_notif_resp { id: call.id, val, error, flags: 0 };
        // Whoever asked may be gone.
        let _ = self.ask(libc::SECCOMP_IOCTL_NOTIF_SEND, &mut response);
        Ok(())
    }

    fn ask<T>(&self, what: libc::Ioctl, value: &mut T) -> io::Result<i32> {
        // SAFETY: the caller passes the structure that the request is defined with.
        let done =
            unsafe { libc::ioctl(self.listener.as_raw_fd(), what, std::ptr::from_mut(value)) };
        if done < 0 { Err(io::Error::last_os_error()) } else { Ok(done) }
    }

    fn answer(&mut self, call: &libc::seccomp_notif, memory: &Memory) -> Done {
        let args = call.data.args;
        let number = libc::c_long::from(call.data.nr);
        if number == libc::SYS_socket {
            let fd = FIRST + u32::try_from(self.sockets.len()).map_err(|_| libc::EMFILE)?;
            let mut gift = libc::seccomp_notif_addfd {
                id: call.id,
                flags: 1, // SECCOMP_ADDFD_FLAG_SETFD: under this number
                srcfd: u32::try_from(self.nothing.as_raw_fd()).map_err(|_| libc::EBADF)?,
                newfd: fd,
                newfd_flags: u32::try_from(libc::O_CLOEXEC).map_err(|_| libc::EINVAL)?,
            };
            self.ask(libc::SECCOMP_IOCTL_NOTIF_ADDFD, &mut gift).map_err(|_| libc::EMFILE)?;
            self.sockets.push(VecDeque::new());
            return Ok(i64::from(fd));
        }
        let at = usize::try_from(args[0] - u64::from(FIRST)).map_err(|_| libc::EBADF)?;
        match number {
            libc::SYS_getsockname => {
                memory.write(args[1], &KERNEL)?;
                memory.write(args[2], &12u32.to_ne_bytes())?;
            }
            libc::SYS_getsockopt => memory.write(args[3], &(1u32 << 20).to_ne_bytes())?,
            libc::SYS_sendto => return self.asked(at, memory.read(args[1], args[2])?),
            libc::SYS_sendmsg => {
                let mut request = Vec::new();
                for (place, len) in memory.parts(args[1])? {
                    request.extend(memory.read(place, len)?);
                }
                return self.asked(at, request);
            }
            libc::SYS_recvfrom => {
                let got = self.receive(at, args[3], &[(args[1], args[2])], memory)?;
                if args[4] != 0 {
                    memory.write(args[4], &KERNEL)?;
                    memory.write(args[5], &12u32.to_ne_bytes())?;
                }
                return Ok(got.0);
            }
            libc::SYS_recvmsg => {
                let (len, cut) = self.receive(at, args[2], &memory.parts(args[1])?, memory)?;
                let name = memory.word(args[1])?;
                if name != 0 {
                    memory.write(name, &KERNEL)?;
                    memory.write(args[1] + 8, &12u32.to_ne_bytes())?;
                }
                memory.write(args[1] + 40, &0u64.to_ne_bytes())?;
                memory.write(args[1] + 48, &(if cut { 0x20u32 } else { 0 }).to_ne_bytes())?;
                return Ok(len);
            }
            // bind, connect, setsockopt
            _ => {}
        }
        Ok(0)
    }

    /// One or more requests were sent.
    fn asked(&mut self, at: usize, all: Vec<u8>) -> Done {
        let queue = self.sockets.get_mut(at).ok_or(libc::EBADF)?;
        let mut rest = &all[..];
        // As the kernel does: what is too short for a message is none.
        while let Some(len) = rest.first_chunk().map(|len| u32::from_ne_bytes(*len) as usize)
            && let Some(one) = rest.get(..len)
            && len >= 16
        {
            queue.extend(self.answers.to(one));
            rest = rest.get(len.next_multiple_of(4)..).unwrap_or(&[]);
        }
        i64::try_from(all.len()).map_err(|_| libc::EMSGSIZE)
    }

    /// What recv(2) returns, and whether the datagram was longer than its room.
    fn receive(
        &mut self,
        at: usize,
        flags: u64,
        parts: &[(u64, u64)],
        memory: &Memory,
    ) -> Result<(i64, bool), i32> {
        const PEEK: u64 = libc::MSG_PEEK as u64;
        const TRUNC: u64 = libc::MSG_TRUNC as u64;
        const DONTWAIT: u64 = libc::MSG_DONTWAIT as u64;
        let queue = self.sockets.get_mut(at).ok_or(libc::EBADF)?;
        // Nothing more will come.
        let gone = if flags & DONTWAIT != 0 { libc::EAGAIN } else { libc::ECONNRESET };
        let datagram = queue.front().cloned().ok_or(gone)?;
        if flags & PEEK == 0 {
            queue.pop_front();
        }
        let mut rest = &datagram[..];
        for &(place, len) in parts {
            let (now, later) = rest.split_at(rest.len().min(usize::try_from(len).unwrap_or(0)));
            memory.write(place, now)?;
            rest = later;
        }
        let whole = if flags & TRUNC != 0 { datagram.len() } else { datagram.len() - rest.len() };
        Ok((i64::try_from(whole).map_err(|_| libc::EMSGSIZE)?, !rest.is_empty()))
    }
}

/// The memory of who has asked.
struct Memory(File);

impl Memory {
    fn read(&self, at: u64, len: u64) -> Result<Vec<u8>, i32> {
        let mut bytes = vec![0; usize::try_from(len.min(1 << 20)).map_err(|_| libc::EFAULT)?];
        self.0.read_exact_at(&mut bytes, at).map_err(|_| libc::EFAULT)?;
        Ok(bytes)
    }
    fn write(&self, at: u64, bytes: &[u8]) -> Result<(), i32> {
        self.0.write_all_at(bytes, at).map_err(|_| libc::EFAULT)
    }
    fn word(&self, at: u64) -> Result<u64, i32> {
        let bytes = self.read(at, 8)?;
        bytes.first_chunk().map(|b| u64::from_ne_bytes(*b)).ok_or(libc::EFAULT)
    }
    /// Where the parts of a struct msghdr are, and how long.
    fn parts(&self, header: u64) -> Result<Vec<(u64, u64)>, i32> {
        let (parts, count) = (self.word(header + 16)?, self.word(header + 24)?);
        (0..count.min(64))
            .map(|n| Ok((self.word(parts + 16 * n)?, self.word(parts + 16 * n + 8)?)))
            .collect()
    }
}
