//! `macsec`: encryption between neighbours (IEEE 802.1AE); keys are set by `ip macsec`.

use super::{LinkKind, Words};
use crate::cli::{Args, Usage, exact, prefix, value};
use crate::error::Error;
use crate::names::Names;
use crate::netlink::{Attr, Request};
use crate::opt::{self, Opt, Ty};
use crate::output::{Field, Out};

pub static KIND: LinkKind = LinkKind {
    opts: OPTS,
    usage: "[ [ address LLADDR ] port PORT | sci SCI ]",
    parse: Some(parse),
    calls: "command",
    ..LinkKind::plain("macsec", "encryption between neighbours")
};

// IFLA_MACSEC_* (linux/if_link.h)
const SCI: u16 = 1;
const PORT: u16 = 2;
const ICV_LEN: u16 = 3;
const CIPHER_SUITE: u16 = 4;
const WINDOW: u16 = 5;
const ENCODING_SA: u16 = 6;
const INC_SCI: u16 = 9;
const ES: u16 = 10;
const SCB: u16 = 11;
const REPLAY_PROTECT: u16 = 12;
const VALIDATION: u16 = 13;
const OFFLOAD: u16 = 15;

/// MACSEC_CIPHER_ID_* and MACSEC_DEFAULT_CIPHER_ID (linux/if_macsec.h).
const CIPHERS: &[(&str, u64)] = &[
    ("gcm-aes-128", 0x0080_C200_0100_0001),
    ("gcm-aes-256", 0x0080_C200_0100_0002),
    ("gcm-aes-xpn-128", 0x0080_C200_0100_0003),
    ("gcm-aes-xpn-256", 0x0080_C200_0100_0004),
    ("default", 0x0080_0200_0100_0001),
];
const NOT_A_CIPHER: &str =
    "expected: default, gcm-aes-128, gcm-aes-256, gcm-aes-xpn-128 or gcm-aes-xpn-256";
/// MACSEC_VALIDATE_*
const VALIDATE: &[&str] = &["disabled", "check", "strict"];
/// MACSEC_OFFLOAD_*
const OFFLOADS: &[&str] = &["off", "phy", "mac"];

const fn row(name: &'static str, arg: &'static str, attr: u16, ty: Ty, show: Field) -> Opt {
    Opt::new(exact(name), arg, attr, ty, show)
}
const fn switch(name: &'static str, attr: u16, show: Field) -> Opt {
    row(name, "{ on | off }", attr, Ty::OnOff, show)
}

/// In the order in which they are shown.
#[rustfmt::skip] // one row, one line
const OPTS: &[Opt] = &[
    row("sci", "", SCI, Ty::ShowOnly(show_sci), token!("sci")),
    switch("protect", 8, token!("protect")),
    row("cipher", "{ default | gcm-aes-128 | gcm-aes-256 | gcm-aes-xpn-128 | gcm-aes-xpn-256 }", CIPHER_SUITE, Ty::Own { send: cipher, show: show_cipher }, token!("cipher", "cipher_suite")),
    row("icvlen", "LENGTH", ICV_LEN, Ty::Own { send: icv_len, show: number }, token!("icvlen", "icv_len")),
    row("encodingsa", "NUMBER", ENCODING_SA, Ty::Own { send: encoding_sa, show: number }, token!("encodingsa", "encoding_sa")),
    row("validate", "{ strict | check | disabled }", VALIDATION, Ty::Own { send: validate, show: show_validate }, token!("validate", "validation")),
    row("offload", "{ mac | phy | off }", OFFLOAD, Ty::Own { send: offload, show: show_offload }, token!("offload")),
    switch("encrypt", 7, token!("encrypt")),
    switch("send_sci", INC_SCI, token!("send_sci", "inc_sci")),
    switch("end_station", ES, token!("end_station", "es")),
    switch("scb", SCB, token!("scb")),
    switch("replay", REPLAY_PROTECT, token!("replay", "replay_protect")),
    row("window", "PACKETS", WINDOW, Ty::U32, token!("window")).wrong("expected replay window size"),
];

/// What is sent behind all other words, or depends on others.
#[derive(Default)]
struct Seen {
    send_sci: bool,
    end_station: bool,
    scb: bool,
    replay: Option<bool>,
    window: Option<u32>,
}

fn parse(kind: &LinkKind, args: &mut Args<'_>, words: &mut Words<'_>) -> Result<(), Error> {
    channel(args, words.req)?;
    let mut seen = Seen::default();
    let mut once: Vec<&str> = Vec::new();
    while let Some(word) = args.take() {
        let Some(o) = opt::find(kind.opts, word) else { return Err(unknown(kind, word)) };
        let name = o.word.full;
        if matches!(name, "cipher" | "icvlen" | "encodingsa" | "window") {
            if once.contains(&name) {
                args.need()?;
                return Err(args.duplicate(name).into());
            }
            once.push(name);
        }
        match name {
            "window" => {
                words.req.from_word(args.at());
                seen.window = Some(args.value(value::u32, "expected replay window size")?);
                continue;
            }
            "replay" => {
                words.req.from_word(args.at());
                seen.replay = Some(on(args, name)?);
                continue;
            }
            "send_sci" | "end_station" | "scb" => {
                let v = on(args, name)?;
                args.back();
                match name {
                    "send_sci" => seen.send_sci = v,
                    "scb" => seen.scb = v,
                    _ => seen.end_station = v,
                }
            }
            _ => {}
        }
        opt::send(o, args, words.names, words.req)?;
    }
    finish(&seen, words.req)
}

fn on(args: &mut Args<'_>, name: &str) -> Result<bool, Usage> {
    args.need()?;
    args.back();
    args.on_off(name, 1)
}

/// The identifier of the channel, which only stands first: `sci SCI`, `address LLADDR port N`
/// or `port N`.
fn channel(args: &mut Args<'_>, req: &mut Request) -> Result<(), Error> {
    let Some(word) = args.peek() else { return Ok(()) };
    match word {
        b"sci" => {
            args.take();
            req.from_word(args.at());
            let sci = args.value(value::hex64, "expected sci")?;
            req.u64_be(SCI, sci);
        }
        b"address" => {
            args.take();
            req.from_word(args.at());
            let word = args.need()?;
            let address = value::lladdr_or_part(word).map_err(|part| {
                let mut e = args.wrong("expected lladdr");
                e.text.splice(..0, [b"\"", part, b"\" is invalid lladdr.\n"].concat());
                e
            })?;
            let mut bytes = [0; 8];
            bytes.iter_mut().zip(address.iter().take(6)).for_each(|(to, from)| *to = *from);
            match args.peek() {
                None => {
                    // Without a port nothing but its attribute is sent (observed in iproute2 6.15).
                    req.u16(PORT, 0);
                }
                Some(b"port") => {
                    args.take();
                    bytes[6..].copy_from_slice(&port(args)?.to_be_bytes());
                    req.attr(SCI, &bytes);
                }
                Some(_) => {
                    args.take();
                    return Err(args.wrong("expected port").into());
                }
            }
        }
        b"port" => {
            args.take();
            req.from_word(args.at());
            let port = port(args)?;
            req.u16_be(PORT, port);
        }
        _ => {}
    }
    Ok(())
}

fn port(args: &mut Args<'_>) -> Result<u16, Usage> {
    match args.value(value::u16, "expected port")? {
        0 => Err(args.wrong("expected port != 0")),
        port => Ok(port),
    }
}

/// `help` is no word here (observed in iproute2 6.15).
fn unknown(kind: &LinkKind, word: &[u8]) -> Error {
    let help = kind.help();
    Error::failed(1, [b"macsec: unknown command \"", word, b"\"?\n", help.as_bytes()].concat())
}

/// Sends what depends on several words.
fn finish(seen: &Seen, req: &mut Request) -> Result<(), Error> {
    if [seen.send_sci, seen.end_station, seen.scb].into_iter().filter(|on| *on).count() > 1 {
        return Err(Error::failed(1, "invalid combination of send_sci/end_station/scb"));
    }
    match (seen.replay, seen.window) {
        (Some(true), None) => {
            let text = "replay protection enabled, but no window set. did you mean 'replay on window VALUE'?";
            return Err(Error::failed(1, text));
        }
        (None, Some(window)) => {
            let text = format!(
                "replay window set, but replay protection not enabled. did you mean 'replay on window {window}'?"
            );
            return Err(Error::failed(1, text));
        }
        (Some(on), window) => {
            if let Some(window) = window.filter(|_| on) {
                req.u32(WINDOW, window);
            }
            req.u8(REPLAY_PROTECT, on.into());
        }
        (None, None) => {}
    }
    Ok(())
}

fn show_sci(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    a.u64_be().into_iter().for_each(|v| out.str(f, &format!("{v:016x}")));
}

fn cipher(args: &mut Args<'_>, _: &mut Names, attr: u16, req: &mut Request) -> Result<(), Usage> {
    let word = args.need()?;
    // In small letters or in capitals, not both.
    let is = |name: &str| word == name.as_bytes() || word == name.to_ascii_uppercase().as_bytes();
    let found = CIPHERS.iter().find(|c| is(c.0)).ok_or_else(|| args.wrong(NOT_A_CIPHER))?;
    req.u64(attr, found.1);
    Ok(())
}
fn show_cipher(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    let Some(id) = a.u64() else { return };
    let name = match CIPHERS.iter().find(|c| c.1 == id) {
        Some(("default", _)) => "GCM-AES-128".to_owned(),
        Some((name, _)) => name.to_ascii_uppercase(),
        None => "(unknown)".to_owned(),
    };
    out.str(f, &name);
}

fn icv_len(args: &mut Args<'_>, _: &mut Names, attr: u16, req: &mut Request) -> Result<(), Usage> {
    let len = args.value(value::u8, "expected ICV length")?;
    if !(8..=16).contains(&len) {
        return Err(args.wrong("ICV length must be in the range {8..16}"));
    }
    req.u8(attr, len);
    Ok(())
}
fn encoding_sa(
    args: &mut Args<'_>,
    _: &mut Names,
    attr: u16,
    req: &mut Request,
) -> Result<(), Usage> {
    let small = |word: &[u8]| value::u8(word).filter(|n| *n < 4);
    req.u8(attr, args.value(small, "expected an { 0..3 }")?);
    Ok(())
}
fn number(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    a.u8().into_iter().for_each(|v| out.uint(f, v));
}

fn validate(args: &mut Args<'_>, _: &mut Names, attr: u16, req: &mut Request) -> Result<(), Usage> {
    let word = args.need()?;
    let at = VALIDATE.iter().zip(0u8..).find(|(w, _)| prefix(w).is(word));
    req.u8(attr, at.ok_or_else(|| args.not_one_of("validate", VALIDATE, 1))?.1);
    Ok(())
}
fn offload(args: &mut Args<'_>, _: &mut Names, attr: u16, req: &mut Request) -> Result<(), Usage> {
    req.u8(attr, super::deprecated_prefix(args, "offload", OFFLOADS)?);
    Ok(())
}
fn show_validate(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    named(out, f, VALIDATE, a);
}
fn show_offload(out: &mut Out, _: &mut Names, f: Field, a: Attr<'_>) {
    named(out, f, OFFLOADS, a);
}
fn named(out: &mut Out, f: Field, list: &[&str], a: Attr<'_>) {
    if let Some(v) = a.u8() {
        out.str(f, list.get(usize::from(v)).copied().unwrap_or("(unknown)"));
    }
}
