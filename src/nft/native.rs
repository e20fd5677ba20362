//! Writes the expressions by which nf_tables itself says what x_tables has extensions for.

use super::expr::{Exprs, NFT_REG_1, Nat, Translation, value};

impl Exprs {
    /// A constant into a register.
    pub fn constant(&mut self, reg: u32, bytes: &[u8]) {
        self.element("immediate", |r| {
            r.u32_be(1, reg);
            value(r, 2, bytes);
        });
    }
    /// Keeps the bits of `mask` and turns those of `xor`.
    pub fn mask_xor(&mut self, mask: &[u8], xor: &[u8]) {
        self.element("bitwise", |r| {
            r.u32_be(1, NFT_REG_1);
            r.u32_be(2, NFT_REG_1);
            r.u32_be(3, u32::try_from(mask.len()).unwrap_or(u32::MAX));
            value(r, 4, mask);
            value(r, 5, xor);
        });
    }
    pub fn set_meta(&mut self, key: u32) {
        self.element("meta", |r| {
            r.u32_be(2, key);
            r.u32_be(3, NFT_REG_1);
        });
    }
    pub fn ct(&mut self, key: u32) {
        self.element("ct", |r| {
            r.u32_be(2, key);
            r.u32_be(1, NFT_REG_1);
        });
    }
    pub fn set_ct(&mut self, key: u32) {
        self.element("ct", |r| {
            r.u32_be(2, key);
            r.u32_be(4, NFT_REG_1);
        });
    }
    pub fn fib(&mut self, result: u32, flags: u32) {
        self.element("fib", |r| {
            r.u32_be(1, NFT_REG_1);
            r.u32_be(2, result);
            r.u32_be(3, flags);
        });
    }
    /// A number from 0 below `modulus`, big endian.
    pub fn random(&mut self, modulus: u32) {
        self.element("numgen", |r| {
            r.u32_be(1, NFT_REG_1);
            r.u32_be(2, modulus);
            r.u32_be(3, 1);
            r.u32_be(4, 0);
        });
        self.element("byteorder", |r| {
            r.u32_be(1, NFT_REG_1);
            r.u32_be(2, NFT_REG_1);
            r.u32_be(3, 1);
            r.u32_be(4, 4);
            r.u32_be(5, 4);
        });
    }
    /// In a set of the same batch that has this id; so long as no set is called so, the kernel
    /// does not care about the name.
    pub fn lookup(&mut self, name: &[u8], id: u32, not: bool) {
        self.element("lookup", |r| {
            r.strz(1, name);
            r.u32_be(2, NFT_REG_1);
            r.u32_be(4, id);
            r.u32_be(5, not.into());
        });
    }
    pub fn nat(&mut self, nat: &Nat) {
        // Attributes of first and last port, and of the flags.
        let (name, ports, flags) = match nat.kind {
            Translation::Snat | Translation::Dnat => ("nat", [5, 6], 7),
            Translation::Masquerade => ("masq", [2, 3], 1),
            Translation::Redirect => ("redir", [1, 2], 3),
        };
        self.element(name, |r| {
            if name == "nat" {
                r.u32_be(1, (nat.kind == Translation::Dnat).into());
                r.u32_be(2, nat.family);
                for (kind, reg) in [3, 4].into_iter().zip(nat.addrs) {
                    reg.into_iter().for_each(|reg| r.u32_be(kind, reg));
                }
            }
            for (kind, reg) in ports.into_iter().zip(nat.ports) {
                reg.into_iter().for_each(|reg| r.u32_be(kind, reg));
            }
            if nat.flags != 0 {
                r.u32_be(flags, nat.flags);
            }
        });
    }
    /// As [`super::Expr::Reject`] has it.
    pub fn reject(&mut self, kind: u32, code: u8) {
        self.element("reject", |r| {
            r.u32_be(1, kind);
            r.attr(2, &[code]);
        });
    }
    pub fn notrack(&mut self) {
        self.element("notrack", |_| ());
    }
}
