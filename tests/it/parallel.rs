//! A hundred processes that add and delete the same things at once: what was reported as done is
//! what the kernel holds in the end.

use std::collections::BTreeMap;

use crate::lab::Lab;

/// Each process tries to add or to delete things of a small pool, in an order of its own, and
/// says what succeeded: `+ THING` or `- THING`, in a file that each appends to. The pool is small so that most attempts collide.
const CALLERS: &str = r#"
ip link add v0 type veth peer name v1
ip link set v0 up; ip link set v1 up
caller() {
    n=$1
    for round in 1 2 3 4 5 6; do
        n=$(((n * 1103515245 + 12345) % 2147483648))
        k=$((n / 65536 % 8))
        case $((n / 8388608 % 4)) in
        0) what=route words="10.9.$k.0/24 dev v0" ;;
        1) what=neigh words="10.8.0.$k lladdr 02:00:00:00:00:0$k dev v0" ;;
        2) what=rule words="pref 10$k from 10.7.$k.0/24 table 7" ;;
        3) what=nexthop words="id 10$k dev v0" ;;
        esac
        case $((n / 1048576 % 2)) in
        0) ip $what add $words 2>/dev/null && echo "+ $what $k" >>/tmp/told ;;
        1) ip $what del $words 2>/dev/null && echo "- $what $k" >>/tmp/told ;;
        esac
    done
}
i=0
while [ $i -lt 100 ]; do caller $((i * 7919 + 1)) & i=$((i + 1)); done
wait
cat /tmp/told
"#;

/// What is there, in the same words.
const LEFT: &str = r#"
ip route show | sed -n 's|^10\.9\.\([0-9]*\)\..*|route \1|p'
ip neigh show dev v0 | sed -n 's|^10\.8\.0\.\([0-9]*\) .*|neigh \1|p'
ip rule show | sed -n 's|^10\([0-9]\):.*|rule \1|p'
ip nexthop show | sed -n 's|^id 10\([0-9]\) .*|nexthop \1|p'
"#;

#[test]
fn what_a_hundred_processes_report_is_what_is_there() {
    let lab = Lab::patient(120);
    let told = lab.run_sh(CALLERS);
    let mut sums: BTreeMap<String, i32> = BTreeMap::new();
    for line in told.out().lines() {
        let (sign, thing) = line.split_at(2);
        *sums.entry(thing.to_owned()).or_default() += if sign == "+ " { 1 } else { -1 };
    }
    let done = told.out().lines().count();
    assert!(done > 100, "too few attempts succeed for a test: {told}");
    let mut reported: Vec<String> =
        sums.iter().filter(|(_, n)| **n != 0).map(|(thing, n)| format!("{thing} {n}")).collect();
    reported.sort();
    let left = lab.sh(crate::lab::Tool::Theirs, LEFT);
    let mut there: Vec<String> = left.out().lines().map(|thing| format!("{thing} 1")).collect();
    there.sort();
    assert_eq!(reported, there, "{told}");
}
