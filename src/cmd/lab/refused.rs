//! Why a user may not have namespaces, and what to do about it.

use std::io;

use crate::error::strerror;
use crate::sys::{file, userns::Refused};

/// The whole explanation, the refused call first.
pub fn explained(refused: &Refused) -> anyhow::Error {
    let program = std::env::current_exe().unwrap_or_else(|_| "/usr/local/bin/ipbox".into());
    anyhow::Error::msg(text(refused, &program.to_string_lossy(), setting))
}

/// A number below /proc/sys.
fn setting(name: &str) -> Option<u64> {
    let text = file::read(format!("/proc/sys/{}", name.replace('.', "/")).as_bytes()).ok()?;
    std::str::from_utf8(&text).ok()?.trim().parse().ok()
}

const APPARMOR: &str = "kernel.apparmor_restrict_unprivileged_userns";

fn text(refused: &Refused, program: &str, setting: impl Fn(&str) -> Option<u64>) -> String {
    let (call, why) = match refused {
        Refused::Namespaces(e) => ("the kernel refuses new namespaces", e),
        Refused::Maps(e) => ("the kernel refuses the user map of a new namespace", e),
        Refused::Rights(e) => ("root of a new namespace has no rights in it", e),
    };
    let remedy = if setting(APPARMOR) == Some(1) {
        format!(
            "AppArmor keeps user namespaces from programs without a profile (Ubuntu 23.10 and later).\n\
             Allow them to this program, for good:\n\n\
             sudo tee /etc/apparmor.d/ipbox <<'END'\n\
             abi <abi/4.0>,\n\
             include <tunables/global>\n\
             profile ipbox \"{program}\" flags=(unconfined) {{\n  userns,\n}}\n\
             END\n\
             sudo apparmor_parser -r /etc/apparmor.d/ipbox\n\n\
             or to every program, until the next start of the machine:\n\n\
             sudo sysctl -w {APPARMOR}=0"
        )
    } else if setting("kernel.unprivileged_userns_clone") == Some(0) {
        allow(
            "User namespaces are switched off for ordinary users",
            "kernel.unprivileged_userns_clone=1",
        )
    } else if let Some(name) = ["user.max_user_namespaces", "user.max_net_namespaces"]
        .into_iter()
        .find(|name| setting(name) == Some(0))
    {
        allow("Namespaces are switched off", &format!("{name}=10000"))
    } else if why.raw_os_error() == Some(libc::ENOSPC) || why.raw_os_error() == Some(libc::EUSERS) {
        allow(
            "There are too many namespaces already, or too deep",
            "user.max_user_namespaces=100000",
        )
    } else if why.kind() == io::ErrorKind::PermissionDenied {
        "In a container this is its own restriction: start it with more rights, with Docker\n\
         --security-opt seccomp=unconfined --security-opt apparmor=unconfined, or with --privileged."
            .to_owned()
    } else {
        "The kernel may have been built without user namespaces; root can do without them."
            .to_owned()
    };
    format!("{call}: {}\n{remedy}", strerror(why))
}

fn allow(what: &str, assignment: &str) -> String {
    format!("{what}. Allow them:\n\nsudo sysctl -w {assignment}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(refused: &Refused, settings: &[(&str, u64)]) -> String {
        text(refused, "/home/me/ipbox", |name| settings.iter().find(|s| s.0 == name).map(|s| s.1))
    }
    fn eperm() -> io::Error {
        io::Error::from_raw_os_error(libc::EPERM)
    }

    #[test]
    fn apparmor_is_recognized_and_its_remedies_are_complete() {
        for refused in
            [Refused::Maps(eperm()), Refused::Namespaces(eperm()), Refused::Rights(eperm())]
        {
            let text = said(&refused, &[(APPARMOR, 1), ("user.max_user_namespaces", 9)]);
            assert!(text.contains("Operation not permitted"), "{text}");
            assert!(text.contains("sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"));
            assert!(
                text.contains(
                    "profile ipbox \"/home/me/ipbox\" flags=(unconfined) {\n  userns,\n}"
                )
            );
        }
    }

    #[test]
    fn other_switches_are_named() {
        let refused = Refused::Namespaces(eperm());
        let text = said(&refused, &[("kernel.unprivileged_userns_clone", 0), (APPARMOR, 0)]);
        assert!(text.ends_with("sudo sysctl -w kernel.unprivileged_userns_clone=1"), "{text}");
        let refused = Refused::Namespaces(io::Error::from_raw_os_error(libc::ENOSPC));
        let text = said(&refused, &[("user.max_user_namespaces", 0)]);
        assert!(text.ends_with("sudo sysctl -w user.max_user_namespaces=10000"), "{text}");
    }
}
