#![no_main]
//! Fuzzes [`lanline_fuzz::name`].

libfuzzer_sys::fuzz_target!(|data: &[u8]| lanline_fuzz::name(data));
