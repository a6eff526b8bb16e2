#![no_main]
//! Fuzzes [`lanline_fuzz::framer`].

libfuzzer_sys::fuzz_target!(|data: &[u8]| lanline_fuzz::framer(data));
