//! What lies in a file: a message, a response, a log or a log's reply, told by its root element and never by its name.

use super::log::{self, AccessLogs};
use super::log_reply::LogReply;
use super::message::{self, Message};
use super::response::{Leaves, Response};
use super::xml::{Document, Element, Visit, XmlFault, XmlLimits, read};

/// What lies in a file.
#[derive(Debug)]
pub enum Cargo<'a> {
    /// A reporting message (接入报文), root `Message`.
    Message(Message<'a>),
    /// An answer to one (响应报文), root `respond`.
    Response(Response),
    /// A registration log (登簿日志), root `AccessLogs`.
    Log(AccessLogs<'a>),
    /// An answer to one, root `RespondLog`.
    LogReply(LogReply),
    /// Another document, with its root element's name.
    Other(&'a str),
}

impl Cargo<'_> {
    /// Gives the kind's name: `message`, `response`, `log`, `log-reply` or `other`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Message(_) => "message",
            Self::Response(_) => "response",
            Self::Log(_) => "log",
            Self::LogReply(_) => "log-reply",
            Self::Other(_) => "other",
        }
    }
}

/// Reads what lies in a decoded document.
///
/// # Errors
/// The first fault of the document.
pub fn understand<'a>(document: &'a Document<'_>, limits: &XmlLimits) -> Result<Cargo<'a>, XmlFault> {
    let mut taking = Taking::Nothing(document.text());
    read(document, limits, &mut taking)?;
    Ok(match taking {
        Taking::Nothing(_) => Cargo::Other(""),
        Taking::Message(message) => Cargo::Message(message.finish()),
        Taking::Response(leaves) => Cargo::Response(Response::of(leaves)),
        Taking::Log(log) => Cargo::Log(log.finish()),
        Taking::LogReply(leaves) => Cargo::LogReply(LogReply::of(&leaves)),
        Taking::Other(root) => Cargo::Other(root),
    })
}

/// Takes what the root element says there is.
enum Taking<'a> {
    Nothing(&'a str),
    Message(message::Taking<'a>),
    Response(Leaves<'a>),
    Log(log::Taking<'a>),
    LogReply(Leaves<'a>),
    Other(&'a str),
}

impl<'a> Taking<'a> {
    fn chosen(text: &'a str, root: &'a str) -> Self {
        let local = root.rsplit(':').next().unwrap_or(root);
        match local {
            "Message" => Self::Message(message::Taking::new(text)),
            "respond" => Self::Response(Leaves::default()),
            "AccessLogs" => Self::Log(log::Taking::new(text)),
            "RespondLog" => Self::LogReply(Leaves::default()),
            _ => Self::Other(root),
        }
    }
}

impl<'a> Visit<'a> for Taking<'a> {
    fn open(&mut self, element: &Element<'_, 'a>) {
        if let Self::Nothing(text) = *self {
            *self = Self::chosen(text, element.name);
        }
        match self {
            Self::Message(taking) => taking.open(element),
            Self::Log(taking) => taking.open(element),
            Self::Response(leaves) | Self::LogReply(leaves) => leaves.open(element),
            Self::Nothing(_) | Self::Other(_) => {}
        }
    }

    fn text(&mut self, text: &'a str) {
        match self {
            Self::Message(taking) => taking.text(text),
            Self::Log(taking) => taking.text(text),
            Self::Response(leaves) | Self::LogReply(leaves) => leaves.text(text),
            Self::Nothing(_) | Self::Other(_) => {}
        }
    }

    fn letter(&mut self, letter: char) {
        match self {
            Self::Message(taking) => taking.letter(letter),
            Self::Log(taking) => taking.letter(letter),
            Self::Response(leaves) | Self::LogReply(leaves) => leaves.letter(letter),
            Self::Nothing(_) | Self::Other(_) => {}
        }
    }

    fn close(&mut self) {
        match self {
            Self::Message(taking) => taking.close(),
            Self::Log(taking) => taking.close(),
            Self::Response(leaves) | Self::LogReply(leaves) => leaves.close(),
            Self::Nothing(_) | Self::Other(_) => {}
        }
    }
}
