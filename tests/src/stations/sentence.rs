//! What a person is told when something is wrong.

use super::station::{Answer, Station};

/// Runs a wrong command in both languages and expects `code` and one clear sentence that has all of `words` in it.
///
/// # Panics
/// Panics when the sentence is not one, lacks a word, or is in the other language.
#[track_caller]
pub fn wrong_use(station: &Station, args: &[&str], code: i32, words: &[&str]) {
    one_sentence(&station.expect(code, args), Tongue::Chinese, words);
    one_sentence(&station.expect(code, &[args, &["--lang", "en"]].concat()), Tongue::English, words);
}

/// The language a sentence must be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tongue {
    /// 中文
    Chinese,
    /// English
    English,
}

/// Expects exactly one line on standard error, in a language, with all of `words` in it, and nothing on standard output.
///
/// # Panics
/// Panics when it is otherwise.
#[track_caller]
pub fn one_sentence(answer: &Answer, tongue: Tongue, words: &[&str]) {
    let text = answer.err.trim_end();
    assert!(answer.out.is_empty(), "{answer:?}");
    assert!(!text.is_empty() && !text.contains('\n'), "not one sentence: {answer:?}");
    // What is quoted, such as a station's name, is in whatever language it is.
    let unquoted: String = text.split(['"', '「', '」']).step_by(2).collect();
    let chinese = unquoted.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter) || letter == '。');
    assert_eq!(chinese, tongue == Tongue::Chinese, "{text}");
    assert!(text.ends_with(if tongue == Tongue::Chinese { '。' } else { '.' }), "no whole sentence: {text}");
    for word in words {
        assert!(text.contains(word), "{word:?} is not in: {text}");
    }
}
