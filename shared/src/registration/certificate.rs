//! Certificate and proof numbers (不动产权证号、登记证明号): `蒙(2024)阿荣旗不动产权第0000123号`.
//!
//! Real files hold them with full-width brackets, with spaces, marked as void, and several joined by `,`, `、` or `;`. Comparing takes such
//! forms for one; carrying changes nothing.

use super::nothing::{half_width, is_blank};

/// What a number of a certificate looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As it should be.
    Clean,
    /// As it should be but for brackets, spaces or commas of full width.
    Wide,
    /// With a mark behind it, such as `(销)`.
    Marked,
    /// No number of a 不动产权证书 or 不动产登记证明.
    Other,
}

/// Splits what may be several joined numbers.
pub fn parts(value: &str) -> impl Iterator<Item = &str> {
    value.split([',', '、', ';', '，', '；']).map(str::trim).filter(|part| !is_blank(part))
}

/// Gives the form in which numbers are compared: half-width, without spaces, without a mark behind it.
pub fn alike(number: &str) -> String {
    let narrow = half_width(number);
    match narrow.find('号') {
        Some(at) => narrow.get(..at + '号'.len_utf8()).unwrap_or_default().to_string(),
        None => narrow.into_owned(),
    }
}

/// Tells what one number looks like.
pub fn form(number: &str) -> Form {
    if is_number(number) {
        return Form::Clean;
    }
    let narrow = half_width(number);
    if is_number(&narrow) {
        return Form::Wide;
    }
    match is_number(&alike(number)) {
        true => Form::Marked,
        false => Form::Other,
    }
}

/// Tells whether the text is the short name of a province, a year in brackets, a county, the paper's kind and its number of at most 20 digits.
fn is_number(text: &str) -> bool {
    let Some((province, rest)) = text.split_once('(') else {
        return false;
    };
    let Some((year, rest)) = rest.split_once(')') else {
        return false;
    };
    let kinds = ["不动产权第", "不动产证明第"];
    let Some((county, digits)) = kinds.iter().find_map(|kind| rest.split_once(kind)) else {
        return false;
    };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_words = |text: &str| {
        !text.is_empty() && text.chars().all(|letter| matches!(letter, '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}'))
    };
    is_words(province)
        && province.chars().count() == 1
        && year.len() == 4
        && is_digits(year)
        && is_words(county)
        && digits.strip_suffix('号').is_some_and(|digits| is_digits(digits) && digits.len() <= 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_by_their_form() {
        for (number, expected) in [
            ("蒙(2024)阿荣旗不动产权第0000123号", Form::Clean),
            ("蒙(2016)乌兰浩特市不动产证明第0000045号", Form::Clean),
            ("蒙（2024）阿荣旗不动产权第0000123号", Form::Wide),
            ("蒙(2024)阿荣旗不动产权第 0000123 号", Form::Wide),
            ("蒙(2024)阿荣旗不动产权第0000123号(销)", Form::Marked),
            ("蒙(2024)阿荣旗不动产权第0000123号(销)2", Form::Marked),
            ("阿国用(2009)第123号", Form::Other),
            ("蒙(24)阿荣旗不动产权第0000123号", Form::Other),
            ("号", Form::Other),
            ("", Form::Other),
        ] {
            assert_eq!(form(number), expected, "{number}");
        }
    }

    #[test]
    fn joined_numbers_are_parted_and_compared_alike() {
        let joined = "蒙(2024)阿荣旗不动产权第1号、蒙（2024）阿荣旗不动产权第 2 号;/";
        let parts: Vec<String> = parts(joined).map(alike).collect();
        assert_eq!(parts, ["蒙(2024)阿荣旗不动产权第1号", "蒙(2024)阿荣旗不动产权第2号"]);
    }
}
