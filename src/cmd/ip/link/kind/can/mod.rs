//! `can`: a controller of a CAN bus.
//!
//! Such devices are not made; their bit timing and modes are set.

mod show;

use super::{LinkKind, Words};
use crate::cli::{Args, Usage, Word, exact, prefix, value};
use crate::error::Error;
use crate::netlink::NLA_F_NESTED;

pub static KIND: LinkKind = LinkKind {
    usage: USAGE,
    parse: Some(parse),
    show: Some(show::show),
    counters: Some(show::counters),
    ..LinkKind::plain("can", "a controller of a CAN bus")
};

const USAGE: &str = "[ bitrate BITRATE [ sample-point POINT ] ]
\t\t[ tq TQ prop-seg N phase-seg1 N phase-seg2 N [ sjw N ] ]
\t\t[ dbitrate BITRATE [ dsample-point POINT ] ]
\t\t[ dtq TQ dprop-seg N dphase-seg1 N dphase-seg2 N [ dsjw N ] ]
\t\t[ tdcv N ] [ tdco N ] [ tdcf N ] [ tdc-mode { auto | manual | off } ]
\t\t[ xbitrate BITRATE [ xsample-point POINT ] ]
\t\t[ xtq TQ xprop-seg N xphase-seg1 N xphase-seg2 N [ xsjw N ] ]
\t\t[ xtdcv N ] [ xtdco N ] [ xtdcf N ] [ xtdc-mode { auto | manual | off } ]
\t\t[ pwms N ] [ pwml N ] [ pwmo N ]
\t\t[ loopback { on | off } ] [ listen-only { on | off } ]
\t\t[ triple-sampling { on | off } ] [ one-shot { on | off } ]
\t\t[ berr-reporting { on | off } ] [ fd { on | off } ]
\t\t[ fd-non-iso { on | off } ] [ presume-ack { on | off } ]
\t\t[ cc-len8-dlc { on | off } ] [ restricted { on | off } ]
\t\t[ xl { on | off } ] [ tms { on | off } ]
\t\t[ restart-ms MILLISECONDS ] [ restart ] [ termination OHM ]";

// IFLA_CAN_* (linux/can/netlink.h)
const BITTIMING: u16 = 1;
const CTRLMODE: u16 = 5;
const RESTART_MS: u16 = 6;
const RESTART: u16 = 7;
const DATA_BITTIMING: u16 = 9;
const TERMINATION: u16 = 11;
const TDC: u16 = 16;
const XL_DATA_BITTIMING: u16 = 18;
const XL_TDC: u16 = 21;
const XL_PWM: u16 = 22;

/// The three bit timings: of frames, of the data of CAN FD, of that of CAN XL.
const TIMINGS: [u16; 3] = [BITTIMING, DATA_BITTIMING, XL_DATA_BITTIMING];
/// struct can_bittiming: bitrate, sample point, tq, prop_seg, phase_seg1, phase_seg2, sjw, brp.
const FIELDS: usize = 8;
const BITRATE: usize = 0;
const SAMPLE_POINT: usize = 1;
const TQ: usize = 2;

/// The nests of three numbers each, and the type of the first: IFLA_CAN_TDC_TDCV and
/// IFLA_CAN_PWM_PWMS.
const TRIPLES: [u16; 3] = [TDC, XL_TDC, XL_PWM];
const FIRST_OF_TRIPLE: u16 = 7;

/// What a word sets.
#[derive(Clone, Copy)]
enum Sets {
    /// A field of a bit timing.
    Timing(usize, usize),
    /// A number of a triple.
    Triple(usize, usize),
    /// CAN_CTRLMODE_*
    Mode(u32),
    /// The bits of `auto` and `manual`.
    Compensation(u32, u32),
    Restart,
    RestartMs,
    Termination,
}
use Sets::{Compensation, Mode, Restart, RestartMs, Termination, Timing, Triple};

/// In the order in which beginnings are tried.
const WORDS: &[(Word, Sets)] = &[
    (prefix("bitrate"), Timing(0, BITRATE)),
    (prefix("sample-point"), Timing(0, SAMPLE_POINT)),
    (prefix("tq"), Timing(0, TQ)),
    (prefix("prop-seg"), Timing(0, 3)),
    (prefix("phase-seg1"), Timing(0, 4)),
    (prefix("phase-seg2"), Timing(0, 5)),
    (prefix("sjw"), Timing(0, 6)),
    (prefix("dbitrate"), Timing(1, BITRATE)),
    (prefix("dsample-point"), Timing(1, SAMPLE_POINT)),
    (prefix("dtq"), Timing(1, TQ)),
    (prefix("dprop-seg"), Timing(1, 3)),
    (prefix("dphase-seg1"), Timing(1, 4)),
    (prefix("dphase-seg2"), Timing(1, 5)),
    (prefix("dsjw"), Timing(1, 6)),
    (prefix("tdcv"), Triple(0, 0)),
    (prefix("tdco"), Triple(0, 1)),
    (prefix("tdcf"), Triple(0, 2)),
    (exact("xbitrate"), Timing(2, BITRATE)),
    (exact("xsample-point"), Timing(2, SAMPLE_POINT)),
    (exact("xtq"), Timing(2, TQ)),
    (exact("xprop-seg"), Timing(2, 3)),
    (exact("xphase-seg1"), Timing(2, 4)),
    (exact("xphase-seg2"), Timing(2, 5)),
    (exact("xsjw"), Timing(2, 6)),
    (exact("xtdcv"), Triple(1, 0)),
    (exact("xtdco"), Triple(1, 1)),
    (exact("xtdcf"), Triple(1, 2)),
    (exact("pwms"), Triple(2, 0)),
    (exact("pwml"), Triple(2, 1)),
    (exact("pwmo"), Triple(2, 2)),
    (prefix("loopback"), Mode(0x1)),
    (prefix("listen-only"), Mode(0x2)),
    (prefix("triple-sampling"), Mode(0x4)),
    (prefix("one-shot"), Mode(0x8)),
    (prefix("berr-reporting"), Mode(0x10)),
    (prefix("fd"), Mode(0x20)),
    (prefix("fd-non-iso"), Mode(0x80)),
    (prefix("presume-ack"), Mode(0x40)),
    (prefix("cc-len8-dlc"), Mode(0x100)),
    (prefix("tdc-mode"), Compensation(0x200, 0x400)),
    (exact("restricted"), Mode(0x800)),
    (exact("xl"), Mode(0x1000)),
    (exact("xtdc-mode"), Compensation(0x2000, 0x4000)),
    (exact("tms"), Mode(0x8000)),
    (prefix("restart"), Restart),
    (prefix("restart-ms"), RestartMs),
    (prefix("termination"), Termination),
];

/// What is sent behind all words.
#[derive(Default)]
struct Seen {
    timings: [[u32; FIELDS]; 3],
    triples: [[Option<u32>; 3]; 3],
    /// struct can_ctrlmode; a bit that was on stays so (observed in iproute2 7.2).
    mask: u32,
    flags: u32,
}

fn parse(kind: &LinkKind, args: &mut Args<'_>, words: &mut Words<'_>) -> Result<(), Error> {
    let mut seen = Seen::default();
    while let Some(word) = args.take() {
        words.req.from_word(args.at());
        let Some((known, sets)) = WORDS.iter().find(|w| w.0.is(word)) else {
            return Err(unknown(kind, args));
        };
        match *sets {
            Timing(which, SAMPLE_POINT) => {
                seen.timings[which][SAMPLE_POINT] = number(args, known.full, sample_point)?;
            }
            Timing(which, field) => {
                seen.timings[which][field] = number(args, known.full, value::u32)?;
            }
            Triple(which, at) => {
                seen.triples[which][at] = Some(number(args, known.full, value::u32)?);
            }
            Mode(bit) => {
                seen.mask |= bit;
                if on_off(args, known.full)? {
                    seen.flags |= bit;
                }
            }
            Compensation(auto, manual) => match args.need()? {
                b"auto" => {
                    seen.mask |= auto;
                    seen.flags |= auto;
                }
                b"manual" => {
                    seen.mask |= manual;
                    seen.flags |= manual;
                }
                b"off" => seen.mask |= auto | manual,
                _ => {
                    let name = known.full;
                    let what =
                        format!("\"{name}\" must be either of \"auto\", \"manual\" or \"off\"");
                    return Err(args.wrong(&what).into());
                }
            },
            Restart => words.req.u32(RESTART, 1),
            RestartMs => words.req.u32(RESTART_MS, number(args, known.full, value::u32)?),
            Termination => words.req.u16(TERMINATION, number(args, known.full, value::u16)?),
        }
    }
    seen.send(words);
    Ok(())
}

impl Seen {
    fn send(&self, words: &mut Words<'_>) {
        for (attr, timing) in TIMINGS.iter().zip(&self.timings) {
            if timing[BITRATE] != 0 || timing[TQ] != 0 {
                let bytes: Vec<u8> = timing.iter().flat_map(|v| v.to_ne_bytes()).collect();
                words.req.attr(*attr, &bytes);
            }
        }
        if self.mask != 0 {
            let bytes = [self.mask.to_ne_bytes(), self.flags.to_ne_bytes()].concat();
            words.req.attr(CTRLMODE, &bytes);
        }
        let given = |t: &[Option<u32>; 3]| t.iter().any(Option::is_some);
        for (attr, triple) in TRIPLES.iter().zip(&self.triples).filter(|t| given(t.1)) {
            let nest = words.req.nest(attr | NLA_F_NESTED);
            for (v, kind) in triple.iter().zip(FIRST_OF_TRIPLE..) {
                v.iter().for_each(|v| words.req.u32(kind, *v));
            }
            words.req.end(nest);
        }
    }
}

fn number<T>(args: &mut Args<'_>, name: &str, read: fn(&[u8]) -> Option<T>) -> Result<T, Usage> {
    args.value(read, &format!("invalid \"{name}\" value"))
}

/// The older wording, but status 255.
fn on_off(args: &mut Args<'_>, name: &str) -> Result<bool, Usage> {
    args.need()?;
    args.back();
    args.old_on_off(name).map_err(|e| Usage { status: 255, ..e })
}

/// A fraction in thousandths; any number, as the reference takes any.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // as C does it
fn sample_point(word: &[u8]) -> Option<u32> {
    let thousandths = std::str::from_utf8(word).ok()?.trim_start().parse::<f32>().ok()? * 1000.0;
    Some(if thousandths.is_finite() { thousandths as i64 as u32 } else { 0 })
}

/// `can: unknown option "X"` and the usage; no question mark.
fn unknown(kind: &LinkKind, args: &Args<'_>) -> Error {
    let word = args.last();
    if prefix("help").is(word) {
        return kind.unknown(args);
    }
    let help = kind.help();
    Error::failed(1, [b"can: unknown option \"", word, b"\"\n", help.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::Names;
    use crate::netlink::Request;

    /// What words send, in hexadecimal; the same as iproute2 7.2 sends.
    fn sent(line: &str) -> Result<String, String> {
        let given: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let mut req = Request::new(16, 0, &[]);
        let how = crate::cmd::ip::link::words::How { create: false, force: false, family: 0 };
        let mut words = Words {
            names: &mut Names::default(),
            req: &mut req,
            files: &mut Vec::new(),
            how,
            current: None,
        };
        parse(&KIND, &mut Args::new(&given), &mut words)
            .map_err(|e| String::from_utf8(e.text()).unwrap())?;
        Ok(req.payload().iter().map(|b| format!("{b:02x}")).collect())
    }

    #[test]
    fn words_are_sent_in_the_kernels_order() {
        let zeros = |n: usize| "00000000".repeat(n);
        assert_eq!(
            sent("b 500000 s 0.875").unwrap(),
            format!("2400010020a107006b030000{}", zeros(6))
        );
        assert_eq!(
            sent("loopback on listen-only off fd on one-shot off").unwrap(),
            "0c0005002b00000021000000"
        );
        assert_eq!(sent("tdc-mode off").unwrap(), "0c0005000006000000000000");
        assert_eq!(
            sent("td 5 pwms 1").unwrap(),
            "0c00108008000700050000000c0016800800070001000000"
        );
        assert_eq!(sent("xbitrate 5").unwrap(), format!("2400120005000000{}", zeros(7)));
        assert_eq!(
            sent("r restart-m 3 te 5").unwrap(),
            "080007000100000008000600030000000 6000b0005000000".replace(' ', "")
        );
        assert_eq!(sent("sample-point 0.5").unwrap(), "");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let first = |line| sent(line).unwrap_err().lines().next().unwrap_or_default().to_owned();
        assert_eq!(first("foo"), "can: unknown option \"foo\"");
        assert_eq!(first("xb 5"), "can: unknown option \"xb\"");
        assert_eq!(first("bitrate x"), "Error: argument \"x\" is wrong: invalid \"bitrate\" value");
        assert_eq!(first("xl x"), "Error: argument of \"xl\" must be \"on\" or \"off\", not \"x\"");
    }
}
