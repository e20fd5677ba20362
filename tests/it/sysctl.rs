//! sysctl, where it does or says more than the reference.

use crate::lab::Lab;

/// Runs a command where a file of the system sets the time to live; what it says but for which files
/// it reads, since the machine's own are among them.
fn with_system_file(line: &str) -> (Lab, i32, String) {
    let lab = Lab::new();
    lab.run_sh(
        "mkdir -p /etc/sysctl.d; echo net.ipv4.ip_default_ttl=70 >/etc/sysctl.d/10-a.conf
         echo net.ipv4.ip_forward=1 >/tmp/f",
    );
    let out = lab.run("sysctl", &format!("-r ^net.ipv4.ip_[df] {line}"));
    let text = out.out();
    let settings = text.split_inclusive('\n').filter(|l| !l.starts_with("* Applying ")).collect();
    (lab, out.status, settings)
}

#[test]
fn the_files_of_the_system_and_a_file() {
    let both = "net.ipv4.ip_default_ttl = 70\nnet.ipv4.ip_forward = 1\n";
    for line in ["--system -p /tmp/f", "-p /tmp/f --system", "--system --load=/tmp/f"] {
        let (lab, status, text) = with_system_file(line);
        assert_eq!((status, text.as_str()), (0, both), "{line}");
        let out = lab.run("sysctl", "net.ipv4.ip_default_ttl net.ipv4.ip_forward");
        assert_eq!(out.out(), both, "{line}");
    }
    let (_, status, text) = with_system_file("--system -p /tmp/nosuch");
    assert_eq!((status, text.as_str()), (1, "net.ipv4.ip_default_ttl = 70\n"));
}

#[test]
fn the_files_of_the_system_and_all_settings() {
    let (_, status, text) = with_system_file("--system -a");
    let written = text.matches("net.ipv4.ip_default_ttl = 70\n").count();
    assert_eq!((status, written), (0, 2), "{text}");
    assert!(text.contains("net.ipv4.ip_forward = 0\n"), "{text}");
}

#[test]
fn a_search_that_is_given_up_is_told() {
    let lab = Lab::new();
    let long = "a".repeat(500);
    lab.run_sh(&format!("printf '{long}=1\nnet.ipv4.ip_default_ttl=64\n' >/tmp/f"));
    let out = lab.run("sysctl", r"-r '(a*)*\1\1\1b|ttl' -p /tmp/f");
    let wanted = format!("sysctl: searching for the pattern took too long in \"{long}=1\"\n");
    assert_eq!((out.status, out.err()), (1, wanted));
    assert_eq!(out.out(), "net.ipv4.ip_default_ttl = 64\n");
}

#[test]
fn a_pattern_for_too_many_files_is_told() {
    let lab = Lab::new();
    let all = format!("net{}/ipv4/ip_forward", "/*/..".repeat(30));
    let told = |path: &str| format!("sysctl: pattern \"{path}\" stands for too many files\n");
    lab.run_sh(&format!("printf '{all}=1\nnet.ipv4.ip_default_ttl=64\n' >/tmp/f"));
    let out = lab.run("sysctl", "-p /tmp/f");
    assert_eq!((out.status, out.err()), (1, told(&format!("/proc/sys/{all}"))));
    assert_eq!(out.out(), "net.ipv4.ip_default_ttl = 64\n");
    let out = lab.run("sysctl", &format!("-p /proc/sys/{all}"));
    assert_eq!((out.status, out.err()), (1, told(&format!("/proc/sys/{all}"))));
}
