#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ipbox_fuzz::run(ipbox_fuzz::doors::ipsec, data));
