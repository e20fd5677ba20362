//! What `-d` shows of a CAN controller.

use super::super::{LinkKind, Shown};
use super::{
    BITTIMING, CTRLMODE, DATA_BITTIMING, FIRST_OF_TRIPLE, RESTART_MS, TDC, TERMINATION,
    XL_DATA_BITTIMING, XL_PWM, XL_TDC,
};
use crate::names::Names;
use crate::netlink::{Attr, Attrs};
use crate::output::{Field, Out, field, json_only};

// IFLA_CAN_* (linux/can/netlink.h)
const BITTIMING_CONST: u16 = 2;
const CLOCK: u16 = 3;
const STATE: u16 = 4;
const BERR_COUNTER: u16 = 8;
const DATA_BITTIMING_CONST: u16 = 10;
const TERMINATION_CONST: u16 = 12;
const BITRATE_CONST: u16 = 13;
const DATA_BITRATE_CONST: u16 = 14;
const CTRLMODE_EXT: u16 = 17;
const XL_DATA_BITTIMING_CONST: u16 = 19;
const XL_DATA_BITRATE_CONST: u16 = 20;
const CTRLMODE_SUPPORTED: u16 = 1;

/// CAN_CTRLMODE_*, in the order in which they are shown.
const MODES: &[(u32, &str)] = &[
    (0x1, "LOOPBACK"),
    (0x2, "LISTEN-ONLY"),
    (0x4, "TRIPLE-SAMPLING"),
    (0x8, "ONE-SHOT"),
    (0x10, "BERR-REPORTING"),
    (0x20, "FD"),
    (0x80, "FD-NON-ISO"),
    (0x40, "PRESUME-ACK"),
    (0x100, "CC-LEN8-DLC"),
    (0x200, "TDC-AUTO"),
    (0x400, "TDC-MANUAL"),
    (0x800, "RESTRICTED"),
    (0x1000, "XL"),
    (0x2000, "XL-TDC-AUTO"),
    (0x4000, "XL-TDC-MANUAL"),
    (0x8000, "TMS"),
];

/// CAN_STATE_*
const STATES: &[&str] =
    &["ERROR-ACTIVE", "ERROR-WARNING", "ERROR-PASSIVE", "BUS-OFF", "STOPPED", "SLEEPING"];

/// One of the three bit timings: what it is called and where it is.
struct Timing {
    /// Before each word in text.
    letter: &'static str,
    attr: u16,
    limits: u16,
    rates: u16,
    key: &'static str,
    limits_key: &'static str,
    rate_key: &'static str,
    rates_key: &'static str,
    triples: &'static [Triple],
}

/// A nest of three numbers and their limits.
struct Triple {
    attr: u16,
    key: &'static str,
    /// In text, with the letter; in JSON without it.
    words: [&'static str; 3],
    keys: [&'static str; 3],
    limit_keys: [&'static str; 3],
}

const TDC_KEYS: [&str; 3] = ["tdcv", "tdco", "tdcf"];

const TIMINGS: &[Timing] = &[
    Timing {
        letter: "",
        attr: BITTIMING,
        limits: BITTIMING_CONST,
        rates: BITRATE_CONST,
        key: "bittiming",
        limits_key: "bittiming_const",
        rate_key: "bittiming_bitrate",
        rates_key: "bitrate_const",
        triples: &[],
    },
    Timing {
        letter: "d",
        attr: DATA_BITTIMING,
        limits: DATA_BITTIMING_CONST,
        rates: DATA_BITRATE_CONST,
        key: "data_bittiming",
        limits_key: "data_bittiming_const",
        rate_key: "data_bittiming_bitrate",
        rates_key: "data_bitrate_const",
        triples: &[Triple {
            attr: TDC,
            key: "tdc",
            words: TDC_KEYS,
            keys: TDC_KEYS,
            limit_keys: TDC_KEYS,
        }],
    },
    Timing {
        letter: "x",
        attr: XL_DATA_BITTIMING,
        limits: XL_DATA_BITTIMING_CONST,
        rates: XL_DATA_BITRATE_CONST,
        key: "xl_data_bittiming",
        limits_key: "xl_data_bittiming_const",
        rate_key: "xl_data_bittiming_bitrate",
        // Not with `xl` (observed in iproute2 7.2).
        rates_key: "data_bitrate_const",
        triples: &[
            Triple {
                attr: XL_TDC,
                key: "xtdc",
                words: ["xtdcv", "xtdco", "xtdcf"],
                keys: TDC_KEYS,
                limit_keys: TDC_KEYS,
            },
            Triple {
                attr: XL_PWM,
                key: "pwm",
                words: ["pwms", "pwml", "pwmo"],
                // With a blank (observed in iproute2 7.2).
                keys: [" pwms", " pwml", " pwmo"],
                limit_keys: ["pwms", "pwml", "pwmo"],
            },
        ],
    },
];

pub fn show(_: &LinkKind, out: &mut Out, _: &mut Names, shown: Shown<'_>) {
    let Some(data) = shown.data else { return };
    let word = |attr| data.find(attr).and_then(|a| a.u32());
    modes(out, data);
    if let Some(state) = word(STATE) {
        out.str(token!("state"), STATES.get(state as usize).copied().unwrap_or("UNKNOWN"));
    }
    if let Some([tx, rx]) = data.find(BERR_COUNTER).map(halves) {
        out.open_object("berr_counter");
        out.uint(field("tx", "(berr-counter tx {}"), tx);
        out.uint(field("rx", " rx {}) "), rx);
        out.close();
    }
    if let Some(ms) = word(RESTART_MS) {
        out.uint(field("restart_ms", "restart-ms {} "), ms);
    }
    for timing in TIMINGS {
        timing.show(out, data);
    }
    terminations(out, data);
    if let Some(clock) = word(CLOCK) {
        line(out);
        out.uint(field("clock", " clock {} "), clock);
    }
}

/// struct can_device_stats (linux/can/netlink.h).
pub fn counters(out: &mut Out, a: Attr<'_>) {
    const COLUMNS: [(usize, Field); 6] = [
        (5, json_only("restarts")),
        (0, json_only("bus_error")),
        (4, json_only("arbitration_lost")),
        (1, json_only("error_warning")),
        (2, json_only("error_passive")),
        (3, json_only("bus_off")),
    ];
    line(out);
    out.text(" re-started bus-errors arbit-lost error-warn error-pass bus-off");
    line(out);
    for (at, shape) in COLUMNS {
        let v = number(a, at);
        out.text(&format!(" {v:<10}"));
        out.uint(shape, v);
    }
}

/// What follows stands on a line of its own.
fn line(out: &mut Out) {
    out.line_break();
    out.text("\t ");
}

/// A field of a structure of 32-bit fields.
fn number(a: Attr<'_>, at: usize) -> u32 {
    a.value.as_chunks::<4>().0.get(at).map_or(0, |b| u32::from_ne_bytes(*b))
}
/// struct can_berr_counter.
fn halves(a: Attr<'_>) -> [u16; 2] {
    let half = |at| a.value.as_chunks::<2>().0.get(at).map_or(0, |b| u16::from_ne_bytes(*b));
    [half(0), half(1)]
}

fn modes(out: &mut Out, data: Attrs<'_>) {
    // struct can_ctrlmode: mask, flags.
    let Some(flags) = data.find(CTRLMODE).map(|a| number(a, 1)) else { return };
    if flags != 0 {
        out.text("<");
        names(out, "ctrlmode", flags);
        out.text("> ");
    }
    let extended = data.find(CTRLMODE_EXT);
    let supported = extended.and_then(|a| a.nested().find(CTRLMODE_SUPPORTED)?.u32());
    if let Some(supported) = supported.filter(|_| out.is_json()) {
        for (key, flags) in
            [("ctrlmode_supported", supported), ("ctrlmode_static", flags & !supported)]
        {
            if flags != 0 {
                names(out, key, flags);
            }
        }
    }
}

fn names(out: &mut Out, key: &str, flags: u32) {
    const FIRST: Field = field("", "{}");
    const NEXT: Field = field("", ",{}");
    out.open_list(key);
    let (mut shape, mut rest) = (FIRST, flags);
    for (bit, name) in MODES.iter().filter(|m| flags & m.0 != 0) {
        out.str(shape, name);
        rest &= !bit;
        shape = NEXT;
    }
    if rest != 0 {
        out.str(shape, &format!("{rest:x}"));
    }
    out.close_list();
}

impl Timing {
    fn show(&self, out: &mut Out, data: Attrs<'_>) {
        let timing = data.find(self.attr);
        if let Some(rates) = data.find(self.rates) {
            // The hardware knows these rates and no others, so there is no more to say.
            self.fixed(out, timing.map_or(0, |a| number(a, 0)), rates);
            return;
        }
        if let Some(a) = timing {
            self.current(out, data, a);
        }
        if let Some(a) = data.find(self.limits) {
            self.bounds(out, data, a);
        }
    }

    fn current(&self, out: &mut Out, data: Attrs<'_>, a: Attr<'_>) {
        const FIELDS: [(&str, Field); 6] = [
            ("tq", json_only("tq")),
            ("prop-seg", json_only("prop_seg")),
            ("phase-seg1", json_only("phase_seg1")),
            ("phase-seg2", json_only("phase_seg2")),
            ("sjw", json_only("sjw")),
            ("brp", json_only("brp")),
        ];
        let letter = self.letter;
        let rate = number(a, 0);
        let point = format!("{}.{:03}", number(a, 1) / 1000, number(a, 1) % 1000);
        out.open_object(self.key);
        line(out);
        out.text(&format!(" {letter}bitrate {rate} {letter}sample-point {point}"));
        out.uint(json_only("bitrate"), rate);
        out.str(json_only("sample_point"), &point);
        line(out);
        for (at, (word, shape)) in FIELDS.iter().enumerate() {
            let v = number(a, at + 2);
            out.text(&format!(" {letter}{word} {v}"));
            out.uint(*shape, v);
        }
        for triple in self.triples {
            triple.current(out, data);
        }
        out.close();
    }

    /// struct can_bittiming_const: a name of 16 bytes, then the smallest and largest values.
    fn bounds(&self, out: &mut Out, data: Attrs<'_>, a: Attr<'_>) {
        const NAME: usize = 16;
        let Some((name, rest)) = a.value.split_at_checked(NAME) else { return };
        let (name, rest) = (Attr { value: name, ..a }.bytes(), Attr { value: rest, ..a });
        out.open_object(self.limits_key);
        line(out);
        out.bytes(field("name", " {}:"), name);
        let v = |at| number(rest, at);
        for (key, min, max) in
            [("tseg1", v(0), v(1)), ("tseg2", v(2), v(3)), ("sjw", 1, v(4)), ("brp", v(5), v(6))]
        {
            limits(out, key, &format!(" {}{key}", self.letter), min, max);
        }
        out.text(&format!(" {}brp_inc {}", self.letter, v(7)));
        out.uint(json_only("brp_inc"), v(7));
        for triple in self.triples {
            triple.bounds(out, data);
        }
        out.close();
    }

    fn fixed(&self, out: &mut Out, rate: u32, rates: Attr<'_>) {
        const A_LINE: usize = 6;
        line(out);
        out.text(&format!(" {}bitrate {rate}", self.letter));
        out.uint(json_only(self.rate_key), rate);
        out.open_list(self.rates_key);
        line(out);
        out.text("    [");
        for i in 0..rates.value.len() / 4 {
            if i > 0 {
                out.text(", ");
            }
            if i > 0 && i % A_LINE == 0 {
                line(out);
                out.text("     ");
            }
            let v = number(rates, i);
            out.text(&format!("{v:>8}"));
            out.uint(json_only(""), v);
        }
        out.text(" ]");
        out.close_list();
    }
}

/// `WORD MIN..MAX`
fn limits(out: &mut Out, key: &str, word: &str, min: u32, max: u32) {
    out.open_object(key);
    out.text(&format!("{word} {min}..{max}"));
    out.uint(json_only("min"), min);
    out.uint(json_only("max"), max);
    out.close();
}

impl Triple {
    fn current(&self, out: &mut Out, data: Attrs<'_>) {
        let Some(nest) = data.find(self.attr) else { return };
        let value = |i| nest.nested().find(FIRST_OF_TRIPLE + i).and_then(|a| a.u32());
        if (0..3).all(|i| value(i).is_none()) {
            return;
        }
        out.open_object(self.key);
        line(out);
        for (i, (word, key)) in (0u16..).zip(self.words.iter().zip(self.keys)) {
            if let Some(v) = value(i) {
                // Those of the data of CAN FD have no letter.
                out.text(&format!(" {word} {v}"));
                out.uint(json_only(key), v);
            }
        }
        out.close();
    }

    fn bounds(&self, out: &mut Out, data: Attrs<'_>) {
        let Some(nest) = data.find(self.attr) else { return };
        let value = |kind| nest.nested().find(kind).and_then(|a| a.u32());
        let pair = |i: u16| value(2 * i + 1).zip(value(2 * i + 2));
        if (0..3).all(|i| pair(i).is_none()) {
            return;
        }
        out.open_object(self.key);
        line(out);
        for (i, (word, key)) in (0u16..).zip(self.words.iter().zip(self.limit_keys)) {
            if let Some((min, max)) = pair(i) {
                limits(out, key, &format!(" {word}"), min, max);
            }
        }
        out.close();
    }
}

fn terminations(out: &mut Out, data: Attrs<'_>) {
    let now = data.find(TERMINATION).and_then(|a| a.u16());
    let (Some(now), Some(all)) = (now, data.find(TERMINATION_CONST)) else { return };
    const FIRST: Field = field("", "{}");
    const NEXT: Field = field("", ", {}");
    line(out);
    out.uint(field("termination", " termination {} [ "), now);
    out.open_list("termination_const");
    let mut shape = FIRST;
    for bytes in all.value.as_chunks::<2>().0 {
        out.uint(shape, u16::from_ne_bytes(*bytes));
        shape = NEXT;
    }
    out.close_list();
    out.text(" ]");
}
