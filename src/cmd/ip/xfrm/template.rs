//! `tmpl`: which states a policy demands.

use crate::cli::value::{self, AF_UNSPEC};
use crate::cli::{Args, Usage};
use crate::rtnl::xfrm::{TMPL_LEN, set, tmpl};

use super::words::{self, Reader};

/// Reads one template: struct xfrm_user_tmpl.
pub fn read(r: &mut Reader<'_>, args: &mut Args<'_>) -> Result<[u8; TMPL_LEN], Usage> {
    let mut bytes = [0; TMPL_LEN];
    for mask in [tmpl::AUTH_MASK, tmpl::ENC_MASK, tmpl::COMP_MASK] {
        set(&mut bytes, mask, &[0xff; 4]);
    }
    set(&mut bytes, tmpl::FAMILY, &u16::from(r.family).to_ne_bytes());
    let mut said = false;
    args.need()?;
    args.back();
    while let Some(word) = args.take() {
        match word {
            b"mode" => set(&mut bytes, tmpl::MODE, &[words::mode(args)?]),
            b"reqid" => {
                let n = args.value(value::u32, "REQID value is invalid")?;
                set(&mut bytes, tmpl::REQID, &n.to_ne_bytes());
            }
            b"level" => {
                let level = match args.need()? {
                    b"required" => 0,
                    b"use" => 1,
                    _ => return Err(args.wrong("LEVEL value is invalid\n")),
                };
                set(&mut bytes, tmpl::OPTIONAL, &[level]);
            }
            _ => {
                args.back();
                if said {
                    break;
                }
                said = true;
                // The ends of a tunnel may be of another family than what goes through it; what
                // is said behind them has to be of theirs (observed in iproute2 6.15).
                let outer = std::mem::replace(&mut r.family, AF_UNSPEC);
                let mut id = words::id(r, args, false)?;
                if id.family == AF_UNSPEC {
                    id.family = outer;
                }
                r.family = id.family;
                set(&mut bytes, tmpl::SADDR, &id.src);
                set(&mut bytes, tmpl::DADDR, &id.dst);
                set(&mut bytes, tmpl::SPI, &id.spi.to_be_bytes());
                set(&mut bytes, tmpl::PROTO, &[id.proto]);
                set(&mut bytes, tmpl::FAMILY, &u16::from(id.family).to_ne_bytes());
            }
        }
    }
    Ok(bytes)
}
