//! A command line that cannot be read: one sentence in the reader's language instead of the parser's page.

use crate::error::in_language;
use crate::lang::Lang;
use crate::say;
use crate::station::Station;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::path::PathBuf;

/// Says what is wrong with the command line; `None` when help or the version was asked for.
pub(super) fn sentence(error: &clap::Error, lang: Lang) -> Option<String> {
    let told = |kind| told(error, kind);
    let (argument, value, command) =
        (told(ContextKind::InvalidArg), told(ContextKind::InvalidValue), told(ContextKind::InvalidSubcommand));
    Some(match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => return None,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            say!(lang, "缺少命令，例如 status。用法见 --help。", "The command is missing, for example status. See --help.")
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation if value.is_empty() => {
            say!(lang, "{argument} 后面缺少值。用法见 --help。", "{argument} lacks its value. See --help.")
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let why = why(error, lang);
            say!(
                lang,
                "{argument} 的值 {value} 不合要求{why}。请改正后重试，用法见 --help。",
                "{value} is not a value of {argument}{why}. Correct it and try again; see --help."
            )
        }
        ErrorKind::UnknownArgument => {
            say!(lang, "不认识参数 {argument}。用法见 --help。", "There is no argument {argument}. See --help.")
        }
        ErrorKind::InvalidSubcommand => {
            say!(lang, "没有命令 {command}。用法见 --help。", "There is no command {command}. See --help.")
        }
        ErrorKind::MissingRequiredArgument => {
            say!(lang, "缺少 {argument}。用法见 --help。", "{argument} is missing. See --help.")
        }
        ErrorKind::ArgumentConflict if !argument.is_empty() && !told(ContextKind::PriorArg).is_empty() => {
            let other = told(ContextKind::PriorArg);
            say!(
                lang,
                "{argument} 和 {other} 不能一起用。用法见 --help。",
                "{argument} and {other} do not go together. See --help."
            )
        }
        ErrorKind::ArgumentConflict => {
            say!(lang, "这些参数不能一起用。用法见 --help。", "These arguments do not go together. See --help.")
        }
        ErrorKind::InvalidUtf8 => say!(
            lang,
            "命令行不是 UTF-8 编码。请检查终端的编码。",
            "The command line is not UTF-8. Check the terminal's encoding."
        ),
        _ => say!(lang, "命令行不对（{argument}）。用法见 --help。", "The command line is wrong ({argument}). See --help."),
    })
}

fn told(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(" "),
        _ => String::new(),
    }
}

/// Gives the value's own complaint, or the values that there are, in brackets.
fn why(error: &clap::Error, lang: Lang) -> String {
    let Some(source) = std::error::Error::source(error) else {
        let valid = told(error, ContextKind::ValidValue);
        return match valid.is_empty() {
            true => String::new(),
            false => say!(lang, "（可用的有：{valid}）", " (there are: {valid})"),
        };
    };
    let source = source.to_string();
    let why = match (source.starts_with("expected a channel name"), lang) {
        (true, Lang::Zh) => "应为通道名：1–64 个小写字母、数字或中间的连字符",
        _ => in_language(&source, lang),
    };
    say!(lang, "（{why}）", " ({why})")
}

/// Finds the language that was asked for on a command line that could not be read: `--lang`, else the station's.
pub(super) fn asked_lang(arguments: &[String]) -> Lang {
    let after = |name: &str| {
        let beside = arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1)).cloned();
        beside.or_else(|| {
            arguments.iter().find_map(|argument| argument.strip_prefix(name)?.strip_prefix('=').map(str::to_string))
        })
    };
    let station =
        after("--station").or_else(|| std::env::var("DUKOU_STATION").ok()).map_or_else(|| PathBuf::from("."), PathBuf::from);
    let asked = after("--lang").and_then(|lang| lang.parse().ok());
    asked.or_else(|| Station::load(&station).ok().map(|station| station.config.station.lang)).unwrap_or_default()
}
