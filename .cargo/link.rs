//! Passes what the linker is to know: where the program begins, and the scripts of the released one.
//!
//! No flag of the configuration is confined to one profile: the program under development keeps
//! its tables, so that a backtrace of the C library's part can be had.

#![allow(clippy::print_stdout)] // Cargo listens there.

fn main() {
    const SCRIPTS: [&str; 2] = [".cargo/discard.ld", ".cargo/order.ld"];
    SCRIPTS.iter().for_each(|script| println!("cargo:rerun-if-changed={script}"));
    println!("cargo:rustc-check-cfg=cfg(early)");
    let set = |name| std::env::var(name).unwrap_or_default();
    let gnu = set("CARGO_CFG_TARGET_ENV") == "gnu";
    // The start before the C library's (src/sys/early.rs) knows programs that lie where they were
    // linked to, on one architecture.
    let fixed = set("CARGO_ENCODED_RUSTFLAGS").contains("relocation-model=static")
        && set("CARGO_CFG_TARGET_FEATURE").split(',').any(|f| f == "crt-static");
    if gnu && fixed && set("CARGO_CFG_TARGET_ARCH") == "x86_64" {
        println!("cargo:rustc-cfg=early");
        println!("cargo:rustc-link-arg-bin=ipbox=-Wl,-e,ipbox_start");
    }
    if set("PROFILE") == "release" && gnu {
        for script in SCRIPTS {
            let script = std::path::Path::new(&set("CARGO_MANIFEST_DIR")).join(script);
            println!("cargo:rustc-link-arg-bin=ipbox=-Wl,-T,{}", script.display());
        }
    }
}
