//! Reads a supplier's file as one well-formed XML 1.0 document, and refuses whatever is none.
//!
//! It is the one reader of XML: the screen of a channel asks it whether a file is well-formed ([`check`]), and what understands messages,
//! responses and logs takes the pieces as they come ([`read`]), so that both judge alike.
//!
//! - **Given** the bytes of an untrusted file and the [`XmlLimits`].
//! - **Gives** the [`XmlFacts`], or the first [`XmlFault`] with its line and byte; to a [`Visit`], the pieces in their order.
//! - **After a crash** nothing is left: the reader holds no state and touches no disk.
//! - **Never** resolves, fetches or expands anything, never accepts a document type, and never repeats the file's content.
//!
//! quick-xml finds where each piece of markup ends. It is made to read much that is not XML (document types, control
//! characters, several roots, text after the root, elements left open, attributes in end tags), so every piece is then held
//! against the productions of *Extensible Markup Language (XML) 1.0, fifth edition*, whose numbers are named below.
//! Namespaces are not processed: a prefix may be unbound.

mod encoding;
mod fault;
mod markup;
mod piece;
#[cfg(test)]
mod tests;

use quick_xml::Reader;
use quick_xml::events::Event;

pub use encoding::{Document, UnknownEncoding, XmlEncoding};
use fault::{Breach, Stop};
pub use fault::{EncodingName, Place, XmlFault, XmlFlaw};
use markup::{AttributeNames, instruction, is_space, name, reference, referred, skip_space, tag};
pub use piece::{Element, Visit, value_of};

/// Bounds what a document may cost the station that checks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct XmlLimits {
    /// Length of the file in bytes, as it lies on disk; 16 MiB by default, the longest record body.
    pub bytes: usize,
    /// Elements open at one time; 64 by default, where reporting messages need 5.
    pub depth: usize,
    /// Attributes of one element; 512 by default, where the widest table of the reporting messages has under 100.
    pub attributes: usize,
    /// Length in bytes of an element's or attribute's name; 1000 by default, where the longest of the standard has 22.
    pub name_bytes: usize,
}

impl Default for XmlLimits {
    fn default() -> Self {
        Self { bytes: 16 << 20, depth: 64, attributes: 512, name_bytes: 1000 }
    }
}

/// Tells what the check learned about a well-formed document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XmlFacts {
    /// The encoding that the bytes are truly in.
    pub encoding: XmlEncoding,
    /// The name of the root element, with its prefix.
    pub root: String,
    /// The number of elements.
    pub elements: u64,
    /// The depth of the deepest element; the root's is 1.
    pub depth: usize,
}

/// Checks that the bytes are one well-formed XML 1.0 document in the encoding it declares, within the limits.
///
/// UTF-8 (the default), UTF-16 with a byte order mark, and GBK, GB2312 and GB18030 by declaration are read; GB2312 is taken
/// as GBK, as all Chinese software takes it. Version 1.1 is refused: no standard of the field allows it, and its
/// characters and line ends differ. Names follow the fifth edition, so a few that older parsers refuse pass here.
///
/// # Errors
/// The first fault found. Encoding and characters are judged before the structure. The bytes are untouched.
pub fn check(bytes: &[u8], limits: &XmlLimits) -> Result<XmlFacts, XmlFault> {
    read(&decode(bytes, None, limits)?, limits, &mut Unseen)
}

/// Decodes a document, in the encoding that it declares, or in the one that its channel says.
///
/// Where the channel says an encoding, the bytes are taken so whatever the document declares; [`Document::contradicts`] tells whether its
/// declaration is another.
///
/// # Errors
/// The document's length, its declaration, and bytes that are no characters of the encoding.
pub fn decode<'a>(bytes: &'a [u8], said: Option<XmlEncoding>, limits: &XmlLimits) -> Result<Document<'a>, XmlFault> {
    if bytes.len() > limits.bytes {
        return Err(XmlFault::Size { bytes: bytes.len(), most: limits.bytes });
    }
    match said {
        Some(said) => encoding::decode_as(bytes, said),
        None => encoding::decode(bytes),
    }
}

/// Reads a decoded document from its first piece to its last.
///
/// What the visitor has seen before a fault is true of the document up to there.
///
/// # Errors
/// The first fault found. Characters are judged before the structure.
pub fn read<'a>(document: &'a Document<'_>, limits: &XmlLimits, visit: &mut impl Visit<'a>) -> Result<XmlFacts, XmlFault> {
    let text: &str = &document.text;
    let walked =
        markup::characters(text).and_then(|()| Walk::new(text, document.declared_to, limits)).and_then(|walk| walk.run(visit));
    match walked {
        Ok(walk) => Ok(XmlFacts {
            encoding: document.encoding,
            root: walk.root.to_owned(),
            elements: walk.elements,
            depth: walk.deepest,
        }),
        Err(stop) => Err(stop.fault(document.place(stop.at))),
    }
}

/// Tells whether all bytes are characters of GB18030, so that a false declaration can be told for what it hides.
pub fn is_chinese(bytes: &[u8]) -> bool {
    encoding::is_chinese(bytes)
}

/// Looks at nothing: the document is only checked.
struct Unseen;

impl Visit<'_> for Unseen {}

/// Walks through the pieces of one document, from its declaration's end to its last byte.
struct Walk<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    /// Where the reader's own count of bytes begins in `text`.
    base: usize,
    limits: XmlLimits,
    /// The names of the elements that are open, outermost first.
    open: Vec<&'a str>,
    root: &'a str,
    elements: u64,
    deepest: usize,
    names: AttributeNames,
}

impl<'a> Walk<'a> {
    fn new(text: &'a str, base: usize, limits: &XmlLimits) -> Result<Self, Stop> {
        let rest = text.get(base..).unwrap_or_default();
        // The reader would silently drop a byte order mark here, and its positions would be wrong from then on.
        if rest.starts_with('\u{feff}') {
            return Err(Stop::flaw(base, XmlFlaw::OutsideRoot));
        }
        let mut reader = Reader::from_str(rest);
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        Ok(Self {
            text,
            reader,
            base,
            limits: *limits,
            open: Vec::with_capacity(16),
            root: "",
            elements: 0,
            deepest: 0,
            names: AttributeNames::new(),
        })
    }

    fn run(mut self, visit: &mut impl Visit<'a>) -> Result<Self, Stop> {
        loop {
            let start = self.position();
            let event = self.reader.read_event();
            let end = self.position();
            match event {
                Ok(Event::Start(_)) => self.element(start, end - 1, true, visit)?,
                Ok(Event::Empty(_)) => self.element(start, end - 2, false, visit)?,
                Ok(Event::End(_)) => {
                    self.close(start, end - 1)?;
                    visit.close();
                }
                Ok(Event::Text(_)) => {
                    self.characters(start, end)?;
                    visit.text(self.slice(start, end));
                }
                Ok(Event::GeneralRef(_)) => {
                    self.inside_root(start)?;
                    if reference(self.text.as_bytes(), start)? != end {
                        return Err(Stop::new(start, Breach::Entity));
                    }
                    visit.letter(referred(self.slice(start, end)).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                Ok(Event::CData(_)) => {
                    self.inside_root(start)?;
                    visit.text(self.slice(start + 9, end - 3));
                }
                Ok(Event::Comment(_)) => self.comment(start + 4, end - 3)?,
                Ok(Event::PI(_) | Event::Decl(_)) => instruction(self.up_to(end - 2), start + 2)?,
                Ok(Event::DocType(_)) => return Err(Stop::new(start, Breach::DocType)),
                Ok(Event::Eof) => return self.finish(),
                Err(_) => return Err(self.unreadable(start)),
            }
        }
    }

    fn position(&self) -> usize {
        // The reader counts the bytes of a slice, so its count fits.
        self.base + usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    fn up_to(&self, end: usize) -> &'a str {
        self.text.get(..end).unwrap_or_default()
    }

    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// Takes a start tag or an empty element whose `<` is at `start` and whose `>` or `/>` is at `end` ([40], [44]).
    fn element(&mut self, start: usize, end: usize, stays_open: bool, visit: &mut impl Visit<'a>) -> Result<(), Stop> {
        if self.open.is_empty() && self.elements > 0 {
            return Err(Stop::flaw(start, XmlFlaw::SecondRoot));
        }
        if self.open.len() >= self.limits.depth {
            return Err(Stop::new(start, Breach::Depth(self.limits.depth)));
        }
        let name_end = tag(self.up_to(end), start + 1, self.limits.attributes, &mut self.names)?;
        let name = self.slice(start + 1, name_end);
        self.names_fit(start + 1, name_end)?;
        if self.elements == 0 {
            self.root = name;
        }
        self.elements += 1;
        self.deepest = self.deepest.max(self.open.len() + 1);
        visit.open(&Element { name, at: start, text: self.text, spans: self.names.spans() });
        match stays_open {
            true => self.open.push(name),
            false => visit.close(),
        }
        Ok(())
    }

    /// Refuses an element's or attribute's name that is longer than any standard has.
    fn names_fit(&self, start: usize, end: usize) -> Result<(), Stop> {
        let most = self.limits.name_bytes;
        let attributes = self.names.spans().iter().map(|span| (span.start, span.end));
        match std::iter::once((start, end)).chain(attributes).find(|(start, end)| end - start > most) {
            Some((start, _)) => Err(Stop::new(start, Breach::NameLength(most))),
            None => Ok(()),
        }
    }

    /// Takes an end tag whose `<` is at `start` and whose `>` is at `end` ([42]).
    fn close(&mut self, start: usize, end: usize) -> Result<(), Stop> {
        let written = self.slice(start + 2, end).trim_end_matches(is_space);
        match self.open.pop() {
            Some(opened) if opened == written => Ok(()),
            _ => Err(Stop::flaw(start, XmlFlaw::EndTag)),
        }
    }

    /// Takes character data ([14]): no `]]>` in it, and nothing but white space outside the root.
    fn characters(&self, start: usize, end: usize) -> Result<(), Stop> {
        let text = self.slice(start, end);
        if self.open.is_empty() {
            return match text.find(|c| !is_space(c)) {
                Some(at) => Err(Stop::flaw(start + at, XmlFlaw::OutsideRoot)),
                None => Ok(()),
            };
        }
        // `]]>` is rare and `>` nearly so: one quick pass tells that neither is there.
        if text.bytes().any(|b| b == b'>')
            && let Some(at) = text.find("]]>")
        {
            return Err(Stop::flaw(start + at, XmlFlaw::SectionEnd));
        }
        Ok(())
    }

    /// Takes the inside of a comment ([15]).
    fn comment(&self, start: usize, end: usize) -> Result<(), Stop> {
        let text = self.slice(start, end);
        match text.find("--") {
            Some(at) => Err(Stop::flaw(start + at, XmlFlaw::CommentDashes)),
            None if text.ends_with('-') => Err(Stop::flaw(end - 1, XmlFlaw::CommentDashes)),
            None => Ok(()),
        }
    }

    fn inside_root(&self, at: usize) -> Result<(), Stop> {
        if self.open.is_empty() {
            return Err(Stop::flaw(at, XmlFlaw::OutsideRoot));
        }
        Ok(())
    }

    fn finish(self) -> Result<Self, Stop> {
        if !self.open.is_empty() {
            return Err(Stop::new(self.text.len(), Breach::Truncated));
        }
        if self.elements == 0 {
            return Err(Stop::new(self.text.len(), Breach::NoRoot));
        }
        Ok(self)
    }

    /// Finds out why the reader could not find the end of the piece that begins at `start`.
    fn unreadable(&mut self, start: usize) -> Stop {
        let rest = self.slice(start, self.text.len());
        let cut = Stop::new(self.text.len(), Breach::Truncated);
        if rest.starts_with("<!D") || rest.starts_with("<!d") {
            return Stop::new(start, Breach::DocType);
        }
        if rest.starts_with('&') {
            return Stop::new(start, Breach::Entity);
        }
        if ["<!--", "<![CDATA["].iter().any(|mark| rest.starts_with(mark) || mark.starts_with(rest)) {
            return cut;
        }
        if rest.starts_with("<!") {
            return Stop::flaw(start, XmlFlaw::Markup);
        }
        if rest.starts_with("<?") {
            return match name(self.text, start + 2) {
                Some(_) => cut,
                None => Stop::flaw(start, XmlFlaw::Instruction),
            };
        }
        let opened = match rest.strip_prefix("</") {
            Some(_) => self.end_tag_flaw(start),
            None => tag(self.text, start + 1, self.limits.attributes, &mut self.names).err(),
        };
        opened.filter(|stop| stop.at < self.text.len()).unwrap_or(cut)
    }

    /// Tells whether an end tag without its `>` is wrong even so far.
    fn end_tag_flaw(&self, start: usize) -> Option<Stop> {
        let wrong = Some(Stop::flaw(start, XmlFlaw::EndTag));
        let Some(opened) = self.open.last() else {
            return wrong;
        };
        let written = self.slice(start + 2, self.text.len());
        match written.strip_prefix(opened) {
            Some(rest) if skip_space(rest.as_bytes(), 0) == rest.len() => None,
            None if opened.starts_with(written) => None,
            _ => wrong,
        }
    }
}
