//! What `COPY … TO` writes as text, as lines of a run.
//!
//! Given: columns, and rows as the server's `COPY` writes them under the session's settings. Gives: the lines of FORMAT.md section 5, kind 7, which for most types
//! are the same bytes. Never: a line with a value that cannot travel, or one above 1 MiB.

use super::catalog::Col;
use super::ident;
use super::portable::{letter, untagged};
use crate::connectors::tables::Value;
use crate::connectors::tables::change::LARGE_FROM;

/// How NULL stands in a line.
const NULL: &[u8] = b"\\N";

/// Writes a column for the list of a `COPY`: as it is where the server prints it as it travels.
pub(super) fn printed(column: &Col, of: &str) -> String {
    // Truth is `t`, blanks at the end of a character(n) and the encoding of XML are printed; as text they are not.
    let cast = if matches!(column.base.as_str(), "bool" | "bpchar" | "xml") { "::text" } else { "" };
    format!("{of}.{}{cast}", ident(&column.name))
}

/// The columns of which values have to be looked at, by their place: their names and letters.
pub(super) struct Looks(Vec<(usize, String, char)>);

impl Looks {
    /// Of columns in the order of a line.
    pub(super) fn of(columns: &[&Col]) -> Self {
        let looked_at = columns.iter().enumerate().map(|(at, column)| (at, column.name.clone(), letter(column)));
        Self(looked_at.filter(|(_, _, letter)| matches!(letter, 'n' | 'f' | 'd')).collect())
    }

    /// Adds a line, with its LF, as it travels; false, and nothing is added, where it cannot travel so.
    pub(super) fn add(&self, line: &[u8], to: &mut Vec<u8>) -> bool {
        let before = to.len();
        let is_added = line.len() <= LARGE_FROM && self.add_fields(line, to).is_some();
        if !is_added {
            to.truncate(before);
        }
        is_added
    }

    fn add_fields(&self, line: &[u8], to: &mut Vec<u8>) -> Option<()> {
        let mut ends = memchr::memchr2_iter(b'\t', b'\n', line);
        let (mut place, mut began, mut copied) = (0, 0, 0);
        for (looked_at, name, letter) in &self.0 {
            while place < *looked_at {
                began = ends.next()? + 1;
                place += 1;
            }
            let end = ends.next()?;
            let field = line.get(began..end)?;
            if field != NULL && !is_portable(field, *letter) {
                let Ok(Value::Text(text)) = untagged(name, *letter, std::str::from_utf8(field).ok()?) else { return None };
                to.extend_from_slice(line.get(copied..began)?);
                to.extend_from_slice(text.as_bytes());
                copied = end;
            }
            (began, place) = (end + 1, place + 1);
        }
        to.extend_from_slice(line.get(copied..)?);
        Some(())
    }
}

/// Tells quickly that a value stands as it travels; where it says no, it may still do.
pub(super) fn is_portable(field: &[u8], letter: char) -> bool {
    match letter {
        'n' => field.last().is_some_and(u8::is_ascii_digit),
        'd' => is_plain_time(field),
        't' => true,
        _ => false,
    }
}

/// `YYYY-MM-DD`, that and ` HH:MM:SS`, or the latter alone.
fn is_plain_time(field: &[u8]) -> bool {
    let is_like = |of: &[u8], like: &[u8]| {
        let alike = |(byte, like): (&u8, &u8)| if *like == b'0' { byte.is_ascii_digit() } else { byte == like };
        of.len() == like.len() && of.iter().zip(like).all(alike)
    };
    match field.len() {
        8 => is_like(field, b"00:00:00") && field < b"24".as_slice(),
        10 => is_like(field, b"0000-00-00"),
        19 => is_like(field, b"0000-00-00 00:00:00"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(of: &[(usize, char)]) -> Looks {
        Looks(of.iter().map(|(at, letter)| (*at, "c".to_owned(), *letter)).collect())
    }

    fn added(looks: &Looks, line: &str) -> Option<String> {
        let mut lines = b"before\n".to_vec();
        let is_added = looks.add(line.as_bytes(), &mut lines);
        assert!(is_added || lines == b"before\n");
        is_added.then(|| String::from_utf8(lines).expect("text"))
    }

    #[test]
    fn what_the_server_prints_stands_as_it_travels() {
        let looks = looks(&[(1, 'n'), (2, 'd'), (4, 'f')]);
        for (printed, travels) in [
            ("a\\tb\t1.50\t2024-02-29\tx\t1.5\n", Some("a\\tb\t1.50\t2024-02-29\tx\t1.5\n")),
            ("\t\\N\t2024-02-29 23:59:59.5+08\t\t1e+300\n", Some("\t\\N\t2024-02-29 23:59:59.5+08:00\t\t1e300\n")),
            ("\t-1\t23:59:59\t\t-1.5e-05\n", Some("\t-1\t23:59:59\t\t-1.5e-5\n")),
            ("\tNaN\t\\N\t\t1\n", None),
            ("\t-Infinity\t\\N\t\t1\n", None),
            ("\t1\tinfinity\t\t1\n", None),
            ("\t1\t0044-03-15 BC\t\t1\n", None),
            ("\t1\t24:00:00\t\t1\n", None),
            ("\t1\t\\N\t\tNaN\n", None),
            ("\t1\n", None),
        ] {
            assert_eq!(added(&looks, printed), travels.map(|line| format!("before\n{line}")), "{printed:?}");
        }
        let long = format!("{}\n", "x".repeat(LARGE_FROM));
        assert_eq!(added(&Looks(Vec::new()), &long), None);
        assert!(added(&Looks(Vec::new()), long.trim_start_matches('x')).is_some());
    }
}
