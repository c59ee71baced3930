//! The pieces of a document, as a visitor is shown them.

use std::borrow::Cow;

use super::markup::{Span, referred};

/// Looks at a document's pieces as they are read, in the document's order.
///
/// A visitor stops nothing: the reader goes on to the end, and its verdict comes after the last piece.
pub trait Visit<'a> {
    /// An element begins; an empty one is closed right after.
    fn open(&mut self, element: &Element<'_, 'a>) {
        let _ = element;
    }

    /// Character data inside the root or white space around it, as it stands, in one piece or several.
    fn text(&mut self, text: &'a str) {
        let _ = text;
    }

    /// A character that was written as a reference.
    fn letter(&mut self, letter: char) {
        let _ = letter;
    }

    /// The innermost open element ends.
    fn close(&mut self) {}
}

/// An element's start, with its attributes as they stand.
#[derive(Debug)]
pub struct Element<'e, 'a> {
    /// Its name, with its prefix.
    pub name: &'a str,
    /// Where its `<` stands in the document's text, in bytes.
    pub at: usize,
    pub(super) text: &'a str,
    pub(super) spans: &'e [Span],
}

impl<'a> Element<'_, 'a> {
    /// Gives each attribute's name and its value as written; [`value_of`] tells what that means.
    pub fn attributes(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let text = self.text;
        self.spans.iter().map(move |span| {
            let part = |start, end| text.get(start..end).unwrap_or_default();
            (part(span.start, span.end), part(span.value_start, span.value_end))
        })
    }
}

/// Gives what an attribute's value means: references resolved, white space as spaces (section 3.3.3).
pub fn value_of(written: &str) -> Cow<'_, str> {
    if !written.bytes().any(|byte| matches!(byte, b'&' | b'\t' | b'\n' | b'\r')) {
        return Cow::Borrowed(written);
    }
    let mut value = String::with_capacity(written.len());
    let mut rest = written;
    while let Some(at) = rest.find(['&', '\t', '\n', '\r']) {
        let (before, from) = rest.split_at(at);
        value.push_str(before);
        let taken = match from.strip_prefix('&') {
            Some(_) => {
                let end = from.find(';').map_or(from.len(), |semicolon| semicolon + 1);
                let (reference, _) = from.split_at(end);
                value.push(referred(reference).unwrap_or(char::REPLACEMENT_CHARACTER));
                end
            }
            None => {
                value.push(' ');
                if from.starts_with("\r\n") { 2 } else { 1 }
            }
        };
        rest = from.get(taken..).unwrap_or_default();
    }
    value.push_str(rest);
    Cow::Owned(value)
}

#[cfg(test)]
mod tests {
    use super::value_of;

    #[test]
    fn a_value_has_its_references_resolved_and_its_line_ends_as_spaces() {
        for (written, meant) in [
            ("", ""),
            ("阿荣旗", "阿荣旗"),
            ("a&amp;b", "a&b"),
            ("&lt;&#x4E2D;&#20013;&quot;", "<中中\""),
            ("a\r\nb\tc\nd", "a b c d"),
            ("&#10;", "\n"),
        ] {
            assert_eq!(value_of(written), meant, "{written:?}");
        }
    }
}
