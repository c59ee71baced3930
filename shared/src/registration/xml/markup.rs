//! The productions inside one piece of markup: names, attributes, references, instructions.
//!
//! All positions are byte offsets into the whole text, so that a fault needs no second look to be placed. Thousands of
//! documents with dozens of attributes an element pass here, so the scans go by bytes and words, decode nothing but names
//! beyond ASCII, and allocate nothing per attribute.

use super::fault::{Breach, Stop, XmlFlaw};

const NAME_START: u8 = 1;
const NAME: u8 = 2;
const SPACE: u8 = 4;

/// What a byte may be part of; bytes beyond ASCII are decided by [`is_name_start`] and [`is_name`].
static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut class = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        class[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b':' => NAME_START | NAME,
            b'0'..=b'9' | b'-' | b'.' => NAME,
            b' ' | b'\t' | b'\r' | b'\n' => SPACE,
            _ => 0,
        };
        byte += 1;
    }
    class
}

fn class_at(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).map_or(0, |byte| CLASS[usize::from(*byte)])
}

/// Tells whether a character is white space ([3]).
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// Gives the first position from `at` on that is no white space.
pub(super) fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while class_at(bytes, at) & SPACE != 0 {
        at += 1;
    }
    at
}

/// Tells whether a character may begin a name ([4]).
fn is_name_start(c: char) -> bool {
    matches!(c, ':' | 'A'..='Z' | '_' | 'a'..='z'
        | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}'
        | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}'
        | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

/// Tells whether a character may stand in a name after its first ([4a]).
fn is_name(c: char) -> bool {
    is_name_start(c) || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

/// Checks that every character of the text is a character of XML ([2]).
///
/// # Errors
/// The place of the first that is not.
pub(super) fn characters(text: &str) -> Result<(), Stop> {
    let bytes = text.as_bytes();
    // Without early exits these folds compile to wide compares; the culprit is looked for only when there is one. A text in
    // UTF-8 has no surrogates, so all there is to find are control characters, and U+FFFE and U+FFFF: EF BF BE, EF BF BF.
    let control = bytes
        .iter()
        .fold(0, |bad, b| bad | (u8::from(*b < 0x20) & u8::from(*b != b'\t') & u8::from(*b != b'\n') & u8::from(*b != b'\r')));
    let second = bytes.get(1..).unwrap_or_default();
    let third = bytes.get(2..).unwrap_or_default();
    let beyond = bytes
        .iter()
        .zip(second)
        .zip(third)
        .fold(0, |bad, ((a, b), c)| bad | (u8::from(*a == 0xef) & u8::from(*b == 0xbf) & u8::from(*c >= 0xbe)));
    if control | beyond == 0 {
        return Ok(());
    }
    match text.char_indices().find(|(_, c)| !is_character(*c)) {
        Some((at, _)) => Err(Stop::new(at, Breach::Character)),
        None => Ok(()),
    }
}

/// Tells whether a character may stand in a document ([2]).
fn is_character(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

/// Gives the end of the name that begins at `start` ([5]), `None` when none does.
#[inline]
pub(super) fn name(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    if class_at(bytes, start) & NAME_START == 0 {
        return other_name(text, start, start);
    }
    let rest = bytes.get(start..)?;
    let run = rest.iter().position(|byte| CLASS[usize::from(*byte)] & NAME == 0).unwrap_or(rest.len());
    match rest.get(run) {
        Some(0x80..) => other_name(text, start, start + run),
        _ => Some(start + run),
    }
}

/// Goes on from `at` with a name that has characters beyond ASCII.
#[cold]
fn other_name(text: &str, start: usize, at: usize) -> Option<usize> {
    let mut end = at;
    for c in text.get(at..)?.chars() {
        if !(if end == start { is_name_start(c) } else { is_name(c) }) {
            break;
        }
        end += c.len_utf8();
    }
    (end > start).then_some(end)
}

/// Gives a key of a name: equal names have equal keys, unequal ones seldom.
#[inline]
fn key(bytes: &[u8], start: usize, end: usize) -> u64 {
    let eight = |at: usize| match bytes.get(at..).and_then(<[u8]>::first_chunk) {
        Some(chunk) => u64::from_le_bytes(*chunk),
        // Fewer than eight bytes are left; they must give the same key as elsewhere.
        None => bytes.iter().skip(at).rev().fold(0, |word, b| word << 8 | u64::from(*b)),
    };
    match end - start {
        length @ 0..8 => eight(start) & ((1 << (8 * length)) - 1),
        length => eight(start) ^ eight(end - 8).rotate_left(29) ^ length as u64,
    }
}

/// Remembers the attribute names of one element, to find one that comes twice; kept from element to element for its memory.
pub(super) struct AttributeNames {
    /// One bit for each of 256 classes of keys: a name of a class not met before needs no comparison.
    met: [u64; 4],
    /// Each attribute so far.
    spans: Vec<Span>,
}

/// Where an attribute's name and value stand in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    /// The name's key.
    key: u64,
    /// Where the value begins, after its quote.
    pub(super) value_start: usize,
    /// Where its closing quote stands.
    pub(super) value_end: usize,
}

/// Up to so many names are compared with one another as they come; more are sorted once, so that a hostile element
/// costs no square.
const COMPARED: usize = 64;

impl AttributeNames {
    pub(super) fn new() -> Self {
        Self { met: [0; 4], spans: Vec::with_capacity(COMPARED) }
    }

    fn clear(&mut self) {
        self.met = [0; 4];
        self.spans.clear();
    }

    /// Adds a name.
    fn add(&mut self, text: &str, start: usize, end: usize) -> Result<(), Stop> {
        let key = key(text.as_bytes(), start, end);
        let class = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56;
        let bit = 1 << (class & 63);
        let word = &mut self.met[(class >> 6) as usize & 3];
        let met = *word & bit != 0;
        *word |= bit;
        if met && self.spans.len() < COMPARED && self.twice(text, start, end, key) {
            return Err(Stop::new(start, Breach::AttributeTwice));
        }
        self.spans.push(Span { start, end, key, value_start: end, value_end: end });
        Ok(())
    }

    /// Notes where the value of the name added last stands.
    fn valued(&mut self, value_start: usize, value_end: usize) {
        if let Some(span) = self.spans.last_mut() {
            (span.value_start, span.value_end) = (value_start, value_end);
        }
    }

    fn twice(&self, text: &str, start: usize, end: usize, key: u64) -> bool {
        self.spans.iter().any(|span| span.key == key && text.get(span.start..span.end) == text.get(start..end))
    }

    /// The attributes of the element read last, as they stand.
    pub(super) fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Looks through the names of an element that had too many to be compared one by one.
    fn finish(&mut self, text: &str) -> Result<(), Stop> {
        if self.spans.len() <= COMPARED {
            return Ok(());
        }
        let name = |span: &Span| text.get(span.start..span.end);
        self.spans.sort_unstable_by(|a, b| name(a).cmp(&name(b)).then(a.cmp(b)));
        let twice = self.spans.windows(2).filter(|pair| match pair {
            [a, b] => name(a) == name(b),
            _ => false,
        });
        if let Some(span) = twice.filter_map(|pair| pair.last()).min() {
            return Err(Stop::new(span.start, Breach::AttributeTwice));
        }
        self.spans.sort_unstable_by_key(|span| span.start);
        Ok(())
    }
}

/// Checks the inside of a start tag or an empty element, from its name at `start` to the end of `text` ([40], [41]).
///
/// Gives the end of the element's name.
///
/// # Errors
/// The place of the first fault; at the end of `text` when the tag breaks off.
pub(super) fn tag(text: &str, start: usize, most: usize, names: &mut AttributeNames) -> Result<usize, Stop> {
    let bytes = text.as_bytes();
    let name_end = name(text, start).ok_or(Stop::flaw(start, XmlFlaw::Name))?;
    names.clear();
    let mut at = name_end;
    loop {
        let begins = skip_space(bytes, at);
        if begins == bytes.len() {
            names.finish(text)?;
            return Ok(name_end);
        }
        if begins == at {
            return Err(Stop::flaw(at, XmlFlaw::Attribute));
        }
        let ends = name(text, begins).ok_or(Stop::flaw(begins, XmlFlaw::Attribute))?;
        if names.spans.len() >= most {
            return Err(Stop::new(begins, Breach::Attributes(most)));
        }
        names.add(text, begins, ends)?;
        let quoted = equals(bytes, ends)?;
        at = value(bytes, quoted)?;
        names.valued(quoted + 1, at - 1);
    }
}

/// Takes the equals sign and the white space around it ([25]), and gives the position after it.
fn equals(bytes: &[u8], at: usize) -> Result<usize, Stop> {
    let sign = skip_space(bytes, at);
    match bytes.get(sign) {
        Some(b'=') => Ok(skip_space(bytes, sign + 1)),
        _ => Err(Stop::flaw(sign, XmlFlaw::Attribute)),
    }
}

/// Takes a quoted value ([10]), and gives the position after its closing quote.
fn value(bytes: &[u8], start: usize) -> Result<usize, Stop> {
    let quote = match bytes.get(start) {
        Some(quote @ (b'"' | b'\'')) => *quote,
        _ => return Err(Stop::flaw(start, XmlFlaw::Attribute)),
    };
    let mut at = start + 1;
    loop {
        at += before_stop(bytes.get(at..).unwrap_or_default(), quote);
        match bytes.get(at) {
            Some(byte) if *byte == quote => return Ok(at + 1),
            Some(b'&') => at = reference(bytes, at)?,
            Some(_) => return Err(Stop::flaw(at, XmlFlaw::LessThan)),
            None => return Err(Stop::flaw(at, XmlFlaw::Attribute)),
        }
    }
}

/// Gives the number of bytes before the first quote, `&` or `<`.
///
/// Most values are shorter than eight bytes, and their lengths cannot be predicted: eight bytes looked at in one word cost
/// less than a loop left at a guess.
#[inline]
fn before_stop(rest: &[u8], quote: u8) -> usize {
    let mut passed = 0;
    while let Some(chunk) = rest.get(passed..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*chunk);
        let stops = zero_bytes(word ^ repeat(quote)) | zero_bytes(word ^ repeat(b'&')) | zero_bytes(word ^ repeat(b'<'));
        if stops != 0 {
            return passed + stops.trailing_zeros() as usize / 8;
        }
        passed += 8;
    }
    let tail = rest.get(passed..).unwrap_or_default();
    passed + tail.iter().position(|b| *b == quote || matches!(b, b'&' | b'<')).unwrap_or(tail.len())
}

const fn repeat(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Sets the high bit of the lowest byte that is zero; what it sets above that byte means nothing.
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(repeat(0x01)) & !word & repeat(0x80)
}

/// Takes a character reference or one of the five predefined entities ([66], [68], section 4.6), and gives the position after it.
///
/// # Errors
/// The place of its `&`.
pub(super) fn reference(bytes: &[u8], start: usize) -> Result<usize, Stop> {
    let wrong = Stop::new(start, Breach::Entity);
    let rest = bytes.get(start + 1..).unwrap_or_default();
    for entity in ["lt;", "gt;", "amp;", "quot;", "apos;"] {
        if rest.starts_with(entity.as_bytes()) {
            return Ok(start + 1 + entity.len());
        }
    }
    let (digits, radix, marks) = match rest {
        [b'#', b'x', digits @ ..] => (digits, 16, 3),
        [b'#', digits @ ..] => (digits, 10, 2),
        _ => return Err(wrong),
    };
    let mut code = 0_u32;
    let mut count = 0;
    while let Some(digit) = digits.get(count).and_then(|b| char::from(*b).to_digit(radix)) {
        code = code.saturating_mul(radix).saturating_add(digit);
        count += 1;
    }
    let legal = char::from_u32(code).is_some_and(is_character);
    if count == 0 || !legal || digits.get(count) != Some(&b';') {
        return Err(wrong);
    }
    Ok(start + marks + count + 1)
}

/// Gives the character that a legal reference stands for, from its `&` on; `None` for anything else.
pub(super) fn referred(reference: &str) -> Option<char> {
    let name = reference.strip_prefix('&')?.strip_suffix(';')?;
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => digits.parse(),
            };
            code.ok().and_then(char::from_u32)
        }
    }
}

/// Checks a processing instruction from its target at `start` to the end of `text` ([16], [17]).
///
/// # Errors
/// The place of its target, when that is no name or is kept for the XML declaration.
pub(super) fn instruction(text: &str, start: usize) -> Result<(), Stop> {
    let wrong = Stop::flaw(start, XmlFlaw::Instruction);
    let Some(end) = name(text, start) else {
        return Err(wrong);
    };
    let kept = text.get(start..end).is_some_and(|target| target.eq_ignore_ascii_case("xml"));
    let parted = end == text.len() || class_at(text.as_bytes(), end) & SPACE != 0;
    if kept || !parted { Err(wrong) } else { Ok(()) }
}
