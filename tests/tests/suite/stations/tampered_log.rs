//! The auditor's program: PASS on honest logs, FAIL on any changed byte.

use std::fs;

use dukou_tests::stations::audit::{assert_pass, lines, verify};
use dukou_tests::stations::pair::{Pair, RESPONSES};
use dukou_tests::stations::tree::{names, write_old};

/// A pair with traffic both ways.
fn busy() -> Pair {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 4);
    pair.exchange();
    write_old(&pair.inner.path("drop").join(RESPONSES).join("Rep1.xml"), &dukou_tests::stations::message::body(1));
    pair.inner.pass(0);
    pair.carry_back();
    pair.outer.pass(0);
    pair.drop_messages(4, 5);
    pair.exchange();
    assert_pass(&pair);
    pair
}

#[test]
fn one_changed_byte_in_any_line_fails_the_log() {
    let pair = busy();
    for station in [&pair.outer, &pair.inner] {
        let segment = names(&station.path("log")).into_iter().find(|name| name.ends_with(".jsonl")).unwrap();
        let path = station.path("log").join(segment);
        let honest = fs::read(&path).unwrap();
        let ends: Vec<usize> = honest.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).collect();
        let mut start = 0;
        for end in ends {
            let mut changed = honest.clone();
            // A digit or letter in the middle of the line becomes another.
            let at = (start..end).rev().find(|at| honest[*at].is_ascii_digit()).unwrap();
            changed[at] = if honest[at] == b'7' { b'8' } else { b'7' };
            fs::write(&path, &changed).unwrap();
            let answer = verify(station);
            assert_eq!(answer.code, 1, "line that ends at {end}: {}", answer.all());
            assert!(answer.all().contains("000000000001."), "the place is named: {}", answer.all());
            start = end + 1;
        }
        fs::write(&path, &honest).unwrap();
    }
    assert_pass(&pair);
}

#[test]
fn a_line_dropped_swapped_or_repeated_fails_the_log() {
    let pair = busy();
    let segment = names(&pair.inner.path("log")).into_iter().find(|name| name.ends_with(".jsonl")).unwrap();
    let path = pair.inner.path("log").join(segment);
    let honest = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = honest.split_inclusive('\n').collect();
    let middle = lines.len() / 2;
    let mut dropped = lines.clone();
    dropped.remove(middle);
    let mut swapped = lines.clone();
    swapped.swap(middle, middle + 1);
    let mut repeated = lines.clone();
    repeated.insert(middle, lines[middle]);
    for forged in [dropped, swapped, repeated] {
        fs::write(&path, forged.concat()).unwrap();
        assert_eq!(verify(&pair.inner).code, 1, "{}", verify(&pair.inner).all());
    }
    fs::write(&path, &honest).unwrap();
    assert_pass(&pair);
}

#[test]
fn a_log_judged_by_another_stations_card_fails() {
    let pair = busy();
    let mut command = std::process::Command::new(dukou_tests::stations::programs::program("dukou-audit"));
    command.arg("verify").arg(pair.inner.path("log")).arg("--authority").arg(pair.outer.path("keys/keyring.txt"));
    let answer = dukou_tests::stations::station::Answer::of(command.output().unwrap());
    assert_eq!(answer.code, 1, "{}", answer.all());
}

#[test]
fn the_tail_that_nobody_witnessed_is_told_with_the_verdict() {
    let pair = busy();
    let answer = verify(&pair.inner);
    assert!(answer.all().contains("见证"), "{}", answer.all());
    assert!(lines(&pair.inner).len() > 20);
}
