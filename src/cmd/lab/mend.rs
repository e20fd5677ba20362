//! What is wrong with a line of a lesson, and the line that was meant.
//!
//! Judged are the words, what there was before the line ran, and how it ended; so the same is
//! found whosever tools are used. A line may be wrong and succeed: an address without its length is
//! taken, and reaches nobody.

use std::net::Ipv4Addr;

use super::line::Line;
use super::world::{Address, World};

/// What is to be said about a line.
#[derive(Debug, PartialEq, Eq)]
pub enum Finding {
    /// It is not what was meant; why, a sentence for each mistake and perhaps one for what the
    /// lesson tells in words only, and what does it.
    Slip { why: Vec<String>, told: Option<String>, instead: Vec<String> },
    /// It is right, but something has to be done before.
    Early { why: String, first: Vec<String> },
    /// It failed, and that is as it should be.
    Fine(String),
}

/// A line and its outcome.
pub struct Outcome<'a> {
    pub line: &'a str,
    pub status: u8,
    /// What there was when it began.
    pub world: &'a World,
    /// Whether the host passes packets on.
    pub forwards: bool,
    /// The lines that are still to come.
    pub later: &'a [&'a str],
}

/// What there is to say about a line; nothing when it is right, or nobody knows.
pub fn judge(o: &Outcome<'_>) -> Option<Finding> {
    // Whatever is more than words to the shell is left to it.
    if o.line.contains(|c: char| "\n;|&<>$\"'`(){}[]*?\\#".contains(c)) {
        return None;
    }
    let mut line = Line::new(o.line, o.world, o.status != 0)?;
    match &*line.words[line.tool] {
        "ping" => return unanswered(&line, o),
        // So does the tool that everybody knows.
        "route" if o.status == 1 && line.tool + 1 == line.words.len() => {
            return Some(Finding::Fine("a table without a route ends so".into()));
        }
        "iptables" if o.status != 0 => line.iptables(),
        "ip" => {
            line.ip(o.world, o.status != 0);
            if o.status != 0 && line.why.is_empty() && line.told.is_none() {
                return line.moved_already(o.world);
            }
        }
        _ => {}
    }
    if line.why.is_empty() && line.told.is_none() {
        return None;
    }
    let mut instead = std::mem::take(&mut line.before);
    instead.push(line.words.join(" "));
    instead.append(&mut line.after);
    Some(Finding::Slip { why: line.why, told: line.told, instead })
}

/// Why a ping had no answer.
fn unanswered(line: &Line, o: &Outcome<'_>) -> Option<Finding> {
    let to = line.words.iter().rev().find_map(|w| v4(w))?;
    let room = o.world.room(&line.room).filter(|r| !r.name.is_empty())?;
    let ours = || room.addresses.iter().filter(|a| !a.address.is_loopback());
    if o.status == 0 || ours().any(|a| a.holds(to)) {
        return None;
    }
    let ip = line.ip_here();
    // The host's own addresses in a network of this namespace lead on.
    let host = o.world.room("")?;
    let gateway = host.addresses.iter().find(|g| ours().any(|a| a.holds(g.address)))?;
    match o.status {
        2 => {
            let why = format!("\"{}\" has no route to {to}", room.name);
            let adds = |l: &&str| l.contains(&*room.name) && l.contains("route add");
            Some(if o.later.iter().any(adds) {
                Finding::Fine(format!("{why}; the page comes to that"))
            } else {
                Finding::Early {
                    why,
                    first: vec![format!("{ip} route add default via {}", gateway.address)],
                }
            })
        }
        1 if !o.forwards => Some(Finding::Early {
            why: "the host does not pass packets on".into(),
            first: vec!["sysctl -w net.ipv4.ip_forward=1".into()],
        }),
        _ => None,
    }
}

impl Address {
    /// Whether another address is in its network.
    pub(super) fn holds(&self, other: Ipv4Addr) -> bool {
        let shift = 32 - u32::from(self.prefix_len.min(32));
        let network = |a: Ipv4Addr| u64::from(a.to_bits()) >> shift;
        network(self.address) == network(other)
    }
}

pub(super) fn v4(word: &str) -> Option<Ipv4Addr> {
    word.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::world::{Device, Room};
    use super::*;

    fn world() -> World {
        let device = |name: &str, index, peer| Device { name: name.into(), index, peer };
        let address = |device, text: &str, prefix_len| Address {
            device,
            address: text.parse().unwrap(),
            prefix_len,
        };
        let room = |name: &str, devices, addresses| Room { name: name.into(), devices, addresses };
        World(vec![
            room(
                "",
                vec![device("v-net-0", 9, None), device("eth0", 2, None)],
                vec![address(2, "192.168.1.2", 24)],
            ),
            room(
                "blue",
                vec![device("veth-blue", 4, Some(5))],
                vec![address(4, "192.168.15.2", 24)],
            ),
            room("red", vec![device("veth-red", 5, Some(4))], vec![address(5, "192.168.15.1", 24)]),
        ])
    }

    fn judged(line: &str, status: u8) -> Option<Finding> {
        judge(&Outcome { line, status, world: &world(), forwards: false, later: &[] })
    }

    fn instead(line: &str, status: u8) -> Vec<String> {
        match judged(line, status) {
            Some(Finding::Slip { why, told, instead }) => {
                assert!(!why.is_empty());
                assert_eq!(told.is_some(), instead.len() > 2);
                instead
            }
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn each_slip_has_its_correction() {
        for (line, status, corrected) in [
            (
                "ip link add veth-red type veth peer name veth blue",
                255,
                "ip link add veth-red type veth peer name veth-blue",
            ),
            ("ip link add v net type bridge", 255, "ip link add v-net type bridge"),
            (
                "ip -n red addr add 192.168.15.3 dev veth red",
                255,
                "ip -n red addr add 192.168.15.3/24 dev veth-red",
            ),
            (
                "ip netns blue ip route add default via 192.168.15.5",
                255,
                "ip netns exec blue ip route add default via 192.168.15.5",
            ),
            ("sudo ip nets exec red ip link", 1, "sudo ip netns exec red ip link"),
            ("ip lnik set eth0 up", 1, "ip link set eth0 up"),
            ("ip link set eth0 master Vnet0", 255, "ip link set eth0 master v-net-0"),
            ("ip -n red link set veth-rde up", 1, "ip -n red link set veth-red up"),
            (
                "ip -n red addr 10.0.0.1/8 dev veth-red",
                255,
                "ip -n red addr add 10.0.0.1/8 dev veth-red",
            ),
            (
                "iptables -a PREROUTING --dport 80 -J DNAT --to-destination 10.0.0.1",
                2,
                "iptables -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.1",
            ),
        ] {
            assert_eq!(instead(line, status), [corrected]);
        }
    }

    #[test]
    fn a_line_may_be_wrong_and_succeed() {
        assert_eq!(
            instead("ip addr add 192.168.15.5/25 dev v-net-0", 0),
            ["ip addr add 192.168.15.5/24 dev v-net-0", "ip addr del 192.168.15.5/25 dev v-net-0"]
        );
        assert_eq!(
            instead("ip -n red addr add 10.9.0.1 dev veth-red", 0),
            [
                "ip -n red addr add 10.9.0.1/24 dev veth-red",
                "ip -n red addr del 10.9.0.1/32 dev veth-red"
            ]
        );
    }

    #[test]
    fn a_cable_between_two_becomes_one_for_each() {
        assert_eq!(
            instead("ip link set veth-red-br master Vnet0", 255),
            [
                "ip -n red link delete veth-red",
                "ip link add veth-red-br type veth peer name veth-red netns red",
                "ip link add veth-blue-br type veth peer name veth-blue netns blue",
                "ip link set veth-red-br master v-net-0",
                "ip -n red addr add 192.168.15.1/24 dev veth-red",
                "ip -n red link set veth-red up",
                "ip link set veth-red-br master v-net-0 up",
                "ip -n blue addr add 192.168.15.2/24 dev veth-blue",
                "ip -n blue link set veth-blue up",
                "ip link set veth-blue-br master v-net-0 up",
            ]
        );
    }

    #[test]
    fn what_is_right_is_left_alone() {
        for line in [
            "ip addr add 192.168.15.5/24 dev v-net-0",
            "ip addr add 10.0.0.1/32 dev eth0",
            "ip addr add 10.0.0.1 dev lo",
            "ip link add veth-green type veth peer name veth-green-br",
            "ip netns",
            "ip -n red link",
            "ip",
            "sudo",
            "ip netns exec",
            "echo a; ip addr add 10.0.0.1 dev eth0",
            "iptables -t nat -A POSTROUTING -j MASQUERADE",
        ] {
            assert_eq!(judged(line, 0), None, "{line}");
        }
        for line in ["ip frobnicate", "ip link set nowhere up", "ls -l", "ip addr add", "ip -n"] {
            assert_eq!(judged(line, 1), None, "{line}");
        }
        assert!(matches!(judged("ip link set veth-red netns red", 1), Some(Finding::Fine(_))));
    }

    #[test]
    fn a_ping_without_an_answer_is_explained() {
        let mut world = world();
        world.0[0].addresses.push(Address {
            device: 9,
            address: "192.168.15.5".parse().unwrap(),
            prefix_len: 24,
        });
        let line = "ip netns exec blue ping 192.168.1.3";
        let judged =
            |status, later| judge(&Outcome { line, status, world: &world, forwards: false, later });
        assert!(matches!(
            judged(2, &["ip -n blue route add default via x"]),
            Some(Finding::Fine(_))
        ));
        let first = |finding| match finding {
            Some(Finding::Early { first, .. }) => first,
            other => panic!("{other:?}"),
        };
        assert_eq!(first(judged(2, &[])), ["ip -n blue route add default via 192.168.15.5"]);
        assert_eq!(first(judged(1, &[])), ["sysctl -w net.ipv4.ip_forward=1"]);
        assert_eq!(judged(0, &[]), None);
    }
}
