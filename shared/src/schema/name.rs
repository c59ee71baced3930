//! Names that are let into SQL.
//!
//! Given: a name from a document. Gives: the same name, or why not. Never: a name that is mended.

use crate::lang::Lang;
use crate::say;

/// Longest part of a name in bytes: PostgreSQL takes 63.
pub const NAME_MAX: usize = 63;

/// How names begin that are not for documents: our own tables, and the databases' own.
const TAKEN: [&str; 3] = ["dukou_", "pg_", "sqlite_"];

/// Why a name is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// It is empty, or longer than 63 bytes.
    #[error("it has 1 to 63 bytes")]
    Length,
    /// It has a character other than letters, digits and `_`, or begins with a digit.
    #[error("it has letters, digits and _, and begins with no digit")]
    Letters,
    /// It begins as names of ours or of the database's own.
    #[error("names that begin with dukou_, pg_ or sqlite_ are taken")]
    Taken,
}

impl NameFault {
    /// Says it.
    pub fn words(self, lang: Lang) -> String {
        match self {
            Self::Length => say!(lang, "名字应为 1–63 字节", "a name has 1 to 63 bytes"),
            Self::Letters => say!(
                lang,
                "名字只能有字母、汉字、数字和 _，且不以数字开头",
                "a name has letters, Han characters, digits and _, and begins with no digit"
            ),
            Self::Taken => say!(
                lang,
                "以 dukou_、pg_、sqlite_ 开头的名字留作他用",
                "names that begin with dukou_, pg_ or sqlite_ are taken"
            ),
        }
    }
}

/// Looks at the name of a column, or at one part of a table's.
///
/// # Errors
/// [`NameFault`].
pub fn check(name: &str) -> Result<(), NameFault> {
    if !(1..=NAME_MAX).contains(&name.len()) {
        return Err(NameFault::Length);
    }
    let letter = |letter: char| letter == '_' || letter.is_ascii_alphabetic() || is_han(letter);
    if !name.starts_with(letter) || !name.chars().all(|each| letter(each) || each.is_ascii_digit()) {
        return Err(NameFault::Letters);
    }
    let small = name.to_ascii_lowercase();
    match TAKEN.iter().any(|taken| small.starts_with(taken)) {
        true => Err(NameFault::Taken),
        false => Ok(()),
    }
}

/// Looks at the name of a table, which may have its schema before a dot.
///
/// # Errors
/// [`NameFault`].
pub fn check_table(name: &str) -> Result<(), NameFault> {
    match name.split_once('.') {
        Some((schema, table)) => check(schema).and_then(|()| check(table)),
        None => check(name),
    }
}

/// Looks at the path of a message's element: names of XML with `/` between them.
///
/// # Errors
/// [`NameFault`].
pub fn check_element(path: &str) -> Result<(), NameFault> {
    let first = |letter: char| letter == '_' || letter.is_ascii_alphabetic() || is_han(letter);
    let any = |letter: char| first(letter) || letter.is_ascii_digit() || matches!(letter, '-' | '.');
    if path.is_empty() || path.len() > 4 * NAME_MAX {
        return Err(NameFault::Length);
    }
    let fine = |part: &str| part.starts_with(first) && part.chars().all(any);
    if path.split('/').all(fine) { Ok(()) } else { Err(NameFault::Letters) }
}

/// Tells whether two names are one where letters' case does not count.
pub fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// A character of the blocks that Chinese names are written with; none of them is unseen or turns the direction of writing.
fn is_han(letter: char) -> bool {
    matches!(letter, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{2ebe0}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_standard_are_let_through() {
        for name in ["bdc_dyaq", "BDC_GZDJ", "DBFW", "权利人", "_x1"] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        assert_eq!(check_table("public.bdc_dyaq"), Ok(()));
        assert_eq!(check_element("Message/Data/DJT_DJ_SLSQ"), Ok(()));
    }

    #[test]
    fn a_name_that_could_end_a_quotation_or_hide_is_refused() {
        for name in ["", "a\"b", "a`b", "a'b", "a b", "a;b", "a\0b", "1a", "a\u{202e}b", "a--", "ａ", "a]b", "a.b"] {
            assert!(check(name).is_err(), "{name:?}");
        }
        for name in ["DUKOU_mark", "pg_class", "sqlite_master"] {
            assert_eq!(check(name), Err(NameFault::Taken));
        }
        assert_eq!(check(&"字".repeat(22)), Err(NameFault::Length));
        assert!(check_table("a.b.c").is_err());
        assert!(check_element("Message//x").is_err());
    }
}
