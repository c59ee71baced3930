//! The words of an approver: typed without being shown, or read from a file.

use crate::error::{ConfigFault, EngineFault};
use crate::given;
use crate::keys::approvers::WORDS_MIN;
use crate::lang::Lang;
use crate::say;
use clap::Args;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use std::io::{BufRead, IsTerminal, Read};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Longest words in bytes.
const WORDS_MAX: u64 = 4096;

#[derive(Args)]
pub(super) struct Words {
    /// 口令所在的文件（一行）；不给则在终端输入 / a file with the words, one line; otherwise they are typed
    #[arg(long, value_name = "FILE")]
    words_file: Option<PathBuf>,
}

/// Gives a person's words; new ones are typed twice.
pub(super) fn words(args: &Words, name: &str, are_new: bool, lang: Lang) -> Result<Zeroizing<String>, EngineFault> {
    if let Some(file) = &args.words_file {
        let text = given::read_text(file, WORDS_MAX).map_err(|error| ConfigFault::unreadable(file, &error))?;
        let text = Zeroizing::new(text);
        return Ok(Zeroizing::new(first_line(&text).to_owned()));
    }
    let ask = match are_new {
        true => say!(
            lang,
            "「{name}」的新口令，至少 {WORDS_MIN} 个字，只有本人知道，丢了不能找回：",
            "New words of \"{name}\", at least {WORDS_MIN} characters, known to this person alone and never to be recovered:"
        ),
        false => say!(lang, "「{name}」的口令：", "The words of \"{name}\":"),
    };
    let typed = typed(&ask)?;
    if are_new && typed != self::typed(&say!(lang, "再输入一次：", "Once more:"))? {
        let differ = |lang| say!(lang, "两次输入不同；没有改动任何东西。", "They are not the same; nothing was changed.");
        return Err(super::refused(differ).into());
    }
    Ok(typed)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// Reads a line from standard input; a terminal does not show it.
fn typed(ask: &str) -> Result<Zeroizing<String>, ConfigFault> {
    eprintln!("{ask}");
    let stdin = std::io::stdin();
    let before = if stdin.is_terminal() { tcgetattr(&stdin).ok() } else { None };
    if let Some(shown) = &before {
        let mut hidden = shown.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        // A terminal that shows what is typed is told of at once by itself.
        let _ = tcsetattr(&stdin, OptionalActions::Now, &hidden);
    }
    let mut line = Zeroizing::new(String::new());
    let read = stdin.lock().take(WORDS_MAX).read_line(&mut line);
    if let Some(shown) = &before {
        let _ = tcsetattr(&stdin, OptionalActions::Now, shown);
    }
    read.map_err(|error| ConfigFault::unreadable(Path::new("/dev/stdin"), &error))?;
    Ok(Zeroizing::new(first_line(&line).to_owned()))
}
