//! The checks, one file a family, and what runs them over a file.
//!
//! Given: a file's bytes and its name. Gives: what lies in it and every finding, errors and warnings. A finding alone stops nothing.
//! Never: a change of the bytes, a finding that repeats a person's name or number.

mod certificates;
mod coherence;
mod duplicates;
mod identity;
mod logs;
mod papers;
mod required;
mod structure;
mod units;
mod values;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cargo::{Cargo, understand};
use super::catalogue::{Catalogue, Standard, standard};
use super::edition::{Decided, Edition, decide};
use super::finding::{Finding, Findings};
use super::message::Message;
use super::official::Installed;
use super::reference::Reference;
use super::xml::{self, XmlEncoding, XmlFault, XmlLimits};
use crate::say;

pub use identity::Met;
pub(super) use required::missing_in_head;

/// What a channel or a person says about the files that are checked.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// The areas whose messages these are; any where none is named.
    pub areas: BTreeSet<String>,
    /// Area codes that were and are now another's (区划调整), old to new: they stay inside unit numbers.
    pub aliases: BTreeMap<String, String>,
    /// The encoding of the files, whatever they declare.
    pub encoding: Option<XmlEncoding>,
    /// Bounds of what a file may cost.
    pub limits: XmlLimits,
    /// The reference data of the bundle in force; what is compiled in where there is none.
    pub reference: Option<Arc<Reference>>,
}

/// What was found in one file.
#[derive(Debug)]
pub struct Linted {
    /// What lies in it: `message`, `response`, `log`, `log-reply`, `other`, or `unreadable`.
    pub kind: &'static str,
    /// The edition of a message or log.
    pub edition: Option<Edition>,
    /// The message's id, of messages and responses.
    pub biz_msg_id: Option<String>,
    /// The findings in the file's order.
    pub findings: Findings,
}

/// Checks one file by itself.
pub fn lint(name: &str, bytes: &[u8], said: &Said) -> Linted {
    lint_by(name, bytes, said, None)
}

/// Checks one file by itself, and by the official schemas that are installed.
pub fn lint_by(name: &str, bytes: &[u8], said: &Said, official: Option<&Installed>) -> Linted {
    examine(name, bytes, said, official, |_, _| ()).0
}

/// Checks one file as [`lint_by`] does, and gives what `learn` takes from the same reading of it; none where it cannot be read.
pub fn examine<T>(
    name: &str,
    bytes: &[u8],
    said: &Said,
    official: Option<&Installed>,
    learn: impl FnOnce(&Cargo<'_>, Option<Edition>) -> T,
) -> (Linted, Option<T>) {
    let mut findings = Findings::default();
    identity::unfinished(name, &mut findings);
    let document = match xml::decode(bytes, said.encoding, &said.limits) {
        Ok(document) => document,
        Err(fault) => return (unreadable(&fault, bytes, findings), None),
    };
    if let Some(declared) = document.contradicts() {
        let encoding = document.encoding();
        findings.add(Finding::error("encoding-declared", |lang| {
            say!(
                lang,
                "文件声明的编码是 {declared}，实际按通道设置的 {encoding} 读取。请供数方改正声明。",
                "The file declares {declared} and was read as {encoding}, as its channel says. Ask the supplier to declare it truly."
            )
        }));
    }
    match understand(&document, &said.limits) {
        Ok(cargo) => {
            let mut linted = checked(name, &cargo, said, findings);
            if let (Some(official), Some(edition)) = (official, linted.edition) {
                let code = match &cargo {
                    Cargo::Message(message) => message.said("RecType"),
                    _ => None,
                };
                let broken = official.findings(edition, code, document.undeclared());
                broken.into_iter().for_each(|finding| linted.findings.add(finding));
            }
            let learnt = learn(&cargo, linted.edition);
            (linted, Some(learnt))
        }
        Err(fault) => (unreadable(&fault, bytes, findings), None),
    }
}

/// Tells of a file that was not read, for what is wrong with it before its first byte.
pub fn unread(finding: Finding) -> Linted {
    let mut findings = Findings::default();
    findings.add(finding);
    Linted { kind: "unreadable", edition: None, biz_msg_id: None, findings }
}

fn unreadable(fault: &XmlFault, bytes: &[u8], mut findings: Findings) -> Linted {
    let sentence = |lang| {
        let chinese = matches!(fault, XmlFault::EncodingFalse { .. }) && xml::is_chinese(bytes);
        let hint = match chinese {
            true => say!(lang, "内容像是 GBK 或 GB18030 编码。", " The bytes look like GBK or GB18030."),
            false => String::new(),
        };
        fault.sentence(lang) + &hint
    };
    let finding = Finding::error(fault.code(), sentence);
    findings.add(match fault.place() {
        Some(place) => finding.on_line(u32::try_from(place.line).unwrap_or(u32::MAX)),
        None => finding,
    });
    Linted { kind: "unreadable", edition: None, biz_msg_id: None, findings }
}

fn checked(name: &str, cargo: &Cargo<'_>, said: &Said, mut findings: Findings) -> Linted {
    let mut edition = None;
    let mut biz_msg_id = None;
    match cargo {
        Cargo::Message(message) => {
            biz_msg_id = message.said("BizMsgID").map(str::to_string);
            edition = Some(check_message(name, message, said, &mut findings));
        }
        Cargo::Response(response) => {
            biz_msg_id = Some(response.biz_msg_id.trim().to_string());
            identity::response(name, response, said, &mut findings);
        }
        Cargo::Log(logs) => {
            edition = logs.logs.first().map(super::log::AccessLog::edition);
            logs::check(name, logs, said, &mut findings);
        }
        Cargo::LogReply(reply) => logs::reply(reply, &mut findings),
        Cargo::Other(root) => identity::other(root, &mut findings),
    }
    Linted { kind: cargo.kind(), edition, biz_msg_id, findings: findings.ordered() }
}

/// Runs every family over a message.
fn check_message(name: &str, message: &Message<'_>, said: &Said, findings: &mut Findings) -> Edition {
    let standard = match &said.reference {
        Some(reference) => &reference.standard,
        None => standard(),
    };
    let decided = decide(message, standard);
    let catalogue = standard.edition(decided.edition);
    let about = About { message, standard, catalogue, decided, said };
    identity::message(name, &about, findings);
    structure::check(&about, findings);
    required::check(&about, findings);
    values::check(&about, findings);
    units::check(&about, findings);
    certificates::check(&about, findings);
    papers::check(&about, findings);
    coherence::check(&about, findings);
    duplicates::check(&about, findings);
    decided.edition
}

/// What every family is told of a message.
struct About<'m, 'a> {
    message: &'m Message<'a>,
    standard: &'m Standard,
    catalogue: &'m Catalogue,
    decided: Decided,
    said: &'m Said,
}

impl<'m> About<'m, '_> {
    /// Gives the area code that another one is now: as the channel says, else by the bundle in force, else as compiled in.
    fn alias(&self, area: &str) -> Option<&'m String> {
        let of_bundle = || self.said.reference.as_ref().and_then(|reference| reference.aliases.get(area));
        self.said.aliases.get(area).or_else(of_bundle).or_else(|| self.standard.rules.unit.alias.get(area))
    }

    /// Gives the table of the right itself, as the message's code says.
    fn main(&self) -> Option<&'m str> {
        let code = self.message.said("RecType")?;
        self.catalogue.code(code).and_then(|code| code.main.as_deref())
    }
}
