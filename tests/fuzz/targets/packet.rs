#![no_main]
//! Fuzzes [`lanline_fuzz::packet`].

libfuzzer_sys::fuzz_target!(|data: &[u8]| lanline_fuzz::packet(data));
