//! Passes what the linker is told: where the program begins, and more of the released one.
//!
//! No flag of the configuration is confined to one profile: the program under development keeps
//! its tables, so that a backtrace of the C library's part can be had.

#![allow(clippy::print_stdout)] // Cargo listens there.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Scripts of the linker for the released program.
const SCRIPTS: [&str; 3] = [".cargo/discard.ld", ".cargo/order.ld", ".cargo/data.ld"];

/// Where the linker is to write down what lies where, for benches/order. Not a flag of cargo's: that
/// would change the compiler's names for what it makes of something generic.
const MAP: &str = "IPBOX_MAP";

fn main() {
    println!("cargo:rerun-if-changed=.cargo/link.rs");
    SCRIPTS.iter().for_each(|script| println!("cargo:rerun-if-changed={script}"));
    println!("cargo:rerun-if-env-changed={MAP}");
    println!("cargo:rustc-check-cfg=cfg(early)");
    let gnu = set("CARGO_CFG_TARGET_ENV") == "gnu";
    // The start before the C library's (src/sys/early.rs) knows programs that lie where they were
    // linked to, on one architecture.
    let fixed = set("CARGO_ENCODED_RUSTFLAGS").contains("relocation-model=static")
        && set("CARGO_CFG_TARGET_FEATURE").split(',').any(|f| f == "crt-static");
    if gnu && fixed && set("CARGO_CFG_TARGET_ARCH") == "x86_64" {
        println!("cargo:rustc-cfg=early");
        println!("cargo:rustc-link-arg-bin=ipbox=-Wl,-e,ipbox_start");
    }
    if !gnu || set("PROFILE") != "release" {
        return;
    }
    let root = set("CARGO_MANIFEST_DIR");
    let scripts = SCRIPTS.map(|script| format!("-T,{}", Path::new(&root).join(script).display()));
    let more = [
        // Where a C library needs more of itself than src/sys/left_out.rs knows, ours comes first.
        "-z,muldefs".to_string(),
        // Functions of the same machine code are one function.
        "--icf=all".to_string(),
    ];
    // Not every linker can do all of it; the program is larger then.
    for argument in scripts.iter().chain(&more).filter(|a| links(a)) {
        println!("cargo:rustc-link-arg-bin=ipbox=-Wl,{argument}");
    }
    let map = set(MAP);
    if !map.is_empty() {
        println!("cargo:rustc-link-arg-bin=ipbox=-Wl,-Map={map},--no-demangle");
    }
}

fn set(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// Whether a program can be linked with this argument, by the linker that ours is linked with.
fn links(argument: &str) -> bool {
    let dir = PathBuf::from(set("OUT_DIR"));
    let source = dir.join("empty.rs");
    if std::fs::write(&source, "fn main() {}\n").is_err() {
        return false;
    }
    let mut compiler = Command::new(set("RUSTC"));
    compiler.arg(&source).arg("--out-dir").arg(&dir).args(["--target", &set("TARGET")]);
    compiler.args(set("CARGO_ENCODED_RUSTFLAGS").split('\x1f').filter(|flag| !flag.is_empty()));
    let linker = set("RUSTC_LINKER");
    if !linker.is_empty() {
        compiler.arg(format!("-Clinker={linker}"));
    }
    compiler.args(["-Cpanic=abort", &format!("-Clink-arg=-Wl,{argument}")]);
    compiler.stdout(Stdio::null()).stderr(Stdio::null());
    compiler.status().is_ok_and(|s| s.success())
}
