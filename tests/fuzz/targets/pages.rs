#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ipbox_fuzz::pages(data));
