//! What became of a flow: its stations, and where and why it stops.

use std::net::IpAddr;

use super::hooks::Culprit;
use super::packet::{Connection, Packet};
use super::segment::Segment;
use crate::model::End;

/// What is to be delivered.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    pub from: usize,
    /// Chosen as the kernel would, when absent.
    pub src: Option<IpAddr>,
    pub dst: IpAddr,
    /// IPPROTO_*
    pub proto: u8,
    /// 0 for ICMP.
    pub port: u16,
    /// It comes from somebody out of sight, by this device.
    pub enters: Option<End>,
}

/// What stops a packet.
#[derive(Debug)]
pub enum Why {
    /// "Network is unreachable"
    NoRoute,
    /// A route of type blackhole, unreachable, prohibit.
    Refused(u8),
    /// There is a way, but no address to send from.
    NoSource { device: u32 },
    /// What is for this host itself goes by lo, which is down.
    LoDown,
    /// An address of 127.0.0.0/8 does not leave the host.
    LoopbackSource { device: u32 },
    /// Nobody on the link has the address.
    Unresolved { device: u32, addr: IpAddr, segment: Segment },
    /// Whoever has the address thinks that it is asked by itself.
    AskedBySelf { addr: IpAddr, other: End },
    /// The hardware address that is known is nobody's, or somebody else's.
    WrongMac { device: u32, addr: IpAddr },
    /// Packets for others are not passed on.
    NotForwarding { device: u32 },
    /// The source is an address of the host that has received it.
    Martian { device: u32 },
    /// The way back does not lead through the device.
    ReversePath { device: u32 },
    /// A rule or a policy; between ports of this bridge.
    Filtered { culprit: Culprit, bridge: Option<u32> },
    /// A bridge does not send a frame back by the port it came by.
    Hairpin { port: u32 },
    /// It goes in circles.
    Circle,
    /// It leaves the machine with a source that nobody outside knows.
    NoReturn { device: u32 },
    /// It leaves the machine, though the address is that of a namespace here.
    Astray { device: u32 },
    /// The answer comes from another address than the one that was asked.
    WrongAnswer,
    /// Nobody listens.
    Closed,
    /// Echo requests are ignored.
    Mute,
}

/// Where and why a packet stops.
#[derive(Debug)]
pub struct Stop {
    pub why: Why,
    pub ns: usize,
    /// As it was there.
    pub packet: Packet,
    /// It was the answer.
    pub back: bool,
}

/// One station.
#[derive(Clone, Debug)]
pub struct Step {
    pub ns: usize,
    pub back: bool,
    pub what: Did,
    /// After what was done.
    pub packet: Packet,
}

/// What happens at a station.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// By the device, to the next stop.
    Sent {
        device: u32,
        next: IpAddr,
    },
    /// From device to device.
    Forwarded {
        from: u32,
        device: u32,
        next: IpAddr,
    },
    /// Between ports of a bridge whose frames go through the rules.
    Bridged {
        bridge: u32,
    },
    Arrived,
    /// Out of sight.
    Left {
        device: u32,
    },
}

/// What became of a flow.
pub struct Trip {
    pub steps: Vec<Step>,
    pub stop: Option<Stop>,
    /// What could not be judged, as sentences.
    pub doubts: Vec<String>,
    pub connections: Vec<Connection>,
    /// The namespace where it arrived.
    pub end: Option<usize>,
    /// The packet as it arrived there.
    pub arrived: Option<Packet>,
    /// The first packet, as it was sent.
    pub sent: Option<Packet>,
}

impl Trip {
    /// The namespaces that have passed the first packet on.
    pub fn forwarders(&self) -> impl Iterator<Item = (usize, u32, u32)> {
        self.steps.iter().filter(|s| !s.back).filter_map(|s| match s.what {
            Did::Forwarded { from, device, .. } => Some((s.ns, from, device)),
            _ => None,
        })
    }
    /// What a namespace remembers of the connection.
    pub fn connection(&self, ns: usize) -> Option<&Connection> {
        self.connections.iter().find(|c| c.ns == ns)
    }
    /// Whether its destination was exchanged for another somewhere.
    pub fn is_dnat(&self) -> bool {
        self.connections.iter().any(Connection::is_dnat)
    }
}
