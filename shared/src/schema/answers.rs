//! What a script of a structure change printed where no station can look: its administrator hands it back, and a person signs for it.
//!
//! Given: the output of the program that ran the script. Gives: leave to believe that each step is done, or the first thing that says otherwise. What that program
//! puts around the lines (headings, row numbers, blanks, the echo of a query) is passed over. Never: a line of ours that is not in its form passed over; a step
//! believed of which nothing was said.

use super::plan::Plan;
use crate::lang::Lang;
use crate::say;
use crate::store::Direction;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::suite::{Digest, sha256};
use encoding_rs::{Encoding, GB18030, UTF_8};
use std::collections::BTreeMap;

/// Longest output that is read, in bytes.
pub const OUTPUT_MAX: u64 = 256 << 10;

/// What lines of ours begin with.
const OURS: &str = "dukou-";

/// What SQL*Plus and disql write where they wait for a line.
const PROMPT: &str = "SQL>";

/// Which way rows go at the end of a channel, in the last line.
const OUT: &str = "out";
const IN: &str = "in";

/// Most characters of an answer that a sentence repeats.
const GOT_MAX: usize = 40;

/// What stands before the output's digest in the reason that is signed.
const VOUCHED: &str = "check-output";

/// What an output does not say, or says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerFault {
    /// It is no text.
    #[error("it is not a text in UTF-8, UTF-16 or GB18030")]
    NoText,
    /// It has none of the lines that the script prints.
    #[error("it has no line dukou-document: the script did not run to its end")]
    NoDocument,
    /// It is of another change.
    #[error("it is of another change: {0}")]
    OtherDocument(String),
    /// It is of another database of the same change.
    #[error("it is of another database of this change: channel {0}")]
    OtherEnd(String),
    /// A line of ours is not in its form.
    #[error("line {0} is not in its form")]
    Odd(usize),
    /// A step is answered twice.
    #[error("line {0} answers once more what was answered")]
    Twice(usize),
    /// Nothing is said of a step, from 1.
    #[error("nothing is said of step {0}")]
    NotAnswered(usize),
    /// A step, from 1, is not done.
    #[error("step {step} is not done: {got} instead of {expect}")]
    NotDone {
        /// Which.
        step: usize,
        /// What means that it is done.
        expect: String,
        /// What was printed.
        got: String,
    },
    /// It says of a step that the plan has not.
    #[error("it speaks of step {0}, which the plan has not")]
    NoSuchStep(usize),
    /// What belongs to the change beside its steps did not come to be: the mark, or the marker.
    #[error("the mark of the channel did not move with it: the script ran out of turn")]
    NotPlaced,
}

impl AnswerFault {
    /// Says it, with the file's name.
    pub fn sentence(&self, file: &str, lang: Lang) -> String {
        let why = match self {
            Self::NoText => say!(lang, "不是 UTF-8、UTF-16 或 GB18030 的文本", "{self}"),
            Self::NoDocument => {
                say!(lang, "里面没有 dukou-document 一行，脚本没有执行到底", "{self}")
            }
            Self::OtherDocument(digest) => say!(lang, "是另一份变更的结果（摘要 {digest}）", "{self}"),
            Self::OtherEnd(end) => say!(lang, "是这份变更在另一个数据库的结果（通道 {end}）", "{self}"),
            Self::Odd(line) => say!(lang, "第 {line} 行不是脚本打印的样子", "{self}"),
            Self::Twice(line) => say!(lang, "第 {line} 行重复回答了同一步", "{self}"),
            Self::NotAnswered(step) => say!(lang, "没有第 {step} 步的结果", "{self}"),
            Self::NotDone { step, expect, got } => say!(lang, "第 {step} 步没有做成：应为 {expect}，实为 {got}", "{self}"),
            Self::NoSuchStep(step) => say!(lang, "说到第 {step} 步，而计划没有这一步", "{self}"),
            Self::NotPlaced => say!(lang, "通道的标记没有随之移动，脚本没有按次序执行", "{self}"),
        };
        say!(
            lang,
            "{file}：{why}；没有改动任何东西。请数据库管理员按编号执行完脚本，再交回完整的输出。",
            "{file}: {why}; nothing was changed. Have the scripts run in their order to the end, and hand in the whole output."
        )
    }
}

/// Gives what the last line of a script's answers is about: the channel and which way its rows go there, so that no other database's output passes for it.
pub fn end_of(channel: &ChannelName, direction: Direction) -> String {
    let way = match direction {
        Direction::Out => OUT,
        Direction::In => IN,
    };
    format!("{channel} {way}")
}

/// Holds an output against the plan whose script printed it; `end` is [`end_of`] the database.
///
/// # Errors
/// [`AnswerFault`]: the first.
pub fn hold(output: &[u8], plan: &Plan, end: &str) -> Result<(), AnswerFault> {
    let text = text_of(output).ok_or(AnswerFault::NoText)?;
    let mut told = Told::default();
    for (at, line) in text.lines().enumerate() {
        if let Some(ours) = ours_of(line) {
            told.take(ours, at + 1, plan, end)?;
        }
    }
    if !told.is_of_it {
        return Err(AnswerFault::NoDocument);
    }
    told.check_steps(plan)?;
    if told.placed.as_deref() == Some("1 1") { Ok(()) } else { Err(AnswerFault::NotPlaced) }
}

/// What the lines of an output say.
#[derive(Default)]
struct Told {
    /// A line names the change.
    is_of_it: bool,
    /// What is expected and what was found of what belongs to the change beside its steps.
    placed: Option<String>,
    /// The same of each step.
    steps: BTreeMap<usize, String>,
}

impl Told {
    fn take(&mut self, ours: &str, line: usize, plan: &Plan, end: &str) -> Result<(), AnswerFault> {
        let words: Vec<&str> = ours.split_whitespace().collect();
        let is_again = match words.as_slice() {
            ["dukou-document", digest] => {
                let digest: Digest = digest.parse().map_err(|_| AnswerFault::Odd(line))?;
                self.is_of_it = true;
                return if digest == plan.digests[1] { Ok(()) } else { Err(AnswerFault::OtherDocument(digest.to_string())) };
            }
            ["dukou-placed", channel, way @ (OUT | IN), found @ ..] => {
                let channel: ChannelName = channel.parse().map_err(|_| AnswerFault::Odd(line))?;
                let of = format!("{channel} {way}");
                if of != end {
                    return Err(AnswerFault::OtherEnd(of));
                }
                self.placed.replace(found.join(" ")).is_some()
            }
            ["dukou-check", step, found @ ..] => {
                let step: usize = step.parse().map_err(|_| AnswerFault::Odd(line))?;
                self.steps.insert(step, found.join(" ")).is_some()
            }
            _ => return Err(AnswerFault::Odd(line)),
        };
        if is_again { Err(AnswerFault::Twice(line)) } else { Ok(()) }
    }

    fn check_steps(&mut self, plan: &Plan) -> Result<(), AnswerFault> {
        for (at, step) in plan.steps.iter().enumerate() {
            let Some(check) = &step.check else { continue };
            let step = at + 1;
            let found = self.steps.remove(&step).ok_or(AnswerFault::NotAnswered(step))?;
            // What an operation `sql` expects may have several words.
            let expect = check.expect.split_whitespace().collect::<Vec<_>>().join(" ");
            if found != format!("{expect} {expect}") {
                return Err(AnswerFault::NotDone { step, got: got(&found, &expect), expect });
            }
        }
        self.steps.keys().next().map_or(Ok(()), |step| Err(AnswerFault::NoSuchStep(*step)))
    }
}

/// Gives what a step's query answered, as much as a sentence takes; no answer is NULL.
fn got(found: &str, expect: &str) -> String {
    match found.strip_prefix(expect).filter(|rest| rest.is_empty() || rest.starts_with(' ')).unwrap_or(found).trim_start() {
        "" => "NULL".to_owned(),
        got => got.chars().take(GOT_MAX).collect(),
    }
}

/// Gives what a line says of ours; programs put a row's number or their prompt before it.
fn ours_of(line: &str) -> Option<&str> {
    let line = line.trim_start_matches('\u{feff}').trim();
    let at = line.find(OURS)?;
    let is_around = |word: &str| word == PROMPT || word.bytes().all(|byte| byte.is_ascii_digit());
    line.get(..at)?.split_whitespace().all(is_around).then(|| line.get(at..)).flatten()
}

/// The program's messages may be in the set of the administrator's console; what Windows' shell redirects is UTF-16.
fn text_of(output: &[u8]) -> Option<String> {
    let (encoding, mark) = Encoding::for_bom(output).unwrap_or((UTF_8, 0));
    let body = output.get(mark..)?;
    let text = encoding.decode_without_bom_handling_and_without_replacement(body).or_else(|| {
        let is_unmarked = mark == 0;
        is_unmarked.then(|| GB18030.decode_without_bom_handling_and_without_replacement(body)).flatten()
    })?;
    (!text.contains('\0')).then(|| text.into_owned())
}

/// Gives the reason that is signed for an output: the person's words, then which output of which channel's end.
pub fn vouched(reason: &str, channel: &ChannelName, output: &[u8]) -> String {
    format!("{reason}\n{VOUCHED} {channel} {}", output_digest(output))
}

/// Tells whether a signed reason vouches for an output of this channel's end.
pub fn vouches(reason: &str, channel: &ChannelName) -> bool {
    let last = reason.lines().next_back().unwrap_or_default();
    matches!(last.split(' ').collect::<Vec<_>>().as_slice(), [VOUCHED, name, _] if *name == channel.as_str())
}

/// Tells whether a signed reason is for this output.
pub fn is_for(reason: &str, channel: &ChannelName, output: &[u8]) -> bool {
    reason.lines().next_back() == Some(&format!("{VOUCHED} {channel} {}", output_digest(output)))
}

fn output_digest(output: &[u8]) -> Digest {
    sha256(&[output])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::plan::Dialect;
    use crate::schema::{Document, Structure};

    const STRUCTURE: &str = "format = 1\nstructure = \"sample\"\nversion = 1\ntitle = \"t\"\n\n[[table]]\nname = \"zd\"\nkey = [\"dm\"]\ncolumns = [{ name = \"dm\", type = \"text(28)\", null = false }, { name = \"yt\", type = \"text(100)\" }]\n";
    const DOCUMENT: &str = "format = 1\nstructure = \"sample\"\nfrom = 1\nto = 2\ntitle = \"t\"\nbasis = \"b\"\nfirst_day = \"2021-08-30\"\n\n[[change]]\nop = \"widen\"\ntable = \"zd\"\ncolumn = \"yt\"\nto = \"text(400)\"\n\n[[change]]\nop = \"add-column\"\ntable = \"zd\"\ncolumn = \"mj\"\ntype = \"decimal(20,2)\"\n";

    fn plan(dialect: Dialect) -> Plan {
        let document = Document::read(DOCUMENT.as_bytes()).unwrap();
        Plan::of(&Structure::read(STRUCTURE.as_bytes()).unwrap(), &document, dialect).unwrap()
    }

    fn held(output: &[u8], plan: &Plan) -> Result<(), AnswerFault> {
        hold(output, plan, &end_of(&"units".parse().unwrap(), Direction::In))
    }

    fn sound(plan: &Plan) -> String {
        format!("dukou-document {}\ndukou-check 1 1 1\ndukou-check 2 1 1\ndukou-placed units in 1 1\n", plan.digests[1])
    }

    #[test]
    fn what_the_programs_of_databases_put_around_the_lines_is_passed_over() {
        let plan = plan(Dialect::Oracle);
        let sound = sound(&plan);
        let numbered: String =
            sound.lines().map(|line| format!("行号     'DUKOU'\r\n---------- ----\r\n1          {line}   \r\n\r\n")).collect();
        let echoed: String =
            sound.lines().map(|line| format!("SQL> SELECT '{line} ' || (SELECT 1) FROM dual;\n{line}\n")).collect();
        let prompted: String = sound.lines().map(|line| format!("SQL> SQL>   2  {line}\r\n")).collect();
        let wide = |order: fn(u16) -> [u8; 2]| format!("\u{feff}{sound}").encode_utf16().flat_map(order).collect::<Vec<u8>>();
        let gbk = encoding_rs::GBK.encode(&numbered).0.into_owned();
        for output in [
            sound.clone().into_bytes(),
            format!("\u{feff}{sound}").into_bytes(),
            numbered.into_bytes(),
            echoed.into_bytes(),
            prompted.into_bytes(),
            wide(u16::to_le_bytes),
            wide(u16::to_be_bytes),
            gbk,
        ] {
            assert_eq!(held(&output, &plan), Ok(()), "{}", String::from_utf8_lossy(&output));
        }
    }

    #[test]
    fn an_output_that_is_cut_old_altered_or_of_another_change_is_refused_with_what_is_wrong() {
        let plan = plan(Dialect::Dm);
        let sound = sound(&plan);
        let without = |line: &str| sound.replace(line, "");
        let other = "0".repeat(64);
        for (output, fault) in [
            (String::new(), AnswerFault::NoDocument),
            (without(&format!("dukou-document {}\n", plan.digests[1])), AnswerFault::NoDocument),
            (sound.replace(&plan.digests[1].to_string(), &other), AnswerFault::OtherDocument(other.clone())),
            (without("dukou-check 2 1 1\n"), AnswerFault::NotAnswered(2)),
            (
                sound.replace("check 2 1 1", "check 2 1 0"),
                AnswerFault::NotDone { step: 2, expect: "1".into(), got: "0".into() },
            ),
            (
                sound.replace("check 2 1 1", "check 2 0 0"),
                AnswerFault::NotDone { step: 2, expect: "1".into(), got: "0 0".into() },
            ),
            (
                sound.replace("check 2 1 1", "check 2 1"),
                AnswerFault::NotDone { step: 2, expect: "1".into(), got: "NULL".into() },
            ),
            (
                sound.replace("check 2 1 1", &format!("check 2 1 {}", "9".repeat(9000))),
                AnswerFault::NotDone { step: 2, expect: "1".into(), got: "9".repeat(40) },
            ),
            (sound.replace("check 2 1 1", "check two 1 1"), AnswerFault::Odd(3)),
            (sound.replace("document ", "document x"), AnswerFault::Odd(1)),
            (sound.clone() + &sound, AnswerFault::Twice(6)),
            (sound.clone() + "dukou-check 2 1 1\n", AnswerFault::Twice(5)),
            (sound.clone() + "dukou-check 3 1 1\n", AnswerFault::NoSuchStep(3)),
            (without("dukou-placed units in 1 1\n"), AnswerFault::NotPlaced),
            (sound.replace("in 1 1", "in 1 0"), AnswerFault::NotPlaced),
            (sound.replace("in 1 1", "in 0 0"), AnswerFault::NotPlaced),
            (sound.clone() + "dukou-placed units in 1 1\n", AnswerFault::Twice(5)),
            (sound.replace("units in", "units out"), AnswerFault::OtherEnd("units out".into())),
            (sound.replace("units in", "plans in"), AnswerFault::OtherEnd("plans in".into())),
            (sound.replace("units in", "units"), AnswerFault::Odd(4)),
            (sound.replace('\n', "\0\n"), AnswerFault::NoText),
        ] {
            assert_eq!(held(output.as_bytes(), &plan), Err(fault), "{output}");
        }
    }

    #[test]
    fn what_an_operation_in_sql_expects_may_have_several_words() {
        let mut plan = plan(Dialect::Oracle);
        plan.steps[1].check.as_mut().unwrap().expect = "two  words".to_owned();
        let output = sound(&plan).replace("check 2 1 1", "check 2 two  words two words");
        assert_eq!(held(output.as_bytes(), &plan), Ok(()));
        let other = output.replace("two words\n", "one word\n");
        let fault = AnswerFault::NotDone { step: 2, expect: "two words".into(), got: "one word".into() };
        assert_eq!(held(other.as_bytes(), &plan), Err(fault));
    }

    #[test]
    fn a_signed_reason_names_the_output_and_the_channel() {
        let (units, other): (ChannelName, ChannelName) = ("units".parse().unwrap(), "unit".parse().unwrap());
        let reason = vouched("管理员已执行\n第二行", &units, b"x");
        assert!(vouches(&reason, &units) && !vouches(&reason, &other) && !vouches("check-output units", &units));
        assert!(is_for(&reason, &units, b"x") && !is_for(&reason, &units, b"y") && !is_for(&reason, &other, b"x"));
    }
}
