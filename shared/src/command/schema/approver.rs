//! `schema approver`: who may approve structure changes at this station.

use super::words::{Words, words};
use crate::accounts::operator;
use crate::command::{ask, print};
use crate::error::{ConfigFault, EngineFault};
use crate::keys::approvers::{self, ApproverFault, Roster, next_keyring};
use crate::keys::read_keyring;
use crate::lang::{Lang, plain_line};
use crate::requests::Request;
use crate::say;
use crate::station::Station;
use clap::{Args, Subcommand};
use dukou_packets::keyring::{KeyEntry, Keyring, Role};
use dukou_packets::suite::{KeyId, Signer, SystemRandom};

#[derive(Args)]
pub(super) struct ApproverArgs {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// 增加一位审批人 / one approver more
    Add(AddArgs),
    /// 停用一位审批人的密钥 / end an approver's key
    End(EndArgs),
    /// 列出审批人 / list approvers
    List,
}

#[derive(Args)]
struct AddArgs {
    /// 姓名 / name
    name: String,
    #[command(flatten)]
    words: Words,
}

#[derive(Args)]
struct EndArgs {
    /// 姓名 / name
    name: String,
}

pub(super) fn approver(station: &Station, args: &ApproverArgs, lang: Lang) -> Result<u8, EngineFault> {
    let now = read_keyring(&station.keys_dir().join("keyring.txt"))?;
    match &args.act {
        Act::Add(AddArgs { name, words: file }) => {
            let words = words(file, name, true, lang)?;
            let public = match approvers::id_of(station, name) {
                // A key that no keyring names was left by a command that was interrupted: it is that person's who knows its words.
                Ok(id) if entry(&now, id).is_none() => approvers::open(station, name, &words)?.public(),
                Ok(_) => return Err(ApproverFault::Taken.refused(name).into()),
                Err(_) => approvers::create(station, name, &words, &SystemRandom)?,
            };
            renew(station, &now, Roster::Add(public), lang)
        }
        Act::End(EndArgs { name }) => {
            let id = approvers::id_of(station, name)?;
            if entry(&now, id).is_none_or(|key| key.to != 0) {
                return Err(ended(name).into());
            }
            renew(station, &now, Roster::End(id), lang)
        }
        Act::List => Ok(print(&list(station, &now, lang)).map(|()| 0)?),
    }
}

fn renew(station: &Station, now: &Keyring, roster: Roster, lang: Lang) -> Result<u8, EngineFault> {
    let next = next_keyring(now, roster, &approvers::authority(station)?)?;
    ask(station, Request::Renew { keyring: next.text().to_owned(), operator: operator() }, false, lang)
}

fn entry(keyring: &Keyring, id: KeyId) -> Option<&KeyEntry> {
    keyring.keys_of(Role::Approver).find(|key| key.id == id)
}

fn ended(name: &str) -> ConfigFault {
    super::refused(|lang| {
        say!(
            lang,
            "审批人「{name}」的密钥不在现行密钥表里，或已经停用；没有改动任何东西。",
            "The key of approver \"{name}\" is not in the present keyring, or was ended; nothing was changed."
        )
    })
}

fn list(station: &Station, now: &Keyring, lang: Lang) -> String {
    let (files, version) = (approvers::all(station), now.body().version);
    let mut said = String::new();
    for key in now.keys_of(Role::Approver) {
        let name = files.iter().find(|(_, id)| *id == key.id).map_or("?", |(name, _)| name);
        let (name, id, from) = (plain_line(name), key.id, key.from);
        said += &match key.is_valid_at(version) {
            true => {
                say!(lang, "{name}  {id}  自第 {from} 版密钥表起\n", "{name}  {id}  from version {from} of the keyring on\n")
            }
            false => say!(lang, "{name}  {id}  第 {from}–{} 版，已停用\n", "{name}  {id}  versions {from}–{}, ended\n", key.to),
        };
    }
    match said.is_empty() {
        true => say!(
            lang,
            "还没有审批人。请用 schema approver add 姓名 增加，至少两位。\n",
            "There is no approver yet. Add two at least, with schema approver add NAME.\n"
        ),
        false => said,
    }
}
