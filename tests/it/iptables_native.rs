//! iptables on a kernel without the layer for x_tables: under tests/vm/run.sh, where the kernel is
//! kept from loading it.

use crate::lab::{Lab, Tool};
use std::fmt::Write as _;

/// Rules of tutorials and of container software, by table and chain.
#[rustfmt::skip] // one row, one line
const RULES: &[(&str, &str, &str)] = &[
    ("filter", "INPUT", "-m state --state NEW,ESTABLISHED -j ACCEPT"),
    ("filter", "INPUT", "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"),
    ("filter", "INPUT", "-m conntrack ! --ctstate INVALID -j ACCEPT"),
    ("filter", "INPUT", "-m conntrack --ctstate DNAT --ctdir REPLY -j ACCEPT"),
    ("filter", "INPUT", "-p tcp -m tcp -j ACCEPT"),
    ("filter", "INPUT", "-p tcp -m tcp --dport 22 -m comment --comment \"ssh, please\" -j ACCEPT"),
    ("filter", "INPUT", "-p tcp -m multiport --dports 443,22,80:90 -j ACCEPT"),
    ("filter", "INPUT", "-p udp -m multiport ! --sports 53,5 -j DROP"),
    ("filter", "INPUT", "-p icmp -m icmp --icmp-type 8 -m limit --limit 3/min -j ACCEPT"),
    ("filter", "INPUT", "-p icmp -m icmp --icmp-type any -j ACCEPT"),
    ("filter", "INPUT", "-m iprange --src-range 10.0.0.1-10.0.0.9 -j DROP"),
    ("filter", "INPUT", "-m mac --mac-source 02:00:00:00:00:01 -j DROP"),
    ("filter", "INPUT", "-m pkttype --pkt-type multicast -j DROP"),
    ("filter", "INPUT", "-m ttl --ttl-lt 5 -j DROP"),
    ("filter", "INPUT", "-j LOG --log-prefix \"a b \" --log-level 7"),
    ("filter", "INPUT", "-p tcp -j REJECT --reject-with tcp-reset"),
    ("filter", "INPUT", "-j REJECT --reject-with icmp-port-unreachable"),
    ("mangle", "PREROUTING", "-m mark --mark 0x1/0xff -j MARK --set-xmark 0x4000/0x4000"),
    ("mangle", "PREROUTING", "-j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff"),
    ("mangle", "PREROUTING", "-m connmark --mark 0x1 -j CONNMARK --set-xmark 0x1/0x3"),
    ("nat", "PREROUTING", "-p tcp -m addrtype --dst-type LOCAL -m tcp --dport 80 -j DNAT --to-destination 10.0.0.2:8080"),
    ("nat", "PREROUTING", "-m comment --comment \"kube service\" -m addrtype --dst-type LOCAL,BROADCAST -j RETURN"),
    ("nat", "PREROUTING", "-m statistic --mode random --probability 0.33333333349 -j RETURN"),
    ("nat", "PREROUTING", "-p tcp -m tcp --dport 81 -j REDIRECT --to-ports 3128"),
    ("nat", "POSTROUTING", "-s 172.17.0.0/16 ! -o docker0 -j MASQUERADE"),
    ("nat", "POSTROUTING", "-p tcp -j SNAT --to-source 1.2.3.4:1000-2000"),
    ("nat", "POSTROUTING", "-j MASQUERADE --random-fully"),
];

/// The kernel asks this for modules: those of x_tables it does not get.
const LOADER: &str = "#!/run/vm/bin/busybox sh
case \" $* \" in
*nft_compat* | *nft-expr-*match* | *nft-expr-*target* | *xt_* | *ipt_* | *ip6t_* | *nfnetlink-subsys-11*) exit 1 ;;
esac
exec /run/vm/modprobe \"$@\"
";

/// Sets what the kernel asks for modules.
fn load_by(loader: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write("/run/vm/loader", loader).expect("a machine of its own");
    std::fs::set_permissions("/run/vm/loader", PermissionsExt::from_mode(0o755)).expect("allowed");
    std::fs::write("/proc/sys/kernel/modprobe", "/run/vm/loader").expect("allowed");
}

/// What the doctor says of a network that lacks NAT, whether what it prints mends that.
fn the_doctor_knows(expected: &[&str], words: &str) {
    use crate::doctor::{DIR, in_lab, rules};
    let said = in_lab(&format!(
        ". {DIR}/tutorial.sh >/dev/null 2>&1
        iptables -t nat -F 2>/dev/null
        ipbox doctor blue 192.168.1.3 >/run/out; cat /run/out
        sed -n 's/^    [$] //p' /run/out >/run/fix; sh -e /run/fix; echo \"MENDED $?\"
        ip netns exec blue ping -c1 -W5 192.168.1.3 >/dev/null; echo \"REAL $?\"
        ipbox doctor blue 192.168.1.3; echo \"STATUS $?\""
    ));
    let (before, after) = said.split_once("MENDED 0\n").unwrap_or_else(|| panic!("{said}"));
    assert_eq!(rules(before), expected, "{said}");
    assert!(before.contains(words), "{said}");
    assert!(after.starts_with("REAL 0\n") && after.ends_with("STATUS 0\n"), "{said}");
}

#[test]
#[ignore = "needs another kernel: tests/vm/run.sh"]
fn rules_are_made_and_listed_without_xtables() {
    assert!(std::env::var_os("VM").is_some(), "only in a machine of its own");
    // First a kernel that cannot masquerade at all.
    load_by(&LOADER.replace("*xt_*", "*masq* | *xt_*"));
    the_doctor_knows(&["D35"], "this kernel cannot masquerade");
    load_by(LOADER);
    the_doctor_knows(&["D35", "D20"], "ipbox iptables makes the rule");

    let lab = Lab::patient(600);
    let out = lab.ours("iptables --check-kernel");
    assert_eq!(out.out(), "compatibility: no\nnative: yes\nlegacy: no\n", "{out}");
    assert_eq!(lab.theirs("iptables -A INPUT -m state --state NEW").status, 4);
    for (table, chain, words) in RULES {
        let out = lab.ours(&format!("iptables -t {table} -A {chain} {words}"));
        assert_eq!((out.status, out.err().as_str()), (0, ""), "{words}: {out}");
    }
    let listed = || {
        let chains = [("filter", "INPUT"), ("mangle", "PREROUTING"), ("nat", "PREROUTING")];
        chains.iter().chain(&[("nat", "POSTROUTING")]).fold(String::new(), |all, (table, chain)| {
            all + &lab.ours(&format!("iptables -t {table} -S {chain}")).out()
        })
    };
    let mut expected = String::new();
    let mut last = "";
    for (_, chain, words) in RULES {
        let title = if *chain == last { String::new() } else { format!("-P {chain} ACCEPT\n") };
        let _ = writeln!(expected, "{title}-A {chain} {words}");
        last = chain;
    }
    // Two tables have a chain of this name.
    let expected = expected.replacen(
        "-A PREROUTING -p tcp -m addrtype",
        "-P PREROUTING ACCEPT\n-A PREROUTING -p tcp -m addrtype",
        1,
    );
    assert_eq!(listed(), expected);
    let ruleset = lab.theirs("nft list ruleset").out();
    assert!(!ruleset.contains("xt ") && ruleset.contains("masquerade"), "{ruleset}");

    // A file of them is the same again.
    let out = lab.run_sh("iptables-save > /tmp/saved && iptables-restore < /tmp/saved");
    assert_eq!((out.status, out.err().as_str()), (0, ""), "{out}");
    assert_eq!(listed(), expected);
    for verb in ["-C", "-D"] {
        for (table, chain, words) in RULES {
            let out = lab.ours(&format!("iptables -t {table} {verb} {chain} {words}"));
            assert_eq!(out.status, 0, "{verb} {words}: {out}");
        }
    }

    // What cannot be said natively is refused as the reference refuses it.
    let out = lab.ours("iptables -A INPUT -m physdev --physdev-in a");
    let expected = "Warning: Extension physdev revision 0 not supported, missing kernel module?\niptables v1.8.11 (nf_tables):  RULE_APPEND failed (No such file or directory): rule in chain INPUT\n";
    assert_eq!((out.status, out.err().as_str()), (4, expected));

    let file = b"*nat\n-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination [2001:db8::1]:80\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n";
    let out = lab.with_input(Tool::Ours, "ip6tables-restore", file);
    assert_eq!((out.status, out.err().as_str()), (0, ""), "{out}");
    let out = lab.ours("ip6tables -t nat -S PREROUTING 1");
    assert_eq!(
        out.out(),
        "-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination [2001:db8::1]:80\n"
    );
}
