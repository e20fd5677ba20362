//! `-m esp`, `-m ah`, `-m ipcomp`: which security association a packet belongs to.

use crate::cmd::iptables::family::Family;

use super::field::{self, Field, Form};
use super::{Ext, Opt, Transport, put, put_at};

const SPI: &Field = &Field { size: 4, not: (8, 1), form: Form::Range, ..Field::NONE };
const SPI_V6: &Field = &Field { not: (13, 1), ..SPI_OF };
const SPI_OF: Field = Field { size: 4, form: Form::Range, ..Field::NONE };
const LENGTH: &Field = &Field { at: 8, size: 4, not: (13, 2), form: Form::Dec, ..Field::NONE };

const ESP_SPI: Opt = Opt {
    name: "espspi",
    arg: "SPI[:SPI]",
    not: true,
    field: SPI,
    take: field::range,
    ..Opt::NONE
};

/// struct xt_esp: from, to, inverted.
pub static ESP: Ext = Ext {
    name: "esp",
    wire: "esp",
    size: 16,
    user: 16,
    opts: &[ESP_SPI],
    init,
    save: field::save,
    list: |out, s| {
        put(out, " esp");
        field::list(out, s.info, " spi", SPI);
    },
    transport: Transport::loaded_by(50),
    ..Ext::MATCH
};

/// struct ipt_ah: from, to, inverted.
pub static AH_V4: Ext = Ext {
    name: "ah",
    wire: "ah",
    family: Some(Family::V4),
    size: 16,
    user: 16,
    opts: &[Opt { name: "ahspi", ..ESP_SPI }],
    init,
    save: field::save,
    list: |out, s| {
        put(out, " ah ");
        field::list(out, s.info, "spi", SPI);
    },
    transport: Transport::loaded_by(51),
    ..Ext::MATCH
};

/// struct ip6t_ah: from, to, length, whether the reserved bits must be zero, inverted.
pub static AH_V6: Ext = Ext {
    name: "ah",
    wire: "ah",
    family: Some(Family::V6),
    size: 16,
    user: 16,
    opts: &[
        Opt { name: "ahspi", field: SPI_V6, ..ESP_SPI },
        Opt {
            name: "ahlen",
            arg: "BYTES",
            not: true,
            field: LENGTH,
            take: field::number,
            ..Opt::NONE
        },
        Opt {
            name: "ahres",
            field: &Field { given: (12, 1), form: Form::Alone, ..Field::NONE },
            take: field::flag,
            ..Opt::NONE
        },
    ],
    init,
    save: |out, s| {
        for opt in s.ext.opts.iter().filter(|o| o.name != "ahlen" || has_length(s.info)) {
            field::save_one(out, s.info, opt);
        }
    },
    list: |out, s| {
        put(out, " ah ");
        field::list(out, s.info, "spi", SPI_V6);
        if has_length(s.info) {
            field::list(out, s.info, "length", LENGTH);
        }
        put(out, if s.info[12] == 0 { "" } else { " reserved" });
    },
    transport: Transport::loaded_by(51),
    ..Ext::MATCH
};

/// struct xt_ipcomp: from, to, inverted, whether the reserved bits must be zero. Without an option
/// it is the number 0, as the reference has it.
pub static IPCOMP: Ext = Ext {
    name: "ipcomp",
    wire: "ipcomp",
    size: 16,
    user: 16,
    opts: &[
        Opt { name: "ipcompspi", ..ESP_SPI },
        Opt {
            name: "compres",
            field: &Field { given: (9, 1), form: Form::Alone, ..Field::NONE },
            take: field::flag,
            ..Opt::NONE
        },
    ],
    save: field::save,
    list: |out, s| {
        put(out, " comp ");
        field::list(out, s.info, "spi", SPI);
        put(out, if s.info[9] == 0 { "" } else { " reserved" });
    },
    transport: Transport::loaded_by(108),
    ..Ext::MATCH
};

fn init(info: &mut [u8]) {
    put_at(info, 4, &[255; 4]);
}

/// A length of zero is as good as none.
fn has_length(info: &[u8]) -> bool {
    LENGTH.get(info) != 0 || LENGTH.is_not(info)
}
