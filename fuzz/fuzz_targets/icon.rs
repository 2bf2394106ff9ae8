#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fluxer_oauth2_fuzz::icon(data));
