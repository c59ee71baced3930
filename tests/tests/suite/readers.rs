//! Every reader of bytes from outside: good bytes, thousands of mutants, and its target for libFuzzer.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dukou_tests::readers::mutants::mutant;
use dukou_tests::readers::{READERS, Reader};

/// Longest that a reader may take over one mutant, on a slow machine in a build for debugging.
const LONGEST: Duration = Duration::from_secs(10);

/// Feeds a reader with its seeds and with mutants of them.
fn hold(reader: &Reader) {
    let seeds = (reader.seeds)();
    let taken = seeds.iter().filter(|seed| (reader.feed)(seed)).count();
    assert!(taken > 0, "{}: none of {} seeds is taken", reader.name, seeds.len());
    let (mut longest, mut accepted) = (Duration::ZERO, 0);
    for number in 0..reader.mutants as u64 {
        let bytes = mutant(&seeds, number);
        let begun = Instant::now();
        let fed = catch_unwind(AssertUnwindSafe(|| (reader.feed)(&bytes)));
        longest = longest.max(begun.elapsed());
        match fed {
            Ok(true) => accepted += 1,
            Ok(false) => {}
            Err(_) => {
                let kept = std::env::temp_dir().join(format!("dukou-{}-{number}", reader.name));
                fs::write(&kept, &bytes).unwrap();
                panic!("{}: mutant {number} breaks it; its bytes are in {}", reader.name, kept.display());
            }
        }
        assert!(longest < LONGEST, "{}: mutant {number} took {longest:?}", reader.name);
    }
    let Reader { name, mutants, .. } = reader;
    println!("{name}: {taken} of {} seeds taken, {accepted} of {mutants} mutants, longest {longest:?}", seeds.len());
}

/// Feeds the readers whose names begin with these letters: a test a part, so that they run side by side.
fn hold_from(first: char, last: char) {
    let mut held = 0;
    for reader in READERS.iter().filter(|reader| reader.name.starts_with(|letter| (first..=last).contains(&letter))) {
        hold(reader);
        held += 1;
    }
    assert!(held > 0);
}

#[test]
fn readers_a_to_f_take_their_seeds_and_fall_over_no_mutant_of_them() {
    hold_from('a', 'f');
}

#[test]
fn readers_g_to_o_take_their_seeds_and_fall_over_no_mutant_of_them() {
    hold_from('g', 'o');
}

#[test]
fn readers_p_to_r_take_their_seeds_and_fall_over_no_mutant_of_them() {
    hold_from('p', 'r');
}

#[test]
fn readers_s_to_z_take_their_seeds_and_fall_over_no_mutant_of_them() {
    hold_from('s', 'z');
}

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

#[test]
fn each_reader_has_a_target_for_libfuzzer_and_each_target_a_reader() {
    let manifest: toml::Table = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap().parse().unwrap();
    let declared: BTreeSet<&str> =
        manifest["bin"].as_array().unwrap().iter().map(|bin| bin["name"].as_str().unwrap()).collect();
    let names: BTreeSet<&str> = READERS.iter().map(|reader| reader.name).collect();
    assert_eq!(names.len(), READERS.len());
    assert_eq!(declared, names);
    let there = fs::read_dir(fuzz().join("fuzz_targets")).unwrap().count();
    assert_eq!(there, names.len());
    for name in names {
        let file = fuzz().join("fuzz_targets").join(format!("{name}.rs"));
        let expected = format!(
            "#![no_main]\n\nlibfuzzer_sys::fuzz_target!(|bytes: &[u8]| dukou_tests::readers::feed(\"{name}\", bytes));\n"
        );
        assert_eq!(fs::read_to_string(file).unwrap(), expected, "{name}");
    }
}
