//! `vf N { … }`: settings of one virtual function.

use super::Change;
use crate::cli::{Args, Usage, prefix, value};
use crate::error::Error;
use crate::netlink::{Attrs, NLA_F_NESTED};
use crate::rtnl::consts::IFLA_VFINFO_LIST;

use super::super::device;
use super::super::vf::{
    ETH_P_8021AD, ETH_P_8021Q, IFLA_VF_IB_NODE_GUID, IFLA_VF_IB_PORT_GUID, IFLA_VF_INFO,
    IFLA_VF_LINK_STATE, IFLA_VF_MAC, IFLA_VF_RATE, IFLA_VF_RSS_QUERY_EN, IFLA_VF_SPOOFCHK,
    IFLA_VF_TRUST, IFLA_VF_TX_RATE, IFLA_VF_VLAN, IFLA_VF_VLAN_LIST, LINK_STATES,
};

/// For the usage.
pub const USAGE: &str = "NUM { mac LLADDR | vlan VLANID [ qos VLAN-QOS ] [ proto VLAN-PROTO ] | rate TXRATE | max_tx_rate TXRATE | min_tx_rate TXRATE | spoofchk { on | off } | query_rss { on | off } | state { auto | enable | disable } | trust { on | off } | node_guid GUID | port_guid GUID }";

const WORDS: &[&str] = &[
    "mac",
    "vlan",
    "rate",
    "max_tx_rate",
    "min_tx_rate",
    "spoofchk",
    "query_rss",
    "trust",
    "state",
    "node_guid",
    "port_guid",
];

/// Limits in Mbit/s; the one that is not typed is kept as it is.
#[derive(Default)]
struct Rates {
    min: Option<u32>,
    max: Option<u32>,
}

/// Reads the number and settings up to the first word that is none.
pub fn vf<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    let number = args.value(value::i32, "Invalid \"vf\" value\n")?.cast_unsigned();
    let Some(dev) = c.subject() else { return Err(args.required("dev").into()) };
    let list = c.req.nest(IFLA_VFINFO_LIST);
    let info = c.req.nest(IFLA_VF_INFO | NLA_F_NESTED);
    let mut rates = Rates::default();
    let mut some = false;
    while let Some(word) = args.peek() {
        let Some(name) = WORDS.iter().find(|w| prefix(w).is(word)) else { break };
        args.take();
        c.req.from_word(args.at());
        setting(args, c, number, name, &mut rates)?;
        some = true;
    }
    if !some {
        return Err(args.incomplete().into());
    }
    if rates.min.is_some() || rates.max.is_some() {
        limit(c, dev, number, &rates)?;
    }
    c.req.end(info);
    c.req.end(list);
    Ok(())
}

fn setting(
    args: &mut Args<'_>,
    c: &mut Change<'_, '_>,
    vf: u32,
    name: &str,
    rates: &mut Rates,
) -> Result<(), Error> {
    let rate = |args: &mut Args<'_>, what: &str| {
        args.value(value::u32, &format!("Invalid \"{what}\" value\n"))
    };
    match name {
        "mac" => {
            let mac = device::lladdr(args)?;
            // struct ifla_vf_mac: vf u32, mac [u8; 32].
            let mut bytes = vf.to_ne_bytes().to_vec();
            bytes.extend_from_slice(&mac);
            bytes.resize(36, 0);
            c.req.attr(IFLA_VF_MAC, &bytes);
        }
        "vlan" => vlan(args, c, vf)?,
        "rate" => {
            let v = rate(args, "rate")?;
            words(c, IFLA_VF_TX_RATE, &[vf, v]);
        }
        "max_tx_rate" => rates.max = Some(rate(args, "max tx rate")?),
        "min_tx_rate" => rates.min = Some(rate(args, "min tx rate")?),
        "spoofchk" => switch(args, c, vf, name, IFLA_VF_SPOOFCHK)?,
        "query_rss" => switch(args, c, vf, name, IFLA_VF_RSS_QUERY_EN)?,
        "trust" => switch(args, c, vf, name, IFLA_VF_TRUST)?,
        "state" => {
            let word = args.need()?;
            let state = LINK_STATES.iter().zip(0u32..).find(|(s, _)| prefix(s).is(word));
            let (_, state) = state.ok_or_else(|| args.wrong("Invalid \"state\" value\n"))?;
            words(c, IFLA_VF_LINK_STATE, &[vf, state]);
        }
        "node_guid" => guid(args, c, vf, IFLA_VF_IB_NODE_GUID)?,
        _ => guid(args, c, vf, IFLA_VF_IB_PORT_GUID)?,
    }
    Ok(())
}

/// A structure of 32-bit fields.
fn words(c: &mut Change<'_, '_>, attr: u16, fields: &[u32]) {
    let bytes: Vec<u8> = fields.iter().flat_map(|f| f.to_ne_bytes()).collect();
    c.req.attr(attr, &bytes);
}

fn switch(
    args: &mut Args<'_>,
    c: &mut Change<'_, '_>,
    vf: u32,
    name: &str,
    attr: u16,
) -> Result<(), Error> {
    args.need()?;
    args.back();
    let on = args.on_off(name, 1).map_err(Error::returned)?;
    words(c, attr, &[vf, on.into()]);
    Ok(())
}

/// `VLAN [qos N] [proto P]`, for 802.1ad any number of times.
fn vlan(args: &mut Args<'_>, c: &mut Change<'_, '_>, vf: u32) -> Result<(), Error> {
    let mut vlans = vec![one_vlan(args)?];
    while vlans.iter().any(|v| v.2 == ETH_P_8021AD)
        && args.peek().is_some_and(|w| prefix("vlan").is(w))
    {
        args.take();
        vlans.push(one_vlan(args)?);
    }
    match vlans[..] {
        [(id, qos, ETH_P_8021Q)] => words(c, IFLA_VF_VLAN, &[vf, id, qos]),
        _ => {
            let list = c.req.nest(IFLA_VF_VLAN_LIST);
            for (id, qos, protocol) in vlans {
                // struct ifla_vf_vlan_info: vf, vlan, qos u32, protocol be16, padding.
                let mut bytes: Vec<u8> =
                    [vf, id, qos].iter().flat_map(|f| f.to_ne_bytes()).collect();
                bytes.extend_from_slice(&protocol.to_be_bytes());
                bytes.extend_from_slice(&[0; 2]);
                c.req.attr(IFLA_VF_INFO, &bytes);
            }
            c.req.end(list);
        }
    }
    Ok(())
}

fn one_vlan(args: &mut Args<'_>) -> Result<(u32, u32, u16), Usage> {
    let id = args.value(value::u32, "Invalid \"vlan\" value\n")?;
    let (mut qos, mut protocol) = (0, ETH_P_8021Q);
    if args.peek().is_some_and(|w| prefix("qos").is(w)) {
        args.take();
        qos = args.value(value::u32, "Invalid \"qos\" value\n")?;
    }
    if args.peek().is_some_and(|w| prefix("proto").is(w)) {
        args.take();
        protocol = match args.need()? {
            w if w.eq_ignore_ascii_case(b"802.1q") => ETH_P_8021Q,
            w if w.eq_ignore_ascii_case(b"802.1ad") => ETH_P_8021AD,
            _ => return Err(args.wrong("protocol is invalid\n")),
        };
    }
    Ok((id, qos, protocol))
}

/// Eight bytes in hexadecimal, joined by `:`.
fn guid(args: &mut Args<'_>, c: &mut Change<'_, '_>, vf: u32, attr: u16) -> Result<(), Usage> {
    let word = args.need()?;
    let bytes = value::lladdr(word).filter(|b| b.len() == 8 && word.len() == 23);
    let bytes = bytes.ok_or_else(|| args.wrong("Invalid GUID format\n"))?;
    let number = bytes.iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
    // struct ifla_vf_guid: vf u32, padding, guid u64.
    let mut out = vf.to_ne_bytes().to_vec();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&number.to_ne_bytes());
    c.req.attr(attr, &out);
    Ok(())
}

/// Sends both limits; one that was not typed is read back from the kernel.
fn limit(c: &mut Change<'_, '_>, dev: &[u8], vf: u32, rates: &Rates) -> Result<(), Error> {
    let (mut min, mut max) = (rates.min, rates.max);
    if min.is_none() || max.is_none() {
        let none = || Error::failed(1, [b"Device ", dev, b" does not exist"].concat());
        let index = c.names.index(dev).ok_or_else(none)?;
        let now = device::ask(index, |link| match link.attr(IFLA_VFINFO_LIST) {
            Some(list) => list.nested().find_map(|info| current(info.nested(), vf)),
            // The kernel shall say that there are none (in the reference the other rate is random).
            None => Some((0, 0)),
        });
        let Some((old_min, old_max)) = now else {
            let text = format!("Cannot find VF {vf} of device \"");
            return Err(Error::failed(1, [text.as_bytes(), dev, b"\""].concat()));
        };
        min = min.or(Some(old_min));
        max = max.or(Some(old_max));
    }
    let (min, max) = (min.unwrap_or(0), max.unwrap_or(0));
    // 0 is no limit.
    if max > 0 && min > max {
        let text = format!("Invalid min_tx_rate {min} - must be <= max_tx_rate {max}");
        return Err(Error::failed(1, text));
    }
    words(c, IFLA_VF_RATE, &[vf, min, max]);
    Ok(())
}

/// The limits of a virtual function, when the attributes are about that one.
fn current(info: Attrs<'_>, vf: u32) -> Option<(u32, u32)> {
    let field = |at: usize| {
        let a = info.find(IFLA_VF_RATE)?;
        a.value.as_chunks::<4>().0.get(at).map(|b| u32::from_ne_bytes(*b))
    };
    (field(0)? == vf).then_some((field(1)?, field(2)?))
}
