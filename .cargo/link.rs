//! Passes the linker script of the released program.
//!
//! No flag of the configuration is confined to one profile: the program under development keeps
//! its tables, so that a backtrace of the C library's part can be had.

#![allow(clippy::print_stdout)] // Cargo listens there.

fn main() {
    println!("cargo:rerun-if-changed=.cargo/discard.ld");
    let set = |name| std::env::var(name).unwrap_or_default();
    if set("PROFILE") == "release" && set("CARGO_CFG_TARGET_ENV") == "gnu" {
        let script = std::path::Path::new(&set("CARGO_MANIFEST_DIR")).join(".cargo/discard.ld");
        println!("cargo:rustc-link-arg-bin=ipbox=-Wl,-T,{}", script.display());
    }
}
