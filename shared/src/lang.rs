//! The two languages people read, and how text is rendered for them.
//!
//! Everything an operator or auditor sees exists in Chinese and in English and is chosen by a [`Lang`] with the
//! [`say!`](crate::say) macro. Resident ids and names are masked before they are shown; table columns are padded by
//! display width, since a Chinese character takes two cells of a terminal.

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use dukou_packets::audit::text::is_unseen;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use unicode_width::UnicodeWidthStr;

/// Says in which language people are addressed; Chinese unless told otherwise.
///
/// The text form is `zh` or `en`, in configuration files, on the command line and in JSON alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Chinese, in simplified characters.
    #[default]
    Zh,
    /// English.
    En,
}

/// Tells that a text names no language we speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("语言应为 zh 或 en / the language is zh or en")]
pub struct UnknownLang;

impl FromStr for Lang {
    type Err = UnknownLang;

    fn from_str(text: &str) -> Result<Self, UnknownLang> {
        match text {
            "zh" => Ok(Self::Zh),
            "en" => Ok(Self::En),
            _ => Err(UnknownLang),
        }
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Zh => "zh",
            Self::En => "en",
        })
    }
}

/// Formats the Chinese or the English sentence, as the given [`Lang`](crate::lang::Lang) asks.
///
/// Both are format strings checked at compile time, with names captured from the scope; further arguments, positional
/// or named, are shared, and each must be used by both sentences.
#[macro_export]
macro_rules! say {
    ($lang:expr, $zh:literal, $en:literal $(, $($argument:tt)*)?) => {
        match $lang {
            $crate::lang::Lang::Zh => ::std::format!($zh $(, $($argument)*)?),
            $crate::lang::Lang::En => ::std::format!($en $(, $($argument)*)?),
        }
    };
}

/// Cuts a text to at most `max_bytes`, at a character's boundary.
pub fn cut(text: &str, max_bytes: usize) -> String {
    let mut end = text.len().min(max_bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_string()
}

/// Replaces control characters other than line breaks and shows characters that nobody sees, or that turn the direction of writing, as escapes
/// (`\u{202e}`), so that a file's name can neither steer the reader's terminal nor look like another.
pub fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            _ if is_unseen(letter) => shown.extend(letter.escape_unicode()),
            _ if letter.is_control() && letter != '\n' => shown.push(char::REPLACEMENT_CHARACTER),
            _ => shown.push(letter),
        }
    }
    shown
}

/// Gives JSON of the same meaning in which no string holds what steers a terminal as it stands: controls and characters that nobody sees are escaped.
pub fn plain_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            // Outside of strings JSON has no such characters but line breaks.
            _ if is_unseen(letter) || (letter.is_control() && letter != '\n') => {
                let units = letter.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect::<String>();
                shown += &units;
            }
            _ => shown.push(letter),
        }
    }
    shown
}

/// A writer of JSON that makes it [plain](plain_json) as it goes. It takes whole characters at a time, as serde_json gives them.
pub struct PlainJson<W>(pub W);

impl<W: Write> Write for PlainJson<W> {
    fn write(&mut self, json: &[u8]) -> io::Result<usize> {
        // Most of JSON is in letters that everybody sees.
        match json.iter().all(|byte| matches!(byte, b'\n' | b' '..=b'~')) {
            true => self.0.write_all(json)?,
            false => {
                let json = std::str::from_utf8(json).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
                self.0.write_all(plain_json(json).as_bytes())?;
            }
        }
        Ok(json.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// As [`plain`], on one line.
pub fn plain_line(text: &str) -> String {
    plain(text).replace('\n', "\u{fffd}")
}

/// Gives text for one line of an HTML page, which shows it and takes nothing of it for markup.
pub fn html_line(text: &str) -> String {
    let text = plain_line(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

/// Masks whatever looks like a resident id (居民身份号码) inside a text: `1507**********001X`.
///
/// An 18-place id is found anywhere in a longer run of digits, a 15-place one only as a run of its own; both by a
/// region that does not begin with 0 and a plausible birth date, so that most message and certificate numbers stay
/// readable. The check digit is not consulted: a mistyped id is still somebody's. Full-width digits count as digits.
/// Source of the layouts: GB 11643, and its 15-place forerunner.
pub fn mask_id(text: &str) -> String {
    let original: Vec<char> = text.chars().collect();
    let plain: Vec<u8> = original.iter().copied().map(half_width).collect();
    let mut masked = original;
    let mut from = 0;
    while let Some(start) = (from..plain.len()).find(|&at| is_digit(&plain, at)) {
        let end = (start..plain.len()).find(|&at| !is_digit(&plain, at)).unwrap_or(plain.len());
        mask_run(&plain, start, end, &mut masked);
        from = end;
    }
    masked.into_iter().collect()
}

/// Gives the ASCII byte a person reads in the character, 0 when there is none.
fn half_width(shown: char) -> u8 {
    let ascii = match shown {
        '\u{ff01}'..='\u{ff5e}' => u32::from(shown) - 0xfee0,
        _ => u32::from(shown),
    };
    u8::try_from(ascii).unwrap_or(0)
}

fn is_digit(plain: &[u8], at: usize) -> bool {
    plain.get(at).is_some_and(u8::is_ascii_digit)
}

/// Masks the ids that begin in one maximal run of digits, `start..end`.
fn mask_run(plain: &[u8], start: usize, end: usize, masked: &mut [char]) {
    if end - start == 15 && plain.get(start..end).is_some_and(is_id_15) {
        star(masked, start, end);
    }
    for at in start..end {
        if plain.get(at..at + 18).is_some_and(is_id_18) {
            star(masked, at, at + 18);
        }
    }
}

/// Hides all but the first and last four places of an id.
fn star(masked: &mut [char], start: usize, end: usize) {
    masked.iter_mut().take(end - 4).skip(start + 4).for_each(|place| *place = '*');
}

fn is_id_18(id: &[u8]) -> bool {
    let Some((body, [check])) = id.split_at_checked(17) else {
        return false;
    };
    body.iter().all(u8::is_ascii_digit)
        && (check.is_ascii_digit() || check.eq_ignore_ascii_case(&b'X'))
        && region(body)
        && (18..=20).contains(&two(body, 6))
        && birthday(body, 10)
}

fn is_id_15(id: &[u8]) -> bool {
    region(id) && birthday(id, 8)
}

fn region(id: &[u8]) -> bool {
    id.first().is_some_and(|place| *place != b'0')
}

/// Tells whether a month and a day stand at `at`.
fn birthday(id: &[u8], at: usize) -> bool {
    (1..=12).contains(&two(id, at)) && (1..=31).contains(&two(id, at + 2))
}

/// Reads two digits.
fn two(id: &[u8], at: usize) -> u8 {
    let digit = |at: usize| id.get(at).map_or(0, |place| place & 0x0f);
    digit(at) * 10 + digit(at + 1)
}

/// Gives the cells of a terminal the text takes: two for a Chinese character, one for a letter.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Fills the text up with spaces to a display width; a wider text stays whole.
pub fn pad(text: &str, cells: usize) -> String {
    let missing = cells.saturating_sub(width(text));
    let mut padded = String::with_capacity(text.len() + missing);
    padded.push_str(text);
    padded.extend(std::iter::repeat_n(' ', missing));
    padded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_not_shown() {
        assert_eq!(plain("a\u{1b}[31m\u{9b}\r\nb"), "a\u{fffd}[31m\u{fffd}\u{fffd}\nb");
        assert_eq!(plain_line("登记\nb"), "登记\u{fffd}b");
    }

    /// Marks of direction, joiners, a soft hyphen, a tag, separators of lines and paragraphs.
    const UNSEEN: [char; 14] = [
        '\u{200e}',
        '\u{200f}',
        '\u{202a}',
        '\u{202e}',
        '\u{2066}',
        '\u{2069}',
        '\u{61c}',
        '\u{200b}',
        '\u{feff}',
        '\u{ad}',
        '\u{e0041}',
        '\u{2028}',
        '\u{2029}',
        '\u{180e}',
    ];

    #[test]
    fn what_nobody_sees_or_what_turns_the_writing_is_shown_as_an_escape() {
        assert_eq!(plain("a\u{202e}fdp.exe"), "a\\u{202e}fdp.exe");
        assert_eq!(html_line("a\u{2067}<b>"), "a\\u{2067}&lt;b&gt;");
        for letter in UNSEEN {
            let escape = format!("登记\\u{{{:x}}}表", u32::from(letter));
            for shown in [plain, plain_line, html_line] {
                assert_eq!(shown(&format!("登记{letter}表")), escape);
            }
        }
        let seen = "蒙古文 ᠮᠣᠩᠭᠣᠯ، ئۇيغۇر, བོད་ཡིག 🙂 é ﷺ㐂𠮷";
        assert_eq!(plain(seen), seen);
    }

    #[test]
    fn json_is_shown_without_what_steers_and_means_the_same() {
        let value: Vec<String> = UNSEEN.iter().map(|letter| format!("a{letter}b\u{9b}\u{7f}\\ \n\u{1b}")).collect();
        let shown = plain_json(&serde_json::to_string_pretty(&value).unwrap());
        assert!(!shown.chars().any(|letter| UNSEEN.contains(&letter) || (letter.is_control() && letter != '\n')), "{shown}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&shown).unwrap(), value);
    }

    #[test]
    fn a_language_round_trips_through_its_text() {
        for lang in [Lang::Zh, Lang::En] {
            assert_eq!(lang.to_string().parse(), Ok(lang));
        }
        assert_eq!(Lang::default(), Lang::Zh);
    }

    #[test]
    fn other_languages_and_spellings_are_refused() {
        for text in ["", "ZH", "En", "zh ", "zh-CN", "fr"] {
            assert_eq!(text.parse::<Lang>(), Err(UnknownLang), "{text}");
        }
    }

    #[test]
    fn json_uses_the_same_text() {
        assert_eq!(serde_json::to_string(&Lang::En).unwrap(), "\"en\"");
        assert_eq!(serde_json::from_str::<Lang>("\"zh\"").unwrap(), Lang::Zh);
        assert!(serde_json::from_str::<Lang>("\"Zh\"").is_err());
    }

    #[test]
    fn the_sentence_of_the_language_is_chosen() {
        let count = 3;
        assert_eq!(say!(Lang::Zh, "共 {count} 个", "{count} in all"), "共 3 个");
        assert_eq!(say!(Lang::En, "共 {count} 个", "{count} in all",), "3 in all");
    }

    #[test]
    fn positional_and_named_arguments_serve_both_sentences() {
        let text = say!(Lang::En, "{0} 与 {other}", "{other} and {0}", "a", other = "b");
        assert_eq!(text, "b and a");
    }

    #[test]
    fn an_18_place_id_is_masked() {
        assert_eq!(mask_id("15072119000101001X"), "1507**********001X");
        assert_eq!(mask_id("证件号370102190304092577，男"), "证件号3701**********2577，男");
        assert_eq!(mask_id("ID15072119000101001x.pdf"), "ID1507**********001x.pdf");
    }

    #[test]
    fn a_15_place_id_is_masked() {
        assert_eq!(mask_id("号150721990101001号"), "号1507*******1001号");
    }

    #[test]
    fn an_id_inside_a_longer_run_of_digits_is_masked() {
        assert!(!mask_id("2024010115072119000101001X").contains("19000101"));
        assert!(!mask_id("370102190304092577370102190304092577").contains("19030409"));
    }

    #[test]
    fn an_id_in_full_width_digits_is_masked() {
        assert_eq!(mask_id("１５０７２１１９０００１０１００１Ｘ"), "１５０７**********００１Ｘ");
    }

    #[test]
    fn an_id_with_a_wrong_check_digit_is_masked_too() {
        assert_eq!(mask_id("370102190304092570"), "3701**********2570");
    }

    #[test]
    fn numbers_that_are_no_ids_stay_readable() {
        for text in [
            "",
            "370115240101000923",
            "370115177034GB26525F28807782",
            "鲁(2024)济南市不动产权第7553606号",
            "15600789284",
            "15072119001301001X",
            "15072119000132001X",
            "050721190001010013",
            "1507211900010100",
            "150721991301001",
        ] {
            assert_eq!(mask_id(text), text);
        }
    }

    #[test]
    fn columns_are_padded_by_display_width() {
        assert_eq!(width("链路a"), 5);
        assert_eq!(pad("链路a", 8), "链路a   ");
        assert_eq!(pad("ab", 8).len(), 8);
    }

    #[test]
    fn a_text_wider_than_its_column_stays_whole() {
        assert_eq!(pad("业务内网", 3), "业务内网");
    }
}
