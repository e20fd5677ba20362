//! `-j IDLETIMER`: tells user space when no packet has come for a time.

use super::{Ext, Opt, Shown, put, scalar, text, u32_at};

const LABEL: usize = 4;
const LABEL_SIZE: usize = 28;
const KIND: usize = 33;
/// XT_IDLETIMER_ALARM.
const ALARM: u8 = 1;

/// struct idletimer_tg_info_v1: seconds, label, a flag that Android uses, the kind of timer, and
/// the kernel's own.
pub static IDLETIMER: Ext = Ext {
    name: "IDLETIMER",
    wire: "IDLETIMER",
    revision: 1,
    size: 48,
    user: 40,
    opts: &[
        Opt { required: true, ..number!("IDLETIMER", "timeout", "SECONDS", 0, 0, u32::MAX) },
        Opt {
            name: "label",
            arg: "NAME",
            required: true,
            take: |f, value| {
                scalar::put_text(f.info, LABEL, LABEL_SIZE, value);
                Ok(())
            },
            ..Opt::NONE
        },
        bits!("alarm", KIND, ALARM),
    ],
    save: |out, s| show(out, s, [" --timeout ", " --label ", " --alarm"]),
    list: |out, s| show(out, s, [" timeout:", " label:", " alarm"]),
    ..Ext::TARGET
};

fn show(out: &mut Vec<u8>, s: &Shown<'_>, [timeout, label, alarm]: [&str; 3]) {
    put(out, timeout);
    put(out, u32_at(s.info, 0).to_string());
    put(out, label);
    put(out, text(s.info, LABEL, LABEL_SIZE));
    put(out, if s.info[KIND] == ALARM { alarm } else { "" });
}
