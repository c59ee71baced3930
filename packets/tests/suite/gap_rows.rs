//! Rows of digits: every vector gives its code, and no mistyped digit or exchanged neighbours in a row ever pass.

use dukou_packets::gap_report::rows::{ROW_DIGITS, RowFault, RowRange, Rows, TEXT_MAX, in_groups, read_rows};
use proptest::prelude::*;
use serde_json::json;

use crate::receive::{list, text};

#[test]
fn every_vector_of_rows_gives_its_code_and_names_the_wrong_rows() {
    let mut wrong = Vec::new();
    for (path, case) in list("gap-rows") {
        let agrees = match read_rows(text(&case, "text")) {
            Ok(Rows { report, ranges }) => {
                let said: Vec<_> = ranges.iter().map(said).collect();
                text(&case, "expect") == "ok" && json!(report) == case["report"] && json!(said) == case["rows"]
            }
            Err(faults) => {
                let places: Vec<_> = faults.iter().filter_map(RowFault::row).collect();
                faults.iter().any(|fault| fault.code() == text(&case, "expect")) && json!(places) == case["wrong"]
            }
        };
        if !agrees {
            wrong.push(format!("{}: {:?}", path.display(), read_rows(text(&case, "text"))));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn said(range: &RowRange) -> serde_json::Value {
    json!({ "tag": range.tag, "epoch": range.epoch, "from": range.from, "count": range.count })
}

/// Rows of the vectors, each right in itself.
fn good_rows() -> Vec<String> {
    let (_, case) = list("gap-reports").into_iter().find(|(_, case)| case["rows"].is_array()).expect("a report with rows");
    case["rows"].as_array().expect("rows").iter().map(|row| row.as_str().expect("a row").to_owned()).collect()
}

/// Expects that a set whose third row reads so is refused, and that this row is named.
fn assert_named(rows: &[String], third: &str) {
    let mut typed = rows.to_vec();
    typed[2] = third.to_owned();
    let faults = read_rows(&typed.join("\n")).expect_err(third);
    assert_eq!(faults.iter().filter_map(RowFault::row).collect::<Vec<_>>(), [3], "{third}: {faults:?}");
}

#[test]
fn every_wrong_digit_and_every_exchange_of_neighbours_in_a_row_is_caught_and_the_row_named() {
    let rows = good_rows();
    let (mut digits, mut exchanges, mut leaps) = (0, 0, 0);
    for good in &rows {
        let mut rows = rows.clone();
        rows[2] = good.clone();
        let good = good.as_bytes();
        let typed = |digits: Vec<u8>| String::from_utf8(digits).expect("digits");
        for at in 0..ROW_DIGITS {
            for digit in (b'0'..=b'9').filter(|digit| *digit != good[at]) {
                let mut wrong = good.to_vec();
                wrong[at] = digit;
                assert_named(&rows, &typed(wrong));
                digits += 1;
            }
            for (step, count) in [(1, &mut exchanges), (2, &mut leaps)] {
                let Some(other) = good.get(at + step).filter(|other| **other != good[at]) else { continue };
                let mut wrong = good.to_vec();
                (wrong[at], wrong[at + step]) = (*other, good[at]);
                assert_named(&rows, &typed(wrong));
                *count += 1;
            }
        }
    }
    assert!(digits == rows.len() * ROW_DIGITS * 9 && exchanges > 50 && leaps > 50);
    println!(
        "caught: {digits} of {digits} wrong digits, {exchanges} of {exchanges} exchanged neighbours, {leaps} of {leaps} over one"
    );
}

#[test]
fn a_digit_left_out_or_typed_twice_names_its_row_however_the_rows_are_laid_out() {
    let rows = good_rows();
    for joint in ["\n", " "] {
        for wrong in 0..rows.len() {
            for at in 0..ROW_DIGITS {
                let mut typed: Vec<String> = rows.iter().map(|row| in_groups(row)).collect();
                typed[wrong].remove(at + at / 5);
                let faults = read_rows(&typed.join(joint)).expect_err("a digit is not there");
                assert_eq!(faults, [RowFault::Length { row: wrong + 1, digits: 29 }], "{joint:?} {wrong} {at}");
            }
        }
    }
}

#[test]
fn the_order_of_rows_means_nothing_and_each_one_left_out_is_named() {
    let rows = good_rows();
    let whole = read_rows(&rows.concat()).expect("good rows");
    let mut turned = rows.clone();
    turned.reverse();
    assert_eq!(read_rows(&turned.join("；")), Ok(whole));
    for index in 0..rows.len() {
        let mut left = rows.clone();
        left.remove(index);
        assert_eq!(read_rows(&left.join("\n")), Err(vec![RowFault::Missing { index: index + 1, count: rows.len() }]));
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_of_rows_panic_or_slow(text in "(\\PC|[0-9 \n０-９，。]){0,400}") {
        let _ = read_rows(&text);
    }

    #[test]
    fn digits_alone_never_pass_unless_the_check_digits_do(digits in "[0-9]{30}") {
        let value: u128 = digits.parse().expect("30 digits");
        prop_assert!(read_rows(&digits).is_err() || value % 97 == 1);
    }
}

#[test]
fn a_text_of_the_longest_length_is_read_in_no_time() {
    for piece in ["1\n", "12345 67890\n", "1", "123456789012345678901234567890\n", "x\n"] {
        let text = piece.repeat(TEXT_MAX / piece.len());
        let began = std::time::Instant::now();
        assert!(read_rows(&text).is_err());
        assert!(began.elapsed().as_secs() < 20, "{piece:?}");
    }
}
