#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dukou_tests::readers::feed("check-output", bytes));
