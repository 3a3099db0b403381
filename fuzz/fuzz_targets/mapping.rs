#![no_main]

#[path = "../../tests/fuzzed/mod.rs"]
#[allow(dead_code)] // each target runs one of the checks
mod fuzzed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzed::mapping(bytes);
});
