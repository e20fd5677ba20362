//! A real packet, for those who ask for one.

use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::packet::{TCP, UDP};
use super::trip::Flow;
use crate::model::Network;
use crate::sys::netns;

/// Sends one packet and waits a second for the answer.
///
/// # Errors
///
/// When the namespace cannot be entered or the flow is one of UDP, which nobody need answer.
pub fn send(network: &Network, flow: Flow) -> Result<bool> {
    let space = &network.namespaces[flow.from];
    let ask = || -> Result<bool> {
        if flow.proto == TCP {
            let to = SocketAddr::new(flow.dst, flow.port);
            return Ok(TcpStream::connect_timeout(&to, Duration::from_secs(1)).is_ok());
        }
        let mut ping = Command::new("/proc/self/exe");
        ping.args(["ping", "-c", "1", "-W", "1", &flow.dst.to_string()]);
        if let Some(src) = flow.src {
            ping.args(["-I", &src.to_string()]);
        }
        ping.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(ping.status().context("cannot run ping")?.success())
    };
    if flow.proto == UDP {
        bail!("--probe sends a ping or opens a connection; nobody need answer UDP");
    }
    if flow.from == Network::HERE {
        return ask();
    }
    netns::inside(&space.file, ask).context("cannot enter the namespace")?
}
