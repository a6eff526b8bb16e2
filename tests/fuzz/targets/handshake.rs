#![no_main]
//! Fuzzes [`lanline_fuzz::handshake`].

libfuzzer_sys::fuzz_target!(|data: &[u8]| lanline_fuzz::handshake(data));
