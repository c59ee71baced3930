//! The texts of a reply, whatever it is wrapped in.

use std::borrow::Cow;

use encoding_rs::GB18030;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::{REPLY_BYTES_MAX, Why};
use crate::registration::xml::{XmlLimits, check};

/// How deep XML may lie in the text of XML.
const WRAPPED_MAX: u8 = 2;

/// What a reply says.
#[derive(Debug, Default)]
pub(super) struct Leaves {
    /// The codes of its RespondLogs; one without a code, or with two, gives an empty one.
    pub(super) codes: Vec<String>,
    /// Its other texts.
    pub(super) texts: Vec<String>,
    /// What stands beside the texts and can only speak against them: values of attributes, and `true` and `false`.
    pub(super) besides: Vec<String>,
}

/// Takes a reply apart.
pub(super) fn leaves(body: &[u8]) -> Result<Leaves, Why> {
    if body.len() > REPLY_BYTES_MAX {
        return Err(Why::TooLong);
    }
    let text = decode(body)?;
    let text = text.trim_start_matches('\u{feff}').trim();
    let mut leaves = Leaves::default();
    match text.as_bytes() {
        [] => return Err(Why::NoReply),
        [b'<', ..] => {
            if is_page(text) {
                return Err(Why::WebPage);
            }
            check(body, &LIMITS).map_err(|_| Why::Unreadable)?;
            xml(text, WRAPPED_MAX, &mut leaves)?;
        }
        _ => match serde_json::from_str(text) {
            Ok(value) => json(&value, &mut leaves),
            Err(_) if is_page(text) => return Err(Why::WebPage),
            Err(_) => leaves.texts.push(text.to_owned()),
        },
    }
    Ok(leaves)
}

const LIMITS: XmlLimits = XmlLimits { bytes: REPLY_BYTES_MAX, depth: 64, attributes: 64, name_bytes: 128 };

/// Reads UTF-8, else what GBK or GB18030 has, else nothing.
fn decode(body: &[u8]) -> Result<Cow<'_, str>, Why> {
    if let Ok(text) = std::str::from_utf8(body) {
        return Ok(Cow::Borrowed(text));
    }
    GB18030.decode_without_bom_handling_and_without_replacement(body).ok_or(Why::Unreadable)
}

/// Tells whether a text is a page for people, anywhere in it.
fn is_page(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["<html", "<!doctype", "<body", "<head>"].iter().any(|mark| text.contains(mark))
}

fn json(value: &serde_json::Value, leaves: &mut Leaves) {
    match value {
        serde_json::Value::String(text) => leaves.texts.push(text.clone()),
        serde_json::Value::Number(number) => leaves.texts.push(number.to_string()),
        serde_json::Value::Array(values) => values.iter().for_each(|value| json(value, leaves)),
        serde_json::Value::Object(values) => values.values().for_each(|value| json(value, leaves)),
        serde_json::Value::Bool(said) => leaves.besides.push(said.to_string()),
        serde_json::Value::Null => {}
    }
}

/// Where the walk through a document is.
#[derive(Default)]
struct Walk {
    /// The texts of the elements that are open.
    open: Vec<String>,
    /// The depth of the RespondLog that is open, and its codes.
    respond: Option<(usize, Vec<String>)>,
}

/// Walks through a document that is well-formed.
fn xml(text: &str, wrapped: u8, leaves: &mut Leaves) -> Result<(), Why> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut walk = Walk::default();
    loop {
        match reader.read_event().map_err(|_| Why::Unreadable)? {
            Event::Start(start) => match start.local_name().as_ref() {
                b"Fault" => return Err(Why::Fault),
                name => {
                    walk.opens(name);
                    attributes(&start, leaves)?;
                }
            },
            Event::End(end) => walk.closes(end.local_name().as_ref(), wrapped, leaves)?,
            Event::Text(text) => walk.says(&text.decode().map_err(|_| Why::Unreadable)?),
            Event::CData(text) => walk.says(&text.decode().map_err(|_| Why::Unreadable)?),
            Event::GeneralRef(reference) => {
                let letter = match reference.resolve_char_ref().map_err(|_| Why::Unreadable)? {
                    Some(letter) => letter,
                    None => named(reference.as_ref()).ok_or(Why::Unreadable)?,
                };
                walk.says(letter.encode_utf8(&mut [0; 4]));
            }
            Event::DocType(_) => return Err(Why::WebPage),
            Event::Eof => return Ok(()),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
}

fn attributes(start: &BytesStart<'_>, leaves: &mut Leaves) -> Result<(), Why> {
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| Why::Unreadable)?;
        let is_declaration = attribute.key.as_ref().starts_with(b"xmlns");
        if !is_declaration {
            leaves.besides.push(attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| Why::Unreadable)?.into_owned());
        }
    }
    Ok(())
}

fn named(reference: &[u8]) -> Option<char> {
    Some(match reference {
        b"lt" => '<',
        b"gt" => '>',
        b"amp" => '&',
        b"quot" => '"',
        b"apos" => '\'',
        _ => return None,
    })
}

impl Walk {
    fn opens(&mut self, name: &[u8]) {
        self.open.push(String::new());
        if name == b"RespondLog" && self.respond.is_none() {
            self.respond = Some((self.open.len(), Vec::new()));
        }
    }

    fn says(&mut self, text: &str) {
        if let Some(open) = self.open.last_mut() {
            open.push_str(text);
        }
    }

    fn closes(&mut self, name: &[u8], wrapped: u8, leaves: &mut Leaves) -> Result<(), Why> {
        let depth = self.open.len();
        let text = self.open.pop().unwrap_or_default();
        let text = text.trim();
        match &mut self.respond {
            Some((at, codes)) if depth == *at => {
                // One code and no other, or none that counts.
                leaves.codes.push(match codes.as_slice() {
                    [code] => code.clone(),
                    _ => String::new(),
                });
                self.respond = None;
            }
            Some((at, codes)) if name == b"responseLogCode" && depth == *at + 1 => codes.push(text.to_owned()),
            // A second RespondLog in one, or anything else of it: no code.
            Some((_, codes)) if name == b"RespondLog" => codes.extend([String::new(), String::new()]),
            Some(_) => {}
            None if is_page(text) => return Err(Why::WebPage),
            None if text.starts_with('<') => return unwrapped(text, wrapped, leaves),
            None if text.is_empty() => {}
            None => leaves.texts.push(text.to_owned()),
        }
        Ok(())
    }
}

/// Reads the document that is the text of an element. Its declaration's encoding means nothing there.
fn unwrapped(text: &str, wrapped: u8, leaves: &mut Leaves) -> Result<(), Why> {
    let left = wrapped.checked_sub(1).ok_or(Why::Unreadable)?;
    let text = match text.strip_prefix("<?xml") {
        Some(rest) => rest.split_once("?>").map(|(_, document)| document).ok_or(Why::Unreadable)?.trim_start(),
        None => text,
    };
    check(text.as_bytes(), &LIMITS).map_err(|_| Why::Unreadable)?;
    xml(text, left, leaves)
}
