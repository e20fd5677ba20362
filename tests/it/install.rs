//! `ipbox --install` and the names under which the program is called.

use crate::lab::Lab;

#[test]
fn links_are_made_and_nothing_is_replaced_unasked() {
    let lab = Lab::new();
    let out = lab.run_sh(
        "mkdir /tmp/bin; ipbox --install /tmp/bin; echo $?
         /tmp/bin/ip -V; readlink /tmp/bin/iptables-save | grep -c ipbox
         ipbox --install /tmp/bin; echo $?",
    );
    let text = out.out();
    assert!(text.starts_with("0\nip utility, iproute2-7.1.0, ipbox "), "{out}");
    assert!(text.ends_with("\n1\n0\n"), "{out}");

    let out = lab.run_sh(
        "rm /tmp/bin/ip; echo mine > /tmp/bin/ip; rm /tmp/bin/arp
         ipbox --install /tmp/bin; echo $?; cat /tmp/bin/ip; ls /tmp/bin/arp
         ipbox --install /tmp/bin --force; echo $?; /tmp/bin/ip -V | wc -l; ls /tmp/bin | grep -c '^\\.'",
    );
    // All or nothing: the missing link is not made either.
    assert_eq!(out.out(), "1\nmine\n0\n1\n0\n", "{out}");
    assert!(out.err().contains("--force would replace /tmp/bin/ip\n"), "{out}");
}

#[test]
fn what_cannot_be_installed_is_said() {
    let lab = Lab::new();
    for (line, status) in [
        ("ipbox --install /nowhere", 1),
        ("ipbox --install", 2),
        ("ipbox --force", 2),
        ("ipbox --nosuch", 2),
        ("ipbox nosuch", 1),
    ] {
        let out = lab.run_sh(line);
        assert_eq!(out.status, status, "{line}: {out}");
        assert!(!out.stderr.is_empty() && out.stdout.is_empty(), "{line}: {out}");
    }
}

#[test]
fn the_applets_are_listed() {
    let lab = Lab::new();
    let out = lab.run_sh("ipbox");
    assert_eq!(out.status, 0, "{out}");
    for name in crate::lab::APPLETS.iter().filter(|a| **a != "ipbox") {
        assert!(out.out().contains(&format!("  {name} ")), "{name}: {out}");
    }
    assert_eq!(
        lab.run_sh("ipbox --version").out(),
        concat!("ipbox ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

/// Of the names that the distribution's package installs.
#[test]
fn names_of_iptables_are_ours_or_say_that_they_are_not() {
    let lab = Lab::new();
    let call = |name: &str, words: &str| {
        lab.run_sh(&format!("ln -sf $(command -v ipbox) /tmp/{name}; /tmp/{name} {words}"))
    };
    for family in ["iptables", "ip6tables"] {
        for name in ["", "-save", "-restore", "-nft", "-nft-save", "-nft-restore"] {
            let out = call(&format!("{family}{name}"), "-V");
            let expected = format!("{family}{name} v1.8.11 (nf_tables)\n");
            assert_eq!((out.status, out.out()), (0, expected), "{out}");
        }
    }
    for name in [
        "iptables-legacy",
        "ip6tables-legacy-save",
        "iptables-translate",
        "iptables-restore-translate",
        "iptables-xml",
        "iptables-apply",
        "arptables",
        "ebtables-nft",
    ] {
        for words in ["", "-V", "-S", "-A INPUT -j DROP"] {
            let out = call(name, words);
            let expected = format!("ipbox: unknown applet \"{name}\"; ipbox alone lists them\n");
            assert_eq!((out.status, out.out(), out.err()), (1, String::new(), expected), "{out}");
        }
    }
}
